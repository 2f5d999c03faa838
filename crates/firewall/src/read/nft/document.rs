//! The outer shape of a listing: `{"nftables": [{"table": {...}}, {"rule": {...}}, ...]}`.
//!
//! Objects are cut out as text and not looked into, so that one hostile object costs only itself, and a set of any size is never
//! a tree in memory.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::NftError;
use super::node::Key;

/// An object of the list: its kind (`table`, `chain`, `rule`, ...) and its text.
#[derive(Debug, Clone)]
pub(super) struct Object<'a> {
    /// `table`, `rule`, ...
    pub kind: Cow<'a, str>,
    /// The value of that member.
    pub body: &'a str,
    /// A command to put it before the others (`insert`).
    pub first: bool,
}

/// Cuts a listing into its objects.
pub(super) fn objects(bytes: &[u8]) -> Result<Vec<Object<'_>>, NftError> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| NftError::from_bytes(bytes, error.valid_up_to()))?;
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|error| NftError::from_json(&error, text))?;
    document.0.ok_or(NftError::NoListing)
}

/// The whole text. `None` where no list was found.
struct Document<'a>(Option<Vec<Object<'a>>>);

impl<'de: 'a, 'a> Deserialize<'de> for Document<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a listing of nft")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Key(name)) = map.next_key()? {
            if name == "nftables" {
                found = map.next_value::<Listing<'_>>()?.0;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Document(found))
    }

    // Any other JSON is no listing; it still has to be JSON to its end.
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Document(None))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Document(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Document(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Document(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Document(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Document(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Document(None))
    }
}

/// The value of `nftables`. `None` where it is no list.
struct Listing<'a>(Option<Vec<Object<'a>>>);

impl<'de: 'a, 'a> Deserialize<'de> for Listing<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        if !raw.get().starts_with('[') {
            return Ok(Self(None));
        }
        let items: Vec<&'de RawValue> = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
        Ok(Self(Some(items.into_iter().map(Object::of).collect())))
    }
}

impl<'a> Object<'a> {
    /// One item of the list. An item that is no object with one member is an object without kind.
    fn of(raw: &'a RawValue) -> Self {
        let whole = Self { kind: Cow::Borrowed(""), body: raw.get(), first: false };
        match serde_json::from_str::<Member<'a>>(raw.get()) {
            // Commands, as `nft -j -f` takes them: to add is to have.
            Ok(Member { name, value }) if name == "add" || name == "create" || name == "insert" => {
                let first = name == "insert";
                match serde_json::from_str::<Member<'a>>(value) {
                    Ok(Member { name, value }) => Self { kind: name, body: value, first },
                    Err(_) => whole,
                }
            }
            Ok(Member { name, value }) => Self { kind: name, body: value, first: false },
            Err(_) => whole,
        }
    }
}

/// The first member of an object.
struct Member<'a> {
    name: Cow<'a, str>,
    value: &'a str,
}

impl<'de: 'a, 'a> Deserialize<'de> for Member<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MemberVisitor;
        impl<'de> Visitor<'de> for MemberVisitor {
            type Value = Member<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with one member")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let Some(Key(name)) = map.next_key()? else {
                    return Err(serde::de::Error::custom("an empty object"));
                };
                let value: &RawValue = map.next_value()?;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Member { name, value: value.get() })
            }
        }
        deserializer.deserialize_map(MemberVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_cut_into_objects() {
        let json = br#"{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"add": {"table": {"name": "t"}}}, 5, {}]}"#;
        let objects = objects(json).unwrap();
        let kinds = objects.iter().map(|object| object.kind.as_ref()).collect::<Vec<_>>();
        assert_eq!(kinds, ["metainfo", "table", "", ""]);
        assert_eq!(objects[1].body, r#"{"name": "t"}"#);
    }

    #[test]
    fn an_error_tells_where_it_is() {
        let cut = objects(b"{\"nftables\": [\n{\"table\": {").unwrap_err();
        assert_eq!(cut, NftError::Truncated { line: 2, column: 11, offset: 25 });
        assert_eq!(objects(b"").unwrap_err(), NftError::Truncated { line: 1, column: 0, offset: 0 });
        let NftError::Malformed { line: 1, column: 15, offset: 14, .. } =
            objects(b"{\"nftables\": [}").unwrap_err()
        else {
            panic!("{:?}", objects(b"{\"nftables\": [}"));
        };
        assert!(matches!(
            objects(b"{\"a\": \"\xff\"}"),
            Err(NftError::Malformed { line: 1, column: 8, offset: 7, .. })
        ));
        assert!(matches!(objects(b"{} x"), Err(NftError::Malformed { .. })));
        for other in ["{}", "[]", "5", "-1", "1.5", "null", "true", "\"x\"", "{\"nftables\": 5}"] {
            assert_eq!(objects(other.as_bytes()).unwrap_err(), NftError::NoListing, "{other}");
        }
    }

    #[test]
    fn deep_nesting_costs_only_the_object_that_has_it() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let json = format!("{{\"nftables\": [{{\"rule\": {deep}}}, {{\"table\": {{}}}}]}}");
        let objects = objects(json.as_bytes()).unwrap();
        assert_eq!(objects.len(), 2);
        assert!(serde_json::from_str::<super::super::node::Node<'_>>(objects[0].body).is_err());
    }
}
