//! Matches on transport headers: `tcp`, `udp`, `udplite`, `sctp`, `dccp`, `multiport`.

use crate::ir::{Condition, Expression, Field, Interval, Payload};

use super::super::compile::Scope;
use super::super::fields::{bits, destination_port, payload, source_port, within};
use super::super::grammar::{Choice, Extension};
use super::super::values;

const TCP: u8 = 6;
const DCCP: u8 = 33;
const SCTP: u8 = 132;

/// `tcp` (`net/netfilter/xt_tcpudp.c`: `tcp_mt`).
pub(super) fn tcp(extension: &Extension) -> Option<Condition> {
    protocol(extension, TCP, |choice| match choice.name.as_str() {
        "--tcp-flags" => {
            let [mask, set] = choice.values.as_slice() else { return None };
            Some(bits(flags(), tcp_flags(mask)?, tcp_flags(set)?).negate_if(choice.negated))
        }
        // FIN, SYN, RST and ACK are looked at, SYN alone is set.
        "--syn" => Some(bits(flags(), 0x17, 0x02).negate_if(choice.negated)),
        "--tcp-option" => {
            let kind = u8::try_from(values::number_of(choice.value()?, 8)?).ok()?;
            let present = Expression::Field(Field::TcpOptionPresent(kind));
            Some(Condition::equal(present, u128::from(!choice.negated)))
        }
        _ => None,
    })
}

fn flags() -> Expression {
    payload(Payload::transport(Some(TCP), 104, 8, "tcp flags"))
}

/// A list of flags, or a number (`iptables/extensions/libxt_tcp.c`: `parse_tcp_flag`).
fn tcp_flags(text: &str) -> Option<u128> {
    if let Some(number) = values::number_of(text, 8) {
        return Some(number.into());
    }
    let flags = text.split(',').map(|flag| {
        Some(match flag.to_ascii_uppercase().as_str() {
            "FIN" => 0x01,
            "SYN" => 0x02,
            "RST" => 0x04,
            "PSH" => 0x08,
            "ACK" => 0x10,
            "URG" => 0x20,
            "ECE" => 0x40,
            "CWR" => 0x80,
            "ALL" => 0x3f,
            "NONE" => 0,
            _ => return None,
        })
    });
    flags.sum()
}

/// `udp` and `udplite` (`xt_tcpudp.c`: `udp_mt`).
pub(super) fn udp(extension: &Extension, number: u8) -> Option<Condition> {
    protocol(extension, number, |_| None)
}

/// `sctp` (`xt_sctp.c`). What chunks a packet holds is not modelled.
pub(super) fn sctp(extension: &Extension) -> Option<Condition> {
    protocol(extension, SCTP, |choice| match choice.name.as_str() {
        "--chunk-types" => {
            Some(opaque(&format!("sctp chunk-types {}", choice.values.join(" ")), choice.negated))
        }
        _ => None,
    })
}

/// `dccp` (`xt_dccp.c`). Its type is in bits 3 to 6 of the ninth byte.
pub(super) fn dccp(extension: &Extension) -> Option<Condition> {
    const TYPES: [&str; 11] = [
        "REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK",
        "INVALID",
    ];
    protocol(extension, DCCP, |choice| match choice.name.as_str() {
        "--dccp-types" => {
            let field = || payload(Payload::transport(Some(DCCP), 67, 4, "dccp type"));
            let types = choice.value()?.split(',').map(|name| {
                let number = TYPES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
                let number = u128::try_from(number).ok()?;
                // The types from 10 on are all invalid ones.
                let high = if number == 10 { 15 } else { number };
                Some(within(field(), Interval { low: number, high }, false))
            });
            let any: Option<Vec<Condition>> = types.collect();
            Some(Condition::Any(any?).negate_if(choice.negated))
        }
        "--dccp-option" => Some(opaque(&format!("dccp option {}", choice.value()?), choice.negated)),
        _ => None,
    })
}

fn opaque(text: &str, negated: bool) -> Condition {
    let field = Field::Opaque { text: text.to_owned(), width: 1 };
    Condition::equal(Expression::Field(field), u128::from(!negated))
}

/// Ports, and `more` for the protocol's own options. Without any the match still demands the protocol's header.
fn protocol(
    extension: &Extension,
    number: u8,
    more: impl Fn(&Choice) -> Option<Condition>,
) -> Option<Condition> {
    let mut parts = Vec::with_capacity(extension.choices.len());
    for choice in &extension.choices {
        let port = |field| Some(within(field, values::ports(choice.value()?)?, choice.negated));
        parts.push(match choice.name.as_str() {
            "--sport" => port(source_port(Some(number)))?,
            "--dport" => port(destination_port(Some(number)))?,
            _ => more(choice)?,
        });
    }
    if parts.is_empty() {
        parts.push(within(source_port(Some(number)), Interval { low: 0, high: 0xffff }, false));
    }
    Some(Condition::All(parts))
}

/// `multiport` (`xt_multiport.c`: `multiport_mt`): the four bytes in which all of its protocols have their ports.
pub(super) fn multiport(extension: &Extension, scope: &Scope<'_, '_, '_>) -> Option<Condition> {
    let [choice] = extension.choices.as_slice() else { return None };
    let protocol = Some(scope.protocol?);
    let (source, destination) = match choice.name.as_str() {
        "--sports" => (true, false),
        "--dports" => (false, true),
        "--ports" => (true, true),
        _ => return None,
    };
    let mut parts = Vec::new();
    for item in choice.value()?.split(',') {
        let interval = values::ports(item)?;
        if source {
            parts.push(within(source_port(protocol), interval, false));
        }
        if destination {
            parts.push(within(destination_port(protocol), interval, false));
        }
    }
    if !choice.negated {
        return Some(Condition::Any(parts));
    }
    // Without a header the answer is no here too.
    let header = within(source_port(protocol), Interval { low: 0, high: 0xffff }, false);
    Some(Condition::All(vec![header, Condition::Not(Box::new(Condition::Any(parts)))]))
}
