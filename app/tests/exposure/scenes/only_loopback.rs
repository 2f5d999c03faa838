//! Docker publishes to the loopback address only, and to one address of several.

use portreeve_lab::attempt::{Attempt, Carrier, Seen};
use portreeve_lab::site::{Docker, Iptables, Site};
use portreeve_model::reach::Verdict;

use super::run::{Run, run};
use crate::client::tcp;
use crate::exposed::Exposed;
use crate::place::Place;
use crate::scene::Scene;

#[test]
fn docker_published_to_loopback() {
    let docker = Docker::start(Site::new("exposure-loopback", Iptables::Nft).unwrap()).unwrap();
    docker
        .site
        .shell(
            "docker run --detach --name admin --publish 127.0.0.1:9090:80 web
             docker run --detach --name shop --publish 192.0.2.10:8443:80 web",
        )
        .unwrap();
    let mut scene = Scene::new(&docker.site, &[tcp(9090), tcp(8443), tcp(80)]);
    for container in ["admin", "shop"] {
        docker.await_addresses(container).unwrap();
        scene.add_place(Place::container(&docker, container), "docker0");
    }
    scene.add_own("172.17.0.1");
    scene.listen(Scene::SERVER, &["tcp:127.0.0.1:80"]);

    let run = run(&scene);
    run.allows("127.0.0.1", "127.0.0.1", tcp(9090), &[]);
    for from in ["198.51.100.7", "192.0.2.1"] {
        run.denies(from, "192.0.2.10", tcp(9090), &[]);
        run.allows(from, "192.0.2.10", tcp(8443), &["docker at forward"]);
        run.denies(from, "10.20.0.1", tcp(8443), &[]);
        run.denies(from, "192.0.2.10", tcp(80), &[]);
    }
    forged(&run, &scene);
}

/// A neighbour on the link who has no scruples sends to 127.0.0.1. The rules bind that to the container before the kernel would find
/// it martian, so that `-p 127.0.0.1:` does not keep neighbours out; the exposure must say so.
fn forged(run: &Run<'_>, scene: &Scene<'_>) {
    let attempt = Attempt {
        carrier: Carrier::Tcp,
        from: "192.0.2.1".parse().unwrap(),
        from_port: None,
        to: "127.0.0.1".parse().unwrap(),
        port: 9090,
        device: None,
    };
    let neighbour = &scene.site.outside;
    for key in ["net.ipv4.conf.all.route_localnet", "net.ipv4.conf.eth0.route_localnet"] {
        neighbour.sysctl(key, 1).unwrap();
    }
    let keep_nothing = "addr del 127.0.0.1/8 dev lo\nroute add 127.0.0.1 via 192.0.2.10 dev eth0";
    neighbour.ip(keep_nothing).unwrap();
    let attempts = [(Scene::OUTSIDE, attempt)];
    let seen = scene.attempt(&attempts, &|_| true);
    assert!(matches!(seen[0], Seen::Answered { .. }), "{seen:?}");
    let says = |exposed: &Exposed, verdict| {
        let parts = exposed.parts_for("192.0.2.1", "eth0", "127.0.0.1", tcp(9090));
        assert!(parts.iter().any(|part| part.verdict == verdict), "{verdict:?}: {parts:#?}");
        parts.iter().any(|part| part.conditions.iter().any(|condition| condition.contains("on the link")))
    };
    assert!(says(&run.exposed, Verdict::Allow), "no router would send it here");

    // What closes it stands before the translation.
    scene.site.shell("iptables -t raw -I PREROUTING ! -i lo -d 127.0.0.0/8 -j DROP").unwrap();
    let seen = scene.attempt(&attempts, &|_| false);
    assert_eq!(seen[0], Seen::Silence);
    let closed = Exposed::read(scene, &["9090"]);
    says(&closed, Verdict::Deny);
    let open = closed.parts_for("192.0.2.1", "eth0", "127.0.0.1", tcp(9090));
    assert!(open.iter().all(|part| part.verdict == Verdict::Deny), "{open:#?}");
}
