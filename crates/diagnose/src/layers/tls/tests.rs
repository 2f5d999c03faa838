//! Each code on facts made by hand: chains made for the test, and handshakes that ended in each way.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use portreeve_model::Protocol;
use portreeve_model::why::{Application, Impact, Layer, LayerState, Nature};
use portreeve_tls::Certificate;
use portreeve_tls::chain::{Missing, Trust, Verdict};
use portreeve_tls::client::{Ending, Established, Meeting, Party, SeenAlert};
use portreeve_tls::old::Reply;
use portreeve_tls::spoken::Spoken;
use portreeve_wire::tls::{Alert, AlertDescription, AlertLevel, Answer, ServerHello, Suite, Version};

use crate::case::Case;
use crate::facts::{ConfiguredCertificate, SecondTries, TlsFacts, TlsTry};
use crate::layers::{LAYERS, LayerRule};
use crate::target::Probe;

const NOW: i64 = 1_795_000_000;
const DAY: i64 = 86_400;

fn at(days: i64) -> Timestamp {
    Timestamp::from_second(NOW + days * DAY).unwrap()
}

/// A certificate for the name, 10 days old and valid for 80 more.
fn certificate() -> Certificate {
    let mut read = Certificate::read(b"0");
    read.malformed = None;
    read.subject = "CN=example.test".into();
    read.issuer = "CN=Lab CA".into();
    read.raw_subject = b"example.test".to_vec();
    read.raw_issuer = b"lab".to_vec();
    read.names = vec!["example.test".into()];
    (read.not_before, read.not_after) = (at(-10), at(80));
    (read.key, read.key_bits) = ("EC".into(), 256);
    read.signature = "ecdsa-with-SHA256".into();
    read
}

fn trusted() -> Verdict {
    Verdict {
        trust: Trust::Trusted,
        path: vec![0],
        expired: Vec::new(),
        not_yet_valid: Vec::new(),
        expired_root: None,
        surplus: Vec::new(),
        in_order: true,
        is_public: false,
    }
}

fn meeting(ending: Ending) -> Meeting {
    Meeting {
        established: Established { version: Some("TLS 1.3".into()), ..Established::default() },
        took: Duration::from_millis(5),
        ..Meeting::ended(Some("example.test"), ending)
    }
}

fn done(leaf: Certificate) -> Meeting {
    Meeting { chain: vec![leaf], proof: Some(Ok(())), received: 1000, ..meeting(Ending::Done) }
}

fn refused(description: AlertDescription) -> Meeting {
    let raw = vec![21, 3, 3, 0, 2, 2, description.value()];
    let alert = SeenAlert { from: Party::Server, level: Some(AlertLevel::Fatal), description, raw };
    Meeting { alert: Some(alert), received: 7, ..meeting(Ending::Alert) }
}

/// The layer's rule.
fn rule() -> &'static LayerRule {
    LAYERS.iter().find(|rule| rule.name == portreeve_model::why::LayerName::Tls).unwrap()
}

/// A question for `https://example.test/`, or for the bare port.
struct Asked {
    case: Case,
    second: SecondTries,
    verdict: Verdict,
}

fn asked() -> Asked {
    let endpoint: SocketAddr = "192.0.2.10:443".parse().unwrap();
    let mut case = Case::sample(endpoint, Protocol::Tcp);
    case.question.target.application = Application::Https;
    case.question.target.name = Some("example.test".into());
    case.question.target.address = None;
    Asked { case, second: SecondTries::default(), verdict: trusted() }
}

fn bare() -> Asked {
    let mut asked = asked();
    asked.case.question.target.name = None;
    asked
}

impl Asked {
    fn second(mut self, second: SecondTries) -> Self {
        self.second = second;
        self
    }

    fn verdict(mut self, change: impl FnOnce(&mut Verdict)) -> Self {
        change(&mut self.verdict);
        self
    }

