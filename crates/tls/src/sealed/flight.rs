//! The flight, decrypted and understood.

use portreeve_model::tls::Party;
use portreeve_wire::tls::tls13::{CertificateChain, CertificateEntry, CertificateVerify};
use portreeve_wire::tls::{
    Alert, ContentType, Event, ExtensionType, HandshakeType, Record, Records, ServerHello, SignatureScheme,
    Version, handshake_message,
};

use super::schedule::secrets;
use crate::exchange::Transcript;
use crate::explain::{Conversation, Hash, What};
use crate::share::Share;

/// What a server said after the second hello.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedFlight {
    /// The certificates, in DER, leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The stapled OCSP response, in DER.
    pub stapled: Option<Vec<u8>>,
    /// Signed certificate timestamps, as a list (RFC 6962, 3.3).
    pub timestamps: Option<Vec<u8>>,
    /// How it signed the handshake.
    pub scheme: Option<SignatureScheme>,
    /// Its `Finished` came, and proves what it has to.
    pub finished: bool,
    /// The alert that it ended with, encrypted or not.
    pub alert: Option<Alert>,
}

impl SealedFlight {
    /// Of what was heard, with the key of the second hello. None where the server did not agree on keys, and said nothing else.
    pub(super) fn of(heard: &Transcript, share: &Share) -> Option<Self> {
        let alert = heard.flight().refusal();
        let Some(agreed) = Agreed::of(heard) else {
            return alert.map(|alert| Self { alert: Some(alert), ..Self::default() });
        };
        let shared = share.agree(&agreed.point).ok()?;
        let secrets = secrets(agreed.hello.suite, &shared, &agreed.covered);
        let mut flight = Self { alert, ..Self::default() };
        for said in Conversation::of(heard.turns(), &secrets) {
            if said.party == Party::Server && said.keys.is_some() {
                flight.take(said.what, &said.bytes, said.proves);
            }
        }
        Some(flight)
    }

    /// Whether nothing more comes before the client proves something.
    pub fn is_over(&self) -> bool {
        self.finished || self.alert.is_some()
    }

    fn take(&mut self, what: What, bytes: &[u8], proves: Option<bool>) {
        let body = bytes.get(4..).unwrap_or_default();
        match what {
            What::Handshake(HandshakeType::Certificate) if self.chain.is_empty() => {
                let Some(chain) = CertificateChain::decode(body) else { return };
                let leaf = chain.entries.first();
                self.stapled = leaf.and_then(CertificateEntry::stapled_response).map(<[u8]>::to_vec);
                self.timestamps = leaf.and_then(CertificateEntry::timestamps).map(<[u8]>::to_vec);
                self.chain = chain.entries.into_iter().map(|entry| entry.der).collect();
            }
            What::Handshake(HandshakeType::CertificateVerify) => {
                self.scheme = CertificateVerify::decode(body).map(|verify| verify.scheme);
            }
            What::Handshake(HandshakeType::Finished) => self.finished = proves == Some(true),
            What::Alert => self.alert = alert(bytes),
            _ => {}
        }
    }
}

/// The alert in the content of a record.
fn alert(content: &[u8]) -> Option<Alert> {
    Alert::of(&Record { content: ContentType::Alert, version: Version::Tls12, fragment: content })
}

/// What both sides agreed on in the clear.
struct Agreed {
    hello: ServerHello,
    /// The server's key.
    point: Vec<u8>,
    /// The messages up to the server's hello, the first hello by its hash alone (RFC 8446, 4.4.1).
    covered: Vec<u8>,
}

impl Agreed {
    fn of(heard: &Transcript) -> Option<Self> {
        let mut bodies = heard.events().iter().filter_map(|event| match event {
            Event::Message { kind: HandshakeType::ServerHello, body } => Some(body),
            _ => None,
        });
        let (retry, body) = (bodies.next()?, bodies.next()?);
        let hello = ServerHello::of_body(body).filter(|hello| !hello.retry)?;
        let share = hello.extension(ExtensionType::KeyShare)?.content.clone();
        let (first, second) = hellos(&heard.sent())?;
        let digest = Hash::of(hello.suite).digest(&first);
        let length = u8::try_from(digest.len()).ok()?;
        let message = |body: &[u8]| handshake_message(HandshakeType::ServerHello, body);
        let covered =
            [&[254, 0, 0, length], digest.as_slice(), &message(retry), &second, &message(body)].concat();
        // Group, length, key.
        let point = share.get(4..)?.to_vec();
        Some(Self { hello, point, covered })
    }
}

/// The two hellos in what was sent, without their records.
fn hellos(sent: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let records = Records::new(sent).filter(|record| record.content == ContentType::Handshake);
    let messages: Vec<u8> = records.flat_map(|record| record.fragment).copied().collect();
    let length = messages.get(1..4)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    let (first, second) = messages.split_at_checked(4 + length)?;
    Some((first.to_vec(), second.to_vec()))
}
