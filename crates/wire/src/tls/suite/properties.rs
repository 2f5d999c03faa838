//! What a suite does, read out of its name: key exchange, proof of identity, encryption, protection against change.
//!
//! Names are systematic: `TLS_`, the exchange with what the server proves itself by, `_WITH_`, the encryption, the digest. Suites of
//! TLS 1.3 have no first half.

use super::Suite;

/// How a suite agrees on keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyExchange {
    /// The client encrypts the secret with the key of the certificate; export suites with a short key.
    Rsa,
    /// Diffie and Hellman's with the key of the certificate.
    Dh,
    /// The same with a fresh key.
    Dhe,
    /// The same on curves, with the key of the certificate.
    Ecdh,
    /// The same on curves, with a fresh key.
    Ecdhe,
    /// A shared secret, alone.
    Psk,
    /// A shared secret, and the client encrypts another with the key of the certificate.
    RsaPsk,
    /// A shared secret, with Diffie and Hellman's.
    DhePsk,
    /// The same on curves.
    EcdhePsk,
    /// A password, with a proof of which nothing can be guessed (RFC 5054).
    Srp,
    /// Something else: Kerberos, GOST, passwords on curves (RFC 8492), experiments.
    Other,
    /// TLS 1.3 agrees on it apart from the suite.
    Tls13,
}

/// What a server proves itself by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// A certificate with an RSA key.
    Rsa,
    /// A certificate with a DSA key.
    Dsa,
    /// A certificate with a key on a curve.
    Ecdsa,
    /// A certificate with a GOST key.
    Gost,
    /// A shared secret or a password.
    Secret,
    /// A ticket of Kerberos.
    Kerberos,
    /// TLS 1.3: agreed on apart from the suite.
    Any,
    /// Nothing: anyone can be in between.
    Nothing,
}

/// A cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cipher {
    /// Records are not encrypted.
    Null,
    /// RC2.
    Rc2,
    /// RC4.
    Rc4,
    /// DES.
    Des,
    /// Three times DES.
    TripleDes,
    /// IDEA.
    Idea,
    /// SEED (RFC 4162).
    Seed,
    /// AES.
    Aes,
    /// Camellia (RFC 5932).
    Camellia,
    /// ARIA (RFC 6209).
    Aria,
    /// `ChaCha20` (RFC 7905).
    ChaCha20,
    /// AEGIS.
    Aegis,
    /// SM4 (RFC 8998).
    Sm4,
    /// GOST 28147-89.
    Gost28147,
    /// Kuznyechik (RFC 9189).
    Kuznyechik,
    /// Magma (RFC 9189).
    Magma,
}

/// How a cipher is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Not at all.
    Null,
    /// As a stream: RC4, counter modes.
    Stream,
    /// Cipher block chaining.
    Cbc,
    /// Galois counter mode.
    Gcm,
    /// Counter with CBC-MAC.
    Ccm,
    /// The same with a tag of eight bytes.
    Ccm8,
    /// With Poly1305.
    Poly1305,
    /// AEGIS is a mode of its own.
    Aegis,
    /// Multilinear Galois mode (RFC 9367).
    Mgm,
}

/// How records are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Encryption {
    /// The cipher.
    pub cipher: Cipher,
    /// Bits of work to find the key, as far as is known: 112 of Triple DES; 0 without encryption.
    pub bits: u16,
    /// Bits of a block; 0 where there are none.
    pub block: u16,
    /// How it is used.
    pub mode: Mode,
}

/// How records are protected against change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mac {
    /// By the encryption itself.
    Aead,
    /// Not at all.
    Null,
    /// HMAC with MD5.
    Md5,
    /// HMAC with SHA-1.
    Sha1,
    /// HMAC with SHA-256.
    Sha256,
    /// HMAC with SHA-384.
    Sha384,
    /// GOST 28147-89 in its mode for that.
    Imit,
    /// HMAC with GOST R 34.11.
    Gost3411,
    /// OMAC (RFC 9189).
    Omac,
}

