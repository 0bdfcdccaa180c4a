//! `[services]`: the catalogue of what an order can ask for.

use toml::{Spanned, de::DeValue};

use super::{
    Code, Limit, Takes, Text, book::Book, cases, mistake::Mistakes, table::Keyed, takes, text,
    tickets::RawTicket, value,
};
use crate::{PoolId, ServiceId, SkillId, Skills, case::CaseKind};

/// A service (事项).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Service {
    /// Its position.
    pub id: ServiceId,
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
    /// The pool its orders wait in.
    pub pool: PoolId,
    /// The skills a clerk must have, all of them.
    pub needs: Skills,
    /// How long it takes at the window.
    pub takes: Takes,
    /// The limits it is under, as positions in [`Hall::limits`](super::Hall::limits). At most one
    /// is a limit on the wait; the others go by a calendar.
    pub limits: Vec<usize>,
    /// What recorded traces call it, besides its key. No name belongs to two services.
    pub recorded_as: Vec<String>,
    /// Whether no new orders come in for it (停办); it stays for those that are open.
    pub is_withdrawn: bool,
}

/// A service as written.
#[derive(Debug)]
pub(super) struct RawService<'d> {
    key: Spanned<&'d str>,
    name: Option<Text>,
    pool: Option<Spanned<&'d str>>,
    needs: Vec<Spanned<&'d str>>,
    takes: Option<Takes>,
    limits: Vec<Spanned<&'d str>>,
    recorded_as: Vec<Spanned<&'d str>>,
    is_withdrawn: bool,
    /// What it says about its numbers.
    pub(super) ticket: Option<RawTicket>,
    /// Of which kind the cases are that it begins.
    pub(super) case: Option<CaseKind>,
}

impl<'d> RawService<'d> {
    pub(super) fn read(Keyed { key, table }: Keyed<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let table = table?;
        let known = [
            "name",
            "pool",
            "needs",
            "takes",
            "limit",
            "limits",
            "recorded_as",
            "withdrawn",
            "ticket",
            "case",
        ];
        table.only(&known, mistakes);
        let name = table.get("name").and_then(|value| text::read(value, mistakes));
        let pool = table.need("pool", "\"front\"", mistakes);
        let pool = pool.and_then(|value| value::string(value, "the key of a pool", mistakes));
        let needs = table.get("needs");
        let needs = needs.map(|value| value::strings(value, "[\"household\"]", mistakes));
        let takes = table.need("takes", "\"6 min\"", mistakes);
        let takes = takes.and_then(|value| takes::read(value, mistakes));
        if let (Some(value), Some(_)) = (table.get("limits"), table.get("limit")) {
            let found = "`limits` beside `limit`";
            mistakes.wrong(Code::Misplaced, value.span(), found, "one of them");
        }
        let limits = match table.get("limit").or(table.get("limits")) {
            Some(value) if matches!(value.get_ref(), DeValue::String(_)) => {
                value::string(value, "the key of a limit", mistakes).into_iter().collect()
            }
            Some(value) => value::strings(value, "[\"ten-minutes\", \"promise\"]", mistakes),
            None => Vec::new(),
        };
        let recorded_as = table.get("recorded_as");
        let recorded_as = recorded_as.map(|value| value::strings(value, "[\"Q021\"]", mistakes));
        let withdrawn = table.get("withdrawn").and_then(|value| value::flag(value, mistakes));
        let is_withdrawn = withdrawn == Some(true);
        let (needs, recorded_as) = (needs.unwrap_or_default(), recorded_as.unwrap_or_default());
        let ticket = table.get("ticket").and_then(|value| RawTicket::read(value, mistakes));
        let case = table.get("case").and_then(|value| cases::read_kind(value, mistakes));
        Some(Self {
            key,
            name,
            pool,
            needs,
            takes,
            limits,
            recorded_as,
            is_withdrawn,
            ticket,
            case,
        })
    }

    /// Looks references up. What is wrong is reported and stands in for itself.
    pub(super) fn check(
        self,
        id: ServiceId,
        book: &mut Book,
        limits: &[Limit],
        mistakes: &mut Mistakes,
    ) -> Service {
        let key = self.key.get_ref().to_string();
        let pool = self.pool.and_then(|pool| book.pools.find(&pool, mistakes));
        let needs = self.needs.iter().filter_map(|skill| book.skills.find(skill, mistakes));
        let needs = needs.filter_map(|skill| u8::try_from(skill).ok()).map(SkillId).collect();
        let mut under: Vec<usize> = Vec::new();
        for limit in &self.limits {
            let Some(found) = book.limits.find(limit, mistakes) else { continue };
            let is_wait = |&limit: &usize| limits.get(limit).is_some_and(|l| l.wait_ms().is_some());
            if under.contains(&found) {
                let found = format!("limit `{}` is there already", limit.get_ref());
                mistakes.wrong(Code::Twice, limit.span(), found, "each once");
            } else if let Some(first) = under.iter().copied().find(is_wait)
                && is_wait(&found)
            {
                let found = format!("a second limit on the wait, after `{}`", limits[first].key);
                mistakes.wrong(Code::SecondWaitLimit, limit.span(), found, "one at most");
            } else {
                under.push(found);
            }
        }
        for name in &self.recorded_as {
            if !book.recorded.insert(name.get_ref().to_string()) {
                let found = format!("`{}` is recorded as a service already", name.get_ref());
                mistakes.wrong(Code::Twice, name.span(), found, "each once");
            }
        }
        Service {
            id,
            name: self.name.unwrap_or_else(|| Text::both(&key)),
            key,
            pool: PoolId(pool.and_then(|pool| u16::try_from(pool).ok()).unwrap_or(0)),
            needs,
            takes: self.takes.unwrap_or(Takes::Fixed { ms: 0 }),
            limits: under,
            recorded_as: self.recorded_as.iter().map(|name| name.get_ref().to_string()).collect(),
            is_withdrawn: self.is_withdrawn,
        }
    }
}
