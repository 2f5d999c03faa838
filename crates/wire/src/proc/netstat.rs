//! `/proc/net/netstat` and `/proc/net/snmp`: counters in pairs of lines, names and then values (`netstat_seq_show` and
//! `snmp_seq_show` in `net/ipv4/proc.c`). `/proc/net/snmp6` has one counter a line ([`counters6`]).

/// One counter since the namespace was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Counter<'a> {
    /// The group: `TcpExt`, `Udp`, ...; empty in `snmp6`, whose names begin with it.
    pub group: &'a str,
    /// Name as `nstat` puts it behind the group.
    pub name: &'a str,
    /// The value. A few are signed (`Tcp: MaxConn`).
    pub value: i128,
}

/// Every counter of a text in pairs of lines. What does not fit together is passed over.
pub fn counters(text: &str) -> impl Iterator<Item = Counter<'_>> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let names = lines.next()?;
        let values = lines.next().unwrap_or_default();
        Some(pair(names, values))
    })
    .flatten()
}

fn pair<'a>(names: &'a str, values: &'a str) -> impl Iterator<Item = Counter<'a>> {
    let (group, columns) = names.split_once(':').unwrap_or_default();
    let (same, values) = values.split_once(':').unwrap_or_default();
    let cells = columns.split_ascii_whitespace().zip(values.split_ascii_whitespace());
    cells
        .filter(move |_| group == same)
        .filter_map(move |(name, value)| Some(Counter { group, name, value: value.parse::<i128>().ok()? }))
}

/// Every counter of `/proc/net/snmp6`.
pub fn counters6(text: &str) -> impl Iterator<Item = Counter<'_>> {
    text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (name, value) = (words.next()?, words.next()?);
        Some(Counter { group: "", name, value: value.parse::<i128>().ok()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_in_lines_of_their_own() {
        let text = "TcpExt: ListenOverflows ListenDrops\nTcpExt: 3 5\nTcp: MaxConn\nTcp: -1\n";
        let read: Vec<_> = counters(text).map(|one| (one.group, one.name, one.value)).collect();
        assert_eq!(
            read,
            [("TcpExt", "ListenOverflows", 3), ("TcpExt", "ListenDrops", 5), ("Tcp", "MaxConn", -1)]
        );
    }

    #[test]
    fn what_does_not_fit_together_is_passed_over() {
        assert_eq!(counters("TcpExt: A B\nUdp: 1 2\nno colon\n").count(), 0);
        assert_eq!(counters("TcpExt: A B\nTcpExt: 1 many\n").count(), 1);
        assert_eq!(counters("TcpExt: A").count(), 0);
    }

    #[test]
    fn ipv6_has_one_a_line() {
        let read: Vec<_> = counters6("Udp6RcvbufErrors                \t7\nIp6\n").collect();
        assert_eq!(read, [Counter { group: "", name: "Udp6RcvbufErrors", value: 7 }]);
    }
}
