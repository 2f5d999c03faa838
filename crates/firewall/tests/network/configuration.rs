//! Random networks: lines for `ip`, and kernel parameters. Many lines fail, which is no loss: what is there is read afterwards.

use std::io::Write as _;
use std::process::{Command, Stdio};

use portreeve_linux::tap::Tap;

use crate::random::Random;

/// Pairs of which both halves stay in the one namespace, so that every interface has a carrier, and those of [`TAPS`].
pub(crate) const INTERFACES: &[&str] = &["a0", "a1", "b0", "b1", "c0", "c1", "t0", "t1"];

/// Interfaces by which a test lets packets come in.
pub(crate) const TAPS: &[&str] = &["t0", "t1"];

pub(crate) const V4: &[&str] = &[
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.77",
    "10.0.1.1",
    "10.0.1.200",
    "10.0.2.1",
    "10.0.3.9",
    "10.1.0.1",
    "10.1.2.3",
    "192.0.2.1",
    "192.0.2.7",
    "192.0.2.255",
    "198.51.100.7",
    "203.0.113.9",
    "10.0.0.255",
    "10.0.1.255",
    "10.0.1.127",
    "127.0.0.1",
    "127.1.2.3",
    "255.255.255.255",
    "0.0.0.0",
    "224.0.0.1",
    "224.0.0.251",
    "239.1.2.3",
    "0.1.2.3",
    "240.0.0.1",
    "169.254.7.7",
    "10.0.0.0",
];
const V4_PREFIXES: &[&str] = &[
    "default",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.0.0.0/24",
    "10.0.1.0/24",
    "10.0.1.0/25",
    "10.0.1.200/32",
    "10.0.2.0/23",
    "10.1.0.0/16",
    "10.1.2.3/32",
    "192.0.2.0/24",
    "192.0.2.7/32",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "127.1.0.0/16",
    "127.1.2.3/32",
    "224.0.0.0/4",
    "239.0.0.0/8",
    "10.0.0.77/32",
    "10.0.0.1/32",
    "240.0.0.0/4",
];
pub(crate) const V6: &[&str] = &[
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8::77",
    "2001:db8:1::1",
    "2001:db8:1::200",
    "2001:db8:2::1",
    "2001:db8:ff::1",
    "fd00::1",
    "fd00:1::9",
    "::1",
    "fe80::1",
    "fe80::abcd",
    "ff02::1",
    "ff02::fb",
    "ff05::2",
    "ff0e::1",
    "2001:db8:1::",
    "2001:db8::",
    "::",
    "64:ff9b::1",
    "2001:db8:1:2::3",
];
const V6_PREFIXES: &[&str] = &[
    "default",
    "2001:db8::/32",
    "2001:db8::/48",
    "2001:db8::/64",
    "2001:db8:1::/48",
    "2001:db8:1::/64",
    "2001:db8:1::200/128",
    "2001:db8:2::/64",
    "fd00::/16",
    "fd00:1::/32",
    "fd00:1::9/128",
    "64:ff9b::/96",
    "2000::/3",
    "ff05::/16",
    "2001:db8:1:2::/64",
];
const V6_SOURCES: &[&str] =
    &["2001:db8::/32", "2001:db8::/64", "2001:db8:1::/48", "fd00::/8", "2001:db8::77/128"];
const TABLES: &[&str] = &["main", "main", "main", "main", "100", "200", "300", "default", "local"];

/// A network, as long as this lives.
pub(crate) struct Built {
    /// The lines that made it.
    pub(crate) lines: String,
    /// As [`TAPS`].
    pub(crate) taps: Vec<Tap>,
}

/// Builds a network in the calling thread's namespace, which must be a new one.
pub(crate) fn build(random: &mut Random) -> Built {
    for scope in ["all", "default"] {
        // Addresses are usable at once, and stay as they are.
        set(&format!("net/ipv6/conf/{scope}/accept_dad"), 0);
        set(&format!("net/ipv6/conf/{scope}/router_solicitations"), 0);
        set(&format!("net/ipv6/conf/{scope}/addr_gen_mode"), 1);
    }
    let mut lines: Vec<String> = vec!["link set lo up".into()];
    for pair in ["a", "b", "c"] {
        lines.push(format!("link add {pair}0 type veth peer name {pair}1"));
    }
    apply(&lines);
    lines.clear();
    let taps = TAPS.iter().map(|name| Tap::create(name).unwrap()).collect();
    let mut later = Vec::new();
    for interface in INTERFACES {
        // Shares of ways are counted when a carrier comes or goes, by this parameter as it is then.
        for family in ["ipv4", "ipv6"] {
            if random.chance(20) {
                later.push(format!("net/{family}/conf/{interface}/ignore_routes_with_linkdown"));
            }
        }
        // Some stay down, which takes their other half's carrier.
        if !random.chance(8) {
            lines.push(format!("link set {interface} up"));
        }
        if random.chance(20) {
            lines.push(format!("link set {interface} group {}", random.below(3)));
        }
        if random.chance(10) {
            lines.push(format!("link set {interface} mtu {}", 1280 + random.below(200)));
        }
    }
    for path in &later {
        set(path, 1);
    }
    lines.extend((0..3 + random.below(8)).map(|_| address(random)));
    lines.extend((0..6 + random.below(30)).map(|_| route_v4(random)));
    lines.extend((0..6 + random.below(30)).map(|_| route_v6(random)));
    if random.chance(60) {
        lines.extend((0..=random.below(8)).map(|_| rule(random)));
    }
    for _ in 0..random.below(3) {
        lines.push(format!("link set {} down", random.pick(INTERFACES)));
    }
    apply(&lines);
    parameters(random);
    Built { lines: lines.join("\n"), taps }
}

