//! The certificates of a handshake that went through.

mod dates;
mod trust;

use jiff::{SignedDuration, Timestamp};
use portreeve_tls::Certificate;
use portreeve_tls::chain::{Trust, Verdict};

use super::advice;
use super::finding::Finding;
use super::scene::{Scene, moment, span};
use crate::facts::ConfiguredCertificate;
use crate::layers::Judgement;

/// No clock that is right shows a time before this: the first versions of this program are later.
const EARLIEST: i64 = 1_767_225_600;

/// Names that are on certificates which were made so that a server starts, not for users.
const DEFAULTS: [&str; 12] = [
    "localhost",
    "localhost.localdomain",
    "ubuntu",
    "debian",
    "snakeoil",
    "snake-oil",
    "kubernetes ingress controller fake certificate",
    "traefik default cert",
    "example.com",
    "default",
    "invalid",
    "plesk",
];

/// What is wrong with them, in the order in which it keeps out.
pub(super) fn judge(scene: &Scene<'_>, judgement: &mut Judgement) -> Vec<Finding> {
    let (Some(leaf), Some(verdict)) = (scene.tried.meeting.leaf(), &scene.tried.verdict) else {
        return Vec::new();
    };
    let of = Of { scene, leaf, verdict };
    of.note(judgement);
    let mut findings: Vec<Finding> = [of.key(), of.name(), of.dates(), of.upper_dates(), of.trust(judgement)]
        .into_iter()
        .flatten()
        .collect();
    findings.extend(of.strength());
    findings.extend(of.staple());
    findings
}

/// One chain among all facts.
struct Of<'a> {
    scene: &'a Scene<'a>,
    leaf: &'a Certificate,
    verdict: &'a Verdict,
}

