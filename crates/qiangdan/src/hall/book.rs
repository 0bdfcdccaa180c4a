//! All names of a file.

use std::collections::BTreeSet;

use super::{Code, names::Names};
use crate::ServiceId;

/// The names of everything in the file that can be referred to.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) skills: Names,
    pub(super) pools: Names,
    pub(super) roles: Names,
    pub(super) services: Names,
    pub(super) packages: Names,
    pub(super) halls: Names,
    pub(super) classes: Names,
    pub(super) limits: Names,
    pub(super) ladders: Names,
    pub(super) calendars: Names,
    pub(super) milestones: Names,
    pub(super) pauses: Names,
    pub(super) shifts: Names,
    pub(super) windows: Names,
    pub(super) clerks: Names,
    pub(super) plans: Names,
    /// Skills that a ladder may drop, by their positions.
    pub(super) soft: BTreeSet<usize>,
    /// Services that stand for packages.
    pub(super) of_packages: BTreeSet<ServiceId>,
    /// What recorded traces call services.
    pub(super) recorded: BTreeSet<String>,
}

impl Book {
    pub(super) fn new() -> Self {
        Self {
            skills: Names::new("skill", Code::NoSuchSkill, crate::Skills::MAX),
            pools: Names::new("pool", Code::NoSuchPool, 1_000),
            roles: Names::new("role", Code::NoSuchRole, 1_000),
            services: Names::new("service", Code::NoSuchService, 10_000),
            // Nothing refers to packages.
            packages: Names::new("package", Code::UnknownKey, 1_000),
            halls: Names::new("hall", Code::NoSuchHall, 4_096),
            classes: Names::new("class", Code::NoSuchClass, 100),
            limits: Names::new("limit", Code::NoSuchLimit, 1_000),
            ladders: Names::new("ladder", Code::NoSuchLadder, 1_000),
            calendars: Names::new("calendar", Code::NoSuchCalendar, 64),
            milestones: Names::new("milestone", Code::NoSuchMilestone, 64),
            pauses: Names::new("reason to pause", Code::NoSuchPause, 64),
            shifts: Names::new("shift pattern", Code::NoSuchShift, 1_000),
            windows: Names::new("window", Code::NoSuchWindow, 10_000),
            plans: Names::new("plan", Code::NoSuchPlan, 32),
            clerks: Names::new("clerk", Code::NoSuchClerk, 10_000),
            soft: BTreeSet::new(),
            of_packages: BTreeSet::new(),
            recorded: BTreeSet::new(),
        }
    }
}
