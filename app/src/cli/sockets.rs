//! `portreeve sockets`: the options of `ss` (man 8 ss), and what they ask for.
#![expect(clippy::doc_markdown, reason = "the comments are help texts, in which backticks would show")]

use clap::Args;
use portreeve_model::{Family, Protocol};

use crate::engine::{Details, OwnerDetail, Scope, SocketQuery, States};

/// List sockets, with the options and filters of ss.
///
/// Options may be clustered as in `ss -tanp`. Without -a and -l, connections are listed; without an option for a
/// protocol, everything but AF_UNIX and AF_VSOCK is. Without --netns, only the own network namespace is looked at.
#[derive(Clone, Debug, Default, Args)]
#[command(after_long_help = "Examples:\n  \
    portreeve sockets -tanp\n  \
    portreeve sockets -tulnp --exposure\n  \
    portreeve sockets -tan state time-wait dport = :443\n  \
    portreeve sockets -tan '( sport = :443 or dport = :443 ) and state established'\n  \
    portreeve sockets -ta --group-by state,process")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of ss")]
pub struct SocketsArguments {
    /// TCP
    #[arg(short = 't', long, help_heading = "Protocols")]
    pub tcp: bool,
    /// UDP
    #[arg(short = 'u', long, help_heading = "Protocols")]
    pub udp: bool,
    /// Raw IP and ICMP
    #[arg(short = 'w', long, help_heading = "Protocols")]
    pub raw: bool,
    /// AF_PACKET: what sees frames below IP, such as sniffers
    #[arg(short = '0', long, help_heading = "Protocols")]
    pub packet: bool,
    /// AF_UNIX
    #[arg(short = 'x', long, help_heading = "Protocols")]
    pub unix: bool,
    /// AF_VSOCK
    #[arg(long, help_heading = "Protocols")]
    pub vsock: bool,
    /// MPTCP
    #[arg(short = 'M', long, help_heading = "Protocols")]
    pub mptcp: bool,
    /// SCTP
    #[arg(short = 'S', long, help_heading = "Protocols")]
    pub sctp: bool,
    /// UDP-Lite
    #[arg(long, help_heading = "Protocols")]
    pub udplite: bool,
    /// IPv4
    #[arg(short = '4', long, help_heading = "Protocols")]
    pub ipv4: bool,
    /// IPv6
    #[arg(short = '6', long, help_heading = "Protocols")]
    pub ipv6: bool,

    /// What waits for peers
    #[arg(short = 'l', long, overrides_with = "all", help_heading = "Selection")]
    pub listening: bool,
    /// Every state, bound-only sockets included
    #[arg(short = 'a', long, overrides_with = "listening", help_heading = "Selection")]
    pub all: bool,
    /// Held by a process with this name or pid
    #[arg(long, value_name = "NAME|PID", help_heading = "Selection")]
    pub process: Option<String>,
    /// Held by this systemd unit
    #[arg(long, value_name = "UNIT", help_heading = "Selection")]
    pub unit: Option<String>,
    /// Held by the container with this name or beginning of an id
    #[arg(long, value_name = "CONTAINER", help_heading = "Selection")]
    pub container: Option<String>,
    /// Belonging to this user name or id
    #[arg(long, value_name = "USER", help_heading = "Selection")]
    pub user: Option<String>,

    /// Ports as numbers
    #[arg(short = 'n', long, help_heading = "Columns")]
    pub numeric: bool,
    /// Who holds each socket: all holders
    #[arg(short = 'p', long, help_heading = "Columns")]
    pub processes: bool,
    /// uid, inode, cookie, mark, cgroup, v6only
    #[arg(short = 'e', long, help_heading = "Columns")]
    pub extended: bool,
    /// tcp_info: round-trip time, window, retransmissions...
    #[arg(short = 'i', long, help_heading = "Columns")]
    pub info: bool,
    /// Buffers and drops
    #[arg(short = 'm', long, help_heading = "Columns")]
    pub memory: bool,
    /// Timers
    #[arg(short = 'o', long, help_heading = "Columns")]
    pub options: bool,
    /// Who can reach each listener, and by which rule
    #[arg(long, conflicts_with_all = ["jsonl", "csv", "group_by"], help_heading = "Columns")]
    pub exposure: bool,
    /// No heading
    #[arg(short = 'H', long, help_heading = "Columns")]
    pub no_header: bool,

    /// Print one JSON object a line
    #[arg(long, conflicts_with_all = ["json", "csv"], help_heading = "Output")]
    pub jsonl: bool,
    /// Print comma-separated values (RFC 4180)
    #[arg(long, conflicts_with_all = ["json", "jsonl"], help_heading = "Output")]
    pub csv: bool,
    /// Count the sockets by these values, most first, such as state,process
    #[arg(long, value_name = "KEYS", value_delimiter = ',', conflicts_with_all = ["jsonl"], help_heading = "Output")]
    pub group_by: Vec<String>,

