//! Addresses in a filter: `[FAMILY:]ADDRESS[:PORT]`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_wire::inet_diag::bytecode::Prefix;

use super::{
    Device, Host, Pattern, ServiceNames,
    error::{Fault, shown},
    fields,
};

const HELP: &str = "write an address such as 192.0.2.1, 10.0.0.0/8, 192.0.2.1:443, [2001:db8::/32]:443, *:443, \
                    unix:/run/*, vsock:3:1024 or link:arp";

/// Ethernet protocols by the names that `ss` and `ip` use; others by number.
const ETHERTYPES: [(&str, u16); 11] = [
    ("all", 0x0003),
    ("ip", 0x0800),
    ("arp", 0x0806),
    ("rarp", 0x8035),
    ("802.1q", 0x8100),
    ("ipv6", 0x86dd),
    ("mpls_uc", 0x8847),
    ("ppp_disc", 0x8863),
    ("ppp_ses", 0x8864),
    ("802.1ad", 0x88a8),
    ("lldp", 0x88cc),
];

impl Host {
    /// Reads `[FAMILY:]ADDRESS[:PORT]`.
    pub(super) fn parse(text: &str, services: &dyn ServiceNames) -> Result<Self, Fault> {
        let lower = text.to_ascii_lowercase();
        // Only ASCII changes case, so that offsets in one are offsets in the other.
        let after = |prefix: &str| lower.strip_prefix(prefix).and_then(|_| text.get(prefix.len()..));
        if let Some(rest) = after("unix:") {
            return Ok(Self::Unix(Pattern::new(rest)));
        }
        if text.starts_with(['/', '@']) {
            return Ok(Self::Unix(Pattern::new(text)));
        }
        if let Some(rest) = after("link:") {
            return link(rest).map_err(|fault| fault.moved(5));
        }
        if let Some(rest) = after("vsock:") {
            return vsock(rest).map_err(|fault| fault.moved(6));
        }
        if after("netlink:").is_some() {
            return Err(Fault::new(0, "netlink sockets are not part of this inventory", HELP));
        }
        if let Some(rest) = after("inet6:") {
            return inet(rest, Some(Version::V6), services).map_err(|fault| fault.moved(6));
        }
        if let Some(rest) = after("inet:") {
            return inet(rest, Some(Version::V4), services).map_err(|fault| fault.moved(5));
        }
        inet(text, None, services)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    V4,
    V6,
}

fn inet(text: &str, version: Option<Version>, services: &dyn ServiceNames) -> Result<Host, Fault> {
    if text.contains('%') {
        let help = "leave out what follows the %, and add a test on the device: dev = eth0";
        return Err(Fault::new(0, format!("`{}` names a device within an address", shown(text)), help));
    }
    let (address, port) = split_port(text)?;
    let port = match port {
        None | Some(Port { text: "*", .. }) => None,
        Some(Port { at, text: port }) => Some(fields::port(port, services).map_err(|fault| fault.moved(at))?),
    };
    let prefix = match (address, version) {
        ("" | "*", None) => None,
        ("" | "*", Some(Version::V4)) => Prefix::new(Ipv4Addr::UNSPECIFIED.into(), 0),
        ("" | "*", Some(Version::V6)) => Prefix::new(Ipv6Addr::UNSPECIFIED.into(), 0),
        (address, _) => Some(prefix(address)?),
    };
    let found = prefix.map(|prefix| if prefix.address().is_ipv4() { Version::V4 } else { Version::V6 });
    match (version, found) {
        (Some(wanted), Some(found)) if wanted != found => {
            let message = format!("`{}` is not of the family written before it", shown(address));
            Err(Fault::new(0, message, "leave the family out, or write inet: for IPv4 and inet6: for IPv6"))
        }
        _ => Ok(Host::Inet { prefix, port }),
    }
}

/// What follows the last colon.
struct Port<'a> {
    /// Offset of its first byte.
    at: usize,
    text: &'a str,
}

