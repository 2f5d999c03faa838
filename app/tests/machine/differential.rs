//! `ss`, `lsof`, `/proc/net` and the program agree socket by socket over a busy host, in both directions.

use std::net::IpAddr;

use portreeve_lab::Command;
use serde_json::Value;

use crate::busy::{BOUND_ONLY, Busy, SHARED, UDPLITE, busy};
use crate::lsof::{Descriptor, lsof};
use crate::proc_net::{self, TableRow};
use crate::program::{document, list, listing};
use crate::rest::{assert_same, at_rest};
use crate::ss::{Columns, Row, rows, ss};

const ALL_COLUMNS: Columns = Columns { netid: true, state: true };

/// What both programs print of every socket.
const FACTS: &[&str] = &["uid", "ino", "sk", "fwmark", "cgroup", "v6only", "timer", "-->", "<--", "---"];

#[test]
fn agrees_with_ss() {
    let busy = busy("differs-from-ss");
    let options = "-tuwx0Manpeo";
    let (theirs, ours) = at_rest(
        || comparable(ss(&busy.host, options, "", ALL_COLUMNS)),
        || rows(&listing(&busy.host, &format!("sockets -H --udplite {options}")), ALL_COLUMNS),
    );
    let (extra, ours): (Vec<Row>, Vec<Row>) =
        ours.into_iter().partition(|row| row.state == "BOUND" || row.netid == "udplite");
    only_we_show(&busy, &extra);
    assert!(theirs.len() > 70, "the host is busy: {}", theirs.len());
    for state in
        ["LISTEN", "ESTAB", "TIME-WAIT", "CLOSE-WAIT", "FIN-WAIT-1", "FIN-WAIT-2", "SYN-SENT", "UNCONN"]
    {
        assert!(theirs.iter().any(|row| row.state == state), "no socket in {state}");
    }
    for netid in ["tcp", "udp", "raw", "packet", "mptcp", "u_str", "u_dgr"] {
        assert!(theirs.iter().any(|row| row.netid == netid), "no {netid} socket");
    }
    let shared = theirs.iter().find(|row| row.local == format!("0.0.0.0:{SHARED}")).unwrap();
    assert_eq!(shared.users.len(), 4, "all holders: {shared:?}");
    assert_same(theirs, comparable(ours), "sockets");
}

/// `ss` of iproute2 before 6.18 does not ask for sockets that are bound and no more, and never for UDP-Lite.
fn only_we_show(busy: &Busy, extra: &[Row]) {
    let holder = |pid: u32| [("portreeve-actor".to_owned(), pid, 3)].into();
    let shown: Vec<_> =
        extra.iter().map(|row| (row.netid.as_str(), row.local.clone(), row.users.clone())).collect();
    let expected = [
        ("tcp", format!("127.0.0.1:{BOUND_ONLY}"), holder(busy.pid("bind-only 127.0.0.1:7015"))),
        ("udplite", format!("127.0.0.1:{UDPLITE}"), holder(busy.pid("udplite-bind 127.0.0.1:7025"))),
    ];
    assert_eq!(shown, expected);
}

/// Takes out what the two write differently on purpose:
///
/// - `ss` calls packet sockets by their type, and leaves their peer without a port;
/// - it leaves out a uid of 0, which the program prints, since absence means "not known";
/// - of raw sockets, for which this kernel has no `sock_diag`, it tells neither uid nor inode;
/// - of Unix sockets it tells the peer's inode, the program its name; the own inode is in the address.
fn comparable(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        row.keep(FACTS);
        row.facts.retain(|name, value| name != "uid" || value != "0");
        if row.netid.starts_with("p_") || row.netid == "packet" {
            row.netid = "packet".into();
            row.peer.clear();
        }
        if row.netid.starts_with("u_") {
            row.peer.clear();
            row.facts.clear();
        }
        if row.netid == "raw" {
            row.facts.clear();
        }
    }
    rows.sort();
    rows
}

