//! Reading an answer: its head, and as much of its body as is worth reading. Bounded, and tolerant of what peers write.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use httparse::{EMPTY_HEADER, ParserConfig, Status};

use super::body::{Framing, Progress};
use crate::facts::http::{Answer, BodyEnd, Outcome};

/// The head of an answer may be so long; servers and proxies take 8 to 32 KiB.
const HEAD: usize = 96 * 1024;
/// It may have so many fields.
const FIELDS: usize = 256;
/// So much of a body is read: more than what a path with too small an MTU lets through at once.
const BODY: usize = 64 * 1024;
/// A body whose end is not announced may be a stream: it is read for so long.
const STREAM: Duration = Duration::from_millis(500);
/// What is announced and does not come for so long has stalled.
const STALL: Duration = Duration::from_millis(2_500);

/// A connection with a limit on how long a read may wait.
pub(super) trait Patient: Read {
    /// Reads wait at most so long from now on, and then fail with `WouldBlock` or `TimedOut`.
    fn wait_at_most(&mut self, time: Duration) -> io::Result<()>;
}

/// What was read, and when its first byte came.
pub(super) struct Reading {
    /// What came of the request.
    pub(super) outcome: Outcome,
    /// When the first byte came.
    pub(super) first_byte: Option<Instant>,
}

/// Reads the answer to a request that has just been sent.
pub(super) fn answer(from: &mut dyn Patient, deadline: Instant) -> Reading {
    let asked = Instant::now();
    let mut bytes = Vec::new();
    let mut first_byte = None;
    let outcome = loop {
        match more(from, &mut bytes, deadline) {
            Ok(0) => break ended(&bytes, "the peer closed the connection"),
            Ok(_) => {
                first_byte.get_or_insert_with(Instant::now);
            }
            Err(error) if is_timeout(&error) => {
                break match bytes.len() {
                    0 => Outcome::Silent(asked.elapsed()),
                    length => Outcome::NoHead {
                        length,
                        why: "the head of the answer did not end in time".to_owned(),
                    },
                };
            }
            Err(error) => break ended(&bytes, &how(&error)),
        }
        match head(&mut bytes) {
            Head::Partial if bytes.len() > HEAD => {
                let why = format!("the head of the answer is longer than {HEAD} bytes");
                break Outcome::NoHead { length: bytes.len(), why };
            }
            Head::Partial => {}
            Head::NotHttp => break not_http(bytes),
            Head::Whole(answer, rest) => break Outcome::Answer(body(from, *answer, rest, deadline)),
        }
    };
    Reading { outcome, first_byte }
}

/// What the beginning of an answer is.
enum Head {
    Partial,
    NotHttp,
    /// The head, and what came after it.
    Whole(Box<Answer>, Vec<u8>),
}

/// Reads the head at the beginning of `bytes`; interim answers (1xx) are taken off.
fn head(bytes: &mut Vec<u8>) -> Head {
    loop {
        let start = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let text = bytes.get(start..).unwrap_or_default();
        let begins = text.iter().zip(b"HTTP/").all(|(byte, expected)| byte == expected);
        if !begins {
            return Head::NotHttp;
        }
        let mut fields = vec![EMPTY_HEADER; FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let mut config = ParserConfig::default();
        config
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_multiple_spaces_in_response_status_delimiters(true)
            .ignore_invalid_headers_in_responses(true);
        let length = match config.parse_response(&mut response, text) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) => return Head::Partial,
            Err(_) => return Head::NotHttp,
        };
        let status = response.code.unwrap_or_default();
        if matches!(status, 100..=199) && status != 101 {
            bytes.drain(..start + length);
            if bytes.is_empty() {
                return Head::Partial;
            }
            continue;
        }
        let headers = response
            .headers
            .iter()
            .map(|field| (field.name.to_owned(), String::from_utf8_lossy(field.value).trim().to_owned()));
        let answer = Answer {
            version: response.version.unwrap_or_default(),
            status,
            reason: response.reason.unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body: Vec::new(),
            end: BodyEnd::Whole,
        };
        let rest = text.get(length..).unwrap_or_default().to_vec();
        return Head::Whole(Box::new(answer), rest);
    }
}

/// Reads as much of the body as is worth reading.
fn body(from: &mut dyn Patient, mut answer: Answer, rest: Vec<u8>, deadline: Instant) -> Answer {
    let mut framing = Framing::of(&answer);
    let begun = Instant::now();
    let mut last = begun;
    let mut fresh = rest;
    loop {
        let progress = framing.take(&fresh, &mut answer.body);
        if progress == Progress::Whole || answer.body.len() >= BODY {
            return answer;
        }
        fresh.clear();
        // A stream, or the pause between two chunks, has no end to wait for.
        let until = if progress == Progress::Owed { last + STALL } else { begun + STREAM };
        match more(from, &mut fresh, until.min(deadline)) {
            Ok(0) => {
                answer.end = framing.cut();
                return answer;
            }
            Ok(_) => last = Instant::now(),
            Err(error) if is_timeout(&error) => {
                if progress == Progress::Owed && last.elapsed() >= STALL {
                    answer.end = framing.stalled();
                }
                return answer;
            }
            Err(_) => {
                answer.end = framing.cut();
                return answer;
            }
        }
    }
}

