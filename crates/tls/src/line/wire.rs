//! One connection, performed.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use portreeve_model::tls::Unreached;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::Patience;
use crate::exchange::{End, Move, Script, Transcript};
use crate::stream_error::is_gone;

/// Connects and plays. The exchange takes no longer than `longest`, and nothing longer than `left`, whatever the script waits for.
pub(super) async fn play(
    address: SocketAddr,
    patience: Patience,
    longest: Duration,
    left: Duration,
    script: &mut dyn Script,
) -> Transcript {
    let connect = patience.connect.min(left);
    let stream = match timeout(connect, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Transcript::without_connection(not_connected(&error)),
        Err(_) => {
            let detail = format!("no answer within {:.1} s", connect.as_secs_f64());
            return Transcript::without_connection(End::NotConnected(Unreached::TimedOut, detail));
        }
    };
    stream.set_nodelay(true).ok();
    let mut heard = Transcript::default();
    let begun = Instant::now();
    let longest = longest.min(left);
    match timeout(longest, converse(stream, script, &mut heard, begun)).await {
        Ok(end) => heard.finish(end),
        Err(_) if heard.received_length() == 0 => heard.finish(End::Silent(longest)),
        Err(_) => heard.finish(End::TooLong(longest)),
    }
    heard
}

async fn converse(
    mut stream: TcpStream,
    script: &mut dyn Script,
    heard: &mut Transcript,
    begun: Instant,
) -> End {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let (patience, is_pause) = match script.next(heard) {
            Move::Send(bytes) => {
                let written = stream.write_all(&bytes).await;
                heard.say(bytes, begun.elapsed());
                // What the server said before it went is still read.
                if let Err(error) = written
                    && !is_gone(&error)
                {
                    return End::Failed(error.to_string());
                }
                continue;
            }
            Move::Finish => {
                stream.shutdown().await.ok();
                continue;
            }
            Move::Close => return End::Done,
            Move::Listen(patience) => (patience, false),
            Move::Pause(patience) => (patience, true),
        };
        match timeout(patience, stream.read(&mut buffer)).await {
            Ok(Ok(0)) => return End::Closed,
            Ok(Ok(count)) => heard.hear(buffer.get(..count).unwrap_or_default(), begun.elapsed()),
            Ok(Err(error)) if is_gone(&error) => return End::Reset,
            Ok(Err(error)) => return End::Failed(error.to_string()),
            Err(_) if is_pause => heard.hear(&[], begun.elapsed()),
            Err(_) => return End::Silent(patience),
        }
        if let Some(end) = heard.end() {
            return end.clone();
        }
    }
}

fn not_connected(error: &io::Error) -> End {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable, TimedOut};
    let reason = match error.kind() {
        ConnectionRefused => Unreached::Refused,
        ConnectionReset => Unreached::Reset,
        HostUnreachable | NetworkUnreachable => Unreached::NoRoute,
        TimedOut => Unreached::TimedOut,
        _ => Unreached::Failed,
    };
    End::NotConnected(reason, error.to_string())
}
