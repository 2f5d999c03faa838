//! Names that stand for numbers in save files: protocols, services, ICMP types.
//!
//! The programs write names of protocols and of few other things, from tables of their own and from `/etc/protocols`. Which
//! names a host has there is not asked: a name that is not in these tables is not understood.

/// Number of a protocol (`iptables/libxtables/xtables.c`: `xtables_chain_protos`; IANA's names as `/etc/protocols` has them).
pub(super) fn protocol(text: &str) -> Option<u8> {
    if let Some(number) = super::values::number_of(text, 8) {
        return u8::try_from(number).ok();
    }
    let lower = text.to_ascii_lowercase();
    PROTOCOLS.iter().find(|(name, _)| *name == lower).map(|(_, number)| *number)
}

const PROTOCOLS: &[(&str, u8)] = &[
    ("all", 0),
    ("ip", 0),
    ("hopopt", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ggp", 3),
    ("ipencap", 4),
    ("ipv4", 4),
    ("st", 5),
    ("tcp", 6),
    ("egp", 8),
    ("igp", 9),
    ("pup", 12),
    ("udp", 17),
    ("hmp", 20),
    ("xns-idp", 22),
    ("rdp", 27),
    ("iso-tp4", 29),
    ("dccp", 33),
    ("xtp", 36),
    ("ddp", 37),
    ("idpr-cmtp", 38),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("idrp", 45),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ipsec-esp", 50),
    ("ah", 51),
    ("ipsec-ah", 51),
    ("skip", 57),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("icmp6", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("rspf", 73),
    ("vmtp", 81),
    ("eigrp", 88),
    ("ospf", 89),
    ("ospfigp", 89),
    ("ax.25", 93),
    ("ipip", 94),
    ("etherip", 97),
    ("encap", 98),
    ("pim", 103),
    ("ipcomp", 108),
    ("vrrp", 112),
    ("l2tp", 115),
    ("isis", 124),
    ("sctp", 132),
    ("fc", 133),
    ("mobility-header", 135),
    ("ipv6-mh", 135),
    ("mh", 135),
    ("udplite", 136),
    ("mpls-in-ip", 137),
    ("manet", 138),
    ("hip", 139),
    ("shim6", 140),
    ("wesp", 141),
    ("rohc", 142),
    ("ethernet", 143),
    ("mptcp", 255),
];

/// Port of a service that people write by name. The programs themselves write numbers.
pub(super) fn service(text: &str) -> Option<u16> {
    Some(match text {
        "ftp-data" => 20,
        "ftp" => 21,
        "ssh" => 22,
        "telnet" => 23,
        "smtp" => 25,
        "domain" => 53,
        "bootps" => 67,
        "bootpc" => 68,
        "tftp" => 69,
        "http" | "www" => 80,
        "pop3" => 110,
        "sunrpc" => 111,
        "auth" => 113,
        "ntp" => 123,
        "netbios-ns" => 137,
        "netbios-dgm" => 138,
        "netbios-ssn" => 139,
        "imap2" | "imap" => 143,
        "snmp" => 161,
        "ldap" => 389,
        "https" => 443,
        "microsoft-ds" => 445,
        "submissions" | "smtps" => 465,
        "isakmp" => 500,
        "syslog" => 514,
        "dhcpv6-client" => 546,
        "dhcpv6-server" => 547,
        "submission" => 587,
        "ldaps" => 636,
        "imaps" => 993,
        "pop3s" => 995,
        "openvpn" => 1194,
        "mysql" => 3306,
        "rdp" | "ms-wbt-server" => 3389,
        "ipsec-nat-t" => 4500,
        "postgresql" => 5432,
        "mdns" => 5353,
        "http-alt" => 8080,
        _ => return None,
    })
}

/// Type and codes of an ICMP message by name (`iptables/extensions/libxt_icmp.h`).
pub(super) fn icmp(text: &str) -> Option<(u8, u8, u8)> {
    ICMP.iter()
        .find(|(name, ..)| name.eq_ignore_ascii_case(text))
        .map(|(_, kind, low, high)| (*kind, *low, *high))
}

/// Type and codes of an `ICMPv6` message by name (`iptables/extensions/libxt_icmp.h`).
pub(super) fn icmp6(text: &str) -> Option<(u8, u8, u8)> {
    ICMP6
        .iter()
        .find(|(name, ..)| name.eq_ignore_ascii_case(text))
        .map(|(_, kind, low, high)| (*kind, *low, *high))
}

/// `VALUE`, `VALUE/MASK` or a name of the old type of service (`iptables/extensions/tos_values.c`).
pub(super) fn tos(text: &str) -> Option<(u8, u8)> {
    let byte = |text| u8::try_from(super::values::number_of(text, 8)?).ok();
    let named = match text.to_ascii_lowercase().as_str() {
        "minimize-delay" => 0x10,
        "maximize-throughput" => 0x08,
        "maximize-reliability" => 0x04,
        "minimize-cost" => 0x02,
        "normal-service" => 0,
        _ => {
            let (value, mask) = text.split_once('/').unwrap_or((text, "0xff"));
            return Some((byte(value)?, byte(mask)?));
        }
    };
    Some((named, 0x3f))
}

/// DSCP of a class (`iptables/extensions/dscp_helper.c`).
pub(super) fn dscp_class(text: &str) -> Option<u8> {
    let upper = text.to_ascii_uppercase();
    if upper == "EF" || upper == "BE" {
        return Some(if upper == "EF" { 0x2e } else { 0 });
    }
    if let Some(class) = upper.strip_prefix("CS") {
        return class.parse::<u8>().ok().filter(|class| *class < 8).map(|class| class << 3);
    }
    let digits = upper.strip_prefix("AF")?.parse::<u8>().ok()?;
    let (class, drop) = (digits / 10, digits % 10);
    ((1..=4).contains(&class) && (1..=3).contains(&drop)).then_some(class << 3 | drop << 1)
}

/// Type of a mobility header by name (`iptables/extensions/libip6t_mh.c`).
pub(super) fn mobility(text: &str) -> Option<u8> {
    const TYPES: [(&str, &str); 8] = [
        ("binding-refresh-request", "brr"),
        ("home-test-init", "hoti"),
        ("careof-test-init", "coti"),
        ("home-test", "hot"),
        ("careof-test", "cot"),
        ("binding-update", "bu"),
        ("binding-acknowledgement", "ba"),
        ("binding-error", "be"),
    ];
    let lower = text.to_ascii_lowercase();
    TYPES
        .iter()
        .position(|(long, short)| *long == lower || *short == lower)
        .and_then(|at| u8::try_from(at).ok())
}

const ICMP: &[(&str, u8, u8, u8)] = &[
    ("any", 255, 0, 255),
    ("echo-reply", 0, 0, 255),
    ("pong", 0, 0, 255),
    ("destination-unreachable", 3, 0, 255),
    ("network-unreachable", 3, 0, 0),
    ("host-unreachable", 3, 1, 1),
    ("protocol-unreachable", 3, 2, 2),
    ("port-unreachable", 3, 3, 3),
    ("fragmentation-needed", 3, 4, 4),
    ("source-route-failed", 3, 5, 5),
    ("network-unknown", 3, 6, 6),
    ("host-unknown", 3, 7, 7),
    ("network-prohibited", 3, 9, 9),
    ("host-prohibited", 3, 10, 10),
    ("TOS-network-unreachable", 3, 11, 11),
    ("TOS-host-unreachable", 3, 12, 12),
    ("communication-prohibited", 3, 13, 13),
    ("host-precedence-violation", 3, 14, 14),
    ("precedence-cutoff", 3, 15, 15),
    ("source-quench", 4, 0, 255),
    ("redirect", 5, 0, 255),
    ("network-redirect", 5, 0, 0),
    ("host-redirect", 5, 1, 1),
    ("TOS-network-redirect", 5, 2, 2),
    ("TOS-host-redirect", 5, 3, 3),
    ("echo-request", 8, 0, 255),
    ("ping", 8, 0, 255),
    ("router-advertisement", 9, 0, 255),
    ("router-solicitation", 10, 0, 255),
    ("time-exceeded", 11, 0, 255),
    ("ttl-exceeded", 11, 0, 255),
    ("ttl-zero-during-transit", 11, 0, 0),
    ("ttl-zero-during-reassembly", 11, 1, 1),
    ("parameter-problem", 12, 0, 255),
    ("ip-header-bad", 12, 0, 0),
    ("required-option-missing", 12, 1, 1),
    ("timestamp-request", 13, 0, 255),
    ("timestamp-reply", 14, 0, 255),
    ("address-mask-request", 17, 0, 255),
    ("address-mask-reply", 18, 0, 255),
];

const ICMP6: &[(&str, u8, u8, u8)] = &[
    ("any", 255, 0, 255),
    ("destination-unreachable", 1, 0, 255),
    ("no-route", 1, 0, 0),
    ("communication-prohibited", 1, 1, 1),
    ("beyond-scope", 1, 2, 2),
    ("address-unreachable", 1, 3, 3),
    ("port-unreachable", 1, 4, 4),
    ("failed-policy", 1, 5, 5),
    ("reject-route", 1, 6, 6),
    ("packet-too-big", 2, 0, 255),
    ("time-exceeded", 3, 0, 255),
    ("ttl-exceeded", 3, 0, 255),
    ("ttl-zero-during-transit", 3, 0, 0),
    ("ttl-zero-during-reassembly", 3, 1, 1),
    ("parameter-problem", 4, 0, 255),
    ("bad-header", 4, 0, 0),
    ("unknown-header-type", 4, 1, 1),
    ("unknown-option", 4, 2, 2),
    ("echo-request", 128, 0, 255),
    ("ping", 128, 0, 255),
    ("echo-reply", 129, 0, 255),
    ("pong", 129, 0, 255),
    ("mld-listener-query", 130, 0, 255),
    ("mld-listener-report", 131, 0, 255),
    ("mld-listener-done", 132, 0, 255),
    ("mld-listener-reduction", 132, 0, 255),
    ("router-solicitation", 133, 0, 255),
    ("router-advertisement", 134, 0, 255),
    ("neighbour-solicitation", 135, 0, 255),
    ("neighbor-solicitation", 135, 0, 255),
    ("neighbour-advertisement", 136, 0, 255),
    ("neighbor-advertisement", 136, 0, 255),
    ("redirect", 137, 0, 255),
];
