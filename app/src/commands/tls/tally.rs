//! What the audits of a run come to together.

use portreeve_model::tls::Audit;

use crate::exit::Exit;

/// Counts of audits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Servers that speak TLS.
    reached: u64,
    /// Those that were named one by one and were not reached.
    missed: u64,
    /// Those with something to mend.
    findings: u64,
    /// Those of which something that matters is not known.
    incomplete: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Every host was come to.
    Complete,
    /// Somebody ended it before that.
    Interrupted,
}

impl Tally {
    /// Counts one; of a network, addresses that do not answer are no news.
    pub(super) fn add(&mut self, audit: &Audit, of_network: bool) {
        if audit.is_reached() {
            self.reached += 1;
        } else if !of_network {
            self.missed += 1;
        }
        self.findings += u64::from(audit.has_findings());
        self.incomplete += u64::from(audit.is_incomplete());
    }

    /// The exit code: what was found is told first, then that nobody was reached.
    pub(super) fn exit(self, ending: Ending) -> Exit {
        let interrupted = ending == Ending::Interrupted;
        if self.findings == 0 && self.reached == 0 && !interrupted {
            return Exit::NotFound;
        }
        Exit::of_look(self.findings > 0, interrupted || self.incomplete > 0 || self.missed > 0)
    }
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::{Audit, Outcome, ServedChain, Support, Target, Unreached};

    use super::Ending::{Complete, Interrupted};
    use super::{Ending, Tally};
    use crate::exit::Exit;

    fn audit(outcome: Outcome) -> Audit {
        let target = Target {
            text: "a".to_owned(),
            host: "a".to_owned(),
            port: 443,
            address: None,
            other_addresses: Vec::new(),
            server_name: None,
        };
        let mut audit = Audit::empty(target, outcome);
        if audit.outcome == Outcome::Audited {
            // An audit without a certificate is incomplete.
            audit.certificates.push(chain());
        }
        audit
    }

    fn chain() -> ServedChain {
        ServedChain {
            sent_for: vec!["a".to_owned()],
            certificates: Vec::new(),
            omitted: 0,
            path: Vec::new(),
            in_order: true,
            surplus: Vec::new(),
            root_sent: None,
            missing: None,
            trust: Vec::new(),
            name: None,
            stapling: Support::Inconclusive,
            staple: None,
            timestamps: Vec::new(),
        }
    }

    fn exit(outcomes: &[Outcome], of_network: bool, ending: Ending) -> Exit {
        let mut tally = Tally::default();
        for outcome in outcomes {
            tally.add(&audit(outcome.clone()), of_network);
        }
        tally.exit(ending)
    }

    #[test]
    fn who_was_not_reached_counts_where_it_was_named() {
        let refused = || Outcome::Unreachable { reason: Unreached::Refused, detail: String::new() };
        let other = || Outcome::NotTls { speaks: "HTTP".to_owned() };
        assert_eq!(exit(&[Outcome::Audited], false, Complete), Exit::Clean);
        assert_eq!(exit(&[refused()], false, Complete), Exit::NotFound);
        assert_eq!(exit(&[other(), refused()], true, Complete), Exit::NotFound);
        assert_eq!(exit(&[Outcome::Audited, refused()], false, Complete), Exit::Incomplete);
        assert_eq!(exit(&[Outcome::Audited, refused()], true, Complete), Exit::Clean);
        assert_eq!(exit(&[Outcome::Audited], false, Interrupted), Exit::Incomplete);
        assert_eq!(exit(&[], false, Interrupted), Exit::Incomplete);
        let without = Audit { certificates: Vec::new(), ..audit(Outcome::Audited) };
        let mut tally = Tally::default();
        tally.add(&without, false);
        assert_eq!(tally.exit(Complete), Exit::Incomplete);
        assert_eq!(exit(&[Outcome::Partial { reason: String::new() }], false, Complete), Exit::Incomplete);
    }
}