    fn on_disk(mut self, leaf: Certificate) -> Self {
        self.case.tls.configured.push(ConfiguredCertificate {
            file: Some("/etc/nginx/nginx.conf".into()),
            line: 7,
            path: "/etc/ssl/example.pem".into(),
            chain: vec![leaf],
            sites: Vec::new(),
        });
        self
    }

    fn judge(mut self, meeting: Meeting) -> Layer {
        let verdict = (!meeting.chain.is_empty()).then_some(self.verdict);
        let endpoint = self.case.endpoints[0].address;
        let configured = std::mem::take(&mut self.case.tls.configured);
        self.case.tls = TlsFacts {
            tries: vec![TlsTry {
                endpoint,
                meeting,
                verdict,
                second: self.second,
                small: None,
                session: Mutex::new(None),
            }],
            store: "this system's trust store (140 authorities)".into(),
            is_without_store: false,
            at: Some(at(0)),
            configured,
        };
        layer(&self.case)
    }

    fn code(self, meeting: Meeting) -> String {
        let layer = self.judge(meeting);
        let codes: Vec<&str> = layer.faults.iter().map(|fault| fault.code.as_str()).collect();
        codes.join(" ")
    }
}

fn layer(case: &Case) -> Layer {
    (rule().judge)(case).into_layer(rule())
}

fn notes(layer: &Layer) -> Vec<&str> {
    layer.notes.iter().map(|note| note.code.as_str()).collect()
}

fn hello(version: Version, suite: u16) -> Reply {
    Reply::Tls(Answer::Hello(ServerHello::of(version, Suite(suite))))
}

#[test]
fn a_good_certificate_is_fine() {
    let layer = asked().judge(done(certificate()));
    assert_eq!((layer.state, layer.tried), (LayerState::Ok, true));
    assert!(layer.notes.is_empty(), "{layer:?}");
    assert!(
        layer.statement.starts_with("TLS 1.3, certificate for example.test until "),
        "{}",
        layer.statement
    );
    assert_eq!(notes(&bare().judge(done(certificate()))), ["no-name-asked"]);
}

#[test]
fn where_no_tls_is_expected_there_is_no_such_layer() {
    let mut other = asked();
    other.case.question.target.application = Application::Http;
    assert_eq!(layer(&other.case).state, LayerState::NotApplicable);
    let mut forbidden = asked();
    forbidden.case.question.probe = Probe::Forbidden;
    assert!(layer(&forbidden.case).unknown.iter().all(|one| one.matters));
    assert!(layer(&asked().case).unknown.iter().all(|one| !one.matters));
}

#[test]
fn dates() {
    let mut expired = certificate();
    (expired.not_before, expired.not_after) = (at(-93), at(-3));
    let layer = asked().judge(done(expired.clone()));
    assert_eq!(layer.faults[0].code, "expired");
    assert!(layer.faults[0].statement.contains("expired 3 days ago"), "{}", layer.faults[0].statement);
    assert_eq!(bare().code(done(expired.clone())), "expired");
    let mut renewed = certificate();
    renewed.der = b"renewed".to_vec();
    let layer = asked().on_disk(renewed.clone()).judge(done(expired));
    assert!(layer.faults[0].evidence.iter().any(|one| one.text.contains("renewed, and not loaded")));
    assert_eq!(
        notes(&asked().on_disk(Certificate { not_after: at(200), ..renewed }).judge(done(certificate()))),
        ["not-reloaded"]
    );
    let soon = Certificate { not_before: at(-85), not_after: at(5), ..certificate() };
    assert_eq!(notes(&asked().judge(done(soon))), ["expires-soon"]);
    let early = Certificate { not_before: at(2), ..certificate() };
    assert_eq!(asked().code(done(early.clone())), "not-yet-valid");
    assert_eq!(asked().verdict(|verdict| verdict.is_public = true).code(done(early)), "clock");
}

