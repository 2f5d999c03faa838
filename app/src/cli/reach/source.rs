//! Whose rules are asked: the kernel's, a snapshot's, those of files.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::engine::{HostAddress, HostRoute, RulesFrom, Scope};
use crate::error::CommandError;

/// Whose rules are asked.
#[derive(Clone, Debug, Default, Args)]
pub struct SourceArguments {
    /// Ask the host of a snapshot file instead of this one
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub snapshot: Option<PathBuf>,

    /// Ask the rules of files instead of the kernel's: nft (text or JSON), iptables-save, ip6tables-save, ipset save
    #[arg(long, global = true, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub rules: Vec<PathBuf>,

    /// With --rules: an interface of the host and its address, such as eth0=192.0.2.10/24
    #[arg(long = "address", global = true, value_name = "INTERFACE=ADDRESS/LENGTH")]
    pub addresses: Vec<HostAddress>,

    /// With --rules: a route of the host, such as 'default via 192.0.2.1 dev eth0'
    #[arg(long = "route", global = true, value_name = "ROUTE")]
    pub routes: Vec<HostRoute>,
}

impl SourceArguments {
    /// The same as words of a command line; the files of --rules end where another option begins.
    pub fn words(&self, scope: &Scope) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        match scope {
            Scope::Named(name) => option("--netns", name.clone()),
            Scope::OfProcess(pid) => option("--netns", pid.to_string()),
            Scope::Own | Scope::All => {}
        }
        if let Some(file) = &self.snapshot {
            option("--snapshot", file.display().to_string());
        }
        for file in &self.rules {
            option("--rules", file.display().to_string());
        }
        for address in &self.addresses {
            option("--address", address.to_string());
        }
        for route in &self.routes {
            option("--route", route.to_string());
        }
        words
    }

    /// Where the rules are; `scope` is the namespace of the kernel's.
    ///
    /// # Errors
    /// Where the options contradict each other.
    pub fn rules_from(&self, scope: Scope) -> Result<RulesFrom, CommandError> {
        let described = !self.addresses.is_empty() || !self.routes.is_empty();
        match (&self.snapshot, self.rules.is_empty()) {
            (Some(_), false) => {
                Err(CommandError::usage("--snapshot and --rules both say whose rules to ask")
                    .hint("ask one after the other, or compare them: portreeve reach diff OLD NEW"))
            }
            (_, true) if described => {
                Err(CommandError::usage("--address and --route describe a host for --rules")
                    .hint("the kernel and a snapshot have their own addresses and routes"))
            }
            (Some(file), true) => Ok(RulesFrom::Snapshot(file.clone())),
            (None, true) => Ok(RulesFrom::Kernel(scope)),
            (None, false) if self.addresses.is_empty() => Err(CommandError::usage(
                "rules in files need a host: --address is missing",
            )
            .hint(
                "name its interfaces: --address eth0=192.0.2.10/24 --route 'default via 192.0.2.1 dev eth0'",
            )),
            (None, false) => Ok(RulesFrom::Files {
                rules: self.rules.clone(),
                addresses: self.addresses.clone(),
                routes: self.routes.clone(),
            }),
        }
    }
}
