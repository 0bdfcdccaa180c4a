//! Which known word someone may have meant.

/// Longer words are not typing slips, and comparing them costs their lengths' product.
const LONGEST: usize = 64;

/// The word in `known` that is nearest to `word`, if it is near: at most a third of its letters are
/// wrong, missing, too many or swapped with their neighbour. The first of equally near ones.
///
/// Costs the product of the words' lengths for each known one; a word of more than 64 letters is
/// near to none.
#[must_use]
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    // The numbers near a number are other numbers, not what was meant.
    if word.len() > LONGEST || word.iter().all(char::is_ascii_digit) {
        return None;
    }
    let most = (word.len() / 3).max(1);
    known
        .map(|near| (edits(&word, near), near))
        .filter(|&(edits, _)| edits <= most && edits < word.len())
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, near)| near)
}

/// How many edits lead from `word` to `near`: the optimal string alignment distance.
fn edits(word: &[char], near: &str) -> usize {
    let near: Vec<char> = near.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
    let mut older: Vec<usize> = Vec::new();
    let mut old: Vec<usize> = (0..=near.len()).collect();
    for i in 1..=word.len() {
        let mut row = vec![i; near.len() + 1];
        for j in 1..=near.len() {
            let differs = usize::from(word[i - 1] != near[j - 1]);
            row[j] = (old[j - 1] + differs).min(old[j] + 1).min(row[j - 1] + 1);
            let is_swap =
                i > 1 && j > 1 && word[i - 1] == near[j - 2] && word[i - 2] == near[j - 1];
            if is_swap {
                row[j] = row[j].min(older[j - 2] + 1);
            }
        }
        older = std::mem::replace(&mut old, row);
    }
    old[near.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, known: &[&str], expect: Option<&str>) {
        assert_eq!(nearest(word, known.iter().copied()), expect, "{word}");
    }

    #[test]
    fn small_slips_are_seen() {
        check("houshold", &["social", "household"], Some("household"));
        check("wiat", &["within", "wait"], Some("wait"));
        check("不动产登计", &["综合受理", "不动产登记"], Some("不动产登记"));
        check("Asia/Shangai", &["Asia/Shanghai"], Some("Asia/Shanghai"));
        check("Front", &["front"], Some("front"));
    }

    #[test]
    fn other_words_are_not() {
        check("police", &["social", "household"], None);
        check("a", &["b"], None);
        check("", &["b"], None);
        check("09", &["08", "10"], None);
        check(&"x".repeat(100), &["x"], None);
    }
}
