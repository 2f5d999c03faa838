//! Targets about connections and sockets: `CT`, `NOTRACK`, `TRACE`, `TPROXY`.

use crate::ir::{ConntrackKey, Expression, Meta, Passive, Statement, Version, Writable};

use super::super::fields::meta;
use super::super::grammar::Extension;
use super::super::values;
use super::rewrite::mixed;

/// `CT` (`net/netfilter/xt_CT.c`): what the connection will be when it is looked up next.
pub(super) fn ct(extension: &Extension) -> Option<Vec<Statement>> {
    let mut statements = Vec::new();
    for choice in &extension.choices {
        if choice.negated {
            return None;
        }
        statements.push(match choice.name.as_str() {
            "--notrack" => Statement::Notrack,
            "--helper" => Statement::Passive(Passive::Helper(choice.value()?.to_owned())),
            "--zone" | "--zone-orig" | "--zone-reply" => Statement::Assign {
                target: Writable::Conntrack(ConntrackKey::Zone),
                value: match choice.value()? {
                    "mark" => meta(Meta::Mark).masked(0xffff),
                    text => Expression::Constant(values::number_of(text, 16)?.into()),
                },
            },
            "--timeout" | "--ctevents" | "--expevents" => {
                Statement::Passive(Passive::Other(format!("CT {} {}", choice.name, choice.value()?)))
            }
            _ => return None,
        });
    }
    Some(statements)
}

/// `TRACE` (`xt_TRACE.c`).
pub(super) fn trace() -> Statement {
    Statement::Assign { target: Writable::Trace, value: Expression::Constant(1) }
}

/// `TPROXY` (`xt_TPROXY.c`): the mark is written where a socket is found; otherwise the packet is gone, and with it its mark. An
/// address or a port of zero is the packet's own or the interface's.
pub(super) fn tproxy(extension: &Extension, version: Version) -> Option<Vec<Statement>> {
    let mut statements = Vec::new();
    if let Some(text) = extension.value("--tproxy-mark") {
        let (value, mask) = values::masked(text)?;
        if (value, mask) != (0, 0) {
            statements.push(Statement::Assign {
                target: Writable::Mark,
                value: mixed(meta(Meta::Mark), value, mask),
            });
        }
    }
    let address = match extension.value("--on-ip") {
        Some(text) => Some(values::address(text, version)?).filter(|address| *address != 0),
        None => None,
    };
    let port = match extension.value("--on-port") {
        Some(text) => Some(values::port(text)?).filter(|port| *port != 0),
        None => None,
    };
    statements.push(Statement::Tproxy {
        address: address.map(Expression::Constant),
        port: port.map(|port| Expression::Constant(port.into())),
        xtables: true,
    });
    extension.only(&["--tproxy-mark", "--on-ip", "--on-port"]).then_some(statements)
}
