//! Which chains a server sends: out of what an audit saw already, and one connection more that names no server.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use portreeve_wire::tls::{AlertDescription, ExtensionType, Suite, Version};

use super::served::Offered;
use crate::audit::{Greeting, Known, Scene};
use crate::client::{self, Meeting};
use crate::exchange::{End, Flight};
use crate::sealed::SealedFlight;
use crate::{Certificate, handshake};

/// The longest chain that is looked at: a message may hold tens of thousands of certificates of a few bytes.
const MOST: usize = 64;

/// What a server sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The certificates, in the order in which they came.
    pub chain: Vec<Certificate>,
    /// How many more there were, which are not looked at.
    pub omitted: usize,
    /// The stapled response, in DER.
    pub staple: Option<Vec<u8>>,
    /// Signed timestamps of the handshake, as a list.
    pub timestamps: Option<Vec<u8>>,
    /// Whether the handshake shows such timestamps: the modern client does not ask for them.
    pub shows_timestamps: bool,
    /// Versions in which it came: `TLS 1.2`.
    pub versions: Vec<String>,
}

/// What a server sends to a client that names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nameless {
    /// The same certificate as with the name.
    Same(Arc<Sent>),
    /// Another chain.
    Other(Arc<Sent>),
    /// It refuses: how.
    Refused(String),
    /// It is not known: why.
    Unknown(String),
    /// Nobody gets a certificate: every suite that the server takes is anonymous.
    Nobody,
    /// The target has no name, so that all were asked without one.
    NotApplicable,
}

/// Every chain that was sent for the target's name, the modern client's first; each once.
pub fn sent_for_name(scene: &Scene) -> Vec<Sent> {
    let mut all: Vec<Sent> = Vec::new();
    if let Some(meeting) = scene.known.modern.as_ref().filter(|meeting| !meeting.chain.is_empty()) {
        all.push(of_meeting(meeting));
    }
    for flight in &scene.known.sealed {
        match all.iter_mut().find(|one| is_chain(&one.chain, &flight.chain)) {
            Some(one) => one.add(beside_sealed(flight)),
            None => all.push(of_sealed(flight)),
        }
    }
    for flight in scene.known.flights().filter(|flight| !flight.chain.is_empty()) {
        // Most flights bring the same chain, which is read once.
        match all.iter_mut().find(|one| is_chain(&one.chain, &flight.chain)) {
            Some(one) => one.add(beside(flight)),
            None => all.push(of_flight(flight)),
        }
    }
    all
}

/// What a server sends without a name. Asked once for an audit.
pub async fn nameless(scene: &Scene) -> Nameless {
    scene.known.nameless.get_or_init(|| ask_without_name(scene)).await.clone()
}

/// Whether a chain is one of these certificates.
fn is_chain(chain: &[Certificate], ders: &[Vec<u8>]) -> bool {
    chain.len() == ders.len().min(MOST) && chain.iter().zip(ders).all(|(one, der)| one.der == *der)
}

impl Sent {
    /// Adds what came beside the same chain another time: a server may fetch the response for its first client, and have it for its
    /// second only.
    fn add(&mut self, other: Sent) {
        self.staple = self.staple.take().or(other.staple);
        self.timestamps = self.timestamps.take().or(other.timestamps);
        self.shows_timestamps |= other.shows_timestamps;
        for version in other.versions {
            if !self.versions.contains(&version) {
                self.versions.push(version);
            }
        }
    }
}

fn of_meeting(meeting: &Meeting) -> Sent {
    Sent {
        chain: meeting.chain.iter().take(MOST).cloned().collect(),
        omitted: meeting.chain.len().saturating_sub(MOST),
        staple: Some(meeting.staple.clone()).filter(|staple| !staple.is_empty()),
        timestamps: None,
        shows_timestamps: false,
        versions: meeting.established.version.iter().cloned().collect(),
    }
}

fn of_sealed(flight: &SealedFlight) -> Sent {
    let chain = flight.chain.iter().take(MOST).map(|der| Certificate::read(der)).collect();
    Sent { chain, omitted: flight.chain.len().saturating_sub(MOST), ..beside_sealed(flight) }
}

/// What came beside the chain in TLS 1.3.
fn beside_sealed(flight: &SealedFlight) -> Sent {
    Sent {
        staple: flight.stapled.clone(),
        timestamps: flight.timestamps.clone(),
        shows_timestamps: true,
        versions: vec![Version::Tls13.to_string()],
        ..Sent::default()
    }
}

fn of_flight(flight: &Flight) -> Sent {
    let chain = flight.chain.iter().take(MOST).map(|der| Certificate::read(der)).collect();
    Sent { chain, omitted: flight.chain.len().saturating_sub(MOST), ..beside(flight) }
}

/// What came beside the chain.
fn beside(flight: &Flight) -> Sent {
    let hello = flight.hello.as_ref();
    let timestamps = hello.and_then(|hello| hello.extension(ExtensionType::SignedCertificateTimestamp));
    Sent {
        staple: flight.stapled.clone(),
        timestamps: timestamps.map(|extension| extension.content.clone()),
        shows_timestamps: hello.is_some(),
        versions: flight.version().map(|version| version.to_string()).into_iter().collect(),
        ..Sent::default()
    }
}

