//! Commands that let a connection through, in the language of whoever owns the rules at hand.

use std::net::IpAddr;

use portreeve_firewall::answer::quoted;
use portreeve_firewall::ir::Chain;
use portreeve_model::Protocol;
use portreeve_model::reach::Decider;

use crate::case::Case;
use crate::facts::PathFacts;
use crate::facts::path::Flow;

/// What should get through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    hook: &'a str,
    back: bool,
    outgoing: bool,
    word: &'static str,
    /// The port that was asked for.
    port: u16,
    /// The port as rules at the hook see it.
    at: u16,
    client: IpAddr,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(case: &Case, flow: &Flow, hook: &'a str, back: bool) -> Self {
        let at = flow.translated().map_or(flow.endpoint.port(), |at| at.port());
        Self {
            hook,
            back,
            outgoing: case.here().all(|endpoint| endpoint.address != flow.endpoint),
            word: match case.question.target.protocol {
                Protocol::Udp => "udp",
                Protocol::Sctp => "sctp",
                _ => "tcp",
            },
            port: flow.endpoint.port(),
            at: if hook == "prerouting" || hook == "ingress" { flow.endpoint.port() } else { at },
            client: flow.client.address,
        }
    }

    /// The hook where it is the host that sends, or receives what it asked for.
    fn is_answer(&self) -> bool {
        self.back
    }
}

/// What decided, as far as commands name it.
struct Place<'a> {
    backend: &'a str,
    family: &'a str,
    table: &'a str,
    chain: &'a str,
    handle: Option<u64>,
    position: Option<u32>,
    text: &'a str,
}

impl<'a> Place<'a> {
    fn of(by: &'a Decider) -> Self {
        let place = Self::as_listed(by);
        // What `iptables-nft` made is listed as rules of `nft`, and is best mended by the program that made it.
        let made_by_iptables = place.backend == "nft"
            && matches!(place.family, "ip" | "ip6")
            && matches!(place.table, "filter" | "nat" | "mangle" | "raw" | "security")
            && place.chain.chars().next().is_some_and(char::is_uppercase);
        if made_by_iptables { Self { backend: "iptables-nft", ..place } } else { place }
    }

    fn as_listed(by: &'a Decider) -> Self {
        match by {
            Decider::Rule(rule) => Self {
                backend: &rule.backend,
                family: &rule.family,
                table: &rule.table,
                chain: &rule.chain,
                handle: rule.handle,
                position: Some(rule.position),
                text: &rule.text,
            },
            Decider::Policy(chain) => Self {
                backend: &chain.backend,
                family: &chain.family,
                table: &chain.table,
                chain: &chain.name,
                handle: None,
                position: None,
                text: "",
            },
        }
    }

    fn program(&self) -> &'static str {
        match (self.backend, self.family) {
            ("iptables-legacy", "ip6") => "ip6tables-legacy",
            ("iptables-legacy", _) => "iptables-legacy",
            (_, "ip6") => "ip6tables",
            _ => "iptables",
        }
    }

    fn is_nft(&self) -> bool {
        self.backend == "nft"
    }

    /// The chain in the words of a command.
    fn words(&self) -> String {
        format!("{} {} {}", self.family, quoted(self.table), quoted(self.chain))
    }

    /// Takes the rule out.
    fn delete(&self) -> Option<String> {
        match (self.is_nft(), self.handle, self.position) {
            (true, Some(handle), _) => Some(format!("nft delete rule {} handle {handle}", self.words())),
            (false, _, Some(position)) => {
                let table = if self.table == "filter" {
                    String::new()
                } else {
                    format!("-t {} ", quoted(self.table))
                };
                Some(format!("{} {table}-D {} {position}", self.program(), quoted(self.chain)))
            }
            _ => None,
        }
    }
}

