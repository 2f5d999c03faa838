//! OpenSSL's names of suites, which differ from the registry's by rules of their own.
//!
//! Of suites that newer versions dropped the name is that of the last version which had them.

use super::Suite;
use super::properties::{Cipher, KeyExchange, Mode};

/// Suites whose names follow no rule: they come from a module beside OpenSSL.
const OF_GOST: &[(u16, &str)] = &[
    (0x0080, "GOST94-GOST89-GOST89"),
    (0x0081, "GOST2001-GOST89-GOST89"),
    (0x0082, "GOST94-NULL-GOST94"),
    (0x0083, "GOST2001-NULL-GOST94"),
    (0xc100, "GOST2012-KUZNYECHIK-KUZNYECHIKOMAC"),
    (0xc101, "GOST2012-MAGMA-MAGMAOMAC"),
    (0xc102, "IANA-GOST2012-GOST8912-GOST8912"),
    (0xff85, "LEGACY-GOST2012-GOST8912-GOST8912"),
    (0xff87, "GOST2012-NULL-GOST12"),
];

impl Suite {
    /// What OpenSSL calls it, in its newest version that has it. None of a suite that none has.
    pub fn openssl_name(self) -> Option<String> {
        if let Some((_, name)) = OF_GOST.iter().find(|(number, _)| *number == self.0) {
            return Some((*name).to_owned());
        }
        let (exchange, protection) = self.parts()?;
        let Some(exchange) = exchange else {
            let has_it = matches!(self.0, 0x1301..=0x1305 | 0xc0b4..=0xc0b5);
            return self.name().filter(|_| has_it).map(str::to_owned);
        };
        let prefix = self.openssl_exchange(exchange)?;
        let suffix = self.openssl_protection(protection)?;
        let export = match exchange {
            _ if exchange.ends_with("_EXPORT1024") => "EXP1024-",
            _ if exchange.ends_with("_EXPORT") => "EXP-",
            _ => "",
        };
        Some(format!("{export}{prefix}{suffix}"))
    }

