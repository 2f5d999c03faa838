//! The optional parts of an answer (`INET_DIAG_*` attributes).
//!
//! One damaged part must not cost the socket: parts are read one by one, and what could not be read is counted.

use std::net::IpAddr;

use super::{BbrInfo, DctcpInfo, Memory, MptcpInfo, SocketOptions, TcpInfo, UpperLayer, VegasInfo};
use crate::{
    WireError,
    cursor::Cursor,
    netlink::{Attribute, Attributes},
    sock_diag::{Protocol, Shutdown, SocketMemory},
};

const INET_DIAG_MEMINFO: u16 = 1;
const INET_DIAG_INFO: u16 = 2;
const INET_DIAG_VEGASINFO: u16 = 3;
const INET_DIAG_CONG: u16 = 4;
const INET_DIAG_TOS: u16 = 5;
const INET_DIAG_TCLASS: u16 = 6;
const INET_DIAG_SKMEMINFO: u16 = 7;
const INET_DIAG_SHUTDOWN: u16 = 8;
const INET_DIAG_DCTCPINFO: u16 = 9;
const INET_DIAG_PROTOCOL: u16 = 10;
const INET_DIAG_SKV6ONLY: u16 = 11;
const INET_DIAG_LOCALS: u16 = 12;
const INET_DIAG_PEERS: u16 = 13;
const INET_DIAG_PAD: u16 = 14;
const INET_DIAG_MARK: u16 = 15;
const INET_DIAG_BBRINFO: u16 = 16;
const INET_DIAG_CLASS_ID: u16 = 17;
const INET_DIAG_MD5SIG: u16 = 18;
const INET_DIAG_ULP_INFO: u16 = 19;
const INET_DIAG_CGROUP_ID: u16 = 21;
const INET_DIAG_SOCKOPT: u16 = 22;

/// The optional parts of one socket. A part is `None` where the kernel did not send it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extensions<'a> {
    /// `INET_DIAG_MEMINFO`.
    pub memory: Option<Memory>,
    /// `INET_DIAG_SKMEMINFO`: memory with the drop counter.
    pub socket_memory: Option<SocketMemory>,
    /// `INET_DIAG_INFO`, undecoded because its type hangs on the protocol: see [`Extensions::tcp_info`].
    pub info: Option<&'a [u8]>,
    /// `INET_DIAG_CONG`: name of the congestion control.
    pub congestion: Option<&'a str>,
    /// `INET_DIAG_VEGASINFO`.
    pub vegas: Option<VegasInfo>,
    /// `INET_DIAG_DCTCPINFO`.
    pub dctcp: Option<DctcpInfo>,
    /// `INET_DIAG_BBRINFO`.
    pub bbr: Option<BbrInfo>,
    /// `INET_DIAG_TOS`: the IPv4 type-of-service byte.
    pub tos: Option<u8>,
    /// `INET_DIAG_TCLASS`: the IPv6 traffic class.
    pub traffic_class: Option<u8>,
    /// `INET_DIAG_CLASS_ID`: `net_cls` class, or `SO_PRIORITY` without one.
    pub class_id: Option<u32>,
    /// `INET_DIAG_SHUTDOWN`.
    pub shutdown: Option<Shutdown>,
    /// `INET_DIAG_PROTOCOL`: the IP protocol of a raw socket.
    pub protocol: Option<Protocol>,
    /// `INET_DIAG_SKV6ONLY`: an IPv6 socket that takes no IPv4. Sent for listening and unconnected sockets.
    pub v6_only: Option<bool>,
    /// `INET_DIAG_MARK`: `SO_MARK`; needs `CAP_NET_ADMIN`.
    pub mark: Option<u32>,
    /// `INET_DIAG_CGROUP_ID`: inode of the socket's cgroup in the v2 hierarchy.
    pub cgroup_id: Option<u64>,
    /// `INET_DIAG_SOCKOPT`.
    pub options: Option<SocketOptions>,
    /// `INET_DIAG_ULP_INFO`: TLS or MPTCP on top; needs `CAP_NET_ADMIN` for the details.
    pub upper_layer: Option<UpperLayer<'a>>,
    /// `INET_DIAG_MD5SIG` was sent: peers are authenticated by TCP-MD5 keys.
    pub md5_signed: bool,
    /// `INET_DIAG_LOCALS`: the local addresses of an SCTP endpoint.
    pub locals: SctpAddresses<'a>,
    /// `INET_DIAG_PEERS`: the remote addresses of an SCTP association.
    pub peers: SctpAddresses<'a>,
    /// Attributes this module does not know.
    pub unknown: u16,
    /// Attributes known but not readable, and the first reason.
    pub damaged: Option<(u16, WireError)>,
}

