//! Distinguished names (RFC 5280, 4.1.2.4), as text (RFC 4514, in the order of the certificate).

use std::fmt;

use super::der::{Der, Oid, Value, tag};

/// A distinguished name, in DER, its header included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(pub &'a [u8]);

impl<'a> Name<'a> {
    /// The first attribute of a sort.
    pub fn attribute(&self, sort: Oid<'_>) -> Option<String> {
        self.attributes().find(|(oid, _)| *oid == sort).map(|(_, value)| text(&value))
    }

    /// The common name.
    pub fn common_name(&self) -> Option<String> {
        self.attribute(Oid(&[0x55, 4, 3]))
    }

    /// The organisation.
    pub fn organization(&self) -> Option<String> {
        self.attribute(Oid(&[0x55, 4, 10]))
    }

    fn attributes(&self) -> impl Iterator<Item = (Oid<'a>, Value<'a>)> {
        let sets = Der::new(self.0).next_if(tag::SEQUENCE).map_or(Der::new(&[]), |name| name.values());
        sets.flat_map(|set| set.values()).filter_map(|pair| {
            let mut parts = pair.values();
            Some((parts.next()?.oid()?, parts.next()?))
        })
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (oid, value)) in self.attributes().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            match short(oid) {
                Some(short) => write!(f, "{short}={}", text(&value))?,
                None => write!(f, "{oid}={}", text(&value))?,
            }
        }
        Ok(())
    }
}

/// The text of a string of any sort; what is no text is shown by its bytes.
fn text(value: &Value<'_>) -> String {
    match value.tag {
        // BMPString: two bytes a character.
        0x1e => {
            let units: Vec<u16> =
                value.content.as_chunks::<2>().0.iter().map(|two| u16::from_be_bytes(*two)).collect();
            String::from_utf16_lossy(&units)
        }
        // UTF8String, NumericString, PrintableString, T61String, IA5String, VisibleString.
        0x0c | 0x12 | 0x13 | 0x14 | 0x16 | 0x1a => match std::str::from_utf8(value.content) {
            Ok(text) => text.to_owned(),
            // What is not UTF-8 is Latin-1 in old certificates.
            Err(_) => value.content.iter().map(|byte| char::from(*byte)).collect(),
        },
        _ => value.whole.iter().fold(String::from("#"), |all, byte| all + &format!("{byte:02x}")),
    }
}

fn short(oid: Oid<'_>) -> Option<&'static str> {
    Some(match oid.0 {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 4] => "SN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 9] => "street",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        [0x55, 4, 12] => "title",
        [0x55, 4, 15] => "businessCategory",
        [0x55, 4, 17] => "postalCode",
        [0x55, 4, 42] => "GN",
        [0x55, 4, 97] => "organizationIdentifier",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "emailAddress",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => "DC",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1] => "UID",
        [0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 1] => "jurisdictionL",
        [0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 2] => "jurisdictionST",
        [0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 3] => "jurisdictionC",
        _ => return None,
    })
}
