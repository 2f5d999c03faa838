//! Spellings that are understood, and what is said of those that are not.

use super::parse;
use crate::packet::{Asked, PacketError, Place, State, Transport};

fn services(name: &str, protocol: u8) -> Option<u16> {
    match (name, protocol) {
        ("https", 6) => Some(443),
        ("domain", 6 | 17) => Some(53),
        _ => None,
    }
}

fn asked(text: &str) -> Result<Asked, PacketError> {
    parse(text, &services)
}

/// As it would be printed; `?` stands for a place that was not written.
fn read(text: &str) -> String {
    let asked = asked(text).unwrap_or_else(|error| panic!("{text}: {error}: {}", error.help));
    match asked.question() {
        Some(question) => question.to_string(),
        None => asked.or_at(Place::In("?".to_owned())).to_string(),
    }
}

#[test]
fn every_spelling_is_understood() {
    for (text, printed) in [
        (
            "from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0",
            "from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0",
        ),
        (
            "iif eth0, tcp dport https, to 192.0.2.10, from 198.51.100.7",
            "from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0",
        ),
        (
            "198.51.100.7:40000 -> 192.0.2.10:443 tcp",
            "from 198.51.100.7 to 192.0.2.10 tcp sport 40000 dport 443 iif ?",
        ),
        (
            "from 2001:db8::7 to [2001:db8::1]:443 tcp flags syn,ack",
            "from 2001:db8::7 to 2001:db8::1 tcp dport 443 flags syn,ack iif ?",
        ),
        ("out to 1.2.3.4 udp port domain uid 1000 gid 100", "to 1.2.3.4 udp dport 53 out uid 1000 gid 100"),
        ("from 10.0.0.1 to 10.0.0.2 ping", "from 10.0.0.1 to 10.0.0.2 icmp type echo-request code 0 iif ?"),
        (
            "from fe80::1 to fe80::2 ping iif eth0",
            "from fe80::1 to fe80::2 icmpv6 type echo-request code 0 iif eth0",
        ),
        (
            "from fe80::1 to fe80::2 icmp type 135 iif eth0",
            "from fe80::1 to fe80::2 icmpv6 type nd-neighbor-solicit iif eth0",
        ),
        (
            "ip saddr 10.0.0.1 ip daddr 10.0.0.2 443/tcp iifname \"eth0\"",
            "from 10.0.0.1 to 10.0.0.2 tcp dport 443 iif eth0",
        ),
        (
            "from 10.0.0.1 to 10.0.0.2 icmp type 3/1",
            "from 10.0.0.1 to 10.0.0.2 icmp type destination-unreachable code 1 iif ?",
        ),
        ("from 10.0.0.1 to 10.0.0.2 gre", "from 10.0.0.1 to 10.0.0.2 gre iif ?"),
        ("from 10.0.0.1 to 10.0.0.2 proto 47", "from 10.0.0.1 to 10.0.0.2 gre iif ?"),
        ("from 10.0.0.1 to 10.0.0.2 proto 200", "from 10.0.0.1 to 10.0.0.2 proto 200 iif ?"),
        ("from 10.0.0.1 to 10.0.0.2 proto 58", "from 10.0.0.1 to 10.0.0.2 icmpv6 iif ?"),
        ("from 10.0.0.1 to 10.0.0.2 flags none", "from 10.0.0.1 to 10.0.0.2 tcp flags none iif ?"),
        ("from 10.0.0.1 to 10.0.0.2 tcp flags 0x12", "from 10.0.0.1 to 10.0.0.2 tcp flags syn,ack iif ?"),
        ("from 10.0.0.1 to 10.0.0.2 tcp syn", "from 10.0.0.1 to 10.0.0.2 tcp flags syn iif ?"),
        (
            "from 10.0.0.1 to 10.0.0.2 sctp dport 9 mark 0x10 dscp ef ttl 3 len 100 frag 7 ether from 2:0:0:0:0:1 ct state related reply",
            "from 10.0.0.1 to 10.0.0.2 sctp dport 9 iif ? state related reply mark 0x10 dscp 46 ttl 3 length 100 fragment 7 ether from 02:00:00:00:00:01",
        ),
    ] {
        assert_eq!(read(text), printed, "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_where_it_stands() {
    for (text, column, message) in [
        ("", 1, "no destination: expected `to ADDRESS`"),
        ("from 10.0.0.1 to 10.0.0.2", 26, "no protocol: expected tcp, udp, icmp, or `proto NUMBER`"),
        ("from 10.0.0.1 to 10.0.0.2 port 80", 32, "a port of which protocol?"),
        ("from 10.0.0.1 to ::1 tcp", 18, "one address is IPv4 and the other IPv6"),
        ("from example.org to ::1 tcp", 6, "`example.org` is not an address"),
        ("from 10.0.0.0/8 to 10.0.0.1 tcp", 6, "`10.0.0.0/8` is not an address"),
        ("from 10.0.0.1 to 10.0.0.2 tcp dport 70000", 37, "`70000` is not a port"),
        (
            "from 10.0.0.1 to 10.0.0.2 tcp dport gopherx",
            37,
            "`gopherx` is neither a port nor the name of a tcp service",
        ),
        ("from 10.0.0.1 to 10.0.0.2 icmp dport 5", 38, "icmp has no ports"),
        ("from 10.0.0.1 to 10.0.0.2 udp flags syn", 37, "only tcp has flags"),
        ("from 10.0.0.1 to 10.0.0.2 tcp type 8", 36, "only icmp has types and codes"),
        (
            "from 10.0.0.1 to 10.0.0.2 icmp type nd-redirect",
            37,
            "`nd-redirect` is not an ICMP type of this version",
        ),
        ("from 10.0.0.1 to 10.0.0.2 icmpv6", 27, "icmpv6 does not go with IPv4 addresses"),
        ("from 10.0.0.1 from 10.0.0.2", 20, "the source is given twice"),
        ("10.0.0.1 to 10.0.0.2 tcp", 1, "`10.0.0.1` is not understood"),
        (
            "to 10.0.0.2 tcp dport 5",
            24,
            "no source: expected `from ADDRESS`, or `out` for a packet that this host sends",
        ),
        ("from 10.0.0.1 to 10.0.0.2 tcp iif", 34, "expected the name of an interface"),
        ("from 10.0.0.1 to 10.0.0.2 tcp forward", 31, "`forward` is for routing to decide"),
        ("out to 10.0.0.2 tcp uid root", 25, "`root` is not a number of a user (names are not looked up)"),
    ] {
        let error = asked(text).unwrap_err();
        assert_eq!((error.column(), error.message.as_str()), (column, message), "{text}");
        assert!(!error.help.is_empty());
    }
    let both = asked("from 10.0.0.1 to 10.0.0.2 tcp iif eth0 out").unwrap_err();
    assert_eq!(both.column(), 40);
}

#[test]
fn state_and_reply_can_be_added() {
    let asked = asked("from 10.0.0.1 to 10.0.0.2 tcp dport 5").unwrap();
    assert_eq!(asked.state(), None);
    let question = asked.in_state(State::Established).as_reply().or_at(Place::In("eth0".to_owned()));
    assert_eq!((question.state, question.reply), (State::Established, true));
    assert_eq!(question.transport, Transport::Tcp { source: None, destination: Some(5), flags: None });
}
