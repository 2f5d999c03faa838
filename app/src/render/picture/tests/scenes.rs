//! Hosts made by hand: what the engine says of real ones.

use portreeve_model::exposure::{
    Coverage, Decision, Door, DoorKind, Exposure, FamilyExposure, IpVersion, Part, ZoneExposure,
};
use portreeve_model::reach::{Base, Cause, Chain, Decider, Rule, Verdict};
use portreeve_model::{NamespaceId, Protocol};

pub(super) const ZONES: [&str; 5] = ["internet", "private", "link-local", "containers", "this host"];

pub(super) fn chain(
    family: &str,
    table: &str,
    name: &str,
    hook: (&str, i32, &str),
    owner: Option<&str>,
) -> Chain {
    let (hook, priority, policy) = hook;
    Chain {
        backend: if family == "inet" { "nft" } else { "iptables-nft" }.into(),
        family: family.into(),
        table: table.into(),
        name: name.into(),
        base: Some(Base {
            kind: if table == "nat" { "nat" } else { "filter" }.into(),
            hook: hook.into(),
            priority,
            policy: policy.into(),
        }),
        owner: owner.map(Into::into),
    }
}

pub(super) fn rule(at: (&str, &str, &str), hook: &str, text: &str, owner: &str) -> Decision {
    let (family, table, chain) = at;
    let by = Decider::Rule(Box::new(Rule {
        backend: "nft".into(),
        family: family.into(),
        table: table.into(),
        chain: chain.into(),
        handle: Some(12),
        line: None,
        position: 3,
        text: text.into(),
        comment: None,
        owner: Some(owner.into()),
        packets: None,
        bytes: None,
    }));
    Decision::Rules { by, hook: hook.into(), owner: owner.into() }
}

pub(super) fn policy(chain: &Chain, owner: &str) -> Decision {
    let hook = chain.base.as_ref().map(|base| base.hook.clone()).unwrap_or_default();
    Decision::Rules { by: Decider::Policy(Box::new(chain.clone())), hook, owner: owner.into() }
}

/// A part of whole zones; `~private` is a part of it.
pub(super) fn part(verdict: Verdict, zones: &[&str], interfaces: &[&str], decider: Decision) -> Part {
    let zone = |name: &&str| ZoneExposure {
        zone: name.trim_start_matches('~').into(),
        coverage: if name.starts_with('~') { Coverage::Some } else { Coverage::All },
    };
    Part {
        verdict,
        interfaces: interfaces.iter().map(ToString::to_string).collect(),
        label: zones.join(", ").replace("~private", "10.20.0.0/16"),
        zones: zones.iter().map(zone).collect(),
        sources: Vec::new(),
        more_sources: 0,
        conditions: Vec::new(),
        deciders: vec![decider],
        more_deciders: 0,
        causes: Vec::new(),
        witness: "from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0".into(),
        arrives_at: None,
    }
}

pub(super) fn depends(mut part: Part, on: &str) -> Part {
    part.verdict = Verdict::Unknown;
    part.causes.push(Cause { kind: "limit".into(), text: on.into(), rule: None });
    part
}

pub(super) fn family(version: IpVersion, parts: Vec<Part>) -> FamilyExposure {
    let zone = |name: &&str| ZoneExposure { zone: (*name).into(), coverage: Coverage::All };
    FamilyExposure { version, zones: ZONES.iter().map(zone).collect(), parts, too_complex: None }
}

pub(super) fn both(parts: &[Part]) -> Vec<FamilyExposure> {
    vec![family(IpVersion::Ipv4, parts.to_vec()), family(IpVersion::Ipv6, parts.to_vec())]
}

pub(super) fn door(protocol: Protocol, port: u16, addresses: &[&str], holder: &str) -> Door {
    Door {
        protocol,
        port,
        port_end: None,
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        interface: None,
        kind: DoorKind::Listener,
        holder: Some(holder.into()),
        namespace: NamespaceId(4_026_531_840),
    }
}

pub(super) const EVERYWHERE: &[&str] = &["0.0.0.0", "::"];

