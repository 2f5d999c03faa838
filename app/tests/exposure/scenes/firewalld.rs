//! firewalld with a zone for each side of the host, and zones of sources.

use portreeve_lab::site::{Firewalld, Iptables, Site};

use super::run::run;
use crate::client::{tcp, udp};
use crate::scene::Scene;

const CONFIGURATION: &str = "
    set_up() { firewall-cmd --quiet --permanent \"$@\"; }
    set_up --zone=public --add-interface=eth0
    set_up --zone=public --add-service=http
    set_up --zone=public --remove-service=ssh
    set_up --zone=public \\
        --add-rich-rule='rule family=ipv4 source address=198.51.100.0/24 port port=8443 protocol=tcp accept' \\
        --add-rich-rule='rule family=ipv6 source address=2001:db8:1::/64 service name=https accept'
    set_up --zone=internal --add-interface=eth1
    set_up --zone=internal --add-port=5000-5010/udp
    set_up --new-ipset=blocked --type=hash:net
    set_up --ipset=blocked --add-entry=203.0.113.64/26
    set_up --zone=drop --add-source=ipset:blocked
    set_up --zone=trusted --add-source=203.0.113.205
    firewall-cmd --quiet --reload";

#[test]
fn firewalld_with_two_zones() {
    let site = Site::new("exposure-firewalld", Iptables::Nft).unwrap();
    let _firewalld = Firewalld::start(&site, "nftables").unwrap();
    site.shell(CONFIGURATION).unwrap();
    let mut scene = Scene::new(&site, &[tcp(22), tcp(80), tcp(443), tcp(8443), udp(5005), udp(53)]);
    scene.nginx(&[80, 443, 8443]);
    scene.listen(Scene::SERVER, &["tcp:[::]:22", "udp:[::]:5005", "udp:0.0.0.0:53"]);

    let run = run(&scene);
    run.allows("198.51.100.7", "192.0.2.10", tcp(80), &["firewalld at input", "dport 80"]);
    run.allows("2001:db8:66::66", "2001:db8:2::10", tcp(80), &["firewalld at input"]);
    run.denies("198.51.100.7", "192.0.2.10", tcp(22), &["firewalld at input"]);
    run.allows("198.51.100.7", "192.0.2.10", tcp(8443), &["198.51.100.0/24"]);
    run.denies("192.0.2.1", "192.0.2.10", tcp(8443), &["firewalld at input"]);
    // Zones of sources come before zones of interfaces.
    run.denies("203.0.113.66", "192.0.2.10", tcp(80), &["firewalld at input", "drop"]);
    run.allows("203.0.113.205", "192.0.2.10", udp(53), &["firewalld at input"]);
    run.allows("10.20.0.5", "10.20.0.1", udp(5005), &["5000-5010"]);
    run.denies("10.20.0.5", "10.20.0.1", tcp(80), &["firewalld at input"]);
}
