//! `tcp-listen`: TCP listeners.

use super::hold;
use super::sockets::{FULL_BACKLOG, Port, Stack, bind_device, bound, consecutive, local_addresses};
use clap::Args;
use serde_json::json;
use socket2::{Protocol, Socket, Type};
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr};
use std::thread;

/// Listens on TCP. Connections stay in the accept queue unless told otherwise.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen; port 0 lets the kernel choose.
    address: SocketAddr,
    /// Length of the accept queue.
    #[arg(long, default_value_t = FULL_BACKLOG)]
    backlog: i32,
    /// Take IPv6 only, where the address is `[::]`.
    #[arg(long)]
    v6only: bool,
    /// Take what comes in on this device only (`SO_BINDTODEVICE`).
    #[arg(long)]
    device: Option<String>,
    /// Allow other sockets on the same port.
    #[arg(long)]
    reuseport: bool,
    /// How many listeners, on consecutive ports.
    #[arg(long, default_value_t = 1)]
    count: u16,
    /// Accept, and send back what comes in.
    #[arg(long, conflicts_with = "banner")]
    echo: bool,
    /// Accept, send this line, and close.
    #[arg(long)]
    banner: Option<String>,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let port = if self.reuseport { Port::Shared } else { Port::Own };
        let stack = if self.v6only { Stack::OnlyV6 } else { Stack::Dual };
        let mut listeners = Vec::new();
        for address in consecutive(self.address, self.count)? {
            let listener = bound(address, Type::STREAM, Protocol::TCP, port, stack)?;
            bind_device(&listener, self.device.as_deref())?;
            listener.listen(self.backlog)?;
            listeners.push(listener);
        }
        hold::ready("tcp-listen", json!({ "listeners": local_addresses(&listeners)? }))?;
        if self.echo || self.banner.is_some() {
            for listener in &listeners {
                let (listener, banner) = (listener.try_clone()?, self.banner.clone());
                thread::spawn(move || serve(&listener, banner.as_deref()));
            }
        }
        hold::until_stdin_closes()
    }
}

/// A peer that goes away mid-conversation is not this actor's concern.
fn serve(listener: &Socket, banner: Option<&str>) {
    while let Ok((connection, _)) = listener.accept() {
        let greeting = banner.map(|banner| format!("{banner}\r\n"));
        thread::spawn(move || match greeting {
            Some(greeting) => greet(&connection, &greeting),
            None => echo(&connection),
        });
    }
}

/// Reads what the client sends before it closes: unread data would turn the close into a reset.
fn greet(mut connection: &Socket, greeting: &str) {
    drop(connection.write_all(greeting.as_bytes()));
    drop(connection.shutdown(Shutdown::Write));
    drop(io::copy(&mut connection, &mut io::sink()));
}

fn echo(connection: &Socket) {
    drop(io::copy(&mut &*connection, &mut &*connection));
}
