//! Servers that misbehave: every audit comes to its end, with bounded time and memory, and says what is not known and why.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

mod mock;
mod stage;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use portreeve_model::tls::{Audit, Order, Outcome, Support, Unreached};
use portreeve_tls::line::Limits;
use portreeve_wire::tls::{ContentType, HandshakeType, Suite, Version, handshake_message, records};

use mock::{Hello, Lie, Server};
use stage::{audit, audit_within, forward, protocol, serve, server_hello, suites};

/// The whole of an audit in these tests.
const WHOLE: Duration = Duration::from_secs(20);

fn bounded(address: SocketAddr) -> Audit {
    audit_within(address, Limits { whole: WHOLE, ..Limits::default() })
}

/// Nothing is known of any version, and every one says so.
fn assert_nothing_is_known(audit: &Audit) {
    for protocol in &audit.negotiation.protocols {
        assert_ne!(protocol.support, Support::Yes, "{protocol:?}");
    }
    assert!(!audit.is_reached() || !audit.inconclusive.is_empty(), "{audit:?}");
}

/// Bytes of a hello without a session.
fn length(hello: &Hello) -> usize {
    let extensions: usize = hello.extensions.iter().map(|(_, content)| 4 + content.len()).sum();
    4 + 2 + 32 + 1 + 2 + 2 * hello.suites.len() + 1 + hello.compression.len() + 2 + extensions
}

/// Reads what the client says first.
fn hello(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    // What was read, or that there is nothing more, makes no difference here.
    let _read: std::io::Result<usize> = stream.read(&mut buffer);
}

#[test]
fn garbage_is_no_tls() {
    let address = serve(|mut stream| {
        hello(&mut stream);
        stream.write_all(&[0x7f; 300])
    });
    assert!(matches!(bounded(address).outcome, Outcome::NotTls { .. }));
}

#[test]
fn garbage_in_a_record_is_told() {
    let address = serve(|mut stream| {
        hello(&mut stream);
        stream.write_all(&records(ContentType::Handshake, Version::Tls12, &[0x5a; 600]))
    });
    let audit = bounded(address);
    assert_nothing_is_known(&audit);
    assert!(matches!(audit.outcome, Outcome::NotTls { .. }), "{:?}", audit.outcome);
}

#[test]
fn silence_is_not_a_refusal() {
    let address = serve(|mut stream| {
        hello(&mut stream);
        hello(&mut stream);
        Ok(())
    });
    let audit = bounded(address);
    assert!(matches!(audit.outcome, Outcome::Unreachable { reason: Unreached::TimedOut, .. }), "{audit:?}");
    assert!(audit.effort.retries > 0);
}

#[test]
fn a_server_that_closes_every_connection_is_told() {
    let address = serve(|mut stream| {
        hello(&mut stream);
        Ok(())
    });
    let Outcome::Unreachable { reason, detail } = bounded(address).outcome else { panic!("not told") };
    assert_eq!((reason, detail.contains("closed connection")), (Unreached::Closed, true), "{detail}");
}

#[test]
fn a_server_that_resets_every_connection_is_told() {
    // Closing with bytes unread resets.
    let address = serve(|mut stream| {
        let mut one = [0];
        stream.read(&mut one).map(drop)
    });
    let outcome = bounded(address).outcome;
    assert!(matches!(outcome, Outcome::Unreachable { reason: Unreached::Reset, .. }), "{outcome:?}");
}