/// ufw, Docker, a database for the private network, and one for this host only.
pub(super) fn town() -> (Vec<Exposure>, Vec<Chain>) {
    let chains = vec![
        chain("ip", "raw", "PREROUTING", ("prerouting", -300, "accept"), Some("Docker")),
        chain("ip", "nat", "PREROUTING", ("prerouting", -100, "accept"), Some("Docker")),
        input("ip"),
        input("ip6"),
        forward(),
        chain("ip", "nat", "POSTROUTING", ("postrouting", 100, "accept"), Some("Docker")),
    ];
    let martian = Decision::Host {
        code: "martian-source".into(),
        text: "the source 127.0.0.1 is not allowed on eth0".into(),
    };
    let all = ["internet", "private", "link-local", "containers"];
    let own = part(Verdict::Deny, &[], &["eth0"], martian.clone());
    let reserved = part(Verdict::Deny, &[], &["docker0"], martian.clone());
    let cache = vec![part(Verdict::Deny, &all, &["eth0", "docker0"], martian), own, reserved, here("ip")];
    let exposures = vec![
        Exposure { door: door(Protocol::Tcp, 80, EVERYWHERE, "nginx"), families: web() },
        Exposure { door: door(Protocol::Tcp, 443, EVERYWHERE, "nginx"), families: web() },
        published(),
        Exposure { door: door(Protocol::Tcp, 5432, &["0.0.0.0"], "postgres"), families: database() },
        Exposure { door: door(Protocol::Tcp, 22, EVERYWHERE, "sshd"), families: ssh() },
        Exposure {
            door: door(Protocol::Tcp, 6379, &["127.0.0.1"], "redis-server"),
            families: vec![family(IpVersion::Ipv4, cache)],
        },
    ];
    (exposures, chains)
}

const OUTSIDE: [&str; 3] = ["internet", "private", "link-local"];

fn input(family: &str) -> Chain {
    chain(family, "filter", "INPUT", ("input", 0, "drop"), Some("ufw"))
}

fn forward() -> Chain {
    chain("ip", "filter", "FORWARD", ("forward", 0, "drop"), Some("Docker"))
}

fn ufw(family: &str, chain: &str, text: &str) -> Decision {
    rule((family, "filter", chain), "input", text, "ufw")
}

fn here(family: &str) -> Part {
    let lo = ufw(family, "ufw-before-input", "-A ufw-before-input -i lo -j ACCEPT");
    let mut here = part(Verdict::Allow, &["this host"], &[], lo);
    here.label = if family == "ip" { "127.0.0.1 and 192.0.2.10" } else { "::1 and 2001:db8::10" }.into();
    here
}

fn web() -> Vec<FamilyExposure> {
    let open = |version, of: &str, chain: &str| {
        let text = "-A ufw-user-input -p tcp -m multiport --dports 80,443 -m comment --comment \"web server, see ticket 4711\" -j ACCEPT";
        let by = ufw(of, chain, text);
        let containers = part(Verdict::Allow, &["containers"], &["docker0"], by.clone());
        family(version, vec![part(Verdict::Allow, &OUTSIDE, &["eth0"], by), containers, here(of)])
    };
    vec![open(IpVersion::Ipv4, "ip", "ufw-user-input"), open(IpVersion::Ipv6, "ip6", "ufw6-user-input")]
}

fn published() -> Exposure {
    let mut door = door(Protocol::Tcp, 8080, &["0.0.0.0"], "web");
    door.kind = DoorKind::Translated { to: "172.17.0.2:80".parse().unwrap() };
    let text = "-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT";
    let docker = rule(("ip", "filter", "DOCKER"), "forward", text, "Docker");
    let parts = vec![
        part(Verdict::Allow, &OUTSIDE, &["eth0"], docker),
        part(Verdict::Allow, &["this host"], &[], Decision::NoRule),
        part(Verdict::Deny, &["containers"], &["docker0"], policy(&forward(), "Docker")),
    ];
    Exposure { door, families: vec![family(IpVersion::Ipv4, parts)] }
}

fn database() -> Vec<FamilyExposure> {
    let text = "-A ufw-user-input -s 10.20.0.0/16 -p tcp -m tcp --dport 5432 -j ACCEPT";
    let parts = vec![
        part(Verdict::Allow, &["~private"], &["eth0"], ufw("ip", "ufw-user-input", text)),
        part(Verdict::Deny, &["internet", "~private", "link-local"], &["eth0"], policy(&input("ip"), "ufw")),
        part(Verdict::Deny, &["containers"], &["docker0"], policy(&input("ip"), "ufw")),
        here("ip"),
    ];
    vec![family(IpVersion::Ipv4, parts)]
}

fn ssh() -> Vec<FamilyExposure> {
    let text =
        "-A ufw-user-input -p tcp -m tcp --dport 22 -m recent --update --seconds 30 --hitcount 6 -j DROP";
    let often = part(Verdict::Unknown, &OUTSIDE, &["eth0"], ufw("ip", "ufw-user-input", text));
    let containers = |of: &str| part(Verdict::Deny, &["containers"], &["docker0"], policy(&input(of), "ufw"));
    let outside = part(Verdict::Deny, &OUTSIDE, &["eth0"], policy(&input("ip6"), "ufw"));
    vec![
        family(
            IpVersion::Ipv4,
            vec![depends(often, "the memory of -m recent"), containers("ip"), here("ip")],
        ),
        family(IpVersion::Ipv6, vec![outside, containers("ip6"), here("ip6")]),
    ]
}