/// The address and the port. Brackets are kept.
fn split_port(text: &str) -> Result<(&str, Option<Port<'_>>), Fault> {
    let search_from = match text.find(']') {
        Some(close) if text.starts_with('[') => close,
        None if text.starts_with('[') => {
            return Err(Fault::new(0, "this bracket is never closed", "write [2001:db8::1]:443"));
        }
        // An IPv6 address without brackets has no port.
        _ if is_bare_v6(text) => return Ok((text, None)),
        _ => 0,
    };
    let colon = text.get(search_from..).and_then(|rest| rest.rfind(':')).map(|at| at + search_from);
    Ok(match colon.and_then(|at| Some((at, text.get(..at)?, text.get(at + 1..)?))) {
        Some((at, address, port)) => (address, Some(Port { at: at + 1, text: port })),
        None => (text, None),
    })
}

fn is_bare_v6(text: &str) -> bool {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

/// `10.0.0.0/8`, `10/8`, `[2001:db8::]/32`, `[2001:db8::/32]`.
fn prefix(text: &str) -> Result<Prefix, Fault> {
    let plain: String = text.chars().filter(|c| !matches!(c, '[' | ']')).collect();
    let (address, length) = match plain.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (plain.as_str(), None),
    };
    let ip = address
        .parse::<IpAddr>()
        .ok()
        .or_else(|| length.and_then(|_| abbreviated(address)))
        .ok_or_else(|| not_an_address(address))?;
    let Some(length) = length else { return Ok(Prefix::host(ip)) };
    let longest = Prefix::host(ip).len();
    fields::digits::<u8>(length).and_then(|length| Prefix::new(ip, length)).ok_or_else(|| {
        let at = text.find('/').map_or(0, |slash| slash + 1);
        let message = format!("`{}` is not a prefix length", shown(length));
        Fault::new(at, message, format!("write a number from 0 to {longest} after the slash"))
    })
}

/// The first parts of an IPv4 network, as in `193.233.7/24`.
fn abbreviated(text: &str) -> Option<IpAddr> {
    let mut octets = [0_u8; 4];
    let mut slots = octets.iter_mut();
    for part in text.split('.') {
        *slots.next()? = fields::digits(part)?;
    }
    Some(Ipv4Addr::from(octets).into())
}

fn not_an_address(text: &str) -> Fault {
    let name = shown(text);
    if abbreviated(text).is_some() {
        let help = "write all four parts (10.1.0.0), or the length of the prefix (10.1/16)";
        return Fault::new(0, format!("`{name}` is only a part of an IPv4 address"), help);
    }
    let looks_like_name = text.contains(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if looks_like_name {
        let message =
            format!("`{name}` is not an address; names are not looked up, since that would send packets");
        let help = format!("write the address itself; `getent ahosts {name}` looks it up");
        return Fault::new(0, message, help);
    }
    Fault::new(0, format!("`{name}` is not an address"), HELP)
}

/// `PROTOCOL[:DEVICE]`.
fn link(text: &str) -> Result<Host, Fault> {
    let (protocol, device) = match text.split_once(':') {
        Some((protocol, device)) => (protocol, Some(device)),
        None => (text, None),
    };
    let ethertype = match protocol {
        "" | "*" => None,
        name => Some(ethertype(name).ok_or_else(|| {
            let message = format!("`{}` is not an Ethernet protocol", shown(name));
            let names: Vec<&str> = ETHERTYPES.iter().map(|(name, _)| *name).collect();
            Fault::new(0, message, format!("write a number such as 0x88cc, or one of {}", names.join(", ")))
        })?),
    };
    let device = device.filter(|device| !matches!(*device, "" | "*")).map(fields::device);
    Ok(Host::Link { ethertype, device })
}

fn ethertype(text: &str) -> Option<u16> {
    let named = ETHERTYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    named.map(|(_, number)| *number).or_else(|| fields::number(text))
}

/// `CID[:PORT]`.
fn vsock(text: &str) -> Result<Host, Fault> {
    let part = |at: usize, text: &str| match text {
        "" | "*" => Ok(None),
        digits => fields::digits::<u32>(digits).map(Some).ok_or_else(|| {
            let message = format!("`{}` is not a vsock number", shown(digits));
            Fault::new(at, message, "write vsock:CID:PORT, each a number or *")
        }),
    };
    let (cid, rest) = text.split_once(':').unwrap_or((text, ""));
    Ok(Host::Vsock { cid: part(0, cid)?, port: part(cid.len() + 1, rest)? })
}

/// A device as the filter language writes it.
pub(super) fn device_text(device: &Device) -> String {
    match device {
        Device::Index(index) => index.to_string(),
        Device::Name(name) => name.to_string(),
    }
}

/// A host as the filter language writes it.
pub(super) fn host_text(host: &Host) -> String {
    let or_any = |number: Option<String>| number.unwrap_or_else(|| "*".to_owned());
    match host {
        Host::Inet { prefix, port } => {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}{port}", or_any(prefix.map(prefix_text)))
        }
        Host::Unix(pattern) => format!("unix:{pattern}"),
        Host::Link { ethertype, device } => {
            let device =
                device.as_ref().map(|device| format!(":{}", device_text(device))).unwrap_or_default();
            format!("link:{}{device}", or_any(ethertype.map(|number| format!("0x{number:04x}"))))
        }
        Host::Vsock { cid, port } => {
            let number = |number: Option<u32>| or_any(number.map(|number| number.to_string()));
            format!("vsock:{}:{}", number(*cid), number(*port))
        }
    }
}

