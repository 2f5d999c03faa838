//! Which chains jump to which: circles, and the hooks from which a chain is reached.

use rustc_hash::FxHashMap;

use crate::ir::Hook;

use super::error::XtablesError;
use super::save::OpenChain;

/// The hooks from which each chain is reached.
///
/// A circle that some hook reaches is an error: the kernel refuses it (`net/netfilter/x_tables.c` and `mark_source_chains` of
/// `ip_tables.c`). Chains that nothing reaches may go round in circles, there as here.
pub(super) fn hooks(
    table: &str,
    chains: &[OpenChain],
    by_name: &FxHashMap<String, usize>,
) -> Result<Vec<Vec<Hook>>, XtablesError> {
    let edges: Vec<Vec<(usize, u32)>> = chains.iter().map(|chain| jumps(chain, chains, by_name)).collect();
    check(table, chains, &edges)?;
    let mut hooks = vec![Vec::new(); chains.len()];
    for (index, chain) in chains.iter().enumerate() {
        let Some(base) = &chain.base else { continue };
        let mut waiting = vec![index];
        while let Some(at) = waiting.pop() {
            let Some(of) = hooks.get_mut(at) else { continue };
            if !of.contains(&base.hook) {
                of.push(base.hook);
                waiting.extend(edges.get(at).into_iter().flatten().map(|(to, _)| *to));
            }
        }
    }
    Ok(hooks)
}

/// Jumps to chains of the kernel's own are none: no rule may hold one.
fn jumps(chain: &OpenChain, chains: &[OpenChain], by_name: &FxHashMap<String, usize>) -> Vec<(usize, u32)> {
    let targets = chain.rules.iter().filter_map(|rule| {
        let target = rule.sorted.as_ref()?.target.as_ref()?;
        let to = *by_name.get(&target.extension.name)?;
        chains.get(to).is_some_and(|chain| chain.base.is_none()).then_some((to, rule.line))
    });
    targets.collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Depth first, with a stack of its own: a file may hold jumps deeper than the program's stack.
fn check(table: &str, chains: &[OpenChain], edges: &[Vec<(usize, u32)>]) -> Result<(), XtablesError> {
    let mut marks = vec![Mark::New; chains.len()];
    for start in
        (0..chains.len()).filter(|index| chains.get(*index).is_some_and(|chain| chain.base.is_some()))
    {
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            let edge = edges.get(at).and_then(|edges| edges.get(*next)).copied();
            *next += 1;
            let Some((to, line)) = edge else {
                set(&mut marks, at, Mark::Done);
                path.pop();
                continue;
            };
            set(&mut marks, at, Mark::Open);
            match marks.get(to) {
                Some(Mark::New) => path.push((to, 0)),
                Some(Mark::Open) => {
                    let circle = path.iter().map(|(index, _)| *index).skip_while(|index| *index != to);
                    let names = circle.chain([to]).filter_map(|index| chains.get(index));
                    let names: Vec<&str> = names.map(|chain| chain.name.as_str()).collect();
                    return Err(XtablesError::Loop {
                        line,
                        table: table.to_owned(),
                        path: names.join(" -> "),
                    });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn set(marks: &mut [Mark], index: usize, mark: Mark) {
    if let Some(slot) = marks.get_mut(index) {
        *slot = mark;
    }
}
