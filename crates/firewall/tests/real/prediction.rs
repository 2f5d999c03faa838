//! What the simulator says of each case, compared with what clients saw.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::IpAddr;

use portreeve_firewall::ir::{Backend, Family, RejectKind, Ruleset};
use portreeve_firewall::network::Network;
use portreeve_firewall::packet::{self, Question};
use portreeve_firewall::simulate::{Decision, End, Options, Outcome, Simulation, Simulator, Step};

use crate::case::{Case, Transport};
use crate::client::Seen;
use crate::trace::Met;

/// The server as it was read, and whose address is whose.
pub(crate) struct Predictor<'a> {
    ruleset: &'a Ruleset,
    simulator: Simulator<'a>,
    owners: &'a BTreeMap<IpAddr, String>,
}

impl<'a> Predictor<'a> {
    pub(crate) fn new(
        ruleset: &'a Ruleset,
        network: &'a Network,
        owners: &'a BTreeMap<IpAddr, String>,
    ) -> Self {
        Self { ruleset, simulator: Simulator::new(ruleset, network), owners }
    }

    /// What does not fit; nothing where all does. `client` is the source port, `path` the rules that the kernel says were met.
    pub(crate) fn compare(
        &self,
        case: &Case,
        client: u16,
        seen: &Seen,
        path: Option<&Vec<Met>>,
    ) -> Option<String> {
        let question = question_of(case, client);
        let simulation = self.ask(&question);
        let fit =
            |outcome: &Outcome| self.misfit(case, seen, outcome).or_else(|| self.detour(case, path, outcome));
        let mut misfits = simulation.outcomes.iter().map(fit);
        let expected = if case.comes_through() { Decision::Allow } else { Decision::Deny };
        let complaint = if case.uncertain {
            // One of the ways is the one it took.
            let found = misfits.any(|misfit| misfit.is_none());
            let possible = [expected, Decision::Unknown].contains(&simulation.decision());
            (!found || !possible).then(|| "none of the ways fits".to_owned())
        } else {
            let decided = (simulation.decision() != expected).then(|| format!("expected {expected:?}"));
            // Where chance leads several ways, one is the one it took, and all come out the same.
            let first = misfits.next().flatten();
            let misfit = first.filter(|_| misfits.all(|misfit| misfit.is_some()));
            decided.or(misfit).or_else(|| self.reply_misfit(case, question))
        };
        complaint.map(|complaint| {
            let Case { sender, packet, .. } = case;
            format!("{sender} -- {packet}: {complaint}\n    saw {seen:?}\n    {simulation:?}\n")
        })
    }

    /// What is let through has an answer that must come back.
    fn reply_misfit(&self, case: &Case, question: Question) -> Option<String> {
        if !case.comes_through() || case.nobody_listens {
            return None;
        }
        let reply = self.ask(&Question { reply: true, ..question });
        (reply.decision() != Decision::Allow).then(|| format!("the reply: {reply:?}"))
    }

    fn ask(&self, question: &Question) -> Simulation {
        // Every single way, for the one that was taken may join another before its end.
        let options = Options { merge: false, ..Options::default() };
        self.simulator.run(question, &options).unwrap_or_else(|error| panic!("{question:?}: {error}"))
    }

    /// Compares one way's end: where it arrives and from whom, or how it is refused.
    fn misfit(&self, case: &Case, seen: &Seen, outcome: &Outcome) -> Option<String> {
        let through = outcome.end.arrives() == Some(true);
        if through != case.comes_through() {
            return Some(format!("it ends as {:?}", outcome.end));
        }
        if !through {
            return (!refusal_fits(&outcome.end, case, seen))
                .then(|| format!("refused as {:?}", outcome.end));
        }
        let place = match outcome.end {
            End::Delivered => "server",
            _ => outcome
                .endpoints
                .destination
                .and_then(|address| self.owners.get(&address))
                .map_or("nobody", |n| n),
        };
        let arrived = format!("{place}:{}", outcome.endpoints.destination_port.unwrap_or_default());
        let places = case.relay.as_ref().map_or(&case.answers[..], std::slice::from_ref);
        let is_echo = case.flow().transport == Transport::Echo;
        if !case.nobody_listens && !is_echo && !places.contains(&arrived) {
            return Some(format!("arrives at {arrived}"));
        }
        let wrong = case.client.is_some_and(|client| outcome.endpoints.source != Some(client));
        wrong.then(|| format!("comes from {:?}", outcome.endpoints.source))
    }

