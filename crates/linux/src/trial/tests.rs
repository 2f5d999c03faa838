//! Against the kernel, over the loopback interface of a namespace.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use portreeve_wire::route;

use super::{Connection, Datagrams, EchoRequest, Interest, Shape, wait};
use crate::Errno;
use crate::namespace::NetworkNamespace;
use crate::netlink::{Family, NetlinkSocket, change};

const LIMIT: Duration = Duration::from_secs(5);

fn on_a_host<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    assert!(rustix::process::geteuid().is_root(), "this test needs root: namespaces need CAP_SYS_ADMIN");
    NetworkNamespace::within_new(|| {
        let mut socket = NetlinkSocket::open(Family::Route).unwrap();
        change(&mut socket, |seq| route::set_link_up(seq, 1)).unwrap();
        work()
    })
    .unwrap()
}

fn ready(socket: &impl AsFd, interest: Interest) {
    assert_eq!(wait(&[(socket.as_fd(), interest)], LIMIT), [true]);
}

#[test]
fn a_connection_tells_what_the_kernel_knows() {
    on_a_host(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shape = Shape { max_segment: Some(536), ..Shape::default() };
        let connection = Connection::start(listener.local_addr().unwrap(), shape).unwrap();
        ready(&connection, Interest::Connected);
        assert_eq!(connection.finish(), Ok(()));
        assert_eq!(connection.local(), Some("127.0.0.1".parse().unwrap()));
        let info = connection.info().unwrap();
        assert!(info.advmss <= 536 && info.snd_mss <= 536 && info.total_retrans == 0, "{info:?}");
        let stream = connection.into_stream().unwrap();
        assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
    });
}

#[test]
fn a_reset_is_no_icmp_error() {
    for destination in ["127.0.0.1:9", "[::1]:9"] {
        on_a_host(|| match Connection::start(destination.parse().unwrap(), Shape::default()) {
            Err(errno) => assert_eq!(errno, Errno::CONNREFUSED),
            Ok(connection) => {
                ready(&connection, Interest::Connected);
                assert_eq!(connection.finish(), Err(Errno::CONNREFUSED));
                assert_eq!(connection.error(), None);
            }
        });
    }
}

#[test]
fn a_closed_udp_port_is_an_icmp_error_with_its_sender() {
    for destination in ["127.0.0.1:9", "[::1]:9"] {
        let destination: SocketAddr = destination.parse().unwrap();
        let error = on_a_host(|| {
            let datagrams = Datagrams::open(destination).unwrap();
            datagrams.send(b"").unwrap();
            ready(&datagrams, Interest::Readable);
            assert_eq!(datagrams.receive(&mut [0; 8]), Err(Errno::CONNREFUSED));
            datagrams.error().unwrap()
        });
        assert!(error.is_port_unreachable());
        assert_eq!(error.offender, Some(destination.ip()));
    }
}

#[test]
fn a_datagram_is_answered() {
    on_a_host(|| {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let datagrams = Datagrams::open(server.local_addr().unwrap()).unwrap();
        datagrams.send(b"question").unwrap();
        let (_, from) = server.recv_from(&mut [0; 16]).unwrap();
        server.send_to(b"answer", from).unwrap();
        ready(&datagrams, Interest::Readable);
        let mut buffer = [0; 16];
        assert_eq!(datagrams.receive(&mut buffer), Ok(Some(6)));
        assert_eq!(datagrams.receive(&mut buffer), Ok(None));
    });
}

#[test]
fn this_host_answers_an_echo_request() {
    for address in ["127.0.0.1", "::1"] {
        on_a_host(|| {
            let request = EchoRequest::send(address.parse().unwrap()).unwrap();
            // A raw socket sees the request itself first.
            for _ in 0..2 {
                ready(&request, Interest::Readable);
                if request.is_answered().unwrap() {
                    return;
                }
            }
            panic!("{address} did not answer");
        });
    }
}
