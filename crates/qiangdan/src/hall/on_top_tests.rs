//! What a hall file says about tickets and cases, right and wrong.

use super::*;
use crate::{
    LimitId, ServiceId,
    case::{CaseKind, CaseVerb, FollowUpVerb, Tell},
    limit::{Milestone, PauseReason},
};

const RIGHT: &str = r#"
schema = 1
[hall]
id = "county"
name = "县政务服务中心"
timezone = "Asia/Shanghai"
[pools]
front = "综合窗口"
[calendars.hall]
weekly = { mon-fri = ["09:00-12:00", "13:30-17:00"] }
[milestones]
accepted = "受理"
contacted = "已联系"
[pauses]
supplement = "补正"
[head_starts]
green = "10 min"
topped = "20 min"
[tickets]
digits = 4
top = "topped"
marks = { green = "V" }
apart = [["id-card", "company"]]
recalls = { at_most = 3, gap = "90 s" }
ahead_at_most = 6
[appointments.early]
services = ["company"]
hours = ["09:00-11:00"]
each = 2
class = "green"
[services.id-card]
pool = "front"
takes = "6 min"
ticket = "A"
case = "immediate"
[services.company]
pool = "front"
takes = "9 min"
ticket = { prefix = "B", quota = 40, full_at = 30, keeps_place = true }
[services.permit]
pool = "front"
takes = "9 min"
limit = "acceptance"
case = "promised"
[services.bad]
pool = "front"
takes = "9 min"
limit = "contact"
[cases]
tells = { accept = "reach accepted", "ask for supplement" = ["pause supplement"], extend = "extend acceptance" }
over = { acceptance = "deem accepted" }
[follow_ups]
service = "bad"
tells = { contact = "reach contacted" }
[limits.acceptance]
to = ["accepted", "closed"]
lasts = "5 working days"
pauses = ["supplement"]
extends_by = "1 working day"
[limits.contact]
to = ["contacted", "closed"]
lasts = "1 working day"
"#;

/// Changes the right file in one place and compares the mistakes, and the warnings if there are none.
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

#[test]
fn a_right_file_says_what_it_means() {
    let checked = Hall::parse("hall.toml", RIGHT).unwrap_or_else(|invalid| panic!("{invalid}"));
    assert_eq!(checked.warnings, []);
    let hall = checked.hall;
    let tickets = hall.tickets().unwrap().draft();
    assert_eq!((tickets.digits, tickets.recalls_at_most, tickets.recall_gap_ms), (4, 3, 90_000));
    assert_eq!((tickets.topped, tickets.ahead_at_most), (Some(crate::ClassId(2)), Some(6)));
    assert_eq!(tickets.apart, [[ServiceId(0), ServiceId(1)]]);
    let company = &tickets.services[1];
    assert_eq!((company.quota, company.full_at, company.keeps_place), (Some(40), Some(30), true));
    let early = &tickets.schedules[0];
    assert_eq!((early.each, early.every_ms, early.class), (2, 1_800_000, crate::ClassId(1)));
    assert_eq!(hall.tickets().unwrap().prefixes(), ["A", "B", "VA", "VB", "YA", "YB"]);
    let cases = hall.cases();
    let kinds = [(ServiceId(0), CaseKind::Immediate), (ServiceId(2), CaseKind::Promised)];
    assert_eq!(cases.kinds, kinds);
    let supplement = PauseReason::new(0).unwrap();
    let tells = [
        (CaseVerb::Accept, vec![Tell::Reach(Milestone(4))]),
        (CaseVerb::AskSupplement, vec![Tell::Pause(supplement)]),
        (CaseVerb::Extend, vec![Tell::Extend(LimitId(0))]),
    ];
    assert_eq!(cases.cases.tells, tells);
    assert_eq!(cases.cases.over, [(LimitId(0), CaseVerb::DeemAccepted)]);
    assert_eq!(cases.bad_rating, Some(ServiceId(3)));
    assert_eq!(cases.follow_ups.tells, [(FollowUpVerb::Contact, vec![Tell::Reach(Milestone(5))])]);
}

