//! fail2ban's server in a site.

use super::server::Site;
use crate::error::Result;
use crate::process::Process;

/// The server. Bans are made by its client.
pub struct Fail2ban {
    _server: Process,
}

impl Fail2ban {
    /// Starts it with these jails (the text of `jail.local`).
    pub fn start(site: &Site, jails: &str) -> Result<Self> {
        site.write("/etc/fail2ban/jail.local", jails)?;
        site.shell("rm -f /etc/fail2ban/jail.d/*; mkdir -p /run/fail2ban; : >/var/log/auth.log")?;
        let command = "exec fail2ban-server -xf --loglevel INFO --logtarget /run/fail2ban/log start";
        let server = site.spawn(command)?;
        site.await_success("fail2ban-client ping")?;
        Ok(Self { _server: server })
    }

    /// Bans addresses, and waits until `proof` succeeds: the client comes back before the action has run.
    pub fn ban(&self, site: &Site, jail: &str, addresses: &[&str], proof: &str) -> Result<()> {
        site.shell(&format!("fail2ban-client set {jail} banip {}", addresses.join(" ")))?;
        site.await_success(proof)
    }
}
