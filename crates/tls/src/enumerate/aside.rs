//! Groups and signature algorithms, found on the connections of the loop over the suites.
//!
//! Values not seen yet are put first. A server that takes the client's order shows a new one each time, and an old one when there are no
//! more. Of a server with an order of its own only leaving the seen ones out shows more, which may change the suite that it chooses:
//! [`super::removal`] takes care of that.

use portreeve_model::tls::Order;

/// Values of one sort that a server chooses among.
#[derive(Clone, Debug)]
pub(super) struct Aside<T> {
    left: Vec<T>,
    seen: Vec<T>,
    state: State,
    follows_client: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Those not seen yet go first.
    Rotating,
    /// Those seen have to be left out.
    Removing,
    /// All are known.
    Over,
}

impl<T: Copy + PartialEq> Aside<T> {
    /// With all that may be chosen, best first.
    pub(super) fn new(all: impl Into<Vec<T>>) -> Self {
        Self { left: all.into(), seen: Vec::new(), state: State::Rotating, follows_client: false }
    }

    /// Those that were chosen, in the order in which they came.
    pub(super) fn seen(&self) -> &[T] {
        &self.seen
    }

    /// Those that were not.
    pub(super) fn left(&self) -> &[T] {
        &self.left
    }

    /// Whether more can be found by leaving out those that are known.
    pub(super) fn wants_removal(&self) -> bool {
        self.state == State::Removing
    }

    /// Whether all are known.
    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// All of them, those that were not seen first.
    pub(super) fn rotated(&self) -> Vec<T> {
        self.left.iter().chain(&self.seen).copied().collect()
    }

    /// The server chose one; `removed` says that the seen ones had been left out.
    pub(super) fn pick(&mut self, value: T, removed: bool) {
        if self.state == State::Over {
            return;
        }
        if let Some(place) = self.left.iter().position(|one| *one == value) {
            self.follows_client |= !self.seen.is_empty() && !removed;
            self.left.remove(place);
            self.seen.push(value);
            if self.left.is_empty() {
                self.state = State::Over;
            }
        } else if removed || self.follows_client {
            // It chose what it can not do without, or there is nothing new for a server that takes the client's order.
            self.state = State::Over;
        } else {
            self.state = State::Removing;
        }
    }

    /// None of those that are left is taken.
    pub(super) fn exhaust(&mut self) {
        self.state = State::Over;
    }

    /// Whose order decides.
    pub(super) fn order(&self) -> Order {
        match self.seen.len() {
            0 | 1 => Order::Unknown,
            _ if self.follows_client => Order::Client,
            _ => Order::Server,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_takes_the_clients_order_shows_all_without_removal() {
        let mut aside = Aside::new([1, 2, 3, 4]);
        while !aside.is_over() {
            let chosen = aside.rotated().into_iter().find(|one| [2, 4].contains(one)).unwrap();
            assert!(!aside.wants_removal());
            aside.pick(chosen, false);
        }
        assert_eq!((aside.seen(), aside.order()), (&[2, 4][..], Order::Client));
    }

    #[test]
    fn a_server_with_an_order_of_its_own_wants_removal() {
        let mut aside = Aside::new([1, 2, 3, 4]);
        let servers = [3, 1];
        for _ in 0..9 {
            let removed = aside.wants_removal();
            let offered = if removed { aside.left().to_vec() } else { aside.rotated() };
            match servers.iter().find(|one| offered.contains(one)) {
                Some(chosen) => aside.pick(*chosen, removed),
                None => aside.exhaust(),
            }
        }
        assert_eq!((aside.seen(), aside.order(), aside.is_over()), (&[3, 1][..], Order::Server, true));
    }
}
