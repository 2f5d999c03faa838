//! Each reason and each ground, and the kernel's own word on sockets without inode.

use portreeve_model::{NoHolder, Protocol, Socket, State, socket::Ground};

use super::{Coverage, attribute};
use crate::filter::samples::{holder, socket};

fn held(mut socket: Socket, pid: u32, name: &str) -> Socket {
    socket.holders.push(holder(pid, name));
    socket
}

fn left(local: &str, peer: &str, state: State) -> Socket {
    Socket { state, inode: 0, ..socket(local, Some(peer)) }
}

/// The reason, and the likely owner with its ground, of the last of `sockets`.
#[track_caller]
fn last(mut sockets: Vec<Socket>, coverage: Coverage) -> (Option<NoHolder>, Option<(u32, Ground)>) {
    attribute(&mut sockets, &[], coverage);
    let last = sockets.last().unwrap();
    (last.no_holder, last.likely_owner.as_ref().map(|owner| (owner.pid, owner.ground)))
}

const LISTENER: Ground = Ground::ListenerOnLocalPort;
const PEER: Ground = Ground::LiveConnectionsToSamePeer;

#[test]
fn states_give_the_reason() {
    let listener = || held(socket("0.0.0.0:80", None), 10, "nginx");
    for (state, reason) in [
        (State::TimeWait, NoHolder::TimeWait),
        (State::SynRecv, NoHolder::Handshake),
        (State::FinWait1, NoHolder::Orphan),
        (State::FinWait2, NoHolder::Orphan),
        (State::Closing, NoHolder::Orphan),
        (State::LastAck, NoHolder::Orphan),
        (State::Established, NoHolder::NotYetAccepted),
        (State::CloseWait, NoHolder::NotYetAccepted),
    ] {
        for coverage in [Coverage::Complete, Coverage::Partial] {
            let sockets = vec![listener(), left("10.0.0.1:80", "10.0.0.2:5000", state)];
            assert_eq!(last(sockets, coverage), (Some(reason), Some((10, LISTENER))), "{state}");
        }
    }
}

#[test]
fn an_inode_without_holder_is_a_matter_of_permission_or_a_riddle() {
    for state in [State::Established, State::Listen, State::FinWait2, State::SynRecv, State::Bound] {
        let unheld = || Socket { state, inode: 9, ..socket("10.0.0.1:80", Some("10.0.0.2:5000")) };
        let listener = held(socket("10.0.0.1:80", None), 10, "nginx");
        let sockets = vec![listener.clone(), unheld()];
        assert_eq!(last(sockets, Coverage::Partial), (Some(NoHolder::Permission), None), "{state}");
        assert_eq!(
            last(vec![listener, unheld()], Coverage::Complete),
            (Some(NoHolder::NoProcess), None),
            "{state}"
        );
    }
}

#[test]
fn without_an_inode_permission_would_not_help() {
    let sockets = vec![left("10.0.0.1:80", "10.0.0.2:5000", State::Established)];
    assert_eq!(last(sockets, Coverage::Partial), (Some(NoHolder::NoProcess), None));
}

#[test]
fn held_sockets_are_left_alone() {
    let mut sockets = vec![held(socket("10.0.0.1:80", Some("10.0.0.2:5000")), 10, "nginx")];
    attribute(&mut sockets, &[], Coverage::Complete);
    assert_eq!((sockets[0].no_holder, sockets[0].likely_owner.clone()), (None, None));
}

#[test]
fn listeners_are_found_by_address_wildcard_and_dual_stack() {
    let v6only = |listener: Socket| Socket { v6only: Some(true), ..listener };
    let found = Some((10, LISTENER));
    for (listener, connection, expected) in [
        (socket("10.0.0.1:80", None), ("10.0.0.1:80", "10.0.0.2:9"), found),
        (socket("10.0.0.7:80", None), ("10.0.0.1:80", "10.0.0.2:9"), None),
        (socket("0.0.0.0:80", None), ("10.0.0.1:81", "10.0.0.2:9"), None),
        (socket("0.0.0.0:80", None), ("10.0.0.1:80", "10.0.0.2:9"), found),
        (socket("[::]:80", None), ("10.0.0.1:80", "10.0.0.2:9"), found),
        (socket("[::]:80", None), ("[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.2]:9"), found),
        (socket("10.0.0.1:80", None), ("[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.2]:9"), found),
        (socket("[::ffff:10.0.0.1]:80", None), ("10.0.0.1:80", "10.0.0.2:9"), found),
        (v6only(socket("[::]:80", None)), ("10.0.0.1:80", "10.0.0.2:9"), None),
        (v6only(socket("[::]:80", None)), ("[2001:db8::1]:80", "[2001:db8::2]:9"), found),
        (socket("0.0.0.0:80", None), ("[2001:db8::1]:80", "[2001:db8::2]:9"), None),
    ] {
        let sockets =
            vec![held(listener.clone(), 10, "nginx"), left(connection.0, connection.1, State::TimeWait)];
        assert_eq!(last(sockets, Coverage::Complete).1, expected, "{} {connection:?}", listener.local);
    }
}

