//! CAA and TLSA, by a name server of the test.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::TLSA;
use hickory_resolver::proto::rr::rdata::caa::CAA;
use hickory_resolver::proto::rr::{Name, RData, Record};
use portreeve_model::Severity;
use portreeve_tls::dns::Resolver;

use crate::made::{Lab, authority, bytes, server, usual};
use crate::served::{audited, ids, s_server, write};

/// Answers with these records, and whether it vouches for them. Ends with the process.
fn name_server(records: Vec<(&'static str, RData)>, vouches: bool) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let Ok(mut message) = Message::from_vec(buffer.get(..length).unwrap()) else { continue };
            let query = message.queries.first().unwrap().clone();
            message.metadata.message_type = MessageType::Response;
            message.metadata.response_code = ResponseCode::NoError;
            message.metadata.recursion_available = true;
            message.metadata.authentic_data = vouches;
            for (name, data) in &records {
                let name = Name::from_ascii(name).unwrap();
                if name == query.name && data.record_type() == query.query_type {
                    message.add_answer(Record::from_rdata(name, 60, data.clone()));
                }
            }
            socket.send_to(&message.to_vec().unwrap(), from).ok();
        }
    });
    address
}

fn resolver(records: Vec<(&'static str, RData)>, vouches: bool) -> Resolver {
    Resolver::with(name_server(records, vouches), Duration::from_secs(5))
}

fn caa(domain: &str) -> RData {
    RData::CAA(CAA::new_issue(false, Some(Name::from_ascii(domain).unwrap()), Vec::new()))
}

#[test]
fn authorities_that_may_issue_are_told() {
    let lab = Lab::new();
    write(&lab, "leaf", &usual());
    let server =
        s_server(&lab, &["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"]);
    let records = vec![("test.", caa("letsencrypt.org")), ("test.", caa("pki.goog"))];
    let audit = audited(&lab, server.address, Some("example.test"), Some(resolver(records, false)));
    let told = audit.records.unwrap();
    assert_eq!(told.caa_at.as_deref(), Some("test"), "climbed");
    assert_eq!(told.caa_allows, ["letsencrypt.org", "pki.goog"]);
    assert_eq!(told.caa[0], "0 issue \"letsencrypt.org\"");
    // The lab's authority has no domain that is known.
    assert_eq!((told.caa_allows_issuer, told.caa_validated), (None, false));
    assert!(told.tlsa.is_empty() && told.unanswered.is_empty(), "{told:?}");
}

/// As if a public authority that is known had issued.
#[test]
fn an_authority_that_may_not_issue_is_told() {
    let lab = Lab::new();
    let mut params = authority("R10", -300, 900);
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "Let's Encrypt");
    let key = rcgen::KeyPair::generate().unwrap();
    let lab = Lab { intermediate: rcgen::CertifiedIssuer::signed_by(params, key, &lab.root).unwrap(), ..lab };
    write(&lab, "leaf", &server(&["*.example.test"], -10, 80, 2));
    let started =
        s_server(&lab, &["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"]);
    let wild = |domain: Option<&str>| {
        RData::CAA(CAA::new_issuewild(false, domain.map(|name| Name::from_ascii(name).unwrap()), Vec::new()))
    };
    let at = "www.example.test.";
    for (records, allows, finding) in [
        (vec![(at, caa("letsencrypt.org"))], Some(true), vec![]),
        (vec![("example.test.", caa("digicert.com"))], Some(false), vec!["tls/caa-forbids-issuer"]),
        // For wildcards their own records count.
        (vec![(at, caa("digicert.com")), (at, wild(Some("letsencrypt.org")))], Some(true), vec![]),
        (vec![(at, caa("letsencrypt.org")), (at, wild(None))], Some(false), vec!["tls/caa-forbids-issuer"]),
        (vec![], None, vec![]),
    ] {
        let told = format!("{records:?}");
        let audit = audited(&lab, started.address, Some("www.example.test"), Some(resolver(records, true)));
        assert_eq!(ids(&audit), finding, "{told}");
        assert_eq!(audit.records.unwrap().caa_allows_issuer, allows, "{told}");
    }
}

#[test]
fn tlsa_records_are_compared_with_the_chain() {
    let lab = Lab::new();
    write(&lab, "leaf", &usual());
    let server =
        s_server(&lab, &["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"]);
    let first = audited(&lab, server.address, Some("example.test"), None);
    let chain = &first.certificates[0].certificates;
    let (key, upper) = (bytes(chain[0].spki_sha256.as_ref().unwrap()), bytes(&chain[1].sha256));
    let record = |usage: u8, selector: u8, matching: u8, data: &[u8]| {
        RData::TLSA(TLSA::new(usage.into(), selector.into(), matching.into(), data.to_vec()))
    };
    let name: &'static str = format!("_{}._tcp.example.test.", server.address.port()).leak();
    for (data, vouches, fits, finding) in [
        (record(3, 1, 1, &key), true, Some(0), None),
        (record(1, 1, 1, &key), true, Some(0), None),
        (record(2, 0, 1, &upper), true, Some(1), None),
        (record(0, 0, 1, &upper), true, Some(1), None),
        (record(3, 0, 0, lab.root.der()), true, None, Some(("tls/tlsa-mismatch", Severity::High))),
        (record(0, 0, 0, lab.root.der()), true, None, None),
        (record(3, 1, 1, &key), false, Some(0), Some(("tls/tlsa-not-validated", Severity::Info))),
        (record(3, 1, 1, &upper), false, None, Some(("tls/tlsa-mismatch", Severity::Medium))),
    ] {
        let told = format!("{data}");
        let resolver = resolver(vec![(name, data)], vouches);
        let audit = audited(&lab, server.address, Some("example.test"), Some(resolver));
        let found: Vec<(&str, Severity)> = audit
            .findings
            .iter()
            .filter(|finding| finding.id.starts_with("tls/tlsa"))
            .map(|finding| (finding.id.as_str(), finding.severity))
            .collect();
        assert_eq!(found, finding.into_iter().collect::<Vec<_>>(), "{told}");
        let records = audit.records.unwrap();
        assert_eq!((records.tlsa[0].fits, records.tlsa_validated), (fits, vouches), "{told}");
    }
}

#[test]
fn silence_of_the_name_server_is_no_answer() {
    let lab = Lab::new();
    write(&lab, "leaf", &usual());
    let server =
        s_server(&lab, &["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"]);
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let resolver = Resolver::with(silent.local_addr().unwrap(), Duration::from_millis(200));
    let audit = audited(&lab, server.address, Some("example.test"), Some(resolver));
    assert_eq!(ids(&audit), Vec::<String>::new());
    let unanswered = audit.records.unwrap().unanswered;
    assert_eq!(unanswered.len(), 2);
    assert!(unanswered.iter().all(|one| audit.inconclusive.contains(one)), "{unanswered:?}");
    let unnamed = audited(&lab, server.address, None, None);
    assert_eq!(unnamed.records, None);
}
