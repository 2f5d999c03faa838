//! Recorded messages: hexadecimal bytes with a comment on each field. They are little-endian.

use portreeve_wire::netlink::{Message, Messages};

pub(crate) const TCP_LISTEN: &str = include_str!("fixtures/tcp_listen.hex");
pub(crate) const TCP_ESTABLISHED: &str = include_str!("fixtures/tcp_established.hex");
pub(crate) const TCP_BOUND: &str = include_str!("fixtures/tcp_bound.hex");
pub(crate) const TCP_TIME_WAIT: &str = include_str!("fixtures/tcp_time_wait.hex");
pub(crate) const UDP6: &str = include_str!("fixtures/udp6.hex");
pub(crate) const MPTCP_ESTABLISHED: &str = include_str!("fixtures/mptcp_established.hex");
pub(crate) const ERROR_ENOENT: &str = include_str!("fixtures/error_enoent.hex");
pub(crate) const DONE: &str = include_str!("fixtures/done.hex");
pub(crate) const UNIX_LISTEN: &str = include_str!("fixtures/unix_listen.hex");
pub(crate) const UNIX_PATH: &str = include_str!("fixtures/unix_path.hex");
pub(crate) const PACKET: &str = include_str!("fixtures/packet.hex");
pub(crate) const LINK_VXLAN: &str = include_str!("fixtures/link_vxlan.hex");
pub(crate) const ADDRESS_V4: &str = include_str!("fixtures/address_v4.hex");
pub(crate) const ADDRESS_V6: &str = include_str!("fixtures/address_v6.hex");
pub(crate) const FAMILY_NLCTRL: &str = include_str!("fixtures/family_nlctrl.hex");
pub(crate) const TRACE_FIRST: &str = include_str!("fixtures/trace_first.hex");
pub(crate) const TRACE_JUMP: &str = include_str!("fixtures/trace_jump.hex");
pub(crate) const TRACE_POLICY: &str = include_str!("fixtures/trace_policy.hex");
pub(crate) const CONNTRACK_SNAT: &str = include_str!("fixtures/conntrack_snat.hex");

/// The bytes of a fixture.
pub(crate) fn bytes(fixture: &str) -> Vec<u8> {
    fixture
        .lines()
        .flat_map(|line| line.split('#').next().unwrap().split_whitespace())
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

/// The one message in `bytes`.
pub(crate) fn only(bytes: &[u8]) -> Message<'_> {
    let mut messages = Messages::new(bytes);
    let message = messages.next().unwrap().unwrap();
    assert!(messages.next().is_none());
    message
}
