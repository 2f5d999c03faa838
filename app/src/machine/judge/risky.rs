//! What the rules say of services that are risky where others reach them.

use std::net::IpAddr;

use portreeve_firewall::reach::findings;
use portreeve_model::exposure::Exposure;
use portreeve_model::{Finding, NamespaceId, Subject};

use super::Judged;

/// Gives findings that were made by bind address the firewall's word, namespace by namespace.
pub(in crate::machine) fn weigh(found: &mut [Finding], judged: &Judged) {
    for (id, addresses) in &judged.networks {
        let within: Vec<Exposure> =
            judged.exposures.iter().filter(|exposure| exposure.door.namespace == *id).cloned().collect();
        let addresses: &[IpAddr] = addresses;
        findings::weigh(found, &within, addresses);
    }
    let is_judged = |id: NamespaceId| judged.networks.iter().any(|(known, _)| *known == id);
    for finding in found.iter_mut().filter(|finding| finding.id.starts_with("exposure/")) {
        let of = |subject: &Subject| matches!(subject, Subject::Listener { namespace, .. } if !is_judged(*namespace));
        if finding.subjects.iter().any(of) {
            finding.evidence.push("firewall not judged: by bind address alone".to_owned());
        }
    }
}
