//! What `nft` rules do.

use super::elements::{Shape, disjoint};
use super::fields::{FIELDS, Field, Kind, Net, Upper};
use super::nft::{Builder, Context, Draft, Hook, choose, key_text, keys, parts, types};
use super::pool;
use super::random::Random;

/// Adds statements to the rule.
pub(crate) fn add(context: Context, targets: &[String], draft: &mut Draft, builder: &mut Builder<'_>) {
    if builder.random.percent(25) {
        passive(draft, builder);
    }
    if builder.stateful && builder.random.percent(25) {
        stateful(context, draft, builder);
    }
    if builder.random.percent(if context.kind == "route" { 60 } else { 22 }) {
        assignment(context, draft, builder);
    }
    if context.kind == "nat" && builder.random.percent(60) && translation(context, draft, builder) {
        return;
    }
    verdict(context, targets, draft, builder);
    if draft.parts.is_empty() {
        draft.add("counter", "counter");
    }
}

fn passive(draft: &mut Draft, builder: &mut Builder<'_>) {
    match builder.random.below(4) {
        0 => draft.add("log prefix \"x\" level debug", "log"),
        1 => {
            let name = builder.name("n");
            builder.objects.push(format!("counter {name} {{ }}"));
            draft.add(format!("counter name \"{name}\""), "named counter");
        }
        _ => draft.add("counter", "counter"),
    }
}

/// Tests with a memory.
fn stateful(context: Context, draft: &mut Draft, builder: &mut Builder<'_>) {
    let random = &mut *builder.random;
    match random.below(18) {
        0 => draft.add("limit rate 1/minute burst 5 packets", "limit"),
        1 => draft.add("limit rate over 10/second", "limit over"),
        2 => draft.add("limit rate 1000 bytes/second burst 500 bytes", "limit bytes"),
        3 => draft.add("quota 100 bytes", "quota"),
        4 => draft.add("quota over 100 bytes", "quota"),
        5 => {
            let name = builder.name("l");
            builder.objects.push(format!("limit {name} {{ rate 3/minute burst 2 packets }}"));
            draft.add(format!("limit name \"{name}\""), "named limit");
        }
        6 => {
            let name = builder.name("q");
            builder.objects.push(format!("quota {name} {{ over 200 bytes }}"));
            draft.add(format!("quota name \"{name}\""), "named quota");
        }
        7..=8 if context.is_ip() => {
            let over = if random.percent(50) { "over " } else { "" };
            draft.add(format!("ct count {over}1"), "ct count");
        }
        _ => dynamic_set(context, draft, builder),
    }
}

fn dynamic_set(context: Context, draft: &mut Draft, builder: &mut Builder<'_>) {
    let Some(field) = choose(context, draft.net, draft.upper, builder, FIELDS) else { return };
    if !matches!(field.kind, Kind::V4 | Kind::V6 | Kind::Port | Kind::Mark)
        || field.text.contains(['&', '|', '^', '{'])
    {
        return;
    }
    draft.constructs.push(field.construct);
    let Some((set_type, _)) = field.kind.set_type() else { return };
    let name = builder.name("d");
    let random = &mut *builder.random;
    let known = disjoint(field.kind, Shape::Single, 5, random).join(", ");
    match random.below(8) {
        0 => {
            builder.objects.push(format!("set {name} {{ type {set_type}; size 128; flags dynamic; }}"));
            draft.add(
                format!("add @{name} {{ {} limit rate 2/minute burst 2 packets }}", field.text),
                "meter",
            );
        }
        1 => {
            builder.objects.push(format!(
                "set {name} {{ type {set_type}; size 128; flags dynamic,timeout; timeout 1m; }}"
            ));
            draft.add(format!("update @{name} {{ {} timeout 30s }}", field.text), "dynamic update");
        }
        2 => {
            builder.objects.push(format!(
                "set {name} {{ type {set_type}; size 128; flags dynamic; elements = {{ {known} }}; }}"
            ));
            draft.add(format!("delete @{name} {{ {} }}", field.text), "dynamic delete");
        }
        3..=4 => {
            builder
                .objects
                .push(format!("map {name} {{ type {set_type} : mark; size 128; flags dynamic; }}"));
            draft.add(format!("add @{name} {{ {} : 0x5 }}", field.text), "dynamic map");
        }
        _ => {
            builder.objects.push(format!("set {name} {{ type {set_type}; size 128; flags dynamic; }}"));
            draft.add(format!("add @{name} {{ {} }}", field.text), "dynamic add");
            if random.percent(50) {
                draft.add(format!("{} @{name}", field.text), "dynamic set");
            }
        }
    }
}

