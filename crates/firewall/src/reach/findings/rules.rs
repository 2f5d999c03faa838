//! The list of rules.

use portreeve_model::Finding;

use super::{
    Scene, contradiction, default_accept, forwarding, ipv6_open, mixed_backends, not_loaded, published_port,
    unreached_listener, unused_opening,
};

/// Looks at a scene for one kind of thing. What has one cause is one finding.
pub type Rule = fn(&Scene<'_>) -> Vec<Finding>;

/// Every rule.
pub const RULES: &[Rule] = &[
    published_port::bypasses_filter,
    ipv6_open::open_where_ipv4_is_closed,
    not_loaded::enabled_but_empty,
    default_accept::no_input_filter,
    forwarding::unfiltered,
    mixed_backends::legacy_beside_nft,
    contradiction::accepted_then_dropped,
    unused_opening::without_listener,
    unreached_listener::nobody_reaches,
];

/// What looks wrong, in no particular order.
pub fn findings(scene: &Scene<'_>) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(scene)).collect()
}
