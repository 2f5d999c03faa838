//! The match on ipsets: `set`.

use crate::ir::{Condition, Expression, Field};

use super::super::compile::Scope;
use super::super::fields::invert;
use super::super::grammar::Extension;
use super::super::ipset;

/// `set` (`net/netfilter/xt_set.c`: `set_match_v4`).
pub(super) fn set(extension: &Extension, scope: &mut Scope<'_, '_, '_>) -> Option<Condition> {
    let choice = extension.choice("--match-set")?;
    let [name, flags] = choice.values.as_slice() else { return None };
    let ends = ipset::ends(flags)?;
    let found = scope.compiler.sets.test(name, &ends, extension.has("--return-nomatch"))?;
    let mut conditions = vec![found];
    for other in &extension.choices {
        match other.name.as_str() {
            "--match-set" | "--return-nomatch" | "--update-counters" | "--update-subcounters" => {}
            // An element's counters are kept by the kernel and change with every packet.
            "--packets-eq" | "--packets-lt" | "--packets-gt" | "--bytes-eq" | "--bytes-lt" | "--bytes-gt" => {
                let text = format!("ipset {name} {} {}", other.name, other.value()?);
                let field = Expression::Field(Field::Opaque { text, width: 1 });
                conditions.push(Condition::equal(field, u128::from(!other.negated)));
            }
            _ => return None,
        }
    }
    let all = match conditions.len() {
        1 => conditions.pop()?,
        _ => Condition::All(conditions),
    };
    Some(invert(all, choice.negated))
}
