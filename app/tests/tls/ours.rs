//! What `portreeve tls --json` says.

use portreeve_lab::Command;
use portreeve_lab::scenario::Server;
use portreeve_model::document::Tls;
use portreeve_model::tls::{
    Audit, ChainVerdict, Order, Outcome, ServedChain, SignatureAlgorithm, Support, TrustStore, Verdict,
};
use portreeve_wire::tls::{NamedGroup, SignatureScheme};
use std::time::Duration;

use crate::claims::Claims;
use crate::text::{sorted, yes};

/// Nobody waits longer for it.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs it against a server.
pub(crate) fn audit(server: &Server<'_>) -> Result<(Audit, Claims), String> {
    let target = format!("127.0.0.1:{}", server.port);
    let command = Command::new(env!("CARGO_BIN_EXE_portreeve"))
        .args(["tls", &target, "--sni", &server.server_name, "--json"])
        .env("SSL_CERT_FILE", &server.trust)
        .timeout(LONGEST);
    let output = server.host.run(command).map_err(|error| error.to_string())?;
    let document: Tls = serde_json::from_str(&output.stdout)
        .map_err(|error| format!("no document ({error}); {}\n{}", output.status, output.stderr))?;
    let audit = document.audits.into_iter().next().ok_or("no audit in the document")?;
    if audit.outcome != Outcome::Audited {
        return Err(format!("it was not audited to its end: {:?}", audit.outcome));
    }
    let claims = claims(&audit);
    Ok((audit, claims))
}

fn claims(audit: &Audit) -> Claims {
    let mut claims = Claims::default();
    for protocol in &audit.negotiation.protocols {
        let version = &protocol.version;
        match support(protocol.support) {
            Some(answer) => claims.say(format!("protocol/{version}"), answer),
            None => continue,
        }
        claims.suites(version, vec![protocol.suites.iter().map(|suite| suite.name.clone()).collect()]);
        if protocol.order == Some(Order::Server) {
            claims.ordered(version);
        }
    }
    // Every group that has a name is asked for; those that only old versions have, in these.
    for group in NamedGroup::NAMED {
        claims.whether(format!("group/{group}"), false);
    }
    for group in audit.negotiation.groups.iter().filter(|group| group.number.is_some()) {
        claims.whether(format!("group/{}", group.name), true);
    }
    for version in ["TLS 1.2", "TLS 1.3"] {
        let is_known = |one: &SignatureAlgorithm| one.versions.iter().any(|known| known == version);
        if audit.negotiation.signature_algorithms.iter().any(is_known) {
            for scheme in SignatureScheme::NAMED {
                claims.whether(format!("signature/{version}/{scheme}"), false);
            }
        }
    }
    for algorithm in &audit.negotiation.signature_algorithms {
        for version in &algorithm.versions {
            claims.whether(format!("signature/{version}/{}", algorithm.name), true);
        }
    }
    for (index, chain) in audit.certificates.iter().enumerate() {
        certificates(chain, index, &mut claims);
    }
    for feature in &audit.features {
        if let Some(answer) = support(feature.support) {
            claims.say(format!("feature/{}", feature.id), answer);
        }
    }
    for weakness in &audit.weaknesses {
        let answer = match weakness.verdict {
            Verdict::Confirmed | Verdict::Potential => "yes",
            Verdict::NotVulnerable => "no",
            Verdict::Inconclusive => continue,
        };
        claims.say(format!("weakness/{}", weakness.id), answer);
    }
    claims
}

fn support(support: Support) -> Option<&'static str> {
    match support {
        Support::Yes => Some("yes"),
        Support::No => Some("no"),
        Support::Inconclusive | Support::NotApplicable => None,
    }
}

/// Of each kind of key the first chain: that for the name that was asked for.
fn certificates(chain: &ServedChain, index: usize, claims: &mut Claims) {
    let Some(leaf) = chain.certificates.first() else { return };
    if index > 0 && chain.sent_for.iter().any(|name| name.starts_with("no name")) {
        return;
    }
    let mut say =
        |what: &str, value: String| claims.say(format!("certificate/{}/{what}", leaf.key.kind), value);
    say("sha256", leaf.sha256.clone());
    say("names", sorted(leaf.names.clone()));
    say("bits", leaf.key.bits.to_string());
    say("curve", leaf.key.curve.clone().unwrap_or_default());
    say("signature", leaf.signature.clone());
    say("chain", chain.certificates.iter().map(|one| one.sha256.as_str()).collect::<Vec<_>>().join(" "));
    say("must-staple", yes(leaf.must_staple));
    say("stapled", yes(chain.staple.is_some()));
    say("in-order", yes(chain.in_order));
    let host = chain.trust.iter().find(|trust| trust.store == TrustStore::Host);
    if let Some(host) = host {
        say("trusted", yes(host.verdict == ChainVerdict::Trusted));
    }
    if let Some(validity) = &leaf.validity {
        say("not-before", validity.not_before.to_string());
        say("not-after", validity.not_after.to_string());
    }
}
