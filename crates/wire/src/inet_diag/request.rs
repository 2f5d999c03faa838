//! `struct inet_diag_req_v2`: asking for sockets.

use std::net::IpAddr;

use super::{SocketId, bytecode::Program};
use crate::{
    WireError,
    netlink::{NLM_F_DUMP, NLM_F_REQUEST, RequestBuilder},
    sock_diag::{AddressFamily, Protocol, SOCK_DIAG_BY_FAMILY, StateSet},
};

const INET_DIAG_REQ_BYTECODE: u16 = 1;
const INET_DIAG_REQ_PROTOCOL: u16 = 3;

/// Which optional parts an answer shall have: bit n-1 for attribute n (`idiag_ext`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ExtensionSet(pub u8);

impl ExtensionSet {
    /// Nothing optional.
    pub const NONE: Self = Self(0);
    /// `INET_DIAG_MEMINFO`.
    pub const MEMORY: Self = Self(1 << 0);
    /// `INET_DIAG_INFO`: `tcp_info` or the protocol's counterpart.
    pub const INFO: Self = Self(1 << 1);
    /// `INET_DIAG_VEGASINFO`: details of the congestion control, of whichever it is.
    pub const CONGESTION_DETAILS: Self = Self(1 << 2);
    /// `INET_DIAG_CONG`: name of the congestion control.
    pub const CONGESTION: Self = Self(1 << 3);
    /// `INET_DIAG_TOS`.
    pub const TOS: Self = Self(1 << 4);
    /// `INET_DIAG_TCLASS`; brings `INET_DIAG_CLASS_ID` along.
    pub const TRAFFIC_CLASS: Self = Self(1 << 5);
    /// `INET_DIAG_SKMEMINFO`, with the drop counter.
    pub const SOCKET_MEMORY: Self = Self(1 << 6);
    /// All that can be asked for.
    pub const ALL: Self = Self(0xff);

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// One request: a dump of all that match, or the lookup of one socket.
///
/// ```
/// use portreeve_wire::inet_diag::{ExtensionSet, Request};
/// use portreeve_wire::sock_diag::{AddressFamily, Protocol, StateSet};
///
/// let mut request = Request::dump(AddressFamily::Inet6, Protocol::Tcp);
/// request.states = StateSet::LISTENING;
/// request.extensions = ExtensionSet::INFO.and(ExtensionSet::SOCKET_MEMORY);
/// assert_eq!(request.encode(1)?.len(), 72);
/// # Ok::<(), portreeve_wire::WireError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `Inet` or `Inet6`; kernels answer ENOENT to `Unspecified`, so both families take two dumps.
    pub family: AddressFamily,
    /// The protocol; for raw sockets `Protocol::Raw`.
    pub protocol: Protocol,
    /// `sdiag_raw_protocol`: with `Protocol::Raw`, the IP protocol of the one socket looked up; 0 otherwise.
    pub raw_protocol: u8,
    /// Optional parts wanted.
    pub extensions: ExtensionSet,
    /// States wanted.
    pub states: StateSet,
    /// In a dump: ports other than 0 filter. In a lookup: the socket.
    pub id: SocketId,
    /// The kernel's filter for a dump; `None` lets all pass.
    pub filter: Option<Program>,
    /// `NLM_F_*` bits.
    pub flags: u16,
}

impl Request {
    /// A dump of all sockets of `family` and `protocol`, in all states (bound-only ones included).
    #[must_use]
    pub const fn dump(family: AddressFamily, protocol: Protocol) -> Self {
        Self {
            family,
            protocol,
            raw_protocol: 0,
            extensions: ExtensionSet::NONE,
            states: StateSet::ALL,
            id: SocketId::ANY,
            filter: None,
            flags: NLM_F_REQUEST | NLM_F_DUMP,
        }
    }

    /// The lookup of one socket by both its ends. A listener is found by its own end and remote zeros.
    ///
    /// The kernel answers with one message, or with the error ENOENT.
    #[must_use]
    pub fn exact(protocol: Protocol, id: SocketId) -> Self {
        let family = match id.source {
            IpAddr::V4(_) => AddressFamily::Inet,
            IpAddr::V6(_) => AddressFamily::Inet6,
        };
        Self { id, flags: NLM_F_REQUEST, ..Self::dump(family, protocol) }
    }

    /// The request's bytes. Fails only for a filter too long for an attribute, which [`Program`] rules out.
    pub fn encode(&self, seq: u32) -> Result<Vec<u8>, WireError> {
        let protocol = self.protocol.value();
        // 0 is no protocol's table: a kernel that does not know the attribute answers ENOENT, not with TCP's sockets.
        let short_protocol = u8::try_from(protocol).unwrap_or(0);
        let mut body = vec![self.family.value(), short_protocol, self.extensions.0, self.raw_protocol];
        body.extend_from_slice(&self.states.0.to_ne_bytes());
        self.id.write(&mut body);

        let mut request = RequestBuilder::new(SOCK_DIAG_BY_FAMILY, self.flags, seq);
        request.body(&body);
        if protocol > u16::from(u8::MAX) {
            request.attribute(INET_DIAG_REQ_PROTOCOL, &u32::from(protocol).to_ne_bytes());
        }
        if let Some(filter) = &self.filter {
            request.attribute(INET_DIAG_REQ_BYTECODE, filter.as_bytes());
        }
        request.finish()
    }
}
