//! fail2ban's server with four of its actions, and bans made by its client.

use portreeve_firewall::ir::owner::Owner;
use portreeve_lab::site::{Fail2ban, Iptables, Site};

use crate::case::{Case, blocked, reaches};
use crate::judge::{Places, assert_owner};

/// A jail for each action. All watch the same empty log: the bans come from the client.
const JAILS: &str = "
[DEFAULT]
backend = polling
logpath = /var/log/auth.log
bantime = 1h
allowipv6 = yes
[sshd]
enabled = true
port = ssh
banaction = iptables-multiport
[web-ipset]
enabled = true
filter = sshd
action = iptables-ipset[name=web-ipset, port=\"80,443\", protocol=tcp, type=multiport]
[mail-nft]
enabled = true
filter = sshd
action = nftables-multiport[name=mail-nft, port=\"25,587\", protocol=tcp]
[recidive-nft]
enabled = true
filter = sshd
action = nftables-allports[name=recidive-nft, blocktype=drop]
";

fn start(site: &Site) -> Fail2ban {
    let server = Fail2ban::start(site, JAILS).unwrap();
    for (jail, banned, proof) in [
        ("sshd", "203.0.113.66", "iptables-save | grep -q 'f2b-sshd -s 203.0.113.66/32'"),
        ("sshd", "2001:db8:66::66", "ip6tables-save | grep -q 'f2b-sshd -s 2001:db8:66::66/128'"),
        ("web-ipset", "203.0.113.67", "ipset test f2b-web-ipset 203.0.113.67"),
        ("web-ipset", "2001:db8:66::67", "ipset test f2b-web-ipset6 2001:db8:66::67"),
        ("mail-nft", "203.0.113.68", "nft get element inet f2b-table addr-set-mail-nft '{ 203.0.113.68 }'"),
        (
            "mail-nft",
            "2001:db8:66::68",
            "nft get element inet f2b-table addr6-set-mail-nft '{ 2001:db8:66::68 }'",
        ),
        (
            "recidive-nft",
            "203.0.113.69",
            "nft get element inet f2b-table addr-set-recidive-nft '{ 203.0.113.69 }'",
        ),
        (
            "recidive-nft",
            "2001:db8:66::69",
            "nft get element inet f2b-table addr6-set-recidive-nft '{ 2001:db8:66::69 }'",
        ),
    ] {
        server.ban(site, jail, &[banned], proof).unwrap();
    }
    server
}

fn cases() -> Vec<Case> {
    let tried = |source: &str, port: u16| {
        let destination = if source.contains(':') { "2001:db8:2::10" } else { "192.0.2.10" };
        format!("from {source} to {destination} tcp dport {port} iif eth0")
    };
    let mut cases = vec![
        reaches("outside", "from 203.0.113.66 to 192.0.2.10 udp dport 53 iif eth0", "server:53"),
        reaches("outside", "from 203.0.113.69 to 192.0.2.10 udp dport 53 iif eth0", "server:53"),
        reaches("outside", "from 203.0.113.66 to 192.0.2.10 icmp type echo-request iif eth0", "server:0"),
    ];
    // (last part of the address, ports that are closed to it)
    for (banned, closed) in
        [(66, &[22][..]), (67, &[80, 443]), (68, &[25, 587]), (69, &[22, 25, 80, 443, 587])]
    {
        for source in [format!("203.0.113.{banned}"), format!("2001:db8:66::{banned}")] {
            for port in [22, 25, 80, 443, 587] {
                let packet = tried(&source, port);
                cases.push(if closed.contains(&port) {
                    blocked("outside", packet)
                } else {
                    reaches("outside", packet, &format!("server:{port}"))
                });
            }
        }
    }
    cases
}

fn scene(name: &str, iptables: Iptables) {
    let site = Site::new(name, iptables).unwrap();
    let _server = start(&site);
    assert_owner(&Places::of(&site).judge(&site, &cases()), &Owner::Fail2ban, 0);
}

#[test]
fn over_iptables_nft() {
    scene("fail2ban-nft", Iptables::Nft);
}

/// The rules of two machineries at once: neither `nft` nor `iptables-nft` sees those of iptables-legacy.
#[test]
fn over_iptables_legacy() {
    scene("fail2ban-legacy", Iptables::Legacy);
}
