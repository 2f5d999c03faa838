//! The way of an audit: the first word, what can be agreed on, everything that starts from there, one document.

use std::sync::Arc;

use portreeve_model::finding::put_in_order;
use portreeve_model::tls::{Audit, Outcome, Unreached};

use super::{Endpoint, Greeting, Options, Scene, findings, modern, negotiation};
use crate::checks::{self, Rides};
use crate::client::Ending;
use crate::enumerate::{self, Agreed, Conduct, Met};
use crate::http;
use crate::line::Line;
use crate::{certificates, explain, features, fingerprints};

/// Asks one server everything.
pub async fn audit(endpoint: &Endpoint, options: &Options) -> Audit {
    let line = Arc::new(Line::new(endpoint.address, options.limits, options.patience));
    let greeting = Greeting { server_name: endpoint.server_name.clone(), ..Greeting::default() };
    let mut audit = match Box::pin(enumerate::meet(&line, greeting, Rides::default())).await {
        Met::Unreached(reason, detail) => Audit::unreached(endpoint.told(), reason, detail),
        Met::NotTls(spoken) => Audit::empty(endpoint.told(), Outcome::NotTls { speaks: spoken.to_string() }),
        Met::Opening(opening) => {
            // On the heap: futures of this size do not fit on the stack of a thread of two megabytes.
            let agreed = Box::pin(opening.go_on(&line));
            let (agreed, modern) = tokio::join!(agreed, Box::pin(modern::meet(&line, endpoint, options)));
            match nobody(&agreed.conduct, &modern) {
                Some(outcome) => Audit::empty(endpoint.told(), outcome),
                None => Box::pin(look(endpoint, options, line.clone(), agreed, modern)).await,
            }
        }
    };
    audit.effort = line.effort();
    audit
}

/// How an audit ends where nobody spoke TLS, however it was asked.
fn nobody(conduct: &Conduct, modern: &modern::Modern) -> Option<Outcome> {
    let met = modern.meeting.as_ref().map(|meeting| &meeting.ending);
    if matches!(met, Some(Ending::Done | Ending::Alert)) {
        return None;
    }
    match conduct {
        Conduct::Speaks | Conduct::Refuses(_) | Conduct::Unknown(_) => None,
        Conduct::Silent => Some(Outcome::Unreachable {
            reason: Unreached::TimedOut,
            detail: "the port takes connections, and no hello is answered".to_owned(),
        }),
        Conduct::Closes(how) if how.contains("reset") => Some(Outcome::Unreachable {
            reason: Unreached::Reset,
            detail: format!("every hello is answered with {how}"),
        }),
        Conduct::Closes(how) => Some(Outcome::Unreachable {
            reason: Unreached::Closed,
            detail: format!("every hello is answered with {how}"),
        }),
        Conduct::Unreadable(why) => Some(Outcome::NotTls { speaks: format!("nothing that is TLS: {why}") }),
    }
}

/// Everything that starts from what is known, side by side.
async fn look(
    endpoint: &Endpoint,
    options: &Options,
    line: Arc<Line>,
    agreed: Agreed,
    modern: modern::Modern,
) -> Audit {
    let Agreed { greeting, mut known, .. } = agreed;
    known.modern = modern.meeting;
    known.http = modern.http;
    known.no_http = modern.no_http;
    known.tickets = modern.tickets;
    let mut inconclusive = std::mem::take(&mut known.notes);
    inconclusive.extend(modern.notes);
    let scene = Scene::new(line, greeting, known, endpoint.host.clone(), options.clone());
    let (weaknesses, features, certificates, fingerprints) = tokio::join!(
        Box::pin(checks::run_all(&scene)),
        Box::pin(features::look_at_all(&scene)),
        Box::pin(certificates::report(&scene)),
        Box::pin(fingerprints::report(&scene)),
    );
    let handshakes = Box::pin(explain::explain(&scene)).await;
    let mut audit = Audit {
        handshakes,
        certificates: certificates.chains,
        records: certificates.records,
        fingerprints: fingerprints.made,
        negotiation: negotiation::told(&scene.known),
        http: scene.known.http.clone(),
        weaknesses,
        features,
        ..Audit::empty(endpoint.told(), Outcome::Audited)
    };
    audit.findings = findings::of(&scene, &audit);
    audit.findings.extend(http::findings(&scene, &audit.features));
    audit.findings.extend(certificates.findings);
    put_in_order(&mut audit.findings);
    inconclusive.extend(certificates.inconclusive);
    inconclusive.extend(fingerprints.inconclusive);
    inconclusive.extend(http::open_question(&scene));
    audit.inconclusive = inconclusive;
    let open = findings::open_questions(&audit);
    audit.inconclusive.extend(open);
    if let Some(reason) = scene.line.spent().or_else(|| scene.known.nothing_agreed()) {
        audit.outcome = Outcome::Partial { reason };
    }
    audit
}
