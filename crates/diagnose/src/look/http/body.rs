//! Where a body ends (RFC 9112, section 6), and how much of it is still owed.

use crate::facts::http::{Answer, BodyEnd};

/// How the end of a body is known.
#[derive(Debug)]
pub(super) struct Framing {
    kind: Kind,
    /// Bytes of the body that came.
    length: u64,
}

#[derive(Debug)]
enum Kind {
    /// There is none.
    Nothing,
    /// So many bytes.
    Announced(u64),
    /// Chunks, each with its size.
    Chunks(Chunks),
    /// The end of the connection is its end.
    UntilClosed,
}

/// The place in a sequence of chunks.
#[derive(Debug, Default)]
struct Chunks {
    /// Bytes of which the meaning is not known yet: a part of a size, or of a line end.
    held: Vec<u8>,
    /// Bytes of the present chunk that are still to come.
    left: u64,
    /// A chunk has ended, its line end has not.
    line_end: bool,
    ended: bool,
}

/// How far a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It has ended.
    Whole,
    /// Bytes that were announced have not come.
    Owed,
    /// Nothing is owed now; more may come.
    Open,
}

impl Framing {
    /// The framing that the head announces.
    pub(super) fn of(answer: &Answer) -> Self {
        let chunked = answer
            .header("transfer-encoding")
            .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
        let length = answer.header("content-length").and_then(|value| value.parse().ok());
        let kind = match (answer.status, chunked, length) {
            (100..=199 | 204 | 304, ..) => Kind::Nothing,
            (_, true, _) => Kind::Chunks(Chunks::default()),
            (_, false, Some(length)) => Kind::Announced(length),
            (_, false, None) => Kind::UntilClosed,
        };
        Self { kind, length: 0 }
    }

    /// Takes bytes that came; what is body is appended to `body`.
    pub(super) fn take(&mut self, bytes: &[u8], body: &mut Vec<u8>) -> Progress {
        let before = body.len();
        let progress = match &mut self.kind {
            Kind::Nothing => Progress::Whole,
            Kind::UntilClosed => {
                body.extend_from_slice(bytes);
                Progress::Open
            }
            Kind::Announced(announced) => {
                body.extend_from_slice(bytes);
                let came = self.length.saturating_add(bytes.len() as u64);
                if came >= *announced { Progress::Whole } else { Progress::Owed }
            }
            Kind::Chunks(chunks) => chunks.take(bytes, body),
        };
        self.length = self.length.saturating_add((body.len() - before) as u64);
        progress
    }

    /// The connection has ended.
    pub(super) fn cut(&self) -> BodyEnd {
        match self.kind {
            Kind::Announced(announced) => BodyEnd::Cut { length: self.length, announced: Some(announced) },
            Kind::Chunks(_) => BodyEnd::Cut { length: self.length, announced: None },
            Kind::Nothing | Kind::UntilClosed => BodyEnd::Whole,
        }
    }

    /// Nothing more comes.
    pub(super) fn stalled(&self) -> BodyEnd {
        match self.cut() {
            BodyEnd::Cut { length, announced } => BodyEnd::Stalled { length, announced },
            other => other,
        }
    }
}

impl Chunks {
    fn take(&mut self, bytes: &[u8], body: &mut Vec<u8>) -> Progress {
        self.held.extend_from_slice(bytes);
        loop {
            if self.ended {
                return Progress::Whole;
            }
            if self.left > 0 {
                let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.held.len());
                body.extend(self.held.drain(..length));
                self.left -= length as u64;
                if self.left > 0 {
                    return Progress::Owed;
                }
                self.line_end = true;
            }
            if self.line_end {
                match self.held.as_slice() {
                    [b'\r', b'\n', ..] => drop(self.held.drain(..2)),
                    [b'\n', ..] => drop(self.held.drain(..1)),
                    [] | [b'\r'] => return Progress::Owed,
                    // Not as it should be: the rest is no body that could be judged.
                    _ => self.ended = true,
                }
                self.line_end = false;
                continue;
            }
            if self.held.is_empty() {
                return Progress::Open;
            }
            match httparse::parse_chunk_size(&self.held) {
                Ok(httparse::Status::Complete((used, size))) => {
                    self.held.drain(..used);
                    self.left = size;
                    self.ended = size == 0;
                }
                // A size is a few digits; what follows it on its line has no use and no end.
                Ok(httparse::Status::Partial) if self.held.len() < 4096 => return Progress::Owed,
                Ok(httparse::Status::Partial) | Err(_) => self.ended = true,
            }
        }
    }
}
