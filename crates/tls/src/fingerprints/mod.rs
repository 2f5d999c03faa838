//! Fingerprints of a server's TLS: short values by which the same software with the same settings is known again.
//!
//! Owns JARM (ten hellos, asked only where it was wished) and JA3S (of a hello that was answered anyway). Refuses databases of what
//! fingerprints belong to whom. A value is told only where every answer it is made of came: half a fingerprint looks like another one.

mod ja3s;
mod jarm;
mod jarm_hellos;

pub use ja3s::ja3s;
pub use jarm::jarm;

use portreeve_model::tls::Fingerprint;

use crate::audit::Scene;

/// Fingerprints, and why one that was wished could not be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Those that were made.
    pub made: Vec<Fingerprint>,
    /// Why others were not: one sentence each.
    pub inconclusive: Vec<String>,
}

/// Makes those that were wished.
pub async fn report(scene: &Scene) -> Report {
    let mut report = Report::default();
    report.made.extend(ja3s(scene).await);
    if scene.options.jarm {
        match jarm(scene).await {
            Ok(made) => report.made.push(made),
            Err(why) => report.inconclusive.push(why),
        }
    }
    report
}
