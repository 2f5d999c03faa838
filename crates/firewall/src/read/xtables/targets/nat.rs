//! Targets that translate addresses: `DNAT`, `SNAT`, `MASQUERADE`, `REDIRECT`, `NETMAP`
//! (`net/netfilter/xt_nat.c`, `xt_MASQUERADE.c`, `xt_REDIRECT.c`, `xt_NETMAP.c`).

use crate::ir::{Expression, Hook, Interval, Nat, NatKind, Statement, Version};

use super::super::compile::Scope;
use super::super::grammar::Extension;
use super::super::values;

pub(super) fn statements(extension: &Extension, scope: &Scope<'_, '_, '_>) -> Option<Vec<Statement>> {
    let mut nat = Nat {
        kind: NatKind::Dnat,
        version: None,
        address: None,
        port: None,
        random: false,
        persistent: false,
        netmap: false,
        base_port: None,
    };
    let mut destinations = 0;
    nat.kind = match extension.name.as_str() {
        "DNAT" => NatKind::Dnat,
        "SNAT" => NatKind::Snat,
        "MASQUERADE" => NatKind::Masquerade,
        "REDIRECT" => NatKind::Redirect,
        _ => netmap_end(scope.hooks)?,
    };
    for choice in &extension.choices {
        if choice.negated {
            return None;
        }
        match choice.name.as_str() {
            "--random" | "--random-fully" => nat.random = true,
            "--persistent" => nat.persistent = true,
            "--to-ports" => ports(&mut nat, choice.value()?)?,
            "--to-destination" | "--to-source" => {
                destinations += 1;
                to(&mut nat, choice.value()?, scope.version)?;
            }
            "--to" => {
                let (address, mask) = values::network(choice.value()?, scope.version)?;
                let Interval { low, high } = values::interval(address, mask, scope.version)?;
                nat.address = Some((Expression::Constant(low), Expression::Constant(high)));
                nat.netmap = true;
                destinations += 1;
            }
            _ => return None,
        }
    }
    let needed = usize::from(!matches!(nat.kind, NatKind::Masquerade | NatKind::Redirect));
    // More than one destination is of kernels before 2.6.11.
    (destinations == needed).then(|| vec![Statement::Nat(nat)])
}

/// `NETMAP` translates the destination before routing and the source after (`netmap_tg4`: `HOOK2MANIP`). A chain that both lead
/// to cannot be told beforehand.
fn netmap_end(hooks: &[Hook]) -> Option<NatKind> {
    let destination = |hook: &Hook| matches!(hook, Hook::Prerouting | Hook::Output);
    if hooks.iter().all(destination) {
        Some(NatKind::Dnat)
    } else if hooks.iter().any(destination) {
        None
    } else {
        Some(NatKind::Snat)
    }
}

/// `ADDRESS[-ADDRESS][:PORT[-PORT[/BASE]]]`, `[ADDRESS]:PORT` in IPv6, or `:PORT`.
fn to(nat: &mut Nat, text: &str, version: Version) -> Option<()> {
    let (addresses, ports_text) = match (version, text.strip_prefix('[')) {
        (Version::V6, Some(inner)) => {
            let (address, rest) = inner.split_once(']')?;
            match rest.strip_prefix('-') {
                // [low]-[high]:port
                Some(second) => {
                    let (high, rest) = second.strip_prefix('[')?.split_once(']')?;
                    return join(nat, address, high, rest, version);
                }
                None => (address, rest.strip_prefix(':')),
            }
        }
        (Version::V6, None) => match text.strip_prefix(':').filter(|rest| !rest.contains(':')) {
            Some(ports) => ("", Some(ports)),
            None => (text, None),
        },
        (Version::V4, _) => match text.split_once(':') {
            Some((address, ports)) => (address, Some(ports)),
            None => (text, None),
        },
    };
    if !addresses.is_empty() {
        let (low, high) = values::address_range(addresses, version)?;
        nat.address = Some((Expression::Constant(low), Expression::Constant(high)));
    }
    match ports_text {
        Some(text) => ports(nat, text),
        None if addresses.is_empty() => None,
        None => Some(()),
    }
}

fn join(nat: &mut Nat, low: &str, high: &str, rest: &str, version: Version) -> Option<()> {
    let (low, high) = (values::address(low, version)?, values::address(high, version)?);
    nat.address = Some((Expression::Constant(low), Expression::Constant(high)));
    if rest.is_empty() { Some(()) } else { ports(nat, rest.strip_prefix(':')?) }
}

/// `PORT`, `LOW-HIGH` or `LOW-HIGH/BASE`.
fn ports(nat: &mut Nat, text: &str) -> Option<()> {
    let (range, base) = match text.split_once('/') {
        Some((range, base)) => (range, Some(values::port(base)?)),
        None => (text, None),
    };
    let (low, high) = range.split_once('-').unwrap_or((range, range));
    let (low, high) = (values::port(low)?, values::port(high)?);
    nat.port = Some((Expression::Constant(low.into()), Expression::Constant(high.into())));
    nat.base_port = base;
    Some(())
}
