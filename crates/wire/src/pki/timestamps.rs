//! Signed certificate timestamps (RFC 6962, 3.2 and 3.3): the same list in certificates, handshakes and OCSP responses.

use crate::cursor::Cursor;

/// One promise of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp<'a> {
    /// Version: 0 is the first and only one.
    pub version: u8,
    /// The log: SHA-256 of its key.
    pub log: [u8; 32],
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The log's signature, with its algorithm before it.
    pub signature: &'a [u8],
}

/// Those of a list, and whether it could be read to its end.
pub fn timestamps(bytes: &[u8]) -> (Vec<Timestamp<'_>>, bool) {
    let Some(list) = Cursor::new(bytes).vector16() else { return (Vec::new(), false) };
    let mut cursor = Cursor::new(list);
    let mut all = Vec::new();
    let mut whole = true;
    while !cursor.rest().is_empty() {
        let Some(one) = cursor.vector16() else { return (all, false) };
        match Timestamp::read(one) {
            Some(one) => all.push(one),
            None => whole = false,
        }
    }
    (all, whole)
}

impl<'a> Timestamp<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let version = cursor.u8()?;
        let log = cursor.array()?;
        let at = cursor.array().map(u64::from_be_bytes)?;
        cursor.vector16()?;
        Some(Self { version, log, at, signature: cursor.rest() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_to_what_is_cut() {
        let one = [&[0][..], &[7; 32], &1_700_000_000_123_u64.to_be_bytes(), &[0, 0, 4, 3, 0, 1, 9]].concat();
        let entry = [&u16::try_from(one.len()).unwrap().to_be_bytes()[..], &one].concat();
        let both = [entry.clone(), entry].concat();
        let list = [&u16::try_from(both.len()).unwrap().to_be_bytes()[..], &both].concat();
        let (read, whole) = timestamps(&list);
        assert_eq!((read.len(), whole), (2, true));
        assert_eq!(
            (read[0].log, read[0].at, read[0].signature),
            ([7; 32], 1_700_000_000_123, &[4, 3, 0, 1, 9][..])
        );
        assert_eq!(timestamps(&list[..10]), (Vec::new(), false));
        assert_eq!(timestamps(&[0, 4, 0, 2, 0, 0]), (Vec::new(), false));
        assert_eq!(timestamps(&[0, 0]), (Vec::new(), true));
    }
}
