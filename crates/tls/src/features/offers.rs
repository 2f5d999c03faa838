//! The one handshake of a modern client that several features share: TLS 1.3 with a made-up Encrypted Client Hello (GREASE, RFC 9849, 6.2)
//! and the application protocols of browsers. What the server encrypts in its answer is read with the keys of the connection.

use std::net::SocketAddr;
use std::time::Duration;

use portreeve_model::tls::Party;
use portreeve_wire::tls::tls13::EncryptedExtensions;
use portreeve_wire::tls::{ExtensionType, HandshakeType, Version};
use rustls::Error;
use rustls::client::{EchConfig, EchGreaseConfig, EchMode, EchStatus};
use rustls::crypto::aws_lc_rs::hpke::{ALL_SUPPORTED_SUITES, DH_KEM_X25519_HKDF_SHA256_AES_128};
use rustls::crypto::hpke::Hpke;
use rustls::pki_types::EchConfigListBytes;
use tokio::sync::OnceCell;

use super::application::{self, Unknown};
use crate::audit::Scene;
use crate::exchange::Turn;
use crate::explain::{Conversation, Recording, Trouble, What, Wish, record};

/// What a browser offers.
const BROWSER: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// What servers answer to offers that several features and checks want to know of, each made at most once.
#[derive(Debug, Default)]
pub struct Offers {
    greased: OnceCell<Offered>,
    unknown: OnceCell<Unknown>,
}

/// What came of a handshake.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    /// Whether it came to its end; why it did not.
    pub(crate) ending: Result<(), Trouble>,
    /// The application protocol that was chosen.
    pub(crate) alpn: Option<Vec<u8>>,
    /// Keys for Encrypted Client Hello that the server sent for the next time.
    pub(crate) retry_keys: Option<Vec<u8>>,
    /// What became of an Encrypted Client Hello.
    pub(crate) ech: EchStatus,
    /// The server's bytes, the first record.
    pub(crate) first: Vec<u8>,
}

impl Offers {
    /// The answer to the shared handshake; none where the server does not speak TLS 1.3.
    pub(crate) async fn greased(&self, scene: &Scene) -> Option<&Offered> {
        if !scene.known.speaks(Version::Tls13) {
            return None;
        }
        Some(self.greased.get_or_init(|| shake(scene, greased())).await)
    }

    /// What becomes of a client that offers an application protocol which does not exist.
    pub(crate) async fn unknown_protocol(&self, scene: &Scene) -> &Unknown {
        self.unknown.get_or_init(|| application::offer_unknown(scene)).await
    }
}

/// A handshake with these keys.
pub(super) async fn with_keys(scene: &Scene, keys: &[u8]) -> Offered {
    let list = EchConfigListBytes::from(keys.to_vec());
    match EchConfig::new(list, ALL_SUPPORTED_SUITES) {
        Ok(config) => shake(scene, Ok(config.into())).await,
        Err(error) => Offered::failed(error.to_string()),
    }
}

/// A made-up hello, which no server can open.
fn greased() -> Result<EchMode, String> {
    let suite = DH_KEM_X25519_HKDF_SHA256_AES_128;
    let (key, _) = suite.generate_key_pair().map_err(|error| error.to_string())?;
    Ok(EchGreaseConfig::new(suite, key).into())
}

async fn shake(scene: &Scene, mode: Result<EchMode, String>) -> Offered {
    let mode = match mode {
        Ok(mode) => mode,
        Err(why) => return Offered::failed(why),
    };
    let _place = match scene.line.connection().await {
        Ok(place) => place,
        Err(why) => return Offered::failed(why),
    };
    let (address, patience) = (scene.address(), scene.line.patience().answer);
    let name = scene.greeting.server_name.clone();
    let handshake = tokio::task::spawn_blocking(move || offer(address, name.as_deref(), mode, patience));
    handshake.await.unwrap_or_else(|error| Offered::failed(error.to_string()))
}

/// Makes the handshake. Blocks.
fn offer(address: SocketAddr, name: Option<&str>, mode: EchMode, patience: Duration) -> Offered {
    let alpn = BROWSER.iter().map(|name| name.to_vec()).collect();
    let wish = Wish { alpn, ech: Some(mode), ..Wish::default() };
    Offered::of(&record(address, name, &wish, patience))
}

impl Offered {
    fn of(recording: &Recording) -> Self {
        let is_server = |turn: &&Turn| turn.party == Party::Server;
        let first = recording.turns.iter().find(is_server).map(|turn| turn.bytes.clone());
        Self {
            ending: recording.ending.clone(),
            alpn: recording.alpn.clone(),
            retry_keys: retry_keys(recording),
            ech: recording.ech,
            first: first.unwrap_or_default(),
        }
    }

    /// Whether the server itself ended the handshake with an alert, or went on without opening the hello.
    pub(crate) fn is_refused(&self) -> bool {
        let alert = matches!(self.ending, Err(Trouble::Library(Error::AlertReceived(_))));
        alert || self.ech == EchStatus::Rejected
    }

    fn failed(why: String) -> Self {
        Self {
            ending: Err(Trouble::Other(why)),
            alpn: None,
            retry_keys: None,
            ech: EchStatus::NotOffered,
            first: Vec::new(),
        }
    }
}

/// What the server answers to a hello beside the key exchange.
pub(super) fn encrypted_extensions(recording: &Recording) -> Option<EncryptedExtensions> {
    let said = Conversation::of(&recording.turns, &recording.secrets);
    let wanted = What::Handshake(HandshakeType::EncryptedExtensions);
    let message = said.iter().find(|said| said.what == wanted)?;
    EncryptedExtensions::decode(message.bytes.get(4..)?)
}

/// The keys among that.
fn retry_keys(recording: &Recording) -> Option<Vec<u8>> {
    let all = encrypted_extensions(recording)?.extensions;
    all.into_iter().find(|one| one.kind == ExtensionType::EncryptedClientHello).map(|one| one.content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::tests::recording;

    #[test]
    fn keys_for_the_next_time_are_read_from_what_is_encrypted() {
        let list = [0, 4, 0xfe, 0x0d, 0, 0];
        let body = [&[0, 10, 0xfe, 0x0d, 0, 6], list.as_slice()].concat();
        let offered = Offered::of(&recording(&body));
        assert_eq!(offered.retry_keys.as_deref(), Some(list.as_slice()));
        assert_eq!((offered.ech, offered.first.first()), (EchStatus::Grease, Some(&22)));
        assert_eq!(Offered::of(&recording(&[0, 0])).retry_keys, None);
    }
}
