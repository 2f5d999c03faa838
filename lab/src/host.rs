//! A host: one network namespace, and what can be done in it.

use crate::command::Command;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::holder::{Holder, Naming};
use crate::lab::{Lab, check_name};
use crate::link;
use crate::listening::{self, Transport};
use crate::own_files::{self, Iptables, OwnFiles, Processes};
use crate::place::Place;
use crate::process::{Output, Process};
use crate::session::Session;
use crate::tool;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Writes pairs of path below `/proc/sys` and value; the tree shows the namespace of who opens it.
const WRITE_SYSCTLS: &str =
    r#"while [ $# -gt 0 ]; do printf '%s\n' "$2" >"/proc/sys/$1" || exit 1; shift 2; done"#;

/// A network namespace with its loopback up. Clones are handles to the same host.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    holder: Holder,
    own: OnceLock<OwnFiles>,
    session: Arc<Session>,
}

impl Host {
    /// The name it was given in the lab.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The unique name under `/run/netns`, if the host is named.
    pub fn netns_name(&self) -> Option<&str> {
        self.inner.holder.name()
    }

    /// A path that opens the network namespace.
    pub fn netns_path(&self) -> PathBuf {
        self.inner.holder.path()
    }

    /// The inode number of the network namespace, as in `net:[4026532000]`.
    pub fn netns_inode(&self) -> u64 {
        self.inner.holder.inode()
    }

    /// The process that holds the namespace open; `/proc/<pid>/net` shows the host's tables.
    pub fn holder_pid(&self) -> u32 {
        self.inner.holder.pid()
    }

    /// Starts a process here. Dropping the guard kills it.
    pub fn spawn(&self, command: impl Into<Command>) -> Result<Process> {
        self.inner.session.spawn(Some(&self.place()?), &command.into())
    }

    /// Starts many processes here, all before any is awaited; all are killed when one fails to start.
    pub fn spawn_many<C: Into<Command>>(
        &self,
        commands: impl IntoIterator<Item = C>,
    ) -> Result<Vec<Process>> {
        let commands: Vec<Command> = commands.into_iter().map(Into::into).collect();
        self.inner.session.spawn_many(Some(&self.place()?), &commands)
    }

    /// Runs a process here to its end. Its exit status is not judged; see [`Output::success`].
    pub fn run(&self, command: impl Into<Command>) -> Result<Output> {
        self.inner.session.run(Some(&self.place()?), &command.into())
    }

    /// Waits until `port` is open here, for whatever address.
    pub fn wait_listening(&self, transport: Transport, port: u16, timeout: Duration) -> Result<()> {
        let mut deadline = Deadline::after(timeout);
        while !listening::is_open(self.holder_pid(), transport, port)? {
            if !deadline.pause() {
                let awaited =
                    format!("a {} listener on port {port} of host `{}`", transport.name(), self.name());
                return Err(Error::Timeout {
                    awaited,
                    after: timeout,
                    state: "nothing is open there".into(),
                });
            }
        }
        Ok(())
    }

    /// Adds a route: the words after `ip route add`, such as `default via 192.0.2.1`.
    pub fn route(&self, route: &str) -> Result<()> {
        self.ip(&format!("route add {route}"))
    }

    /// Adds an address (`address/prefix`) to a device.
    pub fn address(&self, device: &str, address: &str) -> Result<()> {
        self.ip(&link::address_line(device, address))
    }

    /// Sets a per-namespace sysctl, such as `net.ipv4.ip_forward`.
    #[expect(clippy::needless_pass_by_value, reason = "numbers and literals read better without a reference")]
    pub fn sysctl(&self, key: &str, value: impl ToString) -> Result<()> {
        self.write_sysctls(&[(key.into(), value.to_string())])
    }

    /// Drops `percent` of the packets that come in on `device`; 0 ends it.
    ///
    /// Done in a table `netdev portreeve_lab` at the ingress hook, because netem is not everywhere; a test that
    /// judges the host's whole ruleset should not use it.
    pub fn lose(&self, device: &str, percent: u8) -> Result<()> {
        link::lose(self, device, percent)
    }

    /// Runs lines of `ip` (without the word `ip`) in order, stopping at the first that fails.
    pub fn ip(&self, lines: &str) -> Result<()> {
        self.tool(&["ip", "-batch", "-"], &format!("{lines}\n")).map(drop)
    }

    /// Gives the host an `/etc`, a `/var` and a `/run` of its own, for all processes that are started from now on.
    pub(crate) fn own_files(&self, iptables: Iptables, processes: Processes) -> Result<()> {
        let root = self.inner.session.scratch().join(format!("{}.own", self.name()));
        fs::create_dir(&root).map_err(Error::io("make the directory of a host"))?;
        let keeper = self.spawn(own_files::keeper(&root, iptables, processes))?;
        let own = OwnFiles { keeper, processes, root };
        self.inner
            .own
            .set(own)
            .map_err(|_| Error::Invalid(format!("host `{}` already has files of its own", self.name())))
    }

    /// Writes a file that the host has for itself.
    pub(crate) fn write(&self, path: &str, text: &str) -> Result<()> {
        self.own("a file")?.write(path, text)
    }

    /// Memory of the host's own, at the same path inside and outside.
    pub(crate) fn own_root(&self) -> Result<&Path> {
        Ok(&self.own("a directory")?.root)
    }

