//! Rules for IPv4, and none for IPv6.

use portreeve_lab::site::{Iptables, Site};

use super::run::run;
use crate::client::{tcp, udp};
use crate::scene::Scene;

const RULES: &str = "
    iptables -A INPUT -i lo -j ACCEPT
    iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -A INPUT -p tcp --dport 22 -j ACCEPT
    iptables -A INPUT -s 10.20.0.0/24 -p tcp --dport 5432 -j ACCEPT
    iptables -P INPUT DROP
    iptables -P FORWARD DROP";

#[test]
fn ipv6_forgotten() {
    for (name, iptables) in [("exposure-six-nft", Iptables::Nft), ("exposure-six-legacy", Iptables::Legacy)] {
        let site = Site::new(name, iptables).unwrap();
        site.shell(RULES).unwrap();
        let mut scene = Scene::new(&site, &[tcp(22), tcp(5432), tcp(6379), udp(53)]);
        let at = ["tcp:[::]:22", "tcp:[::]:5432", "tcp:0.0.0.0:6379", "udp:[::]:53"];
        scene.listen(Scene::SERVER, &at);

        let run = run(&scene);
        run.denies("198.51.100.7", "192.0.2.10", tcp(5432), &["policy drop"]);
        run.allows("2001:db8:1::7", "2001:db8:2::10", tcp(5432), &["no rule"]);
        run.allows("198.51.100.7", "192.0.2.10", tcp(22), &["dport 22"]);
        run.allows("10.20.0.5", "10.20.0.1", tcp(5432), &["10.20.0.0/24"]);
        // Nobody listens in version 6.
        run.denies("2001:db8:1::7", "2001:db8:2::10", tcp(6379), &[]);
    }
}
