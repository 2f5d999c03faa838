//! 500 generated rules, 200 listeners, and neighbours who try all of them. `PORTREEVE_SEED` names the ruleset; without, it is a new one.

use std::time::{SystemTime, UNIX_EPOCH};

use portreeve_lab::attempt::Carrier;
use portreeve_lab::site::{Iptables, Site};

use super::generated::{NETWORKS, NETWORKS6, Random, generate};
use super::run::run;
use crate::scene::Scene;

const RULES: usize = 500;
const LISTENERS: usize = 200;
/// Clients of each network beyond those of every scene.
const HOSTS: [u16; 2] = [3, 17];

#[test]
fn many_rules_and_listeners() {
    let seed = std::env::var("PORTREEVE_SEED").ok().map_or_else(now, |seed| seed.parse().unwrap());
    println!("PORTREEVE_SEED={seed}");
    let mut random = Random::new(seed);
    let generated = generate(&mut random, RULES, LISTENERS);
    let site = Site::new("exposure-many", Iptables::Nft).unwrap();
    site.write("/etc/nftables.conf", &generated.rules).unwrap();
    site.shell("nft -f /etc/nftables.conf").unwrap();

    let ports: Vec<(Carrier, u16)> = generated
        .listeners
        .iter()
        .map(|(port, at)| (if at.starts_with("udp") { Carrier::Udp } else { Carrier::Tcp }, *port))
        .collect();
    let mut scene = Scene::new(&site, &ports);
    // Addresses of the other side are tried in other scenes.
    let main = ["192.0.2.10", "2001:db8:2::10", "127.0.0.1"];
    scene.targets.retain(|target| target.on.is_some() || main.contains(&target.address.to_string().as_str()));
    for number in HOSTS {
        let addresses = NETWORKS.iter().map(|network| format!("{network}.{number}/32"));
        let addresses6 = NETWORKS6.iter().map(|network| format!("{network}::{number:x}/128"));
        for address in addresses.chain(addresses6) {
            site.outside.address("lo", &address).unwrap();
            let (address, _) = address.split_once('/').unwrap();
            scene.add_client(Scene::OUTSIDE, address.parse().unwrap(), Some("eth0"));
        }
    }
    let at: Vec<&str> = generated.listeners.iter().map(|(_, at)| at.as_str()).collect();
    scene.listen(Scene::SERVER, &at);
    run(&scene);
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
