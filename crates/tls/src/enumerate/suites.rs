//! The suites of one version: those chosen and those left, and how the next offer has to look.
//!
//! Suites not seen yet go first, those seen behind them. A server that takes the client's order shows a new one each time, and an old one
//! when there are no more: set and order without a single refusal. From one with an order of its own the seen ones are kept away instead.
//! The first hello names 128 suites at most, since servers are known that look at no more; longer ones are said once it was answered, and
//! given up where they are not.

use std::collections::VecDeque;

use portreeve_wire::tls::Suite;

use super::preference::is_chacha;

/// Servers are known that look at the first 128 suites only.
const BUNDLE: usize = 128;

/// Suites, and how they are asked for.
#[derive(Debug)]
pub(super) struct Suites {
    /// All, most likely first.
    all: Vec<Suite>,
    left: Vec<Suite>,
    /// Groups of choices: each is in the server's order if it has one, they among themselves are not.
    chosen: Vec<Vec<Suite>>,
    mode: Mode,
    offered: Vec<Suite>,
    /// Offers and choices, as long as seen suites were offered too.
    history: Vec<(Vec<Suite>, Suite)>,
    bundle: usize,
    /// A suite behind the first 128 was chosen: all are read.
    reads_all: bool,
    sign: Sign,
}

/// What the choices say of the server.
#[derive(Debug, PartialEq, Eq)]
enum Sign {
    /// Nothing yet.
    None,
    /// It takes the client's order.
    FollowsClient,
    /// It has an order of its own.
    HasOrder,
    /// One order does not explain them; that it does not look at all suites may.
    Odd,
}

#[derive(Debug, PartialEq, Eq)]
enum Mode {
    /// Nothing is known.
    First,
    /// Those seen are offered last.
    Rotating,
    /// Those seen are left out.
    Removing,
    /// As many as every server reads, bundle by bundle.
    Bundles(VecDeque<Vec<Suite>>),
    /// All are known.
    Over,
}

impl Suites {
    /// Of these, most likely first, so many in a first hello.
    pub(super) fn new(all: Vec<Suite>, bundle: usize) -> Self {
        Self {
            left: all.clone(),
            all,
            chosen: vec![Vec::new()],
            mode: Mode::First,
            offered: Vec::new(),
            history: Vec::new(),
            bundle: bundle.min(BUNDLE),
            reads_all: false,
            sign: Sign::None,
        }
    }

    /// Whether all are known.
    pub(super) fn is_over(&self) -> bool {
        self.mode == Mode::Over
    }

    /// Whether the server was seen to take the client's order.
    pub(super) fn follows_client(&self) -> bool {
        self.sign == Sign::FollowsClient
    }

    /// Whether the server was seen to choose a suite that was offered last, behind others that it takes, `ChaCha20` first of all.
    pub(super) fn has_order(&self) -> bool {
        self.sign == Sign::HasOrder
    }

    /// Whether the choices look like those of several servers.
    pub(super) fn is_odd(&self) -> bool {
        self.sign == Sign::Odd
    }

    /// Those that were chosen; the groups of choices.
    pub(super) fn chosen(&self) -> &[Vec<Suite>] {
        &self.chosen
    }

    /// Those that were chosen, most likely first: for a server without an order.
    pub(super) fn in_usual_order(&self) -> Vec<Suite> {
        self.all
            .iter()
            .filter(|suite| self.chosen.iter().flatten().any(|one| one == *suite))
            .copied()
            .collect()
    }

    /// Puts those that were chosen into one order.
    pub(super) fn set_order(&mut self, order: Vec<Suite>) {
        self.chosen = vec![order];
    }

    /// What to offer.
    pub(super) fn offer(&mut self) -> Vec<Suite> {
        let is_small = self.bundle < BUNDLE;
        self.offered = match &self.mode {
            Mode::First => self.left.iter().take(self.bundle).copied().collect(),
            Mode::Rotating => self.rotated(),
            Mode::Removing => self.left.clone(),
            Mode::Bundles(bundles) => bundles.front().cloned().unwrap_or_default(),
            Mode::Over => Vec::new(),
        };
        if is_small {
            self.offered.truncate(self.bundle);
        }
        self.offered.clone()
    }

    /// Those seen behind the others. The second offer begins with `ChaCha20`: who does not choose it then does not put it first for those
    /// who do.
    fn rotated(&self) -> Vec<Suite> {
        let seen: Vec<Suite> = self.chosen.concat();
        if seen.len() > 1 {
            return [&self.left[..], &seen].concat();
        }
        let (chacha, others): (Vec<Suite>, Vec<Suite>) =
            self.left.iter().partition(|suite| is_chacha(**suite));
        [chacha, others, seen].concat()
    }

    /// Whether a refusal may be one of the length of the offer.
    pub(super) fn is_long(&self) -> bool {
        self.offered.len() > BUNDLE && !self.reads_all
    }

