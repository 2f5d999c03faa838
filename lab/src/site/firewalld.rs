//! firewalld in a site, on a message bus of its own.

use super::server::{PATIENCE, Site};
use crate::error::Result;
use crate::process::Process;

/// firewalld and its bus, ended in the reverse order.
pub struct Firewalld {
    _daemon: Process,
    _bus: Process,
}

impl Firewalld {
    /// Starts both, with the back end `nftables` or `iptables`.
    pub fn start(site: &Site, backend: &str) -> Result<Self> {
        site.shell(&format!(
            "mkdir -p /run/dbus
             sed -i 's/^FirewallBackend=.*/FirewallBackend={backend}/' /etc/firewalld/firewalld.conf"
        ))?;
        let bus = site.spawn("exec dbus-daemon --system --nofork --nopidfile --print-address")?;
        bus.wait_line("unix:path=", PATIENCE)?;
        let daemon = site.spawn("exec firewalld --nofork --nopid")?;
        site.await_success("firewall-cmd --state")?;
        Ok(Self { _daemon: daemon, _bus: bus })
    }
}