#[test]
fn agrees_with_lsof_on_sockets_of_the_internet() {
    let busy = busy("differs-from-lsof");
    let (theirs, ours) = at_rest(
        || sorted(lsof(&busy.host, &["-i"])),
        || descriptors(&document(&busy.host, "sockets -tua --udplite -p"), internet),
    );
    assert!(theirs.len() > 40, "the host is busy: {}", theirs.len());
    assert_same(theirs, ours, "descriptors");
}

/// As `lsof -i` lists it. It leaves out sockets that are bound and no more.
fn internet(socket: &Value) -> Option<Descriptor> {
    if socket["state"] == "bound" {
        return None;
    }
    let kind = if socket["family"] == "ipv4" { "IPv4" } else { "IPv6" };
    let peer = socket.get("peer").map_or_else(String::new, |peer| format!("->{}", short(peer)));
    let state = match socket["state"].as_str().unwrap() {
        _ if socket["protocol"] != "tcp" => String::new(),
        "fin_wait1" => "FIN_WAIT1".into(),
        "fin_wait2" => "FIN_WAIT2".into(),
        other => other.to_uppercase(),
    };
    Some(Descriptor {
        kind: kind.into(),
        protocol: socket["protocol"].as_str().unwrap().to_uppercase(),
        inode: socket["inode"].to_string(),
        name: format!("{}{peer}", short(&socket["local"])),
        state,
        ..Descriptor::default()
    })
}

/// An address as `lsof` writes it: `*` for any, IPv4 in IPv6 as IPv4.
fn short(end: &Value) -> String {
    let address: IpAddr = end["address"].as_str().unwrap().parse().unwrap();
    let port = &end["port"];
    match address.to_canonical() {
        any if any.is_unspecified() => format!("*:{port}"),
        IpAddr::V4(v4) => format!("{v4}:{port}"),
        IpAddr::V6(v6) => format!("[{v6}]:{port}"),
    }
}

#[test]
fn agrees_with_lsof_on_all_other_sockets() {
    let busy = busy("differs-from-lsof-too");
    let ours = || descriptors(&document(&busy.host, "sockets -twx0Map"), other);
    let pids = |found: &[Descriptor]| {
        found.iter().map(|descriptor| descriptor.pid.to_string()).collect::<Vec<_>>().join(",")
    };
    let holders = pids(&ours());
    let (theirs, ours) = at_rest(|| sorted(other_kinds(&busy, &holders)), ours);
    assert_eq!(theirs.len(), 8, "{theirs:?}");
    assert_same(theirs, ours, "descriptors");
}

/// Kinds that `-i` does not list; what they are bound to, `lsof` tells in its own ways or not at all.
fn other_kinds(busy: &Busy, pids: &str) -> Vec<Descriptor> {
    let mut found = lsof(&busy.host, &["-p", pids]);
    found.retain(|one| ["raw", "raw6", "pack", "unix", "sock"].contains(&one.kind.as_str()));
    for one in &mut found {
        let Descriptor { pid, fd, kind, .. } = std::mem::take(one);
        *one = Descriptor { pid, fd, kind, ..Descriptor::default() };
    }
    found
}

/// `sock` is its word for a socket that it finds in no table: the one that is bound and no more.
fn other(socket: &Value) -> Option<Descriptor> {
    let kind = match (socket["protocol"].as_str()?, socket["family"].as_str()?) {
        ("raw", "ipv4") => "raw",
        ("raw", "ipv6") => "raw6",
        ("packet", _) => "pack",
        (unix, _) if unix.starts_with("u_") || unix.starts_with("unix") => "unix",
        ("tcp", _) if socket["state"] == "bound" => "sock",
        _ => return None,
    };
    Some(Descriptor { kind: kind.into(), ..Descriptor::default() })
}

