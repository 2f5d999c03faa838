//! The head of an answer over HTTP/1: its status and the headers that an audit reads.

use portreeve_model::tls::Http;

use super::body::Framing;

/// As many headers as are read of one answer.
const HEADERS: usize = 128;
/// A value that is longer is cut: documents are for people.
const VALUE: usize = 1024;

/// What the bytes of a server are, so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The head is not whole yet.
    Unfinished,
    /// A whole head.
    Head(Http),
    /// No HTTP/1, and why not.
    Malformed(String),
}

/// Reads the head of an answer. Interim answers (103 Early Hints) are passed over; 101 is an end.
pub fn read_answer(bytes: &[u8]) -> Answer {
    match read_head(bytes) {
        Ok(Some((http, ..))) => Answer::Head(http),
        Ok(None) => Answer::Unfinished,
        Err(why) => Answer::Malformed(why),
    }
}

/// A head, how its body is sent, and what came of that.
pub(super) type Head<'a> = (Http, Framing, &'a [u8]);

/// The head; none while it is not whole.
pub(super) fn read_head(bytes: &[u8]) -> Result<Option<Head<'_>>, String> {
    let mut rest = bytes;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        match response.parse(rest) {
            Ok(httparse::Status::Partial) => return Ok(None),
            Ok(httparse::Status::Complete(used)) => {
                let status = response.code.unwrap_or_default();
                rest = rest.get(used..).unwrap_or_default();
                if (100..200).contains(&status) && status != 101 {
                    continue;
                }
                let (http, framing) = head(&response, status);
                return Ok(Some((http, framing, rest)));
            }
            Err(error) => return Err(format!("no answer of HTTP/1: {error}")),
        }
    }
}

fn head(response: &httparse::Response<'_, '_>, status: u16) -> (Http, Framing) {
    // The first of several counts: so browsers do with HSTS (RFC 6797, 8.1), and for the others it is as good as another.
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        let value = header.value.get(..header.value.len().min(VALUE)).unwrap_or_default();
        Some(String::from_utf8_lossy(value).trim().to_owned())
    };
    let framing =
        Framing::of(status, value("transfer-encoding").as_deref(), value("content-length").as_deref());
    let http = Http {
        version: format!("HTTP/1.{}", response.version.unwrap_or_default()),
        status,
        strict_transport_security: value("strict-transport-security"),
        alternative_services: value("alt-svc"),
        location: value("location"),
        content_encoding: value("content-encoding"),
        content_type: value("content-type"),
        body_bytes: framing.length(),
        server: value("server"),
        upgrade: value("upgrade"),
    };
    (http, framing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let bytes = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 301 Moved\r\nLOCATION: https://a.test/\r\n\
            strict-transport-security: max-age=1\r\nStrict-Transport-Security: max-age=2\r\n\r\nbody";
        for length in 0..bytes.len() - "body".len() {
            assert_eq!(read_answer(&bytes[..length]), Answer::Unfinished, "{length}");
        }
        let Answer::Head(head) = read_answer(bytes) else { panic!("no head") };
        assert_eq!((head.version.as_str(), head.status), ("HTTP/1.1", 301));
        assert_eq!(head.location.as_deref(), Some("https://a.test/"));
        assert_eq!(head.strict_transport_security.as_deref(), Some("max-age=1"));
        assert_eq!((head.content_type, head.body_bytes), (None, None));
        let sized = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 612\r\n\r\n";
        let Answer::Head(head) = read_answer(sized) else { panic!("no head") };
        assert_eq!((head.content_type.as_deref(), head.body_bytes), (Some("text/html"), Some(612)));
    }

    #[test]
    fn what_is_no_http_is_said() {
        assert!(matches!(read_answer(b"SSH-2.0-OpenSSH\r\n"), Answer::Malformed(_)));
        assert!(matches!(read_answer(b"HTTP/1.1 abc\r\n\r\n"), Answer::Malformed(_)));
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(1000));
        assert!(matches!(read_answer(many.as_bytes()), Answer::Malformed(_)));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = read_answer(&bytes);
            let _ = read_answer(&[b"HTTP/1.1 200 OK\r\n", bytes.as_slice()].concat());
            let _ = read_head(&[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", bytes.as_slice()].concat())
                .map(|head| head.map(|(_, framing, body)| framing.measure(body)));
        }
    }
}
