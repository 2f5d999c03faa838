//! Client and server have no version, suite or application protocol in common.

use portreeve_tls::client::Ending;
use portreeve_tls::old::Reply;
use portreeve_wire::tls::{AlertDescription, Answer, ServerHello, Usage, Version};

use super::Of;
use crate::layers::tls::advice;
use crate::layers::tls::finding::Finding;

impl Of<'_> {
    pub(super) fn application_protocol(&self) -> Option<Finding> {
        if self.meeting.refusal() != Some(AlertDescription::NoApplicationProtocol) {
            return None;
        }
        let offered = if self.scene.is_http() { "http/1.1 and h2" } else { "none" };
        let statement = format!(
            "{} refuses the application protocols of clients ({offered} offered).",
            self.scene.server()
        );
        Some(
            self.finding("alpn-refused", statement)
                .seen("handshake", "refused with HTTP/1.1, and with HTTP/2", self.scene.client("-alpn h2,http/1.1"))
                .fix("Allow http/1.1 (HAProxy: alpn h2,http/1.1), or find out what is meant to be spoken there"),
        )
    }

    /// What the server says to clients of ten years ago, or has said to this one.
    pub(super) fn old(&self) -> Option<Finding> {
        let first = match Answer::decode(&self.meeting.first) {
            Ok(Answer::Hello(hello)) => {
                Some(hello).filter(|hello| hello.version.value() < Version::Tls12.value())
            }
            _ => None,
        };
        let replies = self.scene.tried.second.old.iter().filter_map(|(_, reply)| match reply {
            Reply::Tls(Answer::Hello(hello)) => Some(hello.clone()),
            _ => None,
        });
        let hello = replies.chain(first).max_by_key(|hello| hello.version.value())?;
        if hello.version.value() >= Version::Tls12.value() {
            self.suite(&hello)
        } else {
            Some(self.version(&hello))
        }
    }

    pub(super) fn version(&self, hello: &ServerHello) -> Finding {
        let statement = format!(
            "{} speaks {} at the most, which was withdrawn and which no client of today offers.",
            self.scene.server(),
            hello.version
        );
        let option = match hello.version {
            Version::Tls10 => "-tls1 -cipher DEFAULT@SECLEVEL=0",
            Version::Ssl3 => "-ssl3 -cipher ALL@SECLEVEL=0",
            _ => "-tls1_1 -cipher DEFAULT@SECLEVEL=0",
        };
        self.finding("legacy-server", statement)
            .seen(
                "handshake",
                format!("ServerHello to an old client's hello: {}, {}", hello.version, hello.suite),
                self.scene.client(option),
            )
            .fix(advice::versions(self.scene.case))
            .fix("If the server can not be changed, put a proxy with TLS 1.2 and 1.3 before it")
    }

    pub(super) fn suite(&self, hello: &ServerHello) -> Option<Finding> {
        let suite = hello.suite;
        let server = self.scene.server();
        let (statement, is_partial) = match suite.usage() {
            // The handshake failed, and this hello did not: it offers more groups and signature algorithms.
            Usage::Modern if !matches!(self.meeting.ending, Ending::Alert | Ending::Incompatible(_)) => {
                return None;
            }
            Usage::Modern => (
                format!(
                    "{server} has the suite {suite} in common with clients of today, but no group (X25519, P-256, P-384) or no \
                     signature algorithm."
                ),
                true,
            ),
            Usage::Declining => (
                format!(
                    "{server} offers only old suites such as {suite}, without forward secrecy or authenticated encryption: many clients \
                     of today refuse them (Go, Java, rustls), some browsers still do not."
                ),
                true,
            ),
            Usage::Withdrawn => (
                format!("{server} offers only suites such as {suite}, which no client of today offers."),
                false,
            ),
        };
        let finding = self
            .finding("suite-mismatch", statement)
            .seen(
                "handshake",
                format!("ServerHello to an old client's hello: {}, {suite}", hello.version),
                self.scene.client("-tls1_2 -cipher ALL@SECLEVEL=0"),
            )
            .fix(advice::suites(self.scene.case));
        let finding = if suite.usage() == Usage::Modern {
            finding.fix("Allow X25519 and P-256 (nginx: ssl_ecdh_curve auto;), and signatures with SHA-256")
        } else {
            finding.fix(advice::versions(self.scene.case))
        };
        Some(if is_partial { finding.partial() } else { finding })
    }

    pub(super) fn incompatible(&self, why: &str) -> Finding {
        self.finding("protocol-error", format!("{} breaks the rules of TLS: {why}.", self.scene.server()))
            .fix(self.read_log())
            .fix("Look whether something on the way changes the bytes: a proxy, an inspecting firewall")
    }
}
