//! Matches whose answer hangs on what happened before, on the time, on chance, or on what a packet carries.

use crate::ir::{StateKind, StateTest};

use super::super::grammar::Extension;
use super::super::values;

/// The test of a match of this kind; `None` where it is none.
pub(super) fn test(extension: &Extension) -> Option<StateTest> {
    let kind = match extension.name.as_str() {
        "limit" => StateKind::Limit,
        "hashlimit" => StateKind::HashLimit,
        "quota" => StateKind::Quota,
        "connlimit" => StateKind::ConnectionCount,
        "recent" => StateKind::Recent,
        "statistic" => StateKind::Chance,
        "time" => StateKind::Time,
        "string" => StateKind::Content,
        "u32" | "bpf" => StateKind::Program,
        "socket" => StateKind::Socket,
        "osf" => StateKind::OperatingSystem,
        "connbytes" | "connlabel" | "nfacct" | "cluster" | "cpu" | "rateest" | "ipvs" | "l2tp" => {
            StateKind::Other
        }
        _ => return None,
    };
    let certain = match extension.name.as_str() {
        "recent" => recent(extension),
        "statistic" => statistic(extension),
        _ => None,
    };
    Some(StateTest { kind, certain, text: extension.text("-m") })
}

/// `--set` enters the address and always matches (`net/netfilter/xt_recent.c`: `recent_mt`).
fn recent(extension: &Extension) -> Option<bool> {
    extension.choice("--set").map(|choice| !choice.negated)
}

/// A probability of 0 or 1, and every first packet of one (`net/netfilter/xt_statistic.c`: `statistic_mt`).
fn statistic(extension: &Extension) -> Option<bool> {
    let choice = extension
        .choices
        .iter()
        .find(|choice| matches!(choice.name.as_str(), "--probability" | "--every"))?;
    let text = choice.value()?;
    let always = if choice.name == "--every" {
        (values::number_of(text, 32)? == 1).then_some(true)
    } else {
        // The kernel keeps 31 bits: what rounds to all or none of them is certain.
        let scaled = (text.parse::<f64>().ok()? * 2_147_483_648.0).round();
        if scaled <= 0.0 {
            Some(false)
        } else if scaled >= 2_147_483_648.0 {
            Some(true)
        } else {
            None
        }
    };
    always.map(|always| always != choice.negated)
}
