//! The verbs and the options that all of them share.
#![expect(clippy::doc_markdown, reason = "the comments are help texts, in which backticks would show")]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use portreeve_inventory::collect::BpfUse;

use super::{PortQuestion, ReachArguments, SocketsArguments, TlsArguments, WhyArguments};
use crate::config::Location;
use crate::engine::Scope;

/// What is open on this machine, who holds it, and what looks wrong.
///
/// Without a command: the overview of this machine. Every listener of every network namespace, widest reach first,
/// with its holder and its systemd unit or container; then what looks wrong, with evidence and the fix.
///
/// Works without privileges and then says what was not seen; root sees everything. Nothing is sent to anybody.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "portreeve",
    bin_name = "portreeve",
    version,
    max_term_width = 100,
    args_override_self = true,
    after_help = "Exit codes: 0 clean, 1 findings, 2 usage, 3 incomplete, 4 not found, free or unreachable, 5 internal error.",
    after_long_help = "Exit codes: 0 clean, 1 findings, 2 usage, 3 incomplete, 4 not found, free or unreachable, 5 internal error.\n\n\
                       Examples:\n  \
                       sudo portreeve                       what is open here, and what looks wrong\n  \
                       sudo portreeve sockets -tlnp         as ss\n  \
                       sudo portreeve who 443               who holds port 443, or why nobody seems to\n  \
                       sudo portreeve reach                 who can reach each port, and by which rule\n  \
                       sudo portreeve why 443               why users cannot reach it\n  \
                       sudo portreeve reach --packet 'from 198.51.100.7 to 192.0.2.10 tcp dport 443'\n  \
                       portreeve tls example.com            protocols, suites, attacks, certificates of a server\n  \
                       portreeve --json | jq .findings      for programs"
)]
pub struct Arguments {
    /// The verb; none is the overview.
    #[command(subcommand)]
    pub verb: Option<Verb>,

    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,

    /// Network namespaces: own, all, a name (ip netns, container, pod) or a pid
    ///
    /// The overview looks at all of them and `sockets` at its own, unless this says otherwise. `who` answers for its
    /// own, or the one named here, and tells where else the port is open. `reach` asks the rules of its own, or of the
    /// one named here; `why` looks and `tls` asks from there.
    #[arg(long, global = true, value_name = "own|all|NAME|PID")]
    pub netns: Option<Scope>,

    /// When to use colour; NO_COLOR and CLICOLOR_FORCE are heeded
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub color: ColorChoice,

    /// Columns to fit tables into, instead of the terminal's
    #[arg(long, global = true, value_name = "COLUMNS", hide = true)]
    pub width: Option<usize>,

    /// Read /proc alone, even where a BPF iterator would list descriptors faster
    #[arg(long, global = true)]
    pub no_bpf: bool,

    /// Read this configuration file instead of /etc/portreeve/portreeve.toml
    ///
    /// It gives names to networks, such as office for 198.51.100.0/24, which reach then speaks of.
    #[arg(long, global = true, value_name = "FILE", env = "PORTREEVE_CONFIG", hide_env_values = true, value_hint = ValueHint::FilePath)]
    pub config: Option<OsString>,

    /// Say on standard error what is being done; twice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

impl Arguments {
    /// Which configuration file is read.
    pub fn config(&self) -> Location {
        // A variable that is set to nothing names no file.
        let named = self.config.as_ref().filter(|path| !path.is_empty());
        named.map_or(Location::Default, |path| Location::Given(path.into()))
    }

    /// Whether the kernel's BPF iterator may be used.
    pub fn bpf_use(&self) -> BpfUse {
        if self.no_bpf { BpfUse::Never } else { BpfUse::Allowed }
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal that has it
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The verbs.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// List sockets, with the options and filters of ss
    Sockets(Box<SocketsArguments>),
    /// Say who holds a port, or why nobody seems to
    Who(WhoArguments),
    /// Say who can reach each port, and by which rule; or what happens to a packet
    Reach(Box<ReachArguments>),
    /// Say why a port does not work: one cause, with its evidence and the fix
    Why(WhyArguments),
    /// Audit servers' TLS: protocols, suites, groups, known attacks, certificates
    Tls(Box<TlsArguments>),
    /// Print the completions for a shell
    Completions(CompletionsArguments),
    /// Print the manual page, or write all of them
    Man(ManArguments),
}

/// Say who holds a port, or why nobody seems to.
///
/// Where no process can be named, the reason is: another network namespace, missing permission, a socket of the
/// kernel itself, socket activation, TIME_WAIT or orphaned connections, a socket that is bound and no more, a
/// reservation, or a hidden process. Exits with 0 if the port is held, 4 if it is free, 3 if that cannot be said.
#[derive(Clone, Debug, Args)]
pub struct WhoArguments {
    /// 443, 443/tcp, udp/53, :443 or a service name
    #[arg(value_name = "PORT[/PROTOCOL]")]
    pub port: PortQuestion,
}

/// Print the completions for a shell.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArguments {
    /// The shell
    pub shell: Shell,
}

/// Print the manual page, or write all of them.
#[derive(Clone, Debug, Args)]
pub struct ManArguments {
    /// Write portreeve.1 and one page for each command into this directory
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Arguments, Verb};
    use crate::engine::Scope;

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn shared_options_may_stand_before_and_after_the_verb() {
        for line in [["portreeve", "--json", "who", "443"], ["portreeve", "who", "443", "--json"]] {
            let arguments = Arguments::try_parse_from(line).unwrap();
            assert!(arguments.json);
            assert!(matches!(arguments.verb, Some(Verb::Who(_))));
        }
    }

    #[test]
    fn namespaces_are_told_apart() {
        for (text, scope) in [
            ("own", Scope::Own),
            ("all", Scope::All),
            ("4711", Scope::OfProcess(4711)),
            ("blue", Scope::Named("blue".to_owned())),
        ] {
            let arguments = Arguments::try_parse_from(["portreeve", "--netns", text]).unwrap();
            assert_eq!(arguments.netns, Some(scope));
        }
    }
}