async fn ask_without_name(scene: &Scene) -> Nameless {
    let known = sent_for_name(scene);
    if scene.greeting.name().is_none() {
        return Nameless::NotApplicable;
    }
    // The newest version with certificates that can be read.
    let old = || scene.known.spoken().filter(|one| one.version.value() <= Version::Tls12.value());
    let readable = old().filter(|one| one.suites.iter().copied().any(has_certificate)).last();
    let answer = match readable {
        Some(version) => by_hello(scene, version.version).await,
        None if known.is_empty() && is_anonymous(&scene.known) => return Nameless::Nobody,
        None => by_handshake(scene).await,
    };
    match answer {
        Ok(sent)
            if known.iter().any(|one| {
                one.chain.first().map(|leaf| &leaf.der) == sent.chain.first().map(|leaf| &leaf.der)
            }) =>
        {
            Nameless::Same(Arc::new(sent))
        }
        Ok(sent) => Nameless::Other(Arc::new(sent)),
        Err(nameless) => nameless,
    }
}

fn has_certificate(suite: Suite) -> bool {
    !suite.is_anonymous() && !suite.is_signal()
}

/// Whether every suite that the server takes is anonymous, and all of them are known.
fn is_anonymous(known: &Known) -> bool {
    let mut spoken = known.spoken().peekable();
    let is_some = spoken.peek().is_some();
    let is_known =
        known.doubt(|_| true).is_none() && known.versions.iter().all(|one| one.incomplete.is_none());
    is_some
        && is_known
        && spoken.all(|one| !one.suites.is_empty() && !one.suites.iter().copied().any(has_certificate))
}

/// With the codec of this program. That the suites are no reason to refuse is known: with the name some of them were taken.
async fn by_hello(scene: &Scene, version: Version) -> Result<Sent, Nameless> {
    let greeting = Greeting { server_name: None, ..scene.greeting.clone() };
    let suites = scene.suites_for_another_name(version);
    let heard = scene.ask(&greeting.hello(version, &suites)).await;
    let flight = heard.flight();
    if !flight.chain.is_empty() {
        return Ok(of_flight(&flight));
    }
    if let Some(alert) = flight.refusal() {
        return Err(Nameless::Refused(format!("the alert {}", alert.description)));
    }
    Err(match heard.end() {
        Some(End::Closed) => Nameless::Refused("an end of the connection".to_owned()),
        Some(End::Reset) => Nameless::Refused("a reset".to_owned()),
        Some(End::NotTried(why)) => Nameless::Unknown(why.clone()),
        Some(End::Silent(after)) => Nameless::Unknown(format!("silence for {:.1} s", after.as_secs_f64())),
        _ => Nameless::Unknown("no certificate came".to_owned()),
    })
}

/// With a modern client: the certificates of TLS 1.3 are encrypted. That the name is missing is the reason of a refusal only where the server
/// says so, or where the same client got a handshake with it.
async fn by_handshake(scene: &Scene) -> Result<Sent, Nameless> {
    let place = scene.line.connection().await.map_err(Nameless::Unknown)?;
    let (address, patience) = (scene.address(), scene.line.patience());
    let made = tokio::task::spawn_blocking(move || {
        let stream = TcpStream::connect_timeout(&address, patience.connect)?;
        let options = client::Options::plain(Instant::now() + patience.answer);
        Ok::<_, std::io::Error>(handshake(stream, None, &options).0)
    });
    let made = made.await;
    drop(place);
    let meeting = match made {
        Ok(Ok(meeting)) => meeting,
        Ok(Err(error)) => return Err(Nameless::Unknown(error.to_string())),
        Err(error) => return Err(Nameless::Unknown(error.to_string())),
    };
    if !meeting.chain.is_empty() {
        return Ok(of_meeting(&meeting));
    }
    let refusal = meeting.refusal();
    if refusal != Some(AlertDescription::UnrecognizedName)
        && let Some(why) = scene.known.no_modern()
    {
        return Err(Nameless::Unknown(why));
    }
    Err(match (refusal, &meeting.ending) {
        (Some(alert), _) => Nameless::Refused(format!("the alert {alert}")),
        (_, client::Ending::Closed) => Nameless::Refused("an end of the connection".to_owned()),
        (_, client::Ending::Reset) => Nameless::Refused("a reset".to_owned()),
        (_, client::Ending::Timeout) => Nameless::Unknown("no answer in time".to_owned()),
        _ => Nameless::Unknown("the handshake ended without a certificate".to_owned()),
    })
}

/// The chains as they are judged, each labelled with when it is sent.
pub(super) async fn offered(scene: &Scene) -> Vec<Offered> {
    let name = scene.greeting.server_name.clone();
    let sent = sent_for_name(scene);
    let nameless = nameless(scene).await;
    let host = name.clone().unwrap_or_else(|| scene.host.clone());
    let several = sent.len() > 1;
    let mut labels: Vec<String> = Vec::new();
    let mut all: Vec<Offered> = Vec::new();
    for one in sent {
        let base = name.clone().unwrap_or_else(|| "no name".to_owned());
        let mut label = match one.chain.first() {
            Some(leaf) if several => format!("{base}, {} key", leaf.key),
            _ => base,
        };
        while labels.contains(&label) {
            label.push_str(", another time");
        }
        labels.push(label.clone());
        let mut sent_for = vec![label];
        let leaf = |sent: &Sent| sent.chain.first().map(|leaf| leaf.der.clone());
        if matches!(&nameless, Nameless::Same(same) if leaf(same) == leaf(&one)) {
            sent_for.push("no name".to_owned());
        }
        all.push(of(one, sent_for, Some(host.clone())));
    }
    if let Nameless::Other(sent) = nameless {
        all.push(of((*sent).clone(), vec!["no name".to_owned()], None));
    }
    all
}

fn of(sent: Sent, sent_for: Vec<String>, host: Option<String>) -> Offered {
    Offered {
        sent_for,
        chain: sent.chain,
        omitted: sent.omitted,
        staple: sent.staple,
        staple_asked: true,
        timestamps: sent.timestamps,
        timestamps_shown: sent.shows_timestamps,
        host,
    }
}
