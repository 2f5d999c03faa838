//! Which match is read where.

use crate::ir::{Condition, Statement};

use super::super::compile::Scope;
use super::super::grammar::Extension;
use super::{connection, headers, icmp, packet, place, set, stateful, transport};

/// The statements of a match; `None` where it is not understood.
pub(in super::super) fn statements(
    extension: &Extension,
    scope: &mut Scope<'_, '_, '_>,
) -> Option<Vec<Statement>> {
    let condition = match extension.name.as_str() {
        "tcp" => transport::tcp(extension),
        "udp" => transport::udp(extension, 17),
        "udplite" => transport::udp(extension, 136),
        "sctp" => transport::sctp(extension),
        "dccp" => transport::dccp(extension),
        "multiport" => transport::multiport(extension, scope),
        "icmp" => icmp::icmp(extension),
        "icmp6" | "icmpv6" => icmp::icmp6(extension),
        "conntrack" => connection::conntrack(extension, scope.version),
        "state" => connection::state(extension),
        "connmark" => connection::connmark(extension),
        "helper" => connection::helper(extension),
        "connlabel" => connection::connlabel(extension),
        "ah" => headers::ah(extension, scope.version),
        "esp" => headers::esp(extension),
        "ipcomp" => headers::ipcomp(extension),
        "rt" => headers::rt(extension),
        "frag" => headers::frag(extension),
        "hbh" | "dst" => headers::options(extension),
        "ipv6header" => headers::ipv6header(extension),
        "mh" => headers::mh(extension),
        "srh" => headers::srh(extension),
        "ttl" | "hl" => packet::hops(extension),
        "dscp" => packet::dscp(extension, scope.version),
        "tos" => packet::tos(extension, scope.version),
        "ecn" => packet::ecn(extension, scope.version),
        "length" => packet::length(extension),
        "pkttype" => packet::pkttype(extension),
        "tcpmss" => packet::tcpmss(extension),
        "mark" => packet::mark(extension),
        "realm" => packet::realm(extension),
        "cgroup" => packet::cgroup(extension),
        "devgroup" => packet::devgroup(extension),
        "owner" => packet::owner(extension),
        "addrtype" => place::addrtype(extension),
        "iprange" => place::iprange(extension, scope.version),
        "mac" => place::mac(extension),
        "eui64" => place::eui64(extension),
        "physdev" => place::physdev(extension),
        "rpfilter" => place::rpfilter(extension),
        "policy" => place::policy(extension),
        "set" => set::set(extension, scope),
        "comment" => connection::comment(extension),
        _ => None,
    };
    if condition.is_none()
        && let Some(test) = stateful::test(extension)
    {
        return Some(vec![Statement::State(test)]);
    }
    Some(match condition? {
        // Each part is a step of its own, so that a path can name the one that failed.
        Condition::All(parts) => parts.into_iter().map(Statement::Match).collect(),
        condition => vec![Statement::Match(condition)],
    })
}
