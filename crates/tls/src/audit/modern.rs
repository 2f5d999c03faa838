//! The handshake of a modern client: the encrypted certificates of TLS 1.3, application protocols, one question over HTTP.

use std::net::TcpStream;
use std::time::Instant;

use portreeve_model::tls::Http;

use super::{Endpoint, Options};
use crate::client::{self, Meeting, Tickets, handshake};
use crate::http;
use crate::line::Line;

/// What a modern client met.
#[derive(Debug, Default)]
pub(super) struct Modern {
    pub(super) meeting: Option<Meeting>,
    pub(super) http: Option<Http>,
    pub(super) no_http: Option<http::NoAnswer>,
    /// What the server gave to resume with.
    pub(super) tickets: Tickets,
    /// What could not be found out.
    pub(super) notes: Vec<String>,
}

/// Makes the handshake, and asks over HTTP where that is welcome.
pub(super) async fn meet(line: &Line, endpoint: &Endpoint, options: &Options) -> Modern {
    let permit = line.connection().await;
    if let Err(why) = &permit {
        return Modern { notes: vec![format!("No modern client was tried: {why}.")], ..Modern::default() };
    }
    let (endpoint, options) = (endpoint.clone(), options.clone());
    let met = tokio::task::spawn_blocking(move || blocking(&endpoint, &options)).await;
    drop(permit);
    met.unwrap_or_else(|error| Modern {
        notes: vec![format!("The handshake of a modern client failed on this side: {error}.")],
        ..Modern::default()
    })
}

fn blocking(endpoint: &Endpoint, options: &Options) -> Modern {
    let patience = options.patience;
    let stream = match TcpStream::connect_timeout(&endpoint.address, patience.connect) {
        Ok(stream) => stream,
        Err(error) => {
            let note = format!("A modern client got no connection: {error}.");
            return Modern { notes: vec![note], ..Modern::default() };
        }
    };
    let deadline = Instant::now() + patience.longest();
    let tickets = Tickets::default();
    let offers = client::Options::http(deadline).keeping(tickets.clone());
    let (meeting, session) = handshake(stream, endpoint.server_name.as_deref(), &offers);
    let mut modern = Modern { meeting: Some(meeting), tickets, ..Modern::default() };
    if let Some(mut session) = session.filter(|_| options.http) {
        session.set_deadline(Instant::now() + patience.answer);
        let name = endpoint.server_name.as_deref().unwrap_or(&endpoint.host);
        match http::ask(&mut session, name, endpoint.port) {
            Ok(http) => modern.http = Some(http),
            Err(why) => {
                // Why there was no answer is told beside each thing that is not known for it.
                if matches!(why, http::NoAnswer::NotHttp(_)) {
                    modern.notes.push(format!("HTTP: {why}."));
                }
                modern.no_http = Some(why);
            }
        }
    }
    modern
}
