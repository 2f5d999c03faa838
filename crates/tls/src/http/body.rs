//! How long the body of an answer is. Whether a server that compresses would have compressed it depends on that.

use portreeve_model::tls::Http;

/// Servers compress what is longer than this: by default nginx leaves 20 bytes as they are, Express 1024, Tomcat 2048, IIS 2700.
pub(crate) const WORTH_COMPRESSING: u64 = 2700;

/// Whether an answer is of the type that servers compress without being told more.
pub(crate) fn is_page(http: &Http) -> bool {
    let kind = http.content_type.as_deref().and_then(|kind| kind.split(';').next()).unwrap_or_default();
    ["text/html", "application/xhtml+xml"].iter().any(|page| kind.trim().eq_ignore_ascii_case(page))
}

/// How a body is sent (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There are so many bytes.
    Length(u64),
    /// In chunks, each with its length.
    Chunked,
    /// As long as the connection is open.
    ToTheEnd,
}

/// What came of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    /// Bytes.
    pub(super) length: u64,
    /// All of it came.
    pub(super) is_whole: bool,
}

impl Framing {
    /// By the status and the headers of an answer to GET.
    pub(super) fn of(status: u16, transfer_encoding: Option<&str>, content_length: Option<&str>) -> Self {
        if matches!(status, 101 | 204 | 304) {
            return Self::Length(0);
        }
        let chunked = transfer_encoding.and_then(|value| value.rsplit(',').next());
        if chunked.is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked")) {
            return Self::Chunked;
        }
        match content_length.map(str::parse) {
            Some(Ok(length)) => Self::Length(length),
            _ => Self::ToTheEnd,
        }
    }

    /// The length, where the head names it.
    pub(super) fn length(self) -> Option<u64> {
        if let Self::Length(length) = self { Some(length) } else { None }
    }

    /// What `bytes`, which came behind the head, are of the body.
    pub(super) fn measure(self, bytes: &[u8]) -> Measured {
        let came = bytes.len() as u64;
        match self {
            Self::Length(length) => Measured { length: came.min(length), is_whole: came >= length },
            Self::ToTheEnd => Measured { length: came, is_whole: false },
            Self::Chunked => chunks(bytes),
        }
    }
}

fn chunks(mut bytes: &[u8]) -> Measured {
    let mut length = 0;
    loop {
        match httparse::parse_chunk_size(bytes) {
            // After the last chunk, or what can not be read, nothing more is to be known.
            Ok(httparse::Status::Complete((_, 0))) | Err(_) => return Measured { length, is_whole: true },
            Ok(httparse::Status::Complete((used, size))) => {
                let came = bytes.get(used..).unwrap_or_default();
                length += size.min(came.len() as u64);
                let behind = usize::try_from(size).ok().and_then(|size| size.checked_add(2));
                match behind.and_then(|behind| came.get(behind..)) {
                    Some(rest) => bytes = rest,
                    None => return Measured { length, is_whole: false },
                }
            }
            Ok(httparse::Status::Partial) => return Measured { length, is_whole: false },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_measured_however_it_is_sent() {
        let measured = |framing: Framing, bytes: &[u8]| {
            let Measured { length, is_whole } = framing.measure(bytes);
            (length, is_whole)
        };
        assert_eq!(measured(Framing::of(200, None, Some("5")), b"abc"), (3, false));
        assert_eq!(measured(Framing::of(200, None, Some("5")), b"abcdef"), (5, true));
        assert_eq!(measured(Framing::of(200, None, None), b"abc"), (3, false));
        assert_eq!(Framing::of(304, None, Some("612")), Framing::Length(0));
        let chunked = Framing::of(200, Some("gzip, Chunked"), Some("5"));
        assert_eq!(chunked, Framing::Chunked);
        assert_eq!(measured(chunked, b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), (5, true));
        assert_eq!(measured(chunked, b"3\r\nabc\r\nffffffffffffffff\r\nde"), (5, false));
        assert_eq!(measured(chunked, b"3\r\nabc\r\n2"), (3, false));
        assert_eq!(measured(chunked, b"3\r\nabcd\r\nxyz"), (3, true));
    }
}
