//! Services that load rules at boot, as they are set up on this machine: unit links of systemd, and ufw's own switch.
//!
//! It looks at files only and asks no manager: what is wanted at boot is on disk, and so a machine without systemd running is
//! understood, too. It says nothing of what is loaded; `crate::reach::findings` compares.

use std::fs;
use std::path::{Path, PathBuf};

/// What is set up to load rules at boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// ufw, where it is installed.
    pub ufw: Option<Ufw>,
    /// The others that are enabled.
    pub enabled: Vec<Enabled>,
}

/// How ufw is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ufw {
    /// `ENABLED=yes` in `/etc/ufw/ufw.conf`: `ufw enable` was said.
    pub enabled: bool,
    /// `IPV6=yes` in `/etc/default/ufw`.
    pub ipv6: bool,
}

/// A service that is started at boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enabled {
    /// Which.
    pub loader: Loader,
    /// The link that has it started.
    pub by: PathBuf,
    /// The file that it loads, where it is one file and it is there.
    pub file: Option<RulesFile>,
}

/// Services that load rules at boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Loader {
    /// `firewalld.service`.
    Firewalld,
    /// `nftables.service`.
    Nftables,
    /// `netfilter-persistent.service` of Debian, with its plug-in for iptables.
    NetfilterPersistent,
    /// `iptables.service` of Fedora and its relatives.
    Iptables,
    /// `ip6tables.service` of the same.
    Ip6tables,
}

/// A file with rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesFile {
    /// Where it is.
    pub path: PathBuf,
    /// Whether anything in it could deny a packet: a rule or a policy that drops or refuses, or an inclusion of further files.
    pub denies: bool,
}

impl Loader {
    const ALL: [Self; 5] =
        [Self::Firewalld, Self::Nftables, Self::NetfilterPersistent, Self::Iptables, Self::Ip6tables];

    /// The unit.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Firewalld => "firewalld.service",
            Self::Nftables => "nftables.service",
            Self::NetfilterPersistent => "netfilter-persistent.service",
            Self::Iptables => "iptables.service",
            Self::Ip6tables => "ip6tables.service",
        }
    }

    /// Where the file that it loads may be.
    fn files(self) -> &'static [&'static str] {
        match self {
            Self::Firewalld => &[],
            Self::Nftables => &["etc/nftables.conf", "etc/sysconfig/nftables.conf"],
            Self::NetfilterPersistent => &["etc/iptables/rules.v4"],
            Self::Iptables => &["etc/sysconfig/iptables"],
            Self::Ip6tables => &["etc/sysconfig/ip6tables"],
        }
    }
}

/// Longest file with rules that is looked through.
const LONGEST: u64 = 4 << 20;

impl Services {
    /// Reads them below a root, which is `/` but for tests.
    pub fn read(root: &Path) -> Self {
        // man 3 `sd_booted`: elsewhere the links mean nothing.
        let systemd = root.join("run/systemd/system").is_dir();
        let wanted = Loader::ALL.into_iter().filter(|_| systemd).filter_map(|loader| {
            let by = link(root, loader.unit())?;
            let file = loader.files().iter().find_map(|name| rules_file(&root.join(name)));
            Some(Enabled { loader, by, file })
        });
        Self { ufw: ufw(root), enabled: wanted.collect() }
    }

    /// One of them, where it is enabled.
    pub fn enabled(&self, loader: Loader) -> Option<&Enabled> {
        self.enabled.iter().find(|enabled| enabled.loader == loader)
    }
}

fn ufw(root: &Path) -> Option<Ufw> {
    let switch = fs::read_to_string(root.join("etc/ufw/ufw.conf")).ok()?;
    let defaults = fs::read_to_string(root.join("etc/default/ufw")).unwrap_or_default();
    let says =
        |text: &str, name: &str| setting(text, name).is_some_and(|value| value.eq_ignore_ascii_case("yes"));
    Some(Ufw { enabled: says(&switch, "ENABLED"), ipv6: says(&defaults, "IPV6") })
}

