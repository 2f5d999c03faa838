//! Hosts, links, switches, loss and isolation, each shown by real traffic.

#![expect(clippy::expect_used, reason = "a fixture that fails ends the test, and says where")]

use portreeve_lab::{Command, Host, Lab, Process, Transport};
use serde_json::Value;
use std::fs;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

fn actor(host: &Host, line: &str) -> Process {
    let process = host.spawn(Command::actor(line).expect("the actor is built")).expect("it starts");
    process.ready(PATIENCE).expect("it is set up");
    process
}

/// What comes back when `client` says `hello` to `address`.
fn conversation(client: &Host, address: &str) -> Value {
    let line = format!("tcp-connect {address} --once --say hello");
    let output = client.run(Command::actor(&line).expect("the actor is built")).expect("it runs");
    let said = output.success().expect("it connects").json().expect("one JSON line");
    said.get("received").expect("what came back").clone()
}

#[test]
fn tcp_crosses_a_link_in_both_families() {
    let lab = Lab::new("families").expect("a lab");
    let server = lab.host("server").start().expect("a host");
    let client = lab.host("client").start().expect("a host");
    let ends = (["192.0.2.1/24", "2001:db8::1/64"], ["192.0.2.2/24", "2001:db8::2/64"]);
    lab.link(("server", "eth0", ends.0), ("client", "uplink", ends.1)).expect("a link");
    let _echo = actor(&server, "tcp-listen [::]:7000 --echo");
    server.wait_listening(Transport::Tcp, 7000, PATIENCE).expect("it listens");
    assert_eq!(conversation(&client, "192.0.2.1:7000"), "hello");
    assert_eq!(conversation(&client, "[2001:db8::1]:7000"), "hello");
}

#[test]
fn a_router_forwards_between_two_links() {
    let lab = Lab::new("router").expect("a lab");
    let server = lab.host("server").start().expect("a host");
    let router = lab.host("router").sysctl("net.ipv4.ip_forward", 1).start().expect("a host");
    let client = lab.host("client").address("203.0.113.9/32").start().expect("a host");
    lab.link(("server", "eth0", ["192.0.2.1/24"]), ("router", "left", ["192.0.2.254/24"])).expect("a link");
    lab.link(("client", "eth0", ["198.51.100.1/24"]), ("router", "right", ["198.51.100.254/24"]))
        .expect("a link");
    server.route("default via 192.0.2.254").expect("a route");
    client.route("default via 198.51.100.254").expect("a route");
    let _echo = actor(&server, "tcp-listen 192.0.2.1:7000 --echo");
    assert_eq!(conversation(&client, "192.0.2.1:7000"), "hello");
    router.sysctl("net.ipv4.ip_forward", 0).expect("a sysctl");
    let line = "tcp-connect 192.0.2.1:7000 --once --timeout 300";
    let output = client.run(Command::actor(line).expect("the actor is built")).expect("it runs");
    assert!(!output.status.success(), "nothing forwards any more");
}

#[test]
fn a_switch_joins_three_hosts() {
    let lab = Lab::new("switch").expect("a lab");
    let hosts: Vec<Host> =
        ["a", "b", "c"].iter().map(|name| lab.host(name).start().expect("a host")).collect();
    let ends = ["a", "b", "c"].iter().zip(1..).map(|(name, number)| {
        (*name, "eth0", [format!("192.0.2.{number}/24"), format!("2001:db8::{number}/64")])
    });
    let switch = lab.switch("lan", ends).expect("a switch");
    assert_eq!(switch.host().name(), "lan");
    let _echo = actor(&hosts[0], "tcp-listen [::]:7000 --echo");
    for address in ["192.0.2.1:7000", "[2001:db8::1]:7000"] {
        assert_eq!(conversation(&hosts[1], address), "hello");
        assert_eq!(conversation(&hosts[2], address), "hello");
    }
}

#[test]
fn two_labs_with_equal_names_and_addresses_do_not_meet() {
    let labs = [Lab::new("twin").expect("a lab"), Lab::new("twin").expect("a lab")];
    let mut listeners = Vec::new();
    for (number, lab) in labs.iter().enumerate() {
        let server = lab.host("server").named().start().expect("a host");
        lab.host("client").named().start().expect("a host");
        lab.link(("server", "eth0", ["192.0.2.1/24"]), ("client", "eth0", ["192.0.2.2/24"])).expect("a link");
        listeners.push(actor(&server, &format!("tcp-listen 0.0.0.0:7000 --banner lab-{number}")));
    }
    let names: Vec<String> = labs
        .iter()
        .map(|lab| lab.find("server").expect("it exists").netns_name().expect("it is named").to_owned())
        .collect();
    assert_ne!(names[0], names[1]);
    for (number, lab) in labs.iter().enumerate() {
        let client = lab.find("client").expect("it exists");
        assert_eq!(conversation(&client, "192.0.2.1:7000"), format!("lab-{number}\r\n"));
    }
}