/// Writes something.
fn assignment(context: Context, draft: &mut Draft, builder: &mut Builder<'_>) {
    let mark = |random: &mut Random| format!("{:#x}", random.pick(pool::MARKS));
    match builder.random.below(26) {
        0..=4 => {
            let value = mark(builder.random);
            draft.add(format!("meta mark set {value}"), "set mark");
        }
        5 => {
            let operator = *builder.random.pick(&["|", "&", "^"]);
            let value = mark(builder.random);
            draft.add(format!("meta mark set meta mark {operator} {value}"), "set mark by bits");
        }
        6..=8 => {
            if let Some(map) = map(context, draft, builder, Kind::Mark, "mark") {
                draft.add(format!("meta mark set {map}"), "set mark by map");
            }
        }
        9 if context.is_ip() => {
            let value = mark(builder.random);
            draft.add(format!("ct mark set {value}"), "set ct mark");
        }
        10 if context.is_ip() => draft.add("ct mark set meta mark", "set ct mark"),
        11..=12 if context.is_ip() => draft.add("meta mark set ct mark", "mark from ct mark"),
        13 => draft.add("meta priority set 1:10", "set priority"),
        14 if !context.is_ip() && matches!(context.hook, Hook::Ingress | Hook::Prerouting) => {
            draft.add("meta pkttype set host", "set pkttype");
        }
        15 if context.is_ip() && context.hook == Hook::Prerouting && context.kind == "filter" => {
            draft.add("notrack", "notrack");
        }
        16 if context.is_ip() && context.hook == Hook::Output && context.kind == "filter" => {
            draft.add("notrack", "notrack");
        }
        17 if context.is_ip() && draft.upper == Upper::Tcp && context.kind == "filter" => {
            let name = builder.name("h");
            let family = if draft.net == Net::V6 { "ip6" } else { "ip" };
            builder
                .objects
                .push(format!("ct helper {name} {{ type \"ftp\" protocol tcp; l3proto {family}; }}"));
            draft.add(format!("ct helper set \"{name}\""), "ct helper");
        }
        18 if context.is_ip() => {
            draft.add("ct label set 1", "ct label set");
            if builder.stateful && builder.random.percent(60) {
                draft.add("ct label 1", "ct label");
            }
        }
        19 if context.is_ip() && context.early && matches!(context.hook, Hook::Prerouting | Hook::Output) => {
            draft.add("ct zone set 1", "ct zone set");
        }
        _ if context.kind == "nat" => {}
        20..=21 => mangling(context, draft, builder.random),
        22 => {
            if let Some(map) = map(context, draft, builder, Kind::Mark, "mark") {
                draft.add(format!("ct mark set {map}"), "set ct mark");
            }
        }
        _ => {}
    }
    // Outside IP there are no connections.
    if !context.is_ip() {
        while draft.parts.last().is_some_and(|part| part.starts_with("ct ")) {
            draft.parts.pop();
        }
    }
}

/// Rewrites header bytes.
fn mangling(context: Context, draft: &mut Draft, random: &mut Random) {
    let (text, construct) = match (draft.net, draft.upper, random.below(4)) {
        (_, Upper::Tcp, 0) => ("tcp dport set 8080", "set port"),
        (_, Upper::Udp, 0) => ("udp dport set 53", "set port"),
        (_, Upper::Tcp, 1) => ("tcp option maxseg size set 1200", "set tcp option"),
        (Net::V4, _, 2) => ("ip dscp set cs1", "set dscp"),
        (Net::V4, _, 3) => ("ip ttl set 33", "set ttl"),
        (Net::V4, _, _) => ("ip daddr set 10.1.0.3", "set address"),
        (Net::V6, _, 2) => ("ip6 dscp set cs1", "set dscp"),
        (Net::V6, _, 3) => ("ip6 hoplimit set 33", "set ttl"),
        (Net::V6, _, _) => ("ip6 daddr set 2001:db8:2::3", "set address"),
        _ => return,
    };
    // Once the route is chosen, another destination would be a neighbour that nobody knows.
    let late = !matches!(context.hook, Hook::Ingress | Hook::Prerouting | Hook::Input);
    if construct != "set address" || !late {
        draft.add(text, construct);
    }
}

