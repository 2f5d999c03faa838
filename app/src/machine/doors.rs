//! The listeners of a network namespace as doors: what others come in by.

use portreeve_inventory::collect::{BpfUse, Request, collect};
use portreeve_inventory::survey;
use portreeve_model::exposure::{Door, DoorKind};
use portreeve_model::listener::Forward;
use portreeve_model::{BoundAddress, Container, IpCoverage, Listener, NamespaceId, Unseen};

use super::{failed, scope};
use crate::engine::Scope;
use crate::error::CommandError;
use crate::render::labels;

/// The doors of one namespace.
#[expect(
    clippy::struct_field_names,
    reason = "the doors are what it has, with what else was found on the way"
)]
pub(super) struct Doors {
    /// One for each listener and device that it is bound to.
    pub(super) doors: Vec<Door>,
    /// Where forwarders such as docker-proxy send what they take, and what stands there.
    pub(super) forwards: Vec<(Forward, String)>,
    /// The namespace.
    pub(super) namespace: NamespaceId,
    /// What was not seen of sockets and holders.
    pub(super) unseen: Vec<Unseen>,
}

/// Looks for listeners in the namespace of a scope.
pub(super) fn look(of: &Scope, bpf: BpfUse) -> Result<Doors, CommandError> {
    let namespace = scope::one(of)?;
    let request = Request { namespaces: scope::resolve(of)?, bpf, ..Request::listeners() };
    let snapshot = collect(&request).map_err(failed)?;
    let listeners = survey::listeners(&snapshot);
    Ok(Doors {
        doors: doors(&listeners),
        forwards: forwards(&listeners, &snapshot.containers),
        namespace,
        unseen: snapshot.unseen,
    })
}

/// The doors of listeners, those of protocols with ports.
pub(super) fn doors(listeners: &[Listener]) -> Vec<Door> {
    listeners.iter().filter(|listener| listener.protocol.has_ports()).flat_map(doors_of).collect()
}

/// One door for all addresses, and one for each device that the listener is bound to.
fn doors_of(listener: &Listener) -> Vec<Door> {
    let mut doors: Vec<Door> = Vec::new();
    for bound in &listener.addresses {
        let interface = device(bound);
        let addresses = addresses(bound);
        match doors.iter_mut().find(|door| door.interface == interface) {
            Some(door) => door.addresses.extend(addresses),
            None => doors.push(Door {
                protocol: listener.protocol,
                port: listener.port,
                port_end: None,
                addresses,
                interface,
                kind: DoorKind::Listener,
                holder: Some(labels::holders(&listener.owner)),
                namespace: listener.namespace,
            }),
        }
    }
    for door in &mut doors {
        door.addresses.sort_unstable();
        door.addresses.dedup();
    }
    doors
}

fn device(bound: &BoundAddress) -> Option<String> {
    let interface = bound.interface.as_ref()?;
    // A device without a name has gone; its number still tells it from others.
    Some(interface.name.as_ref().map_or_else(|| format!("if{}", interface.index), ToString::to_string))
}

fn addresses(bound: &BoundAddress) -> Vec<std::net::IpAddr> {
    match bound.covers {
        // Where it could not be read whether IPv4 comes in, it is taken for possible: nothing open is left out.
        IpCoverage::DualStack | IpCoverage::Ipv6PerhapsDualStack if bound.address.is_unspecified() => {
            vec![std::net::Ipv4Addr::UNSPECIFIED.into(), bound.address]
        }
        _ => vec![bound.address],
    }
}

/// Where forwarders send what they take, and the container that stands there.
pub(super) fn forwards(listeners: &[Listener], containers: &[Container]) -> Vec<(Forward, String)> {
    listeners
        .iter()
        .filter_map(|listener| listener.owner.forwards_to.as_ref())
        .filter_map(|forward| {
            let container = forward.container.as_ref()?;
            Some((forward.clone(), labels::container_name(containers, container).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use portreeve_model::{BoundAddress, Interface, IpCoverage, Listener, NamespaceId, Protocol};

    use super::doors;

    #[test]
    fn a_door_has_every_address_that_the_listener_takes() {
        let bound = |address: &str, covers, device: Option<&str>| BoundAddress {
            address: address.parse().unwrap(),
            covers,
            interface: device.map(|name| Interface { index: 2, name: Some(name.into()) }),
        };
        let listener = |addresses| Listener::new(Protocol::Tcp, 443, addresses, NamespaceId(1));
        let both = doors(&[listener(vec![bound("::", IpCoverage::DualStack, None)])]);
        let shown = |doors: &[portreeve_model::exposure::Door]| {
            doors
                .iter()
                .map(|door| (door.interface.clone(), format!("{:?}", door.addresses)))
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(&both), [(None, "[0.0.0.0, ::]".to_owned())]);
        let devices = doors(&[listener(vec![
            bound("10.0.0.1", IpCoverage::Ipv4, None),
            bound("fe80::1", IpCoverage::Ipv6, Some("eth0")),
            bound("10.0.0.2", IpCoverage::Ipv4, None),
        ])]);
        assert_eq!(
            shown(&devices),
            [(None, "[10.0.0.1, 10.0.0.2]".to_owned()), (Some("eth0".to_owned()), "[fe80::1]".to_owned())]
        );
    }
}
