//! Parts of the kernel that hold ports themselves: tunnels, `WireGuard`, the NFS server. Each is asked in its own
//! way, since no table says which socket is the kernel's.

use portreeve_linux::Errno;
use portreeve_linux::netlink::{Channel, Family as NetlinkFamily, NetlinkError, NetlinkSocket, dump};
use portreeve_model::{NamespaceId, Protocol};
use portreeve_wire::genetlink::{
    Family, FouPort, L2tpTunnel, WireguardDevice, dump_fou_ports, dump_l2tp_tunnels, family_request,
    wireguard_device_request,
};
use portreeve_wire::netlink::{Class, Messages};
use portreeve_wire::route::{Link, dump_links};

use super::KernelUser;

/// Kernel users of `port` in the calling thread's namespace, which is `namespace`. What cannot be asked (a module
/// that is not loaded, no permission) has no answer and is no error: the socket itself stays visible.
pub(super) fn find(namespace: NamespaceId, port: u16) -> Vec<KernelUser> {
    let links = links().unwrap_or_default();
    let mut users = tunnels(namespace, port, &links);
    let mut generic = NetlinkSocket::open(NetlinkFamily::Generic).ok();
    if let Some(channel) = generic.as_mut() {
        users.extend(wireguard(channel, namespace, port, &links));
        users.extend(fou(channel, namespace, port));
        users.extend(l2tp(channel, namespace, port));
    }
    users.extend(nfs_server(namespace, port));
    users
}

struct Device {
    index: u32,
    name: String,
    kind: String,
    udp_port: Option<u16>,
}

fn links() -> Result<Vec<Device>, NetlinkError> {
    let mut channel = NetlinkSocket::open(NetlinkFamily::Route).map_err(NetlinkError::Transport)?;
    let links = dump(
        &mut channel,
        |sequence| Ok(dump_links(sequence)),
        |message| {
            let link = Link::from_message(message)?;
            Ok(Some(Device {
                index: link.index,
                name: link.name.into_owned(),
                kind: link.kind.unwrap_or_default().to_owned(),
                udp_port: link.udp_port,
            }))
        },
    )?;
    Ok(links.items)
}

fn tunnels(namespace: NamespaceId, port: u16, links: &[Device]) -> Vec<KernelUser> {
    links
        .iter()
        .filter(|device| device.udp_port == Some(port))
        .map(|device| KernelUser {
            namespace,
            protocol: Protocol::Udp,
            what: format!("{} device {}", kind_name(&device.kind), device.name),
            evidence: format!(
                "device {} (index {}) is of kind {} and receives on UDP port {port}: ip -details link show dev {}",
                device.name, device.index, device.kind, device.name
            ),
            release: format!("take the tunnel down: ip link set dev {} down", device.name),
        })
        .collect()
}

/// The kind as people write it.
fn kind_name(kind: &str) -> &str {
    match kind {
        "vxlan" => "VXLAN",
        "geneve" => "Geneve",
        other => other,
    }
}

fn wireguard(
    channel: &mut impl Channel,
    namespace: NamespaceId,
    port: u16,
    links: &[Device],
) -> Vec<KernelUser> {
    let devices: Vec<&Device> = links.iter().filter(|device| device.kind == "wireguard").collect();
    if devices.is_empty() {
        return Vec::new();
    }
    let Some(family) = family_id(channel, "wireguard") else { return Vec::new() };
    devices
        .into_iter()
        .filter(|device| {
            let answers = dump(
                channel,
                |sequence| Ok(wireguard_device_request(family, device.index, sequence)),
                |message| Ok(WireguardDevice::decode(message.payload)?.listen_port),
            );
            answers.is_ok_and(|answers| answers.items.contains(&port))
        })
        .map(|device| KernelUser {
            namespace,
            protocol: Protocol::Udp,
            what: format!("WireGuard device {}", device.name),
            evidence: format!(
                "device {} listens on UDP port {port}: wg show {} listen-port",
                device.name, device.name
            ),
            release: format!(
                "take the tunnel down: wg-quick down {0}, or ip link set dev {0} down",
                device.name
            ),
        })
        .collect()
}

fn fou(channel: &mut impl Channel, namespace: NamespaceId, port: u16) -> Vec<KernelUser> {
    let Some(family) = family_id(channel, "fou") else { return Vec::new() };
    let ports = dump(
        channel,
        |sequence| Ok(dump_fou_ports(family, sequence)),
        |message| Ok(Some(FouPort::decode(message.payload)?.port)),
    );
    let found = ports.is_ok_and(|ports| ports.items.contains(&port));
    let user = found.then(|| KernelUser {
        namespace,
        protocol: Protocol::Udp,
        what: "a foo-over-UDP receiver".to_owned(),
        evidence: format!("the kernel decapsulates UDP port {port}: ip fou show"),
        release: format!("remove the receiver: ip fou del port {port}"),
    });
    user.into_iter().collect()
}

fn l2tp(channel: &mut impl Channel, namespace: NamespaceId, port: u16) -> Vec<KernelUser> {
    let Some(family) = family_id(channel, "l2tp") else { return Vec::new() };
    let tunnels = dump(
        channel,
        |sequence| Ok(dump_l2tp_tunnels(family, sequence)),
        |message| Ok(Some(L2tpTunnel::decode(message.payload)?)),
    );
    let tunnels = tunnels.map(|tunnels| tunnels.items).unwrap_or_default();
    tunnels
        .into_iter()
        .filter(|tunnel| tunnel.source_port == Some(port))
        .map(|tunnel| KernelUser {
            namespace,
            protocol: Protocol::Udp,
            what: format!("L2TP tunnel {}", tunnel.id),
            evidence: format!("tunnel {} uses UDP port {port}: ip l2tp show tunnel", tunnel.id),
            release: format!("remove the tunnel: ip l2tp del tunnel tunnel_id {}", tunnel.id),
        })
        .collect()
}

/// The number of a generic netlink family; `None` where its module is not loaded.
fn family_id(channel: &mut impl Channel, name: &str) -> Option<u16> {
    let sequence = channel.next_sequence();
    channel.send(&family_request(name, sequence).ok()?).ok()?;
    let buffer = channel.receive().ok()?;
    let message = Messages::new(buffer).flatten().find(|message| message.header.seq == sequence)?;
    match message.classify() {
        Ok(Class::Data) => Family::decode(message.payload).ok().map(|family| family.id),
        _ => None,
    }
}

/// The kernel's NFS server tells its listeners in `/proc/fs/nfsd/portlist`, as `tcp 2049`.
fn nfs_server(namespace: NamespaceId, port: u16) -> Vec<KernelUser> {
    let path = "/proc/fs/nfsd/portlist";
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            tracing::debug!(%error, path, errno = ?Errno::from_io_error(&error), "no NFS server");
            return Vec::new();
        }
    };
    nfs_ports(&text)
        .filter(|(_, other)| *other == port)
        .map(|(protocol, _)| KernelUser {
            namespace,
            protocol,
            what: "the kernel's NFS server".to_owned(),
            evidence: format!("{path} lists {protocol} {port}"),
            release: "stop it: systemctl stop nfs-server".to_owned(),
        })
        .collect()
}

fn nfs_ports(text: &str) -> impl Iterator<Item = (Protocol, u16)> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let protocol = match words.next()?.trim_end_matches('6') {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return None,
        };
        Some((protocol, words.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests;
