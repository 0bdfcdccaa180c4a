//! Calendars, milestones, pauses, limits by a calendar and their ladders.

use super::*;
use crate::{
    Action, CalendarId, Colour, LimitId, Outcome, PoolId, RoleId, ServiceId, SkillId, Wall,
    calendar::{Day, DayKind},
    limit::{
        Again, DayEnd, DayOne, Expiry, LimitStage, Milestone, Moment, NaturalEnd, PauseReason,
        Silence, StageAt, Unit,
    },
};

/// A small file that is right, to break in one place at a time.
const RIGHT: &str = r#"
schema = 1
[hall]
id = "county"
name = "县政务服务中心"
timezone = "Asia/Shanghai"
calendar = "hall"
[skills]
english = { name = "英语", soft = true }
law = "执法"
[pools]
front = "综合窗口"
back = "后台"
[roles]
lead = { name = { zh = "值班长", en = "lead" }, hours = "hall" }
[services.permit]
pool = "front"
needs = ["english", "law"]
takes = "6 min"
limits = ["wait", "decide", "owed", "handle"]
[services.recall]
pool = "back"
takes = "8 min"
limit = "seven"
[calendars.hall]
weekly = { mon-fri = ["09:00-12:00", "13:30-17:00"], "周六" = ["09:00-12:00"] }
notices = ["state council"]
holidays = [{ on = "2027-01-01", name = "元旦" }]
workdays = [{ on = "2027-01-02", as = "tue", name = "元旦" }, { on = "2027-01-03", hours = ["10:00-11:00"] }]
published = "2024-01-01..2027-01-31"
exceptions = [{ on = "2026-03-05", closed = true, reason = "停电" }, { on = "2026-03-06", hours = ["10:00-11:00"], reason = "开会" }]
seasons = [{ name = "夏季", from = "07-01", to = "08-31", weekly = { mon-fri = ["08:00-12:00"] } }]
version = "2"
[milestones]
accepted = "受理"
papers = "补齐"
[pauses]
hearing = "听证"
supplement = "补正"
[limits.wait]
to = "grabbed"
lasts = "10 min"
ladder = "up"
[limits.decide]
from = "accepted"
to = ["closed", "paused supplement"]
lasts = "20 working days"
ends_at = "midnight"
day_one = "next day, deferred"
pauses = ["hearing"]
restarts = ["supplement"]
extends_by = "10 working days"
ladder = "days"
expiry = { deemed = "papers", backdated = true }
[limits.owed]
from = "resumed supplement"
to = "papers"
lasts = "7 days"
expiry = { close = "withdrawn", reason = 9 }
[limits.handle]
from = "started"
to = "closed"
lasts = "4 working hours"
expiry = { follow_up = "recall" }
[limits.seven]
to = "closed"
lasts = "168 h"
[ladders.up]
stages = [
  { at = "2 min left", do = ["boost 1 min"], again = { every = "1 min", at_most = 3 } },
  { at = "late", do = ["show red", "open window"] },
]
[ladders.days]
stages = [
  { at = "50 %", do = ["drop skill english", "follow up recall"] },
  { at = "2 working days left", do = ["card yellow", "move to back"] },
  { at = "late", do = ["card red reply within 2 working days", "notify lead"], again = { every = "1 working day", at_most = 5 }, silence = { after = "2 working days", do = ["notify lead"] } },
  { at = "逾期 5 个工作日", do = ["show red"] },
]
"#;

fn hall(text: &str) -> Hall {
    let checked = Hall::parse("hall.toml", text).unwrap_or_else(|invalid| panic!("{invalid}"));
    assert_eq!(checked.warnings, []);
    checked.hall
}

/// Changes the right file in one place and compares the codes, with what is found, in file order.
#[track_caller]
fn check(old: &str, new: &str, expect: &[&str]) {
    assert_eq!(RIGHT.matches(old).count(), 1, "{old:?} should stand there once");
    let found = match Hall::parse("hall.toml", &RIGHT.replacen(old, new, 1)) {
        Ok(checked) => checked.warnings,
        Err(invalid) => invalid.mistakes,
    };
    let line = |mistake: &Mistake| {
        format!("{}: {}", mistake.code.as_str().trim_start_matches("hall::"), mistake.found)
    };
    assert_eq!(found.iter().map(line).collect::<Vec<_>>(), expect);
}

