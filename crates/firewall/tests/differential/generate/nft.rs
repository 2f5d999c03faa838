//! Tables of `nf_tables`.

use super::elements::{Shape, disjoint};
use super::fields::{FIELDS, Field, Kind, Net, Place, Upper, WHOLE};
use super::random::Random;
use super::statements;
use crate::ruleset::{Chain, Rule, Table};

/// Where a chain is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hook {
    Ingress,
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
    Egress,
}

/// What a chain's rules may do and ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) family: &'static str,
    pub(crate) hook: Hook,
    /// `filter`, `nat` or `route`.
    pub(crate) kind: &'static str,
    /// It runs before connection tracking.
    pub(crate) early: bool,
}

impl Context {
    /// Whether the chain is at one of the hooks of IP.
    pub(crate) fn is_ip(self) -> bool {
        matches!(self.family, "ip" | "ip6" | "inet") && self.hook != Hook::Ingress
    }

    /// Versions of IP that a rule here can be about.
    pub(crate) fn net(self, random: &mut Random) -> Net {
        match self.family {
            "ip" => Net::V4,
            "ip6" => Net::V6,
            _ => *random.pick(&[Net::Any, Net::V4, Net::V6]),
        }
    }

    fn allows(self, place: Place) -> bool {
        use Hook::{Forward, Ingress, Input, Output, Postrouting, Prerouting};
        match place {
            Place::Anywhere => true,
            Place::In => matches!(self.hook, Ingress | Prerouting | Input | Forward),
            Place::Out => matches!(self.hook, Forward | Output | Postrouting),
            Place::Ip => self.is_ip(),
            Place::IpIn => self.is_ip() && matches!(self.hook, Prerouting | Input | Forward),
            Place::IpEarly => self.is_ip() && matches!(self.hook, Prerouting | Input),
            Place::OwnOut => self.is_ip() && matches!(self.hook, Output | Postrouting),
            Place::Link => !self.is_ip() || matches!(self.hook, Prerouting | Input | Forward),
        }
    }
}

/// A rule in the making.
pub(crate) struct Draft {
    pub(crate) parts: Vec<String>,
    pub(crate) constructs: Vec<&'static str>,
    pub(crate) net: Net,
    pub(crate) upper: Upper,
}

impl Draft {
    pub(crate) fn add(&mut self, text: impl Into<String>, construct: &'static str) {
        self.parts.push(text.into());
        self.constructs.push(construct);
    }
}

/// A table in the making.
pub(crate) struct Builder<'a> {
    pub(crate) random: &'a mut Random,
    pub(crate) objects: Vec<String>,
    /// Next rule's number, unique in the ruleset.
    pub(crate) next_rule: &'a mut u32,
    pub(crate) lacking: &'a [&'static str],
    /// Rules may hang on earlier packets, on chance or on the time.
    pub(crate) stateful: bool,
}

impl Builder<'_> {
    /// A name that no object of the table has.
    pub(crate) fn name(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.objects.len())
    }
}

/// Fields and conditions whose outcome nobody can know beforehand.
pub(crate) const STATEFUL: &[&str] = &[
    "numgen",
    "jhash",
    "symhash",
    "meta random",
    "meta time",
    "osf",
    "socket",
    "ct expiration",
    "ct counters",
    "ct label",
    "meta cgroup",
];

const PRIORITIES: &[i32] = &[-450, -300, -225, -150, -101, -50, 0, 0, 0, 10, 50, 101, 150, 300];