/// A lookup in a map whose data are of `data`.
fn map(
    context: Context,
    draft: &mut Draft,
    builder: &mut Builder<'_>,
    data: Kind,
    data_type: &str,
) -> Option<String> {
    let concatenated = builder.random.percent(25);
    let fields: Vec<Field> = if concatenated {
        parts(context, draft, builder)?
    } else {
        let field = choose(context, draft.net, draft.upper, builder, FIELDS)?;
        field.kind.set_type().filter(|_| !field.text.contains(['&', '|', '^', '{', '@']))?;
        vec![field]
    };
    draft.constructs.extend(fields.iter().map(|field| field.construct));
    let shape = if builder.random.percent(40) && fields.iter().all(|field| field.kind != Kind::Ether) {
        Shape::Interval
    } else {
        Shape::Single
    };
    let count = builder.random.between(1, 5);
    let mut elements: Vec<String> = keys_of(&fields, shape, count, builder.random)
        .into_iter()
        .map(|key| format!("{key} : {}", data.value(builder.random)))
        .collect();
    let named = builder.random.percent(50);
    if named
        && builder.random.percent(25)
        && !concatenated
        && shape == Shape::Interval
        && fields[0].kind != Kind::Name
    {
        elements.push(format!("* : {}", data.value(builder.random)));
        draft.constructs.push("catch-all element");
    }
    let key = key_text(&fields);
    let elements = elements.join(", ");
    let construct = match (concatenated, shape) {
        (false, Shape::Single) => "map",
        (false, Shape::Interval) => "interval map",
        (true, Shape::Single) => "concatenated map",
        (true, Shape::Interval) => "concatenated interval map",
    };
    draft.constructs.push(construct);
    if !named {
        return Some(format!("{key} map {{ {elements} }}"));
    }
    let name = builder.name("m");
    let flags = if shape == Shape::Interval { "flags interval; " } else { "" };
    let types = types(&fields);
    builder
        .objects
        .push(format!("map {name} {{ type {types} : {data_type}; {flags}elements = {{ {elements} }}; }}"));
    Some(format!("{key} map @{name}"))
}

fn keys_of(fields: &[Field], shape: Shape, count: usize, random: &mut Random) -> Vec<String> {
    match fields {
        [field] => disjoint(field.kind, shape, count, random),
        _ => keys(fields, shape, count, random),
    }
}

/// Rewrites addresses; `false` where nothing was added.
fn translation(context: Context, draft: &mut Draft, builder: &mut Builder<'_>) -> bool {
    if draft.net == Net::Any {
        draft.net = *builder.random.pick(&[Net::V4, Net::V6]);
    }
    let v4 = draft.net == Net::V4;
    let word = match (context.family, v4) {
        ("inet", true) => " ip",
        ("inet", false) => " ip6",
        _ => "",
    };
    let ports = matches!(draft.upper, Upper::Tcp | Upper::Udp);
    if ports && !draft.parts.iter().any(|part| part.contains("tcp ") || part.contains("udp ")) {
        draft.add(
            if draft.upper == Upper::Tcp { "meta l4proto tcp" } else { "meta l4proto udp" },
            "meta l4proto",
        );
    }
    let with_port = ports && builder.random.percent(45);
    let random = &mut *builder.random;
    match context.hook {
        Hook::Prerouting | Hook::Output if random.percent(25) => {
            let to =
                if with_port { *random.pick(&[" to :8080", " to :53-54", " to :1024-1030"]) } else { "" };
            draft.add(format!("redirect{to}"), "redirect");
        }
        Hook::Prerouting | Hook::Output if random.percent(20) => {
            let kind = if v4 { Kind::V4 } else { Kind::V6 };
            let data_type = if v4 { "ipv4_addr" } else { "ipv6_addr" };
            let Some(map) = map(context, draft, builder, kind, data_type) else { return false };
            draft.add(format!("dnat{word} to {map}"), "dnat by map");
        }
        Hook::Prerouting | Hook::Output => {
            let to = destination(v4, with_port, random);
            draft.add(format!("dnat{word} to {to}"), if with_port { "dnat with port" } else { "dnat" });
        }
        Hook::Postrouting if random.percent(35) => {
            let to = if with_port {
                *random.pick(&[" to :1024-1030", " to :40000", " random", " fully-random"])
            } else {
                ""
            };
            draft.add(format!("masquerade{to}"), "masquerade");
        }
        Hook::Postrouting | Hook::Input => {
            let to = destination(v4, with_port, random);
            draft.add(format!("snat{word} to {to}"), if with_port { "snat with port" } else { "snat" });
        }
        _ => return false,
    }
    true
}

