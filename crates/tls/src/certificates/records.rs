//! What DNS says of a server's certificates, and whether they fit.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use data_encoding::HEXLOWER;
use portreeve_model::tls::{Records, TlsaRecord};
use portreeve_model::{Finding, Severity};
use portreeve_wire::pki;

use super::findings::finding;
use super::served::{Judged, compared};
use crate::Certificate;
use crate::audit::Scene;
use crate::dns::{Answer, Caa, Resolver, Tlsa};
use crate::name::address_of;

/// Asks for CAA and TLSA records of the target, where it has a name and name servers may be asked.
pub(super) async fn ask(scene: &Scene, judged: &[Judged], findings: &mut Vec<Finding>) -> Option<Records> {
    let resolver = scene.options.resolver.as_deref()?;
    let host = compared(scene.greeting.server_name.as_deref().unwrap_or(&scene.host));
    if host.is_empty() || address_of(&host).is_some() {
        return None;
    }
    Some(of_host(resolver, &host, scene.address().port(), judged, findings).await)
}

/// The records of a host and port.
async fn of_host(
    resolver: &Resolver,
    host: &str,
    port: u16,
    judged: &[Judged],
    findings: &mut Vec<Finding>,
) -> Records {
    let mut records = Records::default();
    let (caa, tlsa) = futures_util::future::join(resolver.caa(host), resolver.tlsa(port, host)).await;
    match caa {
        Ok(answer) => findings.extend(take_caa(&mut records, &answer, host, judged)),
        Err(failure) => records.unanswered.push(format!("CAA records of {host} are not known: {failure}.")),
    }
    match tlsa {
        Ok(answer) => findings.extend(take_tlsa(&mut records, &answer, host, port, judged)),
        Err(failure) => {
            records.unanswered.push(format!("TLSA records of _{port}._tcp.{host} are not known: {failure}."));
        }
    }
    records
}

fn take_caa(records: &mut Records, answer: &Answer<Caa>, host: &str, judged: &[Judged]) -> Option<Finding> {
    if answer.records.is_empty() {
        return None;
    }
    records.caa_at = Some(answer.name.clone());
    records.caa_validated = answer.authenticated;
    let text = |caa: &Caa| format!("{} {} \"{}\"", if caa.critical { 128 } else { 0 }, caa.tag, caa.value);
    records.caa = answer.records.iter().map(text).collect();
    let first = judged.iter().find(|one| one.served.name.is_some())?;
    let is_wildcard = first.served.name.as_ref().is_some_and(|name| name.wildcard);
    let with = |tag: &str| -> Vec<&Caa> { answer.records.iter().filter(|caa| caa.tag == tag).collect() };
    // Records for wildcards count for wildcards alone, and only where there are some (RFC 8659, 4.3).
    let wild = with("issuewild");
    let counting = if is_wildcard && !wild.is_empty() { wild } else { with("issue") };
    if counting.is_empty() {
        // Nothing restricts issuing.
        return None;
    }
    let domain = |caa: &&Caa| caa.value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    records.caa_allows = counting.iter().map(domain).filter(|domain| !domain.is_empty()).collect();
    let issuer = first.chain.first()?;
    let (domains, are_known) = domains_of(first, issuer);
    let allowed = records.caa_allows.iter().any(|allowed| domains.iter().any(|domain| domain == allowed));
    // Where the authority's domains are only guessed, one that is not allowed may be none of its.
    if !first.is_public() || !(allowed || are_known) {
        return None;
    }
    records.caa_allows_issuer = Some(allowed);
    if allowed {
        return None;
    }
    let may = match records.caa_allows.as_slice() {
        [] => "nobody".to_owned(),
        some => some.join(", "),
    };
    Some(Finding {
        evidence: records.caa.iter().map(|text| format!("{} CAA {text}", answer.name)).collect(),
        fix: vec![
            format!(
                "Add the authority that issues the certificates of {host}: {} CAA 0 issue \"{}\"",
                answer.name,
                domains.first().map_or("", |domain| domain)
            ),
            "Or have the certificate issued by an authority that the records allow.".to_owned(),
        ],
        reproduce: Some(format!("dig +short {} CAA", answer.name)),
        ..finding(
            "tls/caa-forbids-issuer",
            Severity::Low,
            format!(
                "The CAA records of {} allow {may} to issue for {host}, and its certificate is by {}.",
                answer.name, issuer.issuer
            ),
            "Authorities look at these records when they issue: the next renewal will be refused, unless the records changed after \
             the last one and are about to be mended.",
        )
    })
}

