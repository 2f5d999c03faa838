//! What `-i` shows: `tcp_info` in the words and the order of `ss` (iproute2 `misc/ss.c`, `tcp_stats_print`).

use std::fmt::{self, Display};

use portreeve_model::TcpInfo;

/// One line of `name:value` words.
#[derive(Clone, Copy, Debug)]
pub struct TcpInfoCell<'a>(pub &'a TcpInfo);

impl Display for TcpInfoCell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.0;
        let mut words = Words { f, first: true };
        for option in &info.options {
            match option.as_str() {
                "timestamps" => words.word("ts"),
                "ecn_seen" => words.word("ecnseen"),
                "fast_open" => words.word("fastopen"),
                // Told with its values, below.
                "window_scaling" => Ok(()),
                other => words.word(other),
            }?;
        }
        words.some("", info.congestion_control.as_deref())?;
        if info.send_window_scale > 0 || info.receive_window_scale > 0 {
            words.word(format_args!("wscale:{},{}", info.send_window_scale, info.receive_window_scale))?;
        }
        words.nonzero("rto:", info.rto_us, Milliseconds)?;
        if info.rtt_us > 0 {
            let (rtt, variance) = (Milliseconds(info.rtt_us), Milliseconds(info.rtt_variance_us));
            words.word(format_args!("rtt:{rtt}/{variance}"))?;
        }
        words.nonzero("ato:", info.ato_us, Milliseconds)?;
        words.count("mss:", info.send_mss)?;
        words.count("pmtu:", info.path_mtu)?;
        words.count("rcvmss:", info.receive_mss)?;
        words.count("advmss:", info.advertised_mss)?;
        words.count("cwnd:", info.congestion_window)?;
        // The kernel's "infinite": TCP_INFINITE_SSTHRESH (include/net/tcp.h).
        if info.slow_start_threshold < 0x7fff_ffff {
            words.count("ssthresh:", info.slow_start_threshold)?;
        }
        traffic(&mut words, info)?;
        pace(&mut words, info)?;
        loss(&mut words, info)
    }
}

fn traffic(words: &mut Words<'_, '_>, info: &TcpInfo) -> fmt::Result {
    words.some("bytes_sent:", info.bytes_sent.filter(|bytes| *bytes > 0))?;
    words.some("bytes_retrans:", info.bytes_retransmitted.filter(|bytes| *bytes > 0))?;
    words.some("bytes_acked:", info.bytes_acked.filter(|bytes| *bytes > 0))?;
    words.some("bytes_received:", info.bytes_received.filter(|bytes| *bytes > 0))?;
    words.some("segs_out:", info.segments_out.filter(|segments| *segments > 0))?;
    words.some("segs_in:", info.segments_in.filter(|segments| *segments > 0))?;
    if info.rtt_us > 0 && info.send_mss > 0 && info.congestion_window > 0 {
        // What the window lets through in a round trip.
        let bits = u64::from(info.congestion_window) * u64::from(info.send_mss) * 8;
        words.word(format_args!("send {}", BitsPerSecond(bits * 1_000_000 / u64::from(info.rtt_us))))?;
    }
    words.count("lastsnd:", info.last_data_sent_ms)?;
    words.count("lastrcv:", info.last_data_received_ms)?;
    words.count("lastack:", info.last_ack_received_ms)
}

fn pace(words: &mut Words<'_, '_>, info: &TcpInfo) -> fmt::Result {
    let bits = |bytes: u64| BitsPerSecond(bytes.saturating_mul(8));
    // ~0: not limited (SO_MAX_PACING_RATE's default).
    let pacing = info.pacing_rate_bytes_per_second.filter(|rate| *rate != u64::MAX && *rate > 0);
    words.some("pacing_rate ", pacing.map(bits))?;
    words.some("delivery_rate ", info.delivery_rate_bytes_per_second.filter(|rate| *rate > 0).map(bits))?;
    if let Some(busy) = info.busy_us.filter(|busy| *busy > 0) {
        words.word(format_args!("busy:{}ms", busy / 1000))?;
        for (name, limited) in [
            ("rwnd_limited", info.receive_window_limited_us),
            ("sndbuf_limited", info.send_buffer_limited_us),
        ] {
            if let Some(limited) = limited.filter(|limited| *limited > 0) {
                let permille = u128::from(limited) * 1000 / u128::from(busy);
                words.word(format_args!(
                    "{name}:{}ms({}.{}%)",
                    limited / 1000,
                    permille / 10,
                    permille % 10
                ))?;
            }
        }
    }
    Ok(())
}

