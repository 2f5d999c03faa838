//! Groups over a small machine.

use std::sync::Arc;

use portreeve_model::{
    NoHolder, Protocol, Snapshot, Socket, State,
    socket::{Ground, LikelyOwner},
};

use super::{Key, groups};
use crate::filter::samples::{holder, snapshot, socket};

fn port_name(_: Protocol, port: u16) -> Option<Arc<str>> {
    [(80, "http"), (443, "https"), (45000, "odd")]
        .iter()
        .find(|(known, _)| *known == port)
        .map(|(_, name)| (*name).into())
}

fn held(mut socket: Socket, holders: &[(u32, &str)]) -> Socket {
    socket.holders = holders.iter().map(|(pid, name)| holder(*pid, name)).collect();
    socket
}

/// Groups as `key/key count+inferred`.
fn counted(sockets: Vec<Socket>, keys: &str) -> Vec<String> {
    let snapshot = Snapshot { sockets, ..snapshot() };
    groups(&snapshot, &Key::parse_list(keys).unwrap(), &port_name)
        .into_iter()
        .map(|group| format!("{} {}+{}", group.key.join("/"), group.count, group.inferred))
        .collect()
}

#[test]
fn a_shared_socket_counts_once_for_each_value() {
    let listener = || held(socket("0.0.0.0:80", None), &[(10, "nginx"), (11, "nginx")]);
    assert_eq!(counted(vec![listener()], "process"), ["nginx 1+0"]);
    assert_eq!(counted(vec![listener()], "pid"), ["10 1+0", "11 1+0"]);
    assert_eq!(counted(vec![listener()], "process,pid"), ["nginx/10 1+0", "nginx/11 1+0"]);
    assert_eq!(counted(vec![listener(), listener()], "state"), ["LISTEN 2+0"]);
    let mixed = held(socket("0.0.0.0:80", None), &[(10, "nginx"), (30, "sh")]);
    assert_eq!(counted(vec![listener(), mixed], "state,process"), ["LISTEN/nginx 2+0", "LISTEN/sh 1+0"]);
}

#[test]
fn leftovers_count_with_who_left_them() {
    let waiting = |owner: Option<&str>| Socket {
        state: State::TimeWait,
        inode: 0,
        uid: None,
        no_holder: Some(NoHolder::TimeWait),
        likely_owner: owner.map(|name| LikelyOwner {
            name: name.into(),
            pid: 10,
            ground: Ground::ListenerOnLocalPort,
        }),
        ..socket("10.0.0.1:80", Some("10.0.0.2:9"))
    };
    let sockets = || vec![waiting(Some("nginx")), waiting(Some("nginx")), waiting(None)];
    assert_eq!(
        counted(sockets(), "state,process"),
        ["TIME-WAIT/nginx 2+2", "TIME-WAIT/kernel: TIME_WAIT 1+0"]
    );
    assert_eq!(counted(sockets(), "unit"), ["nginx.service 2+2", "kernel: TIME_WAIT 1+0"]);
    assert_eq!(counted(sockets(), "state"), ["TIME-WAIT 3+0"]);
    assert_eq!(counted(sockets(), "user"), ["unknown 3+0"]);
    let unasked = Socket { no_holder: None, ..waiting(None) };
    assert_eq!(counted(vec![unasked], "process"), ["owner not looked up 1+0"]);
}

#[test]
fn every_key_has_a_value() {
    let connection = held(socket("10.0.0.1:45000", Some("192.0.2.1:443")), &[(30, "sh")]);
    let listener = held(socket("[::]:45000", None), &[(99, "gone")]);
    for (key, expected) in [
        ("state", ["ESTAB", "LISTEN"]),
        ("process", ["gone", "sh"]),
        ("pid", ["30", "99"]),
        ("family", ["ipv4", "ipv6"]),
        ("unit", ["no unit", "unknown"]),
        ("container", ["unknown", "web"]),
        ("local-address", ["10.0.0.1", "::"]),
        ("peer-address", ["192.0.2.1", "none"]),
        ("peer-port", ["443", "none"]),
    ] {
        let expected = expected.map(|value| format!("{value} 1+0"));
        assert_eq!(counted(vec![connection.clone(), listener.clone()], key), expected, "{key}");
    }
    for (key, expected) in [
        ("protocol", "tcp"),
        ("netns", "host"),
        ("user", "www-data"),
        ("local-port", "45000"),
        ("interface", "any"),
    ] {
        let sockets = vec![connection.clone(), listener.clone()];
        assert_eq!(counted(sockets, key), [format!("{expected} 2+0")], "{key}");
    }
    // The local port is served, so that the connection is taken for an incoming one.
    assert_eq!(counted(vec![connection.clone(), listener], "service"), ["odd 2+0"]);
    assert_eq!(counted(vec![connection], "service"), ["https 1+0"]);
}

#[test]
fn largest_first_and_ties_in_order_of_number() {
    let at = |port: u16| socket(&format!("0.0.0.0:{port}"), None);
    let sockets = vec![at(8080), at(443), at(80), at(22), at(8080)];
    assert_eq!(counted(sockets, "local-port"), ["8080 2+0", "22 1+0", "80 1+0", "443 1+0"]);
}

#[test]
fn keys_are_read_from_a_list() {
    for key in Key::ALL {
        assert_eq!(Key::parse_list(&key.name().to_uppercase()), Ok(vec![key]));
    }
    assert_eq!(Key::parse_list("state, process"), Ok(vec![Key::State, Key::Process]));
    let error = Key::parse_list("state,colour").unwrap_err().to_string();
    assert!(error.contains("`colour`") && error.contains("local-address, local-port"), "{error}");
}
