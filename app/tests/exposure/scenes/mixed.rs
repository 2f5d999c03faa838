//! Three machineries at once: accepted by one is not accepted by all, and a legacy rule is in nobody's listing.

use portreeve_lab::site::{Iptables, Site};

use super::run::run;
use crate::client::{tcp, udp};
use crate::scene::Scene;

const RULES: &str = "
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
    iptables-legacy -A INPUT -s 203.0.113.66/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset
    iptables-legacy -t mangle -A PREROUTING -i eth0 -p tcp -m tcp --dport 22 -j DROP
    iptables-legacy -t raw -A PREROUTING -s 192.0.2.1/32 -j DROP
    iptables-legacy -t nat -A PREROUTING -p tcp -m tcp --dport 9090 -j REDIRECT --to-ports 80
    ip6tables-legacy -A INPUT -s 2001:db8:66::/64 -p tcp -j DROP";

#[test]
fn legacy_and_nft_mixed() {
    let site = Site::new("exposure-mixed", Iptables::Nft).unwrap();
    site.shell(RULES).unwrap();
    let mut scene = Scene::new(&site, &[tcp(22), tcp(80), tcp(81), tcp(443), tcp(8080), tcp(9090), udp(53)]);
    scene.nginx(&[80, 443]);
    scene.listen(Scene::SERVER, &["tcp:[::]:22", "tcp:[::]:81", "tcp:[::]:8080", "udp:[::]:53"]);

    let run = run(&scene);
    run.allows("198.51.100.7", "192.0.2.10", tcp(80), &["--dports 22,80,8080 -j ACCEPT"]);
    run.denies("203.0.113.66", "192.0.2.10", tcp(80), &["--reject-with tcp-reset"]);
    run.denies("198.51.100.7", "192.0.2.10", tcp(22), &["at prerouting", "mangle PREROUTING"]);
    run.allows("10.20.0.5", "10.20.0.1", tcp(22), &["--dports 22,80,8080 -j ACCEPT"]);
    run.denies("10.20.0.5", "10.20.0.1", tcp(8080), &["tcp dport 8080 drop"]);
    run.denies("198.51.100.7", "192.0.2.10", tcp(443), &["policy drop"]);
    run.allows("198.51.100.7", "192.0.2.10", tcp(81), &["--src-range 198.51.100.1-198.51.100.9"]);
    run.denies("192.0.2.1", "192.0.2.10", udp(53), &["raw PREROUTING"]);
    run.allows("198.51.100.7", "192.0.2.10", tcp(9090), &["REDIRECT"]);
    run.denies("2001:db8:66::66", "2001:db8:2::10", tcp(443), &["2001:db8:66::/64"]);
    run.allows("2001:db8:1::7", "2001:db8:2::10", tcp(443), &[]);
}
