//! Whether a hall file may follow another in a running engine: the same key must have the same id.

use std::fmt;

use super::Hall;

/// Something of an earlier file whose place is another in the later one.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Moved {
    /// What kind of thing it is, as the file calls its section.
    pub kind: &'static str,
    /// Its key.
    pub key: String,
    /// Its place in the earlier file, from 1.
    pub was: usize,
    /// Its place in the later one; `None` if it is not there.
    pub is: Option<usize>,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, key, was, is } = self;
        write!(f, "`{key}` was number {was} of [{kind}] and ")?;
        match is {
            Some(is) => write!(f, "is number {is}: keep the order, and put what is new behind"),
            None if *kind == "services" => {
                write!(f, "is not there: keep it, with `withdrawn = true`")
            }
            None => write!(f, "is not there: keep it, though nothing refers to it"),
        }
    }
}

impl Hall {
    /// Whether this hall's rules may be applied to an engine that runs on those of `before`:
    /// whatever had a key there has the same id here. See
    /// [`Advancer::apply`](crate::Advancer::apply).
    ///
    /// # Errors
    ///
    /// All that has another place, in the order of the file before.
    pub fn follows(&self, before: &Self) -> Result<(), Vec<Moved>> {
        let mut moved = Vec::new();
        for ((kind, before), (_, after)) in before.keys().into_iter().zip(self.keys()) {
            for (n, key) in before.iter().enumerate() {
                let is = after.iter().position(|known| known == key);
                if is != Some(n) {
                    let (key, is) = ((*key).to_owned(), is.map(|is| is + 1));
                    moved.push(Moved { kind, key, was: n + 1, is });
                }
            }
        }
        if moved.is_empty() { Ok(()) } else { Err(moved) }
    }

    /// The keys of everything that has an id, in the order of the ids.
    fn keys(&self) -> [(&'static str, Vec<&str>); 10] {
        let limits = self.limits.iter().filter(|limit| limit.id.is_some());
        [
            ("skills", named_keys(&self.skills)),
            ("pools", named_keys(&self.pools)),
            ("roles", named_keys(&self.roles)),
            ("calendars", self.calendars.iter().map(|calendar| calendar.key.as_str()).collect()),
            ("milestones", named_keys(&self.milestones)),
            ("pauses", named_keys(&self.pauses)),
            ("services", self.services.iter().map(|service| service.key.as_str()).collect()),
            ("head_starts", self.classes.iter().map(|class| class.key.as_str()).collect()),
            ("limits", limits.map(|limit| limit.key.as_str()).collect()),
            ("clerks", self.clerks.iter().map(|clerk| clerk.key.as_str()).collect()),
        ]
    }
}

fn named_keys(list: &[super::Named]) -> Vec<&str> {
    list.iter().map(|named| named.key.as_str()).collect()
}
