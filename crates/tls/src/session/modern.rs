//! Resumption in TLS 1.3, and data before the handshake is over (0-RTT): by rustls, whose tickets are kept here.
//!
//! No data is sent: a server shows whether it takes early data by its answer to the offer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portreeve_model::tls::Support;
use portreeve_wire::tls::Version;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::sessions::Absent;
use crate::audit::Scene;
use crate::client::{self, Meeting, Tickets, configure};
use crate::stream_error::{is_gone, told_by_library};

/// More reads than any handshake takes.
const READS: usize = 200;

/// What came of two sessions of TLS 1.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Modern {
    /// They were not tried.
    Absent(Absent),
    /// The first did not go through: why.
    Failed(String),
    /// It went through, and brought nothing to resume with: how it ended.
    NoTicket(Ended),
    /// It brought tickets.
    Tickets {
        /// How many.
        count: usize,
        /// Bytes of early data that they allow.
        early_data: u32,
        /// What came of the second; or why it did not go through.
        second: Result<Second, String>,
    },
}

/// The session that takes up the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Second {
    /// The server took the ticket.
    pub resumed: bool,
    /// It took early data; none where its tickets do not allow any.
    pub early: Option<bool>,
}

/// How a session ended that was given up by this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server closed it, too: everything that it had to say was said.
    Closed,
    /// The server said nothing for so long.
    Silent(Duration),
}

impl Modern {
    /// Of a server.
    pub(super) async fn of(scene: &Scene) -> Self {
        match scene.known.version(Version::Tls13).map(|one| one.support) {
            Some(Support::Yes) => {}
            Some(Support::Inconclusive) => {
                let why = "whether TLS 1.3 is spoken is not known";
                return Self::Absent(Absent::NotTried(why.to_owned()));
            }
            _ => {
                let why = "the server does not speak TLS 1.3";
                return Self::Absent(Absent::NotApplicable(why.to_owned()));
            }
        }
        // The handshake of the modern client has brought some, perhaps.
        let tickets = scene.known.tickets.clone();
        let asked_for_http = client::Options::http(Instant::now()).keeping(tickets.clone());
        if scene.known.modern.as_ref().is_none_or(Meeting::is_done) {
            match Self::with(scene, &asked_for_http, &tickets).await {
                Self::Failed(_) => {}
                modern => return modern,
            }
        }
        // There are servers that do not get over a list of application protocols.
        Self::with(scene, &client::Options::plain(Instant::now()).keeping(tickets.clone()), &tickets).await
    }

    async fn with(scene: &Scene, options: &client::Options, tickets: &Tickets) -> Self {
        let config = match configure(options) {
            Ok((config, _)) => config,
            Err(error) => return Self::Failed(error.to_string()),
        };
        if tickets.count() == 0 {
            match meet(scene, &config, Some(tickets)).await {
                Ok(first) if tickets.count() == 0 => return Self::NoTicket(first.ended),
                Ok(_) => {}
                Err(why) => return Self::Failed(why),
            }
        }
        let (count, early_data) = (tickets.count(), tickets.early_data());
        let second = meet(scene, &config, None)
            .await
            .map(|met| Second { resumed: met.resumed, early: (early_data > 0).then_some(met.early) });
        Self::Tickets { count, early_data, second }
    }
}

/// One session, over.
struct Met {
    resumed: bool,
    early: bool,
    ended: Ended,
}

/// Holds a session: the handshake, a farewell, and, where tickets are wanted, what the server still says: one that gives tickets does so
/// before it answers the farewell.
async fn meet(scene: &Scene, config: &Arc<ClientConfig>, tickets: Option<&Tickets>) -> Result<Met, String> {
    let patience = scene.line.patience();
    let _place = scene.line.connection().await?;
    let connecting = timeout(patience.connect, TcpStream::connect(scene.address())).await;
    let stream = connecting.map_err(|_| "no connection came about in time".to_owned())?;
    let mut stream = stream.map_err(|error| format!("no connection came about: {error}"))?;
    stream.set_nodelay(true).ok();
    let name = client::server_name(scene.greeting.server_name.as_deref(), scene.address().ip());
    let mut connection = ClientConnection::new(config.clone(), name).map_err(|error| error.to_string())?;
    let mut bid_farewell = false;
    for _ in 0..READS {
        if !connection.is_handshaking() && !bid_farewell {
            if connection.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
                return Err("the server chose another version than TLS 1.3".to_owned());
            }
            connection.send_close_notify();
            bid_farewell = true;
        }
        send(&mut connection, &mut stream).await?;
        let met = |connection: &ClientConnection, ended| Met {
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            early: connection.is_early_data_accepted(),
            ended,
        };
        if bid_farewell && tickets.is_none_or(|tickets| tickets.count() > 0) {
            return Ok(met(&connection, Ended::Closed));
        }
        match receive(&mut connection, &mut stream, patience.answer).await? {
            Received::More => {}
            Received::End if bid_farewell => return Ok(met(&connection, Ended::Closed)),
            Received::Silence if bid_farewell => return Ok(met(&connection, Ended::Silent(patience.answer))),
            Received::End => return Err("the server closed the connection during the handshake".to_owned()),
            Received::Silence => {
                return Err(format!("the server said nothing for {:.1} s", patience.answer.as_secs_f64()));
            }
        }
    }
    Err(format!("the handshake was not over after {READS} reads"))
}

enum Received {
    More,
    End,
    Silence,
}

async fn send(connection: &mut ClientConnection, stream: &mut TcpStream) -> Result<(), String> {
    let mut bytes = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut bytes).map_err(|error| error.to_string())?;
    }
    match stream.write_all(&bytes).await {
        Ok(()) => Ok(()),
        // What the server said before it went is still read.
        Err(error) if is_gone(&error) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

async fn receive(
    connection: &mut ClientConnection,
    stream: &mut TcpStream,
    patience: Duration,
) -> Result<Received, String> {
    let mut buffer = vec![0; 16 << 10];
    let count = match timeout(patience, stream.read(&mut buffer)).await {
        Err(_) => return Ok(Received::Silence),
        Ok(Ok(0)) => return Ok(Received::End),
        Ok(Ok(count)) => count,
        Ok(Err(error)) if is_gone(&error) => return Ok(Received::End),
        Ok(Err(error)) => return Err(error.to_string()),
    };
    let mut bytes = buffer.get(..count).unwrap_or_default();
    while !bytes.is_empty() {
        match connection.read_tls(&mut bytes) {
            Ok(0) => return Ok(Received::End),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
        let state = connection.process_new_packets().map_err(|error| told_by_library(&error))?;
        if state.peer_has_closed() {
            return Ok(Received::End);
        }
    }
    Ok(Received::More)
}
