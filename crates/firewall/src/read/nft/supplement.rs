//! What releases of `nft` leave out of their JSON, taken from their text.
//!
//! 1.0.6 names no devices of chains at ingress and egress, and writes any text it has at hand for the flags of a table (seen with
//! 1.0.6 as Debian 12 has it). [`questions`] says what to ask the same `nft` for then, and [`super::read_with`] takes the answers.

use std::collections::HashMap;

use super::chain::{has_garbled_flags, lacks_devices};
use super::document;
use super::error::NftError;
use super::node::Node;
use crate::ir::Family;

/// The arguments of further calls of `nft`, whose outputs one after the other are the supplement of a listing. Mostly none.
///
/// # Errors
/// As [`super::read`].
pub fn questions(json: &[u8]) -> Result<Vec<Vec<String>>, NftError> {
    let mut asked = Vec::new();
    let mut chains = false;
    for object in document::objects(json)? {
        match object.kind.as_ref() {
            "table" => {
                let Ok(node) = serde_json::from_str::<Node<'_>>(object.body) else { continue };
                if let (true, Some(family), Some(name)) =
                    (has_garbled_flags(&node), node.member_text("family"), node.member_text("name"))
                {
                    asked.push(["-t", "list", "table", family, name].map(str::to_owned).to_vec());
                }
            }
            "chain" if !chains => {
                chains = serde_json::from_str::<Node<'_>>(object.body).is_ok_and(|node| lacks_devices(&node));
            }
            _ => {}
        }
    }
    if chains {
        asked.push(["list", "chains"].map(str::to_owned).to_vec());
    }
    Ok(asked)
}

/// What a text listing says of tables and chains. Rules and sets in it are passed over.
#[derive(Debug, Default)]
pub(super) struct Supplement<'a> {
    /// Whether a table is dormant, where the text would say it.
    tables: HashMap<(Family, &'a str), bool>,
    devices: HashMap<(Family, &'a str, &'a str), Vec<String>>,
}

impl<'a> Supplement<'a> {
    /// Reads the outputs of [`questions`], one after the other.
    pub(super) fn new(text: &'a str) -> Self {
        let mut supplement = Self::default();
        let mut table = None;
        let mut chain = None;
        for line in text.lines() {
            // What stands deeper is rules; a table begins at the margin, a chain one tab in.
            let words = line.split_whitespace().collect::<Vec<_>>();
            match (line.starts_with('\t'), words.as_slice()) {
                (false, ["table", family, name, "{", ..]) => {
                    table = Family::from_name(family).map(|family| (family, *name));
                    chain = None;
                }
                (true, ["chain", name, "{", ..]) => chain = Some(*name),
                (true, ["flags", flags @ ..]) if chain.is_none() => {
                    if let Some(table) = table {
                        let dormant = flags.iter().any(|flag| flag.trim_matches([',', ';']) == "dormant");
                        supplement.tables.insert(table, dormant);
                    }
                }
                (true, ["type", _, "hook", _, place @ ..]) => {
                    if let (Some((family, table)), Some(chain)) = (table, chain) {
                        supplement.devices.insert((family, table, chain), devices(place));
                    }
                }
                _ => {}
            }
        }
        supplement
    }

    pub(super) fn is_dormant(&self, family: Family, table: &str) -> Option<bool> {
        self.tables.get(&(family, table)).copied()
    }

    pub(super) fn devices(&self, family: Family, table: &str, chain: &str) -> Option<Vec<String>> {
        self.devices.get(&(family, table, chain)).cloned()
    }
}

/// `device "lo" priority ...` or `devices = { lo, eth0 } priority ...`.
fn devices(words: &[&str]) -> Vec<String> {
    let until = words.iter().position(|word| *word == "priority").unwrap_or(words.len());
    let named =
        words.iter().take(until).filter(|word| !matches!(**word, "device" | "devices" | "=" | "{" | "}"));
    named.map(|word| word.trim_matches(['"', ',']).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_flags_are_taken_from_text() {
        let text = "table netdev nd {\n\tflags dormant\n\n\tchain i {\n\t\ttype filter hook ingress devices = { lo, v0 } \
                    priority filter; policy accept;\n\t}\n}\ntable inet x {\n\tflags owner\n\tchain j {\n\t\ttype filter hook \
                    ingress device \"lo\" priority filter + 5; policy accept;\n\t}\n}\n";
        let supplement = Supplement::new(text);
        assert_eq!(supplement.is_dormant(Family::Netdev, "nd"), Some(true));
        assert_eq!(supplement.is_dormant(Family::Inet, "x"), Some(false));
        assert_eq!(supplement.is_dormant(Family::Inet, "y"), None);
        assert_eq!(
            supplement.devices(Family::Netdev, "nd", "i"),
            Some(vec!["lo".to_owned(), "v0".to_owned()])
        );
        assert_eq!(supplement.devices(Family::Inet, "x", "j"), Some(vec!["lo".to_owned()]));
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let json = r#"{"nftables": [{"table": {"family": "inet", "name": "a", "flags": "zz"}},
            {"table": {"family": "ip", "name": "b", "flags": ["dormant"]}},
            {"chain": {"family": "netdev", "table": "n", "name": "i", "hook": "ingress"}}]}"#;
        assert_eq!(
            questions(json.as_bytes()).unwrap(),
            [vec!["-t", "list", "table", "inet", "a"], vec!["list", "chains"]]
        );
        let json = r#"{"nftables": [{"chain": {"family": "netdev", "table": "n", "name": "i", "hook": "ingress", "dev": "lo"}}]}"#;
        assert!(questions(json.as_bytes()).unwrap().is_empty());
    }
}
