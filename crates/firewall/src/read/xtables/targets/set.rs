//! The target on ipsets: `SET` (`net/netfilter/xt_set.c`: `set_target_v3`).

use crate::ir::{Expression, Passive, SetOperation, Statement, Writable};

use super::super::compile::Scope;
use super::super::grammar::{Choice, Extension};
use super::super::ipset;

/// Adds to, deletes from, or reads the marks of a set. It never ends a packet's way.
pub(super) fn set(extension: &Extension, scope: &mut Scope<'_, '_, '_>) -> Option<Vec<Statement>> {
    let renews = extension.has("--exist");
    let add = if renews { SetOperation::Update } else { SetOperation::Add };
    let mut statements = Vec::new();
    for choice in &extension.choices {
        match choice.name.as_str() {
            "--add-set" => statements.push(update(choice, add, scope)?),
            "--del-set" => statements.push(update(choice, SetOperation::Delete, scope)?),
            // The marks of the elements are not kept.
            "--map-mark" => statements.push(open(Writable::Mark, extension)),
            "--map-prio" => statements.push(open(Writable::Priority, extension)),
            "--map-set" | "--map-queue" | "--exist" | "--timeout" => {}
            _ => return None,
        }
    }
    Some(statements)
}

fn open(target: Writable, extension: &Extension) -> Statement {
    Statement::Assign { target, value: Expression::Unknown(extension.text("-j")) }
}

fn update(choice: &Choice, operation: SetOperation, scope: &mut Scope<'_, '_, '_>) -> Option<Statement> {
    let [name, flags] = choice.values.as_slice() else { return None };
    let ends = ipset::ends(flags)?;
    Some(match scope.compiler.sets.key(name, &ends) {
        Some((set, key)) => Statement::Update { operation, set, key, data: None, tests: Vec::new() },
        None => Statement::Passive(Passive::Other(format!("SET {} {name} {flags}", choice.name))),
    })
}
