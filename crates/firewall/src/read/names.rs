//! The names of a host that stand for numbers: interfaces, users, groups, marks, protocols.
//!
//! Pure: the texts of `/etc/passwd` and the like are handed in. An interface that is not on the list gets an index of its own,
//! which no interface has, and is remembered: `iif` compares indices, so that a rule on an interface that went away matches nothing.

use std::collections::HashMap;

/// Numbers behind names.
#[derive(Debug, Clone)]
pub struct Names {
    interfaces: HashMap<String, u32>,
    invented: Vec<(String, u32)>,
    tables: [HashMap<String, u64>; Table::COUNT],
}

/// A file of the host that names numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `/etc/passwd`.
    Users,
    /// `/etc/group`.
    Groups,
    /// `/etc/iproute2/rt_marks`.
    Marks,
    /// `/etc/iproute2/rt_realms`.
    Realms,
    /// `/etc/iproute2/group`.
    DeviceGroups,
    /// `/etc/connlabel.conf`, or where `nft` was built to look for it.
    Labels,
    /// `/etc/protocols`.
    Protocols,
    /// `/etc/services`.
    Services,
}

impl Table {
    const COUNT: usize = 8;

    /// All of them, in a fixed order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Users,
        Self::Groups,
        Self::Marks,
        Self::Realms,
        Self::DeviceGroups,
        Self::Labels,
        Self::Protocols,
        Self::Services,
    ];

    /// Where the file is on a usual host.
    pub fn path(self) -> &'static str {
        match self {
            Self::Users => "/etc/passwd",
            Self::Groups => "/etc/group",
            Self::Marks => "/etc/iproute2/rt_marks",
            Self::Realms => "/etc/iproute2/rt_realms",
            Self::DeviceGroups => "/etc/iproute2/group",
            Self::Labels => "/etc/connlabel.conf",
            Self::Protocols => "/etc/protocols",
            Self::Services => "/etc/services",
        }
    }
}

/// First index given to an interface that does not exist: higher than the kernel counts in practice, and below `i32::MAX`, its
/// highest (`dev_new_index`, `net/core/dev.c`).
const FIRST_INVENTED: u32 = 0x7f00_0000;

