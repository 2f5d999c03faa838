//! Evaluation on sockets whose surroundings are known in part.

use portreeve_model::{Endpoint, Family, Interface, NamespaceId, NoHolder, Socket, Source, State};

use super::super::{
    Filter, SnapshotFacts,
    samples::{holder, snapshot, socket},
};

#[track_caller]
fn check(socket: &Socket, cases: &[(&str, Option<bool>)]) {
    let snapshot = snapshot();
    let facts = SnapshotFacts::new(&snapshot);
    for (text, expected) in cases {
        let filter = Filter::parse(text, &|_: &str| None).unwrap();
        assert_eq!(filter.evaluate(socket, &facts), *expected, "{text}");
        assert_eq!(filter.matches(socket, &facts), *expected == Some(true), "{text}");
    }
}

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);

#[test]
fn addresses_match_as_in_the_kernel() {
    let mapped = socket("[::ffff:10.1.2.3]:443", Some("[::ffff:192.0.2.9]:50000"));
    check(
        &mapped,
        &[
            ("src 10.0.0.0/8", YES),
            ("src 10.1.2.3:443", YES),
            ("src 10.1.2.3:80", NO),
            ("src 0.0.0.0/0", YES),
            ("src [::/0]", YES),
            ("src [::ffff:0:0/96]", YES),
            ("dst 192.0.2.0/24", YES),
            ("dst != 192.0.2.0/24", NO),
            ("src unix:*", None),
        ],
    );
    let plain = socket("[2001:db8::1]:443", Some("[2001:db8::2]:9"));
    check(&plain, &[("src 0.0.0.0/0", NO), ("src 2001:db8::/32", YES), ("src inet6:*:443", YES)]);
    let v4 = socket("127.0.0.1:22", None);
    check(
        &v4,
        &[
            ("src [::/0]", NO),
            ("src *:22", YES),
            ("dst 0.0.0.0", YES),
            ("dport 0", YES),
            ("dport != 443", YES),
            ("sport >= 22 sport <= 22", YES),
            ("sport < 22 or sport > 22", NO),
        ],
    );
}

#[test]
fn other_families_have_their_own_addresses() {
    let mut unix = socket("127.0.0.1:1", None);
    unix.family = Family::Unix;
    unix.local = Endpoint::Unix { path: Some("/tmp/.X11-unix/X0".into()) };
    check(
        &unix,
        &[
            ("src /TMP/*", YES),
            ("src != /run/*", YES),
            ("src 10.0.0.0/8", None),
            ("src != 10.0.0.0/8", None),
            ("sport 1", None),
            ("autobound", NO),
            ("state listening", YES),
        ],
    );
    unix.local = Endpoint::Unix { path: Some("@00a1f".into()) };
    check(&unix, &[("autobound", YES)]);
    let mut packet = unix.clone();
    packet.family = Family::Packet;
    packet.local = Endpoint::Link { ethertype: 0x0800 };
    packet.interface = Some(Interface { index: 2, name: Some("eth0".into()) });
    check(
        &packet,
        &[("src link:ip", YES), ("src link:arp", NO), ("src link:*:eth0", YES), ("src link:ip:3", NO)],
    );
    let mut vsock = unix.clone();
    vsock.family = Family::Vsock;
    vsock.local = Endpoint::Vsock { cid: 3, vsock_port: 70_000 };
    check(
        &vsock,
        &[("src vsock:3", YES), ("src vsock:*:70000", YES), ("src vsock:2", NO), ("sport > 1024", YES)],
    );
}

