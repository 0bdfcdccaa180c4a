//! Rows to orders, and the checks.

use super::columns::{Column, Layout};
use super::read::Importer;
use super::{Outcome, TraceCode, TraceOrder};
use csv::ByteRecord;

const ID_BYTES_MAX: usize = 64;

/// A row whose fields are as many as the header's, and UTF-8.
pub(super) struct Row<'r, 'a> {
    pub(super) importer: &'r mut Importer<'a>,
    pub(super) layout: &'r Layout,
    pub(super) record: &'r ByteRecord,
}

impl<'r> Row<'r, '_> {
    /// The order; if there were mistakes, whatever could be read of it.
    pub(super) fn order(mut self) -> TraceOrder {
        let id = self.id();
        let service = self.service();
        let arrived_ms = self.instant(Column::ArrivedAt);
        if arrived_ms.is_none() && self.field(Column::ArrivedAt).is_empty() {
            let message = "arrived_at is empty, expected a time".to_owned();
            self.wrong(Column::ArrivedAt, TraceCode::EmptyArrival, message);
        }
        let assigned_ms = self.instant(Column::AssignedAt);
        let started_ms = self.instant(Column::StartedAt);
        let ended_ms = self.instant(Column::EndedAt);
        let deadline_ms = self.instant(Column::DeadlineAt);
        for bound in [Column::ArrivedLo, Column::ArrivedHi, Column::StartedLo, Column::StartedHi] {
            self.instant(bound);
        }
        let simulated_ms = self.duration(Column::SimServiceS, Column::SimServiceMs);
        let recorded_ms = self.duration(Column::ServiceS, Column::ServiceMs);
        let patience_ms = self.duration(Column::PatienceS, Column::PatienceMs);
        self.whole(Column::PausedMs);
        let priority = self.priority();
        let (hall, resource) = self.hall_and_resource();
        let outcome = self.outcome();
        if self.importer.row.is_empty() && outcome != Outcome::Ignored {
            self.check_outcome(outcome, started_ms);
            self.check_order(&[
                ("arrived", Column::ArrivedAt, arrived_ms),
                ("assigned", Column::AssignedAt, assigned_ms),
                ("started", Column::StartedAt, started_ms),
                ("ended", Column::EndedAt, ended_ms),
            ]);
        }
        TraceOrder {
            id,
            service,
            hall,
            resource,
            priority,
            outcome,
            arrived_ms: arrived_ms.unwrap_or_default(),
            assigned_ms,
            started_ms,
            ended_ms,
            deadline_ms,
            service_ms: simulated_ms.or(recorded_ms),
            patience_ms,
        }
    }

    /// The field of a column; empty if the file has no such column.
    #[inline]
    fn field(&self, column: Column) -> &'r [u8] {
        self.layout.field(column).map_or(b"", |field| &self.record[field])
    }

    fn text(&self, column: Column) -> &'r str {
        self.layout.field(column).map_or("", |field| text_of(self.record, field))
    }

    #[cold]
    fn wrong(&mut self, column: Column, code: TraceCode, message: String) {
        self.importer.row.push((self.layout.field(column), code, message));
    }

    fn id(&mut self) -> u32 {
        let name = self.text(Column::OrderId);
        if name.is_empty() {
            let message = "order_id is empty, expected 1 to 64 bytes".to_owned();
            self.wrong(Column::OrderId, TraceCode::EmptyId, message);
            return 0;
        }
        if name.len() > ID_BYTES_MAX {
            let message = format!("order_id has {} bytes, expected at most 64", name.len());
            self.wrong(Column::OrderId, TraceCode::LongId, message);
            return 0;
        }
        let importer = &mut *self.importer;
        let (id, is_new) = importer.ids.number(name);
        if is_new {
            importer.id_lines.push(importer.line);
        } else {
            let line = importer.id_lines[id as usize];
            let message =
                format!("order_id {} is already on line {line}, expected it once", shown(name));
            self.wrong(Column::OrderId, TraceCode::DuplicateId, message);
        }
        id
    }

    fn service(&mut self) -> u32 {
        let name = self.text(Column::Service);
        if name.is_empty() {
            let message = "service is empty, expected its name".to_owned();
            self.wrong(Column::Service, TraceCode::EmptyService, message);
            return 0;
        }
        self.importer.services.number(name).0
    }

    fn hall_and_resource(&mut self) -> (Option<u32>, Option<u32>) {
        let (hall, resource) = (self.text(Column::Hall), self.text(Column::Resource));
        let (halls, resources) = (&mut self.importer.halls, &mut self.importer.resources);
        (
            (!hall.is_empty()).then(|| halls.number(hall).0),
            (!resource.is_empty()).then(|| resources.number(resource).0),
        )
    }

    #[inline]
    fn instant(&mut self, column: Column) -> Option<i64> {
        let field = self.field(column);
        if field.is_empty() {
            return None;
        }
        match self.importer.clock.instant_ms(field) {
            Ok(ms) => Some(ms),
            Err(code) => {
                let found = shown(self.text(column));
                let message = format!(
                    "{} is {found}: {code}, expected YYYY-MM-DDTHH:MM:SS±HH:MM",
                    column.name()
                );
                self.wrong(column, code, message);
                None
            }
        }
    }

    fn duration(&mut self, in_s: Column, in_ms: Column) -> Option<u64> {
        let field = self.field(in_s);
        if field.is_empty() {
            return self.whole(in_ms);
        }
        let ms = seconds_as_ms(field);
        if ms.is_none() {
            let found = shown(self.text(in_s));
            let message = format!("{} is {found}, expected seconds from 0", in_s.name());
            self.wrong(in_s, TraceCode::Duration, message);
        }
        ms
    }

    fn whole(&mut self, column: Column) -> Option<u64> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let ms = whole(text.as_bytes());
        if ms.is_none() {
            let message = format!("{} is {}, expected whole ms from 0", column.name(), shown(text));
            self.wrong(column, TraceCode::Duration, message);
        }
        ms
    }

    fn priority(&mut self) -> i32 {
        let text = self.text(Column::Priority);
        if text.is_empty() {
            return 0;
        }
        text.parse().unwrap_or_else(|_| {
            let message = format!("priority is {}, expected an integer", shown(text));
            self.wrong(Column::Priority, TraceCode::Priority, message);
            0
        })
    }

    fn outcome(&mut self) -> Outcome {
        let word = self.field(Column::Outcome);
        if word.is_empty() {
            let is_there = |column| !self.field(column).is_empty();
            return Outcome::guess(is_there(Column::StartedAt), is_there(Column::EndedAt));
        }
        if *word != self.importer.word.0 {
            let text = self.text(Column::Outcome);
            self.importer.word = (text.as_bytes().to_vec(), self.importer.sidecar.outcome(text));
        }
        self.importer.word.1.unwrap_or_else(|| {
            let found = shown(self.text(Column::Outcome));
            let message = format!(
                "outcome is {found}, expected served, called, closed, abandoned, cancelled, \
                 rejected, open or ignored"
            );
            self.wrong(Column::Outcome, TraceCode::UnknownOutcome, message);
            Outcome::Ignored
        })
    }

    fn check_outcome(&mut self, outcome: Outcome, started_ms: Option<i64>) {
        let (code, expected) = match (outcome, started_ms) {
            (Outcome::Served, None) => (TraceCode::ServedWithoutStart, "a time"),
            (Outcome::Called, None) => (TraceCode::CalledWithoutStart, "a time"),
            (Outcome::Abandoned, Some(_)) => (TraceCode::AbandonedWithStart, "nothing"),
            _ => return,
        };
        let found = shown(self.text(Column::StartedAt));
        let word = self.text(Column::Outcome);
        let message = format!("started_at is {found} and the outcome {word}, expected {expected}");
        let column = match self.layout.field(Column::StartedAt) {
            Some(_) => Column::StartedAt,
            None => Column::Outcome,
        };
        self.wrong(column, code, message);
    }

    /// Checks arrived ≤ assigned ≤ started ≤ ended, as far as they are there.
    fn check_order(&mut self, times: &[(&'static str, Column, Option<i64>)]) {
        let mut before: Option<(&str, Column, i64)> = None;
        for &(later, column, at_ms) in times {
            let Some(at_ms) = at_ms else { continue };
            if let Some((earlier, other, _)) = before.filter(|&(.., other_ms)| at_ms < other_ms) {
                let message = format!(
                    "{} {} is before {} {}, expected arrived ≤ assigned ≤ started ≤ ended",
                    column.name(),
                    self.text(column),
                    other.name(),
                    self.text(other)
                );
                self.wrong(column, TraceCode::OutOfOrder { later, earlier }, message);
                continue;
            }
            before = Some((later, column, at_ms));
        }
    }
}

/// A field of a row that was checked to be UTF-8; empty if a character was cut by its border.
#[inline]
pub(super) fn text_of(record: &ByteRecord, field: usize) -> &str {
    str::from_utf8(&record[field]).unwrap_or_default()
}

/// A text as it is shown in a message: quoted, on one line, not too long.
fn shown(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{:?}…", &text[..at]),
        None => format!("{text:?}"),
    }
}

