//! One message as a step: its name, its sentences, its fields, its bytes.

use portreeve_model::tls::{Field, Part, Protection, Step};
use portreeve_wire::tls::annotate::{self, Annotation};
use portreeve_wire::tls::{ContentType, HandshakeType, Version};

use super::said::{Piece, Said, Under, What};
use super::{excerpt, protects, summary};
use crate::Certificate;

/// Draws one message.
pub(super) fn step(number: usize, said: &Said) -> Step {
    let fields = fields(said);
    Step {
        number,
        party: said.party,
        message: summary::name(said),
        at_us: u64::try_from(said.at.as_micros()).unwrap_or(u64::MAX),
        protection: protection(said),
        summary: summary::sentence(said),
        protects: protects::sentence(said).to_owned(),
        length: said.bytes.len(),
        excerpts: excerpt::of_message(&said.bytes, &fields),
        fields,
        parts: said.pieces.iter().map(part).collect(),
    }
}

fn protection(said: &Said) -> Protection {
    let Some(under) = said.keys else { return Protection::Clear };
    let whose = match said.party {
        portreeve_model::tls::Party::Client => "the client's",
        portreeve_model::tls::Party::Server => "the server's",
    };
    let which = match under {
        Under::Handshake => "handshake keys",
        Under::Application => "application keys",
        Under::Session => "session keys",
    };
    let suite = said.agreed.suite.map(|suite| format!(" ({suite})")).unwrap_or_default();
    let decrypted = !matches!(said.what, What::Sealed(_));
    Protection::Encrypted { keys: format!("{whose} {which}{suite}"), decrypted }
}

fn fields(said: &Said) -> Vec<Field> {
    let annotations = match said.what {
        What::Handshake(_) => annotate::handshake(&said.bytes, said.agreed),
        What::ChangeCipherSpec => annotate::change_cipher_spec(&said.bytes),
        What::Alert => annotate::alert(&said.bytes),
        What::Data | What::Sealed(_) | What::Empty(_) | What::Rest => Vec::new(),
    };
    let mut fields: Vec<Field> = annotations.into_iter().map(field).collect();
    match said.what {
        What::Handshake(HandshakeType::Certificate) => name_certificates(&mut fields, &said.bytes),
        What::Handshake(HandshakeType::Finished) => {
            let note = match said.proves {
                Some(true) => "computed again from the bytes above: it agrees",
                Some(false) => "computed again from the bytes above: it does not agree",
                None => "not computed again",
            };
            if let Some(last) = fields.last_mut() {
                last.note = Some(note.to_owned());
            }
        }
        _ => {}
    }
    fields
}

fn field(one: Annotation) -> Field {
    Field {
        offset: one.offset,
        length: one.length,
        depth: one.depth,
        name: one.name.into_owned(),
        value: one.value,
        note: one.note.map(str::to_owned),
    }
}

/// Puts names for lengths of certificates: whose, and by whom.
fn name_certificates(fields: &mut [Field], bytes: &[u8]) {
    for field in fields.iter_mut().filter(|field| ["cert_data", "certificate"].contains(&field.name.as_str()))
    {
        // Three bytes of length come first.
        let der = bytes.get(field.offset + 3..field.offset + field.length).unwrap_or_default();
        let certificate = Certificate::read(der);
        if certificate.malformed.is_none() {
            field.value =
                format!("{}, issued by {}, {} bytes", certificate.subject, certificate.issuer, der.len());
            field.note =
                Some(format!("valid until {}, SHA-256 {}", certificate.not_after, certificate.fingerprint));
        }
    }
}

fn part(piece: &Piece) -> Part {
    let header = piece.is_head.then(|| header(&piece.bytes)).flatten();
    Part {
        record: piece.record,
        offset: piece.offset,
        length: piece.bytes.len(),
        header,
        excerpts: excerpt::of_part(piece.offset, &piece.bytes),
    }
}

/// The five bytes before a record's content, in words.
fn header(bytes: &[u8]) -> Option<String> {
    let (&[content, major, minor, high, low], _) = bytes.split_first_chunk::<5>()?;
    let content = ContentType::from(content);
    let version = Version::from(u16::from_be_bytes([major, minor]));
    let length = u16::from_be_bytes([high, low]);
    let unit = if length == 1 { "byte" } else { "bytes" };
    Some(format!("{content} ({}), {version} ({major:02x}{minor:02x}), {length} {unit}", content.value()))
}
