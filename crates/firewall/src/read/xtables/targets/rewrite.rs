//! Targets that write: `MARK`, `CONNMARK`, `CLASSIFY`, `HMARK`, `DSCP`, `TOS`, `TTL`, `HL`, `ECN`, `TCPMSS`, `TCPOPTSTRIP`, `DNPT`, `SNPT`.
//!
//! None of them ends the packet's way, unless it lacks the header that is to be written.

use crate::ir::{
    ConntrackKey, Expression, Field, Interval, Meta, Operator, Payload, Statement, Version, Writable,
};

use super::super::fields::{meta, payload};
use super::super::grammar::{Choice, Extension};
use super::super::matches::traffic_class;
use super::super::{names, values};

const TCP: u8 = 6;

/// `(old & ~mask) ^ value`, the way that all of these targets write some bits of a value of 32 bits.
pub(super) fn mixed(old: Expression, value: u32, mask: u32) -> Expression {
    match (!mask, value) {
        (0, value) => Expression::Constant(value.into()),
        (u32::MAX, 0) => old,
        (u32::MAX, value) => xor(old, Expression::Constant(value.into())),
        (rest, 0) => old.masked(rest.into()),
        (rest, value) => xor(old.masked(rest.into()), Expression::Constant(value.into())),
    }
}

fn xor(left: Expression, right: Expression) -> Expression {
    Expression::Operation(Operator::Xor, Box::new(left), Box::new(right))
}

/// Value and mask of the options that `MARK` and `CONNMARK` share (`iptables/extensions/libxt_MARK.c`).
fn bits(choice: &Choice) -> Option<(u32, u32)> {
    let (value, mask) = values::masked(choice.value()?)?;
    Some(match choice.name.as_str() {
        "--set-xmark" => (value, mask),
        "--set-mark" => (value, value | mask),
        "--and-mark" => (0, !value),
        "--or-mark" => (value, value),
        "--xor-mark" => (value, 0),
        _ => return None,
    })
}

/// `MARK` (`net/netfilter/xt_mark.c`: `mark_tg`).
pub(super) fn mark(extension: &Extension) -> Option<Vec<Statement>> {
    let [choice] = extension.choices.as_slice() else { return None };
    let (value, mask) = bits(choice)?;
    Some(vec![Statement::Assign { target: Writable::Mark, value: mixed(meta(Meta::Mark), value, mask) }])
}

/// `CONNMARK` (`net/netfilter/xt_connmark.c`: `connmark_tg_shift`).
pub(super) fn connmark(extension: &Extension) -> Option<Vec<Statement>> {
    let connection = || Expression::Field(Field::Conntrack(ConntrackKey::Mark, None));
    let target = Writable::Conntrack(ConntrackKey::Mark);
    let shift = shift(extension)?;
    let mask_of = |names: [&str; 2]| {
        let text = names.into_iter().find_map(|name| extension.value(name));
        text.map_or(Some(u32::MAX), |text| u32::try_from(values::number_of(text, 32)?).ok())
    };
    let (packet_mask, connection_mask) = (mask_of(["--nfmask", "--mask"])?, mask_of(["--ctmask", "--mask"])?);
    let mixed_with = |old: Expression, mask: u32, new: Expression| {
        if mask == u32::MAX { new } else { xor(old.masked((!mask).into()), new) }
    };
    let statement = if extension.has("--save-mark") {
        let new = shifted(masked(meta(Meta::Mark), packet_mask), shift);
        Statement::Assign { target, value: mixed_with(connection(), connection_mask, new) }
    } else if extension.has("--restore-mark") {
        let new = shifted(masked(connection(), connection_mask), shift);
        Statement::Assign { target: Writable::Mark, value: mixed_with(meta(Meta::Mark), packet_mask, new) }
    } else {
        let (value, mask) = extension.choices.iter().find_map(bits)?;
        Statement::Assign { target, value: shifted(mixed(connection(), value, mask), shift) }
    };
    Some(vec![statement])
}

