//! Models of the edges in `lane.rs`, `free.rs`.

use super::*;

/// Two lanes over one pool.
struct Lanes {
    nodes: Nodes,
    x: Lane,
    y: Lane,
}

impl Lanes {
    /// Room for four, and these in lane `x`.
    fn with(entries: &[i64]) -> Self {
        let nodes = Nodes::new(4 + 2);
        let (x, y) = (Lane::new(&nodes), Lane::new(&nodes));
        let lanes = Self { nodes, x, y };
        for &n in entries {
            lanes.push(&lanes.x, n);
        }
        lanes
    }

    fn push(&self, lane: &Lane, n: i64) {
        lane.push(&self.nodes, entry(n)).unwrap();
    }

    /// Removes the first entry, or nothing if there is none or another thread was faster.
    fn pop(&self, lane: &Lane) -> Vec<i64> {
        let popped = lane.peek(&self.nodes).and_then(|peeked| {
            let n = number(peeked.entry);
            lane.pop_if(&self.nodes, &peeked).then_some(n)
        });
        popped.into_iter().collect()
    }

    fn rest(&self, lane: &Lane) -> Vec<i64> {
        std::iter::from_fn(|| self.pop(lane).pop()).collect()
    }
}

#[test]
fn lane_link_loses_nothing_between_two_pushers_and_a_popper() {
    fn push(lanes: &Lanes, n: i64) -> Vec<i64> {
        lanes.push(&lanes.x, n);
        vec![]
    }
    let pop = |lanes: &Lanes| lanes.pop(&lanes.x);
    race(
        || Lanes::with(&[]),
        [|lanes| push(lanes, 1), |lanes| push(lanes, 2), pop],
        |lanes, popped| {
            let rest = lanes.rest(&lanes.x);
            assert_eq!(sorted(popped.into_iter().chain([rest])), [1, 2]);
            assert!(lanes.x.is_empty(&lanes.nodes));
        },
    );
}

#[test]
fn lane_pop_has_one_winner() {
    let pop = |lanes: &Lanes| lanes.pop(&lanes.x);
    race(|| Lanes::with(&[1]), [pop, pop], |_, popped| assert_eq!(sorted(popped), [1]));
}

/// Pops and pushes in turn, so that the third push fills the node that entry 1 was in.
fn turn_over(lanes: &Lanes) {
    for n in 3..6 {
        assert_eq!(lanes.pop(&lanes.x), [n - 2]);
        lanes.push(&lanes.x, n);
    }
}

#[test]
fn lane_reuse_is_told_to_a_peek() {
    let peek = |lanes: &Lanes| {
        let first = lanes.x.peek(&lanes.nodes).expect("there is always an entry");
        assert!((1..5).contains(&number(first.entry)));
    };
    race(
        || Lanes::with(&[1, 2]),
        [turn_over, peek],
        |lanes, _| {
            assert_eq!(lanes.rest(&lanes.x), [4, 5]);
        },
    );
}

#[test]
fn lane_reuse_is_told_to_whoever_asks_if_it_is_empty() {
    let ask = |lanes: &Lanes| {
        assert!(!lanes.x.is_empty(&lanes.nodes), "there is always an entry");
    };
    race(|| Lanes::with(&[1, 2]), [turn_over, ask], |_, _| {});
}

#[test]
fn lane_tail_is_not_followed_into_another_lane() {
    let move_over = |lanes: &Lanes| {
        lanes.push(&lanes.x, 1);
        let popped = lanes.pop(&lanes.x);
        // Takes the node that was the dummy of the other lane.
        lanes.push(&lanes.y, 2);
        popped
    };
    let push = |lanes: &Lanes| {
        lanes.push(&lanes.x, 3);
        vec![]
    };
    race(
        || Lanes::with(&[]),
        [move_over, push],
        |lanes, popped| {
            let rest = lanes.rest(&lanes.x);
            assert_eq!(sorted(popped.into_iter().chain([rest])), [1, 3]);
            assert_eq!(lanes.rest(&lanes.y), [2]);
        },
    );
}

#[test]
fn lane_tail_is_not_led_astray_by_an_old_peek() {
    // The old dummy becomes the last node of the same lane, the first entry's node goes elsewhere.
    let turn = |lanes: &Lanes| {
        let popped = lanes.pop(&lanes.x);
        lanes.push(&lanes.x, 2);
        let popped = [popped, lanes.pop(&lanes.x)].concat();
        lanes.push(&lanes.y, 3);
        popped
    };
    let pop = |lanes: &Lanes| lanes.pop(&lanes.x);
    race(
        || Lanes::with(&[1]),
        [turn, pop],
        |lanes, popped| {
            lanes.push(&lanes.x, 4);
            let rest = lanes.rest(&lanes.x);
            assert_eq!(sorted(popped.into_iter().chain([rest])), [1, 2, 4]);
            assert_eq!(lanes.rest(&lanes.y), [3]);
        },
    );
}

#[test]
fn lane_head_and_tail_survive_pops_during_pushes() {
    let push = |lanes: &Lanes| {
        lanes.push(&lanes.x, 1);
        lanes.push(&lanes.x, 2);
        vec![]
    };
    let pop = |lanes: &Lanes| [lanes.pop(&lanes.x), lanes.pop(&lanes.x)].concat();
    race(
        || Lanes::with(&[]),
        [push, pop],
        |lanes, popped| {
            assert_eq!([popped.concat(), lanes.rest(&lanes.x)].concat(), [1, 2]);
            lanes.push(&lanes.x, 3);
            assert_eq!(lanes.rest(&lanes.x), [3]);
        },
    );
}

#[test]
fn lane_head_is_followed_to_a_node_in_this_life() {
    // The second pop makes a node the dummy that has been free.
    let turn = |lanes: &Lanes| {
        assert_eq!(lanes.pop(&lanes.x), [1]);
        lanes.push(&lanes.x, 2);
        assert_eq!(lanes.pop(&lanes.x), [2]);
        lanes.push(&lanes.x, 3);
    };
    let peek = |lanes: &Lanes| {
        if let Some(peeked) = lanes.x.peek(&lanes.nodes) {
            assert!((1..4).contains(&number(peeked.entry)));
        }
        let _ = lanes.x.is_empty(&lanes.nodes);
    };
    race(|| Lanes::with(&[1]), [turn, peek], |lanes, _| assert_eq!(lanes.rest(&lanes.x), [3]));
}

#[test]
fn free_hands_each_node_to_one_lane() {
    let new = || {
        let lanes = Lanes::with(&[1]);
        lanes.push(&lanes.y, 2);
        lanes
    };
    let in_x = |lanes: &Lanes| {
        assert_eq!(lanes.pop(&lanes.x), [1]);
        lanes.push(&lanes.x, 3);
        assert_eq!(lanes.pop(&lanes.x), [3]);
        lanes.push(&lanes.x, 5);
    };
    let in_y = |lanes: &Lanes| {
        assert_eq!(lanes.pop(&lanes.y), [2]);
        lanes.push(&lanes.y, 4);
    };
    race(new, [in_x, in_y], |lanes, _| {
        assert_eq!((lanes.rest(&lanes.x), lanes.rest(&lanes.y)), (vec![5], vec![4]));
    });
}
