//! One function per family of decoders. Each must answer to any bytes, and panics where an invariant is broken.
//!
//! `src/bin/drive.rs` calls them with a seeded mutator and needs nothing but a stable toolchain:
//! `cargo run --release -- --seconds 60`. libFuzzer calls them through `fuzz_targets/`; without the address sanitizer,
//! which code that forbids `unsafe` does not need, that too works on stable:
//! `cargo fuzz run --features libfuzzer -s none inet_diag corpus/inet_diag seeds/inet_diag`.

pub mod answers;
pub mod bytecode;
pub mod firewall_snapshot;
pub mod genetlink;
pub mod inet_diag;
pub mod ipset_save;
pub mod iptables_save;
pub mod link_address;
pub mod mutate;
pub mod netfilter_packets;
pub mod netlink_messages;
pub mod nft_json;
pub mod packet;
pub mod pki;
pub mod proc_net;
pub mod proc_process;
pub mod routing;
pub mod tls_annotate;
pub mod tls_answer;
pub mod tls_flight;
pub mod unix_packet_vsock_diag;

/// A target: its name, which is also the name of its seeds' folder, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("netlink_messages", netlink_messages::run),
    ("inet_diag", inet_diag::run),
    ("unix_packet_vsock_diag", unix_packet_vsock_diag::run),
    ("link_address", link_address::run),
    ("netfilter_packets", netfilter_packets::run),
    ("routing", routing::run),
    ("answers", answers::run),
    ("genetlink", genetlink::run),
    ("proc_net", proc_net::run),
    ("proc_process", proc_process::run),
    ("bytecode", bytecode::run),
    ("nft_json", nft_json::run),
    ("iptables_save", iptables_save::run),
    ("ipset_save", ipset_save::run),
    ("packet", packet::run),
    ("firewall_snapshot", firewall_snapshot::run),
    ("tls_annotate", tls_annotate::run),
    ("tls_answer", tls_answer::run),
    ("tls_flight", tls_flight::run),
    ("pki", pki::run),
];

/// Runs the target of this name on `data`; `false` where there is no such target.
#[must_use]
pub fn run(target: &str, data: &[u8]) -> bool {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    if let Some((_, function)) = found {
        function(data);
    }
    found.is_some()
}
