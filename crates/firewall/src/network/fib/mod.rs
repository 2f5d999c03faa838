//! The routing decisions of the kernel as pure functions over a [`super::Network`].
//!
//! Source of the rules: `net/ipv4/{route,fib_frontend,fib_trie,fib_semantics,fib_rules,ip_forward}.c`,
//! `net/ipv6/{route,ip6_fib,fib6_rules,ip6_input,ip6_output}.c` and `net/core/fib_rules.c` of Linux 6.18. Each rule here names
//! its function.
//!
//! Not seen, and therefore assumed absent: policies of `IPsec` and packets that came through it (they skip source validation),
//! cached routes (redirects and path MTU), and routes that sockets of established connections carry (`ip_early_demux`: their
//! packets skip routing on input).

mod address_type;
mod address_v6;
mod checks;
mod choice_v4;
mod device;
mod expression;
mod flow;
mod index;
mod input_v4;
mod input_v6;
mod key;
mod outcome;
mod output_v4;
mod output_v6;
mod policy;
mod reroute;
mod source_v4;
mod source_v6;
mod table_v4;
mod table_v6;

pub use expression::{FibAddress, FibHook, FibInterface, FibPacket, FibQuery};
pub use index::Fib;
pub use key::{ArrivalKey, ForwardKey, Frame, InputKey, OutputKey, RerouteKey};
pub use outcome::{
    Check, Denial, IcmpError, LocalKind, OutputError, OutputKind, OutputRoute, Routed, Uncertain,
};
