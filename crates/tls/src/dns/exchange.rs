//! One question to one name server: by datagram, twice where the first is lost, and over TCP where the answer does not fit.
//!
//! Not by the resolver of the library: that asks without the AD bit, and a validating server then does not say that it validated
//! (RFC 6840, 5.7).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::{Edns, Message, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::stream::{answers, by_stream};

/// As many times a datagram is sent.
const TRIES: u32 = 2;
/// What an answer may be long without being cut into pieces on its way (RFC 9715, 3.1).
const PAYLOAD: u16 = 1232;
/// A message's largest size.
const LARGEST: usize = 65_535;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// None came in time.
    Late,
    /// Something else.
    Other(String),
}

/// A question; none where the name is none.
pub(super) fn question(name: &str, kind: RecordType) -> Option<Message> {
    let mut asked = Name::from_ascii(name).ok().filter(|name| !name.is_root())?;
    asked.set_fqdn(true);
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    // Please tell whether you validated.
    message.metadata.authentic_data = true;
    message.add_query(Query::query(asked, kind));
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD);
    message.set_edns(edns);
    Some(message)
}

/// Asks, waiting `patience` in all by datagram and again over TCP.
pub(super) async fn ask(
    server: SocketAddr,
    question: &Message,
    patience: Duration,
) -> Result<Message, Trouble> {
    let bytes = question.to_vec().map_err(|error| Trouble::Other(error.to_string()))?;
    let mut answer = Err(Trouble::Late);
    for _ in 0..TRIES {
        let tried = timeout(patience / TRIES, by_datagram(server, question, &bytes)).await;
        answer = tried.unwrap_or(Err(Trouble::Late));
        if !matches!(answer, Err(Trouble::Late)) {
            break;
        }
    }
    if !answer.as_ref().is_ok_and(|answer| answer.metadata.truncation) {
        return answer;
    }
    match timeout(patience, by_stream(server, question)).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Trouble::Late),
    }
}

async fn by_datagram(server: SocketAddr, question: &Message, bytes: &[u8]) -> Result<Message, Trouble> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // A connected socket hears nobody else, and learns that nobody listens there.
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = vec![0; LARGEST];
    loop {
        let count = socket.recv(&mut buffer).await?;
        // What can not be read, or answers another question, may be a late or a forged datagram: the right one may still come.
        let read = Message::from_vec(buffer.get(..count).unwrap_or_default());
        if let Some(answer) = read.ok().filter(|answer| answers(question, answer)) {
            return Ok(answer);
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Other(error.to_string())
    }
}
