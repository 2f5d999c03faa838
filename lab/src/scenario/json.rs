//! Expectations on one place of a JSON document.

use super::file::JsonEntry;
use serde_json::Value;

/// What must hold at a place; made from exactly one operator.
#[derive(Debug, Clone)]
pub(crate) struct JsonExpectation {
    /// A JSON pointer (RFC 6901).
    at: String,
    holds: Holds,
}

#[derive(Debug, Clone)]
enum Holds {
    Equals(Value),
    Contains(Value),
    Lacks(Value),
    Length(usize),
    Exists(bool),
}

impl JsonExpectation {
    pub(crate) fn new(entry: &JsonEntry) -> Result<Self, String> {
        let JsonEntry { at, equals, contains, lacks, length, exists } = entry;
        if !at.is_empty() && !at.starts_with('/') {
            return Err(format!("`at`: `{at}` is not a JSON pointer: it must be empty or begin with `/`"));
        }
        let given = [
            equals.clone().map(Holds::Equals),
            contains.clone().map(Holds::Contains),
            lacks.clone().map(Holds::Lacks),
            length.map(Holds::Length),
            exists.map(Holds::Exists),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(holds), None) => Ok(Self { at: at.clone(), holds }),
            _ => Err("exactly one of `equals`, `contains`, `lacks`, `length`, `exists` must be given".into()),
        }
    }

    /// The same with every string, keys excepted, passed through `change`.
    pub(crate) fn map_strings<E>(&self, change: &impl Fn(&str) -> Result<String, E>) -> Result<Self, E> {
        let holds = match &self.holds {
            Holds::Equals(value) => Holds::Equals(map_strings(value, change)?),
            Holds::Contains(value) => Holds::Contains(map_strings(value, change)?),
            Holds::Lacks(value) => Holds::Lacks(map_strings(value, change)?),
            other => other.clone(),
        };
        Ok(Self { at: change(&self.at)?, holds })
    }

    /// None when it holds, else what was expected and what was found.
    pub(crate) fn unmet(&self, document: &Value) -> Option<String> {
        let found = document.pointer(&self.at);
        let shown = found.map_or_else(|| "nothing".to_owned(), Value::to_string);
        let (met, wanted) = match &self.holds {
            Holds::Equals(value) => {
                (found.is_some_and(|found| equal(found, value)), format!("equals {value}"))
            }
            Holds::Contains(value) => {
                (found.is_some_and(|found| has(found, value)), format!("contains {value}"))
            }
            // What is not there at all may be a misspelt place, so that it does not lack anything.
            Holds::Lacks(value) => (found.is_some_and(|found| !has(found, value)), format!("lacks {value}")),
            Holds::Length(length) => {
                (found.and_then(length_of) == Some(*length), format!("has length {length}"))
            }
            Holds::Exists(exists) => (found.is_some() == *exists, format!("exists: {exists}")),
        };
        (!met).then(|| format!("json at `{}` {wanted}; found {shown}", self.at))
    }
}

fn map_strings<E>(value: &Value, change: &impl Fn(&str) -> Result<String, E>) -> Result<Value, E> {
    Ok(match value {
        Value::String(text) => Value::String(change(text)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| map_strings(item, change)).collect::<Result<_, E>>()?)
        }
        Value::Object(members) => {
            let changed = members.iter().map(|(key, value)| Ok((key.clone(), map_strings(value, change)?)));
            Value::Object(changed.collect::<Result<_, E>>()?)
        }
        other => other.clone(),
    })
}

/// Equal, a number also being equal to its decimal text, because a substituted pid is text.
fn equal(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Number(number), Value::String(text)) => number.to_string() == *text,
        _ => found == wanted,
    }
}

/// Part of a string; an item of an array; a subset of an object's members, at every depth.
fn has(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(items), _) => items.iter().any(|item| matches(item, wanted)),
        _ => matches(found, wanted),
    }
}

fn matches(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| found.get(key).is_some_and(|member| matches(member, value)))
        }
        _ => equal(found, wanted),
    }
}

fn length_of(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::Object(members) => Some(members.len()),
        Value::String(text) => Some(text.chars().count()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unmet(expectation: Value) -> Option<String> {
        let document = json!({ "holders": [{ "pid": 7, "name": "web", "unit": null }], "text": "port 443" });
        let entry: JsonEntry = serde_json::from_value(expectation).expect("an expectation");
        JsonExpectation::new(&entry).expect("one operator").unmet(&document)
    }

    #[test]
    fn what_holds() {
        for expectation in [
            json!({ "at": "/holders/0/pid", "equals": 7 }),
            json!({ "at": "/holders/0/pid", "equals": "7" }),
            json!({ "at": "/holders", "contains": { "pid": "7", "name": "web" } }),
            json!({ "at": "/holders", "lacks": { "pid": 8 } }),
            json!({ "at": "/holders", "length": 1 }),
            json!({ "at": "/text", "contains": "443" }),
            json!({ "at": "/holders/0/unit", "exists": true }),
            json!({ "at": "/holders/1", "exists": false }),
        ] {
            assert_eq!(unmet(expectation), None);
        }
    }

    #[test]
    fn what_does_not_hold_says_what_was_found() {
        for (expectation, found) in [
            (json!({ "at": "/holders/0/pid", "equals": 8 }), "found 7"),
            (json!({ "at": "/holder", "lacks": "x" }), "found nothing"),
            (json!({ "at": "/text", "length": 3 }), "found \"port 443\""),
            (json!({ "at": "/holders/0", "contains": { "name": "we" } }), "\"web\""),
        ] {
            let message = unmet(expectation).expect("it does not hold");
            assert!(message.contains(found), "{message}");
        }
    }

    #[test]
    fn one_operator_and_a_pointer_are_required() {
        for entry in [
            json!({ "at": "/a" }),
            json!({ "at": "/a", "equals": 1, "length": 1 }),
            json!({ "at": "a", "equals": 1 }),
        ] {
            let entry: JsonEntry = serde_json::from_value(entry).expect("the keys are known");
            assert!(JsonExpectation::new(&entry).is_err());
        }
    }
}
