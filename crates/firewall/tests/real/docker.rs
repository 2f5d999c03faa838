//! A Docker daemon with published ports and several networks, over both iptables, and together with ufw.

use portreeve_firewall::ir::owner::Owner;
use portreeve_lab::site::{Docker, Iptables, Site};

use crate::case::{Case, blocked, reaches};
use crate::judge::{Places, assert_owner, owners};

/// Published to everyone, to the loopback address, to one address, not at all.
const CONTAINERS: &str = "
    docker network create --subnet 172.30.1.0/24 shop
    docker network create --subnet 172.30.2.0/24 --internal backstage
    docker run --detach --name storefront --publish 8080:80 idle
    docker run --detach --name admin --network shop --ip 172.30.1.2 --publish 127.0.0.1:9090:80 idle
    docker run --detach --name second --network shop --ip 172.30.1.3 --publish 192.0.2.10:8443:80 idle
    docker run --detach --name vault --network backstage --ip 172.30.2.2 idle";
const NAMES: &[&str] = &["storefront", "admin", "second", "vault"];

fn start(site: Site) -> Docker {
    let docker = Docker::start(site).unwrap();
    docker.site.shell(CONTAINERS).unwrap();
    docker
}

fn places(docker: &Docker) -> Places {
    // Docker's own proxy listens on the published ports of the server.
    let mut places = Places::without(&docker.site, &[8080, 8443, 9090]);
    for name in NAMES {
        places.add(name, &docker.namespace_from_outside(name).unwrap(), &[]);
    }
    docker.await_addresses("storefront").unwrap();
    places
}

fn cases(docker: &Docker) -> Vec<Case> {
    let (shop, backstage) = (docker.bridge("shop").unwrap(), docker.bridge("backstage").unwrap());
    // Within a network frames are switched, and pass the rules on their way from port to port.
    let cable = docker.cable("admin").unwrap();
    vec![
        // Published to everyone, in both versions of IP.
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 8080 iif eth0", "storefront:80")
            .seen_as("198.51.100.7"),
        reaches("outside", "from 2001:db8:1::7 to 2001:db8:2::10 tcp dport 8080 iif eth0", "storefront:80"),
        reaches("inside", "from 10.20.0.5 to 10.20.0.1 tcp dport 8080 iif eth1", "storefront:80"),
        reaches("server", "out to 192.0.2.10 tcp dport 8080", "storefront:80"),
        // Published to one address, and to the loopback.
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 8443 iif eth0", "second:80"),
        blocked("inside", "from 10.20.0.5 to 10.20.0.1 tcp dport 8443 iif eth1").by_nobody_listening(),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 9090 iif eth0").by_nobody_listening(),
        reaches("server", "out to 127.0.0.1 tcp dport 9090", "admin:80").through("server:9090"),
        // Past the publishing, by the container's own address.
        reaches("inside", "from 10.20.0.5 to 172.17.0.2 tcp dport 80 iif eth1", "storefront:80"),
        blocked("inside", "from 10.20.0.5 to 172.17.0.2 tcp dport 443 iif eth1"),
        blocked("inside", "from 10.20.0.5 to 172.30.2.2 tcp dport 80 iif eth1"),
        reaches("server", "out to 172.30.2.2 tcp dport 80", "vault:80"),
        // Between networks, and within one.
        blocked("storefront", "from 172.17.0.2 to 172.30.1.2 tcp dport 80 iif docker0"),
        blocked("admin", format!("from 172.30.1.2 to 172.17.0.2 tcp dport 80 iif {shop}")),
        reaches("admin", format!("from 172.30.1.2 to 172.30.1.3 tcp dport 443 iif {cable}"), "second:443"),
        blocked("vault", format!("from 172.30.2.2 to 172.30.1.3 tcp dport 80 iif {backstage}")),
        // From a network of Docker the published port is not translated: the proxy takes it.
        reaches("storefront", "from 172.17.0.2 to 192.0.2.10 tcp dport 8443 iif docker0", "second:80")
            .through("server:8443"),
        // To the world.
        reaches("storefront", "from 172.17.0.2 to 198.51.100.7 tcp dport 443 iif docker0", "outside:443")
            .seen_as("192.0.2.10"),
        reaches(
            "storefront",
            "from fd00:d0::242:ac11:2 to 2001:db8:1::7 tcp dport 443 iif docker0",
            "outside:443",
        )
        .seen_as("2001:db8:2::10"),
        reaches("second", format!("from 172.30.1.3 to 198.51.100.7 udp dport 53 iif {shop}"), "outside:53")
            .seen_as("192.0.2.10"),
        blocked("vault", format!("from 172.30.2.2 to 198.51.100.7 tcp dport 443 iif {backstage}")),
        // The administrator's own chain.
        blocked("outside", "from 203.0.113.66 to 192.0.2.10 tcp dport 8080 iif eth0"),
    ]
}

const ADMINISTRATORS_RULE: &str = "iptables -I DOCKER-USER -i eth0 -s 203.0.113.0/24 -j DROP";

fn scene(name: &str, iptables: Iptables) {
    let docker = start(Site::new(name, iptables).unwrap());
    docker.site.shell(ADMINISTRATORS_RULE).unwrap();
    let mut cases = cases(&docker);
    cases.push(reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 80 iif eth0", "server:80"));
    // The administrator's rule in Docker's chain is not Docker's.
    assert_owner(&places(&docker).judge(&docker.site, &cases), &Owner::Docker, 1);
}

#[test]
fn over_iptables_nft() {
    scene("docker-nft", Iptables::Nft);
}

#[test]
fn over_iptables_legacy() {
    scene("docker-legacy", Iptables::Legacy);
}

/// What ufw denies, Docker publishes all the same.
#[test]
fn beside_ufw() {
    let site = Site::new("docker-ufw", Iptables::Nft).unwrap();
    site.shell("ufw --force enable\nufw allow 22/tcp").unwrap();
    let docker = start(site);
    docker.site.shell(ADMINISTRATORS_RULE).unwrap();
    let mut cases = cases(&docker);
    // ufw's input chains come between a container and the proxy, and between a neighbour and ports that nobody has.
    cases.retain(|case| !case.passes_input());
    cases.extend([
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 22 iif eth0", "server:22"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 80 iif eth0"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 9090 iif eth0"),
        blocked("storefront", "from 172.17.0.2 to 192.0.2.10 tcp dport 8443 iif docker0"),
        reaches("server", "out to 127.0.0.1 tcp dport 9090", "admin:80").through("server:9090"),
    ]);
    let owners = owners(&places(&docker).judge(&docker.site, &cases));
    assert_eq!(owners.keys().cloned().collect::<Vec<_>>(), [None, Some(Owner::Docker), Some(Owner::Ufw)]);
    assert_eq!(owners[&None], 1);
}
