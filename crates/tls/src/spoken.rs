//! What a server speaks that answered a hello with something that is no TLS.

use std::fmt;

/// A protocol by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spoken {
    /// HTTP without TLS.
    Http,
    /// SSH.
    Ssh,
    /// SMTP: STARTTLS comes later.
    Smtp,
    /// FTP: AUTH TLS comes later.
    Ftp,
    /// POP3: STLS comes later.
    Pop3,
    /// IMAP: STARTTLS comes later.
    Imap,
    /// `MySQL` or `MariaDB`: TLS begins after the greeting.
    Mysql,
    /// Redis.
    Redis,
    /// VNC.
    Vnc,
    /// Telnet.
    Telnet,
    /// NATS: TLS begins after the greeting.
    Nats,
    /// SIP.
    Sip,
    /// Something else.
    Unknown,
}

/// What the first bytes of a server are, where they are no TLS record. None for TLS, and for nothing.
pub fn recognise(first: &[u8]) -> Option<Spoken> {
    if first.is_empty() || begins_record(first) {
        return None;
    }
    let text = String::from_utf8_lossy(first);
    let line = text.lines().next().unwrap_or_default();
    let low = text.trim_start().to_ascii_lowercase();
    let is_mysql = first.get(3) == Some(&0) && matches!(first.get(4), Some(9 | 10 | 0xff)) && first.len() > 6;
    Some(if line.starts_with("HTTP/") || low.starts_with("<html") || low.starts_with("<!doctype") {
        Spoken::Http
    } else if line.starts_with("SSH-") {
        Spoken::Ssh
    } else if line.starts_with("220") {
        if line.to_ascii_lowercase().contains("ftp") { Spoken::Ftp } else { Spoken::Smtp }
    } else if line.starts_with("+OK") {
        Spoken::Pop3
    } else if line.starts_with("* OK") || line.starts_with("* PREAUTH") {
        Spoken::Imap
    } else if line.starts_with("-ERR") || line.starts_with("-DENIED") || line.starts_with("-NOAUTH") {
        Spoken::Redis
    } else if line.starts_with("RFB ") {
        Spoken::Vnc
    } else if line.starts_with("INFO {") {
        Spoken::Nats
    } else if line.starts_with("SIP/2.0") {
        Spoken::Sip
    } else if first.first() == Some(&0xff) && matches!(first.get(1), Some(0xfb..=0xfe)) {
        Spoken::Telnet
    } else if is_mysql {
        Spoken::Mysql
    } else {
        Spoken::Unknown
    })
}

/// Whether bytes are, as far as they go, those of a record: its sort, and a version 3.x.
fn begins_record(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(20..=24)) && bytes.get(1).is_none_or(|major| *major == 3)
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "plain HTTP",
            Self::Ssh => "SSH",
            Self::Smtp => "SMTP",
            Self::Ftp => "FTP",
            Self::Pop3 => "POP3",
            Self::Imap => "IMAP",
            Self::Mysql => "MySQL",
            Self::Redis => "Redis",
            Self::Vnc => "VNC",
            Self::Telnet => "Telnet",
            Self::Nats => "NATS",
            Self::Sip => "SIP",
            Self::Unknown => "a protocol that is not TLS",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_known_by_their_first_bytes() {
        for (bytes, spoken) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], Some(Spoken::Http)),
            (b"<html>\r\n<head><title>400", Some(Spoken::Http)),
            (b"SSH-2.0-OpenSSH_9.2\r\n", Some(Spoken::Ssh)),
            (b"220 mail.example.test ESMTP Postfix", Some(Spoken::Smtp)),
            (b"220 (vsFTPd 3.0.3)", Some(Spoken::Ftp)),
            (b"+OK POP3 ready", Some(Spoken::Pop3)),
            (b"* OK [CAPABILITY IMAP4rev1]", Some(Spoken::Imap)),
            (b"J\0\0\0\x0a8.0.36\0", Some(Spoken::Mysql)),
            (b"-ERR unknown command", Some(Spoken::Redis)),
            (b"\xff\xfb\x01", Some(Spoken::Telnet)),
            (b"hello", Some(Spoken::Unknown)),
            (b"\x16\x03\x03\0\x04", None),
            (b"\x15", None),
            (b"", None),
        ] {
            assert_eq!(recognise(bytes), spoken, "{bytes:?}");
        }
    }
}