/// A random table. `lacking` are constructs that this kernel does not have.
pub(crate) fn table(
    number: usize,
    random: &mut Random,
    next_rule: &mut u32,
    lacking: &[&'static str],
    stateful: bool,
) -> Table {
    let family = match random.below(100) {
        0..=37 => "inet",
        38..=59 => "ip",
        60..=79 => "ip6",
        80..=88 => "bridge",
        _ => "netdev",
    };
    let mut builder = Builder { random, objects: Vec::new(), next_rule, lacking, stateful };
    let mut chains = Vec::new();
    for base in 0..builder.random.between(1, 4) {
        base_chain(family, base, &mut builder, &mut chains);
    }
    Table { family, name: format!("t{number}"), objects: builder.objects, chains }
}

fn base_chain(family: &'static str, number: usize, builder: &mut Builder<'_>, chains: &mut Vec<Chain>) {
    let random = &mut *builder.random;
    let (mut kind, mut hook, mut device) = choose_hook(family, random);
    while kind == "nat" && builder.lacking.contains(&"nat") {
        (kind, hook, device) = choose_hook(family, random);
    }
    let priority = match kind {
        "nat" => *random.pick(&[-150, -100, -99, 0, 100, 101]),
        _ if family == "bridge" => *random.pick(&[-300, -200, -1, 0, 100, 300]),
        _ => *random.pick(PRIORITIES),
    };
    let policy = if random.percent(if kind == "nat" { 3 } else { 14 }) { "drop" } else { "accept" };
    let name = match hook {
        Hook::Ingress => "ingress",
        Hook::Prerouting => "prerouting",
        Hook::Input => "input",
        Hook::Forward => "forward",
        Hook::Output => "output",
        Hook::Postrouting => "postrouting",
        Hook::Egress => "egress",
    };
    let line = format!("type {kind} hook {name}{device} priority {priority}; policy {policy};");
    let context = Context { family, hook, kind, early: priority < -200 };
    let constructs: Vec<&'static str> = vec![base_construct(context)];
    // Chains are called by those before them only, so that there is no loop.
    let deep = builder.random.percent(6);
    let more = if deep { builder.random.between(6, 14) } else { builder.random.between(0, 3) };
    let names: Vec<String> = (0..=more).map(|index| format!("c{number}_{index}")).collect();
    for (index, name) in names.iter().enumerate() {
        let targets = names[index + 1..].to_vec();
        let count = if deep { builder.random.between(1, 2) } else { builder.random.between(1, 5) };
        let mut rules: Vec<Rule> =
            (0..count).map(|_| rule(context, &targets, &constructs, builder)).collect();
        if deep && let Some(next) = targets.first() {
            let mut chain = constructs.clone();
            chain.push("jump");
            rules.insert(0, finished(&[format!("jump {next}")], chain, builder));
        }
        chains.push(Chain { name: name.clone(), base: (index == 0).then(|| line.clone()), rules });
    }
}

/// Type, hook and device of a base chain.
fn choose_hook(family: &'static str, random: &mut Random) -> (&'static str, Hook, &'static str) {
    let device = *random.pick(&[" device eth0", " device eth1", " device p1", " devices = { eth0, eth1 }"]);
    match family {
        "netdev" if random.percent(60) => ("filter", Hook::Ingress, device),
        "netdev" => ("filter", Hook::Egress, device),
        "inet" if random.percent(5) => ("filter", Hook::Ingress, device),
        "bridge" => {
            let hooks = [
                Hook::Prerouting,
                Hook::Input,
                Hook::Forward,
                Hook::Forward,
                Hook::Output,
                Hook::Postrouting,
            ];
            ("filter", *random.pick(&hooks), "")
        }
        _ if random.percent(25) => {
            let hooks = [
                Hook::Prerouting,
                Hook::Prerouting,
                Hook::Input,
                Hook::Output,
                Hook::Postrouting,
                Hook::Postrouting,
            ];
            ("nat", *random.pick(&hooks), "")
        }
        _ if random.percent(7) => ("route", Hook::Output, ""),
        _ => {
            let hooks = [
                Hook::Prerouting,
                Hook::Prerouting,
                Hook::Input,
                Hook::Input,
                Hook::Forward,
                Hook::Forward,
                Hook::Output,
                Hook::Postrouting,
            ];
            ("filter", *random.pick(&hooks), "")
        }
    }
}

fn base_construct(context: Context) -> &'static str {
    match (context.family, context.kind, context.hook) {
        (_, "nat", Hook::Prerouting) => "nat prerouting chain",
        (_, "nat", Hook::Input) => "nat input chain",
        (_, "nat", Hook::Output) => "nat output chain",
        (_, "nat", _) => "nat postrouting chain",
        (_, "route", _) => "route chain",
        ("bridge", _, Hook::Prerouting) => "bridge prerouting chain",
        ("bridge", _, Hook::Input) => "bridge input chain",
        ("bridge", _, Hook::Forward) => "bridge forward chain",
        ("bridge", _, Hook::Output) => "bridge output chain",
        ("bridge", _, _) => "bridge postrouting chain",
        ("netdev", _, Hook::Ingress) => "netdev ingress chain",
        ("netdev", _, _) => "netdev egress chain",
        ("inet", _, Hook::Ingress) => "inet ingress chain",
        ("inet", _, Hook::Prerouting) => "inet prerouting chain",
        ("inet", _, Hook::Input) => "inet input chain",
        ("inet", _, Hook::Forward) => "inet forward chain",
        ("inet", _, Hook::Output) => "inet output chain",
        ("inet", _, _) => "inet postrouting chain",
        ("ip", _, Hook::Prerouting) => "ip prerouting chain",
        ("ip", _, Hook::Input) => "ip input chain",
        ("ip", _, Hook::Forward) => "ip forward chain",
        ("ip", _, Hook::Output) => "ip output chain",
        ("ip", _, _) => "ip postrouting chain",
        (_, _, Hook::Prerouting) => "ip6 prerouting chain",
        (_, _, Hook::Input) => "ip6 input chain",
        (_, _, Hook::Forward) => "ip6 forward chain",
        (_, _, Hook::Output) => "ip6 output chain",
        _ => "ip6 postrouting chain",
    }
}