#[test]
fn an_answer_byte_by_byte_is_given_up() {
    let bytes = server_hello(Version::Tls12, Suite(0xc02f));
    let address = serve(move |mut stream| {
        hello(&mut stream);
        for byte in bytes.iter().cycle() {
            stream.write_all(&[*byte])?;
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    });
    assert_endless(&audit(address), "s and ");
}

/// After three answers without an end nothing more is asked, and no version is said to be missing.
fn assert_endless(audit: &Audit, sent: &str) {
    assert_nothing_is_known(audit);
    let Outcome::Partial { reason } = &audit.outcome else { panic!("{:?}", audit.outcome) };
    assert!(reason.contains("have no end: 3 were cut") && reason.contains(sent), "{reason}");
    assert_eq!(audit.effort.connections, 3);
    assert!(audit.negotiation.protocols.iter().all(|one| one.support == Support::Inconclusive), "{audit:?}");
    assert!(audit.is_incomplete());
}

#[test]
fn a_flood_of_single_bytes_is_cut() {
    let address = serve(|mut stream| {
        hello(&mut stream);
        stream.set_nodelay(true)?;
        stream.write_all(&server_hello(Version::Tls12, Suite(0xc02f)))?;
        // A certificate of 200 kB, in records of one byte.
        let message = handshake_message(HandshakeType::Certificate, &vec![0; 200 << 10]);
        for byte in message {
            stream.write_all(&records(ContentType::Handshake, Version::Tls12, &[byte]))?;
        }
        Ok(())
    });
    let audit = bounded(address);
    assert_eq!(protocol(&audit, Version::Tls12).support, Support::Yes);
    assert!(!audit.inconclusive.is_empty());
}

#[test]
fn a_certificate_of_16_megabytes_is_not_read() {
    let address = serve(|mut stream| {
        hello(&mut stream);
        stream.write_all(&server_hello(Version::Tls12, Suite(0xc02f)))?;
        let message = handshake_message(HandshakeType::Certificate, &vec![0; (16 << 20) - 1]);
        stream.write_all(&records(ContentType::Handshake, Version::Tls12, &message))
    });
    let audit = bounded(address);
    let told = audit.inconclusive.iter().any(|one| one.contains("first flight does not come to its end"));
    assert!(told, "{:?}", audit.inconclusive);
}

#[test]
fn a_suite_that_nobody_offered_ends_the_loop() {
    let server = Server { lie: Lie::Suite(Suite(0xfefe)), ..Server::default() };
    let mock = server.start();
    let audit = bounded(mock.address);
    let tls12 = protocol(&audit, Version::Tls12);
    assert_eq!(tls12.support, Support::Inconclusive);
    assert!(tls12.statement.contains("which was not offered"), "{}", tls12.statement);
}

#[test]
fn warnings_without_end_are_cut() {
    let address = serve(|mut stream| {
        hello(&mut stream);
        loop {
            stream.write_all(&[21, 3, 3, 0, 2, 1, 112])?;
        }
    });
    assert_endless(&bounded(address), "times alert unrecognized_name)");
}

#[test]
fn requests_to_begin_again_without_end_are_cut() {
    let address = serve(|mut stream| {
        hello(&mut stream);
        let request = records(
            ContentType::Handshake,
            Version::Tls12,
            &handshake_message(HandshakeType::HelloRequest, &[]),
        );
        loop {
            stream.write_all(&request)?;
        }
    });
    assert_endless(&bounded(address), "times hello_request)");
}

#[test]
fn what_was_not_asked_is_not_told_as_no_tls() {
    let address = serve(|mut stream| {
        hello(&mut stream);
        stream.write_all(&[22, 3, 3])?;
        std::thread::sleep(Duration::from_secs(2));
        Ok(())
    });
    let audit = audit_within(address, Limits { connections: 1, ..Limits::default() });
    assert!(matches!(audit.outcome, Outcome::Partial { .. }), "{:?}", audit.outcome);
}

#[test]
fn hellos_without_end_are_cut() {
    let address = serve(|mut stream| {
        hello(&mut stream);
        let hello = server_hello(Version::Tls12, Suite(0xc02f));
        loop {
            stream.write_all(&hello)?;
        }
    });
    let audit = bounded(address);
    assert!(audit.effort.connections < 400);
}

#[test]
fn a_server_that_closes_where_it_means_no_is_understood() {
    let server = Server {
        instead: Some(Arc::new(|hello| {
            let speaks = hello.version == Version::Tls12
                && [0xc02f, 0x002f].iter().any(|suite| hello.suites.contains(&Suite(*suite)));
            (!speaks).then(Vec::new)
        })),
        suites: [0xc02f, 0x002f].map(Suite).to_vec(),
        ..Server::default()
    };
    let mock = server.start();
    let audit = bounded(mock.address);
    assert_eq!(suites(&audit, Version::Tls12), [0xc02f, 0x002f]);
    for version in [Version::Ssl3, Version::Tls10, Version::Tls11, Version::Tls13] {
        let protocol = protocol(&audit, version);
        assert_eq!(protocol.support, Support::No, "{protocol:?}");
        assert!(protocol.statement.contains("closed connection"), "{}", protocol.statement);
    }
    assert_eq!(audit.effort.backed_off, None);
}

#[test]
fn a_server_that_can_not_read_long_hellos_is_greeted_shortly() {
    let server = Server {
        instead: Some(Arc::new(|hello| (length(hello) >= 256).then(Vec::new))),
        suites: [0xc02f, 0x009c, 0x002f].map(Suite).to_vec(),
        ..Server::default()
    };
    let mock = server.start();
    let audit = bounded(mock.address);
    assert_eq!(suites(&audit, Version::Tls12), [0xc02f, 0x009c, 0x002f]);
    assert!(
        audit.findings.iter().any(|finding| finding.id == "tls/hello-intolerance"),
        "{:?}",
        audit.findings
    );
}

#[test]
fn a_server_that_limits_connections_is_asked_more_slowly() {
    let mock = Server::default().start();
    // Ten connections, and then one every 150 ms.
    let tokens = Arc::new(AtomicU32::new(10));
    let refill = tokens.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(150));
            refill.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| Some((count + 1).min(10))).ok();
        }
    });
    let inside = mock.address;
    let address = serve(move |stream| {
        let taken = tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1));
        if taken.is_err() { Ok(()) } else { forward(stream, inside) }
    });
    let audit =
        audit_within(address, Limits { whole: Duration::from_secs(60), at_once: 8, ..Limits::default() });
    let plain = bounded(mock.address);
    assert_eq!(suites(&audit, Version::Tls12), suites(&plain, Version::Tls12));
    assert!(audit.effort.backed_off.is_some(), "{:?}", audit.effort);
}

