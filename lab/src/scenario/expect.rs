//! What a step's output is judged by.

use super::file::{ExitEntry, ExpectEntry};
use super::json::JsonExpectation;
use crate::process::Output;
use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Expectations {
    exit: Vec<i32>,
    texts: Vec<TextExpectation>,
    json: Vec<JsonExpectation>,
}

#[derive(Debug)]
struct TextExpectation {
    stream: Stream,
    sense: Sense,
    text: String,
}

#[derive(Debug, Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
}

#[derive(Debug, Clone, Copy)]
enum Sense {
    Contains,
    Lacks,
}

impl Expectations {
    /// The error is the byte offset of the entry in the file, and what is wrong with it.
    pub(crate) fn new(entry: &ExpectEntry) -> Result<Self, (usize, String)> {
        let lists = [
            (Stream::Stdout, Sense::Contains, &entry.stdout_contains),
            (Stream::Stdout, Sense::Lacks, &entry.stdout_lacks),
            (Stream::Stderr, Sense::Contains, &entry.stderr_contains),
            (Stream::Stderr, Sense::Lacks, &entry.stderr_lacks),
        ];
        let texts = lists.into_iter().flat_map(|(stream, sense, texts)| {
            texts.iter().map(move |text| TextExpectation { stream, sense, text: text.clone() })
        });
        let json = entry
            .json
            .iter()
            .map(|one| JsonExpectation::new(one.as_ref()).map_err(|message| (one.span().start, message)));
        let exit = match &entry.exit {
            ExitEntry::One(code) => vec![*code],
            ExitEntry::Any(codes) => codes.clone(),
        };
        Ok(Self { exit, texts: texts.collect(), json: json.collect::<Result<_, _>>()? })
    }

    /// The same with every text passed through `change`.
    pub(crate) fn map_strings<E>(&self, change: impl Fn(&str) -> Result<String, E>) -> Result<Self, E> {
        let texts = self.texts.iter().map(|one| Ok(TextExpectation { text: change(&one.text)?, ..*one }));
        let json = self.json.iter().map(|one| one.map_strings(&change));
        Ok(Self {
            exit: self.exit.clone(),
            texts: texts.collect::<Result<_, E>>()?,
            json: json.collect::<Result<_, E>>()?,
        })
    }

    /// Each expectation that `output` does not meet.
    pub(crate) fn unmet(&self, output: &Output) -> Vec<String> {
        let mut unmet = Vec::new();
        if !output.code().is_some_and(|code| self.exit.contains(&code)) {
            unmet.push(format!("exit is one of {:?}; it ended with {}", self.exit, output.status));
        }
        unmet.extend(self.texts.iter().filter_map(|one| one.unmet(output)));
        unmet.extend(self.unmet_json(output));
        unmet
    }

    fn unmet_json(&self, output: &Output) -> Vec<String> {
        if self.json.is_empty() {
            return Vec::new();
        }
        match serde_json::from_str::<Value>(&output.stdout) {
            Ok(document) => self.json.iter().filter_map(|one| one.unmet(&document)).collect(),
            Err(error) => vec![format!("stdout is one JSON document: {error}")],
        }
    }
}

impl TextExpectation {
    fn unmet(&self, output: &Output) -> Option<String> {
        let (name, said) = match self.stream {
            Stream::Stdout => ("stdout", &output.stdout),
            Stream::Stderr => ("stderr", &output.stderr),
        };
        let contains = said.contains(&self.text);
        match self.sense {
            Sense::Contains => (!contains).then(|| format!("{name} contains {:?}", self.text)),
            Sense::Lacks => contains.then(|| format!("{name} lacks {:?}", self.text)),
        }
    }
}
