//! Resumption: by session id and by ticket up to TLS 1.2, by ticket in TLS 1.3, and early data there.

use std::future::Future;
use std::pin::Pin;

use portreeve_model::tls::{Evidence, Feature, FeatureGroup, Support};
use portreeve_wire::tls::messages::Ticket;
use portreeve_wire::tls::{ExtensionType, HandshakeType, Version};

use crate::audit::Scene;
use crate::session::modern::{Ended, Modern};
use crate::session::{Absent, Seen, Talk};

/// Looks at all four.
pub(crate) fn look(scene: &Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + '_>> {
    Box::pin(async move {
        let old = async {
            let by_id = scene.sessions.by_id(scene).await;
            let by_ticket = scene.sessions.by_ticket(scene).await;
            let wished = scene.sessions.wished(scene).await;
            vec![session_ids(scene.sessions.whole(scene).await, by_id), tickets(wished, by_ticket)]
        };
        let (old, modern) = futures_util::future::join(old, scene.sessions.modern(scene)).await;
        let new = [resumption_of_tls13(modern), early_data(modern)];
        old.into_iter().chain(new).collect()
    })
}

/// Of the first session, and the one that asked for it by its name.
fn session_ids(whole: &Result<Talk, Absent>, again: &Result<Talk, Absent>) -> Feature {
    let feature = |support, statement: String| {
        feature("session-ids", "Resumption by session ID (RFC 5246)", support, statement)
    };
    let first = match whole {
        Err(absent) => return feature(support_of(absent), sentence(absent.why())),
        Ok(talk) => talk,
    };
    let Some(agreed) = first.first() else {
        return feature(Support::Inconclusive, format!("No session came about: {}.", first.why_not()));
    };
    let version = agreed.version();
    let length = agreed.answer.session_id.len();
    if length == 0 {
        return feature(Support::No, format!("The server gave its session in {version} no ID."));
    }
    let again = match again {
        Err(absent) => return feature(support_of(absent), sentence(absent.why())),
        Ok(talk) => talk,
    };
    let evidence = vec![Evidence::server("the ID of the session", &agreed.answer.session_id)];
    let told = match again.first() {
        Some(second) if second.resumed => feature(
            Support::Yes,
            format!("A second connection in {version} took up the session by its ID of {length} bytes."),
        ),
        Some(_) => feature(
            Support::No,
            format!(
                "The server gave the session an ID of {length} bytes, and made a new one when it was asked for it."
            ),
        ),
        None => feature(
            Support::Inconclusive,
            format!(
                "The connection that asked for the session by its ID did not come to a session: {}.",
                again.why_not()
            ),
        ),
    };
    Feature { evidence, ..told }
}

/// Of the session that would have liked a ticket, and the one that brought it back.
fn tickets(wished: &Result<Talk, Absent>, again: &Result<Talk, Absent>) -> Feature {
    let feature = |support, statement: String| {
        feature("session-tickets", "Resumption by ticket (RFC 5077)", support, statement)
    };
    let wished = match wished {
        Err(absent) => return feature(support_of(absent), sentence(absent.why())),
        Ok(talk) => talk,
    };
    let Some(agreed) = wished.first() else {
        return feature(Support::Inconclusive, format!("No session came about: {}.", wished.why_not()));
    };
    let version = agreed.version();
    if version == Version::Ssl3 {
        return feature(Support::NotApplicable, "SSL 3.0 has no tickets.".to_owned());
    }
    let Some(ticket) = agreed.ticket.as_ref().filter(|ticket| !ticket.ticket.is_empty()) else {
        let did = if agreed.answer.has(ExtensionType::SessionTicket) {
            "gave none"
        } else {
            "did not answer the wish"
        };
        return feature(
            Support::No,
            format!("The client wished for a ticket in {version}; the server {did}."),
        );
    };
    let lives = lifetime(ticket);
    let size = ticket.ticket.len();
    let told = match again {
        Err(absent) => feature(
            Support::Inconclusive,
            format!("The server gave a ticket of {size} bytes, {lives}; it was not used: {}.", absent.why()),
        ),
        Ok(talk) => match talk.first() {
            Some(second) if second.resumed => feature(
                Support::Yes,
                format!(
                    "A second connection in {version} was resumed with the server's ticket of {size} bytes, {lives}."
                ),
            ),
            Some(_) => feature(
                Support::No,
                format!(
                    "The server gave a ticket of {size} bytes, {lives}, and did not take it back on the next connection."
                ),
            ),
            None => feature(
                Support::Inconclusive,
                format!(
                    "The server gave a ticket of {size} bytes, {lives}; the connection that used it did not come to a session: {}.",
                    talk.why_not()
                ),
            ),
        },
    };
    let message = wished.seen.iter().find_map(|seen| match seen {
        Seen::Message(HandshakeType::NewSessionTicket, body) => Some(body.as_slice()),
        _ => None,
    });
    let evidence = vec![Evidence::server("NewSessionTicket", message.unwrap_or(&ticket.ticket))];
    Feature { values: vec![lives], evidence, ..told }
}

