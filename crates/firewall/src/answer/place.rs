//! Where a packet meets the host, where the question does not say.

use std::net::IpAddr;

use crate::network::{Address, Fib, Network, OutputKey, OutputRoute};
use crate::packet::{Asked, Place, Question};

/// A question with its place, and how that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inferred {
    /// The question.
    pub question: Question,
    /// One sentence, where something had to be found.
    pub how: Option<String>,
}

/// Why the place cannot be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// There is no route back, or no single one.
    #[error("it cannot be told by which interface a packet from {0} comes in: say `iif NAME`")]
    NoWayBack(IpAddr),
}

/// The question, with the place that follows from the host's addresses and routes: a packet from an address of the host is sent
/// by it; another comes in by the interface that the host would answer by.
///
/// # Errors
/// [`PlaceError`].
pub fn infer(asked: Asked, network: &Network) -> Result<Inferred, PlaceError> {
    if let Some(question) = asked.question() {
        return Ok(Inferred { question: question.clone(), how: None });
    }
    let Some(source) = asked.source() else {
        // Only a packet that is sent goes without a source, and that says `out`.
        return Ok(Inferred { question: asked.or_at(sent()), how: None });
    };
    let what = if asked.is_reply() { "the packet that is answered" } else { "it" };
    if let Some(own) = own(source, network) {
        let how = format!("this host sends {what}, for {source} is {own}");
        return Ok(Inferred { question: asked.or_at(sent()), how: Some(how) });
    }
    let key = OutputKey {
        source: None,
        destination: source,
        oif: None,
        bound: false,
        mark: asked.mark(),
        tos: 0,
        protocol: 0,
        source_port: None,
        destination_port: None,
        uid: Some(0),
        any_source: false,
    };
    let interface = match Fib::new(network).output(&key) {
        OutputRoute::Sent { oif, .. } => network.interface(oif).map(|interface| interface.name.clone()),
        OutputRoute::Failed(_) | OutputRoute::Unknown { .. } => None,
    };
    let interface = interface.ok_or(PlaceError::NoWayBack(source))?;
    let how = format!("{what} comes in by {interface}, for that is the way back to {source}");
    Ok(Inferred { question: asked.or_at(Place::In(interface)), how: Some(how) })
}

fn sent() -> Place {
    Place::Out { interface: None, user: None, group: None }
}

/// What an address is, where it is the host's own.
fn own(source: IpAddr, network: &Network) -> Option<String> {
    let holder = |address: &&Address| address.address == source;
    if let Some(address) = network.addresses.iter().find(holder) {
        let on =
            network.interface(address.interface).map_or_else(String::new, |at| format!(" on {}", at.name));
        return Some(format!("its own address{on}"));
    }
    source.is_loopback().then(|| "a loopback address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{PlaceError, infer};
    use crate::network::{Network, Prefix};
    use crate::packet::{Place, parse};

    #[test]
    fn the_place_follows_from_addresses_and_routes() {
        let network = Network::described(
            [("eth0", "192.0.2.10".parse().unwrap(), 24), ("lan", "10.0.0.1".parse().unwrap(), 8)],
            [(Prefix::new("198.51.100.0".parse().unwrap(), 24), Some("192.0.2.1".parse().unwrap()), "eth0")],
        );
        let found = |text: &str| infer(parse(text, &|_, _| None).unwrap(), &network);
        let sent = Place::Out { interface: None, user: None, group: None };
        for (text, place, how) in [
            (
                "from 198.51.100.7 to 192.0.2.10 tcp",
                Place::In("eth0".to_owned()),
                Some("it comes in by eth0"),
            ),
            (
                "from 10.9.9.9 to 8.8.8.8 tcp reply",
                Place::In("lan".to_owned()),
                Some("the packet that is answered comes in by lan"),
            ),
            (
                "from 192.0.2.10 to 8.8.8.8 tcp",
                sent.clone(),
                Some("this host sends it, for 192.0.2.10 is its own address on eth0"),
            ),
            (
                "from 127.3.3.3 to 127.0.0.1 tcp",
                sent.clone(),
                Some("this host sends it, for 127.3.3.3 is a loopback address"),
            ),
            ("to 8.8.8.8 tcp out", sent, None),
            ("from 1.1.1.1 to 8.8.8.8 tcp iif nowhere", Place::In("nowhere".to_owned()), None),
        ] {
            let inferred = found(text).unwrap();
            assert_eq!(inferred.question.place, place, "{text}");
            let said = inferred.how.as_deref();
            assert!(
                said.is_none() && how.is_none() || said.unwrap().starts_with(how.unwrap()),
                "{text}: {said:?}"
            );
        }
        let error = found("from 203.0.113.1 to 192.0.2.10 tcp").unwrap_err();
        assert_eq!(error, PlaceError::NoWayBack("203.0.113.1".parse().unwrap()));
    }
}
