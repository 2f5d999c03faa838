//! `struct tcp_info` (`include/uapi/linux/tcp.h`), which has grown with nearly every kernel release.

use crate::{
    WireError,
    cursor::{Cursor, truncated},
    sock_diag::State,
    wire_enum,
};

wire_enum! {
    /// State of the congestion control (`enum tcp_ca_state`).
    pub enum CongestionState: u8 {
        /// Nothing amiss.
        Open = 0 => "open",
        /// Duplicate or selective acknowledgements seen.
        Disorder = 1 => "disorder",
        /// Window reduced for a congestion mark or local queue.
        WindowReduced = 2 => "cwr",
        /// Fast retransmission.
        Recovery = 3 => "recovery",
        /// A retransmission timeout passed.
        Loss = 4 => "loss",
    }
}

/// State of one TCP connection, fields in the kernel's order and by the kernel's names.
///
/// Fields from `pacing_rate` on are `None` where the kernel is too old to send them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TcpInfo {
    /// The connection's state.
    pub state: State,
    /// State of the congestion control.
    pub ca_state: CongestionState,
    /// Retransmissions of the segment at the head of the queue.
    pub retransmits: u8,
    /// Unanswered keepalive or window probes.
    pub probes: u8,
    /// Doublings of the retransmission timeout.
    pub backoff: u8,
    /// Options in use, see the accessors.
    pub options: TcpOptions,
    /// Window scale of the peer.
    pub snd_wscale: u8,
    /// Window scale of ours.
    pub rcv_wscale: u8,
    /// The delivery rate was limited by the program, not by the network.
    pub delivery_rate_app_limited: bool,
    /// Why fast open failed at the client: 0 unknown, 1 no cookie, 2 data lost, 3 SYN retransmitted.
    pub fastopen_client_fail: u8,
    /// Retransmission timeout in microseconds.
    pub rto: u32,
    /// Delayed-acknowledgement timeout in microseconds.
    pub ato: u32,
    /// Bytes in a segment sent.
    pub snd_mss: u32,
    /// Bytes in a segment received.
    pub rcv_mss: u32,
    /// Segments sent and not acknowledged. Listening: connections waiting to be accepted.
    pub unacked: u32,
    /// Segments acknowledged selectively. Listening: limit of the accept queue.
    pub sacked: u32,
    /// Segments believed lost.
    pub lost: u32,
    /// Segments retransmitted and not yet acknowledged.
    pub retrans: u32,
    /// Forward acknowledgements; no longer kept by kernels.
    pub fackets: u32,
    /// Milliseconds since data was last sent.
    pub last_data_sent: u32,
    /// Never filled in by kernels.
    pub last_ack_sent: u32,
    /// Milliseconds since data was last received.
    pub last_data_recv: u32,
    /// Milliseconds since an acknowledgement was last received.
    pub last_ack_recv: u32,
    /// Path MTU in bytes.
    pub pmtu: u32,
    /// Threshold of the receive window in bytes.
    pub rcv_ssthresh: u32,
    /// Smoothed round-trip time in microseconds.
    pub rtt: u32,
    /// Variation of the round-trip time in microseconds.
    pub rttvar: u32,
    /// Slow-start threshold in segments.
    pub snd_ssthresh: u32,
    /// Congestion window in segments.
    pub snd_cwnd: u32,
    /// Segment size advertised to the peer.
    pub advmss: u32,
    /// Reordering metric in segments.
    pub reordering: u32,
    /// Round-trip time as the receiver sees it, microseconds.
    pub rcv_rtt: u32,
    /// Receive space for the next measurement, bytes.
    pub rcv_space: u32,
    /// Segments retransmitted over the connection's life.
    pub total_retrans: u32,
    /// Pacing rate in bytes per second; `u64::MAX` is unlimited.
    pub pacing_rate: Option<u64>,
    /// Limit of the pacing rate (`SO_MAX_PACING_RATE`); `u64::MAX` is unlimited.
    pub max_pacing_rate: Option<u64>,
    /// Bytes acknowledged by the peer (RFC 4898).
    pub bytes_acked: Option<u64>,
    /// Bytes received (RFC 4898).
    pub bytes_received: Option<u64>,
    /// Segments sent.
    pub segs_out: Option<u32>,
    /// Segments received.
    pub segs_in: Option<u32>,
    /// Bytes written and not yet sent.
    pub notsent_bytes: Option<u32>,
    /// Smallest round-trip time in microseconds; `u32::MAX` is unknown.
    pub min_rtt: Option<u32>,
    /// Segments received with data.
    pub data_segs_in: Option<u32>,
    /// Segments sent with data.
    pub data_segs_out: Option<u32>,
    /// Most recent delivery rate in bytes per second.
    pub delivery_rate: Option<u64>,
    /// Microseconds with data to send.
    pub busy_time: Option<u64>,
    /// Microseconds stalled by the peer's receive window.
    pub rwnd_limited: Option<u64>,
    /// Microseconds stalled by the send buffer.
    pub sndbuf_limited: Option<u64>,
    /// Segments delivered, out-of-order ones included.
    pub delivered: Option<u32>,
    /// Of these, segments with a congestion mark.
    pub delivered_ce: Option<u32>,
    /// Bytes sent, retransmissions included.
    pub bytes_sent: Option<u64>,
    /// Bytes retransmitted.
    pub bytes_retrans: Option<u64>,
    /// Duplicate selective acknowledgements received.
    pub dsack_dups: Option<u32>,
    /// Reordering events seen.
    pub reord_seen: Option<u32>,
    /// Segments received out of order.
    pub rcv_ooopack: Option<u32>,
    /// The peer's receive window in bytes (Linux 5.4).
    pub snd_wnd: Option<u32>,
    /// Our advertised receive window in bytes (Linux 6.2).
    pub rcv_wnd: Option<u32>,
    /// Changes of the flow label or transmit hash (Linux 6.2).
    pub rehash: Option<u32>,
    /// Retransmission timeouts (Linux 6.7).
    pub total_rto: Option<u16>,
    /// Recoveries after timeouts (Linux 6.7).
    pub total_rto_recoveries: Option<u16>,
    /// Milliseconds spent in these recoveries (Linux 6.7).
    pub total_rto_time: Option<u32>,
    /// Counters of Accurate ECN (Linux 6.18).
    pub accurate_ecn: Option<AccurateEcn>,
}

