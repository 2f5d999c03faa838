//! A server as features and checks get it: its versions and suites are found by asking for each that sessions can be held in.

use std::sync::Arc;
use std::time::Duration;

use portreeve_lab::loopback::Served;
use portreeve_model::tls::{Feature, Order, Support, Verdict, Weakness};
use portreeve_tls::audit::{Greeting, Known, KnownVersion, Options, Scene};
use portreeve_tls::exchange::End;
use portreeve_tls::line::{Limits, Line, Patience};
use portreeve_tls::session::{Conversation, Inside, Talk, can_speak, hello_of, play};
use portreeve_tls::store::Store;
use portreeve_tls::{checks, features};
use portreeve_wire::tls::{ClientHello, Suite, Version};

/// Features and weaknesses that were found.
pub(crate) struct Found {
    pub(crate) features: Vec<Feature>,
    pub(crate) weaknesses: Vec<Weakness>,
}

impl Found {
    pub(crate) fn support(&self, id: &str) -> (Support, &str) {
        let one = self.features.iter().find(|one| one.id == id).unwrap();
        (one.support, &one.statement)
    }

    pub(crate) fn verdict(&self, id: &str) -> (Verdict, &str) {
        let one = self.weaknesses.iter().find(|one| one.id == id).unwrap();
        (one.verdict, &one.statement)
    }
}

/// What is said of a server that speaks these versions, each with these suites.
pub(crate) fn look(server: &Served, spoken: &[(Version, &[u16])]) -> Found {
    run(async {
        let scene = scene(server, spoken);
        let features = features::look_at_all(&scene).await;
        Found { features, weaknesses: checks::run_all(&scene).await }
    })
}

/// A conversation with a server, its hello changed first.
pub(crate) fn hold(
    server: &Served,
    version: Version,
    suites: &[Suite],
    inside: bool,
    change: impl FnOnce(&mut ClientHello),
) -> Talk {
    run(async {
        let scene = scene(server, &[]);
        let mut hello = hello_of(&scene, version, suites);
        change(&mut hello);
        let inside = if inside { Inside::Renegotiate(Box::new(hello.clone())) } else { Inside::Nothing };
        play(&scene, Conversation::new(hello, None, inside, scene.line.patience().answer)).await
    })
}

/// The suites of a version that a session can be held in and that the server agrees to; any other trouble than a refusal is a failure.
pub(crate) fn agreed(server: &Served, version: Version, change: impl Fn(&mut ClientHello)) -> Vec<Suite> {
    let can = Suite::all().filter(|suite| can_speak(version, *suite));
    let mut agreed = Vec::new();
    for suite in can {
        let talk = hold(server, version, &[suite], false, &change);
        if talk.agreed.is_empty() {
            let is_refusal = talk.why_not() == "the server sent the alert handshake_failure";
            assert!(is_refusal, "{suite} in {version}: {}, {:?}", talk.why_not(), talk.end);
        } else {
            assert!(matches!(talk.end, End::Done), "{suite} in {version}: {:?}", talk.end);
            agreed.push(suite);
        }
    }
    agreed
}

fn scene(server: &Served, spoken: &[(Version, &[u16])]) -> Scene {
    let versions = spoken.iter().map(|(version, suites)| KnownVersion {
        version: *version,
        support: Support::Yes,
        statement: String::new(),
        suites: suites.iter().copied().map(Suite).collect(),
        order: Order::Unknown,
        incomplete: None,
        flights: Vec::new(),
    });
    let patience = Patience { connect: Duration::from_secs(20), answer: Duration::from_secs(10) };
    let limits = Limits::default();
    let store = Arc::new(Store::mozilla());
    let options = Options {
        limits,
        patience,
        http: false,
        resolver: None,
        explain: portreeve_tls::explain::Explain::default(),
        jarm: false,
        store: store.clone(),
        mozilla: store,
    };
    let line = Arc::new(Line::new(server.address, limits, patience));
    let greeting = Greeting { server_name: Some("example.test".to_owned()), ..Greeting::default() };
    let known = Known { versions: versions.collect(), ..Known::default() };
    Scene::new(line, greeting, known, "example.test".to_owned(), options)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