fn masked(value: Expression, mask: u32) -> Expression {
    if mask == u32::MAX { value } else { value.masked(mask.into()) }
}

/// To which side and by how many bits a mark is shifted; by none where nothing is said.
fn shift(extension: &Extension) -> Option<(Operator, u32)> {
    let sides = [("--left-shift-mark", Operator::ShiftLeft), ("--right-shift-mark", Operator::ShiftRight)];
    match sides.into_iter().find(|(name, _)| extension.has(name)) {
        Some((name, side)) => {
            let bits = values::number_of(extension.value(name)?, 5)?;
            Some((side, u32::try_from(bits).ok()?))
        }
        None => Some((Operator::ShiftLeft, 0)),
    }
}

fn shifted(value: Expression, (side, bits): (Operator, u32)) -> Expression {
    if bits == 0 {
        return value;
    }
    let by = Box::new(Expression::Constant(bits.into()));
    // What is shifted out of 32 bits is gone.
    Expression::Operation(side, Box::new(value), by).masked(u32::MAX.into())
}

/// `CLASSIFY` (`xt_CLASSIFY.c`): `MAJOR:MINOR`, hexadecimal.
pub(super) fn classify(extension: &Extension) -> Option<Vec<Statement>> {
    let (major, minor) = extension.value("--set-class")?.split_once(':')?;
    let half = |text| u16::from_str_radix(text, 16).ok().map(u128::from);
    let value = Expression::Constant(half(major)? << 16 | half(minor)?);
    Some(vec![Statement::Assign { target: Writable::Priority, value }])
}

/// `HMARK` (`xt_HMARK.c`: `hmark_hash`): a hash of addresses and ports.
pub(super) fn hmark(extension: &Extension) -> Option<Vec<Statement>> {
    let number = |name| u32::try_from(values::number_of(extension.value(name)?, 32)?).ok();
    let value = Expression::Generated {
        modulus: number("--hmark-mod")?,
        offset: number("--hmark-offset").unwrap_or(0),
        text: extension.text("-j"),
    };
    Some(vec![Statement::Assign { target: Writable::Mark, value }])
}

fn write(payload: Payload, value: Expression) -> Statement {
    Statement::Assign { target: Writable::Payload(payload), value }
}

/// `DSCP` (`xt_DSCP.c`: `dscp_tg`).
pub(super) fn dscp(extension: &Extension, version: Version) -> Option<Vec<Statement>> {
    let [choice] = extension.choices.as_slice() else { return None };
    let value = match choice.name.as_str() {
        "--set-dscp" => values::number_of(choice.value()?, 6)?,
        _ => names::dscp_class(choice.value()?)?.into(),
    };
    Some(vec![write(traffic_class(version, 0, 6), Expression::Constant(value.into()))])
}

/// `TOS` (`xt_DSCP.c`: `tos_tg`).
pub(super) fn tos(extension: &Extension, version: Version) -> Option<Vec<Statement>> {
    let [choice] = extension.choices.as_slice() else { return None };
    let byte = || u8::try_from(values::number_of(choice.value()?, 8)?).ok();
    let (value, mask) = match choice.name.as_str() {
        "--set-tos" => names::tos(choice.value()?)?,
        "--and-tos" => (0, !byte()?),
        "--or-tos" => (byte()?, byte()?),
        "--xor-tos" => (byte()?, 0),
        _ => return None,
    };
    let field = traffic_class(version, 0, 8);
    let value = if mask == u8::MAX {
        Expression::Constant(value.into())
    } else {
        xor(payload(field.clone()).masked((!mask).into()), Expression::Constant(value.into()))
    };
    Some(vec![write(field, value)])
}