impl Of<'_> {
    fn finding(&self, code: &'static str, statement: String) -> Finding {
        let leaf = self.leaf;
        let text = format!(
            "subject {}, issuer {}, for {}, valid {} to {}, SHA-256 {}",
            or_empty(&leaf.subject),
            or_empty(&leaf.issuer),
            leaf.names_in_short(),
            moment(leaf.not_before),
            moment(leaf.not_after),
            leaf.fingerprint,
        );
        Finding::new(code, statement, self.scene.endpoint()).seen(
            "certificate",
            text,
            self.scene.certificate(),
        )
    }

    /// `The certificate that nginx (pid 812) sends`.
    fn certificate(&self) -> String {
        let server = self.scene.server();
        let server = if server == "The server" { "the server".to_owned() } else { server };
        format!("The certificate that {server} sends")
    }

    /// The certificate on disk that is the one on the wire.
    fn configured(&self) -> Option<&ConfiguredCertificate> {
        let same =
            |one: &&ConfiguredCertificate| one.chain.first().is_some_and(|leaf| leaf.der == self.leaf.der);
        self.scene.case.tls.configured.iter().find(same)
    }

    /// A certificate on disk that would do: for these names, and valid.
    fn better(&self, name: Option<&str>) -> Option<&ConfiguredCertificate> {
        self.scene.case.tls.configured.iter().find(|one| {
            one.chain.first().is_some_and(|other| {
                let fits = match name {
                    Some(name) => other.is_for(name),
                    None => other.names == self.leaf.names,
                };
                other.der != self.leaf.der && fits && is_valid(other, self.scene.now)
            })
        })
    }

    fn key(&self) -> Option<Finding> {
        let why = self.scene.tried.meeting.proof.as_ref()?.as_ref().err()?;
        if self.leaf.has_weak_key() || self.leaf.malformed.is_some() {
            return None;
        }
        let statement = format!(
            "{} is not that of its key: its signature in the handshake does not fit the certificate.",
            self.certificate()
        );
        Some(
            self.finding("key-mismatch", statement)
                .seen("handshake", format!("signature of the handshake: {why}"), self.scene.client(""))
                .fix(format!(
                    "Compare both: openssl x509 -noout -pubkey -in CERTIFICATE, openssl pkey -pubout -in KEY; configure the key \
                     that belongs to the certificate, then {}",
                    advice::reload(self.scene.case)
                )),
        )
    }

    fn name(&self) -> Option<Finding> {
        let name = self.scene.name().filter(|name| !self.leaf.is_for(name))?;
        let same_name = |certificate: &Certificate| certificate.is_for(name);
        let elsewhere = self.scene.case.tls.tries.iter().find(|other| {
            other.endpoint != self.scene.endpoint() && other.meeting.leaf().is_some_and(same_name)
        });
        let unnamed = self
            .scene
            .tried
            .second
            .without_name
            .as_ref()
            .and_then(|other| other.leaf())
            .filter(|leaf| same_name(leaf));
        let on_disk = self.better(Some(name));
        let is_default = self.leaf.is_self_issued() && is_made_for_nobody(self.leaf);
        let has_evidence = elsewhere.is_some() || unnamed.is_some() || on_disk.is_some() || is_default;
        let for_names = if self.leaf.names.is_empty() && self.leaf.addresses.is_empty() {
            match &self.leaf.common_name {
                Some(common) => format!(
                    "has no subject alternative name, only the common name {common}, which clients no longer look at"
                ),
                None => "has no name at all".to_owned(),
            }
        } else {
            format!("is for {}, not for {name}", self.leaf.names_in_short())
        };
        let (code, what) = if is_default {
            ("wrong-certificate", "is a default one that no client accepts: it ")
        } else if has_evidence {
            ("wrong-certificate", "is another site's: it ")
        } else {
            ("name-mismatch", "")
        };
        let mut finding = self.finding(code, format!("{} {what}{for_names}.", self.certificate()));
        if let Some(other) = elsewhere {
            let text = format!("{} sends a certificate for {name}", other.endpoint);
            finding = finding.seen(
                "certificate",
                text,
                format!("openssl s_client -connect {} -servername {name} </dev/null", other.endpoint),
            );
        }
        if unnamed.is_some() {
            let text = format!("without SNI, the server sends a certificate for {name}");
            finding = finding.seen(
                "certificate",
                text,
                format!("openssl s_client -connect {} -noservername </dev/null", self.scene.endpoint()),
            );
        }
        if let Some(one) = on_disk {
            let command = format!("openssl x509 -noout -ext subjectAltName -in {}", one.path);
            finding = finding.seen("file", format!("{one} has a certificate for {name}"), command).fix(
                format!("Let the site {name} use {}, then {}", one.path, advice::reload(self.scene.case)),
            );
        }
        Some(finding.fix(format!(
            "Get a certificate for {name} (certbot certonly -d {name}), or let the site of that name answer here: its server_name or \
             ServerName, and that it listens on port {}",
            self.scene.endpoint().port()
        )))
    }

    /// `0: CN=a by CN=b; 1: ...`.
    fn sent(&self) -> String {
        let line = |(place, one): (usize, &Certificate)| {
            format!(
                "{place}: {} by {} until {}",
                or_empty(&one.subject),
                or_empty(&one.issuer),
                moment(one.not_after)
            )
        };
        self.scene.tried.meeting.chain.iter().enumerate().map(line).collect::<Vec<_>>().join("; ")
    }

    /// How the issuer's certificate is fetched.
    fn fetch(&self) -> Option<String> {
        let last = self.verdict.path.last().and_then(|place| self.scene.tried.meeting.chain.get(*place))?;
        let url =
            last.issuer_urls.iter().chain(&self.leaf.issuer_urls).find(|url| url.starts_with("http"))?;
        Some(format!("Fetch it: curl -s {url} | openssl x509 -inform der >> CHAIN.pem"))
    }

    fn strength(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let on_path = self.verdict.path.iter().filter_map(|place| self.scene.tried.meeting.chain.get(*place));
        if let Some(weak) = on_path.clone().find(|one| one.has_weak_key()) {
            let statement = format!(
                "The key of the certificate {} is {} with {} bits: clients demand 2048 (RSA) or 256 (EC).",
                or_empty(&weak.subject),
                weak.key,
                weak.key_bits
            );
            findings.push(self.finding("weak-key", statement).fix(
                "Make a new key and get a certificate for it: openssl ecparam -genkey -name prime256v1",
            ));
        }
        let is_told = matches!(self.verdict.trust, Trust::WeakSignature(_));
        let weak = on_path.clone().find(|one| one.has_weak_signature() && !one.is_self_issued());
        if let Some(weak) = weak.filter(|_| !is_told) {
            let statement = format!(
                "The certificate {} is signed with {}, which clients refuse.",
                or_empty(&weak.subject),
                weak.signature
            );
            let finding = self.finding("weak-signature", statement).fix(format!(
                "Get a new certificate signed with SHA-256, then {}",
                advice::reload(self.scene.case)
            ));
            findings.push(finding);
        }
        findings
    }

    fn staple(&self) -> Option<Finding> {
        if !self.leaf.must_staple || self.scene.tried.meeting.stapled > 0 {
            return None;
        }
        let statement = format!(
            "{} demands a stapled OCSP response, and none was sent: Firefox and others refuse it.",
            self.certificate()
        );
        let finding = self
            .finding("must-staple-without-staple", statement)
            .seen("handshake", "0 bytes of OCSP response", self.scene.client("-status"))
            .fix(format!(
                "Switch stapling on (nginx: ssl_stapling on; Apache: SSLUseStapling on), then {}",
                advice::reload(self.scene.case)
            ))
            .fix("Or get a certificate without the TLS feature extension");
        Some(finding.partial())
    }

    /// What keeps nobody out.
    fn note(&self, judgement: &mut Judgement) {
        let (leaf, now) = (self.leaf, self.scene.now);
        let is_valid = is_valid(leaf, now);
        let left = leaf.not_after.duration_since(now);
        // Certbot renews when a third is left: what is well below that was not renewed.
        if is_valid && left.as_secs() * 10 < leaf.lifetime().as_secs() * 3 {
            judgement.note(
                "expires-soon",
                format!("{} ends in {}, on {}.", self.certificate(), span(left), moment(leaf.not_after)),
            );
        }
        if let Some(one) = self.better(None).filter(|_| is_valid) {
            let is_newer = one.chain.first().is_some_and(|other| other.not_after > leaf.not_after);
            if is_newer {
                judgement.note(
                    "not-reloaded",
                    format!(
                        "{one} is newer than the certificate that is sent: {}",
                        advice::reload(self.scene.case)
                    ),
                );
            }
        }
        if !self.verdict.in_order {
            judgement.note(
                "bad-chain-order",
                format!("The certificates are not sent in the order in which they are signed, which some old clients refuse: {}.", self.sent()),
            );
        }
        if !self.verdict.surplus.is_empty() {
            let which =
                self.verdict.surplus.iter().filter_map(|place| self.scene.tried.meeting.chain.get(*place));
            let names: Vec<&str> = which.map(|one| or_empty(&one.subject)).collect();
            judgement.note(
                "surplus-certificates",
                format!("The server sends certificates that lead nowhere: {}.", names.join("; ")),
            );
        }
        if self.scene.name().is_none() {
            judgement.note(
                "no-name-asked",
                format!(
                    "No name was asked for, so the names of the certificate ({}) were not compared with one.",
                    leaf.names_in_short()
                ),
            );
        }
        if self.scene.case.tls.is_without_store {
            judgement.note(
                "no-trust-store",
                "This system has no trust store; the certificate was judged by Mozilla's list.",
            );
        }
    }
}

fn is_valid(certificate: &Certificate, now: Timestamp) -> bool {
    let margin = SignedDuration::ZERO;
    certificate.not_before <= now + margin && certificate.not_after >= now
}

fn is_made_for_nobody(certificate: &Certificate) -> bool {
    let all = certificate.names.iter().map(String::as_str).chain(certificate.common_name.as_deref());
    let mut names = all.map(str::to_lowercase).peekable();
    names.peek().is_some() && names.all(|name| DEFAULTS.contains(&name.as_str()) || !name.contains('.'))
}

/// A name of a certificate; some are empty.
fn or_empty(name: &str) -> &str {
    if name.is_empty() { "(no name)" } else { name }
}
