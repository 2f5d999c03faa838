//! Rulesets and hosts for tests.

use crate::ir::{Backend, Ruleset, Version};
use crate::network::{Network, Prefix};
use crate::read::xtables::{IpSets, read_save};

/// What `iptables-save` would write.
pub(super) fn iptables(text: &str) -> Ruleset {
    let ruleset = read_save(text, Version::V4, Backend::IptablesLegacy, &IpSets::default()).unwrap();
    assert_eq!(ruleset.unread, []);
    ruleset
}

/// `eth0` 192.0.2.10/24 with the default route, `eth1` 10.0.0.1/8.
pub(super) fn host() -> Network {
    Network::described(
        [("eth0", "192.0.2.10".parse().unwrap(), 24), ("eth1", "10.0.0.1".parse().unwrap(), 8)],
        [(Prefix::new("0.0.0.0".parse().unwrap(), 0), Some("192.0.2.1".parse().unwrap()), "eth0")],
    )
}