/// One entry for each holder of each socket that `describe` wants.
fn descriptors(document: &Value, describe: impl Fn(&Value) -> Option<Descriptor>) -> Vec<Descriptor> {
    let mut found = Vec::new();
    for socket in list(document, "sockets") {
        let Some(described) = describe(socket) else { continue };
        for holder in socket["holders"].as_array().into_iter().flatten() {
            let number = |key: &str| u32::try_from(holder[key].as_u64().unwrap()).unwrap();
            found.push(Descriptor { pid: number("pid"), fd: number("fd"), ..described.clone() });
        }
    }
    sorted(found)
}

fn sorted(mut found: Vec<Descriptor>) -> Vec<Descriptor> {
    found.sort();
    found
}

const TABLES: [(&str, &str, &str); 8] = [
    ("tcp", "tcp", "ipv4"),
    ("tcp6", "tcp", "ipv6"),
    ("udp", "udp", "ipv4"),
    ("udp6", "udp", "ipv6"),
    ("udplite", "udplite", "ipv4"),
    ("udplite6", "udplite", "ipv6"),
    ("raw", "raw", "ipv4"),
    ("raw6", "raw", "ipv6"),
];

#[test]
fn agrees_with_the_kernels_text_tables() {
    let busy = busy("differs-from-proc");
    let (theirs, ours) = at_rest(
        || {
            let mut rows: Vec<TableRow> =
                TABLES.iter().flat_map(|(table, ..)| proc_net::rows(&busy.host, table)).collect();
            rows.sort();
            rows
        },
        || document(&busy.host, "sockets -tuwa --udplite"),
    );
    let ours = list(&ours, "sockets").iter().filter(|socket| socket["state"] != "bound").map(table_row);
    assert!(theirs.len() > 60, "the host is busy: {}", theirs.len());
    assert_same(theirs, ours.collect(), "rows");
}

fn table_row(socket: &Value) -> TableRow {
    let named = |(_, protocol, family): &&(&str, &str, &str)| {
        socket["protocol"] == *protocol && socket["family"] == *family
    };
    let (table, ..) = TABLES.iter().find(named).unwrap_or_else(|| panic!("of no table: {socket}"));
    let any: IpAddr = if socket["family"] == "ipv4" { [0; 4].into() } else { [0; 16].into() };
    let end = |end: Option<&Value>| match end {
        Some(end) => {
            let port = u16::try_from(end["port"].as_u64().unwrap()).unwrap();
            (end["address"].as_str().unwrap().parse().unwrap(), port)
        }
        None => (any, 0),
    };
    let number = |key: &str| u32::try_from(socket[key].as_u64().unwrap_or(0)).unwrap();
    let state = state_number(socket["state"].as_str().unwrap());
    TableRow {
        table,
        local: end(socket.get("local")),
        peer: end(socket.get("peer")),
        state,
        // The limit of an accept queue is not in the table.
        send_queue: if state == 10 { 0 } else { number("send_queue") },
        receive_queue: number("receive_queue"),
        uid: number("uid"),
        inode: socket["inode"].as_u64().unwrap(),
    }
}

/// `include/net/tcp_states.h`.
fn state_number(name: &str) -> u8 {
    let names = [
        "established",
        "syn_sent",
        "syn_recv",
        "fin_wait1",
        "fin_wait2",
        "time_wait",
        "unconnected",
        "close_wait",
        "last_ack",
        "listen",
        "closing",
    ];
    let place = names.iter().position(|known| *known == name).unwrap_or_else(|| panic!("state {name}"));
    u8::try_from(place + 1).unwrap()
}

#[test]
fn a_full_accept_queue_is_spoken_of() {
    let busy = busy("accept-queue");
    let rows = ss(&busy.host, "-tlne", "sport = :7014", Columns { netid: false, state: true });
    assert_eq!((rows[0].receive_queue.as_str(), rows[0].send_queue.as_str()), ("2", "1"));
    let text = busy.host.run(Command::new(env!("CARGO_BIN_EXE_portreeve")).args(["--netns", "own"])).unwrap();
    assert!(text.stdout.contains("accept"), "the overview speaks of the full queue:\n{}", text.stdout);
}