fn reason(number: u8) -> PauseReason {
    PauseReason::new(number).unwrap()
}

#[test]
fn limits_become_rules() {
    let hall = hall(RIGHT);
    let clocks = hall.clocks();
    let limit = |key: &str| hall.limits().iter().find(|limit| limit.key == key).unwrap();
    assert_eq!((limit("wait").wait_ms(), limit("wait").id), (Some(600_000), None));
    assert_eq!(limit("decide").id, Some(LimitId(0)));
    assert_eq!(clocks.limits.len(), 4);
    let of = |service: u16, limit: u16| (ServiceId(service), LimitId(limit));
    assert_eq!(clocks.of_services, [of(0, 0), of(0, 1), of(0, 2), of(1, 3)]);
    assert_eq!(clocks.hours_of_roles, [(RoleId(0), CalendarId(0))]);

    let accepted = Milestone(4);
    let (decide, _) = hall.rule_of(limit("decide")).unwrap();
    assert_eq!(decide.from, Moment::Reached(accepted));
    assert_eq!(decide.to, [Moment::Reached(Milestone::CLOSED), Moment::Paused(reason(1))]);
    let (day_one, ends) = (DayOne::AfterDeferredReceipt, DayEnd::Midnight);
    assert_eq!(decide.lasts.unit, Unit::WorkingDays { day_one, ends });
    assert_eq!((decide.lasts.amount, decide.extends_by), (20, 10));
    assert_eq!(decide.pauses.iter().collect::<Vec<_>>(), [reason(0), reason(1)]);
    assert_eq!(decide.restarts.iter().collect::<Vec<_>>(), [reason(1)]);
    let deemed = Expiry::Deemed { milestone: Milestone(5), backdated: true };
    assert_eq!(decide.expiry, Some(deemed));

    let owed = &clocks.limits[1];
    let natural = Unit::NaturalDays { ends: NaturalEnd::WorkingDayClose };
    assert_eq!((owed.lasts.unit, owed.lasts.amount), (natural, 7));
    assert_eq!(owed.from, Moment::Resumed(reason(1)));
    assert_eq!(owed.expiry, Some(Expiry::Close { outcome: Outcome::Cancelled(9) }));
    let handle = &clocks.limits[2];
    assert_eq!((handle.lasts.unit, handle.lasts.amount), (Unit::WorkingTime, 14_400_000));
    assert_eq!(handle.expiry, Some(Expiry::FollowUp { service: ServiceId(1) }));
    let seven = &clocks.limits[3];
    assert_eq!((seven.lasts.unit, seven.lasts.amount), (Unit::NaturalTime, 604_800_000));
    assert_eq!(hall.milestones()[4].name.zh, "受理");
    assert_eq!(hall.pauses()[1].key, "supplement");
}

#[test]
fn ladders_fit_the_limits_that_climb_them() {
    let hall = hall(RIGHT);
    let stage = |at, actions: &[Action]| LimitStage {
        at,
        actions: actions.to_vec(),
        again: None,
        silence: None,
    };
    let notify = Action::Notify { role: RoleId(0) };
    let late = LimitStage {
        again: Some(Again { every: 1, at_most: 5 }),
        silence: Some(Silence { after: 2, actions: vec![notify] }),
        ..stage(
            StageAt::Past(0),
            &[Action::Card { colour: Colour::Red, reply_within: Some(2) }, notify],
        )
    };
    let dropped = Action::Drop { skill: SkillId(0) };
    let again = Action::FollowUp { service: ServiceId(1) };
    let yellow = Action::Card { colour: Colour::Amber, reply_within: None };
    let expect = [
        stage(StageAt::Spent(5_000), &[dropped, again]),
        stage(StageAt::Remaining(2), &[yellow, Action::Move { pool: PoolId(1) }]),
        late,
        stage(StageAt::Past(5), &[Action::Show { colour: Colour::Red }]),
    ];
    assert_eq!(hall.clocks().limits[0].stages, expect);
    // A limit on the wait says again what its stages say, as stages of their own.
    let waits = &hall.ladders()[0].ladder.stages;
    let at = waits.iter().map(|stage| (stage.at_ms, stage.actions.len())).collect::<Vec<_>>();
    assert_eq!(at, [(480_000, 1), (540_000, 1), (600_000, 1), (600_001, 2), (660_000, 1)]);
}

