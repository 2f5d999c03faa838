//! Reading the running kernel: which programs are asked, in which order, and whether the rules stood still meanwhile.
//!
//! `nft` shows everything of `nf_tables` but the parameters of xtables matches, which only the save program of iptables-nft
//! prints; legacy tables only theirs. That program is not run where the kernel has no legacy table: it has nothing to show there,
//! and asking for a table by its name would make it (`xt_find_table_lock` in `net/netfilter/x_tables.c`).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::time::SystemTime;

use jiff::Timestamp;
use portreeve_linux::capabilities::Privileges;
use portreeve_linux::netfilter::rule_outlines;
use portreeve_linux::netlink::{Family, NetlinkError, NetlinkSocket};
use portreeve_linux::system::System;
use portreeve_model::{Host, Unseen, UnseenReason, UnseenSubject};

use super::firewall::{Firewall, NftListing, XtablesSave};
use super::generation::{self, UNTOUCHED};
use super::names::Table;
use super::nft;
use super::outline::Outline;
use super::program::{ProgramError, Programs};
use crate::ir::{Backend, Version};
use crate::network::limits::Limit;
use crate::network::{self, Network};

/// How often rules that change while they are read are read again.
const ATTEMPTS: u32 = 4;

/// A program to load modules with that loads none: reading changes nothing.
const NO_MODULES: [&str; 2] = ["-M", "/bin/true"];

/// Reads the packet filters and the network of the calling thread's network namespace.
///
/// What cannot be read is in [`Firewall::unseen`].
pub fn read(programs: &Programs) -> Firewall {
    let mut last = None;
    for attempt in 1..=ATTEMPTS {
        let before = generation::current();
        let firewall = once(programs, before);
        if before == generation::current() {
            return firewall;
        }
        tracing::debug!(attempt, "the rules changed while they were read");
        last = Some(firewall);
    }
    let mut firewall = last.unwrap_or_else(|| once(programs, generation::current()));
    firewall.unseen.push(Unseen {
        subject: UnseenSubject::FirewallRules,
        reason: UnseenReason::Inconsistent,
        count: 1,
        detail: format!(
            "the rules changed each of the {ATTEMPTS} times that they were read: parts may not fit together"
        ),
        remedy: Some("run it again when whatever changes them has finished".to_owned()),
    });
    firewall
}

fn once(programs: &Programs, generation: Result<Option<u32>, NetlinkError>) -> Firewall {
    let system = System::read();
    let mut firewall = Firewall {
        host: Host {
            name: system.name,
            kernel: system.kernel,
            taken_at: Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH),
            privileged: Privileges::effective().is_complete(),
            preloaded: Vec::new(),
        },
        nft: None,
        outlines: Vec::new(),
        xtables: Vec::new(),
        ipsets: None,
        names: name_files(),
        network: Network::default(),
        doors: None,
        limits: Vec::new(),
        unseen: Vec::new(),
    };
    let mut reader = Reader { programs, firewall: &mut firewall };
    reader.nf_tables(generation);
    reader.legacy();
    reader.ipsets();
    reader.network();
    firewall
}

struct Reader<'a> {
    programs: &'a Programs,
    firewall: &'a mut Firewall,
}

