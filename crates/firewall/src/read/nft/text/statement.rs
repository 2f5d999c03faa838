//! Statements and whole rules.

use std::fmt::{self, Write};

use super::super::node::Node;
use super::value::{Style, expression, quoted, styles, time, value};
use crate::ir::Family;

/// A rule of a table of this family.
pub(in super::super) fn rule(items: &[Node<'_>], comment: Option<&str>, family: Family) -> String {
    let words = |item: &Node<'_>| match item.member("reject") {
        Some(body) => reject(body, family),
        None => statement(item),
    };
    let mut text = items.iter().map(words).collect::<Vec<_>>().join(" ");
    if let Some(comment) = comment {
        text.push_str(" comment ");
        text.push_str(&quoted(comment));
    }
    text
}

/// A statement.
pub(in super::super) fn statement(node: &Node<'_>) -> String {
    match node {
        // Printed in its own language by an `nft` that has no JSON for it; a chain in place has several lines.
        Node::Text(text) => one_line(text),
        _ => node.first().map_or_else(|| node.to_string(), |(name, body)| named(name, body)),
    }
}

/// `jump { ip saddr 1.2.3.4 accept; drop; }`
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let ended = lines.map(|line| match line.as_bytes().last() {
        Some(b'{' | b'}' | b';') => line.to_owned(),
        _ if text.contains('\n') => format!("{line};"),
        _ => line.to_owned(),
    });
    ended.collect::<Vec<_>>().join(" ")
}

/// A statement of this name.
pub(in super::super) fn named(name: &str, body: &Node<'_>) -> String {
    let text = |member: &str| body.member_text(member).unwrap_or_default();
    match name {
        "match" => matching(body),
        "accept" | "drop" | "return" | "continue" | "notrack" => name.to_owned(),
        "jump" | "goto" => format!("{name} {}", text("target")),
        "vmap" => expression(&Node::Object(vec![("vmap".into(), body.clone())])),
        "counter" => match (body.text(), body.member("map"), body.member("packets")) {
            (Some(object), _, _) => format!("counter name {}", quoted(object)),
            (_, Some(_), _) => format!("counter name {}", value(body, &[Style::Quoted])),
            (_, _, Some(packets)) => {
                format!(
                    "counter packets {packets} bytes {}",
                    body.member("bytes").map_or_else(String::new, ToString::to_string)
                )
            }
            _ => "counter".to_owned(),
        },
        "limit" | "quota" | "synproxy" if body.text().is_some() || body.member("map").is_some() => {
            object(name, "name", body)
        }
        "ct helper" | "ct timeout" | "ct expectation" => object(name, "set", body),
        "secmark" | "tunnel" => object(name, "name", body),
        "limit" => limit(body),
        "quota" => quota(body),
        "ct count" => format!("ct count {}{}", over(body), number(body, "val")),
        "last" => match body.member("used") {
            Some(used) => format!("last used {}", time(used.number().unwrap_or(0) / 1000)),
            None => "last used never".to_owned(),
        },
        "log" => log(body),
        "mangle" => {
            let key = body.either("key", "left");
            let styles = key.map(styles).unwrap_or_default();
            let key = key.map_or_else(String::new, expression);
            let value = body.either("value", "right").map_or_else(String::new, |node| value(node, &styles));
            format!("{key} set {value}")
        }
        "snat" | "dnat" | "masquerade" | "redirect" => nat(name, body),
        "reject" => reject(body, Family::Inet),
        "tproxy" => format!("tproxy{}{}", family(body), to(body)),
        "synproxy" => synproxy(body),
        "queue" => queue(body),
        "flow" => format!("flow {} {}", text("op"), text("flowtable")),
        "set" | "map" => update(name, body),
        "meter" => {
            let inner = body.member("stmt").map_or_else(String::new, statements);
            let key = body.member("key").map_or_else(String::new, expression);
            format!("meter {} size {} {{ {key} {inner} }}", text("name"), number(body, "size"))
        }
        "dup" | "fwd" => duplicate(name, body),
        "reset" => format!("reset {}", expression(body)),
        "xt" => format!("xt {} {}", text("type"), text("name")).trim_end().to_owned(),
        _ => Node::Object(vec![(name.to_owned().into(), body.clone())]).to_string(),
    }
}