/// Protocols known without a file (IANA; the names of `/etc/protocols`).
const PROTOCOLS: &[(&str, u64)] = &[
    ("ip", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ipencap", 4),
    ("ipip", 4),
    ("tcp", 6),
    ("egp", 8),
    ("udp", 17),
    ("dccp", 33),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("eigrp", 88),
    ("ospf", 89),
    ("pim", 103),
    ("ipcomp", 108),
    ("comp", 108),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("mobility-header", 135),
    ("udplite", 136),
    ("mptcp", 262),
];

impl Default for Names {
    fn default() -> Self {
        Self::new([])
    }
}

impl Names {
    /// The interfaces of the host, by index; protocols and the device group `default` are known without files.
    pub fn new(interfaces: impl IntoIterator<Item = (u32, String)>) -> Self {
        let mut names = Self {
            interfaces: interfaces.into_iter().map(|(index, name)| (name, index)).collect(),
            invented: Vec::new(),
            tables: Default::default(),
        };
        for (name, number) in PROTOCOLS {
            names.insert(Table::Protocols, name, *number);
        }
        names.insert(Table::DeviceGroups, "default", 0);
        names.insert(Table::Realms, "cosmos", 0);
        names
    }

    /// Adds the names of a file of the host, given as its text. Lines that are none are passed by.
    #[must_use]
    pub fn with(mut self, table: Table, text: &str) -> Self {
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let entry = match table {
                Table::Users | Table::Groups => {
                    let mut fields = line.split(':');
                    fields.next().zip(fields.nth(1))
                }
                Table::Protocols => words(line),
                Table::Services => {
                    words(line).map(|(name, port)| (name, port.split('/').next().unwrap_or(port)))
                }
                Table::Marks | Table::Realms | Table::DeviceGroups | Table::Labels => {
                    words(line).map(|(number, name)| (name, number))
                }
            };
            if let Some((name, Some(number))) = entry.map(|(name, number)| (name, whole_number(number))) {
                self.insert(table, name, number);
            }
        }
        self
    }

    fn insert(&mut self, table: Table, name: &str, number: u64) {
        if let Some(entries) = self.tables.get_mut(table as usize) {
            // The first line of a file wins, as with `getpwnam(3)`.
            entries.entry(name.to_owned()).or_insert(number);
        }
    }

    /// The number behind a name.
    pub fn number(&self, table: Table, name: &str) -> Option<u64> {
        self.tables.get(table as usize).and_then(|entries| entries.get(name)).copied()
    }

    /// The index of an interface. Where there is none of that name, a name of digits is an index (`nft` prints the index where the
    /// interface is gone), and any other gets an index of its own.
    pub fn interface(&mut self, name: &str) -> u32 {
        if let Some(index) = self.interfaces.get(name) {
            return *index;
        }
        if let Ok(index) = name.parse::<u32>() {
            return index;
        }
        let index = FIRST_INVENTED.saturating_add(u32::try_from(self.invented.len()).unwrap_or(u32::MAX));
        self.invented.push((name.to_owned(), index));
        self.interfaces.insert(name.to_owned(), index);
        index
    }

    /// Interfaces that were asked for and do not exist, with the indices they got.
    pub fn invented(&self) -> &[(String, u32)] {
        &self.invented
    }

    /// The name of an interface, existing or invented.
    pub fn interface_name(&self, index: u32) -> Option<&str> {
        let known = self.interfaces.iter().find(|(_, known)| **known == index).map(|(name, _)| name.as_str());
        known.or_else(|| {
            self.invented.iter().find(|(_, known)| *known == index).map(|(name, _)| name.as_str())
        })
    }
}

/// The first two words of a line.
fn words(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    words.next().zip(words.next())
}

/// A whole number, decimal or with `0x`.
fn whole_number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_that_do_not_exist_get_an_index_of_their_own() {
        let mut names = Names::new([(1, "lo".to_owned()), (2, "eth0".to_owned())]);
        assert_eq!(names.interface("eth0"), 2);
        assert_eq!(names.interface("17"), 17);
        let gone = names.interface("ppp0");
        assert_eq!(names.interface("ppp0"), gone);
        assert_ne!(names.interface("ppp1"), gone);
        assert_eq!(names.invented().len(), 2);
        assert_eq!(names.interface_name(gone), Some("ppp0"));
        assert_eq!(names.interface_name(1), Some("lo"));
    }

    #[test]
    fn files_of_the_host_name_numbers() {
        let names = Names::default()
            .with(Table::Users, "root:x:0:0:root:/root:/bin/sh\nbroken\nwww-data:x:33:33::/:/bin/false\n")
            .with(Table::Groups, "adm:x:4:syslog\n")
            .with(Table::Marks, "# comment\n0x10 vpn\n7 seven # tail\n")
            .with(Table::Services, "ssh\t\t22/tcp\t\t# SSH\n")
            .with(Table::Protocols, "tcp 6 TCP\nfoo 250 FOO\n")
            .with(Table::Labels, "5 customer\n");
        assert_eq!(names.number(Table::Users, "www-data"), Some(33));
        assert_eq!(names.number(Table::Groups, "adm"), Some(4));
        assert_eq!(names.number(Table::Marks, "vpn"), Some(16));
        assert_eq!(names.number(Table::Marks, "seven"), Some(7));
        assert_eq!(names.number(Table::Services, "ssh"), Some(22));
        assert_eq!(names.number(Table::Protocols, "foo"), Some(250));
        assert_eq!(names.number(Table::Protocols, "udp"), Some(17));
        assert_eq!(names.number(Table::Labels, "customer"), Some(5));
        assert_eq!(names.number(Table::DeviceGroups, "default"), Some(0));
        assert_eq!(names.number(Table::Users, "nobody"), None);
    }
}
