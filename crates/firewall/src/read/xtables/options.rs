//! Which options each extension has, and how many values they take (`iptables/extensions/*.c`: `XTOPT_TABLE`, `struct option`).

/// How many values an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arity {
    /// None.
    None,
    /// One.
    One,
    /// Two.
    Two,
    /// All words up to the next option: it is not known.
    Open,
}

/// An option's names, the first of them the one the reader asks for, and its number of values.
pub(super) type Row = (&'static [&'static str], Arity);

use Arity::{None as Flag, One, Two};

/// An option of the rule's head (`iptables/xshared.c`: `OPTSTRING_COMMON`).
pub(super) fn of_header(name: &str) -> Option<(&'static str, Arity)> {
    find(HEADER, name)
}

/// An option of a match.
pub(super) fn of_match(extension: &str, name: &str) -> Option<(&'static str, Arity)> {
    find(super::match_options::rows(extension)?, name)
}

/// An option of a target.
pub(super) fn of_target(extension: &str, name: &str) -> Option<(&'static str, Arity)> {
    find(super::target_options::rows(extension)?, name)
}

/// The match that `-p` loads when one of its options is met.
pub(super) fn implied_match(protocol: &str) -> Option<&'static str> {
    Some(match protocol.to_ascii_lowercase().as_str() {
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "udplite" | "136" => "udplite",
        "sctp" | "132" => "sctp",
        "dccp" | "33" => "dccp",
        "icmp" | "1" => "icmp",
        "ipv6-icmp" | "icmpv6" | "icmp6" | "58" => "icmp6",
        "ah" | "51" => "ah",
        "esp" | "50" => "esp",
        "ipcomp" | "108" => "ipcomp",
        "ipv6-mh" | "mobility-header" | "mh" | "135" => "mh",
        _ => return None,
    })
}

fn find(rows: &'static [Row], name: &str) -> Option<(&'static str, Arity)> {
    rows.iter()
        .find(|(names, _)| names.contains(&name))
        .and_then(|(names, arity)| Some((*names.first()?, *arity)))
}

const HEADER: &[Row] = &[
    (&["-s", "--source", "--src"], One),
    (&["-d", "--destination", "--dst"], One),
    (&["-i", "--in-interface"], One),
    (&["-o", "--out-interface"], One),
    (&["-p", "--protocol", "--proto"], One),
    (&["-f", "--fragment", "--fragments"], Flag),
    (&["-m", "--match"], One),
    (&["-j", "--jump"], One),
    (&["-g", "--goto"], One),
    (&["-c", "--set-counters"], Two),
    (&["-4", "--ipv4"], Flag),
    (&["-6", "--ipv6"], Flag),
];
