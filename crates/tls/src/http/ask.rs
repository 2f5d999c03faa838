//! One request over a session that stands.

use std::io::{ErrorKind, Read, Write};

use portreeve_model::tls::Http;
use thiserror::Error;

use super::answer::read_head;
use super::body::{Framing, WORTH_COMPRESSING, is_page};
use crate::name::host_of_request;
use crate::stream_error::told;

/// The most that is read: heads are shorter, and of a body only the beginning is wanted.
const MOST: usize = 64 << 10;

/// The head of a frame of HTTP/2: before it is whole, nobody knows whether it is one.
const FRAME_HEAD: usize = 9;

/// Why there is no answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoAnswer {
    /// Something else is spoken there.
    #[error("the answer to GET / is {0}")]
    NotHttp(String),
    /// HTTP/2, and no other.
    #[error(
        "GET / is answered with a frame {0} of HTTP/2, the one HTTP that is spoken there, and not by this program"
    )]
    Http2(&'static str),
    /// Nothing came, or not all of a head.
    #[error("{0}")]
    Nothing(String),
}

/// Asks for `/` and reads the head of the answer, and as much of a page of unknown length as tells whether compression would be worth it.
/// Compression is welcome, so that a server that compresses shows it. Takes no longer than the session's deadline.
///
/// # Errors
/// What came instead of an answer.
pub fn ask(session: &mut (impl Read + Write), host: &str, port: u16) -> Result<Http, NoAnswer> {
    let sent = session.write_all(&request(host, port, 443, "")).and_then(|()| session.flush());
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let why = match session.read(&mut buffer) {
            Ok(0) => "the server closed the connection".to_owned(),
            Ok(count) => {
                heard.extend_from_slice(buffer.get(..count).unwrap_or_default());
                if heard.len() < FRAME_HEAD && heard.first() == Some(&0) {
                    continue;
                }
                match read_head(&heard).map_err(|why| unreadable(&heard, why))? {
                    Some((http, framing, body)) if is_enough(&http, framing, body) || heard.len() >= MOST => {
                        return Ok(measured(http, framing, body));
                    }
                    None if heard.len() >= MOST => {
                        return Err(NoAnswer::Nothing(format!(
                            "the head of the answer to GET / is longer than {MOST} bytes"
                        )));
                    }
                    _ => continue,
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => told(&sent.err().unwrap_or(error)),
        };
        // A page that ends too early, or too late, is as long as what came of it.
        return match read_head(&heard) {
            Ok(Some((http, framing, body))) => Ok(measured(http, framing, body)),
            _ => Err(unanswered(heard.len(), &why)),
        };
    }
}

/// Whether nothing more has to be read: only of a page that is not compressed the length matters.
fn is_enough(http: &Http, framing: Framing, body: &[u8]) -> bool {
    let is_plain_page = (200..300).contains(&http.status) && http.content_encoding.is_none() && is_page(http);
    let measured = framing.measure(body);
    !is_plain_page || http.body_bytes.is_some() || measured.is_whole || measured.length >= WORTH_COMPRESSING
}

fn measured(http: Http, framing: Framing, body: &[u8]) -> Http {
    let body_bytes = http.body_bytes.or_else(|| Some(framing.measure(body).length));
    Http { body_bytes, ..http }
}

/// Of an answer that is no HTTP/1: what begins as such is HTTP all the same.
fn unreadable(heard: &[u8], why: String) -> NoAnswer {
    if let Some(frame) = frame(heard) {
        NoAnswer::Http2(frame)
    } else if heard.starts_with(b"HTTP/") {
        NoAnswer::Nothing(format!("the answer to GET / begins as one of HTTP and can not be read: {why}"))
    } else {
        NoAnswer::NotHttp(why)
    }
}

/// The frame with which a server of HTTP/2 begins, or ends what is no HTTP/2 to it (RFC 9113, 3.4 and 4.1).
fn frame(heard: &[u8]) -> Option<&'static str> {
    let [0, high, low, kind, flags, 0, 0, 0, 0] = heard.first_chunk::<FRAME_HEAD>()? else { return None };
    let length = u16::from_be_bytes([*high, *low]);
    match (kind, flags) {
        (4, 0) if length.is_multiple_of(6) => Some("SETTINGS"),
        (7, _) if length >= 8 => Some("GOAWAY"),
        _ => None,
    }
}

fn unanswered(bytes: usize, why: &str) -> NoAnswer {
    NoAnswer::Nothing(match bytes {
        0 => format!("GET / was not answered: {why}"),
        _ => format!("the answer to GET / stopped in its head after {bytes} bytes: {why}"),
    })
}

