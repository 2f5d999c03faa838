//! Who listens where, as `ss` says: without a listener nobody gets an answer, whatever the rules let through.

use std::net::IpAddr;

use portreeve_lab::attempt::Carrier;
use portreeve_lab::site::Site;

use crate::place::Place;

/// The sockets of a place that wait for clients.
#[derive(Debug, Default)]
pub(crate) struct Listening {
    sockets: Vec<Socket>,
}

#[derive(Debug)]
struct Socket {
    carrier: Carrier,
    bound: Bound,
    device: Option<String>,
    port: u16,
}

#[derive(Debug, PartialEq, Eq)]
enum Bound {
    /// `*`: both versions.
    Any,
    /// One address; an unspecified one for all of its version.
    Address(IpAddr),
}

impl Listening {
    /// Those of a place at the moment.
    pub(crate) fn of(site: &Site, place: &Place) -> Self {
        let mut sockets = Vec::new();
        for (carrier, option) in [(Carrier::Tcp, "-Hltn"), (Carrier::Udp, "-Hlun")] {
            let listing = place.says(site, &["ss", option]);
            sockets.extend(listing.lines().map(|line| {
                let local = line.split_whitespace().nth(3).expect("a local address");
                let (address, port) = local.rsplit_once(':').expect("address and port");
                let (address, device) = match address.split_once('%') {
                    Some((address, device)) => (address, Some(device.trim_end_matches(']').to_owned())),
                    None => (address, None),
                };
                let bound = match address.trim_matches(['[', ']']) {
                    "*" => Bound::Any,
                    address => Bound::Address(address.parse().unwrap_or_else(|_| panic!("{line}"))),
                };
                Socket { carrier, bound, device, port: port.parse().unwrap() }
            }));
        }
        Self { sockets }
    }

    /// Whether somebody takes what arrives there by a device; none for the loopback.
    pub(crate) fn takes(&self, carrier: Carrier, address: IpAddr, port: u16, by: Option<&str>) -> bool {
        self.sockets.iter().any(|socket| {
            socket.carrier == carrier
                && socket.port == port
                && (socket.device.is_none() || socket.device.as_deref() == by)
                && match socket.bound {
                    Bound::Any => true,
                    Bound::Address(bound) => {
                        bound == address || (bound.is_unspecified() && bound.is_ipv4() == address.is_ipv4())
                    }
                }
        })
    }
}
