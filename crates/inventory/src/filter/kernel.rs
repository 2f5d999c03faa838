//! What of a filter may be left to the kernel.
//!
//! Both answers are sound: every socket that matches is in the mask and fulfils the condition. Negations are pushed
//! down to the tests first; a test that the kernel cannot make, or whose names cannot be translated, then becomes
//! "every socket" whichever way it stands.

use portreeve_wire::inet_diag::bytecode::{Atom, Condition};

use super::{Comparison, Device, Filter, Host, Side, StateSet, Test, fields};

/// Translates names to the kernel's numbers, for one network namespace.
pub trait KernelNames {
    /// Index of the device with this name.
    fn device_index(&self, name: &str) -> Option<u32>;

    /// Inode of the cgroup (v2) at this path from the hierarchy's root.
    fn cgroup_id(&self, path: &str) -> Option<u64>;

    /// First and last of the ports that the kernel chooses from (`net.ipv4.ip_local_port_range`).
    fn ephemeral_ports(&self) -> Option<(u16, u16)>;

    /// Whether the kernel will accept tests on the mark: they need `CAP_NET_ADMIN`, and without it the whole dump
    /// is refused.
    fn may_test_marks(&self) -> bool;
}

/// Whether a part of the filter stands under an even or an odd number of negations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plain,
    Negated,
}

impl Sign {
    fn flipped(self) -> Self {
        match self {
            Self::Plain => Self::Negated,
            Self::Negated => Self::Plain,
        }
    }
}

impl Filter {
    /// The states a matching socket may be in.
    pub fn state_mask(&self) -> StateSet {
        states(self, Sign::Plain)
    }

    /// A condition that every matching internet socket fulfils. It is exact as far as the filter tests nothing but
    /// ports, IP addresses, devices, marks, cgroups and `autobound` that are known of all sockets; states are not
    /// part of it (see [`Filter::state_mask`]).
    pub fn kernel_condition(&self, names: &dyn KernelNames) -> Condition {
        condition(self, Sign::Plain, names)
    }
}

fn states(filter: &Filter, sign: Sign) -> StateSet {
    let parts = |parts: &[Filter]| parts.iter().map(|part| states(part, sign)).collect::<Vec<_>>();
    match (filter, sign) {
        (Filter::Not(part), _) => states(part, sign.flipped()),
        (Filter::And(all), Sign::Plain) | (Filter::Or(all), Sign::Negated) => {
            parts(all).into_iter().fold(StateSet::ALL, StateSet::intersection)
        }
        (Filter::Or(any), Sign::Plain) | (Filter::And(any), Sign::Negated) => {
            parts(any).into_iter().fold(StateSet::EMPTY, StateSet::union)
        }
        (Filter::Test(Test::State(set)), Sign::Plain) => *set,
        (Filter::Test(Test::State(set)), Sign::Negated) => set.complement(),
        (Filter::Test(_), _) => StateSet::ALL,
    }
}

fn condition(filter: &Filter, sign: Sign, names: &dyn KernelNames) -> Condition {
    let parts = |parts: &[Filter]| parts.iter().map(|part| condition(part, sign, names)).collect::<Vec<_>>();
    match (filter, sign) {
        (Filter::Not(part), _) => condition(part, sign.flipped(), names),
        (Filter::And(all), Sign::Plain) | (Filter::Or(all), Sign::Negated) => all_of(parts(all)),
        (Filter::Or(any), Sign::Plain) | (Filter::And(any), Sign::Negated) => any_of(parts(any)),
        (Filter::Test(test), sign) => match (kernel_test(test, names), sign) {
            (KernelTest::Exact(condition), Sign::Plain) => condition,
            (KernelTest::Exact(condition), Sign::Negated) => negated(condition),
            (KernelTest::NeverOfInet, _) => Condition::None,
            (KernelTest::Impossible, _) => Condition::All,
        },
    }
}