#[test]
fn a_calendar_says_which_days_are_worked_and_open() {
    let hall = hall(RIGHT);
    let calendar = &hall.clocks().calendars[0];
    let day = |text: &str| text.parse::<Day>().unwrap();
    let hours = |text: &str| {
        let spans = calendar.open_spans(day(text)).unwrap();
        let time = |at: Wall| {
            let minutes = calendar.time_of_day_ms(at) / 60_000;
            format!("{}:{:02}", minutes / 60, minutes % 60)
        };
        spans.map(|(from, to)| format!("{}-{}", time(from), time(to))).collect::<Vec<_>>()
    };
    let works = |text: &str| calendar.is_working_day(day(text)).unwrap();
    assert_eq!((hall.calendars()[0].key.as_str(), calendar.version()), ("hall", "2"));
    assert_eq!(hours("2026-03-02"), ["9:00-12:00", "13:30-17:00"]);
    assert_eq!((hours("2026-03-07"), works("2026-03-07")), (vec!["9:00-12:00".to_owned()], false));
    assert_eq!((hours("2026-03-05").len(), works("2026-03-05")), (0, true));
    assert_eq!(calendar.name(day("2026-03-05")), Some("停电"));
    assert_eq!(hours("2026-03-06"), ["10:00-11:00"]);
    assert_eq!(hours("2026-07-01"), ["8:00-12:00"]);
    assert_eq!(calendar.kind(day("2026-10-01")), Ok(DayKind::Holiday { name: "国庆节" }));
    assert_eq!(calendar.kind(day("2027-01-02")), Ok(DayKind::MakeUp { name: "元旦" }));
    assert_eq!((hours("2027-01-01").len(), hours("2027-01-02").len()), (0, 2));
    assert_eq!(hours("2027-01-03"), ["10:00-11:00"]);
    assert!(!calendar.is_provisional(day("2026-12-31"), day("2027-01-31")));
    assert!(calendar.is_provisional(day("2026-12-31"), day("2027-02-01")));
    assert_eq!((calendar.from(), calendar.until()), (day("2024-01-01"), day("2035-12-31")));
}

#[test]
fn room_for_facts_and_trust_in_the_wall_are_bounds() {
    let bounds = "[bounds]\nfacts = 99\nwall_leap = \"2 min\"\n[limits.wait]";
    let told = hall(&RIGHT.replace("[limits.wait]", bounds));
    assert_eq!((hall(RIGHT).bounds_facts(), told.bounds_facts()), (None, Some(99)));
    assert_eq!(hall(RIGHT).clocks().trust, crate::WallTrust::default());
    let trust = told.clocks().trust;
    assert_eq!((trust.leap_ms, trust.hold_ms), (120_000, crate::WallTrust::default().hold_ms));
}

#[test]
fn a_roster_is_the_shifts_of_a_clerk() {
    let roster = "[shifts]\nday = [\"08:00-10:00\", \"11:00-12:00\"]\n[[windows]]\nid = \"1\"\n\
        [[clerks]]\nid = \"A\"\nwindow = \"1\"\npools = [\"front\", \"back\"]\nskills = \"all\"\n\
        shifts = \"day\"\n[calendars.a]\nclerk = \"A\"\nworks = [\"tue-sat\"]\n[limits.wait]";
    let text = RIGHT.replace("[limits.wait]", roster).replace("hours = \"hall\"", "hours = \"a\"");
    let hall = hall(&text);
    let calendar = &hall.clocks().calendars[1];
    let opens = |text: &str| calendar.open_spans(text.parse().unwrap()).unwrap().count();
    assert_eq!((opens("2026-03-02"), opens("2026-03-03"), opens("2026-03-07")), (0, 2, 2));
}

