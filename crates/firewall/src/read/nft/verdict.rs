//! Verdicts: `{"accept": null}`, `{"jump": {"target": "chain"}}`.

use super::kind::Cause;
use super::node::Node;
use super::text;
use crate::ir::{ChainId, Verdict};

/// The verdict of a node.
pub(super) fn of(node: &Node<'_>, chain: impl Fn(&str) -> Option<ChainId>) -> Result<Verdict, Cause> {
    let unknown = || format!("unknown verdict: {node}");
    match node.first() {
        Some((name, body)) => named(name, body, chain).unwrap_or_else(|| Err(unknown())),
        None => Err(unknown()),
    }
}

/// The verdict of a name; `None` where it names none.
pub(super) fn named(
    name: &str,
    body: &Node<'_>,
    chain: impl Fn(&str) -> Option<ChainId>,
) -> Option<Result<Verdict, Cause>> {
    let target = |make: fn(ChainId) -> Verdict| {
        let target = body.member_text("target").ok_or_else(|| format!("{name} without a target"))?;
        chain(target).map(make).ok_or_else(|| format!("{name} {target}: there is no such chain"))
    };
    Some(match name {
        "accept" => Ok(Verdict::Accept),
        "drop" => Ok(Verdict::Drop),
        "return" => Ok(Verdict::Return),
        "continue" => Ok(Verdict::Continue),
        "jump" => target(Verdict::Jump),
        "goto" => target(Verdict::Goto),
        "queue" => {
            Ok(Verdict::Queue { bypass: body.has_word("flags", "bypass"), text: text::named(name, body) })
        }
        _ => return None,
    })
}
