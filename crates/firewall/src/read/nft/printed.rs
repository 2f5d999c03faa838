//! Statements that a release of `nft` has no JSON for and prints in its own language instead: `add @map { key : data }` up to 1.0.8.

use std::borrow::Cow;

use super::header;
use super::kind::{Cause, Type};
use super::node::Node;
use super::scope::Scope;
use super::statement::operation;
use crate::ir::{Expression, Statement};

impl Scope<'_> {
    /// The statement of such a text. Keys and data beyond fields and constants stay unknown.
    pub(super) fn printed(&mut self, text: &str) -> Result<Statement, Cause> {
        let unknown = || "printed without JSON".to_owned();
        let (word, rest) = text.split_once(' ').ok_or_else(unknown)?;
        let (name, inside) =
            rest.strip_prefix('@').and_then(|rest| rest.split_once(' ')).ok_or_else(unknown)?;
        let inside = inside.trim_start_matches("{ ").trim_end_matches(" }");
        let (key, data) = inside.split_once(" : ").ok_or_else(unknown)?;
        let key = key.split(" timeout ").next().unwrap_or(key);
        let operation = operation(word)?;
        let (key, set) = if let Ok(typed) = self.expression(&value(key), &[]) {
            let set = self.named_set(name, &typed)?;
            (typed.expression, set)
        } else {
            let set = self.catalogue.set(self.family, self.table, name);
            (
                Expression::Unknown(key.to_owned()),
                set.ok_or_else(|| format!("@{name}: there is no such set"))?,
            )
        };
        let types = self.catalogue.declared(set).map(|declared| declared.data.clone()).unwrap_or_default();
        let data = self.printed_data(data, &types);
        Ok(Statement::Update { operation, set, key, data: Some(data), tests: Vec::new() })
    }

    fn printed_data(&mut self, text: &str, types: &[Type]) -> Expression {
        let read = match types {
            [only] => self.value(&value(text), *only),
            _ => self.expression(&value(text), &[]).map(|typed| typed.expression),
        };
        read.unwrap_or_else(|_| Expression::Unknown(text.to_owned()))
    }
}

/// The JSON of a field, of several side by side, or of a constant.
fn value(text: &str) -> Node<'_> {
    if text.contains(" . ") {
        return member("concat", Node::List(text.split(" . ").map(value).collect()));
    }
    let word = |text| Node::Text(Cow::Borrowed(text));
    match text.split_once(' ') {
        Some(("meta", key)) => member("meta", member("key", word(key))),
        Some(("ct", key)) => member("ct", member("key", word(key))),
        Some((protocol, field)) if header::field(protocol, field).is_some() => {
            let members = vec![("protocol".into(), word(protocol)), ("field".into(), word(field))];
            member("payload", Node::Object(members))
        }
        Some(_) => word(text),
        None if matches!(text, "iif" | "oif" | "iifname" | "oifname" | "iifgroup" | "oifgroup") => {
            member("meta", member("key", word(text)))
        }
        None => text.parse().map_or_else(|_| word(text.trim_matches('"')), Node::Number),
    }
}

fn member<'a>(name: &'static str, value: Node<'a>) -> Node<'a> {
    Node::Object(vec![(Cow::Borrowed(name), value)])
}
