//! A router binds a port to another host, and a port to another of its own.

use portreeve_lab::site::{Iptables, Site};

use super::run::run;
use crate::client::tcp;
use crate::scene::Scene;

const RULES: &str = "
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif lo accept
        iifname eth1 tcp dport { 22, 8080 } accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ip saddr 203.0.113.64/26 drop
        ct status dnat accept comment \"published\"
    }
}
table ip nat {
    chain prerouting {
        type nat hook prerouting priority dstnat;
        ip daddr 192.0.2.10 tcp dport 8443 dnat to 10.20.0.5:443
        iifname eth1 tcp dport 3128 redirect to :8080
    }
    chain postrouting {
        type nat hook postrouting priority srcnat;
        iifname eth1 oifname eth1 masquerade
    }
}";

#[test]
fn a_port_of_another_host() {
    let site = Site::new("exposure-forwarded", Iptables::Nft).unwrap();
    site.server.sysctl("net.ipv4.ip_forward", 1).unwrap();
    site.write("/etc/nftables.conf", RULES).unwrap();
    site.shell("nft -f /etc/nftables.conf").unwrap();
    let mut scene = Scene::new(&site, &[tcp(22), tcp(8080), tcp(3128), tcp(8443), tcp(443)]);
    scene.listen(Scene::SERVER, &["tcp:[::]:22", "tcp:[::]:8080", "tcp:[::]:443"]);
    scene.listen(Scene::INSIDE, &["tcp:[::]:443"]);

    let run = run(&scene);
    run.allows("198.51.100.7", "192.0.2.10", tcp(8443), &["to 10.20.0.5:443", "ct status dnat accept"]);
    run.answers("198.51.100.7", "192.0.2.10", tcp(8443), "inside:443");
    run.denies("203.0.113.66", "192.0.2.10", tcp(8443), &["203.0.113.64/26 drop"]);
    run.denies("198.51.100.7", "192.0.2.10", tcp(443), &["policy drop"]);
    run.allows("10.20.0.5", "10.20.0.1", tcp(3128), &["dport"]);
    run.answers("10.20.0.5", "10.20.0.1", tcp(3128), "server:8080");
    // Back to where it came from, under the router's address.
    run.answers("10.20.0.5", "192.0.2.10", tcp(8443), "inside:443");
}
