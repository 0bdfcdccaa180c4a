//! Hall files with mistakes, and without.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{Action, Colour, PoolId, ServiceId};

/// A small file that is right, to break in one place at a time.
const RIGHT: &str = r#"
schema = 1
[hall]
id = "county"
name = "县政务服务中心"
timezone = "Asia/Shanghai"
[targets]
wait = { within = "10 min", share = "90 %", per = "day" }
[skills]
household = "户籍"
[pools]
front = "综合窗口"
back = { zh = "后台", en = "back office" }
[roles]
lead = "值班长"
[services.id-card]
name = "身份证"
pool = "front"
needs = ["household"]
takes = "6 min"
limit = "wait"
[services.other]
pool = "back"
takes = { mean = "8 min", shape = "exponential" }
[head_starts]
elderly = "10 min"
late = "-5 min"
[limits.wait]
to = "grabbed"
lasts = "10 min"
ladder = "up"
[ladders.up]
stages = [
  { at = "50 %", do = ["notify lead"] },
  { at = "8 min", do = ["boost 5 min", "show amber"] },
  { at = "100 %", do = ["widen back", "show red"] },
]
[shifts]
day = ["09:00-12:00", "13:30-17:00"]
[[windows]]
ids = "01..02"
[[clerks]]
ids = ["A", "B"]
windows = "01..02"
pools = ["front", "back"]
skills = "all"
shifts = "day"
[arrivals]
rates = { "09:30" = 2.5, "09:00" = 5 }
mix = { id-card = 3, other = 1 }
classes = { elderly = "10 %" }
leave_after = "40 min"
"#;

/// Changes the right file in one place and compares the mistakes, and the warnings if there are
/// none.
#[track_caller]
fn check(old: &str, new: &str, expect: &[&str]) {
    assert_eq!(RIGHT.matches(old).count(), 1, "{old:?} should stand there once");
    let text = RIGHT.replacen(old, new, 1);
    let found = match Hall::parse("hall.toml", &text) {
        Ok(checked) => checked.warnings,
        Err(invalid) => invalid.mistakes,
    };
    let line = |mistake: &Mistake| {
        let Mistake { code, line, column, .. } = mistake;
        let help = mistake.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{line}:{column}: {code}: {}{help}", mistake.message())
    };
    assert_eq!(found.iter().map(line).collect::<Vec<_>>(), expect);
}

fn hall(text: &str) -> Hall {
    let checked = Hall::parse("hall.toml", text).unwrap_or_else(|invalid| panic!("{invalid}"));
    assert_eq!(checked.warnings, []);
    checked.hall
}

#[test]
fn a_right_file_says_what_it_means() {
    let hall = hall(RIGHT);
    assert_eq!((hall.id(), hall.timezone()), ("county", "Asia/Shanghai"));
    assert_eq!(hall.name().zh, "县政务服务中心");
    assert_eq!(hall.target().per, Per::Day);
    assert_eq!(hall.services()[0].takes, Takes::Lognormal { mean_ms: 360_000, cv: 0.7 });
    assert_eq!(hall.services()[1].takes, Takes::Exponential { mean_ms: 480_000 });
    assert_eq!(
        hall.classes().iter().map(|c| c.head_start_ms).collect::<Vec<_>>(),
        [0, 600_000, -300_000]
    );
    assert_eq!(hall.clerks()[1].window, 1);
    assert_eq!(hall.clerks()[1].shifts.len(), 2);
    assert_eq!((hall.held_at_most(), hall.bounds_orders()), (1, 10_000));

    let arrivals = hall.arrivals().unwrap();
    assert_eq!(arrivals.slots.iter().map(|slot| slot.expected).collect::<Vec<_>>(), [5.0, 2.5]);
    assert_eq!(arrivals.mix, [(ServiceId(0), 0.75), (ServiceId(1), 0.25)]);
    assert_eq!(arrivals.classes[0].1, 0.9);
    assert_eq!(arrivals.doors, "09:00-10:00".parse().unwrap());

    let rules = hall.rules();
    assert_eq!(rules.services()[0].wait_limit_ms, Some(600_000));
    assert_eq!(rules.services()[1].wait_limit_ms, None);
    let stages = rules.stages(ServiceId(0));
    assert_eq!(
        stages.iter().map(|stage| stage.at_ms).collect::<Vec<_>>(),
        [300_000, 480_000, 600_000]
    );
    let last = [Action::Widen { pool: PoolId(1) }, Action::Show { colour: Colour::Red }];
    assert_eq!(stages[2].actions, last);

    let load = hall.load();
    assert_eq!(load.len(), 2);
    // 5 orders × (¾ × 6 min + ¼ × 8 min) in 30 min, two clerks.
    assert!((load[0].needed - 5.0 * 6.5 / 30.0).abs() < 1e-9);
    assert_eq!(load[0].staffed, 2.0);
}

