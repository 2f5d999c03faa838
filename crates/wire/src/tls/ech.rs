//! Keys for Encrypted Client Hello, as HTTPS records and servers give them (RFC 9849, 4; RFC 9180).

use crate::cursor::Cursor;

/// The version of the standard; drafts before it had others.
pub const ECH_VERSION: u16 = 0xfe0d;

/// One set of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchConfig {
    /// 0xfe0d is the standard.
    pub version: u16,
    /// What it says; none of another version, and of what can not be read.
    pub contents: Option<EchContents>,
}

/// What a set of keys says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchContents {
    /// The number that a client names it by.
    pub id: u8,
    /// Key encapsulation: 0x0020 is X25519 with HKDF-SHA256.
    pub kem: u16,
    /// The server's public key.
    pub public_key: Vec<u8>,
    /// Key derivation and encryption that go together.
    pub suites: Vec<(u16, u16)>,
    /// To this length a client pads names.
    pub longest_name: u8,
    /// The name that stands in the clear instead.
    pub public_name: Vec<u8>,
    /// Sorts of extensions; one with the highest bit must be understood.
    pub extensions: Vec<u16>,
}

/// Reads a list of keys with its length before it: those that are whole, and whether all of it was.
pub fn ech_configs(bytes: &[u8]) -> (Vec<EchConfig>, bool) {
    let mut all = Vec::new();
    let mut outer = Cursor::new(bytes);
    let Some(list) = outer.vector16() else { return (all, false) };
    let mut cursor = Cursor::new(list);
    while !cursor.rest().is_empty() {
        let Some((version, contents)) = cursor.be16().and_then(|version| Some((version, cursor.vector16()?)))
        else {
            return (all, false);
        };
        let contents = if version == ECH_VERSION { EchContents::read(contents) } else { None };
        all.push(EchConfig { version, contents });
    }
    let whole =
        outer.rest().is_empty() && all.iter().all(|one| one.version != ECH_VERSION || one.contents.is_some());
    (all, whole)
}

impl EchContents {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let id = cursor.u8()?;
        let kem = cursor.be16()?;
        let public_key = cursor.vector16()?.to_vec();
        let mut list = Cursor::new(cursor.vector16()?);
        let mut suites = Vec::new();
        while !list.rest().is_empty() {
            suites.push((list.be16()?, list.be16()?));
        }
        let longest_name = cursor.u8()?;
        let public_name = cursor.vector8()?.to_vec();
        let mut list = Cursor::new(cursor.vector16()?);
        let mut extensions = Vec::new();
        while !list.rest().is_empty() {
            extensions.push(list.be16()?);
            list.vector16()?;
        }
        cursor.rest().is_empty().then_some(Self {
            id,
            kem,
            public_key,
            suites,
            longest_name,
            public_name,
            extensions,
        })
    }
}

/// What a key encapsulation is called (RFC 9180, 7.1).
pub fn kem_name(kem: u16) -> Option<&'static str> {
    Some(match kem {
        0x0010 => "P-256",
        0x0011 => "P-384",
        0x0012 => "P-521",
        0x0020 => "X25519",
        0x0021 => "X448",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A list of one: id, X25519, AES-128-GCM and `ChaCha20`, a name.
    fn list(name: &[u8]) -> Vec<u8> {
        let mut contents = vec![7, 0, 0x20, 0, 32];
        contents.extend([9; 32]);
        contents.extend([0, 8, 0, 1, 0, 1, 0, 1, 0, 3, 64]);
        contents.push(u8::try_from(name.len()).unwrap());
        contents.extend(name);
        contents.extend([0, 0]);
        let length = u8::try_from(contents.len()).unwrap();
        [&[0, length + 4, 0xfe, 0x0d, 0, length], contents.as_slice()].concat()
    }

    #[test]
    fn a_list_is_read() {
        let bytes = list(b"public.example");
        let (all, whole) = ech_configs(&bytes);
        let contents = all[0].contents.clone().unwrap();
        assert!(whole);
        assert_eq!((contents.id, contents.kem, contents.longest_name), (7, 0x20, 64));
        assert_eq!(contents.suites, [(1, 1), (1, 3)]);
        assert_eq!(contents.public_name, b"public.example");
        for length in 0..bytes.len() {
            assert!(!ech_configs(&bytes[..length]).1, "{length}");
        }
        let mut draft = bytes;
        draft[3] = 0x0a;
        assert_eq!(ech_configs(&draft), (vec![EchConfig { version: 0xfe0a, contents: None }], true));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..60, with: u8) {
            let _ = ech_configs(&bytes);
            let mut changed = list(b"a.example");
            let at = at.min(changed.len() - 1);
            changed[at] = with;
            let _ = ech_configs(&changed);
        }
    }
}