/// The value of the last `NAME=value` line, without its quotes.
fn setting<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.trim().strip_prefix(name)?.strip_prefix('=');
    text.lines().rev().find_map(value).map(|value| value.trim().trim_matches(['"', '\'']))
}

/// The link by which systemd starts a unit at boot (man 5 `systemd.unit`: `.wants` and `.requires` folders).
fn link(root: &Path, unit: &str) -> Option<PathBuf> {
    let folders =
        ["etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];
    // A unit that is masked does not start whatever wants it.
    let masked = |folder: &&str| {
        fs::read_link(root.join(folder).join(unit)).is_ok_and(|target| target == Path::new("/dev/null"))
    };
    if folders.iter().take(2).any(masked) {
        return None;
    }
    folders.iter().find_map(|folder| {
        let targets = fs::read_dir(root.join(folder)).ok()?.flatten();
        let mut links: Vec<PathBuf> = targets
            .map(|target| target.path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "wants" || kind == "requires"))
            .map(|path| path.join(unit))
            .filter(|path| path.symlink_metadata().is_ok())
            .collect();
        links.sort();
        links.into_iter().next()
    })
}

fn rules_file(path: &Path) -> Option<RulesFile> {
    let size = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.len();
    let bytes = if size <= LONGEST { fs::read(path).ok()? } else { Vec::new() };
    let denies = size > LONGEST || denies(&String::from_utf8_lossy(&bytes));
    Some(RulesFile { path: path.to_owned(), denies })
}

/// Words that deny, in the language of `nft` and in that of `iptables-save`, outside of comments.
fn denies(text: &str) -> bool {
    let rules = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let mut words = rules.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()));
    words.any(|word| matches!(word, "drop" | "reject" | "include" | "DROP" | "REJECT"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::{Loader, Services, Ufw, denies};

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn wanted(root: &Path, unit: &str) {
        let folder = root.join("etc/systemd/system/sysinit.target.wants");
        fs::create_dir_all(&folder).unwrap();
        symlink(format!("/lib/systemd/system/{unit}"), folder.join(unit)).unwrap();
    }

    #[test]
    fn links_switches_and_files_tell_what_is_loaded_at_boot() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        assert_eq!(Services::read(root), Services::default());

        write(root, "etc/ufw/ufw.conf", "# comment\nENABLED=no\nLOGLEVEL=low\nENABLED=yes\n");
        write(root, "etc/default/ufw", "IPV6=\"yes\"\nDEFAULT_INPUT_POLICY=\"DROP\"\n");
        wanted(root, "nftables.service");
        assert!(Services::read(root).enabled.is_empty(), "systemd does not run here");
        fs::create_dir_all(root.join("run/systemd/system")).unwrap();
        wanted(root, "firewalld.service");
        write(root, "etc/nftables.conf", "table inet filter { chain input { } } # drop\n");
        let services = Services::read(root);
        assert_eq!(services.ufw, Some(Ufw { enabled: true, ipv6: true }));
        let loaders: Vec<_> = services.enabled.iter().map(|enabled| enabled.loader).collect();
        assert_eq!(loaders, [Loader::Firewalld, Loader::Nftables]);
        let file = services.enabled(Loader::Nftables).unwrap().file.clone().unwrap();
        assert!(!file.denies && file.path.ends_with("etc/nftables.conf"));

        symlink("/dev/null", root.join("etc/systemd/system/firewalld.service")).unwrap();
        assert_eq!(Services::read(root).enabled(Loader::Firewalld), None);
    }

    #[test]
    fn words_that_deny_are_seen_in_both_languages() {
        assert!(denies("chain input { policy drop; }"));
        assert!(denies(":INPUT DROP [0:0]\n"));
        assert!(denies("-A INPUT -j REJECT --reject-with tcp-reset\n"));
        assert!(denies("include \"/etc/nftables.d/*.nft\"\n"));
        assert!(!denies("# drop\nchain dropped_not { accept; }\n:INPUT ACCEPT [0:0]\n"));
    }
}
