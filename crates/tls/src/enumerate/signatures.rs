//! Signature algorithms of TLS 1.3, found on the connections of its loop: what the server signed with is left out of the next hello.
//!
//! Only the second hello of a connection leaves them out: a server that refuses it has named suite and group already. Where a server minds
//! that the hellos differ, which they may not (RFC 8446, 4.1.2), the first leaves them out, too, once suites and groups are known.
//!
//! A server shows with what it signs only to a client that brings a key ([`crate::sealed`]), which is not so on every connection: where it
//! names a group that there is no key of, nothing is learnt, and nothing lost.

use portreeve_wire::tls::{Alert, AlertDescription, SignatureScheme};

use crate::sealed::SealedFlight;

/// As many chains are kept: one for each sort of key, and one more.
const CHAINS: usize = 4;

/// What is left to be asked for.
#[derive(Debug)]
pub(super) struct Signatures {
    left: Vec<SignatureScheme>,
    seen: Vec<SignatureScheme>,
    over: bool,
    /// Both hellos of a connection name the same.
    alike: bool,
    flights: Vec<SealedFlight>,
}

impl Signatures {
    /// With all that may sign in TLS 1.3.
    pub(super) fn new() -> Self {
        Self { left: SIGNING.to_vec(), seen: Vec::new(), over: false, alike: false, flights: Vec::new() }
    }

    /// What the next first hello names. Where it has to leave out what was seen, nothing else may be asked with it.
    pub(super) fn first(&self) -> Vec<SignatureScheme> {
        if self.are_alike() { self.second() } else { Self::all() }
    }

    /// Everything that may be named.
    pub(super) fn all() -> Vec<SignatureScheme> {
        SIGNING.iter().chain(&OF_CERTIFICATES).copied().collect()
    }

    /// What the second hello of the connection names: what was not seen, and what certificates are signed with.
    pub(super) fn second(&self) -> Vec<SignatureScheme> {
        self.left.iter().chain(&OF_CERTIFICATES).copied().collect()
    }

    /// Whether nothing more is to be found.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Whether both hellos of a connection have to leave out the same.
    pub(super) fn are_alike(&self) -> bool {
        self.alike && !self.over
    }

    /// Asks no more.
    pub(super) fn finish(&mut self) {
        self.over = true;
    }

    /// Takes what the server said after a key was sent to it.
    pub(super) fn take(&mut self, flight: SealedFlight) {
        match flight.scheme {
            Some(scheme) => {
                let place = self.left.iter().position(|one| *one == scheme);
                self.seen.extend(place.map(|place| self.left.remove(place)));
                if place.is_none() && !self.alike {
                    // It goes by the first hello, as BoringSSL does, which names all.
                    self.alike = true;
                } else {
                    // One that takes what was not offered would do so for ever.
                    self.over |= place.is_none() || self.left.is_empty();
                }
            }
            None if self.may_mind(&flight) => self.alike = true,
            None => self.over = true,
        }
        let is_new = |known: &SealedFlight| known.chain != flight.chain;
        if !flight.chain.is_empty() && self.flights.len() < CHAINS && self.flights.iter().all(is_new) {
            self.flights.push(flight);
        }
    }

    /// Whether it may be the difference between the hellos that the server refuses.
    fn may_mind(&self, flight: &SealedFlight) -> bool {
        let is_word = |alert: Alert| {
            matches!(
                alert.description,
                AlertDescription::IllegalParameter | AlertDescription::UnexpectedMessage
            )
        };
        !self.alike && !self.seen.is_empty() && flight.alert.is_some_and(is_word)
    }

    /// What was seen: algorithms, and flights that differ in their certificates.
    pub(super) fn found(self) -> (Vec<SignatureScheme>, Vec<SealedFlight>) {
        (self.seen, self.flights)
    }
}