    fn own(&self, what: &str) -> Result<&OwnFiles> {
        let none = || Error::Invalid(format!("host `{}` cannot have {what} of its own", self.name()));
        self.inner.own.get().ok_or_else(none)
    }

    pub(crate) fn tool(&self, argv: &[&str], input: &str) -> Result<String> {
        tool::run(&self.namespace()?, argv, input)
    }

    fn place(&self) -> Result<Place> {
        let place = Place::network(self.namespace()?);
        Ok(match self.inner.own.get() {
            Some(own) => place.kept_by(own.keeper.pid(), own.processes == Processes::Own),
            None => place,
        })
    }

    /// The namespace, unless the lab has ended: the pid in the path could then be another process's.
    fn namespace(&self) -> Result<PathBuf> {
        if self.inner.holder.is_released() {
            return Err(Error::Invalid(format!("host `{}` has ended with its lab", self.name())));
        }
        Ok(self.netns_path())
    }

    pub(crate) fn release(&self) {
        self.inner.holder.release();
    }

    pub(crate) fn wait_released(&self) {
        self.inner.holder.wait();
    }

    fn write_sysctls(&self, sysctls: &[(String, String)]) -> Result<()> {
        if sysctls.is_empty() {
            return Ok(());
        }
        let mut paths = Vec::new();
        for (key, value) in sysctls {
            paths.push((sysctl_path(key)?, value));
        }
        let mut argv = vec!["sh", "-c", WRITE_SYSCTLS, "sysctl"];
        argv.extend(paths.iter().flat_map(|(path, value)| [path.as_str(), value.as_str()]));
        self.tool(&argv, "").map(drop)
    }
}

/// What a host will be; made by [`Lab::host`].
#[must_use = "a host exists once `start` is called"]
pub struct HostBuilder<'lab> {
    lab: &'lab Lab,
    name: String,
    named: bool,
    addresses: Vec<(String, String)>,
    routes: Vec<String>,
    sysctls: Vec<(String, String)>,
}

impl<'lab> HostBuilder<'lab> {
    pub(crate) fn new(lab: &'lab Lab, name: &str) -> Self {
        let name = name.to_owned();
        Self { lab, name, named: false, addresses: Vec::new(), routes: Vec::new(), sysctls: Vec::new() }
    }

    /// Gives the namespace a unique name under `/run/netns`, so that `ip netns` lists it.
    pub fn named(mut self) -> Self {
        self.named = true;
        self
    }

    /// Adds an address (`address/prefix`) to the loopback device.
    pub fn address(mut self, address: &str) -> Self {
        self.addresses.push(("lo".into(), address.into()));
        self
    }

    /// Adds a route that needs no other device than loopback, such as `local 198.51.100.0/24 dev lo`.
    /// Routes over a link are added with [`Host::route`] once there is one.
    pub fn route(mut self, route: &str) -> Self {
        self.routes.push(route.into());
        self
    }

    /// Sets a sysctl below `net.` of this namespace; its devices made later inherit `*.conf.default.*`.
    #[expect(clippy::needless_pass_by_value, reason = "numbers and literals read better without a reference")]
    pub fn sysctl(mut self, key: &str, value: impl ToString) -> Self {
        self.sysctls.push((key.into(), value.to_string()));
        self
    }

    /// Makes the host.
    pub fn start(self) -> Result<Host> {
        check_name("host", &self.name)?;
        if self.lab.find(&self.name).is_ok() {
            return Err(Error::Invalid(format!("the lab already has a host `{}`", self.name)));
        }
        let session = Arc::clone(self.lab.session());
        let naming = if self.named {
            Naming::Named(format!("{}-{}", session.tag(), self.name))
        } else {
            Naming::Anonymous
        };
        let holder = Holder::start(&session, naming)?;
        let host = Host { inner: Arc::new(Inner { name: self.name, holder, own: OnceLock::new(), session }) };
        host.write_sysctls(&self.sysctls)?;
        self.addresses.iter().try_for_each(|(device, address)| host.address(device, address))?;
        self.routes.iter().try_for_each(|route| host.route(route))?;
        self.lab.adopt(host.clone());
        Ok(host)
    }
}

/// `net.ipv4.ip_forward` and `net/ipv4/ip_forward` alike (sysctl(8)); only `net` belongs to a namespace.
fn sysctl_path(key: &str) -> Result<String> {
    let path = if key.contains('/') { key.to_owned() } else { key.replace('.', "/") };
    if path.starts_with("net/") && !path.split('/').any(|part| part == ".." || part.is_empty()) {
        return Ok(path);
    }
    Err(Error::Invalid(format!("sysctl `{key}` is not below `net.`: it would change the whole machine")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sysctls_stay_in_the_namespace() {
        assert_eq!(sysctl_path("net.ipv4.ip_forward").expect("of the namespace"), "net/ipv4/ip_forward");
        assert_eq!(
            sysctl_path("net/ipv4/conf/eth0.1/forwarding").expect("dotted device").matches('.').count(),
            1
        );
        for key in ["kernel.hostname", "net/../kernel/hostname", "vm.swappiness", "net//ipv4"] {
            assert!(sysctl_path(key).is_err(), "{key}");
        }
    }
}
