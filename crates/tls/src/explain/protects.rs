//! What a step protects against: an eavesdropper, somebody who pretends, somebody who weakens the offer, one who plays old bytes again.

use portreeve_model::tls::Party;
use portreeve_wire::tls::{AlertDescription, HandshakeType, KeyExchange, Suite, Version};

use super::said::{Said, What};

/// One sentence.
pub(super) fn sentence(said: &Said) -> &'static str {
    let is_tls13 = said.agreed.version == Some(Version::Tls13);
    let exchange = said.agreed.suite.and_then(Suite::key_exchange);
    match said.what {
        What::Handshake(kind) => of_message(said, kind, is_tls13, exchange),
        What::ChangeCipherSpec if is_tls13 => {
            "Nothing: it is there so that middle boxes that know TLS 1.2 alone let the connection pass."
        }
        What::ChangeCipherSpec => {
            "Against eavesdroppers, from the next byte on: what follows is encrypted and authenticated."
        }
        What::Alert if said.bytes.get(1) == Some(&AlertDescription::CloseNotify.value()) => {
            "Against truncation: a connection that ends without it was cut by somebody else."
        }
        What::Alert if said.keys.is_some() => "Encrypted, so that nobody on the way can invent it.",
        What::Alert => {
            "Nothing: it comes before there are keys, so that somebody on the way could have invented it."
        }
        What::Data => "Against eavesdroppers and forgers: only the two ends have the keys.",
        What::Sealed(_) | What::Empty(_) | What::Rest => "Nothing that can be told from its bytes.",
    }
}

fn of_message(
    said: &Said,
    kind: HandshakeType,
    is_tls13: bool,
    exchange: Option<KeyExchange>,
) -> &'static str {
    match kind {
        HandshakeType::ClientHello => {
            "Its random protects against replay; the rest is open to everybody on the way, and guarded against changes only by Finished."
        }
        HandshakeType::ServerHello
            if is_tls13 && said.bytes.get(6..10) == Some(&[0xcf, 0x21, 0xad, 0x74]) =>
        {
            "Nothing yet: it costs one round trip, and Finished covers it."
        }
        HandshakeType::ServerHello if is_tls13 => {
            "Against eavesdroppers: from the two key shares both sides compute keys that who saw only the shares can not; what follows is \
             encrypted."
        }
        HandshakeType::ServerHello => {
            "Its random protects against replay; the choice is open, and guarded against a downgrade only by Finished."
        }
        HandshakeType::EncryptedExtensions => {
            "Against eavesdroppers: which protocol is spoken inside is nobody else's business."
        }
        HandshakeType::Certificate if said.party == Party::Client => {
            "Against strangers: the server may know its clients; a certificate alone proves nothing yet."
        }
        HandshakeType::Certificate if is_tls13 => {
            "Against impersonation, together with CertificateVerify: a certificate alone is public; encrypted, since an eavesdropper need not \
             see it."
        }
        HandshakeType::Certificate => {
            "Against impersonation, together with the proof of its key: a certificate alone is public, and here everybody on the way reads it."
        }
        HandshakeType::CertificateVerify => {
            "Against impersonation: nobody without the private key can sign this handshake, and no other handshake has this signature."
        }
        HandshakeType::CertificateStatus => {
            "Against a stolen key whose certificate was revoked, without the client telling the authority where it goes."
        }
        HandshakeType::CertificateRequest => {
            "Against strangers: who has no certificate that the server likes can be turned away."
        }
        HandshakeType::ServerKeyExchange => {
            "Against impersonation by its signature, and against who records today and steals the key tomorrow: this key is forgotten \
             (forward secrecy)."
        }
        HandshakeType::ServerHelloDone => "Nothing: it marks the end of a flight.",
        HandshakeType::ClientKeyExchange if exchange == Some(KeyExchange::Rsa) => {
            "Against eavesdroppers, as long as the server's key stays secret: whoever gets it later reads what was recorded."
        }
        HandshakeType::ClientKeyExchange => {
            "Against eavesdroppers: from the two halves both sides compute keys that who saw only the halves can not."
        }
        HandshakeType::Finished => {
            "Against downgrade and tampering: it depends on every byte said before, so that a changed offer or choice would be noticed here."
        }
        HandshakeType::NewSessionTicket if is_tls13 => {
            "Saves work: the next handshake needs no certificate, and with a fresh key share it keeps forward secrecy."
        }
        HandshakeType::NewSessionTicket => {
            "Saves work, and costs secrecy: who steals the key that the server seals its tickets with reads the sessions taken up by them."
        }
        HandshakeType::HelloRequest => "Nothing: renegotiation is a thing of the past.",
        HandshakeType::KeyUpdate => "Against wear: too much under the same keys weakens them.",
        _ => "Nothing that this program knows of.",
    }
}
