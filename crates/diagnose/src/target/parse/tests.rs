//! Targets in every shape, and mistakes with their places.

use portreeve_inventory::services::port_of;
use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Target {
    parse(text, &port_of).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn wrong(text: &str) -> (usize, String) {
    let error = parse(text, &port_of).expect_err(text);
    (error.offset, error.message)
}

/// Name or address, zone, port, protocol, application.
fn short(text: &str) -> String {
    let target = read(text);
    let host = target.name.or(target.address.map(|address| address.to_string())).unwrap_or_default();
    let zone = target.zone.map(|zone| format!("%{zone}")).unwrap_or_default();
    format!("{host}{zone} {} {} {:?}", target.port, target.protocol.name(), target.application)
}

#[test]
fn shapes() {
    let cases = [
        ("443", " 443 tcp Https"),
        (" 443 ", " 443 tcp Https"),
        ("443/udp", " 443 udp Quic"),
        ("443/TCP", " 443 tcp Https"),
        ("https", " 443 tcp Https"),
        ("https/udp", " 443 udp Quic"),
        ("ssh", " 22 tcp Other"),
        ("domain/udp", " 53 udp Dns"),
        (":8080", " 8080 tcp Http"),
        ("*:443", " 443 tcp Https"),
        ("0.0.0.0:443", " 443 tcp Https"),
        ("[::]:993", " 993 tcp Tls"),
        ("192.0.2.10:443", "192.0.2.10 443 tcp Https"),
        ("192.0.2.10:https", "192.0.2.10 443 tcp Https"),
        ("192.0.2.10", "192.0.2.10 443 tcp Https"),
        ("192.0.2.10/udp", "192.0.2.10 443 udp Quic"),
        ("[2001:db8::1]:443", "2001:db8::1 443 tcp Https"),
        ("[2001:db8::1]:443/udp", "2001:db8::1 443 udp Quic"),
        ("2001:db8::1", "2001:db8::1 443 tcp Https"),
        ("::ffff:192.0.2.1", "192.0.2.1 443 tcp Https"),
        ("fe80::1%eth0", "fe80::1%eth0 443 tcp Https"),
        ("[fe80::1%eth0]:8443", "fe80::1%eth0 8443 tcp Https"),
        ("https://[fe80::1%25eth0]/", "fe80::1%eth0 443 tcp Https"),
        ("example.com", "example.com 443 tcp Https"),
        ("Example.COM.", "example.com. 443 tcp Https"),
        ("example.com:8443", "example.com 8443 tcp Https"),
        ("example.com:5432", "example.com 5432 tcp Other"),
        ("bücher.example:443", "xn--bcher-kva.example 443 tcp Https"),
        ("_sip.example.com", "_sip.example.com 443 tcp Https"),
        ("http://example.com", "example.com 80 tcp Http"),
        ("https://example.com:4443/a", "example.com 4443 tcp Https"),
        ("http://example.com:443/", "example.com 443 tcp Http"),
        ("ldaps://example.com", "example.com 636 tcp Tls"),
        ("ssh://example.com", "example.com 22 tcp Other"),
        ("tcp://example.com:443", "example.com 443 tcp Https"),
        ("udp://example.com:53", "example.com 53 udp Dns"),
    ];
    for (text, expected) in cases {
        assert_eq!(short(text), expected, "{text}");
    }
}

#[test]
fn a_path_keeps_its_query_and_loses_its_fragment() {
    assert_eq!(read("https://example.com:8443/a/b?q=1#c").path, "/a/b?q=1");
    assert_eq!(read("https://example.com?q").path, "/?q");
    assert_eq!(read("https://example.com").path, "/");
    assert_eq!(read("https://example.com/ä b").path, "/%C3%A4%20b");
    assert_eq!(read("443").path, "/");
}

#[test]
fn a_password_is_not_shown() {
    let target = read("https://joe:secret@example.com/x");
    assert_eq!(
        (target.text.as_str(), target.name.as_deref()),
        ("https://example.com/x", Some("example.com"))
    );
}

#[test]
fn mistakes_have_a_place() {
    let cases = [
        ("", 0, "empty"),
        ("0", 0, "port 0"),
        ("70000", 0, "no port"),
        ("443/sctp", 4, "not diagnosed"),
        ("443/upd", 4, "no transport"),
        ("example.com:", 12, "missing"),
        ("example.com:99999", 12, "no port"),
        ("example.com/a", 11, "URL only"),
        ("example.com 443", 11, "several words"),
        ("192.0.2.300:443", 0, "no IPv4"),
        ("192.0.2:443", 0, "no IPv4"),
        ("[2001:db8::1", 12, "bracket"),
        ("[2001:db8::1]443", 13, "after the bracket"),
        ("[example.com]:443", 1, "no IPv6"),
        ("2001:db8:0:0:0:0:0:1:443", 0, "brackets"),
        ("2001:db8::1%eth0", 11, "link-local"),
        ("fe80::1%", 8, "no interface"),
        ("exa$mple.com", 3, "`$`"),
        ("https://:443/", 8, "no host"),
        ("https:///x", 8, "no host"),
        ("tcp://example.com", 17, "does not tell the port"),
    ];
    for (text, offset, part) in cases {
        let (place, message) = wrong(text);
        assert!(place == offset && message.contains(part), "{text}: {place}: {message}");
    }
}

#[test]
fn a_service_that_does_not_exist_is_named_with_its_place() {
    for (text, offset, says) in [
        ("example.com:nonesuch", 12, "no service `nonesuch`"),
        ("nonesuch://example.com", 0, "`nonesuch` is no service"),
        ("imaps/udp", 0, "no service `imaps` over udp"),
    ] {
        let error =
            parse(text, &|name, protocol| (name == "imaps" && protocol == Protocol::Tcp).then_some(993))
                .expect_err(text);
        assert!(error.offset == offset && error.message.contains(says), "{text}: {error:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_place(text in any::<String>()) {
        if let Err(error) = parse(&text, &port_of) {
            prop_assert!(text.is_char_boundary(error.offset));
            prop_assert!(!error.message.is_empty() && !error.help.is_empty());
        }
    }

    #[test]
    fn what_looks_like_a_target_is_read_or_refused_with_a_place(
        text in r"([a-z]{1,5}://)?([a-z@]{0,3})?[\[\]a-z0-9.:%*/?# ä-]{0,24}(:[0-9]{0,6})?(/[a-z]{0,4})?"
    ) {
        match parse(&text, &port_of) {
            Ok(target) => {
                prop_assert!(target.port != 0);
                prop_assert!(target.path.starts_with('/') && target.path.is_ascii());
                prop_assert!(target.name.is_none() || target.address.is_none());
            }
            Err(error) => prop_assert!(text.is_char_boundary(error.offset)),
        }
    }

    #[test]
    fn every_address_with_every_port_is_read(address in any::<IpAddr>(), port in 1_u16..) {
        prop_assume!(!address.to_canonical().is_unspecified());
        let target = read(&std::net::SocketAddr::new(address, port).to_string());
        prop_assert_eq!(target.address, Some(address.to_canonical()));
        prop_assert_eq!(target.port, port);
        prop_assert_eq!(read(&address.to_string()).address, Some(address.to_canonical()));
    }

    #[test]
    fn every_plain_name_is_read(name in "[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\\.[a-z]([a-z0-9]{0,10})){1,3}", port in 1_u16..) {
        prop_assume!(!name.contains("--"));
        let target = read(&format!("{name}:{port}"));
        prop_assert_eq!(target.name.as_deref(), Some(name.as_str()));
        prop_assert_eq!(target.port, port);
    }
}
