//! Warnings about the file as a whole: what nothing refers to, and who has nothing to do.

use super::{Code, Hall, book::Book, mistake::Mistakes};
use crate::ClassId;

/// Warns of names that nothing refers to.
pub(super) fn warn_unused(book: &Book, mistakes: &mut Mistakes) {
    book.skills.unused("a service that needs it", mistakes);
    book.pools.unused("a service or a clerk in it", mistakes);
    book.roles.unused("a ladder that notifies it", mistakes);
    book.calendars.unused("a limit, a role or a hall that goes by it", mistakes);
    book.milestones.unused("a limit that it starts or stops", mistakes);
    book.pauses.unused("a limit that it holds, starts or stops", mistakes);
    book.limits.unused("a service under it", mistakes);
    book.ladders.unused("a limit that climbs it", mistakes);
    book.shifts.unused("a clerk who works it", mistakes);
    book.windows.unused("a clerk who sits there", mistakes);
}

/// Warns of services nobody can take and of clerks who can take nothing.
pub(super) fn warn_idle(hall: &Hall, book: &Book, mistakes: &mut Mistakes) {
    if hall.clerks.is_empty() {
        return;
    }
    let lanes = hall.rules.lanes();
    for service in &hall.services {
        let pools = lanes.iter().map(|lane| lane.pool);
        let mut pools =
            pools.filter(|&pool| hall.rules.lane_in(pool, service.id, ClassId(0)).is_some());
        let needs = service.needs;
        if !pools.any(|pool| hall.clerks.iter().any(|clerk| clerk.can_take(pool, needs))) {
            let found = format!("no clerk can take service `{}`", service.key);
            let expected = "a clerk of its pool who has every skill it needs";
            mistakes.odd(
                Code::NobodyCanTake,
                book.services.place(service.id.index()),
                found,
                expected,
            );
        }
    }
    for clerk in &hall.clerks {
        if !lanes.iter().any(|lane| clerk.can_take(lane.pool, lane.needs)) {
            let found = format!("there is nothing that clerk `{}` can take", clerk.key);
            let expected = "a service in their pools that needs no more than their skills";
            mistakes.odd(Code::NothingToTake, book.clerks.place(clerk.id.index()), found, expected);
        }
    }
}
