//! Rules in the shapes of kube-proxy and libvirt, which cannot run here, loaded by the restore commands of both iptables.

use portreeve_firewall::ir::owner::Owner;
use portreeve_lab::site::{Iptables, Site};

use crate::case::{Case, blocked, reaches};
use crate::judge::{Places, assert_owner};

const KUBE_PROXY: &str = include_str!("rules/kube-proxy.v4");
const LIBVIRT: &str = include_str!("rules/libvirt.v4");
const LIBVIRT_NFT: &str = include_str!("rules/libvirt.nft");

/// Writes the rules into the server's memory and loads them.
fn load(site: &Site, program: &str, rules: &str) {
    site.write("/run/rules", rules).unwrap();
    site.shell(&format!("{program} /run/rules")).unwrap();
}

fn cluster(iptables: Iptables, name: &str) {
    let site = Site::new(name, iptables).unwrap();
    site.server.sysctl("net.ipv4.ip_forward", 1).unwrap();
    site.server.ip("link add cni0 type bridge\naddr add 10.244.1.1/24 dev cni0\nlink set cni0 up").unwrap();
    let pods = [("pod-a", "10.244.1.2/24"), ("pod-b", "10.244.1.3/24")]
        .map(|(name, address)| site.guest(name, "cni0", &[address], &["10.244.1.1"]).unwrap());
    // Not on the cable: routed to the server.
    site.outside.route("192.0.2.44 via 192.0.2.10").unwrap();
    load(&site, "iptables-restore", KUBE_PROXY);
    let mut places = Places::of(&site);
    for pod in &pods {
        places.add(pod.name(), &pod.netns_path(), &[]);
    }
    // Two rules of the cluster are the network's, which leaves no sign.
    assert_owner(&places.judge(&site, &cluster_cases()), &Owner::Kubernetes, 2);
}

fn cluster_cases() -> Vec<Case> {
    let web = "pod-a:8080|pod-b:8080";
    vec![
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 30080 iif eth0", web)
            .seen_as("10.244.1.1"),
        reaches("inside", "from 10.20.0.5 to 10.20.0.1 tcp dport 30080 iif eth1", web),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 22 iif eth0", "server:22"),
        // Cluster addresses are open to whoever is routed here.
        reaches("outside", "from 198.51.100.7 to 10.96.0.80 tcp dport 80 iif eth0", web),
        reaches("pod-a", "from 10.244.1.2 to 10.96.0.80 tcp dport 80 iif cni0", web),
        reaches("server", "out to 10.96.0.80 tcp dport 80", web),
        reaches("pod-b", "from 10.244.1.3 to 10.96.0.10 udp dport 53 iif cni0", "pod-a:53|pod-b:53"),
        reaches("server", "out to 10.96.0.10 udp dport 53", "pod-a:53|pod-b:53"),
        // No service of TCP: routed on to the world, where nobody has the address.
        blocked("pod-a", "from 10.244.1.2 to 10.96.0.10 tcp dport 53 iif cni0").by_nobody_listening(),
        // A service without endpoints refuses.
        blocked("outside", "from 198.51.100.7 to 10.96.0.99 tcp dport 99 iif eth0"),
        blocked("server", "out to 10.96.0.99 tcp dport 99"),
        // The load balancer's address, for one network only.
        reaches("outside", "from 198.51.100.7 to 192.0.2.44 tcp dport 443 iif eth0", "pod-a:8443"),
        blocked("outside", "from 203.0.113.66 to 192.0.2.44 tcp dport 443 iif eth0"),
        reaches("pod-b", "from 10.244.1.3 to 10.96.0.44 tcp dport 443 iif cni0", "pod-a:8443")
            .seen_as("10.244.1.3"),
        // Pods themselves.
        blocked("outside", "from 198.51.100.7 to 10.244.1.2 tcp dport 8080 iif eth0"),
        reaches("pod-a", "from 10.244.1.2 to 198.51.100.7 tcp dport 443 iif cni0", "outside:443"),
        reaches("pod-a", "from 10.244.1.2 to 10.244.1.3 tcp dport 8080 iif pod-a", "pod-b:8080"),
        reaches("server", "out to 10.244.1.2 tcp dport 8080", "pod-a:8080"),
        reaches("pod-a", "from 10.244.1.2 to 10.244.1.1 tcp dport 22 iif cni0", "server:22"),
    ]
}

