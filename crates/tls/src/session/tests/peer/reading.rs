//! How a peer reads records: rightly, or with the faults of block ciphers.

use aws_lc_rs::cipher::{AES_128, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use portreeve_wire::tls::{AlertDescription, ContentType};

use super::Records;
use crate::session::{Hash, Keys, Opener};

/// What opens the client's records, rightly or not.
pub(super) struct Reading {
    pub(super) opener: Opener,
    pub(super) keys: Keys,
    pub(super) sequence: u64,
}

impl Reading {
    /// The plain text; or the alert that is due, none where there is silence.
    pub(super) fn open(
        &mut self,
        records: Records,
        content: ContentType,
        sealed: &[u8],
    ) -> Result<Vec<u8>, Option<AlertDescription>> {
        let strict = self.opener.open(content, sealed);
        self.sequence += 1;
        match strict {
            Some(plain) => return Ok(plain),
            None if records == Records::Strict => return Err(Some(AlertDescription::BadRecordMac)),
            None => {}
        }
        let (padding_is_right, mac_is_right, fragment) = self.closer_look(content, sealed);
        match records {
            Records::AnyPadding if mac_is_right => Ok(fragment),
            Records::AnyMac if padding_is_right => Ok(fragment),
            Records::Told if !padding_is_right => Err(Some(AlertDescription::DecryptionFailed)),
            Records::Silent => Err(None),
            _ => Err(Some(AlertDescription::BadRecordMac)),
        }
    }

    /// Of a record of AES-128-CBC with SHA-1: whether its padding is right, and its MAC, and what it says.
    fn closer_look(&self, content: ContentType, sealed: &[u8]) -> (bool, bool, Vec<u8>) {
        let key = DecryptingKey::cbc(UnboundCipherKey::new(&AES_128, &self.keys.key).unwrap()).unwrap();
        let vector = FixedLength::<16>::try_from(&sealed[..16]).unwrap();
        let mut plain = sealed[16..].to_vec();
        key.decrypt(&mut plain, DecryptionContext::Iv128(vector)).unwrap();
        let count = plain[plain.len() - 1];
        let padding = plain.split_off(plain.len() - usize::from(count) - 1);
        let mac = plain.split_off(plain.len() - 20);
        let mut label = (self.sequence - 1).to_be_bytes().to_vec();
        label.extend([content.value(), 3, 3]);
        label.extend(u16::try_from(plain.len()).unwrap().to_be_bytes());
        let right = Hash::Sha1.hmac(&self.keys.mac, &[&label, &plain]);
        (padding.iter().all(|byte| *byte == count), right == mac, plain)
    }
}
