//! One host, audited: its addresses, the one that answers, or all of them.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use portreeve_model::tls::{Audit, Outcome, Target, Unreached};
use portreeve_tls::Store;
use portreeve_tls::audit::{Endpoint, Options, audit};
use portreeve_tls::dns::Resolver;
use portreeve_tls::explain::Explain;
use portreeve_tls::line::{Limits, Patience};
use portreeve_wire::tls::Version;

use super::addresses::addresses;
use super::hosts::{OneHost, Who};
use crate::engine::{TlsAddresses, TlsExplain, TlsQuestions};

/// Audits hosts.
pub(super) trait Audits: Clone + Send + Sync + 'static {
    /// The audits of a host: one, or one for each of its addresses. Never none.
    fn audits(&self, host: OneHost) -> impl Future<Output = Vec<Audit>> + Send;
}

/// Audits hosts over the network.
#[derive(Clone, Debug)]
pub(super) struct Auditor {
    questions: Arc<TlsQuestions>,
    options: Options,
    /// Why no name server can be asked for records, though it was wished.
    no_resolver: Option<Arc<str>>,
}

impl Auditor {
    pub(super) fn new(questions: &TlsQuestions) -> Self {
        let resolver = questions.records.then(|| Resolver::of_system(questions.timeout)).transpose();
        let (resolver, no_resolver) = match resolver {
            Ok(resolver) => (resolver.map(Arc::new), None),
            Err(failure) => (None, Some(failure.to_string().into())),
        };
        let options = Options {
            limits: limits(questions),
            patience: Patience { connect: questions.timeout, answer: questions.timeout },
            http: true,
            resolver,
            explain: match questions.explain {
                TlsExplain::No => Explain::No,
                TlsExplain::Best => Explain::Best,
                TlsExplain::Tls12 => Explain::Version(Version::Tls12),
                TlsExplain::Tls13 => Explain::Version(Version::Tls13),
            },
            jarm: questions.jarm,
            store: Arc::new(Store::of_this_system()),
            mozilla: Arc::new(Store::mozilla()),
        };
        Self { questions: Arc::new(questions.clone()), options, no_resolver }
    }

    fn target(&self, host: &OneHost) -> Target {
        let server_name = self.questions.server_name.clone().or_else(|| match &host.who {
            // A final dot says that a name is whole; it is not sent (RFC 6066, 3).
            Who::Name(name) => Some(name.trim_end_matches('.').to_owned()),
            Who::Address(..) => None,
        });
        Target {
            text: host.text.clone(),
            host: host.who.host(),
            port: host.port,
            address: None,
            other_addresses: Vec::new(),
            server_name,
        }
    }

    async fn at(&self, target: &Target, address: SocketAddr, others: Vec<SocketAddr>) -> Audit {
        let endpoint = Endpoint {
            text: target.text.clone(),
            host: target.host.clone(),
            server_name: target.server_name.clone(),
            address,
            other_addresses: others,
            port: target.port,
        };
        // What an audit keeps in mind is much for a stack, and there are many of them.
        let mut audit = Box::pin(audit(&endpoint, &self.options)).await;
        if let Some(why) = self.no_resolver.as_deref().filter(|_| audit.is_reached()) {
            audit
                .inconclusive
                .push(format!("CAA, TLSA and HTTPS records: no name server could be asked: {why}."));
        }
        audit
    }
}

impl Audits for Auditor {
    async fn audits(&self, host: OneHost) -> Vec<Audit> {
        let target = self.target(&host);
        let all = match addresses(&host.who, host.port).await {
            Ok(addresses) => addresses,
            Err((reason, detail)) => return vec![Audit::unreached(target, reason, detail)],
        };
        let others = |address: SocketAddr| all.iter().copied().filter(|other| *other != address).collect();
        let mut audits = Vec::new();
        for address in &all {
            let audit = self.at(&target, *address, others(*address)).await;
            match self.questions.addresses {
                TlsAddresses::All => audits.push(audit),
                TlsAddresses::First => {
                    let unreachable = matches!(audit.outcome, Outcome::Unreachable { .. });
                    audits.push(audit);
                    if !unreachable {
                        break;
                    }
                }
            }
        }
        match self.questions.addresses {
            TlsAddresses::All => audits,
            TlsAddresses::First => first_that_answers(audits),
        }
    }
}

/// A pace that was asked for takes its time beside that which a server may take.
fn limits(questions: &TlsQuestions) -> Limits {
    let usual = Limits::default();
    let waiting = questions.per_second.map(|rate| f64::from(questions.connections) / rate);
    let waiting = waiting.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or_default();
    Limits {
        connections: questions.connections,
        per_second: questions.per_second,
        whole: usual.whole + waiting,
        ..usual
    }
}

/// The last one, which answered; where none did, the first with what all of them said.
fn first_that_answers(mut audits: Vec<Audit>) -> Vec<Audit> {
    let Some(last) = audits.pop() else { return audits };
    if !matches!(last.outcome, Outcome::Unreachable { .. }) || audits.is_empty() {
        return vec![last];
    }
    audits.push(last);
    let told: Vec<String> = audits.iter().map(said).collect();
    let mut first = audits.swap_remove(0);
    if let Outcome::Unreachable { detail, .. } = &mut first.outcome {
        *detail = told.join("; ");
    }
    vec![first]
}

fn said(audit: &Audit) -> String {
    let address = audit.target.address.map_or_else(String::new, |address| format!("{}: ", address.ip()));
    match &audit.outcome {
        Outcome::Unreachable { detail, .. } => format!("{address}{detail}"),
        _ => address,
    }
}

/// Of a host whose audit failed in this program: other hosts go on.
pub(super) fn failed(host: &OneHost, why: &str) -> Audit {
    let target = Target {
        text: host.text.clone(),
        host: host.who.host(),
        port: host.port,
        address: None,
        other_addresses: Vec::new(),
        server_name: None,
    };
    Audit::unreached(target, Unreached::Failed, format!("this program failed at it: {why}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::hosts::{OneHost, Who};
    use super::{Auditor, limits};
    use crate::engine::{TlsAddresses, TlsExplain, TlsQuestions};

    fn questions(per_second: Option<f64>) -> TlsQuestions {
        TlsQuestions {
            server_name: None,
            per_second,
            connections: 400,
            timeout: Duration::from_secs(4),
            addresses: TlsAddresses::First,
            jarm: false,
            records: false,
            explain: TlsExplain::No,
        }
    }

    #[test]
    fn a_slow_pace_does_not_end_an_audit_early() {
        let usual = limits(&questions(None)).whole;
        assert_eq!(limits(&questions(Some(100.0))).whole, usual + Duration::from_secs(4));
        assert_eq!(limits(&questions(Some(0.4))).whole, usual + Duration::from_secs(1000));
    }

    #[test]
    fn a_final_dot_is_looked_up_and_not_sent() {
        let auditor = Auditor::new(&questions(None));
        let target = auditor.target(&OneHost {
            place: 0,
            target: 0,
            text: "example.com.".to_owned(),
            who: Who::Name("example.com.".to_owned()),
            port: 443,
        });
        assert_eq!((&*target.host, target.server_name.as_deref()), ("example.com.", Some("example.com")));
    }
}
