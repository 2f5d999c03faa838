//! QUIC, as far as every version of it is the same (RFC 8999): a packet that asks a server for its versions, and the answer.
//!
//! A server that sees a long-header packet of a version it does not know, in a datagram large enough for a first packet, answers
//! with the versions it knows (RFC 9000, section 6.1). No connection begins by that.

use crate::cursor::Cursor;

/// Bytes of a datagram with a first packet, at least (RFC 9000, section 14.1): servers ignore smaller ones.
pub const FIRST_DATAGRAM: usize = 1200;
/// A version of the form `0x?a?a?a?a`, which no server speaks (RFC 9000, section 15).
const RESERVED_VERSION: u32 = 0x1a2a_3a4a;
/// Long header, and the bit that version 1 fixes: some servers drop what lacks it before they look at the version.
const FIRST_BYTE: u8 = 0xc0;

/// Connection ids of a probe. The answer carries them the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionIds {
    /// Of the server, as the client proposes it; at least eight bytes in a first packet (RFC 9000, section 7.2).
    pub destination: [u8; 8],
    /// Of the client.
    pub source: [u8; 8],
}

/// A datagram that a server answers with [`VersionNegotiation`], and a program that does not speak QUIC does not.
pub fn version_probe(ids: ConnectionIds) -> Vec<u8> {
    let mut packet = Vec::with_capacity(FIRST_DATAGRAM);
    packet.push(FIRST_BYTE);
    packet.extend(RESERVED_VERSION.to_be_bytes());
    for id in [ids.destination, ids.source] {
        packet.push(8);
        packet.extend(id);
    }
    // What follows belongs to the version, and a server that does not know the version does not read it.
    packet.resize(FIRST_DATAGRAM, 0);
    packet
}

/// The answer: versions that a server speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionNegotiation<'a> {
    /// The client's connection id.
    pub destination: &'a [u8],
    /// The server's, as the client proposed it.
    pub source: &'a [u8],
    /// Versions, among them reserved ones that say nothing.
    pub versions: Vec<u32>,
}

impl<'a> VersionNegotiation<'a> {
    /// Reads a datagram (RFC 8999, section 6). `None` where it is something else or cut short.
    pub fn decode(datagram: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(datagram);
        let [first, v0, v1, v2, v3] = cursor.array()?;
        if first & 0x80 == 0 || [v0, v1, v2, v3] != [0; 4] {
            return None;
        }
        let destination = connection_id(&mut cursor)?;
        let source = connection_id(&mut cursor)?;
        let listed = cursor.rest();
        let (versions, rest) = listed.as_chunks::<4>();
        if versions.is_empty() || !rest.is_empty() {
            return None;
        }
        let versions = versions.iter().map(|version| u32::from_be_bytes(*version)).collect();
        Some(Self { destination, source, versions })
    }

    /// Whether it answers the probe with these ids.
    pub fn answers(&self, ids: ConnectionIds) -> bool {
        self.destination == ids.source && self.source == ids.destination
    }

    /// The names of the versions, without those that are there to keep clients flexible.
    pub fn names(&self) -> Vec<String> {
        self.versions
            .iter()
            .filter(|version| *version & 0x0f0f_0f0f != 0x0a0a_0a0a)
            .map(|version| version_name(*version))
            .collect()
    }
}

/// What people call a version.
pub fn version_name(version: u32) -> String {
    match version {
        1 => "v1".to_owned(),
        // RFC 9369.
        0x6b33_43cf => "v2".to_owned(),
        draft if draft & 0xffff_ff00 == 0xff00_0000 => format!("draft-{}", draft & 0xff),
        other => match other.to_be_bytes() {
            google @ [b'Q' | b'T', b'0', ..] if google.is_ascii() => {
                String::from_utf8_lossy(&google).into_owned()
            }
            _ => format!("0x{other:08x}"),
        },
    }
}

fn connection_id<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = usize::from(cursor.u8()?);
    let id = cursor.rest().get(..length)?;
    cursor.skip(length)?;
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: ConnectionIds = ConnectionIds { destination: *b"destinat", source: *b"sourceid" };

    #[test]
    fn a_probe_is_as_large_as_a_first_packet() {
        let packet = version_probe(IDS);
        assert_eq!(packet.len(), 1200);
        assert_eq!(packet[..6], [0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8]);
        assert_eq!(packet[6..14], *b"destinat");
        assert_eq!(packet[14..23], *b"\x08sourceid");
    }

    #[test]
    fn an_answer_lists_versions() {
        let mut answer = vec![0x80, 0, 0, 0, 0, 8];
        answer.extend(b"sourceid");
        answer.push(8);
        answer.extend(b"destinat");
        answer.extend([0, 0, 0, 1, 0x6b, 0x33, 0x43, 0xcf, 0xff, 0, 0, 29, 0x5a, 0xaa, 0xfa, 0x0a]);
        let read = VersionNegotiation::decode(&answer).unwrap();
        assert!(read.answers(IDS));
        assert_eq!(read.names(), ["v1", "v2", "draft-29"]);
        assert!(!read.answers(ConnectionIds { destination: IDS.source, ..IDS }));
        // Without a version, or cut within one, it is none.
        for length in 0..answer.len() {
            let whole = length >= 27 && (length - 23) % 4 == 0;
            assert_eq!(VersionNegotiation::decode(&answer[..length]).is_some(), whole, "{length}");
        }
        // A packet of a version is none.
        answer[4] = 1;
        assert_eq!(VersionNegotiation::decode(&answer), None);
    }

    #[test]
    fn versions_have_names() {
        assert_eq!(version_name(0x5130_3530), "Q050");
        assert_eq!(version_name(0xdead_beef), "0xdeadbeef");
    }
}