fn prefix_text(prefix: Prefix) -> String {
    let length =
        if prefix == Prefix::host(prefix.address()) { String::new() } else { format!("/{}", prefix.len()) };
    match prefix.address() {
        IpAddr::V4(address) => format!("{address}{length}"),
        IpAddr::V6(address) => format!("[{address}{length}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Host, host_text};

    fn services(name: &str) -> Option<u16> {
        (name == "https").then_some(443)
    }

    #[test]
    fn every_spelling_has_one_canonical_form() {
        for (text, canonical) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1/32", "127.0.0.1"),
            ("10/8", "10.0.0.0/8"),
            ("193.233.7/24:80", "193.233.7.0/24:80"),
            ("10.0.0.0/8:443", "10.0.0.0/8:443"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("inet:*:443", "0.0.0.0/0:443"),
            ("inet:127.0.0.1", "127.0.0.1"),
            ("INET6:*", "[::/0]"),
            ("[::1]:443", "[::1]:443"),
            ("[::1]", "[::1]"),
            ("::1", "[::1]"),
            ("::", "[::]"),
            ("2001:db8::/32", "[2001:db8::/32]"),
            ("[2001:db8::]/32", "[2001:db8::/32]"),
            ("[2001:db8::]/32:https", "[2001:db8::/32]:443"),
            ("[2001:db8::/32]:443", "[2001:db8::/32]:443"),
            ("[127.0.0.1]:80", "127.0.0.1:80"),
            ("::ffff:10.0.0.1", "[::ffff:10.0.0.1]"),
            ("*:443", "*:443"),
            (":443", "*:443"),
            (":https", "*:443"),
            ("*", "*"),
            ("*:*", "*"),
            ("unix:/run/*", "unix:/run/*"),
            ("/run/x:1", "unix:/run/x:1"),
            ("@abstract", "unix:@abstract"),
            ("vsock:3", "vsock:3:*"),
            ("vsock:*:1024", "vsock:*:1024"),
            ("link:arp", "link:0x0806"),
            ("link:*:eth0", "link:*:eth0"),
            ("link:0x88cc:3", "link:0x88cc:3"),
        ] {
            let host = Host::parse(text, &services).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
            assert_eq!(host_text(&host), canonical, "{text}");
            assert_eq!(Host::parse(canonical, &services).unwrap(), host, "{text}");
        }
    }

    #[test]
    fn errors_point_at_the_part_that_is_wrong() {
        for (text, offset, message) in [
            ("localhost", 0, "names are not looked up"),
            ("example.com:443", 0, "names are not looked up"),
            ("10.1", 0, "only a part"),
            ("10.0.0.1:htps", 9, "not a port"),
            ("10.0.0.1:99999", 9, "not a port"),
            ("10.0.0.0/33", 9, "prefix length"),
            ("[::1", 0, "never closed"),
            ("inet6:10.0.0.1", 6, "family"),
            ("fe80::1%eth0", 0, "names a device"),
            ("vsock:3:x", 8, "vsock number"),
            ("link:nonsense", 5, "Ethernet protocol"),
            ("netlink:rtnl", 0, "netlink"),
            ("~", 0, "not an address"),
        ] {
            let fault = Host::parse(text, &services).unwrap_err();
            assert!(fault.message.contains(message), "{text}: {}", fault.message);
            assert_eq!(fault.offset, offset, "{text}");
            assert!(!fault.help.is_empty());
        }
    }
}
