//! Everything about the certificates of one server.

use jiff::Timestamp;
use portreeve_model::Finding;
use portreeve_model::tls::{Records, ServedChain};

use super::findings::{self, Place};
use super::served::{self, Judged, Stores};
use super::{gather, records};
use crate::audit::Scene;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Chains, the one that a modern client gets for the target's name first.
    pub chains: Vec<ServedChain>,
    /// What DNS says of them.
    pub records: Option<Records>,
    /// What is to be mended.
    pub findings: Vec<Finding>,
    /// Questions that have no answer, with the reason.
    pub inconclusive: Vec<String>,
}

/// Reports on the certificates that a server sends: those of the flights that were seen, and those without a name.
pub async fn report(scene: &Scene) -> Report {
    let now = Timestamp::now();
    let stores = Stores { mozilla: &scene.options.mozilla, host: &scene.options.store };
    let offered = gather::offered(scene).await;
    let judged: Vec<Judged> =
        offered.into_iter().filter_map(|offered| served::judge(offered, stores, now)).collect();
    let mut report = Report::default();
    if judged.is_empty() {
        report
            .inconclusive
            .push(format!("No certificate of {} was seen: no handshake came so far.", scene.host));
        return report;
    }
    let place = Place::Server { address: scene.address(), name: scene.greeting.server_name.clone() };
    // What a client without a name gets is seldom meant for anybody: it is told, and nothing is demanded of it.
    let for_target = |one: &&Judged| one.served.name.is_some();
    for one in judged.iter().filter(for_target) {
        report.findings.extend(findings::of(one, &place, now));
    }
    if let Some(told) = records::ask(scene, &judged, &mut report.findings).await {
        report.inconclusive.extend(told.unanswered.iter().cloned());
        report.records = Some(told);
    }
    findings::once(&mut report.findings);
    report.chains = judged.into_iter().map(|one| one.served).collect();
    report
}
