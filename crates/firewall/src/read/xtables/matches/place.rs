//! Matches on where a packet comes from and goes to: `addrtype`, `iprange`, `mac`, `eui64`, `physdev`, `rpfilter`, `policy`.

use crate::ir::{
    Comparison, Condition, Expression, Field, Interval, LimitInterface, Meta, Operator, Payload, PayloadBase,
    PhysdevKey, RouteKey, Version,
};

use super::super::fields::{self, invert, payload, within};
use super::super::grammar::Extension;
use super::super::{header, values};
use super::packet::each;

/// `addrtype` (`net/netfilter/xt_addrtype.c`: `addrtype_mt_v1`).
pub(super) fn addrtype(extension: &Extension) -> Option<Condition> {
    let limit = match (extension.has("--limit-iface-in"), extension.has("--limit-iface-out")) {
        (true, _) => Some(LimitInterface::In),
        (_, true) => Some(LimitInterface::Out),
        _ => None,
    };
    each(extension, |choice| {
        let source = match choice.name.as_str() {
            "--src-type" => true,
            "--dst-type" => false,
            _ => return Some(Condition::All(Vec::new())),
        };
        let types = address_types(choice.value()?)?;
        let field = Expression::Field(Field::AddressType { source, limit, types });
        Some(Condition::equal(field, 1).negate_if(choice.negated))
    })
}

/// Bits numbered as `RTN_*`.
fn address_types(text: &str) -> Option<u16> {
    const NAMES: [&str; 12] = [
        "UNSPEC",
        "UNICAST",
        "LOCAL",
        "BROADCAST",
        "ANYCAST",
        "MULTICAST",
        "BLACKHOLE",
        "UNREACHABLE",
        "PROHIBIT",
        "THROW",
        "NAT",
        "XRESOLVE",
    ];
    text.split(',').try_fold(0_u16, |types, name| {
        let number = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        Some(types | 1_u16.checked_shl(u32::try_from(number).ok()?)?)
    })
}

/// `iprange` (`xt_iprange.c`).
pub(super) fn iprange(extension: &Extension, version: Version) -> Option<Condition> {
    each(extension, |choice| {
        let (low, high) = values::address_range(choice.value()?, version)?;
        let field = fields::address(version, choice.name == "--src-range");
        Some(within(field, Interval { low, high }, choice.negated))
    })
}

/// Bits of the Ethernet header.
pub(in super::super) fn link(offset: u16, width: u16, name: &'static str) -> Expression {
    payload(Payload {
        base: PayloadBase::Link,
        offset,
        width,
        network: None,
        transport: None,
        name: name.into(),
    })
}

/// `mac` (`xt_mac.c`: `mac_mt`): no where the device is not Ethernet or there is no such header, negated or not.
pub(super) fn mac(extension: &Extension) -> Option<Condition> {
    // ARPHRD_ETHER; loopback has headers of the same shape and is none.
    let ethernet = Condition::equal(Expression::Field(Field::Meta(Meta::InputType)), 1);
    each(extension, |choice| {
        let address = values::ethernet(choice.value()?)?;
        let source = Condition::equal(link(48, 48, "ether saddr"), address).negate_if(choice.negated);
        Some(Condition::All(vec![ethernet.clone(), source]))
    })
}

/// `eui64` (`net/ipv6/netfilter/ip6t_eui64.c`): the source address was made from the Ethernet address.
pub(super) fn eui64(extension: &Extension) -> Option<Condition> {
    let source = |offset: u16, width| payload(Payload::ip6(64 + offset, width, "ip6 saddr"));
    let compare = |left, right| Condition::Compare { left, operator: Comparison::Equal, right };
    let vendor = Expression::Operation(
        Operator::Xor,
        Box::new(link(48, 24, "ether saddr")),
        Box::new(Expression::Constant(0x02_0000)),
    );
    extension.choices.is_empty().then(|| {
        Condition::All(vec![
            compare(source(64, 24), vendor),
            Condition::equal(source(88, 16), 0xfffe),
            compare(source(104, 24), link(72, 24, "ether saddr")),
        ])
    })
}

/// `physdev` (`net/netfilter/xt_physdev.c`: `physdev_mt`): no where the packet came over no bridge, yes where negated.
pub(super) fn physdev(extension: &Extension) -> Option<Condition> {
    let field = |key| Expression::Field(Field::Physdev(key));
    each(extension, |choice| {
        let condition = match choice.name.as_str() {
            "--physdev-in" => header::interface(field(PhysdevKey::Input), choice.value()?, false),
            "--physdev-out" => header::interface(field(PhysdevKey::Output), choice.value()?, false),
            "--physdev-is-in" => Condition::equal(field(PhysdevKey::IsIn), 1),
            "--physdev-is-out" => Condition::equal(field(PhysdevKey::IsOut), 1),
            _ => Condition::equal(field(PhysdevKey::IsBridged), 1),
        };
        Some(invert(condition, choice.negated))
    })
}

/// `rpfilter` (`net/ipv4/netfilter/ipt_rpfilter.c`, `net/ipv6/netfilter/ip6t_rpfilter.c`).
pub(super) fn rpfilter(extension: &Extension) -> Option<Condition> {
    let field = Field::ReversePath {
        loose: extension.has("--loose"),
        mark: extension.has("--validmark"),
        accept_local: extension.has("--accept-local"),
    };
    let wanted = u128::from(!extension.has("--invert"));
    let known = ["--loose", "--validmark", "--accept-local", "--invert"];
    extension.only(&known).then(|| Condition::equal(Expression::Field(field), wanted))
}

/// `policy` (`xt_policy.c`: `policy_mt`): whether `IPsec` was or will be used; with which parameters is not modelled.
pub(super) fn policy(extension: &Extension) -> Option<Condition> {
    let inward = match extension.value("--dir")? {
        "in" => true,
        "out" => false,
        _ => return None,
    };
    let none = match extension.value("--pol")? {
        "none" => true,
        "ipsec" => false,
        _ => return None,
    };
    let used = if inward {
        Expression::Field(Field::Opaque { text: "meta ipsec".to_owned(), width: 1 })
    } else {
        Expression::Field(Field::Route(RouteKey::Ipsec))
    };
    let used = Condition::equal(used, u128::from(!none));
    if none || extension.only(&["--dir", "--pol"]) {
        return Some(used);
    }
    let field = Field::Opaque { text: extension.text("-m"), width: 1 };
    Some(Condition::All(vec![used, Condition::equal(Expression::Field(field), 1)]))
}