fn destination(v4: bool, with_port: bool, random: &mut Random) -> String {
    let range = random.percent(20);
    let (address, closed) = match (v4, range) {
        (true, true) => ("10.1.0.2-10.1.0.5".to_owned(), false),
        (true, false) => (pool::v4(random).to_string(), false),
        (false, true) => ("2001:db8:2::2-2001:db8:2::5".to_owned(), true),
        (false, false) => (pool::v6(random).to_string(), true),
    };
    // Zero and the like cannot be a destination.
    let address = if ["0.0.0.0", "255.255.255.255"].contains(&address.as_str()) {
        "10.1.0.3".to_owned()
    } else {
        address
    };
    if !with_port {
        return address;
    }
    let port = *random.pick(&["80", "8080", "22-23", "1024-1030"]);
    match (closed, address.split_once('-')) {
        (true, Some((low, high))) => format!("[{low}]-[{high}]:{port}"),
        (true, None) => format!("[{address}]:{port}"),
        (false, _) => format!("{address}:{port}"),
    }
}

fn verdict(context: Context, targets: &[String], draft: &mut Draft, builder: &mut Builder<'_>) {
    let target = |random: &mut Random| random.pick(targets).clone();
    match builder.random.below(100) {
        0..=21 => draft.add("accept", "accept"),
        22..=33 => draft.add("drop", "drop"),
        34..=41 if rejects(context) => reject(context, draft, builder.random),
        42..=45 => draft.add("return", "return"),
        46..=47 => draft.add("continue", "continue"),
        48..=62 if !targets.is_empty() => {
            let target = target(builder.random);
            draft.add(format!("jump {target}"), "jump");
        }
        63..=70 if !targets.is_empty() => {
            let target = target(builder.random);
            draft.add(format!("goto {target}"), "goto");
        }
        71..=83 => verdict_map(context, targets, draft, builder),
        84 if context.hook == Hook::Prerouting && context.is_ip() && context.kind == "filter" => {
            transparent(context, draft);
        }
        85..=86 if proxies(context, draft) => {
            let version = if context.family == "inet" { "meta nfproto ipv4 " } else { "" };
            draft.add(format!("{version}meta l4proto tcp synproxy mss 1460 wscale 7"), "synproxy");
        }
        87 if context.family == "netdev" => {
            draft.add("fwd to \"eth1\"", "fwd");
        }
        88 if context.family == "netdev" => draft.add("dup to \"eth1\"", "dup"),
        89 if context.is_ip() && !builder.lacking.contains(&"queue") => {
            draft.add("queue num 7 bypass", "queue");
        }
        _ => {}
    }
}

/// `synproxy` computes checksums as if all were IPv4 (`nft_synproxy_do_eval`).
fn proxies(context: Context, draft: &Draft) -> bool {
    let here =
        matches!(context.hook, Hook::Input | Hook::Forward) && context.is_ip() && context.kind == "filter";
    here && draft.upper == Upper::Tcp && draft.net == Net::V4
}

fn rejects(context: Context) -> bool {
    context.is_ip() && context.kind == "filter" && context.hook != Hook::Postrouting
}

