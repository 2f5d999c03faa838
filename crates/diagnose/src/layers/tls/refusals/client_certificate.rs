//! The server asks for a certificate of the client.

use portreeve_tls::client::Ending;
use portreeve_wire::tls::AlertDescription;

use super::Of;
use crate::layers::tls::finding::Finding;

impl Of<'_> {
    /// The server asked for a client certificate, and refused who has none.
    pub(super) fn client_certificate(&self) -> Option<Finding> {
        use AlertDescription::{
            AccessDenied, BadCertificate, CertificateRequired, CertificateUnknown, HandshakeFailure,
            NoCertificate, UnknownCa,
        };
        let refusal = self.meeting.refusal();
        let asked = self.meeting.client_certificate.as_ref();
        let says_so = refusal == Some(CertificateRequired);
        let means_so = asked.is_some()
            && match refusal {
                Some(alert) => [
                    HandshakeFailure,
                    BadCertificate,
                    CertificateUnknown,
                    UnknownCa,
                    AccessDenied,
                    NoCertificate,
                ]
                .contains(&alert),
                None => matches!(self.meeting.ending, Ending::Closed | Ending::Reset),
            };
        if !says_so && !means_so {
            return None;
        }
        let statement = format!(
            "{} demands a client certificate{}, and refuses those without one.",
            self.scene.server(),
            self.authorities()
        );
        Some(self.with_client_certificate(self.finding("client-certificate-required", statement)))
    }

    /// nginx, Caddy and others go through with the handshake, and refuse over HTTP.
    pub(super) fn client_certificate_for_http(&self) -> Option<Finding> {
        const WORDS: [&str; 3] = [
            "No required SSL certificate was sent",
            "The SSL certificate error",
            "client certificate required",
        ];
        self.meeting.client_certificate.as_ref()?;
        let says = |answer: &&crate::facts::http::Answer| WORDS.iter().any(|words| answer.says(words));
        let answer = self.scene.answers().find(says)?;
        let statement = format!(
            "{} demands a client certificate{}, and answers {} to those without one.",
            self.scene.server(),
            self.authorities(),
            answer.status
        );
        let finding = Finding::new("client-certificate-required", statement, self.scene.endpoint());
        Some(self.with_client_certificate(finding))
    }

    fn authorities(&self) -> String {
        match self.meeting.client_certificate.as_deref() {
            None | Some([]) => String::new(),
            Some(names) => format!(" of {}", names.iter().take(3).cloned().collect::<Vec<_>>().join(" or ")),
        }
    }

    fn with_client_certificate(&self, finding: Finding) -> Finding {
        let asked = self.meeting.client_certificate.as_deref();
        let finding = match asked {
            None => finding,
            Some(names) => {
                let names = if names.is_empty() { "any".to_owned() } else { names.join("; ") };
                let text = format!("CertificateRequest, authorities: {names}");
                finding.seen("handshake", text, self.scene.client(""))
            }
        };
        let port = self.scene.endpoint().port();
        finding
            .fix(format!(
                "Connect with a certificate{}: curl --cert CLIENT.pem --key CLIENT.key https://{}:{port}/",
                self.authorities(),
                self.scene.name().unwrap_or("HOST")
            ))
            .fix(
                "If it is not meant to be demanded: nginx ssl_verify_client optional or off, Apache SSLVerifyClient none, HAProxy \
                 verify optional",
            )
    }
}
