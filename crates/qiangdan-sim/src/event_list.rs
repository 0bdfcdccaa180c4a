//! What will happen outside the engine, in order of time: arrivals, ends of service, shift changes.
//!
//! A 4-ary implicit heap of 128-bit keys. Four children of one node fill one cache line, and one
//! comparison of two integers decides the order, so there are no ties to break in code. Looks of the
//! engine do not belong here: the engine keeps its own (`Advancer::next_look`).
//!
//! | bits of a key | what |
//! |---|---|
//! | 127..80 | instant, in milliseconds |
//! | 79..72 | kind: at one instant, smaller kinds come first |
//! | 71..32 | sequence number: within a kind, first pushed is first out |
//! | 31..0 | payload |

const PAYLOAD_BITS: u32 = 32;
const SEQUENCE_BITS: u32 = 40;
const KIND_BITS: u32 = 8;
const TIME_BITS: u32 = 48;
const KIND_SHIFT: u32 = PAYLOAD_BITS + SEQUENCE_BITS;
const TIME_SHIFT: u32 = KIND_SHIFT + KIND_BITS;
const _: () = assert!(TIME_SHIFT + TIME_BITS == u128::BITS);

const CHILDREN: usize = 4;

/// One thing that will happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Outside {
    /// When, in milliseconds of the simulated clock; at most [`EventList::TIME_MS_MAX`].
    pub at_ms: u64,
    /// What sort of thing. At one instant, smaller kinds come first.
    pub kind: u8,
    /// Whatever the driver wants to know when it happens.
    pub payload: u32,
}

/// The list of what will happen outside the engine.
///
/// Comes out in order of instant, then kind, then in the order pushed: the same pushes always give
/// the same order. `push` and `pop` cost O(log n).
#[derive(Clone, Debug, Default)]
pub struct EventList {
    heap: Vec<u128>,
    pushed: u64,
}

impl EventList {
    /// The last instant that fits: 8,900 years.
    pub const TIME_MS_MAX: u64 = (1 << TIME_BITS) - 1;

    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { heap: Vec::new(), pushed: 0 }
    }

    /// An empty list that can hold `events` before it allocates.
    #[must_use]
    pub fn with_capacity(events: usize) -> Self {
        Self { heap: Vec::with_capacity(events), pushed: 0 }
    }

    /// How many events are still to come.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing is left to happen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Forgets everything and keeps the memory, for the next day.
    pub fn clear(&mut self) {
        self.heap.clear();
        self.pushed = 0;
    }

    /// Adds an event.
    ///
    /// # Panics
    ///
    /// If its instant is past [`EventList::TIME_MS_MAX`], or after 2⁴⁰ pushes without
    /// [`EventList::clear`].
    pub fn push(&mut self, event: Outside) {
        let key = self.key(event);
        self.heap.push(key);
        self.rise(self.heap.len() - 1, key);
    }

    /// The next event.
    #[must_use]
    pub fn peek(&self) -> Option<Outside> {
        self.heap.first().copied().map(event)
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<Outside> {
        let last = self.heap.pop()?;
        let Some(&top) = self.heap.first() else { return Some(event(last)) };
        self.sink(last);
        Some(event(top))
    }

    /// Takes the next event and adds `by`: cheaper than [`EventList::pop`] and
    /// [`EventList::push`], with the same result.
    ///
    /// # Panics
    ///
    /// As [`EventList::push`].
    pub fn replace_top(&mut self, by: Outside) -> Option<Outside> {
        let Some(&top) = self.heap.first() else {
            self.push(by);
            return None;
        };
        let key = self.key(by);
        self.sink(key);
        Some(event(top))
    }

    fn key(&mut self, event: Outside) -> u128 {
        assert!(event.at_ms <= Self::TIME_MS_MAX, "{} ms is past the end of time", event.at_ms);
        assert!(self.pushed < 1 << SEQUENCE_BITS, "2^40 events were pushed without a clear");
        let key = u128::from(event.at_ms) << TIME_SHIFT
            | u128::from(event.kind) << KIND_SHIFT
            | u128::from(self.pushed) << PAYLOAD_BITS
            | u128::from(event.payload);
        self.pushed += 1;
        key
    }

    /// Puts `key` at `hole` or as far above as it belongs.
    fn rise(&mut self, mut hole: usize, key: u128) {
        while hole > 0 {
            let parent = (hole - 1) / CHILDREN;
            if self.heap[parent] <= key {
                break;
            }
            self.heap[hole] = self.heap[parent];
            hole = parent;
        }
        self.heap[hole] = key;
    }

    /// Puts `key` at the top or as far below as it belongs; what was at the top is gone.
    fn sink(&mut self, key: u128) {
        let heap = self.heap.as_mut_slice();
        let mut hole = 0;
        loop {
            let first = hole * CHILDREN + 1;
            let Some(children) = heap.get(first..).filter(|rest| !rest.is_empty()) else { break };
            let child = first + least(children);
            if key <= heap[child] {
                break;
            }
            heap[hole] = heap[child];
            hole = child;
        }
        heap[hole] = key;
    }
}

