//! A JSON value that keeps the order of its members and borrows its strings.
//!
//! `serde_json::Value` sorts members and copies every string; rules are many, and their text is rendered in order.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<'a> {
    Null,
    Bool(bool),
    /// All whole numbers that `nft` writes.
    Number(i128),
    /// A number that is not whole: `nft` writes none.
    Fraction(f64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The member of this name.
    pub(super) fn member(&self, name: &str) -> Option<&Node<'a>> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The only member, or the first.
    pub(super) fn first(&self) -> Option<(&str, &Node<'a>)> {
        match self {
            Self::Object(members) => members.first().map(|(key, value)| (key.as_ref(), value)),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<i128> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The member of either name: what it is called now, and what 0.9.0 called it.
    pub(super) fn either(&self, name: &str, formerly: &str) -> Option<&Node<'a>> {
        self.member(name).or_else(|| self.member(formerly))
    }

    /// Text of either member.
    pub(super) fn either_text(&self, name: &str, formerly: &str) -> Option<&str> {
        self.either(name, formerly).and_then(Self::text)
    }

    /// Text of a member.
    pub(super) fn member_text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Self::text)
    }

    /// Number of a member.
    pub(super) fn member_number<T: TryFrom<i128>>(&self, name: &str) -> Option<T> {
        self.member(name).and_then(Self::number).and_then(|number| T::try_from(number).ok())
    }

    /// The items of a list; a single value is a list of one. `nft` writes lists of one item without brackets here and there.
    pub(super) fn items(&self) -> &[Node<'a>] {
        match self {
            Self::List(items) => items,
            Self::Null => &[],
            other => std::slice::from_ref(other),
        }
    }

    /// The texts of a list, or of a single text.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.items().iter().filter_map(Self::text)
    }

    /// Whether `flags` or another list of words holds this one.
    pub(super) fn has_word(&self, list: &str, word: &str) -> bool {
        self.member(list).is_some_and(|list| list.texts().any(|item| item == word))
    }
}

/// As JSON, on one line.
impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Fraction(value) => write!(f, "{value}"),
            Self::Text(text) => quoted(f, text),
            Self::List(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{item}")?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (index, (name, value)) in members.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    quoted(f, name)?;
                    write!(f, ": {value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

impl<'de: 'a, 'a> Deserialize<'de> for Node<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Node::Fraction(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Key(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(Node::Object(members))
    }
}

/// A member's name, borrowed where it has no escapes.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_in_order_and_printed_again() {
        let json = r#"{"match": {"op": "==", "left": {"b": [1, -2, true, null]}, "a": "x\"y"}}"#;
        let node: Node<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(node.to_string(), json);
        assert_eq!(node.first().unwrap().0, "match");
        let inner = node.member("match").unwrap();
        assert_eq!(inner.member_text("op"), Some("=="));
        assert_eq!(inner.member("left").unwrap().member("b").unwrap().items().len(), 4);
        assert_eq!(Node::Number(3).items().len(), 1);
    }

    #[test]
    fn numbers_beyond_64_bits_are_no_error() {
        let node: Node<'_> = serde_json::from_str("[18446744073709551615, 99999999999999999999]").unwrap();
        assert_eq!(node.items()[0].number(), Some(u64::MAX.into()));
        assert_eq!(node.items()[1].number(), None);
    }
}