impl Suite {
    /// How keys are agreed on. None of a suite without a name.
    pub fn key_exchange(self) -> Option<KeyExchange> {
        let Some(exchange) = self.parts()?.0 else { return Some(KeyExchange::Tls13) };
        let first = exchange.split('_').next().unwrap_or_default();
        Some(match first {
            // RFC 6655 turned the words of four names around.
            "DHE" | "PSK" if exchange.contains("PSK") && exchange.contains("DHE") => KeyExchange::DhePsk,
            "ECDHE" if exchange.contains("PSK") => KeyExchange::EcdhePsk,
            "RSA" if exchange.contains("PSK") => KeyExchange::RsaPsk,
            "PSK" => KeyExchange::Psk,
            "SRP" => KeyExchange::Srp,
            "RSA" => KeyExchange::Rsa,
            // An anonymous server has no certificate: its key is fresh.
            "DH" if exchange.contains("anon") => KeyExchange::Dhe,
            "ECDH" if exchange.contains("anon") => KeyExchange::Ecdhe,
            "DH" => KeyExchange::Dh,
            "DHE" => KeyExchange::Dhe,
            "ECDH" => KeyExchange::Ecdh,
            "ECDHE" => KeyExchange::Ecdhe,
            _ => KeyExchange::Other,
        })
    }

    /// What the server proves itself by. None of a suite without a name.
    pub fn authentication(self) -> Option<Authentication> {
        let Some(exchange) = self.parts()?.0 else { return Some(Authentication::Any) };
        let has = |part: &str| exchange.split('_').any(|one| one == part);
        Some(if has("anon") || has("NULL") {
            Authentication::Nothing
        } else if has("ECDSA") {
            Authentication::Ecdsa
        } else if has("DSS") {
            Authentication::Dsa
        } else if has("RSA") {
            Authentication::Rsa
        } else if has("KRB5") {
            Authentication::Kerberos
        } else if exchange.starts_with("GOST") {
            Authentication::Gost
        } else {
            Authentication::Secret
        })
    }

    /// How records are encrypted. None of a suite without a name.
    pub fn encryption(self) -> Option<Encryption> {
        let protection = self.parts()?.1;
        let mut words = protection.split('_');
        let first = words.next()?;
        let second: Option<u16> = words.next().and_then(|word| word.parse().ok());
        let has = |part: &str| protection.split('_').any(|one| one == part);
        let (cipher, bits, block) = match first {
            "RC2" => (Cipher::Rc2, 128, 64),
            "RC4" => (Cipher::Rc4, 128, 0),
            "DES" => (Cipher::Des, 56, 64),
            "DES40" => (Cipher::Des, 40, 64),
            "3DES" => (Cipher::TripleDes, 112, 64),
            "IDEA" => (Cipher::Idea, 128, 64),
            "SEED" => (Cipher::Seed, 128, 128),
            "AES" => (Cipher::Aes, second?, 128),
            "CAMELLIA" => (Cipher::Camellia, second?, 128),
            "ARIA" => (Cipher::Aria, second?, 128),
            "CHACHA20" => (Cipher::ChaCha20, 256, 0),
            "AEGIS" => (Cipher::Aegis, second.unwrap_or(128), 128),
            "SM4" => (Cipher::Sm4, 128, 128),
            "28147" => (Cipher::Gost28147, 256, 64),
            "KUZNYECHIK" => (Cipher::Kuznyechik, 256, 128),
            "MAGMA" => (Cipher::Magma, 256, 64),
            // `NULL`, and the suites of RFC 9150, which name a digest in its place.
            _ => (Cipher::Null, 0, 0),
        };
        // Export suites shorten keys.
        let bits = if has("40") {
            40
        } else if has("56") {
            56
        } else {
            bits
        };
        let mode = match cipher {
            Cipher::Null => Mode::Null,
            Cipher::ChaCha20 => Mode::Poly1305,
            Cipher::Aegis => Mode::Aegis,
            _ if has("CBC") => Mode::Cbc,
            _ if has("GCM") => Mode::Gcm,
            _ if has("CCM") && has("8") => Mode::Ccm8,
            _ if has("CCM") => Mode::Ccm,
            _ if has("MGM") => Mode::Mgm,
            _ => Mode::Stream,
        };
        Some(Encryption { cipher, bits, block, mode })
    }

