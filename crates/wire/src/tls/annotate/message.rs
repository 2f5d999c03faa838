//! A handshake message: its header, and its body by what it is.

use super::pen::{Annotation, Pen, bytes_in_words, length, raw};
use super::{certificate, extension, hello, key_exchange};
use crate::tls::{HandshakeType, Suite, Version};

/// What was agreed on before a message: it decides how the message is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The version of the server's hello.
    pub version: Option<Version>,
    /// Its suite.
    pub suite: Option<Suite>,
}

impl Agreed {
    pub(super) fn is_tls13(self) -> bool {
        self.version == Some(Version::Tls13)
    }
}

/// A whole handshake message with its header of four bytes, not encrypted.
pub fn handshake(message: &[u8], agreed: Agreed) -> Vec<Annotation> {
    let mut pen = Pen::new(message);
    body(&mut pen, agreed);
    pen.finish()
}

fn body(pen: &mut Pen<'_>, agreed: Agreed) -> Option<()> {
    let kind = pen.u8("msg_type", |kind| format!("{} ({kind})", HandshakeType::from(kind)))?;
    pen.take(3, "length", |bytes| {
        bytes_in_words(bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    })?;
    match HandshakeType::from(kind) {
        HandshakeType::ClientHello => hello::of_client(pen),
        HandshakeType::ServerHello => hello::of_server(pen),
        HandshakeType::EncryptedExtensions => extension::block(pen, extension::Place::EncryptedExtensions),
        HandshakeType::Certificate if agreed.is_tls13() => certificate::certificate13(pen),
        HandshakeType::Certificate => certificate::certificate12(pen),
        HandshakeType::CertificateRequest if agreed.is_tls13() => certificate::request13(pen),
        HandshakeType::CertificateRequest => {
            certificate::request12(pen, agreed.version == Some(Version::Tls12))
        }
        HandshakeType::CertificateStatus => certificate::status(pen),
        HandshakeType::CertificateVerify => certificate::verify(pen),
        HandshakeType::ServerKeyExchange => key_exchange::of_server(pen, agreed),
        HandshakeType::ClientKeyExchange => key_exchange::of_client(pen, agreed),
        HandshakeType::NewSessionTicket => ticket(pen, agreed.is_tls13()),
        HandshakeType::Finished => {
            let all = pen.rest().len();
            pen.take(all, "verify_data", raw).map(drop)
        }
        HandshakeType::KeyUpdate => {
            let word =
                |asked| if asked == 1 { "the other side shall, too (1)" } else { "this side only (0)" };
            pen.u8("request_update", |asked| word(asked).to_owned()).map(drop)
        }
        _ => Some(()),
    }
}

fn ticket(pen: &mut Pen<'_>, is_tls13: bool) -> Option<()> {
    let lifetime = if is_tls13 { "ticket_lifetime" } else { "ticket_lifetime_hint" };
    pen.be32(lifetime, |seconds| match seconds {
        0 if !is_tls13 => "0: the server does not say".to_owned(),
        _ => format!("{seconds} seconds"),
    })?;
    if is_tls13 {
        pen.be32("ticket_age_add", |number| format!("{number:#010x}"))?;
        pen.note("added to the age of the ticket, so that an eavesdropper can not link sessions by it");
        pen.vector(1, "ticket_nonce", raw, |_| Some(()))?;
    }
    pen.vector(2, "ticket", length, |_| Some(()))?;
    pen.note("opaque to the client; the server finds or decrypts the session in it");
    if is_tls13 { extension::block(pen, extension::Place::Ticket) } else { Some(()) }
}
