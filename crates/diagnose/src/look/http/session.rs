//! A TLS session to ask in: whatever the certificate is worth, which is the layer `tls`'s to say.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use portreeve_tls::client::{Ending, Meeting, Options, Session, handshake};
use url::{Host, Url};

use super::reading::Patient;
use super::request::{Channel, Limits, connect};
use crate::facts::http::Outcome;

impl Patient for Session {
    fn wait_at_most(&mut self, time: Duration) -> io::Result<()> {
        self.set_deadline(Instant::now() + time);
        Ok(())
    }
}

/// Opens a session.
pub(super) fn open(stream: TcpStream, url: &Url, time: Duration) -> Result<Box<dyn Channel>, Outcome> {
    let name = match url.host() {
        Some(Host::Domain(name)) if name.parse::<IpAddr>().is_err() => Some(name),
        _ => None,
    };
    let (meeting, session) = handshake(stream, name, &Options::http(Instant::now() + time));
    match session {
        Some(session) => Ok(Box::new(session)),
        None => Err(Outcome::NoSession(why(&meeting))),
    }
}

/// Whether a handshake stands there.
pub(super) fn stands(to: SocketAddr, url: &Url, limits: Limits) -> bool {
    let time = limits.connect.min(Duration::from_millis(1_200));
    connect(to, time).is_ok_and(|stream| open(stream, url, time).is_ok())
}

/// Whether a session that stands was made for this host.
pub(super) fn is_for(meeting: &Meeting, url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => meeting.name.as_deref() == Some(name),
        _ => meeting.name.is_none(),
    }
}

fn why(meeting: &Meeting) -> String {
    match &meeting.ending {
        Ending::Done => "it ended early".to_owned(),
        Ending::Alert => match meeting.refusal() {
            Some(description) => format!("the server refuses it ({description:?})"),
            None => "it was refused".to_owned(),
        },
        Ending::NotTls(_) => "the server does not speak TLS".to_owned(),
        Ending::Closed => "the server closed the connection".to_owned(),
        Ending::Reset => "the server reset the connection".to_owned(),
        Ending::Timeout => "nothing more came in time".to_owned(),
        Ending::Incompatible(why) | Ending::Failed(why) => why.clone(),
    }
}
