//! Texts kept once and numbered: order ids, services, halls.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Different texts, numbered as they first appear.
///
/// All texts lie in one string; a table with open addressing finds them. A trace of a million
/// orders thus costs a few allocations instead of a million.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    text: String,
    ends: Vec<u32>,
    hashes: Vec<u64>,
    /// Number + 1 of the name in each place, 0 for none. Its length is a power of two.
    table: Vec<u32>,
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.ends == other.ends
    }
}

impl Names {
    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number.
    pub(super) fn get(&self, number: u32) -> &str {
        let at = number as usize;
        let from = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.text[from..self.ends[at] as usize]
    }

    /// The number of a text, and whether it is new.
    ///
    /// # Panics
    ///
    /// If all texts together are longer than 4 GiB; files are read only up to less.
    pub(super) fn number(&mut self, name: &str) -> (u32, bool) {
        if self.table.len() <= 2 * self.len() {
            self.grow();
        }
        let hash = hash(name);
        let mut place = self.home(hash);
        loop {
            match self.table[place] {
                0 => break,
                taken if self.is(taken - 1, hash, name) => return (taken - 1, false),
                _ => place = (place + 1) & (self.table.len() - 1),
            }
        }
        let number = u32::try_from(self.len()).expect("there are fewer names than bytes");
        self.text.push_str(name);
        self.ends.push(u32::try_from(self.text.len()).expect("a file is below 4 GiB"));
        self.hashes.push(hash);
        self.table[place] = number + 1;
        (number, true)
    }

    /// All texts, by number.
    pub(super) fn into_vec(self) -> Vec<String> {
        let numbers = 0..u32::try_from(self.len()).expect("names are numbered by u32");
        numbers.map(|number| self.get(number).to_owned()).collect()
    }

    /// Drops what is needed only for finding.
    pub(super) fn finished(mut self) -> Self {
        (self.hashes, self.table) = (Vec::new(), Vec::new());
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }

    fn is(&self, number: u32, hash: u64, name: &str) -> bool {
        self.hashes[number as usize] == hash && self.get(number) == name
    }

    #[expect(clippy::cast_possible_truncation, reason = "only the low bits are wanted")]
    fn home(&self, hash: u64) -> usize {
        hash as usize & (self.table.len() - 1)
    }

    fn grow(&mut self) {
        self.table = vec![0; (self.table.len() * 4).max(64)];
        for (number, &hash) in (1..).zip(&self.hashes) {
            let mut place = self.home(hash);
            while self.table[place] != 0 {
                place = (place + 1) & (self.table.len() - 1);
            }
            self.table[place] = number;
        }
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_get_equal_numbers() {
        let mut names = Names::default();
        let texts: Vec<_> = (0..1_000).map(|i| (i * i % 700).to_string()).collect();
        let mut seen: Vec<&str> = vec![];
        for text in &texts {
            let known = seen.iter().position(|s| s == text);
            let (number, is_new) = names.number(text);
            assert_eq!((number as usize, is_new), (known.unwrap_or(seen.len()), known.is_none()));
            if is_new {
                seen.push(text);
            }
        }
        assert_eq!(names.get(3), seen[3]);
        assert_eq!(names.into_vec(), seen);
    }

    #[test]
    fn the_empty_text_is_a_name_too() {
        let mut names = Names::default();
        assert_eq!([names.number(""), names.number("a"), names.number("")].map(|n| n.0), [0, 1, 0]);
    }
}
