//! The host around the rules: interfaces, addresses, routes, policy rules and sysctls of one network namespace, read from the
//! kernel; and what the kernel's routing decides over them.
//!
//! Types here are plain data and go into a snapshot file. Decisions ([`Fib`]) do no I/O and never guess: what depends on state
//! that was not or cannot be read is answered as unknown, with the alternatives.

mod address;
mod bridge;
mod described;
mod fib;
mod interface;
pub mod limits;
mod prefix;
mod read;
mod route;
mod rule;
mod state;
mod sysctls;

pub use address::Address;
pub use bridge::BridgePath;
pub use fib::{
    ArrivalKey, Check, Denial, Fib, FibAddress, FibHook, FibInterface, FibPacket, FibQuery, ForwardKey,
    Frame, IcmpError, InputKey, LocalKind, OutputError, OutputKey, OutputKind, OutputRoute, RerouteKey,
    Routed, Uncertain,
};
pub use interface::{BridgeOptions, Interface, InterfaceFlags, Xdp};
pub use prefix::Prefix;
pub use read::{ReadError, read};
pub use route::{Nexthop, Nexthops, Route, RouteFlags, RouteKind, Scope};
pub use rule::{PortMatch, Rule, RuleAction};
pub use state::{FailedRouter, Membership, Network};
pub use sysctls::{
    BridgeSysctls, ConntrackSysctls, Ipv4Interface, Ipv4Sysctls, Ipv6Interface, Ipv6Sysctls, Sysctls,
};