/// Counters of Accurate ECN (`tcpi_received_ce` to `tcpi_received_ce_bytes`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccurateEcn {
    /// Segments received with a congestion mark.
    pub received_ce: u32,
    /// Bytes delivered with ECT(1).
    pub delivered_e1_bytes: u32,
    /// Bytes delivered with ECT(0).
    pub delivered_e0_bytes: u32,
    /// Bytes delivered with a congestion mark.
    pub delivered_ce_bytes: u32,
    /// Bytes received with ECT(1).
    pub received_e1_bytes: u32,
    /// Bytes received with ECT(0).
    pub received_e0_bytes: u32,
    /// Bytes received with a congestion mark.
    pub received_ce_bytes: u32,
}

/// TCP options in use (`TCPI_OPT_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TcpOptions(pub u8);

impl TcpOptions {
    /// Timestamps (RFC 7323).
    #[must_use]
    pub const fn timestamps(self) -> bool {
        self.0 & 1 != 0
    }

    /// Selective acknowledgements (RFC 2018).
    #[must_use]
    pub const fn sack(self) -> bool {
        self.0 & 2 != 0
    }

    /// Window scaling (RFC 7323).
    #[must_use]
    pub const fn window_scaling(self) -> bool {
        self.0 & 4 != 0
    }

    /// Explicit congestion notification negotiated (RFC 3168).
    #[must_use]
    pub const fn ecn(self) -> bool {
        self.0 & 8 != 0
    }

    /// A packet with an ECN mark was received.
    #[must_use]
    pub const fn ecn_seen(self) -> bool {
        self.0 & 16 != 0
    }

    /// Data in the SYN was acknowledged (fast open, RFC 7413).
    #[must_use]
    pub const fn syn_data(self) -> bool {
        self.0 & 32 != 0
    }
}

