//! The tables that the kernel knows, and where their chains hang.

use crate::ir::{ChainKind, Hook, priority};

/// Where a chain of the kernel's own hangs: `None` for a chain that only jumps lead to.
///
/// `net/ipv4/netfilter/iptable_{raw,mangle,nat,filter}.c`, `iptable_security.c`, and the same files of IPv6; `iptables-nft` makes
/// the same chains (`iptables/nft.c`: `xtables_ipv4`).
pub(super) fn place(table: &str, chain: &str) -> Option<(ChainKind, Hook, i32)> {
    let hook = hook(chain)?;
    let (hooks, kind, priority): (&[Hook], _, _) = match table {
        "raw" => (&[Hook::Prerouting, Hook::Output], ChainKind::Filter, priority::RAW),
        // The route is looked up again where the packet is its host's own (`ipt_mangle_out`).
        "mangle" if hook == Hook::Output => (&[Hook::Output], ChainKind::Route, priority::MANGLE),
        "mangle" => (
            &[Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Postrouting],
            ChainKind::Filter,
            priority::MANGLE,
        ),
        "nat" if matches!(hook, Hook::Prerouting | Hook::Output) => {
            (&[Hook::Prerouting, Hook::Output], ChainKind::Nat, priority::NAT_DST)
        }
        "nat" => (&[Hook::Input, Hook::Postrouting], ChainKind::Nat, priority::NAT_SRC),
        "filter" => (&[Hook::Input, Hook::Forward, Hook::Output], ChainKind::Filter, priority::FILTER),
        "security" => (&[Hook::Input, Hook::Forward, Hook::Output], ChainKind::Filter, priority::SECURITY),
        _ => return None,
    };
    hooks.contains(&hook).then_some((kind, hook, priority))
}

/// Whether it is one of the kernel's tables.
pub(super) fn is_known(table: &str) -> bool {
    ["raw", "mangle", "nat", "filter", "security"].contains(&table)
}

fn hook(chain: &str) -> Option<Hook> {
    Some(match chain {
        "PREROUTING" => Hook::Prerouting,
        "INPUT" => Hook::Input,
        "FORWARD" => Hook::Forward,
        "OUTPUT" => Hook::Output,
        "POSTROUTING" => Hook::Postrouting,
        _ => return None,
    })
}
