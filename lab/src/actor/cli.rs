//! The command line of `portreeve-actor`.

use super::{
    accept_overflow, answer, attempt, bind_only, certificates, close_wait, deleted_exec, holder,
    many_connections, many_listeners, memfd_exec, mptcp_listen, orphan, packet_sniffer, pass_fd, raw, rename,
    share_listener, tcp_connect, tcp_listen, time_wait, tls_serve, udp_bind, udp_connect, udp_send,
    udplite_bind, unix_datagram, unix_listen,
};
use clap::{Parser, Subcommand};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::process::ExitCode;
use std::{env, fs, io};

/// Puts sockets into a named state and holds them there until standard input closes.
#[derive(Parser)]
#[command(name = "portreeve-actor")]
struct Arguments {
    /// Remove the file of the running executable at the start.
    #[arg(long, hide = true)]
    unlink_executable: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    TcpListen(tcp_listen::Arguments),
    TcpConnect(tcp_connect::Arguments),
    UdpBind(udp_bind::Arguments),
    UdpConnect(udp_connect::Arguments),
    UdpSend(udp_send::Arguments),
    UdpliteBind(udplite_bind::Arguments),
    Raw(raw::Arguments),
    BindOnly(bind_only::Arguments),
    TimeWait(time_wait::Arguments),
    Orphan(orphan::Arguments),
    CloseWait(close_wait::Arguments),
    AcceptOverflow(accept_overflow::Arguments),
    ManyConnections(many_connections::Arguments),
    ManyListeners(many_listeners::Arguments),
    ShareListener(share_listener::Arguments),
    #[command(hide = true)]
    ShareListenerChild(share_listener::ChildArguments),
    MemfdExec(memfd_exec::Arguments),
    DeletedExec(deleted_exec::Arguments),
    Rename(rename::Arguments),
    PacketSniffer(packet_sniffer::Arguments),
    MptcpListen(mptcp_listen::Arguments),
    UnixDatagram(unix_datagram::Arguments),
    UnixListen(unix_listen::Arguments),
    PassFd(pass_fd::Arguments),
    Holder(holder::Arguments),
    Answer(answer::Arguments),
    Attempt(attempt::Arguments),
    Certificates(certificates::Arguments),
    TlsServe(tls_serve::Arguments),
}

/// Runs the verb of this process's command line. Exit code 1 and a line on standard error when it fails.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match prepare(&arguments).and_then(|()| arguments.verb.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("portreeve-actor: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Allows as many descriptors as the hard limit does.
fn prepare(arguments: &Arguments) -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    if arguments.unlink_executable {
        fs::remove_file(env::current_exe()?)?;
    }
    Ok(())
}

impl Verb {
    fn run(self) -> io::Result<()> {
        match self {
            Self::TcpListen(arguments) => arguments.run(),
            Self::TcpConnect(arguments) => arguments.run(),
            Self::UdpBind(arguments) => arguments.run(),
            Self::UdpConnect(arguments) => arguments.run(),
            Self::UdpSend(arguments) => arguments.run(),
            Self::UdpliteBind(arguments) => arguments.run(),
            Self::Raw(arguments) => arguments.run(),
            Self::BindOnly(arguments) => arguments.run(),
            Self::TimeWait(arguments) => arguments.run(),
            Self::Orphan(arguments) => arguments.run(),
            Self::CloseWait(arguments) => arguments.run(),
            Self::AcceptOverflow(arguments) => arguments.run(),
            Self::ManyConnections(arguments) => arguments.run(),
            Self::ManyListeners(arguments) => arguments.run(),
            Self::ShareListener(arguments) => arguments.run(),
            Self::ShareListenerChild(arguments) => arguments.run(),
            Self::MemfdExec(arguments) => arguments.run(),
            Self::DeletedExec(arguments) => arguments.run(),
            Self::Rename(arguments) => arguments.run(),
            Self::PacketSniffer(arguments) => arguments.run(),
            Self::MptcpListen(arguments) => arguments.run(),
            Self::UnixDatagram(arguments) => arguments.run(),
            Self::UnixListen(arguments) => arguments.run(),
            Self::PassFd(arguments) => arguments.run(),
            Self::Holder(arguments) => arguments.run(),
            Self::Answer(arguments) => arguments.run(),
            Self::Attempt(arguments) => arguments.run(),
            Self::Certificates(arguments) => arguments.run(),
            Self::TlsServe(arguments) => arguments.run(),
        }
    }
}
