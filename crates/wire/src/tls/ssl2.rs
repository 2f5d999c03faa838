//! SSL 2.0 as far as it is not encrypted: the hello of a client, and what a server says to it (the draft of Hickman, 1995; RFC 6176
//! forbids it). Servers that still answer open other servers with the same key to DROWN.
//!
//! A record has a length of two bytes with the highest bit set, or of three bytes with padding at the end, which only encrypted
//! records have.

use std::fmt;

use crate::WireError;
use crate::cursor::Cursor;

/// The version of the hellos.
const VERSION: u16 = 0x0002;
/// Types of messages.
const ERROR: u8 = 0;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 4;
/// A certificate in DER.
const X509: u8 = 1;

/// A suite of three bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Suite(pub u32);

/// Numbers, names, names of OpenSSL, and bits that are secret.
const SUITES: &[(u32, &str, Option<&str>, u16)] = &[
    (0x0001_0080, "SSL_CK_RC4_128_WITH_MD5", Some("RC4-MD5"), 128),
    (0x0002_0080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5", Some("EXP-RC4-MD5"), 40),
    (0x0003_0080, "SSL_CK_RC2_128_CBC_WITH_MD5", Some("RC2-CBC-MD5"), 128),
    (0x0004_0080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", Some("EXP-RC2-CBC-MD5"), 40),
    (0x0005_0080, "SSL_CK_IDEA_128_CBC_WITH_MD5", Some("IDEA-CBC-MD5"), 128),
    (0x0006_0040, "SSL_CK_DES_64_CBC_WITH_MD5", Some("DES-CBC-MD5"), 56),
    (0x0006_0140, "SSL_CK_DES_64_CBC_WITH_SHA", None, 56),
    (0x0007_00c0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", Some("DES-CBC3-MD5"), 112),
    (0x0007_01c0, "SSL_CK_DES_192_EDE3_CBC_WITH_SHA", None, 112),
    (0x0008_0080, "SSL_CK_RC4_64_WITH_MD5", Some("RC4-64-MD5"), 64),
    (0x0000_0000, "SSL_CK_NULL_WITH_MD5", Some("NULL-MD5"), 0),
    (0x00ff_8000, "SSL_CK_DES_64_CFB64_WITH_MD5_1", Some("DES-CFB-M1"), 56),
    (0x00ff_8010, "SSL_CK_NULL", Some("NULL"), 0),
];

impl Suite {
    /// Every suite that is known.
    pub fn all() -> impl Iterator<Item = Self> {
        SUITES.iter().map(|(number, ..)| Self(*number))
    }

    /// Its usual name.
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|(_, name, ..)| *name)
    }

    /// What OpenSSL calls it.
    pub fn openssl_name(self) -> Option<&'static str> {
        self.row().and_then(|(_, _, name, _)| *name)
    }

    /// Bits of the key that are secret.
    pub fn bits(self) -> Option<u16> {
        self.row().map(|(_, _, _, bits)| *bits)
    }

    /// Whether its key is short by the law of then: the rest of it is sent in the clear.
    pub fn is_export(self) -> bool {
        self.name().is_some_and(|name| name.contains("EXPORT40"))
    }

    fn row(self) -> Option<&'static (u32, &'static str, Option<&'static str>, u16)> {
        SUITES.iter().find(|(number, ..)| *number == self.0)
    }

    fn encode(self) -> [u8; 3] {
        let [_, high, middle, low] = self.0.to_be_bytes();
        [high, middle, low]
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "unknown SSL 2.0 suite {:#08x}", self.0),
        }
    }
}

/// A client's hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// The newest version that it speaks: newer ones than 2.0 asked for themselves in this form, too (RFC 5246, E.2).
    pub version: u16,
    /// Suites.
    pub suites: Vec<Suite>,
    /// A session to take up again: empty or 16 bytes.
    pub session_id: Vec<u8>,
    /// 16 to 32 bytes that nobody can guess.
    pub challenge: Vec<u8>,
}

impl ClientHello {
    /// A hello that speaks of SSL 2.0 alone and offers everything that is known.
    pub fn new(challenge: [u8; 16]) -> Self {
        Self {
            version: VERSION,
            suites: Suite::all().collect(),
            session_id: Vec::new(),
            challenge: challenge.to_vec(),
        }
    }

    /// The message in its record. What does not fit into a length of 15 bits is cut.
    pub fn encode(&self) -> Vec<u8> {
        let suites: Vec<u8> = self.suites.iter().take(1000).flat_map(|suite| suite.encode()).collect();
        let session_id = self.session_id.get(..self.session_id.len().min(16)).unwrap_or_default();
        let challenge = self.challenge.get(..self.challenge.len().min(32)).unwrap_or_default();
        let mut body = vec![CLIENT_HELLO];
        body.extend(self.version.to_be_bytes());
        for part in [&suites, session_id, challenge] {
            body.extend(length(part).to_be_bytes());
        }
        for part in [&suites, session_id, challenge] {
            body.extend(part);
        }
        record(&body)
    }

