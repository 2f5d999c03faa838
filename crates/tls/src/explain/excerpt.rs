//! Which bytes of a message are shown.

use data_encoding::HEXLOWER;
use portreeve_model::tls::{Excerpt, Field};

/// A message up to so many bytes is shown whole.
const WHOLE: usize = 128;
/// As many bytes are shown of a field's beginning, and of a record's beginning and end.
const PIECE: usize = 24;
/// As many bytes are shown of a long message without fields.
const BEGINNING: usize = 64;

/// The pieces of a message that its fields begin with; all of a short message.
pub(super) fn of_message(bytes: &[u8], fields: &[Field]) -> Vec<Excerpt> {
    if bytes.len() <= WHOLE {
        return pieces(bytes, vec![(0, bytes.len())]);
    }
    let beginnings = fields.iter().map(|field| (field.offset, field.offset + field.length.min(PIECE)));
    let first = if fields.is_empty() { BEGINNING } else { 4 };
    pieces(bytes, std::iter::once((0, first)).chain(beginnings).collect())
}

/// Beginning and end of a part of a record, which begins at this offset; all of a short one.
pub(super) fn of_part(offset: usize, bytes: &[u8]) -> Vec<Excerpt> {
    let ranges = match bytes.len() {
        short if short <= 2 * PIECE => vec![(0, short)],
        long => vec![(0, PIECE), (long - PIECE, long)],
    };
    let shifted = |excerpt: Excerpt| Excerpt { offset: offset + excerpt.offset, ..excerpt };
    pieces(bytes, ranges).into_iter().map(shifted).collect()
}

/// Ranges as excerpts, in order; those that touch or overlap, or leave less out than an ellipsis takes, are one.
fn pieces(bytes: &[u8], mut ranges: Vec<(usize, usize)>) -> Vec<Excerpt> {
    const ELLIPSIS: usize = 3;
    ranges.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (begin, end) in ranges {
        let (begin, end) = (begin.min(bytes.len()), end.min(bytes.len()));
        match merged.last_mut() {
            Some((_, last)) if begin <= *last + ELLIPSIS => *last = end.max(*last),
            _ if begin < end => merged.push((begin, end)),
            _ => {}
        }
    }
    let shown = |(begin, end)| Excerpt {
        offset: begin,
        bytes: HEXLOWER.encode(bytes.get(begin..end).unwrap_or_default()),
    };
    merged.into_iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(offset: usize, length: usize) -> Field {
        Field { offset, length, depth: 0, name: String::new(), value: String::new(), note: None }
    }

    #[test]
    fn a_long_message_is_shown_where_its_fields_begin() {
        let bytes: Vec<u8> = (0..=255).collect();
        let shown = of_message(&bytes, &[field(0, 1), field(5, 100), field(200, 2), field(250, 6)]);
        let at: Vec<(usize, usize)> = shown.iter().map(|one| (one.offset, one.bytes.len() / 2)).collect();
        assert_eq!(at, [(0, 29), (200, 2), (250, 6)]);
        assert_eq!(shown[1].bytes, "c8c9");
        assert_eq!(
            of_message(&bytes[..100], &[field(0, 1)]),
            [Excerpt { offset: 0, bytes: HEXLOWER.encode(&bytes[..100]) }]
        );
        assert_eq!(of_message(&[], &[]), []);
        let at: Vec<usize> = of_part(1000, &bytes).iter().map(|one| one.offset).collect();
        assert_eq!(at, [1000, 1232]);
    }
}