    /// Compares the rules met on the way, as far as `nf_tables` runs them.
    fn detour(&self, case: &Case, path: Option<&Vec<Met>>, outcome: &Outcome) -> Option<String> {
        if case.flow().transport == Transport::Echo {
            return None;
        }
        let predicted: Vec<Met> = outcome.steps.iter().filter_map(|step| self.met(step)).collect();
        let nothing = Vec::new();
        let path = path.unwrap_or(&nothing);
        (predicted != *path)
            .then(|| format!("goes another way\n    simulated {predicted:?}\n    traced {path:?}"))
    }

    fn met(&self, step: &Step) -> Option<Met> {
        let Step::Rule { chain, rule, .. } = step else { return None };
        let chain = self.ruleset.chain(*chain)?;
        let handle = chain.rules.get(*rule)?.origin.handle;
        // Ingress comes before the tracing begins; legacy rules have no handles.
        let traced = chain.family != Family::Netdev && chain.backend != Backend::IptablesLegacy;
        let (name, table) = (chain.name.clone(), chain.table.clone());
        traced.then(|| Met {
            chain: name,
            table,
            family: chain.family.number(),
            handle: handle.unwrap_or_default(),
        })
    }
}

/// The packet as it is asked about.
fn question_of(case: &Case, client: u16) -> Question {
    let port =
        if case.flow().transport == Transport::Echo { String::new() } else { format!(" sport {client}") };
    let text = format!("{}{port}", case.packet);
    let asked = packet::parse(&text, &|_, _| None).unwrap_or_else(|error| panic!("{text}: {error}"));
    asked.question().cloned().unwrap_or_else(|| panic!("{text}: no place"))
}

/// Whether the client saw what this end of the way sends back.
fn refusal_fits(end: &End, case: &Case, seen: &Seen) -> bool {
    // The sender itself: the packet does not leave, and the system call may say so in its own way.
    if case.sender == "server" {
        return !matches!(seen, Seen::Answer { .. });
    }
    match end {
        End::Dropped(_) => *seen == Seen::Silence,
        End::Discarded(discard) => (*seen == Seen::Silence) != discard.answered,
        End::Rejected(_, kind) => *seen == Seen::Error(error_of(*kind, case.flow().destination)),
        End::Delivered | End::Sent { .. } | End::Taken(..) => false,
    }
}

/// What a client is told for an ICMP error (`icmp_err_convert` in `net/ipv4/icmp.c`, `tab_unreach` in `net/ipv6/icmp.c`).
fn error_of(kind: RejectKind, destination: IpAddr) -> ErrorKind {
    let v4 = |code| match code {
        0 | 6 | 9 | 11 => ErrorKind::NetworkUnreachable,
        3 => ErrorKind::ConnectionRefused,
        _ => ErrorKind::HostUnreachable,
    };
    let v6 = |code| match code {
        0 => ErrorKind::NetworkUnreachable,
        4 => ErrorKind::ConnectionRefused,
        3 => ErrorKind::HostUnreachable,
        _ => ErrorKind::PermissionDenied,
    };
    match kind {
        RejectKind::TcpReset => ErrorKind::ConnectionRefused,
        RejectKind::Icmp(code) => v4(code),
        RejectKind::Icmp6(code) => v6(code),
        // `nft_reject_icmp_code`, `nft_reject_icmpv6_code` in `net/netfilter/nft_reject.c`.
        RejectKind::Icmpx(code) if destination.is_ipv4() => v4([0, 3, 1, 13][usize::from(code.min(3))]),
        RejectKind::Icmpx(code) => v6([0, 4, 3, 1][usize::from(code.min(3))]),
    }
}