fn lifetime(ticket: &Ticket) -> String {
    match ticket.lifetime {
        0 => "no lifetime hint".to_owned(),
        seconds => format!("lifetime hint {seconds} s"),
    }
}

fn resumption_of_tls13(modern: &Modern) -> Feature {
    let feature = |support, statement: String| {
        feature("tls13-resumption", "Resumption in TLS 1.3 (RFC 8446)", support, statement)
    };
    match modern {
        Modern::Absent(absent) => feature(support_of(absent), sentence(absent.why())),
        Modern::Failed(why) => {
            feature(Support::Inconclusive, format!("No session in TLS 1.3 came about: {why}."))
        }
        Modern::NoTicket(Ended::Closed) => feature(
            Support::No,
            "The server gave no ticket before it closed its session in TLS 1.3.".to_owned(),
        ),
        Modern::NoTicket(Ended::Silent(patience)) => feature(
            Support::Inconclusive,
            format!(
                "The server gave no ticket within {:.1} s, and did not close its session in TLS 1.3 either.",
                patience.as_secs_f64()
            ),
        ),
        Modern::Tickets { count, second, .. } => {
            let gave = if *count == 1 { "a ticket".to_owned() } else { format!("{count} tickets") };
            match second {
                Ok(second) if second.resumed => feature(
                    Support::Yes,
                    format!("The server gave {gave}, and a second connection was resumed with one."),
                ),
                Ok(_) => feature(
                    Support::No,
                    format!("The server gave {gave}, and did not take one back on the next connection."),
                ),
                Err(why) => feature(
                    Support::Inconclusive,
                    format!(
                        "The server gave {gave}; the connection that used one did not come to a session: {why}."
                    ),
                ),
            }
        }
    }
}

fn early_data(modern: &Modern) -> Feature {
    let feature = |support, statement: String| {
        feature("early-data", "Early data, 0-RTT (RFC 8446)", support, statement)
    };
    let Modern::Tickets { early_data, second, .. } = modern else {
        let resumption = resumption_of_tls13(modern);
        return feature(resumption.support, resumption.statement);
    };
    if *early_data == 0 {
        return feature(Support::No, "The server's tickets for TLS 1.3 allow no early data.".to_owned());
    }
    let values = vec![format!("{early_data} bytes")];
    let allowed = format!("The server's tickets allow {early_data} bytes of early data");
    let told = match second {
        Ok(second) if second.early == Some(true) => {
            feature(Support::Yes, format!("{allowed}, and it took the offer of some."))
        }
        Ok(_) => feature(Support::Inconclusive, format!("{allowed}, and it refused the offer of some.")),
        Err(why) => feature(
            Support::Inconclusive,
            format!("{allowed}; the connection that offered some failed: {why}."),
        ),
    };
    Feature { values, ..told }
}

fn feature(id: &str, title: &str, support: Support, statement: String) -> Feature {
    Feature {
        id: id.to_owned(),
        title: title.to_owned(),
        group: FeatureGroup::Sessions,
        support,
        statement,
        values: Vec::new(),
        evidence: Vec::new(),
    }
}

pub(super) fn support_of(absent: &Absent) -> Support {
    match absent {
        Absent::NotApplicable(_) => Support::NotApplicable,
        Absent::Withheld(_) => Support::No,
        Absent::NotTried(_) => Support::Inconclusive,
    }
}

/// With a capital letter and a full stop.
pub(super) fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
