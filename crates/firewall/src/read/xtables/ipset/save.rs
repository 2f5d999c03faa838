//! The text of `ipset save`.

use rustc_hash::FxHashMap;

use crate::ir::{Data, Element, Interval, Unread, Version};

use super::super::error::{XtablesError, shortened};
use super::super::{values, words};
use super::kind::{self, Part};
use super::{element, order};

/// All ipsets of a network namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IpSets {
    pub(super) sets: FxHashMap<String, IpSet>,
    names: Vec<String>,
    unread: Vec<Unread>,
}

/// An ipset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IpSet {
    /// Name of its type.
    pub(super) kind: String,
    pub(super) parts: &'static [Part],
    /// Of its addresses; `None` for the types that hold none.
    pub(super) family: Option<Version>,
    /// What addresses are cut by before they are looked up.
    pub(super) mask: Option<u128>,
    /// What marks are cut by.
    pub(super) mark_mask: u32,
    /// Elements run out.
    pub(super) timeout: bool,
    /// Most elements.
    pub(super) size: Option<u32>,
    pub(super) elements: Vec<Element>,
    /// Members of a `list:set`, in order.
    pub(super) members: Vec<String>,
    pub(super) incomplete: Option<String>,
}

impl IpSets {
    /// Reads what `ipset save` wrote. A set or element that is not understood makes lookups in that set unknown; a text
    /// that is something else is an error.
    pub fn read(text: &str) -> Result<Self, XtablesError> {
        let mut sets = Self::default();
        for (index, line) in text.lines().enumerate() {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            sets.line(line, number)?;
        }
        Ok(sets)
    }

    /// Names of the sets, in the order of the dump.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// What was not understood.
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    fn line(&mut self, line: &str, number: u32) -> Result<(), XtablesError> {
        let words: Vec<String> = match words::split(line) {
            Some(words) => words.into_iter().map(|word| word.text).collect(),
            None => line.split_ascii_whitespace().map(str::to_owned).collect(),
        };
        let words: Vec<&str> =
            words.iter().map(String::as_str).filter(|word| !matches!(*word, "-exist" | "-!")).collect();
        match words.as_slice() {
            ["create" | "-N", name, kind, options @ ..] => {
                if self.sets.contains_key(*name) {
                    return Err(XtablesError::Twice { line: number, what: format!("the set {name}") });
                }
                self.names.push((*name).to_owned());
                self.sets.insert((*name).to_owned(), create(kind, options));
                Ok(())
            }
            ["add" | "-A", name, element, options @ ..] => match self.sets.get_mut(*name) {
                Some(set) => {
                    set.add(element, options, number);
                    Ok(())
                }
                None => Err(XtablesError::NoSet { line: number, set: (*name).to_owned() }),
            },
            ["COMMIT" | "quit"] => Ok(()),
            [command, ..] if command.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') => {
                self.unread.push(Unread {
                    place: format!("line {number}"),
                    text: shortened(line),
                    reason: "ipset save writes no such command".to_owned(),
                });
                Ok(())
            }
            _ => Err(XtablesError::Line { line: number, text: shortened(line), program: "ipset save" }),
        }
    }
}

fn create(kind: &str, options: &[&str]) -> IpSet {
    let parts = kind::parts(kind);
    let has_addresses =
        parts.is_some_and(|parts| parts.iter().any(|part| matches!(part, Part::Address | Part::Network)));
    let mut set = IpSet {
        kind: kind.to_owned(),
        parts: parts.unwrap_or_default(),
        family: has_addresses.then_some(Version::V4),
        mask: None,
        mark_mask: u32::MAX,
        timeout: false,
        size: None,
        elements: Vec::new(),
        members: Vec::new(),
        incomplete: parts.is_none().then(|| format!("the set type {kind} is not known")),
    };
    if has_addresses && value(options, "family") == Some("inet6") {
        set.family = Some(Version::V6);
    }
    set.timeout = options.contains(&"timeout");
    set.size = value(options, "maxelem").and_then(|text| text.parse().ok());
    if let (Some(text), Some(version)) = (value(options, "netmask").or(value(options, "bitmask")), set.family)
    {
        set.mask =
            values::network(&format!("{}/{text}", any_address(version)), version).map(|(_, mask)| mask);
        if set.mask.is_none() {
            set.incomplete = Some(format!("its mask {text} is not understood"));
        }
    }
    if let Some(text) = value(options, "markmask") {
        match values::number_of(text, 32).and_then(|mask| u32::try_from(mask).ok()) {
            Some(mask) => set.mark_mask = mask,
            None => set.incomplete = Some(format!("its mask {text} is not understood")),
        }
    }
    set
}

fn any_address(version: Version) -> &'static str {
    match version {
        Version::V4 => "0.0.0.0",
        Version::V6 => "::",
    }
}

fn value<'a>(options: &[&'a str], name: &str) -> Option<&'a str> {
    let at = options.iter().position(|option| *option == name)?;
    options.get(at + 1).copied()
}

impl IpSet {
    fn add(&mut self, text: &str, options: &[&str], line: u32) {
        // Comments may hold these words.
        let end = options.iter().position(|option| *option == "comment").unwrap_or(options.len());
        let options = options.get(..end).unwrap_or_default();
        if self.parts.is_empty() {
            self.members.push(text.to_owned());
            return;
        }
        let wildcard = options.contains(&"wildcard");
        match element::read(text, self.parts, self.family.unwrap_or(Version::V4), wildcard) {
            Some(element::Read::Key(key)) => {
                self.elements.push(Element {
                    key,
                    data: Data::None,
                    stateful: None,
                    excluded: options.contains(&"nomatch"),
                });
            }
            None if self.incomplete.is_none() => {
                self.incomplete =
                    Some(format!("line {line}: the element {} is not understood", shortened(text)));
            }
            Some(element::Read::Never) | None => {}
        }
    }

    /// Whether some element's interval of a part is one that is looked for.
    pub(super) fn any_in(&self, part: usize, wanted: impl Fn(Interval) -> bool) -> bool {
        self.elements.iter().filter_map(|element| element.key.get(part)).any(|interval| wanted(*interval))
    }

    /// The elements in the order in which the kernel tries them; with `flip` those match that have `nomatch`.
    pub(super) fn in_order(&self, flip: bool) -> Vec<Element> {
        let mut elements = self.elements.clone();
        if flip {
            for element in &mut elements {
                element.excluded = !element.excluded;
            }
        }
        order::sort(self.parts, &mut elements);
        elements
    }
}
