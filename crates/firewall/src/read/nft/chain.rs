//! Tables, chains and flowtables.

use super::kind::Cause;
use super::node::Node;
use super::supplement::Supplement;
use crate::ir::{Backend, Base, Chain, ChainKind, Family, Flowtable, Hook, Policy, Table, priority};

/// `{"table": {...}}`. Flags that are none (see [`super::supplement`]) are looked up in the supplement; `Err` tells that it does not
/// say either, beside the table as far as it is known.
pub(super) fn table(node: &Node<'_>, family: Family, supplement: &Supplement<'_>) -> (Table, Option<Cause>) {
    let name = node.member_text("name").unwrap_or_default().to_owned();
    let mut unread = None;
    let mut dormant = node.has_word("flags", "dormant");
    if !dormant && has_garbled_flags(node) {
        match supplement.is_dormant(family, &name) {
            Some(known) => dormant = known,
            None => unread = Some("this nft does not tell its flags; it may be dormant".to_owned()),
        }
    }
    let handle = node.member_number("handle");
    (Table { family, name, backend: Backend::Nft, handle, dormant, owner: None }, unread)
}

/// Whether the flags hold a word that is none.
pub(super) fn has_garbled_flags(node: &Node<'_>) -> bool {
    const FLAGS: &[&str] = &["dormant", "owner", "persist"];
    node.member("flags").is_some_and(|flags| flags.texts().any(|word| !FLAGS.contains(&word)))
}

/// Whether a chain is bound to devices that its JSON does not name.
pub(super) fn lacks_devices(node: &Node<'_>) -> bool {
    matches!(node.member_text("hook"), Some("ingress" | "egress")) && node.member("dev").is_none()
}

/// `{"chain": {...}}`. A base chain that the kernel has and this program does not know is kept as a chain that nothing calls, and told.
pub(super) fn chain(
    node: &Node<'_>,
    family: Family,
    dormant: bool,
    supplement: &Supplement<'_>,
) -> (Chain, Option<Cause>) {
    let text = |member: &str| node.member_text(member).unwrap_or_default().to_owned();
    let (table, name) = (text("table"), text("name"));
    let (base, unread) = match node.member_text("hook") {
        None => (None, None),
        Some(hook) => match base(node, hook, family) {
            Ok(mut base) => {
                let mut unread = None;
                if lacks_devices(node) {
                    match supplement.devices(family, &table, &name) {
                        Some(devices) => base.devices = devices,
                        None => unread = Some("this nft does not tell the devices it is bound to".to_owned()),
                    }
                }
                (Some(base), unread)
            }
            Err(cause) => (None, Some(cause)),
        },
    };
    let handle = node.member_number("handle");
    let chain =
        Chain { family, table, name, backend: Backend::Nft, handle, base, rules: Vec::new(), dormant };
    (chain, unread)
}

fn base(node: &Node<'_>, hook: &str, family: Family) -> Result<Base, Cause> {
    let kind = match node.member_text("type").unwrap_or("filter") {
        "filter" => ChainKind::Filter,
        "nat" => ChainKind::Nat,
        "route" => ChainKind::Route,
        other => return Err(format!("unknown type of chain: {other}")),
    };
    let policy = match node.member_text("policy").unwrap_or("accept") {
        "accept" => Policy::Accept,
        "drop" => Policy::Drop,
        other => return Err(format!("unknown policy: {other}")),
    };
    let hook = Hook::from_name(hook).ok_or_else(|| format!("unknown hook: {hook}"))?;
    let priority = match node.member("prio") {
        None => 0,
        Some(Node::Text(text)) => {
            named_priority(text, family).ok_or_else(|| format!("unknown priority: {text}"))?
        }
        Some(node) => {
            let number = node.number().and_then(|number| i32::try_from(number).ok());
            number.ok_or_else(|| format!("unknown priority: {node}"))?
        }
    };
    Ok(Base { kind, hook, priority, policy, devices: devices(node.member("dev")) })
}

fn devices(node: Option<&Node<'_>>) -> Vec<String> {
    node.map(|node| node.texts().map(str::to_owned).collect()).unwrap_or_default()
}

/// `filter`, `dstnat - 5` (`std_prios`, `src/rule.c`): written so in files only.
pub(super) fn named_priority(text: &str, family: Family) -> Option<i32> {
    let (name, sign, rest) = match text.find(['+', '-']) {
        Some(0) => return text.trim().parse().ok(),
        Some(at) => (text.get(..at)?.trim(), text.get(at..=at)?, text.get(at + 1..)?.trim()),
        None => (text.trim(), "+", "0"),
    };
    let base = match (name, family) {
        ("filter", Family::Bridge) => -200,
        ("dstnat", Family::Bridge) => -300,
        ("out", Family::Bridge) => 100,
        ("srcnat", Family::Bridge) => 300,
        ("filter", _) => priority::FILTER,
        ("raw", _) => priority::RAW,
        ("mangle", _) => priority::MANGLE,
        ("dstnat", _) => priority::NAT_DST,
        ("security", _) => priority::SECURITY,
        ("srcnat", _) => priority::NAT_SRC,
        _ => return name.parse().ok(),
    };
    let offset: i32 = rest.parse().ok()?;
    if sign == "-" { base.checked_sub(offset) } else { base.checked_add(offset) }
}

/// `{"flowtable": {...}}`
pub(super) fn flowtable(node: &Node<'_>, family: Family) -> Flowtable {
    let text = |member: &str| node.member_text(member).unwrap_or_default().to_owned();
    Flowtable { family, table: text("table"), name: text("name"), devices: devices(node.member("dev")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_have_names_in_files() {
        assert_eq!(named_priority("filter", Family::Inet), Some(0));
        assert_eq!(named_priority("dstnat - 5", Family::Ip), Some(-105));
        assert_eq!(named_priority("filter", Family::Bridge), Some(-200));
        assert_eq!(named_priority("-10", Family::Ip), Some(-10));
        assert_eq!(named_priority("srcnat+5", Family::Ip), Some(105));
        assert_eq!(named_priority("nothing", Family::Ip), None);
    }
}
