//! What `-p`, `-o`, `-e` and `-m` add to a socket's line, spelled as `ss` spells it (iproute2 `misc/ss.c`), so that
//! scripts and eyes trained on `ss` keep working.

use std::fmt::{self, Display};

use portreeve_model::socket::{Ground, LikelyOwner};
use portreeve_model::{Holder, NoHolder, Socket, SocketMemory, Timer};

use crate::engine::{Details, OwnerDetail};

/// Everything that may stand beside the row, each part after a blank.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The socket.
    pub socket: &'a Socket,
    /// What was asked for.
    pub details: Details,
}

impl Display for Beside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { socket, details } = self;
        let mut blank = "";
        if details.owners != OwnerDetail::None && has_owner(socket) {
            write!(f, "{}", OwnerCell(socket))?;
            blank = " ";
        }
        if let (true, Some(timer)) = (details.timers, &socket.timer) {
            write!(f, "{blank}{}", TimerCell(*timer))?;
            blank = " ";
        }
        if details.extended {
            extended(f, socket, blank)?;
        }
        Ok(())
    }
}

/// Whether the socket's line says anything of its owner. `TIME_WAIT` and handshakes are named by the state column.
fn has_owner(socket: &Socket) -> bool {
    !socket.holders.is_empty()
        || socket.likely_owner.is_some()
        || !matches!(socket.no_holder, None | Some(NoHolder::TimeWait | NoHolder::Handshake))
}

/// `users:(("nginx",pid=812,fd=6))`; where nobody holds the socket, why, and who probably left it.
struct OwnerCell<'a>(&'a Socket);

impl Display for OwnerCell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.holders.is_empty() {
            f.write_str("users:(")?;
            for (place, Holder { name, pid, fd }) in self.0.holders.iter().enumerate() {
                let comma = if place == 0 { "" } else { "," };
                write!(f, r#"{comma}("{name}",pid={pid},fd={fd})"#)?;
            }
            return f.write_str(")");
        }
        let silent = matches!(self.0.no_holder, None | Some(NoHolder::TimeWait | NoHolder::Handshake));
        if let (false, Some(why)) = (silent, self.0.no_holder) {
            write!(f, "({})", why.phrase())?;
        }
        if let Some(LikelyOwner { name, pid, ground }) = &self.0.likely_owner {
            let blank = if silent { "" } else { " " };
            let ground = match ground {
                Ground::ListenerOnLocalPort => "listener",
                Ground::LiveConnectionsToSamePeer => "same-peer",
            };
            write!(f, r#"{blank}likely:(("{name}",pid={pid},by={ground}))"#)?;
        }
        Ok(())
    }
}

struct TimerCell(Timer);

impl Display for TimerCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Timer { kind, expires_ms, retransmits } = self.0;
        write!(f, "timer:({},{},{retransmits})", kind.name(), Remaining(expires_ms))
    }
}

/// Time left, coarser the longer it is: `1min2sec`, `59sec`, `5.120ms` for 5.12 s, `200ms` (`print_ms_timer`).
struct Remaining(u32);

impl Display for Remaining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all_seconds, milliseconds) = (self.0 / 1000, self.0 % 1000);
        let (minutes, seconds) = (all_seconds / 60, all_seconds % 60);
        if minutes > 0 {
            write!(f, "{minutes}min")?;
            return if minutes <= 9 && seconds > 0 { write!(f, "{seconds}sec") } else { Ok(()) };
        }
        match (seconds, milliseconds) {
            (0, _) => write!(f, "{milliseconds:03}ms"),
            (1..=9, 1..) => write!(f, "{seconds}.{milliseconds:03}ms"),
            _ => write!(f, "{seconds}sec"),
        }
    }
}

fn extended(f: &mut fmt::Formatter<'_>, socket: &Socket, mut blank: &str) -> fmt::Result {
    // ss leaves the uid of root out; here 0 is told too, since absence means "not known".
    if let Some(uid) = socket.uid {
        write!(f, "{blank}uid:{uid}")?;
        blank = " ";
    }
    write!(f, "{blank}ino:{} sk:{:x}", socket.inode, socket.cookie)?;
    if let Some(mark) = socket.mark {
        write!(f, " fwmark:0x{mark:x}")?;
    }
    if let Some(cgroup) = &socket.cgroup {
        write!(f, " cgroup:{cgroup}")?;
    }
    if let Some(v6only) = socket.v6only {
        write!(f, " v6only:{}", u8::from(v6only))?;
    }
    if let Some(shutdown) = socket.shutdown {
        let receive = if shutdown & 1 == 0 { '<' } else { '-' };
        let send = if shutdown & 2 == 0 { '>' } else { '-' };
        write!(f, " {receive}-{send}")?;
    }
    Ok(())
}

/// `skmem:(r0,rb131072,...)`.
#[derive(Clone, Copy, Debug)]
pub struct MemoryCell<'a>(pub &'a SocketMemory);

impl Display for MemoryCell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.0;
        write!(
            f,
            "skmem:(r{},rb{},t{},tb{},f{},w{},o{},bl{},d{})",
            memory.receive_allocated,
            memory.receive_buffer,
            memory.send_allocated,
            memory.send_buffer,
            memory.forward_allocated,
            memory.send_queued,
            memory.options,
            memory.backlog,
            memory.drops
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Remaining;

    #[test]
    fn time_left_is_spelled_as_in_ss() {
        for (milliseconds, text) in [
            (62_000, "1min2sec"),
            (60_000, "1min"),
            (7_199_000, "119min"),
            (59_999, "59sec"),
            (5_123, "5.123ms"),
            (5_000, "5sec"),
            (200, "200ms"),
            (0, "000ms"),
        ] {
            assert_eq!(Remaining(milliseconds).to_string(), text);
        }
    }
}
