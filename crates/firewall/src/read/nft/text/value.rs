//! Values: fields, constants, sets, maps.

use super::super::node::Node;

/// How constants beside a field are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// With quotes: names of interfaces, helpers.
    Quoted,
    /// `0x00000005`
    Mark,
    /// `tcp` for 6.
    Protocol,
    /// `0x5`: raw payload.
    Hexadecimal,
    /// Seconds: `10s`.
    Time,
    /// Bits with names; a number of several is `0x12`.
    Flags,
}

/// A value. Constants in it are printed plainly.
pub(in super::super) fn expression(node: &Node<'_>) -> String {
    value(node, &[])
}

/// `tcp dport`, `@th,16,16`
pub(in super::super) fn payload(body: &Node<'_>) -> String {
    match (body.member_text("base"), body.either_text("protocol", "name"), body.member_text("field")) {
        (Some(base), _, _) => {
            let number = |name| body.member(name).map_or_else(String::new, ToString::to_string);
            format!("@{base},{},{}", number("offset"), number("len"))
        }
        (None, Some(protocol), Some(field)) => match body.member_text("tunnel") {
            Some(tunnel) => format!("{tunnel} {protocol} {field}"),
            None => format!("{protocol} {field}"),
        },
        _ => body.to_string(),
    }
}

/// The styles of constants compared with these values.
pub(super) fn styles(node: &Node<'_>) -> Vec<Style> {
    match node.first() {
        Some(("concat", parts)) => parts.items().iter().map(style).collect(),
        _ => vec![style(node)],
    }
}

fn style(node: &Node<'_>) -> Style {
    let Some((name, body)) = node.first() else { return Style::Plain };
    let key = body.text().or_else(|| body.member_text("key")).unwrap_or_default();
    match (name, key) {
        ("meta" | "ct" | "socket", "mark") => Style::Mark,
        (_, key) if name == "meta" && (key.ends_with("name") || key.ends_with("kind")) => Style::Quoted,
        ("socket", "cgroupv2")
        | ("osf", _)
        | ("meta", "iif" | "oif" | "sdif" | "iifgroup" | "oifgroup" | "time" | "hour" | "day")
        | ("ct", "helper" | "label") => Style::Quoted,
        ("meta", "l4proto") | ("ct", "protocol") => Style::Protocol,
        ("ct", "state" | "status" | "event") => Style::Flags,
        ("ct", "expiration") => Style::Time,
        ("fib", _) if matches!(body.member_text("result"), Some("oif" | "oifname")) => Style::Quoted,
        ("payload", _) if body.member("base").is_some() => Style::Hexadecimal,
        ("payload", _) if matches!(body.member_text("field"), Some("nexthdr")) => Style::Protocol,
        ("payload", _) if payload(body) == "ip protocol" => Style::Protocol,
        ("payload", _) if payload(body) == "tcp flags" => Style::Flags,
        ("exthdr", _) if body.member_text("field") == Some("nexthdr") => Style::Protocol,
        ("&" | "|" | "^" | "<<" | ">>", _) => body.items().first().map_or(Style::Plain, style),
        _ => Style::Plain,
    }
}

/// A value, or constants of these styles.
pub(super) fn value(node: &Node<'_>, styles: &[Style]) -> String {
    let first = styles.first().copied().unwrap_or(Style::Plain);
    match node {
        Node::Null => String::new(),
        Node::Bool(exists) => if *exists { "exists" } else { "missing" }.to_owned(),
        Node::Number(number) => constant_number(*number, first),
        Node::Fraction(number) => number.to_string(),
        Node::Text(text) if text.starts_with('@') || text == "*" => text.to_string(),
        Node::Text(text) if first == Style::Quoted && text.parse::<u32>().is_err() => quoted(text),
        Node::Text(text) => text.to_string(),
        Node::List(items) => joined(items, ",", styles),
        Node::Object(_) => object(node, styles),
    }
}

