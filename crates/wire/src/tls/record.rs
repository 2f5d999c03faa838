//! The record layer (RFC 8446, 5.1), and the alert that is one record (6).

use super::names::{AlertDescription, AlertLevel, ContentType, Version};
use crate::WireError;
use crate::cursor::Cursor;

/// Bytes of a record's header.
const HEADER: usize = 5;
/// The longest fragment: 2^14 and what encryption may add in TLS 1.2 and before.
const LONGEST: usize = (1 << 14) + 2048;

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// What it holds.
    pub content: ContentType,
    /// The version it says; TLS 1.3 says 1.2.
    pub version: Version,
    /// What it holds, possibly encrypted.
    pub fragment: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads one record and what comes after it.
    ///
    /// # Errors
    /// What is cut short, what is too long, and what is no record: an unknown sort, or a version that is not 3.x.
    pub fn decode(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), WireError> {
        const WHAT: &str = "TLS record";
        let mut cursor = Cursor::new(bytes);
        let short = |needed| WireError::Truncated { what: WHAT, offset: 0, needed, available: bytes.len() };
        let [content] = cursor.array().ok_or_else(|| short(HEADER))?;
        let content = ContentType::from(content);
        if let ContentType::Unknown(number) = content {
            return Err(WireError::WrongKind { what: WHAT, kind: number.into() });
        }
        let version = cursor.be16().ok_or_else(|| short(HEADER))?;
        if version >> 8 != 3 {
            return Err(WireError::WrongKind { what: WHAT, kind: version });
        }
        let length = usize::from(cursor.be16().ok_or_else(|| short(HEADER))?);
        if length > LONGEST {
            return Err(WireError::TooLarge { what: WHAT, length, limit: LONGEST });
        }
        let Some((fragment, rest)) = cursor.rest().split_at_checked(length) else {
            return Err(short(HEADER + length));
        };
        Ok((Self { content, version: version.into(), fragment }, rest))
    }
}

/// The records at the start of some bytes, up to the first that is cut short or none.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    /// Of these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (record, rest) = Record::decode(self.rest).ok()?;
        self.rest = rest;
        Some(record)
    }
}

/// An alert that is not encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// How bad.
    pub level: AlertLevel,
    /// What it says.
    pub description: AlertDescription,
}

impl Alert {
    /// The alert that a record holds: two bytes; more are encrypted.
    pub fn of(record: &Record<'_>) -> Option<Self> {
        match (record.content, record.fragment) {
            (ContentType::Alert, &[level, description]) => {
                Some(Self { level: level.into(), description: description.into() })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_read_and_unknown_numbers_stay() {
        let bytes = [21, 3, 3, 0, 2, 2, 70, 21, 3, 1, 0, 2, 9, 200];
        let alerts: Vec<Alert> = Records::new(&bytes).filter_map(|record| Alert::of(&record)).collect();
        assert_eq!(
            alerts,
            [
                Alert { level: AlertLevel::Fatal, description: AlertDescription::ProtocolVersion },
                Alert { level: AlertLevel::Unknown(9), description: AlertDescription::Unknown(200) },
            ]
        );
    }

    #[test]
    fn what_is_no_record_is_said() {
        for text in [&b"HTTP/1.1 400 Bad Request"[..], b"SSH-2.0-OpenSSH", b"220 mail ESMTP", b"\x16HTTP"] {
            assert!(matches!(Record::decode(text), Err(WireError::WrongKind { .. })), "{text:?}");
        }
        assert!(matches!(Record::decode(&[22, 3, 1, 0xff, 0xff]), Err(WireError::TooLarge { .. })));
        for length in 0..7 {
            let cut = Record::decode(&[21, 3, 3, 0, 2, 2, 70][..length]);
            assert!(matches!(cut, Err(WireError::Truncated { .. })), "{length}: {cut:?}");
        }
    }
}
