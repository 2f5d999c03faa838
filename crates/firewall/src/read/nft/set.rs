//! Sets and maps: declared ones, whose elements are read one by one, and those written inside a rule.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::element::{Elements, parts};
use super::kind::{Cause, Kind, Type};
use super::listing;
use super::node::Node;
use super::scope::{Catalogue, Declared, Scope, Typed};
use super::statement;
use super::text;
use crate::ir::{DataKind, Element, Family, Interval, Key, Set, SetId};
use crate::read::names::Names;

/// `{"set": {...}}` and `{"map": {...}}` of a listing. The elements stay text until the types are known: files that other
/// programs wrote may have them first.
#[derive(Debug, Deserialize)]
pub(super) struct Declaration<'a> {
    #[serde(borrow)]
    pub family: Cow<'a, str>,
    #[serde(borrow)]
    pub table: Cow<'a, str>,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow, rename = "type", default)]
    key: Option<Node<'a>>,
    #[serde(borrow, default)]
    map: Option<Node<'a>>,
    #[serde(borrow, default)]
    flags: Option<Node<'a>>,
    #[serde(borrow, default)]
    size: Option<Node<'a>>,
    #[serde(borrow, default)]
    timeout: Option<Node<'a>>,
    #[serde(borrow, default)]
    stmt: Option<Node<'a>>,
    #[serde(borrow, default)]
    elem: Option<&'a RawValue>,
}

/// Names of objects that a map may lead to. A lookup then only finds the object or breaks the rule
/// (`nft_objref_map_eval`, `net/netfilter/nft_objref.c`), as in a set.
const OBJECTS: &[&str] = &[
    "counter",
    "quota",
    "limit",
    "ct helper",
    "ct timeout",
    "ct expectation",
    "secmark",
    "synproxy",
    "tunnel",
    "connlimit",
];

/// Reads a declared set into the catalogue.
pub(super) fn declare(
    declaration: &Declaration<'_>,
    family: Family,
    names: &mut Names,
    catalogue: &mut Catalogue,
) {
    let table = declaration.table.as_ref();
    let key = types(declaration.key.as_ref(), family, table, names, catalogue);
    let (data, data_types) = match declaration.map.as_ref() {
        None => (DataKind::None, Vec::new()),
        Some(Node::Text(object)) if OBJECTS.contains(&object.as_ref()) => (DataKind::None, Vec::new()),
        Some(Node::Text(name)) if name == "verdict" => (DataKind::Verdict, Vec::new()),
        Some(node) => {
            let types = types(Some(node), family, table, names, catalogue);
            (DataKind::Values(types.iter().map(key_of).collect()), types)
        }
    };
    let has =
        |flag: &str| declaration.flags.as_ref().is_some_and(|flags| flags.texts().any(|text| text == flag));
    let mut set = Set {
        family,
        table: table.to_owned(),
        name: declaration.name.clone().into_owned(),
        anonymous: false,
        key: key.iter().map(key_of).collect(),
        data,
        interval: has("interval"),
        dynamic: has("dynamic") || has("timeout") || declaration.timeout.is_some(),
        size: declaration.size.as_ref().and_then(Node::number).and_then(|size| u32::try_from(size).ok()),
        elements: Vec::new(),
        incomplete: None,
    };
    let tests = declaration.stmt.iter().flat_map(Node::items).filter_map(statement::test).collect();
    let declared = Declared {
        key: key.iter().map(|(_, kind)| *kind).collect(),
        data: data_types.iter().map(|(_, kind)| *kind).collect(),
        tests,
    };
    if key.is_empty() {
        set.incomplete = Some("its type is not told".to_owned());
    }
    if let Some(raw) = declaration.elem {
        fill(&mut set, &declared, raw.get(), names, catalogue);
    }
    catalogue.add(set, declared);
}