    /// Reads a record with a client's hello.
    ///
    /// # Errors
    /// What is cut short or something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        const WHAT: &str = "SSL 2.0 CLIENT-HELLO";
        let body = message(WHAT, bytes, CLIENT_HELLO)?;
        read_client(body).ok_or(WireError::ShortLength { what: WHAT, offset: 0, length: body.len() })
    }
}

fn read_client(body: &[u8]) -> Option<ClientHello> {
    let mut cursor = Cursor::new(body);
    let version = cursor.be16()?;
    let [suites, session_id, challenge] = [cursor.be16()?, cursor.be16()?, cursor.be16()?];
    Some(ClientHello {
        version,
        suites: suites_of(cursor.take(suites.into())?),
        session_id: cursor.take(session_id.into())?.to_vec(),
        challenge: cursor.take(challenge.into())?.to_vec(),
    })
}

/// What a server says to a hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It speaks SSL 2.0.
    Hello(ServerHello),
    /// It speaks SSL 2.0, and refuses: the number of its error.
    Error(Refusal),
}

crate::wire_enum! {
    /// Why a server refuses.
    pub enum Refusal: u16 {
        /// No suite in common.
        NoCipher = 1 => "no cipher",
        /// It has no certificate.
        NoCertificate = 2 => "no certificate",
        /// A certificate that can not be used.
        BadCertificate = 4 => "bad certificate",
        /// A sort of certificate that is not supported.
        UnsupportedCertificate = 6 => "unsupported certificate type",
    }
}

/// A server's hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// It knows the session that was named, and takes it up again: then it sends no certificate.
    pub session_hit: bool,
    /// The sort of certificate: 1 is X.509.
    pub certificate_type: u8,
    /// The version, 0x0002.
    pub version: u16,
    /// Its certificate, in DER.
    pub certificate: Vec<u8>,
    /// Suites that both have; the client picks one. An empty list refuses all.
    pub suites: Vec<Suite>,
    /// Something random that keys are made with.
    pub connection_id: Vec<u8>,
}

impl Answer {
    /// Reads the first record of a server.
    ///
    /// # Errors
    /// What is cut short, and what is no SSL 2.0: a TLS alert, another protocol.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        const WHAT: &str = "SSL 2.0 SERVER-HELLO";
        let (kind, body) = any_message(WHAT, bytes)?;
        let short = || WireError::ShortLength { what: WHAT, offset: 0, length: body.len() + 1 };
        match kind {
            SERVER_HELLO => read_server(body).map(Self::Hello).ok_or_else(short),
            ERROR => Cursor::new(body).be16().map(|code| Self::Error(code.into())).ok_or_else(short),
            other => Err(WireError::WrongKind { what: WHAT, kind: other.into() }),
        }
    }
}

impl ServerHello {
    /// The message in its record. What does not fit into a length of 15 bits is cut.
    pub fn encode(&self) -> Vec<u8> {
        let suites: Vec<u8> = self.suites.iter().take(1000).flat_map(|suite| suite.encode()).collect();
        let certificate = self.certificate.get(..self.certificate.len().min(1 << 14)).unwrap_or_default();
        let connection_id = self.connection_id.get(..self.connection_id.len().min(32)).unwrap_or_default();
        let mut body = vec![SERVER_HELLO, u8::from(self.session_hit), self.certificate_type];
        body.extend(self.version.to_be_bytes());
        for part in [certificate, &suites, connection_id] {
            body.extend(length(part).to_be_bytes());
        }
        for part in [certificate, &suites, connection_id] {
            body.extend(part);
        }
        record(&body)
    }

    /// The certificate, where it is one of X.509.
    pub fn x509(&self) -> Option<&[u8]> {
        (self.certificate_type == X509 && !self.certificate.is_empty()).then_some(self.certificate.as_slice())
    }
}

fn read_server(body: &[u8]) -> Option<ServerHello> {
    let mut cursor = Cursor::new(body);
    let (session_hit, certificate_type) = (cursor.u8()? != 0, cursor.u8()?);
    let version = cursor.be16()?;
    let [certificate, suites, connection_id] = [cursor.be16()?, cursor.be16()?, cursor.be16()?];
    Some(ServerHello {
        session_hit,
        certificate_type,
        version,
        certificate: cursor.take(certificate.into())?.to_vec(),
        suites: suites_of(cursor.take(suites.into())?),
        connection_id: cursor.take(connection_id.into())?.to_vec(),
    })
}

fn suites_of(bytes: &[u8]) -> Vec<Suite> {
    let three = bytes.as_chunks::<3>().0;
    three.iter().map(|[high, middle, low]| Suite(u32::from_be_bytes([0, *high, *middle, *low]))).collect()
}

/// The body of a message of one type, without its type.
fn message<'a>(what: &'static str, bytes: &'a [u8], wanted: u8) -> Result<&'a [u8], WireError> {
    match any_message(what, bytes)? {
        (kind, body) if kind == wanted => Ok(body),
        (kind, _) => Err(WireError::WrongKind { what, kind: kind.into() }),
    }
}

