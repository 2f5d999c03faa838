//! No rule at all: what decides is where the sockets are bound.

use portreeve_lab::site::{Iptables, Site};

use super::run::run;
use crate::client::{tcp, udp};
use crate::scene::Scene;

#[test]
fn an_empty_ruleset() {
    let site = Site::new("exposure-empty", Iptables::Nft).unwrap();
    let ports = [tcp(80), tcp(8080), tcp(9000), tcp(9001), tcp(7000), tcp(7001), tcp(1), udp(53), udp(123)];
    let mut scene = Scene::new(&site, &ports);
    scene.nginx(&[80]);
    let at = [
        "tcp:127.0.0.1:8080",
        "tcp:0.0.0.0:9000",
        "tcp:[::]:9001",
        "tcp:192.0.2.10:7000",
        "tcp:[::]:7001%eth1",
        "udp:[::]:53",
        "udp:10.20.0.1:123",
    ];
    scene.listen(Scene::SERVER, &at);

    let run = run(&scene);
    run.allows("198.51.100.7", "192.0.2.10", tcp(80), &["no rule"]);
    run.allows("2001:db8:1::7", "2001:db8:2::10", tcp(9001), &["no rule"]);
    run.denies("2001:db8:1::7", "2001:db8:2::10", tcp(9000), &[]);
    run.denies("198.51.100.7", "192.0.2.10", tcp(8080), &[]);
    run.allows("127.0.0.1", "127.0.0.1", tcp(8080), &[]);
    // An address of the other side is the host's all the same.
    run.allows("10.20.0.5", "192.0.2.10", tcp(7000), &["no rule"]);
    run.denies("10.20.0.5", "10.20.0.1", tcp(7000), &[]);
    // Bound to a device.
    run.allows("10.20.0.5", "192.0.2.10", tcp(7001), &["no rule"]);
    run.denies("198.51.100.7", "192.0.2.10", tcp(7001), &[]);
    run.denies("198.51.100.7", "192.0.2.10", tcp(1), &[]);
}
