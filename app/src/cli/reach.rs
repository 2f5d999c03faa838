//! `portreeve reach`: its options, and what they ask.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueHint};
use portreeve_firewall::network::Prefix;
use portreeve_firewall::packet::State;

use crate::engine::{HostAddress, HostRoute, ReachQuery, RulesFrom, Scope};
use crate::error::CommandError;

/// Say what happens to a packet, and by which rule.
///
/// Reads every rule of the kernel (nftables, iptables-nft, iptables-legacy, IPv4 and IPv6), the addresses, routes and kernel
/// parameters, and follows the packet through all of them in the kernel's order. Nothing is sent and nothing is changed.
///
/// Exits with 0 if the packet arrives, 4 if it does not, 3 if that hangs on something that cannot be known.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "Packets, in words of any order:\n  \
    from ADDRESS[:PORT] to ADDRESS[:PORT]     or ADDRESS[:PORT] -> ADDRESS[:PORT]\n  \
    tcp, udp, icmp, icmpv6, ping, sctp, dccp, udplite, gre, esp, ... or proto NUMBER\n  \
    sport PORT, dport PORT (number or service), flags syn,ack, type TYPE, code CODE\n  \
    iif NAME for a packet that comes in; out [oif NAME] [uid UID] [gid GID] for one that this host sends\n  \
    state new|established|related|invalid|untracked, reply\n  \
    mark N, dscp N, ttl N, length N, fragment N, ether from MAC, ether to MAC\n\n\
    Without iif and out, the place follows from this host's addresses and routes.\n\n\
    Examples:\n  \
    sudo portreeve reach --packet 'from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0'\n  \
    sudo portreeve reach --packet 'out to 192.0.2.53 udp dport 53 uid 1000'\n  \
    sudo portreeve reach --snapshot-out web1.firewall\n  \
    portreeve reach --snapshot web1.firewall --packet 'from 2001:db8::7 to 2001:db8::1 ping'\n  \
    portreeve reach --rules rules.v4 --address eth0=192.0.2.10/24 --packet 'from 198.51.100.7 to 192.0.2.10 tcp dport 22'")]
pub struct ReachArguments {
    /// The packet: 'from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0'; may be repeated
    #[arg(long = "packet", short = 'p', value_name = "PACKET")]
    pub packets: Vec<String>,

    /// What connection tracking says of the packet: new, established, related, invalid, untracked
    #[arg(long, value_name = "STATE")]
    pub state: Option<State>,

    /// Ask about the reply to the packet
    #[arg(long)]
    pub reply: bool,

    /// Show the rules that did not match, too
    #[arg(long)]
    pub all_rules: bool,

    /// Write everything that answers need into a file, readable for its owner only; - is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub snapshot_out: Option<PathBuf>,

    /// Ask the host of a snapshot file instead of this one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["rules", "snapshot_out"])]
    pub snapshot: Option<PathBuf>,

    /// Ask the rules of files instead of the kernel's: nft (text or JSON), iptables-save, ip6tables-save, ipset save
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath, requires = "addresses")]
    pub rules: Vec<PathBuf>,

    /// With --rules: an interface of the host and its address, such as eth0=192.0.2.10/24
    #[arg(long = "address", value_name = "INTERFACE=ADDRESS/LENGTH", requires = "rules")]
    pub addresses: Vec<HostAddress>,

    /// With --rules: a route of the host, such as 'default via 192.0.2.1 dev eth0'
    #[arg(long = "route", value_name = "ROUTE", requires = "rules")]
    pub routes: Vec<HostRoute>,
}

impl ReachArguments {
    /// What is asked.
    ///
    /// # Errors
    /// Where nothing is.
    pub fn query(&self, scope: Scope) -> Result<ReachQuery, CommandError> {
        if self.packets.is_empty() && self.snapshot_out.is_none() {
            return Err(CommandError::usage("no packet to ask about")
                .hint("ask about one packet: --packet 'from 198.51.100.7 to 192.0.2.10 tcp dport 443'")
                .hint("or keep the rules for later: --snapshot-out FILE"));
        }
        if self.snapshot_out.as_ref().is_some_and(|path| path.as_os_str() == "-") && !self.packets.is_empty()
        {
            return Err(CommandError::usage("--snapshot-out - and --packet both write to standard output")
                .hint(
                    "write the snapshot into a file, or ask about the packet afterwards with --snapshot FILE",
                ));
        }
        let from = if let Some(file) = &self.snapshot {
            RulesFrom::Snapshot(file.clone())
        } else if self.rules.is_empty() {
            RulesFrom::Kernel(scope)
        } else {
            RulesFrom::Files {
                rules: self.rules.clone(),
                addresses: self.addresses.clone(),
                routes: self.routes.clone(),
            }
        };
        Ok(ReachQuery {
            from,
            packets: self.packets.clone(),
            state: self.state,
            reply: self.reply,
            all_rules: self.all_rules,
            snapshot: self.snapshot_out.is_some(),
        })
    }
}

impl FromStr for HostAddress {
    type Err = String;

    /// `eth0=192.0.2.10/24`; without a length the address is alone in its network.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected INTERFACE=ADDRESS/LENGTH, such as eth0=192.0.2.10/24".to_owned();
        let (interface, network) = text.split_once('=').ok_or_else(expected)?;
        if interface.is_empty() || interface.len() > 15 || interface.contains(['/', ' ', ':']) {
            return Err(expected());
        }
        let (address, length) = with_length(network).ok_or_else(expected)?;
        Ok(Self { interface: interface.to_owned(), address, length })
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
            let (address, length) = with_length(destination).ok_or_else(expected)?;
            Prefix::new(address, length)
        };
        Ok(Self { destination, gateway, interface: interface.ok_or_else(expected)? })
    }
}

fn with_length(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) =
        text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(longest), |length| length.parse().ok())?;
    (length <= longest).then_some((address, length))
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
        for wrong in ["default", "default via eth0", "10.0.0.0/8 via", "10.0.0.0/8 dev eth0 metric 5"] {
            assert!(wrong.parse::<HostRoute>().is_err(), "{wrong}");
        }
    }
}
