//! What the server says of its rules, kept as raw material for tests of readers.

use std::path::PathBuf;

use portreeve_lab::site::Site;

const CORPUS: &[(&str, &str)] = &[
    ("nft.json", "nft -j -a list ruleset"),
    ("nft.txt", "nft -a list ruleset"),
    ("iptables-nft-save", "iptables-nft-save -c"),
    ("ip6tables-nft-save", "ip6tables-nft-save -c"),
    ("iptables-legacy-save", "iptables-legacy-save -c"),
    ("ip6tables-legacy-save", "ip6tables-legacy-save -c"),
    ("ip_tables_names", "cat /proc/net/ip_tables_names"),
    ("ip6_tables_names", "cat /proc/net/ip6_tables_names"),
    ("ipset-save", "ipset save"),
    ("ip-addr.json", "ip -j addr"),
    ("ip-link.json", "ip -j -d link"),
    ("ip-route.json", "ip -j route show table all"),
    ("ip6-route.json", "ip -6 -j route show table all"),
    ("ip-rule.json", "ip -j rule"),
    ("ip6-rule.json", "ip -6 -j rule"),
    ("sysctl", "sysctl --all --pattern '^net[.](ipv4|ipv6|bridge)[.]' 2>/dev/null"),
];

/// Keeps it, where `PORTREEVE_CORPUS` names a directory.
pub(crate) fn keep(site: &Site) {
    let Some(directory) = std::env::var_os("PORTREEVE_CORPUS") else { return };
    let directory = PathBuf::from(directory).join(site.name());
    std::fs::create_dir_all(&directory).unwrap();
    for (file, command) in CORPUS {
        let output = site.server.run(site.command(command)).unwrap();
        std::fs::write(directory.join(file), output.stdout).unwrap();
    }
}