fn all_of(mut parts: Vec<Condition>) -> Condition {
    if parts.contains(&Condition::None) {
        return Condition::None;
    }
    parts.retain(|part| *part != Condition::All);
    match parts.len() {
        0 => Condition::All,
        1 => parts.pop().unwrap_or(Condition::All),
        _ => Condition::And(parts),
    }
}

fn any_of(mut parts: Vec<Condition>) -> Condition {
    if parts.contains(&Condition::All) {
        return Condition::All;
    }
    parts.retain(|part| *part != Condition::None);
    match parts.len() {
        0 => Condition::None,
        1 => parts.pop().unwrap_or(Condition::None),
        _ => Condition::Or(parts),
    }
}

fn negated(condition: Condition) -> Condition {
    match condition {
        Condition::All => Condition::None,
        Condition::None => Condition::All,
        other => !other,
    }
}

/// What the kernel can do with a test.
enum KernelTest {
    /// The very same test.
    Exact(Condition),
    /// Nothing: of an internet socket the test is unknown, so that neither it nor its negation can hold.
    NeverOfInet,
    /// Nothing.
    Impossible,
}

fn kernel_test(test: &Test, names: &dyn KernelNames) -> KernelTest {
    let atom = |atom: Atom| KernelTest::Exact(Condition::Atom(atom));
    let translated = |found: Option<Atom>| found.map_or(KernelTest::Impossible, atom);
    match test {
        Test::Host(side, Host::Inet { prefix, port }) => match (prefix, port) {
            (None, None) => KernelTest::Exact(Condition::All),
            (None, Some(port)) => atom(Atom::PortEq(*side, *port)),
            (Some(prefix), port) => atom(Atom::Host(*side, *prefix, *port)),
        },
        Test::Host(_, Host::Unix(_) | Host::Link { .. } | Host::Vsock { .. }) => KernelTest::NeverOfInet,
        Test::Port(side, comparison, port) => KernelTest::Exact(port_condition(*side, *comparison, *port)),
        Test::Device(Device::Index(index)) => atom(Atom::Interface(*index)),
        Test::Device(Device::Name(name)) => translated(names.device_index(name).map(Atom::Interface)),
        Test::Mark { mark, mask } if names.may_test_marks() => atom(Atom::Mark { mark: *mark, mask: *mask }),
        Test::Cgroup(path) => {
            let id = path.strip_prefix("id:").and_then(fields::digits).or_else(|| names.cgroup_id(path));
            translated(id.map(Atom::Cgroup))
        }
        Test::AutoBound => auto_bound(names).map_or(KernelTest::Impossible, KernelTest::Exact),
        Test::State(_)
        | Test::Mark { .. }
        | Test::User(_)
        | Test::Uid(..)
        | Test::Pid(..)
        | Test::Process(_)
        | Test::Unit(_)
        | Test::Container(_)
        | Test::Namespace(_)
        | Test::Inode(..) => KernelTest::Impossible,
    }
}

/// The kernel's own test counts every socket that was not bound by its program, and so the accepted ones, which have
/// their listener's port, and every `TIME_WAIT` (`inet_diag_bc_run`): as in `ss`, the port must be one to choose, too.
pub(crate) fn auto_bound(names: &dyn KernelNames) -> Option<Condition> {
    let (first, last) = names.ephemeral_ports()?;
    Some(Condition::And(vec![
        Condition::Atom(Atom::AutoBound),
        Condition::Atom(Atom::PortGe(Side::Source, first)),
        Condition::Atom(Atom::PortLe(Side::Source, last)),
    ]))
}

fn port_condition(side: Side, comparison: Comparison, port: u16) -> Condition {
    let at_most = |port| Condition::Atom(Atom::PortLe(side, port));
    let at_least = |port| Condition::Atom(Atom::PortGe(side, port));
    match comparison {
        Comparison::Equal => Condition::Atom(Atom::PortEq(side, port)),
        Comparison::AtMost => at_most(port),
        Comparison::AtLeast => at_least(port),
        Comparison::Less => port.checked_sub(1).map_or(Condition::None, at_most),
        Comparison::Greater => port.checked_add(1).map_or(Condition::None, at_least),
    }
}
