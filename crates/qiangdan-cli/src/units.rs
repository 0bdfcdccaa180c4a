//! How numbers look: the same in the terminal and on the page.

use qiangdan_sim::report::{HalfHour, Report, Wait, Within};

use crate::lang::Lang;

/// What stands where there is no figure.
const NONE: &str = "–";

/// A wait as minutes and seconds, `8:52`, or with hours, `1:02:03`, rounded to whole seconds; from
/// ten hours on as `18.2 h`.
pub(crate) fn wait(ms: f64) -> String {
    if ms >= 36_000_000.0 {
        return format!("{} h", mean(ms / 3_600_000.0));
    }
    let seconds = (ms / 1000.0).round();
    let (hours, minutes) = ((seconds / 3600.0).floor(), (seconds % 3600.0 / 60.0).floor());
    let seconds = seconds % 60.0;
    if hours > 0.0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A wait among the figures of `of`; a dash if nobody waited.
pub(crate) fn wait_of(of: &Wait, ms: impl Into<f64>) -> String {
    if of.orders == 0 { NONE.into() } else { wait(ms.into()) }
}

/// The windows open in a half hour; a dash if nobody recorded which there were.
pub(crate) fn windows_open(report: &Report, half_hour: &HalfHour) -> String {
    if report.windows.is_empty() { NONE.into() } else { mean(half_hour.windows_open) }
}

/// The share within the target; a dash if no order counts.
pub(crate) fn share(within: &Within) -> String {
    if within.orders == 0 { NONE.into() } else { percent(within.share) }
}

/// A share as a percentage with one digit, `94.3 %`. Never rounded up to 100 nor down to 0: a
/// figure that is not whole must not look so.
pub(crate) fn percent(share: f64) -> String {
    let percent = (share * 1000.0).round() / 10.0;
    if percent >= 100.0 && share < 1.0 {
        ">99.9 %".into()
    } else if percent <= 0.0 && share > 0.0 {
        "<0.1 %".into()
    } else {
        format!("{percent:.1} %")
    }
}

/// A share without digits after the point, `71 %`.
pub(crate) fn percent_whole(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A target's share, `90 %` or `97.5 %`.
pub(crate) fn percent_short(share: f64) -> String {
    format!("{} %", (share * 1000.0).round() / 10.0)
}

/// A count with thousands apart, `12,345`.
pub(crate) fn count(count: u64) -> String {
    thousands(&count.to_string())
}

fn thousands(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A mean count: one digit after the point below a hundred.
pub(crate) fn mean(mean: f64) -> String {
    if mean < 99.95 { format!("{mean:.1}") } else { thousands(&format!("{mean:.0}")) }
}

/// A limit in words: `10 分钟`, `8 秒`, `1 小时 30 分钟`.
pub(crate) fn limit(ms: u64, lang: Lang) -> String {
    let units = match lang {
        Lang::Zh => ["小时", "分钟", "秒"],
        Lang::En => ["h", "min", "s"],
    };
    let (seconds, rest_ms) = (ms / 1000, ms % 1000);
    if rest_ms > 0 {
        return format!("{} {}", ms as f64 / 1000.0, units[2]);
    }
    let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    let said = parts.iter().zip(units).filter(|part| *part.0 > 0);
    let said = said.map(|(n, unit)| format!("{n} {unit}")).collect::<Vec<_>>();
    if said.is_empty() { format!("0 {}", units[2]) } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_minutes_and_seconds() {
        let cases = [
            (0.0, "0:00"),
            (499.0, "0:00"),
            (500.0, "0:01"),
            (532_000.0, "8:52"),
            (3_723_000.0, "1:02:03"),
            (65_520_000.0, "18.2 h"),
        ];
        for (ms, expect) in cases {
            assert_eq!(wait(ms), expect);
        }
    }

    #[test]
    fn a_share_that_is_not_whole_does_not_look_so() {
        let cases = [
            (1.0, "100.0 %"),
            (0.9999, ">99.9 %"),
            (0.9432, "94.3 %"),
            (0.0001, "<0.1 %"),
            (0.0, "0.0 %"),
        ];
        for (share, expect) in cases {
            assert_eq!(percent(share), expect);
        }
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        for (n, expect) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), expect);
        }
    }

    #[test]
    fn limits_are_said_in_words() {
        let cases = [
            (600_000, "10 分钟"),
            (8_000, "8 秒"),
            (5_400_000, "1 小时 30 分钟"),
            (0, "0 秒"),
            (1_500, "1.5 秒"),
        ];
        for (ms, expect) in cases {
            assert_eq!(limit(ms, Lang::Zh), expect);
        }
        assert_eq!(percent_short(0.975), "97.5 %");
    }
}
