//! Watches on pools.

use super::*;
use crate::{Action, Colour, PoolId, PoolWatch, RoleId, WatchWhen};

/// A small file that is right, to break in one place at a time.
const RIGHT: &str = r#"
schema = 1
[hall]
id = "county"
name = "县政务服务中心"
timezone = "Asia/Shanghai"
[roles]
lead = "值班长"
[pools]
back = "后台"
[pools.front]
name = "综合窗口"
watch = [
  { when = "more than 20 wait", until = 12, do = ["open window", "show amber"] },
  { when = "more than 41 wait", do = ["notify lead"] },
  { when = "nobody ready", do = ["notify lead"] },
]
[services.id-card]
pool = "front"
takes = "6 min"
[services.other]
pool = "back"
takes = "6 min"
"#;

/// Changes the right file in one place and compares what is said.
#[track_caller]
fn check(old: &str, new: &str, expect: &[&str]) {
    assert_eq!(RIGHT.matches(old).count(), 1, "{old:?} should stand there once");
    let invalid = Hall::parse("hall.toml", &RIGHT.replacen(old, new, 1)).unwrap_err();
    let line = |mistake: &Mistake| {
        let help = mistake.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        let code = mistake.code.as_str().trim_start_matches("hall::");
        format!("{}:{} {code}: {}{help}", mistake.line, mistake.column, mistake.found)
    };
    assert_eq!(invalid.mistakes.iter().map(line).collect::<Vec<_>>(), expect);
}

#[test]
fn watches_become_rules() {
    let checked = Hall::parse("hall.toml", RIGHT).unwrap();
    assert_eq!(checked.warnings, []);
    let pool = PoolId(1);
    assert_eq!(checked.hall.pools()[1].key, "front");
    let longer = |than, until| WatchWhen::Longer { than, until };
    let show = Action::Show { colour: Colour::Amber };
    let notify = Action::Notify { role: RoleId(0) };
    let watches = [
        PoolWatch { pool, when: longer(20, 12), actions: vec![Action::OpenWindow, show] },
        PoolWatch { pool, when: longer(41, 20), actions: vec![notify] },
        PoolWatch { pool, when: WatchWhen::NobodyReady, actions: vec![notify] },
    ];
    assert_eq!(checked.hall.rules().watches(), watches);
}

#[test]
fn slips_are_seen_and_several_at_once() {
    check(
        "\"nobody ready\"",
        "\"nobdy ready\"",
        &[
            "16:12 bad-word: `nobdy ready` is nothing a watch waits for; did you mean `nobody ready`?",
        ],
    );
    check(
        "more than 41 wait",
        "more then 41 waits",
        &["15:12 bad-word: `more then 41 waits` is nothing a watch waits for; \
           did you mean `more than 41 wait`?"],
    );
    check(
        "until = 12, do = [\"open window\", \"show amber\"]",
        "untill = 12, do = [\"boost 5 min\", \"notify leed\", \"widen back\"]",
        &[
            "14:33 unknown-key: a watch has no key `untill`; did you mean `until`?",
            "14:52 misplaced: this can only be done to an order, and a watch is on a pool",
            "14:67 no-such-role: there is no role `leed`; did you mean `lead`?",
            "14:82 misplaced: this can only be done to an order, and a watch is on a pool",
        ],
    );
    check(
        "watch =",
        "wacth =",
        &["13:1 unknown-key: pool `front` has no key `wacth`; \
                                   did you mean `watch`?"],
    );
}

#[test]
fn a_watch_is_armed_again_by_fewer_than_it_fires_at() {
    check("until = 12", "until = 20", &["14:41 bad-number: `20` is out of range"]);
    check("more than 41", "more than 0", &["15:12 bad-number: `0` is out of range"]);
    check(
        "more than 41",
        "more than 20",
        &["15:12 twice: a watch for the same is on this pool already"],
    );
    check(
        "\"nobody ready\", do",
        "\"nobody ready\", until = 1, do",
        &["16:36 misplaced: `until` beside `nobody ready`, which waits until somebody is"],
    );
    check(
        "{ when = \"nobody ready\", do = [\"notify lead\"] }",
        "{ do = [] }, 5",
        &[
            "16:3 missing-key: a watch says nothing about `when`",
            "16:16 wrong-type: a whole number",
        ],
    );
    let many = (1..=12).map(|n| format!("{{ when = \"more than {n} wait\", do = [] }},"));
    let many = many.collect::<String>() + "{ when = \"more than 41 wait\"";
    check("{ when = \"more than 41 wait\"", &many, &["13:9 too-many: 15 watches on one pool"]);
}
