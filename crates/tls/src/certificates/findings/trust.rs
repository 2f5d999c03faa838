//! Whether clients accept a chain, and a name.

use portreeve_model::tls::{Certificate, NameMatch};
use portreeve_model::{Finding, Severity};

use super::{Place, called, finding, or_empty, which};
use crate::certificates::served::Judged;
use crate::chain::{Trust, Verdict};
use crate::name::address_of;

pub(super) fn of(judged: &Judged, place: &Place) -> Vec<Finding> {
    let mut all: Vec<Finding> = name(judged, place).into_iter().collect();
    all.extend(malformed(judged, place));
    if judged.is_public() || judged.is_trusted_here() {
        all.extend(stale_store(judged, place));
    } else {
        all.extend(untrusted(judged, place));
    }
    all.extend(arrangement(judged, place));
    all
}

fn name(judged: &Judged, place: &Place) -> Option<Finding> {
    let leaf = judged.leaf()?;
    let NameMatch { host, .. } = judged.served.name.as_ref().filter(|name| !name.matches)?;
    let is_address = address_of(host).is_some();
    let names = names(leaf);
    let title = match names.as_str() {
        "" => format!("{} has no name that clients look at, hence is not for {host}.", place.certificate()),
        names => format!("{} is for {names}, not for {host}.", place.certificate()),
    };
    let (severity, reason) = if is_address {
        (
            Severity::Low,
            "Clients that use the address refuse it; those that use a name of the certificate do not care. Audit it by its name, \
             or with --sni.",
        )
    } else {
        (Severity::High, "Every client refuses a certificate that is for another name.")
    };
    let mut fix = vec![format!(
        "Have a certificate issued that has {host} as a subject alternative name, and configure it for this name."
    )];
    if names.is_empty() && leaf.common_name.is_some() {
        fix.insert(
            0,
            "The common name alone no longer counts (RFC 9525): add a subject alternative name.".to_owned(),
        );
    }
    Some(Finding {
        evidence: vec![which(leaf), format!("subject alternative names: {}", or_empty(&names))],
        fix,
        reproduce: Some(place.show("-ext subjectAltName -subject")),
        ..finding("tls/certificate-name-mismatch", severity, title, reason)
    })
}

/// The first names, and how many more there are.
fn names(leaf: &Certificate) -> String {
    let all: Vec<String> =
        leaf.names.iter().cloned().chain(leaf.addresses.iter().map(ToString::to_string)).collect();
    match all.as_slice() {
        few if few.len() <= 4 => few.join(", "),
        [a, b, c, rest @ ..] => format!("{a}, {b}, {c} and {} more", rest.len()),
        _ => String::new(),
    }
}

fn malformed(judged: &Judged, place: &Place) -> Vec<Finding> {
    let broken = judged.served.certificates.iter().enumerate();
    let broken = broken.filter_map(|(at, one)| Some((at, one, one.malformed.as_ref()?)));
    let told = |(at, one, why): (usize, &Certificate, &String)| Finding {
        evidence: vec![which(one), format!("place {} of the chain: {why}", at + 1)],
        fix: vec!["Have the certificate issued anew; if it was copied by hand, copy it again.".to_owned()],
        reproduce: Some(place.show("-text")),
        ..finding(
            "tls/certificate-malformed",
            if at == 0 { Severity::High } else { Severity::Medium },
            format!(
                "Certificate {} of {} is malformed: {why}.",
                at + 1,
                place.chain().replacen("The", "the", 1)
            ),
            "Clients refuse what they can not read; some read it, others not.",
        )
    };
    // A chain of nothing else is told by its first ones.
    broken.take(4).map(told).collect()
}

/// What neither store trusts.
fn untrusted(judged: &Judged, place: &Place) -> Option<Finding> {
    let leaf = judged.leaf()?;
    let verdict = clearer(&judged.mozilla, &judged.host);
    let statements = judged.served.trust.iter().map(|trust| trust.statement.clone());
    let evidence: Vec<String> = [which(leaf)].into_iter().chain(statements).collect();
    let at = |place: usize| judged.served.certificates.get(place);
    let (id, severity, title, reason, fix): (_, _, _, _, Vec<String>) = match &verdict.trust {
        Trust::SelfSigned => (
            "tls/certificate-self-signed",
            Severity::Medium,
            format!("{} is signed by itself.", place.certificate()),
            "No client trusts it unless somebody told it to; people learn to click warnings away.",
            vec![
                "Have a certificate issued by a public authority, or by one that the clients know.".to_owned(),
                "For a server of your own only: give this certificate to its clients as a trusted one.".to_owned(),
            ],
        ),
        Trust::UnknownIssuer { place: index, missing: Some(_) } => {
            let issuer = at(*index).map(|one| one.issuer.clone()).unwrap_or_default();
            let url = at(*index).and_then(|one| one.issuer_urls.first());
            let fetch = url.map(|url| {
                format!("Append it: curl -s {url} | openssl x509 -inform DER >> the file of the certificate")
            });
            (
                "tls/missing-intermediate",
                Severity::High,
                format!("{} lacks the intermediate certificate {issuer}.", place.chain()),
                "Browsers may know it from elsewhere; curl, most libraries and mail servers do not, and refuse the connection.",
                [
                    fetch,
                    Some("Configure the file with the whole chain (certbot calls it fullchain.pem), not the certificate alone.".to_owned()),
                ]
                .into_iter()
                .flatten()
                .collect(),
            )
        }
        Trust::UnknownIssuer { place: index, missing: None } => {
            let issuer = at(*index).map(|one| one.issuer.clone()).unwrap_or_default();
            unknown_authority(place, &issuer)
        }
        Trust::UntrustedRoot(index) => {
            unknown_authority(place, at(*index).map_or("", |one| one.subject.as_str()))
        }
        // Weak signatures and malformed certificates are told by themselves.
        Trust::Trusted | Trust::WeakSignature(_) | Trust::Malformed(..) => return None,
        Trust::Refused(why) if why.contains("for servers") => (
            "tls/certificate-not-for-servers",
            Severity::High,
            format!("{} is not for servers.", place.certificate()),
            "Clients refuse a certificate whose purposes do not have server authentication among them.",
            vec!["Have it issued with the extended key usage serverAuth.".to_owned()],
        ),
        Trust::Refused(why) => (
            "tls/certificate-refused",
            Severity::High,
            format!("{} is refused: {why}.", place.chain()),
            "Clients check the same, and do not connect.",
            vec!["Have the certificate issued anew, and configure it with the chain that the authority gives with it.".to_owned()],
        ),
    };
    Some(Finding { evidence, fix, reproduce: Some(place.verify()), ..finding(id, severity, title, reason) })
}

