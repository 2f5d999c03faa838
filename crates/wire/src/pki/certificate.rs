//! A certificate (RFC 5280, 4.1), as far as it can be read.

use super::der::{Der, Oid, Value, tag};
use super::extensions::Extension;
use super::name::Name;
use super::time::moment;

/// A certificate. What could not be read is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// What is signed, its header included.
    pub signed: &'a [u8],
    /// The serial number as it is written: a leading zero or a sign included.
    pub serial: &'a [u8],
    /// The object identifier of the algorithm of the signature.
    pub signature_algorithm: Option<Oid<'a>>,
    /// The content of the algorithm of the signature: identifier and parameters.
    pub signature_algorithm_content: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// The issuer's name, in DER.
    pub issuer: &'a [u8],
    /// Valid from, in seconds since 1970.
    pub not_before: Option<i64>,
    /// Valid until.
    pub not_after: Option<i64>,
    /// The subject's name, in DER.
    pub subject: &'a [u8],
    /// The key.
    pub key: Option<KeyInfo<'a>>,
    /// The extensions, in their order.
    pub extensions: Vec<Extension<'a>>,
    /// What says that it is longer than it is, or has no readable header: a certificate that is cut short.
    pub is_cut: bool,
}

/// A public key (RFC 5280, 4.1.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyInfo<'a> {
    /// All of it, in DER: what pins hash.
    pub whole: &'a [u8],
    /// What sort of key.
    pub algorithm: Oid<'a>,
    /// The content of the algorithm: identifier and parameters.
    pub algorithm_content: &'a [u8],
    /// The curve, of an elliptic one that is named.
    pub curve: Option<Oid<'a>>,
    /// The key itself.
    pub key: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads as far as it goes. None where the bytes do not begin as a certificate: two sequences, one in the other.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let outer = Der::new(bytes).next_if(tag::SEQUENCE)?;
        let mut outside = outer.values();
        let signed = outside.next_if(tag::SEQUENCE)?;
        let mut read =
            Self { signed: signed.whole, is_cut: outer.is_cut || signed.is_cut, ..Self::default() };
        read.fill(&signed);
        if let Some(algorithm) = outside.next_if(tag::SEQUENCE) {
            read.signature_algorithm = algorithm.values().next().and_then(|value| value.oid());
            read.signature_algorithm_content = algorithm.content;
        }
        match outside.next_if(tag::BIT_STRING) {
            Some(signature) => {
                read.is_cut |= signature.is_cut;
                read.signature = signature.bits().unwrap_or_default();
            }
            None => read.is_cut = true,
        }
        Some(read)
    }

    /// An extension by its object identifier.
    pub fn extension(&self, oid: &[u8]) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|one| one.oid.0 == oid)
    }

    /// The subject.
    pub fn subject(&self) -> Name<'a> {
        Name(self.subject)
    }

    /// The issuer.
    pub fn issuer(&self) -> Name<'a> {
        Name(self.issuer)
    }

    fn fill(&mut self, signed: &Value<'a>) {
        let mut parts = signed.values();
        // Version 1 does not say so.
        parts.next_if(tag::constructed(0));
        if let Some(serial) = parts.next_if(tag::INTEGER) {
            self.serial = serial.content;
        }
        if let Some(algorithm) = parts.next_if(tag::SEQUENCE) {
            self.signature_algorithm = algorithm.values().next().and_then(|value| value.oid());
        }
        if let Some(issuer) = parts.next_if(tag::SEQUENCE) {
            self.issuer = issuer.whole;
        }
        if let Some(validity) = parts.next_if(tag::SEQUENCE) {
            let mut moments = validity.values();
            self.not_before = moments.next().and_then(|value| moment(&value));
            self.not_after = moments.next().and_then(|value| moment(&value));
        }
        if let Some(subject) = parts.next_if(tag::SEQUENCE) {
            self.subject = subject.whole;
        }
        self.key = parts.next_if(tag::SEQUENCE).and_then(|key| KeyInfo::read(&key));
        let list = parts.find_tag(tag::constructed(3)).and_then(|block| block.values().next());
        let extensions = list.map_or(Der::new(&[]), |list| list.values());
        self.extensions = extensions.filter_map(|value| Extension::read(&value)).collect();
    }
}

impl<'a> KeyInfo<'a> {
    /// Reads the sequence of a key.
    pub fn read(value: &Value<'a>) -> Option<Self> {
        let mut parts = value.values();
        let algorithm = parts.next_if(tag::SEQUENCE)?;
        let key = parts.next_if(tag::BIT_STRING)?;
        let mut inside = algorithm.values();
        Some(Self {
            whole: value.whole,
            algorithm: inside.next()?.oid()?,
            curve: inside.next().and_then(|parameters| parameters.oid()),
            algorithm_content: algorithm.content,
            key: key.bits().unwrap_or_default(),
        })
    }

    /// The modulus and the exponent of an RSA key, without zeros before them.
    pub fn rsa(&self) -> Option<(&'a [u8], &'a [u8])> {
        const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
        const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
        if self.algorithm.0 != RSA && self.algorithm.0 != RSA_PSS {
            return None;
        }
        let mut numbers = Der::new(self.key).next_if(tag::SEQUENCE)?.values();
        Some((numbers.next()?.integer()?, numbers.next()?.integer()?))
    }
}