#[test]
fn a_cut_link_carries_nothing() {
    let lab = Lab::new("cut").expect("a lab");
    let client = lab.host("client").start().expect("a host");
    let server = lab.host("server").start().expect("a host");
    let cable =
        lab.link(("server", "eth0", ["192.0.2.1/24"]), ("client", "eth0", ["192.0.2.2/24"])).expect("a link");
    let _echo = actor(&server, "tcp-listen 192.0.2.1:7000 --echo");
    assert_eq!(conversation(&client, "192.0.2.1:7000"), "hello");
    cable.cut().expect("it can be cut");
    let line = "tcp-connect 192.0.2.1:7000 --once --timeout 300";
    let output = client.run(Command::actor(line).expect("the actor is built")).expect("it runs");
    assert!(!output.status.success());
}

/// How many of 1,000 datagrams arrive.
fn delivered(client: &Host, server: &Host) -> u64 {
    let line = "udp-bind 192.0.2.1:7000 --receive count";
    let receiver = actor(server, line);
    let send = Command::actor("udp-send 192.0.2.1:7000 --count 1000 --gap 100").expect("the actor is built");
    client.run(send).expect("it runs").success().expect("all are sent");
    // What was sent has crossed the link when a later packet has, and is received before the socket's queue is
    // empty, which its row of /proc/net/udp tells (`tx_queue:rx_queue` in the fifth column).
    let empty_queue = "while grep -q ':1B58 .* 07 [0-9A-F]*:0*[1-9A-F]' /proc/net/udp; do sleep 0.01; done";
    server.run(Command::shell(empty_queue)).expect("it runs").success().expect("the queue empties");
    receiver.close_stdin();
    let line = receiver.wait_line("\"received\"", PATIENCE).expect("it counts");
    receiver.wait(PATIENCE).expect("it ends");
    let counted: Value = serde_json::from_str(&line).expect("JSON");
    counted.get("received").and_then(Value::as_u64).expect("a number")
}

#[test]
fn loss_drops_about_its_share() {
    let lab = Lab::new("loss").expect("a lab");
    let server = lab.host("server").start().expect("a host");
    let client = lab.host("client").start().expect("a host");
    let link =
        lab.link(("server", "eth0", ["192.0.2.1/24"]), ("client", "eth0", ["192.0.2.2/24"])).expect("a link");
    assert_eq!(delivered(&client, &server), 1000, "a link without loss delivers all");
    link.lose(30).expect("it can lose");
    let arrived = delivered(&client, &server);
    // 700 expected, standard deviation 14.5: the bounds are ten deviations away.
    assert!((555..=845).contains(&arrived), "{arrived} of 1000 arrived over a link that loses 30 percent");
    link.lose(100).expect("it can lose all");
    assert_eq!(delivered(&client, &server), 0);
    link.lose(0).expect("it can be whole again");
    assert_eq!(delivered(&client, &server), 1000);
}

#[test]
fn hosts_have_their_own_sysctls() {
    let lab = Lab::new("sysctls").expect("a lab");
    let key = "net.ipv4.ip_local_reserved_ports";
    let host = lab.host("a").sysctl(key, "7000-7009").start().expect("a host");
    let read = Command::new("cat").arg("/proc/sys/net/ipv4/ip_local_reserved_ports");
    assert_eq!(host.run(read.clone()).expect("it runs").stdout.trim(), "7000-7009");
    assert_ne!(lab.run(read).expect("it runs").stdout.trim(), "7000-7009", "the machine keeps its own");
    assert!(host.sysctl("kernel.hostname", "x").is_err());
}

#[test]
fn names_and_devices_are_checked() {
    let lab = Lab::new("names").expect("a lab");
    lab.host("a").start().expect("a host");
    assert!(lab.host("a").start().is_err(), "a second host of that name");
    assert!(lab.host("A/b").start().is_err());
    assert!(Lab::new("").is_err());
    let none: [&str; 0] = [];
    assert!(lab.link(("a", "eth0", none), ("b", "eth0", none)).is_err(), "no host b");
    assert!(lab.link(("a", "sixteen-bytes-xx", none), ("a", "eth0", none)).is_err());
}

#[test]
fn a_named_host_is_listed_by_ip_netns() {
    let lab = Lab::new("named").expect("a lab");
    let host = lab.host("a").named().start().expect("a host");
    let name = host.netns_name().expect("it is named").to_owned();
    let listed = lab.run(["ip", "netns", "list"]).expect("it runs").stdout;
    assert!(listed.contains(&name), "{listed}");
    let inode =
        lab.run(["ip", "netns", "exec", &name, "readlink", "/proc/self/ns/net"]).expect("it runs").stdout;
    assert_eq!(inode.trim(), format!("net:[{}]", host.netns_inode()));
    drop(lab);
    assert!(fs::metadata(format!("/run/netns/{name}")).is_err());
    assert!(host.run(["true"]).is_err(), "a handle does not keep its host");
}