fn loss(words: &mut Words<'_, '_>, info: &TcpInfo) -> fmt::Result {
    words.count("unacked:", info.unacked)?;
    if info.retransmits > 0 || info.total_retransmits > 0 {
        words.word(format_args!("retrans:{}/{}", info.retransmits, info.total_retransmits))?;
    }
    words.count("lost:", info.lost)?;
    words.count("sacked:", info.sacked)?;
    // net.ipv4.tcp_reordering's default is not worth a word.
    if info.reordering != 3 {
        words.count("reordering:", info.reordering)?;
    }
    words.some("notsent:", info.not_sent_bytes.filter(|bytes| *bytes > 0))?;
    words.some("minrtt:", info.min_rtt_us.filter(|rtt| *rtt > 0).map(Milliseconds))?;
    words.some("snd_wnd:", info.send_window.filter(|window| *window > 0))?;
    words.some("rcv_wnd:", info.receive_window.filter(|window| *window > 0))?;
    words.some("subflows:", info.mptcp_subflows)
}

/// Words with one blank between them.
struct Words<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    first: bool,
}

impl Words<'_, '_> {
    fn word(&mut self, text: impl Display) -> fmt::Result {
        let blank = if std::mem::take(&mut self.first) { "" } else { " " };
        write!(self.f, "{blank}{text}")
    }

    fn count(&mut self, name: &str, value: u32) -> fmt::Result {
        self.nonzero(name, value, std::convert::identity)
    }

    fn nonzero<T: Display>(&mut self, name: &str, value: u32, show: impl FnOnce(u32) -> T) -> fmt::Result {
        if value == 0 { Ok(()) } else { self.word(format_args!("{name}{}", show(value))) }
    }

    fn some(&mut self, name: &str, value: Option<impl Display>) -> fmt::Result {
        value.map_or(Ok(()), |value| self.word(format_args!("{name}{value}")))
    }
}

/// Microseconds, shown in milliseconds without trailing zeros.
struct Milliseconds(u32);

impl Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1000, self.0 % 1000);
        match part {
            0 => write!(f, "{whole}"),
            _ if part % 100 == 0 => write!(f, "{whole}.{}", part / 100),
            _ if part % 10 == 0 => write!(f, "{whole}.{:02}", part / 10),
            _ => write!(f, "{whole}.{part:03}"),
        }
    }
}

struct BitsPerSecond(u64);

impl Display for BitsPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = |f: &mut fmt::Formatter<'_>, unit: u64, letter: char| {
            let tenths = self.0 / (unit / 10);
            write!(f, "{}.{}{letter}bps", tenths / 10, tenths % 10)
        };
        match self.0 {
            1_000_001.. => tenths(f, 1_000_000, 'M'),
            1_001.. => tenths(f, 1_000, 'K'),
            bits => write!(f, "{bits}bps"),
        }
    }
}

#[cfg(test)]
mod tests {
    use portreeve_model::TcpInfo;

    use super::{BitsPerSecond, Milliseconds, TcpInfoCell};

    #[test]
    fn an_empty_block_is_an_empty_line() {
        let info = TcpInfo { slow_start_threshold: 0x7fff_ffff, reordering: 3, ..TcpInfo::default() };
        assert_eq!(TcpInfoCell(&info).to_string(), "");
    }

    #[test]
    fn units_are_those_of_ss() {
        assert_eq!(Milliseconds(26_120).to_string(), "26.12");
        assert_eq!(Milliseconds(204_000).to_string(), "204");
        assert_eq!(BitsPerSecond(12_345_678).to_string(), "12.3Mbps");
        assert_eq!(BitsPerSecond(800).to_string(), "800bps");
    }
}
