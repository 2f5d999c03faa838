//! Statements of a rule.

use super::header;
use super::kind::{Cause, Kind, Type};
use super::node::Node;
use super::scope::{Scope, Typed};
use super::text;
use super::verdict;
use crate::ir::{
    Condition, Expression, Family, Field, Meta, Passive, RejectKind, SetOperation, StateKind, StateTest,
    Statement, Version, Writable,
};

impl Scope<'_> {
    /// The statements of one item of a rule's list: those it says, after the checks that it needs and the listing leaves out.
    pub(super) fn statement(&mut self, node: &Node<'_>) -> Vec<Statement> {
        match self.read_statement(node) {
            Ok(statement) => {
                let mut statements = self.take_required();
                statements.push(statement);
                statements
            }
            Err(cause) => {
                self.drop_required();
                vec![Statement::Unknown(unknown(node, &cause))]
            }
        }
    }

    fn read_statement(&mut self, node: &Node<'_>) -> Result<Statement, Cause> {
        if let Some(text) = node.text() {
            return self.printed(text);
        }
        let Some((name, body)) = node.first() else { return Err("no statement".to_owned()) };
        let (family, table) = (self.family, self.table);
        if let Some(verdict) = verdict::named(name, body, |chain| self.catalogue.chain(family, table, chain))
        {
            return verdict.map(Statement::Verdict);
        }
        let other = || Ok(Statement::Passive(Passive::Other(text::named(name, body))));
        match name {
            "match" => self.matching(body),
            "vmap" => self.vmap(body),
            "counter" => self.object(body, Statement::Passive(Passive::Counter)),
            "log" => Ok(Statement::Passive(Passive::Log(body.member_text("prefix").map(str::to_owned)))),
            "limit" | "quota" | "ct count" | "connlimit" => {
                let test = test(node).ok_or_else(|| format!("unknown test: {node}"))?;
                self.object(body, Statement::State(test))
            }
            "mangle" => self.mangle(body),
            "snat" | "dnat" | "masquerade" | "redirect" => self.nat(name, body),
            "reject" => self.reject(body),
            "notrack" => Ok(Statement::Notrack),
            "tproxy" => self.tproxy(body),
            "synproxy" => self.object(body, Statement::Synproxy),
            "flow" => {
                let flowtable = body.member_text("flowtable").unwrap_or_default();
                Ok(Statement::Offload { flowtable: flowtable.trim_start_matches('@').to_owned() })
            }
            "set" => self.update(body, "set"),
            "map" => self.update(body, "map"),
            "meter" => self.meter(body),
            "dup" => Ok(Statement::Duplicate { text: text::named(name, body) }),
            "fwd" => {
                let device = body.member("dev").ok_or_else(|| "fwd without a device".to_owned())?;
                let interface = self.value(device, Type::of(Kind::InterfaceIndex))?;
                Ok(Statement::Forward { interface, text: text::named(name, body) })
            }
            "ct helper" => {
                let helper = body.text().map_or_else(|| text::expression(body), str::to_owned);
                self.object(body, Statement::Passive(Passive::Helper(helper)))
            }
            "ct timeout" | "ct expectation" | "secmark" | "tunnel" => {
                self.object(body, Statement::Passive(Passive::Other(text::named(name, body))))
            }
            // Takes an option out of a TCP header.
            "reset" | "last" => other(),
            "xt" => Ok(Statement::Unknown(text::named(name, body))),
            _ => Err("unknown statement".to_owned()),
        }
    }

    /// An object by its name, or by a map that leads to it: `nft_objref_map_eval` breaks the rule where there is no such key, so that
    /// the lookup stands before it.
    fn object(&mut self, body: &Node<'_>, statement: Statement) -> Result<Statement, Cause> {
        if let Some(map) = body.member("map") {
            let (Some(key), Some(data)) = (map.either("key", "left"), map.either("data", "right")) else {
                return Err(format!("unknown map: {map}"));
            };
            let key = self.expression(key, &[])?;
            let set = match data.text() {
                Some(name) => self.named_set(name, &key)?,
                None => self.object_map(data, &key)?,
            };
            self.require(Condition::Lookup { key: key.expression, set, negated: false });
        }
        Ok(statement)
    }

    /// `{ key : "object", ... }`: what it leads to does not matter.
    fn object_map(&mut self, data: &Node<'_>, key: &Typed) -> Result<crate::ir::SetId, Cause> {
        let pairs = data.member("set").map(Node::items).unwrap_or_default();
        let keys = pairs.iter().map(|pair| pair.items().first().cloned().unwrap_or(Node::Null)).collect();
        let keys = Node::Object(vec![("set".into(), Node::List(keys))]);
        self.set_of(&keys, key)
    }

    fn vmap(&mut self, body: &Node<'_>) -> Result<Statement, Cause> {
        let (Some(key), Some(data)) = (body.either("key", "left"), body.either("data", "right")) else {
            return Err(format!("unknown map: {body}"));
        };
        let key = self.expression(key, &[])?;
        let map = self.verdict_map(data, &key)?;
        Ok(Statement::VerdictMap { key: key.expression, map })
    }

    /// `{"mangle": {"key": ..., "value": ...}}`
    fn mangle(&mut self, body: &Node<'_>) -> Result<Statement, Cause> {
        let (Some(target), Some(value)) = (body.either("key", "left"), body.either("value", "right")) else {
            return Err(format!("unknown mangle: {body}"));
        };
        let (target, kind) = self.writable(target)?;
        let value = self.value(value, kind)?;
        Ok(Statement::Assign { target, value })
    }

    fn writable(&mut self, node: &Node<'_>) -> Result<(Writable, Type), Cause> {
        if let Some(body) = node.member("ct") {
            return match body.member_text("key") {
                Some("event") => Ok((Writable::Other("ct event".to_owned()), Type::of(Kind::Event))),
                Some("secmark") => {
                    Ok((Writable::Other("ct secmark".to_owned()), Type::new(Kind::Integer, 32)))
                }
                _ => {
                    let (key, kind) = super::expression::conntrack_key(body, self.family)
                        .ok_or_else(|| format!("unknown target: {node}"))?;
                    Ok((Writable::Conntrack(key), Type::new(kind, key.width())))
                }
            };
        }
        let typed = self.expression(node, &[])?;
        let kind = typed.kind();
        let target = match typed.expression {
            Expression::Field(Field::Meta(Meta::Mark)) => Writable::Mark,
            Expression::Field(Field::Meta(Meta::Priority)) => Writable::Priority,
            Expression::Field(Field::Meta(Meta::PacketType)) => Writable::PacketType,
            Expression::Field(Field::Meta(Meta::Trace)) => Writable::Trace,
            Expression::Field(Field::Payload(payload)) => {
                self.require_payload(&payload);
                Writable::Payload(payload)
            }
            Expression::Field(
                field @ (Field::TcpOption { .. } | Field::Ip6Header { .. } | Field::IpOption { .. }),
            ) => Writable::Option(field),
            Expression::Field(Field::Opaque { text, .. }) => Writable::Other(text),
            _ => return Err(format!("unknown target: {}", text::expression(node))),
        };
        Ok((target, kind))
    }

    /// `nft_reject_init` (`net/netfilter/nft_reject.c`); a bare `reject` is listed with the type that `nft` chose
    /// (`stmt_evaluate_reject_default`, `src/evaluate.c`), except by other programs.
    fn reject(&mut self, body: &Node<'_>) -> Result<Statement, Cause> {
        let code = |scope: &mut Self, kind: Kind, default: u8| match body.member("expr") {
            None => Ok(default),
            Some(node) => {
                let code = Type::of(kind).number(node, scope.names)?;
                u8::try_from(code).map_err(|_| format!("no code: {node}"))
            }
        };
        let kind = match (body.member_text("type"), self.family) {
            (Some("tcp reset"), _) => {
                self.require_transport(6);
                RejectKind::TcpReset
            }
            (Some("icmp"), _) | (None, Family::Ip) => {
                self.require_network(header::IP);
                RejectKind::Icmp(code(self, Kind::IcmpCode, 3)?)
            }
            (Some("icmpv6"), _) | (None, Family::Ip6) => {
                self.require_network(header::IP6);
                RejectKind::Icmp6(code(self, Kind::Icmp6Code, 4)?)
            }
            (Some("icmpx") | None, _) => RejectKind::Icmpx(code(self, Kind::IcmpxCode, 1)?),
            (Some(other), _) => return Err(format!("unknown answer: {other}")),
        };
        Ok(Statement::Reject(kind))
    }

    /// `nft_tproxy_eval` (`net/netfilter/nft_tproxy.c`) breaks for the other version.
    fn tproxy(&mut self, body: &Node<'_>) -> Result<Statement, Cause> {
        let version = match (body.member_text("family"), self.family) {
            (Some("ip"), _) | (None, Family::Ip) => Some(Version::V4),
            (Some("ip6"), _) | (None, Family::Ip6) => Some(Version::V6),
            _ => None,
        };
        let kind = match version {
            Some(Version::V4) => Kind::Ipv4,
            Some(Version::V6) => Kind::Ipv6,
            None => Kind::Integer,
        };
        match version {
            Some(Version::V4) => self.require_network(header::IP),
            Some(Version::V6) => self.require_network(header::IP6),
            None => {}
        }
        let address = body.member("addr").map(|node| self.value(node, Type::of(kind))).transpose()?;
        let port = body.member("port").map(|node| self.value(node, Type::of(Kind::Service))).transpose()?;
        Ok(Statement::Tproxy { address, port, xtables: false })
    }

    /// `{"set": {"op": "add", "elem": ..., "set": "@name", "stmt": [...]}}`, and `map` with `data`.
    fn update(&mut self, body: &Node<'_>, member: &str) -> Result<Statement, Cause> {
        let operation = operation(body.member_text("op").unwrap_or_default())?;
        let (Some(elem), Some(name)) = (body.member("elem"), body.member_text(member)) else {
            return Err(format!("unknown update: {body}"));
        };
        let key =
            self.expression(elem.member("elem").and_then(|elem| elem.member("val")).unwrap_or(elem), &[])?;
        let set = self.named_set(name, &key)?;
        let declared = self.catalogue.declared(set).cloned().unwrap_or_default();
        let data = match (body.member("data"), declared.data.as_slice()) {
            (None, _) => None,
            (Some(data), [only]) => Some(self.value(data, *only)?),
            (Some(data), _) => Some(self.expression(data, &[])?.expression),
        };
        let mut tests: Vec<StateTest> =
            body.member("stmt").into_iter().flat_map(Node::items).filter_map(test).collect();
        if tests.is_empty() {
            tests = declared.tests;
        }
        Ok(Statement::Update { operation, set, key: key.expression, data, tests })
    }

    /// `meter NAME { KEY limit ... }`: an update of a set that the listing does not always show.
    fn meter(&mut self, body: &Node<'_>) -> Result<Statement, Cause> {
        let (Some(elem), Some(statement)) = (body.member("key"), body.member("stmt")) else {
            return Err(format!("unknown meter: {body}"));
        };
        let tests = statement.items().iter().filter_map(test).collect::<Vec<_>>();
        let key =
            self.expression(elem.member("elem").and_then(|elem| elem.member("val")).unwrap_or(elem), &[])?;
        if let Some(set) =
            body.member_text("name").and_then(|name| self.catalogue.set(self.family, self.table, name))
        {
            let operation = SetOperation::Update;
            return Ok(Statement::Update { operation, set, key: key.expression, data: None, tests });
        }
        let text = text::named("meter", body);
        let certain = if tests.is_empty() { Some(true) } else { None };
        Ok(Statement::State(StateTest { kind: StateKind::HashLimit, certain, text }))
    }
}

pub(super) fn operation(word: &str) -> Result<SetOperation, Cause> {
    Ok(match word {
        "add" => SetOperation::Add,
        "update" => SetOperation::Update,
        "delete" => SetOperation::Delete,
        _ => return Err(format!("unknown update: {word}")),
    })
}

/// Whether a statement of this name is a test with a memory.
pub(super) fn is_test(name: &str) -> bool {
    matches!(name, "limit" | "quota" | "ct count" | "connlimit")
}

/// The test of a statement; `None` where it is none (a counter).
pub(super) fn test(node: &Node<'_>) -> Option<StateTest> {
    let (name, body) = node.first()?;
    let kind = match name {
        "limit" => StateKind::Limit,
        "quota" => StateKind::Quota,
        "ct count" | "connlimit" => StateKind::ConnectionCount,
        _ => return None,
    };
    Some(StateTest { kind, certain: None, text: text::named(name, body) })
}

fn unknown(node: &Node<'_>, cause: &str) -> String {
    format!("{} ({cause})", text::statement(node))
}
