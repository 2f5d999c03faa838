//! What errors of a TCP stream, and of the library that speaks TLS over it, say of its other end.

use std::io;

use portreeve_wire::tls::AlertDescription;

/// Whether the other end has gone.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), ConnectionReset | BrokenPipe | ConnectionAborted)
}

/// A time-out by its name: Linux says of one that the call would block.
pub(crate) fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

/// An error of a session, in our words where the library has others for it.
pub(crate) fn told(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(error) => told_by_library(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server closed the connection without taking leave (close_notify)".to_owned()
        }
        None => error.to_string(),
    }
}

/// An error of the library: an alert by the name that it has in the standard.
pub(crate) fn told_by_library(error: &rustls::Error) -> String {
    match error {
        rustls::Error::AlertReceived(alert) => {
            format!("the server sent the alert {}", AlertDescription::from(u8::from(*alert)))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rustls::AlertDescription::HandshakeFailure;

    use super::*;

    #[test]
    fn the_library_speaks_our_words() {
        let alert = rustls::Error::AlertReceived(HandshakeFailure);
        assert_eq!(told_by_library(&alert), "the server sent the alert handshake_failure");
        let alert = io::Error::new(io::ErrorKind::InvalidData, alert);
        assert_eq!(told(&alert), "the server sent the alert handshake_failure");
        let end = io::Error::new(io::ErrorKind::UnexpectedEof, "see https://docs.rs/");
        assert_eq!(told(&end), "the server closed the connection without taking leave (close_notify)");
        assert_eq!(told(&io::ErrorKind::TimedOut.into()), "timed out");
    }
}
