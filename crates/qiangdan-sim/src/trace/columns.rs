//! The header: which field of a row is what.

use super::{Sidecar, TraceCode};

/// The columns that orders have fields for, or that are checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    OrderId,
    Service,
    ArrivedAt,
    AssignedAt,
    StartedAt,
    EndedAt,
    DeadlineAt,
    ArrivedLo,
    ArrivedHi,
    StartedLo,
    StartedHi,
    Outcome,
    Priority,
    Hall,
    Resource,
    SimServiceS,
    SimServiceMs,
    ServiceS,
    ServiceMs,
    PatienceS,
    PatienceMs,
    PausedMs,
}

impl Column {
    const NAMES: [(&str, Self); 22] = [
        ("order_id", Self::OrderId),
        ("service", Self::Service),
        ("arrived_at", Self::ArrivedAt),
        ("assigned_at", Self::AssignedAt),
        ("started_at", Self::StartedAt),
        ("ended_at", Self::EndedAt),
        ("deadline_at", Self::DeadlineAt),
        ("arrived_lo", Self::ArrivedLo),
        ("arrived_hi", Self::ArrivedHi),
        ("started_lo", Self::StartedLo),
        ("started_hi", Self::StartedHi),
        ("outcome", Self::Outcome),
        ("priority", Self::Priority),
        ("hall", Self::Hall),
        ("resource", Self::Resource),
        ("sim_service_s", Self::SimServiceS),
        ("sim_service_ms", Self::SimServiceMs),
        ("service_s", Self::ServiceS),
        ("service_ms", Self::ServiceMs),
        ("patience_s", Self::PatienceS),
        ("patience_ms", Self::PatienceMs),
        ("paused_ms", Self::PausedMs),
    ];

    const REQUIRED: [Self; 3] = [Self::OrderId, Self::Service, Self::ArrivedAt];

    /// Pairs that say the same thing in two units.
    const TWINS: [[Self; 2]; 3] = [
        [Self::SimServiceS, Self::SimServiceMs],
        [Self::ServiceS, Self::ServiceMs],
        [Self::PatienceS, Self::PatienceMs],
    ];

    fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|&(_, column)| column)
    }

    /// Its name in the format.
    pub(super) fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}

/// Where each column is in the rows of one file.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// How many fields a row has.
    pub(super) fields: usize,
    fields_of: [Option<usize>; Column::NAMES.len()],
    /// Fields kept as attributes, in the order asked for.
    pub(super) kept: Vec<usize>,
}

/// A mistake in one row: in which field if in one, of what kind, and the message.
pub(super) type FieldMistake = (Option<usize>, TraceCode, String);

impl Layout {
    /// Reads the header. All mistakes at once.
    pub(super) fn new(
        header: &[&str],
        sidecar: &Sidecar,
        keep: &[String],
    ) -> Result<Self, Vec<FieldMistake>> {
        let mut mistakes = vec![];
        let mut layout =
            Self { fields: header.len(), fields_of: [None; Column::NAMES.len()], kept: vec![] };
        for (field, name) in header.iter().enumerate() {
            let ours = sidecar.columns.get(*name).map_or(*name, String::as_str);
            let Some(column) = Column::from_name(ours) else { continue };
            if let Some(before) = layout.fields_of[column as usize].replace(field) {
                let message = format!("{ours} is also column {}, expected it once", before + 1);
                mistakes.push((Some(field), TraceCode::DoubledColumn, message));
            }
        }
        for column in Column::REQUIRED {
            if layout.field(column).is_none() {
                let message = format!("there is no column {}", column.name());
                mistakes.push((None, TraceCode::MissingColumn, message));
            }
        }
        for [s, ms] in Column::TWINS {
            if let (Some(_), Some(field)) = (layout.field(s), layout.field(ms)) {
                let message =
                    format!("{} stands beside {}, expected one of them", ms.name(), s.name());
                mistakes.push((Some(field), TraceCode::DoubledColumn, message));
            }
        }
        for name in keep {
            match header.iter().position(|known| known == name) {
                Some(field) => layout.kept.push(field),
                None => {
                    let message = format!("there is no column {name:?} to keep");
                    mistakes.push((None, TraceCode::MissingColumn, message));
                }
            }
        }
        if mistakes.is_empty() { Ok(layout) } else { Err(mistakes) }
    }

    /// The field of a column, from 0.
    #[inline]
    pub(super) fn field(&self, column: Column) -> Option<usize> {
        self.fields_of[column as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_of_the_columns() {
        for (at, (name, column)) in Column::NAMES.iter().enumerate() {
            assert_eq!((*column as usize, column.name()), (at, *name));
        }
    }

    #[test]
    fn every_mistake_in_a_header_is_named() {
        let header = ["service", "service", "service_s", "service_ms"];
        let keep = ["colour".to_owned()];
        let mistakes = Layout::new(&header, &Sidecar::default(), &keep).unwrap_err();
        let messages: Vec<_> = mistakes.into_iter().map(|(_, _, message)| message).collect();
        assert_eq!(
            messages,
            [
                "service is also column 1, expected it once",
                "there is no column order_id",
                "there is no column arrived_at",
                "service_ms stands beside service_s, expected one of them",
                "there is no column \"colour\" to keep",
            ]
        );
    }
}