#[test]
fn each_limit_makes_its_own_ladder() {
    let second =
        "[limits.quick]\nto = \"grabbed\"\nlasts = \"12 min\"\nladder = \"up\"\n[ladders.up]";
    let text = RIGHT
        .replace("[ladders.up]", second)
        .replace("\"exponential\" }", "\"exponential\" }\nlimit = \"quick\"");
    let rules = hall(&text).rules();
    assert_eq!(rules.stages(ServiceId(0))[2].at_ms, 600_000);
    assert_eq!(rules.stages(ServiceId(1))[2].at_ms, 720_000);
}

#[test]
fn every_mistake_of_one_file_is_reported_in_file_order() {
    let wrong = include_str!("wrong.toml");
    let invalid = Hall::parse("wrong.toml", wrong).unwrap_err();
    let show = |(kind, mistake): (&str, &Mistake)| {
        let help = mistake.help.as_ref().map(|help| format!("\n    {help}")).unwrap_or_default();
        format!("{kind} {} {mistake}{help}\n", mistake.code)
    };
    let wrong = invalid.mistakes.iter().map(|mistake| ("error", mistake));
    let odd = invalid.warnings.iter().map(|mistake| ("warning", mistake));
    insta::assert_snapshot!(wrong.chain(odd).map(show).collect::<String>());
}

#[test]
fn every_code_can_be_seen() {
    let mut seen = BTreeSet::new();
    let mut see = |text: &str| match Hall::parse("hall.toml", text) {
        Ok(checked) => seen.extend(checked.warnings.iter().map(|mistake| mistake.code)),
        Err(Invalid { mistakes, warnings }) => {
            seen.extend(mistakes.iter().chain(&warnings).map(|mistake| mistake.code));
        }
    };
    see(include_str!("wrong.toml"));
    see("x = ");
    let nobody =
        RIGHT.replace("skills = \"all\"", "").replace("[\"front\", \"back\"]", "[\"front\"]");
    see(&nobody.replace("do = [\"widen back\", \"show red\"]", "do = [\"show red\"]"));
    see(&RIGHT.replace("\"09:00\" = 5", "\"09:00\" = 50"));
    see(&RIGHT.replace("limit = \"wait\"", ""));
    see(&RIGHT.replace("to = \"grabbed\"", "from = \"closed\"\nto = \"closed\""));
    let skills: String = (0..129).map(|number| format!("s{number} = \"技能\"\n")).collect();
    see(&RIGHT.replace("[skills]", &format!("[skills]\n{skills}")));
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !seen.contains(code)).collect();
    assert_eq!(missing, Vec::<&Code>::new());
}

#[test]
fn the_schema_comes_first() {
    check(
        "schema = 1",
        "",
        &["1:1: hall::schema: no `schema`, expected `schema = 1` before the first section"],
    );
    check(
        "schema = 1",
        "schema = 2",
        &["2:10: hall::schema: schema 2, which this version does not read, expected `schema = 1`"],
    );
    check(
        "schema = 1",
        "schema = \"1\"",
        &["2:10: hall::wrong-type: a string, expected a whole number from 1 to 4294967295"],
    );
}

#[test]
fn all_that_is_missing_is_named() {
    let invalid = Hall::parse("empty.toml", "").unwrap_err();
    let expect = "empty.toml:1:1: no `schema`, expected `schema = 1` before the first section
empty.toml:1:1: there is no section `[hall]`, expected one
empty.toml:1:1: there is no section `[pools]`, expected one
empty.toml:1:1: there is no section `[services]`, expected one";
    assert_eq!(invalid.to_string(), expect);
}

#[test]
fn unknown_keys_are_mistakes_at_every_level() {
    let sections = "`schema`, `hall`, `targets`, `skills`, `pools`, `roles`, `services`, `packages`, `halls`, `head_starts`, `calendars`, `milestones` or 16 others";
    check(
        "[shifts]",
        "[shfits]",
        &[
            &format!(
                "38:2: hall::unknown-key: the file has no key `shfits`, expected {sections}; did you mean `shifts`?"
            ),
            "47:10: hall::no-such-shift: there is no shift pattern `day`, expected the shift pattern to be defined",
        ],
    );
    check(
        "{ within = ",
        "{ wihtin = ",
        &[
            "8:8: hall::missing-key: the wait target says nothing about `within`, expected `within = \"10 min\"`",
            "8:10: hall::unknown-key: the wait target has no key `wihtin`, expected `within`, `share` or `per`; did you mean `within`?",
        ],
    );
    check(
        "{ at = \"50 %\",",
        "{ at = \"50 %\", wenn = 1,",
        &[
            "34:18: hall::unknown-key: a stage has no key `wenn`, expected `at`, `do`, `again` or `silence`",
        ],
    );
}

