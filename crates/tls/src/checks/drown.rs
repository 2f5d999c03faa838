//! DROWN: a server that speaks SSL 2.0 decrypts, question by question, recorded sessions of every server with the same RSA key
//! (Aviram et al., USENIX Security 2016).
//!
//! The general attack takes export suites and some work; the special one takes a fault of old OpenSSL (CVE-2016-0703), which accepts bytes of
//! the key in the clear where none may be, and less than a minute. The fault shows in that the server goes on after such a message; one
//! without it ends with an error.

use std::time::Duration;

use portreeve_model::Severity;
use portreeve_model::tls::{Evidence, Party, Support};
use portreeve_wire::WireError;
use portreeve_wire::tls::ssl2::{Answer, ClientHello, ServerHello, Suite};

use super::{Check, Judgement, reply};
use crate::audit::Scene;
use crate::exchange::{Move, Script, Transcript};
use crate::rsa::RsaKey;

/// `CLIENT-MASTER-KEY`.
const CLIENT_MASTER_KEY: u8 = 2;
/// An error is a record of five bytes; `SERVER-VERIFY` has a digest of 16, a type and a challenge of 16.
const VERIFY: usize = 2 + 33;

/// DROWN.
pub(crate) static CHECK: Check = Check {
    id: "drown",
    title: "DROWN (SSL 2.0)",
    cves: &["CVE-2016-0800", "CVE-2016-0703", "CVE-2015-3197"],
    severity: Severity::High,
    fix: &[
        "Turn SSL 2.0 off on every server that has this key, mail servers too. nginx: ssl_protocols TLSv1.2 TLSv1.3; Apache: SSLProtocol -all +TLSv1.2 +TLSv1.3; Postfix: smtpd_tls_protocols = >=TLSv1.2; Dovecot: ssl_min_protocol = TLSv1.2",
        "Update OpenSSL: 1.1.0 and newer has no SSL 2.0, 1.0.2g and 1.0.1s have it turned off.",
        "Make a new key where another server keeps speaking SSL 2.0 with this one.",
    ],
    reproduce: Some("nmap -p {port} --script sslv2-drown {host}"),
    look: |scene| Box::pin(look(scene)),
};

async fn look(scene: &Scene) -> Judgement {
    match &scene.known.ssl2 {
        Some((Support::No, _)) => Judgement::not_vulnerable(
            "The server does not speak SSL 2.0; another server with the same key may, which is not seen from here.",
            Vec::new(),
        ),
        Some((Support::Inconclusive, _)) => {
            Judgement::inconclusive("Whether the server speaks SSL 2.0 is not known.")
        }
        _ => {
            let [challenge, _] = *crate::audit::random().as_chunks().0 else {
                return Judgement::inconclusive("There was no challenge for SSL 2.0.");
            };
            judge(&scene.line.play(Question::new(challenge, scene.line.patience().answer)).await)
        }
    }
}

/// Says hello in SSL 2.0, and gives the server a key of which one byte is not encrypted.
#[derive(Clone, Debug)]
struct Question {
    challenge: [u8; 16],
    patience: Duration,
    step: u8,
    before: usize,
}

impl Question {
    fn new(challenge: [u8; 16], patience: Duration) -> Self {
        Self { challenge, patience, step: 0, before: 0 }
    }
}

impl Script for Question {
    fn next(&mut self, heard: &Transcript) -> Move {
        match self.step {
            0 => {
                self.step = 1;
                Move::Send(ClientHello::new(self.challenge).encode())
            }
            1 => match Answer::decode(&heard.received()) {
                Err(WireError::Truncated { .. }) => Move::Listen(self.patience),
                Ok(Answer::Hello(hello)) => {
                    self.step = 2;
                    self.before = heard.received_length();
                    partly_clear_key(&hello).map_or(Move::Close, Move::Send)
                }
                _ => Move::Close,
            },
            // The beginning of an answer is enough: an error is five bytes long.
            _ if heard.received_length() < self.before + 5 => Move::Listen(self.patience),
            _ => Move::Close,
        }
    }
}

/// `CLIENT-MASTER-KEY` for a suite that is not for export, with one byte of the key in the clear. None where there is no such suite, or no
/// RSA key.
fn partly_clear_key(hello: &ServerHello) -> Option<Vec<u8>> {
    let (suite, key_length, argument) = hello.suites.iter().copied().find_map(|suite| {
        let (key, argument) = lengths(suite)?;
        Some((suite, key, argument))
    })?;
    let key = RsaKey::of_certificate(hello.x509()?)?;
    // PKCS#1 v1.5: 00 02, filling, 00, the key.
    let mut padded = vec![0, 2];
    padded.extend(std::iter::repeat_n(0xa5, key.length().checked_sub(key_length + 3)?));
    padded.push(0);
    padded.extend(std::iter::repeat_n(0x5a, key_length));
    let encrypted = key.encrypt(&padded);
    let mut body = vec![CLIENT_MASTER_KEY];
    body.extend(suite.0.to_be_bytes().get(1..)?);
    for length in [1, encrypted.len(), argument] {
        body.extend(u16::try_from(length).ok()?.to_be_bytes());
    }
    body.push(0x5a);
    body.extend(encrypted);
    body.extend(std::iter::repeat_n(0, argument));
    let length = u16::try_from(body.len()).ok().filter(|length| *length < 0x8000)? | 0x8000;
    Some([&length.to_be_bytes()[..], &body].concat())
}

/// Bytes of the key and of its argument, of suites whose key is to be encrypted whole.
fn lengths(suite: Suite) -> Option<(usize, usize)> {
    Some(match suite.0 {
        0x0001_0080 => (16, 0),
        0x0003_0080 | 0x0005_0080 => (16, 8),
        0x0006_0040 => (8, 8),
        0x0007_00c0 => (24, 8),
        _ => return None,
    })
}