    /// How records are protected against change. None of a suite without a name.
    pub fn mac(self) -> Option<Mac> {
        if self.is_aead() {
            return Some(Mac::Aead);
        }
        Some(match self.parts()?.1.rsplit('_').next()? {
            "MD5" => Mac::Md5,
            "SHA" => Mac::Sha1,
            "SHA256" => Mac::Sha256,
            "SHA384" => Mac::Sha384,
            "IMIT" => Mac::Imit,
            "GOSTR3411" => Mac::Gost3411,
            "OMAC" => Mac::Omac,
            _ => Mac::Null,
        })
    }

    /// Whether nobody proves who the server is.
    pub fn is_anonymous(self) -> bool {
        self.authentication() == Some(Authentication::Nothing)
    }

    /// Whether its keys are short by the law of then.
    pub fn is_export(self) -> bool {
        self.name().is_some_and(|name| name.contains("_EXPORT"))
    }

    /// Whether records are not encrypted.
    pub fn is_null(self) -> bool {
        self.encryption().is_some_and(|encryption| encryption.cipher == Cipher::Null)
    }

    /// Whether blocks are chained and protected against change apart from that.
    pub fn is_cbc(self) -> bool {
        self.encryption().is_some_and(|encryption| encryption.mode == Mode::Cbc)
    }

    /// Whether encryption protects against change, too.
    pub fn is_aead(self) -> bool {
        self.encryption()
            .is_some_and(|encryption| !matches!(encryption.mode, Mode::Null | Mode::Stream | Mode::Cbc))
    }

    /// Whether a key of the server that leaks later leaves earlier sessions secret.
    pub fn is_forward_secret(self) -> bool {
        match self.key_exchange() {
            Some(
                KeyExchange::Dhe
                | KeyExchange::Ecdhe
                | KeyExchange::DhePsk
                | KeyExchange::EcdhePsk
                | KeyExchange::Srp
                | KeyExchange::Tls13,
            ) => true,
            Some(KeyExchange::Other) => {
                self.name().is_some_and(|name| name.contains("ECCPWD") || name.contains("CECPQ"))
            }
            _ => false,
        }
    }

    /// Whether the server's certificate has a DSA key.
    pub(super) fn has_dsa(self) -> bool {
        self.authentication() == Some(Authentication::Dsa)
    }

