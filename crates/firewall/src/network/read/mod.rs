//! Reads the network of the calling thread's namespace. Nothing is changed and no packet is sent.

mod convert;
mod groups;
mod merged;
mod sysctls;

use portreeve_linux::Errno;
use portreeve_linux::netlink::{Dump, Family, NetlinkError, NetlinkSocket, dump};
use portreeve_wire::WireError;
use portreeve_wire::netlink::Message;
use portreeve_wire::route as wire;
use portreeve_wire::sock_diag::AddressFamily;

use super::limits::{self, Limit};
use super::{FailedRouter, Network};

/// Why a network could not be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No netlink socket.
    #[error("a netlink socket could not be opened: {0}")]
    Socket(Errno),
    /// Without interfaces nothing else has a meaning.
    #[error("the interfaces could not be listed: {0}")]
    Interfaces(NetlinkError),
}

/// Reads everything, and tells what could not be read or cannot be simulated.
///
/// # Errors
/// [`ReadError`]; everything else that fails is a [`Limit`].
pub fn read() -> Result<(Network, Vec<Limit>), ReadError> {
    let mut reader = Reader {
        channel: NetlinkSocket::open(Family::Route).map_err(ReadError::Socket)?,
        limits: Vec::new(),
    };
    let links = dump(
        &mut reader.channel,
        |sequence| Ok(wire::dump_links(sequence)),
        |message| wire::Link::from_message(message).map(|link| Some(convert::interface(&link))),
    );
    let interfaces = reader.complete("interfaces", links.map_err(ReadError::Interfaces)?);
    let mut network = Network {
        addresses: reader.list(
            "addresses",
            |sequence| Ok(wire::dump_addresses(sequence)),
            |message| wire::Address::from_message(message).map(|address| convert::address(&address)),
        ),
        rules: Vec::new(),
        routes: Vec::new(),
        memberships: groups::read(&interfaces, &mut reader.limits),
        failed_routers: Vec::new(),
        ipv4_tables_merged: merged::read(&mut reader.limits),
        sysctls: sysctls::read(&interfaces, &mut reader.limits),
        interfaces,
    };
    let families: &[AddressFamily] = match network.sysctls.ipv6 {
        Some(_) => &[AddressFamily::Inet, AddressFamily::Inet6],
        None => &[AddressFamily::Inet],
    };
    let nexthops = reader.nexthops();
    for &family in families {
        let routes = reader.routes(family, &nexthops);
        network
            .routes
            .extend(routes.into_iter().map(|route| convert::without_carrier(route, &network.interfaces)));
        network.rules.extend(reader.list(
            "policy rules",
            |sequence| Ok(wire::dump_rules(family, sequence)),
            |message| wire::Rule::from_message(message).map(|rule| convert::rule(&rule)),
        ));
    }
    if network.sysctls.ipv6.is_some() {
        network.failed_routers = reader.failed_routers();
    }
    reader.find_limits(&network);
    Ok((network, reader.limits))
}

struct Reader {
    channel: NetlinkSocket,
    limits: Vec<Limit>,
}

impl Reader {
    /// All of a dump; what is wrong with it becomes a limit.
    fn list<T>(
        &mut self,
        what: &str,
        encode: impl Fn(u32) -> Result<Vec<u8>, WireError>,
        mut decode: impl FnMut(&Message<'_>) -> Result<T, WireError>,
    ) -> Vec<T> {
        match dump(&mut self.channel, encode, |message| decode(message).map(Some)) {
            Ok(found) => self.complete(what, found),
            Err(error) => {
                let permission = matches!(error.errno(), Some(Errno::PERM | Errno::ACCESS));
                self.limits.push(Limit::not_read(what, &error, permission));
                Vec::new()
            }
        }
    }

    fn complete<T>(&mut self, what: &str, found: Dump<T>) -> Vec<T> {
        if found.inconsistent {
            self.limits.push(Limit::Changing { what: what.to_owned() });
        }
        if let Some((count, error)) = found.malformed {
            self.limits.push(Limit::not_read(format!("{count} of the {what}"), &error, false));
        }
        found.items
    }

    fn routes(&mut self, family: AddressFamily, nexthops: &[wire::NexthopObject]) -> Vec<super::Route> {
        self.list(
            "routes",
            |sequence| Ok(wire::dump_routes(family, sequence)),
            |message| wire::Route::from_message(message).map(|route| convert::route(&route, nexthops)),
        )
    }

    /// Kernels before 5.3 have no nexthop objects.
    fn nexthops(&mut self) -> Vec<wire::NexthopObject> {
        let found = dump(
            &mut self.channel,
            |sequence| Ok(wire::dump_nexthops(sequence)),
            |message| wire::NexthopObject::from_message(message).map(Some),
        );
        match found {
            Ok(found) => self.complete("nexthop objects", found),
            Err(_) => Vec::new(),
        }
    }

    fn failed_routers(&mut self) -> Vec<FailedRouter> {
        let neighbours = self.list(
            "neighbours",
            |sequence| Ok(wire::dump_neighbours(AddressFamily::Inet6, sequence)),
            wire::Neighbour::from_message,
        );
        neighbours
            .into_iter()
            .filter(|neighbour| neighbour.state & wire::NUD_FAILED != 0)
            .filter_map(|neighbour| match neighbour.address {
                Some(std::net::IpAddr::V6(address)) => {
                    Some(FailedRouter { interface: neighbour.interface, address })
                }
                _ => None,
            })
            .collect()
    }

    fn find_limits(&mut self, network: &Network) {
        for interface in &network.interfaces {
            if let Some(xdp) = interface.xdp {
                self.limits.push(Limit::Xdp { interface: interface.name.clone(), program: xdp.program });
            }
            if interface.name.starts_with("cilium_") {
                self.limits.push(Limit::Cilium { interface: interface.name.clone() });
            }
            let v4 = network.sysctls.ipv4.interfaces.get(&interface.name);
            let v6 = network.sysctls.ipv6.as_ref().and_then(|ipv6| ipv6.interfaces.get(&interface.name));
            let routes = [v4.and_then(|of| of.mc_forwarding), v6.and_then(|of| of.mc_forwarding)];
            if routes.iter().any(|value| value.is_some_and(|value| value != 0)) {
                self.limits.push(Limit::MulticastRouting { interface: interface.name.clone() });
            }
        }
        limits::traffic_control(&mut self.channel, &network.interfaces, &mut self.limits);
        limits::cgroups(&mut self.limits);
        limits::netfilter_programs(&mut self.limits);
    }
}
