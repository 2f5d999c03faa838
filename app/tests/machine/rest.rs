//! Comparing two looks at a machine that does not stand still.

use std::cmp::Ordering;
use std::fmt::Debug;

/// Timers run, handshakes are retried and accept threads accept while two programs look one after the other. A
/// comparison is fair only where the oracle says the same before and after.
const LOOKS: usize = 40;

/// What `oracle` says while nothing changes, and what `look` says meanwhile.
pub(crate) fn at_rest<O: PartialEq + Debug, L>(
    mut oracle: impl FnMut() -> O,
    mut look: impl FnMut() -> L,
) -> (O, L) {
    let mut before = oracle();
    for _ in 0..LOOKS {
        let seen = look();
        let after = oracle();
        if before == after {
            return (after, seen);
        }
        before = after;
    }
    panic!("the machine never came to rest; the oracle's last look: {before:#?}");
}

/// Fails with what only one of two lists has.
pub(crate) fn assert_same<T: Ord + Debug>(oracle: Vec<T>, ours: Vec<T>, what: &str) {
    if let Some(difference) = difference(oracle, ours) {
        panic!("{what}\n{difference}");
    }
}

/// What only one of two lists has, as text.
pub(crate) fn difference<T: Ord + Debug>(mut oracle: Vec<T>, mut ours: Vec<T>) -> Option<String> {
    oracle.sort();
    ours.sort();
    let (mut missing, mut surplus) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (oracle.iter().peekable(), ours.iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        match a.cmp(b) {
            Ordering::Less => missing.extend(left.next()),
            Ordering::Greater => surplus.extend(right.next()),
            Ordering::Equal => {
                left.next();
                right.next();
            }
        }
    }
    missing.extend(left);
    surplus.extend(right);
    (!missing.is_empty() || !surplus.is_empty())
        .then(|| format!("only the oracle has {missing:#?}\nonly portreeve has {surplus:#?}"))
}
