//! The text that `systemctl list-sockets` prints, line by line.
//!
//! Owns the table's shape in all versions; refuses to run anything. Source: systemd
//! `src/systemctl/systemctl-list-units.c` (columns), `src/basic/socket-util.c` (`sockaddr_pretty`, addresses).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use portreeve_model::Protocol;
use portreeve_model::listener::Activation;

/// One socket of a socket unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketUnit {
    /// Where it listens.
    pub listen: ListenAddress,
    /// Its type, where the table had the column.
    pub kind: Option<ListenKind>,
    /// The unit and what it starts; several units are separated by a comma and a blank.
    pub activation: Activation,
}

/// An address in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// `0.0.0.0:22`, `[::]:22`, `[fe80::1%eth0]:22`.
    Inet {
        /// Address; unspecified for every address.
        address: IpAddr,
        /// Port.
        port: u16,
    },
    /// `vsock::22` (any context), `vsock:2:22`; `u32::MAX` is the wildcard.
    Vsock {
        /// Context identifier.
        cid: u32,
        /// Port.
        port: u32,
    },
    /// A socket or FIFO in the file system, or an abstract name with its `@`.
    Path(String),
    /// Anything else, as it was printed: netlink families (`audit 1`), message queues, USB functions.
    Other(String),
}

/// The TYPE column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "systemd's own words")]
pub enum ListenKind {
    Stream,
    Datagram,
    SequentialPacket,
    /// FIFOs, message queues and everything that is no socket of these three types.
    Other,
}

impl ListenKind {
    fn named(word: &str) -> Option<Self> {
        match word {
            "Stream" => Some(Self::Stream),
            "Datagram" => Some(Self::Datagram),
            "SequentialPacket" => Some(Self::SequentialPacket),
            "FIFO" | "Netlink" | "Special" | "MessageQueue" | "USBFunction" => Some(Self::Other),
            _ => None,
        }
    }

    /// Whether a socket of the protocol can be one of this type. The table does not tell TCP from MPTCP and SCTP.
    pub(super) fn fits(self, protocol: Protocol) -> bool {
        match self {
            Self::Stream => matches!(
                protocol,
                Protocol::Tcp | Protocol::Mptcp | Protocol::Sctp | Protocol::UnixStream | Protocol::Vsock
            ),
            Self::Datagram => matches!(protocol, Protocol::Udp | Protocol::Udplite | Protocol::UnixDatagram),
            Self::SequentialPacket => {
                matches!(protocol, Protocol::UnixSeqpacket | Protocol::Sctp | Protocol::Vsock)
            }
            Self::Other => false,
        }
    }
}

/// Every line that names a socket unit. Other lines (a legend, a warning) are no sockets and are passed over.
pub(super) fn parse(text: &str) -> Vec<SocketUnit> {
    let mut units: Vec<SocketUnit> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.iter().rposition(|word| word.ends_with(".socket") && !word.contains('/')) {
            Some(at) if at > 0 => units.extend(row(&words, at)),
            // A cell of several units may go on in the next line, alone.
            _ => {
                if let (Some(last), [word]) = (units.last_mut(), words.as_slice())
                    && super::names::is_unit(word)
                {
                    last.activation.starts = Some(match last.activation.starts.take() {
                        Some(before) => format!("{before}, {word}").into(),
                        None => (*word).into(),
                    });
                }
            }
        }
    }
    units
}

/// LISTEN may contain blanks and so may ACTIVATES; the unit between them cannot.
fn row(words: &[&str], at: usize) -> Option<SocketUnit> {
    let (before, rest) = words.split_at_checked(at)?;
    let (unit, after) = rest.split_first()?;
    let kind = before.last().filter(|_| before.len() > 1).and_then(|word| ListenKind::named(word));
    let listen = if kind.is_some() { before.split_last()?.1 } else { before };
    let starts: Vec<&str> = after
        .iter()
        .map(|word| word.trim_end_matches(','))
        .filter(|word| !matches!(*word, "" | "-" | "n/a"))
        .collect();
    let starts = (!starts.is_empty()).then(|| Arc::from(starts.join(", ")));
    Some(SocketUnit {
        listen: address(&listen.join(" ")),
        kind,
        activation: Activation { socket_unit: Arc::from(*unit), starts },
    })
}

fn address(text: &str) -> ListenAddress {
    if text.starts_with(['/', '@']) {
        return ListenAddress::Path(text.to_owned());
    }
    inet(text).or_else(|| vsock(text)).unwrap_or_else(|| ListenAddress::Other(text.to_owned()))
}

/// The scope (interface) is printed inside or behind the brackets, depending on the version.
fn inet(text: &str) -> Option<ListenAddress> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once("]:")?;
        let address: Ipv6Addr = address.split('%').next()?.parse().ok()?;
        return Some(ListenAddress::Inet {
            address: address.into(),
            port: port.split('%').next()?.parse().ok()?,
        });
    }
    let (address, port) = text.rsplit_once(':')?;
    let address: Ipv4Addr = address.parse().ok()?;
    Some(ListenAddress::Inet { address: address.into(), port: port.parse().ok()? })
}

