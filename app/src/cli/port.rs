//! The `PORT[/protocol]` argument, in every spelling that people type.

use std::net::SocketAddr;
use std::str::FromStr;

use portreeve_model::Protocol;

/// A port by number or by IANA's name, and the protocol where one was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortQuestion {
    /// The port.
    pub port: PortName,
    /// The protocol.
    pub protocol: Option<Protocol>,
}

/// How the port was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortName {
    /// 1 to 65535.
    Number(u16),
    /// A service name, in lower case.
    Service(String),
}

/// Why an argument names no port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// There is no such protocol, or it has no ports.
    #[error("`{0}` is not a protocol with ports (tcp, udp, mptcp, sctp, udplite)")]
    Protocol(String),
    /// Not in 1 to 65535.
    #[error("a port is a number from 1 to 65535, or a service name such as https")]
    Range,
    /// Both or neither side of the slash is a protocol.
    #[error("expected PORT, PORT/PROTOCOL or PROTOCOL/PORT, such as 443, 53/udp or https")]
    Form,
}

impl FromStr for PortQuestion {
    type Err = PortError;

    /// `443`, `:443`, `443/tcp`, `tcp/443`, `tcp:443`, `https`, `https/tcp`; of `0.0.0.0:443` and `[::1]:443`, which
    /// is what "address already in use" is said of, the port.
    fn from_str(text: &str) -> Result<Self, PortError> {
        let text = text.trim();
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { port: port(&address.port().to_string())?, protocol: None });
        }
        let bare = text.strip_prefix("*:").or_else(|| text.strip_prefix(':')).unwrap_or(text);
        let Some((left, right)) = bare.split_once(['/', ':']) else {
            return Ok(Self { port: port(bare)?, protocol: None });
        };
        match (protocol(left), protocol(right)) {
            (None, Some(protocol)) => Ok(Self { port: port(left)?, protocol: Some(protocol) }),
            (Some(protocol), None) => Ok(Self { port: port(right)?, protocol: Some(protocol) }),
            (Some(_), Some(_)) => Err(PortError::Form),
            (None, None) if left.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(PortError::Protocol(right.to_owned()))
            }
            (None, None) => Err(PortError::Protocol(left.to_owned())),
        }
    }
}

fn protocol(name: &str) -> Option<Protocol> {
    [Protocol::Tcp, Protocol::Udp, Protocol::Mptcp, Protocol::Sctp, Protocol::Udplite]
        .into_iter()
        .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
}

fn port(text: &str) -> Result<PortName, PortError> {
    if text.is_empty() {
        return Err(PortError::Form);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse() {
            Ok(0) | Err(_) => Err(PortError::Range),
            Ok(number) => Ok(PortName::Number(number)),
        };
    }
    // RFC 6335 section 5.1: letters, digits and hyphens, with at least one letter; older names have more.
    let name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+*".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    if name { Ok(PortName::Service(text.to_ascii_lowercase())) } else { Err(PortError::Range) }
}

#[cfg(test)]
mod tests {
    use portreeve_model::Protocol;

    use super::{PortError, PortName, PortQuestion};

    #[test]
    fn every_spelling_is_understood() {
        for (text, number, protocol) in [
            ("443", 443, None),
            (":443", 443, None),
            ("0.0.0.0:443", 443, None),
            ("[::1]:443", 443, None),
            ("*:443", 443, None),
            ("443/tcp", 443, Some(Protocol::Tcp)),
            ("udp/53", 53, Some(Protocol::Udp)),
            ("TCP:65535", 65535, Some(Protocol::Tcp)),
        ] {
            let expected = PortQuestion { port: PortName::Number(number), protocol };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        let https = PortName::Service("https".to_owned());
        assert_eq!("HTTPS".parse(), Ok(PortQuestion { port: https.clone(), protocol: None }));
        assert_eq!("https/udp".parse(), Ok(PortQuestion { port: https, protocol: Some(Protocol::Udp) }));
    }

    #[test]
    fn what_names_no_port_is_refused() {
        for (text, error) in [
            ("0", PortError::Range),
            ("65536", PortError::Range),
            ("-1", PortError::Range),
            ("", PortError::Form),
            ("443/", PortError::Protocol(String::new())),
            ("443/icmp", PortError::Protocol("icmp".to_owned())),
            ("tcp/udp", PortError::Form),
            ("10.0.0.1:0", PortError::Range),
            ("example.org:443", PortError::Protocol("example.org".to_owned())),
        ] {
            assert_eq!(text.parse::<PortQuestion>(), Err(error), "{text}");
        }
    }
}
