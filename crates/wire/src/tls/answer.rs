//! The first thing that a server says to a client's hello: its own hello, or an alert.

use super::extension::Extension;
use super::groups::NamedGroup;
use super::names::{AlertLevel, ContentType, ExtensionType, HandshakeType, Version};
use super::record::{Alert, Record};
use super::suite::Suite;
use crate::WireError;
use crate::cursor::Cursor;

/// The random of a `HelloRetryRequest` (RFC 8446, 4.1.3).
pub(super) const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a server said first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It chose.
    Hello(ServerHello),
    /// It refused.
    Alert(Alert),
}

/// What a server chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// The version, that of the extension where there is one.
    pub version: Version,
    /// The server's random.
    pub random: [u8; 32],
    /// The session: the client's own where it is resumed, or in TLS 1.3.
    pub session_id: Vec<u8>,
    /// The cipher suite.
    pub suite: Suite,
    /// The compression method: 0 is none.
    pub compression: u8,
    /// The extensions, in their order.
    pub extensions: Vec<Extension>,
    /// Whether the extensions could be read to their end.
    pub whole: bool,
    /// It is a TLS 1.3 `HelloRetryRequest`.
    pub retry: bool,
}

impl Answer {
    /// Reads the first records of a server. A warning that comes before (`unrecognized_name` of old servers) is passed over.
    ///
    /// # Errors
    /// What is cut short, and what is no TLS or no answer to a hello.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        const WHAT: &str = "TLS answer";
        let mut warned = None;
        let mut hello: Vec<u8> = Vec::new();
        let mut rest = bytes;
        loop {
            let (content, fragment, end) = match Record::decode(rest) {
                Ok((record, more)) => {
                    rest = more;
                    if let Some(alert) = Alert::of(&record) {
                        if alert.level != AlertLevel::Warning {
                            return Ok(Self::Alert(alert));
                        }
                        warned = Some(alert);
                        continue;
                    }
                    (record.content, record.fragment, None)
                }
                // A record may hold the whole first flight; the hello stands at its beginning.
                Err(error @ WireError::Truncated { .. }) => match rest.split_at_checked(5) {
                    Some((&[content, ..], fragment)) => (content.into(), fragment, Some(error)),
                    _ => return warned.filter(|_| hello.is_empty()).map(Self::Alert).ok_or(error),
                },
                Err(error) => return Err(error),
            };
            match content {
                // A message may be spread over records (RFC 8446, 5.1).
                ContentType::Handshake => {
                    hello.extend_from_slice(fragment);
                    match ServerHello::decode(&hello) {
                        Err(WireError::Truncated { .. }) => {}
                        read => return read.map(Self::Hello),
                    }
                }
                ContentType::Alert if end.is_none() => {
                    return Err(WireError::Missing { what: "a readable alert" });
                }
                ContentType::Alert => {}
                other => return Err(WireError::WrongKind { what: WHAT, kind: other.value().into() }),
            }
            if let Some(error) = end {
                return Err(error);
            }
        }
    }
}