/// Which of the first four keys is the least.
#[inline]
fn least(keys: &[u128]) -> usize {
    // Without branches while there are four: which child is least is a coin no processor guesses.
    if let Some(&[a, b, c, d]) = keys.first_chunk::<CHILDREN>() {
        let (ab, cd) = (usize::from(b < a), 2 + usize::from(d < c));
        return if c.min(d) < a.min(b) { cd } else { ab };
    }
    (1..keys.len()).fold(0, |least, at| if keys[at] < keys[least] { at } else { least })
}

#[expect(clippy::cast_possible_truncation, reason = "each field is cut out by its width")]
fn event(key: u128) -> Outside {
    Outside {
        at_ms: (key >> TIME_SHIFT) as u64,
        kind: (key >> KIND_SHIFT) as u8,
        payload: key as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Copy, Debug)]
    enum Op {
        Push(Outside),
        Pop,
        ReplaceTop(Outside),
    }

    fn outside() -> impl Strategy<Value = Outside> {
        (0..6_u64, 0..3_u8, any::<u32>()).prop_map(|(at_ms, kind, payload)| Outside {
            at_ms,
            kind,
            payload,
        })
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            3 => outside().prop_map(Op::Push),
            2 => Just(Op::Pop),
            1 => outside().prop_map(Op::ReplaceTop),
        ]
    }

    proptest! {
        #[test]
        fn comes_out_as_from_a_sorted_map(ops in proptest::collection::vec(op(), 0..200)) {
            let (mut list, mut model, mut pushed) = (EventList::new(), BTreeMap::new(), 0_u64);
            for op in ops {
                let first = model.first_key_value().map(|(_, &event)| event);
                prop_assert_eq!(list.peek(), first);
                if let Op::Pop | Op::ReplaceTop(_) = op {
                    model.pop_first();
                }
                if let Op::Push(event) | Op::ReplaceTop(event) = op {
                    model.insert((event.at_ms, event.kind, pushed), event);
                    pushed += 1;
                }
                match op {
                    Op::Push(event) => list.push(event),
                    Op::Pop => prop_assert_eq!(list.pop(), first),
                    Op::ReplaceTop(event) => prop_assert_eq!(list.replace_top(event), first),
                }
                prop_assert_eq!(list.len(), model.len());
            }
            let rest: Vec<_> = std::iter::from_fn(|| list.pop()).collect();
            prop_assert_eq!(rest, model.into_values().collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_ends_of_every_field_survive() {
        let widest = Outside { at_ms: EventList::TIME_MS_MAX, kind: u8::MAX, payload: u32::MAX };
        let mut list = EventList::new();
        list.push(widest);
        assert_eq!(list.pop(), Some(widest));
    }

    #[test]
    #[should_panic(expected = "past the end of time")]
    fn an_instant_too_late_is_refused() {
        let at_ms = EventList::TIME_MS_MAX + 1;
        EventList::new().push(Outside { at_ms, kind: 0, payload: 0 });
    }
}
