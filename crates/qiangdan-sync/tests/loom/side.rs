//! Models of the edges in `side.rs`.

use super::*;

fn side_of(entries: &[i64]) -> Side {
    side_with_room(2, entries)
}

fn side_with_room(capacity: u32, entries: &[i64]) -> Side {
    let side = Side::new(capacity);
    // Loom does not see the lock that guards the allocation of a segment: do it now.
    side.insert(entry(0)).unwrap();
    assert_eq!(remove_smallest(&side), Some(0));
    for &n in entries {
        side.insert(entry(n)).unwrap();
    }
    side
}

fn smallest(side: &Side) -> Option<i64> {
    side.peek().map(|peeked| number(peeked.entry))
}

fn remove_smallest(side: &Side) -> Option<i64> {
    let peeked = side.peek()?;
    side.remove_if(&peeked).then(|| number(peeked.entry))
}

#[test]
fn side_refresh_accounts_for_two_inserts() {
    fn insert(side: &Side, n: i64) {
        side.insert(entry(n)).unwrap();
        assert!(smallest(side).is_some_and(|smallest| smallest <= n));
    }
    race(
        || side_of(&[]),
        [|side| insert(side, 1), |side| insert(side, 2)],
        |side, _| {
            assert_eq!((remove_smallest(side), remove_smallest(side)), (Some(1), Some(2)));
            assert!(side.is_empty());
        },
    );
}

#[test]
fn side_refresh_accounts_for_an_insert_beside_a_removal() {
    let remove = |side: &Side| assert!(remove_smallest(side).is_some());
    let insert = |side: &Side| {
        side.insert(entry(2)).unwrap();
        assert!(smallest(side).is_none_or(|n| n <= 2));
    };
    race(
        || side_of(&[1]),
        [remove, insert],
        |side, _| {
            assert!(remove_smallest(side).is_some(), "two went in, one came out");
            assert_eq!(smallest(side), None);
        },
    );
}

#[test]
fn side_refresh_is_not_fooled_by_two_changes_in_a_row() {
    let twice = |side: &Side| {
        side.insert(entry(1)).unwrap();
        assert_eq!(remove_smallest(side), Some(1));
    };
    let insert = |side: &Side| {
        side.insert(entry(2)).unwrap();
        assert!(smallest(side).is_some());
    };
    race(|| side_of(&[]), [twice, insert], |side, _| assert_eq!(smallest(side), Some(2)));
}

#[test]
fn side_peek_helps_a_removal_that_has_not_come_to_the_root() {
    let remove = |side: &Side| assert_eq!(remove_smallest(side), Some(1));
    let peek = |side: &Side| assert!(smallest(side).is_some(), "there is always an entry");
    race(|| side_of(&[1, 2]), [remove, peek], |side, _| assert_eq!(smallest(side), Some(2)));
}

#[test]
fn side_reuse_is_told_to_a_peek() {
    let turn = |side: &Side| {
        assert_eq!(remove_smallest(side), Some(5));
        side.insert(entry(6)).unwrap();
    };
    let peek = |side: &Side| assert!(smallest(side).is_none_or(|n| n == 5 || n == 6));
    race(|| side_of(&[5]), [turn, peek], |side, _| assert_eq!(smallest(side), Some(6)));
}

#[test]
fn side_reuse_is_told_to_whoever_sweeps() {
    let insert = |side: &Side| side.insert(entry(7)).unwrap();
    let sweep = |side: &Side| side.retain(|&entry| number(entry) != 5);
    race(|| side_of(&[]), [insert, sweep], |side, _| assert_eq!(smallest(side), Some(7)));
    let turn = |side: &Side| {
        let _ = remove_smallest(side);
        side.insert(entry(6)).unwrap();
    };
    race(|| side_of(&[5]), [turn, sweep], |side, _| assert_eq!(smallest(side), Some(6)));
}

/// 3 and 4 on the right, free leaves on the left that once had smaller keys.
fn two_levels() -> Side {
    let side = side_with_room(4, &[1, 2, 3, 4]);
    assert_eq!((remove_smallest(&side), remove_smallest(&side)), (Some(1), Some(2)));
    side
}

fn remove_on_the_right(side: &Side) {
    assert_eq!(remove_smallest(side), Some(3));
    assert_eq!(smallest(side), Some(4), "it was there throughout");
}

#[test]
fn side_name_carries_the_key_to_the_node_above() {
    let insert = |side: &Side| side.insert(entry(5)).unwrap();
    race(two_levels, [insert, remove_on_the_right], |side, _| {
        assert_eq!((remove_smallest(side), remove_smallest(side)), (Some(4), Some(5)));
    });
}

/// As above, with a leaf that is named by a thread other than the one that filled it.
#[test]
#[ignore = "takes minutes"]
fn side_name_carries_the_key_of_anothers_leaf() {
    fn insert(side: &Side, n: i64) {
        side.insert(entry(n)).unwrap();
    }
    race(
        two_levels,
        [|side| insert(side, 5), |side| insert(side, 6), remove_on_the_right],
        |side, _| {
            let rest: Vec<_> = std::iter::from_fn(|| remove_smallest(side)).collect();
            assert_eq!(rest, [4, 5, 6]);
        },
    );
}

#[test]
fn side_leaf_carries_the_entry_to_a_peek() {
    let insert = |side: &Side| side.insert(entry(7)).unwrap();
    let peek = |side: &Side| assert!(smallest(side).is_none_or(|n| n == 7));
    race(|| side_of(&[]), [insert, peek], |side, _| assert_eq!(smallest(side), Some(7)));
}

#[test]
fn side_removal_has_one_winner() {
    let remove = |side: &Side| remove_smallest(side).is_some();
    race(
        || side_of(&[1]),
        [remove, remove],
        |side, [here, there]| {
            assert!(here != there);
            assert_eq!((smallest(side), side.is_empty()), (None, true));
        },
    );
}

#[test]
fn free_hands_each_leaf_to_one_insert() {
    let remove = |side: &Side| [remove_smallest(side), remove_smallest(side)].map(|n| n.is_some());
    let insert = |side: &Side| [3, 4].map(|n| side.insert(entry(n)).is_ok());
    race(
        || side_of(&[1, 2]),
        [remove, insert],
        |side, [removed, inserted]| {
            let count = |done: [bool; 2]| done.into_iter().filter(|&done| done).count();
            let rest: Vec<_> = std::iter::from_fn(|| remove_smallest(side)).collect();
            assert_eq!(rest.len(), 2 - count(removed) + count(inserted));
            assert!(rest.is_sorted_by(|a, b| a < b), "each is there once");
        },
    );
}
