//! What is wrong with a package: found when it is loaded, all at once.

use std::{collections::VecDeque, iter};

use super::{Finish, PackageDraft, PackageRule, PartId, rule::members};
use crate::ServiceId;

/// What is wrong with a package. Parts are named by their positions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageMistake {
    /// It has no part. Name at least one.
    #[error("a package without parts")]
    Empty,
    /// It has more parts than fit.
    #[error("{found} parts, at most {most}")]
    TooMany {
        /// How many it has.
        found: usize,
        /// The most possible.
        most: usize,
    },
    /// It can never be done, or is done from the beginning.
    #[error("done with {found} of {parts} parts")]
    AtLeast {
        /// How many must be done.
        found: u8,
        /// How many there are.
        parts: usize,
    },
    /// The service of a part, or of the delivery if there is no part, is not there.
    #[error("no {service}")]
    NoSuchService {
        /// Whose.
        part: Option<usize>,
        /// Which.
        service: ServiceId,
    },
    /// A part comes after one that is not there.
    #[error("part {part} comes after part {after}, which is not there")]
    NoSuchPart {
        /// The part.
        part: usize,
        /// What it names, and the how-manieth it names.
        after: usize,
        /// The position in its list.
        place: usize,
    },
    /// A part names the same part twice.
    #[error("part {part} comes after part {after} twice")]
    Twice {
        /// The part.
        part: usize,
        /// What it names.
        after: usize,
        /// The position of the second in its list.
        place: usize,
    },
    /// Parts wait for each other. `path` begins anywhere in the cycle and ends where it began.
    #[error("parts wait for each other: {path:?}")]
    Cycle {
        /// Each comes after the next.
        path: Vec<usize>,
    },
    /// A part can never begin: it comes after parts that wait for each other.
    #[error("part {part} can never begin: it comes after part {after}")]
    Unreachable {
        /// The part.
        part: usize,
        /// The one it waits for, which can never be over.
        after: usize,
    },
}

/// All that is wrong with a package.
pub(super) fn mistakes(draft: &PackageDraft, services: usize) -> Vec<PackageMistake> {
    let (parts, most) = (draft.parts.len(), PackageRule::PARTS_MAX);
    let mut found = Vec::new();
    match parts {
        0 => found.push(PackageMistake::Empty),
        _ if parts > most => found.push(PackageMistake::TooMany { found: parts, most }),
        _ => {}
    }
    if let Finish::AtLeast(count) = draft.finish
        && parts > 0
        && !(1..=parts).contains(&count.into())
    {
        found.push(PackageMistake::AtLeast { found: count, parts });
    }
    if let Some(service) = draft.issue.filter(|service| service.index() >= services) {
        found.push(PackageMistake::NoSuchService { part: None, service });
    }
    for (part, written) in draft.parts.iter().enumerate() {
        let service = written.service;
        if service.index() >= services {
            found.push(PackageMistake::NoSuchService { part: Some(part), service });
        }
        for (place, &after) in written.after.iter().enumerate() {
            if after >= parts {
                found.push(PackageMistake::NoSuchPart { part, after, place });
            } else if written.after[..place].contains(&after) {
                found.push(PackageMistake::Twice { part, after, place });
            }
        }
    }
    if parts <= most {
        order(draft, &mut found);
    }
    found
}

/// Reports the cycles, each once, and what comes after them.
fn order(draft: &PackageDraft, found: &mut Vec<PackageMistake>) {
    let after = after(draft);
    let below = below(&after);
    // What can begin, in the order in which it can.
    let mut begun = 0_u64;
    loop {
        let can = |&(part, needs): &(usize, &u64)| begun >> part & 1 == 0 && needs & !begun == 0;
        let next = after.iter().enumerate().filter(can).fold(0, |set, (part, _)| set | 1 << part);
        if next == 0 {
            break;
        }
        begun |= next;
    }
    let mut told = 0_u64;
    for part in (0..after.len()).filter(|part| begun >> part & 1 == 0) {
        if below[part] >> part & 1 == 0 {
            let first = (after[part] & !begun).trailing_zeros() as usize;
            found.push(PackageMistake::Unreachable { part, after: first });
        } else if told >> part & 1 == 0 {
            let path = path(part, &after);
            // All that waits for this part and that it waits for is the same knot.
            let knot = (0..after.len())
                .filter(|&o| below[part] >> o & 1 == 1 && below[o] >> part & 1 == 1);
            told |= knot.fold(0, |set, other| set | 1 << other);
            found.push(PackageMistake::Cycle { path });
        }
    }
}

/// The shortest way from a part of a cycle over what it comes after back to itself.
fn path(part: usize, after: &[u64]) -> Vec<usize> {
    let mut from = vec![None; after.len()];
    let mut queue = VecDeque::from([part]);
    while let Some(at) = queue.pop_front() {
        for next in members(after[at]).map(PartId::index) {
            if next == part {
                let back = |&step: &usize| if step == part { None } else { from[step] };
                let mut path: Vec<_> = iter::successors(Some(at), back).collect();
                path.reverse();
                path.push(part);
                return path;
            }
            if from[next].is_none() {
                from[next] = Some(at);
                queue.push_back(next);
            }
        }
    }
    vec![part]
}