impl ServerHello {
    /// Reads a handshake message.
    ///
    /// # Errors
    /// What is cut short, and what is another message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        const WHAT: &str = "ServerHello";
        let short = || WireError::Truncated {
            what: WHAT,
            offset: 0,
            needed: message.len() + 1,
            available: message.len(),
        };
        let mut cursor = Cursor::new(message);
        let kind = cursor.u8().ok_or_else(short)?;
        if HandshakeType::from(kind) != HandshakeType::ServerHello {
            return Err(WireError::WrongKind { what: WHAT, kind: kind.into() });
        }
        let [high, middle, low] = cursor.array().ok_or_else(short)?;
        let length = usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap_or(usize::MAX);
        let body = cursor.rest().get(..length).ok_or_else(short)?;
        Self::of_body(body).ok_or(WireError::ShortLength { what: WHAT, offset: 0, length })
    }

    /// Reads the body of the message; none where it is cut short before its extensions.
    pub fn of_body(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let version = cursor.be16()?;
        let random: [u8; 32] = cursor.array()?;
        let session_id = cursor.vector8()?.to_vec();
        let suite = Suite::from(cursor.be16()?);
        let compression = cursor.u8()?;
        let (extensions, whole) = match cursor.rest() {
            [] => (Vec::new(), true),
            _ => cursor.vector16().map_or((Vec::new(), false), Extension::decode_all),
        };
        let hello = Self {
            version: version.into(),
            random,
            session_id,
            suite,
            compression,
            extensions,
            whole,
            retry: random == RETRY,
        };
        let version = hello.selected_version().unwrap_or(hello.version);
        Some(Self { version, ..hello })
    }

    /// A choice, and nothing beside it.
    pub fn of(version: Version, suite: Suite) -> Self {
        Self {
            version,
            random: [0; 32],
            session_id: Vec::new(),
            suite,
            compression: 0,
            extensions: Vec::new(),
            whole: true,
            retry: false,
        }
    }

    /// The extension of a sort.
    pub fn extension(&self, kind: ExtensionType) -> Option<&Extension> {
        self.extensions.iter().find(|one| one.kind == kind)
    }

    /// Whether an extension of a sort is there.
    pub fn has(&self, kind: ExtensionType) -> bool {
        self.extension(kind).is_some()
    }

    /// The group of the server's key share, or the one that it wants (TLS 1.3).
    pub fn group(&self) -> Option<NamedGroup> {
        let share = self.extension(ExtensionType::KeyShare)?;
        Cursor::new(&share.content).be16().map(NamedGroup::from)
    }

    /// The application protocol that it chose.
    pub fn application_protocol(&self) -> Option<Vec<u8>> {
        let chosen = self.extension(ExtensionType::Alpn)?;
        let mut list = Cursor::new(Cursor::new(&chosen.content).vector16()?);
        list.vector8().map(<[u8]>::to_vec)
    }

    fn selected_version(&self) -> Option<Version> {
        match *self.extension(ExtensionType::SupportedVersions)?.content.as_slice() {
            [high, low] => Some(u16::from_be_bytes([high, low]).into()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::AlertDescription;
    use super::*;

    /// A server's hello: version, suite, extensions.
    fn hello(version: u16, suite: u16, extensions: &[u8]) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend(suite.to_be_bytes());
        body.push(0);
        if !extensions.is_empty() {
            body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
            body.extend(extensions);
        }
        let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
        message.extend(body);
        message
    }

    fn record(fragment: &[u8]) -> Vec<u8> {
        let mut bytes = vec![22, 3, 1];
        bytes.extend(u16::try_from(fragment.len()).unwrap().to_be_bytes());
        bytes.extend(fragment);
        bytes
    }

    #[test]
    fn a_hello_names_version_and_suite() {
        let old = record(&hello(0x0301, 0x002f, &[]));
        let Ok(Answer::Hello(read)) = Answer::decode(&old) else { panic!("no hello") };
        assert_eq!((read.version, read.suite, read.retry), (Version::Tls10, Suite(0x002f), false));
        assert_eq!((read.extensions.as_slice(), read.whole), ([].as_slice(), true));
        let new = record(&hello(0x0303, 0x1301, &[0, 51, 0, 1, 9, 0, 43, 0, 2, 3, 4]));
        let Ok(Answer::Hello(read)) = Answer::decode(&new) else { panic!("no hello") };
        assert_eq!(
            (read.version, read.suite.to_string().as_str()),
            (Version::Tls13, "TLS_AES_128_GCM_SHA256")
        );
        // What comes after the hello in the same record may be cut off.
        let mut flight = hello(0x0303, 0xc02f, &[]);
        flight.extend([11, 0, 4, 0]);
        flight.extend([9; 600]);
        assert!(matches!(Answer::decode(&record(&flight)[..512]), Ok(Answer::Hello(_))));
        for length in 0..new.len() {
            assert!(matches!(Answer::decode(&new[..length]), Err(WireError::Truncated { .. })), "{length}");
        }
    }

    #[test]
    fn a_hello_may_be_spread_over_records_and_come_after_a_warning() {
        let message = hello(0x0303, 0xcafe, &[]);
        let (first, second) = message.split_at(10);
        let mut bytes = vec![21, 3, 3, 0, 2, 1, 112];
        assert_eq!(
            Answer::decode(&bytes),
            Ok(Answer::Alert(Alert {
                level: AlertLevel::Warning,
                description: AlertDescription::UnrecognizedName
            }))
        );
        bytes.extend(record(first));
        assert!(matches!(Answer::decode(&bytes), Err(WireError::Truncated { .. })));
        bytes.extend(record(second));
        let Ok(Answer::Hello(read)) = Answer::decode(&bytes) else { panic!("no hello") };
        assert_eq!((read.version, read.suite), (Version::Tls12, Suite(0xcafe)));
    }

    #[test]
    fn what_is_no_answer_is_said() {
        assert!(matches!(Answer::decode(b"HTTP/1.1 400 Bad Request\r\n"), Err(WireError::WrongKind { .. })));
        assert!(matches!(Answer::decode(&record(&[1, 0, 0, 0])), Err(WireError::WrongKind { .. })));
        assert!(matches!(Answer::decode(&record(&[2, 0, 0, 1, 3])), Err(WireError::ShortLength { .. })));
    }
}
