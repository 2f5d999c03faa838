//! Puts the objects of a listing together: tables and chains first, then sets, then rules, whatever their order in the text.

use std::collections::HashMap;

use super::chain;
use super::document::{self, Object};
use super::error::NftError;
use super::loops;
use super::node::Node;
use super::scope::{Catalogue, Scope};
use super::set::{self, Declaration};
use super::supplement::Supplement;
use super::text;
use crate::ir::{ChainId, Counters, Family, Origin, Rule, Ruleset, Statement, Unread};
use crate::read::names::Names;

/// How to call `nft`, for what [`read`] reads.
///
/// - `-j`: JSON. Since 0.9.0. Handles are in it without `-a`.
/// - `-p`: protocols as numbers. Without it they have the names of `/etc/protocols`, which [`Names`] knows only where it was given
///   that file. Since 0.9.2.
///
/// Not `-n`: from 0.9.2 on it prints Ethernet types and ARP operations with their bytes swapped. Not `-y`, `-T`, `-S`, `-u`:
/// priorities are numbers in JSON anyway, moments are not compared, and services and users are numbers unless asked for. Marks,
/// device groups, realms and labels come with the names of the host's files, and [`Names`] resolves them.
pub const LIST_ARGUMENTS: &[&str] = &["-j", "-p", "list", "ruleset"];

/// As [`LIST_ARGUMENTS`] for releases that refuse `-p`.
pub const LIST_ARGUMENTS_BEFORE_0_9_2: &[&str] = &["-j", "list", "ruleset"];

/// Reads a listing of `nft -j list ruleset` (of `nft -jn` too, and files that `nft -j -f` takes).
///
/// # Errors
/// The text is no JSON, is cut off, or has no list `nftables`. Everything else is kept: as `Unknown` in its place, or in
/// [`Ruleset::unread`].
pub fn read(json: &[u8], names: &mut Names) -> Result<Ruleset, NftError> {
    read_with(json, "", names)
}

/// As [`read`], with the outputs that [`super::questions`] asked for.
///
/// # Errors
/// As [`read`].
pub fn read_with(json: &[u8], supplement: &str, names: &mut Names) -> Result<Ruleset, NftError> {
    let objects = document::objects(json)?;
    let mut reader = Reader {
        names,
        supplement: Supplement::new(supplement),
        catalogue: Catalogue::default(),
        ruleset: Ruleset::default(),
    };
    reader.tables(&objects);
    reader.chains(&objects);
    reader.sets(&objects);
    reader.elements(&objects);
    reader.rules(&objects);
    let Reader { catalogue, mut ruleset, .. } = reader;
    ruleset.sets = catalogue.sets;
    loops::refuse(&mut ruleset);
    Ok(ruleset)
}

struct Reader<'n, 't> {
    names: &'n mut Names,
    supplement: Supplement<'t>,
    catalogue: Catalogue,
    ruleset: Ruleset,
}

/// Objects that are known and carry nothing for a packet's way: what they hold is told by the statements that name them.
const PASSED_OVER: &[&str] = &["metainfo", "counter", "quota", "limit", "secmark", "tunnel"];

/// Most statements of a rule. The kernel takes 128 expressions (`NFT_RULE_MAXEXPRS`, `net/netfilter/nf_tables_api.c`).
const MOST_STATEMENTS: usize = 1024;

/// Most characters of a text that was not understood.
const MOST_TEXT: usize = 200;

