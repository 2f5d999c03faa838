//! A handshake that did not go through: what the server said, and what second tries say about the reason.

mod agreement;
mod client_certificate;

use std::time::Duration;

use portreeve_tls::client::{Ending, Meeting, Party};
use portreeve_tls::old::Reply;
use portreeve_tls::spoken::Spoken;
use portreeve_wire::tls::{AlertDescription, Answer};

use super::advice;
use super::finding::Finding;
use super::scene::{Scene, bytes};
use crate::layers::Judgement;

/// A server that answers nothing for less than this may be slow or far, or this host busy: three round trips over half the earth.
const FAIR: Duration = Duration::from_millis(1_200);

/// What is wrong, at most one thing: whatever ended the handshake.
pub(super) fn judge(scene: &Scene<'_>, judgement: &mut Judgement) -> Option<Finding> {
    let of = Of { scene, meeting: &scene.tried.meeting };
    match &of.meeting.ending {
        Ending::Done => {
            if let Some(finding) = of.client_certificate_for_http() {
                return Some(finding);
            }
            if scene.tried.second.with_http2.is_some() {
                judgement.note(
                    "http2-only",
                    format!("{} speaks HTTP/2 only, and refuses HTTP/1.1.", scene.server()),
                );
            }
            None
        }
        Ending::Failed(why) => {
            judgement.unknown(format!("no handshake with {}: {why}", scene.endpoint()), None);
            None
        }
        Ending::NotTls(spoken) => Some(of.not_tls(*spoken, &of.meeting.first)),
        ending => {
            let proven = of.proven();
            if proven.is_some() || of.is_for_names_only(judgement) {
                return proven;
            }
            if *ending == Ending::Timeout && of.meeting.took < FAIR && of.meeting.received == 0 {
                let given = of.meeting.took.as_millis();
                judgement.unknown(
                    format!(
                        "the handshake with {} was given {given} ms only: the rest of the time was used up",
                        scene.endpoint()
                    ),
                    Some("ask again when this host is less busy"),
                );
                return None;
            }
            Some(match ending {
                Ending::Alert => of.alert(),
                Ending::Incompatible(why) => of.incompatible(why),
                Ending::Timeout => of.timeout(),
                Ending::Reset => of.reset(),
                _ => of.closed(),
            })
        }
    }
}

struct Of<'a> {
    scene: &'a Scene<'a>,
    meeting: &'a Meeting,
}