#[test]
fn upper_certificates() {
    let upper = Certificate { subject: "CN=Lab CA".into(), not_after: at(-1), ..certificate() };
    let sent = Meeting { chain: vec![certificate(), upper], ..done(certificate()) };
    let of = |asked: Asked| asked.verdict(|verdict| (verdict.path, verdict.expired) = (vec![0, 1], vec![1]));
    assert_eq!(of(asked()).code(sent), "intermediate-expired");
    let root = |verdict: &mut Verdict| verdict.expired_root = Some(("CN=Root".into(), at(-4)));
    assert_eq!(asked().verdict(root).code(done(certificate())), "intermediate-expired");
    let untidy = |verdict: &mut Verdict| (verdict.in_order, verdict.surplus) = (false, vec![0]);
    assert_eq!(
        notes(&asked().verdict(untidy).judge(done(certificate()))),
        ["bad-chain-order", "surplus-certificates"]
    );
}

#[test]
fn names() {
    let other = Certificate { names: vec!["other.test".into()], ..certificate() };
    assert_eq!(asked().code(done(other.clone())), "name-mismatch");
    assert_eq!(bare().code(done(other.clone())), "");
    let right = Certificate { der: b"right".to_vec(), ..certificate() };
    let layer = asked().on_disk(right).judge(done(other.clone()));
    assert_eq!(layer.faults[0].code, "wrong-certificate");
    assert!(layer.faults[0].fix[0].contains("/etc/ssl/example.pem"));
    let without_name = Some(done(certificate()));
    assert_eq!(
        asked().second(SecondTries { without_name, ..SecondTries::default() }).code(done(other)),
        "wrong-certificate"
    );
    let default = Certificate {
        names: vec!["localhost".into()],
        raw_issuer: b"example.test".to_vec(),
        ..certificate()
    };
    let self_signed = |verdict: &mut Verdict| verdict.trust = Trust::SelfSigned;
    assert_eq!(asked().verdict(self_signed).code(done(default)), "wrong-certificate self-signed");
    let unnamed =
        Certificate { names: Vec::new(), common_name: Some("example.test".into()), ..certificate() };
    let layer = asked().judge(done(unnamed));
    assert!(layer.faults[0].statement.contains("only the common name example.test"));
}

#[test]
fn trust() {
    let of = |asked: Asked, trust: Trust| asked.verdict(|verdict| verdict.trust = trust);
    let unknown = |missing| Trust::UnknownIssuer { place: 0, missing };
    let url = Missing::Url("http://ca.example.test/ca.crt".into());
    for (trust, named, unnamed) in [
        (Trust::SelfSigned, "self-signed", ""),
        (Trust::UntrustedRoot(0), "untrusted-issuer", ""),
        (unknown(None), "untrusted-issuer", ""),
        (unknown(Some(Missing::Name)), "incomplete-chain", ""),
        (unknown(Some(Missing::Kin("CN=Lab Root".into()))), "incomplete-chain", "incomplete-chain"),
        (unknown(Some(url)), "incomplete-chain", "incomplete-chain"),
        (Trust::WeakSignature(0), "weak-signature", "weak-signature"),
        (Trust::Malformed(0, "cut short".into()), "invalid-certificate", "invalid-certificate"),
        (Trust::Refused("not for servers".into()), "invalid-certificate", "invalid-certificate"),
    ] {
        assert_eq!(of(asked(), trust.clone()).code(done(certificate())), named, "{trust:?}");
        let layer = of(bare(), trust.clone()).judge(done(certificate()));
        let codes: Vec<&str> = layer.faults.iter().map(|fault| fault.code.as_str()).collect();
        assert_eq!(codes.join(" "), unnamed, "{trust:?}");
        assert_eq!(notes(&layer).contains(&"private-authority"), unnamed.is_empty(), "{trust:?}");
    }
    let fetched = Certificate { issuer_urls: vec!["http://ca.example.test/ca.crt".into()], ..certificate() };
    let layer = of(asked(), unknown(Some(Missing::Name))).judge(done(fetched));
    assert!(layer.faults[0].fix[0].contains("http://ca.example.test/ca.crt"));
    let root = Certificate { raw_subject: b"lab".to_vec(), raw_issuer: b"lab".to_vec(), ..certificate() };
    assert_eq!(
        of(asked(), unknown(Some(Missing::Name))).on_disk(root).code(done(certificate())),
        "untrusted-issuer"
    );
    let middle = Certificate { raw_subject: b"lab".to_vec(), raw_issuer: b"root".to_vec(), ..certificate() };
    assert_eq!(of(asked(), unknown(None)).on_disk(middle).code(done(certificate())), "incomplete-chain");
}