    /// The two halves of the name: the exchange, which TLS 1.3 has not, and the protection of records.
    pub(super) fn parts(self) -> Option<(Option<&'static str>, &'static str)> {
        let name = self.name().filter(|_| !self.is_signal())?;
        let name = name.trim_start_matches("OLD_").trim_start_matches("TLS_").trim_start_matches("SSL_");
        Some(match name.split_once("_WITH_") {
            // RFC 9367 numbers suites of TLS 1.3 and names them as those of TLS 1.2.
            Some((_, protection)) if protection.contains("_MGM_") => (None, protection),
            Some((exchange, protection)) => (Some(exchange), protection),
            None => (None, name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_has_every_property() {
        for suite in Suite::all() {
            let encryption = suite.encryption().unwrap();
            assert!(suite.key_exchange().is_some() && suite.authentication().is_some(), "{suite}");
            assert_eq!(encryption.bits == 0, suite.is_null(), "{suite}: {encryption:?}");
            let is_unprotected = suite.mac() == Some(Mac::Null);
            assert_eq!(is_unprotected, suite == Suite(0), "{suite}: {:?}", suite.mac());
            assert!(!suite.is_cbc() || encryption.block > 0, "{suite}");
            assert_eq!(suite.versions().is_none(), suite == Suite(0), "{suite}");
        }
        assert_eq!(Suite(0xcafe).encryption(), None);
        assert_eq!(Suite::FALLBACK.key_exchange(), None);
    }

    #[test]
    fn properties_are_those_of_the_registry() {
        use Authentication as A;
        use KeyExchange as K;
        type Case = (u16, K, A, (Cipher, u16, u16, Mode), Mac);
        let cases: [Case; 18] = [
            (0x0000, K::Other, A::Nothing, (Cipher::Null, 0, 0, Mode::Null), Mac::Null),
            (0x0003, K::Rsa, A::Rsa, (Cipher::Rc4, 40, 0, Mode::Stream), Mac::Md5),
            (0x0006, K::Rsa, A::Rsa, (Cipher::Rc2, 40, 64, Mode::Cbc), Mac::Md5),
            (0x000a, K::Rsa, A::Rsa, (Cipher::TripleDes, 112, 64, Mode::Cbc), Mac::Sha1),
            (0x0019, K::Dhe, A::Nothing, (Cipher::Des, 40, 64, Mode::Cbc), Mac::Sha1),
            (0x0026, K::Other, A::Kerberos, (Cipher::Des, 40, 64, Mode::Cbc), Mac::Sha1),
            (0x0062, K::Rsa, A::Rsa, (Cipher::Des, 56, 64, Mode::Cbc), Mac::Sha1),
            (0x0081, K::Other, A::Gost, (Cipher::Gost28147, 256, 64, Mode::Stream), Mac::Imit),
            (0x00a4, K::Dh, A::Dsa, (Cipher::Aes, 128, 128, Mode::Gcm), Mac::Aead),
            (0x1305, K::Tls13, A::Any, (Cipher::Aes, 128, 128, Mode::Ccm8), Mac::Aead),
            (0xc0b4, K::Tls13, A::Any, (Cipher::Null, 0, 0, Mode::Null), Mac::Sha256),
            (0xc004, K::Ecdh, A::Ecdsa, (Cipher::Aes, 128, 128, Mode::Cbc), Mac::Sha1),
            (0xc01b, K::Srp, A::Rsa, (Cipher::TripleDes, 112, 64, Mode::Cbc), Mac::Sha1),
            (0xc028, K::Ecdhe, A::Rsa, (Cipher::Aes, 256, 128, Mode::Cbc), Mac::Sha384),
            (0xc0aa, K::DhePsk, A::Secret, (Cipher::Aes, 128, 128, Mode::Ccm8), Mac::Aead),
            (0xc0b0, K::Other, A::Secret, (Cipher::Aes, 128, 128, Mode::Gcm), Mac::Aead),
            (0xc106, K::Tls13, A::Any, (Cipher::Magma, 256, 64, Mode::Mgm), Mac::Aead),
            (0xcc14, K::Ecdhe, A::Ecdsa, (Cipher::ChaCha20, 256, 0, Mode::Poly1305), Mac::Aead),
        ];
        for (number, exchange, authentication, (cipher, bits, block, mode), mac) in cases {
            let suite = Suite(number);
            assert_eq!(suite.key_exchange(), Some(exchange), "{suite}");
            assert_eq!(suite.authentication(), Some(authentication), "{suite}");
            assert_eq!(suite.encryption(), Some(Encryption { cipher, bits, block, mode }), "{suite}");
            assert_eq!(suite.mac(), Some(mac), "{suite}");
        }
    }

    #[test]
    fn fresh_keys_leave_earlier_sessions_secret() {
        for (number, secret) in [
            (0x002f, false),
            (0x0033, true),
            (0x0034, true),
            (0x008c, false),
            (0x0090, true),
            (0x00a0, false),
            (0x1301, true),
            (0x16b7, true),
            (0xc004, false),
            (0xc013, true),
            (0xc0b0, true),
        ] {
            assert_eq!(Suite(number).is_forward_secret(), secret, "{}", Suite(number));
        }
    }
}