/// The software behind what decided: that of the rule or table, else of the rules around a policy.
pub(super) fn owner<'a>(path: &'a PathFacts, by: &'a Decider) -> Option<String> {
    let named = match by {
        Decider::Rule(rule) => rule.owner.clone(),
        Decider::Policy(chain) => chain.owner.clone(),
    };
    named.or_else(|| {
        let place = Place::of(by);
        let same = |chain: &&Chain| {
            chain.family.name() == place.family && chain.table == place.table && chain.name == place.chain
        };
        let chain = path.ruleset.as_ref()?.chains.iter().find(same)?;
        let mut owners =
            chain.rules.iter().filter_map(|rule| rule.origin.owner.as_ref()).map(ToString::to_string);
        let all: Vec<String> = owners.by_ref().collect();
        // A policy is set by a firewall rather than by a container engine that puts a jump beside it.
        let firewall = |name: &&String| {
            ["ufw", "firewalld", "CSF", "Shorewall", "NixOS firewall", "Foomuuri", "Proxmox VE"]
                .contains(&name.as_str())
        };
        all.iter().find(firewall).or(all.first()).cloned()
    })
}

/// Commands, best first.
pub(super) fn remedies(path: &PathFacts, by: &Decider, wanted: &Wanted<'_>, chains: &[&str]) -> Vec<String> {
    let place = Place::of(by);
    let owner = owner(path, by);
    let (port, word) = (wanted.port, wanted.word);
    if let Some(ban) = ban(&place, owner.as_deref(), wanted.client) {
        return ban;
    }
    if wanted.is_answer() {
        return answers(&place, owner.as_deref());
    }
    let mut fixes = match owner.as_deref() {
        Some("ufw") => ufw(&place, wanted),
        Some("firewalld") => firewalld(wanted, chains),
        Some("CSF") => {
            let way = if wanted.outgoing { "OUT" } else { "IN" };
            vec![format!("add {port} to {}_{way} in /etc/csf/csf.conf, then csf -r", word.to_uppercase())]
        }
        Some("NixOS firewall") => {
            let option =
                format!("networking.firewall.allowed{}Ports", if word == "udp" { "UDP" } else { "TCP" });
            vec![format!("add {port} to {option}, then nixos-rebuild switch")]
        }
        Some("Docker") => vec![format!(
            "{} -I DOCKER-USER -p {word} -m conntrack --ctorigdstport {port} --ctdir ORIGINAL -j ACCEPT",
            place.program()
        )],
        Some(name @ ("Shorewall" | "Foomuuri" | "OpenWrt firewall" | "Proxmox VE" | "Portreeve")) => {
            vec![format!(
                "let {word} {port} in in the configuration of {name}, and load it; what is changed by hand is lost then"
            )]
        }
        _ => Vec::new(),
    };
    if fixes.is_empty() {
        fixes = by_hand(&place, wanted);
    }
    fixes
}

fn ufw(place: &Place<'_>, wanted: &Wanted<'_>) -> Vec<String> {
    let (port, word) = (wanted.port, wanted.word);
    let mut fixes = Vec::new();
    // A rule that a person asked ufw for comes before what is allowed later.
    if place.chain.contains("user-") && place.position.is_some() {
        let action =
            if place.text.contains("REJECT") || place.text.contains("reject") { "reject" } else { "deny" };
        let route = if place.chain.contains("forward") { "route " } else { "" };
        let out = if place.chain.contains("output") { "out " } else { "" };
        fixes.push(format!(
            "ufw {route}delete {action} {out}{port}/{word} (its number is in: ufw status numbered)"
        ));
    }
    fixes.push(match wanted.hook {
        "forward" => format!("ufw route allow proto {word} to any port {}", wanted.at),
        "output" => format!("ufw allow out {port}/{word}"),
        _ => format!("ufw allow {port}/{word}"),
    });
    fixes
}

