//! A Docker daemon in a site.

use super::cgroup::Cgroup;
use super::server::{PATIENCE, Site};
use crate::command::Command;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::process::Process;
use std::path::{Path, PathBuf};

/// All of the daemon's own places are in memory that the site takes away. No storage driver but `vfs` works there.
const DAEMON: &str = "exec dockerd --storage-driver vfs --data-root \"$ROOT/data\" --exec-root /run/docker --pidfile /run/docker.pid \
    --cgroup-parent \"$CGROUP\" --bip 172.17.0.1/16 --experimental --ip6tables --ipv6 --fixed-cidr-v6 fd00:d0::/64";
/// Two images of one program: one that does nothing, for tests that listen in its namespaces themselves, and a web server.
const IMAGES: &str = "
    mkdir -p \"$ROOT/image/www\"
    cp \"$(command -v busybox)\" \"$ROOT/image/busybox\"
    echo welcome > \"$ROOT/image/www/index.html\"
    tar -C \"$ROOT/image\" -c busybox www > \"$ROOT/image.tar\"
    docker import --change 'CMD [\"/busybox\", \"sleep\", \"100000\"]' \"$ROOT/image.tar\" idle
    docker import --change 'CMD [\"/busybox\", \"httpd\", \"-f\", \"-p\", \"80\", \"-h\", \"/www\"]' \"$ROOT/image.tar\" web
    rm \"$ROOT/image.tar\"";

/// A daemon's process and its cgroups, somewhere.
pub(crate) struct Daemon {
    _process: Process,
    /// Last: the containers in it have ended with the host's processes.
    cgroup: Cgroup,
}

impl Daemon {
    /// Starts it with its images, with the commands of the administrator of a host, in a directory in memory.
    pub(crate) fn start(host: &Host, root: &Path, shell: impl Fn(&str) -> Command) -> Result<Self> {
        let cgroup = Cgroup::reserve();
        let variables = format!("export ROOT='{}' CGROUP='/{}'\n", root.display(), cgroup.name);
        let process = host.spawn(shell(&format!("{variables}{DAEMON}")))?;
        process.wait_line("API listen on", PATIENCE)?;
        host.run(shell(&format!("{variables}{IMAGES}")).timeout(PATIENCE))?.success()?;
        Ok(Self { _process: process, cgroup })
    }

    /// Lets paused containers go on, without which their host does not end.
    pub(crate) fn thaw(&self) {
        self.cgroup.thaw();
    }
}

/// A running daemon with the images `idle` and `web`. Its containers end with the site.
pub struct Docker {
    /// Where it runs.
    pub site: Site,
    _daemon: Daemon,
}

impl Docker {
    /// Starts the daemon.
    pub fn start(site: Site) -> Result<Self> {
        let daemon = Daemon::start(&site.server, site.root(), |script| site.command(script))?;
        Ok(Self { site, _daemon: daemon })
    }

    /// Path of a container's network namespace, in the server's mounts.
    pub fn namespace(&self, container: &str) -> Result<String> {
        let format = "'{{.NetworkSettings.SandboxKey}}'";
        let key = self.site.shell(&format!("docker inspect --format {format} {container}"))?;
        // `/var/run` is a symbolic link, and would be followed outside.
        Ok(key.trim().trim_start_matches("/var").to_owned())
    }

    /// The same path as it is seen from outside.
    pub fn namespace_from_outside(&self, container: &str) -> Result<PathBuf> {
        Ok(self.site.seen_from_outside(&self.namespace(container)?))
    }

    /// The server's end of a container's cable.
    pub fn cable(&self, container: &str) -> Result<String> {
        let script = format!("nsenter --net={} ip -o link show eth0", self.namespace(container)?);
        let line = self.site.shell(&script)?;
        let index = line.split_once("eth0@if").and_then(|(_, rest)| rest.split(':').next());
        let links = self.site.shell("ip -o link")?;
        let other = links.lines().find(|line| line.split(':').next() == index);
        let name = other.and_then(|line| line.split([':', '@']).nth(1));
        name.map(|name| name.trim().to_owned())
            .ok_or_else(|| Error::Invalid(format!("no cable of {container}: {line}{links}")))
    }

    /// The name of a network's bridge.
    pub fn bridge(&self, network: &str) -> Result<String> {
        let id = self.site.shell(&format!("docker network inspect --format '{{{{.Id}}}}' {network}"))?;
        Ok(format!("br-{}", id.get(..12).unwrap_or_default()))
    }

    /// Waits until the addresses of a container can be used: none is `tentative`, or, with the flag, gone for good.
    pub fn await_addresses(&self, container: &str) -> Result<()> {
        let script = format!("nsenter --net={} ip -6 -o addr show tentative", self.namespace(container)?);
        let mut deadline = Deadline::after(PATIENCE);
        loop {
            let state = self.site.shell(&script)?;
            if state.trim().is_empty() {
                return Ok(());
            }
            if !deadline.pause() {
                let awaited = format!("the addresses of container {container} to be usable");
                return Err(Error::Timeout { awaited, after: PATIENCE, state });
            }
        }
    }
}
