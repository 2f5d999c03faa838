//! A trial in the words of the document: one line a stage.

use std::time::Duration;

use portreeve_model::why::Stage;

use super::trials::{Answer, Echo, OtherPort, Outcome, Sent, Surroundings, Trial};

/// The stages of one trial, in order.
pub(super) fn of(trial: &Trial) -> Vec<Stage> {
    let name = match trial.sent {
        Sent::Syn => "connect",
        Sent::QuicProbe => "quic",
        Sent::DnsQuestion => "dns",
        Sent::EmptyDatagram => "datagram",
    };
    let first = Stage {
        stage: name.to_owned(),
        outcome: outcome(trial),
        ok: trial.is_answered() || is_silence_allowed(trial),
        took_ms: milliseconds(trial.took),
    };
    let around = trial.surroundings.iter().flat_map(around);
    std::iter::once(first).chain(around).collect()
}

/// An empty datagram needs no answer.
fn is_silence_allowed(trial: &Trial) -> bool {
    trial.sent == Sent::EmptyDatagram && matches!(trial.outcome, Outcome::Silent(_))
}

fn outcome(trial: &Trial) -> String {
    match &trial.outcome {
        Outcome::Connected(connected) => {
            let over = if trial.over_loopback { " from this host itself, over lo" } else { "" };
            match connected.retransmissions {
                0 => format!("connected{over}"),
                again => format!("connected{over}, after {again} SYNs that were lost"),
            }
        }
        Outcome::Answered(Answer::QuicVersions(versions)) => {
            format!("a QUIC server answers: {}", versions.join(", "))
        }
        Outcome::Answered(Answer::Dns { code, .. }) => format!("a DNS server answers: {code}"),
        Outcome::Answered(Answer::Other(bytes)) => match trial.sent {
            Sent::EmptyDatagram => format!("answered with {bytes} bytes"),
            _ => format!("answered with {bytes} bytes that are not of this protocol"),
        },
        Outcome::Refused => match trial.sent {
            Sent::Syn => "refused with a TCP reset".to_owned(),
            _ => "refused: icmp port-unreachable from the endpoint itself".to_owned(),
        },
        Outcome::Rejected(rejection) => {
            let who = rejection.router().map(|router| format!(" from {router}")).unwrap_or_default();
            let own = if rejection.by_this_host { " (this host)" } else { "" };
            format!("rejected: {}{who}{own}", rejection.reason())
        }
        Outcome::Silent(silence) => match trial.sent {
            Sent::Syn => format!("no answer to {} SYNs", silence.sent),
            Sent::EmptyDatagram => "no answer, which nobody owes to an empty datagram".to_owned(),
            _ => format!("no answer to {} datagrams", silence.sent),
        },
        Outcome::NoPorts => "not tried: this host has no ephemeral port left (EADDRNOTAVAIL)".to_owned(),
        Outcome::NoRoute => "not tried: this host has no route to it (ENETUNREACH)".to_owned(),
        Outcome::HostUnreachable => "nobody answers for the address on the link (EHOSTUNREACH)".to_owned(),
        Outcome::Prohibited(errno) => format!("this host's own rules or routes forbid it: {errno}"),
        Outcome::Failed(errno) => format!("failed: {errno}"),
    }
}

/// What was found around an endpoint that did not answer.
fn around(surroundings: &Surroundings) -> Vec<Stage> {
    let echo = match surroundings.echo {
        Echo::Answered(took) => Some(("the address answers".to_owned(), true, took)),
        Echo::Silent => Some(("no answer, which many hosts never give".to_owned(), false, Duration::ZERO)),
        Echo::Rejected(rejection) => {
            Some((format!("rejected: {}", rejection.reason()), false, Duration::ZERO))
        }
        Echo::NotSent => None,
    };
    let echo = echo.map(|(outcome, ok, took)| Stage {
        stage: "echo".to_owned(),
        outcome,
        ok,
        took_ms: milliseconds(took),
    });
    let ports = surroundings.other_ports.iter().map(|(port, said)| Stage {
        stage: "other-port".to_owned(),
        outcome: match said {
            OtherPort::Connected => format!("port {port} takes connections"),
            OtherPort::Refused => format!("port {port} answers with a TCP reset"),
            OtherPort::Rejected(rejection) => format!("port {port}: rejected: {}", rejection.reason()),
            OtherPort::Silent => format!("port {port}: no answer"),
        },
        ok: matches!(said, OtherPort::Connected | OtherPort::Refused),
        took_ms: 0,
    });
    let way = (surroundings.hops_tried > 0).then(|| Stage {
        stage: "hops".to_owned(),
        outcome: match surroundings.last_router() {
            Some((distance, router)) => {
                format!("SYNs get to {router}, router {distance} on the way, and no further is seen")
            }
            None => "no router on the way says that it had a SYN".to_owned(),
        },
        ok: false,
        took_ms: 0,
    });
    echo.into_iter().chain(ports).chain(way).collect()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