#[test]
fn strength_and_proof() {
    let weak = Certificate { key: "RSA".into(), key_bits: 1024, ..certificate() };
    assert_eq!(asked().code(done(weak)), "weak-key");
    let sha1 = Certificate { signature: "sha1WithRSAEncryption".into(), ..certificate() };
    assert_eq!(asked().code(done(sha1)), "weak-signature");
    let proof = Some(Err("BadSignature".to_owned()));
    assert_eq!(asked().code(Meeting { proof, ..done(certificate()) }), "key-mismatch");
    let staple = Certificate { must_staple: true, ..certificate() };
    let layer = asked().judge(done(staple.clone()));
    assert_eq!(
        (layer.faults[0].code.as_str(), layer.faults[0].impact),
        ("must-staple-without-staple", Impact::Some)
    );
    assert_eq!(asked().code(Meeting { stapled: 400, ..done(staple) }), "");
}

#[test]
fn what_is_no_tls() {
    let http =
        Meeting { first: b"HTTP/1.1 400 Bad Request\r\n".to_vec(), ..meeting(Ending::NotTls(Spoken::Http)) };
    let layer = asked().judge(http);
    assert_eq!(layer.faults[0].code, "not-tls");
    assert!(layer.faults[0].evidence[0].text.contains("\"HTTP/1.1 400 Bad Request\""));
    let http = Some(Reply::NotTls(Spoken::Http, b"HTTP/1.0 200 OK".to_vec()));
    assert_eq!(
        asked().second(SecondTries { http, ..SecondTries::default() }).code(meeting(Ending::Timeout)),
        "not-tls"
    );
}

#[test]
fn old_servers() {
    let old = |version, suite| SecondTries {
        old: vec![
            (Version::Tls12, hello(version, suite)),
            (
                Version::Ssl3,
                Reply::Tls(Answer::Alert(Alert {
                    level: AlertLevel::Fatal,
                    description: AlertDescription::ProtocolVersion,
                })),
            ),
        ],
        ..SecondTries::default()
    };
    let of = |version, suite| {
        asked().second(old(version, suite)).judge(refused(AlertDescription::HandshakeFailure))
    };
    let layer = of(Version::Tls10, 0x002f);
    assert_eq!(layer.faults[0].code, "legacy-server");
    assert!(
        layer.faults[0].statement.contains("speaks TLS 1.0 at the most"),
        "{}",
        layer.faults[0].statement
    );
    for (suite, impact) in [(0x002f, Impact::Some), (0x0005, Impact::All), (0xc02f, Impact::Some)] {
        let layer = of(Version::Tls12, suite);
        assert_eq!(
            (layer.faults[0].code.as_str(), layer.faults[0].impact),
            ("suite-mismatch", impact),
            "{suite:#x}"
        );
    }
    assert_eq!(asked().code(refused(AlertDescription::ProtocolVersion)), "protocol-version");
    assert_eq!(asked().code(refused(AlertDescription::InsufficientSecurity)), "suite-mismatch");
    let first = [&[22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1][..], &[0; 32], &[0, 0, 5, 0]].concat();
    let own = Meeting { first, received: 47, ..meeting(Ending::Incompatible("no".into())) };
    assert_eq!(asked().code(own), "legacy-server");
    assert_eq!(asked().code(meeting(Ending::Incompatible("nonsense".into()))), "protocol-error");
}

