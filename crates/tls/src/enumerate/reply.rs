//! What a server's answer to an offer means. What is no answer is kept apart from a refusal.

use portreeve_model::tls::Evidence;
use portreeve_wire::tls::{Alert, AlertDescription, Version};

use super::offer::Offer;
use crate::exchange::{End, Flight, Transcript};

/// What an answer means.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// It chose a suite that was offered, in the version that was asked for.
    Chose(Box<Flight>),
    /// It does not want any of it.
    Refused(Refusal),
    /// It closed, reset, or sent an alert that may mean anything: a refusal, if it does the same again and answers others.
    Doubtful(Refusal),
    /// It chose what was not offered: nothing that it says can be built on.
    Dishonest(String),
    /// Nothing can be concluded.
    Unclear(Unclear),
}

/// Why nothing can be concluded.
#[derive(Clone, Debug)]
pub(super) enum Unclear {
    /// Nothing was said.
    Silence(String),
    /// The server knows no site of the name that was asked for.
    Name(String),
    /// The server refuses this client, whatever it offers.
    TurnedAway(String),
    /// What came is no answer.
    Unreadable(String),
    /// An answer began that has no end.
    Endless(String),
    /// The question was not put, or something on this side failed.
    Other(String),
}

impl Unclear {
    /// In words.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Silence(text)
            | Self::Name(text)
            | Self::TurnedAway(text)
            | Self::Unreadable(text)
            | Self::Endless(text)
            | Self::Other(text) => text,
        }
    }
}

/// A refusal.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// How it was said: `the alert protocol_version`.
    pub(super) how: String,
    /// The alert, where it was one.
    pub(super) alert: Option<AlertDescription>,
    /// The bytes.
    pub(super) evidence: Option<Evidence>,
    /// It took up another version instead.
    pub(super) instead: Option<Version>,
}

impl Refusal {
    /// The end of a connection, with no word but warnings before it.
    fn after(flight: &Flight, how: &str) -> Self {
        let alert = flight.alerts.last().map(|alert| alert.description);
        Self { how: how.to_owned(), alert, evidence: None, instead: None }
    }

    /// Whether it is the version that is refused, and not only what was offered in it.
    pub(super) fn is_of_version(&self) -> bool {
        self.instead.is_some() || self.alert == Some(AlertDescription::ProtocolVersion)
    }
}

impl Reply {
    /// What an exchange that said this offer means, with this name in the hello.
    pub(super) fn of(heard: &Transcript, offer: &Offer, name: Option<&str>) -> Self {
        let flight = heard.flight();
        match &flight.hello {
            Some(hello) if hello.version.value() < offer.version.value() => Self::Refused(Refusal {
                how: format!("a ServerHello of {} instead", hello.version),
                alert: None,
                evidence: Some(Evidence::server(
                    format!("ServerHello of {}", hello.version),
                    &flight.hello_body,
                )),
                instead: Some(hello.version),
            }),
            Some(hello) if hello.version != offer.version => Self::Dishonest(format!(
                "asked for {}, the server answered with {}, which was not offered",
                offer.version, hello.version
            )),
            Some(hello) if !offer.suites.contains(&hello.suite) => Self::Dishonest(format!(
                "the server chose {} ({:#06x}), which was not offered",
                hello.suite, hello.suite.0
            )),
            Some(_) => Self::Chose(Box::new(flight)),
            None => Self::without_hello(heard, &flight, offer.version, name),
        }
    }

    fn without_hello(heard: &Transcript, flight: &Flight, version: Version, name: Option<&str>) -> Self {
        if let Some(alert) = flight.refusal() {
            return Self::of_alert(alert, heard, version, name);
        }
        if let Some(why) = flight.malformed.clone().or_else(|| heard.unreadable()) {
            return Self::Unclear(Unclear::Unreadable(format!("the answer can not be read: {why}")));
        }
        let warned = flight.alerts.last().map(|alert| format!("the warning {} and ", alert.description));
        let warned = warned.unwrap_or_default();
        match heard.end() {
            Some(End::Closed) if heard.received_length() == 0 || !warned.is_empty() => {
                Self::Doubtful(Refusal::after(flight, &format!("{warned}a closed connection")))
            }
            Some(End::Reset) if heard.received_length() == 0 || !warned.is_empty() => {
                Self::Doubtful(Refusal::after(flight, &format!("{warned}a reset of the connection")))
            }
            end @ Some(End::Silent(_)) if heard.received_length() == 0 => {
                Self::Unclear(Unclear::Silence(why(end, 0)))
            }
            end @ Some(End::Closed | End::Reset) => {
                Self::Unclear(Unclear::Unreadable(why(end, heard.received_length())))
            }
            end if heard.received_length() > 0 => {
                Self::Unclear(Unclear::Endless(why(end, heard.received_length())))
            }
            end => Self::Unclear(Unclear::Other(why(end, 0))),
        }
    }

    fn of_alert(alert: Alert, heard: &Transcript, version: Version, name: Option<&str>) -> Self {
        use AlertDescription as Is;
        let description = alert.description;
        let refusal = Refusal {
            how: format!("the alert {description}"),
            alert: Some(description),
            evidence: Some(Evidence::server(format!("alert {description}"), &heard.received())),
            instead: None,
        };
        match description {
            Is::HandshakeFailure
            | Is::ProtocolVersion
            | Is::InsufficientSecurity
            | Is::NoApplicationProtocol
            | Is::InappropriateFallback => Self::Refused(refusal),
            // No client of SSL 3.0 names a site: a server that wants a name agrees to nothing with any of them.
            Is::UnrecognizedName if version == Version::Ssl3 => Self::Refused(refusal),
            Is::UnrecognizedName => Self::Unclear(Unclear::Name(match name {
                Some(name) => {
                    format!("the server knows no site of the name {name} (alert unrecognized_name)")
                }
                None => "the server answers no hello without the name of a site (alert unrecognized_name)"
                    .to_owned(),
            })),
            Is::AccessDenied | Is::CertificateRequired | Is::UserCanceled => Self::Unclear(
                Unclear::TurnedAway(format!("the server turns this client away (alert {description})")),
            ),
            _ => Self::Doubtful(refusal),
        }
    }
}

/// Why an exchange without an answer says nothing.
pub(super) fn why(end: Option<&End>, received: usize) -> String {
    let after =
        if received == 0 { String::new() } else { format!(" after {received} bytes that are no answer") };
    match end {
        Some(End::Silent(patience)) if received == 0 => {
            format!("the server said nothing for {:.1} s", patience.as_secs_f64())
        }
        Some(End::Silent(patience)) => {
            format!("the server's answer did not come to its end within {:.1} s", patience.as_secs_f64())
        }
        Some(End::Closed) => format!("the server closed the connection{after}"),
        Some(End::Reset) => format!("the server reset the connection{after}"),
        Some(End::TooMuch) => format!("the server sent more than is read, {received} bytes"),
        Some(End::TooLong(most)) => {
            format!("the server was still sending after {:.1} s and {received} bytes", most.as_secs_f64())
        }
        Some(End::NotConnected(_, detail)) => format!("no connection came about: {detail}"),
        Some(End::NotTried(why)) => format!("it was not asked: {why}"),
        Some(End::Failed(why)) => format!("the exchange failed: {why}"),
        Some(End::Done) | None => format!("the exchange ended{after}"),
    }
}
