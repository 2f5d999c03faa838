//! The addresses of a host, as every program of this system finds them: the hosts file first, then name servers.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6, ToSocketAddrs as _};
use std::time::Duration;

use portreeve_linux::namespace::interface_index;
use portreeve_model::tls::Unreached;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::hosts::Who;

/// A resolver gives up after this long by itself (man 5 resolv.conf: 5 s, twice); nobody waits longer for it.
const PATIENCE: Duration = Duration::from_secs(12);

/// Why a host has no address, and what the system says.
pub(super) type NoAddress = (Unreached, String);

/// The addresses in the order in which they are to be tried, each once.
pub(super) async fn addresses(who: &Who, port: u16) -> Result<Vec<SocketAddr>, NoAddress> {
    match who {
        Who::Address(IpAddr::V6(address), None) if address.is_unicast_link_local() => {
            Err((Unreached::NoRoute, no_interface(*address)))
        }
        Who::Address(address, None) => Ok(vec![SocketAddr::new(*address, port)]),
        Who::Address(address, Some(zone)) => scoped(*address, zone, port).map(|address| vec![address]),
        Who::Name(name) => {
            let asked = name.clone();
            // The system's own resolver is asked on a thread of its own, since it can only wait.
            let look = spawn_blocking(move || (asked.as_str(), port).to_socket_addrs());
            match timeout(PATIENCE, look).await {
                Ok(Ok(Ok(found))) => {
                    let mut addresses: Vec<SocketAddr> = Vec::new();
                    for address in found {
                        if !addresses.contains(&address) {
                            addresses.push(address);
                        }
                    }
                    if addresses.is_empty() {
                        return Err((Unreached::UnknownHost, format!("{name} has no address")));
                    }
                    Ok(addresses)
                }
                Ok(Ok(Err(error))) => Err(unknown(name, &error)),
                Ok(Err(panic)) => Err((Unreached::Failed, format!("looking up {name} failed: {panic}"))),
                Err(_) => Err((
                    Unreached::Failed,
                    format!("no name server told the addresses of {name} within {} s", PATIENCE.as_secs()),
                )),
            }
        }
    }
}

/// The C library tells the reasons apart in words only (man 3 `gai_strerror`).
fn unknown(name: &str, error: &io::Error) -> NoAddress {
    let said = error.to_string();
    let said = said.rsplit(": ").next().unwrap_or_default();
    if said.starts_with("Temporary failure") {
        (Unreached::Failed, format!("the addresses of {name} could not be looked up: {said}"))
    } else {
        (Unreached::UnknownHost, format!("{name} has no address: {said}"))
    }
}

fn scoped(address: IpAddr, zone: &str, port: u16) -> Result<SocketAddr, NoAddress> {
    let IpAddr::V6(address) = address else { return Ok(SocketAddr::new(address, port)) };
    // A number is an index (RFC 4007, 11.2), unless an interface is called so.
    let index = interface_index(zone).ok().or_else(|| zone.parse().ok().filter(|index| *index > 0));
    let index = index.ok_or_else(|| (Unreached::NoRoute, format!("there is no interface {zone}")))?;
    Ok(SocketAddr::V6(SocketAddrV6::new(address, port, 0, index)))
}

fn no_interface(address: Ipv6Addr) -> String {
    format!("{address} is on every link: name the interface, such as {address}%eth0")
}
