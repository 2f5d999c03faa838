//! What `portreeve why` is to answer in a scenario.

use super::file::AnswerEntry;
use crate::process::Output;
use std::time::Duration;

/// The answer that a scenario with a `[why]` table expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What it comes to.
    pub verdict: Verdict,
    /// What else is found, as `layer/code`.
    pub contributing: Vec<String>,
    /// Texts that statement, evidence or fix of the cause contain.
    pub tells: Vec<String>,
    /// The exit code.
    pub exit: i32,
}

/// What it is to come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong.
    Healthy,
    /// The cause can not be known from there.
    Undetermined,
    /// This is the cause.
    Fault {
        /// Its layer, by name.
        layer: String,
        /// Its code.
        code: String,
    },
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// To `--json`.
    pub document: Output,
    /// What a person is told, if that was asked for.
    pub story: Option<Output>,
    /// How long the first took, with the start of the program.
    pub took: Duration,
}

/// Whether the question is asked once more, as a person asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// It is.
    Wanted,
    /// It is not.
    Unwanted,
}

impl Expected {
    pub(crate) fn new(entry: &AnswerEntry) -> Result<Self, String> {
        let fault = entry.layer.clone().zip(entry.code.clone());
        let (verdict, exit) = match (fault, entry.healthy, entry.undetermined) {
            (Some((layer, code)), false, false) => (Verdict::Fault { layer, code }, 1),
            (None, true, false) => (Verdict::Healthy, 0),
            (None, false, true) => (Verdict::Undetermined, 3),
            _ => {
                return Err("`expect` needs `layer` and `code`, or `healthy`, or `undetermined`".into());
            }
        };
        if verdict == Verdict::Healthy && !(entry.contributing.is_empty() && entry.tells.is_empty()) {
            return Err("`contributing` and `tells` are of a fault, and this is `healthy`".into());
        }
        Ok(Self {
            verdict,
            contributing: entry.contributing.clone(),
            tells: entry.tells.clone(),
            exit: entry.exit.unwrap_or(exit),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(text: &str) -> Result<Expected, String> {
        Expected::new(&toml::from_str(text).expect("an answer"))
    }

    #[test]
    fn one_of_three_verdicts() {
        assert_eq!(expected("healthy = true").expect("an answer").exit, 0);
        assert_eq!(expected("undetermined = true").expect("an answer").exit, 3);
        assert_eq!(expected("layer = 'tls'\ncode = 'expired'").expect("an answer").exit, 1);
        for wrong in
            ["", "layer = 'tls'", "healthy = true\nundetermined = true", "healthy = true\ntells = ['x']"]
        {
            assert!(expected(wrong).is_err(), "{wrong}");
        }
    }
}