impl Of<'_> {
    /// A finding with what ended the handshake as its first evidence.
    fn finding(&self, code: &'static str, statement: String) -> Finding {
        let finding = Finding::new(code, statement, self.scene.endpoint());
        match &self.meeting.alert {
            Some(alert) if alert.from == Party::Server => {
                let level = alert.level.map(|level| format!("{level} ")).unwrap_or_default();
                let raw: Vec<String> = alert.raw.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
                let text = format!(
                    "{level}alert {} ({}), bytes {}",
                    alert.description,
                    alert.description.value(),
                    raw.join(" ")
                );
                finding.seen("alert", text, self.scene.client(""))
            }
            _ => finding.seen("handshake", self.ended(), self.scene.client("")),
        }
    }

    fn ended(&self) -> String {
        let after = match self.meeting.received {
            0 => "not one byte of the server".to_owned(),
            count => format!("{count} bytes of the server, the first {}", bytes(&self.meeting.first)),
        };
        match &self.meeting.ending {
            Ending::Timeout => {
                format!("nothing more within {} ms, after {after}", self.meeting.took.as_millis())
            }
            Ending::Closed => format!("closed by the server after {after}"),
            Ending::Reset => format!("reset after {after}"),
            Ending::Incompatible(why) => format!("{why}, after {after}"),
            _ => after,
        }
    }

    /// What second tries prove, the surest first.
    fn proven(&self) -> Option<Finding> {
        let second = &self.scene.tried.second;
        if let Some(Reply::NotTls(spoken, bytes)) = second.http.as_ref().filter(|reply| !misses_tls(reply)) {
            return Some(self.not_tls(*spoken, bytes));
        }
        if let Some(reply) =
            second.old.iter().map(|(_, reply)| reply).find(|reply| matches!(reply, Reply::NotTls(..)))
            && let Reply::NotTls(spoken, bytes) = reply
        {
            return Some(self.not_tls(*spoken, bytes));
        }
        self.client_certificate()
            .or_else(|| self.name())
            .or_else(|| self.application_protocol())
            .or_else(|| self.old())
            .or_else(|| self.proxy_protocol())
    }

    fn not_tls(&self, spoken: Spoken, first: &[u8]) -> Finding {
        let port = self.scene.endpoint().port();
        let target = &self.scene.case.question.target;
        let finding = Finding::new(
            "not-tls",
            format!("{} speaks {spoken} on port {port}, where TLS is expected.", self.scene.server()),
            self.scene.endpoint(),
        );
        let show = if spoken == Spoken::Http {
            format!("curl -si http://{}/ | head -1", self.scene.endpoint())
        } else {
            format!("timeout 3 nc {} {port} </dev/null | head -c 64", self.scene.endpoint().ip())
        };
        let finding = finding.seen("answer", format!("its first bytes: {}", bytes(first)), show);
        match spoken {
            Spoken::Http => {
                let host = target.name.clone().unwrap_or_else(|| self.scene.endpoint().ip().to_string());
                finding
                    .fix(advice::encryption(self.scene.case))
                    .fix(format!("Or use it as it is: http://{host}:{port}{}", target.path))
            }
            Spoken::Smtp | Spoken::Imap | Spoken::Pop3 | Spoken::Ftp | Spoken::Mysql | Spoken::Nats => {
                finding
                    .fix("Use STARTTLS with it, or its port for TLS from the first byte (465, 993, 995, 990)")
                    .fix(format!("Find out why it listens on port {port}: ss -ltnp 'sport = :{port}'"))
            }
            _ => finding
                .fix(format!(
                    "Let another program have port {port}: ss -ltnp 'sport = :{port}' shows who has it"
                ))
                .fix(advice::encryption(self.scene.case)),
        }
    }

    /// The server makes a difference between those who name a site and those who do not.
    fn name(&self) -> Option<Finding> {
        let second = &self.scene.tried.second;
        let is_unrecognized = self.meeting.refusal() == Some(AlertDescription::UnrecognizedName);
        if let Some(name) = self.scene.name() {
            let unnamed = second.without_name.as_ref().filter(|other| other.is_done());
            if !is_unrecognized && unnamed.is_none() {
                return None;
            }
            let statement =
                format!("{} has no site of the name {name}, and refuses the handshake.", self.scene.server());
            let mut finding = self.finding("unrecognized-name", statement);
            if let Some(leaf) = unnamed.and_then(Meeting::leaf) {
                let text = format!("without SNI it sends a certificate for {}", leaf.names_in_short());
                finding = finding.seen(
                    "handshake",
                    text,
                    format!("openssl s_client -connect {} -noservername </dev/null", self.scene.endpoint()),
                );
            }
            return Some(finding.fix(format!(
                "Configure a site of that name with a certificate (nginx: server_name {name}; Apache: ServerName {name}), then {}",
                advice::reload(self.scene.case)
            )).fix(format!("Or correct the name, or the record that leads it here: dig {name}")));
        }
        let named = second.with_names.iter().find(|other| other.is_done());
        let with_name = named.and_then(|other| other.name.clone());
        // An address or a bare port: those who use a name of the configuration are served, and nobody else is meant.
        if self.serves_its_names() || (!is_unrecognized && named.is_none()) {
            return None;
        }
        let statement = format!(
            "{} refuses those who do not name a site (SNI), as whoever connects by address.",
            self.scene.server()
        );
        let mut finding = self.finding("sni-required", statement);
        if let Some(name) = &with_name {
            let text = format!("with the name {name} the handshake goes through");
            finding = finding.seen(
                "handshake",
                text,
                format!("openssl s_client -connect {} -servername {name} </dev/null", self.scene.endpoint()),
            );
        }
        let name = with_name.unwrap_or_else(|| "NAME".to_owned());
        let port = match self.scene.endpoint().port() {
            443 => String::new(),
            port => format!(":{port}"),
        };
        Some(
            finding
                .fix(format!("Connect by name: https://{name}{port}/"))
                .fix("Or configure a default certificate (nginx: no ssl_reject_handshake in the default server; HAProxy: no strict-sni)"),
        )
    }

    /// A bare port whose server refuses who names nobody, and serves those who name a site of its configuration.
    fn serves_its_names(&self) -> bool {
        let target = &self.scene.case.question.target;
        let is_bare = target.name.is_none() && target.address.is_none();
        is_bare && self.scene.tried.second.with_names.iter().any(Meeting::is_done)
    }

    fn is_for_names_only(&self, judgement: &mut Judgement) -> bool {
        if !self.serves_its_names() {
            return false;
        }
        let name = self
            .scene
            .tried
            .second
            .with_names
            .iter()
            .find(|other| other.is_done())
            .and_then(|other| other.name.clone());
        judgement.note(
            "sni-required",
            format!(
                "{} refuses those who do not name a site (SNI); with the name {} the handshake goes through.",
                self.scene.server(),
                name.unwrap_or_default()
            ),
        );
        true
    }

    fn proxy_protocol(&self) -> Option<Finding> {
        let Some(Reply::Tls(Answer::Hello(hello))) = &self.scene.tried.second.proxied else { return None };
        let port = self.scene.endpoint().port();
        let statement = format!(
            "{} expects a line of the PROXY protocol before the handshake, and closes on clients that connect directly.",
            self.scene.server()
        );
        Some(
            self.finding("proxy-protocol-expected", statement)
                .seen(
                    "handshake",
                    format!("behind a PROXY line it answers: {}, {}", hello.version, hello.suite),
                    format!("curl -sk --haproxy-protocol https://{}/", self.scene.endpoint()),
                )
                .fix(format!("Let clients come through the load balancer that sends the line, and not to port {port} directly"))
                .fix("Or take it off: nginx `listen ... proxy_protocol`, HAProxy `accept-proxy`"),
        )
    }

    fn alert(&self) -> Finding {
        use AlertDescription::{HandshakeFailure, InsufficientSecurity, InternalError, ProtocolVersion};
        let server = self.scene.server();
        match self.meeting.refusal() {
            Some(ProtocolVersion) => self
                .finding(
                    "protocol-version",
                    format!("{server} refuses TLS 1.2 and TLS 1.3 (alert protocol_version), and older versions, too."),
                )
                .fix(advice::versions(self.scene.case)),
            Some(InternalError) => self
                .finding(
                    "internal-error",
                    format!("{server} ends the handshake for a fault of its own (alert internal_error), mostly a certificate or key that is not configured or can not be read."),
                )
                .fix(self.read_log())
                .fix(format!("Check the certificate and key of the site, and that the server may read them, then {}", advice::reload(self.scene.case))),
            Some(InsufficientSecurity) => self
                .finding("suite-mismatch", format!("{server} finds everything that clients offer too weak (alert insufficient_security)."))
                .fix(advice::suites(self.scene.case)),
            Some(HandshakeFailure) => self
                .finding(
                    "handshake-refused",
                    format!("{server} refuses every hello, of today's and of old clients (alert handshake_failure): it has no certificate that it can use, or demands what no client offers."),
                )
                .fix(self.read_log())
                .fix(format!("Check that a certificate and its key are configured for the site, then {}", advice::reload(self.scene.case)))
                .fix(advice::suites(self.scene.case)),
            other => {
                let alert = other.map_or_else(|| "an alert".to_owned(), |alert| format!("the alert {alert}"));
                self.finding("handshake-refused", format!("{server} refuses the handshake with {alert}.")).fix(self.read_log())
            }
        }
    }

    fn timeout(&self) -> Finding {
        let what = match self.meeting.received {
            0 => "takes the connection, and answers the handshake with nothing".to_owned(),
            count => format!("stops in the handshake after {count} bytes"),
        };
        self.finding(
            "handshake-timeout",
            format!("{} {what} within {:.1} s.", self.scene.server(), self.meeting.took.as_secs_f64()),
        )
        .symptom()
        .fix("See whether the process runs and takes connections: ss -ltn, and its state in ps")
        .fix(self.read_log())
    }

    fn closed(&self) -> Finding {
        self.finding(
            "closed-in-handshake",
            format!(
                "{} closes the connection in the handshake, after {}.",
                self.scene.server(),
                count(self.meeting.received)
            ),
        )
        .symptom()
        .fix(self.read_log())
    }

    fn reset(&self) -> Finding {
        self.finding(
            "reset-in-handshake",
            format!("The connection is reset in the handshake, after {} of {}.", count(self.meeting.received), self.of_server()),
        )
        .symptom()
        .fix(self.read_log())
        .fix("Look whether something on the way resets it by the name in the hello: openssl s_client without -servername")
    }

    fn of_server(&self) -> String {
        let server = self.scene.server();
        if server == "The server" { "the server".to_owned() } else { server }
    }

    fn read_log(&self) -> String {
        match self.scene.case.service.logs.first() {
            Some(log) => format!("Read its log: {}", log.command()),
            None => {
                match self.scene.case.service.roots().first().and_then(|holder| holder.process.unit.as_ref())
                {
                    Some(unit) => format!("Read its log: journalctl -u {} -n 20", unit.name),
                    None => "Read the server's log".to_owned(),
                }
            }
        }
    }
}

/// Whether a server that was asked in plain HTTP says that it speaks TLS: nginx, Apache, programs in Go.
fn misses_tls(reply: &Reply) -> bool {
    let Reply::NotTls(_, bytes) = reply else { return false };
    let text = String::from_utf8_lossy(bytes);
    ["to HTTPS port", "plain HTTP to an SSL", "to an HTTPS server"].iter().any(|words| text.contains(words))
}

fn count(bytes: u64) -> String {
    match bytes {
        0 => "no byte".to_owned(),
        1 => "1 byte".to_owned(),
        more => format!("{more} bytes"),
    }
}