/// `number` listeners under nft rules: a third open, a third for a network each of its own, the rest closed.
pub(super) fn crowd(number: u16) -> (Vec<Exposure>, Vec<Chain>) {
    let input = chain("inet", "firewall", "input", ("input", 0, "drop"), None);
    let chains = vec![input.clone(), chain("inet", "firewall", "forward", ("forward", 0, "drop"), None)];
    let here = || {
        part(
            Verdict::Allow,
            &["this host"],
            &[],
            rule(("inet", "firewall", "input"), "input", "iif \"lo\" accept", "you"),
        )
    };
    let rest = |zones: &[&str]| part(Verdict::Deny, zones, &["eth0"], policy(&input, "you"));
    let open = rule(
        ("inet", "firewall", "input"),
        "input",
        "tcp dport @public accept comment \"what everybody may use\"",
        "you",
    );
    let exposures = (0..number)
        .map(|at| {
            let (holder, parts) = match at % 3 {
                0 => ("worker", vec![part(Verdict::Allow, &ZONES[..4], &["eth0"], open.clone()), here()]),
                1 => {
                    let text = format!("ip saddr 10.{at}.0.0/16 tcp dport {} ct state new accept", 3000 + at);
                    let own = rule(("inet", "firewall", "input"), "input", &text, "you");
                    let mut some = part(Verdict::Allow, &["~private"], &["eth0"], own);
                    some.label = format!("10.{at}.0.0/16");
                    (
                        "service",
                        vec![some, rest(&["internet", "~private", "link-local", "containers"]), here()],
                    )
                }
                _ => ("agent", vec![rest(&ZONES[..4]), here()]),
            };
            let protocol = if at % 7 == 0 { Protocol::Udp } else { Protocol::Tcp };
            let holder = format!("{holder}-{}", at / 6);
            Exposure { door: door(protocol, 3000 + at, EVERYWHERE, &holder), families: both(&parts) }
        })
        .collect();
    (exposures, chains)
}

/// Everything that others can name, named badly.
pub(super) fn hostile() -> (Vec<Exposure>, Vec<Chain>) {
    let bad = "</text><script>alert('x')</script> & \"q\" ]]> \u{202e}evil\u{0}\u{1b}[31m\n\u{fffe}\u{ffff}";
    let long = "W".repeat(4000);
    let input = chain("inet", &format!("t{bad}"), &format!("{bad}{long}"), ("input", 0, "drop"), Some(&long));
    let zone = format!("zone {bad} {long}");
    let text = format!("tcp dport 22 accept comment \"{bad}{long}\"");
    let mut allowed =
        part(Verdict::Allow, &["internet"], &[bad], rule(("inet", bad, &long), "input", &text, bad));
    allowed.zones.push(ZoneExposure { zone: zone.clone(), coverage: Coverage::Some });
    allowed.label = bad.into();
    allowed.conditions = vec![long.clone(), bad.into()];
    let denied = part(Verdict::Deny, &["private"], &[], policy(&input, bad));
    let refused = part(
        Verdict::Deny,
        &["containers"],
        &[],
        Decision::Reply { by: Box::new(Decision::NoDoor { text: long.clone() }) },
    );
    let unknown = depends(part(Verdict::Unknown, &["this host"], &[], Decision::NoRule), bad);
    let mut odd = family(IpVersion::Ipv6, vec![allowed, denied, refused, unknown]);
    odd.too_complex = Some(format!("{bad}{long}"));
    odd.zones.push(ZoneExposure { zone, coverage: Coverage::Some });
    let mut holder =
        door(Protocol::Tcp, 22, &["2001:db8:1111:2222:3333:4444:5555:6666"], &format!("{bad}{long}"));
    holder.interface = Some(bad.into());
    let mut through = holder.clone();
    through.kind =
        DoorKind::Translated { to: "[2001:db8:1111:2222:3333:4444:5555:6666]:65535".parse().unwrap() };
    let exposures = vec![
        Exposure { door: holder, families: vec![odd.clone()] },
        Exposure { door: through, families: vec![odd] },
        Exposure { door: door(Protocol::Udp, 1, &[], ""), families: Vec::new() },
    ];
    (exposures, vec![input])
}
