//! Cables and switches between hosts, and loss on them.
//!
//! Every device is made inside the namespace where it stays, so that the machine's own namespace never sees it
//! and device names need not be unique. A link is gone when the namespace of either end is.

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::lab::Lab;
use crate::programs;
use std::fs;
use std::time::Duration;

/// `IFNAMSIZ` less its terminator (`include/uapi/linux/if.h`).
const LONGEST_DEVICE: usize = 15;
/// `IFA_F_TENTATIVE` (`include/uapi/linux/if_addr.h`): not usable yet.
const TENTATIVE: u32 = 0x40;
const PATIENCE: Duration = Duration::from_secs(30);

/// One end of a link: a host, the name of its device there, and the addresses that device gets.
#[derive(Debug, Clone)]
pub struct End {
    /// Name of the host in the lab.
    pub host: String,
    /// Name of the device, at most 15 bytes.
    pub device: String,
    /// Addresses as `address/prefix`, of either family.
    pub addresses: Vec<String>,
}

impl<H, D, A> From<(H, D, A)> for End
where
    H: Into<String>,
    D: Into<String>,
    A: IntoIterator<Item: Into<String>>,
{
    fn from((host, device, addresses): (H, D, A)) -> Self {
        let addresses = addresses.into_iter().map(Into::into).collect();
        Self { host: host.into(), device: device.into(), addresses }
    }
}

/// A virtual Ethernet cable between two hosts. Dropping this handle leaves the cable.
pub struct Link {
    ends: [(Host, String); 2],
}

impl Link {
    pub(crate) fn make(lab: &Lab, a: End, b: End) -> Result<Self> {
        let (host_a, host_b) = (lab.find(&a.host)?, lab.find(&b.host)?);
        check_device(&a.device)?;
        check_device(&b.device)?;
        connect(&host_a, &a.device, &host_b, &b.device)?;
        for (host, end) in [(&host_a, &a), (&host_b, &b)] {
            configure(host, end)?;
        }
        for (host, end) in [(&host_a, &a), (&host_b, &b)] {
            await_usable(host, &end.device)?;
        }
        Ok(Self { ends: [(host_a, a.device), (host_b, b.device)] })
    }

    /// Drops `percent` of the packets in each direction; 0 ends it. See [`Host::lose`].
    pub fn lose(&self, percent: u8) -> Result<()> {
        self.ends.iter().try_for_each(|(host, device)| lose(host, device, percent))
    }

    /// Pulls the cable: both devices are removed.
    pub fn cut(self) -> Result<()> {
        let [(host, device), _] = &self.ends;
        host.ip(&format!("link del {device}"))
    }
}

/// A bridge that joins several hosts. Dropping this handle leaves the bridge.
pub struct Switch {
    host: Host,
}

impl Switch {
    pub(crate) fn make(lab: &Lab, name: &str, ends: &[End]) -> Result<Self> {
        let host = lab.host(name).start()?;
        // Snooping would hold back IPv6 neighbour discovery; without STP a port forwards at once.
        host.ip("link add br0 type bridge mcast_snooping 0 stp_state 0\nlink set br0 up")?;
        for (number, end) in ends.iter().enumerate() {
            let member = lab.find(&end.host)?;
            check_device(&end.device)?;
            let port = format!("port{number}");
            connect(&host, &port, &member, &end.device)?;
            host.ip(&format!("link set {port} master br0\nlink set {port} up"))?;
            configure(&member, end)?;
            await_usable(&host, &port)?;
            await_usable(&member, &end.device)?;
        }
        Ok(Self { host })
    }

    /// The host that the bridge `br0` and its ports `port0`, `port1`, ... live in.
    pub fn host(&self) -> &Host {
        &self.host
    }
}

fn connect(a: &Host, device_a: &str, b: &Host, device_b: &str) -> Result<()> {
    let pid = b.holder_pid();
    a.ip(&format!("link add {device_a} type veth peer name {device_b} netns {pid}"))
}

fn configure(host: &Host, end: &End) -> Result<()> {
    let mut lines = vec![format!("link set {} up", end.device)];
    lines.extend(end.addresses.iter().map(|address| address_line(&end.device, address)));
    host.ip(&lines.join("\n"))
}

/// The line of `ip -batch` that gives `device` an address that is usable at once.
pub(crate) fn address_line(device: &str, address: &str) -> String {
    let nodad = if address.contains(':') { " nodad" } else { "" };
    format!("addr add {address} dev {device}{nodad}")
}

/// Waits for the carrier to be seen and for every IPv6 address to be usable.
fn await_usable(host: &Host, device: &str) -> Result<()> {
    let mut deadline = Deadline::after(PATIENCE);
    loop {
        let state = host.tool(&["ip", "-o", "link", "show", "dev", device], "")?;
        if state.contains(" state UP ") && !has_tentative_address(host, device) {
            return Ok(());
        }
        if !deadline.pause() {
            let awaited = format!("device {device} of host `{}` to be usable", host.name());
            return Err(Error::Timeout { awaited, after: PATIENCE, state });
        }
    }
}

/// Rows of `if_inet6` read `address ifindex prefix scope flags device`, all but the last hexadecimal.
fn has_tentative_address(host: &Host, device: &str) -> bool {
    let table = fs::read_to_string(format!("/proc/{}/net/if_inet6", host.holder_pid())).unwrap_or_default();
    table.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(4);
        let flags = fields.next().and_then(|flags| u32::from_str_radix(flags, 16).ok()).unwrap_or_default();
        fields.next() == Some(device) && flags & TENTATIVE != 0
    })
}

pub(crate) fn lose(host: &Host, device: &str, percent: u8) -> Result<()> {
    check_device(device)?;
    if percent > 100 {
        return Err(Error::Invalid(format!("a loss of {percent} percent is more than everything")));
    }
    programs::require("nft", "nftables")?;
    let chain = format!("netdev portreeve_lab loss_{device}");
    let hook = format!("type filter hook ingress device \"{device}\" priority 0; policy accept;");
    let rule = match percent {
        0 => String::new(),
        // nft refuses a comparison that is always true.
        100 => format!("add rule {chain} drop\n"),
        _ => format!("add rule {chain} numgen random mod 100 < {percent} drop\n"),
    };
    let ruleset = format!(
        "add table netdev portreeve_lab\nadd chain {chain} {{ {hook} }}\nflush chain {chain}\n{rule}"
    );
    host.tool(&["nft", "-f", "-"], &ruleset).map(drop)
}

/// Names that the kernel takes and that need no quoting for `ip` and `nft`.
fn check_device(device: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !device.is_empty() && device.len() <= LONGEST_DEVICE && device.bytes().all(allowed) {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "`{device}` cannot name a device: 1 to {LONGEST_DEVICE} letters, digits, hyphens or underscores"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ipv6_addresses_skip_detection() {
        assert_eq!(address_line("eth0", "192.0.2.1/24"), "addr add 192.0.2.1/24 dev eth0");
        assert_eq!(address_line("eth0", "2001:db8::1/64"), "addr add 2001:db8::1/64 dev eth0 nodad");
    }

    #[test]
    fn device_names_are_what_the_kernel_takes() {
        assert!(check_device("eth0-left_side1").is_ok());
        for name in ["", "sixteen-bytes-xx", "eth 0", "eth\"0", "a/b"] {
            assert!(check_device(name).is_err(), "{name}");
        }
    }
}
