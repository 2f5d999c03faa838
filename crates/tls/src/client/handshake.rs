//! The handshake.

use std::io;
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, Instant};

use portreeve_wire::tls::{Alert, AlertDescription, Records};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Error, HandshakeKind, ProtocolVersion};

use super::config::{Options, Recorder, configure};
use super::meeting::{Ending, Established, Meeting, Party, SeenAlert};
use super::session::Session;
use crate::spoken;
use crate::stream_error::{is_gone, told_by_library};
use crate::wire_tap::WireTap;

/// In TLS 1.3 a server that misses a client certificate says so only after the client is done; one round trip, and time to think.
const SECOND_THOUGHTS: Duration = Duration::from_millis(400);

/// Makes a handshake over a connected socket, and tells how it went; a session where it went through.
pub fn handshake(stream: TcpStream, name: Option<&str>, options: &Options) -> (Meeting, Option<Session>) {
    let begun = Instant::now();
    let mut wire = WireTap::new(stream, options.deadline);
    let prepared = configure(options).and_then(|(config, recorder)| {
        let address = wire.stream().peer_addr().map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.ip());
        let name = server_name(name, address);
        ClientConnection::new(config, name).map(|connection| (connection, recorder))
    });
    let (mut connection, recorder) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return (Meeting::ended(name, Ending::Failed(error.to_string())), None),
    };
    let mut end = drive(&mut connection, &mut wire);
    let took = begun.elapsed();
    if end.0 == Ending::Done && recorder.was_asked() {
        end = second_thoughts(&mut connection, &mut wire, options.deadline);
    }
    let met = meeting(name, &connection, &recorder, &wire, end, took);
    let session = met.is_done().then(|| Session { connection: Box::new(connection), wire });
    (met, session)
}

/// How it ended, and the alert that ended it.
type End = (Ending, Option<SeenAlert>);

fn drive(connection: &mut ClientConnection, wire: &mut WireTap) -> End {
    while connection.is_handshaking() || connection.wants_write() {
        while connection.wants_write() {
            if let Err(error) = connection.write_tls(wire) {
                // A server that refuses may have said why before it closed: what it said is read.
                if !is_gone(&error) {
                    return (after(&error), None);
                }
                break;
            }
        }
        if connection.is_handshaking()
            && let Err(end) = receive(connection, wire)
        {
            return end;
        }
    }
    (Ending::Done, None)
}

/// Waits a moment for an alert about the client certificate that was not there.
fn second_thoughts(connection: &mut ClientConnection, wire: &mut WireTap, deadline: Instant) -> End {
    wire.set_deadline(deadline.min(Instant::now() + SECOND_THOUGHTS));
    let end = match receive(connection, wire) {
        // A ticket, or data: the server goes on.
        Ok(()) | Err((Ending::Timeout, _)) => (Ending::Done, None),
        Err(end) => end,
    };
    wire.set_deadline(deadline);
    end
}

/// Reads once, and understands what came.
fn receive(connection: &mut ClientConnection, wire: &mut WireTap) -> Result<(), End> {
    match connection.read_tls(wire) {
        Ok(0) => Err((not_tls(wire).unwrap_or(Ending::Closed), None)),
        Ok(_) => {
            connection.process_new_packets().map(drop).map_err(|error| refused(&error, connection, wire))
        }
        Err(error) => Err((not_tls(wire).unwrap_or_else(|| after(&error)), None)),
    }
}

/// What an error of the library means; tells the server, too.
fn refused(error: &Error, connection: &mut ClientConnection, wire: &mut WireTap) -> End {
    if let Error::AlertReceived(description) = error {
        let plain = Records::new(wire.last()).find_map(|record| Alert::of(&record));
        let description = AlertDescription::from(u8::from(*description));
        let level = plain.filter(|alert| alert.description == description).map(|alert| alert.level);
        let raw = wire.last().get(..wire.last().len().min(64)).unwrap_or_default().to_vec();
        return (Ending::Alert, Some(SeenAlert { from: Party::Server, level, description, raw }));
    }
    // The alert of ours; whether it arrives is the server's concern.
    connection.write_tls(wire).ok();
    let ours = Records::new(wire.sent()).find_map(|record| Alert::of(&record)).map(|alert| SeenAlert {
        from: Party::Client,
        level: Some(alert.level),
        description: alert.description,
        raw: wire.sent().to_vec(),
    });
    (not_tls(wire).unwrap_or_else(|| Ending::Incompatible(told_by_library(error))), ours)
}

fn not_tls(wire: &WireTap) -> Option<Ending> {
    spoken::recognise(wire.first()).map(Ending::NotTls)
}

fn after(error: &io::Error) -> Ending {
    match error.kind() {
        io::ErrorKind::TimedOut => Ending::Timeout,
        _ if is_gone(error) => Ending::Reset,
        _ => Ending::Failed(error.to_string()),
    }
}

/// The name that is asked for. Without one, or with one that is no name, the address, which is never sent (RFC 6066, 3).
pub(crate) fn server_name(name: Option<&str>, address: IpAddr) -> ServerName<'static> {
    let named = name.and_then(|name| ServerName::try_from(name.trim_end_matches('.').to_owned()).ok());
    named.unwrap_or_else(|| ServerName::IpAddress(address.into()))
}

fn meeting(
    name: Option<&str>,
    connection: &ClientConnection,
    recorder: &Recorder,
    wire: &WireTap,
    (ending, alert): End,
    took: Duration,
) -> Meeting {
    let seen = recorder.take();
    Meeting {
        name: name.map(str::to_owned),
        established: established(connection),
        chain: seen.chain,
        stapled: seen.staple.len(),
        staple: seen.staple,
        proof: seen.proof,
        client_certificate: seen.client_certificate,
        first: wire.first().to_vec(),
        received: wire.received(),
        alert,
        ending,
        took,
    }
}

fn established(connection: &ClientConnection) -> Established {
    let version = connection.protocol_version().map(|version| match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        other => format!("{other:?}"),
    });
    Established {
        version,
        suite: connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite())),
        group: connection.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
        alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
    }
}