#[test]
fn a_more_specific_listener_goes_first() {
    let sockets = vec![
        held(socket("0.0.0.0:80", None), 10, "nginx"),
        held(socket("10.0.0.1:80", None), 20, "caddy"),
        left("10.0.0.1:80", "10.0.0.2:9", State::TimeWait),
    ];
    assert_eq!(last(sockets, Coverage::Complete).1, Some((20, LISTENER)));
}

#[test]
fn namespaces_and_protocols_are_kept_apart_but_mptcp_is_tcp() {
    let listener = held(socket("0.0.0.0:80", None), 10, "nginx");
    let elsewhere = Socket {
        namespace: portreeve_model::NamespaceId(1),
        ..left("10.0.0.1:80", "10.0.0.2:9", State::TimeWait)
    };
    assert_eq!(last(vec![listener.clone(), elsewhere], Coverage::Complete).1, None);
    let sctp = Socket { protocol: Protocol::Sctp, ..listener.clone() };
    let waiting = || left("10.0.0.1:80", "10.0.0.2:9", State::TimeWait);
    assert_eq!(last(vec![sctp, waiting()], Coverage::Complete).1, None);
    let mptcp = Socket { protocol: Protocol::Mptcp, ..listener };
    assert_eq!(last(vec![mptcp, waiting()], Coverage::Complete).1, Some((10, LISTENER)));
}

#[test]
fn of_several_holders_the_first_that_is_not_init() {
    let mut listener = held(socket("0.0.0.0:22", None), 1, "systemd");
    listener.holders.extend([holder(90, "sshd"), holder(80, "sshd")]);
    let group = held(socket("0.0.0.0:22", None), 70, "sshd");
    let waiting = || left("10.0.0.1:22", "10.0.0.2:9", State::TimeWait);
    assert_eq!(last(vec![listener.clone(), waiting()], Coverage::Complete).1, Some((80, LISTENER)));
    assert_eq!(
        last(vec![listener.clone(), group.clone(), waiting()], Coverage::Complete).1,
        Some((70, LISTENER))
    );
    assert_eq!(last(vec![group, listener, waiting()], Coverage::Complete).1, Some((70, LISTENER)));
}

#[test]
fn clients_are_found_by_their_peer_where_there_is_one_only() {
    let waiting = || left("10.0.0.1:40000", "10.0.0.9:5432", State::TimeWait);
    let live = |port: u16, pid| held(socket(&format!("10.0.0.1:{port}"), Some("10.0.0.9:5432")), pid, "app");
    assert_eq!(last(vec![live(40001, 5), live(40002, 5), waiting()], Coverage::Complete).1, Some((5, PEER)));
    assert_eq!(last(vec![live(40001, 5), live(40002, 6), waiting()], Coverage::Complete).1, None);
    let other_port = held(socket("10.0.0.1:40001", Some("10.0.0.9:5433")), 5, "app");
    assert_eq!(last(vec![other_port, waiting()], Coverage::Complete).1, None);
}

#[test]
fn context_explains_without_being_reported() {
    let mut sockets = vec![left("10.0.0.1:80", "10.0.0.2:9", State::TimeWait)];
    attribute(&mut sockets, &[held(socket("0.0.0.0:80", None), 10, "nginx")], Coverage::Complete);
    assert_eq!(sockets[0].likely_owner.as_ref().map(|owner| &*owner.name), Some("nginx"));
    assert_eq!(sockets.len(), 1);
}

/// The rules above rest on what the kernel shows; this asks it.
#[test]
fn the_kernel_shows_no_inode_for_what_nobody_holds() {
    use std::net::{TcpListener, TcpStream};

    /// State and inode of the IPv4 connection from `local` to `peer` on loopback, from `/proc/net/tcp`.
    fn row(local: u16, peer: u16) -> Option<(u8, u64)> {
        let table = std::fs::read_to_string("/proc/thread-self/net/tcp").unwrap();
        table.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let port = |end: &str| u16::from_str_radix(end.split(':').nth(1).unwrap(), 16).unwrap();
            (port(fields[1]) == local && port(fields[2]) == peer)
                .then(|| (u8::from_str_radix(fields[3], 16).unwrap(), fields[9].parse().unwrap()))
        })
    }
    fn wait_for(local: u16, peer: u16, state: State) -> u64 {
        for _ in 0..200 {
            if let Some((number, inode)) = row(local, peer)
                && State::from_kernel(number) == state
            {
                return inode;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("{local} -> {peer} never became {state}: {:?}", row(local, peer));
    }

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap().port();
    let client = TcpStream::connect(("127.0.0.1", server)).unwrap();
    let client_port = client.local_addr().unwrap().port();
    assert_eq!(wait_for(server, client_port, State::Established), 0, "waits for accept()");
    assert_ne!(wait_for(client_port, server, State::Established), 0, "held by this test");
    drop(client);
    assert_eq!(wait_for(server, client_port, State::CloseWait), 0, "waits for accept(), its peer is gone");
    assert_eq!(wait_for(client_port, server, State::FinWait2), 0, "orphan");
    let (accepted, _) = listener.accept().unwrap();
    assert_ne!(wait_for(server, client_port, State::CloseWait), 0, "accepted");
    drop(accepted);
    assert_eq!(wait_for(client_port, server, State::TimeWait), 0, "TIME_WAIT");
}