/// The domains by which CAA records name the authority of a certificate, and whether that is known; otherwise they are those of the URL
/// where the authority has its own certificate.
fn domains_of(judged: &Judged, leaf: &Certificate) -> (Vec<String>, bool) {
    let parsed = pki::Certificate::read(&leaf.der).unwrap_or_default();
    let organization = parsed.issuer().organization().unwrap_or_default().to_lowercase();
    let known = AUTHORITIES.iter().filter(|(name, _)| organization.contains(name));
    let known: Vec<String> =
        known.flat_map(|(_, domains)| *domains).map(|domain| (*domain).to_owned()).collect();
    if !known.is_empty() {
        return (known, true);
    }
    let urls = judged.leaf().map(|leaf| leaf.issuer_urls.as_slice()).unwrap_or_default();
    let hosts = urls.iter().filter_map(|url| url.split('/').nth(2));
    let registered = hosts.filter_map(|host| {
        let (above, last) = host.rsplit_once('.')?;
        let label = above.rsplit('.').next().filter(|label| !label.is_empty())?;
        Some(format!("{label}.{last}"))
    });
    (registered.collect(), false)
}

/// Words of an issuer's organisation, and the domains that its certification practice statement names for CAA.
const AUTHORITIES: [(&str, &[&str]); 22] = [
    ("let's encrypt", &["letsencrypt.org"]),
    (
        "digicert",
        &[
            "digicert.com",
            "digicert.ne.jp",
            "symantec.com",
            "thawte.com",
            "geotrust.com",
            "rapidssl.com",
            "www.digicert.com",
            "volusion.digitalcertvalidation.com",
            "stratossl.digitalcertvalidation.com",
            "quovadisglobal.com",
        ],
    ),
    ("quovadis", &["quovadisglobal.com", "digicert.com"]),
    ("sectigo", &["sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com"]),
    ("comodo", &["sectigo.com", "comodo.com", "comodoca.com", "usertrust.com"]),
    ("zerossl", &["sectigo.com", "comodoca.com", "zerossl.com"]),
    ("google trust services", &["pki.goog"]),
    ("globalsign", &["globalsign.com"]),
    ("amazon", &["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"]),
    ("godaddy", &["godaddy.com", "starfieldtech.com"]),
    ("starfield", &["starfieldtech.com", "godaddy.com"]),
    ("entrust", &["entrust.net", "affirmtrust.com"]),
    ("buypass", &["buypass.com", "buypass.no"]),
    ("ssl corporation", &["ssl.com"]),
    ("actalis", &["actalis.it"]),
    ("asseco", &["certum.pl", "certum.eu"]),
    ("unizeto", &["certum.pl", "certum.eu"]),
    ("identrust", &["identrust.com"]),
    ("hellenic academic", &["harica.gr"]),
    ("d-trust", &["d-trust.net", "dtrust.de"]),
    ("swisssign", &["swisssign.com"]),
    ("microsoft", &["microsoft.com"]),
];

