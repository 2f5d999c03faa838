//! fail2ban has banned, by iptables in one jail and by nft in another.

use portreeve_lab::site::{Fail2ban, Iptables, Site};

use super::run::run;
use crate::client::{tcp, udp};
use crate::scene::Scene;

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
[web]
enabled = true
filter = sshd
action = nftables-multiport[name=web, port=\"80,443\", protocol=tcp]
";

#[test]
fn fail2ban_with_bans() {
    let site = Site::new("exposure-fail2ban", Iptables::Nft).unwrap();
    let server = Fail2ban::start(&site, JAILS).unwrap();
    for (jail, banned, proof) in [
        ("sshd", "203.0.113.66", "iptables-save | grep -q 'f2b-sshd -s 203.0.113.66/32'"),
        ("sshd", "2001:db8:66::66", "ip6tables-save | grep -q 'f2b-sshd -s 2001:db8:66::66/128'"),
        ("web", "203.0.113.205", "nft get element inet f2b-table addr-set-web '{ 203.0.113.205 }'"),
        ("web", "2001:db8:1::7", "nft get element inet f2b-table addr6-set-web '{ 2001:db8:1::7 }'"),
    ] {
        server.ban(&site, jail, &[banned], proof).unwrap();
    }
    let mut scene = Scene::new(&site, &[tcp(22), tcp(80), tcp(5432), udp(53)]);
    scene.nginx(&[80]);
    scene.listen(Scene::SERVER, &["tcp:[::]:22", "tcp:[::]:5432", "udp:[::]:53"]);

    let run = run(&scene);
    run.denies("203.0.113.66", "192.0.2.10", tcp(22), &["fail2ban at input", "203.0.113.66"]);
    run.denies("2001:db8:66::66", "2001:db8:2::10", tcp(22), &["fail2ban at input"]);
    run.allows("203.0.113.66", "192.0.2.10", tcp(80), &[]);
    run.denies("203.0.113.205", "192.0.2.10", tcp(80), &["fail2ban at input", "addr-set-web"]);
    run.denies("2001:db8:1::7", "2001:db8:2::10", tcp(80), &["fail2ban at input"]);
    run.allows("203.0.113.205", "192.0.2.10", tcp(22), &[]);
    run.allows("203.0.113.66", "192.0.2.10", udp(53), &[]);
}
