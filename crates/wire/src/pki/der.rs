//! Values of DER: a tag, a length, a content (X.690, 8.1).

use std::fmt;

use crate::magnitude;

/// Tags that certificates use.
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// OBJECT IDENTIFIER.
    pub const OID: u8 = 0x06;
    /// ENUMERATED.
    pub const ENUMERATED: u8 = 0x0a;
    /// `UTCTime`.
    pub const UTC_TIME: u8 = 0x17;
    /// `GeneralizedTime`.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// SEQUENCE.
    pub const SEQUENCE: u8 = 0x30;
    /// SET.
    pub const SET: u8 = 0x31;

    /// A primitive value of the context, by its number.
    pub const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// A constructed value of the context, by its number.
    pub const fn constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// Its tag.
    pub tag: u8,
    /// What it holds; of one that is cut short, what is there.
    pub content: &'a [u8],
    /// Header and content.
    pub whole: &'a [u8],
    /// It says that it is longer than what is there.
    pub is_cut: bool,
}

impl<'a> Value<'a> {
    /// The values that it holds.
    pub const fn values(&self) -> Der<'a> {
        Der::new(self.content)
    }

    /// The object identifier that it is.
    pub fn oid(&self) -> Option<Oid<'a>> {
        (self.tag == tag::OID).then_some(Oid(self.content))
    }

    /// The bytes of a BIT STRING that has no unused bits.
    pub fn bits(&self) -> Option<&'a [u8]> {
        match self.content {
            [0, bits @ ..] if self.tag == tag::BIT_STRING => Some(bits),
            _ => None,
        }
    }

    /// The magnitude of an INTEGER, without zeros before it.
    pub fn integer(&self) -> Option<&'a [u8]> {
        (self.tag == tag::INTEGER).then(|| magnitude::trimmed(self.content))
    }
}

/// Values one after another. Ends before what has no readable header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Der<'a> {
    rest: &'a [u8],
}

impl<'a> Der<'a> {
    /// Of these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What was not read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next value where it has this tag; otherwise it is left where it is.
    pub fn next_if(&mut self, tag: u8) -> Option<Value<'a>> {
        let mut ahead = self.clone();
        let value = ahead.next().filter(|value| value.tag == tag)?;
        *self = ahead;
        Some(value)
    }

    /// The first value with a tag among those that are left.
    pub fn find_tag(mut self, tag: u8) -> Option<Value<'a>> {
        self.find(|value| value.tag == tag)
    }
}

impl<'a> Iterator for Der<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let [tag, first, rest @ ..] = self.rest else { return None };
        // Tags of several bytes are in no structure that is read here, and lengths without an end are not DER.
        if tag & 0x1f == 0x1f || *first == 0x80 || *first == 0xff {
            return None;
        }
        let (length, header) = if *first < 0x80 {
            (usize::from(*first), 2)
        } else {
            let count = usize::from(first & 0x7f);
            let bytes = rest.get(..count)?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            let bytes = bytes.get(zeros..).unwrap_or_default();
            if bytes.len() > 4 {
                return None;
            }
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), 2 + count)
        };
        let content = self.rest.get(header..)?;
        let is_cut = length > content.len();
        let length = length.min(content.len());
        let (content, after) = content.split_at_checked(length)?;
        let whole = self.rest.get(..header + length)?;
        self.rest = after;
        Some(Value { tag: *tag, content, whole, is_cut })
    }
}

/// An object identifier, encoded.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Oid<'a>(pub &'a [u8]);

impl fmt::Display for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number: u128 = 0;
        let mut is_first = true;
        for byte in self.0 {
            number = number.checked_shl(7).unwrap_or_default() | u128::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                continue;
            }
            if is_first {
                let head = (number / 40).min(2);
                write!(f, "{head}.{}", number - head * 40)?;
                is_first = false;
            } else {
                write!(f, ".{number}")?;
            }
            number = 0;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_one_after_another() {
        let bytes = [0x30, 0x05, 0x02, 0x01, 0x05, 0x05, 0x00, 0x04, 0x81, 0x01, 0x07, 0x04, 0x09, 0x01];
        let mut all = Der::new(&bytes);
        let sequence = all.next_if(tag::SEQUENCE).unwrap();
        let inside: Vec<u8> = sequence.values().map(|value| value.tag).collect();
        assert_eq!(inside, [tag::INTEGER, 0x05]);
        assert_eq!(sequence.whole, &bytes[..7]);
        assert_eq!(all.next_if(tag::INTEGER), None);
        // A length that is longer than it need be is read, one that is cut short, too, and marked.
        assert_eq!(all.next().map(|value| (value.content, value.is_cut)), Some((&[7][..], false)));
        assert_eq!(all.next().map(|value| (value.content, value.is_cut)), Some((&[1][..], true)));
        assert_eq!(all.next(), None);
    }

    #[test]
    fn what_has_no_header_ends_it() {
        for bytes in [
            &[0x30][..],
            &[0x30, 0x80, 0, 0],
            &[0x3f, 0x81, 1, 0],
            &[4, 0x85, 1, 0, 0, 0, 0, 1],
            &[4, 0x82, 1],
        ] {
            assert_eq!(Der::new(bytes).next(), None, "{bytes:?}");
        }
    }

    #[test]
    fn identifiers_are_written_with_dots() {
        assert_eq!(
            Oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]).to_string(),
            "1.2.840.113549.1.1.11"
        );
        assert_eq!(Oid(&[0x55, 0x1d, 0x11]).to_string(), "2.5.29.17");
        assert_eq!(Oid(&[0x67, 0x81, 0x0c, 0x01, 0x02, 0x01]).to_string(), "2.23.140.1.2.1");
        assert_eq!(Oid(&[0xff; 40]).to_string(), "");
    }
}
