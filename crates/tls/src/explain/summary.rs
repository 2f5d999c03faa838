//! What a message says, in one sentence.

use portreeve_model::tls::Party;
use portreeve_wire::tls::messages::{self, ExchangeKey, ServerKeyExchange};
use portreeve_wire::tls::tls13::{CertificateChain, CertificateVerify, EncryptedExtensions};
use portreeve_wire::tls::{
    AlertDescription, AlertLevel, ContentType, ExtensionType, HandshakeType, KeyExchange, ServerHello,
    Version,
};

use super::said::{Said, What};
use crate::Certificate;

/// The name of a message, as the standard writes it.
pub(super) fn name(said: &Said) -> String {
    let name = match said.what {
        What::ChangeCipherSpec => "ChangeCipherSpec",
        What::Alert => "Alert",
        What::Data => "ApplicationData",
        What::Sealed(ContentType::Handshake | ContentType::ApplicationData) => "encrypted record",
        What::Sealed(other) => return format!("record of {other}"),
        What::Empty(_) => "empty record",
        What::Rest => "unfinished",
        What::Handshake(HandshakeType::ServerHello) if is_retry(said) => "HelloRetryRequest",
        What::Handshake(kind) => return camel_case(kind),
    };
    name.to_owned()
}

/// `NewSessionTicket` of `new_session_ticket`.
fn camel_case(kind: HandshakeType) -> String {
    let Some(name) = kind.name() else { return format!("message {}", kind.value()) };
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(word).collect()
}

fn body(said: &Said) -> &[u8] {
    said.bytes.get(4..).unwrap_or_default()
}

fn is_retry(said: &Said) -> bool {
    ServerHello::of_body(body(said)).is_some_and(|hello| hello.retry)
}

/// One sentence.
pub(super) fn sentence(said: &Said) -> String {
    let who = if said.party == Party::Client { "The client" } else { "The server" };
    let is_tls13 = said.agreed.version == Some(Version::Tls13);
    match said.what {
        What::Handshake(kind) => of_message(said, kind, who)
            .unwrap_or_else(|| format!("{who} sends a message that can not be read.")),
        What::ChangeCipherSpec if is_tls13 => {
            format!("{who} sends what TLS 1.2 would send here; in TLS 1.3 it means nothing.")
        }
        What::ChangeCipherSpec => format!("{who} encrypts everything from here on."),
        What::Alert => alert(&said.bytes, who),
        What::Data => format!("{who} sends {} bytes of the application.", said.bytes.len()),
        What::Sealed(_) => format!("{who} sends a record that this program has no keys for."),
        What::Empty(_) => format!("{who} sends a record without content."),
        What::Rest => format!("{who} stops in the middle: {} bytes are no whole message.", said.bytes.len()),
    }
}

fn of_message(said: &Said, kind: HandshakeType, who: &str) -> Option<String> {
    let body = body(said);
    let is_tls13 = said.agreed.version == Some(Version::Tls13);
    Some(match kind {
        HandshakeType::ClientHello => client_hello(said)?,
        HandshakeType::ServerHello => server_hello(&ServerHello::of_body(body)?),
        HandshakeType::EncryptedExtensions => {
            let read = EncryptedExtensions::decode(body)?;
            match read.application_protocol() {
                Some(name) => {
                    format!("The server chooses {} for what is spoken inside.", String::from_utf8_lossy(name))
                }
                None => format!("The server answers {} more extensions of the hello.", read.extensions.len()),
            }
        }
        HandshakeType::Certificate => {
            let chain: Vec<Vec<u8>> = if is_tls13 {
                CertificateChain::decode(body)?.entries.into_iter().map(|entry| entry.der).collect()
            } else {
                messages::certificates(body).0
            };
            match chain.first() {
                None => format!("{who} has no certificate to show."),
                Some(leaf) => {
                    let names = Certificate::read(leaf).names_in_short();
                    let more = match chain.len() {
                        1 => "alone".to_owned(),
                        count => format!("with {} more up to an authority", count - 1),
                    };
                    format!("{who} says who it is: a certificate for {names}, {more}.")
                }
            }
        }
        HandshakeType::CertificateVerify => {
            let scheme = CertificateVerify::decode(body)?.scheme;
            format!("{who} signs the handshake so far with the key of its certificate ({scheme}).")
        }
        HandshakeType::CertificateStatus => {
            "The server brings the authority's word that its certificate is not revoked.".to_owned()
        }
        HandshakeType::CertificateRequest => "The server asks for a certificate of the client.".to_owned(),
        HandshakeType::ServerKeyExchange => server_key(said)?,
        HandshakeType::ServerHelloDone => "The server is done; now it is the client's turn.".to_owned(),
        HandshakeType::ClientKeyExchange => match said.agreed.suite?.key_exchange()? {
            KeyExchange::Rsa => "The client encrypts a secret with the key of the certificate.".to_owned(),
            _ => "The client sends its half of the key exchange; now both sides compute the same secret."
                .to_owned(),
        },
        HandshakeType::Finished => match said.proves {
            Some(true) => {
                format!("{who} proves that it saw every byte of the handshake as it is drawn here.")
            }
            Some(false) => format!("{who} proves another handshake than the one that is drawn here."),
            None => format!("{who} proves that it saw the whole handshake."),
        },
        HandshakeType::NewSessionTicket => {
            "The server gives a ticket: the next connection may begin with it.".to_owned()
        }
        HandshakeType::HelloRequest => "The server wants to begin again.".to_owned(),
        HandshakeType::KeyUpdate => format!("{who} takes new keys."),
        other => format!("{who} sends {other}."),
    })
}