/// The type and the body of the message in the first record.
fn any_message<'a>(what: &'static str, bytes: &'a [u8]) -> Result<(u8, &'a [u8]), WireError> {
    let short = |needed| WireError::Truncated { what, offset: 0, needed, available: bytes.len() };
    let mut cursor = Cursor::new(bytes);
    let first = cursor.u8().ok_or_else(|| short(2))?;
    if first & 0x80 == 0 {
        // With padding it would be encrypted; and a record of TLS begins like this.
        return Err(WireError::WrongKind { what, kind: first.into() });
    }
    let length = usize::from(u16::from_be_bytes([first & 0x7f, cursor.u8().ok_or_else(|| short(2))?]));
    if length == 0 {
        return Err(WireError::ShortLength { what, offset: 0, length });
    }
    let Some(kind) = cursor.u8() else { return Err(short(length + 2)) };
    // What can not become an answer is said at once, before more of it is waited for.
    if ![ERROR, CLIENT_HELLO, SERVER_HELLO].contains(&kind) {
        return Err(WireError::WrongKind { what, kind: kind.into() });
    }
    cursor.take(length - 1).map(|body| (kind, body)).ok_or_else(|| short(length + 2))
}

fn record(body: &[u8]) -> Vec<u8> {
    let [high, low] = length(body).to_be_bytes();
    [&[high | 0x80, low], body].concat()
}

fn length(part: &[u8]) -> u16 {
    u16::try_from(part.len()).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_of_a_client_is_as_the_draft_draws_it() {
        let mut hello = ClientHello::new([0xaa; 16]);
        hello.suites = vec![Suite(0x0001_0080), Suite(0x0007_00c0)];
        let bytes = hello.encode();
        // Length 31 with the highest bit; type; version; lengths of suites, session and challenge.
        assert_eq!(bytes[..11], [0x80, 31, 1, 0, 2, 0, 6, 0, 0, 0, 16]);
        assert_eq!(bytes[11..17], [1, 0, 0x80, 7, 0, 0xc0]);
        assert_eq!(bytes[17..], [0xaa; 16]);
        assert_eq!(ClientHello::decode(&bytes), Ok(hello));
        assert_eq!(ClientHello::decode(&ClientHello::new([1; 16]).encode()), Ok(ClientHello::new([1; 16])));
    }

    #[test]
    fn a_server_names_what_both_have() {
        #[rustfmt::skip]
        let bytes = [
            0x80, 0x22,             // 34 bytes
            4,                      // SERVER-HELLO
            0,                      // no session taken up again
            1,                      // X.509
            0, 2,                   // version
            0, 4,                   // bytes of the certificate
            0, 3,                   // bytes of suites
            0, 16,                  // bytes of the connection id
            0x30, 2, 5, 0,
            7, 0, 0xc0,
            9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        ];
        let Ok(Answer::Hello(read)) = Answer::decode(&bytes) else { panic!("no hello") };
        assert_eq!(read.suites, [Suite(0x0007_00c0)]);
        assert_eq!(read.suites[0].to_string(), "SSL_CK_DES_192_EDE3_CBC_WITH_MD5");
        assert_eq!((read.x509(), read.connection_id.as_slice()), (Some(&[0x30, 2, 5, 0][..]), &[9; 16][..]));
        assert_eq!(read.encode(), bytes);
        for length in 0..bytes.len() {
            assert!(matches!(Answer::decode(&bytes[..length]), Err(WireError::Truncated { .. })), "{length}");
        }
        // Lengths that say more than the record has.
        let mut wrong = bytes;
        wrong[8] = 200;
        assert!(matches!(Answer::decode(&wrong), Err(WireError::ShortLength { .. })));
    }

    #[test]
    fn refusals_and_other_protocols_are_told_apart() {
        assert_eq!(Answer::decode(&[0x80, 3, 0, 0, 1]), Ok(Answer::Error(Refusal::NoCipher)));
        for other in [&[21, 3, 1, 0, 2, 2, 70][..], b"HTTP/1.1 400", &[0x80, 3, 7, 0, 0], &[0x80, 0, 0]] {
            let read = Answer::decode(other);
            assert!(!matches!(read, Ok(_) | Err(WireError::Truncated { .. })), "{other:?}: {read:?}");
        }
    }

    #[test]
    fn suites_have_names_and_bits() {
        assert_eq!(Suite::all().count(), 13);
        assert!(Suite(0x0002_0080).is_export() && !Suite(0x0001_0080).is_export());
        assert_eq!(
            (Suite(0x0004_0080).bits(), Suite(0x0006_0040).openssl_name()),
            (Some(40), Some("DES-CBC-MD5"))
        );
        assert_eq!(Suite(0x0099_0000).to_string(), "unknown SSL 2.0 suite 0x990000");
    }
}