/// `left right`, `left != right`, `tcp flags syn / syn,ack`
pub(in super::super) fn matching(body: &Node<'_>) -> String {
    let (Some(left), Some(right)) = (body.member("left"), body.member("right")) else {
        return body.to_string();
    };
    let operator = body.member_text("op").unwrap_or("==");
    let mut styles = styles(left);
    if matches!(right, Node::Bool(_)) {
        styles = vec![Style::Plain];
    }
    let (left_text, right_text) = (expression(left), value(right, &styles));
    if let Some([field, Node::List(mask)]) = left.member("&").map(Node::items) {
        // `binop_expr_print` (`src/expression.c`) has this form for flags.
        if matches!(operator, "==" | "!=") && !mask.is_empty() {
            let sign = if operator == "!=" { "!= " } else { "" };
            return format!(
                "{} {sign}{right_text} / {}",
                expression(field),
                value(&Node::List(mask.clone()), &styles)
            );
        }
    }
    let is_operation = matches!(left.first(), Some(("&" | "|" | "^" | "<<" | ">>", _)));
    match operator {
        // `must_print_eq_op` (`src/expression.c`)
        "==" if is_operation => format!("{left_text} == {right_text}"),
        "==" if styles == [Style::Flags]
            && matches!(right, Node::Number(_) | Node::Text(_))
            && !right_text.starts_with('@') =>
        {
            format!("{left_text} == {right_text}")
        }
        "==" | "in" => format!("{left_text} {right_text}"),
        _ => format!("{left_text} {operator} {right_text}"),
    }
}

fn append(text: &mut String, words: fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(words);
}

fn statements(node: &Node<'_>) -> String {
    node.items().iter().map(statement).collect::<Vec<_>>().join(" ")
}

fn object(name: &str, word: &str, body: &Node<'_>) -> String {
    match body.text() {
        Some(object) => format!("{name} {word} {}", quoted(object)),
        None => format!("{name} {word} {}", value(body, &[Style::Quoted])),
    }
}

fn number(body: &Node<'_>, member: &str) -> String {
    body.member(member).map_or_else(String::new, expression)
}