    /// The server chose one that was offered; whether it is new.
    pub(super) fn pick(&mut self, suite: Suite) -> bool {
        let place = self.offered.iter().position(|one| *one == suite);
        self.reads_all |= place.is_some_and(|place| place >= BUNDLE);
        if matches!(self.mode, Mode::First | Mode::Rotating) {
            self.history.push((self.offered.clone(), suite));
        }
        if !self.left.contains(&suite) {
            self.repeated();
            return false;
        }
        self.left.retain(|one| *one != suite);
        if let Mode::Bundles(bundles) = &mut self.mode
            && let Some(bundle) = bundles.front_mut()
        {
            bundle.retain(|one| *one != suite);
        }
        match self.chosen.last_mut() {
            Some(chosen) => chosen.push(suite),
            None => self.chosen.push(vec![suite]),
        }
        if self.mode == Mode::First {
            self.mode = if self.bundle < BUNDLE { self.in_bundles(true) } else { Mode::Rotating };
        }
        if self.left.is_empty() {
            self.mode = Mode::Over;
        }
        self.skip_empty_bundles();
        true
    }

    /// It chose a suite that it had chosen before, although new ones were offered before that.
    fn repeated(&mut self) {
        let all: Vec<Suite> = self.chosen.concat();
        let is_first = |(offered, pick): &(Vec<Suite>, Suite)| {
            offered.iter().find(|suite| all.contains(suite)) == Some(pick)
        };
        // A new one that is not `ChaCha20` was chosen before one that had been chosen first.
        let moved = self.chosen.iter().flatten().skip(1).any(|suite| !is_chacha(*suite));
        if moved && self.history.iter().all(is_first) {
            self.sign = Sign::FollowsClient;
            self.mode = Mode::Over;
        } else {
            self.sign = match all.len() {
                1 => Sign::HasOrder,
                _ if moved => Sign::Odd,
                _ => Sign::None,
            };
            self.mode = Mode::Removing;
        }
    }

    /// The server refused.
    pub(super) fn refuse(&mut self) {
        let is_long = self.is_long();
        match &mut self.mode {
            Mode::First => {
                self.left.drain(..self.bundle.min(self.left.len()));
                self.mode = self.in_bundles(false);
            }
            // It had taken those that were offered last: it does not look that far.
            Mode::Rotating => {
                self.sign = Sign::Odd;
                self.mode = self.in_bundles(true);
            }
            Mode::Removing if is_long => self.mode = self.in_bundles(true),
            Mode::Bundles(bundles) => {
                bundles.pop_front();
                self.chosen.push(Vec::new());
            }
            Mode::Removing | Mode::Over => self.mode = Mode::Over,
        }
        self.skip_empty_bundles();
    }

    /// Nothing but bundles from now on: a long hello was not answered.
    pub(super) fn be_short(&mut self) {
        self.mode = self.in_bundles(true);
        self.skip_empty_bundles();
    }

    /// What is left is asked for again.
    pub(super) fn again(&mut self) {
        self.mode = if self.left.is_empty() { Mode::Over } else { self.in_bundles(true) };
    }

    /// Nothing more is asked.
    pub(super) fn end(&mut self) {
        self.mode = Mode::Over;
    }

    fn in_bundles(&mut self, is_spoken: bool) -> Mode {
        if !is_spoken && self.left.is_empty() {
            return Mode::Over;
        }
        Mode::Bundles(self.left.chunks(self.bundle).map(<[Suite]>::to_vec).collect())
    }

    fn skip_empty_bundles(&mut self) {
        if let Mode::Bundles(bundles) = &mut self.mode {
            bundles.retain(|bundle| !bundle.is_empty());
            if bundles.is_empty() {
                self.mode = Mode::Over;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many questions it takes, and what comes out.
    fn play(count: u16, server: impl Fn(&[Suite]) -> Option<Suite>) -> (u32, Vec<Suite>, bool) {
        let mut suites = Suites::new((0..count).map(Suite).collect(), BUNDLE);
        let mut questions = 0;
        while !suites.is_over() {
            questions += 1;
            assert!(questions < 100);
            let offered = suites.offer();
            match server(&offered) {
                Some(suite) => {
                    assert!(offered.contains(&suite));
                    suites.pick(suite);
                }
                None => suites.refuse(),
            }
        }
        let mut all = suites.chosen().concat();
        all.sort_unstable();
        (questions, all, suites.follows_client())
    }

    const SPOKEN: [Suite; 4] = [Suite(3), Suite(7), Suite(130), Suite(290)];

    #[test]
    fn a_server_without_an_order_needs_no_refusal() {
        let server = |offered: &[Suite]| offered.iter().find(|one| SPOKEN.contains(one)).copied();
        assert_eq!(play(300, server), (5, SPOKEN.to_vec(), true));
    }

    #[test]
    fn a_server_with_an_order_needs_one() {
        let server = |offered: &[Suite]| SPOKEN.iter().rev().find(|one| offered.contains(one)).copied();
        assert_eq!(play(300, server), (6, SPOKEN.to_vec(), false));
    }

    #[test]
    fn a_server_that_reads_no_further_than_128_is_asked_in_bundles() {
        for is_clients in [true, false] {
            let server = |offered: &[Suite]| {
                let read = &offered[..offered.len().min(BUNDLE)];
                if is_clients {
                    read.iter().find(|one| SPOKEN.contains(one)).copied()
                } else {
                    SPOKEN.iter().rev().find(|one| read.contains(one)).copied()
                }
            };
            let (questions, all, _) = play(300, server);
            assert_eq!((all, questions < 12), (SPOKEN.to_vec(), true));
        }
    }

    #[test]
    fn a_server_that_speaks_nothing_is_asked_for_every_bundle() {
        assert_eq!(play(300, |_| None), (3, Vec::new(), false));
    }
}
