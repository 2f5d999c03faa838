//! Where a redirect leads: to the target itself, to somebody else, to nobody.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use portreeve_model::Protocol;
use portreeve_model::why::{Application, Target};
use url::{Host, Url};

use crate::facts::Reply;
use crate::facts::http::Dead;
use crate::look::{self, Budget};
use crate::target::{Probe, Question};

/// What the target is, to tell whether a place is still it.
#[derive(Clone, Debug)]
pub(super) struct Own {
    /// The endpoint that is asked.
    pub(super) endpoint: SocketAddr,
    /// The other addresses of the target.
    pub(super) addresses: Vec<IpAddr>,
    /// Names by which it was asked or which its certificate has; a first label `*` is any.
    pub(super) names: Vec<String>,
}

/// Where a place is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The target, at this address.
    Here(SocketAddr),
    /// Somebody else, at these addresses.
    Elsewhere(Vec<SocketAddr>),
    /// Nobody.
    Nowhere(Dead),
    /// Not known, and why.
    Unknown(String),
}

/// Where a URL leads.
pub(super) fn of(url: &Url, own: &Own, deadline: Instant) -> Place {
    let Some(port) = url.port_or_known_default() else {
        return Place::Unknown(format!("{}: is no scheme that is spoken here", url.scheme()));
    };
    let here = |address: IpAddr| SocketAddr::new(address, port);
    let asked = with_port(own.endpoint, port);
    let name = match url.host() {
        Some(Host::Ipv4(address)) => return of_address(IpAddr::V4(address), port, own),
        Some(Host::Ipv6(address)) => return of_address(IpAddr::V6(address), port, own),
        Some(Host::Domain(name)) => name.trim_end_matches('.').to_ascii_lowercase(),
        None => return Place::Unknown("it names no host".to_owned()),
    };
    // The name that was asked for leads to where it was asked.
    if own.names.first().is_some_and(|first| first.eq_ignore_ascii_case(&name)) {
        return Place::Here(asked);
    }
    if name == "localhost" || name.ends_with(".localhost") {
        return if own.endpoint.ip().is_loopback() {
            Place::Here(asked)
        } else {
            Place::Nowhere(Dead::Loopback)
        };
    }
    let covered = own.names.iter().any(|known| covers(known, &name));
    match resolve(&name, deadline) {
        Resolved::Addresses(addresses) if addresses.contains(&own.endpoint.ip()) => Place::Here(asked),
        Resolved::Addresses(addresses) => {
            let known = addresses.iter().find(|address| own.addresses.contains(address));
            match known {
                Some(address) => Place::Here(here(*address)),
                None => Place::Elsewhere(addresses.into_iter().map(here).collect()),
            }
        }
        Resolved::NoSuchName => Place::Nowhere(Dead::NoName(name)),
        // It shows a certificate for that name: it is that host.
        Resolved::Failed(_) if covered => Place::Here(asked),
        Resolved::Failed(why) => Place::Unknown(format!("the name {name} could not be looked up: {why}")),
    }
}

fn of_address(address: IpAddr, port: u16, own: &Own) -> Place {
    let address = address.to_canonical();
    if address == own.endpoint.ip() {
        Place::Here(with_port(own.endpoint, port))
    } else if own.addresses.contains(&address) {
        Place::Here(SocketAddr::new(address, port))
    } else if address.is_loopback() || address.is_unspecified() {
        if own.endpoint.ip().is_loopback() {
            Place::Here(SocketAddr::new(address, port))
        } else {
            Place::Nowhere(Dead::Loopback)
        }
    } else {
        Place::Elsewhere(vec![SocketAddr::new(address, port)])
    }
}

fn with_port(mut endpoint: SocketAddr, port: u16) -> SocketAddr {
    endpoint.set_port(port);
    endpoint
}

/// Whether a certificate's name is for this one (RFC 9525, section 6.3).
fn covers(known: &str, name: &str) -> bool {
    match known.strip_prefix("*.") {
        Some(parent) => name.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => known.eq_ignore_ascii_case(name),
    }
}

pub(super) enum Resolved {
    Addresses(Vec<IpAddr>),
    NoSuchName,
    Failed(String),
}

/// The addresses of a name, by this host's own name servers and its file of hosts.
pub(super) fn resolve(name: &str, deadline: Instant) -> Resolved {
    /// A name server on the way of a redirect is waited for so long.
    const PATIENCE: Duration = Duration::from_millis(1_500);
    let target = Target {
        text: name.to_owned(),
        name: Some(name.to_owned()),
        address: None,
        zone: None,
        port: 0,
        protocol: Protocol::Tcp,
        application: Application::Other,
        path: String::new(),
    };
    let question = Question { target, from: None, probe: Probe::Allowed };
    let Some(facts) = look::names(&question, Budget { deadline, patience: PATIENCE }) else {
        return Resolved::Failed("it is no name".to_owned());
    };
    let addresses: Vec<IpAddr> = facts.addresses.iter().map(|(address, _)| *address).collect();
    if !addresses.is_empty() {
        return Resolved::Addresses(addresses);
    }
    if facts.replies.iter().any(Reply::denies) {
        return Resolved::NoSuchName;
    }
    Resolved::Failed("no name server gave an answer".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Own, Place, of};
    use crate::facts::http::Dead;

    fn place(url: &str, endpoint: &str) -> Place {
        let own = Own {
            endpoint: endpoint.parse().unwrap(),
            addresses: vec!["2001:db8::1".parse().unwrap()],
            names: vec!["example.com".into(), "*.example.org".into()],
        };
        // The deadline has passed: no name server is asked.
        of(&url.parse().unwrap(), &own, Instant::now())
    }

    #[test]
    fn the_same_host_is_where_it_was_asked() {
        let here = |text: &str| Place::Here(text.parse().unwrap());
        assert_eq!(place("https://EXAMPLE.com/a", "192.0.2.1:80"), here("192.0.2.1:443"));
        assert_eq!(place("https://192.0.2.1:8443/a", "192.0.2.1:80"), here("192.0.2.1:8443"));
        assert_eq!(place("http://[2001:db8::1]/", "192.0.2.1:80"), here("[2001:db8::1]:80"));
        assert_eq!(place("http://localhost:8080/", "127.0.0.1:80"), here("127.0.0.1:8080"));
    }

    #[test]
    fn a_loopback_address_is_no_place_for_others() {
        for url in ["http://localhost/", "http://127.0.0.1:8080/x", "http://[::1]/", "http://0.0.0.0/"] {
            assert_eq!(place(url, "192.0.2.1:80"), Place::Nowhere(Dead::Loopback), "{url}");
        }
    }

    #[test]
    fn other_addresses_are_elsewhere_and_other_schemes_unknown() {
        assert_eq!(
            place("http://198.51.100.7/", "192.0.2.1:80"),
            Place::Elsewhere(vec!["198.51.100.7:80".parse().unwrap()])
        );
        assert!(matches!(place("myapp://open", "192.0.2.1:80"), Place::Unknown(_)));
    }
}
