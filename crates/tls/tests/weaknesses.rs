//! Every check that needs no session of its own, against scripted servers: one on which it is confirmed, and one on which it is not.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

mod mock;

use std::sync::Arc;
use std::time::Duration;

use mock::{EarlyChange, Heartbeat, Lie, Mock, Padding, Server, Ssl2};
use portreeve_model::tls::{Audit, Verdict, Weakness};
use portreeve_tls::Store;
use portreeve_tls::audit::{Endpoint, Options, audit};
use portreeve_tls::explain::Explain;
use portreeve_tls::line::{Limits, Patience};
use portreeve_tls::store::Origin;
use portreeve_wire::tls::{AlertDescription, Suite, Version, ssl2};

const OLD: [Version; 4] = [Version::Ssl3, Version::Tls10, Version::Tls11, Version::Tls12];

/// Audits a server by a name.
fn audited(server: &Mock) -> Audit {
    audited_as(server, "mock.test", Some("mock.test"))
}

fn audited_as(server: &Mock, host: &str, server_name: Option<&str>) -> Audit {
    let patience = Duration::from_millis(700);
    let nobody = || Arc::new(Store::of(Origin::Mozilla, std::iter::empty()));
    let options = Options {
        limits: Limits { at_once: 8, ..Limits::default() },
        patience: Patience { connect: patience, answer: patience },
        http: false,
        resolver: None,
        explain: Explain::No,
        jarm: false,
        store: nobody(),
        mozilla: nobody(),
    };
    let address = server.address;
    let endpoint = Endpoint {
        text: address.to_string(),
        host: host.to_owned(),
        port: address.port(),
        server_name: server_name.map(str::to_owned),
        address,
        other_addresses: Vec::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(audit(&endpoint, &options))
}

/// What a check says of a server.
fn judged(server: Server, id: &str) -> Weakness {
    of(&audited(&server.start()), id).clone()
}

fn of<'a>(audit: &'a Audit, id: &str) -> &'a Weakness {
    audit.weaknesses.iter().find(|weakness| weakness.id == id).unwrap()
}

#[track_caller]
fn assert_verdict(server: Server, id: &str, verdict: Verdict) -> Weakness {
    let weakness = judged(server, id);
    assert_eq!(weakness.verdict, verdict, "{weakness:#?}");
    weakness
}

fn suites(numbers: &[u16]) -> Vec<Suite> {
    numbers.iter().copied().map(Suite).collect()
}

fn with_suites(numbers: &[u16]) -> Server {
    Server { suites: suites(numbers), versions: OLD.to_vec(), ..Server::default() }
}

#[test]
fn a_healthy_server_has_none_of_them_and_says_so_with_few_connections() {
    let server =
        Server { suites: suites(&[0xc02f, 0xc030, 0x009c, 0x009d, 0x002f, 0x0035]), ..Server::default() }
            .start();
    let audit = audited(&server);
    let keyless = [
        "heartbleed",
        "ccs-injection",
        "robot",
        "drown",
        "freak",
        "logjam",
        "poodle-ssl",
        "crime",
        "sweet32",
        "rc4",
        "beast",
        "anonymous",
        "null-encryption",
        "export-suites",
    ];
    for id in keyless {
        let weakness = of(&audit, id);
        assert_eq!(weakness.verdict, Verdict::NotVulnerable, "{weakness:#?}");
        assert!(weakness.fix.is_empty(), "{weakness:#?}");
    }
    assert!(server.connections() <= 45, "{:?}", audit.effort);
    assert_eq!(server.connections(), audit.effort.connections);
}

#[test]
fn heartbleed_is_told_from_heartbeats_that_are_in_order() {
    let server = |heartbeat| Server { heartbeat, ..Server::default() };
    let confirmed = assert_verdict(server(Heartbeat::Leaks), "heartbleed", Verdict::Confirmed);
    assert!(confirmed.statement.contains("128 bytes"), "{confirmed:#?}");
    // What leaked is not in the document.
    assert!(confirmed.evidence.iter().all(|one| !one.bytes.contains("4d4d4d")), "{confirmed:#?}");
    assert_verdict(server(Heartbeat::Patched), "heartbleed", Verdict::NotVulnerable);
    assert_verdict(server(Heartbeat::Echoes), "heartbleed", Verdict::NotVulnerable);
    assert_verdict(server(Heartbeat::Absent), "heartbleed", Verdict::NotVulnerable);
}

