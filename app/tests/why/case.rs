//! One scenario: what it expects, what was answered, and where these differ.

use std::path::Path;
use std::time::Duration;

use portreeve_diagnose::layers::LAYERS;
use portreeve_lab::Output;
use portreeve_lab::scenario::{Expected, Programs, Scenario, Story, Verdict as Wanted};
use portreeve_model::document::Why;
use portreeve_model::why::{Fault, LayerState, Verdict};

/// Whatever is wrong, nobody waits longer for the answer.
const LONGEST: Duration = Duration::from_secs(10);

/// A scenario that was run.
pub(crate) struct Case {
    /// Name of the file.
    pub(crate) name: String,
    /// `layer/code`, `healthy` or `undetermined`.
    pub(crate) expected: String,
    /// The same of what was answered.
    pub(crate) found: String,
    /// How long the answer took.
    pub(crate) took: Duration,
    /// What is not as expected, each with what was seen instead.
    pub(crate) wrong: Vec<String>,
    /// The whole answer, in few lines.
    pub(crate) answer: String,
    /// What a person is told.
    pub(crate) story: String,
}

impl Case {
    /// Runs a scenario.
    pub(crate) fn run(scenario: &Scenario, programs: &Programs, story: Story) -> Self {
        let expected = scenario.expected().expect("only questions are asked");
        let mut case = Self {
            name: name(scenario.path()),
            expected: told(&expected.verdict),
            found: "nothing".into(),
            took: Duration::ZERO,
            wrong: unknown_words(expected),
            answer: String::new(),
            story: String::new(),
        };
        match scenario.ask(programs, story) {
            Ok(answer) => {
                case.took = answer.took;
                case.story = answer.story.map(|told| told.stdout + &told.stderr).unwrap_or_default();
                case.judge(expected, &answer.document);
            }
            Err(error) => case.wrong.push(format!("it could not be staged: {error}")),
        }
        case
    }

    /// What came of it, in one line.
    pub(crate) fn line(&self) -> String {
        let Self { name, expected, found, took, wrong, .. } = self;
        let mark = if wrong.is_empty() { "right" } else { "WRONG" };
        format!("{mark}  {name}: {expected}, found {found} in {:.1} s", took.as_secs_f64())
    }

    fn judge(&mut self, expected: &Expected, output: &Output) {
        let document: Why = match serde_json::from_str(&output.stdout) {
            Ok(document) => document,
            Err(error) => {
                let Output { status, stdout, stderr, .. } = output;
                self.wrong.push(format!("no document ({error}); {status}\n{stdout}\n{stderr}"));
                return;
            }
        };
        self.found = match (&document.primary, document.verdict) {
            (Some(fault), _) => slug(fault),
            (None, Verdict::Healthy) => "healthy".into(),
            (None, Verdict::Undetermined) => "undetermined".into(),
            (None, verdict) => format!("{verdict:?}"),
        };
        self.answer = summary(&document);
        let mut expect = |met: bool, message: String| {
            if !met {
                self.wrong.push(message);
            }
        };
        expect(self.found == self.expected, format!("found {}", self.found));
        expect(
            output.code() == Some(expected.exit),
            format!("exit code {}; it ended with {}", expected.exit, output.status),
        );
        let further: Vec<String> = document.contributing.iter().map(slug).collect();
        for wanted in &expected.contributing {
            expect(further.contains(wanted), format!("{wanted} contributes; these do: {further:?}"));
        }
        let texts = document.primary.as_ref().map(texts).unwrap_or_default();
        for wanted in &expected.tells {
            expect(texts.contains(wanted), format!("the cause tells {wanted:?}"));
        }
        if expected.verdict == Wanted::Healthy {
            expect(further.is_empty(), format!("no fault; there are {further:?}"));
        }
        expect(self.took < LONGEST, format!("an answer within {LONGEST:?}; it took {:?}", self.took));
    }
}

/// The name of a scenario.
pub(crate) fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn told(verdict: &Wanted) -> String {
    match verdict {
        Wanted::Healthy => "healthy".into(),
        Wanted::Undetermined => "undetermined".into(),
        Wanted::Fault { layer, code } => format!("{layer}/{code}"),
    }
}

fn slug(fault: &Fault) -> String {
    format!("{}/{}", fault.layer, fault.code)
}

/// What is expected that no layer could ever say.
fn unknown_words(expected: &Expected) -> Vec<String> {
    let verdict = match &expected.verdict {
        Wanted::Fault { .. } => Some(told(&expected.verdict)),
        Wanted::Healthy | Wanted::Undetermined => None,
    };
    let slugs = verdict.into_iter().chain(expected.contributing.iter().cloned());
    slugs.filter(|slug| !is_known(slug)).map(|slug| format!("{slug} is no code of any layer")).collect()
}

fn is_known(slug: &str) -> bool {
    let Some((layer, code)) = slug.split_once('/') else { return false };
    let rule = LAYERS.iter().find(|rule| rule.name.name() == layer);
    rule.is_some_and(|rule| rule.codes.iter().any(|known| known.slug == code))
}

fn texts(fault: &Fault) -> String {
    let evidence = fault.evidence.iter().flat_map(|one| [Some(&one.text), one.reproduce.as_ref()]).flatten();
    let all: Vec<&String> = [&fault.statement].into_iter().chain(evidence).chain(&fault.fix).collect();
    all.into_iter().cloned().collect::<Vec<_>>().join("\n")
}

fn summary(document: &Why) -> String {
    let mut lines = vec![format!("{:?}, {} ms: {}", document.sight, document.took_ms, document.statement)];
    for layer in document.layers.iter().filter(|layer| layer.state != LayerState::NotApplicable) {
        lines.push(format!("{:>10} {:?}: {}", layer.layer.name(), layer.state, layer.statement));
        for fault in &layer.faults {
            let Fault { code, impact, nature, statement, .. } = fault;
            lines.push(format!("{:>12} {code} ({impact:?}, {nature:?}): {statement}", "fault"));
            for one in &fault.evidence {
                let command = one.reproduce.as_deref().unwrap_or("-");
                lines.push(format!("{:>14} {}: {}   [{command}]", "", one.kind, one.text));
            }
            lines.extend(fault.fix.iter().map(|fix| format!("{:>14} fix: {fix}", "")));
        }
        lines.extend(
            layer.notes.iter().map(|note| format!("{:>12} {}: {}", "note", note.code, note.statement)),
        );
        lines.extend(layer.unknown.iter().map(|one| {
            let weight = if one.matters { "unknown" } else { "unseen" };
            format!("{weight:>12} {}", one.cause)
        }));
    }
    for attempt in &document.attempts {
        let stages = attempt.stages.iter();
        let stages = stages.map(|one| format!("{} {} ({} ms)", one.stage, one.outcome, one.took_ms));
        lines.push(format!(
            "{:>10} {}: {}",
            "tried",
            attempt.endpoint,
            stages.collect::<Vec<_>>().join("; ")
        ));
    }
    lines.join("\n")
}
