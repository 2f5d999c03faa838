//! What a careful administrator writes by hand, and what a less careful one leaves in three places at once.

use portreeve_lab::site::{Iptables, Site};

use crate::case::{Case, blocked, reaches};
use crate::judge::Places;

const ROUTER: &str = include_str!("rules/handwritten.nft");

fn router_cases() -> Vec<Case> {
    vec![
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 80 iif eth0", "server:80"),
        reaches("outside", "from 2001:db8:66::66 to 2001:db8:2::10 tcp dport 443 iif eth0", "server:443"),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 22 iif eth0", "server:22"),
        reaches("outside", "from 203.0.113.205 to 192.0.2.10 tcp dport 22 iif eth0", "server:22"),
        reaches("outside", "from 2001:db8:1::7 to 2001:db8:2::10 tcp dport 22 iif eth0", "server:22"),
        blocked("outside", "from 2001:db8:66::66 to 2001:db8:2::10 tcp dport 22 iif eth0"),
        blocked("outside", "from 198.51.100.66 to 192.0.2.10 tcp dport 22 iif eth0"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 113 iif eth0"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 6000 iif eth0"),
        blocked("outside", "from 2001:db8:1::7 to 2001:db8:2::10 tcp dport 6000 iif eth0"),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 udp dport 123 iif eth0", "server:123"),
        blocked("outside", "from 203.0.113.205 to 192.0.2.10 udp dport 123 iif eth0"),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 icmp type echo-request iif eth0", "server:0"),
        reaches(
            "outside",
            "from 2001:db8:1::7 to 2001:db8:2::10 icmpv6 type echo-request iif eth0",
            "server:0",
        ),
        // Banned for a time; kept out at the device.
        blocked("outside", "from 203.0.113.66 to 192.0.2.10 tcp dport 80 iif eth0"),
        blocked("outside", "from 203.0.113.77 to 192.0.2.10 tcp dport 80 iif eth0"),
        // Translated, and let through by the state of the translation.
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 8443 iif eth0", "inside:443")
            .seen_as("198.51.100.7"),
        reaches("inside", "from 10.20.0.5 to 10.20.0.1 tcp dport 3128 iif eth1", "server:8080"),
        blocked("inside", "from 10.20.0.5 to 10.20.0.1 tcp dport 80 iif eth1"),
        reaches("inside", "from fd00:20::5 to fd00:20::1 udp dport 53 iif eth1", "server:53"),
        reaches("inside", "from 10.20.0.5 to 198.51.100.7 tcp dport 25 iif eth1", "outside:25")
            .seen_as("192.0.2.10"),
        reaches("inside", "from fd00:20::5 to 2001:db8:1::7 tcp dport 25 iif eth1", "outside:25")
            .seen_as("fd00:20::5"),
        // Pinholes: a concatenation with intervals.
        reaches("outside", "from 198.51.100.7 to 10.20.0.5 tcp dport 443 iif eth0", "inside:443"),
        reaches("outside", "from 198.51.100.7 to 10.20.0.5 udp dport 5005 iif eth0", "inside:5005"),
        reaches("outside", "from 198.51.100.7 to 10.20.0.5 tcp dport 8005 iif eth0", "inside:8005"),
        blocked("outside", "from 198.51.100.7 to 10.20.0.5 tcp dport 5005 iif eth0"),
        blocked("outside", "from 2001:db8:1::7 to fd00:20::5 tcp dport 443 iif eth0"),
        // From the router itself.
        reaches("server", "out uid 0 gid 0 to 198.51.100.7 tcp dport 25", "outside:25"),
        reaches("server", "out to 10.20.0.5 tcp dport 80", "inside:80"),
        blocked("server", "out to 172.16.0.1 tcp dport 80"),
        reaches("server", "out to ::1 tcp dport 9090", "server:9090"),
    ]
}

