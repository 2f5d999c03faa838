//! Tolerance of servers over loopback, each intolerant in one way.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use portreeve_model::tls::{Feature, Order, Support};
use portreeve_wire::tls::{
    Event, Extension, FlightReader, HandshakeType, Records, Suite, Version, handshake_message, records,
};

use super::look;
use crate::audit::{Greeting, Known, KnownVersion, Options, Scene};
use crate::explain::Explain;
use crate::line::{Limits, Line, Patience};
use crate::store::{Origin, Store};

/// A hello as a server sees it.
struct Heard {
    record_version: u16,
    body: Vec<u8>,
    extensions: Vec<Extension>,
    records: usize,
}

impl Heard {
    fn has(&self, kind: u16) -> bool {
        self.extensions.iter().any(|one| one.kind.value() == kind)
    }

    fn first_suite(&self) -> u16 {
        // Version, random, session id without content, length of the suites.
        u16::from_be_bytes([self.body[37], self.body[38]])
    }
}

/// What a server does instead of answering.
#[derive(Clone)]
enum Instead {
    Alert(u8),
    Close,
    Silence,
}

type Mood = Arc<dyn Fn(&Heard, u32) -> Option<Instead> + Send + Sync>;

/// A server of TLS 1.2 that answers every hello, but for those where the mood takes it.
fn server(mood: Mood) -> (SocketAddr, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicU32::new(0));
    let count = connections.clone();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let mood = mood.clone();
            thread::spawn(move || {
                let (mut reader, mut first, mut buffer) = (FlightReader::default(), Vec::new(), [0; 4096]);
                let body = loop {
                    let length = stream.read(&mut buffer).unwrap_or(0);
                    if length == 0 {
                        return;
                    }
                    first.extend_from_slice(&buffer[..length]);
                    reader.push(&buffer[..length]);
                    if let Some(Event::Message { body, .. }) = reader.next_event() {
                        break body;
                    }
                };
                let suites = usize::from(u16::from_be_bytes([body[35], body[36]]));
                let heard = Heard {
                    record_version: u16::from_be_bytes([first[1], first[2]]),
                    extensions: Extension::decode_all(&body[37 + suites + 4..]).0,
                    body,
                    records: Records::new(&first).count(),
                };
                match mood(&heard, number) {
                    Some(Instead::Alert(alert)) => {
                        stream.write_all(&[21, 3, 3, 0, 2, 2, alert]).unwrap_or(());
                    }
                    Some(Instead::Close) => {}
                    Some(Instead::Silence) => thread::sleep(Duration::from_secs(3)),
                    None => stream.write_all(&flight()).unwrap_or(()),
                }
            });
        }
    });
    (address, connections)
}

fn flight() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 0x2f, 0]);
    let hello = handshake_message(HandshakeType::ServerHello, &body);
    let done = handshake_message(HandshakeType::ServerHelloDone, &[]);
    records(portreeve_wire::tls::ContentType::Handshake, Version::Tls12, &[hello, done].concat())
}

fn scene(address: SocketAddr) -> Scene {
    let patience = Patience { answer: Duration::from_millis(600), ..Patience::default() };
    let store = Arc::new(Store::of(Origin::Mozilla, std::iter::empty()));
    let known = KnownVersion {
        version: Version::Tls12,
        support: Support::Yes,
        statement: String::new(),
        suites: vec![Suite(0x002f)],
        order: Order::Server,
        incomplete: None,
        flights: Vec::new(),
    };
    let options = Options {
        limits: Limits::default(),
        patience,
        http: false,
        resolver: None,
        explain: Explain::No,
        jarm: false,
        store: store.clone(),
        mozilla: store,
    };
    let known = Known { versions: vec![known], ..Known::default() };
    let line = Arc::new(Line::new(address, options.limits, options.patience));
    Scene::new(line, Greeting::default(), known, address.ip().to_string(), options)
}

/// The features of a server, and the connections that they took.
async fn looked(
    mood: impl Fn(&Heard, u32) -> Option<Instead> + Send + Sync + 'static,
) -> (Vec<Feature>, u32) {
    let (address, connections) = server(Arc::new(mood));
    let features = look(&scene(address)).await;
    (features, connections.load(Ordering::Relaxed))
}

fn support(features: &[Feature]) -> Vec<(&str, Support)> {
    let bad = features.iter().filter(|one| one.support != Support::Yes);
    bad.map(|one| (one.id.as_str(), one.support)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_connections_are_enough_for_a_tolerant_server() {
    let (features, connections) = looked(|_, _| None).await;
    assert_eq!(features.len(), 6);
    assert_eq!(support(&features), []);
    assert_eq!(connections, 2);
    assert!(features.iter().all(|one| one.evidence.len() == 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_intolerance_is_found_alone() {
    type Case = (&'static str, fn(&Heard) -> bool);
    let cases: [Case; 8] = [
        ("grease", |heard| heard.first_suite() == 0x0a0a),
        ("grease", |heard| heard.has(0x1a1a)),
        ("grease", |heard| heard.body.windows(2).any(|two| two == [0x3a, 0x3a])),
        ("unknown-extension", |heard| heard.has(0x4d5a)),
        ("future-version", |heard| heard.body[..2] == [3, 0xff]),
        ("record-version", |heard| heard.record_version == 0x03ff),
        ("hello-of-256-to-511-bytes", |heard| (252..=507).contains(&heard.body.len())),
        ("hello-in-two-records", |heard| heard.records > 1),
    ];
    for (id, is_odd) in cases {
        let (features, connections) =
            looked(move |heard, _| is_odd(heard).then_some(Instead::Alert(50))).await;
        assert_eq!(support(&features), [(id, Support::No)], "{features:?}");
        let found = features.iter().find(|one| one.id == id).unwrap();
        assert!(found.statement.contains("alert decode_error"), "{}", found.statement);
        assert!(!features.iter().any(|one| one.statement.contains("at once")), "{features:?}");
        assert!(connections < 20, "{connections}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_closed_twice_is_a_refusal_and_silence_is_none() {
    let (features, _) = looked(|heard, _| heard.has(0x4d5a).then_some(Instead::Close)).await;
    assert_eq!(support(&features), [("unknown-extension", Support::No)]);
    let (features, _) = looked(|heard, _| heard.has(0x4d5a).then_some(Instead::Silence)).await;
    assert_eq!(support(&features), [("unknown-extension", Support::Inconclusive)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_everything_is_not_judged() {
    let (features, _) = looked(|_, _| Some(Instead::Alert(40))).await;
    assert!(features.iter().all(|one| one.support == Support::Inconclusive), "{features:?}");
    assert!(
        features[0].statement.contains("a usual hello is not answered either"),
        "{}",
        features[0].statement
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_only_together_is_said() {
    let (features, _) =
        looked(|heard, _| (heard.has(0x4d5a) && heard.first_suite() == 0x0a0a).then_some(Instead::Alert(47)))
            .await;
    assert_eq!(support(&features), []);
    assert!(features[0].statement.contains("unusual in several ways at once"), "{}", features[0].statement);
}