    /// Filter in the language of ss: [state STATE] [EXPRESSION]
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
}

/// The form of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketsFormat {
    /// Columns as `ss`.
    Table,
    /// One document.
    Json,
    /// One socket a line.
    JsonLines,
    /// RFC 4180.
    Csv,
}

impl SocketsArguments {
    /// The form of the list; `json` is the shared option.
    pub fn format(&self, json: bool) -> SocketsFormat {
        match () {
            () if json => SocketsFormat::Json,
            () if self.jsonl => SocketsFormat::JsonLines,
            () if self.csv => SocketsFormat::Csv,
            () => SocketsFormat::Table,
        }
    }

    /// What to ask for.
    pub fn query(&self, scope: Option<&Scope>, format: SocketsFormat) -> SocketQuery {
        SocketQuery {
            protocols: self.protocols(),
            families: self.families(),
            states: self.states(),
            filter: (!self.filter.is_empty()).then(|| self.filter.join(" ")),
            scope: scope.cloned().unwrap_or(Scope::Own),
            process: self.process.clone(),
            unit: self.unit.clone(),
            container: self.container.clone(),
            user: self.user.clone(),
            details: Details {
                owners: self.owners(format),
                extended: self.extended,
                tcp_info: self.info,
                memory: self.memory,
                timers: self.options,
                exposure: self.exposure,
            },
        }
    }

    fn owners(&self, format: SocketsFormat) -> OwnerDetail {
        match format {
            _ if !self.processes => OwnerDetail::None,
            SocketsFormat::Table | SocketsFormat::JsonLines => OwnerDetail::Names,
            SocketsFormat::Json | SocketsFormat::Csv => OwnerDetail::Full,
        }
    }

    /// Whether the options leave one protocol and nothing else, so that `ss` drops its Netid column.
    pub fn is_one_protocol(&self) -> bool {
        let chosen = [
            self.tcp,
            self.udp,
            self.raw,
            self.packet,
            self.unix,
            self.vsock,
            self.mptcp,
            self.sctp,
            self.udplite,
        ];
        // AF_UNIX and raw are several kinds each, which the column tells apart.
        chosen.into_iter().filter(|chosen| *chosen).count() == 1 && !self.unix && !self.raw
    }

    /// Whether options or filter leave a single state, so that `ss` drops its State column.
    pub fn is_one_state(&self) -> bool {
        let text = self.filter.join(" ").to_ascii_lowercase();
        text.split_ascii_whitespace().all(|word| !matches!(word, "state" | "exclude"))
            && self.is_connected_datagrams()
            || Self::is_of_one_state(&text)
    }

    /// Of UDP and raw sockets, those with a peer are all in one state.
    fn is_connected_datagrams(&self) -> bool {
        let others = [self.tcp, self.packet, self.unix, self.vsock, self.mptcp, self.sctp, self.udplite]
            .contains(&true);
        (self.udp || self.raw) && !others && self.states() == States::Connected
    }

    /// Whether the filter begins with one `state` that stands for a single state and narrows all of the rest.
    fn is_of_one_state(text: &str) -> bool {
        let mut words = text.split_ascii_whitespace();
        let one = words.next() == Some("state")
            && words.next().is_some_and(|state| {
                !matches!(state, "all" | "connected" | "synchronized" | "bucket" | "big")
            });
        let is_or = |word: &str| matches!(word, "or" | "|" | "||");
        one && match words.next() {
            Some("state" | "exclude") => false,
            Some(word) if is_or(word) => false,
            Some("and" | "&" | "&&") => !words.any(is_or),
            _ => true,
        }
    }

    fn protocols(&self) -> Vec<Protocol> {
        let chosen: Vec<_> = [
            (self.tcp, &[Protocol::Tcp][..]),
            (self.mptcp, &[Protocol::Mptcp]),
            (self.udp, &[Protocol::Udp]),
            (self.udplite, &[Protocol::Udplite]),
            (self.sctp, &[Protocol::Sctp]),
            (self.raw, &[Protocol::Raw, Protocol::Icmp]),
            (self.packet, &[Protocol::Packet]),
            (self.unix, &[Protocol::UnixStream, Protocol::UnixDatagram, Protocol::UnixSeqpacket]),
            (self.vsock, &[Protocol::Vsock]),
        ]
        .into_iter()
        .filter(|(chosen, _)| *chosen)
        .flat_map(|(_, protocols)| protocols.iter().copied())
        .collect();
        if !chosen.is_empty() {
            return chosen;
        }
        let mut all = vec![
            Protocol::Tcp,
            Protocol::Mptcp,
            Protocol::Udp,
            Protocol::Udplite,
            Protocol::Sctp,
            Protocol::Raw,
            Protocol::Icmp,
        ];
        if !self.ipv4 && !self.ipv6 {
            all.push(Protocol::Packet);
        }
        all
    }