/// Reads elements, one after the other, into a set.
pub(super) fn fill(set: &mut Set, declared: &Declared, raw: &str, names: &mut Names, catalogue: &Catalogue) {
    let table = set.table.clone();
    let mut elements = Elements { family: set.family, table: &table, names, catalogue };
    let mut failed = 0_usize;
    let mut first = None;
    let (read, data) = (&mut set.elements, &set.data);
    let each = Each(|node: Node<'_>| match elements.element(&node, declared, data) {
        Ok(element) => read.push(element),
        Err(cause) => {
            failed += 1;
            first.get_or_insert(cause);
        }
    });
    if let Err(error) = each.deserialize(&mut serde_json::Deserializer::from_str(raw)) {
        set.incomplete.get_or_insert(format!("its elements could not be read: {error}"));
    }
    if let Some(cause) = first {
        set.incomplete.get_or_insert(format!("{failed} of its elements could not be read: {cause}"));
    }
    set.elements.shrink_to_fit();
}

/// Calls a function with each item of a list.
struct Each<F>(F);

impl<'de, F: FnMut(Node<'de>)> DeserializeSeed<'de> for Each<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Node<'de>)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(item) = sequence.next_element::<Node<'de>>()? {
            (self.0)(item);
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    // One element without brackets.
    fn visit_borrowed_str<E>(mut self, text: &'de str) -> Result<(), E> {
        (self.0)(Node::Text(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_u64<E>(mut self, number: u64) -> Result<(), E> {
        (self.0)(Node::Number(number.into()));
        Ok(())
    }
}

/// A type with the name it was declared by.
type Named = (String, Type);

fn key_of((name, kind): &Named) -> Key {
    Key { name: name.clone(), width: if kind.width == 0 { 128 } else { kind.width } }
}

/// The types of a declaration: `"ipv4_addr"`, `"ipv4_addr . inet_service"`, `["ipv4_addr", "inet_service"]`,
/// `{"typeof": {...}}`.
fn types(
    node: Option<&Node<'_>>,
    family: Family,
    table: &str,
    names: &mut Names,
    catalogue: &mut Catalogue,
) -> Vec<Named> {
    let Some(node) = node else { return Vec::new() };
    if let Some(expression) = node.member("typeof") {
        let mut scope = Scope::new(family, table, names, catalogue);
        let typed = scope.expression(expression, &[]);
        return typed
            .map(|typed| typed.types)
            .unwrap_or_default()
            .into_iter()
            .map(|kind| (kind.name().to_owned(), kind))
            .collect();
    }
    let words = node.texts().flat_map(|text| text.split(" . "));
    let known = |name: &str| Type::named(name).unwrap_or(Type::new(Kind::Integer, 0));
    words.map(|name| (name.to_owned(), known(name))).collect()
}

impl Scope<'_> {
    /// The set on the right side of a match: `"@name"` or `{"set": [...]}`.
    pub(super) fn set_of(&mut self, node: &Node<'_>, key: &Typed) -> Result<SetId, Cause> {
        match node.text() {
            Some(name) => self.named_set(name, key),
            None => self.in_place(node, key, DataKind::None, Vec::new()),
        }
    }

    /// The map of a `map`: `"@name"` or `{"set": [[key, data], ...]}`. `wanted` are the types of the data.
    pub(super) fn map_of(&mut self, node: &Node<'_>, key: &Typed, wanted: &[Type]) -> Result<SetId, Cause> {
        if let Some(name) = node.text() {
            return self.named_set(name, key);
        }
        let first = node.member("set").map(Node::items).and_then(<[_]>::first);
        let sample = match first {
            Some(Node::List(pair)) => pair.get(1),
            _ => None,
        };
        let parts = sample.and_then(|sample| sample.member("concat")).map_or(1, |parts| parts.items().len());
        let types = match (wanted.len(), parts) {
            (wanted_parts, parts) if wanted_parts == parts => wanted.to_vec(),
            // `dnat to ... map { key : address . port }`: the address is wanted, the port follows.
            (1, 2) => wanted.iter().copied().chain([Type::of(Kind::Service)]).collect(),
            _ => vec![Type::new(Kind::Integer, 32); parts],
        };
        let keys = types.iter().map(|kind| key_of(&(kind.name().to_owned(), *kind))).collect();
        self.in_place(node, key, DataKind::Values(keys), types)
    }

    /// The map of a `vmap`.
    pub(super) fn verdict_map(&mut self, node: &Node<'_>, key: &Typed) -> Result<SetId, Cause> {
        match node.text() {
            Some(name) => self.named_set(name, key),
            None => self.in_place(node, key, DataKind::Verdict, Vec::new()),
        }
    }

    /// The set of a name, with or without `@`. Widths that its declaration does not tell (`typeof`) are those of the key.
    pub(super) fn named_set(&mut self, name: &str, key: &Typed) -> Result<SetId, Cause> {
        let name = name.strip_prefix('@').unwrap_or(name);
        let missing = || format!("@{name}: there is no such set");
        listing::check_named(&key.expression)?;
        let id = self.catalogue.set(self.family, self.table, name).ok_or_else(missing)?;
        let index = usize::try_from(id.0).unwrap_or(usize::MAX);
        let (Some(set), Some(declared)) =
            (self.catalogue.sets.get_mut(index), self.catalogue.declared.get_mut(index))
        else {
            return Err(missing());
        };
        for ((part, known), used) in set.key.iter_mut().zip(&mut declared.key).zip(&key.types) {
            if known.width == 0 && used.width != 0 {
                known.width = used.width;
                part.width = used.width;
            }
        }
        Ok(id)
    }

    fn in_place(
        &mut self,
        node: &Node<'_>,
        key: &Typed,
        data: DataKind,
        data_types: Vec<Type>,
    ) -> Result<SetId, Cause> {
        let Some(items) = node.member("set").map(Node::items) else {
            return Err(format!("no set: {}", text::expression(node)));
        };
        let declared = Declared { key: key.types.clone(), data: data_types, tests: Vec::new() };
        let mut elements = Vec::with_capacity(items.len());
        let mut reader =
            Elements { family: self.family, table: self.table, names: self.names, catalogue: self.catalogue };
        for item in items {
            elements.push(reader.element(item, &declared, &data)?);
        }
        listing::check_in_place(key, &elements)?;
        Ok(self.anonymous(key, data, declared.data, elements))
    }

    /// Adds a set without a name of its own.
    pub(super) fn anonymous(
        &mut self,
        key: &Typed,
        data: DataKind,
        data_types: Vec<Type>,
        elements: Vec<Element>,
    ) -> SetId {
        let wide = |part: &Interval| part.low != part.high;
        let set = Set {
            family: self.family,
            table: self.table.to_owned(),
            name: format!("__set{}", self.catalogue.sets.len()),
            anonymous: true,
            key: key.types.iter().map(|kind| key_of(&(kind.name().to_owned(), *kind))).collect(),
            data,
            interval: elements.iter().any(|element| element.key.iter().any(wide)),
            dynamic: false,
            size: None,
            elements,
            incomplete: None,
        };
        self.catalogue.add(set, Declared { key: key.types.clone(), data: data_types, tests: Vec::new() })
    }

    /// The parts of a key made of constants.
    pub(super) fn key(&mut self, node: &Node<'_>, types: &[Type]) -> Result<Vec<Interval>, Cause> {
        parts(node, types, self.names)
    }
}

/// Adds the elements of an `element` object to its set. `false` where there is none.
pub(super) fn add(
    declaration: &Declaration<'_>,
    family: Family,
    names: &mut Names,
    catalogue: &mut Catalogue,
) -> bool {
    let Some(id) = catalogue.set(family, &declaration.table, &declaration.name) else { return false };
    let index = usize::try_from(id.0).unwrap_or(usize::MAX);
    let (Some(slot), Some(declared)) =
        (catalogue.sets.get_mut(index), catalogue.declared.get(index).cloned())
    else {
        return false;
    };
    let empty = Set { elements: Vec::new(), ..slot.clone() };
    let mut set = std::mem::replace(slot, empty);
    if let Some(raw) = declaration.elem {
        fill(&mut set, &declared, raw.get(), names, catalogue);
    }
    if let Some(slot) = catalogue.sets.get_mut(index) {
        *slot = set;
    }
    true
}
