//! What of an audit is to be mended: attacks that may succeed, protocols and suites that should be gone. Not what is merely there.

use portreeve_model::tls::{Audit, FeatureGroup, Support, Verdict, Weakness};
use portreeve_model::{Finding, Severity};
use portreeve_wire::tls::{KeyExchange, Suite, Version};

use super::{KnownVersion, Manner, Scene};

/// Everything that is to be mended, in no order.
pub(super) fn of(scene: &Scene, audit: &Audit) -> Vec<Finding> {
    let mut found: Vec<Finding> = audit.weaknesses.iter().filter_map(attack).collect();
    found.extend(protocols(scene, audit));
    found.extend(no_modern_protocol(scene));
    found.extend(no_forward_secrecy(scene));
    found.extend(short_keys(scene));
    found.extend(intolerance(scene, audit));
    found
}

/// Every question without an answer, one sentence each.
pub(super) fn open_questions(audit: &Audit) -> Vec<String> {
    let protocols =
        audit.negotiation.protocols.iter().filter_map(|one| match (&one.incomplete, one.support) {
            (Some(why), _) => Some(format!("Not all suites of {} are known: {why}.", one.version)),
            (None, Support::Inconclusive) => Some(format!("{}: {}", one.version, one.statement)),
            _ => None,
        });
    let weaknesses = audit.weaknesses.iter().filter(|one| one.verdict == Verdict::Inconclusive);
    let features = audit.features.iter().filter(|one| one.support == Support::Inconclusive);
    protocols
        .chain(weaknesses.map(|one| format!("{}: {}", one.title, one.statement)))
        .chain(features.map(|one| format!("{}: {}", one.title, one.statement)))
        .collect()
}

fn attack(weakness: &Weakness) -> Option<Finding> {
    let (severity, title) = match weakness.verdict {
        Verdict::Confirmed => (weakness.severity, format!("The server is open to {}", weakness.title)),
        Verdict::Potential => {
            (milder(weakness.severity), format!("The server may be open to {}", weakness.title))
        }
        Verdict::NotVulnerable | Verdict::Inconclusive => return None,
    };
    Some(Finding {
        id: format!("tls/{}", weakness.id),
        severity,
        title,
        reason: weakness.statement.clone(),
        evidence: weakness.evidence.iter().map(|one| one.what.clone()).collect(),
        fix: weakness.fix.clone(),
        reproduce: weakness.reproduce.clone(),
        subjects: Vec::new(),
    })
}

fn milder(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
        Severity::Info => Severity::Info,
    }
}

/// Protocols that are withdrawn: slug, version, severity, reason.
const WITHDRAWN: [(&str, Version, Severity, &str); 4] = [
    (
        "tls/sslv2-spoken",
        Version::Ssl2,
        Severity::High,
        "SSL 2.0 is withdrawn (RFC 6176): its messages can be changed on the way, and it opens every server with the same key to DROWN.",
    ),
    (
        "tls/sslv3-spoken",
        Version::Ssl3,
        Severity::High,
        "SSL 3.0 is withdrawn (RFC 7568): its blocks can be read byte by byte (POODLE), and RC4, which it has beside them, is broken.",
    ),
    (
        "tls/tls10-spoken",
        Version::Tls10,
        Severity::Low,
        "TLS 1.0 is withdrawn (RFC 8996): it signs with MD5 and SHA-1, and no current client needs it.",
    ),
    (
        "tls/tls11-spoken",
        Version::Tls11,
        Severity::Low,
        "TLS 1.1 is withdrawn (RFC 8996): it signs with MD5 and SHA-1, and no current client needs it.",
    ),
];

fn protocols(scene: &Scene, audit: &Audit) -> Vec<Finding> {
    let spoken = |version: Version| {
        audit
            .negotiation
            .protocols
            .iter()
            .find(|one| one.number == version.value() && one.support == Support::Yes)
    };
    WITHDRAWN
        .iter()
        .filter_map(|(id, version, severity, reason)| {
            let protocol = spoken(*version)?;
            let suites = match protocol.suites.len() {
                1 => "one suite".to_owned(),
                count => format!("{count} suites"),
            };
            Some(Finding {
                id: (*id).to_owned(),
                severity: *severity,
                title: format!("The server speaks {version}, with {suites}"),
                reason: (*reason).to_owned(),
                evidence: protocol.evidence.iter().map(|one| one.what.clone()).collect(),
                fix: vec![
                    "Allow TLS 1.2 and TLS 1.3 only.".to_owned(),
                    "nginx: ssl_protocols TLSv1.2 TLSv1.3;".to_owned(),
                    "Apache: SSLProtocol -all +TLSv1.2 +TLSv1.3".to_owned(),
                ],
                reproduce: reproduce(scene, *version),
                subjects: Vec::new(),
            })
        })
        .collect()
}

