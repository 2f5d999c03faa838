//! `snat`, `dnat`, `masquerade`, `redirect`.

use super::kind::{Cause, Kind, Type};
use super::node::Node;
use super::scope::Scope;
use crate::ir::{Expression, Family, MapPart, Nat, NatKind, Statement, Version};

/// Lowest and highest.
type Ends = (Expression, Expression);

impl Scope<'_> {
    /// `nft_nat_eval` (`net/netfilter/nft_nat.c`). In an inet table with a version, packets of the other pass by
    /// (`nft_nat_inet_eval`).
    pub(super) fn nat(&mut self, name: &str, body: &Node<'_>) -> Result<Statement, Cause> {
        let kind = match name {
            "snat" => NatKind::Snat,
            "dnat" => NatKind::Dnat,
            "masquerade" => NatKind::Masquerade,
            _ => NatKind::Redirect,
        };
        let version = match (body.member_text("family"), self.family) {
            (Some("ip"), _) | (None, Family::Ip) => Some(Version::V4),
            (Some("ip6"), _) | (None, Family::Ip6) => Some(Version::V6),
            _ => None,
        };
        let address_type = match version {
            Some(Version::V6) => Type::of(Kind::Ipv6),
            Some(Version::V4) => Type::of(Kind::Ipv4),
            None => written_version(body),
        };
        let mut port = None;
        let address = match body.member("addr") {
            None => None,
            Some(node) => {
                let (address, behind) = self.ends(node, address_type)?;
                port = behind;
                Some(address)
            }
        };
        if let Some(node) = body.member("port") {
            port = Some(self.ends(node, Type::of(Kind::Service))?.0);
        }
        let flag = |word: &str| body.has_word("flags", word);
        Ok(Statement::Nat(Nat {
            kind,
            version: if self.family == Family::Inet { version } else { None },
            address,
            port,
            random: flag("random") || flag("fully-random"),
            persistent: flag("persistent"),
            netmap: flag("netmap"),
            base_port: None,
        }))
    }

    /// The ends of an address or a port, and the port that a map gives behind its address.
    fn ends(&mut self, node: &Node<'_>, kind: Type) -> Result<(Ends, Option<Ends>), Cause> {
        match kind.interval(node, self.names) {
            Ok(interval) => {
                return Ok(((Expression::Constant(interval.low), Expression::Constant(interval.high)), None));
            }
            Err(cause) if !matches!(node, Node::Object(_)) => return Err(cause),
            Err(_) => {}
        }
        if let Some(("concat", parts)) = node.first()
            && let [address, port] = parts.items()
        {
            let (address, _) = self.ends(address, kind)?;
            let (port, _) = self.ends(port, Type::of(Kind::Service))?;
            return Ok((address, Some(port)));
        }
        let typed = self.expression(node, &[kind])?;
        let Expression::Map { key, map, .. } = typed.expression else {
            return Ok(((typed.expression.clone(), typed.expression), None));
        };
        let part = |part: MapPart| Expression::Map { key: key.clone(), map, part };
        let of = |index: u8| (part(MapPart::Low(index)), part(MapPart::High(index)));
        let behind = if typed.types.len() > 1 { Some(of(1)) } else { None };
        Ok((of(0), behind))
    }
}

/// The version of an address where neither table nor statement tell it.
fn written_version(body: &Node<'_>) -> Type {
    let six = body.member("addr").is_some_and(|address| address.to_string().contains("::"));
    Type::of(if six { Kind::Ipv6 } else { Kind::Ipv4 })
}
