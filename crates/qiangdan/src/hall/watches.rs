//! `watch` of `[pools]`: conditions on a pool, and what happens then.

use toml::Spanned;

use super::{
    Code, Named,
    action::RawAction,
    book::Book,
    ladders,
    mistake::Mistakes,
    named,
    names::Names,
    table::Table,
    value::{self, Value},
};
use crate::{PoolId, PoolWatch, WatchWhen, watch};

/// A watch as written.
#[derive(Debug)]
pub(super) struct RawWatch<'d> {
    pool: PoolId,
    when: Spanned<WatchWhen>,
    actions: Vec<Spanned<RawAction<'d>>>,
}

const LIKE: &str = r#"[{ when = "more than 20 wait", until = 10, do = ["open window"] }]"#;
const NOBODY: &str = "nobody ready";

/// The longest queue that a watch may wait for.
const LONGEST: u32 = 10_000_000;

/// Reads `[pools]`: names, or `{ name = "综合", watch = [...] }`.
pub(super) fn read_pools<'d>(
    section: Option<&Table<'d>>,
    names: &mut Names,
    mistakes: &mut Mistakes,
) -> (Vec<Named>, Vec<RawWatch<'d>>) {
    let (mut pools, mut watches) = (Vec::new(), Vec::new());
    for entry in section.into_iter().flat_map(Table::entries) {
        let (named, more) = named::read_more(entry, "pool", "watch", names, mistakes);
        let pool = PoolId(u16::try_from(pools.len()).unwrap_or(u16::MAX));
        pools.push(named);
        let Some(written) = more.and_then(|table| table.get("watch")) else { continue };
        let each = value::list(written, LIKE, mistakes);
        if each.is_empty() {
            mistakes.wrong(Code::Empty, written.span(), "a list without watches", "one at least");
        }
        if each.len() > watch::ON_ONE_POOL_MAX {
            let found = format!("{} watches on one pool", each.len());
            let expected = format!("at most {}", watch::ON_ONE_POOL_MAX);
            mistakes.wrong(Code::TooMany, written.span(), found, expected);
        }
        let before = watches.len();
        for value in each {
            let Some(read) = RawWatch::read(pool, value, mistakes) else { continue };
            let of_pool: &[RawWatch<'_>] = &watches[before..];
            if of_pool.iter().any(|other| is_same(*other.when.get_ref(), *read.when.get_ref())) {
                let found = "a watch for the same is on this pool already";
                mistakes.wrong(Code::Twice, read.when.span(), found, "each once");
            }
            watches.push(read);
        }
    }
    (pools, watches)
}

/// Looks up what watches name. `None` goes with a mistake.
pub(super) fn check(
    watches: &[RawWatch<'_>],
    book: &mut Book,
    mistakes: &mut Mistakes,
) -> Option<Vec<PoolWatch>> {
    let mut checked = Vec::new();
    for RawWatch { pool, when, actions } in watches {
        let mut all = Vec::new();
        for action in actions {
            let found = action.get_ref().check(action.span(), book, mistakes);
            all.push(found.map(|action| action.of_pool(mistakes)));
        }
        let actions = all.into_iter().collect::<Option<_>>();
        checked.push(actions.map(|actions| PoolWatch {
            pool: *pool,
            when: *when.get_ref(),
            actions,
        }));
    }
    checked.into_iter().collect()
}

/// Whether two watches fire at the same.
fn is_same(one: WatchWhen, other: WatchWhen) -> bool {
    match (one, other) {
        (WatchWhen::Longer { than, .. }, WatchWhen::Longer { than: same, .. }) => than == same,
        _ => one == other,
    }
}

impl<'d> RawWatch<'d> {
    fn read(pool: PoolId, value: &'d Value<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let table = Table::read("a watch", value, &LIKE[1..LIKE.len() - 1], mistakes)?;
        table.only(&["when", "until", "do"], mistakes);
        let when = table.need("when", r#""more than 20 wait""#, mistakes);
        let when = when.and_then(|value| read_when(value, mistakes));
        let until = table.get("until");
        let when = when.map(|when| {
            let read = with_until(*when.get_ref(), until, mistakes);
            Spanned::new(when.span(), read)
        });
        let actions = ladders::read_actions(&table, mistakes);
        Some(Self { pool, when: when?, actions: actions? })
    }
}

fn read_when(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Spanned<WatchWhen>> {
    let expected = "`more than 20 wait` or `nobody ready`";
    let text = value::string(value, expected, mistakes)?;
    let written = text.get_ref().trim();
    if written == NOBODY {
        return Some(Spanned::new(text.span(), WatchWhen::NobodyReady));
    }
    let words: Vec<_> = written.split_whitespace().collect();
    if let ["more", "than", number, "wait"] = words[..]
        && let Ok(than) = number.parse::<u32>()
    {
        if (1..=LONGEST).contains(&than) {
            let when = WatchWhen::Longer { than, until: than / 2 };
            return Some(Spanned::new(text.span(), when));
        }
        let found = format!("`{number}` is out of range");
        let expected = format!("a whole number from 1 to {LONGEST}");
        mistakes.wrong(Code::BadNumber, text.span(), found, expected);
        return None;
    }
    let found = format!("`{}` is nothing a watch waits for", text.get_ref().escape_debug());
    let report = mistakes.wrong(Code::BadWord, text.span(), found, expected);
    let number = words.iter().find(|word| word.parse::<u32>().is_ok());
    let longer = format!("more than {} wait", number.unwrap_or(&"20"));
    report.did_you_mean(written, [NOBODY, longer.as_str()].into_iter());
    None
}

/// What a watch waits for, with the `until` beside it.
fn with_until(when: WatchWhen, until: Option<&Value<'_>>, mistakes: &mut Mistakes) -> WatchWhen {
    let Some(value) = until else { return when };
    let WatchWhen::Longer { than, .. } = when else {
        let found = "`until` beside `nobody ready`, which waits until somebody is";
        mistakes.wrong(Code::Misplaced, value.span(), found, "`until` beside `more than 20 wait`");
        return when;
    };
    let until = value::count(value, 0..=than - 1, mistakes);
    until.map_or(when, |until| WatchWhen::Longer { than, until })
}