#[test]
fn a_server_that_has_had_enough_is_left() {
    let mock = Server::default().start();
    let inside = mock.address;
    let count = AtomicU32::new(0);
    let address =
        serve(
            move |stream| {
                if count.fetch_add(1, Ordering::Relaxed) < 6 { forward(stream, inside) } else { Ok(()) }
            },
        );
    let audit = audit_within(address, Limits { whole: Duration::from_secs(6), ..Limits::default() });
    assert!(matches!(audit.outcome, Outcome::Partial { .. }), "{:?}", audit.outcome);
    let open = audit
        .negotiation
        .protocols
        .iter()
        .any(|one| one.support == Support::Inconclusive || one.incomplete.is_some());
    assert!(open, "{:?}", audit.negotiation.protocols);
}

#[test]
fn a_budget_that_is_used_up_makes_the_rest_inconclusive() {
    let mock = Server::default().start();
    let audit = audit_within(mock.address, Limits { connections: 5, ..Limits::default() });
    assert_eq!(audit.effort.connections, 5);
    let Outcome::Partial { reason } = &audit.outcome else { panic!("{:?}", audit.outcome) };
    assert_eq!(reason, "the budget of 5 connections is used up");
    assert!(!audit.inconclusive.is_empty());
}

#[test]
fn two_servers_behind_one_address_are_seen() {
    let turns = AtomicU32::new(0);
    let own: [&'static [u16]; 2] = [&[0x009d, 0x003c, 0x0035], &[0xc02f, 0x0039, 0x002f]];
    let server = Server {
        instead: Some(Arc::new(move |hello| {
            // Only the loop of TLS 1.2 is answered, so that its questions take turns.
            if hello.version != Version::Tls12 || hello.has(43) {
                return Some(vec![21, 3, 3, 0, 2, 2, 70]);
            }
            let turn = turns.fetch_add(1, Ordering::Relaxed);
            let own = if turn.is_multiple_of(2) { own[0] } else { own[1] };
            let chosen = own.iter().find(|suite| hello.suites.contains(&Suite(**suite)));
            Some(
                chosen
                    .map_or(vec![21, 3, 3, 0, 2, 2, 40], |suite| server_hello(Version::Tls12, Suite(*suite))),
            )
        })),
        ..Server::default()
    };
    let audit = bounded(server.start().address);
    assert_eq!(protocol(&audit, Version::Tls12).order, Some(Order::Mixed));
    assert!(suites(&audit, Version::Tls12).len() >= 5, "{:?}", suites(&audit, Version::Tls12));
}

#[test]
fn nobody_there_is_told_at_once() {
    let audit = audit(portreeve_lab::loopback::free_port().unwrap());
    assert!(
        matches!(audit.outcome, Outcome::Unreachable { reason: Unreached::Refused, .. }),
        "{:?}",
        audit.outcome
    );
    assert!(audit.effort.connections <= 2);
}
