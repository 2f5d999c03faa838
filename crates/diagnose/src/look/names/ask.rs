//! Asking every name server, each by itself and all at once, as the system's resolver would ask one after the other.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_proto::op::Message;
use portreeve_tls::dns::{answers, by_stream};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use super::question::{Checking, question, response};
use crate::facts::{RecordType, Reply, ReplyOutcome, Response};
use crate::look::Budget;

/// A question is put again after this long: a datagram may be lost, and a server that has to ask others needs time.
const AGAIN: Duration = Duration::from_millis(1_100);
/// A datagram's largest payload.
const LARGEST: usize = 65_535;
const SERVER_FAILURE: u16 = 2;

/// Asks each server for each name and for both types of record. Names after the first are asked for only where it gives no address, as a
/// client does.
pub(super) fn all(servers: &[SocketAddr], names: &[String], budget: Budget) -> Vec<Reply> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::warn!(%error, "name servers cannot be asked");
            return Vec::new();
        }
    };
    let until = Instant::now() + budget.wait();
    runtime.block_on(async {
        let mut replies = Vec::new();
        let (first, rest) = names.split_at(names.len().min(1));
        for names in [first, rest] {
            if replies.iter().all(|reply: &Reply| reply.addresses().is_empty()) && Instant::now() < until {
                replies.extend(round(servers, names, until).await);
            }
        }
        replies
    })
}

/// One name after the other, as they are listed; for each the servers in their order.
async fn round(servers: &[SocketAddr], names: &[String], until: Instant) -> Vec<Reply> {
    let mut questions = JoinSet::new();
    let order = names.iter().flat_map(|name| {
        let of = move |server: &SocketAddr| {
            [RecordType::A, RecordType::Aaaa].map(|record| (*server, name.clone(), record))
        };
        servers.iter().flat_map(of)
    });
    for (place, (server, name, record)) in order.enumerate() {
        questions.spawn(async move { (place, ask(server, name, record, until).await) });
    }
    let mut replies = Vec::new();
    while let Some(reply) = questions.join_next().await {
        replies.extend(reply);
    }
    replies.sort_by_key(|(place, _)| *place);
    replies.into_iter().map(|(_, reply)| reply).collect()
}

async fn ask(server: SocketAddr, name: String, record: RecordType, until: Instant) -> Reply {
    let begun = Instant::now();
    let mut outcome = exchange(server, &name, record, Checking::Usual, until).await;
    let took = begun.elapsed();
    if let ReplyOutcome::Answered(response) = &mut outcome
        && response.code == SERVER_FAILURE
    {
        // A server that gives an answer once it need not check signatures fails because of them (RFC 4035, section 3.2.2).
        let unchecked = exchange(server, &name, record, Checking::Disabled, until).await;
        response.bogus = matches!(&unchecked, ReplyOutcome::Answered(answer) if matches!(answer.code, 0 | 3));
    }
    Reply { server, question: name, record, outcome, took }
}

async fn exchange(
    server: SocketAddr,
    name: &str,
    record: RecordType,
    checking: Checking,
    until: Instant,
) -> ReplyOutcome {
    let asked = match question(name, record, checking) {
        Ok(asked) => asked,
        Err(error) => return ReplyOutcome::Garbled(error),
    };
    let Ok(bytes) = asked.to_vec() else {
        return ReplyOutcome::Garbled("the question cannot be written".to_owned());
    };
    let (answer, outcome) = match by_datagram(server, &asked, &bytes, until).await {
        Ok(answer) => (response(&asked, &answer), None),
        Err(outcome) => (Response::default(), Some(outcome)),
    };
    if let Some(outcome) = outcome {
        return outcome;
    }
    if !answer.truncated {
        return ReplyOutcome::Answered(answer);
    }
    let over_tcp = timeout_at(until.into(), by_stream(server, &asked)).await;
    ReplyOutcome::Answered(match over_tcp.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(whole) => response(&asked, &whole),
        Err(error) => Response { tcp_error: Some(error.to_string()), ..answer },
    })
}

/// A connected socket: the errors that routers and the host itself send back come in.
async fn by_datagram(
    server: SocketAddr,
    asked: &Message,
    bytes: &[u8],
    until: Instant,
) -> Result<Message, ReplyOutcome> {
    let unreachable = |error: io::Error| ReplyOutcome::Unreachable(told(&error));
    let any: SocketAddr =
        if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any).await.map_err(unreachable)?;
    socket.connect(server).await.map_err(unreachable)?;
    let mut buffer = vec![0; LARGEST];
    let mut sent = 0;
    let mut garbled = None;
    while Instant::now() < until {
        // What was sent before may be refused here.
        socket.send(bytes).await.map_err(unreachable)?;
        sent += 1;
        let again = (Instant::now() + AGAIN).min(until);
        while let Ok(received) = timeout_at(again.into(), socket.recv(&mut buffer)).await {
            let length = received.map_err(unreachable)?;
            match buffer.get(..length).map(Message::from_vec) {
                Some(Ok(answer)) if answers(asked, &answer) => return Ok(answer),
                Some(Err(error)) => garbled = Some(error.to_string()),
                _ => {}
            }
        }
    }
    Err(garbled.map_or(ReplyOutcome::Silent { sent }, ReplyOutcome::Garbled))
}

/// What the system says, without its number.
fn told(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "port 53 is closed (ICMP port unreachable)".to_owned(),
        io::ErrorKind::NetworkUnreachable => "no route to it (ENETUNREACH)".to_owned(),
        io::ErrorKind::HostUnreachable => "it cannot be reached (EHOSTUNREACH)".to_owned(),
        io::ErrorKind::PermissionDenied => "this host's rules forbid it (EPERM)".to_owned(),
        _ => error.to_string(),
    }
}
