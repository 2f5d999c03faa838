//! Every form of an assertion, and errors with their places.

use proptest::prelude::*;

use super::{EXAMPLES, Modal, Party, Service, parse};
use crate::network::Prefix;

fn services(name: &str, protocol: u8) -> Option<u16> {
    match (name, protocol) {
        ("https", 6) => Some(443),
        ("http-alt", 6) => Some(8080),
        ("domain", _) => Some(53),
        ("ntp", 17) => Some(123),
        _ => None,
    }
}

fn prefix(text: &str, length: u8) -> Prefix {
    Prefix::new(text.parse().unwrap(), length)
}

#[test]
fn every_form_is_understood() {
    for example in EXAMPLES {
        parse(example, &services).unwrap_or_else(|error| panic!("{example}: {error}"));
    }
    let claim = parse("10.0.0.0/8 cannot reach 192.0.2.10 tcp/80,443,8000-8100 via eth0", &services).unwrap();
    assert_eq!(claim.source.what, Party::Prefixes(vec![prefix("10.0.0.0", 8)]));
    assert_eq!(claim.modal, Modal::Cannot);
    assert_eq!(claim.target.host.unwrap().what, Party::Prefixes(vec![prefix("192.0.2.10", 32)]));
    assert_eq!(
        claim.target.services,
        [Service { protocol: 6, ports: vec![80..=80, 443..=443, 8000..=8100] }]
    );
    assert_eq!(claim.via.unwrap().what, "eth0");

    let claim = parse("198.51.100.7, 2001:db8::/32 can  reach [2001:db8::1] udp/*", &services).unwrap();
    assert_eq!(
        claim.source.what,
        Party::Prefixes(vec![prefix("198.51.100.7", 32), prefix("2001:db8::", 32)])
    );
    assert_eq!(claim.target.services, [Service { protocol: 17, ports: vec![0..=65535] }]);

    let claim = parse("this host can not reach office tcp/22, 80 udp/ntp", &services).unwrap();
    assert_eq!((claim.source.what, claim.modal), (Party::ThisHost, Modal::Cannot));
    assert_eq!(claim.target.host.unwrap().what, Party::Named("office".to_owned()));
    let tcp = Service { protocol: 6, ports: vec![22..=22, 80..=80] };
    assert_eq!(claim.target.services, [tcp, Service { protocol: 17, ports: vec![123..=123] }]);

    let claim = parse("\"can\" CAN reach https", &services).unwrap();
    assert_eq!(claim.source.what, Party::Named("can".to_owned()));
    assert_eq!(claim.target.services, [Service { protocol: 6, ports: vec![443..=443] }]);
    assert_eq!(
        parse("anyone can reach http-alt", &services).unwrap().target.services[0].ports,
        [8080..=8080]
    );
    assert_eq!(
        parse("anyone can reach tcp/http-alt", &services).unwrap().target.services[0].ports,
        [8080..=8080]
    );
    assert_eq!(parse("anyone can reach 443/tcp", &services).unwrap().target.services[0].ports, [443..=443]);
    assert_eq!(parse("anyone can reach ping", &services).unwrap().target.services[0].protocol, 1);
    assert_eq!(parse("containers cannot reach this host", &services).unwrap().target.services, []);
}

#[test]
fn errors_know_their_place_and_show_an_example() {
    for (text, column, message, help) in [
        ("", 1, "missing", "internet cannot reach"),
        ("can reach tcp/1", 1, "who can", "name a source"),
        ("internet", 9, "expected \"can\" or \"cannot\" at the end", "cannot reach"),
        ("internet may reach tcp/1", 10, "not \"may\"", "cannot reach"),
        ("internet can touch tcp/1", 14, "expected \"reach\", not \"touch\"", "cannot reach"),
        ("internet can reach", 19, "what is reached is missing at the end", "tcp/5432"),
        ("internet can reach 5432", 20, "of which protocol", "write tcp/5432 or udp/5432"),
        ("internet can reach tcp/", 24, "a port is missing", "0 to 65535"),
        ("internet can reach tcp/22,70000", 27, "\"70000\" is no port", "0 to 65535"),
        ("internet can reach tcp/90-80", 24, "\"90-80\" is no port", "0 to 65535"),
        ("internet can reach tpc/80", 20, "\"tpc\" is no protocol", "tcp/443"),
        ("10.0.0.0/33 can reach tcp/80", 1, "\"10.0.0.0/33\" is no address", "10.0.0.0/8"),
        ("10.0.0.1,10.x can reach tcp/80", 10, "\"10.x\" is no address", "10.0.0.0/8"),
        ("internet can reach tcp/80 via", 30, "interface is missing", "via eth0"),
        ("internet can reach tcp/80 via eth0 now", 36, "nothing was expected here, not \"now\"", "via eth0"),
        ("internet can reach 192.0.2.1 nonsense", 30, "neither ports nor a service", "tcp/5432"),
    ] {
        let error = parse(text, &services).unwrap_err();
        assert_eq!(error.column(), column, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
        assert!(error.help.contains(help), "{text}: {}", error.help);
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(
        text in "(internet|this|host|can|not|cannot|reach|via|tcp/|/|,|-|[0-9a-f:.]{0,9}|\"|é| |ping|\\[|\\*|.){0,20}"
    ) {
        if let Err(error) = parse(&text, &services) {
            prop_assert!(error.text.is_char_boundary(error.offset));
            prop_assert!(!error.help.is_empty());
        }
    }
}