#[test]
fn ccs_injection_is_told_from_other_ways_to_refuse() {
    let server = |early_change| Server { early_change, ..Server::default() };
    assert_verdict(server(EarlyChange::Taken), "ccs-injection", Verdict::Confirmed);
    let mute = |early_change| Server { says_why: false, ..server(early_change) };
    assert_verdict(mute(EarlyChange::Taken), "ccs-injection", Verdict::Confirmed);
    assert_verdict(mute(EarlyChange::Ended), "ccs-injection", Verdict::NotVulnerable);
    assert_verdict(server(EarlyChange::TakenWithOtherKeys), "ccs-injection", Verdict::Potential);
    for alert in [
        AlertDescription::UnexpectedMessage,
        AlertDescription::HandshakeFailure,
        // nmap takes these for vulnerable.
        AlertDescription::BadRecordMac,
        AlertDescription::DecryptError,
    ] {
        assert_verdict(server(EarlyChange::Refused(alert)), "ccs-injection", Verdict::NotVulnerable);
    }
    assert_verdict(server(EarlyChange::Ended), "ccs-injection", Verdict::NotVulnerable);
    assert_verdict(server(EarlyChange::PassedOver), "ccs-injection", Verdict::NotVulnerable);
    assert_verdict(server(EarlyChange::Silence), "ccs-injection", Verdict::Inconclusive);
}

#[test]
fn robot_is_told_with_its_strength() {
    let server = |padding| Server { padding, ..Server::default() };
    for (padding, word) in [
        (Padding::StartTold, "strong oracle"),
        (Padding::FaultTold, "weak oracle"),
        (Padding::StartTimesOut, "strong oracle"),
        (Padding::ToldEarly, "strong oracle"),
    ] {
        let confirmed = assert_verdict(server(padding), "robot", Verdict::Confirmed);
        assert!(confirmed.statement.contains(word), "{confirmed:#?}");
        assert_eq!(confirmed.evidence.len(), 10, "{confirmed:#?}");
    }
    assert_verdict(server(Padding::Hidden), "robot", Verdict::NotVulnerable);
    // Without alerts only silence tells that a secret was accepted.
    let mute = |padding| Server { says_why: false, ..server(padding) };
    assert_verdict(mute(Padding::StartTold), "robot", Verdict::Confirmed);
    assert_verdict(mute(Padding::Hidden), "robot", Verdict::NotVulnerable);
    assert_verdict(server(Padding::Unsteady), "robot", Verdict::Inconclusive);
    assert_verdict(Server { wants_certificate: true, ..Server::default() }, "robot", Verdict::Inconclusive);
    assert_verdict(with_suites(&[0xc02f]), "robot", Verdict::NotVulnerable);
}

#[test]
fn drown_is_told_in_its_two_forms() {
    let server = |takes_clear_keys, suites: &[u32]| Server {
        ssl2: Some(Ssl2 { suites: suites.iter().copied().map(ssl2::Suite).collect(), takes_clear_keys }),
        ..Server::default()
    };
    let general = assert_verdict(server(false, &[0x0001_0080, 0x0002_0080]), "drown", Verdict::Confirmed);
    assert!(general.statement.contains("1 of them for export"), "{general:#?}");
    let special = assert_verdict(server(true, &[0x0001_0080]), "drown", Verdict::Confirmed);
    assert!(special.statement.contains("CVE-2016-0703"), "{special:#?}");
    assert_verdict(server(false, &[]), "drown", Verdict::Potential);
    assert_verdict(Server::default(), "drown", Verdict::NotVulnerable);
}

#[test]
fn freak_takes_a_short_key_in_the_exchange() {
    let confirmed = assert_verdict(with_suites(&[0x002f, 0x0003]), "freak", Verdict::Confirmed);
    assert!(confirmed.evidence.iter().any(|one| one.what.contains("RSA key of 512 bits")), "{confirmed:#?}");
    assert_verdict(with_suites(&[0x002f, 0x0005]), "freak", Verdict::NotVulnerable);
}

