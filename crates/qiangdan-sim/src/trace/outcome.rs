//! How recorded orders ended, and the words for it.

/// How a recorded order ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// Service began, and usually an end is recorded.
    Served,
    /// It was called to a window, and nothing more is known: it counts as done at once.
    Called,
    /// It was finished, and nobody recorded when service began.
    Closed,
    /// The person left before service began.
    Abandoned,
    /// It was withdrawn.
    Cancelled,
    /// It was turned away.
    Rejected,
    /// It was still open when recording ended.
    Open,
    /// It never was in the queue. Replays leave it out, and its times are not compared.
    Ignored,
}

impl Outcome {
    /// The words of the format.
    const WORDS: [(&str, Self); 8] = [
        ("served", Self::Served),
        ("called", Self::Called),
        ("closed", Self::Closed),
        ("abandoned", Self::Abandoned),
        ("cancelled", Self::Cancelled),
        ("rejected", Self::Rejected),
        ("open", Self::Open),
        ("ignored", Self::Ignored),
    ];

    /// Words that known data sets use besides.
    const ALIASES: [(&str, Self); 4] = [
        ("abandoned_queue", Self::Abandoned),
        // Hung up in the voice menu, before the queue.
        ("abandoned_ivr", Self::Ignored),
        ("phantom", Self::Ignored),
        // Still waiting at the last snapshot.
        ("not_called", Self::Open),
    ];

    /// The outcome meant by a word of the format or one of its known variants.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let mut all = Self::WORDS.iter().chain(&Self::ALIASES);
        all.find(|(known, _)| *known == word).map(|&(_, outcome)| outcome)
    }

    /// The format's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        let mut all = Self::WORDS.iter();
        all.find(|(_, outcome)| *outcome == self).map_or("", |&(word, _)| word)
    }

    /// The outcome of an order whose row does not say.
    pub(super) fn guess(started: bool, ended: bool) -> Self {
        match (started, ended) {
            (true, true) => Self::Served,
            (true, false) => Self::Called,
            (false, true) => Self::Closed,
            (false, false) => Self::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_word_that_means_it() {
        for (word, outcome) in Outcome::WORDS {
            assert_eq!((outcome.word(), Outcome::from_word(word)), (word, Some(outcome)));
        }
        assert_eq!(Outcome::from_word("phantom"), Some(Outcome::Ignored));
        assert_eq!(Outcome::from_word("Served"), None);
    }
}
