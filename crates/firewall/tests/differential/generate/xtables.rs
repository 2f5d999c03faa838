//! Tables of iptables and ip6tables, over `nf_tables` and legacy.

use super::elements::{Shape, disjoint};
use super::fields::Kind;
use super::pool;
use super::random::Random;
use crate::ruleset::{Chain, Rule, Ruleset, XtTable, XtablesBackend};

const TABLES: &[(&str, &[&str])] = &[
    ("raw", &["PREROUTING", "OUTPUT"]),
    ("mangle", &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]),
    ("nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ("filter", &["INPUT", "FORWARD", "OUTPUT"]),
    ("security", &["INPUT", "FORWARD", "OUTPUT"]),
];

const IPSETS_V4: &[&str] = &["x4ip", "x4net", "x4ipport", "x4netport", "x4list", "x4port"];
const IPSETS_V6: &[&str] = &["x6ip", "x6net", "x6ipport", "x4port"];

/// Matches whose outcome nobody can know beforehand.
const STATEFUL: &[&str] = &[
    "xt time",
    "xt bpf",
    "xt quota",
    "xt connbytes",
    "xt limit",
    "xt hashlimit",
    "xt recent",
    "xt connlimit",
    "xt statistic",
    "xt string",
    "xt u32",
    "xt socket",
    "xt SET",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Context {
    v6: bool,
    table: &'static str,
    /// The built-in chain that the rule is reached from.
    hook: &'static str,
}

impl Context {
    fn comes_in(self) -> bool {
        matches!(self.hook, "PREROUTING" | "INPUT" | "FORWARD")
    }

    fn goes_out(self) -> bool {
        matches!(self.hook, "FORWARD" | "OUTPUT" | "POSTROUTING")
    }
}

struct Draft {
    parts: Vec<String>,
    constructs: Vec<&'static str>,
    protocol: Option<&'static str>,
}

impl Draft {
    fn add(&mut self, text: impl Into<String>, construct: &'static str) {
        self.parts.push(text.into());
        self.constructs.push(construct);
    }
}

/// Adds xtables of one or two back ends.
pub(crate) fn add(
    ruleset: &mut Ruleset,
    random: &mut Random,
    next_rule: &mut u32,
    lacking: &[&'static str],
    stateful: bool,
) {
    let backends: &[XtablesBackend] = match random.below(10) {
        0..=4 => &[XtablesBackend::Nft],
        5..=7 => &[XtablesBackend::Legacy],
        _ => &[XtablesBackend::Nft, XtablesBackend::Legacy],
    };
    let ipsets = random.percent(35) && !lacking.contains(&"xt set");
    if ipsets {
        ruleset.ipsets = sets(random);
    }
    for backend in backends {
        for v6 in [false, true] {
            if random.percent(if v6 { 45 } else { 75 }) {
                for (name, hooks) in TABLES {
                    let share = if *name == "filter" { 80 } else { 35 };
                    if random.percent(share) && !lacking.contains(name) {
                        ruleset.xtables.push(table(
                            *backend, v6, name, hooks, ipsets, random, next_rule, lacking, stateful,
                        ));
                    }
                }
            }
        }
    }
}

fn sets(random: &mut Random) -> Vec<String> {
    let mut lines = Vec::new();
    let mut set = |name: &str, kind: &str, elements: Vec<String>| {
        lines.push(format!("create {name} {kind}"));
        lines.extend(elements.into_iter().map(|element| format!("add {name} {element} -exist")));
    };
    let list = |kind: Kind, random: &mut Random| disjoint(kind, Shape::Single, 4, random);
    let zero_free = |mut list: Vec<String>| {
        list.retain(|text| text != "0.0.0.0" && text != "::");
        list
    };
    set("x4ip", "hash:ip", zero_free(list(Kind::V4, random)));
    set("x6ip", "hash:ip family inet6", zero_free(list(Kind::V6, random)));
    let networks =
        |kind: Kind, random: &mut Random| (0..3).filter_map(|_| kind.prefix(random)).collect::<Vec<_>>();
    let mut nets = networks(Kind::V4, random);
    nets.push(format!("{} nomatch", pool::v4(random)));
    nets.retain(|text| !text.starts_with("0."));
    set("x4net", "hash:net", nets);
    set("x6net", "hash:net family inet6", networks(Kind::V6, random));
    let pairs = |kind: Kind, random: &mut Random| {
        let addresses = zero_free(list(kind, random));
        addresses
            .into_iter()
            .map(|address| format!("{address},{}:{}", random.pick(&["tcp", "udp"]), random.pick(pool::PORTS)))
            .collect::<Vec<_>>()
    };
    set("x4ipport", "hash:ip,port", pairs(Kind::V4, random));
    set("x6ipport", "hash:ip,port family inet6", pairs(Kind::V6, random));
    let nets = networks(Kind::V4, random);
    let nets = nets.into_iter().filter(|net| !net.starts_with("0."));
    let nets: Vec<String> = nets.map(|net| format!("{net},tcp:{}", random.pick(pool::PORTS))).collect();
    set("x4netport", "hash:net,port", nets);
    set("x4port", "bitmap:port range 0-65535", disjoint(Kind::Port, Shape::Interval, 4, random));
    set("x4list", "list:set", vec!["x4ip".into(), "x4net".into()]);
    lines
}

#[expect(clippy::too_many_arguments, reason = "each is one thing, and there is one caller")]
fn table(
    backend: XtablesBackend,
    v6: bool,
    name: &'static str,
    hooks: &[&'static str],
    ipsets: bool,
    random: &mut Random,
    next_rule: &mut u32,
    lacking: &[&'static str],
    stateful: bool,
) -> XtTable {
    let mut chains = Vec::new();
    let mut user = Vec::new();
    for hook in hooks {
        let context = Context { v6, table: name, hook };
        let base: Vec<&'static str> = vec![backend_construct(backend, v6), table_construct(name)];
        let names: Vec<String> =
            (0..random.between(0, 2)).map(|index| format!("{}-{index}", hook.to_lowercase())).collect();
        let policy = if name != "nat" && random.percent(12) { "DROP" } else { "ACCEPT" };
        let count = random.between(0, 4);
        let mut made = |count: usize, targets: &[String], random: &mut Random| -> Vec<Rule> {
            (0..count)
                .map(|_| rule(context, targets, &base, ipsets, random, next_rule, lacking, stateful))
                .collect()
        };
        chains.push(Chain {
            name: (*hook).to_owned(),
            base: Some(policy.to_owned()),
            rules: made(count, &names, random),
        });
        for (index, chain) in names.iter().enumerate() {
            let count = random.between(1, 3);
            let rules = made(count, &names[index + 1..], random);
            user.push(Chain { name: chain.clone(), base: None, rules });
        }
    }
    chains.extend(user);
    XtTable { backend, v6, name, chains }
}

fn backend_construct(backend: XtablesBackend, v6: bool) -> &'static str {
    match (backend, v6) {
        (XtablesBackend::Nft, false) => "iptables-nft",
        (XtablesBackend::Nft, true) => "ip6tables-nft",
        (XtablesBackend::Legacy, false) => "iptables-legacy",
        (XtablesBackend::Legacy, true) => "ip6tables-legacy",
    }
}

fn table_construct(name: &str) -> &'static str {
    match name {
        "raw" => "xt table raw",
        "mangle" => "xt table mangle",
        "nat" => "xt table nat",
        "filter" => "xt table filter",
        _ => "xt table security",
    }
}

#[expect(clippy::too_many_arguments, reason = "each is one thing")]
fn rule(
    context: Context,
    targets: &[String],
    base: &[&'static str],
    ipsets: bool,
    random: &mut Random,
    next_rule: &mut u32,
    lacking: &[&'static str],
    stateful: bool,
) -> Rule {
    let mut draft = Draft { parts: Vec::new(), constructs: base.to_vec(), protocol: None };
    basics(context, &mut draft, random);
    let count = *random.pick(&[0, 0, 1, 1, 1, 2]);
    for _ in 0..count {
        let before = (draft.parts.len(), draft.constructs.len());
        matching(context, ipsets, &mut draft, random);
        if draft
            .constructs
            .iter()
            .skip(before.1)
            .any(|construct| lacking.contains(construct) || !stateful && STATEFUL.contains(construct))
        {
            draft.parts.truncate(before.0);
            draft.constructs.truncate(before.1);
        }
    }
    target(context, targets, ipsets, &mut draft, random, lacking, stateful);
    draft.constructs.sort_unstable();
    draft.constructs.dedup();
    let id = *next_rule;
    *next_rule += 1;
    Rule { id, text: draft.parts.join(" "), constructs: draft.constructs }
}

fn not(random: &mut Random, draft: &mut Draft) -> &'static str {
    if random.percent(20) {
        draft.constructs.push("xt negation");
        "! "
    } else {
        ""
    }
}

fn address(v6: bool, random: &mut Random) -> String {
    let kind = if v6 { Kind::V6 } else { Kind::V4 };
    if random.percent(40) {
        kind.prefix(random).unwrap_or_else(|| kind.value(random))
    } else {
        kind.value(random)
    }
}

/// What every rule can ask without an extension.
fn basics(context: Context, draft: &mut Draft, random: &mut Random) {
    if !context.v6 && random.percent(3) {
        // Ports would contradict it.
        draft.add("-f", "xt fragment");
        return;
    }
    if random.percent(30) {
        let not = not(random, draft);
        draft.add(format!("{not}-s {}", address(context.v6, random)), "xt source");
    }
    if random.percent(30) {
        let not = not(random, draft);
        draft.add(format!("{not}-d {}", address(context.v6, random)), "xt destination");
    }
    if context.comes_in() && random.percent(15) {
        let not = not(random, draft);
        draft.add(
            format!("{not}-i {}", random.pick(&["eth0", "eth1", "br0", "eth+", "lo"])),
            "xt in interface",
        );
    }
    if context.goes_out() && random.percent(15) {
        let not = not(random, draft);
        draft.add(
            format!("{not}-o {}", random.pick(&["eth0", "eth1", "br0", "eth+", "lo"])),
            "xt out interface",
        );
    }
    if random.percent(50) {
        let icmp = if context.v6 { "ipv6-icmp" } else { "icmp" };
        let protocol = *random.pick(&["tcp", "tcp", "tcp", "udp", "udp", icmp, "sctp"]);
        draft.protocol = Some(protocol);
        draft.add(format!("-p {protocol}"), "xt protocol");
        if matches!(protocol, "tcp" | "udp") && random.percent(60) {
            let not = not(random, draft);
            let side = *random.pick(&["--dport", "--dport", "--sport"]);
            draft.add(format!("-m {protocol} {not}{side} {}", ports(random)), "xt port");
        }
        if protocol == icmp && random.percent(50) {
            icmp_type(context.v6, draft, random);
        }
    }
}

fn icmp_type(v6: bool, draft: &mut Draft, random: &mut Random) {
    let n = not(random, draft);
    if v6 {
        let kind = *random.pick(&["128", "129", "128/1"]);
        draft.add(format!("-m icmp6 {n}--icmpv6-type {kind}"), "xt icmp6");
    } else {
        let kind = *random.pick(&["8", "0", "3", "8/3", "any"]);
        draft.add(format!("-m icmp {n}--icmp-type {kind}"), "xt icmp");
    }
}

fn ports(random: &mut Random) -> String {
    let (a, b) = (*random.pick(pool::PORTS), *random.pick(pool::PORTS));
    if random.percent(30) && a != b { format!("{}:{}", a.min(b), a.max(b)) } else { a.to_string() }
}

#[expect(clippy::too_many_lines, reason = "a table of matches, one a line")]
fn matching(context: Context, ipsets: bool, draft: &mut Draft, random: &mut Random) {
    let v6 = context.v6;
    let n = not(random, draft);
    let mark = *random.pick(pool::MARKS);
    let states =
        *random.pick(&["NEW", "ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "NEW,RELATED", "UNTRACKED"]);
    match random.below(48) {
        0..=3 => draft.add(format!("-m conntrack {n}--ctstate {states}"), "xt conntrack state"),
        4 => {
            let states = *random.pick(&["SNAT", "DNAT", "DNAT,NEW"]);
            draft.add(format!("-m conntrack {n}--ctstate {states}"), "xt conntrack nat state");
        }
        5 => {
            let text = match random.below(5) {
                0 => format!("{n}--ctstatus SEEN_REPLY,ASSURED"),
                1 => format!("{n}--ctorigsrc {}", address(v6, random)),
                2 => format!("{n}--ctreplsrc {}", address(v6, random)),
                3 => format!("--ctdir {}", random.pick(&["ORIGINAL", "REPLY"])),
                _ => format!("--ctproto 6 {n}--ctorigdstport {}", random.pick(pool::PORTS)),
            };
            draft.add(format!("-m conntrack {text}"), "xt conntrack other");
        }
        6..=7 => draft.add(format!("-m state {n}--state {states}"), "xt state"),
        8..=10 if matches!(draft.protocol, Some("tcp" | "udp")) => {
            let side = *random.pick(&["--dports", "--sports", "--ports"]);
            draft.add(format!("-m multiport {n}{side} 22,80:443,8080"), "xt multiport");
        }
        11..=13 => {
            let side = *random.pick(&["--dst-type", "--src-type"]);
            let all = ["LOCAL", "UNICAST", "MULTICAST", "UNREACHABLE", "BLACKHOLE", "BROADCAST"];
            let kind = *random.pick(if v6 { &all[..4] } else { &all });
            let limit = match context.hook {
                "PREROUTING" | "INPUT" if random.percent(25) => " --limit-iface-in",
                "OUTPUT" | "POSTROUTING" if random.percent(25) => " --limit-iface-out",
                _ => "",
            };
            draft.add(format!("-m addrtype {n}{side} {kind}{limit}"), "xt addrtype");
        }
        14..=16 if ipsets => {
            let name = *random.pick(if v6 { IPSETS_V6 } else { IPSETS_V4 });
            let side = *random.pick(&["src", "dst"]);
            let sides = if name.contains("port") && name != "x4port" {
                format!("{side},{side}")
            } else {
                side.to_owned()
            };
            draft.add(format!("-m set {n}--match-set {name} {sides}"), "xt set");
        }
        17 => draft.add("-m limit --limit 1/min --limit-burst 5", "xt limit"),
        18 => {
            let text = "--hashlimit-above 1/min --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-name portreeve";
            draft.add(format!("-m hashlimit {text}"), "xt hashlimit");
        }
        19 => draft.add("-m recent --name portreeve --rcheck --seconds 60 --hitcount 2", "xt recent"),
        20 => draft.add("-m recent --name portreeve --set", "xt recent"),
        21 if context.table != "raw" => draft.add(
            format!("-m connlimit {}", random.pick(&["--connlimit-above 1", "--connlimit-upto 2"])),
            "xt connlimit",
        ),
        22..=23 => draft
            .add(format!("-m mark {n}--mark {mark:#x}{}", random.pick(&["", "/0xff", "/0x1"])), "xt mark"),
        24 => draft
            .add(format!("-m connmark {n}--mark {mark:#x}{}", random.pick(&["", "/0xff"])), "xt connmark"),
        25 if matches!(context.hook, "OUTPUT" | "POSTROUTING") => {
            let side = *random.pick(&["--uid-owner", "--gid-owner"]);
            draft.add(
                format!("-m owner {n}{side} {}", random.pick(&["0", "1000", "1-40", "65534"])),
                "xt owner",
            );
        }
        26..=27 if draft.protocol == Some("tcp") => {
            let text = match random.below(5) {
                0 => format!("{n}--syn"),
                1 => format!("{n}--tcp-flags SYN,ACK SYN"),
                2 => format!("{n}--tcp-flags ALL NONE"),
                3 => format!("{n}--tcp-option 2"),
                _ => format!("{n}--tcp-flags FIN,SYN,RST,PSH,ACK,URG FIN,PSH,URG"),
            };
            let construct = if text.contains("option") { "xt tcp option" } else { "xt tcp flags" };
            draft.add(format!("-m tcp {text}"), construct);
        }
        28..=30 => {
            let kind = if v6 { Kind::V6 } else { Kind::V4 };
            let Some((low, high)) = kind.range(random) else { return };
            let side = *random.pick(&["--src-range", "--dst-range"]);
            draft.add(format!("-m iprange {n}{side} {low}-{high}"), "xt iprange");
        }
        31 if context.comes_in() => {
            draft.add(
                format!("-m mac {n}--mac-source 02:00:00:00:01:{}", random.pick(&["10", "11", "21"])),
                "xt mac",
            );
        }
        32 if context.hook != "OUTPUT" => {
            let text = match context.hook {
                "FORWARD" | "POSTROUTING" => "--physdev-is-bridged",
                _ => "--physdev-in p1",
            };
            draft.add(format!("-m physdev {n}{text}"), "xt physdev");
        }
        33 => draft.add("-m statistic --mode nth --every 2 --packet 0", "xt statistic"),
        34 => draft.add("-m statistic --mode random --probability 0.5", "xt statistic"),
        35 => draft.add(format!("-m string {n}--string \"GET\" --algo bm"), "xt string"),
        36 => draft.add("-m u32 --u32 \"0&0xFF=0:255\"", "xt u32"),
        37 if v6 => {
            draft.add(format!("-m hl {}", random.pick(&["--hl-eq 64", "--hl-lt 64", "--hl-gt 64"])), "xt hl");
        }
        37 => draft
            .add(format!("-m ttl {}", random.pick(&["--ttl-eq 64", "--ttl-lt 64", "--ttl-gt 64"])), "xt ttl"),
        38 => draft.add(format!("-m dscp {n}--dscp {}", random.pick(&["0x00", "0x2e", "0x04"])), "xt dscp"),
        39 => draft.add(format!("-m tos {n}--tos {}", random.pick(&["0x10/0x3f", "0x00/0xff"])), "xt tos"),
        40 => {
            draft
                .add(format!("-m length {n}--length {}", random.pick(&["40", "47:60", "0:48"])), "xt length");
        }
        41 => draft.add(
            format!("-m pkttype {n}--pkt-type {}", random.pick(&["unicast", "broadcast", "multicast"])),
            "xt pkttype",
        ),
        42 if context.hook == "PREROUTING" && matches!(context.table, "raw" | "mangle") => {
            let flags = *random.pick(&["", " --loose", " --validmark", " --invert", " --accept-local"]);
            draft.add(format!("-m rpfilter{flags}"), "xt rpfilter");
        }
        43 if matches!(context.hook, "PREROUTING" | "INPUT") => {
            draft.add(format!("-m socket{}", random.pick(&["", " --transparent"])), "xt socket");
        }
        44 => draft.add("-m time --timestart 00:00 --timestop 12:00", "xt time"),
        // An IPv4 header of 20 bytes.
        45 => draft.add("-m bpf --bytecode \"4,48 0 0 0,21 0 1 69,6 0 0 1,6 0 0 0\"", "xt bpf"),
        46 => draft.add("-m quota --quota 300", "xt quota"),
        47 => draft.add(
            "-m connbytes --connbytes 0:10 --connbytes-dir both --connbytes-mode packets",
            "xt connbytes",
        ),
        _ if v6 && random.percent(50) => {
            let text = *random.pick(&[
                "-m frag --fragfirst",
                "-m hbh",
                "-m dst",
                "-m ipv6header --header hop --soft",
            ]);
            draft.add(text, "xt ip6 header");
        }
        _ => {}
    }
}

fn target(
    context: Context,
    targets: &[String],
    ipsets: bool,
    draft: &mut Draft,
    random: &mut Random,
    lacking: &[&'static str],
    stateful: bool,
) {
    let (text, construct) = match context.table {
        "nat" if random.percent(55) => translation(context, draft, random),
        "mangle" if random.percent(60) => mangling(context, draft, random),
        "raw" if random.percent(35) => (random.pick(&["CT --notrack", "NOTRACK"]).to_string(), "xt NOTRACK"),
        _ => verdict(context, targets, ipsets, draft, random),
    };
    if text.is_empty() || lacking.contains(&construct) || !stateful && STATEFUL.contains(&construct) {
        // A rule without a target counts.
        draft.constructs.push("xt no target");
        return;
    }
    if construct == "xt TCPMSS" {
        // Without this the target is refused.
        draft.add("-m tcp --tcp-flags SYN,RST SYN", "xt tcp flags");
    }
    let goes = if construct == "xt goto" { "-g" } else { "-j" };
    draft.add(format!("{goes} {text}"), construct);
}

fn verdict(
    context: Context,
    targets: &[String],
    ipsets: bool,
    draft: &Draft,
    random: &mut Random,
) -> (String, &'static str) {
    match random.below(20) {
        0..=4 => ("ACCEPT".into(), "xt ACCEPT"),
        5..=6 if context.table != "nat" => ("DROP".into(), "xt DROP"),
        7..=8 => ("RETURN".into(), "xt RETURN"),
        9..=10 if context.table == "filter" => reject(context, draft, random),
        11 => ("LOG --log-prefix x --log-level debug".into(), "xt LOG"),
        12..=15 if !targets.is_empty() => (random.pick(targets).clone(), "xt jump"),
        16..=17 if !targets.is_empty() => (random.pick(targets).clone(), "xt goto"),
        18 if ipsets && !context.v6 => ("SET --add-set x4ip src --exist".into(), "xt SET"),
        _ => (String::new(), "xt no target"),
    }
}

fn reject(context: Context, draft: &Draft, random: &mut Random) -> (String, &'static str) {
    if draft.protocol == Some("tcp") && random.percent(50) {
        return ("REJECT --reject-with tcp-reset".into(), "xt REJECT with reset");
    }
    let kind = if context.v6 {
        *random.pick(&[
            "icmp6-port-unreachable",
            "icmp6-adm-prohibited",
            "icmp6-no-route",
            "icmp6-addr-unreachable",
        ])
    } else {
        *random.pick(&[
            "icmp-port-unreachable",
            "icmp-host-prohibited",
            "icmp-admin-prohibited",
            "icmp-net-unreachable",
        ])
    };
    (format!("REJECT --reject-with {kind}"), "xt REJECT")
}

fn mangling(context: Context, draft: &Draft, random: &mut Random) -> (String, &'static str) {
    let mark = *random.pick(pool::MARKS);
    match random.below(14) {
        0..=3 => (format!("MARK --set-mark {mark:#x}"), "xt MARK"),
        4 => (format!("MARK --set-xmark {mark:#x}/0xff"), "xt MARK"),
        5 => {
            (format!("MARK {} {mark:#x}", random.pick(&["--or-mark", "--and-mark", "--xor-mark"])), "xt MARK")
        }
        6 => (format!("CONNMARK --set-mark {mark:#x}"), "xt CONNMARK"),
        7 => ("CONNMARK --save-mark".into(), "xt CONNMARK"),
        8 => ("CONNMARK --restore-mark".into(), "xt CONNMARK"),
        9 => (format!("DSCP --set-dscp {}", random.pick(&["0x00", "0x2e"])), "xt DSCP"),
        10 if context.v6 => ("HL --hl-set 33".into(), "xt HL"),
        10 => (random.pick(&["TTL --ttl-set 33", "TTL --ttl-inc 1"]).to_string(), "xt TTL"),
        11 => ("TOS --set-tos 0x10/0x3f".into(), "xt TOS"),
        12 if context.goes_out() && draft.protocol == Some("tcp") => {
            ("TCPMSS --set-mss 1200".into(), "xt TCPMSS")
        }
        13 if context.hook == "PREROUTING" && matches!(draft.protocol, Some("tcp" | "udp")) => {
            let ip = if context.v6 { "::1" } else { "127.0.0.1" };
            (format!("TPROXY --on-port 8080 --on-ip {ip} --tproxy-mark 0x1/0x1"), "xt TPROXY")
        }
        _ if context.goes_out() => (format!("CLASSIFY --set-class 1:{:x}", random.below(16)), "xt CLASSIFY"),
        _ => (String::new(), "xt no target"),
    }
}

fn translation(context: Context, draft: &Draft, random: &mut Random) -> (String, &'static str) {
    let ports = matches!(draft.protocol, Some("tcp" | "udp")) && random.percent(45);
    let address = |random: &mut Random| -> String {
        match (context.v6, random.percent(20)) {
            (false, true) => "10.1.0.2-10.1.0.5".into(),
            (true, true) => "2001:db8:2::2-2001:db8:2::5".into(),
            (v6, false) => {
                let list = match (v6, random.below(3)) {
                    (false, 0) => pool::OUTSIDE_V4,
                    (false, 1) => pool::INSIDE_V4,
                    (false, _) => pool::OWN_V4,
                    (true, 0) => pool::OUTSIDE_V6,
                    (true, 1) => pool::INSIDE_V6,
                    (true, _) => pool::OWN_V6,
                };
                (*random.pick(list)).to_owned()
            }
        }
    };
    let full = |random: &mut Random| -> String {
        let address = address(random);
        match (ports, context.v6) {
            (false, _) => address,
            (true, false) => format!("{address}:{}", random.pick(&["80", "8080", "1024-1030"])),
            (true, true) => format!("[{address}]:{}", random.pick(&["80", "8080", "1024-1030"])),
        }
    };
    match (context.hook, random.below(4)) {
        ("PREROUTING" | "OUTPUT", 0) if ports => ("REDIRECT --to-ports 8080".into(), "xt REDIRECT"),
        ("PREROUTING" | "OUTPUT", 0) => ("REDIRECT".into(), "xt REDIRECT"),
        ("PREROUTING" | "OUTPUT", 1) if context.v6 => ("NETMAP --to 2001:db8:2::/64".into(), "xt NETMAP"),
        ("PREROUTING" | "OUTPUT", 1) => ("NETMAP --to 10.1.0.0/24".into(), "xt NETMAP"),
        ("PREROUTING" | "OUTPUT", _) => (format!("DNAT --to-destination {}", full(random)), "xt DNAT"),
        ("POSTROUTING", 0..=1) if ports => ("MASQUERADE --to-ports 1024-1030".into(), "xt MASQUERADE"),
        ("POSTROUTING", 0..=1) => ("MASQUERADE".into(), "xt MASQUERADE"),
        _ => (format!("SNAT --to-source {}", full(random)), "xt SNAT"),
    }
}