/// For each part what it comes directly after, as sets. What is not there is left out.
pub(super) fn after(draft: &PackageDraft) -> Vec<u64> {
    let parts = draft.parts.len();
    let set = |after: &[usize]| {
        after
            .iter()
            .filter(|&&after| after < parts && after < 64)
            .fold(0, |set, after| set | 1 << after)
    };
    draft.parts.iter().map(|part| set(&part.after)).collect()
}

/// For each part what comes after it, directly or not, as sets.
pub(super) fn below(after: &[u64]) -> Vec<u64> {
    let mut below = vec![0_u64; after.len()];
    loop {
        let mut is_more = false;
        for (part, needs) in after.iter().enumerate() {
            for before in (0..after.len()).filter(|before| needs >> before & 1 == 1) {
                let set = below[before] | below[part] | 1 << part;
                is_more |= set != below[before];
                below[before] = set;
            }
        }
        if !is_more {
            return below;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::package::PartDraft;

    fn draft(after: &[&[usize]]) -> PackageDraft {
        let part = |after: &&[usize]| PartDraft { service: ServiceId(0), after: after.to_vec() };
        PackageDraft { parts: after.iter().map(part).collect(), ..PackageDraft::default() }
    }

    #[track_caller]
    fn check(after: &[&[usize]], expect: &[PackageMistake]) {
        assert_eq!(mistakes(&draft(after), 1), expect);
    }

    #[test]
    fn cycles_are_named_with_their_way_and_once() {
        check(&[&[], &[0], &[0, 1]], &[]);
        check(&[&[0]], &[PackageMistake::Cycle { path: vec![0, 0] }]);
        // 1 after 3 after 2 after 1; 4 comes after the cycle, 0 has nothing to do with it.
        let cycle = PackageMistake::Cycle { path: vec![1, 3, 2, 1] };
        let below = PackageMistake::Unreachable { part: 4, after: 2 };
        check(&[&[], &[0, 3], &[1], &[2], &[0, 2]], &[cycle, below]);
        let (one, two) = (vec![0, 1, 0], vec![2, 3, 2]);
        let both = [one, two].map(|path| PackageMistake::Cycle { path });
        check(&[&[1], &[0], &[3], &[2]], &both);
    }

    #[test]
    fn all_mistakes_are_found_at_once() {
        let mut wrong = draft(&[&[1, 1], &[], &[7]]);
        wrong.parts[1].service = ServiceId(1);
        wrong.issue = Some(ServiceId(2));
        wrong.finish = Finish::AtLeast(4);
        let expect = [
            PackageMistake::AtLeast { found: 4, parts: 3 },
            PackageMistake::NoSuchService { part: None, service: ServiceId(2) },
            PackageMistake::Twice { part: 0, after: 1, place: 1 },
            PackageMistake::NoSuchService { part: Some(1), service: ServiceId(1) },
            PackageMistake::NoSuchPart { part: 2, after: 7, place: 0 },
        ];
        assert_eq!(mistakes(&wrong, 1), expect);
        assert_eq!(mistakes(&PackageDraft::default(), 1), [PackageMistake::Empty]);
        let none = PackageDraft { finish: Finish::AtLeast(0), ..draft(&[&[]]) };
        assert_eq!(mistakes(&none, 1), [PackageMistake::AtLeast { found: 0, parts: 1 }]);
        let [found, most] = [61, 60];
        assert_eq!(
            mistakes(&draft(&vec![&[][..]; 61]), 1),
            [PackageMistake::TooMany { found, most }]
        );
    }

    proptest! {
        /// Any graph: it is right if and only if its parts can be crossed out one after the other.
        #[test]
        fn a_package_is_right_if_it_can_come_to_an_end(
            after in prop::collection::vec(prop::collection::btree_set(0_usize..9, 0..3), 1..9),
        ) {
            let parts = after.len();
            let after: Vec<Vec<usize>> = after
                .iter()
                .map(|after| after.iter().copied().filter(|&after| after < parts).collect())
                .collect();
            let written: Vec<&[usize]> = after.iter().map(Vec::as_slice).collect();
            let mut left: Vec<usize> = (0..parts).collect();
            while let Some(at) =
                left.iter().position(|&part| after[part].iter().all(|before| !left.contains(before)))
            {
                left.remove(at);
            }
            let found = mistakes(&draft(&written), 1);
            prop_assert_eq!(found.is_empty(), left.is_empty());
            let mut named = Vec::new();
            for mistake in found {
                match mistake {
                    PackageMistake::Cycle { path } => {
                        prop_assert!(path.len() > 1 && path.first() == path.last());
                        for step in path.windows(2) {
                            prop_assert!(after[step[0]].contains(&step[1]));
                        }
                        named.extend(path);
                    }
                    PackageMistake::Unreachable { part, after: before } => {
                        prop_assert!(after[part].contains(&before) && left.contains(&before));
                        named.push(part);
                    }
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            prop_assert!(named.iter().all(|part| left.contains(part)));
        }
    }
}
