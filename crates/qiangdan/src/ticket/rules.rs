//! What a hall says about tickets: which services give numbers, how numbers look, when intake stops, how
//! often a number is called, who goes ahead, and which appointments there are.

use std::collections::BTreeMap;

use super::Schedule;
use crate::{ClassId, Rules, ServiceId, calendar::Calendar};

/// Tickets as someone wrote them, not yet checked.
#[derive(Clone, Debug)]
pub struct TicketRulesDraft {
    /// Which days there are and when the hall is open.
    pub calendar: Calendar,
    /// The services that numbers are taken for.
    pub services: Vec<TicketService>,
    /// Pairs of services that may not be on one ticket (互斥事项).
    pub apart: Vec<[ServiceId; 2]>,
    /// Prefixes of classes: `V` for the green channel. They come before that of the service.
    pub marks: Vec<(ClassId, String)>,
    /// The most services on one ticket, 1 to [`TicketRules::CART_MAX`].
    pub cart_at_most: u8,
    /// Digits of a printed number, 1 to 9; zeros are put in front.
    pub digits: u8,
    /// The printed number after which 1 is printed again; 0 is never.
    pub wraps_at: u32,
    /// How long before the hall opens numbers are given, in milliseconds.
    pub opens_before_ms: u64,
    /// How long before the hall closes for the day intake stops, in milliseconds.
    pub stops_before_ms: u64,
    /// How often a number may be called again.
    pub recalls_at_most: u8,
    /// The least time between two calls of one number, in milliseconds.
    pub recall_gap_ms: u64,
    /// A called number that nobody comes for passes by itself after this long, in milliseconds.
    pub call_lasts_ms: Option<u64>,
    /// How many passed numbers a window may take back, the latest ones; 0 to
    /// [`TicketRules::TAKE_BACK_MAX`].
    pub take_back_last: u8,
    /// The class of tickets that a lead has put ahead.
    pub topped: Option<ClassId>,
    /// At most so many tickets with a head start go ahead of one ordinary ticket; any number if `None`.
    pub ahead_at_most: Option<u32>,
    /// Which appointments there are.
    pub schedules: Vec<Schedule>,
}

/// What a service says about its tickets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TicketService {
    /// The service.
    pub service: ServiceId,
    /// The prefix of its numbers; services with one prefix share a series.
    pub prefix: String,
    /// At most so many numbers a day. Only a service with appointments may have one.
    pub quota: Option<u32>,
    /// No more numbers while so many wait.
    pub full_at: Option<u32>,
    /// When to come again if it is full, in milliseconds from now.
    pub full_again_ms: u64,
    /// For how long after it has ended the same person gets no other number, in milliseconds.
    pub again_after_ms: u64,
    /// Whether who still waits when the day ends keeps the place for the next.
    pub keeps_place: bool,
}

impl TicketService {
    /// A service whose numbers have this prefix, and nothing else to say.
    #[must_use]
    pub fn new(service: ServiceId, prefix: &str) -> Self {
        Self {
            service,
            prefix: prefix.to_owned(),
            quota: None,
            full_at: None,
            full_again_ms: 1_800_000,
            again_after_ms: 0,
            keeps_place: false,
        }
    }
}

impl TicketRulesDraft {
    /// Tickets of a hall with these hours, with what is usual: carts of five, three digits, intake
    /// until closing, five recalls a minute apart, the last three may be taken back.
    #[must_use]
    pub fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            services: Vec::new(),
            apart: Vec::new(),
            marks: Vec::new(),
            cart_at_most: TicketRules::CART_MAX,
            digits: 3,
            wraps_at: 0,
            opens_before_ms: 0,
            stops_before_ms: 0,
            recalls_at_most: 5,
            recall_gap_ms: 60_000,
            call_lasts_ms: None,
            take_back_last: 3,
            topped: None,
            ahead_at_most: None,
            schedules: Vec::new(),
        }
    }

    /// Checks the draft against the rules of the engine that the orders go to.
    ///
    /// # Errors
    ///
    /// Every mistake found; the list is never empty.
    pub fn check(self, rules: &Rules) -> Result<TicketRules, Vec<TicketRulesError>> {
        let mistakes = self.mistakes(rules);
        if mistakes.is_empty() { Ok(TicketRules::new(self, rules)) } else { Err(mistakes) }
    }

    fn mistakes(&self, rules: &Rules) -> Vec<TicketRulesError> {
        let mut mistakes = Vec::new();
        let classes = rules.head_starts_ms().len();
        let has = |service: ServiceId| self.services.iter().any(|rule| rule.service == service);
        let number = |what, found: u64, least, most| {
            let is_right = (least..=most).contains(&found);
            (!is_right).then_some(TicketRulesError::OutOfRange { what, found, least, most })
        };
        let (cart, back) = (TicketRules::CART_MAX.into(), TicketRules::TAKE_BACK_MAX.into());
        let numbers = [
            number("services on one ticket", self.cart_at_most.into(), 1, cart),
            number("digits", self.digits.into(), 1, 9),
            number("numbers to take back", self.take_back_last.into(), 0, back),
        ];
        mistakes.extend(numbers.into_iter().flatten());
        for (at, rule) in self.services.iter().enumerate() {
            let service = rule.service;
            if rules.service(service).is_none() {
                mistakes.push(TicketRulesError::NoSuchService { service });
            }
            if self.services[..at].iter().any(|other| other.service == service) {
                mistakes.push(TicketRulesError::Twice { service });
            }
            let has_appointments = self.schedules.iter().any(|s| s.services.contains(&service));
            if rule.quota.is_some() && !has_appointments {
                mistakes.push(TicketRulesError::QuotaWithoutAppointments { service });
            }
        }
        let named = self.apart.iter().flatten();
        for &service in named.chain(self.schedules.iter().flat_map(|s| &s.services)) {
            if !has(service) {
                mistakes.push(TicketRulesError::NoNumbers { service });
            }
        }
        let marked = self.marks.iter().map(|&(class, _)| class).chain(self.topped);
        for class in marked.chain(self.schedules.iter().map(|schedule| schedule.class)) {
            if class.index() >= classes {
                mistakes.push(TicketRulesError::NoSuchClass { class });
            }
        }
        let prefixes = self.services.iter().map(|rule| &rule.prefix);
        let prefixes = prefixes.chain(self.marks.iter().map(|(_, mark)| mark));
        for prefix in prefixes.chain(self.schedules.iter().map(|schedule| &schedule.mark)) {
            if prefix.ends_with(|last: char| last.is_numeric()) {
                mistakes.push(TicketRulesError::PrefixEndsInDigit { prefix: prefix.clone() });
            }
        }
        for (schedule, rule) in self.schedules.iter().enumerate() {
            if let Some(what) = rule.mistake() {
                mistakes.push(TicketRulesError::Schedule { schedule, what });
            }
        }
        mistakes
    }
}

