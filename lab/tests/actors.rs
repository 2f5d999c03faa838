//! Every verb of `portreeve-actor` starts and puts its sockets into the state that it promises.

#![expect(clippy::expect_used, reason = "a fixture that fails ends the test, and says where")]

use portreeve_lab::{Command, Host, Lab, Process};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

/// A lab with one host.
fn host(name: &str) -> (Lab, Host) {
    let lab = Lab::new(name).expect("a lab");
    let host = lab.host("a").start().expect("a host");
    (lab, host)
}

fn actor(host: &Host, line: &str) -> (Process, Value) {
    let process = host.spawn(Command::actor(line).expect("the actor is built")).expect("it starts");
    let ready = process.ready(PATIENCE).expect("it is set up");
    (process, ready)
}

/// Rows of `ss -H -n` with further options and a filter, separated by white space.
fn ss(host: &Host, options: &str) -> Vec<String> {
    let command = Command::new("ss").args(["-H", "-n"]).args(options.split_whitespace());
    let output = host.run(command).expect("ss runs").success().expect("ss works");
    output.stdout.lines().map(str::to_owned).collect()
}

fn executable(process: &Process) -> String {
    let link = fs::read_link(format!("/proc/{}/exe", process.pid())).expect("it lives");
    link.to_string_lossy().into_owned()
}

#[test]
fn tcp_listen() {
    let (_lab, host) = host("tcp-listen");
    let (process, ready) = actor(&host, "tcp-listen 0.0.0.0:7000 --backlog 7 --count 3");
    assert_eq!(ready["pid"], process.pid());
    assert_eq!(ready["listeners"][2], "0.0.0.0:7002");
    let rows = ss(&host, "-tlp");
    assert_eq!(rows.len(), 3);
    for row in &rows {
        assert_eq!(row.split_whitespace().nth(2), Some("7"), "backlog in {row}");
        assert!(row.contains(&format!("pid={},", process.pid())), "{row}");
    }
}

#[test]
fn tcp_listen_on_ipv6() {
    let (_lab, host) = host("tcp-listen-v6");
    let _both = actor(&host, "tcp-listen [::]:7000");
    let _only = actor(&host, "tcp-listen [::]:7001 --v6only");
    let _four = actor(&host, "tcp-listen 0.0.0.0:7001");
    let rows = ss(&host, "-tle sport = :7000 or sport = :7001");
    let v6only = |row: &String| row.contains("v6only:1");
    assert_eq!((rows.len(), rows.iter().filter(|row| v6only(row)).count()), (3, 1), "{rows:?}");
}

#[test]
fn tcp_listen_shares_a_port() {
    let (_lab, host) = host("tcp-reuseport");
    let _one = actor(&host, "tcp-listen 127.0.0.1:7000 --reuseport");
    let _two = actor(&host, "tcp-listen 127.0.0.1:7000 --reuseport");
    assert_eq!(ss(&host, "-tl").len(), 2);
    let refused = host.run(Command::actor("tcp-listen 127.0.0.1:7000").expect("the actor is built"));
    let refused = refused.expect("it runs");
    assert_eq!(refused.code(), Some(1));
    assert!(refused.stderr.contains("127.0.0.1:7000"), "{}", refused.stderr);
}

#[test]
fn tcp_connect_and_the_end_of_standard_input() {
    let (_lab, host) = host("tcp-connect");
    let (_server, _) = actor(&host, "tcp-listen 127.0.0.1:7000 --echo");
    let (client, ready) = actor(&host, "tcp-connect 127.0.0.1:7000 --count 3");
    assert_eq!(ready["local"].as_array().map(Vec::len), Some(3));
    assert_eq!(ss(&host, "-t state established dport = :7000").len(), 3);
    client.close_stdin();
    assert!(client.wait(PATIENCE).expect("it ends").success());
}

#[test]
fn udp_bind() {
    let (_lab, host) = host("udp-bind");
    let _process = actor(&host, "udp-bind 127.0.0.1:7000 --count 2");
    assert_eq!(ss(&host, "-ul").len(), 2);
}

#[test]
fn udp_connect() {
    let (_lab, host) = host("udp-connect");
    let _process = actor(&host, "udp-connect 127.0.0.1:7000");
    assert_eq!(ss(&host, "-u state established dport = :7000").len(), 1);
}

#[test]
fn sockets_of_a_device_and_with_a_mark() {
    let (_lab, host) = host("device");
    let _tcp = actor(&host, "tcp-listen 0.0.0.0:7000 --device lo");
    let _udp = actor(&host, "udp-bind 0.0.0.0:7000 --device lo");
    let _client = actor(&host, "tcp-connect 127.0.0.1:7000 --mark 7 --keepalive");
    assert_eq!(ss(&host, "-tul dev = lo").len(), 2);
    let row = ss(&host, "-teo state established dport = :7000").remove(0);
    assert!(row.contains("timer:(keepalive,") && row.contains("fwmark:0x7"), "{row}");
}

