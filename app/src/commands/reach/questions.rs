//! `portreeve reach shadowed|redundant|unused|diff|assert`: questions about the rules as a whole.

use portreeve_model::Unseen;
use portreeve_model::document::{ReachAssert, ReachDiff, ReachIdle};
use portreeve_model::reach::{RulesSource, Verdict};
use portreeve_model::rules::{Idleness, Proof};

use crate::cli::{ReachVerb, SourceArguments};
use crate::commands::Terminal;
use crate::engine::{DiffQuery, Engine, IdleKind, IdleQuery, Scope};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render::reach::Replay;
use crate::render::{json, reach};

pub(super) fn run(
    engine: &dyn Engine,
    question: &ReachVerb,
    source: &SourceArguments,
    scope: Scope,
    as_json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    let mut replay = Replay::new(source.words(&scope));
    let exit = match question {
        ReachVerb::Shadowed | ReachVerb::Redundant | ReachVerb::Unused => {
            let kind = kind(question);
            let document = engine.reach_idle(&IdleQuery { rules: source.rules_from(scope)?, kind })?;
            if as_json {
                json::document(terminal.out, &document, terminal.spacing)?;
            } else {
                reach::idle(terminal.out, &document, kind, &replay, &terminal.view)?;
            }
            of_idle(&document)
        }
        ReachVerb::Diff(arguments) => {
            let query = arguments.query(source, scope)?;
            let document = engine.reach_diff(&query)?;
            if let Some(words) = words(&query, &document) {
                replay = Replay::new(words);
            }
            if as_json {
                json::document(terminal.out, &document, terminal.spacing)?;
            } else {
                reach::diff(terminal.out, &document, &replay, &terminal.view)?;
            }
            of_diff(&document)
        }
        ReachVerb::Assert(arguments) => {
            let document = engine.reach_assert(&arguments.query(source.rules_from(scope)?)?)?;
            if as_json {
                json::document(terminal.out, &document, terminal.spacing)?;
            } else {
                reach::assertions(terminal.out, &document, &replay, &terminal.view)?;
            }
            of_assertions(&document)
        }
    };
    Ok(exit)
}

fn kind(question: &ReachVerb) -> IdleKind {
    match question {
        ReachVerb::Redundant => IdleKind::Redundant,
        ReachVerb::Unused => IdleKind::Unused,
        _ => IdleKind::Shadowed,
    }
}

/// How the packets of a difference are asked about under the new rules, or under the old ones where the new ones are files for the old
/// one's host.
fn words(query: &DiffQuery, document: &ReachDiff) -> Option<Vec<String>> {
    let described = !query.addresses.is_empty();
    [&document.new.source, &document.old.source].into_iter().find_map(|source| match source {
        RulesSource::Live => Some(SourceArguments::default().words(&query.scope)),
        RulesSource::Snapshot { file } => Some(vec!["--snapshot".to_owned(), file.clone()]),
        RulesSource::Files { files } if described => {
            let arguments = SourceArguments {
                rules: files.iter().map(Into::into).collect(),
                addresses: query.addresses.clone(),
                routes: query.routes.clone(),
                ..SourceArguments::default()
            };
            Some(arguments.words(&query.scope))
        }
        RulesSource::Files { .. } => None,
    })
}

fn of_idle(document: &ReachIdle) -> Exit {
    let idle = document.rules.iter().any(|rule| rule.idle == Idleness::Idle);
    let undecided = document.rules.iter().any(|rule| rule.idle == Idleness::Undecided);
    Exit::of_look(idle, undecided || document.unseen.iter().any(Unseen::is_incomplete))
}

fn of_diff(document: &ReachDiff) -> Exit {
    let unseen =
        [&document.old, &document.new].iter().any(|side| side.unseen.iter().any(Unseen::is_incomplete));
    // What depends on something before and after, but on something else, may be no difference at all.
    let certain = |change: &portreeve_model::rules::FlowChange| {
        change.before != change.after || change.before != Verdict::Unknown
    };
    let any = document.changes.iter().any(certain);
    Exit::of_look(any, unseen || document.too_complex.is_some() || !document.changes.is_empty())
}

fn of_assertions(document: &ReachAssert) -> Exit {
    let any = |proof| document.assertions.iter().any(|assertion| assertion.proof == proof);
    Exit::of_look(any(Proof::Refuted), any(Proof::Undecided))
}
