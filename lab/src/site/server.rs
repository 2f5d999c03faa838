//! A host with the software of a scene in it, and its two neighbours.
//!
//! ```text
//! outside 192.0.2.1 ---- eth0 192.0.2.10  server  10.20.0.1 eth1 ---- inside 10.20.0.5
//!  and [`INTERNET`]
//! ```
//!
//! The software runs in a mount namespace and a pid namespace of the server: it may write `/etc`, `/var` and `/run`, and nothing of that
//! is seen outside or left behind. Ending the first process of the pid namespace ends everything in it.

use crate::command::Command;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::lab::Lab;
use crate::own_files::{self, Iptables, Processes};
use crate::process::Process;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a program may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Addresses of the Internet: those that end in 7 are good, those that end in 66 to 69 are not.
pub const INTERNET: &[&str] = &[
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

/// A server, its neighbours, and the namespaces that its software runs in.
pub struct Site {
    name: String,
    /// Before the lab: the processes in it end first.
    keeper: Process,
    /// The server.
    pub server: Host,
    /// The Internet.
    pub outside: Host,
    /// A neighbour in the server's own network.
    pub inside: Host,
    root: PathBuf,
    /// All of it.
    pub lab: Lab,
}

impl Site {
    /// A server without rules, and its neighbours.
    pub fn new(name: &str, iptables: Iptables) -> Result<Self> {
        let lab = Lab::new(name)?;
        // Ping sockets for root.
        let neighbour = |name| lab.host(name).sysctl("net.ipv4.ping_group_range", "0 0");
        // Of no device: the Internet is one machine here.
        let outside = INTERNET.iter().fold(neighbour("outside"), |host, address| {
            host.address(&format!("{address}/{}", if address.contains(':') { 128 } else { 32 }))
        });
        let outside = outside.start()?;
        let inside = neighbour("inside").start()?;
        let server = lab.host("server").sysctl("net.ipv4.ping_group_range", "0 0").start()?;
        let wan = ["192.0.2.10/24", "2001:db8:2::10/64"];
        lab.link(("server", "eth0", wan), ("outside", "eth0", ["192.0.2.1/24", "2001:db8:2::1/64"]))?;
        let lan = ["10.20.0.1/24", "fd00:20::1/64"];
        lab.link(("server", "eth1", lan), ("inside", "eth0", ["10.20.0.5/24", "fd00:20::5/64"]))?;
        server.ip("route add default via 192.0.2.1\nroute add default via 2001:db8:2::1")?;
        inside.ip("route add default via 10.20.0.1\nroute add default via fd00:20::1")?;
        outside.ip("route add default via 192.0.2.10\nroute add default via 2001:db8:2::10")?;

        let root = lab.scratch().join("root");
        fs::create_dir(&root).map_err(Error::io("make the server's directory"))?;
        let keeper = server.spawn(own_files::keeper(&root, iptables, Processes::Own))?;
        Ok(Self { name: name.to_owned(), keeper, server, outside, inside, root, lab })
    }

    /// The name it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A directory of the server's own memory, at the same path inside and outside.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file of the server, as it is seen from outside.
    pub fn seen_from_outside(&self, path: &str) -> PathBuf {
        format!("/proc/{}/root{path}", self.keeper.pid()).into()
    }

    /// Writes a file of the server.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        fs::write(self.seen_from_outside(path), text).map_err(Error::io("write a file of the server"))
    }

    /// Runs a script as the server's administrator would; its output.
    pub fn shell(&self, script: &str) -> Result<String> {
        let output = self.server.run(self.command(script).timeout(PATIENCE))?;
        Ok(output.success()?.stdout)
    }

    /// Starts a program that stays.
    pub fn spawn(&self, script: &str) -> Result<Process> {
        self.server.spawn(self.command(script))
    }

    /// Runs a script until it succeeds.
    pub fn await_success(&self, script: &str) -> Result<()> {
        let patient = "[ $n -lt 400 ]; sleep 0.05";
        self.shell(&format!("n=0; until {script} >/dev/null 2>&1; do n=$((n + 1)); {patient}; done"))
            .map(drop)
    }

    /// A command of the server's administrator, for [`Host::run`] and [`Host::spawn`] of the server.
    pub fn command(&self, script: &str) -> Command {
        let keeper = self.keeper.pid().to_string();
        let enter = ["--target", &keeper, "--mount", "--pid", "--wd=/", "--", "sh", "-c"];
        Command::new("nsenter").args(enter).arg(format!("set -e\n{script}")).env("LC_ALL", "C")
    }

    /// Another machine on a bridge of the server, as a container or a virtual machine is.
    pub fn guest(&self, name: &str, bridge: &str, addresses: &[&str], gateways: &[&str]) -> Result<Host> {
        let guest = self.lab.host(name).sysctl("net.ipv4.ping_group_range", "0 0").start()?;
        let none: [&str; 0] = [];
        self.lab.link(("server", name, none), (name, "eth0", addresses.to_vec()))?;
        self.server.ip(&format!("link set {name} master {bridge}"))?;
        // A port may send back where it came from, as container networks have it.
        self.server.ip(&format!("link set {name} type bridge_slave hairpin on"))?;
        for gateway in gateways {
            guest.ip(&format!("route add default via {gateway}"))?;
        }
        Ok(guest)
    }
}
