//! The options of `portreeve why`, and the question they make.
#![expect(clippy::doc_markdown, reason = "the comments are help texts, in which backticks would show")]

use std::net::IpAddr;

use clap::Args;
use portreeve_diagnose::TargetError;
use portreeve_diagnose::target::{self, Probe, Services};

use crate::engine::{Scope, WhyQuery};
use crate::error::CommandError;
use crate::excerpt::Excerpt;
use crate::render::why::LayerDetail;

/// Say why a port does not work: one cause, with its evidence and the fix.
///
/// Walks twelve layers, from the name to the answer: dns, address, route, firewall, conntrack, listener, queue, limits, ports, mac, tls,
/// http. Where the target is this host, it looks inside: sockets, rules, queues, limits, logs. Where it is another one, it looks from
/// outside and says which layers it could not see. Connections, handshakes and requests are tried for real unless --no-probe forbids it.
///
/// Exits with 0 if every layer is as it should be, 1 if a cause was found, 3 if nothing was found and not everything could be judged.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    sudo portreeve why 443                                  this host's port 443, as the internet meets it\n  \
    sudo portreeve why 443/udp                              QUIC\n  \
    sudo portreeve why 192.0.2.10:443                       one address\n  \
    sudo portreeve why 443 --from 198.51.100.7              as this client meets it\n  \
    portreeve why https://example.com/path                  a name, its records, the certificate, the answer\n  \
    sudo portreeve why 443 --no-probe                       without a single packet\n  \
    sudo portreeve why 443 --json | jq '.primary.layer, .primary.code'")]
pub struct WhyArguments {
    /// 443, 443/udp, https, 192.0.2.10:443, [2001:db8::1]:443, example.com, https://example.com/path
    #[arg(value_name = "TARGET")]
    pub target: String,

    /// The client that is supposed: its packets are followed through routes and rules, there and back
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<String>,

    /// Send nothing: no connection to the target, no question to a name server
    #[arg(long)]
    pub no_probe: bool,

    /// Say what was found of every layer, and what was tried, where all is well too
    #[arg(long)]
    pub all_layers: bool,
}

impl WhyArguments {
    /// How much is said of the layers.
    pub fn detail(&self) -> LayerDetail {
        if self.all_layers { LayerDetail::Statements } else { LayerDetail::Marks }
    }

    /// What is asked.
    ///
    /// # Errors
    /// The place and the remedy of what is not understood.
    pub fn query(&self, scope: Scope, services: Services<'_>) -> Result<WhyQuery, CommandError> {
        if scope == Scope::All {
            return Err(CommandError::usage("`why` looks from one network namespace")
                .hint("name it: --netns NAME; without --netns it is this one"));
        }
        let target = target::parse(&self.target, services).map_err(not_understood)?;
        let from = self.from.as_deref().map(client).transpose()?;
        if let (Some(text), Some(from), Some(to)) = (&self.from, from, target.address)
            && from.is_ipv4() != to.is_ipv4()
        {
            let version = |address: IpAddr| if address.is_ipv4() { "IPv4" } else { "IPv6" };
            return Err(CommandError::usage(format!(
                "{from} is an {} address, and {to} an {} one: they cannot connect",
                version(from),
                version(to)
            ))
            .at(Excerpt::of(text, 0, text.len()))
            .hint("give both as addresses of one IP version"));
        }
        let probe = if self.no_probe { Probe::Forbidden } else { Probe::Allowed };
        Ok(WhyQuery { target, from, probe, scope })
    }
}

fn not_understood(error: TargetError) -> CommandError {
    let wrong = CommandError::usage(format!("the target is not understood: {}", error.message))
        .at(Excerpt::of_word(&error.text, error.offset));
    if error.help.is_empty() { wrong } else { wrong.hint(error.help) }
}

fn client(text: &str) -> Result<IpAddr, CommandError> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| {
        CommandError::usage(format!("`{text}` is no address"))
            .at(Excerpt::of(text, 0, text.len()))
            .hint("--from takes one address, without a port: portreeve why 443 --from 198.51.100.7")
    })
}
