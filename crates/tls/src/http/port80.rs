//! What port 80 of a host answers: whether it sends visitors to HTTPS, and whether it changes to TLS in the middle of HTTP.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use portreeve_model::tls::Http;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::ask::request;
use super::{Answer, read_answer};
use crate::audit::Scene;

/// The most that is read.
const MOST: usize = 64 << 10;
/// Port 443 of the host has answered long before: an audit does not wait longer for a port 80 that a firewall keeps silent.
const LONGEST: Duration = Duration::from_secs(2);
/// The request asks for TLS, as RFC 2817, 3.1 has it: a server that does not know it answers as usual.
const UPGRADE: &str = "Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n";

/// The answer of port 80, asked for at most once.
#[derive(Debug, Default)]
pub struct Port80(OnceCell<Plain>);

/// One question over HTTP without encryption, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    /// The port that was asked.
    pub port: u16,
    /// The request.
    pub sent: Vec<u8>,
    /// What came.
    pub received: Vec<u8>,
    /// What it means.
    pub reply: Reply,
}

/// What an unencrypted port says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It answered.
    Http(Http),
    /// It answered, and not HTTP: why not.
    NotHttp(String),
    /// It refuses connections.
    Refused,
    /// No answer, and why: it says nothing about the server.
    None(String),
}

impl Port80 {
    /// The answer, where the target is the HTTPS beside it: port 443, and HTTP is to be spoken.
    pub async fn of(&self, scene: &Scene) -> Option<&Plain> {
        let address = scene.address();
        if !scene.options.http || address.port() != 443 {
            return None;
        }
        let ask = || async {
            let address = SocketAddr::new(address.ip(), 80);
            match scene.line.connection().await {
                Ok(_place) => {
                    let patience = scene.line.patience().answer.min(LONGEST);
                    ask_plain(address, scene.name(), patience).await
                }
                Err(why) => {
                    Plain { port: 80, sent: Vec::new(), received: Vec::new(), reply: Reply::None(why) }
                }
            }
        };
        Some(self.0.get_or_init(ask).await)
    }
}

/// Asks for `/` and for TLS in its stead, over a connection of its own.
pub async fn ask_plain(address: SocketAddr, host: &str, patience: Duration) -> Plain {
    let sent = request(host, address.port(), 80, UPGRADE);
    let mut received = Vec::new();
    let late = || Reply::None(format!("no answer within {:.1} s", patience.as_secs_f64()));
    let reply = match timeout(patience, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            timeout(patience, converse(stream, &sent, &mut received)).await.unwrap_or_else(|_| late())
        }
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Reply::Refused,
        Ok(Err(error)) => Reply::None(error.to_string()),
        Err(_) => late(),
    };
    Plain { port: address.port(), sent, received, reply }
}

async fn converse(mut stream: TcpStream, sent: &[u8], received: &mut Vec<u8>) -> Reply {
    if let Err(error) = stream.write_all(sent).await {
        return Reply::None(error.to_string());
    }
    let mut buffer = vec![0; 4096];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return Reply::None(format!("it closed the connection after {} bytes", received.len())),
            Ok(count) => received.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) => return Reply::None(error.to_string()),
        }
        match read_answer(received) {
            Answer::Head(http) => return Reply::Http(http),
            // What begins as HTTP is no other protocol, however broken.
            Answer::Malformed(why) if received.starts_with(b"HTTP/") => return Reply::None(why),
            Answer::Malformed(why) => return Reply::NotHttp(why),
            Answer::Unfinished if received.len() >= MOST => {
                return Reply::None(format!("the head of its answer has more than {MOST} bytes"));
            }
            Answer::Unfinished => {}
        }
    }
}
