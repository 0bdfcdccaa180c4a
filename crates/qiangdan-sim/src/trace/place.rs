//! Where a field is in the text. Worked out only for mistakes, so that good rows cost nothing.

/// How many lines end in `text`.
pub(super) fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// The lines between the beginning of a row and that of its `field` (a quoted field may hold
/// several), and the character at which the field begins, from 1.
pub(super) fn place(row: &[u8], field: usize) -> (u64, u64) {
    let before = &row[..walk(row, field).0];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let is_first_of_character = |byte: &&u8| **byte & 0b1100_0000 != 0b1000_0000;
    let characters = before[line_start..].iter().filter(is_first_of_character).count();
    (lines(before), characters as u64 + 1)
}

/// Whether a quote opened in this row, the last of the file, is never closed.
pub(super) fn is_unclosed(row: &[u8]) -> bool {
    walk(row, usize::MAX).1
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote inside quotes: the end of them, or the first of two that stand for one.
    QuoteSeen,
}

/// Walks to the beginning of `field`, or to the end of the row if it has fewer, by the rules of
/// RFC 4180. Returns the byte and whether the walk ended inside quotes.
fn walk(row: &[u8], field: usize) -> (usize, bool) {
    let (mut at, mut start, mut fields) = (At::FieldStart, 0, 0);
    for (byte, &character) in row.iter().enumerate() {
        if fields == field {
            return (start, false);
        }
        at = match (at, character) {
            (At::FieldStart | At::QuoteSeen, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::QuoteSeen,
            (At::Quoted, _) => At::Quoted,
            (_, b',') => {
                (fields, start) = (fields + 1, byte + 1);
                At::FieldStart
            }
            (_, b'\r' | b'\n') => return (start, false),
            _ => At::Plain,
        };
    }
    (start, at == At::Quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_line_and_character() {
        let row = "工单,\"a,\"\"b\nc\",d\r\nnext,row".as_bytes();
        assert_eq!([0, 1, 2, 3].map(|f| place(row, f)), [(0, 1), (0, 4), (1, 4), (1, 4)]);
        assert_eq!(place(b"", 0), (0, 1));
    }

    #[test]
    fn an_open_quote_is_seen_and_one_inside_a_field_is_text() {
        assert!(is_unclosed(b"a,\"b\nc,d\n"));
        assert!(is_unclosed(b"a,\"b\"\""));
        assert!(!is_unclosed(b"a,b\"c,\"d\""));
    }
}
