//! Insecure renegotiation: a server that lets a client begin a second handshake which nothing binds to the session, so that an attacker
//! can put words before those of a victim.
//!
//! Only a second handshake that the server answers inside the session is proof. A refusal by an alert, by closing, or by silence is none.

use portreeve_model::Severity;
use portreeve_model::tls::Evidence;

use super::{Check, Judgement};
use crate::audit::Scene;
use crate::exchange::End;
use crate::session::{Absent, Agreed, Outcome, Talk};

/// Insecure renegotiation.
pub(crate) static CHECK: Check = Check {
    id: "insecure-renegotiation",
    title: "Insecure renegotiation",
    cves: &["CVE-2009-3555"],
    severity: Severity::Medium,
    fix: &[
        "Update the TLS library to one that knows RFC 5746: OpenSSL 0.9.8m, GnuTLS 2.10, NSS 3.12.6, or any later release.",
        "With a library that knows it, switch the old way off: no SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION, no `SSLInsecureRenegotiation on`.",
        "Where neither can be done, refuse every renegotiation.",
    ],
    reproduce: Some(
        "(sleep 1; echo R; sleep 2) | openssl s_client -connect {target}{servername} -tls1_2 -legacy_renegotiation",
    ),
    look: |scene| Box::pin(look(scene)),
};

async fn look(scene: &Scene) -> Judgement {
    let whole = match scene.sessions.whole(scene).await {
        Ok(talk) => talk,
        Err(absent) => return without_session(absent),
    };
    // One that renegotiates with clients that know RFC 5746 may still do so with others, the old way.
    let renegotiates = matches!(whole.outcome(), Outcome::Completed | Outcome::Answered);
    let is_marked = whole.first().is_some_and(Agreed::renegotiates_securely);
    if !(renegotiates && is_marked) {
        return judge(whole);
    }
    match scene.sessions.unmarked(scene).await {
        Ok(talk) => judge_unmarked(talk),
        Err(absent) => without_session(absent),
    }
}

/// Of a session with a server that was offered RFC 5746, and the second handshake in it.
fn judge(talk: &Talk) -> Judgement {
    let Some(agreed) = talk.first() else {
        return Judgement::inconclusive(format!("No session came about: {}.", talk.why_not()));
    };
    let version = agreed.version();
    let knows = if agreed.renegotiates_securely() { "knows" } else { "does not know" };
    match talk.outcome() {
        Outcome::Completed | Outcome::Answered => accepted(talk, agreed, "which does not know RFC 5746,"),
        Outcome::Refused(how) => Judgement::not_vulnerable(
            format!(
                "The server {knows} RFC 5746, and {how} when the client began a second handshake in {version}."
            ),
            Vec::new(),
        ),
        Outcome::Unclear(why) => Judgement::inconclusive(format!(
            "The server {knows} RFC 5746; the client began a second handshake in {version}, and {why}."
        )),
    }
}

/// Of a session, and the second handshake in it, both without a word of RFC 5746.
fn judge_unmarked(talk: &Talk) -> Judgement {
    let Some(agreed) = talk.first() else {
        return match talk.end {
            End::Done | End::Closed | End::Reset => Judgement::not_vulnerable(
                format!(
                    "The server holds no session with a client that does not know RFC 5746: {}.",
                    talk.why_not()
                ),
                Vec::new(),
            ),
            _ => Judgement::inconclusive(format!("No session came about: {}.", talk.why_not())),
        };
    };
    match talk.outcome() {
        Outcome::Completed | Outcome::Answered => {
            accepted(talk, agreed, "which knows RFC 5746 and does not insist on it,")
        }
        Outcome::Refused(how) => Judgement::not_vulnerable(
            format!("The server renegotiates with clients that know RFC 5746 only; with another it {how}."),
            Vec::new(),
        ),
        Outcome::Unclear(why) => Judgement::inconclusive(format!(
            "A client that does not know RFC 5746 began a second handshake in {}, and {why}.",
            agreed.version()
        )),
    }
}

fn accepted(talk: &Talk, agreed: &Agreed, which: &str) -> Judgement {
    let did = if talk.outcome() == Outcome::Completed { "completed" } else { "answered" };
    let version = agreed.version();
    let evidence = talk.inner_answer().map(|hello| Evidence::server("ServerHello inside the session", hello));
    Judgement::confirmed(
        format!("The server, {which} {did} a second handshake in {version} that nothing binds to the first."),
        evidence.into_iter().collect(),
    )
}

fn without_session(absent: &Absent) -> Judgement {
    match absent {
        Absent::NotApplicable(why) => {
            Judgement::not_vulnerable(format!("There is no renegotiation in TLS 1.3, and {why}."), Vec::new())
        }
        Absent::Withheld(why) | Absent::NotTried(why) => {
            Judgement::inconclusive(format!("No session could be held: {why}."))
        }
    }
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;

    use super::*;
    use crate::session::tests::peer::{Peer, Renegotiation};
    use crate::session::tests::stage::talk;

    #[test]
    fn a_transcript_says_whether_a_second_handshake_was_taken() {
        for (renegotiation, verdict) in [
            (Renegotiation::Accepted, Verdict::Confirmed),
            (Renegotiation::HelloOnly, Verdict::Confirmed),
            (Renegotiation::Warned, Verdict::NotVulnerable),
            (Renegotiation::Refused, Verdict::NotVulnerable),
            (Renegotiation::Ended, Verdict::NotVulnerable),
            (Renegotiation::PassedOver, Verdict::Inconclusive),
        ] {
            let judged = judge(&talk(Peer { marked: false, renegotiation, ..Peer::default() }, true));
            assert_eq!(judged.verdict, verdict, "{renegotiation:?}: {}", judged.statement);
            let judged =
                judge_unmarked(&talk(Peer { marked: false, renegotiation, ..Peer::default() }, true));
            assert_eq!(judged.verdict, verdict, "{renegotiation:?}: {}", judged.statement);
        }
    }
}