#[test]
fn a_router_in_nft() {
    let site = Site::new("handwritten", Iptables::Nft).unwrap();
    site.server.sysctl("net.ipv4.ip_forward", 1).unwrap();
    site.server.sysctl("net.ipv6.conf.all.forwarding", 1).unwrap();
    site.write("/etc/nftables.conf", ROUTER).unwrap();
    site.shell("nft -f /etc/nftables.conf").unwrap();
    let mut cases = router_cases();
    // Pings are limited.
    for case in cases.iter_mut().filter(|case| case.packet.contains("echo-request")) {
        case.uncertain = true;
    }
    Places::of(&site).judge(&site, &cases);
}

/// Accepted by one is not accepted by all: a table of `nft`, one of iptables-nft, and one of iptables-legacy.
const THREE_PLACES: &str = "
    nft -f - <<'END'
        table inet mine {
            chain input {
                type filter hook input priority -10; policy accept;
                tcp dport { 22, 80, 81, 443 } accept
                tcp dport 8080 drop
                udp dport 53 accept
            }
        }
END
    iptables-nft -A INPUT -i lo -j ACCEPT
    iptables-nft -A INPUT -p tcp -m multiport --dports 22,80,8080 -j ACCEPT
    iptables-nft -A INPUT -p udp -m udp --dport 53 -m conntrack --ctstate NEW -j ACCEPT
    iptables-nft -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables-nft -A INPUT -p tcp -m iprange --src-range 198.51.100.1-198.51.100.9 -m tcp --dport 81 -j ACCEPT
    iptables-nft -P INPUT DROP
    iptables-legacy -A INPUT -s 198.51.100.66/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset
    iptables-legacy -t mangle -A PREROUTING -i eth0 -p tcp -m tcp --dport 22 -m mac ! --mac-source 02:00:00:00:00:01 -j DROP
    iptables-legacy -t raw -A PREROUTING -s 203.0.113.69/32 -j DROP
    iptables-legacy -t nat -A PREROUTING -p tcp -m tcp --dport 9090 -j REDIRECT --to-ports 80
    ip6tables-legacy -A INPUT -s 2001:db8:66::/64 -j DROP";

fn three_places_cases() -> Vec<Case> {
    vec![
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 80 iif eth0", "server:80"),
        blocked("outside", "from 198.51.100.66 to 192.0.2.10 tcp dport 80 iif eth0"),
        blocked(
            "outside",
            "from 198.51.100.7 to 192.0.2.10 tcp dport 22 iif eth0 ether from 02:00:00:00:00:99",
        ),
        reaches("inside", "from 10.20.0.5 to 10.20.0.1 tcp dport 22 iif eth1", "server:22"),
        blocked("inside", "from 10.20.0.5 to 10.20.0.1 tcp dport 8080 iif eth1"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0"),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 81 iif eth0", "server:81"),
        blocked("outside", "from 203.0.113.66 to 192.0.2.10 tcp dport 81 iif eth0"),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 9090 iif eth0", "server:80"),
        reaches("outside", "from 203.0.113.66 to 192.0.2.10 udp dport 53 iif eth0", "server:53"),
        blocked("outside", "from 203.0.113.69 to 192.0.2.10 udp dport 53 iif eth0"),
        reaches("outside", "from 2001:db8:1::7 to 2001:db8:2::10 tcp dport 443 iif eth0", "server:443"),
        blocked("outside", "from 2001:db8:1::7 to 2001:db8:2::10 tcp dport 8080 iif eth0"),
        blocked("outside", "from 2001:db8:66::66 to 2001:db8:2::10 tcp dport 443 iif eth0"),
        reaches("server", "out to 198.51.100.7 tcp dport 443", "outside:443"),
        reaches("server", "out to 127.0.0.1 tcp dport 443", "server:443"),
    ]
}

#[test]
fn three_machineries_at_once() {
    let site = Site::new("three-places", Iptables::Nft).unwrap();
    site.shell(THREE_PLACES).unwrap();
    Places::of(&site).judge(&site, &three_places_cases());
}