/// `TTL` and `HL` (`xt_HL.c`: `ttl_tg`, `hl_tg6`).
pub(super) fn hops(extension: &Extension) -> Option<Vec<Statement>> {
    let field = match extension.name.as_str() {
        "TTL" => Payload::ip(64, 8, "ip ttl"),
        _ => Payload::ip6(56, 8, "ip6 hoplimit"),
    };
    let [choice] = extension.choices.as_slice() else { return None };
    let number = values::number_of(choice.value()?, 8)?;
    let value = match choice.name.as_str() {
        "--ttl-set" | "--hl-set" => Expression::Constant(number.into()),
        // Sums are not part of the representation.
        "--ttl-inc" | "--ttl-dec" | "--hl-inc" | "--hl-dec" => Expression::Unknown(extension.text("-j")),
        _ => return None,
    };
    Some(vec![write(field, value)])
}

/// `ECN` (`net/ipv4/netfilter/ipt_ECN.c`: `ecn_tg`), IPv4 only.
pub(super) fn ecn(extension: &Extension) -> Option<Vec<Statement>> {
    let flag = |offset, width| Payload::transport(Some(TCP), offset, width, "tcp flags");
    let mut statements = Vec::new();
    for choice in &extension.choices {
        let value = || Some(Expression::Constant(values::number_of(choice.value()?, 2)?.into()));
        statements.push(match choice.name.as_str() {
            "--ecn-tcp-remove" => write(flag(104, 2), Expression::Constant(0)),
            "--ecn-tcp-cwr" => write(flag(104, 1), value()?),
            "--ecn-tcp-ece" => write(flag(105, 1), value()?),
            "--ecn-ip-ect" => write(traffic_class(Version::V4, 6, 2), value()?),
            _ => return None,
        });
    }
    (!statements.is_empty()).then_some(statements)
}

/// `TCPMSS` never makes a segment larger (`xt_TCPMSS.c`: `tcpmss_mangle_packet`); `TCPOPTSTRIP` fills options with padding
/// (`xt_TCPOPTSTRIP.c`). What later rules would see of these options is left open.
pub(super) fn tcp_options(extension: &Extension) -> Option<Vec<Statement>> {
    let kinds = match extension.value("--strip-options") {
        Some(list) => list.split(',').map(tcp_option).collect::<Option<Vec<u8>>>()?,
        None if extension.name == "TCPMSS" && !extension.choices.is_empty() => vec![2],
        None => return None,
    };
    let one = |kind| Statement::Assign {
        target: Writable::Option(Field::TcpOption { kind, offset: 16, width: 16 }),
        value: Expression::Unknown(extension.text("-j")),
    };
    Some(kinds.into_iter().map(one).collect())
}

/// Kind of a TCP option (`iptables/extensions/libxt_TCPOPTSTRIP.c`).
fn tcp_option(text: &str) -> Option<u8> {
    Some(match text {
        "mss" => 2,
        "wscale" => 3,
        "sack-permitted" => 4,
        "sack" => 5,
        "timestamp" => 8,
        "md5" => 19,
        _ => u8::try_from(values::number_of(text, 8)?).ok()?,
    })
}

/// `DNPT` and `SNPT` (`net/ipv6/netfilter/ip6t_NPT.c`: `ip6t_npt_map_pfx`): another prefix, and 16 bits that keep the checksum as it
/// is, which are left open here.
pub(super) fn prefix(extension: &Extension) -> Option<Vec<Statement>> {
    let (address, mask) = values::network(extension.value("--dst-pfx")?, Version::V6)?;
    let (_, source_mask) = values::network(extension.value("--src-pfx")?, Version::V6)?;
    let Interval { .. } = values::interval(address, mask, Version::V6)?;
    let length =
        u16::try_from(mask.count_ones().max(source_mask.count_ones())).ok().filter(|length| *length <= 64)?;
    let (offset, name) = if extension.name == "SNPT" { (64, "ip6 saddr") } else { (192, "ip6 daddr") };
    let unknown = || Expression::Unknown(extension.text("-j"));
    let mut statements = Vec::new();
    if length > 0 {
        let value = Expression::Constant(address >> (128 - length));
        statements.push(write(Payload::ip6(offset, length, name), value));
    }
    statements.push(if length <= 48 {
        write(Payload::ip6(offset + 48, 16, name), unknown())
    } else {
        write(Payload::ip6(offset + 64, 64, name), unknown())
    });
    Some(statements)
}