fn address(random: &mut Random) -> String {
    let interface = if random.chance(10) { "lo" } else { random.pick(INTERFACES) };
    if random.chance(50) {
        let address = random.pick(&V4[..16]);
        let length = random.pick(&["8", "16", "24", "24", "25", "30", "32"]);
        let scope = random.pick(&["", "", "", " scope link", " scope host"]);
        let peer = if random.chance(10) {
            format!("{address} peer {}", random.pick(V4))
        } else {
            address.to_owned()
        };
        format!("addr add {peer}/{length} dev {interface}{scope} broadcast +")
    } else {
        let flags = random.pick(&["", "", "", " preferred_lft 0"]);
        let length = random.pick(&["32", "48", "64", "64", "127", "128"]);
        format!("addr add {}/{length} dev {interface}{flags} nodad", random.pick(&V6[..9]))
    }
}

fn kind(random: &mut Random) -> &'static str {
    random.pick(&["unreachable", "blackhole", "prohibit", "throw"])
}

fn route_v4(random: &mut Random) -> String {
    let prefix = random.pick(V4_PREFIXES);
    let mut tail = String::new();
    if random.chance(30) {
        tail += &format!(" metric {}", random.below(3) * 10);
    }
    if random.chance(15) {
        tail += &format!(" tos {:#x}", random.pick(&[0x04, 0x08, 0x10, 0x18, 0x20]));
    }
    if random.chance(85) {
        tail += &format!(" table {}", random.pick(TABLES));
    }
    let interface = random.pick(INTERFACES);
    if random.chance(20) {
        return format!("route append {} {prefix}{tail}", kind(random));
    }
    if random.chance(12) {
        let kind = random.pick(&["local", "broadcast", "multicast"]);
        return format!("route append {kind} {prefix} dev {interface}{tail}");
    }
    if random.chance(15) {
        tail += &format!(" src {}", random.pick(V4));
    }
    if random.chance(10) {
        tail += " mtu 1400";
    }
    if random.chance(10) {
        tail += random.pick(&[" scope link", " scope host", " scope global"]);
    }
    let verb = random.pick(&["append", "append", "add", "prepend"]);
    if random.chance(15) {
        let other = random.pick(INTERFACES);
        let via = random.pick(V4);
        return format!(
            "route {verb} {prefix}{tail} nexthop via {via} dev {interface} onlink nexthop dev {other} weight 3"
        );
    }
    match random.below(4) {
        0 | 1 => format!("route {verb} {prefix} via {} dev {interface} onlink{tail}", random.pick(V4)),
        2 => format!("route {verb} {prefix} via {}{tail}", random.pick(V4)),
        _ => format!("route {verb} {prefix} dev {interface}{tail}"),
    }
}

fn route_v6(random: &mut Random) -> String {
    let prefix = random.pick(V6_PREFIXES);
    let mut tail = String::new();
    if random.chance(15) {
        tail += &format!(" from {}", random.pick(V6_SOURCES));
    }
    if random.chance(30) {
        tail += &format!(" metric {}", 1000 + random.below(3) * 10);
    }
    if random.chance(85) {
        tail += &format!(" table {}", random.pick(TABLES));
    }
    let interface = random.pick(INTERFACES);
    if random.chance(20) {
        return format!("-6 route append {} {prefix}{tail}", kind(random));
    }
    if random.chance(10) {
        let kind = random.pick(&["local", "anycast", "multicast"]);
        return format!("-6 route append {kind} {prefix} dev {interface}{tail}");
    }
    if random.chance(10) {
        tail += " mtu 1400";
    }
    if random.chance(15) {
        tail += &format!(" pref {}", random.pick(&["low", "medium", "high"]));
    }
    if random.chance(15) {
        tail += &format!(" src {}", random.pick(V6));
    }
    let verb = random.pick(&["append", "append", "add", "prepend"]);
    if random.chance(15) {
        let other = random.pick(INTERFACES);
        let via = random.pick(V6);
        return format!(
            "-6 route {verb} {prefix}{tail} nexthop via {via} dev {interface} onlink nexthop via fe80::9 dev {other} weight 3"
        );
    }
    match random.below(3) {
        0 => format!("-6 route {verb} {prefix} via {} dev {interface} onlink{tail}", random.pick(V6)),
        1 => format!("-6 route {verb} {prefix} via {}{tail}", random.pick(V6)),
        _ => format!("-6 route {verb} {prefix} dev {interface}{tail}"),
    }
}

