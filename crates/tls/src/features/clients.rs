//! Certificates of clients: whether the server asks for one, of whom, and whether it goes on without.

use std::future::Future;
use std::pin::Pin;

use portreeve_model::tls::{Evidence, Feature, FeatureGroup, Support};
use portreeve_wire::tls::AlertDescription;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::audit::{Known, Scene};
use crate::client::{Ending, Meeting};

/// As many authorities are told; a server with the whole list of the system has more than a hundred.
const MOST: usize = 200;

/// Asks nothing: both the modern client and every flight have seen it.
pub(super) fn look(scene: &Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + '_>> {
    let port = scene.known.http.as_ref().map(|http| http.status);
    let judged = vec![judge(&scene.known, port)];
    Box::pin(async move { judged })
}

fn judge(known: &Known, status: Option<u16>) -> Feature {
    let modern = known.modern.as_ref();
    let asked_modern = modern.and_then(|met| met.client_certificate.clone());
    let asked_old = known.flights().find_map(|flight| flight.request.as_ref());
    let (support, statement) = match (&asked_modern, modern) {
        (Some(authorities), Some(met)) => (Support::Yes, demanded(met, authorities.len(), status)),
        _ if asked_old.is_some() => (
            Support::Yes,
            "The server asks for a certificate of the client in versions before TLS 1.3.".to_owned(),
        ),
        (None, Some(met)) if met.is_done() => {
            (Support::No, "The server asks for no certificate of the client.".to_owned())
        }
        _ if known.flights().any(|flight| flight.done) => (
            Support::No,
            "The server asks for no certificate of the client before its hello is done.".to_owned(),
        ),
        _ => (
            Support::Inconclusive,
            "No handshake came so far that a certificate would be asked for.".to_owned(),
        ),
    };
    let mut values = asked_modern.unwrap_or_default();
    for name in asked_old.iter().flat_map(|request| &request.authorities).map(|der| authority(der)) {
        if !values.contains(&name) {
            values.push(name);
        }
    }
    values.truncate(MOST);
    let evidence = modern.and_then(|met| met.alert.as_ref()).filter(|_| support == Support::Yes);
    Feature {
        id: "client-certificate".to_owned(),
        title: "Certificate of the client".to_owned(),
        group: FeatureGroup::Clients,
        support,
        statement,
        values,
        evidence: evidence
            .map(|alert| Evidence::server(format!("alert {}", alert.description), &alert.raw))
            .into_iter()
            .collect(),
    }
}

/// What became of a client that has none.
fn demanded(met: &Meeting, authorities: usize, status: Option<u16>) -> String {
    let of = match authorities {
        0 => "of any authority".to_owned(),
        1 => "of one authority".to_owned(),
        count => format!("of {count} authorities"),
    };
    let asked = format!("The server asks for a certificate of the client, {of}");
    match (&met.ending, met.refusal()) {
        (Ending::Alert, Some(AlertDescription::CertificateRequired)) => {
            format!("{asked}, and demands it: without one it ends with certificate_required.")
        }
        (Ending::Alert, Some(alert)) => format!("{asked}, and without one it ends with {alert}."),
        // nginx and others let the handshake pass, and refuse in HTTP.
        (Ending::Done, _) => match status {
            Some(status @ (400 | 401 | 403 | 495 | 496)) => {
                format!("{asked}, goes on without, and answers HTTP with {status}.")
            }
            _ => format!("{asked}, and goes on without."),
        },
        (Ending::Closed | Ending::Reset, _) => format!("{asked}, and without one it closes the connection."),
        _ => format!("{asked}; what becomes of a client without one was not seen."),
    }
}

fn authority(der: &[u8]) -> String {
    match X509Name::from_der(der) {
        Ok((_, name)) => name.to_string(),
        Err(_) => format!("a name of {} bytes that can not be read", der.len()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::client::{Established, Party, SeenAlert};

    use super::*;

    fn met(client_certificate: Option<&[&str]>, alert: Option<AlertDescription>) -> Known {
        let alert = alert.map(|description| SeenAlert {
            from: Party::Server,
            level: None,
            description,
            raw: vec![23, 3, 3, 0, 19],
        });
        let meeting = Meeting {
            name: None,
            established: Established::default(),
            chain: Vec::new(),
            stapled: 0,
            staple: Vec::new(),
            proof: None,
            client_certificate: client_certificate
                .map(|all| all.iter().map(|one| (*one).to_owned()).collect()),
            first: Vec::new(),
            received: 0,
            ending: if alert.is_some() { Ending::Alert } else { Ending::Done },
            alert,
            took: Duration::ZERO,
        };
        Known { modern: Some(meeting), ..Known::default() }
    }

    #[test]
    fn a_server_that_demands_one_and_one_that_does_not_are_told_apart() {
        let demanding = judge(&met(Some(&["CN=Staff"]), Some(AlertDescription::CertificateRequired)), None);
        assert_eq!(
            (demanding.support, demanding.values.as_slice()),
            (Support::Yes, ["CN=Staff".to_owned()].as_slice())
        );
        assert!(demanding.statement.contains("demands it"), "{}", demanding.statement);
        assert_eq!(demanding.evidence.len(), 1);
        let optional = judge(&met(Some(&[]), None), Some(200));
        assert_eq!(
            optional.statement,
            "The server asks for a certificate of the client, of any authority, and goes on without."
        );
        let late = judge(&met(Some(&["CN=A", "CN=B"]), None), Some(400));
        assert!(late.statement.ends_with("of 2 authorities, goes on without, and answers HTTP with 400."));
        assert_eq!(judge(&met(None, None), None).support, Support::No);
        assert_eq!(judge(&Known::default(), None).support, Support::Inconclusive);
    }
}