#[test]
fn names_in_the_hello() {
    assert_eq!(asked().code(refused(AlertDescription::UnrecognizedName)), "unrecognized-name");
    let without_name = Some(done(certificate()));
    let second = SecondTries { without_name, ..SecondTries::default() };
    assert_eq!(asked().second(second).code(refused(AlertDescription::HandshakeFailure)), "unrecognized-name");
    assert_eq!(bare().code(refused(AlertDescription::UnrecognizedName)), "sni-required");
    let with = || SecondTries { with_names: vec![done(certificate())], ..SecondTries::default() };
    let layer = bare().second(with()).judge(refused(AlertDescription::UnrecognizedName));
    assert_eq!((layer.state, notes(&layer)), (LayerState::Ok, vec!["sni-required"]));
    let mut by_address = bare();
    by_address.case.question.target.address = Some("192.0.2.10".parse().unwrap());
    assert_eq!(by_address.second(with()).code(meeting(Ending::Closed)), "sni-required");
}

#[test]
fn other_demands_of_the_server() {
    let asks = |meeting| Meeting { client_certificate: Some(vec!["CN=Lab CA".into()]), ..meeting };
    for met in [
        asks(refused(AlertDescription::CertificateRequired)),
        asks(refused(AlertDescription::BadCertificate)),
        asks(meeting(Ending::Reset)),
    ] {
        let layer = asked().judge(met);
        assert_eq!(layer.faults[0].code, "client-certificate-required");
        assert!(layer.faults[0].statement.contains("of CN=Lab CA"));
    }
    assert_eq!(asked().code(refused(AlertDescription::NoApplicationProtocol)), "alpn-refused");
    let http2 = SecondTries { with_http2: Some(done(certificate())), ..SecondTries::default() };
    assert_eq!(notes(&asked().second(http2).judge(done(certificate()))), ["http2-only"]);
    let proxied = SecondTries { proxied: Some(hello(Version::Tls12, 0xc02f)), ..SecondTries::default() };
    assert_eq!(asked().second(proxied).code(meeting(Ending::Closed)), "proxy-protocol-expected");
    assert_eq!(asked().code(refused(AlertDescription::InternalError)), "internal-error");
    assert_eq!(asked().code(refused(AlertDescription::HandshakeFailure)), "handshake-refused");
    assert_eq!(asked().code(refused(AlertDescription::DecodeError)), "handshake-refused");
}

#[test]
fn what_ends_without_a_word_is_a_symptom() {
    for (ending, code) in [
        (Ending::Closed, "closed-in-handshake"),
        (Ending::Reset, "reset-in-handshake"),
        (Ending::Timeout, "handshake-timeout"),
    ] {
        let layer = asked().judge(Meeting { took: Duration::from_millis(3_500), ..meeting(ending) });
        assert_eq!((layer.faults[0].code.as_str(), layer.faults[0].nature), (code, Nature::Symptom));
    }
    for ending in [Ending::Failed("no sockets".into()), Ending::Timeout] {
        let layer = asked().judge(meeting(ending));
        assert!(layer.faults.is_empty() && layer.unknown[0].matters, "{layer:?}");
    }
}

#[test]
fn the_same_at_two_endpoints_is_told_once() {
    let mut asked = asked();
    let second: SocketAddr = "[2001:db8::10]:443".parse().unwrap();
    asked
        .case
        .endpoints
        .push(portreeve_model::why::Endpoint { address: second, ..asked.case.endpoints[0].clone() });
    let expired = Certificate { not_before: at(-93), not_after: at(-3), ..certificate() };
    let tried = |endpoint, leaf| TlsTry {
        endpoint,
        meeting: done(leaf),
        verdict: Some(trusted()),
        second: SecondTries::default(),
        small: None,
        session: Mutex::new(None),
    };
    let first = asked.case.endpoints[0].address;
    asked.case.tls.at = Some(at(0));
    asked.case.tls.tries = vec![tried(first, expired.clone()), tried(second, expired.clone())];
    let both = layer(&asked.case);
    assert_eq!((both.faults.len(), both.faults[0].impact), (1, Impact::All));
    asked.case.tls.tries = vec![tried(first, certificate()), tried(second, expired)];
    let one = layer(&asked.case);
    assert_eq!((one.faults[0].impact, one.faults[0].endpoints.as_slice()), (Impact::Some, &[second][..]));
}
