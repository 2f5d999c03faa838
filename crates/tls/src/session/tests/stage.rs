//! A scene for tests: a server at an address, of which enumeration found out what the test says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use portreeve_model::tls::{Order, Support};
use portreeve_wire::tls::{Suite, Version};

use crate::audit::{Greeting, Known, KnownVersion, Options, Scene};
use crate::exchange::{Transcript, replay};
use crate::line::{Limits, Line, Patience};
use crate::session::{Conversation, Flaw, Inside, Resumable, Talk, hello_of};
use crate::store::Store;

use super::peer::{Memory, Peer};

/// How long a test waits for an answer: long enough for a busy machine, and a silence that is waited for is over soon.
const PATIENCE: Patience = Patience { connect: Duration::from_secs(5), answer: Duration::from_secs(2) };

/// A scene with a server that speaks these versions with these suites.
pub(crate) fn scene(address: SocketAddr, spoken: &[(Version, &[Suite])]) -> Scene {
    let versions = spoken.iter().map(|(version, suites)| KnownVersion {
        version: *version,
        support: Support::Yes,
        statement: String::new(),
        suites: suites.to_vec(),
        order: Order::Unknown,
        incomplete: None,
        flights: Vec::new(),
    });
    let limits = Limits { connections: 40, ..Limits::default() };
    let line = Arc::new(Line::new(address, limits, PATIENCE));
    let known = Known { versions: versions.collect(), ..Known::default() };
    Scene::new(line, Greeting::default(), known, address.ip().to_string(), options(limits))
}

fn options(limits: Limits) -> Options {
    let store = Arc::new(Store::mozilla());
    Options {
        limits,
        patience: PATIENCE,
        http: false,
        resolver: None,
        explain: crate::explain::Explain::default(),
        jarm: false,
        store: store.clone(),
        mozilla: store,
    }
}

/// A conversation with a peer, without I/O.
pub(crate) fn talk(peer: Peer, inside: bool) -> Talk {
    held(peer, &mut Memory::default(), |_| {}, None, inside)
}

/// A handshake with a flaw with a peer, without I/O.
pub(crate) fn flawed(peer: Peer, flaw: Flaw) -> Talk {
    let conversation = Conversation::flawed(hello(peer), flaw, Duration::from_secs(1));
    let heard = heard(peer, &mut Memory::default(), conversation.clone());
    conversation.told(heard)
}

/// A conversation with a peer that remembers earlier ones.
pub(crate) fn held(
    peer: Peer,
    memory: &mut Memory,
    change: impl FnOnce(&mut portreeve_wire::tls::ClientHello),
    resumed: Option<Resumable>,
    inside: bool,
) -> Talk {
    let mut hello = hello(peer);
    change(&mut hello);
    let inside = if inside { Inside::Renegotiate(Box::new(hello.clone())) } else { Inside::Nothing };
    let conversation = Conversation::new(hello, resumed, inside, Duration::from_secs(1));
    let heard = heard(peer, memory, conversation.clone());
    conversation.told(heard)
}

fn hello(peer: Peer) -> portreeve_wire::tls::ClientHello {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    hello_of(&scene(nowhere, &[]), Version::Tls12, &[peer.suite])
}

fn heard(peer: Peer, memory: &mut Memory, mut conversation: Conversation) -> Transcript {
    let mut connection = peer.connection(memory.clone());
    let mut transcript = replay(&mut conversation, &mut |bytes| connection.hear(bytes));
    transcript.finish(crate::exchange::End::Done);
    transcript
}

/// A conversation that was not held yet.
pub(crate) fn conversation(peer: Peer) -> Conversation {
    Conversation::new(hello(peer), None, Inside::Nothing, Duration::from_secs(1))
}
