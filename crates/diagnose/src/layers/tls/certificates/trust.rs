//! Whether a chain leads to somebody who is trusted.

use portreeve_tls::Certificate;
use portreeve_tls::chain::{Missing, Trust};

use super::{Of, or_empty};
use crate::layers::Judgement;
use crate::layers::tls::advice;
use crate::layers::tls::finding::Finding;

impl Of<'_> {
    pub(super) fn trust(&self, judgement: &mut Judgement) -> Option<Finding> {
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
}
