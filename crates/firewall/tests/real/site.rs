//! A host with the software of a scene in it, and its two neighbours.
//!
//! ```text
//! outside 192.0.2.1 ---- eth0 192.0.2.10  server  10.20.0.1 eth1 ---- inside 10.20.0.5
//!  and [`INTERNET`]
//! ```
//!
//! The software runs in a mount namespace and a pid namespace of the server: it may write `/etc`, `/var` and `/run`, and nothing of that
//! is seen outside or left behind. Ending the first process of the pid namespace ends everything in it.

use std::path::PathBuf;
use std::time::Duration;

use portreeve_lab::{Command, Host, Lab, Process};

/// How long a program may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Addresses of the Internet: those that end in 7 are good, those that end in 66 to 69 are not.
pub(crate) const INTERNET: &[&str] = &[
    "198.51.100.7",
    "198.51.100.66",
    "203.0.113.66",
    "203.0.113.67",
    "203.0.113.68",
    "203.0.113.69",
    "203.0.113.77",
    "203.0.113.205",
    "203.0.114.9",
    "2001:db8:1::7",
    "2001:db8:66::66",
    "2001:db8:66::67",
    "2001:db8:66::68",
    "2001:db8:66::69",
];

/// What the name `iptables` stands for on the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Iptables {
    Nft,
    Legacy,
}

/// Overlays instead of copies: the programs see the machine's own configuration, and what they write stays in memory.
const SURROUNDINGS: &str = "
    mount -t tmpfs tmpfs \"$ROOT\"
    for place in etc var; do
        mkdir \"$ROOT/$place\" \"$ROOT/$place.work\"
        mount -t overlay overlay -o \"lowerdir=/$place,upperdir=$ROOT/$place,workdir=$ROOT/$place.work\" \"/$place\"
    done
    mount -t tmpfs tmpfs /run
    mkdir /run/lock
    for family in iptables ip6tables; do
        for verb in '' -save -restore; do
            ln -sf \"/usr/sbin/$family-$IPTABLES$verb\" \"/etc/alternatives/$family$verb\"
        done
    done";

const CORPUS: &[(&str, &str)] = &[
    ("nft.json", "nft -j -a list ruleset"),
    ("nft.txt", "nft -a list ruleset"),
    ("iptables-nft-save", "iptables-nft-save -c"),
    ("ip6tables-nft-save", "ip6tables-nft-save -c"),
    ("iptables-legacy-save", "iptables-legacy-save -c"),
    ("ip6tables-legacy-save", "ip6tables-legacy-save -c"),
    ("ip_tables_names", "cat /proc/net/ip_tables_names"),
    ("ip6_tables_names", "cat /proc/net/ip6_tables_names"),
    ("ipset-save", "ipset save"),
    ("ip-addr.json", "ip -j addr"),
    ("ip-link.json", "ip -j -d link"),
    ("ip-route.json", "ip -j route show table all"),
    ("ip6-route.json", "ip -6 -j route show table all"),
    ("ip-rule.json", "ip -j rule"),
    ("ip6-rule.json", "ip -6 -j rule"),
    ("sysctl", "sysctl --all --pattern '^net[.](ipv4|ipv6|bridge)[.]' 2>/dev/null"),
];

pub(crate) struct Site {
    name: String,
    /// Before the lab: the processes in it end first.
    keeper: Process,
    pub(crate) server: Host,
    pub(crate) outside: Host,
    pub(crate) inside: Host,
    root: PathBuf,
    pub(crate) lab: Lab,
}

