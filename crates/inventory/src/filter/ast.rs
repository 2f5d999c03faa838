//! The tree that a filter is.

use portreeve_wire::inet_diag::bytecode::Prefix;
pub use portreeve_wire::inet_diag::bytecode::Side;

use super::{Pattern, StateSet};

/// A filter. Made by [`Filter::parse`] or the constructors below, which keep it canonical: `And` and `Or` have at
/// least two parts, and none of their own kind directly inside. Canonical filters survive printing and parsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All parts hold.
    And(Vec<Filter>),
    /// At least one part holds.
    Or(Vec<Filter>),
    /// The part does not hold. A test whose datum is unknown does not hold, and neither does its negation.
    Not(Box<Filter>),
    /// One test.
    Test(Test),
}

/// One test of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `state`, `exclude`: the state is in the set.
    State(StateSet),
    /// `src`, `dst`: the address at that end.
    Host(Side, Host),
    /// `sport`, `dport`: the port at that end; for raw sockets the IP protocol.
    Port(Side, Comparison, u16),
    /// `dev`: the device it is bound to.
    Device(Device),
    /// `fwmark`: `SO_MARK & mask` equals `mark`.
    Mark {
        /// The value.
        mark: u32,
        /// The bits that count.
        mask: u32,
    },
    /// `cgroup`: the cgroup (v2) it was made in, as a path from the hierarchy's root, or `id:N`.
    Cgroup(Box<str>),
    /// `autobound`: the kernel chose its local port (or abstract name).
    AutoBound,
    /// `user`: it, or a process that holds it, belongs to this user; a name or a number.
    User(Pattern),
    /// `uid`: the user it belongs to.
    Uid(Comparison, u32),
    /// `pid`: some process that holds it.
    Pid(Comparison, u32),
    /// `process`: name, or executable's file name, of some process that holds it.
    Process(Pattern),
    /// `unit`: systemd unit of some process that holds it; `.service` may be left out.
    Unit(Pattern),
    /// `container`: name, or beginning of the id, of the container of some process that holds it, or name of the
    /// container that its network namespace belongs to.
    Container(Pattern),
    /// `netns`: network namespace, by name or inode.
    Namespace(Pattern),
    /// `inode`: sockfs inode.
    Inode(Comparison, u64),
}

/// How a number is compared. "Not equal" is the negation of `Equal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Whether `left` compares so to `right`.
    pub fn holds<T: Ord + Copy>(self, left: T, right: T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

/// An address at one end of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// IP address prefix and port; `None` is any. An IPv4 prefix also holds for IPv4-mapped addresses.
    Inet {
        /// The prefix.
        prefix: Option<Prefix>,
        /// The port.
        port: Option<u16>,
    },
    /// `AF_UNIX` name, compared without regard to case as `ss` does.
    Unix(Pattern),
    /// `AF_PACKET`.
    Link {
        /// `EtherType`, 3 for "every frame"; `None` is any.
        ethertype: Option<u16>,
        /// Device it is bound to.
        device: Option<Device>,
    },
    /// `AF_VSOCK`; `None` is any.
    Vsock {
        /// Context identifier.
        cid: Option<u32>,
        /// Port.
        port: Option<u32>,
    },
}

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// By index; 0 is "bound to none".
    Index(u32),
    /// By name.
    Name(Box<str>),
}

impl Filter {
    /// Matches every socket: what the empty text means.
    pub fn everything() -> Self {
        Self::Test(Test::State(StateSet::ALL))
    }

    /// Matches no socket.
    pub fn nothing() -> Self {
        Self::Test(Test::State(StateSet::EMPTY))
    }

    /// All `parts` hold; everything, if there are none.
    pub fn all_of(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        only_one(&mut flat)
            .unwrap_or_else(|| if flat.is_empty() { Self::everything() } else { Self::And(flat) })
    }

    /// At least one of `parts` holds; nothing, if there are none.
    pub fn any_of(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        only_one(&mut flat).unwrap_or_else(|| if flat.is_empty() { Self::nothing() } else { Self::Or(flat) })
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::all_of([self, other])
    }

    /// One of both holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::any_of([self, other])
    }

    /// Calls `visit` for every test in it.
    pub fn each_test(&self, visit: &mut dyn FnMut(&Test)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each_test(visit)),
            Self::Not(part) => part.each_test(visit),
            Self::Test(test) => visit(test),
        }
    }
}

impl From<Test> for Filter {
    fn from(test: Test) -> Self {
        Self::Test(test)
    }
}

impl std::ops::Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

fn only_one(parts: &mut Vec<Filter>) -> Option<Filter> {
    if parts.len() == 1 { parts.pop() } else { None }
}
