//! Against the kernel, in a namespace that stands for the host.

use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use portreeve_wire::route::{self, Link};

use super::{Attempt, Carrier, Seen, Vantage, VantageError, attempt, spoken_to};
use crate::Errno;
use crate::namespace::NetworkNamespace;
use crate::netlink::{Family, NetlinkError, NetlinkSocket, change, dump};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Runs `work` on a host with the addresses 192.0.2.10 and `2001:db8::10`.
fn on_a_host<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    assert!(rustix::process::geteuid().is_root(), "this test needs root: namespaces need CAP_SYS_ADMIN");
    NetworkNamespace::within_new(|| {
        let mut socket = NetlinkSocket::open(Family::Route).unwrap();
        change(&mut socket, |seq| route::set_link_up(seq, 1)).unwrap();
        for own in ["192.0.2.10", "2001:db8::10"] {
            change(&mut socket, |seq| route::new_address(seq, 1, address(own))).unwrap();
        }
        work()
    })
    .unwrap()
}

fn interfaces() -> Vec<String> {
    let mut socket = NetlinkSocket::open(Family::Route).unwrap();
    let links = dump(
        &mut socket,
        |seq| Ok(route::dump_links(seq)),
        |message| Ok(Some(Link::from_message(message)?.name.into_owned())),
    );
    links.unwrap().items
}

#[test]
fn connections_come_from_the_source_that_was_asked_for() {
    let sources = [address("203.0.113.7"), address("2001:db8:f::7")];
    let hosts = [address("192.0.2.10"), address("2001:db8::10")];
    let seen = on_a_host(|| {
        let v4 = TcpListener::bind("192.0.2.10:80").unwrap();
        let _v6 = TcpListener::bind("[2001:db8::10]:80").unwrap();
        let udp = UdpSocket::bind("192.0.2.10:53").unwrap();
        udp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let vantage = Vantage::open(&sources, &hosts).unwrap();
        assert!(interfaces().contains(&vantage.interface));
        let tried: Vec<Attempt> =
            [(Carrier::Tcp, 80), (Carrier::Tcp, 81), (Carrier::Udp, 54), (Carrier::Udp, 53)]
                .into_iter()
                .flat_map(|(carrier, port)| {
                    sources.iter().zip(hosts).map(move |(source, host)| Attempt {
                        carrier,
                        source: Some(*source),
                        destination: SocketAddr::new(host, port),
                    })
                })
                .collect();
        let seen = vantage.within(|| attempt(&tried, Duration::from_secs(1))).unwrap();
        let (connection, from) = v4.accept().unwrap();
        assert_eq!(from.ip(), sources[0]);
        // It is a neighbour by now, and the peer of a socket.
        assert!(spoken_to().contains(&sources[0]));
        drop(connection);
        let (length, from) = udp.recv_from(&mut [0; 16]).unwrap();
        assert_eq!((length, from.ip()), (0, sources[0]));
        drop(vantage);
        assert_eq!(interfaces(), ["lo"]);
        seen
    });
    assert_eq!(seen[..4], [Seen::Connected, Seen::Connected, Seen::Refused, Seen::Refused]);
    let reasons: Vec<_> = seen[4..]
        .iter()
        .map(|seen| match seen {
            Seen::Rejected(error) => error.reason(),
            Seen::Silent => "silent",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        reasons,
        ["icmp port-unreachable", "icmpv6 port-unreachable", "silent", "icmpv6 port-unreachable"]
    );
}

#[test]
fn what_cannot_be_set_up_leaves_nothing() {
    on_a_host(|| {
        let source = address("203.0.113.7");
        // Somebody has a route to it alone, which is not ours to replace.
        let mut socket = NetlinkSocket::open(Family::Route).unwrap();
        change(&mut socket, |seq| route::new_route(seq, 1, route::RouteTo::Host(source))).unwrap();
        let error = Vantage::open(&[source], &[address("192.0.2.10")]).unwrap_err();
        let refused = NetlinkError::Refused(Errno::EXIST);
        assert_eq!(error, VantageError::Source { address: source, source: refused });
        assert_eq!(interfaces(), ["lo"]);
    });
}

#[test]
fn a_source_that_the_namespace_lacks_cannot_be_tried() {
    on_a_host(|| {
        let destination = "192.0.2.10:80".parse().unwrap();
        let odd = Attempt { carrier: Carrier::Tcp, source: Some(address("203.0.113.9")), destination };
        assert_eq!(attempt(&[odd], Duration::from_secs(1)), [Seen::Failed(Errno::ADDRNOTAVAIL)]);
    });
}
