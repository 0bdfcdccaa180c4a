//! Many ids in few words: `A01..A12`.

/// The ids a text stands for: itself, or every one from the first to the last of a series.
///
/// Answers `None` if there are two dots but what stands around them is no series: the same letters
/// before, then a number that does not fall, as wide as it began.
pub(super) fn ids(text: &str) -> Option<Vec<String>> {
    /// More windows or clerks than any hall has.
    const MOST: u32 = 10_000;
    let Some((first, last)) = text.split_once("..") else {
        return Some(vec![text.to_owned()]);
    };
    let ((letters, from), (letters_too, to)) = (number_at_end(first)?, number_at_end(last)?);
    let width = from.len();
    if letters != letters_too || to.len() < width || (to.len() > width && to.starts_with('0')) {
        return None;
    }
    let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
    if from > to || to - from >= MOST {
        return None;
    }
    Some((from..=to).map(|number| format!("{letters}{number:0width$}")).collect())
}

/// Splits `A01` into `A` and `01`.
fn number_at_end(text: &str) -> Option<(&str, &str)> {
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &text[letters.len()..];
    (!digits.is_empty()).then_some((letters, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&[&str]>) {
        let expect = expect.map(|ids| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>());
        assert_eq!(ids(text), expect, "{text}");
    }

    #[test]
    fn a_series_counts_up() {
        check("A", Some(&["A"]));
        check("A08..A11", Some(&["A08", "A09", "A10", "A11"]));
        check("9..11", Some(&["9", "10", "11"]));
        check("窗口1..窗口2", Some(&["窗口1", "窗口2"]));
        check("7..7", Some(&["7"]));
    }

    #[test]
    fn other_dots_are_no_series() {
        for text in ["A..B", "A1..B2", "2..1", "01..1", "1..02", "..", "1..", "0..10000", "1..2..3"]
        {
            check(text, None);
        }
    }
}
