//! When a stage fires, as written: `80 %`, `8 min`, `2 working days left`, `1 working day late`.

use std::fmt;

use toml::Spanned;

use super::{
    Code, Duration, Share,
    mistake::Mistakes,
    value::{self, Value},
};
use crate::limit::{StageAt, TimeLimit};

/// When a stage fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    /// After this share of the limit.
    Share(Share),
    /// After so much of it.
    Spent(Duration),
    /// Once so much or less is left of it.
    Left(Duration),
    /// Once it is late by so much; by the first moment if no amount is said.
    Late(Option<Duration>),
}

/// Why a stage does not fit a limit: it is of another unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct OtherUnit;

impl When {
    pub(super) fn read(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Spanned<Self>> {
        let text = value::string(value, "when a stage fires, such as `\"80 %\"`", mistakes)?;
        if let Some(when) = Self::of(text.get_ref().trim()) {
            return Some(Spanned::new(text.span(), when));
        }
        let found = format!("`{}` is no instant of a limit", text.get_ref().escape_debug());
        let expected = "a share such as `80 %`, an amount such as `8 min`, `2 working days left`, \
                        `late` or `1 working day late`";
        mistakes.wrong(Code::BadDuration, text.span(), found, expected);
        None
    }

    fn of(text: &str) -> Option<Self> {
        let amount = |text: &str| text.trim().parse::<Duration>().ok();
        let left = text.strip_suffix("left").or(text.strip_prefix("剩余"));
        let late = text.strip_suffix("late").or(text.strip_prefix("逾期"));
        match (left, late) {
            (Some(left), _) => amount(left).map(Self::Left),
            (_, Some("")) => Some(Self::Late(None)),
            (_, Some(late)) => amount(late).map(|by| Self::Late(Some(by))),
            _ => text.parse().map(Self::Share).ok().or_else(|| amount(text).map(Self::Spent)),
        }
    }

    /// In the words of the engine, for a limit by a calendar.
    pub(super) fn of_limit(self, limit: TimeLimit) -> Result<StageAt, OtherUnit> {
        let amount = |of: Duration| of.in_unit(limit.unit).ok_or(OtherUnit);
        Ok(match self {
            Self::Share(share) => StageAt::Spent(share.ten_thousandths()),
            Self::Left(left) => StageAt::Remaining(amount(left)?),
            Self::Late(None) => StageAt::Past(0),
            Self::Late(Some(by)) => StageAt::Past(amount(by)?),
            Self::Spent(spent) => match amount(spent)? {
                spent if spent <= limit.amount => StageAt::Remaining(limit.amount - spent),
                spent => StageAt::Past(spent - limit.amount),
            },
        })
    }

    /// After which wait, for a limit on the wait of so many milliseconds.
    pub(super) fn of_wait(self, limit_ms: u64) -> Result<u64, OtherUnit> {
        let natural_ms = |of: Duration| match of {
            Duration::Natural { ms } => Ok(ms),
            _ => Err(OtherUnit),
        };
        Ok(match self {
            Self::Share(share) => share.of(limit_ms),
            Self::Spent(wait) => natural_ms(wait)?,
            Self::Left(left) => limit_ms.saturating_sub(natural_ms(left)?),
            // A wait of exactly the limit keeps it.
            Self::Late(None) => limit_ms.saturating_add(1),
            Self::Late(Some(by)) => limit_ms.saturating_add(natural_ms(by)?),
        })
    }

    /// Where it lies in a limit by a calendar, in ten-thousandths of its unit.
    pub(super) fn place(at: StageAt, limit: TimeLimit) -> u128 {
        const WHOLE: u128 = 10_000;
        let amount = u128::from(limit.amount);
        match at {
            StageAt::Spent(share) => amount * u128::from(share),
            StageAt::Remaining(left) => amount.saturating_sub(left.into()) * WHOLE,
            StageAt::Past(by) => (amount + u128::from(by)) * WHOLE,
        }
    }

    /// Whether this is before `other`, as far as that is known without a limit.
    pub(super) fn is_before(self, other: Self) -> Option<bool> {
        let ms = |of: Duration| match of {
            Duration::Natural { ms } => Some((0, ms)),
            Duration::Working { ms } => Some((1, ms)),
            Duration::WorkingDays { days } => Some((2, days.into())),
        };
        let both = |a: Duration, b: Duration| {
            let ((a_unit, a), (b_unit, b)) = (ms(a)?, ms(b)?);
            (a_unit == b_unit).then(|| a.cmp(&b))
        };
        match (self, other) {
            (Self::Share(this), Self::Share(other)) => Some(this < other),
            (Self::Spent(this), Self::Spent(other)) => both(this, other).map(|order| order.is_lt()),
            (Self::Left(this), Self::Left(other)) => both(this, other).map(|order| order.is_gt()),
            (Self::Late(Some(this)), Self::Late(Some(other))) => {
                both(this, other).map(|order| order.is_lt())
            }
            (Self::Late(_), Self::Left(_)) | (Self::Late(_), Self::Late(None)) => Some(false),
            _ => None,
        }
    }
}

impl fmt::Display for When {
    /// As a hall file would say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => share.fmt(f),
            Self::Spent(amount) => amount.fmt(f),
            Self::Left(amount) => write!(f, "{amount} left"),
            Self::Late(None) => f.write_str("late"),
            Self::Late(Some(amount)) => write!(f, "{amount} late"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_a_share_an_amount_or_what_is_left_or_late() {
        let days = |days| Duration::WorkingDays { days };
        assert_eq!(When::of("80 %"), "80 %".parse().map(When::Share).ok());
        assert_eq!(When::of("8 min"), Some(When::Spent(Duration::Natural { ms: 480_000 })));
        for text in ["2 working days left", "剩余 2 个工作日"] {
            assert_eq!(When::of(text), Some(When::Left(days(2))), "{text}");
        }
        for text in ["1 working day late", "逾期1个工作日"] {
            assert_eq!(When::of(text), Some(When::Late(Some(days(1)))), "{text}");
        }
        assert_eq!(
            (When::of("late"), When::of("逾期")),
            (Some(When::Late(None)), When::of("late"))
        );
        for text in ["", "left", "soon", "80 % left", "late by 2 h", "2 h 80 %"] {
            assert_eq!(When::of(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_those_of_the_limit() {
        let limit = TimeLimit::working_days(5);
        let at = |text: &str| When::of(text).unwrap().of_limit(limit);
        assert_eq!(at("2 working days left"), Ok(StageAt::Remaining(2)));
        assert_eq!(at("2 working days"), Ok(StageAt::Remaining(3)));
        assert_eq!(at("7 working days"), Ok(StageAt::Past(2)));
        assert_eq!(at("late"), Ok(StageAt::Past(0)));
        assert_eq!(at("90 %"), Ok(StageAt::Spent(9_000)));
        for text in ["2 h left", "2 working hours late", "2 days"] {
            assert_eq!(at(text), Err(OtherUnit), "{text}");
        }
        let wait = |text: &str| When::of(text).unwrap().of_wait(600_000);
        assert_eq!((wait("2 min left"), wait("late")), (Ok(480_000), Ok(600_001)));
        assert_eq!((wait("5 min late"), wait("1 working day left")), (Ok(900_000), Err(OtherUnit)));
    }
}