#[test]
fn a_limit_needs_a_calendar_only_if_it_counts_working_days() {
    let bare = "schema = 1\npools = { a = \"a\" }\n\
        hall = { id = \"h\", name = \"h\", timezone = \"Asia/Shanghai\" }\n\
        services = { s = { pool = \"a\", takes = \"1 min\", limit = \"l\" } }\n";
    let limit = |limit: &str| format!("{bare}[limits.l]\nto = \"closed\"\n{limit}");
    for lasts in ["lasts = \"2 h\"", "lasts = \"7 days\"\nends_at = \"same time\""] {
        let hall = hall(&limit(lasts));
        assert_eq!(hall.calendars()[0].key, "always");
    }
    assert_eq!(hall(&limit("lasts = \"2 h\"").replace("closed", "grabbed")).calendars(), []);
    for lasts in ["lasts = \"7 days\"", "lasts = \"2 wd\"", "lasts = \"2 wh\""] {
        let invalid = Hall::parse("hall.toml", &limit(lasts)).unwrap_err();
        assert_eq!(invalid.mistakes[0].code, Code::NeedsCalendar, "{lasts}");
    }
    // The only one there is.
    hall(&format!("{}\n[calendars.law]\nworks = [\"mon-fri\"]\n", limit("lasts = \"2 wd\"")));
    let closed = format!("{}\n[calendars.law]\nworks = [\"mon-fri\"]\n", limit("lasts = \"2 wh\""));
    let invalid = Hall::parse("hall.toml", &closed).unwrap_err();
    assert_eq!(invalid.mistakes[0].code, Code::BadCalendar);
}

#[test]
fn what_does_not_fit_is_a_mistake() {
    let late = "at = \"late\", do = [\"show red\", \"open window\"]";
    check(
        late,
        "at = \"1 working day late\", do = [\"show red\"]",
        &["bad-duration: `1 working day late` on the way of limit `wait`, which lasts 10 min"],
    );
    check(
        late,
        &format!("{late}, silence = {{ after = \"1 h\", do = [] }}"),
        &["misplaced: `silence` on the way of limit `wait`"],
    );
    check(
        "2 working days left",
        "2 days left",
        &["bad-duration: `48 h left` on the way of limit `decide`, which lasts 20 working days"],
    );
    check(
        "every = \"1 working day\"",
        "every = \"1 h\"",
        &["bad-duration: `1 h` on the way of limit `decide`, which lasts 20 working days"],
    );
    check(
        "2 working days left",
        "10 working days left",
        &["stages-not-rising: stage 2 fires at 10 working days left"],
    );
    check("drop skill english", "drop skill law", &["not-soft: skill `law` is not soft"]);
    check("at_most = 5", "at_most = 0", &["bad-number: `0` is out of range"]);
    check(
        "limits = [\"wait\",",
        "limit = \"wait\"\nlimits = [",
        &["misplaced: `limits` beside `limit`"],
    );
    check(
        "lasts = \"20 working days\"",
        "lasts = \"0 working days\"",
        &["bad-duration: a limit of 0 working days"],
    );
    check(
        "workdays = [{ on = \"2027-01-02\"",
        "workdays = [{ on = \"2026-10-10\"",
        &["twice: 2026-10-10 is a holiday or make-up day already (国庆节)"],
    );
    check(
        "papers = \"补齐\"",
        "papers = \"补齐\"\nspare = \"多余\"",
        &["unused: nothing refers to milestone `spare`"],
    );
    check(
        "version = \"2\"",
        "until = \"2075-01-01\"",
        &["bad-calendar: a calendar from 2024-01-01 until 2075-01-01"],
    );
    check(
        "published = \"2024-01-01..2027-01-31\"",
        "always = true",
        &[
            "misplaced: `weekly` in a calendar that is always open",
            "misplaced: `notices` in a calendar that is always open",
            "misplaced: `holidays` in a calendar that is always open",
            "misplaced: `workdays` in a calendar that is always open",
            "misplaced: `exceptions` in a calendar that is always open",
            "misplaced: `seasons` in a calendar that is always open",
        ],
    );
    let expect = "bad-duration: a reply within 2 h";
    check("reply within 2 working days", "reply within 2 h", &[expect]);
    let expect = "misplaced: a card that must be replied to, on the way of a limit on the wait";
    check("\"show red\", \"open window\"", "\"card red reply within 1 h\"", &[expect]);
    let expect = "bad-action: `card red reply` is no action";
    check("card red reply within 2 working days", "card red reply", &[expect]);
    check(
        "from = \"started\"\nto = \"closed\"",
        "from = \"closed\"\nto = \"closed\"",
        &["bad-limit: this limit is stopped by what starts it"],
    );
    check(
        "lasts = \"20 working days\"",
        "lasts = \"1 working day\"",
        &["stages-not-rising: stage 2 fires at 2 working days left"],
    );
}