type Told = (&'static str, Severity, String, &'static str, Vec<String>);

fn unknown_authority(place: &Place, authority: &str) -> Told {
    (
        "tls/certificate-untrusted",
        Severity::Medium,
        format!(
            "{} leads to {authority}, which is trusted neither by Mozilla's list nor by this host.",
            place.chain()
        ),
        "Clients refuse it, those apart to which somebody gave this authority.",
        vec![
            format!("For clients of your own: add {authority} to their trust stores."),
            "For everybody else: have the certificate issued by a public authority.".to_owned(),
        ],
    )
}

/// Of two refusals the one that says more.
fn clearer<'a>(mozilla: &'a Verdict, host: &'a Verdict) -> &'a Verdict {
    let is_vague = |verdict: &Verdict| {
        matches!(verdict.trust, Trust::UnknownIssuer { missing: None, .. } | Trust::UntrustedRoot(_))
    };
    if is_vague(mozilla) && !is_vague(host) { host } else { mozilla }
}

/// Mozilla trusts it, and this host does not.
fn stale_store(judged: &Judged, place: &Place) -> Option<Finding> {
    if judged.is_trusted_here() {
        return None;
    }
    let statement = judged.served.trust.iter().map(|trust| trust.statement.clone());
    Some(Finding {
        evidence: statement.collect(),
        fix: vec!["Bring the authorities of this host up to date (Debian: apt install --only-upgrade ca-certificates).".to_owned()],
        reproduce: Some(place.verify()),
        ..finding(
            "tls/host-store-lacks-authority",
            Severity::Low,
            format!("{} leads to an authority of Mozilla's list that this host does not trust.", place.chain()),
            "Browsers connect, programs on this host do not.",
        )
    })
}

/// Order, what is too much, a root.
fn arrangement(judged: &Judged, place: &Place) -> Vec<Finding> {
    let served = &judged.served;
    let list = || -> Vec<String> {
        let all = served.certificates.iter().enumerate();
        all.map(|(at, one)| format!("{}: {} by {}", at + 1, or_empty(&one.subject), or_empty(&one.issuer)))
            .collect()
    };
    let mut all = Vec::new();
    if !served.in_order {
        all.push(Finding {
            evidence: list(),
            fix: vec!["Put the certificate first, each followed by the one that issued it.".to_owned()],
            reproduce: Some(place.verify()),
            ..finding(
                "tls/chain-order",
                Severity::Low,
                format!("{} is not in order.", place.chain()),
                "TLS before 1.3 demands that each certificate is followed by its issuer; most clients sort it themselves, some do not.",
            )
        });
    }
    if served.omitted > 0 || !served.surplus.is_empty() {
        let surplus = served.surplus.iter().filter_map(|at| served.certificates.get(*at));
        let mut names: Vec<String> = surplus.take(8).map(|one| called(one).to_owned()).collect();
        let count = served.surplus.len() + usize::try_from(served.omitted).unwrap_or_default();
        if count > names.len() {
            names.push(format!("{} more", count - names.len()));
        }
        all.push(Finding {
            evidence: list(),
            fix: vec![format!("Take it out of the file: {}.", names.join("; "))],
            reproduce: Some(place.verify()),
            ..finding(
                "tls/chain-surplus",
                Severity::Info,
                format!("{} has {} nowhere: {}.", place.chain(), leading(count), names.join("; ")),
                "Every handshake carries it for nothing.",
            )
        });
    }
    if let Some(root) = served.root_sent.and_then(|at| judged.chain.get(at).zip(served.certificates.get(at)))
    {
        let (read, root) = root;
        all.push(Finding {
            evidence: vec![which(root)],
            fix: vec![format!("Take {} out of the file.", called(root))],
            reproduce: Some(place.verify()),
            ..finding(
                "tls/chain-root-sent",
                Severity::Info,
                format!("{} has the root {} in it.", place.chain(), called(root)),
                match read.der.len() {
                    0..1000 => "A client has the root already, or does not trust it: every handshake carries it for nothing.",
                    _ => "A client has the root already, or does not trust it: every handshake carries a kilobyte or more for nothing.",
                },
            )
        });
    }
    all
}

fn leading(count: usize) -> String {
    if count == 1 { "1 certificate that leads".to_owned() } else { format!("{count} certificates that lead") }
}