/// Only where today's OpenSSL can still be made to speak it.
fn reproduce(scene: &Scene, version: Version) -> Option<String> {
    let flag = match version {
        Version::Tls10 => "-tls1",
        Version::Tls11 => "-tls1_1",
        _ => return None,
    };
    let name = scene.greeting.openssl_servername();
    let address = scene.address();
    Some(format!("openssl s_client -connect {address}{name} {flag} -cipher ALL:@SECLEVEL=0 </dev/null"))
}

fn no_modern_protocol(scene: &Scene) -> Option<Finding> {
    let known = &scene.known;
    let newest = known.spoken().last()?.version;
    let is_refused = |version| known.version(version).is_some_and(|one| one.support == Support::No);
    if !is_refused(Version::Tls12) || !is_refused(Version::Tls13) {
        return None;
    }
    Some(Finding {
        id: "tls/no-modern-protocol".to_owned(),
        severity: Severity::High,
        title: format!("The newest protocol that the server speaks is {newest}"),
        reason: "Current browsers and libraries speak TLS 1.2 and TLS 1.3 only and do not connect."
            .to_owned(),
        evidence: vec![format!("TLS 1.2 and TLS 1.3 are refused, {newest} is answered")],
        fix: vec!["Use a TLS library of this decade, and allow TLS 1.2 and TLS 1.3.".to_owned()],
        reproduce: None,
        subjects: Vec::new(),
    })
}

fn no_forward_secrecy(scene: &Scene) -> Option<Finding> {
    let mut spoken = scene.known.spoken().filter(|one| !one.suites.is_empty()).peekable();
    spoken.peek()?;
    let is_secret =
        |suite: &Suite| suite.is_forward_secret() || suite.key_exchange() == Some(KeyExchange::Tls13);
    // Where not everything could be asked for, there may be one.
    let is_open = |one: &KnownVersion| one.support == Support::Inconclusive || one.incomplete.is_some();
    if spoken.any(|one| one.suites.iter().any(is_secret)) || scene.known.versions.iter().any(is_open) {
        return None;
    }
    Some(Finding {
        id: "tls/no-forward-secrecy".to_owned(),
        severity: Severity::Medium,
        title: "No suite of the server has forward secrecy".to_owned(),
        reason: "Whoever gets the server's key later can decrypt everything that was recorded before."
            .to_owned(),
        evidence: scene
            .known
            .suites_where(|_, _| true)
            .take(4)
            .map(|(version, suite)| format!("{version}: {suite}"))
            .collect(),
        fix: vec![
            "Allow suites with ECDHE, and put them first.".to_owned(),
            "nginx: ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;".to_owned(),
        ],
        reproduce: None,
        subjects: Vec::new(),
    })
}

/// Keys that can be tried out; what export suites, RC4 and blocks of 64 bits are has a check each.
fn short_keys(scene: &Scene) -> Option<Finding> {
    let is_short = |suite: Suite| {
        let bits = suite.encryption().map_or(0, |encryption| encryption.bits);
        (1..112).contains(&bits) && !suite.is_export()
    };
    let short: Vec<String> = scene
        .known
        .suites_where(|_, suite| is_short(suite))
        .map(|(version, suite)| format!("{version}: {suite}"))
        .collect();
    if short.is_empty() {
        return None;
    }
    Some(Finding {
        id: "tls/short-keys".to_owned(),
        severity: Severity::High,
        title: format!("The server encrypts with keys of less than 112 bits, in {} suites", short.len()),
        reason: "All keys of that length can be tried out.".to_owned(),
        evidence: short.into_iter().take(8).collect(),
        fix: vec!["nginx: ssl_ciphers HIGH:!aNULL:!MD5;  Apache: SSLCipherSuite HIGH:!aNULL:!MD5".to_owned()],
        reproduce: None,
        subjects: Vec::new(),
    })
}

/// A server that breaks where it should pass over what it does not know.
fn intolerance(scene: &Scene, audit: &Audit) -> Vec<Finding> {
    let finding = |id: &str, title: String, statement: &str| Finding {
        id: format!("tls/{id}"),
        severity: Severity::Low,
        title,
        reason: "Clients that say more than it knows, as new ones will, get no connection.".to_owned(),
        evidence: vec![statement.to_owned()],
        fix: vec!["Bring the server's TLS library, or what stands before it, up to date.".to_owned()],
        reproduce: None,
        subjects: Vec::new(),
    };
    let statement = match scene.greeting.manner {
        Manner::Full => None,
        Manner::Plain => {
            Some("Hellos with the extensions of current clients are not answered, plain ones are.")
        }
        Manner::Small => Some("Hellos of more than 256 bytes are not answered, shorter ones are."),
    };
    let greeting = statement.map(|statement| {
        finding(
            "hello-intolerance",
            "The server does not answer the hellos of current clients".to_owned(),
            statement,
        )
    });
    let features = audit
        .features
        .iter()
        .filter(|one| one.group == FeatureGroup::Tolerance && one.support == Support::No)
        .map(|one| finding(&one.id, format!("The server is intolerant: {}", one.title), &one.statement));
    greeting.into_iter().chain(features).collect()
}
