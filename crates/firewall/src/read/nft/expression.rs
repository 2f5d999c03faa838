//! Values: fields, bit operations, concatenations, maps, random numbers.

use std::borrow::Cow;

use super::header;
use super::kind::{Cause, Kind, Type};
use super::listing;
use super::node::Node;
use super::option;
use super::scope::{Scope, Typed};
use super::text;
use crate::ir::{
    ConntrackKey, Direction, Expression, Family, FibAddress, FibField, FibResult, Field, MapPart, Meta,
    Operator, Payload, PayloadBase, RouteKey, SocketKey, Version,
};

/// Most operands of one operation, and most parts of one concatenation. The kernel takes concatenations of 64 bytes
/// (`NFT_REG32_COUNT`); rules beyond are hostile.
const MOST_OPERANDS: usize = 64;

impl Scope<'_> {
    /// A value that is no constant. `wanted` are the types that the data of a map written in place has.
    pub(super) fn expression(&mut self, node: &Node<'_>, wanted: &[Type]) -> Result<Typed, Cause> {
        let unknown = || format!("unknown expression: {}", text::expression(node));
        let Some((name, body)) = node.first() else { return Err(unknown()) };
        match name {
            "payload" => self.payload(body),
            "meta" => meta(body).ok_or_else(unknown),
            "ct" => self.conntrack(body).ok_or_else(unknown),
            "fib" => fib(body).ok_or_else(unknown),
            "socket" => socket(body).ok_or_else(unknown),
            "rt" => self.route(body).ok_or_else(unknown),
            "exthdr" => {
                // An IPv4 packet has none, and `missing` must not hold for it.
                self.require_network(header::IP6);
                option::ip6(body).map(|(field, kind)| Typed::field(field, kind.kind))
            }
            "tcp option" => option::tcp(body).map(|(field, kind)| Typed::field(field, kind.kind)),
            "ip option" => {
                self.require_network(header::IP);
                option::ip(body).map(|(field, kind)| Typed::field(field, kind.kind))
            }
            "sctp chunk" | "dccp option" => Ok(opaque(node, chunk_type(body))),
            "osf" => Ok(opaque(node, Type::of(Kind::Text))),
            "ipsec" => Ok(opaque(node, ipsec_type(body))),
            "tunnel" => Ok(opaque(node, Type::new(Kind::Integer, 32))),
            "numgen" | "jhash" | "symhash" => self.generated(node, body),
            "concat" => self.concatenation(body.items()),
            "map" => self.map(body, wanted),
            "&" => self.operation(Operator::And, body.items(), wanted),
            "|" => self.operation(Operator::Or, body.items(), wanted),
            "^" => self.operation(Operator::Xor, body.items(), wanted),
            "<<" => self.operation(Operator::ShiftLeft, body.items(), wanted),
            ">>" => self.operation(Operator::ShiftRight, body.items(), wanted),
            _ => Err(unknown()),
        }
    }

    /// A constant of a type, or a value: the right side of a write.
    pub(super) fn value(&mut self, node: &Node<'_>, kind: Type) -> Result<Expression, Cause> {
        match kind.number(node, self.names) {
            Ok(number) => Ok(Expression::Constant(number)),
            Err(cause) => match node {
                Node::Object(_) => self.expression(node, &[kind]).map(|typed| typed.expression),
                _ => Err(cause),
            },
        }
    }

    fn payload(&mut self, body: &Node<'_>) -> Result<Typed, Cause> {
        let unknown = || format!("unknown header field: {body}");
        if body.member("tunnel").is_some() {
            // `vxlan ip saddr`: headers behind the header.
            return Err(unknown());
        }
        if let Some(base) = body.member_text("base") {
            let base = match base {
                "ll" => PayloadBase::Link,
                "nh" => PayloadBase::Network,
                "th" => PayloadBase::Transport,
                "ih" => PayloadBase::Inner,
                _ => return Err(unknown()),
            };
            let (Some(offset), Some(width)) =
                (body.member_number::<u16>("offset"), body.member_number::<u16>("len"))
            else {
                return Err(unknown());
            };
            if !(1..=128).contains(&width) {
                return Err(format!("a field of {width} bits"));
            }
            let name = Cow::Owned(text::payload(body));
            let payload = Payload { base, offset, width, network: None, transport: None, name };
            return Ok(Typed::field(Field::Payload(payload), Kind::Integer));
        }
        let (Some(protocol), Some(field)) = (body.either_text("protocol", "name"), body.member_text("field"))
        else {
            return Err(unknown());
        };
        let (mut payload, kind) = header::field(protocol, field).ok_or_else(unknown)?;
        match protocol {
            "ether" => self.require_ethernet(),
            "vlan" => {
                self.require_tag();
                payload.offset = payload.offset.saturating_add(self.tags.saturating_mul(header::TAG_WIDTH));
            }
            _ => {}
        }
        // In a table of one network protocol the transport protocol alone decides.
        if payload.transport.is_some() && matches!(self.family, Family::Ip | Family::Ip6) {
            payload.network = None;
        }
        if let (Some(message), Some((mut of_type, _))) =
            (header::message_type(&payload.name), header::field(protocol, "type"))
        {
            of_type.network = payload.network;
            let left = Expression::Field(Field::Payload(of_type));
            self.require(crate::ir::Condition::equal(left, message.into()));
        }
        Ok(Typed::field(Field::Payload(payload), kind.kind))
    }

    /// `ct_templates` (`src/ct.c`). In an `ip` or `ip6` table `ct original saddr` has the table's version.
    fn conntrack(&self, body: &Node<'_>) -> Option<Typed> {
        let (key, kind) = conntrack_key(body, self.family)?;
        let direction = match body.member_text("dir") {
            Some("original") => Some(Direction::Original),
            Some("reply") => Some(Direction::Reply),
            Some(_) => return None,
            None => None,
        };
        Some(Typed::field(Field::Conntrack(key, direction), kind))
    }

    fn route(&self, body: &Node<'_>) -> Option<Typed> {
        let six = match body.member_text("family") {
            Some("ip6") => true,
            Some(_) => false,
            None => self.family == Family::Ip6,
        };
        let (key, kind) = match body.member_text("key")? {
            "classid" => (RouteKey::ClassId, Kind::Realm),
            "nexthop" if six => (RouteKey::NextHop6, Kind::Ipv6),
            "nexthop" => (RouteKey::NextHop4, Kind::Ipv4),
            "mtu" => (RouteKey::SegmentSize, Kind::Integer),
            "ipsec" => (RouteKey::Ipsec, Kind::Boolean),
            _ => return None,
        };
        Some(Typed::field(Field::Route(key), kind))
    }

    /// `numgen`, `jhash`, `symhash`: a number below `mod`, plus `offset`.
    fn generated(&mut self, node: &Node<'_>, body: &Node<'_>) -> Result<Typed, Cause> {
        if let Some(hashed) = body.member("expr") {
            // What the packet must have for the hash to be computed.
            let hashed = self.expression(hashed, &[])?;
            self.require_fields(&hashed.expression);
        }
        let text = text::expression(node);
        let modulus = body.member_number("mod").ok_or_else(|| format!("no modulus: {text}"))?;
        let offset = body.member_number("offset").unwrap_or(0);
        let expression = Expression::Generated { modulus, offset, text };
        Ok(Typed { expression, types: vec![Type::new(Kind::Integer, 32)] })
    }

    fn require_fields(&mut self, expression: &Expression) {
        match expression {
            Expression::Field(Field::Payload(payload)) => self.require_payload(payload),
            Expression::Concatenation(parts) => parts.iter().for_each(|part| self.require_fields(part)),
            Expression::Operation(_, left, right) => {
                self.require_fields(left);
                self.require_fields(right);
            }
            _ => {}
        }
    }

    fn concatenation(&mut self, parts: &[Node<'_>]) -> Result<Typed, Cause> {
        if parts.len() > MOST_OPERANDS {
            return Err(format!("a concatenation of {} parts", parts.len()));
        }
        let mut expressions = Vec::with_capacity(parts.len());
        let mut types = Vec::with_capacity(parts.len());
        for part in parts {
            let value = self.expression(part, &[])?;
            types.push(value.kind());
            expressions.push(value.expression);
        }
        Ok(Typed { expression: Expression::Concatenation(expressions), types })
    }

    /// `{"map": {"key": ..., "data": ...}}`
    fn map(&mut self, body: &Node<'_>, wanted: &[Type]) -> Result<Typed, Cause> {
        let (Some(key), Some(data)) = (body.either("key", "left"), body.either("data", "right")) else {
            return Err(format!("unknown map: {body}"));
        };
        let key = self.expression(key, &[])?;
        let map = self.map_of(data, &key, wanted)?;
        let types = self.catalogue.declared(map).map(|declared| declared.data.clone()).unwrap_or_default();
        let types = if types.is_empty() { wanted.to_vec() } else { types };
        Ok(Typed {
            expression: Expression::Map { key: Box::new(key.expression), map, part: MapPart::Whole },
            types,
        })
    }

    /// A chain of operands, folded from the left. Constants have the type of the first operand that is none.
    fn operation(
        &mut self,
        operator: Operator,
        operands: &[Node<'_>],
        wanted: &[Type],
    ) -> Result<Typed, Cause> {
        if operands.len() > MOST_OPERANDS {
            return Err(format!("an operation on {} operands", operands.len()));
        }
        let mut values: Vec<Option<Typed>> = Vec::with_capacity(operands.len());
        for operand in operands {
            values.push(match operand {
                Node::Object(_) => self.expression(operand, wanted).ok(),
                _ => None,
            });
        }
        let shift = matches!(operator, Operator::ShiftLeft | Operator::ShiftRight);
        if let (true, Some(Some(shifted))) = (shift, values.first())
            && let Some(field) = listing::unshifted(operator, shifted, operands)?
        {
            return Ok(field);
        }
        let kind = values.iter().flatten().next().map(Typed::kind).or(wanted.first().copied());
        let kind = kind.ok_or_else(|| "an operation on constants".to_owned())?;
        let mut folded: Option<Expression> = None;
        for (operand, value) in operands.iter().zip(values) {
            let operand = match value {
                Some(typed) => typed.expression,
                None if shift && folded.is_some() => {
                    Expression::Constant(Type::new(Kind::Integer, 32).number(operand, self.names)?)
                }
                None => Expression::Constant(self.mask(kind, operand)?),
            };
            folded = Some(match folded {
                None => operand,
                Some(left) => Expression::Operation(operator, Box::new(left), Box::new(operand)),
            });
        }
        let expression = folded.ok_or_else(|| "an operation on nothing".to_owned())?;
        // The register is as wide as the value; what is shifted beyond is lost (`nft_bitwise_eval_lshift`).
        let expression = match operator {
            Operator::ShiftLeft if (1..128).contains(&kind.width) => expression.masked((1 << kind.width) - 1),
            _ => expression,
        };
        Ok(Typed { expression, types: vec![kind] })
    }

    /// A constant operand: of the field's type, or (a mask on something that has names) a number.
    fn mask(&mut self, kind: Type, node: &Node<'_>) -> Result<u128, Cause> {
        match (kind.kind, node) {
            (Kind::Time | Kind::Label, Node::Number(number)) => {
                u128::try_from(*number).map_err(|_| format!("no mask: {number}"))
            }
            _ => kind.number(node, self.names),
        }
    }
}

/// `ct_templates`: the key and the type of its value.
pub(super) fn conntrack_key(body: &Node<'_>, family: Family) -> Option<(ConntrackKey, Kind)> {
    let six = match body.member_text("family") {
        Some(own) => own == "ip6",
        None => family == Family::Ip6,
    };
    let version = if six { Version::V6 } else { Version::V4 };
    let address = if version == Version::V6 { Kind::Ipv6 } else { Kind::Ipv4 };
    Some(match body.member_text("key")? {
        "state" => (ConntrackKey::State, Kind::State),
        "direction" => (ConntrackKey::Direction, Kind::Direction),
        "status" => (ConntrackKey::Status, Kind::Status),
        "mark" => (ConntrackKey::Mark, Kind::Mark),
        "expiration" => (ConntrackKey::Expiration, Kind::Time),
        "helper" => (ConntrackKey::Helper, Kind::Text),
        "l3proto" => (ConntrackKey::L3Protocol, Kind::NfProtocol),
        "protocol" => (ConntrackKey::Protocol, Kind::Protocol),
        "saddr" => (ConntrackKey::Source(version), address),
        "daddr" => (ConntrackKey::Destination(version), address),
        "ip saddr" => (ConntrackKey::Source(Version::V4), Kind::Ipv4),
        "ip daddr" => (ConntrackKey::Destination(Version::V4), Kind::Ipv4),
        "ip6 saddr" => (ConntrackKey::Source(Version::V6), Kind::Ipv6),
        "ip6 daddr" => (ConntrackKey::Destination(Version::V6), Kind::Ipv6),
        "proto-src" => (ConntrackKey::SourcePort, Kind::Service),
        "proto-dst" => (ConntrackKey::DestinationPort, Kind::Service),
        "label" => (ConntrackKey::Labels, Kind::Label),
        "bytes" => (ConntrackKey::Bytes, Kind::Integer),
        "packets" => (ConntrackKey::Packets, Kind::Integer),
        "avgpkt" => (ConntrackKey::BytesPerPacket, Kind::Integer),
        "zone" => (ConntrackKey::Zone, Kind::Integer),
        "id" => (ConntrackKey::Id, Kind::Integer),
        _ => return None,
    })
}

/// `meta_templates` (`src/meta.c`).
fn meta(body: &Node<'_>) -> Option<Typed> {
    let key = body.text().or_else(|| body.member_text("key"))?;
    let (meta, kind) = match key {
        "length" => (Meta::Length, Kind::Integer),
        "protocol" => (Meta::Protocol, Kind::EtherType),
        "nfproto" => (Meta::NfProtocol, Kind::NfProtocol),
        "l4proto" => (Meta::L4Protocol, Kind::Protocol),
        "priority" => (Meta::Priority, Kind::ClassId),
        "mark" => (Meta::Mark, Kind::Mark),
        "iif" => (Meta::InputIndex, Kind::InterfaceIndex),
        "iifname" => (Meta::InputName, Kind::InterfaceName),
        "iiftype" => (Meta::InputType, Kind::InterfaceType),
        "oif" => (Meta::OutputIndex, Kind::InterfaceIndex),
        "oifname" => (Meta::OutputName, Kind::InterfaceName),
        "oiftype" => (Meta::OutputType, Kind::InterfaceType),
        "iifgroup" => (Meta::InputGroup, Kind::DeviceGroup),
        "oifgroup" => (Meta::OutputGroup, Kind::DeviceGroup),
        "iifkind" => (Meta::InputKind, Kind::Text),
        "oifkind" => (Meta::OutputKind, Kind::Text),
        "ibrname" | "ibridgename" | "ibriport" => (Meta::InputBridge, Kind::InterfaceName),
        "obrname" | "obridgename" | "obriport" => (Meta::OutputBridge, Kind::InterfaceName),
        "skuid" => (Meta::SocketUser, Kind::User),
        "skgid" => (Meta::SocketGroup, Kind::Group),
        "nftrace" => (Meta::Trace, Kind::Integer),
        "rtclassid" => (Meta::RouteClass, Kind::Realm),
        "pkttype" => (Meta::PacketType, Kind::PacketType),
        "cgroup" => (Meta::Cgroup, Kind::Integer),
        other => {
            let kind = match other {
                "cpu" | "random" | "ibrpvid" | "secmark" => Type::new(Kind::Integer, 32),
                "sdif" => Type::of(Kind::InterfaceIndex),
                "ibrvproto" => Type::new(Kind::EtherType, 16),
                "ibrhwaddr" => Type::of(Kind::Ether),
                "sdifname" => Type::of(Kind::InterfaceName),
                "ipsec" | "secpath" => Type::new(Kind::Boolean, 8),
                "time" => Type::new(Kind::Calendar, 64),
                "hour" => Type::new(Kind::Calendar, 32),
                "day" => Type::new(Kind::Calendar, 8),
                _ => return None,
            };
            let field = Field::Opaque { text: format!("meta {other}"), width: kind.width };
            return Some(Typed { expression: Expression::Field(field), types: vec![kind] });
        }
    };
    Some(Typed::field(Field::Meta(meta), kind))
}

/// `src/fib.c`. Where the listing compares with `exists` or `missing` the match asks for [`FibResult::Exists`] itself.
fn fib(body: &Node<'_>) -> Option<Typed> {
    let has = |flag| body.has_word("flags", flag);
    let (result, kind) = match body.member_text("result")? {
        "oif" => (FibResult::Index, Kind::InterfaceIndex),
        "oifname" => (FibResult::Name, Kind::InterfaceName),
        "type" => (FibResult::Type, Kind::RouteType),
        "check" => (FibResult::Exists, Kind::Boolean),
        _ => return None,
    };
    let address = match (has("saddr"), has("daddr")) {
        (true, false) => FibAddress::Source,
        (false, true) => FibAddress::Destination,
        _ => return None,
    };
    let field = FibField { address, mark: has("mark"), input: has("iif"), output: has("oif"), result };
    Some(Typed::field(Field::Fib(field), kind))
}

fn socket(body: &Node<'_>) -> Option<Typed> {
    let (key, kind) = match body.member_text("key")? {
        "transparent" => (SocketKey::Transparent, Kind::Integer),
        "mark" => (SocketKey::Mark, Kind::Mark),
        "wildcard" => (SocketKey::Wildcard, Kind::Integer),
        "cgroupv2" => (SocketKey::CgroupV2(body.member_number("level").unwrap_or(0)), Kind::CgroupPath),
        _ => return None,
    };
    Some(Typed::field(Field::Socket(key), kind))
}

/// A value that is not modelled: compared with anything it is unknown.
fn opaque(node: &Node<'_>, kind: Type) -> Typed {
    let field = Field::Opaque { text: text::expression(node), width: kind.width };
    Typed { expression: Expression::Field(field), types: vec![kind] }
}

fn chunk_type(body: &Node<'_>) -> Type {
    if body.member("field").is_some() { Type::new(Kind::Integer, 32) } else { Type::of(Kind::Boolean) }
}

fn ipsec_type(body: &Node<'_>) -> Type {
    match (body.member_text("key"), body.member_text("family")) {
        (Some("saddr" | "daddr"), Some("ip6")) => Type::of(Kind::Ipv6),
        (Some("saddr" | "daddr"), _) => Type::of(Kind::Ipv4),
        _ => Type::new(Kind::Integer, 32),
    }
}
