//! The least of DNS (RFC 1035, section 4.1.1): a question, and the header of its answer. That a server answers at all is seen by
//! it; what the records say is a resolver's work.

use crate::cursor::Cursor;
use crate::wire_enum;

/// `IN`.
const CLASS_INTERNET: u16 = 1;
/// Recursion desired.
const RECURSION_DESIRED: u16 = 0x0100;

/// Types of records that are asked for here.
pub const TYPE_A: u16 = 1;
/// As above.
pub const TYPE_NS: u16 = 2;

wire_enum! {
    /// What a server says of a question (`RCODE`).
    pub enum ResponseCode: u8 {
        /// It is answered.
        NoError = 0 => "NOERROR",
        /// It is not understood.
        FormatError = 1 => "FORMERR",
        /// The server could not find out.
        ServerFailure = 2 => "SERVFAIL",
        /// There is no such name.
        NoSuchName = 3 => "NXDOMAIN",
        /// The server does not do such things.
        NotImplemented = 4 => "NOTIMP",
        /// The server does not do it for this client.
        Refused = 5 => "REFUSED",
    }
}

/// A question for the records of this type; `None` where the name can be no name. The root is `.`.
pub fn question(id: u16, name: &str, kind: u16) -> Option<Vec<u8>> {
    let mut message = Vec::with_capacity(64);
    for word in [id, RECURSION_DESIRED, 1, 0, 0, 0] {
        message.extend(word.to_be_bytes());
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    for label in name.split('.').filter(|_| !name.is_empty()) {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?;
        message.push(length);
        message.extend(label.as_bytes());
    }
    message.push(0);
    for word in [kind, CLASS_INTERNET] {
        message.extend(word.to_be_bytes());
    }
    // Header, type and class around a name of at most 255 bytes.
    (message.len() <= 12 + 255 + 4).then_some(message)
}

/// The header of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnswerHeader {
    /// That of the question.
    pub id: u16,
    /// What the server says.
    pub code: ResponseCode,
    /// The server knows by itself (`AA`).
    pub authoritative: bool,
    /// It did not fit (`TC`).
    pub truncated: bool,
    /// It would ask others (`RA`).
    pub recursion_available: bool,
    /// Number of records that answer.
    pub answers: u16,
}

impl AnswerHeader {
    /// Reads a message; `None` where it is cut short or a question.
    pub fn decode(message: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(message);
        let (id, flags) = (cursor.be16()?, cursor.be16()?);
        let (_questions, answers) = (cursor.be16()?, cursor.be16()?);
        cursor.skip(4)?;
        let [_, low] = flags.to_be_bytes();
        (flags & 0x8000 != 0).then_some(Self {
            id,
            code: ResponseCode::from(low & 0x0f),
            authoritative: flags & 0x0400 != 0,
            truncated: flags & 0x0200 != 0,
            recursion_available: flags & 0x0080 != 0,
            answers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_and_what_can_be_no_name() {
        let root = question(0x1234, ".", TYPE_NS).unwrap();
        assert_eq!(root, [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]);
        let named = question(1, "example.com", TYPE_A).unwrap();
        assert_eq!(named[12..25], *b"\x07example\x03com\x00");
        assert_eq!(question(1, "a..b", TYPE_A), None);
        assert_eq!(question(1, &"a".repeat(64), TYPE_A), None);
        assert_eq!(question(1, &["abcdefg"; 40].join("."), TYPE_A), None);
    }

    #[test]
    fn an_answer_says_what_came_of_it() {
        let refused = [0x12, 0x34, 0x81, 0x85, 0, 1, 0, 0, 0, 0, 0, 0];
        let read = AnswerHeader::decode(&refused).unwrap();
        assert_eq!((read.id, read.code, read.recursion_available), (0x1234, ResponseCode::Refused, true));
        assert_eq!(AnswerHeader::decode(&refused[..11]), None);
        // The question itself, sent back by a program that echoes.
        assert_eq!(AnswerHeader::decode(&question(1, ".", TYPE_NS).unwrap()), None);
    }
}