#[test]
fn udp_send_reaches_udp_bind() {
    let (_lab, host) = host("udp-send");
    let _process = actor(&host, "udp-bind 127.0.0.1:7000");
    let send = Command::actor("udp-send 127.0.0.1:7000 --count 2").expect("the actor is built");
    host.run(send).expect("it runs").success().expect("it sends");
    let row = ss(&host, "-ul").remove(0);
    assert_ne!(row.split_whitespace().nth(1), Some("0"), "receive queue in {row}");
}

#[test]
fn udplite_bind() {
    let (_lab, host) = host("udplite");
    let _process = actor(&host, "udplite-bind 127.0.0.1:7000");
    let table = fs::read_to_string(format!("/proc/{}/net/udplite", host.holder_pid())).expect("a table");
    assert!(table.contains("0100007F:1B58"), "{table}");
}

#[test]
fn raw() {
    let (_lab, host) = host("raw");
    let _four = actor(&host, "raw 1");
    let _six = actor(&host, "raw 58 --v6");
    for (table, row) in [("raw", "00000000:0001"), ("raw6", ":003A")] {
        let table = fs::read_to_string(format!("/proc/{}/net/{table}", host.holder_pid())).expect("a table");
        assert!(table.contains(row), "{table}");
    }
}

#[test]
fn bind_only() {
    let (_lab, host) = host("bind-only");
    let _process = actor(&host, "bind-only 127.0.0.1:7000");
    let table = fs::read_to_string(format!("/proc/{}/net/tcp", host.holder_pid())).expect("a table");
    assert!(!table.contains(":1B58"), "no table shows it: {table}");
    let taken = host.run(Command::actor("tcp-listen 127.0.0.1:7000").expect("the actor is built"));
    assert_eq!(taken.expect("it runs").code(), Some(1), "yet the port is taken");
}

#[test]
fn time_wait_on_either_side() {
    let (_lab, host) = host("time-wait");
    let _client = actor(&host, "time-wait 127.0.0.1:7000 --count 5");
    let _server = actor(&host, "time-wait 127.0.0.1:7001 --count 4 --side server");
    assert_eq!(ss(&host, "-t state time-wait dport = :7000").len(), 5);
    assert_eq!(ss(&host, "-t state time-wait sport = :7001").len(), 4);
    assert_eq!(ss(&host, "-tl").len(), 0);
    let _kept = actor(&host, "time-wait 127.0.0.1:7002 --keep-listener");
    assert_eq!(ss(&host, "-tl").len(), 1);
}

#[test]
fn orphan_in_either_state() {
    let (_lab, host) = host("orphan");
    let _two = actor(&host, "orphan 127.0.0.1:7000 --count 3");
    let _one = actor(&host, "orphan 127.0.0.1:7001 --count 2 --state fin-wait-1");
    let two = ss(&host, "-tp state fin-wait-2 dport = :7000");
    let one = ss(&host, "-tp state fin-wait-1 dport = :7001");
    assert_eq!((two.len(), one.len()), (3, 2));
    assert!(two.iter().chain(&one).all(|row| !row.contains("users:")), "nobody holds them");
}

#[test]
fn close_wait() {
    let (_lab, host) = host("close-wait");
    let (process, _) = actor(&host, "close-wait 127.0.0.1:7000 --count 4");
    let rows = ss(&host, "-tp state close-wait sport = :7000");
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row.contains(&format!("pid={},", process.pid()))));
}

#[test]
fn accept_overflow() {
    let (_lab, host) = host("accept-overflow");
    let _process = actor(&host, "accept-overflow 127.0.0.1:7000 --backlog 2 --connections 8");
    let row = ss(&host, "-tl").remove(0);
    assert_eq!(row.split_whitespace().nth(1), Some("3"), "one more than the backlog in {row}");
    let counters = fs::read_to_string(format!("/proc/{}/net/netstat", host.holder_pid())).expect("counters");
    let mut rows = counters.lines().filter(|line| line.starts_with("TcpExt:"));
    let (names, values) = (rows.next().expect("names"), rows.next().expect("values"));
    let pair = names.split(' ').zip(values.split(' ')).find(|(name, _)| *name == "ListenOverflows");
    assert_ne!(pair.expect("the counter").1, "0");
}

#[test]
fn many_connections() {
    let (_lab, host) = host("many-connections");
    let (_process, ready) =
        actor(&host, "many-connections --listeners 5 --connections 1000 --port-base 7000");
    assert_eq!(ready["sockets"], 2005);
    assert_eq!(ss(&host, "-t state established").len(), 2000);
    assert_eq!(ss(&host, "-tl").len(), 5);
}

#[test]
fn many_listeners() {
    let (_lab, host) = host("many-listeners");
    let _process = actor(&host, "many-listeners --count 500 --port-base 7000");
    assert_eq!(ss(&host, "-tl").len(), 500);
}