    /// The first half, with the dash after it.
    fn openssl_exchange(self, exchange: &str) -> Option<&'static str> {
        let encryption = self.encryption()?;
        // With DES alone they were last seen in 1.0.2, which called a fresh key ephemeral before its name.
        let is_ephemeral_first = encryption.cipher == Cipher::Des && !exchange.ends_with("1024");
        let is_aria = encryption.cipher == Cipher::Aria;
        let named = exchange.trim_end_matches("1024").trim_end_matches("_EXPORT");
        Some(match named {
            "RSA" => "",
            "DHE_RSA" if is_ephemeral_first => "EDH-RSA-",
            "DHE_DSS" if is_ephemeral_first => "EDH-DSS-",
            "DHE_RSA" => "DHE-RSA-",
            "DHE_DSS" => "DHE-DSS-",
            "ECDHE_RSA" if is_aria => "ECDHE-",
            "ECDHE_RSA" => "ECDHE-RSA-",
            "ECDHE_ECDSA" => "ECDHE-ECDSA-",
            "PSK" => "PSK-",
            "RSA_PSK" => "RSA-PSK-",
            "DHE_PSK" | "PSK_DHE" => "DHE-PSK-",
            "ECDHE_PSK" => "ECDHE-PSK-",
            _ if is_aria => return None,
            "DH_anon" => "ADH-",
            "DH_RSA" => "DH-RSA-",
            "DH_DSS" => "DH-DSS-",
            "ECDH_anon" => "AECDH-",
            "ECDH_RSA" => "ECDH-RSA-",
            "ECDH_ECDSA" => "ECDH-ECDSA-",
            "SRP_SHA" => "SRP-",
            "SRP_SHA_RSA" => "SRP-RSA-",
            "SRP_SHA_DSS" => "SRP-DSS-",
            "KRB5" => "KRB5-",
            _ => return None,
        })
    }

    /// The second half.
    fn openssl_protection(self, protection: &str) -> Option<String> {
        let encryption = self.encryption()?;
        let digest = protection.rsplit('_').next()?;
        let bits = encryption.bits;
        let has_secret = matches!(
            self.key_exchange()?,
            KeyExchange::Psk | KeyExchange::RsaPsk | KeyExchange::DhePsk | KeyExchange::EcdhePsk
        );
        let is_srp = self.key_exchange()? == KeyExchange::Srp;
        Some(match (encryption.cipher, encryption.mode) {
            (Cipher::Null, _) => format!("NULL-{digest}"),
            (Cipher::Rc4, _) => format!("RC4-{digest}"),
            (Cipher::Rc2, _) => format!("RC2-CBC-{digest}"),
            (Cipher::Des, _) => format!("DES-CBC-{digest}"),
            (Cipher::TripleDes, _) if has_secret || is_srp => format!("3DES-EDE-CBC-{digest}"),
            (Cipher::TripleDes, _) => format!("DES-CBC3-{digest}"),
            (Cipher::Idea, _) => format!("IDEA-CBC-{digest}"),
            (Cipher::Seed, _) => format!("SEED-{digest}"),
            (Cipher::Aes, Mode::Cbc) if is_srp => format!("AES-{bits}-CBC-{digest}"),
            (Cipher::Aes, Mode::Cbc) if has_secret => format!("AES{bits}-CBC-{digest}"),
            (Cipher::Aes, Mode::Cbc) => format!("AES{bits}-{digest}"),
            (Cipher::Aes, Mode::Gcm) => format!("AES{bits}-GCM-{digest}"),
            // Those with a digest in their names (RFC 8442) it never had.
            (Cipher::Aes, Mode::Ccm) if digest == "CCM" => format!("AES{bits}-CCM"),
            (Cipher::Aes, Mode::Ccm8) if digest == "8" => format!("AES{bits}-CCM8"),
            (Cipher::Camellia, Mode::Cbc) => format!("CAMELLIA{bits}-{digest}"),
            (Cipher::Aria, Mode::Gcm) => format!("ARIA{bits}-GCM-{digest}"),
            (Cipher::ChaCha20, _) if self.is_official() => "CHACHA20-POLY1305".to_owned(),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl ciphers -V ALL:COMPLEMENTOFALL:@SECLEVEL=0` of OpenSSL 3.0 and 1.1.1 (with weak ciphers built in): number, name.
    const RECORDED: &str = include_str!("openssl_ciphers.txt");

    #[test]
    fn names_are_those_that_openssl_prints() {
        let mut count = 0;
        for line in RECORDED.lines() {
            let (number, name) = line.split_once(' ').unwrap();
            let number = u16::from_str_radix(number.trim_start_matches("0x"), 16).unwrap();
            assert_eq!(Suite(number).openssl_name().as_deref(), Some(name), "{number:#06x}");
            count += 1;
        }
        assert!(count >= 170, "{count}");
    }

    #[test]
    fn suites_of_versions_before_have_names_too() {
        for (number, name) in [
            (0x0003, Some("EXP-RC4-MD5")),
            (0x0006, Some("EXP-RC2-CBC-MD5")),
            (0x0008, Some("EXP-DES-CBC-SHA")),
            (0x0014, Some("EXP-EDH-RSA-DES-CBC-SHA")),
            (0x0012, Some("EDH-DSS-DES-CBC-SHA")),
            (0x0019, Some("EXP-ADH-DES-CBC-SHA")),
            (0x0026, Some("EXP-KRB5-DES-CBC-SHA")),
            (0x0063, Some("EXP1024-DHE-DSS-DES-CBC-SHA")),
            (0x0030, Some("DH-DSS-AES128-SHA")),
            (0xc004, Some("ECDH-ECDSA-AES128-SHA")),
            (0x0081, Some("GOST2001-GOST89-GOST89")),
            (0xc03c, None),
            (0xc07a, None),
            (0xc0b0, None),
            (0xfeff, None),
            (0x0000, None),
        ] {
            assert_eq!(Suite(number).openssl_name().as_deref(), name, "{number:#06x}");
        }
    }
}