#[test]
fn wrong_types_are_mistakes() {
    check(
        "needs = [\"household\"]",
        "needs = \"household\"",
        &["19:9: hall::wrong-type: a string, expected a list such as `[\"household\"]`"],
    );
    check(
        "takes = \"6 min\"",
        "takes = 6",
        &[
            "20:9: hall::wrong-type: a whole number, expected `\"6 min\"` or `{ mean = \"6 min\", cv = 0.7 }`",
        ],
    );
    check(
        "[[windows]]",
        "[windows]",
        &[
            "40:1: hall::wrong-type: a table, expected a list such as `[[windows]]`",
            "44:11: hall::no-such-window: there is no window `01`, expected the window to be defined",
        ],
    );
}

#[test]
fn references_are_looked_up() {
    check(
        "pool = \"front\"",
        "pool = \"frnot\"",
        &[
            "18:8: hall::no-such-pool: there is no pool `frnot`, expected `front` or `back`; did you mean `front`?",
        ],
    );
    check(
        "[\"notify lead\"]",
        "[\"notify boss\"]",
        &["34:24: hall::no-such-role: there is no role `boss`, expected `lead`"],
    );
}

#[test]
fn shifts_and_windows_do_not_overlap() {
    check(
        "[\"09:00-12:00\", \"13:30-17:00\"]",
        "[\"13:30-17:00\", \"09:00-14:00\"]",
        &[
            "39:8: hall::overlap: `13:30-17:00` overlaps `09:00-14:00`, expected spans apart from each other",
        ],
    );
    check(
        "windows = \"01..02\"",
        "windows = [\"02\", \"02\"]",
        &[
            "43:13: hall::window-taken: clerk `B` sits where clerk `A` does then, expected one clerk at a window at a time",
        ],
    );
}

#[test]
fn stages_rise_under_the_limit_that_climbs_them() {
    check(
        "at = \"8 min\"",
        "at = \"5 min\"",
        &[
            "35:10: hall::stages-not-rising: stage 2 fires at 5 min, expected later than the stage before it (50 %)",
        ],
    );
}

#[test]
fn syntax_errors_stand_alone() {
    check(
        "id = \"county\"",
        "id = ",
        &["4:6: hall::syntax: string values must be quoted, expected literal string"],
    );
}

#[test]
fn the_example_halls_are_right() {
    for (text, warnings) in [
        (include_str!("../../../../examples/halls/county.toml"), 0),
        (include_str!("../../../../examples/halls/nanchang.toml"), 0),
        (include_str!("../../../../examples/halls/permits.toml"), 0),
        (include_str!("../../../../examples/halls/changsha-packages.toml"), 0),
        (include_str!("../../../../examples/halls/one-window.toml"), 0),
        (include_str!("../../../../examples/halls/boston.toml"), 0),
        (include_str!("../../../../examples/halls/wabo.toml"), 0),
        // More people come to it than it can serve: that is what it shows.
        (include_str!("../../../../examples/halls/warsaw.toml"), 8),
    ] {
        let checked = Hall::parse("hall.toml", text).unwrap_or_else(|invalid| panic!("{invalid}"));
        assert_eq!(checked.warnings.len(), warnings);
        assert!(checked.warnings.iter().all(|warning| warning.code == Code::Overload));
    }
}

#[test]
fn the_manual_is_right() {
    let manual = include_str!("../../../../docs/hall-file.md");
    let (_, example) = manual.split_once("```toml\nschema = 1").expect("the manual has an example");
    let (example, _) = example.split_once("```").expect("the example ends");
    let checked = Hall::parse("hall.toml", &format!("schema = 1{example}"));
    let checked = checked.unwrap_or_else(|invalid| panic!("{invalid}"));
    assert_eq!(checked.warnings, []);
    for code in Code::ALL {
        assert!(manual.contains(&format!("`{code}`")), "the manual does not explain {code}");
    }
}

