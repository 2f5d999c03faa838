//! A careful administrator's own rules: nothing but what is named, in sets, intervals and concatenations.

use portreeve_lab::site::{Iptables, Site};

use super::run::run;
use crate::client::{tcp, udp};
use crate::scene::Scene;

const RULES: &str = "
table inet filter {
    set administrators { type ipv4_addr; flags interval; elements = { 198.51.100.0/25, 203.0.113.200-203.0.113.210 } }
    set administrators6 { type ipv6_addr; flags interval; elements = { 2001:db8:1::/64 } }
    set abuse { type ipv4_addr; flags interval; elements = { 203.0.113.64/26 } }
    set open { type inet_proto . inet_service; elements = { tcp . 80, tcp . 443, udp . 53 } }
    set pinholes { type ipv4_addr . inet_service; flags interval; elements = { 198.51.100.0/24 . 6000-6010, 10.20.0.5 . 5432 } }
    chain input {
        type filter hook input priority filter; policy drop;
        ct state vmap { established : accept, related : accept, invalid : drop }
        iif lo accept
        ip saddr @abuse counter drop comment \"abuse list\"
        meta l4proto . th dport @open accept
        tcp dport 22 jump remote
        ip saddr . tcp dport @pinholes accept
        ip6 saddr fe80::/10 tcp dport 6000 accept
        tcp dport 113 reject with tcp reset
        udp dport 123 limit rate over 2/minute drop
        udp dport 123 accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
    }
    chain remote {
        ip saddr @administrators accept
        ip6 saddr @administrators6 accept
        iifname eth1 accept
        reject with icmpx admin-prohibited
    }
}";

#[test]
fn plain_nft_with_default_deny() {
    let site = Site::new("exposure-nft", Iptables::Nft).unwrap();
    site.write("/etc/nftables.conf", RULES).unwrap();
    site.shell("nft -f /etc/nftables.conf").unwrap();
    let ports =
        [tcp(22), tcp(80), tcp(443), tcp(113), tcp(5432), tcp(6000), tcp(9999), udp(53), udp(123), udp(443)];
    let mut scene = Scene::new(&site, &ports);
    scene.nginx(&[80, 443]);
    let tcp_ports = ["tcp:[::]:22", "tcp:[::]:113", "tcp:0.0.0.0:5432", "tcp:[::]:6000", "tcp:[::]:9999"];
    scene.listen(Scene::SERVER, &tcp_ports);
    scene.listen(Scene::SERVER, &["udp:[::]:53", "udp:[::]:123", "udp:[::]:443"]);
    scene.may_depend_on = vec!["limit rate over 2/minute"];

    let run = run(&scene);
    run.allows("198.51.100.7", "192.0.2.10", tcp(22), &["at input", "@administrators accept"]);
    run.allows("203.0.113.205", "192.0.2.10", tcp(22), &["@administrators accept"]);
    run.denies("192.0.2.1", "192.0.2.10", tcp(22), &["reject with icmpx"]);
    run.denies("2001:db8:66::66", "2001:db8:2::10", tcp(22), &["reject with icmpx"]);
    run.denies("203.0.113.66", "192.0.2.10", tcp(80), &["@abuse"]);
    run.allows("2001:db8:66::66", "2001:db8:2::10", udp(53), &["@open accept"]);
    run.denies("198.51.100.7", "192.0.2.10", tcp(113), &["reject with tcp reset"]);
    run.allows("198.51.100.7", "192.0.2.10", tcp(6000), &["@pinholes accept"]);
    run.allows("10.20.0.5", "10.20.0.1", tcp(5432), &["@pinholes accept"]);
    run.denies("198.51.100.7", "192.0.2.10", tcp(9999), &["policy drop"]);
    run.depends("198.51.100.7", "192.0.2.10", udp(123), "limit rate over 2/minute");
    run.denies("203.0.113.66", "192.0.2.10", udp(123), &["@abuse"]);
}