fn rule(random: &mut Random) -> String {
    let v6 = random.chance(50);
    let mut rule = if v6 { "-6 rule add".to_owned() } else { "-4 rule add".to_owned() };
    rule += &format!(" priority {}", random.pick(&[10, 20, 30, 40, 32_000, 32_766, 33_000]));
    if random.chance(15) {
        rule += " not";
    }
    if random.chance(30) {
        rule +=
            &format!(" from {}", if v6 { random.pick(V6_SOURCES) } else { random.pick(&V4_PREFIXES[1..]) });
    }
    if random.chance(20) {
        rule += &format!(
            " to {}",
            if v6 { random.pick(&V6_PREFIXES[1..]) } else { random.pick(&V4_PREFIXES[1..]) }
        );
    }
    if random.chance(15) {
        rule += &format!(" iif {}", random.pick(&["lo", "a0", "b0", "c1", "gone"]));
    }
    if random.chance(10) {
        rule += &format!(" oif {}", random.pick(&["a0", "b0", "c1", "gone"]));
    }
    if random.chance(25) {
        rule += &format!(" fwmark {}", random.pick(&["1", "2", "0/1", "1/3", "3"]));
    }
    if random.chance(10) {
        rule += &format!(" tos {:#x}", random.pick(&[0x04, 0x08, 0x10]));
    }
    if random.chance(15) {
        rule += &format!(" ipproto {}", random.pick(&["tcp", "udp"]));
        if random.chance(60) {
            rule += random.pick(&[" dport 53", " dport 100-2000", " sport 1000-2000", " sport 53"]);
        }
    }
    if random.chance(8) {
        rule += " uidrange 1000-2000";
    }
    let action = random.below(12);
    rule += &match action {
        0 => " unreachable".to_owned(),
        1 => " blackhole".to_owned(),
        2 => " prohibit".to_owned(),
        3 => " goto 32766".to_owned(),
        4 => " nop".to_owned(),
        _ => {
            let mut lookup =
                format!(" lookup {}", random.pick(&["100", "200", "300", "main", "local", "default", "77"]));
            if random.chance(20) {
                lookup += &format!(" suppress_prefixlength {}", random.pick(&[0, 8, 16, 32]));
            }
            if random.chance(10) {
                lookup += &format!(" suppress_ifgroup {}", random.below(3));
            }
            lookup
        }
    };
    rule
}

fn parameters(random: &mut Random) {
    for interface in INTERFACES.iter().chain(&["all", "lo"]) {
        for (parameter, values, percent) in [
            ("rp_filter", &[0, 1, 2][..], 50),
            ("accept_local", &[0, 1], 25),
            ("route_localnet", &[0, 1], 20),
            ("src_valid_mark", &[0, 1], 25),
            ("send_redirects", &[0, 1], 40),
            ("bc_forwarding", &[0, 1], 30),
        ] {
            if random.chance(percent) {
                set(&format!("net/ipv4/conf/{interface}/{parameter}"), random.pick(values));
            }
        }
    }
    set("net/ipv4/ip_forward", i32::from(random.chance(75)));
    set("net/ipv6/conf/all/forwarding", i32::from(random.chance(75)));
    for interface in INTERFACES {
        if random.chance(15) {
            set(&format!("net/ipv4/conf/{interface}/forwarding"), i32::from(random.chance(50)));
        }
        if random.chance(10) {
            set(&format!("net/ipv6/conf/{interface}/force_forwarding"), 1);
        }
    }
}

pub(crate) fn set(path: &str, value: i32) {
    std::fs::write(format!("/proc/sys/{path}"), value.to_string())
        .unwrap_or_else(|error| panic!("{path}: {error}"));
}

/// Runs lines of `ip` in the calling thread's namespace, going on after those that fail.
pub(crate) fn apply(lines: &[String]) {
    let mut ip = Command::new("ip")
        .args(["-force", "-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("ip of iproute2 is needed");
    ip.stdin.take().unwrap().write_all(format!("{}\n", lines.join("\n")).as_bytes()).unwrap();
    ip.wait().unwrap();
}
