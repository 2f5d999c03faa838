//! The Debian packages whose programs the tests start: looks which are missing and installs those alone.
//!
//! Refuses to start services: nginx would take port 80 of the machine, dockerd and the firewalls would write rules into it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// Package and what the tests use of it.
const PACKAGES: &[(&str, &str)] = &[
    ("iproute2", "ip, ss"),
    ("util-linux", "unshare, nsenter, mount"),
    ("procps", "sysctl, ps"),
    ("nginx-light", "a listener shared by a master and its workers"),
    ("docker.io", "dockerd, containerd, docker-proxy"),
    ("busybox-static", "the one program of the test image"),
    ("systemd", "systemd-socket-activate"),
    ("lsof", "the second opinion on socket owners"),
    ("net-tools", "netstat"),
    ("nftables", "nft"),
    ("iptables", "iptables-nft and iptables-legacy, which dockerd, ufw and fail2ban call"),
    ("ipset", "sets that fail2ban bans with"),
    ("ufw", "a firewall whose rules are read"),
    ("firewalld", "the same"),
    ("dbus", "the message bus of firewalld"),
    ("fail2ban", "bans by four of its actions"),
    ("ca-certificates", "trust anchors"),
    ("haproxy", "a proxy whose back ends fail"),
    ("dnsmasq-base", "a name server that answers wrongly, late or not at all"),
    ("python3", "peers that behave oddly"),
    ("curl", "a client of HTTP that says what it got"),
    ("openssl", "certificates with faults, and servers that speak old protocols"),
    ("apache2", "a server of TLS whose suites, groups and certificates are audited"),
    ("lighttpd", "the same"),
    ("lighttpd-mod-openssl", "its TLS"),
    ("caddy", "the same, with its defaults"),
    ("gnutls-bin", "gnutls-serv, which speaks anonymous suites"),
    ("libnss3-tools", "selfserv, which speaks SSL 3.0 and RC4"),
    ("sslscan", "a second opinion on servers of TLS"),
    ("testssl.sh", "the same"),
    ("bsdextrautils", "hexdump, for testssl.sh"),
    ("dnsutils", "dig, for testssl.sh"),
    ("python3-venv", "the environment of SSLyze and tlslite-ng"),
    ("gcc", "compiles OpenSSL 1.1.1"),
    ("libc6-dev", "the same"),
    ("make", "the same"),
    ("perl", "configures OpenSSL 1.1.1"),
    ("conntrack", "what the kernel tracks, as its own tool shows it"),
];

/// Units that these packages would start where systemd is the init.
const UNITS: &[(&str, &[&str])] = &[
    ("nginx-light", &["nginx.service"]),
    ("docker.io", &["docker.service", "docker.socket", "containerd.service"]),
    ("ufw", &["ufw.service"]),
    ("firewalld", &["firewalld.service"]),
    ("fail2ban", &["fail2ban.service"]),
    ("haproxy", &["haproxy.service"]),
    ("apache2", &["apache2.service", "apache-htcacheclean.service"]),
    ("lighttpd", &["lighttpd.service"]),
    ("caddy", &["caddy.service"]),
];

/// Installs what dpkg does not report as installed; does nothing, without network, when all is there.
pub(crate) fn install_missing() -> Result<()> {
    let installed = installed()?;
    let missing: Vec<&str> = PACKAGES
        .iter()
        .map(|(package, _)| *package)
        .filter(|package| !installed.iter().any(|i| i == package))
        .collect();
    if missing.is_empty() {
        println!("all {} packages are there", PACKAGES.len());
        return Ok(());
    }
    for (package, purpose) in PACKAGES.iter().filter(|(package, _)| missing.contains(package)) {
        println!("missing: {package} ({purpose})");
    }
    process::run(Command::new("apt-get").args(["update", "--quiet"]))?;

    // Without an init Debian starts nothing; sysvinit's scripts obey RUNLEVEL; systemd obeys a mask, made for this
    // boot only and taken away again.
    let masked = mask_units(&missing)?;
    let outcome = process::run(
        Command::new("apt-get")
            .args(["install", "--yes", "--quiet", "--no-install-recommends"])
            .args(&missing)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("RUNLEVEL", "1"),
    );
    if !masked.is_empty() {
        process::run(Command::new("systemctl").args(["unmask", "--runtime"]).args(&masked))?;
    }
    outcome
}

/// The names among [`PACKAGES`] that dpkg reports as installed.
fn installed() -> Result<Vec<String>> {
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Package}\\t${db:Status-Status}\\n"])
        .args(PACKAGES.iter().map(|(package, _)| package))
        .output()
        .context("cannot run dpkg-query: the tests' programs are installed as Debian packages")?;
    // Its exit status is 1 as soon as one name is unknown; the lines for the others are complete all the same.
    Ok(installed_in(&String::from_utf8_lossy(&output.stdout)))
}

fn installed_in(listing: &str) -> Vec<String> {
    let lines = listing.lines().filter_map(|line| line.split_once('\t'));
    lines.filter(|(_, status)| *status == "installed").map(|(package, _)| package.to_owned()).collect()
}

fn mask_units(missing: &[&str]) -> Result<Vec<&'static str>> {
    if !Path::new("/run/systemd/system").is_dir() {
        return Ok(Vec::new());
    }
    let units: Vec<&str> = UNITS
        .iter()
        .filter(|(package, _)| missing.contains(package))
        .flat_map(|(_, units)| units.iter().copied())
        .collect();
    if !units.is_empty() {
        process::run(Command::new("systemctl").args(["mask", "--runtime"]).args(&units))?;
    }
    Ok(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_but_configured_packages_are_missing() {
        let listing = "iproute2\tinstalled\nnginx-light\tconfig-files\nlsof\tnot-installed\n";
        assert_eq!(installed_in(listing), ["iproute2"]);
    }

    #[test]
    fn every_unit_belongs_to_a_package_of_the_list() {
        for (package, _) in UNITS {
            assert!(PACKAGES.iter().any(|(name, _)| name == package), "{package}");
        }
    }
}
