//! `why`: the diagnosis, made inside the namespace that is asked for.

use portreeve_diagnose::{Options, Progress, Question, diagnose};
use portreeve_inventory::collect::BpfUse;
use portreeve_model::document::Why;

use super::scope;
use crate::engine::{Scope, WhyQuery};
use crate::error::CommandError;

pub(super) fn why(query: &WhyQuery, bpf: BpfUse, progress: &dyn Progress) -> Result<Why, CommandError> {
    let question = Question { target: query.target.clone(), from: query.from, probe: query.probe };
    let options = Options { bpf };
    if matches!(query.scope, Scope::Own | Scope::All) {
        return Ok(diagnose(question, options, progress));
    }
    // Threads that begin inside stay inside.
    scope::open(&query.scope)?.within(|| diagnose(question, options, progress)).map_err(scope::not_entered)
}
