//! The options of `portreeve reach`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use portreeve_firewall::packet::State;

use super::{ReachVerb, SourceArguments};

/// Say who can reach each port, and by which rule; or what happens to a packet.
///
/// Reads every rule of the kernel (nftables, iptables-nft, iptables-legacy, IPv4 and IPv6), the addresses, routes and kernel
/// parameters, and answers for all packets at once: nothing is sampled, nothing is sent, nothing is changed. Without a port: every
/// listener of this network namespace and every port that rules translate.
///
/// Exits with 0 if everything could be told, 3 if something is undecided or was not seen, 4 if there is nothing at the port, or nobody of
/// --from gets there. With --packet: 0 if it arrives, 4 if it does not, 3 if that hangs on something that cannot be known.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[command(
    disable_help_subcommand = true,
    subcommand_help_heading = "Questions about the rules",
    subcommand_value_name = "QUESTION",
    after_long_help = "Sources are named by zone (internet, private, link-local, containers, 'this host', or a network of the configuration \
    file), by prefix or address, or by interface.\n\n\
    Packets, in words of any order:\n  \
    from ADDRESS[:PORT] to ADDRESS[:PORT]     or ADDRESS[:PORT] -> ADDRESS[:PORT]\n  \
    tcp, udp, icmp, icmpv6, ping, sctp, dccp, udplite, gre, esp, ... or proto NUMBER\n  \
    sport PORT, dport PORT (number or service), flags syn,ack, type TYPE, code CODE\n  \
    iif NAME for a packet that comes in; out [oif NAME] [uid UID] [gid GID] for one that this host sends\n  \
    state new|established|related|invalid|untracked, reply\n  \
    mark N, dscp N, ttl N, length N, fragment N, ether from MAC, ether to MAC\n\n\
    Without iif and out, the place follows from this host's addresses and routes.\n\n\
    Examples:\n  \
    sudo portreeve reach                                    who can reach each port\n  \
    sudo portreeve reach 443                                everything about one port\n  \
    sudo portreeve reach --from 10.0.0.0/8                  what can they reach here?\n  \
    sudo portreeve reach --from internet --blocked          what can they not reach?\n  \
    sudo portreeve reach --to 192.0.2.10                    what is open at this address?\n  \
    sudo portreeve reach --svg ports.svg                    the same as a picture\n  \
    sudo portreeve reach 443 --probe                        and is it so?\n  \
    sudo portreeve reach assert 'internet cannot reach tcp/5432'\n  \
    sudo portreeve reach diff web1.firewall live            what has been opened and closed since?\n  \
    sudo portreeve reach --packet 'from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0'\n  \
    sudo portreeve reach --packet 'out to 192.0.2.53 udp dport 53 uid 1000'\n  \
    sudo portreeve reach --snapshot-out web1.firewall\n  \
    portreeve reach --snapshot web1.firewall 443\n  \
    portreeve reach 22/tcp --rules rules.v4 --address eth0=192.0.2.10/24"
)]
pub struct ReachArguments {
    /// A question about the rules instead of the ports.
    #[command(subcommand)]
    pub question: Option<ReachVerb>,

    /// One port: 443, 443/udp, :443 or a service name
    #[arg(value_name = "PORT[/PROTOCOL]")]
    pub port: Option<String>,

    /// What these sources can reach: a zone, a prefix, an address or an interface
    #[arg(long, value_name = "SOURCE")]
    pub from: Option<String>,

    /// What can be reached at this address: of this host, or of one behind it
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,

    /// Show who cannot reach a port instead; with --from, which ports these cannot reach
    #[arg(long)]
    pub blocked: bool,

    /// List every prefix and every rule of an answer, however many
    #[arg(long)]
    pub all_prefixes: bool,

    /// Draw the answer as a picture, an SVG file: zones, hooks, ports; - is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub svg: Option<PathBuf>,

    /// Try it with real connections, from a network namespace beside this host: computed beside observed. Needs root
    #[arg(long, conflicts_with_all = ["snapshot", "rules"])]
    pub probe: bool,

    /// What happens to this packet: 'from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0'; may be repeated
    #[arg(long = "packet", short = 'p', value_name = "PACKET", conflicts_with_all = ["port", "from", "to", "blocked", "all_prefixes", "svg", "probe"])]
    pub packets: Vec<String>,

    /// With --packet: what connection tracking says of it: new, established, related, invalid, untracked
    #[arg(long, value_name = "STATE", requires = "packets")]
    pub state: Option<State>,

    /// With --packet: ask about the reply to it
    #[arg(long, requires = "packets")]
    pub reply: bool,

    /// With --packet: show the rules that did not match, too
    #[arg(long, requires = "packets")]
    pub all_rules: bool,

    /// Write everything that answers need into a file, readable for its owner only; - is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["port", "from", "to", "blocked", "all_prefixes", "svg", "probe"])]
    pub snapshot_out: Option<PathBuf>,

    /// Whose rules are asked.
    #[command(flatten)]
    pub source: SourceArguments,
}