impl Site {
    pub(crate) fn new(name: &str, iptables: Iptables) -> Self {
        let lab = Lab::new(name).unwrap();
        // Ping sockets for root.
        let neighbour = |name| lab.host(name).sysctl("net.ipv4.ping_group_range", "0 0");
        // Of no device: the Internet is one machine here.
        let outside = INTERNET.iter().fold(neighbour("outside"), |host, address| {
            host.address(&format!("{address}/{}", if address.contains(':') { 128 } else { 32 }))
        });
        let outside = outside.start().unwrap();
        let inside = neighbour("inside").start().unwrap();
        let server = lab.host("server").sysctl("net.ipv4.ping_group_range", "0 0").start().unwrap();
        let wan = ["192.0.2.10/24", "2001:db8:2::10/64"];
        lab.link(("server", "eth0", wan), ("outside", "eth0", ["192.0.2.1/24", "2001:db8:2::1/64"])).unwrap();
        let lan = ["10.20.0.1/24", "fd00:20::1/64"];
        lab.link(("server", "eth1", lan), ("inside", "eth0", ["10.20.0.5/24", "fd00:20::5/64"])).unwrap();
        server.ip("route add default via 192.0.2.1\nroute add default via 2001:db8:2::1").unwrap();
        inside.ip("route add default via 10.20.0.1\nroute add default via fd00:20::1").unwrap();
        outside.ip("route add default via 192.0.2.10\nroute add default via 2001:db8:2::10").unwrap();

        let root = lab.scratch().join("root");
        std::fs::create_dir(&root).unwrap();
        let keeper = Command::new("sleep")
            .arg("infinity")
            .pid_namespace()
            .env("ROOT", &root)
            .env("IPTABLES", if iptables == Iptables::Nft { "nft" } else { "legacy" })
            .setup(SURROUNDINGS);
        let keeper = server.spawn(keeper).unwrap();
        Self { name: name.into(), keeper, server, outside, inside, root, lab }
    }

    /// A directory of the server's own memory, at the same path inside and outside.
    pub(crate) fn root(&self) -> &str {
        self.root.to_str().unwrap()
    }

    /// A file of the server, as it is seen from outside.
    pub(crate) fn seen_from_outside(&self, path: &str) -> PathBuf {
        format!("/proc/{}/root{path}", self.keeper.pid()).into()
    }

    /// Runs a script as the server's administrator would; its output.
    pub(crate) fn shell(&self, script: &str) -> String {
        let output = self.server.run(self.command(script).timeout(PATIENCE)).unwrap();
        output.success().unwrap().stdout
    }

    /// Starts a program that stays.
    pub(crate) fn spawn(&self, script: &str) -> Process {
        self.server.spawn(self.command(script)).unwrap()
    }

    /// Runs a script until it succeeds.
    pub(crate) fn await_success(&self, script: &str) {
        self.shell(&format!(
            "n=0; until {script} >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 400 ]; sleep 0.05; done"
        ));
    }

    /// Keeps what the server says of its rules, where `PORTREEVE_CORPUS` names a directory: raw material for tests of readers.
    pub(crate) fn keep_corpus(&self) {
        let Some(directory) = std::env::var_os("PORTREEVE_CORPUS") else { return };
        let directory = PathBuf::from(directory).join(&self.name);
        std::fs::create_dir_all(&directory).unwrap();
        for (file, command) in CORPUS {
            let output = self.server.run(self.command(command)).unwrap();
            std::fs::write(directory.join(file), output.stdout).unwrap();
        }
    }

    fn command(&self, script: &str) -> Command {
        let keeper = self.keeper.pid().to_string();
        let enter = ["--target", &keeper, "--mount", "--pid", "--wd=/", "--", "sh", "-c"];
        Command::new("nsenter").args(enter).arg(format!("set -e\n{script}")).env("LC_ALL", "C")
    }

    /// Another machine on a bridge of the server, as a container or a virtual machine is.
    pub(crate) fn guest(&self, name: &str, bridge: &str, address: &str, gateway: &str) -> Host {
        let guest = self.lab.host(name).sysctl("net.ipv4.ping_group_range", "0 0").start().unwrap();
        let none: [&str; 0] = [];
        self.lab.link(("server", name, none), (name, "eth0", [address])).unwrap();
        self.server.ip(&format!("link set {name} master {bridge}")).unwrap();
        // A port may send back where it came from, as container networks have it.
        self.server.ip(&format!("link set {name} type bridge_slave hairpin on")).unwrap();
        guest.ip(&format!("route add default via {gateway}")).unwrap();
        guest
    }
}
