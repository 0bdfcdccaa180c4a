//! How long each order was in which state, added up from the events of one thread.
//!
//! Whether the events can follow from one another is for [`qiangdan::history`] to say.

use std::collections::BTreeMap;

use qiangdan::{ClerkId, Event, EventKind, Mono, OrderId, PutBack, State};

/// The lives of all orders, event by event.
#[derive(Clone, Debug, Default)]
pub struct Lives {
    /// The orders.
    pub orders: BTreeMap<OrderId, Life>,
}

/// The life of one order so far.
#[derive(Clone, Debug)]
pub struct Life {
    /// Where it is.
    pub state: State,
    /// Since when.
    pub since: Mono,
    /// When it came in.
    pub submitted: Mono,
    /// Milliseconds in each state, by [`State::ALL`], up to `since`.
    pub spent_ms: [u64; 7],
    /// Who holds it.
    pub owner: Option<ClerkId>,
    /// Whether it waits outside the lanes.
    pub is_parked: bool,
    /// When it comes back, or came in, if it is away.
    activation: Mono,
}

impl Life {
    /// Where it goes, from `at` on.
    fn go(&mut self, to: State, at: Mono) {
        self.spent_ms[self.state as usize] += at.since_ms(self.since);
        (self.state, self.since) = (to, at);
    }

    fn read(&mut self, event: &Event, at: Mono) {
        match event.kind {
            // It waits from its time on, however late that is told.
            EventKind::OrderActivated => self.go(State::Waiting, self.activation),
            EventKind::OrderClaimed { wait_ms, .. } => {
                self.go(State::Claimed, at);
                assert_eq!(wait_ms, self.spent_ms[State::Waiting as usize], "{event:?}");
                self.owner = event.clerk;
            }
            EventKind::OrderStarted { .. } => self.go(State::Serving, at),
            EventKind::OrderPutBack { how, .. } => {
                self.owner = None;
                self.is_parked = how == PutBack::Park;
                if let PutBack::After { ms } = how {
                    self.activation = at.plus_ms(ms);
                    return self.go(State::Scheduled, at);
                }
                self.go(State::Waiting, at);
            }
            EventKind::OrderAmended { .. } => self.is_parked &= self.state != State::Waiting,
            EventKind::OrderClosed { .. } => self.go(State::Closed, at),
            _ => {}
        }
    }
}

impl Lives {
    /// Reads on.
    pub fn read(&mut self, event: &Event) {
        let (Some(order), at) = (event.order, event.at.mono) else { return };
        if let EventKind::OrderSubmitted { not_before, .. } = event.kind {
            let life = Life {
                state: if not_before.is_some() { State::Scheduled } else { State::Waiting },
                since: at,
                submitted: at,
                spent_ms: [0; 7],
                owner: None,
                is_parked: false,
                activation: not_before.unwrap_or(at),
            };
            self.orders.insert(order, life);
        } else if let Some(life) = self.orders.get_mut(&order) {
            life.read(event, at);
        }
    }

    /// How many orders are in each state, by [`State::ALL`].
    #[must_use]
    pub fn counts(&self) -> [usize; 7] {
        let mut counts = [0; 7];
        self.orders.values().for_each(|life| counts[life.state as usize] += 1);
        counts
    }
}