fn constant_number(number: i128, style: Style) -> String {
    match style {
        Style::Mark => format!("0x{number:08x}"),
        Style::Hexadecimal | Style::Flags => format!("0x{number:x}"),
        Style::Protocol => protocol(number).map_or_else(|| number.to_string(), str::to_owned),
        Style::Time => time(number),
        Style::Plain | Style::Quoted => number.to_string(),
    }
}

fn protocol(number: i128) -> Option<&'static str> {
    Some(match number {
        1 => "icmp",
        2 => "igmp",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "ipv6-icmp",
        108 => "ipcomp",
        132 => "sctp",
        136 => "udplite",
        _ => return None,
    })
}

/// `1d2h3m4s` (`time_print`, `src/datatype.c`)
pub(super) fn time(seconds: i128) -> String {
    let mut text = String::new();
    let mut left = seconds;
    for (unit, name) in [(86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')] {
        if left >= unit {
            text.push_str(&(left / unit).to_string());
            text.push(name);
            left %= unit;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

pub(super) fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Values side by side.
pub(super) fn joined(items: &[Node<'_>], between: &str, styles: &[Style]) -> String {
    items.iter().map(|item| value(item, styles)).collect::<Vec<_>>().join(between)
}

fn object(node: &Node<'_>, styles: &[Style]) -> String {
    let Some((name, body)) = node.first() else { return "{}".to_owned() };
    let text = |member: &str| body.member_text(member).unwrap_or_default();
    match name {
        "payload" => payload(body),
        "meta" => meta(body.text().unwrap_or(text("key"))),
        "ct" => words(&["ct", text("dir"), text("family"), text("key")]),
        "rt" => words(&["rt", text("family"), text("key")]),
        "fib" => {
            let flags = body.member("flags").map(|flags| flags.texts().collect::<Vec<_>>().join(" . "));
            format!("fib {} {}", flags.unwrap_or_default(), text("result"))
        }
        "socket" => match body.member_number::<u8>("level") {
            Some(level) => format!("socket {} level {level}", text("key")),
            None => format!("socket {}", text("key")),
        },
        "exthdr" if body.member("field").is_none() => format!("exthdr {}", text("name")),
        "exthdr" => format!("{} {}", text("name"), text("field")),
        "tcp option" if body.member("base").is_some() => {
            let number = |name| body.member(name).map_or_else(String::new, ToString::to_string);
            format!("tcp option @{},{},{}", number("base"), number("offset"), number("len"))
        }
        "tcp option" | "ip option" | "sctp chunk" => {
            format!("{name} {} {}", text("name"), text("field")).trim_end().to_owned()
        }
        "numgen" => format!("numgen {} mod {}{}", text("mode"), part(body, "mod"), offset(body)),
        "symhash" => format!("symhash mod {}{}", part(body, "mod"), offset(body)),
        "jhash" => {
            let seed = body
                .member_number::<u32>("seed")
                .map_or_else(String::new, |seed| format!(" seed 0x{seed:x}"));
            format!("jhash {} mod {}{seed}{}", part(body, "expr"), part(body, "mod"), offset(body))
        }
        "osf" => {
            let ttl = body.member_text("ttl").map_or_else(String::new, |ttl| format!(" ttl {ttl}"));
            format!("osf{ttl} {}", text("key"))
        }
        "ipsec" => words(&["ipsec", text("dir"), text("family"), text("key")]),
        "concat" => {
            let parts = body.items().iter().enumerate();
            let style = |index: usize| styles.get(index).copied().unwrap_or(Style::Plain);
            parts.map(|(index, part)| value(part, &[style(index)])).collect::<Vec<_>>().join(" . ")
        }
        "set" => set(body.items(), styles, &[]),
        "range" => joined(body.items(), "-", styles),
        "prefix" => format!(
            "{}/{}",
            body.member("addr").map_or_else(String::new, |address| value(address, styles)),
            part(body, "len")
        ),
        "map" | "vmap" => map(name, body, styles),
        "elem" => element(body, styles),
        "&" | "|" | "^" | "<<" | ">>" => operation(name, body.items(), styles),
        "accept" | "drop" | "return" | "continue" => name.to_owned(),
        "jump" | "goto" => format!("{name} {}", text("target")),
        _ => node.to_string(),
    }
}

fn words(words: &[&str]) -> String {
    words.iter().copied().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn part(body: &Node<'_>, member: &str) -> String {
    body.member(member).map_or_else(String::new, expression)
}

fn offset(body: &Node<'_>) -> String {
    match body.member_number::<u32>("offset") {
        Some(offset) if offset > 0 => format!(" offset {offset}"),
        _ => String::new(),
    }
}

/// `meta_key_is_unqualified` (`src/meta.c`)
fn meta(key: &str) -> String {
    match key {
        "iif" | "oif" | "iifname" | "oifname" | "iifgroup" | "oifgroup" => key.to_owned(),
        _ => format!("meta {key}"),
    }
}

fn operation(operator: &str, operands: &[Node<'_>], styles: &[Style]) -> String {
    let own = operands.iter().find(|operand| matches!(operand, Node::Object(_))).map(self::styles);
    let own = own.unwrap_or_else(|| styles.to_vec());
    let operand = |node: &Node<'_>| match node {
        // Flags as a mask stand in brackets.
        Node::List(items) if items.len() > 1 => format!("({})", joined(items, " | ", &own)),
        Node::Object(_) if node.first().is_some_and(|(inner, _)| strength(inner) < strength(operator)) => {
            format!("({})", value(node, &own))
        }
        Node::Number(by) if matches!(operator, "<<" | ">>") => by.to_string(),
        other => value(other, &own),
    };
    operands.iter().map(operand).collect::<Vec<_>>().join(&format!(" {operator} "))
}

/// How strongly an operator binds (`expr_binop_precedence`, `src/expression.c`); the highest for what is none.
fn strength(operator: &str) -> u8 {
    match operator {
        "|" => 1,
        "^" => 2,
        "&" => 3,
        "<<" | ">>" => 4,
        _ => 5,
    }
}

/// Elements; those of a map have data of other styles.
fn set(items: &[Node<'_>], styles: &[Style], data_styles: &[Style]) -> String {
    let item = |node: &Node<'_>| match node {
        Node::List(pair) => match pair.as_slice() {
            [key, data] => format!("{} : {}", value(key, styles), value(data, data_styles)),
            _ => node.to_string(),
        },
        key => value(key, styles),
    };
    if items.is_empty() {
        return "{ }".to_owned();
    }
    format!("{{ {} }}", items.iter().map(item).collect::<Vec<_>>().join(", "))
}

fn map(name: &str, body: &Node<'_>, data_styles: &[Style]) -> String {
    let key = body.either("key", "left");
    let styles = key.map(styles).unwrap_or_default();
    let key = key.map_or_else(String::new, expression);
    let data = body.either("data", "right").map_or_else(String::new, |data| match data.member("set") {
        Some(elements) => set(elements.items(), &styles, data_styles),
        None => expression(data),
    });
    format!("{key} {name} {data}")
}

/// `{"elem": {"val": ..., "timeout": ...}}`
fn element(body: &Node<'_>, styles: &[Style]) -> String {
    let mut text = body.member("val").map_or_else(String::new, |node| value(node, styles));
    for (name, key) in [(" timeout ", "timeout"), (" expires ", "expires")] {
        if let Some(seconds) = body.member_number::<i128>(key) {
            text.push_str(name);
            text.push_str(&time(seconds));
        }
    }
    for name in ["counter", "limit", "quota", "ct count", "last"] {
        if let Some(statement) = body.member(name) {
            text.push(' ');
            text.push_str(&super::named(name, statement));
        }
    }
    if let Some(comment) = body.member_text("comment") {
        text.push_str(" comment ");
        text.push_str(&quoted(comment));
    }
    text
}
