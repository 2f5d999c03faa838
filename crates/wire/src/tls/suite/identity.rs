//! Cipher suites by the names that IANA gave them, and the lists of them that clients offer.

use std::fmt;

use super::names::NAMES;
use super::properties::{Cipher, KeyExchange, Mac, Mode};
use crate::tls::names::Version;

/// A cipher suite, known or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Suite(pub u16);

/// Whether clients of today offer a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Forward secrecy and authenticated encryption: what every client offers.
    Modern,
    /// Browsers and OpenSSL still offer it; Go, rustls and others do not.
    Declining,
    /// Nobody offers it any more: RC4, DES, export, no encryption, no authentication.
    Withdrawn,
}

impl Suite {
    /// Says that the client knows secure renegotiation (RFC 5746, 3.3). No server chooses it.
    pub const RENEGOTIATION_INFO: Self = Self(0x00ff);
    /// Says that the client would rather speak a newer version (RFC 7507). No server chooses it.
    pub const FALLBACK: Self = Self(0x5600);

    /// Every suite with a name, in the order of the numbers, without the values that only signal something.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(number, _)| Self(*number)).filter(|suite| !suite.is_signal())
    }

    /// Every suite that a version may choose, the likely ones first: what was in common use, what hardly any server has, what needs a
    /// shared secret, what is not registered. Those in common use are [`Self::of_old_clients`], at most 128.
    pub fn of_version(version: Version) -> Vec<Self> {
        let mut all: Vec<Self> = Self::all().filter(|suite| suite.is_usable_in(version)).collect();
        all.sort_by_key(|suite| {
            let exchange = suite.key_exchange();
            let rank = match suite.usage() {
                Usage::Modern => 0,
                Usage::Declining => 1,
                Usage::Withdrawn if suite.is_common_of_old() || exchange == Some(KeyExchange::Tls13) => 2,
                Usage::Withdrawn if !suite.is_official() => 5,
                Usage::Withdrawn if matches!(exchange, Some(KeyExchange::Dh | KeyExchange::Ecdh)) => 3,
                Usage::Withdrawn => 4,
            };
            // ChaCha20 goes last of what is common: where it goes first, some servers put it before their own order.
            let is_chacha =
                suite.encryption().is_some_and(|encryption| encryption.cipher == Cipher::ChaCha20);
            (rank > 2, is_chacha, rank)
        });
        all
    }

    /// The suites that a client without a shared secret can offer and that were ever in common use, without those of TLS 1.3. They fit
    /// into one hello that servers of then read: 128 at the most.
    pub fn of_old_clients() -> Vec<Self> {
        let mut all: Vec<Self> = Self::all().filter(|suite| suite.is_common_of_old()).collect();
        // A server that takes the client's order shows the best that it has.
        all.sort_by_key(|suite| match suite.usage() {
            Usage::Modern => 0,
            Usage::Declining => 1,
            Usage::Withdrawn => 2,
        });
        all
    }

    /// The name in IANA's registry, or the usual one of a number that is not there.
    pub fn name(self) -> Option<&'static str> {
        let place = NAMES.binary_search_by_key(&self.0, |(number, _)| *number).ok()?;
        NAMES.get(place).map(|(_, name)| *name)
    }

    /// Whether it is no suite but a word of the client: of renegotiation, of a fallback.
    pub fn is_signal(self) -> bool {
        [Self::RENEGOTIATION_INFO, Self::FALLBACK].contains(&self)
    }

    /// Whether it has its number from IANA. The others are of drafts, or were just taken.
    pub fn is_official(self) -> bool {
        let is_taken = matches!(self.0, 0x0060..=0x0066 | 0x0080..=0x0083 | 0x16b7..=0x16ba | 0xcc13..=0xcc15 | 0xfe00..);
        self.name().is_some() && !is_taken
    }

    /// Whether a version may choose it. What has no name is nobody's.
    ///
    /// SSL 3.0 is given everything that TLS 1.0 has: servers did choose newer suites in it.
    pub fn is_usable_in(self, version: Version) -> bool {
        self.versions()
            .is_some_and(|(first, last)| version.value() >= first.value() && version.value() <= last.value())
    }

    /// The oldest and the newest version that it is defined for; none of a suite without a name.
    pub fn versions(self) -> Option<(Version, Version)> {
        // Without encryption and key a connection only begins; nobody may choose that (RFC 5246, A.5).
        if self.is_signal() || self.0 == 0 {
            return None;
        }
        // TLS 1.1 forbids export suites (RFC 4346, A.5).
        let last = if self.is_export() { Version::Tls10 } else { Version::Tls12 };
        let mac = self.mac()?;
        Some(match self.key_exchange()? {
            KeyExchange::Tls13 => (Version::Tls13, Version::Tls13),
            // Authenticated encryption and digests of the SHA-2 family came with TLS 1.2 (RFC 5246, 1.2), but for pre-shared keys
            // (RFC 5487, 3) and what was never registered.
            _ if mac == Mac::Aead => (Version::Tls12, Version::Tls12),
            KeyExchange::Psk | KeyExchange::DhePsk | KeyExchange::RsaPsk | KeyExchange::EcdhePsk => {
                (Version::Ssl3, last)
            }
            _ if matches!(mac, Mac::Sha256 | Mac::Sha384 | Mac::Omac) => (Version::Tls12, Version::Tls12),
            _ => (Version::Ssl3, last),
        })
    }

    /// Who offers it.
    pub fn usage(self) -> Usage {
        let (Some(exchange), Some(encryption)) = (self.key_exchange(), self.encryption()) else {
            return Usage::Withdrawn;
        };
        let has_gcm = encryption.cipher == Cipher::Aes && encryption.mode == Mode::Gcm;
        let has_chacha = encryption.cipher == Cipher::ChaCha20;
        let is_common = self.is_official() && !self.is_anonymous() && !self.is_export();
        match exchange {
            _ if !is_common => Usage::Withdrawn,
            KeyExchange::Tls13 | KeyExchange::Ecdhe if has_gcm || has_chacha => Usage::Modern,
            KeyExchange::Rsa | KeyExchange::Dhe | KeyExchange::Ecdhe
                if (encryption.cipher == Cipher::Aes || has_chacha) && !self.has_dsa() =>
            {
                Usage::Declining
            }
            _ => Usage::Withdrawn,
        }
    }

    fn is_common_of_old(self) -> bool {
        let (Some(exchange), Some(encryption)) = (self.key_exchange(), self.encryption()) else {
            return false;
        };
        let is_implemented = match exchange {
            KeyExchange::Rsa | KeyExchange::Dhe | KeyExchange::Ecdhe => true,
            KeyExchange::Ecdh => self.mac() == Some(Mac::Sha1) && !self.is_null(),
            _ => false,
        };
        // Registered, and in hardly any library.
        let is_rare = matches!(
            (encryption.cipher, encryption.mode),
            (Cipher::Aria, Mode::Cbc) | (Cipher::Camellia, Mode::Gcm)
        );
        is_implemented && !is_rare && self.is_official()
    }
}