impl<'a> Extensions<'a> {
    /// Reads all attributes in one pass.
    #[must_use]
    pub fn decode(attributes: Attributes<'a>) -> Self {
        let mut extensions = Self::default();
        for attribute in attributes {
            if let Err(error) = attribute.and_then(|attribute| extensions.take(&attribute)) {
                let (count, first) = extensions.damaged.unwrap_or((0, error));
                extensions.damaged = Some((count.saturating_add(1), first));
            }
        }
        extensions
    }

    /// `INET_DIAG_INFO` of a TCP socket.
    #[must_use]
    pub fn tcp_info(&self) -> Option<Result<TcpInfo, WireError>> {
        self.info.map(TcpInfo::decode)
    }

    /// `INET_DIAG_INFO` of an MPTCP socket.
    #[must_use]
    pub fn mptcp_info(&self) -> Option<Result<MptcpInfo, WireError>> {
        self.info.map(MptcpInfo::decode)
    }

    fn take(&mut self, attribute: &Attribute<'a>) -> Result<(), WireError> {
        let payload = attribute.payload;
        match attribute.kind {
            INET_DIAG_MEMINFO => self.memory = Some(Memory::decode(payload)?),
            INET_DIAG_INFO => self.info = Some(payload),
            INET_DIAG_VEGASINFO => self.vegas = Some(VegasInfo::decode(payload)?),
            INET_DIAG_CONG => self.congestion = Some(attribute.str()?),
            INET_DIAG_TOS => self.tos = Some(attribute.u8()?),
            INET_DIAG_TCLASS => self.traffic_class = Some(attribute.u8()?),
            INET_DIAG_SKMEMINFO => self.socket_memory = Some(SocketMemory::decode(payload)?),
            INET_DIAG_SHUTDOWN => self.shutdown = Some(Shutdown(attribute.u8()?)),
            INET_DIAG_DCTCPINFO => self.dctcp = Some(DctcpInfo::decode(payload)?),
            // One byte from raw sockets; kernels may widen it.
            INET_DIAG_PROTOCOL => {
                self.protocol =
                    Some(Protocol::from(attribute.u8().map(u16::from).or_else(|_| attribute.u16())?));
            }
            INET_DIAG_SKV6ONLY => self.v6_only = Some(attribute.u8()? != 0),
            INET_DIAG_LOCALS => self.locals = SctpAddresses(payload),
            INET_DIAG_PEERS => self.peers = SctpAddresses(payload),
            INET_DIAG_PAD => {}
            INET_DIAG_MARK => self.mark = Some(attribute.u32()?),
            INET_DIAG_BBRINFO => self.bbr = Some(BbrInfo::decode(payload)?),
            INET_DIAG_CLASS_ID => self.class_id = Some(attribute.u32()?),
            INET_DIAG_MD5SIG => self.md5_signed = true,
            INET_DIAG_ULP_INFO => self.upper_layer = Some(UpperLayer::decode(attribute.attributes())?),
            INET_DIAG_CGROUP_ID => self.cgroup_id = Some(attribute.u64()?),
            INET_DIAG_SOCKOPT => self.options = Some(SocketOptions::decode(payload)?),
            _ => self.unknown = self.unknown.saturating_add(1),
        }
        Ok(())
    }
}

/// An array of `struct sockaddr_storage`, 128 bytes each (`net/sctp/diag.c`). Iterates over address and port.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SctpAddresses<'a>(&'a [u8]);

impl Iterator for SctpAddresses<'_> {
    type Item = (IpAddr, u16);

    fn next(&mut self) -> Option<Self::Item> {
        const SOCKADDR_STORAGE: usize = 128;
        loop {
            let (entry, rest) = self.0.split_first_chunk::<SOCKADDR_STORAGE>()?;
            self.0 = rest;
            if let Some(address) = socket_address(entry) {
                return Some(address);
            }
        }
    }
}

/// `sockaddr_in` or `sockaddr_in6`; another family is not an address.
fn socket_address(bytes: &[u8]) -> Option<(IpAddr, u16)> {
    let mut cursor = Cursor::new(bytes);
    let (family, port) = (cursor.u16()?, cursor.be16()?);
    match family {
        2 => Some((IpAddr::from(cursor.array::<4>()?), port)),
        10 => {
            cursor.skip(4)?;
            Some((IpAddr::from(cursor.array::<16>()?), port))
        }
        _ => None,
    }
}
