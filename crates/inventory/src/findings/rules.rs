//! The list of rules, and the order in which findings are told.

use portreeve_model::Finding;
use portreeve_model::finding::put_in_order;

use super::{Scene, accept_queue, executable, exposure, masquerade, preload, unowned, wiretap};

/// Looks at a scene for one kind of thing. Several findings of one rule are about different owners.
pub type Rule = fn(&Scene<'_>) -> Vec<Finding>;

/// Every rule.
pub const RULES: &[Rule] = &[
    exposure::risky_service,
    executable::deleted,
    executable::memfd,
    executable::world_writable,
    preload::ld_preload,
    preload::ld_so_preload,
    masquerade::kernel_thread,
    masquerade::daemon,
    wiretap::packet_sniffer,
    wiretap::raw_socket,
    unowned::owner_unknown,
    accept_queue::overflow,
];

/// What looks wrong, worst first, then by id and subject.
pub fn findings(scene: &Scene<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = RULES.iter().flat_map(|rule| rule(scene)).collect();
    put_in_order(&mut found);
    found
}
