//! The xtables: what `iptables-save -c`, `ip6tables-save -c` and `ipset save` write, as the kernel runs it.
//!
//! It takes text and gives [`crate::ir`]; it runs no program. Lines that leave open where the rules belong are an error, one
//! extension that is not understood becomes unknown in its place.
//!
//! What a simulator must know of the xtables (Linux 6.18, `net/ipv4/netfilter/ip_tables.c`, `net/ipv6/netfilter/ip6_tables.c`):
//!
//! - `ACCEPT` ends the table wherever it stands; `RETURN` in a base chain means its policy.
//! - Legacy tables know no greatest jump depth; those of `iptables-nft` have the 16 of `nf_tables`.
//! - All tests of the rule's head come first (`ip_packet_match`: source, destination, interfaces, protocol, `-f`), then the matches in
//!   order, then the target.
//! - Matches on TCP, UDP, SCTP, DCCP and ICMP headers answer no for every fragment but the first, negated or not; so does
//!   `multiport`. A second fragment that begins at byte 8 is dropped by the `tcp` match of the xtables (`tcp_mt`), and so is
//!   a packet whose header is cut short (`par->hotdrop`); `nf_tables` and the native parts of `iptables-nft` only
//!   do not match. The representation says "does not match" for both. `-p` of `ip6tables` drops a later fragment whose fragment
//!   header names another extension header (`ip6_packet_match`).
//! - Behind an authentication header of IPv6 legacy tables see the protocol inside it; `nf_tables`, and with it `iptables-nft`, takes
//!   the authentication header itself for the protocol (`nft_set_pktinfo_ipv6`: `IP6_FH_F_AUTH`).
//! - Many other matches answer no where a packet lacks what they look at, and `!` turns that round. Such conditions
//!   stand inside [`Any`](crate::ir::Condition::Any), whose parts count as false where they do not apply.

mod compile;
mod error;
mod fields;
mod grammar;
mod graph;
mod header;
mod ipset;
mod match_options;
mod matches;
mod merge;
mod names;
mod options;
mod save;
mod table;
mod target_options;
mod targets;
mod values;
mod words;

pub use error::XtablesError;
pub use ipset::IpSets;
pub use merge::merge_iptables_nft;
pub use save::read_save;