fn vsock(text: &str) -> Option<ListenAddress> {
    let (scheme, rest) = text.split_once(':')?;
    if !matches!(scheme, "vsock" | "vsock-stream" | "vsock-dgram" | "vsock-seqpacket") {
        return None;
    }
    let (cid, port) = rest.split_once(':')?;
    let number = |text: &str| if text.is_empty() { Some(u32::MAX) } else { text.parse().ok() };
    Some(ListenAddress::Vsock { cid: number(cid)?, port: number(port)? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// With types, as asked for.
    const TABLE: &str = "\
/run/dbus/system_bus_socket                Stream           dbus.socket                  dbus.service
/run/systemd/journal/dev-log               Datagram         systemd-journald-dev-log.socket systemd-journald.service
/run/udev/control                          SequentialPacket systemd-udevd-control.socket systemd-udevd.service
/dev/initctl                               FIFO             systemd-initctl.socket       systemd-initctl.service
@ISCSIADM_ABSTRACT_NAMESPACE               Stream           iscsid.socket                iscsid.service
0.0.0.0:111                                Stream           rpcbind.socket               rpcbind.service
0.0.0.0:111                                Datagram         rpcbind.socket               rpcbind.service
[::]:22                                    Stream           ssh.socket                   ssh.service
[fe80::1%eth0]:546                         Datagram         dhcp.socket                  -
audit 1                                    Netlink          systemd-journald-audit.socket systemd-journald.service
vsock::22                                  Stream           sshd-vsock.socket            sshd@.service
vsock:2:1234                               Stream           guest.socket                 guest.service
/run/a.socket                              Stream           a.socket                     a.service, b.service
";

    fn find<'a>(units: &'a [SocketUnit], name: &str) -> &'a SocketUnit {
        units.iter().find(|unit| &*unit.activation.socket_unit == name).unwrap()
    }

    #[test]
    fn every_line_is_a_socket() {
        let units = parse(TABLE);
        assert_eq!(units.len(), TABLE.lines().count());
        let ssh = find(&units, "ssh.socket");
        assert_eq!(ssh.listen, ListenAddress::Inet { address: "::".parse().unwrap(), port: 22 });
        assert_eq!(
            (ssh.kind, ssh.activation.starts.as_deref()),
            (Some(ListenKind::Stream), Some("ssh.service"))
        );
        let audit = find(&units, "systemd-journald-audit.socket");
        assert_eq!(
            (&audit.listen, audit.kind),
            (&ListenAddress::Other("audit 1".into()), Some(ListenKind::Other))
        );
        assert_eq!(find(&units, "a.socket").listen, ListenAddress::Path("/run/a.socket".into()));
        assert_eq!(find(&units, "a.socket").activation.starts.as_deref(), Some("a.service, b.service"));
        let dhcp = find(&units, "dhcp.socket");
        assert_eq!(dhcp.activation.starts, None);
        assert_eq!(dhcp.listen, ListenAddress::Inet { address: "fe80::1".parse().unwrap(), port: 546 });
        assert_eq!(
            find(&units, "sshd-vsock.socket").listen,
            ListenAddress::Vsock { cid: u32::MAX, port: 22 }
        );
        assert_eq!(find(&units, "guest.socket").listen, ListenAddress::Vsock { cid: 2, port: 1234 });
        assert_eq!(
            find(&units, "iscsid.socket").listen,
            ListenAddress::Path("@ISCSIADM_ABSTRACT_NAMESPACE".into())
        );
        let types: Vec<_> = units
            .iter()
            .filter(|one| &*one.activation.socket_unit == "rpcbind.socket")
            .map(|one| one.kind)
            .collect();
        assert_eq!(types, [Some(ListenKind::Stream), Some(ListenKind::Datagram)]);
    }

    #[test]
    fn tables_without_types_and_with_legends_are_read_too() {
        let text = "\
LISTEN      UNIT                 ACTIVATES
[::]:9090   cockpit.socket       cockpit.service
audit 1     systemd-journald-audit.socket systemd-journald.service
/run/my dir/x web.socket         a.service
                                 b.service

3 sockets listed.
Pass --all to see loaded but inactive sockets, too.
";
        let units = parse(text);
        assert_eq!(units.len(), 3);
        assert!(units.iter().all(|unit| unit.kind.is_none()));
        assert_eq!(units[1].listen, ListenAddress::Other("audit 1".into()));
        assert_eq!(units[2].listen, ListenAddress::Path("/run/my dir/x".into()));
        assert_eq!(units[2].activation.starts.as_deref(), Some("a.service, b.service"));
    }

    #[test]
    fn addresses_that_are_none_are_kept_as_text() {
        for text in [
            "0.0.0.0:99999",
            "[::]",
            "[::]:",
            "[x]:1",
            "vsock:x:1",
            "vsock:1",
            "300.1.1.1:2",
            "kobject-uevent 1",
            "",
        ] {
            assert_eq!(address(text), ListenAddress::Other(text.into()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(\\PC|\n| |[0-9a-f:\\[\\]%.]{1,6}|x\\.socket |vsock:|-)*") {
            let _ = parse(&text);
        }
    }
}
