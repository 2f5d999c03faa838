//! What was computed beside what was observed.

use portreeve_linux::vantage::{Carrier, Seen};
use portreeve_model::probe::{Agreement, Observed};
use portreeve_model::reach::Verdict;

use super::compute::Computed;

/// Whether the two agree, and what is to be said of it.
pub(super) fn compare(
    computed: &Computed,
    seen: &Seen,
    carrier: Carrier,
) -> (Agreement, Option<&'static str>) {
    use Agreement::{Agrees, Disagrees, Undecided};
    match (computed.verdict, seen, carrier) {
        (_, Seen::Failed(_), _) => (Undecided, Some("it could not be tried")),
        (Verdict::Unknown, _, _) => {
            (Undecided, Some("it depends; what was observed is what it came to this time"))
        }
        (Verdict::Allow, Seen::Connected | Seen::Answered, _)
        | (Verdict::Deny, Seen::Silent, Carrier::Tcp) => (Agrees, None),
        // Whoever is there may keep quiet, and a reset or a port error is what a port without a listener says.
        (Verdict::Allow, Seen::Silent, Carrier::Udp) => {
            (Undecided, Some("a service over UDP need not answer an empty datagram"))
        }
        (Verdict::Allow, Seen::Refused, _) => {
            (Undecided, Some("the packet arrived, and nothing there takes the connection"))
        }
        (Verdict::Allow, Seen::Rejected(error), Carrier::Udp)
            if error.reason().ends_with("port-unreachable") =>
        {
            (Undecided, Some("the packet arrived, and nothing there takes it"))
        }
        (Verdict::Deny, Seen::Silent, Carrier::Udp) => {
            (Undecided, Some("silence fits a rule that drops it, and a service that does not answer"))
        }
        (Verdict::Deny, Seen::Rejected(_), _) if computed.refused.is_some() => (Agrees, None),
        (Verdict::Deny, Seen::Refused, _)
            if computed.refused.as_deref().is_some_and(|with| with.contains("tcp")) =>
        {
            (Agrees, None)
        }
        (Verdict::Deny, Seen::Rejected(error), Carrier::Udp)
            if error.reason().ends_with("port-unreachable") =>
        {
            (Disagrees, Some(OTHERWISE))
        }
        (Verdict::Allow | Verdict::Deny, _, _) => (Disagrees, Some(OTHERWISE)),
    }
}

/// Both are of the same packet by the same interface, so that the interface is no excuse.
const OTHERWISE: &str = "the rules changed in between, or something decides that is not simulated (see the limits); \
                         please report it with a snapshot (--snapshot-out) if it comes again";

pub(super) fn observed(seen: &Seen) -> Observed {
    match seen {
        Seen::Connected => Observed::Connected,
        Seen::Answered => Observed::Answered,
        Seen::Refused => Observed::Refused,
        Seen::Rejected(error) => Observed::Rejected { with: error.reason().to_owned() },
        Seen::Silent => Observed::Silent,
        Seen::Failed(errno) => Observed::Failed { error: errno.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn computed(verdict: Verdict, refused: Option<&str>) -> Computed {
        Computed { verdict, statement: String::new(), refused: refused.map(Into::into) }
    }

    #[test]
    fn silence_tells_of_tcp_and_not_of_udp() {
        let deny = computed(Verdict::Deny, None);
        assert_eq!(compare(&deny, &Seen::Silent, Carrier::Tcp).0, Agreement::Agrees);
        assert_eq!(compare(&deny, &Seen::Silent, Carrier::Udp).0, Agreement::Undecided);
        let allow = computed(Verdict::Allow, None);
        assert_eq!(compare(&allow, &Seen::Silent, Carrier::Tcp).0, Agreement::Disagrees);
        assert_eq!(compare(&allow, &Seen::Silent, Carrier::Udp).0, Agreement::Undecided);
        assert_eq!(compare(&allow, &Seen::Answered, Carrier::Udp).0, Agreement::Agrees);
    }

    #[test]
    fn a_reset_fits_a_rule_that_sends_one() {
        let reset = computed(Verdict::Deny, Some("tcp reset"));
        assert_eq!(compare(&reset, &Seen::Refused, Carrier::Tcp).0, Agreement::Agrees);
        let dropped = computed(Verdict::Deny, None);
        assert_eq!(compare(&dropped, &Seen::Refused, Carrier::Tcp).0, Agreement::Disagrees);
        assert_eq!(compare(&dropped, &Seen::Connected, Carrier::Tcp).0, Agreement::Disagrees);
        assert_eq!(
            compare(&computed(Verdict::Unknown, None), &Seen::Connected, Carrier::Tcp).0,
            Agreement::Undecided
        );
    }
}
