//! The certificates of a handshake that went through.

use jiff::{SignedDuration, Timestamp};
use portreeve_tls::Certificate;
use portreeve_tls::chain::{Missing, Trust, Verdict};

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

    fn dates(&self) -> Option<Finding> {
        let (leaf, now) = (self.leaf, self.scene.now);
        if leaf.not_before > now {
            return Some(self.early());
        }
        if leaf.not_after >= now {
            return None;
        }
        if let Some(theirs) = self.scene.served_at().filter(|theirs| is_valid(leaf, *theirs)) {
            return Some(self.clock(&format!("the server's {}", moment(theirs)), now.duration_since(theirs)));
        }
        let statement = format!(
            "{} expired {} ago, on {}.",
            self.certificate(),
            span(now.duration_since(leaf.not_after)),
            moment(leaf.not_after)
        );
        let mut finding = self.finding("expired", statement);
        let newer = self.better(self.scene.name());
        if let Some(one) = newer {
            let until = one.chain.first().map(|other| moment(other.not_after)).unwrap_or_default();
            finding = finding
                .seen(
                    "file",
                    format!("{one} is valid until {until}: renewed, and not loaded"),
                    format!("openssl x509 -noout -enddate -in {}", one.path),
                )
                .fix(format!("Load the renewed certificate: {}", advice::reload(self.scene.case)));
        } else if let Some(one) = self.configured() {
            finding = finding.seen(
                "file",
                format!("{one} is that certificate"),
                format!("openssl x509 -noout -enddate -in {}", one.path),
            );
        }
        Some(finding.fix(format!(
            "Renew it (certbot renew, or ask its issuer {}), then {}",
            or_empty(&leaf.issuer),
            advice::reload(self.scene.case)
        )))
    }

    /// Not yet valid: the certificate, or the clock.
    fn early(&self) -> Finding {
        let (leaf, now) = (self.leaf, self.scene.now);
        let ahead = leaf.not_before.duration_since(now);
        // Authorities that everybody trusts do not sign for the future (Baseline Requirements, 6.3.2).
        let is_public = self.verdict.is_public && self.verdict.trust == Trust::Trusted;
        let other = self.scene.case.tls.tries.iter().filter_map(|other| other.meeting.leaf());
        let several = other.filter(|other| other.not_before > now && other.der != leaf.der).count() > 0;
        if let Some(theirs) = self.scene.served_at().filter(|theirs| is_valid(leaf, *theirs)) {
            self.clock(&format!("the server's {}", moment(theirs)), theirs.duration_since(now))
        } else if now.as_second() < EARLIEST {
            self.clock("a time before this program was made", ahead)
        } else if is_public {
            self.clock("and public authorities do not sign for the future", ahead)
        } else if several {
            self.clock("and several certificates are not yet valid", ahead)
        } else {
            let statement = format!(
                "{} is valid only from {}, in {}.",
                self.certificate(),
                moment(leaf.not_before),
                span(ahead)
            );
            self.finding("not-yet-valid", statement)
                .seen("clock", format!("this machine's clock shows {}", moment(now)), "date -u")
                .fix("Check the clock: timedatectl")
                .fix(format!("Use a certificate that is valid now, then {}", advice::reload(self.scene.case)))
        }
    }

    /// This machine's clock is wrong.
    fn clock(&self, reason: &str, by: SignedDuration) -> Finding {
        let now = moment(self.scene.now);
        let statement = format!(
            "This machine's clock shows {now}, {reason}: it is wrong by {} or more, so that a good certificate seems out of its dates.",
            span(by)
        );
        self.finding("clock", statement)
            .seen("clock", format!("this machine's clock shows {now}"), "date -u")
            .fix("Set the clock: timedatectl set-ntp true, or chronyc makestep")
    }

    fn upper_dates(&self) -> Option<Finding> {
        let chain = &self.scene.tried.meeting.chain;
        let place = self.verdict.expired.iter().find(|place| **place != 0);
        if let Some(expired) = place.and_then(|place| chain.get(*place)) {
            let statement = format!(
                "The intermediate certificate {} that is sent expired on {}.",
                or_empty(&expired.subject),
                moment(expired.not_after)
            );
            return Some(
                self.finding("intermediate-expired", statement)
                    .seen("certificate", self.sent(), self.scene.client("-showcerts"))
                    .fixes(self.fetch())
                    .fix(format!(
                        "Replace it by the issuer's present intermediate certificate, {}, then {}",
                        advice::chain(self.scene.case),
                        advice::reload(self.scene.case)
                    )),
            );
        }
        let (root, end) =
            self.verdict.expired_root.as_ref().filter(|_| self.verdict.trust == Trust::Trusted)?;
        let statement =
            format!("The authority {root}, to which the certificate leads, expired on {}.", moment(*end));
        Some(
            self.finding("intermediate-expired", statement)
                .seen("store", self.scene.case.tls.store.clone(), "")
                .fix("Use a certificate of an authority that is valid, or update the trust store: update-ca-certificates"),
        )
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

    fn trust(&self, judgement: &mut Judgement) -> Option<Finding> {
        let leaf = self.leaf;
        let store = &self.scene.case.tls.store;
        let named = self.scene.name().is_some();
        let (code, statement, is_internal) = match &self.verdict.trust {
            Trust::Trusted => return None,
            Trust::SelfSigned => (
                "self-signed",
                format!(
                    "{} is signed by itself ({}), and no client trusts it.",
                    self.certificate(),
                    or_empty(&leaf.subject)
                ),
                true,
            ),
            Trust::UntrustedRoot(place) => {
                let root = self
                    .scene
                    .tried
                    .meeting
                    .chain
                    .get(*place)
                    .map(|one| one.subject.clone())
                    .unwrap_or_default();
                (
                    "untrusted-issuer",
                    format!("{} leads to {}, which is not in {store}.", self.certificate(), or_empty(&root)),
                    true,
                )
            }
            Trust::UnknownIssuer { place, missing } => {
                return self.unknown_issuer(*place, missing.as_ref(), judgement);
            }
            Trust::WeakSignature(place) => {
                let weak = self.scene.tried.meeting.chain.get(*place).unwrap_or(leaf);
                let statement = format!(
                    "The certificate {} is signed with {}, which clients refuse.",
                    or_empty(&weak.subject),
                    weak.signature
                );
                ("weak-signature", statement, false)
            }
            Trust::Malformed(place, why) => (
                "invalid-certificate",
                format!("Certificate {place} of the chain can not be read: {why}."),
                false,
            ),
            Trust::Refused(_) if leaf.has_weak_key() => return None,
            Trust::Refused(why) => return Some(self.refused(why)),
        };
        if is_internal && !named {
            judgement.note("private-authority", statement);
            return None;
        }
        let finding =
            self.finding(code, statement).seen("certificate", self.sent(), self.scene.client("-showcerts"));
        Some(match code {
            "weak-signature" | "invalid-certificate" => finding
                .fix(format!("Get a new certificate signed with SHA-256, then {}", advice::reload(self.scene.case))),
            "self-signed" => finding
                .fix(format!("Get a certificate of a public authority: certbot certonly -d {}", self.scene.name().unwrap_or("NAME")))
                .fix("If only your own clients are to use it, add it to their trust stores"),
            _ => finding
                .fix("Add that authority to the clients' trust stores: /usr/local/share/ca-certificates/NAME.crt, then update-ca-certificates")
                .fix(format!("Or use a certificate of a public authority: certbot certonly -d {}", self.scene.name().unwrap_or("NAME"))),
        })
    }

    fn refused(&self, why: &str) -> Finding {
        let statement = format!("{} is refused by clients: {why}.", self.certificate());
        let finding = self
            .finding("invalid-certificate", statement)
            .seen("certificate", self.sent(), self.scene.client("-showcerts"))
            .fix(format!(
                "Get a certificate that is made for servers, then {}",
                advice::reload(self.scene.case)
            ));
        // Browsers differ about an authority's certificate used as a server's.
        if why.contains("CaUsedAsEndEntity") || why.contains("end entity") {
            finding.partial()
        } else {
            finding
        }
    }

    fn unknown_issuer(
        &self,
        place: usize,
        missing: Option<&Missing>,
        judgement: &mut Judgement,
    ) -> Option<Finding> {
        let chain = &self.scene.tried.meeting.chain;
        let last = chain.get(place).unwrap_or(self.leaf);
        let issuer = or_empty(&last.issuer);
        let on_disk = self.issuer_on_disk(last);
        let is_root_on_disk = on_disk.is_some_and(|(_, one)| one.is_self_issued());
        let is_missing = match (on_disk, missing) {
            (Some(_), _) => !is_root_on_disk,
            (None, Some(Missing::Name)) => self.scene.name().is_some(),
            (None, missing) => missing.is_some(),
        };
        if !is_missing {
            let statement = format!(
                "{} is issued by {issuer}, which is not in {}.",
                self.certificate(),
                self.scene.case.tls.store
            );
            if self.scene.name().is_none() {
                judgement.note("private-authority", statement);
                return None;
            }
            return Some(
                self.finding("untrusted-issuer", statement)
                    .seen("certificate", self.sent(), self.scene.client("-showcerts"))
                    .fix("Add that authority to the clients' trust stores: /usr/local/share/ca-certificates/NAME.crt, then update-ca-certificates")
                    .fix(format!("Or use a certificate of a public authority: certbot certonly -d {}", self.scene.name().unwrap_or("NAME")))
                    .fix(format!("If {issuer} is an intermediate, send it too, {}", advice::chain(self.scene.case))),
            );
        }
        let statement = format!(
            "{} does not send the intermediate certificate {issuer}: what it sends leads to no authority that clients trust.",
            self.scene.server()
        );
        let mut finding = self.finding("incomplete-chain", statement).seen(
            "certificate",
            self.sent(),
            self.scene.client("-showcerts"),
        );
        finding = match missing {
            Some(Missing::Gap(upper)) => finding.seen(
                "certificate",
                format!("{upper} is trusted and does not sign {}", or_empty(&last.subject)),
                "",
            ),
            Some(Missing::IssuerOfIssuer(upper)) => finding.seen(
                "certificate",
                format!("the certificate says that its issuer is issued by {upper}"),
                "",
            ),
            Some(Missing::Kin(root)) => {
                finding.seen("store", format!("the store has {root}, of the same house as {issuer}"), "")
            }
            Some(Missing::Url(_) | Missing::Name) | None => finding,
        };
        if let Some((file, _)) = on_disk {
            finding = finding
                .seen("file", format!("{file} has it"), format!("openssl x509 -noout -subject -in {file}"))
                .fix(format!(
                    "Append {file} to the certificate, {}, then {}",
                    advice::chain(self.scene.case),
                    advice::reload(self.scene.case)
                ));
        }
        Some(finding.fixes(self.fetch()).fix(format!(
            "Append the intermediate certificate to the server's own, {} (certbot: use fullchain.pem), then {}",
            advice::chain(self.scene.case),
            advice::reload(self.scene.case)
        )))
    }

    /// The certificate of an issuer among those that the configuration names.
    fn issuer_on_disk(&self, last: &Certificate) -> Option<(&str, &Certificate)> {
        self.scene.case.tls.configured.iter().find_map(|file| {
            let found = file.chain.iter().find(|one| one.raw_subject == last.raw_issuer)?;
            Some((file.path.as_str(), found))
        })
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