impl From<u16> for Suite {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "unknown suite {:#06x}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_every_name_is_found() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(Suite(0x002f).to_string(), "TLS_RSA_WITH_AES_128_CBC_SHA");
        assert_eq!(Suite(0xcafe).to_string(), "unknown suite 0xcafe");
        assert_eq!(Suite::all().count(), NAMES.len() - 2);
    }

    #[test]
    fn suites_are_known_by_who_offers_them() {
        for (number, usage) in [
            (0x1301, Usage::Modern),
            (0xc02f, Usage::Modern),
            (0xcca9, Usage::Modern),
            (0x002f, Usage::Declining),
            (0x009e, Usage::Declining),
            (0xc013, Usage::Declining),
            (0xc09c, Usage::Declining),
            (0x0005, Usage::Withdrawn),
            (0x000a, Usage::Withdrawn),
            (0x0032, Usage::Withdrawn),
            (0x0034, Usage::Withdrawn),
            (0x003b, Usage::Withdrawn),
            (0x008c, Usage::Withdrawn),
            (0xc004, Usage::Withdrawn),
            (0xcc13, Usage::Withdrawn),
            (0xcafe, Usage::Withdrawn),
        ] {
            assert_eq!(Suite(number).usage(), usage, "{}", Suite(number));
        }
    }

    #[test]
    fn old_clients_offer_no_more_than_servers_of_then_read_and_nothing_that_needs_a_shared_secret() {
        let all = Suite::of_old_clients();
        assert!(all.len() <= 128, "{}", all.len());
        for suite in &all {
            let name = suite.name().unwrap();
            assert!(!["PSK", "SRP", "KRB5", "GOST", "PWD"].iter().any(|part| name.contains(part)), "{name}");
            assert!(
                !suite.is_usable_in(Version::Tls13) && suite.is_usable_in(Version::Tls12) | suite.is_export()
            );
        }
        for number in [0x0001, 0x0003, 0x0005, 0x000a, 0x0017, 0x002f, 0xc006, 0xc00c, 0xc013, 0xc02b, 0xcca8]
        {
            assert!(all.contains(&Suite(number)), "{}", Suite(number));
        }
        assert_eq!(all.first().map(|suite| suite.usage()), Some(Usage::Modern));
    }

    #[test]
    fn a_version_is_offered_what_is_likely_first() {
        for version in [Version::Ssl3, Version::Tls10, Version::Tls12] {
            let all = Suite::of_version(version);
            let common = Suite::of_old_clients();
            let first = all.iter().position(|suite| !common.contains(suite)).unwrap();
            assert!(all[first..].iter().all(|suite| !common.contains(suite)), "{version}");
        }
        assert_eq!(Suite::of_version(Version::Tls12).len(), 337);
        let new: Vec<u16> = Suite::of_version(Version::Tls13).iter().map(|suite| suite.0).collect();
        assert_eq!((&new[..2], new.last(), new.len()), (&[0x1301, 0x1302][..], Some(&0x1303), 15));
    }

    #[test]
    fn versions_choose_what_they_have() {
        for (number, first, last) in [
            (0x0003, Version::Ssl3, Version::Tls10),
            (0x0005, Version::Ssl3, Version::Tls12),
            (0x002f, Version::Ssl3, Version::Tls12),
            (0x003c, Version::Tls12, Version::Tls12),
            (0x00ae, Version::Ssl3, Version::Tls12),
            (0x00a8, Version::Tls12, Version::Tls12),
            (0x00c6, Version::Tls13, Version::Tls13),
            (0x1301, Version::Tls13, Version::Tls13),
            (0xc0b4, Version::Tls13, Version::Tls13),
            (0xc100, Version::Tls12, Version::Tls12),
            (0xc103, Version::Tls13, Version::Tls13),
            (0xcc13, Version::Tls12, Version::Tls12),
        ] {
            assert_eq!(Suite(number).versions(), Some((first, last)), "{}", Suite(number));
        }
        assert_eq!(Suite::FALLBACK.versions(), None);
        assert_eq!(Suite(0x0a0a).versions(), None);
    }
}