/// What signs a handshake of TLS 1.3 (RFC 8446, 4.2.3), strong keys of old kinds first: a server with several certificates shows the usual
/// one to a client that can do everything.
const SIGNING: [SignatureScheme; 18] = [
    SignatureScheme::EcdsaSha256,
    SignatureScheme::EcdsaSha384,
    SignatureScheme::EcdsaSha512,
    SignatureScheme::Ed25519,
    SignatureScheme::Ed448,
    SignatureScheme::RsaPssRsaeSha256,
    SignatureScheme::RsaPssRsaeSha384,
    SignatureScheme::RsaPssRsaeSha512,
    SignatureScheme::RsaPssPssSha256,
    SignatureScheme::RsaPssPssSha384,
    SignatureScheme::RsaPssPssSha512,
    SignatureScheme::EcdsaBrainpoolP256r1Tls13Sha256,
    SignatureScheme::EcdsaBrainpoolP384r1Tls13Sha384,
    SignatureScheme::EcdsaBrainpoolP512r1Tls13Sha512,
    SignatureScheme::MlDsa44,
    SignatureScheme::MlDsa65,
    SignatureScheme::MlDsa87,
    SignatureScheme::Sm2Sm3,
];

/// What certificates may be signed with, and handshakes not.
const OF_CERTIFICATES: [SignatureScheme; 5] = [
    SignatureScheme::RsaPkcs1Sha256,
    SignatureScheme::RsaPkcs1Sha384,
    SignatureScheme::RsaPkcs1Sha512,
    SignatureScheme::EcdsaSha1,
    SignatureScheme::RsaPkcs1Sha1,
];

#[cfg(test)]
mod tests {
    use portreeve_wire::tls::AlertLevel;

    use super::*;

    fn signed(scheme: SignatureScheme, chain: u8) -> SealedFlight {
        SealedFlight { scheme: Some(scheme), chain: vec![vec![chain]], ..SealedFlight::default() }
    }

    #[test]
    fn what_was_seen_is_left_out_until_it_is_refused() {
        let mut signatures = Signatures::new();
        let servers = [SignatureScheme::RsaPssRsaeSha384, SignatureScheme::EcdsaSha256];
        for (number, scheme) in servers.into_iter().enumerate() {
            assert!(signatures.second().contains(&scheme));
            signatures.take(signed(scheme, u8::try_from(number).unwrap()));
            assert!(!signatures.second().contains(&scheme) && !signatures.is_over());
            assert!(signatures.first().contains(&scheme) && !signatures.are_alike());
        }
        signatures.take(SealedFlight::default());
        assert!(signatures.is_over() && signatures.first().contains(&servers[0]));
        let (seen, flights) = signatures.found();
        assert_eq!((seen.as_slice(), flights.len()), (&servers[..], 2));
    }

    #[test]
    fn a_server_that_minds_the_difference_is_asked_alike() {
        let mut signatures = Signatures::new();
        signatures.take(signed(SignatureScheme::Ed25519, 1));
        let alert = Alert { level: AlertLevel::Fatal, description: AlertDescription::IllegalParameter };
        let refusal = SealedFlight { alert: Some(alert), ..SealedFlight::default() };
        signatures.take(refusal.clone());
        assert!(signatures.are_alike() && signatures.first() == signatures.second());
        assert!(!signatures.first().contains(&SignatureScheme::Ed25519));
        signatures.take(refusal);
        assert!(signatures.is_over());
    }

    #[test]
    fn a_server_that_takes_what_was_not_offered_is_not_asked_for_ever() {
        let mut signatures = Signatures::new();
        signatures.take(signed(SignatureScheme::Ed25519, 1));
        // Its choice may be out of the first hello, which named all.
        signatures.take(signed(SignatureScheme::Ed25519, 1));
        assert!(signatures.are_alike() && !signatures.is_over());
        signatures.take(signed(SignatureScheme::Ed25519, 1));
        assert!(signatures.is_over());
        assert_eq!(signatures.found().0, [SignatureScheme::Ed25519]);
    }
}