impl Reader<'_, '_> {
    fn tables(&mut self, objects: &[Object<'_>]) {
        for (index, object) in objects.iter().enumerate() {
            match object.kind.as_ref() {
                "table" => {
                    let Some((node, family)) = self.node(index, object) else { continue };
                    let (table, unread) = chain::table(&node, family, &self.supplement);
                    if let Some(reason) = unread {
                        self.unread(format!("table {family} {}", table.name), object, reason);
                    }
                    self.ruleset.tables.push(table);
                }
                "flowtable" => {
                    let Some((node, family)) = self.node(index, object) else { continue };
                    self.ruleset.flowtables.push(chain::flowtable(&node, family));
                }
                "chain" | "rule" | "set" | "map" | "meter" | "element" => {}
                // `nft_ct_helper_obj_init` and its like call `nf_ct_netns_get`.
                "ct helper" | "ct timeout" | "ct expectation" | "synproxy" => {
                    if let Some((_, family)) = self.node(index, object) {
                        self.ruleset.trackers.push(family);
                    }
                }
                kind if PASSED_OVER.contains(&kind) => {}
                "" => self.unread(format!("element {index}"), object, "no object of nft".to_owned()),
                kind => {
                    self.unread(
                        format!("element {index}"),
                        object,
                        format!("unknown kind of object: {kind}"),
                    );
                }
            }
        }
    }

    fn chains(&mut self, objects: &[Object<'_>]) {
        for (index, object) in objects.iter().enumerate().filter(|(_, object)| object.kind == "chain") {
            let Some((node, family)) = self.node(index, object) else { continue };
            let table = node.member_text("table").unwrap_or_default();
            let of = self.ruleset.tables.iter().find(|known| known.family == family && known.name == table);
            let dormant = of.is_some_and(|table| table.dormant);
            let (chain, unread) = chain::chain(&node, family, dormant, &self.supplement);
            if let Some(reason) = unread {
                self.unread(format!("chain {family} {} {}", chain.table, chain.name), object, reason);
            }
            let id = ChainId(u32::try_from(self.ruleset.chains.len()).unwrap_or(u32::MAX));
            let chains = self.catalogue.chains.entry((family, chain.table.clone())).or_default();
            chains.entry(chain.name.clone()).or_insert(id);
            self.ruleset.chains.push(chain);
        }
    }

    fn sets(&mut self, objects: &[Object<'_>]) {
        let sets = |object: &Object<'_>| matches!(object.kind.as_ref(), "set" | "map" | "meter");
        for (index, object) in objects.iter().enumerate().filter(|(_, object)| sets(object)) {
            match serde_json::from_str::<Declaration<'_>>(object.body) {
                Ok(declaration) => match Family::from_name(&declaration.family) {
                    Some(family) => set::declare(&declaration, family, self.names, &mut self.catalogue),
                    None => self.unread_family(index, object, &declaration.family),
                },
                Err(error) => self.unread(format!("element {index}"), object, error.to_string()),
            }
        }
    }

    /// `{"element": {...}}`: in files only.
    fn elements(&mut self, objects: &[Object<'_>]) {
        for (index, object) in objects.iter().enumerate().filter(|(_, object)| object.kind == "element") {
            match serde_json::from_str::<Declaration<'_>>(object.body) {
                Ok(declaration) => {
                    let family = Family::from_name(&declaration.family);
                    let known = family.is_some_and(|family| {
                        set::add(&declaration, family, self.names, &mut self.catalogue)
                    });
                    if !known {
                        self.unread(format!("element {index}"), object, "elements of no set".to_owned());
                    }
                }
                Err(error) => self.unread(format!("element {index}"), object, error.to_string()),
            }
        }
    }

    fn rules(&mut self, objects: &[Object<'_>]) {
        let mut inserted: HashMap<u32, Vec<Rule>> = HashMap::new();
        for (index, object) in objects.iter().enumerate().filter(|(_, object)| object.kind == "rule") {
            let Some((node, family)) = self.node(index, object) else { continue };
            let (table, name) = (
                node.member_text("table").unwrap_or_default(),
                node.member_text("chain").unwrap_or_default(),
            );
            let Some(ChainId(id)) = self.catalogue.chain(family, table, name) else {
                self.unread(
                    format!("rule in {family} {table} {name}"),
                    object,
                    "there is no such chain".to_owned(),
                );
                continue;
            };
            let items = node.member("expr").map(Node::items).unwrap_or_default();
            let mut scope = Scope::new(family, table, self.names, &mut self.catalogue);
            let mut statements = match items.len() {
                0..=MOST_STATEMENTS => {
                    items.iter().flat_map(|item| scope.statement(item)).collect::<Vec<_>>()
                }
                many => vec![Statement::Unknown(format!("a rule of {many} statements"))],
            };
            if node.member("expr").is_none() {
                // A value that the JSON of 1.0 cannot hold (`ct label { 5, 6 }`) takes the whole rule with it.
                statements.push(Statement::Unknown("nft could not print this rule as JSON".to_owned()));
            }
            let Some(chain) = usize::try_from(id).ok().and_then(|id| self.ruleset.chains.get_mut(id)) else {
                continue;
            };
            let comment = node.member_text("comment").map(str::to_owned);
            let origin = Origin {
                handle: node.member_number("handle"),
                line: None,
                position: 0,
                counters: items.iter().find_map(counters),
                comment,
                owner: None,
            };
            let text = text::rule(items, origin.comment.as_deref(), family);
            let rule = Rule { origin, statements, text };
            if object.first {
                inserted.entry(id).or_default().push(rule);
            } else {
                chain.rules.push(rule);
            }
        }
        self.order_rules(inserted);
    }

    /// Puts the inserted rules in front, the last one first, and numbers all.
    fn order_rules(&mut self, mut inserted: HashMap<u32, Vec<Rule>>) {
        for (id, chain) in (0..).zip(&mut self.ruleset.chains) {
            if let Some(mut rules) = inserted.remove(&id) {
                rules.reverse();
                rules.append(&mut chain.rules);
                chain.rules = rules;
            }
            for (position, rule) in (1..).zip(&mut chain.rules) {
                rule.origin.position = position;
            }
        }
    }

    /// The object as a value, with its family; otherwise it is noted as not understood.
    fn node<'a>(&mut self, index: usize, object: &Object<'a>) -> Option<(Node<'a>, Family)> {
        let node = match serde_json::from_str::<Node<'a>>(object.body) {
            Ok(node) => node,
            Err(error) => {
                self.unread(format!("element {index}"), object, error.to_string());
                return None;
            }
        };
        let family = node.member_text("family").unwrap_or("ip");
        if let Some(family) = Family::from_name(family) {
            Some((node, family))
        } else {
            let family = family.to_owned();
            self.unread_family(index, object, &family);
            None
        }
    }

    fn unread_family(&mut self, index: usize, object: &Object<'_>, family: &str) {
        self.unread(format!("element {index}"), object, format!("unknown family: {family}"));
    }

    fn unread(&mut self, place: String, object: &Object<'_>, reason: String) {
        let text = format!("{}: {}", object.kind, object.body);
        let text = text.chars().take(MOST_TEXT).collect();
        self.ruleset.unread.push(Unread { place, text, reason });
    }
}

/// What a `counter` counted. A named one counts elsewhere.
fn counters(node: &Node<'_>) -> Option<Counters> {
    let counter = node.member("counter")?;
    Some(Counters { packets: counter.member_number("packets")?, bytes: counter.member_number("bytes")? })
}