fn take_tlsa(
    records: &mut Records,
    answer: &Answer<Tlsa>,
    host: &str,
    port: u16,
    judged: &[Judged],
) -> Option<Finding> {
    records.tlsa_validated = answer.authenticated;
    let first = judged.iter().find(|one| one.served.name.is_some())?;
    records.tlsa = answer.records.iter().map(|record| told(record, first)).collect();
    if answer.records.is_empty() {
        return None;
    }
    // Every key that the server uses needs a record that fits.
    let misfit = judged.iter().filter(|one| one.served.name.is_some()).find(|one| {
        !answer.records.iter().any(|record| fits(record, one).is_some() || names_anchor(record, one))
    });
    let lines: Vec<String> =
        records.tlsa.iter().map(|record| format!("_{port}._tcp.{host} TLSA {}", record.text)).collect();
    let reproduce = Some(format!("dig +dnssec _{port}._tcp.{host} TLSA"));
    if let Some(misfit) = misfit {
        let leaf = misfit.leaf()?;
        let pin = leaf.spki_sha256.clone().unwrap_or_default();
        let severity = if answer.authenticated { Severity::High } else { Severity::Medium };
        return Some(Finding {
            evidence: lines
                .into_iter()
                .chain([format!("SHA-256 of the key that is served: {pin}")])
                .collect(),
            fix: vec![format!(
                "Publish the record of the key that is served: _{port}._tcp.{host} TLSA 3 1 1 {pin}"
            )],
            reproduce,
            ..finding(
                "tls/tlsa-mismatch",
                severity,
                format!(
                    "None of the {} TLSA records of {host}, port {port}, fits the certificate that is served.",
                    answer.records.len()
                ),
                "Clients that follow DANE, mail servers above all, refuse the connection.",
            )
        });
    }
    (!answer.authenticated).then(|| Finding {
        evidence: lines,
        fix: vec![
            "Sign the zone with DNSSEC; if it is signed, ask a name server that validates, and see whether it agrees.".to_owned(),
        ],
        reproduce,
        ..finding(
            "tls/tlsa-not-validated",
            Severity::Info,
            format!("{host} has TLSA records for port {port}, and the name server does not vouch for them."),
            "Clients ignore TLSA records that DNSSEC does not prove. A name server that does not validate never vouches for any.",
        )
    })
}

fn told(record: &Tlsa, judged: &Judged) -> TlsaRecord {
    let usage = match record.usage {
        0 => "PKIX-TA".to_owned(),
        1 => "PKIX-EE".to_owned(),
        2 => "DANE-TA".to_owned(),
        3 => "DANE-EE".to_owned(),
        other => other.to_string(),
    };
    let Tlsa { usage: number, selector, matching, data } = record;
    TlsaRecord {
        text: format!("{number} {selector} {matching} {}", HEXLOWER.encode(data)),
        usage,
        fits: fits(record, judged),
    }
}

/// The certificate that a record fits (RFC 6698, 2.1): those of servers the leaf alone, those of authorities the others; the sorts of
/// PKIX demand a chain that is trusted besides.
fn fits(record: &Tlsa, judged: &Judged) -> Option<usize> {
    let trusted = judged.is_public() || judged.is_trusted_here();
    let places: Vec<usize> = match record.usage {
        1 if trusted => vec![0],
        3 => vec![0],
        0 if trusted => judged.served.path.iter().copied().filter(|place| *place > 0).collect(),
        2 => judged.served.path.iter().copied().filter(|place| *place > 0).collect(),
        _ => Vec::new(),
    };
    places.into_iter().find(|place| judged.chain.get(*place).is_some_and(|one| is_of(record, one)))
}

/// Whether a record is of a trusted root that is not sent.
fn names_anchor(record: &Tlsa, judged: &Judged) -> bool {
    let trusted = judged.is_public() || judged.is_trusted_here();
    record.usage == 0 && trusted && judged.anchors.iter().any(|one| is_of(record, one))
}

fn is_of(record: &Tlsa, certificate: &Certificate) -> bool {
    let parsed = pki::Certificate::read(&certificate.der);
    let selected = match record.selector {
        0 => Some(certificate.der.as_slice()),
        1 => parsed.as_ref().and_then(|parsed| parsed.key).map(|key| key.whole),
        _ => None,
    };
    selected.is_some_and(|bytes| match record.matching {
        0 => bytes == record.data,
        1 => digest(&SHA256, bytes).as_ref() == record.data,
        2 => digest(&SHA512, bytes).as_ref() == record.data,
        _ => false,
    })
}
