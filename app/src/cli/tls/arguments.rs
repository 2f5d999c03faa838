//! The options, and the question that they make.
#![expect(clippy::doc_markdown, reason = "the comments are help texts, in which backticks would show")]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use portreeve_diagnose::target::Services;

use super::list::List;
use crate::engine::{Scope, TlsAddresses, TlsExplain, TlsQuery, TlsQuestions};
use crate::error::CommandError;
use crate::excerpt::Excerpt;
use crate::render::tls::Detail;

/// Audit servers' TLS: protocols, suites, groups, known attacks, certificates.
///
/// Speaks to each server as many clients would, old and new, and says what can be agreed on, in which order the server chooses, which
/// attacks it is open to, what its certificates are worth and what is to be mended, worst first. Each verdict shows the bytes it rests on;
/// what could not be found out is said. No attack is carried through: probes stop where the server has shown what it would do.
///
/// Many servers are asked at once, a few dozen connections each; one that does not answer stops nobody else. --jsonl tells each as soon as it
/// is done, and --resume goes on where an interrupted run ended.
///
/// Exits with 0 if nothing is to be mended, 1 if something is, 3 if nothing was found and not everything that matters could be asked, 4 if no
/// server was reached.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    portreeve tls example.com                        a server, port 443\n  \
    portreeve tls https://example.com:8443/path      as a browser has it\n  \
    portreeve tls mail.example.com:993,995           two ports\n  \
    portreeve tls 192.0.2.10 --sni example.com       one server behind a name\n  \
    portreeve tls example.com --explain              the handshake, byte by byte\n  \
    portreeve tls 192.0.2.0/24                       whatever answers in a network\n  \
    portreeve tls -f hosts.txt --resume audit.state  many, and on after an interruption\n  \
    portreeve tls -f hosts.txt --jsonl               one JSON object a line, as each is done\n  \
    portreeve tls --cert /etc/ssl/site/              certificate files, without a connection\n  \
    portreeve tls example.com --json | jq '.audits[].findings'")]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent choice of the user")]
pub struct TlsArguments {
    /// example.com, example.com:8443,993, https://example.com/, 192.0.2.10, [2001:db8::1]:443, 192.0.2.0/24; - reads standard input
    #[arg(value_name = "TARGET", required_unless_present_any = ["files", "certificates"])]
    pub targets: Vec<String>,

    /// Read targets from this file, one a line; # begins a comment, - is standard input
    #[arg(short, long = "file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// Read certificates from these files and directories, and connect to nobody; - is standard input
    #[arg(
        long = "cert",
        value_name = "FILE|DIR",
        num_args = 1..,
        value_hint = ValueHint::AnyPath,
        conflicts_with_all = ["targets", "files", "resume", "json_lines", "explain", "jarm", "all_addresses"]
    )]
    pub certificates: Vec<PathBuf>,

    /// The name to ask for (SNI), and the one that certificates must be good for, where it is not the target's
    #[arg(long, value_name = "NAME")]
    pub sni: Option<String>,

    /// Audit every address of a name, not only the first that answers
    #[arg(long)]
    pub all_addresses: bool,

    /// Tell the handshake byte by byte, and what each step protects: best, 1.2 or 1.3
    #[arg(long, value_name = "VERSION", num_args = 0..=1, require_equals = true, default_missing_value = "best")]
    pub explain: Option<ExplainChoice>,

    /// Make the fingerprint JARM too: ten connections more
    #[arg(long)]
    pub jarm: bool,

    /// Ask name servers for the targets' addresses only, not for CAA, TLSA and HTTPS records
    #[arg(long)]
    pub no_dns: bool,

    /// Connections that begin in a second, to each host
    #[arg(long, value_name = "N", value_parser = rate)]
    pub max_conn_rate: Option<f64>,

    /// Connections to each host in all; what is left over then is told as inconclusive
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: u32,

    /// Hosts that are audited at once
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub parallel: u16,

    /// Seconds to wait for a connection, and for an answer
    #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = seconds)]
    pub timeout: Duration,

    /// Write finished targets to this file, and skip those that it has: a run that was interrupted goes on
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub resume: Option<PathBuf>,

    /// Print one JSON object a line for each audit, as soon as it is done
    #[arg(long = "jsonl", conflicts_with = "json")]
    pub json_lines: bool,

    /// Print a report of each server where there are several, and what was found of every feature and check
    #[arg(long)]
    pub details: bool,
}

