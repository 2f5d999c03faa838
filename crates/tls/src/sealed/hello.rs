//! The second hello, which answers a retry with a key.

use std::time::Duration;

use portreeve_wire::tls::{ClientHello, Extension, ExtensionType, NamedGroup, SignatureScheme};

use super::SealedFlight;
use crate::exchange::{Flight, Move, Script, Transcript};
use crate::session::Entropy;
use crate::share::Share;

/// After a hello that was answered with a retry: the same once more, with a key of the group that the server named; then it listens until
/// the server has said all that it says before the client proves anything. Closes at once where there was no such retry.
#[derive(Clone, Debug)]
pub struct SecondHello {
    hello: ClientHello,
    seed: [u8; 32],
    patience: Duration,
    /// Events heard when it was asked last.
    heard: usize,
    looks: u32,
}

/// A flight that comes in more pieces is left alone: each time all of it is decrypted.
const LOOKS: u32 = 100;

impl SecondHello {
    /// Of the first hello, and the seed of the key.
    pub fn new(hello: ClientHello, seed: [u8; 32], patience: Duration) -> Self {
        Self { hello, seed, patience, heard: 0, looks: 0 }
    }

    /// With these signature algorithms instead of those of the first hello.
    #[must_use]
    pub fn signed_with(mut self, schemes: &[SignatureScheme]) -> Self {
        self.hello.set(Extension::signature_algorithms(schemes));
        self
    }

    /// What the server said to the second hello, which may be nothing; none where there was no second hello.
    pub fn read(&self, heard: &Transcript) -> Option<SealedFlight> {
        let share = self.share(retry(heard)?)?;
        Some(SealedFlight::of(heard, &share).unwrap_or_default())
    }

    /// Whether a server that names this group is answered.
    pub fn answers(group: NamedGroup) -> bool {
        Share::is_of(group)
    }

    fn share(&self, group: NamedGroup) -> Option<Share> {
        Share::new(group, &mut Entropy::of_seed(self.seed)).ok()
    }

    /// The second hello: the first with the key, and with the cookie that the server may have sent (RFC 8446, 4.1.2).
    fn second(&self, first: &Flight, share: &Share) -> Vec<u8> {
        let mut hello = self.hello.clone();
        hello.set(Extension::key_shares(&[(share.group(), share.public())]));
        let cookie = first.hello.as_ref().and_then(|retry| retry.extension(ExtensionType::Cookie));
        hello.extensions.extend(cookie.cloned());
        hello.encode()
    }
}

impl Script for SecondHello {
    fn next(&mut self, heard: &Transcript) -> Move {
        let Some(share) = retry(heard).and_then(|group| self.share(group)) else { return Move::Close };
        if heard.sends() == 1 {
            return Move::Send(self.second(&heard.flight(), &share));
        }
        // A flight that comes byte by byte is not decrypted anew with each record that is not whole.
        let is_new = heard.events().len() > self.heard;
        self.heard = heard.events().len();
        self.looks += u32::from(is_new);
        let is_over = is_new && SealedFlight::of(heard, &share).is_some_and(|flight| flight.is_over());
        if is_over || self.looks > LOOKS || heard.unreadable().is_some() {
            Move::Close
        } else {
            Move::Listen(self.patience)
        }
    }
}

/// The group that the retry names, where there was one and there are keys of it.
fn retry(heard: &Transcript) -> Option<NamedGroup> {
    let hello = heard.flight().hello.filter(|hello| hello.retry)?;
    hello.group().filter(|group| Share::is_of(*group))
}
