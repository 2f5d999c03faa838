//! What becomes of exactly the packets that are sent.

use portreeve_firewall::answer::{answer, infer};
use portreeve_firewall::ir::Ruleset;
use portreeve_firewall::network::Network;
use portreeve_firewall::packet;
use portreeve_firewall::simulate::{Options, Simulator};
use portreeve_linux::vantage::Carrier;
use portreeve_model::reach::{Answer, End, Verdict};

use super::plan::{From, Trial};

/// The answer for a packet and for the reply to it.
pub(super) struct Computed {
    pub(super) verdict: Verdict,
    pub(super) statement: String,
    /// With what a rule refuses it, where every way ends so.
    pub(super) refused: Option<String>,
}

/// Asks the rules about one trial. `interface` is that of the probe.
pub(super) fn compute(
    simulator: &Simulator<'_>,
    (ruleset, network): (&Ruleset, &Network),
    trial: &Trial,
    interface: &str,
) -> Computed {
    let ask = |reply: bool| question(simulator, (ruleset, network), trial, interface, reply);
    let way = match ask(false) {
        Ok(way) => way,
        Err(error) => return Computed { verdict: Verdict::Unknown, statement: error, refused: None },
    };
    if way.verdict != Verdict::Allow {
        return Computed { verdict: way.verdict, refused: refused(&way), statement: way.statement };
    }
    // A connection needs its answer.
    match ask(true) {
        Ok(back) if back.verdict == Verdict::Allow => {
            Computed { verdict: Verdict::Allow, statement: way.statement, refused: None }
        }
        Ok(back) => {
            let statement = format!("it arrives, but the answer: {}", back.statement);
            Computed { verdict: back.verdict, statement, refused: None }
        }
        Err(error) => Computed { verdict: Verdict::Unknown, statement: error, refused: None },
    }
}

fn question(
    simulator: &Simulator<'_>,
    (ruleset, network): (&Ruleset, &Network),
    trial: &Trial,
    interface: &str,
    reply: bool,
) -> Result<Answer, String> {
    let carrier = match trial.carrier {
        Carrier::Tcp => "tcp",
        Carrier::Udp => "udp",
    };
    let place = match trial.vantage {
        From::Beside => format!(" iif {interface}"),
        From::Here => " out".to_owned(),
    };
    let reply = if reply { " reply" } else { "" };
    let (source, to, port) = (trial.source, trial.destination.ip(), trial.destination.port());
    let text = format!("from {source} to {to} {carrier} dport {port}{place}{reply}");
    let asked = packet::parse(&text, &|_, _| None).map_err(|error| error.to_string())?;
    let inferred = infer(asked, network).map_err(|error| error.to_string())?;
    let simulation =
        simulator.run(&inferred.question, &Options::default()).map_err(|error| error.to_string())?;
    Ok(answer(ruleset, network, &inferred.question, inferred.how, &simulation))
}

fn refused(answer: &Answer) -> Option<String> {
    let mut ends = answer.outcomes.iter().map(|outcome| match &outcome.end {
        End::Rejected { with, .. } => Some(with.clone()),
        End::Discarded { answered: true, code, .. } => Some(code.clone()),
        _ => None,
    });
    let first = ends.next()??;
    ends.all(|end| end.is_some()).then_some(first)
}
