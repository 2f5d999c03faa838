//! `tcp_info` and its MPTCP counterpart, from wire form to the model's.

use portreeve_model::{Protocol, State, TcpInfo};
use portreeve_wire::inet_diag::{Extensions, MptcpInfo};

/// `None` where the kernel sent none, or sent less than a kernel ever did.
pub(super) fn decode(extensions: &Extensions<'_>, protocol: Protocol, state: State) -> Option<Box<TcpInfo>> {
    match protocol {
        Protocol::Tcp => {
            extensions.tcp_info()?.ok().map(|info| Box::new(tcp(&info, extensions.congestion, state)))
        }
        Protocol::Mptcp => extensions.mptcp_info()?.ok().map(|info| Box::new(mptcp(&info))),
        _ => None,
    }
}

fn tcp(info: &portreeve_wire::inet_diag::TcpInfo, congestion: Option<&str>, state: State) -> TcpInfo {
    let negotiated = [
        ("timestamps", info.options.timestamps()),
        ("sack", info.options.sack()),
        ("window_scaling", info.options.window_scaling()),
        ("ecn", info.options.ecn()),
        ("ecn_seen", info.options.ecn_seen()),
        ("fast_open", info.options.syn_data()),
    ];
    TcpInfo {
        congestion_control: congestion.map(Into::into),
        options: negotiated.iter().filter(|(_, on)| *on).map(|(name, _)| (*name).to_owned()).collect(),
        send_window_scale: info.snd_wscale,
        receive_window_scale: info.rcv_wscale,
        rto_us: info.rto,
        ato_us: info.ato,
        send_mss: info.snd_mss,
        receive_mss: info.rcv_mss,
        advertised_mss: info.advmss,
        path_mtu: info.pmtu,
        rtt_us: info.rtt,
        rtt_variance_us: info.rttvar,
        // The kernel's "never measured" is all ones (`net/ipv4/tcp.c`, `tcp_get_info`).
        min_rtt_us: info.min_rtt.filter(|rtt| *rtt != u32::MAX),
        congestion_window: info.snd_cwnd,
        slow_start_threshold: info.snd_ssthresh,
        unacked: info.unacked,
        // Of a listener, the kernel puts the limit of the accept queue here, which is the socket's `send_queue`.
        sacked: if state == State::Listen { 0 } else { info.sacked },
        lost: info.lost,
        retransmits: info.retrans,
        total_retransmits: info.total_retrans,
        reordering: info.reordering,
        last_data_sent_ms: info.last_data_sent,
        last_data_received_ms: info.last_data_recv,
        last_ack_received_ms: info.last_ack_recv,
        pacing_rate_bytes_per_second: info.pacing_rate.filter(|rate| *rate != u64::MAX),
        delivery_rate_bytes_per_second: info.delivery_rate,
        bytes_sent: info.bytes_sent,
        bytes_acked: info.bytes_acked,
        bytes_received: info.bytes_received,
        bytes_retransmitted: info.bytes_retrans,
        segments_out: info.segs_out,
        segments_in: info.segs_in,
        not_sent_bytes: info.notsent_bytes,
        busy_us: info.busy_time,
        receive_window_limited_us: info.rwnd_limited,
        send_buffer_limited_us: info.sndbuf_limited,
        send_window: info.snd_wnd,
        receive_window: info.rcv_wnd,
        mptcp_subflows: None,
    }
}

fn mptcp(info: &MptcpInfo) -> TcpInfo {
    TcpInfo {
        bytes_sent: info.bytes_sent,
        bytes_acked: info.bytes_acked,
        bytes_received: info.bytes_received,
        bytes_retransmitted: info.bytes_retrans,
        last_data_sent_ms: info.last_data_sent.unwrap_or_default(),
        last_data_received_ms: info.last_data_recv.unwrap_or_default(),
        last_ack_received_ms: info.last_ack_recv.unwrap_or_default(),
        mptcp_subflows: Some(info.subflows),
        ..TcpInfo::default()
    }
}
