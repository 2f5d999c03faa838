//! A sorted rule as statements.

use rustc_hash::FxHashMap;

use crate::ir::{ChainId, Condition, Hook, Origin, Rule, Statement, Version};

use super::grammar::{Extension, Sorted};
use super::ipset::SetPool;
use super::save::OpenRule;
use super::{header, matches, targets};

/// What the rules of one table are compiled with.
pub(super) struct Compiler<'a, 'b> {
    pub(super) version: Version,
    /// Chains of the table, and whether they are the kernel's own, to which no rule may jump.
    pub(super) chains: FxHashMap<String, (ChainId, bool)>,
    pub(super) sets: &'a mut SetPool<'b>,
}

/// What the rest of a rule says that matters to its matches and target.
pub(super) struct Scope<'a, 'b, 'c> {
    pub(super) compiler: &'c mut Compiler<'a, 'b>,
    pub(super) version: Version,
    /// The protocol that the head demands.
    pub(super) protocol: Option<u8>,
    /// Hooks from which the rule's chain is reached.
    pub(super) hooks: &'c [Hook],
}

/// Which of a rule's statements say what: those of the head come first, then those of each match, then those of the target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// Statements of the head.
    pub(super) head: usize,
    /// Names of the matches, and their number of statements.
    pub(super) matches: Vec<(String, usize)>,
    /// Name of the target or chain.
    pub(super) target: Option<String>,
}

impl Compiler<'_, '_> {
    pub(super) fn rules(&mut self, rules: Vec<OpenRule>, hooks: &[Hook]) -> (Vec<Rule>, Vec<Layout>) {
        let mut position = 0;
        let compiled = rules.into_iter().map(|rule| {
            position += 1;
            let (statements, layout) = match &rule.sorted {
                Some(sorted) => self.statements(sorted, hooks),
                None => (
                    vec![Statement::Unknown(format!("a quote is not closed: {}", rule.text))],
                    Layout::default(),
                ),
            };
            let origin = Origin {
                line: Some(rule.line),
                position,
                comment: rule.sorted.as_ref().and_then(comments),
                counters: rule.counters,
                ..Origin::default()
            };
            (Rule { origin, statements, text: rule.text }, layout)
        });
        compiled.unzip()
    }

    /// A rule that stands for a policy the kernel no longer has.
    #[expect(clippy::unused_self, reason = "it belongs to the compiler's rules")]
    pub(super) fn odd_policy(&self, policy: &str, before: usize) -> Rule {
        let text = format!("policy {policy}");
        let position = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        let origin = Origin { position, ..Origin::default() };
        Rule { origin, statements: vec![Statement::Unknown(text.clone())], text }
    }

    fn statements(&mut self, sorted: &Sorted, hooks: &[Hook]) -> (Vec<Statement>, Layout) {
        let version = self.version;
        let (mut statements, protocol) = header::statements(&sorted.header, version);
        let mut layout = Layout { head: statements.len(), ..Layout::default() };
        let mut scope = Scope { compiler: self, version, protocol, hooks };
        for extension in &sorted.matches {
            let more = matches::statements(extension, &mut scope).filter(|_| !extension.stray);
            let more =
                more.unwrap_or_else(|| vec![Statement::Match(Condition::Unknown(extension.text("-m")))]);
            layout.matches.push((extension.name.clone(), more.len()));
            statements.extend(more);
        }
        if let Some(target) = &sorted.target {
            layout.target = Some(target.extension.name.clone());
            statements.extend(targets::statements(target, &mut scope));
        }
        (statements, layout)
    }
}

/// The texts of `-m comment`.
fn comments(sorted: &Sorted) -> Option<String> {
    let texts = sorted.matches.iter().filter(|extension| extension.name == "comment");
    let texts: Vec<&str> = texts.filter_map(|extension: &Extension| extension.value("--comment")).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}