impl Reader<'_> {
    fn nf_tables(&mut self, generation: Result<Option<u32>, NetlinkError>) {
        match generation {
            // A kernel without nf_tables has none of its rules.
            Ok(None) => return,
            Ok(Some(_)) => {}
            Err(error) => {
                let kind = error.errno().map_or(io::ErrorKind::Other, |errno| io::Error::from(errno).kind());
                return self.refused("the rules of nf_tables", &io::Error::new(kind, error));
            }
        }
        let untouched = generation == Ok(Some(UNTOUCHED));
        match self.listing() {
            Ok(listing) => {
                self.firewall.nft = Some(listing);
                self.outlines();
            }
            // Nobody ever made a rule here: there is nothing to read.
            Err(ProgramError::Missing { .. }) if untouched => return,
            Err(error) => self.failed("the rules of nf_tables", &error, "install the package nftables"),
        }
        if self.firewall.nft.as_ref().is_none_or(|listing| holds_xtables(&listing.json)) {
            for version in [Version::V4, Version::V6] {
                self.iptables_nft(version);
            }
        }
    }

    fn listing(&self) -> Result<NftListing, ProgramError> {
        let json = match self.programs.text_of("nft", nft::LIST_ARGUMENTS) {
            // An option that an old release does not know.
            Err(ProgramError::Failed { .. }) => {
                self.programs.text_of("nft", nft::LIST_ARGUMENTS_BEFORE_0_9_2)
            }
            result => result,
        }?;
        let mut supplement = String::new();
        // A text that cannot be read is told by whoever reads it in the end.
        for arguments in nft::questions(json.as_bytes()).unwrap_or_default() {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            supplement.push_str(&self.programs.text_of("nft", &arguments)?);
        }
        Ok(NftListing { json, supplement })
    }

    /// What the kernel says that each rule tests, against which the listing is held.
    fn outlines(&mut self) {
        let asked = NetlinkSocket::open(Family::Netfilter)
            .map_err(NetlinkError::Transport)
            .and_then(|mut channel| rule_outlines(&mut channel));
        match asked {
            Ok(outlines) => self.firewall.outlines = outlines.into_iter().filter_map(Outline::of).collect(),
            Err(error) => tracing::debug!(%error, "the listing of nft cannot be held against the kernel"),
        }
    }

    /// Without this the rules are still known, but for the xtables matches in them.
    fn iptables_nft(&mut self, version: Version) {
        let name = match version {
            Version::V4 => "iptables-nft-save",
            Version::V6 => "ip6tables-nft-save",
        };
        let result = self.save(name, |says| says.contains("nf_tables"));
        match result {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => {
                self.firewall.xtables.push(XtablesSave { backend: Backend::IptablesNft, version, text });
            }
            // Each rule that needs it is unknown, and said to be where it matters.
            Err(error) => self.firewall.unseen.push(Unseen {
                subject: UnseenSubject::FirewallRules,
                reason: UnseenReason::Unsupported,
                count: 1,
                detail: format!(
                    "parameters of the xtables matches of iptables-nft could not be read: {error}"
                ),
                remedy: Some("install the package iptables, which has iptables-nft-save".to_owned()),
            }),
        }
    }

    fn legacy(&mut self) {
        for (version, file, name) in [
            (Version::V4, "/proc/thread-self/net/ip_tables_names", "iptables-legacy-save"),
            (Version::V6, "/proc/thread-self/net/ip6_tables_names", "ip6tables-legacy-save"),
        ] {
            let tables = match fs::read_to_string(file) {
                Ok(tables) => tables,
                // The module is not loaded.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    self.refused(&format!("whether there are legacy tables ({file})"), &error);
                    continue;
                }
            };
            if tables.trim().is_empty() {
                continue;
            }
            match self.save(name, |says| !says.contains("nf_tables")) {
                Ok(text) => self.firewall.xtables.push(XtablesSave {
                    backend: Backend::IptablesLegacy,
                    version,
                    text,
                }),
                Err(error) => {
                    let tables = tables.split_whitespace().collect::<Vec<_>>().join(", ");
                    let what = format!("legacy tables of {version:?} ({tables})").to_lowercase();
                    self.failed(
                        &what,
                        &error,
                        "install the package iptables, which has iptables-legacy-save",
                    );
                }
            }
        }
    }

    /// Runs a save program: by its own name, or by the common name where that one is of the right kind.
    fn save(&self, name: &str, is_right: impl Fn(&str) -> bool) -> Result<String, ProgramError> {
        let [modules, none] = NO_MODULES;
        let missing = match self.programs.text_of(name, &["-c", modules, none]) {
            Err(missing @ ProgramError::Missing { .. }) => missing,
            result => return result,
        };
        let common = if name.starts_with("ip6") { "ip6tables-save" } else { "iptables-save" };
        match self.programs.text_of(common, &["-V"]) {
            Ok(says) if is_right(&says) => self.programs.text_of(common, &["-c", modules, none]),
            _ => Err(missing),
        }
    }

    fn ipsets(&mut self) {
        let used = self.firewall.xtables.iter().any(|save| {
            // The match `set` and the target `SET` name them.
            ["--match-set ", "--add-set ", "--del-set ", "--map-set "]
                .iter()
                .any(|option| save.text.contains(option))
        });
        if !used {
            return;
        }
        match self.programs.text_of("ipset", &["save"]) {
            Ok(text) => self.firewall.ipsets = Some(text),
            Err(error) => self.failed("the ipsets that rules name", &error, "install the package ipset"),
        }
    }

    fn network(&mut self) {
        let (network, limits) = match network::read() {
            Ok(read) => read,
            Err(error) => {
                let detail = format!("interfaces, addresses and routes could not be read: {error}");
                return self.firewall.unseen.push(unseen_of_network(UnseenReason::Failed, detail));
            }
        };
        self.firewall.network = network;
        for limit in limits {
            let reason = match &limit {
                Limit::NotRead { permission: true, .. } => UnseenReason::Permission,
                Limit::NotRead { .. } => UnseenReason::Failed,
                Limit::Changing { .. } => UnseenReason::Inconsistent,
                _ => {
                    self.firewall.limits.push(limit);
                    continue;
                }
            };
            self.firewall.unseen.push(unseen_of_network(reason, limit.to_string()));
        }
    }

    fn refused(&mut self, what: &str, error: &io::Error) {
        let (reason, remedy) = if error.kind() == io::ErrorKind::PermissionDenied {
            (UnseenReason::Permission, Some("run it as root, or with CAP_NET_ADMIN".to_owned()))
        } else {
            (UnseenReason::Failed, None)
        };
        let detail = format!("{what} could not be read: {error}");
        self.firewall.unseen.push(Unseen {
            subject: UnseenSubject::FirewallRules,
            reason,
            count: 1,
            detail,
            remedy,
        });
    }

    fn failed(&mut self, what: &str, error: &ProgramError, install: &str) {
        let denied =
            |complaint: &str| complaint.contains("ermission denied") || complaint.contains("not permitted");
        let (reason, remedy) = match error {
            ProgramError::Missing { .. } => (UnseenReason::Failed, Some(install.to_owned())),
            ProgramError::Failed { complaint, .. } if denied(complaint) => {
                (UnseenReason::Permission, Some("run it as root, or with CAP_NET_ADMIN".to_owned()))
            }
            _ => (UnseenReason::Failed, None),
        };
        self.firewall.unseen.push(Unseen {
            subject: UnseenSubject::FirewallRules,
            reason,
            count: 1,
            detail: format!("{what} could not be read: {error}"),
            remedy,
        });
    }
}

/// The files whose names `nft` prints instead of numbers. One that is not there names nothing.
fn name_files() -> BTreeMap<String, String> {
    [Table::Marks, Table::Realms, Table::DeviceGroups, Table::Labels, Table::Protocols]
        .into_iter()
        .filter_map(|table| Some((table.path().to_owned(), fs::read_to_string(table.path()).ok()?)))
        .collect()
}

fn unseen_of_network(reason: UnseenReason, detail: String) -> Unseen {
    let remedy =
        (reason == UnseenReason::Permission).then(|| "run it as root, or with CAP_NET_ADMIN".to_owned());
    Unseen { subject: UnseenSubject::NetworkState, reason, count: 1, detail, remedy }
}

/// Whether a listing holds matches or targets of the xtables, of which `nft` prints the name only.
fn holds_xtables(listing: &str) -> bool {
    listing.contains("\"xt\"")
}