#[test]
fn share_listener() {
    let (_lab, host) = host("share-listener");
    let (process, ready) = actor(&host, "share-listener 7000 --children 3");
    let mut rows = ss(&host, "-tlp");
    let row = rows.remove(0);
    assert!(rows.is_empty());
    let mut holders = vec![u64::from(process.pid())];
    holders.extend(ready["children"].as_array().expect("children").iter().filter_map(Value::as_u64));
    assert_eq!(holders.len(), 4);
    for holder in holders {
        assert!(row.contains(&format!("pid={holder},")), "{holder} in {row}");
    }
    drop(process);
    assert_eq!(ss(&host, "-tl").len(), 0, "the workers go with it");
}

#[test]
fn memfd_exec() {
    let (_lab, host) = host("memfd");
    let (process, _) = actor(&host, "memfd-exec 127.0.0.1:7000 --name payload");
    assert_eq!(executable(&process), "/memfd:payload (deleted)");
    assert_eq!(ss(&host, "-tl").len(), 1);
}

#[test]
fn deleted_exec() {
    let (lab, host) = host("deleted");
    let directory = lab.scratch().display();
    let (gone, _) = actor(&host, &format!("deleted-exec {directory} 127.0.0.1:7000"));
    let (kept, _) = actor(&host, &format!("deleted-exec {directory} 127.0.0.1:7001 --keep"));
    assert_eq!(executable(&gone), format!("{directory}/portreeve-actor-{} (deleted)", gone.pid()));
    assert_eq!(executable(&kept), format!("{directory}/portreeve-actor-{}", kept.pid()));
    assert_eq!(ss(&host, "-tl").len(), 2);
}

#[test]
fn rename() {
    let (_lab, host) = host("rename");
    let (process, _) = actor(&host, "rename kworker/0:1 127.0.0.1:7000 --argv0 [kworker/0:1]");
    let read = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", process.pid())).expect("it lives");
    assert_eq!(read("comm"), "kworker/0:1\n");
    assert!(read("cmdline").starts_with("[kworker/0:1]\0"));
    assert_eq!(ss(&host, "-tl").len(), 1);
}

#[test]
fn packet_sniffer() {
    let (lab, host) = host("sniffer");
    lab.host("b").start().expect("a host");
    lab.link(("a", "eth0", ["192.0.2.1/24"]), ("b", "eth0", ["192.0.2.2/24"])).expect("a link");
    let _one = actor(&host, "packet-sniffer eth0");
    let _all = actor(&host, "packet-sniffer");
    let rows = ss(&host, "-0");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("*:eth0")), "{rows:?}");
}

#[test]
fn mptcp_listen() {
    let (_lab, host) = host("mptcp");
    let _process = actor(&host, "mptcp-listen 127.0.0.1:7000");
    assert_eq!(ss(&host, "-Ml").len(), 1);
}

#[test]
fn unix_listen() {
    let (lab, host) = host("unix");
    let path = lab.scratch().join("socket");
    let _path = actor(&host, &format!("unix-listen {}", path.display()));
    let _name = actor(&host, "unix-listen @portreeve");
    let rows = ss(&host, "-xl");
    assert!(rows.iter().any(|row| row.contains(&*path.to_string_lossy())), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains(" @portreeve ")), "{rows:?}");
}

#[test]
fn unix_datagram() {
    let (_lab, host) = host("unix-datagram");
    let _name = actor(&host, "unix-datagram @portreeve");
    let rows = ss(&host, "-xa");
    assert!(rows.iter().any(|row| row.contains("u_dgr") && row.contains(" @portreeve ")), "{rows:?}");
}

#[test]
fn pass_fd() {
    let (_lab, host) = host("pass-fd");
    let (process, _) = actor(&host, "pass-fd 127.0.0.1:7000");
    let rows = ss(&host, "-tlpe");
    assert_eq!(rows.len(), 1);
    assert!(
        !rows[0].contains("users:") && rows[0].contains(" ino:"),
        "it exists and nobody has it: {rows:?}"
    );
    drop(process);
    assert_eq!(ss(&host, "-tl").len(), 0, "it goes with the socket it was in flight over");
}

#[test]
fn holder() {
    let (lab, host) = host("holder");
    let (_own, own) = actor(&host, "holder --netns-fd");
    assert_eq!(own["inode"], host.netns_inode());
    let other = lab.host("b").start().expect("a host");
    let (keeper, ready) = actor(&other, &format!("holder --netns-fd {}", host.netns_path().display()));
    assert_eq!(ready["inode"], host.netns_inode());
    let descriptors =
        fs::read_dir(Path::new("/proc").join(keeper.pid().to_string()).join("fd")).expect("it lives");
    let held = format!("net:[{}]", host.netns_inode());
    let targets: Vec<_> = descriptors.flatten().filter_map(|fd| fs::read_link(fd.path()).ok()).collect();
    assert!(targets.iter().any(|target| target.to_string_lossy() == held), "{targets:?}");
}
