//! firewalld on a message bus of its own, over both of its back ends.

use portreeve_firewall::ir::owner::Owner;
use portreeve_lab::site::{Firewalld, Iptables, Site};

use crate::case::{Case, blocked, reaches};
use crate::judge::{Places, assert_owner};

/// One start of the client for several settings where it takes them: each start costs a quarter of a second.
const CONFIGURATION: &str = "
    set_up() { firewall-cmd --quiet --permanent \"$@\"; }
    set_up --zone=public --add-interface=eth0
    set_up --zone=internal --add-interface=eth1
    set_up --zone=public --add-service=http
    set_up --zone=public --remove-service=ssh
    set_up --zone=public \\
        --add-rich-rule='rule family=ipv4 source address=198.51.100.0/24 port port=8443 protocol=tcp accept' \\
        --add-rich-rule='rule family=ipv4 source address=198.51.100.66 reject type=icmp-admin-prohibited' \\
        --add-rich-rule='rule family=ipv6 source address=2001:db8:1::/64 service name=https accept' \\
        --add-rich-rule='rule service name=ntp log prefix=\"ntp \" level=info limit value=3/m accept'
    set_up --zone=public \\
        --add-forward-port=port=8080:proto=tcp:toport=80:toaddr=10.20.0.5 \\
        --add-forward-port=port=3128:proto=tcp:toport=80
    set_up --zone=public --add-masquerade
    set_up --zone=public --add-icmp-block=timestamp-request
    set_up --zone=internal --add-port=5000-5010/udp
    set_up --new-ipset=blocked --type=hash:net
    set_up --ipset=blocked --add-entry=203.0.114.0/24
    set_up --zone=drop --add-source=ipset:blocked
    set_up --zone=trusted --add-source=203.0.113.205
    set_up --new-policy=out
    set_up --policy=out --add-ingress-zone=internal
    set_up --policy=out --add-egress-zone=public
    set_up --policy=out --set-target=REJECT
    set_up --policy=out --add-service=https
    firewall-cmd --quiet --reload";

fn cases() -> Vec<Case> {
    vec![
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 80 iif eth0", "server:80"),
        reaches("outside", "from 2001:db8:66::66 to 2001:db8:2::10 tcp dport 80 iif eth0", "server:80"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 22 iif eth0"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0"),
        reaches("outside", "from 2001:db8:1::7 to 2001:db8:2::10 tcp dport 443 iif eth0", "server:443"),
        blocked("outside", "from 2001:db8:66::66 to 2001:db8:2::10 tcp dport 443 iif eth0"),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 8443 iif eth0", "server:8443"),
        blocked("outside", "from 203.0.113.66 to 192.0.2.10 tcp dport 8443 iif eth0"),
        blocked("outside", "from 198.51.100.66 to 192.0.2.10 tcp dport 80 iif eth0"),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 udp dport 123 iif eth0", "server:123"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 udp dport 53 iif eth0"),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 icmp type echo-request iif eth0", "server:0"),
        // Zones of sources come before zones of interfaces.
        blocked("outside", "from 203.0.114.9 to 192.0.2.10 tcp dport 80 iif eth0"),
        reaches("outside", "from 203.0.113.205 to 192.0.2.10 tcp dport 22 iif eth0", "server:22"),
        // Forwarded ports.
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 8080 iif eth0", "inside:80"),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 3128 iif eth0", "server:80"),
        blocked("outside", "from 198.51.100.7 to 10.20.0.5 tcp dport 80 iif eth0"),
        reaches("inside", "from 10.20.0.5 to 10.20.0.1 tcp dport 22 iif eth1", "server:22"),
        reaches("inside", "from 10.20.0.5 to 10.20.0.1 udp dport 5005 iif eth1", "server:5005"),
        reaches("inside", "from fd00:20::5 to fd00:20::1 udp dport 5005 iif eth1", "server:5005"),
        blocked("inside", "from 10.20.0.5 to 10.20.0.1 tcp dport 80 iif eth1"),
        reaches("inside", "from 10.20.0.5 to 198.51.100.7 tcp dport 443 iif eth1", "outside:443"),
        blocked("inside", "from 10.20.0.5 to 198.51.100.7 tcp dport 80 iif eth1"),
        reaches("server", "out to 198.51.100.7 tcp dport 25", "outside:25"),
        reaches("server", "out to 127.0.0.1 tcp dport 22", "server:22"),
    ]
}

fn scene(name: &str, backend: &str) {
    let site = Site::new(name, Iptables::Nft).unwrap();
    let _firewalld = Firewalld::start(&site, backend).unwrap();
    site.shell(CONFIGURATION).unwrap();
    assert_owner(&Places::of(&site).judge(&site, &cases()), &Owner::Firewalld, 0);
}

#[test]
fn over_nftables() {
    scene("firewalld-nftables", "nftables");
}

#[test]
fn over_iptables() {
    scene("firewalld-iptables", "iptables");
}