/// What is wrong with a draft of tickets.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TicketRulesError {
    /// The engine's rules have no such service.
    #[error("no {service}")]
    NoSuchService {
        /// The service.
        service: ServiceId,
    },
    /// A service is named that numbers are not taken for.
    #[error("no numbers are taken for {service}")]
    NoNumbers {
        /// The service.
        service: ServiceId,
    },
    /// The engine's rules have no such class.
    #[error("no {class}")]
    NoSuchClass {
        /// The class.
        class: ClassId,
    },
    /// A service stands there twice.
    #[error("{service} is there already")]
    Twice {
        /// The service.
        service: ServiceId,
    },
    /// A quota on a service that no appointment can be made for: a hall that takes none may not limit
    /// how many come (浙江省保障“最多跑一次”改革规定 art. 12).
    #[error("{service} has a quota, but no appointments")]
    QuotaWithoutAppointments {
        /// The service.
        service: ServiceId,
    },
    /// The number after such a prefix could not be told from it.
    #[error("the prefix `{prefix}` ends in a digit")]
    PrefixEndsInDigit {
        /// The prefix.
        prefix: String,
    },
    /// A number that makes no sense.
    #[error("{found} {what}, not {least} to {most}")]
    OutOfRange {
        /// Of what.
        what: &'static str,
        /// What is there.
        found: u64,
        /// The least there may be.
        least: u64,
        /// The most there may be.
        most: u64,
    },
    /// Appointments that cannot be.
    #[error("appointments {schedule}: {what}")]
    Schedule {
        /// Which, by position.
        schedule: usize,
        /// What is wrong.
        what: &'static str,
    },
}

/// Checked rules of tickets.
#[derive(Clone, Debug)]
pub struct TicketRules {
    pub(super) draft: TicketRulesDraft,
    /// The head start of each class, in milliseconds.
    head_starts_ms: Vec<i64>,
    /// The distinct prefixes.
    prefixes: Vec<String>,
}

impl TicketRules {
    /// The most services on one ticket.
    pub const CART_MAX: u8 = 5;
    /// The most passed numbers that a window may take back.
    pub const TAKE_BACK_MAX: u8 = 8;

    fn new(draft: TicketRulesDraft, rules: &Rules) -> Self {
        let no_mark = String::new();
        let marks = draft.marks.iter().map(|(_, mark)| mark);
        let marks = marks.chain(draft.schedules.iter().map(|schedule| &schedule.mark));
        let mut prefixes = BTreeMap::new();
        for mark in marks.chain([&no_mark]) {
            for rule in &draft.services {
                prefixes.insert(format!("{mark}{}", rule.prefix), ());
            }
        }
        let prefixes = prefixes.into_keys().collect();
        Self { head_starts_ms: rules.head_starts_ms().to_vec(), prefixes, draft }
    }

    /// What they were checked from.
    #[must_use]
    pub const fn draft(&self) -> &TicketRulesDraft {
        &self.draft
    }

    /// The prefixes of numbers, sorted; a [`Number`](super::Number) names them by position.
    #[must_use]
    pub fn prefixes(&self) -> &[String] {
        &self.prefixes
    }

    /// How many tickets with a head start can go ahead of one ordinary ticket, if that is bounded.
    #[must_use]
    pub const fn ahead_at_most(&self) -> Option<u32> {
        self.draft.ahead_at_most
    }

    pub(super) fn service(&self, service: ServiceId) -> Option<&TicketService> {
        self.draft.services.iter().find(|rule| rule.service == service)
    }

    pub(super) fn head_start_ms(&self, class: ClassId) -> i64 {
        self.head_starts_ms.get(class.index()).copied().unwrap_or(0)
    }

    /// Two of these services that may not be on one ticket.
    pub(super) fn first_apart(&self, cart: &[ServiceId]) -> Option<[ServiceId; 2]> {
        self.draft.apart.iter().find(|pair| pair.iter().all(|one| cart.contains(one))).copied()
    }

    /// The prefix of numbers for a service, with the mark of an appointment or a class.
    pub(super) fn prefix(&self, rule: &TicketService, mark: &str) -> u16 {
        let text = format!("{mark}{}", rule.prefix);
        let at = self.prefixes.binary_search(&text).unwrap_or(0);
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    pub(super) fn mark(&self, class: ClassId) -> &str {
        let mark = self.draft.marks.iter().find(|&&(of, _)| of == class);
        mark.map_or("", |(_, mark)| mark)
    }
}
