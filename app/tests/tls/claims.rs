//! What an auditor says of a server, as pairs of a question and an answer, so that answers can be compared.

use std::collections::{BTreeMap, BTreeSet};

/// Everything that one auditor says.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// `protocol/TLS 1.2` is `yes`, `suite/TLS 1.2/TLS_RSA_WITH_AES_128_CBC_SHA` is `yes`, `group/X25519` is `no`,
    /// `certificate/RSA/sha256` is a fingerprint.
    said: BTreeMap<String, String>,
    /// Suites in the order in which they are told, in runs within which that order is the server's.
    runs: BTreeMap<String, Vec<Vec<String>>>,
    /// Versions whose order is the server's own.
    ordered: BTreeSet<String>,
}

impl Claims {
    /// Adds an answer.
    pub(crate) fn say(&mut self, question: impl Into<String>, answer: impl Into<String>) {
        self.said.insert(question.into(), answer.into());
    }

    /// Adds a yes or a no.
    pub(crate) fn whether(&mut self, question: impl Into<String>, yes: bool) {
        self.say(question, if yes { "yes" } else { "no" });
    }

    /// Adds suites of a version. Those that it is asked about and that are not among them are refused.
    pub(crate) fn suites(&mut self, version: &str, mut runs: Vec<Vec<String>>) {
        // sslscan tells some suites of TLS 1.3 twice.
        let mut known = BTreeSet::new();
        for run in &mut runs {
            run.retain(|suite| known.insert(suite.clone()));
        }
        for suite in runs.iter().flatten() {
            self.whether(format!("suite/{version}/{suite}"), true);
        }
        self.runs.insert(version.into(), runs);
    }

    /// The server goes by an order of its own in this version.
    pub(crate) fn ordered(&mut self, version: &str) {
        self.ordered.insert(version.into());
    }

    /// Whether this was said.
    pub(crate) fn says(&self, question: &str, answer: &str) -> bool {
        self.said.get(question).is_some_and(|said| said == answer)
    }

    /// The answer to a question. A suite of a version that was asked for, and that is not told, was refused.
    fn answer(&self, question: &str) -> Option<&str> {
        if let Some(said) = self.said.get(question) {
            return Some(said);
        }
        let version = question.strip_prefix("suite/")?.split('/').next()?;
        self.runs.contains_key(version).then_some("no")
    }

    /// What `self` and `other` answer differently: the question and both answers. Only what both know is compared.
    pub(crate) fn differences(&self, other: &Self) -> Vec<(String, String, String)> {
        let questions: BTreeSet<&String> = self.said.keys().chain(other.said.keys()).collect();
        let mut found: Vec<_> = questions
            .into_iter()
            .filter_map(|question| {
                let (ours, theirs) = (self.answer(question)?, other.answer(question)?);
                (ours != theirs).then(|| (question.clone(), ours.into(), theirs.into()))
            })
            .collect();
        for version in &self.ordered {
            found.extend(self.order(version, other).map(|(a, b)| (format!("order/{version}"), a, b)));
        }
        found
    }

    /// Both orders of the first run in which they differ, of what both name.
    fn order(&self, version: &str, other: &Self) -> Option<(String, String)> {
        let ours = self.runs.get(version)?.concat();
        other.runs.get(version)?.iter().find_map(|run| {
            let ours: Vec<&str> =
                ours.iter().filter(|suite| run.contains(suite)).map(String::as_str).collect();
            let theirs: Vec<&str> =
                run.iter().map(String::as_str).filter(|suite| ours.contains(suite)).collect();
            (ours != theirs).then(|| (ours.join(" "), theirs.join(" ")))
        })
    }

    /// Everything, one line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.said.iter().map(|(question, answer)| format!("{question}: {answer}")).collect()
    }

    /// How many suites are told.
    pub(crate) fn suite_count(&self) -> usize {
        self.runs.values().flatten().map(Vec::len).sum()
    }
}

#[test]
fn what_only_one_knows_is_not_compared() {
    let (mut a, mut b) = (Claims::default(), Claims::default());
    a.whether("group/X25519", true);
    a.suites("TLS 1.2", vec![vec!["A".into(), "B".into()]]);
    b.suites("TLS 1.2", vec![vec!["B".into(), "A".into(), "C".into()]]);
    assert_eq!(a.differences(&b), [("suite/TLS 1.2/C".into(), "no".into(), "yes".into())]);
    a.ordered("TLS 1.2");
    assert_eq!(a.differences(&b)[1], ("order/TLS 1.2".into(), "A B".into(), "B A".into()));
}