fn judge(heard: &Transcript) -> Judgement {
    let hello = match Answer::decode(&heard.received()) {
        Ok(Answer::Hello(hello)) => hello,
        Ok(Answer::Error(refusal)) => {
            return Judgement::potential(
                format!(
                    "The server speaks SSL 2.0 and refuses every suite ({refusal}); old OpenSSL takes some that it does not name (CVE-2015-3197)."
                ),
                vec![Evidence::server("Error of SSL 2.0", &heard.received())],
            );
        }
        Err(_) => return unspoken(heard),
    };
    let length = hello.encode().len();
    let received = heard.received();
    let mut evidence =
        vec![Evidence::server("SERVER-HELLO of SSL 2.0", received.get(..length).unwrap_or(&received))];
    if hello.suites.is_empty() {
        return Judgement::potential(
            "The server speaks SSL 2.0 and names no suite; old OpenSSL takes some that it does not name (CVE-2015-3197).",
            evidence,
        );
    }
    let exports = hello.suites.iter().filter(|suite| suite.is_export()).count();
    let told = match (hello.suites.len(), exports) {
        (all, 0) => format!("SSL 2.0 with {all} suites, none of them for export"),
        (all, some) => format!("SSL 2.0 with {all} suites, {some} of them for export"),
    };
    let (said, answered) = reply::after_hello(heard);
    if answered.len() >= VERIFY && heard.sends() > 1 {
        evidence.push(Evidence::client("CLIENT-MASTER-KEY with a byte of the key in the clear", &said));
        evidence.push(Evidence::server("SERVER-VERIFY instead of an error", &answered));
        return Judgement::confirmed(
            format!(
                "The server speaks {told}, and takes keys that are partly in the clear (CVE-2016-0703): sessions with its key are read in less than a minute."
            ),
            evidence,
        );
    }
    Judgement::confirmed(
        format!(
            "The server speaks {told}: sessions of every server with this key that were recorded can be decrypted with its help."
        ),
        evidence,
    )
}

/// Of an answer that is none of SSL 2.0: an alert of TLS, or an end without a word, which is how servers refuse it.
fn unspoken(heard: &Transcript) -> Judgement {
    use crate::exchange::End;
    let received = heard.received();
    if received.first() == Some(&21) {
        return Judgement::not_vulnerable(
            "The server answers a hello of SSL 2.0 with an alert of TLS.",
            vec![Evidence::server("Alert", &received)],
        );
    }
    match heard.end() {
        Some(End::Closed | End::Reset) if received.is_empty() => Judgement::not_vulnerable(
            "The server ends the connection at a hello of SSL 2.0.",
            vec![Evidence::of(Party::Client, "CLIENT-HELLO of SSL 2.0: connection ended", &heard.sent())],
        ),
        _ => Judgement::inconclusive(format!(
            "A hello of SSL 2.0 has no answer that would tell: {}.",
            reply::unanswered(heard),
        )),
    }
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;

    use super::super::canned::{PATIENCE, certificate};
    use super::*;
    use crate::exchange::replay;

    fn hello(suites: &[u32]) -> Vec<u8> {
        let suites = suites.iter().copied().map(Suite).collect();
        let (session_hit, certificate_type, version) = (false, 1, 2);
        let connection_id = vec![7; 16];
        ServerHello {
            session_hit,
            certificate_type,
            version,
            certificate: certificate(),
            suites,
            connection_id,
        }
        .encode()
    }

    fn judged(mut first: Option<Vec<u8>>, mut second: Option<Vec<u8>>) -> Judgement {
        let mut turn = 0;
        judge(&replay(&mut Question::new([1; 16], PATIENCE), &mut |_| {
            turn += 1;
            if turn == 1 { first.take() } else { second.take() }
        }))
    }

    #[test]
    fn whoever_speaks_ssl_2_is_open_to_it() {
        let error = Some(vec![0x80, 3, 0, 0, 0]);
        let general = judged(Some(hello(&[0x0001_0080, 0x0002_0080])), error.clone());
        assert_eq!((general.verdict, general.evidence.len()), (Verdict::Confirmed, 1));
        assert!(general.statement.contains("2 suites, 1 of them for export"), "{general:?}");
        let special = judged(Some(hello(&[0x0007_00c0])), Some([&[0x80, 33][..], &[9; 33]].concat()));
        assert_eq!((special.verdict, special.evidence.len()), (Verdict::Confirmed, 3));
        assert!(special.statement.contains("CVE-2016-0703"), "{special:?}");
        // Only suites for export: nothing to try.
        assert_eq!(judged(Some(hello(&[0x0002_0080])), None).verdict, Verdict::Confirmed);
        assert_eq!(judged(Some(hello(&[])), None).verdict, Verdict::Potential);
        assert_eq!(judged(Some(vec![0x80, 3, 0, 0, 1]), None).verdict, Verdict::Potential);
    }

    #[test]
    fn an_alert_or_the_end_refuses_it_and_silence_says_nothing() {
        assert_eq!(judged(Some(vec![21, 3, 1, 0, 2, 2, 70]), None).verdict, Verdict::NotVulnerable);
        assert_eq!(judged(None, None).verdict, Verdict::NotVulnerable);
        assert_eq!(judged(Some(Vec::new()), None).verdict, Verdict::Inconclusive);
        assert_eq!(judged(Some(b"HTTP/1.1 400 Bad Request".to_vec()), None).verdict, Verdict::Inconclusive);
    }
}
