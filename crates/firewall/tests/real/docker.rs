//! A Docker daemon with published ports and several networks, over both iptables, and together with ufw.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use portreeve_firewall::ir::owner::Owner;
use portreeve_lab::Process;
use portreeve_linux::namespace::NetworkNamespace;

use crate::case::{Case, blocked, reaches};
use crate::judge::{Places, assert_owner, owners};
use crate::site::{Iptables, PATIENCE, Site};

/// Numbers the daemons of this process.
static DAEMONS: AtomicU32 = AtomicU32::new(0);
/// All of the daemon's own places are in memory that the site takes away. No storage driver but `vfs` works there.
const DAEMON: &str = "exec dockerd --storage-driver vfs --data-root \"$ROOT/data\" --exec-root /run/docker --pidfile /run/docker.pid \
    --cgroup-parent \"$CGROUP\" --bip 172.17.0.1/16 --experimental --ip6tables --ipv6 --fixed-cidr-v6 fd00:d0::/64";
/// The containers do nothing: the listeners of the test live in their namespaces.
const IMAGE: &str = "
    mkdir \"$ROOT/image\"
    cp \"$(command -v busybox)\" \"$ROOT/image/busybox\"
    tar -C \"$ROOT/image\" -c busybox | docker import --change 'CMD [\"/busybox\", \"sleep\", \"100000\"]' - idle";
/// Published to everyone, to the loopback address, to one address, not at all.
const CONTAINERS: &str = "
    docker network create --subnet 172.30.1.0/24 shop
    docker network create --subnet 172.30.2.0/24 --internal backstage
    docker run --detach --name storefront --publish 8080:80 idle
    docker run --detach --name admin --network shop --ip 172.30.1.2 --publish 127.0.0.1:9090:80 idle
    docker run --detach --name second --network shop --ip 172.30.1.3 --publish 192.0.2.10:8443:80 idle
    docker run --detach --name vault --network backstage --ip 172.30.2.2 idle";
const NAMES: &[&str] = &["storefront", "admin", "second", "vault"];

struct Docker {
    _daemon: Process,
    site: Site,
    /// Last: the containers in it have ended with the site.
    _cgroup: Cgroup,
}

impl Docker {
    fn start(site: Site) -> Self {
        let cgroup = Cgroup::reserve();
        let variables = format!("export ROOT='{}' CGROUP='/{}'\n", site.root(), cgroup.name);
        let daemon = site.spawn(&format!("{variables}{DAEMON}"));
        daemon.wait_line("API listen on", PATIENCE).unwrap();
        site.shell(&format!("{variables}{IMAGE}\n{CONTAINERS}"));
        Self { _daemon: daemon, site, _cgroup: cgroup }
    }

    fn places(&self) -> Places {
        // Docker's own proxy listens on the published ports of the server.
        let mut places = Places::without(&self.site, &[8080, 8443, 9090]);
        for name in NAMES {
            let format = "'{{.NetworkSettings.SandboxKey}}'";
            let key = self.site.shell(&format!("docker inspect --format {format} {name}"));
            // `/var/run` is a symbolic link, and would be followed outside.
            let path = key.trim().trim_start_matches("/var").to_owned();
            places.add(name, &self.site.seen_from_outside(&path), &[]);
        }
        await_usable_addresses(places.namespace("storefront"));
        places
    }

    /// The server's end of a container's cable.
    fn cable(&self, container: &str) -> String {
        let format = "'{{.NetworkSettings.SandboxKey}}'";
        let script =
            format!("nsenter --net=$(docker inspect --format {format} {container}) ip -o link show eth0");
        let line = self.site.shell(&script);
        let (_, rest) = line.split_once("eth0@if").expect("one end of a cable");
        let index = rest.split(':').next().unwrap().to_owned();
        let links = self.site.shell("ip -o link");
        let line = links.lines().find(|line| line.split(':').next() == Some(&index)).expect("the other end");
        line.split([':', '@']).nth(1).unwrap().trim().to_owned()
    }

    /// The name of a network's bridge.
    fn bridge(&self, network: &str) -> String {
        let id = self.site.shell(&format!("docker network inspect --format '{{{{.Id}}}}' {network}"));
        format!("br-{}", &id[..12])
    }
}

/// The directory of a daemon's cgroups, in every hierarchy of the machine.
struct Cgroup {
    name: String,
}

const CGROUPS: &str = "portreeve-real";

impl Cgroup {
    /// A name of its own; what a killed run of the tests has left is removed.
    fn reserve() -> Self {
        for hierarchy in hierarchies() {
            let entries = fs::read_dir(hierarchy).into_iter().flatten().flatten();
            for entry in entries.filter(|entry| is_orphan(&entry.file_name().to_string_lossy())) {
                remove(&entry.path());
            }
        }
        let number = DAEMONS.fetch_add(1, Ordering::Relaxed);
        Self { name: format!("{CGROUPS}-{}-{number}", std::process::id()) }
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        hierarchies().for_each(|hierarchy| remove(&hierarchy.join(&self.name)));
    }
}

fn is_orphan(name: &str) -> bool {
    let pid = name.strip_prefix(CGROUPS).and_then(|rest| rest.trim_start_matches('-').split('-').next());
    pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
}

fn hierarchies() -> impl Iterator<Item = PathBuf> {
    let root = PathBuf::from("/sys/fs/cgroup");
    let nested = fs::read_dir(&root).into_iter().flatten().flatten().map(|entry| entry.path());
    [root].into_iter().chain(nested.filter(|path| path.is_dir()))
}

/// Removes empty cgroups from the leaves up; the last process in one may take a moment to be gone.
fn remove(cgroup: &Path) {
    let children = fs::read_dir(cgroup).into_iter().flatten().flatten().map(|entry| entry.path());
    children.filter(|path| path.is_dir()).for_each(|path| remove(&path));
    let deadline = Instant::now() + Duration::from_secs(5);
    while cgroup.is_dir() && fs::remove_dir(cgroup).is_err() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits for the end of duplicate address detection: flag `IFA_F_TENTATIVE` in the fifth column.
fn await_usable_addresses(namespace: &NetworkNamespace) {
    let tentative = || {
        let table = fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap();
        table
            .lines()
            .any(|line| line.split_whitespace().nth(4).is_some_and(|flags| flags == "40" || flags == "c0"))
    };
    let deadline = Instant::now() + PATIENCE;
    while namespace.within(tentative).unwrap() {
        assert!(Instant::now() < deadline, "duplicate address detection does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn cases(docker: &Docker) -> Vec<Case> {
    let (shop, backstage) = (docker.bridge("shop"), docker.bridge("backstage"));
    // Within a network frames are switched, and pass the rules on their way from port to port.
    let cable = docker.cable("admin");
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
    let docker = Docker::start(Site::new(name, iptables));
    docker.site.shell(ADMINISTRATORS_RULE);
    let mut cases = cases(&docker);
    cases.push(reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 80 iif eth0", "server:80"));
    // The administrator's rule in Docker's chain is not Docker's.
    assert_owner(&docker.places().judge(&docker.site, &cases), &Owner::Docker, 1);
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
    let site = Site::new("docker-ufw", Iptables::Nft);
    site.shell("ufw --force enable\nufw allow 22/tcp");
    let docker = Docker::start(site);
    docker.site.shell(ADMINISTRATORS_RULE);
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
    let owners = owners(&docker.places().judge(&docker.site, &cases));
    assert_eq!(owners.keys().cloned().collect::<Vec<_>>(), [None, Some(Owner::Docker), Some(Owner::Ufw)]);
    assert_eq!(owners[&None], 1);
}