fn client_hello(said: &Said) -> Option<String> {
    let fields = portreeve_wire::tls::annotate::handshake(&said.bytes, said.agreed);
    let value = |name: &str| fields.iter().find(|one| one.name == name).map(|one| one.value.clone());
    let suites = value("cipher_suites")?;
    let versions = match value(ExtensionType::SupportedVersions.name().unwrap_or_default()) {
        Some(versions) => versions,
        None => Version::from(u16::from_be_bytes(*body(said).first_chunk()?)).to_string(),
    };
    let site = value(ExtensionType::ServerName.name().unwrap_or_default());
    let site = site.map(|name| format!(" and asks for {name}")).unwrap_or_default();
    let suites = suites.split(' ').next().unwrap_or_default();
    let word = if suites == "1" { "suite" } else { "suites" };
    Some(format!("The client offers {versions} with {suites} {word}{site}."))
}

fn server_hello(hello: &ServerHello) -> String {
    let group = hello.group().map(|group| group.to_string());
    if hello.retry {
        let group = group.unwrap_or_else(|| "another one".to_owned());
        return format!("The server wants a key share of {group}, and the hello once more.");
    }
    let group = group.map(|group| format!(" with {group}")).unwrap_or_default();
    format!("The server chooses {} and {}{group}.", hello.version, hello.suite)
}

fn server_key(said: &Said) -> Option<String> {
    let exchange = ServerKeyExchange::decode(body(said), said.agreed.suite?, said.agreed.version?)?;
    let what = match &exchange.key {
        ExchangeKey::Curve { group, .. } => format!("of {group}"),
        ExchangeKey::FiniteField { prime, .. } => format!("of Diffie and Hellman with {} bytes", prime.len()),
        ExchangeKey::ExplicitCurve(_) => "on a curve of its own".to_owned(),
        ExchangeKey::Rsa { modulus, .. } => format!("of RSA with {} bytes", modulus.len()),
    };
    let signed = match exchange.scheme {
        Some(scheme) => format!(", signed with {scheme}"),
        None if exchange.signature.is_empty() => ", signed by nobody".to_owned(),
        None => ", signed".to_owned(),
    };
    Some(format!("The server sends its half of the key exchange: a fresh key {what}{signed}."))
}

fn alert(bytes: &[u8], who: &str) -> String {
    let (level, description) = match bytes {
        &[level, description] => (AlertLevel::from(level), AlertDescription::from(description)),
        _ => return format!("{who} sends an alert that can not be read."),
    };
    match (level, description) {
        (_, AlertDescription::CloseNotify) => format!("{who} says that it will send no more."),
        (AlertLevel::Fatal, description) => format!("{who} gives up: {description}."),
        (level, description) => format!("{who} says {description} ({level})."),
    }
}