impl TcpInfo {
    /// Bytes every kernel sends.
    pub const MIN_LEN: usize = 104;

    /// Reads as much as `bytes` holds.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        Self::read(&mut Cursor::new(bytes)).ok_or_else(|| truncated("tcp_info", Self::MIN_LEN, bytes))
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let [state, ca_state, retransmits, probes, backoff, options, scales, bits] = cursor.array()?;
        let (snd_wscale, rcv_wscale) = nibbles(scales);
        // Struct fields are evaluated in the order written, which is the kernel's.
        Some(Self {
            state: State::from(state),
            ca_state: CongestionState::from(ca_state),
            retransmits,
            probes,
            backoff,
            options: TcpOptions(options),
            snd_wscale,
            rcv_wscale,
            delivery_rate_app_limited: app_limited(bits),
            fastopen_client_fail: fastopen_fail(bits),
            rto: cursor.u32()?,
            ato: cursor.u32()?,
            snd_mss: cursor.u32()?,
            rcv_mss: cursor.u32()?,
            unacked: cursor.u32()?,
            sacked: cursor.u32()?,
            lost: cursor.u32()?,
            retrans: cursor.u32()?,
            fackets: cursor.u32()?,
            last_data_sent: cursor.u32()?,
            last_ack_sent: cursor.u32()?,
            last_data_recv: cursor.u32()?,
            last_ack_recv: cursor.u32()?,
            pmtu: cursor.u32()?,
            rcv_ssthresh: cursor.u32()?,
            rtt: cursor.u32()?,
            rttvar: cursor.u32()?,
            snd_ssthresh: cursor.u32()?,
            snd_cwnd: cursor.u32()?,
            advmss: cursor.u32()?,
            reordering: cursor.u32()?,
            rcv_rtt: cursor.u32()?,
            rcv_space: cursor.u32()?,
            total_retrans: cursor.u32()?,
            pacing_rate: cursor.u64(),
            max_pacing_rate: cursor.u64(),
            bytes_acked: cursor.u64(),
            bytes_received: cursor.u64(),
            segs_out: cursor.u32(),
            segs_in: cursor.u32(),
            notsent_bytes: cursor.u32(),
            min_rtt: cursor.u32(),
            data_segs_in: cursor.u32(),
            data_segs_out: cursor.u32(),
            delivery_rate: cursor.u64(),
            busy_time: cursor.u64(),
            rwnd_limited: cursor.u64(),
            sndbuf_limited: cursor.u64(),
            delivered: cursor.u32(),
            delivered_ce: cursor.u32(),
            bytes_sent: cursor.u64(),
            bytes_retrans: cursor.u64(),
            dsack_dups: cursor.u32(),
            reord_seen: cursor.u32(),
            rcv_ooopack: cursor.u32(),
            snd_wnd: cursor.u32(),
            rcv_wnd: cursor.u32(),
            rehash: cursor.u32(),
            total_rto: cursor.u16(),
            total_rto_recoveries: cursor.u16(),
            total_rto_time: cursor.u32(),
            accurate_ecn: AccurateEcn::read(cursor),
        })
    }
}

impl AccurateEcn {
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        Some(Self {
            received_ce: cursor.u32()?,
            delivered_e1_bytes: cursor.u32()?,
            delivered_e0_bytes: cursor.u32()?,
            delivered_ce_bytes: cursor.u32()?,
            received_e1_bytes: cursor.u32()?,
            received_e0_bytes: cursor.u32()?,
            received_ce_bytes: cursor.u32()?,
        })
    }
}

/// The first bit field of a byte is the low one on little-endian machines, the high one on big-endian machines.
const fn nibbles(byte: u8) -> (u8, u8) {
    if cfg!(target_endian = "big") { (byte >> 4, byte & 15) } else { (byte & 15, byte >> 4) }
}

const fn app_limited(bits: u8) -> bool {
    let bit = if cfg!(target_endian = "big") { bits >> 7 } else { bits & 1 };
    bit != 0
}

const fn fastopen_fail(bits: u8) -> u8 {
    let field = if cfg!(target_endian = "big") { bits >> 5 } else { bits >> 1 };
    field & 3
}
