//! What the file calls its things, to look references up in.

use std::{collections::BTreeMap, ops::Range};

use toml::Spanned;

use super::{Code, mistake::Mistakes, value};

/// The names of one kind of thing, each with its position.
#[derive(Debug)]
pub(super) struct Names {
    kind: &'static str,
    no_such: Code,
    most: usize,
    at: BTreeMap<String, usize>,
    /// In file order, with their places.
    names: Vec<(String, Range<usize>)>,
    /// Whether something refers to it.
    used: Vec<bool>,
}

impl Names {
    /// No names yet, of a thing called `kind` of which there may be `most`.
    pub(super) fn new(kind: &'static str, no_such: Code, most: usize) -> Self {
        Self { kind, no_such, most, at: BTreeMap::new(), names: Vec::new(), used: Vec::new() }
    }

    /// Adds a name and reports one that is there already, one too many, or one that is none.
    pub(super) fn add(&mut self, name: &str, at: Range<usize>, mistakes: &mut Mistakes) {
        let (kind, most) = (self.kind, self.most);
        if !value::is_name(name) {
            value::bad_name(name, at.clone(), mistakes);
        }
        if self.names.len() == most {
            let found = format!("one {kind} too many");
            mistakes.wrong(Code::TooMany, at.clone(), found, format!("at most {most}"));
        }
        if self.at.contains_key(name) {
            let found = format!("{kind} `{name}` is there already");
            mistakes.wrong(Code::Twice, at.clone(), found, "each once");
        } else {
            self.at.insert(name.to_owned(), self.names.len());
        }
        self.names.push((name.to_owned(), at));
        self.used.push(false);
    }

    /// The position of `name`. Reports it if there is none.
    pub(super) fn find(&mut self, name: &Spanned<&str>, mistakes: &mut Mistakes) -> Option<usize> {
        self.find_str(name.get_ref(), name.span(), mistakes)
    }

    /// The position of `name`, which stands at `at`.
    pub(super) fn find_str(
        &mut self,
        name: &str,
        at: Range<usize>,
        mistakes: &mut Mistakes,
    ) -> Option<usize> {
        if let Some(&found) = self.at.get(name) {
            self.used[found] = true;
            return Some(found);
        }
        let known = || self.at.keys().map(String::as_str);
        let found = format!("there is no {} `{}`", self.kind, name.escape_debug());
        let expected = if self.at.is_empty() {
            format!("the {} to be defined", self.kind)
        } else {
            let is_first = |&(number, (name, _)): &(usize, &(String, _))| self.at[name] == number;
            let names = self.names.iter().enumerate().filter(is_first);
            value::one_of(names.map(|(_, (name, _))| name.as_str()))
        };
        mistakes.wrong(self.no_such, at, found, expected).did_you_mean(name, known());
        None
    }

    /// Reports the names that nothing refers to.
    pub(super) fn unused(&self, expected: &str, mistakes: &mut Mistakes) {
        for ((name, at), _) in self.names.iter().zip(&self.used).filter(|&(_, &used)| !used) {
            let found = format!("nothing refers to {} `{name}`", self.kind);
            mistakes.odd(Code::Unused, at.clone(), found, expected);
        }
    }

    /// The position of `name`, without counting that as a use: knowing how is not needing to.
    pub(super) fn find_quietly(
        &mut self,
        name: &Spanned<&str>,
        mistakes: &mut Mistakes,
    ) -> Option<usize> {
        match self.at.get(*name.get_ref()) {
            Some(&found) => Some(found),
            None => self.find(name, mistakes),
        }
    }

    /// Counts the name at a position as used.
    pub(super) fn use_at(&mut self, position: usize) {
        if let Some(used) = self.used.get_mut(position) {
            *used = true;
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Where the name at a position stands.
    pub(super) fn place(&self, position: usize) -> Range<usize> {
        self.names[position].1.clone()
    }
}