    fn families(&self) -> Vec<Family> {
        [(self.ipv4, Family::Ipv4), (self.ipv6, Family::Ipv6)]
            .into_iter()
            .filter_map(|(chosen, family)| chosen.then_some(family))
            .collect()
    }

    fn states(&self) -> States {
        match (self.all, self.listening) {
            (true, _) => States::All,
            (false, true) => States::Listening,
            (false, false) => States::Connected,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use portreeve_model::{Family, Protocol};

    use super::{SocketsArguments, SocketsFormat};
    use crate::cli::{Arguments, Verb};
    use crate::engine::{Details, OwnerDetail, States};

    fn parsed(line: &str) -> SocketsArguments {
        let words = ["portreeve", "sockets"].into_iter().chain(line.split_whitespace());
        match Arguments::try_parse_from(words).unwrap().verb {
            Some(Verb::Sockets(arguments)) => *arguments,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn clusters_of_ss_mean_what_they_mean_there() {
        let query = parsed("-tanp").query(None, SocketsFormat::Table);
        assert_eq!(query.protocols, [Protocol::Tcp]);
        assert_eq!(query.states, States::All);
        assert_eq!(query.details, Details { owners: OwnerDetail::Names, ..Details::default() });

        let query = parsed("-tulnp").query(None, SocketsFormat::Table);
        assert_eq!(query.protocols, [Protocol::Tcp, Protocol::Udp]);
        assert_eq!(query.states, States::Listening);

        let query = parsed("-4H").query(None, SocketsFormat::Table);
        assert_eq!(query.families, [Family::Ipv4]);
        assert!(!query.protocols.contains(&Protocol::Packet));
        assert_eq!(query.states, States::Connected);

        let query = parsed("-eimo").query(None, SocketsFormat::Table);
        let details = query.details;
        assert!(details.extended && details.tcp_info && details.memory && details.timers);
        assert!(query.protocols.contains(&Protocol::Packet));

        assert_eq!(
            parsed("-w0").query(None, SocketsFormat::Table).protocols,
            [Protocol::Raw, Protocol::Icmp, Protocol::Packet]
        );
        assert_eq!(
            parsed("-MS").query(None, SocketsFormat::Table).protocols,
            [Protocol::Mptcp, Protocol::Sctp]
        );
    }

    #[test]
    fn the_last_of_a_and_l_wins_as_in_ss() {
        assert_eq!(parsed("-tal").query(None, SocketsFormat::Table).states, States::Listening);
        assert_eq!(parsed("-tla").query(None, SocketsFormat::Table).states, States::All);
    }

    #[test]
    fn filter_words_may_follow_options_and_come_in_one_or_many_arguments() {
        let many = parsed("-tan state established ( sport = :443 or dport = :443 )");
        assert_eq!(
            many.query(None, SocketsFormat::Table).filter.unwrap(),
            "state established ( sport = :443 or dport = :443 )"
        );
        let words = ["portreeve", "sockets", "-tan", "sport = :443", "-p"];
        match Arguments::try_parse_from(words).unwrap().verb {
            Some(Verb::Sockets(arguments)) => {
                assert!(arguments.processes);
                assert_eq!(arguments.query(None, SocketsFormat::Table).filter.unwrap(), "sport = :443");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(
            parsed("-t dst 10.0.0.0/8").query(None, SocketsFormat::Table).filter.unwrap(),
            "dst 10.0.0.0/8"
        );
    }

    #[test]
    fn columns_disappear_as_in_ss() {
        assert!(parsed("-tan").is_one_protocol());
        assert!(!parsed("-tun").is_one_protocol());
        assert!(!parsed("").is_one_protocol());
        assert!(parsed("-t state established sport = :1").is_one_state());
        assert!(!parsed("-t state connected").is_one_state());
        assert!(parsed("-un sport = :1").is_one_state());
        assert!(!parsed("-un state connected").is_one_state());
        assert!(!parsed("-una").is_one_state());
        assert!(!parsed("-tun").is_one_state());
        assert!(!parsed("-t state established state close-wait").is_one_state());
        assert!(!parsed("-t sport = :1 and state established").is_one_state());
        assert!(parsed("-t state established sport = :1 or dport = :1").is_one_state());
        assert!(!parsed("-t state established or dport = :1").is_one_state());
        assert!(!parsed("-t state established and sport = :1 or dport = :1").is_one_state());
    }

    #[test]
    fn forms_exclude_each_other() {
        assert_eq!(parsed("--csv").format(false), SocketsFormat::Csv);
        assert_eq!(parsed("--jsonl").format(false), SocketsFormat::JsonLines);
        for line in [["sockets", "--json", "--csv"], ["sockets", "--jsonl", "--json"]] {
            assert!(Arguments::try_parse_from(["portreeve"].into_iter().chain(line)).is_err(), "{line:?}");
        }
    }

    #[test]
    fn group_keys_are_split_at_commas() {
        assert_eq!(parsed("--group-by state,process").group_by, ["state", "process"]);
    }
}
