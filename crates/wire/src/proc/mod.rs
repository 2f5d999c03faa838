//! Text of `/proc` (and of `/etc/passwd`): pure parsers over bytes.
//!
//! Tables are walked line by line and leniently: a line that cannot be read becomes an `Err` with its number, and
//! the others are kept. Names and paths stay bytes, because nothing obliges them to be UTF-8.

mod cgroup;
mod command_line;
mod conntrack_stat;
mod fd_link;
mod line;
mod mountinfo;
mod net_inet;
mod net_packet;
mod net_sctp;
mod net_unix;
mod netstat;
mod passwd;
mod ports;
mod stat;
mod status;

pub use cgroup::{CgroupLine, cgroups};
pub use command_line::{Arguments, arguments, environment_value};
pub use conntrack_stat::{ConntrackStat, conntrack_stat};
pub use fd_link::FdTarget;
pub use line::{LineError, Lines, Problem};
pub use mountinfo::{Mount, mounts};
pub use net_inet::{InetFamily, InetRow, InetRows, inet_rows};
pub use net_packet::{PacketRow, packet_rows};
pub use net_sctp::{SctpAddressList, SctpAssociation, SctpEndpoint, sctp_associations, sctp_endpoints};
pub use net_unix::{UnixRow, unix_rows};
pub use netstat::{Counter, counters, counters6};
pub use passwd::{PasswdEntry, passwd_entries};
pub use ports::{PortRanges, port_range, port_ranges};
pub use stat::Stat;
pub use status::{Identities, NamespacePids, Status};
