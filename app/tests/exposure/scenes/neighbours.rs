//! Two guests on one bridge: one may not reach the other, and only one of them is for the world.

use portreeve_lab::site::{Iptables, Site};

use super::run::run_with;
use crate::client::tcp;
use crate::place::Place;
use crate::scene::Scene;

const RULES: &str = "
table bridge guests {
    chain forward {
        type filter hook forward priority filter; policy accept;
        iifname shop oifname vault ip protocol tcp tcp flags & (fin|syn|rst|ack) == syn tcp dport != 5432 drop
        iifname shop oifname vault ip6 nexthdr tcp tcp flags & (fin|syn|rst|ack) == syn drop
    }
}
table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname eth0 oifname br0 ip daddr 10.88.0.2 tcp dport 80 accept
        iifname eth1 oifname br0 accept
        iifname br0 oifname br0 accept comment \"where br_netfilter shows bridged packets to IP's hooks\"
    }
}";

#[test]
fn two_guests_on_a_bridge() {
    let site = Site::new("exposure-bridge", Iptables::Nft).unwrap();
    for key in ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"] {
        site.server.sysctl(key, 1).unwrap();
    }
    let bridge = "link add br0 type bridge mcast_snooping 0\naddr add 10.88.0.1/24 dev br0\n\
                  addr add fd00:88::1/64 dev br0 nodad\nlink set br0 up";
    site.server.ip(bridge).unwrap();
    let gateways = ["10.88.0.1", "fd00:88::1"];
    let guests = [("shop", ["10.88.0.2/24", "fd00:88::2/64"]), ("vault", ["10.88.0.3/24", "fd00:88::3/64"])]
        .map(|(name, addresses)| site.guest(name, "br0", &addresses, &gateways).unwrap());
    site.write("/etc/nftables.conf", RULES).unwrap();
    site.shell("nft -f /etc/nftables.conf").unwrap();

    for (guest, v4, v6) in [("shop", "10.88.0.2", "fd00:88::2"), ("vault", "10.88.0.3", "fd00:88::3")] {
        for (address, own) in [(v4, "10.88.0.1"), (v6, "fd00:88::1")] {
            let mut scene = Scene::new(&site, &[tcp(80), tcp(5432)]);
            for host in &guests {
                // Frames to a neighbour come in by the port, and never by the bridge.
                let index = scene.add_place(Place::host(host), host.name());
                if host.name() == guest {
                    scene.listen(index, &["tcp:[::]:80", "tcp:[::]:5432"]);
                }
            }
            scene.only_behind(&[(address, own)]);
            let run = run_with(&scene, &["--to", address]);
            run.allows(own, address, tcp(80), &[]);
            match address {
                "10.88.0.2" => {
                    run.allows("198.51.100.7", address, tcp(80), &["at forward", "10.88.0.2"]);
                    run.denies("198.51.100.7", address, tcp(5432), &["policy drop"]);
                    run.allows("10.88.0.3", address, tcp(5432), &[]);
                }
                "10.88.0.3" => {
                    run.denies("198.51.100.7", address, tcp(80), &["policy drop"]);
                    run.denies("10.88.0.2", address, tcp(80), &["bridge guests forward", "drop"]);
                    run.allows("10.88.0.2", address, tcp(5432), &[]);
                    run.allows("10.20.0.5", address, tcp(80), &["iifname"]);
                }
                "fd00:88::3" => run.denies("fd00:88::2", address, tcp(80), &["ip6 nexthdr"]),
                _ => run.allows("fd00:88::3", address, tcp(80), &[]),
            }
        }
    }
}
