//! The list of rules, and the order in which findings are told.

use std::cmp::Reverse;

use portreeve_model::Finding;
use portreeve_model::text::make_clean;

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
    for finding in &mut found {
        let sentences = finding.evidence.iter_mut().chain(&mut finding.fix).chain(&mut finding.reproduce);
        sentences.chain([&mut finding.title, &mut finding.reason]).for_each(make_clean);
        finding.subjects.sort();
        finding.subjects.dedup();
    }
    found.sort_by(|a, b| {
        (Reverse(a.severity), &a.id, &a.subjects, &a.title).cmp(&(
            Reverse(b.severity),
            &b.id,
            &b.subjects,
            &b.title,
        ))
    });
    found
}