fn virtual_machines(iptables: Iptables, program: &str, rules: &str, name: &str) {
    let site = Site::new(name, iptables).unwrap();
    site.server.sysctl("net.ipv4.ip_forward", 1).unwrap();
    for (bridge, address) in [("virbr0", "192.168.122.1/24"), ("virbr1", "10.99.0.1/24")] {
        let lines =
            format!("link add {bridge} type bridge\naddr add {address} dev {bridge}\nlink set {bridge} up");
        site.server.ip(&lines).unwrap();
    }
    let machines = [
        site.guest("vm", "virbr0", &["192.168.122.2/24"], &["192.168.122.1"]).unwrap(),
        site.guest("alone-a", "virbr1", &["10.99.0.2/24"], &["10.99.0.1"]).unwrap(),
        site.guest("alone-b", "virbr1", &["10.99.0.3/24"], &["10.99.0.1"]).unwrap(),
    ];
    load(&site, program, rules);
    let mut places = Places::of(&site);
    for machine in &machines {
        places.add(machine.name(), &machine.netns_path(), &[]);
    }
    assert_owner(&places.judge(&site, &machine_cases()), &Owner::Libvirt, 0);
}

fn machine_cases() -> Vec<Case> {
    vec![
        reaches("vm", "from 192.168.122.2 to 198.51.100.7 tcp dport 443 iif virbr0", "outside:443")
            .seen_as("192.0.2.10"),
        reaches("vm", "from 192.168.122.2 to 198.51.100.7 udp dport 53 iif virbr0", "outside:53")
            .seen_as("192.0.2.10"),
        reaches("vm", "from 192.168.122.2 to 198.51.100.7 icmp type echo-request iif virbr0", "outside:0"),
        reaches("vm", "from 192.168.122.2 to 192.168.122.1 udp dport 53 iif virbr0", "server:53"),
        reaches("server", "out to 192.168.122.2 tcp dport 22", "vm:22"),
        blocked("outside", "from 198.51.100.7 to 192.168.122.2 tcp dport 22 iif eth0"),
        blocked("inside", "from 10.20.0.5 to 192.168.122.2 tcp dport 22 iif eth1"),
        reaches("inside", "from 10.20.0.5 to 198.51.100.7 tcp dport 443 iif eth1", "outside:443")
            .seen_as("10.20.0.5"),
        reaches("alone-a", "from 10.99.0.2 to 10.99.0.3 tcp dport 22 iif alone-a", "alone-b:22"),
        blocked("alone-a", "from 10.99.0.2 to 198.51.100.7 tcp dport 443 iif virbr1"),
        blocked("alone-a", "from 10.99.0.2 to 192.168.122.2 tcp dport 22 iif virbr1"),
        blocked("vm", "from 192.168.122.2 to 10.99.0.2 tcp dport 22 iif virbr0"),
        reaches("alone-a", "from 10.99.0.2 to 10.99.0.1 tcp dport 53 iif virbr1", "server:53"),
    ]
}

#[test]
fn kube_proxy_over_iptables_nft() {
    cluster(Iptables::Nft, "kube-nft");
}

#[test]
fn kube_proxy_over_iptables_legacy() {
    cluster(Iptables::Legacy, "kube-legacy");
}

#[test]
fn libvirt_over_iptables_nft() {
    virtual_machines(Iptables::Nft, "iptables-restore", LIBVIRT, "libvirt-nft");
}

#[test]
fn libvirt_over_iptables_legacy() {
    virtual_machines(Iptables::Legacy, "iptables-restore", LIBVIRT, "libvirt-legacy");
}

#[test]
fn libvirt_over_nftables() {
    virtual_machines(Iptables::Nft, "nft -f", LIBVIRT_NFT, "libvirt-nftables");
}
