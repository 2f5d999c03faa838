//! Servers that say where and by whom they were reached.

use std::io::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use portreeve_linux::namespace::NetworkNamespace;
use socket2::{Domain, Protocol, Socket, Type};

/// A thread in a namespace that answers on TCP and UDP ports with its own name and the client's address.
pub(crate) struct Listeners {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listeners {
    /// `addresses` are those of the place for which the kernel would not choose to answer from: UDP needs a socket for each.
    pub(crate) fn start(
        place: &str,
        namespace: &NetworkNamespace,
        ports: &[u16],
        addresses: &[IpAddr],
    ) -> Self {
        let udp = |port| {
            let any = IpAddr::from(Ipv6Addr::UNSPECIFIED);
            addresses.iter().chain([&any]).map(|address| udp(SocketAddr::new(*address, port))).collect()
        };
        let open = || ports.iter().map(|&port| (port, tcp(port), udp(port))).collect();
        let sockets: Vec<(u16, TcpListener, Vec<UdpSocket>)> = namespace.within(open).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, place) = (Arc::clone(&stop), place.to_owned());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for (port, tcp, udp) in &sockets {
                    answer(&place, *port, tcp, udp);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn answer(place: &str, port: u16, tcp: &TcpListener, udp: &[UdpSocket]) {
    let line = |client: SocketAddr| format!("{place}:{port} {}", client.ip().to_canonical());
    while let Ok((mut connection, client)) = tcp.accept() {
        drop(connection.write_all(line(client).as_bytes()));
    }
    let mut datagram = [0; 64];
    for udp in udp {
        while let Ok((_, client)) = udp.recv_from(&mut datagram) {
            drop(udp.send_to(line(client).as_bytes(), client));
        }
    }
}

/// Both versions of IP by one socket, where the address is `::`.
fn bound(address: SocketAddr, kind: Type, protocol: Protocol) -> Socket {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol)).unwrap();
    if address.is_ipv6() {
        socket.set_only_v6(false).unwrap();
    }
    socket.set_reuse_address(true).unwrap();
    socket.bind(&address.into()).unwrap_or_else(|error| panic!("bind {address}: {error}"));
    socket.set_nonblocking(true).unwrap();
    socket
}

fn tcp(port: u16) -> TcpListener {
    let socket = bound((Ipv6Addr::UNSPECIFIED, port).into(), Type::STREAM, Protocol::TCP);
    socket.listen(64).unwrap();
    socket.into()
}

fn udp(address: SocketAddr) -> UdpSocket {
    bound(address, Type::DGRAM, Protocol::UDP).into()
}
