//! Extensions of certificates (RFC 5280, 4.2), each read as far as it goes.

use std::net::IpAddr;

use super::der::{Der, Oid, Value, tag};

/// One extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Its sort.
    pub oid: Oid<'a>,
    /// Whoever does not know it has to refuse the certificate.
    pub is_critical: bool,
    /// Its content.
    pub content: &'a [u8],
}

/// A name of one of the sorts that certificates of servers have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GeneralName<'a> {
    /// A DNS name.
    Dns(String),
    /// An address.
    Address(IpAddr),
    /// A URL.
    Url(String),
    /// A distinguished name, in DER.
    Directory(&'a [u8]),
    /// Something else, by its tag.
    Other(u8),
}

impl<'a> Extension<'a> {
    pub(super) fn read(value: &Value<'a>) -> Option<Self> {
        let mut parts = value.values();
        let oid = parts.next()?.oid()?;
        let critical = parts.next_if(tag::BOOLEAN).is_some_and(|value| value.content.first() != Some(&0));
        let content = parts.next_if(tag::OCTET_STRING)?.content;
        Some(Self { oid, is_critical: critical, content })
    }

    /// Names: of subject and issuer alternative name (4.2.1.6).
    pub fn names(&self) -> Vec<GeneralName<'a>> {
        self.sequence().map(|value| GeneralName::of(&value)).collect()
    }

    /// Whether it may sign others, and how many may be between (4.2.1.9).
    pub fn basic_constraints(&self) -> (bool, Option<u64>) {
        let mut parts = self.sequence();
        let is_authority = parts.next_if(tag::BOOLEAN).is_some_and(|value| value.content.first() != Some(&0));
        let length = parts
            .next_if(tag::INTEGER)
            .and_then(|value| value.integer())
            .map(|bytes| bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)));
        (is_authority, length)
    }

    /// The bits of a key usage or a Netscape type, the first of the standard first (4.2.1.3).
    pub fn bits(&self) -> Vec<bool> {
        let Some(value) = Der::new(self.content).next_if(tag::BIT_STRING) else { return Vec::new() };
        let bytes = value.content.get(1..).unwrap_or_default();
        bytes.iter().take(4).flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0)).collect()
    }

    /// Object identifiers in a row: purposes (4.2.1.12).
    pub fn oids(&self) -> Vec<Oid<'a>> {
        self.sequence().filter_map(|value| value.oid()).collect()
    }

    /// Object identifiers of certificate policies (4.2.1.4).
    pub fn policies(&self) -> Vec<Oid<'a>> {
        self.sequence().filter_map(|policy| policy.values().next()?.oid()).collect()
    }

    /// Where things of the issuer are: sort and URL (4.2.2.1).
    pub fn access(&self) -> Vec<(Oid<'a>, String)> {
        let one = |description: Value<'a>| {
            let mut parts = description.values();
            let method = parts.next()?.oid()?;
            match GeneralName::of(&parts.next()?) {
                GeneralName::Url(url) => Some((method, url)),
                _ => None,
            }
        };
        self.sequence().filter_map(one).collect()
    }

    /// URLs of lists of revoked certificates (4.2.1.13).
    pub fn distribution_points(&self) -> Vec<String> {
        let points = self.sequence().filter_map(|point| point.values().find_tag(tag::constructed(0)));
        let names = points.filter_map(|point| point.values().find_tag(tag::constructed(0)));
        names
            .flat_map(|names| names.values())
            .filter_map(|name| match GeneralName::of(&name) {
                GeneralName::Url(url) => Some(url),
                _ => None,
            })
            .collect()
    }

    /// Small numbers in a row: extensions of TLS that the certificate demands (RFC 7633).
    pub fn numbers(&self) -> Vec<u64> {
        let number = |value: Value<'a>| {
            value
                .integer()
                .filter(|bytes| bytes.len() <= 8)
                .map(|bytes| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        };
        self.sequence().filter_map(number).collect()
    }

    /// The name of the issuer's issuer (4.2.1.1).
    pub fn authority_issuer(&self) -> Option<&'a [u8]> {
        let names = self.sequence().find_tag(tag::constructed(1))?;
        names.values().find_map(|name| match GeneralName::of(&name) {
            GeneralName::Directory(name) => Some(name),
            _ => None,
        })
    }

    fn sequence(&self) -> Der<'a> {
        Der::new(self.content).next_if(tag::SEQUENCE).map_or(Der::new(&[]), |list| list.values())
    }
}

impl<'a> GeneralName<'a> {
    fn of(value: &Value<'a>) -> Self {
        let text = || String::from_utf8_lossy(value.content).into_owned();
        match value.tag & 0x9f {
            0x82 => Self::Dns(text()),
            0x86 => Self::Url(text()),
            0x84 => value.values().next().map_or(Self::Other(value.tag), |name| Self::Directory(name.whole)),
            0x87 => match (<[u8; 4]>::try_from(value.content), <[u8; 16]>::try_from(value.content)) {
                (Ok(v4), _) => Self::Address(IpAddr::from(v4)),
                (_, Ok(v6)) => Self::Address(IpAddr::from(v6)),
                _ => Self::Other(value.tag),
            },
            _ => Self::Other(value.tag),
        }
    }
}