/// Whole milliseconds, written in digits alone.
fn whole(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0_u64, |ms, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        ms.checked_mul(10)?.checked_add(digit)
    })
}

/// Seconds in digits with at most one decimal point, as milliseconds, rounded half up.
fn seconds_as_ms(text: &[u8]) -> Option<u64> {
    let point = text.iter().position(|&byte| byte == b'.');
    let (seconds, fraction) = match point {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, &b"0"[..]),
    };
    if seconds.is_empty() || fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |at: usize| fraction.get(at).map_or(0, |byte| u64::from(byte - b'0'));
    let ms = digit(0) * 100 + digit(1) * 10 + digit(2) + u64::from(digit(3) >= 5);
    whole(seconds)?.checked_mul(1000)?.checked_add(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_to_the_millisecond() {
        for (text, ms) in [
            ("0", Some(0)),
            ("60.0", Some(60_000)),
            ("0.0005", Some(1)),
            ("1.9996", Some(2_000)),
            ("12.25", Some(12_250)),
            ("", None),
            (".5", None),
            ("5.", None),
            ("-1", None),
            ("1e3", None),
            ("1.2.3", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(seconds_as_ms(text.as_bytes()), ms, "{text}");
        }
    }

    #[test]
    fn long_and_odd_texts_are_shown_on_one_line() {
        assert_eq!(shown("a\n\"b"), r#""a\n\"b""#);
        assert_eq!(shown(&"单".repeat(61)), format!("{:?}…", "单".repeat(60)));
    }
}
