//! The keys of one direction: they open records (RFC 8446, 5.2 and 5.3; RFC 5246, 6.2.3.3; RFC 5288; RFC 7905).

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use portreeve_wire::tls::{Cipher, Mode, Suite};

use super::secrets::Hash;

/// How long the part of a nonce is that stands in each record of TLS 1.2 with GCM.
const EXPLICIT: usize = 8;
/// Header of a record.
const HEADER: usize = 5;

/// Opens the records of one direction in their order.
#[derive(Debug)]
pub(super) struct Keys {
    key: LessSafeKey,
    iv: Vec<u8>,
    sequence: u64,
    form: Form,
}

/// How nonce and additional data are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Tls13,
    Tls12Gcm,
    Tls12ChaCha,
}

/// Keys of both directions, the client's first.
pub(super) type Pair = (Option<Keys>, Option<Keys>);

impl Keys {
    /// Of a traffic secret of TLS 1.3; none of a suite that the modern client does not offer.
    pub(super) fn of_secret(suite: Suite, secret: &[u8]) -> Option<Self> {
        let (algorithm, _) = algorithm(suite)?;
        let hash = Hash::of(suite);
        let key = hash.expand_label(secret, "key", algorithm.key_len());
        let iv = hash.expand_label(secret, "iv", 12);
        Self::new(algorithm, &key, iv, Form::Tls13)
    }

    /// Of the master secret of TLS 1.2.
    pub(super) fn of_master(suite: Suite, master: &[u8], randoms: (&[u8], &[u8])) -> Pair {
        let Some((algorithm, form)) = algorithm(suite) else { return (None, None) };
        let iv_length = if form == Form::Tls12Gcm { 4 } else { 12 };
        let (client, server) = randoms;
        let length = 2 * (algorithm.key_len() + iv_length);
        let block = Hash::of(suite).prf(master, "key expansion", &[server, client].concat(), length);
        let (keys, ivs) = block.split_at(2 * algorithm.key_len());
        let one = |key: &[u8], iv: &[u8]| Self::new(algorithm, key, iv.to_vec(), form);
        let ((client_key, server_key), (client_iv, server_iv)) =
            (keys.split_at(algorithm.key_len()), ivs.split_at(iv_length));
        (one(client_key, client_iv), one(server_key, server_iv))
    }

    fn new(algorithm: &'static Algorithm, key: &[u8], iv: Vec<u8>, form: Form) -> Option<Self> {
        let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
        Some(Self { key, iv, sequence: 0, form })
    }

    /// How many bytes stand between the header of a record and what is encrypted.
    pub(super) fn lead(&self) -> usize {
        if self.form == Form::Tls12Gcm { EXPLICIT } else { 0 }
    }

    /// What is in the next record; none where it can not be opened, and then none of the later ones can.
    pub(super) fn open(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        let (header, fragment) = record.split_first_chunk::<HEADER>()?;
        let (explicit, sealed) = fragment.split_at_checked(self.lead())?;
        let content_length = sealed.len().checked_sub(self.key.algorithm().tag_len())?;
        let sequence = self.sequence.to_be_bytes();
        let nonce: [u8; 12] = match self.form {
            Form::Tls12Gcm => [self.iv.as_slice(), explicit].concat().try_into().ok()?,
            Form::Tls13 | Form::Tls12ChaCha => {
                let padded = [&[0; 4], sequence.as_slice()].concat();
                let mixed: Vec<u8> = self.iv.iter().zip(padded).map(|(one, other)| one ^ other).collect();
                mixed.try_into().ok()?
            }
        };
        let [content, major, minor, ..] = *header;
        let data = if self.form == Form::Tls13 {
            header.to_vec()
        } else {
            let length = u16::try_from(content_length).ok()?.to_be_bytes();
            [sequence.as_slice(), &[content, major, minor], &length].concat()
        };
        let mut opened = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = self.key.open_in_place(nonce, Aad::from(data), &mut opened).ok()?.len();
        opened.truncate(length);
        self.sequence += 1;
        Some(opened)
    }
}

#[cfg(test)]
impl Keys {
    /// A record of TLS 1.3 with this content.
    pub(super) fn seal(&mut self, content: u8, plain: &[u8]) -> Vec<u8> {
        let mut sealed = [plain, &[content]].concat();
        let length = u16::try_from(sealed.len() + self.key.algorithm().tag_len()).unwrap().to_be_bytes();
        let header = [23, 3, 3, length[0], length[1]];
        let padded = [&[0; 4], self.sequence.to_be_bytes().as_slice()].concat();
        let mixed: Vec<u8> = self.iv.iter().zip(padded).map(|(one, other)| one ^ other).collect();
        let nonce = Nonce::assume_unique_for_key(mixed.try_into().unwrap());
        self.key.seal_in_place_append_tag(nonce, Aad::from(header), &mut sealed).unwrap();
        self.sequence += 1;
        [header.as_slice(), &sealed].concat()
    }
}

fn algorithm(suite: Suite) -> Option<(&'static Algorithm, Form)> {
    let encryption = suite.encryption()?;
    match (encryption.cipher, encryption.mode, encryption.bits) {
        (Cipher::Aes, Mode::Gcm, 128) => Some((&AES_128_GCM, Form::Tls12Gcm)),
        (Cipher::Aes, Mode::Gcm, 256) => Some((&AES_256_GCM, Form::Tls12Gcm)),
        (Cipher::ChaCha20, ..) => Some((&CHACHA20_POLY1305, Form::Tls12ChaCha)),
        _ => None,
    }
}