#[test]
fn logjam_goes_by_the_prime() {
    let server = |suite, prime| Server { prime, ..with_suites(&[0x002f, suite]) };
    assert_verdict(server(0x0033, mock::prime(512)), "logjam", Verdict::Confirmed);
    assert_verdict(server(0x0033, mock::prime(768)), "logjam", Verdict::Confirmed);
    assert_verdict(server(0x0014, mock::prime(512)), "logjam", Verdict::Confirmed);
    let shared = assert_verdict(server(0x0033, mock::oakley_2()), "logjam", Verdict::Potential);
    assert!(shared.statement.contains("Oakley group 2"), "{shared:#?}");
    assert_verdict(server(0x0033, mock::prime(1024)), "logjam", Verdict::Potential);
    assert_verdict(server(0x0033, mock::prime(2048)), "logjam", Verdict::NotVulnerable);
    assert_verdict(with_suites(&[0xc02f]), "logjam", Verdict::NotVulnerable);
}

#[test]
fn a_prime_is_told_beside_its_group() {
    let server = Server { prime: mock::oakley_2(), ..with_suites(&[0x002f, 0x0033]) }.start();
    let groups = audited(&server).negotiation.groups;
    let [group] = &groups[..] else { panic!("{groups:#?}") };
    assert_eq!((&*group.name, group.bits), ("DH", 1024));
    let prime = group.prime.as_ref().unwrap();
    assert!(prime.starts_with("ffffffffffffffffc90fdaa2"), "{prime}");
    assert!(prime.ends_with("ffffffff Oakley group 2 (RFC 2409), 1024 bits"), "{prime}");
}

#[test]
fn commands_send_a_name_and_never_an_address() {
    let server = with_suites(&[0x0002, 0x000a, 0x002f]).start();
    let commands = |audit: &Audit| -> Vec<String> {
        let of_checks = audit.weaknesses.iter().filter_map(|one| one.reproduce.clone());
        of_checks.chain(audit.findings.iter().filter_map(|one| one.reproduce.clone())).collect()
    };
    let named = commands(&audited(&server));
    let sent = |commands: &[String], name: &str| {
        let option = format!(" -servername {name} ");
        commands.iter().filter(|command| command.contains(&option)).count()
    };
    assert!(sent(&named, "mock.test") >= 6, "{named:#?}");
    let address = server.address.ip().to_string();
    // An address is no name, even where somebody gives it as one.
    for name in [None, Some(address.as_str())] {
        let commands = commands(&audited_as(&server, &address, name));
        assert_eq!(sent(&commands, &address) + sent(&commands, "mock.test"), 0, "{commands:#?}");
    }
}

#[test]
fn crime_takes_a_method_that_was_offered() {
    let server = |compression| Server { compression, ..Server::default() };
    assert_verdict(server(1), "crime", Verdict::Confirmed);
    assert_verdict(server(0), "crime", Verdict::NotVulnerable);
    let liar = Server { lie: Lie::Compression(64), ..Server::default() };
    assert_ne!(judged(liar, "crime").verdict, Verdict::Confirmed);
}

#[test]
fn old_protocols_and_ciphers_are_told_by_what_was_chosen() {
    let server = with_suites(&[0x0005, 0x000a, 0x002f, 0x0034, 0x003b, 0x0008]).start();
    let audit = audited(&server);
    for id in ["rc4", "poodle-ssl", "anonymous", "null-encryption", "export-suites"] {
        let weakness = of(&audit, id);
        assert_eq!(weakness.verdict, Verdict::Confirmed, "{weakness:#?}");
        assert!(!weakness.evidence.is_empty() && !weakness.fix.is_empty(), "{weakness:#?}");
    }
    assert_eq!(of(&audit, "beast").verdict, Verdict::Potential);
    assert_eq!(of(&audit, "sweet32").verdict, Verdict::Potential);
    assert_verdict(with_suites(&[0x000a, 0x002f]), "sweet32", Verdict::Confirmed);
}

#[test]
fn a_server_that_chooses_what_was_not_offered_confirms_nothing() {
    // A suite of TLS 1.3 in TLS 1.2.
    let server = Server { lie: Lie::Suite(Suite(0x1301)), ..Server::default() }.start();
    let audit = audited(&server);
    let confirmed: Vec<_> = audit.weaknesses.iter().filter(|one| one.verdict == Verdict::Confirmed).collect();
    assert!(confirmed.is_empty(), "{confirmed:#?}");
    for id in ["rc4", "export-suites", "robot"] {
        assert_eq!(of(&audit, id).verdict, Verdict::Inconclusive, "{:#?}", of(&audit, id));
    }
}
