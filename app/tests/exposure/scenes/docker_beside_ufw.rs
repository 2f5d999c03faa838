//! What ufw denies, Docker publishes all the same: the packet goes to the container, and never meets ufw's rules for this host.

use portreeve_lab::site::{Docker, Iptables, Site};

use super::run::run;
use crate::client::{tcp, udp};
use crate::place::Place;
use crate::scene::Scene;

#[test]
fn docker_beside_ufw() {
    let site = Site::new("exposure-ufw-docker", Iptables::Nft).unwrap();
    site.shell(
        "ufw --force enable\nufw allow 22/tcp\nufw allow from 10.20.0.0/24 to any port 5432 proto tcp",
    )
    .unwrap();
    let docker = Docker::start(site).unwrap();
    docker
        .site
        .shell(
            "docker run --detach --name storefront --publish 8080:80 web
             docker run --detach --name resolver --publish 5300:53/udp idle",
        )
        .unwrap();
    let ports = [tcp(22), tcp(80), tcp(5432), udp(53), tcp(8080), udp(5300)];
    let mut scene = Scene::new(&docker.site, &ports);
    for container in ["storefront", "resolver"] {
        docker.await_addresses(container).unwrap();
        let index = scene.add_place(Place::container(&docker, container), "docker0");
        if container == "resolver" {
            scene.listen(index, &["udp:[::]:53"]);
        }
    }
    scene.add_own("172.17.0.1");
    scene.nginx(&[80]);
    scene.listen(Scene::SERVER, &["tcp:[::]:22", "tcp:[::]:5432", "udp:[::]:53"]);

    let run = run(&scene);
    for (from, to) in [("198.51.100.7", "192.0.2.10"), ("2001:db8:1::7", "2001:db8:2::10")] {
        run.allows(from, to, tcp(8080), &["docker at forward", "-A DOCKER"]);
        run.denies(from, to, tcp(80), &["ufw at input"]);
        run.allows(from, to, tcp(22), &["ufw at input"]);
        run.denies(from, to, tcp(5432), &["ufw at input"]);
    }
    run.allows("10.20.0.5", "10.20.0.1", tcp(5432), &["ufw at input", "5432"]);
    run.answers("198.51.100.7", "192.0.2.10", udp(5300), "resolver:53");
    // The proxy is a socket of the host, and ufw's rules are for those.
    run.denies("172.17.0.2", "192.0.2.10", tcp(8080), &["ufw at input"]);
}