/// Whatever the text, places lie within it and mistakes are never empty.
fn check_places(text: &str) -> Result<(), TestCaseError> {
    let (mistakes, warnings) = match Hall::parse("hall.toml", text) {
        Ok(checked) => (Vec::new(), checked.warnings),
        Err(invalid) => {
            prop_assert!(!invalid.mistakes.is_empty());
            (invalid.mistakes, invalid.warnings)
        }
    };
    for list in [&mistakes, &warnings] {
        prop_assert!(list.is_sorted_by_key(|mistake| mistake.span.start));
        for mistake in list {
            prop_assert!(text.get(mistake.span.clone()).is_some(), "{mistake:?}");
            let lines = text.matches('\n').count() + 1;
            prop_assert!((1..=lines).contains(&mistake.line) && mistake.column >= 1);
        }
    }
    Ok(())
}

#[test]
fn presence_and_guards_are_read() {
    let text = format!(
        "{RIGHT}\n[presence]\nlost_after = \"45 s\"\nwrap_up = \"20 s\"\n\
         mass_loss = {{ share = \"30 %\" }}\n",
    );
    let more = "may_choose = \"oldest 3\"\nat_most = \"2 per 10 s\"\n\
                give_back_limit = \"3 per day\"\n";
    let text = if text.contains("[grab]") {
        text.replace("[grab]\n", &format!("[grab]\n{more}"))
    } else {
        format!("{text}[grab]\n{more}")
    };
    let rules = hall(&text).rules();
    let presence = rules.staff().presence;
    assert_eq!((presence.lost_after_ms, presence.wrap_up_ms), (Some(45_000), 20_000));
    assert_eq!(presence.then_return_after_ms, 60_000);
    assert_eq!(presence.mass_loss, Some(crate::MassLoss { share: 0.3, hold_ms: 30_000 }));
    let ahead_ms = 8 * 3_600_000;
    let give_backs = crate::GiveBacks { most: 3, per: crate::GiveBacksPer::Day { ahead_ms } };
    let pace = Some(crate::Pace { most: 2, per_ms: 10_000 });
    let guards = crate::GrabRules { may_choose: Some(3), pace, give_backs: Some(give_backs) };
    assert_eq!(rules.staff().grab, guards);
    assert_eq!(rules.without_watch().staff().grab, crate::GrabRules::default());
}

#[test]
fn what_is_wrong_about_presence_and_guards_is_said_where_it_stands() {
    for (section, at, word) in [
        ("[presence]\nwrap_up = \"0 s\"\n", "\"0 s\"", "hall::bad-duration"),
        ("[presence]\nmass_loss = { share = \"5 %\" }\n", "{ share", "hall::misplaced"),
        ("[presence]\nlost = \"5 s\"\n", "lost =", "hall::unknown-key"),
        ("[grab]\nmay_choose = \"oldst\"\n", "\"oldst\"", "hall::bad-word"),
        ("[grab]\nmay_choose = \"oldest 33\"\n", "\"oldest 33\"", "hall::bad-word"),
        ("[grab]\nat_most = \"0 per 10 s\"\n", "\"0 per", "hall::bad-word"),
        ("[grab]\nat_most = \"1 per 10 working hours\"\n", "\"1 per", "hall::bad-word"),
        ("[grab]\ngive_back_limit = \"3 per week\"\n", "\"3 per", "hall::bad-word"),
    ] {
        let text = format!("{RIGHT}\n{section}");
        let invalid = Hall::parse("hall.toml", &text).unwrap_err();
        let [mistake] = &invalid.mistakes[..] else { panic!("{section}: {:?}", invalid.mistakes) };
        let place = text.rfind(at).unwrap();
        let line = text[..place].lines().count() + usize::from(text[..place].ends_with('\n'));
        assert_eq!((mistake.code.to_string().as_str(), mistake.line), (word, line), "{section}");
        if section.contains("oldst") {
            assert!(format!("{mistake:?}").contains("oldest"), "{mistake:?}");
        }
    }
}

proptest! {
    #[test]
    fn changed_bytes_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_usize), 1..12),
    ) {
        let mut bytes = RIGHT.as_bytes().to_vec();
        for (at, byte, kind) in changes {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                // Printable, so that more of the file stays TOML.
                2 => bytes[at] = b' ' + byte % 95,
                _ => drop(bytes.remove(at)),
            }
        }
        check_places(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn changed_words_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
    ) {
        // Words swapped for others of the file: TOML that says something else.
        let mut words: Vec<_> = RIGHT.split('"').map(str::to_owned).collect();
        for (to, from) in changes {
            // Odd ones stand in quotes.
            let quoted = words.len() / 2;
            let (to, from) = (to.index(quoted) * 2 + 1, from.index(quoted) * 2 + 1);
            words[to] = words[from].clone();
        }
        check_places(&words.join("\""))?;
    }
}