/// Reads once, until the deadline at most.
fn more(from: &mut dyn Patient, bytes: &mut Vec<u8>, deadline: Instant) -> io::Result<usize> {
    let mut buffer = [0_u8; 8 * 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        from.wait_at_most(left)?;
        match from.read(&mut buffer) {
            Ok(length) => {
                bytes.extend_from_slice(buffer.get(..length).unwrap_or_default());
                return Ok(length);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The connection ended before the head did.
fn ended(bytes: &[u8], how: &str) -> Outcome {
    match bytes {
        [] => Outcome::Closed { how: how.to_owned() },
        // HTTP/0.9 and other talk: short, and then the connection is closed.
        _ if !bytes.starts_with(b"HTTP/") => not_http(bytes.to_vec()),
        _ => Outcome::NoHead { length: bytes.len(), why: format!("{how} in the head of the answer") },
    }
}

fn not_http(mut bytes: Vec<u8>) -> Outcome {
    bytes.truncate(64);
    Outcome::NotHttp { first: bytes }
}

/// Why a read failed, in words.
pub(super) fn how(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the peer reset the connection".to_owned()
        }
        io::ErrorKind::UnexpectedEof => "the peer closed the connection".to_owned(),
        io::ErrorKind::InvalidData => format!("the peer ended the session: {error}"),
        _ => error.to_string(),
    }
}

pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io::{self, Read};
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{Patient, answer};
    use crate::facts::http::{Answer, BodyEnd, Outcome};

    /// What a peer sends, piece by piece; then it closes, or says nothing more.
    struct Peer {
        pieces: VecDeque<Vec<u8>>,
        closes: bool,
    }

    impl Read for Peer {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.pieces.pop_front() {
                Some(mut piece) => {
                    let length = piece.len().min(buffer.len());
                    buffer[..length].copy_from_slice(&piece[..length]);
                    if length < piece.len() {
                        self.pieces.push_front(piece.split_off(length));
                    }
                    Ok(length)
                }
                None if self.closes => Ok(0),
                None => Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }

    impl Patient for Peer {
        fn wait_at_most(&mut self, _: Duration) -> io::Result<()> {
            Ok(())
        }
    }

    fn read(pieces: &[&str], closes: bool) -> Outcome {
        let pieces = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
        answer(&mut Peer { pieces, closes }, Instant::now() + Duration::from_secs(5)).outcome
    }

    fn answered(pieces: &[&str], closes: bool) -> Answer {
        match read(pieces, closes) {
            Outcome::Answer(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_in_pieces_is_read_whole() {
        let answer = answered(&["HTTP/1.1 20", "0 OK\r\nContent-Length: 4\r\n", "\r\nab", "cd"], false);
        assert_eq!((answer.status, answer.body.as_slice(), answer.end), (200, &b"abcd"[..], BodyEnd::Whole));
    }

    #[test]
    fn interim_answers_are_passed_over() {
        let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        let answer = answered(&[early, "HTTP/1.1 204 No Content\r\n\r\n"], false);
        assert_eq!(answer.status, 204);
        assert_eq!(answered(&[&format!("{early}HTTP/1.0 404 Not Found\r\n\r\n")], true).status, 404);
    }

    #[test]
    fn chunks_are_put_together_and_their_end_is_the_end() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = answered(&[head, "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"], false);
        assert_eq!((answer.body.as_slice(), answer.end), (&b"abcde"[..], BodyEnd::Whole));
        let cut = answered(&[head, "9\r\nabc"], true);
        assert_eq!(cut.end, BodyEnd::Cut { length: 3, announced: None });
    }

    #[test]
    fn a_body_that_is_cut_is_told_with_its_lengths() {
        let answer = answered(&["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"], true);
        assert_eq!(answer.end, BodyEnd::Cut { length: 3, announced: Some(100) });
    }

    #[test]
    fn what_is_no_http_is_shown() {
        for (text, closes) in
            [("SSH-2.0-OpenSSH_9.2\r\n", false), ("<html>old</html>", true), ("\x15\x03\x03", true)]
        {
            assert!(
                matches!(read(&[text], closes), Outcome::NotHttp { first } if first == text.as_bytes()),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_closed_and_an_endless_head_are_told_apart() {
        assert!(matches!(read(&[], false), Outcome::Silent(_)));
        assert!(matches!(read(&[], true), Outcome::Closed { .. }));
        assert!(matches!(read(&["HTTP/1.1 200 OK\r\nA: b\r\n"], false), Outcome::NoHead { .. }));
        let long = format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(200_000));
        assert!(matches!(read(&[&long], false), Outcome::NoHead { .. }));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), http in any::<bool>()) {
            let mut sent = if http { b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec() } else { Vec::new() };
            sent.extend(bytes);
            let mut peer = Peer { pieces: VecDeque::from([sent]), closes: true };
            let _ = answer(&mut peer, Instant::now() + Duration::from_secs(5));
        }
    }
}