/// Which handshake is told byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainChoice {
    /// The newest version that the server speaks
    Best,
    /// TLS 1.2
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3
    #[value(name = "1.3")]
    Tls13,
}

/// How the answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFormat {
    /// One document.
    Json,
    /// One object a line.
    JsonLines,
    /// The whole report of each.
    Reports,
    /// One line for each.
    Summary,
}

impl TlsArguments {
    /// How to print what these targets come to: of one host its report, of several a line each, unless told otherwise.
    pub fn format(&self, as_json: bool, query: &TlsQuery) -> TlsFormat {
        let one = || query.targets.iter().map(crate::engine::TlsTarget::hosts).sum::<u64>() == 1;
        match () {
            () if as_json => TlsFormat::Json,
            () if self.json_lines => TlsFormat::JsonLines,
            () if self.details || self.explain.is_some() || one() => TlsFormat::Reports,
            () => TlsFormat::Summary,
        }
    }

    /// How much is said of a server.
    pub fn detail(&self) -> Detail {
        if self.details { Detail::Full } else { Detail::Brief }
    }

    /// What is asked.
    ///
    /// # Errors
    /// The place and the remedy of what is not understood.
    pub fn query(&self, scope: Scope, services: Services<'_>) -> Result<TlsQuery, CommandError> {
        if scope == Scope::All {
            return Err(CommandError::usage("`tls` asks from one network namespace")
                .hint("name it: --netns NAME; without --netns it is this one"));
        }
        let server_name = self.server_name()?;
        // Its value is joined by an equals sign, so that a target may come behind it.
        let version = self.targets.iter().find(|target| matches!(target.as_str(), "1.2" | "1.3" | "best"));
        if let Some(version) = version.filter(|_| self.explain == Some(ExplainChoice::Best)) {
            return Err(CommandError::usage(format!("`{version}` stands where a target is expected"))
                .hint(format!("the version is joined by an equals sign: --explain={version}")));
        }
        let mut list = List::default();
        self.targets.iter().try_for_each(|target| list.word(target, services))?;
        self.files.iter().try_for_each(|file| list.file(file, services))?;
        if list.targets.is_empty() {
            return Err(
                CommandError::usage("the lists name no target").hint("one a line, such as: example.com:443")
            );
        }
        let explain = match self.explain {
            None => TlsExplain::No,
            Some(ExplainChoice::Best) => TlsExplain::Best,
            Some(ExplainChoice::Tls12) => TlsExplain::Tls12,
            Some(ExplainChoice::Tls13) => TlsExplain::Tls13,
        };
        Ok(TlsQuery {
            targets: list.targets,
            questions: TlsQuestions {
                server_name,
                per_second: self.max_conn_rate,
                connections: self.connections,
                timeout: self.timeout,
                addresses: if self.all_addresses { TlsAddresses::All } else { TlsAddresses::First },
                jarm: self.jarm,
                records: !self.no_dns,
                explain,
            },
            parallel: usize::from(self.parallel),
            journal: self.resume.clone(),
            scope,
        })
    }

    /// The name in the hello, as it is sent: ASCII.
    ///
    /// # Errors
    /// It is none.
    pub fn server_name(&self) -> Result<Option<String>, CommandError> {
        let Some(text) = &self.sni else { return Ok(None) };
        let wrong = |offset: usize, help: String| {
            CommandError::usage(format!("`{text}` is no name that a server is asked for"))
                .at(Excerpt::of_word(text, offset))
                .hint(help)
        };
        // Read as a host of a target: without port and scheme, and no address, which is never sent (RFC 6066, section 3).
        let read = portreeve_diagnose::target::parse(&format!("{text}:443"), &|_, _| None)
            .map_err(|error| wrong(error.offset.min(text.len()), error.help))?;
        match read.name {
            Some(name) if name.len() <= 253 => Ok(Some(name.trim_end_matches('.').to_owned())),
            _ => Err(wrong(0, "--sni takes a name: portreeve tls 192.0.2.10 --sni example.com".to_owned())),
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "expected a number, such as 20 or 0.5".to_owned())?;
    if rate.is_finite() && (0.01..=100_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("expected a number from 0.01 to 100000".to_owned())
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected seconds, such as 4 or 0.5".to_owned())?;
    if seconds.is_finite() && (0.05..=60.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("expected seconds from 0.05 to 60".to_owned())
    }
}