/// A request for `/`, with more headers (each with its line end). The port is named where it is not the one that its scheme has anyway.
pub(crate) fn request(host: &str, port: u16, usual: u16, more: &str) -> Vec<u8> {
    // What would be another header is not sent.
    let host: String = host.chars().filter(|one| !one.is_control() && *one != ' ').collect();
    let host = host_of_request(&host);
    let authority = if port == usual { host } else { format!("{host}:{port}") };
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "GET / HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: portreeve/{version}\r\nAccept: */*\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\n{more}\r\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// A server that says its pieces and closes.
    struct Pieces(Vec<&'static [u8]>, Vec<u8>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_head_is_put_together() {
        let mut server =
            Pieces(vec![b"HTTP/1.1 200 O", b"K\r\nContent-Encoding: gzip\r\n\r", b"\n..."], Vec::new());
        let http = ask(&mut server, "a.test", 443).unwrap();
        assert_eq!((http.status, http.content_encoding.as_deref()), (200, Some("gzip")));
        let said = String::from_utf8(server.1).unwrap();
        assert!(
            said.starts_with("GET / HTTP/1.1\r\nHost: a.test\r\n") && said.ends_with("\r\n\r\n"),
            "{said}"
        );
    }

    #[test]
    fn of_a_page_without_length_as_much_is_read_as_tells_its_worth() {
        const CHUNKED: &[u8] =
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n";
        let length = |pieces: Vec<&'static [u8]>| {
            let mut server = Pieces(pieces, Vec::new());
            let http = ask(&mut server, "a.test", 443).unwrap();
            (http.body_bytes, server.0.len())
        };
        assert_eq!(length(vec![CHUNKED, b"2\r\nab\r\n", b"0\r\n\r\n", b"more"]), (Some(2), 1));
        let long = [CHUNKED, b"ffff\r\n", &[b'x'; 2000], &[b'x'; 2000], b"more"];
        assert_eq!(length(long.to_vec()), (Some(4000), 1));
        assert_eq!(length(vec![b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n", b"abc"]), (Some(3), 0));
        // A stream of events may have no end.
        assert_eq!(
            length(vec![b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b"abc"]),
            (Some(0), 1)
        );
        assert_eq!(length(vec![b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"abc"]), (Some(9000), 1));
        assert_eq!(length(vec![b"HTTP/1.1 404 Not Found\r\n\r\n", b"abc"]), (Some(0), 1));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        let why = |pieces: Vec<&'static [u8]>| {
            ask(&mut Pieces(pieces, Vec::new()), "a", 443).unwrap_err().to_string()
        };
        assert_eq!(why(vec![]), "GET / was not answered: the server closed the connection");
        assert!(why(vec![b"HTTP/1.1 200 OK\r\n"]).contains("stopped in its head after 17 bytes"));
        assert!(why(vec![b"220 mail ESMTP\r\n"]).contains("no answer of HTTP/1"));
        let broken = ask(&mut Pieces(vec![b"HTTP/1.1 abc\r\n\r\n"], Vec::new()), "a", 443).unwrap_err();
        assert!(
            matches!(&broken, NoAnswer::Nothing(why) if why.contains("begins as one of HTTP")),
            "{broken:?}"
        );
        let endless = std::iter::once(&b"HTTP/1.1 200 OK\r\nA: "[..]);
        assert!(
            why(endless.chain(std::iter::repeat_n(&[b'x'; 4096][..], 100)).collect()).contains("longer than")
        );
    }

    #[test]
    fn frames_of_http2_are_known_by_their_head() {
        const SETTINGS: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100];
        let error = |pieces| ask(&mut Pieces(pieces, Vec::new()), "a", 443).unwrap_err();
        assert_eq!(error(vec![SETTINGS]), NoAnswer::Http2("SETTINGS"));
        assert_eq!(error(vec![&SETTINGS[..2], &SETTINGS[2..]]), NoAnswer::Http2("SETTINGS"));
        assert_eq!(error(vec![&[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0]]), NoAnswer::Http2("GOAWAY"));
        assert!(matches!(error(vec![&[0, 0, 5, 4, 0, 0, 0, 0, 0, 0]]), NoAnswer::NotHttp(_)));
        assert!(matches!(error(vec![&[0, 0, 6]]), NoAnswer::Nothing(_)));
    }

    #[test]
    fn the_host_is_written_as_a_server_expects_it() {
        let line = |host: &str, port| {
            let text = String::from_utf8(request(host, port, 443, "")).unwrap();
            text.lines().nth(1).unwrap().to_owned()
        };
        assert_eq!(line("::1", 8443), "Host: [::1]:8443");
        assert_eq!(line("fe80::1%eth0", 443), "Host: [fe80::1]");
        assert_eq!(line("192.0.2.1", 8443), "Host: 192.0.2.1:8443");
        assert_eq!(line("a.test", 443), "Host: a.test");
        assert_eq!(line("a.test\r\nX: y", 443), "Host: a.testX:y");
    }
}
