//! `/proc/net/stat/nf_conntrack`: counters of connection tracking, a line for each CPU (`ct_cpu_seq_show`,
//! `net/netfilter/nf_conntrack_standalone.c`).

/// Counters of all CPUs added up. A column that the kernel does not have counts 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConntrackStat {
    /// Entries in the table now; not a counter, and the same on every line.
    pub entries: u64,
    /// Packets that belong to no connection and can begin none.
    pub invalid: u64,
    /// Connections that could not be entered because another with the same addresses was there.
    pub insert_failed: u64,
    /// Packets dropped because the table was full, or no memory was left.
    pub drop: u64,
    /// Connections that were forgotten to make room in a full table.
    pub early_drop: u64,
    /// ICMP errors that could not be tracked.
    pub icmp_error: u64,
    /// Entries that were given up because their chain in the table was too long.
    pub chain_too_long: u64,
}

/// Reads the text. The first line names the columns; numbers are hexadecimal.
pub fn conntrack_stat(text: &[u8]) -> ConntrackStat {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let mut sum = ConntrackStat::default();
    for line in lines {
        for (name, value) in names.iter().zip(line.split_whitespace()) {
            let Ok(value) = u64::from_str_radix(value, 16) else { continue };
            let of = match *name {
                "entries" => {
                    sum.entries = value;
                    continue;
                }
                "invalid" => &mut sum.invalid,
                "insert_failed" => &mut sum.insert_failed,
                "drop" => &mut sum.drop,
                "early_drop" => &mut sum.early_drop,
                "icmp_error" => &mut sum.icmp_error,
                "chainlength" => &mut sum.chain_too_long,
                _ => continue,
            };
            // Each CPU's counter is 32 bits wide and may have begun anew.
            *of = of.saturating_add(value);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_cpus_are_added_up() {
        let text = "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error\n\
                    0000000a  00000000 00000000 00000000 0000000f 00000000 00000000 00000001 00000000 00000002 00000010 00000003 00000000\n\
                    0000000a  00000000 00000000 00000000 00000001 00000000 00000000 00000000 00000000 00000000 00000001 00000000 00000004\n";
        let stat = conntrack_stat(text.as_bytes());
        let wanted = ConntrackStat {
            entries: 10,
            invalid: 16,
            insert_failed: 2,
            drop: 17,
            early_drop: 3,
            icmp_error: 4,
            chain_too_long: 1,
        };
        assert_eq!(stat, wanted);
    }

    #[test]
    fn nonsense_counts_nothing() {
        for text in ["", "\n", "drop\nxyz\n", "drop drop\n1\n\u{0}"] {
            let _ = conntrack_stat(text.as_bytes());
        }
        assert_eq!(conntrack_stat(b"drop\n-1\n").drop, 0);
    }
}
