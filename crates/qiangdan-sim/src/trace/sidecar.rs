//! The sidecar `trace.json`: what a table cannot say of itself.

use super::Outcome;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// What `trace.json` says about an `orders.csv` beside it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sidecar {
    /// The name of the trace.
    pub name: Option<String>,
    /// The IANA zone of times without an offset, and of days.
    pub zone: Option<(String, TimeZone)>,
    /// The file it is about; if it names none, every trace beside it.
    pub orders: Option<String>,
    /// What further words for outcomes mean. They go before the words of the format.
    pub outcomes: BTreeMap<String, Outcome>,
    /// What the format calls columns that the file calls otherwise.
    pub columns: BTreeMap<String, String>,
}

/// Why a sidecar cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct SidecarError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The byte in the line, from 1.
    pub column: usize,
    /// What is there and what was expected.
    pub message: String,
}

/// The file, as it is.
#[derive(serde::Deserialize)]
struct RawSidecar {
    format: Option<String>,
    name: Option<String>,
    tz: Option<String>,
    orders: Option<String>,
    #[serde(default)]
    outcomes: BTreeMap<String, String>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
}

impl Sidecar {
    /// The name a sidecar has.
    pub const FILE: &str = "trace.json";
    /// The format it must name, if it names one.
    pub const FORMAT: &str = "order-trace/1";

    /// Reads a sidecar. Keys the reader has no use for (licence, source …) are let be.
    ///
    /// # Errors
    ///
    /// [`SidecarError`] if it is not such a file, or names a zone or outcome that is not known.
    pub fn parse(file: &str, text: &str) -> Result<Self, SidecarError> {
        let wrong = |key: &str, message: String| {
            let (line, column) = place(text, key);
            SidecarError { file: file.to_owned(), line, column, message }
        };
        let raw: RawSidecar = serde_json::from_str(text).map_err(|error| SidecarError {
            file: file.to_owned(),
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })?;
        if let Some(format) = raw.format.filter(|format| format != Self::FORMAT) {
            let message = format!("format is {format:?}, expected {:?}", Self::FORMAT);
            return Err(wrong("format", message));
        }
        let zone = raw.tz.map(|tz| match TimeZone::get(&tz) {
            Ok(zone) => Ok((tz, zone)),
            Err(_) => Err(wrong("tz", format!("tz is {tz:?}, expected an IANA time zone"))),
        });
        let outcomes =
            raw.outcomes.into_iter().map(|(word, meaning)| match Outcome::from_word(&meaning) {
                Some(outcome) => Ok((word, outcome)),
                None => Err(wrong(
                    &word,
                    format!("{word:?} is mapped to {meaning:?}, expected an outcome of the format"),
                )),
            });
        Ok(Self {
            name: raw.name,
            zone: zone.transpose()?,
            orders: raw.orders,
            outcomes: outcomes.collect::<Result<_, _>>()?,
            columns: raw.columns,
        })
    }

    /// Whether it speaks about the file of this name.
    #[must_use]
    pub fn is_about(&self, file: &str) -> bool {
        self.orders.as_deref().is_none_or(|orders| orders == file)
    }

    /// The outcome a word means in this trace.
    #[must_use]
    pub fn outcome(&self, word: &str) -> Option<Outcome> {
        self.outcomes.get(word).copied().or_else(|| Outcome::from_word(word))
    }
}

/// Line and column of a key; of the beginning if it is written in an unusual way.
fn place(text: &str, key: &str) -> (usize, usize) {
    let at = text.find(&format!("{key:?}")).unwrap_or(0);
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    (text[..at].matches('\n').count() + 1, at - line_start + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sidecar_says_zone_words_and_columns() {
        let text = r#"{"format": "order-trace/1", "tz": "Asia/Shanghai", "orders": "o.csv",
            "outcomes": {"lost": "abandoned"}, "columns": {"ticket": "order_id"}, "licence": "x"}"#;
        let sidecar = Sidecar::parse("trace.json", text).unwrap();
        assert_eq!(sidecar.zone.as_ref().unwrap().0, "Asia/Shanghai");
        assert_eq!(sidecar.outcome("lost"), Some(Outcome::Abandoned));
        assert_eq!(sidecar.outcome("served"), Some(Outcome::Served));
        assert_eq!(sidecar.columns["ticket"], "order_id");
        assert!(sidecar.is_about("o.csv") && !sidecar.is_about("p.csv"));
    }

    #[test]
    fn mistakes_have_a_place() {
        for (text, expected) in [
            (
                "{\n  \"tz\": \"Mars/Olympus\"}",
                r#"trace.json:2:3: tz is "Mars/Olympus", expected an IANA time zone"#,
            ),
            (
                r#"{"format": "calendar/1"}"#,
                r#"trace.json:1:2: format is "calendar/1", expected "order-trace/1""#,
            ),
            (
                r#"{"outcomes": {"a": "gone"}}"#,
                r#"trace.json:1:15: "a" is mapped to "gone", expected an outcome of the format"#,
            ),
        ] {
            assert_eq!(Sidecar::parse("trace.json", text).unwrap_err().to_string(), expected);
        }
        assert!(Sidecar::parse("trace.json", "{").is_err());
    }
}