fn over(body: &Node<'_>) -> &'static str {
    if body.member("inv") == Some(&Node::Bool(true)) { "over " } else { "" }
}

/// `limit_stmt_print` (`src/statement.c`)
fn limit(body: &Node<'_>) -> String {
    let rate = number(body, "rate");
    let per = body.member_text("per").unwrap_or("second");
    let burst = body.member_number::<u64>("burst").unwrap_or(0);
    match body.member_text("rate_unit") {
        None | Some("packets") => {
            // 5 is what `nft` takes where none is given.
            let burst =
                if matches!(burst, 0 | 5) { String::new() } else { format!(" burst {burst} packets") };
            format!("limit rate {}{rate}/{per}{burst}", over(body))
        }
        Some(unit) => {
            let of = body.member_text("burst_unit").unwrap_or("bytes");
            let burst = if burst == 0 { String::new() } else { format!(" burst {burst} {of}") };
            format!("limit rate {}{rate} {unit}/{per}{burst}", over(body))
        }
    }
}

fn quota(body: &Node<'_>) -> String {
    let unit = |member: &str| body.member_text(member).unwrap_or("bytes").to_owned();
    let used = match body.member("used") {
        Some(used) => format!(" used {used} {}", unit("used_unit")),
        None => String::new(),
    };
    format!("quota {}{} {}{used}", over(body), number(body, "val"), unit("val_unit"))
}

fn log(body: &Node<'_>) -> String {
    let mut text = "log".to_owned();
    if let Some(prefix) = body.member_text("prefix") {
        append(&mut text, format_args!(" prefix {}", quoted(prefix)));
    }
    for (word, member) in [
        ("group", "group"),
        ("snaplen", "snaplen"),
        ("queue-threshold", "queue-threshold"),
        ("level", "level"),
    ] {
        if let Some(node) = body.member(member) {
            append(&mut text, format_args!(" {word} {}", expression(node)));
        }
    }
    for flag in body.member("flags").into_iter().flat_map(Node::texts) {
        append(&mut text, format_args!(" flags {flag}"));
    }
    text
}

fn family(body: &Node<'_>) -> String {
    body.member_text("family").map_or_else(String::new, |family| format!(" {family}"))
}

/// ` to address:port`
fn to(body: &Node<'_>) -> String {
    let (address, port) = (body.member("addr").map(expression), body.member("port").map(expression));
    match (address, port) {
        (None, None) => String::new(),
        (None, Some(port)) => format!(" to :{port}"),
        (Some(address), None) => format!(" to {address}"),
        (Some(address), Some(port)) if address.contains("::") || address.matches(':').count() > 1 => {
            format!(" to [{address}]:{port}")
        }
        (Some(address), Some(port)) => format!(" to {address}:{port}"),
    }
}

fn flags(body: &Node<'_>) -> String {
    let flags = body
        .member("flags")
        .map(|flags| flags.texts().filter(|flag| *flag != "netmap").collect::<Vec<_>>().join(","));
    flags.filter(|flags| !flags.is_empty()).map_or_else(String::new, |flags| format!(" {flags}"))
}

fn nat(name: &str, body: &Node<'_>) -> String {
    let prefix = if body.has_word("type_flags", "prefix") { " prefix" } else { "" };
    format!("{name}{}{prefix}{}{}", family(body), to(body), flags(body))
}

/// `reject_stmt_print` (`src/statement.c`): the usual answer of the family is not printed.
fn reject(body: &Node<'_>, family: Family) -> String {
    let usual = match family {
        Family::Ip => "icmp",
        Family::Ip6 => "icmpv6",
        _ => "icmpx",
    };
    let code = body.member("expr").map(expression);
    match (body.member_text("type"), code.as_deref()) {
        (None, _) => "reject".to_owned(),
        (Some(kind), Some("port-unreachable")) if kind == usual => "reject".to_owned(),
        (Some(kind), None) => format!("reject with {kind}"),
        (Some(kind), Some(code)) => format!("reject with {kind} {code}"),
    }
}

fn synproxy(body: &Node<'_>) -> String {
    let mut text = "synproxy".to_owned();
    for member in ["mss", "wscale"] {
        if let Some(node) = body.member(member) {
            append(&mut text, format_args!(" {member} {node}"));
        }
    }
    for flag in body.member("flags").into_iter().flat_map(Node::texts) {
        append(&mut text, format_args!(" {flag}"));
    }
    text
}

fn queue(body: &Node<'_>) -> String {
    let flags = body.member("flags").map(|flags| flags.texts().collect::<Vec<_>>().join(","));
    let flags =
        flags.filter(|flags| !flags.is_empty()).map_or_else(String::new, |flags| format!(" flags {flags}"));
    let to = body.member("num").map_or_else(String::new, |queue| format!(" to {}", expression(queue)));
    format!("queue{flags}{to}")
}

fn update(member: &str, body: &Node<'_>) -> String {
    let operation = body.member_text("op").unwrap_or_default();
    let name = body.member_text(member).unwrap_or_default();
    let key = body.member("elem").map_or_else(String::new, expression);
    let statements = body.member("stmt").map_or_else(String::new, |node| format!(" {}", statements(node)));
    let data = body.member("data").map_or_else(String::new, |data| format!(" : {}", expression(data)));
    format!("{operation} {name} {{ {key}{statements}{data} }}")
}

fn duplicate(name: &str, body: &Node<'_>) -> String {
    let device = body.member("dev").map(|device| value(device, &[Style::Quoted]));
    match (name, body.member("addr"), device) {
        ("dup", Some(address), None) => {
            // In a netdev table the place to go is a device.
            let named = address.text().is_some_and(|text| text.parse::<std::net::IpAddr>().is_err());
            format!("dup to {}", value(address, if named { &[Style::Quoted] } else { &[] }))
        }
        ("dup", Some(address), Some(device)) => format!("dup to {} device {device}", expression(address)),
        ("fwd", None, Some(device)) => format!("fwd to {device}"),
        ("fwd", Some(address), Some(device)) => {
            format!("fwd{} to {} device {device}", family(body), expression(address))
        }
        _ => name.to_owned(),
    }
}