fn reject(context: Context, draft: &mut Draft, random: &mut Random) {
    if draft.upper == Upper::Tcp && random.percent(40) {
        draft.add("meta l4proto tcp reject with tcp reset", "reject with tcp reset");
        return;
    }
    let code = *random.pick(&["port-unreachable", "host-unreachable", "admin-prohibited", "no-route"]);
    match (context.family, draft.net, random.below(3)) {
        (_, _, 0) => draft.add("reject", "reject"),
        ("inet", _, 1) => draft.add(format!("reject with icmpx type {code}"), "reject with icmpx"),
        ("ip", _, _) | ("inet", Net::V4, _) => {
            let code = if code == "no-route" { "net-unreachable" } else { code };
            draft.add(format!("reject with icmp type {code}"), "reject with icmp");
        }
        ("ip6", _, _) | ("inet", Net::V6, _) => {
            let code = if code == "host-unreachable" { "addr-unreachable" } else { code };
            draft.add(format!("reject with icmpv6 type {code}"), "reject with icmpv6");
        }
        _ => draft.add("reject", "reject"),
    }
}

fn transparent(context: Context, draft: &mut Draft) {
    let upper = match draft.upper {
        Upper::Tcp => "tcp",
        Upper::Udp => "udp",
        _ => return,
    };
    let text = match (context.family, draft.net) {
        ("inet", Net::V4) => "tproxy ip to 127.0.0.1:8080",
        ("inet", Net::V6) => "tproxy ip6 to [::1]:8080",
        ("inet", Net::Any) => "tproxy to :8080",
        ("ip", _) => "tproxy to 127.0.0.1:8080",
        _ => "tproxy to [::1]:8080",
    };
    draft.add(format!("meta l4proto {upper} {text}"), "tproxy");
}

fn verdict_map(context: Context, targets: &[String], draft: &mut Draft, builder: &mut Builder<'_>) {
    let concatenated = builder.random.percent(30);
    let fields: Vec<Field> = if concatenated {
        match parts(context, draft, builder) {
            Some(parts) => parts,
            None => return,
        }
    } else {
        match choose(context, draft.net, draft.upper, builder, FIELDS) {
            Some(field) if !field.text.contains('{') => vec![field],
            _ => return,
        }
    };
    draft.constructs.extend(fields.iter().map(|field| field.construct));
    let ordered =
        fields.iter().all(|field| field.kind.set_type().is_some() || matches!(field.kind, Kind::Numbers(_)));
    let shape = if ordered && builder.random.percent(40) { Shape::Interval } else { Shape::Single };
    let count = builder.random.between(1, 5);
    let mut elements: Vec<String> = keys_of(&fields, shape, count, builder.random)
        .into_iter()
        .map(|key| format!("{key} : {}", element_verdict(targets, draft, builder.random)))
        .collect();
    let key = key_text(&fields);
    let can_be_named = fields
        .iter()
        .all(|field| field.kind.set_type().is_some() && !field.text.contains(['&', '|', '^', '@']));
    let named = can_be_named && builder.random.percent(50);
    if named
        && !concatenated
        && shape == Shape::Interval
        && fields[0].kind != Kind::Name
        && builder.random.percent(25)
    {
        elements.push(format!("* : {}", element_verdict(targets, draft, builder.random)));
        draft.constructs.push("catch-all element");
    }
    let elements = elements.join(", ");
    let construct = match (concatenated, shape) {
        (false, Shape::Single) => "verdict map",
        (false, Shape::Interval) => "interval verdict map",
        (true, Shape::Single) => "concatenated verdict map",
        (true, Shape::Interval) => "concatenated interval verdict map",
    };
    if named {
        let name = builder.name("v");
        let flags = if shape == Shape::Interval { "flags interval; " } else { "" };
        let types = types(&fields);
        builder
            .objects
            .push(format!("map {name} {{ type {types} : verdict; {flags}elements = {{ {elements} }}; }}"));
        draft.add(format!("{key} vmap @{name}"), construct);
        draft.constructs.push("named verdict map");
    } else {
        draft.add(format!("{key} vmap {{ {elements} }}"), construct);
    }
}

fn element_verdict(targets: &[String], draft: &mut Draft, random: &mut Random) -> String {
    match random.below(6) {
        0..=1 => "accept".to_owned(),
        2 => "drop".to_owned(),
        3 if !targets.is_empty() => {
            draft.constructs.push("jump from map");
            format!("jump {}", random.pick(targets))
        }
        4 if !targets.is_empty() => {
            draft.constructs.push("goto from map");
            format!("goto {}", random.pick(targets))
        }
        5 => "return".to_owned(),
        _ => "continue".to_owned(),
    }
}
