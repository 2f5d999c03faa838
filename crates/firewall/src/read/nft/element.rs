//! Elements of sets and maps: keys, data, and what is kept with them.

use super::kind::{Cause, Kind, Type};
use super::node::Node;
use super::scope::{Catalogue, Declared};
use super::statement::is_test;
use super::text;
use super::verdict;
use crate::ir::{Data, DataKind, Element, Family, Interval};
use crate::read::names::Names;

/// What the elements of one set are read with.
pub(super) struct Elements<'r> {
    pub family: Family,
    pub table: &'r str,
    pub names: &'r mut Names,
    pub catalogue: &'r Catalogue,
}

impl Elements<'_> {
    /// An element: a key, or `[key, data]` in a map.
    pub(super) fn element(
        &mut self,
        node: &Node<'_>,
        declared: &Declared,
        data: &DataKind,
    ) -> Result<Element, Cause> {
        let (key, given) = match node {
            Node::List(pair) => match pair.as_slice() {
                [key, data] => (key, Some(data)),
                _ => return Err(format!("no element: {node}")),
            },
            key => (key, None),
        };
        let (key, stateful) = match key.member("elem") {
            Some(wrapped) => {
                (wrapped.member("val").ok_or_else(|| format!("no element: {node}"))?, stateful(wrapped))
            }
            None => (key, None),
        };
        let key = self.key(key, &declared.key)?;
        let data = match (data, given) {
            (DataKind::None, _) => Data::None,
            (_, None) => return Err(format!("an element without data: {node}")),
            (DataKind::Verdict, Some(given)) => {
                let chain = |name: &str| self.catalogue.chain(self.family, self.table, name);
                match verdict::of(given, chain) {
                    Ok(verdict) => Data::Verdict(verdict),
                    Err(cause) => Data::Unknown(cause),
                }
            }
            (DataKind::Values(_), Some(given)) => match self.key(given, &declared.data) {
                Ok(values) => Data::Values(values),
                Err(cause) => Data::Unknown(cause),
            },
        };
        Ok(Element { key, data, stateful, excluded: false })
    }

    /// The parts of a key or of data. Empty for the catch-all element.
    pub(super) fn key(&mut self, node: &Node<'_>, types: &[Type]) -> Result<Vec<Interval>, Cause> {
        parts(node, types, self.names)
    }
}

/// The parts of a key or of data. Empty for the catch-all element.
pub(super) fn parts(node: &Node<'_>, types: &[Type], names: &mut Names) -> Result<Vec<Interval>, Cause> {
    if let (Node::Text(text), [Type { kind, .. }, ..]) = (node, types)
        && text == "*"
        && (*kind != Kind::InterfaceName || types.len() > 1)
    {
        return Ok(Vec::new());
    }
    match (node.member("concat").map(Node::items), types) {
        (Some(given), types) if given.len() == types.len() => {
            given.iter().zip(types).map(|(part, kind)| kind.interval(part, names)).collect()
        }
        (None, [only]) => only.interval(node, names).map(|interval| vec![interval]),
        _ => Err(format!("{} where {} parts are wanted", text::expression(node), types.len())),
    }
}

/// The test kept with an element, in words.
fn stateful(wrapped: &Node<'_>) -> Option<String> {
    let Node::Object(members) = wrapped else { return None };
    let tests = members.iter().filter(|(name, _)| is_test(name));
    let words = tests.map(|(name, body)| text::named(name, body)).collect::<Vec<_>>();
    (!words.is_empty()).then(|| words.join(" "))
}