#[test]
fn devices_marks_and_cgroups_may_be_unknown() {
    let mut bound = socket("0.0.0.0:80", None);
    check(
        &bound,
        &[("dev eth0", NO), ("dev != eth0", YES), ("dev 0", YES), ("fwmark 0", None), ("cgroup /", None)],
    );
    bound.interface = Some(Interface { index: 2, name: None });
    check(&bound, &[("dev eth0", None), ("dev 2", YES)]);
    bound.mark = Some(0x13);
    bound.cgroup = Some("/system.slice".into());
    check(
        &bound,
        &[("fwmark 0x3/0xf", YES), ("fwmark 0x3", NO), ("cgroup system.slice/", YES), ("cgroup id:9", None)],
    );
    bound.interface = None;
    bound.source = Source::ProcNet;
    check(&bound, &[("dev eth0", None)]);
    let snapshot = snapshot();
    let mut facts = SnapshotFacts::new(&snapshot);
    facts.marks_known = true;
    let unmarked = socket("0.0.0.0:80", None);
    let filter = Filter::parse("fwmark = 0", &|_: &str| None).unwrap();
    assert!(filter.matches(&unmarked, &facts));
    let waiting = Socket { state: State::TimeWait, ..unmarked };
    assert_eq!(filter.evaluate(&waiting, &facts), None);
}

#[test]
fn owners_are_those_of_any_holder() {
    let mut web = socket("0.0.0.0:80", None);
    web.holders = vec![holder(10, "nginx"), holder(11, "nginx")];
    check(
        &web,
        &[
            ("process nginx", YES),
            ("process = ngin*", YES),
            ("process != nginx", NO),
            ("pid 11", YES),
            ("pid != 11", NO),
            ("pid > 11", NO),
            ("user root", YES),
            ("user www-data", YES),
            ("user 33", YES),
            ("user nobody", NO),
            ("uid = 33", YES),
            ("unit nginx", YES),
            ("unit nginx.service", YES),
            ("unit ssh", NO),
            ("container web", NO),
            ("netns host", YES),
            ("netns 4026531840", YES),
            ("netns net:[4026531840]", YES),
            ("netns blue", NO),
            ("inode 7", YES),
        ],
    );
    let mut resolver = socket("127.0.0.53:53", None);
    resolver.holders = vec![holder(20, "systemd-resolve")];
    check(&resolver, &[("process systemd-resolved", YES), ("process systemd-resolve", YES)]);
    let mut inside = socket("0.0.0.0:8080", None);
    inside.holders = vec![holder(30, "sh")];
    check(
        &inside,
        &[("container web", YES), ("container c0ffee", YES), ("container c0f", NO), ("container db", NO)],
    );
    let mut gone = socket("0.0.0.0:1", None);
    gone.holders = vec![holder(99, "x")];
    check(&gone, &[("process x", YES), ("unit x", None), ("container x", None), ("user root", None)]);
}

#[test]
fn nobody_and_not_known_are_different() {
    let mut left = socket("10.0.0.1:80", Some("10.0.0.2:5"));
    left.state = State::TimeWait;
    left.uid = None;
    left.no_holder = Some(NoHolder::TimeWait);
    check(&left, &[("process nginx", NO), ("process != nginx", YES), ("uid 0", None), ("user root", None)]);
    left.no_holder = Some(NoHolder::Permission);
    check(
        &left,
        &[("process nginx", None), ("process != nginx", None), ("process != nginx or sport 80", YES)],
    );
    left.namespace = NamespaceId(77);
    check(&left, &[("container web", YES), ("netns web", YES)]);
    left.namespace = NamespaceId(78);
    check(&left, &[("netns web", None), ("netns 78", YES)]);
    let snapshot = snapshot();
    let mut facts = SnapshotFacts::new(&snapshot);
    facts.owners_known = false;
    left.no_holder = None;
    let filter = Filter::parse("process = nginx", &|_: &str| None).unwrap();
    assert_eq!(filter.evaluate(&left, &facts), None);
}

#[test]
fn auto_bound_is_what_a_second_dump_told() {
    let snapshot = snapshot();
    let mut facts = SnapshotFacts::new(&snapshot);
    let client = socket("10.0.0.1:40000", Some("10.0.0.2:80"));
    let filter = Filter::parse("autobound", &|_: &str| None).unwrap();
    assert_eq!(filter.evaluate(&client, &facts), None);
    facts.auto_bound = Some([(client.namespace, client.cookie)].into_iter().collect());
    assert_eq!(filter.evaluate(&client, &facts), Some(true));
    assert_eq!(filter.evaluate(&Socket { cookie: 2, ..client }, &facts), Some(false));
}
