//! `tcp_info`: what the kernel knows of a TCP connection (kernel: `include/uapi/linux/tcp.h`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fields are absent where the running kernel does not fill them. Times in microseconds unless the name says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "named after the kernel's fields, units in the names")]
pub struct TcpInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub congestion_control: Option<Box<str>>,
    /// Negotiated: timestamps, selective acknowledgement, window scaling, ECN, TCP Fast Open.
    pub options: Vec<String>,
    pub send_window_scale: u8,
    pub receive_window_scale: u8,
    pub rto_us: u32,
    pub ato_us: u32,
    pub send_mss: u32,
    pub receive_mss: u32,
    pub advertised_mss: u32,
    pub path_mtu: u32,
    pub rtt_us: u32,
    pub rtt_variance_us: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_rtt_us: Option<u32>,
    pub congestion_window: u32,
    pub slow_start_threshold: u32,
    pub unacked: u32,
    pub sacked: u32,
    pub lost: u32,
    pub retransmits: u32,
    pub total_retransmits: u32,
    pub reordering: u32,
    pub last_data_sent_ms: u32,
    pub last_data_received_ms: u32,
    pub last_ack_received_ms: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pacing_rate_bytes_per_second: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_rate_bytes_per_second: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_sent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_acked: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_received: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_retransmitted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments_out: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments_in: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_sent_bytes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_window_limited_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_buffer_limited_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_window: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_window: Option<u32>,
    /// MPTCP subflows beside the first, for MPTCP sockets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mptcp_subflows: Option<u8>,
}
