//! The host around rules that are in files: its addresses and routes, as `ip` writes them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use portreeve_firewall::network::Prefix;

use crate::engine::{HostAddress, HostRoute};
use crate::prefix::address_and_length;

impl FromStr for HostAddress {
    type Err = String;

    /// `eth0=192.0.2.10/24`; without a length the address is alone in its network.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected INTERFACE=ADDRESS/LENGTH, such as eth0=192.0.2.10/24".to_owned();
        let (interface, network) = text.split_once('=').ok_or_else(expected)?;
        if interface.is_empty() || interface.len() > 15 || interface.contains(['/', ' ', ':']) {
            return Err(expected());
        }
        let (address, length) = address_and_length(network).ok_or_else(expected)?;
        Ok(Self { interface: interface.to_owned(), address, length })
    }
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}/{}", self.interface, self.address, self.length)
    }
}

impl FromStr for HostRoute {
    type Err = String;

    /// `PREFIX|default [via ADDRESS] dev NAME`, as `ip route` has it.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            "expected PREFIX [via ADDRESS] dev INTERFACE, such as 'default via 192.0.2.1 dev eth0'".to_owned()
        };
        let mut words = text.split_whitespace();
        let destination = words.next().ok_or_else(expected)?;
        let (mut gateway, mut interface) = (None::<IpAddr>, None);
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(expected)?;
            match word {
                "via" => gateway = Some(value.parse().map_err(|_| expected())?),
                "dev" => interface = Some(value.to_owned()),
                _ => return Err(expected()),
            }
        }
        let destination = if destination == "default" {
            let v6 = gateway.is_some_and(|gateway| gateway.is_ipv6());
            Prefix::new(if v6 { IpAddr::from([0_u8; 16]) } else { IpAddr::from([0_u8; 4]) }, 0)
        } else {
            let (address, length) = address_and_length(destination).ok_or_else(expected)?;
            Prefix::new(address, length)
        };
        Ok(Self { destination, gateway, interface: interface.ok_or_else(expected)? })
    }
}

impl fmt::Display for HostRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.destination)?;
        if let Some(gateway) = self.gateway {
            write!(f, " via {gateway}")?;
        }
        write!(f, " dev {}", self.interface)
    }
}

#[cfg(test)]
mod tests {
    use super::{HostAddress, HostRoute};

    #[test]
    fn addresses_and_routes_are_those_of_ip() {
        let address: HostAddress = "eth0=192.0.2.10/24".parse().unwrap();
        assert_eq!((address.interface.as_str(), address.length), ("eth0", 24));
        assert_eq!("eth0=2001:db8::1".parse::<HostAddress>().unwrap().length, 128);
        for wrong in ["eth0", "192.0.2.10/24", "eth0=192.0.2.10/33", "=192.0.2.1", "a b=192.0.2.1"] {
            assert!(wrong.parse::<HostAddress>().is_err(), "{wrong}");
        }
        let route: HostRoute = "default via 192.0.2.1 dev eth0".parse().unwrap();
        assert_eq!(route.destination.to_string(), "0.0.0.0/0");
        let route: HostRoute = "default via fe80::1 dev eth0".parse().unwrap();
        assert_eq!(route.destination.to_string(), "::/0");
        let route: HostRoute = "10.1.2.3/8 dev eth1".parse().unwrap();
        assert_eq!((route.destination.to_string().as_str(), route.gateway), ("10.0.0.0/8", None));
        for text in ["0.0.0.0/0 via 192.0.2.1 dev eth0", "10.0.0.0/8 dev eth1"] {
            assert_eq!(text.parse::<HostRoute>().unwrap().to_string(), text);
        }
        for wrong in ["default", "default via eth0", "10.0.0.0/8 via", "10.0.0.0/8 dev eth0 metric 5"] {
            assert!(wrong.parse::<HostRoute>().is_err(), "{wrong}");
        }
    }
}
