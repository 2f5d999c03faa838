//! Suites that were found in several bundles, made one order: each is put into its place by asking which of two the server prefers.

use portreeve_wire::tls::Suite;

/// Insertion by halving.
#[derive(Clone, Debug)]
pub(super) struct Merging {
    merged: Vec<Suite>,
    /// Those that have no place yet, the next one last.
    left: Vec<Suite>,
    low: usize,
    high: usize,
}

impl Merging {
    /// Of bundles, each in its order.
    pub(super) fn of(bundles: Vec<Vec<Suite>>) -> Self {
        let mut bundles = bundles.into_iter().filter(|bundle| !bundle.is_empty());
        let merged = bundles.next().unwrap_or_default();
        let mut left: Vec<Suite> = bundles.flatten().collect();
        left.reverse();
        let high = merged.len();
        Self { merged, left, low: 0, high }
    }

    /// Whether all have their place.
    pub(super) fn is_done(&self) -> bool {
        self.left.is_empty()
    }

    /// All, in their order.
    pub(super) fn merged(&self) -> Vec<Suite> {
        self.merged.iter().chain(self.left.iter().rev()).copied().collect()
    }

    /// Two suites to be offered.
    pub(super) fn question(&self) -> Option<Vec<Suite>> {
        Some(vec![*self.merged.get(self.middle())?, *self.left.last()?])
    }

    /// The server preferred this one; none refused both.
    pub(super) fn answer(&mut self, chosen: Option<Suite>) {
        let middle = self.middle();
        if chosen.is_some() && chosen == self.left.last().copied() {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        if self.low >= self.high {
            if let Some(suite) = self.left.pop() {
                self.merged.insert(self.low.min(self.merged.len()), suite);
            }
            (self.low, self.high) = (0, self.merged.len());
        }
    }

    /// Nothing can be asked any more: those that are left go to the end.
    pub(super) fn give_up(&mut self) {
        self.merged = self.merged();
        self.left.clear();
    }

    fn middle(&self) -> usize {
        usize::midpoint(self.low, self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_become_one_order() {
        let servers: Vec<Suite> = [9, 3, 7, 1, 8, 2].map(Suite).to_vec();
        let bundles = vec![[9, 7, 2].map(Suite).to_vec(), Vec::new(), [3, 1, 8].map(Suite).to_vec()];
        let mut merging = Merging::of(bundles);
        let mut questions = 0;
        while !merging.is_done() {
            questions += 1;
            let offered = merging.question().unwrap();
            merging.answer(servers.iter().find(|one| offered.contains(one)).copied());
        }
        assert_eq!((merging.merged(), questions < 9), (servers, true));
    }
}
