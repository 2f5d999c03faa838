//! Making a failing case small: parts are left out as long as it still fails.

use crate::ruleset::{Part, Ruleset};

/// The smallest ruleset found for which `fails` holds, as it does for the given one.
pub(crate) fn shrink(ruleset: &Ruleset, mut fails: impl FnMut(&Ruleset) -> bool) -> Ruleset {
    let mut smallest = ruleset.clone();
    let mut attempt = |smallest: &mut Ruleset, change: &dyn Fn(&mut Ruleset)| {
        let mut candidate = smallest.clone();
        change(&mut candidate);
        let smaller = candidate != *smallest && fails(&candidate);
        if smaller {
            *smallest = candidate;
        }
        smaller
    };
    loop {
        let mut changed = false;
        for index in (0..smallest.xtables.len()).rev() {
            changed |= attempt(&mut smallest, &|ruleset| drop(ruleset.xtables.remove(index)));
        }
        for index in (0..smallest.tables.len()).rev() {
            changed |= attempt(&mut smallest, &|ruleset| drop(ruleset.tables.remove(index)));
        }
        changed |= attempt(&mut smallest, &|ruleset| ruleset.ipsets.clear());
        let ids: Vec<u32> = smallest.rules().map(|rule| rule.id).collect();
        // Halves, quarters and so on, down to single rules.
        let mut size = ids.len().div_ceil(2);
        while size > 0 {
            for part in ids.chunks(size) {
                changed |= attempt(&mut smallest, &|ruleset| {
                    for id in part {
                        ruleset.remove(Part::Rule(*id));
                    }
                });
            }
            size /= 2;
        }
        changed |= attempt(&mut smallest, &remove_empty_chains);
        for table in 0..smallest.tables.len() {
            for index in (0..smallest.tables[table].chains.len()).rev() {
                if smallest.tables[table].chains[index].rules.is_empty() {
                    changed |=
                        attempt(&mut smallest, &|ruleset| ruleset.remove(Part::Chain { table, index }));
                }
            }
        }
        changed |= attempt(&mut smallest, &|ruleset| {
            for table in 0..ruleset.tables.len() {
                for index in 0..ruleset.tables[table].objects.len() {
                    let unused = unused_object(ruleset, table, index);
                    if unused {
                        ruleset.remove(Part::Object { table, index });
                    }
                }
            }
        });
        for index in (0..smallest.host.objects.len()).rev() {
            changed |= attempt(&mut smallest, &|ruleset| drop(ruleset.host.objects.remove(index)));
        }
        for index in (0..smallest.host.parameters.len()).rev() {
            changed |= attempt(&mut smallest, &|ruleset| drop(ruleset.host.parameters.remove(index)));
        }
        if !changed {
            return smallest;
        }
    }
}

/// Chains without rules to which nothing leads.
fn remove_empty_chains(ruleset: &mut Ruleset) {
    for table in &mut ruleset.tables {
        let mut text: String = table.objects.concat();
        for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
            text.push_str(&rule.text);
            text.push(' ');
        }
        table.chains.retain(|chain| {
            let empty = chain.rules.is_empty();
            !(empty && (chain.base.is_some() || !text.contains(&chain.name)))
        });
    }
    ruleset.tables.retain(|table| !table.chains.is_empty());
    for table in &mut ruleset.xtables {
        let text: String =
            table.chains.iter().flat_map(|chain| &chain.rules).map(|rule| rule.text.clone() + " ").collect();
        table
            .chains
            .retain(|chain| chain.base.is_some() || !chain.rules.is_empty() || text.contains(&chain.name));
    }
}

fn unused_object(ruleset: &Ruleset, table: usize, index: usize) -> bool {
    let table = &ruleset.tables[table];
    let Some(name) = table.objects[index].split(' ').nth(1) else { return false };
    let text: String =
        table.chains.iter().flat_map(|chain| &chain.rules).map(|rule| rule.text.clone() + " ").collect();
    !text.contains(&format!("@{name} ")) && !text.contains(&format!("\"{name}\" "))
}