fn firewalld(wanted: &Wanted<'_>, chains: &[&str]) -> Vec<String> {
    let zone = chains.iter().find_map(|chain| {
        let name = chain.strip_prefix("filter_IN_").or_else(|| chain.strip_prefix("IN_"))?;
        (!name.ends_with("_allow") && !name.ends_with("_deny") && !name.starts_with("policy_"))
            .then_some(name)
    });
    let zone = zone.map_or_else(String::new, |zone| format!("--zone={} ", quoted(zone)));
    let (port, word) = (wanted.port, wanted.word);
    match wanted.hook {
        "output" => vec![format!(
            "firewall-cmd --permanent --direct --add-rule ipv4 filter OUTPUT 0 -p {word} --dport {port} -j ACCEPT && firewall-cmd --reload"
        )],
        _ => {
            vec![format!("firewall-cmd --permanent {zone}--add-port={port}/{word} && firewall-cmd --reload")]
        }
    }
}

/// Lets a client go that a program banned.
fn ban(place: &Place<'_>, owner: Option<&str>, client: IpAddr) -> Option<Vec<String>> {
    let jail = place
        .chain
        .strip_prefix("f2b-")
        .or_else(|| place.text.split("addr-set-").nth(1).or_else(|| place.text.split("addr6-set-").nth(1)))
        .map(|rest| rest.split_whitespace().next().unwrap_or(rest));
    match owner {
        Some("fail2ban") => Some(vec![match jail.filter(|jail| !jail.is_empty() && *jail != "chain") {
            Some(jail) => format!("fail2ban-client set {} unbanip {client}", quoted(jail)),
            None => format!("fail2ban-client unban {client}"),
        }]),
        Some("CrowdSec") => Some(vec![format!("cscli decisions delete --ip {client}")]),
        Some("CSF") if place.chain.contains("DENY") => Some(vec![format!("csf -dr {client}")]),
        _ => {
            let set = place.text.split("saddr @").nth(1).and_then(|rest| rest.split_whitespace().next());
            if let Some(set) = set.filter(|_| place.is_nft()) {
                let table = format!("{} {}", place.family, quoted(place.table));
                return Some(vec![format!("nft delete element {table} {set} '{{ {client} }}'")]);
            }
            let set = place.text.split("--match-set ").nth(1).and_then(|rest| rest.split_whitespace().next());
            let positive = !place.text.contains("! --match-set");
            set.filter(|_| positive && place.text.contains(" src"))
                .map(|set| vec![format!("ipset del {} {client}", quoted(set))])
        }
    }
}

/// Lets answers through.
fn answers(place: &Place<'_>, owner: Option<&str>) -> Vec<String> {
    let rule = if place.is_nft() {
        format!("nft insert rule {} ct state established,related accept", place.words())
    } else {
        format!(
            "{} -I {} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
            place.program(),
            quoted(place.chain)
        )
    };
    let mut fixes = vec![rule];
    if let Some(owner) = owner {
        fixes.push(format!("and keep it in the configuration of {owner}, which owns the chain"));
    }
    fixes
}

fn by_hand(place: &Place<'_>, wanted: &Wanted<'_>) -> Vec<String> {
    let word = wanted.word;
    let mut fixes = Vec::new();
    // A rule about this very port is the thing to take out; before any other an exception is put.
    let about_port = place.text.contains(&format!("port {}", wanted.at))
        || place.text.contains(&format!("ports {}", wanted.at));
    if about_port {
        fixes.extend(place.delete());
    }
    fixes.push(if place.is_nft() {
        format!("nft insert rule {} {word} dport {} accept", place.words(), wanted.at)
    } else {
        let table =
            if place.table == "filter" { String::new() } else { format!("-t {} ", quoted(place.table)) };
        format!(
            "{} {table}-I {} -p {word} --dport {} -j ACCEPT",
            place.program(),
            quoted(place.chain),
            wanted.at
        )
    });
    fixes.push(if place.is_nft() {
        "and keep it where the rules are loaded from, usually /etc/nftables.conf".to_owned()
    } else {
        "and keep it where the rules are loaded from: netfilter-persistent save, or iptables-save".to_owned()
    });
    fixes
}
