//! Ticketbleed: a server that takes up a session by its ticket and repeats 32 bytes of a session id that was shorter, the rest out of its
//! memory.
//!
//! The ticket is a true one, so that a server that is whole takes it up, and shows by that that it would have repeated what it was given.

use portreeve_model::Severity;
use portreeve_model::tls::Evidence;
use portreeve_wire::tls::{HandshakeType, ServerHello};

use super::{Check, Judgement};
use crate::audit::Scene;
use crate::session::{Absent, Seen, Talk};

/// Ticketbleed.
pub(crate) static CHECK: Check = Check {
    id: "ticketbleed",
    title: "Ticketbleed",
    cves: &["CVE-2016-9244"],
    severity: Severity::High,
    fix: &[
        "Update the F5 BIG-IP to a release that F5's advisory K05121675 names as fixed, and replace keys that were in its memory.",
        "Until then switch off session tickets in the client SSL profile.",
    ],
    reproduce: Some("testssl --ticketbleed {target}"),
    look: |scene| Box::pin(look(scene)),
};

async fn look(scene: &Scene) -> Judgement {
    match scene.sessions.by_ticket(scene).await {
        Ok(talk) => judge(talk),
        Err(Absent::NotApplicable(why)) => Judgement::not_vulnerable(
            format!("The attack needs session tickets of TLS 1.2 or before: {why}."),
            Vec::new(),
        ),
        Err(Absent::Withheld(why)) => {
            Judgement::not_vulnerable(format!("The attack needs session tickets, and {why}."), Vec::new())
        }
        Err(Absent::NotTried(why)) => Judgement::inconclusive(format!("No ticket could be had: {why}.")),
    }
}

/// Of a session that was asked for by its ticket, with a short session id beside it.
fn judge(talk: &Talk) -> Judgement {
    let asked = &talk.hello.session_id;
    let answer = talk.seen.iter().find_map(|seen| match seen {
        Seen::Message(HandshakeType::ServerHello, body) => ServerHello::of_body(body),
        _ => None,
    });
    let Some(answer) = answer else {
        return Judgement::inconclusive(format!(
            "The hello with a ticket and a session ID of {} bytes was not answered with a hello: {}.",
            asked.len(),
            talk.why_not()
        ));
    };
    let evidence = vec![
        Evidence::client("the session ID beside the ticket", asked),
        Evidence::server("the session ID in the answer", &answer.session_id),
    ];
    let beyond = answer.session_id.strip_prefix(asked.as_slice()).map(<[u8]>::len);
    match beyond {
        Some(count @ 1..) => Judgement::confirmed(
            format!(
                "The server repeated the client's session ID of {} bytes, and {count} bytes of its memory after it.",
                asked.len()
            ),
            evidence,
        ),
        Some(0) => Judgement::not_vulnerable(
            format!(
                "The server took up the ticket and repeated the session ID of {} bytes as it was.",
                asked.len()
            ),
            evidence,
        ),
        None if talk.first().is_some_and(|agreed| agreed.resumed) => Judgement::not_vulnerable(
            format!(
                "The server took up the ticket, and did not repeat the session ID of {} bytes.",
                asked.len()
            ),
            evidence,
        ),
        _ => Judgement::inconclusive(
            "The server did not take up the ticket that it had given, so that there was nothing for it to repeat.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;

    use super::*;
    use crate::session::tests::peer::{Memory, Peer, Tickets};
    use crate::session::tests::stage::held;

    /// A session, and the next, asked for by the ticket of the first.
    fn by_ticket(tickets: Tickets) -> Talk {
        let (peer, mut memory) = (Peer { tickets, ..Peer::default() }, Memory::default());
        let wish = portreeve_wire::tls::Extension::empty(portreeve_wire::tls::ExtensionType::SessionTicket);
        let first = held(peer, &mut memory, |hello| hello.set(wish), None, false);
        let session = first.first().unwrap().resumable();
        held(peer, &mut memory, |hello| session.by_ticket(hello, &[7; 16]), Some(session.clone()), false)
    }

    #[test]
    fn a_transcript_says_whether_memory_was_repeated() {
        let bled = judge(&by_ticket(Tickets::Bleeding));
        assert_eq!(bled.verdict, Verdict::Confirmed);
        assert_eq!(bled.evidence[1].bytes, "07".repeat(16) + &"bb".repeat(16));
        assert_eq!(judge(&by_ticket(Tickets::Taken)).verdict, Verdict::NotVulnerable);
        assert_eq!(judge(&by_ticket(Tickets::Ignored)).verdict, Verdict::Inconclusive);
    }
}