#[test]
fn mistakes_in_tickets_have_their_places() {
    check(
        "ticket = \"A\"",
        "ticket = \"A1\"",
        &[
            "34:10: hall::bad-name: the prefix `A1`, whose end reads like a number, expected one that does not end in a digit",
        ],
    );
    check(
        "marks = { green = \"V\" }",
        "marks = { gren = \"V\" }",
        &[
            "22:11: hall::no-such-class: there is no class `gren`, expected `ordinary`, `green` or `topped`; did you mean `green`?",
        ],
    );
    check(
        "services = [\"company\"]",
        "services = [\"id-card\"]",
        &[
            "39:34: hall::misplaced: a quota on a service without appointments, expected `[appointments]` for it: a hall that takes none may not limit how many come",
        ],
    );
    check(
        "recalls = { at_most = 3, gap = \"90 s\" }",
        "recals = { at_most = 3, gap = \"90 s\" }",
        &[
            "24:1: hall::unknown-key: `[tickets]` has no key `recals`, expected `calendar`, `cart_at_most`, `digits`, `wraps_at`, `opens_before`, `stops_before`, `recalls`, `call_lasts`, `take_back`, `top`, `ahead_at_most`, `apart` or 1 others; did you mean `recalls`?",
        ],
    );
    check(
        "apart = [[\"id-card\", \"company\"]]",
        "apart = [[\"id-card\"]]",
        &["23:10: hall::bad-number: 1 services that do not go together, expected two"],
    );
    check(
        "hours = [\"09:00-11:00\"]",
        "hours = [\"09:00-09:10\"]",
        &[
            "26:1: hall::bad-time: appointments that cannot be: no slot fits into the hours, expected slots that fit into the hours, and are void after they are late",
        ],
    );
}

#[test]
fn mistakes_in_cases_have_their_places() {
    check(
        "accept = \"reach accepted\"",
        "acept = \"reach acepted\"",
        &[
            "50:11: hall::bad-word: there is no verb `acept`, expected `save`, `submit`, `pass pre-review`, `fail pre-review`, `hand in`, `decide now`, `ask for supplement`, `hand in supplement`, `supplement over`, `refer`, `refuse`, `accept` or 19 others; did you mean `accept`?",
        ],
    );
    check(
        "\"reach accepted\"",
        "\"raech accepted\"",
        &[
            "50:20: hall::bad-action: `raech accepted` tells nothing, expected `reach MILESTONE`, `pause REASON`, `resume REASON` or `extend LIMIT`; did you mean `reach`?",
        ],
    );
    check(
        "\"reach accepted\"",
        "\"reach closed\"",
        &[
            "50:20: hall::misplaced: milestone `closed`, which the engine reaches by itself, expected one of `[milestones]`",
        ],
    );
    check(
        "over = { acceptance = ",
        "over = { aceptance = ",
        &[
            "51:10: hall::no-such-limit: there is no limit `aceptance`, expected `acceptance` or `contact`; did you mean `acceptance`?",
        ],
    );
    check(
        "case = \"promised\"",
        "case = \"promise\"",
        &[
            "44:8: hall::bad-word: `promise` means nothing here, expected `immediate`, `promised` or `joint`; did you mean `promised`?",
        ],
    );
    check(
        "service = \"bad\"",
        "service = \"bd\"",
        &[
            "53:11: hall::no-such-service: there is no service `bd`, expected `id-card`, `company`, `permit` or `bad`; did you mean `bad`?",
        ],
    );
}

#[test]
fn numbers_without_a_section_for_them_are_a_mistake() {
    let cut = |text: &str, from: &str, to: &str| {
        let (before, rest) = text.split_once(from).unwrap();
        let (_, after) = rest.split_once(to).unwrap();
        format!("{before}{to}{after}")
    };
    let text = cut(RIGHT, "[tickets]", "[services.id-card]");
    let invalid = Hall::parse("hall.toml", &text).unwrap_err();
    let codes: Vec<_> = invalid.mistakes.iter().map(|mistake| mistake.code).collect();
    assert_eq!(codes, [Code::Misplaced; 2]);
    let text = cut(RIGHT, "[calendars.hall]", "[milestones]");
    let text = cut(&text, "[limits.acceptance]", "[limits.contact]");
    let invalid = Hall::parse("hall.toml", &text).unwrap_err();
    assert!(invalid.mistakes.iter().any(|mistake| {
        mistake.code == Code::NeedsCalendar && mistake.found.starts_with("tickets")
    }));
}