fn rule(context: Context, targets: &[String], base: &[&'static str], builder: &mut Builder<'_>) -> Rule {
    loop {
        let draft = draft(context, targets, base, builder);
        if draft.constructs.iter().all(|construct| !builder.lacking.contains(construct)) {
            return finished(&draft.parts, draft.constructs, builder);
        }
    }
}

fn draft(context: Context, targets: &[String], base: &[&'static str], builder: &mut Builder<'_>) -> Draft {
    let net = context.net(builder.random);
    let upper = match (builder.random.below(12), net) {
        (0..=3, _) => Upper::Tcp,
        (4..=5, _) => Upper::Udp,
        (6..=7, Net::V4) => Upper::Icmp,
        (6..=7, Net::V6) => Upper::Icmp6,
        (8..=9, _) => *builder.random.pick(&[Upper::Sctp, Upper::UdpLite, Upper::Dccp, Upper::Any]),
        _ => Upper::Any,
    };
    let mut draft = Draft { parts: Vec::new(), constructs: base.to_vec(), net, upper };
    let count = *builder.random.pick(&[0, 1, 1, 1, 1, 1, 2, 2, 2, 3]);
    for _ in 0..count {
        condition(context, &mut draft, builder);
    }
    statements::add(context, targets, &mut draft, builder);
    draft
}

fn finished(parts: &[String], mut constructs: Vec<&'static str>, builder: &mut Builder<'_>) -> Rule {
    constructs.sort_unstable();
    constructs.dedup();
    let id = *builder.next_rule;
    *builder.next_rule += 1;
    Rule { id, text: parts.join(" "), constructs }
}

/// A field that can be asked for here, together with what the rule already is about.
pub(crate) fn choose(
    context: Context,
    net: Net,
    upper: Upper,
    builder: &mut Builder<'_>,
    from: &'static [Field],
) -> Option<Field> {
    for _ in 0..60 {
        let field = *builder.random.pick(from);
        let fits = (field.net == Net::Any || field.net == net)
            && (field.upper == Upper::Any || field.upper == upper)
            && (context.allows(field.place))
            && !builder.lacking.contains(&field.construct)
            && (builder.stateful || !STATEFUL.contains(&field.construct));
        if fits {
            return Some(field);
        }
    }
    None
}

fn condition(context: Context, draft: &mut Draft, builder: &mut Builder<'_>) {
    match builder.random.below(100) {
        0..=9 => {
            if let Some(field) = choose(context, draft.net, draft.upper, builder, WHOLE) {
                draft.add(field.text, field.construct);
            }
        }
        10..=21 => concatenation(context, draft, builder),
        _ => {
            if let Some(field) = choose(context, draft.net, draft.upper, builder, FIELDS) {
                draft.constructs.push(field.construct);
                comparison(field, draft, builder);
            }
        }
    }
}

fn comparison(field: Field, draft: &mut Draft, builder: &mut Builder<'_>) {
    let text = field.text;
    let kind = field.kind;
    let random = &mut *builder.random;
    let negation = if random.percent(25) { "!= " } else { "" };
    if !negation.is_empty() {
        draft.constructs.push("negation");
    }
    match random.below(10) {
        0 if kind.range(random).is_some() => {
            let operator = *random.pick(&["<", ">", "<=", ">="]);
            draft.add(format!("{text} {operator} {}", inner_value(kind, random)), "order");
        }
        1..=2 => {
            if let Some((low, high)) = kind.range(random) {
                draft.add(format!("{text} {negation}{low}-{high}"), "range");
            } else {
                draft.add(format!("{text} {negation}{}", kind.value(random)), "value");
            }
        }
        3 => {
            if let Some(prefix) = kind.prefix(random) {
                draft.add(format!("{text} {negation}{prefix}"), "prefix");
            } else if let Kind::Flags(_) = kind {
                let (a, b) = (kind.value(random), kind.value(random));
                draft.add(format!("{text} {negation}{a},{b}"), "flags");
            } else {
                draft.add(format!("{text} {negation}{}", kind.value(random)), "value");
            }
        }
        4..=5 => {
            let (shape, construct) = shape(kind, random);
            let count = random.between(1, 4);
            let elements = disjoint(kind, shape, count, random).join(", ");
            let construct = construct.unwrap_or("anonymous set");
            draft.add(format!("{text} {negation}{{ {elements} }}"), construct);
        }
        6..=7 if kind.set_type().is_some() => {
            let (shape, construct) = shape(kind, random);
            let name = named_set(kind, shape, builder);
            let construct = if construct.is_some() { "named interval set" } else { "named set" };
            draft.add(format!("{text} {negation}@{name}"), construct);
        }
        _ => draft.add(format!("{text} {negation}{}", kind.value(random)), "value"),
    }
}

/// A value with numbers on both sides, for `<` and `>`: the kernel's tools refuse comparisons that never hold.
fn inner_value(kind: Kind, random: &mut Random) -> String {
    for _ in 0..20 {
        let value = kind.value(random);
        if !["0", "0x0", "255", "65535", "0xffffffff", "0.0.0.0", "255.255.255.255"].contains(&value.as_str())
        {
            return value;
        }
    }
    "2".to_owned()
}

fn shape(kind: Kind, random: &mut Random) -> (Shape, Option<&'static str>) {
    let ordered =
        matches!(kind, Kind::V4 | Kind::V6 | Kind::Port | Kind::Mark | Kind::Numbers(_) | Kind::Name);
    if ordered && random.percent(50) {
        (Shape::Interval, Some("anonymous interval set"))
    } else {
        (Shape::Single, None)
    }
}

fn named_set(kind: Kind, shape: Shape, builder: &mut Builder<'_>) -> String {
    let name = builder.name("s");
    let (set_type, _) = kind.set_type().unwrap_or(("mark", "mark"));
    let count = builder.random.between(1, 6);
    let elements = disjoint(kind, shape, count, builder.random).join(", ");
    let flags = match shape {
        Shape::Interval if builder.random.percent(30) => "flags interval; auto-merge; ",
        Shape::Interval => "flags interval; ",
        Shape::Single if builder.random.percent(10) => "flags constant; ",
        Shape::Single => "",
    };
    // A set without elements matches nothing.
    let elements =
        if builder.random.percent(5) { String::new() } else { format!("elements = {{ {elements} }}; ") };
    builder.objects.push(format!("set {name} {{ type {set_type}; {flags}{elements}}}"));
    name
}

/// Two or three fields side by side.
pub(crate) fn parts(context: Context, draft: &Draft, builder: &mut Builder<'_>) -> Option<Vec<Field>> {
    let count = if builder.random.percent(30) { 3 } else { 2 };
    let mut parts: Vec<Field> = Vec::new();
    for _ in 0..20 {
        let Some(field) = choose(context, draft.net, draft.upper, builder, FIELDS) else { continue };
        let simple = field.kind.set_type().is_some() && !field.text.contains(['&', '|', '^', '{', '@']);
        // Where a packet can be of either version, an address would restrict the rest to one.
        if simple && parts.iter().all(|part| part.text != field.text) {
            parts.push(field);
        }
        if parts.len() == count {
            return Some(parts);
        }
    }
    None
}

pub(crate) fn key_text(parts: &[Field]) -> String {
    parts.iter().map(|part| part.text).collect::<Vec<_>>().join(" . ")
}

/// Elements of a concatenation, disjoint in their first part.
pub(crate) fn keys(parts: &[Field], shape: Shape, count: usize, random: &mut Random) -> Vec<String> {
    let (first, others) = parts.split_first().expect("a concatenation has parts");
    let heads = disjoint(first.kind, shape_of(first.kind, shape), count, random);
    heads
        .into_iter()
        .map(|head| {
            let mut text = head;
            for part in others {
                let tail = disjoint(part.kind, shape_of(part.kind, shape), 1, random);
                text.push_str(" . ");
                text.push_str(tail.first().expect("at least one element"));
            }
            text
        })
        .collect()
}

/// Names in concatenations of intervals are whole names.
fn shape_of(kind: Kind, shape: Shape) -> Shape {
    if matches!(kind, Kind::Name | Kind::Ether) { Shape::Single } else { shape }
}

fn concatenation(context: Context, draft: &mut Draft, builder: &mut Builder<'_>) {
    let Some(parts) = parts(context, draft, builder) else { return };
    draft.constructs.extend(parts.iter().map(|part| part.construct));
    let random = &mut *builder.random;
    let shape = if random.percent(40) { Shape::Interval } else { Shape::Single };
    let count = random.between(1, 5);
    let elements = keys(&parts, shape, count, random).join(", ");
    let negation = if random.percent(20) { "!= " } else { "" };
    let key = key_text(&parts);
    let construct = match shape {
        Shape::Single => "concatenation",
        Shape::Interval => "concatenation with intervals",
    };
    if random.percent(50) {
        draft.add(format!("{key} {negation}{{ {elements} }}"), construct);
        return;
    }
    let name = builder.name("s");
    let types = types(&parts);
    let flags = if shape == Shape::Interval { "flags interval; " } else { "" };
    builder.objects.push(format!("set {name} {{ type {types}; {flags}elements = {{ {elements} }}; }}"));
    draft.add(format!("{key} {negation}@{name}"), construct);
    draft.constructs.push("named concatenation");
}

pub(crate) fn types(parts: &[Field]) -> String {
    parts.iter().filter_map(|part| part.kind.set_type()).map(|(name, _)| name).collect::<Vec<_>>().join(" . ")
}
