//! What happens in a conversation, with a peer of our own: bytes in memory, no connection.

use portreeve_wire::tls::{AlertDescription, HandshakeType, Suite};

use super::peer::{Memory, Peer, Records, Renegotiation, Tickets};
use super::stage::{flawed, held, talk};
use crate::exchange::End;
use crate::session::{Flaw, Outcome, Seen};

const CBC: Suite = Suite(0xc013);

#[test]
fn a_session_is_held_and_the_second_handshake_is_told() {
    for suite in [0xc02f, 0xc030, 0xcca8, 0xc013, 0xc014, 0xc027, 0xc028, 0xc012, 0xc011, 0xc010] {
        let peer = Peer { suite: Suite(suite), renegotiation: Renegotiation::Proven, ..Peer::default() };
        let talk = talk(peer, true);
        assert_eq!(talk.failure, None, "{}", Suite(suite));
        assert_eq!(talk.agreed.len(), 2, "{}", Suite(suite));
        assert_eq!(talk.outcome(), Outcome::Completed);
        let [first, second] = talk.agreed.as_slice() else { panic!("two") };
        assert!(first.renegotiates_securely() && second.renegotiates_securely());
        assert!(first.extended_master_secret() && !first.resumed && !second.resumed);
    }
}

#[test]
fn every_answer_to_a_second_handshake_has_its_name() {
    let with = |renegotiation| talk(Peer { renegotiation, ..Peer::default() }, true).outcome();
    assert_eq!(with(Renegotiation::Accepted), Outcome::Completed);
    assert_eq!(with(Renegotiation::HelloOnly), Outcome::Answered);
    let refused = |how: &str| Outcome::Refused(how.to_owned());
    assert_eq!(with(Renegotiation::Warned), refused("refused with the alert no_renegotiation"));
    assert_eq!(with(Renegotiation::Refused), refused("refused with the alert handshake_failure"));
    assert_eq!(with(Renegotiation::Ended), refused("closed the connection"));
    let more = "the server sent more than is read".to_owned();
    assert_eq!(with(Renegotiation::Begs), Outcome::Unclear(more));
    assert_eq!(
        with(Renegotiation::PassedOver),
        Outcome::Unclear("the server said nothing for 1.0 s".to_owned())
    );
}

#[test]
fn a_recorded_conversation_is_understood_as_the_live_one_was() {
    let talk = talk(Peer { renegotiation: Renegotiation::Accepted, ..Peer::default() }, true);
    let names: Vec<_> = talk
        .seen
        .iter()
        .filter_map(|seen| match seen {
            Seen::Message(kind, _) => Some(*kind),
            _ => None,
        })
        .collect();
    let flight = [
        HandshakeType::ServerHello,
        HandshakeType::Certificate,
        HandshakeType::ServerKeyExchange,
        HandshakeType::ServerHelloDone,
        HandshakeType::Finished,
    ];
    assert_eq!(names, [flight, flight].concat());
}

#[test]
fn sessions_are_taken_up_by_id_and_by_ticket() {
    let mut memory = Memory::default();
    let peer = Peer::default();
    let first = held(peer, &mut memory, |_| {}, None, false);
    let session = first.first().unwrap().resumable();
    let wish = portreeve_wire::tls::Extension::empty(portreeve_wire::tls::ExtensionType::SessionTicket);
    let by_id = |hello: &mut portreeve_wire::tls::ClientHello| {
        session.by_id(hello);
        hello.set(wish);
    };
    let second = held(peer, &mut memory, by_id, Some(session.clone()), false);
    let agreed = second.first().unwrap();
    assert!(agreed.resumed, "{:?}", second.failure);
    let session = agreed.resumable();
    assert_eq!(session.ticket.as_ref().unwrap().lifetime, 300);
    let third =
        held(peer, &mut memory, |hello| session.by_ticket(hello, &[9; 16]), Some(session.clone()), false);
    assert!(third.first().unwrap().resumed, "{:?}", third.failure);
    assert_eq!(third.first().unwrap().answer.session_id, [9; 16]);
    // A server that does not take it makes a new session, and that is understood, too.
    let forgetful = Peer { tickets: Tickets::Ignored, ids: false, ..peer };
    let fourth = held(
        forgetful,
        &mut memory,
        |hello| session.by_ticket(hello, &[9; 16]),
        Some(session.clone()),
        false,
    );
    assert!(!fourth.first().unwrap().resumed);
}

#[test]
fn a_flaw_shows_what_the_server_verifies() {
    let with = |records, flaw| flawed(Peer { suite: CBC, records, ..Peer::default() }, flaw);
    assert!(with(Records::AnyPadding, Flaw::Padding).first().is_some());
    assert!(with(Records::AnyPadding, Flaw::Mac).first().is_none());
    assert!(with(Records::AnyMac, Flaw::Mac).first().is_some());
    for flaw in [Flaw::Padding, Flaw::Mac] {
        let refused = with(Records::Strict, flaw);
        let alert = refused.seen.iter().find_map(|seen| match seen {
            Seen::Alert(alert) => Some(alert.description),
            _ => None,
        });
        assert_eq!(alert, Some(AlertDescription::BadRecordMac));
        assert_eq!(refused.first(), None);
    }
    assert!(matches!(with(Records::Silent, Flaw::Mac).end, End::Silent(_)));
}

#[test]
fn a_server_that_lies_is_not_believed() {
    // Every byte of the server's last flight is changed in turn: no session, and no panic.
    let peer = Peer { suite: CBC, tickets: Tickets::None, ..Peer::default() };
    let whole = talk(peer, false).transcript.received_length();
    for at in (0..whole).step_by(7) {
        let mut connection = peer.connection(Memory::default());
        let mut conversation = super::stage::conversation(peer);
        let played = conversation.clone();
        let mut sent = 0;
        let heard = crate::exchange::replay(&mut conversation, &mut |bytes| {
            // A client's hello that fits the changed flight no longer may be answered with the end.
            let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| connection.hear(bytes)));
            let mut answer = answer.ok()??;
            if let Some(byte) = at.checked_sub(sent).and_then(|at| answer.get_mut(at)) {
                *byte ^= 0x55;
            }
            sent += answer.len();
            Some(answer)
        });
        let told = played.told(heard);
        let harmless = told.first().is_some_and(|agreed| agreed.suite() == peer.suite);
        assert!(told.first().is_none() || harmless, "byte {at}");
    }
}
