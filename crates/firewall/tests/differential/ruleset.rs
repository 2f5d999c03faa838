//! A ruleset as text in parts, so that a part can be left out and the rest still be loaded.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Rules and settings of a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Ruleset {
    pub(crate) host: HostSettings,
    pub(crate) tables: Vec<Table>,
    pub(crate) xtables: Vec<XtTable>,
    pub(crate) ipsets: Vec<String>,
}

/// A ruleset as the programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scripts {
    /// For `nft -f`.
    #[serde(default)]
    pub(crate) nft: String,
    /// For `ipset restore`.
    #[serde(default)]
    pub(crate) ipset: String,
    #[serde(default)]
    pub(crate) host: HostSettings,
    #[serde(default)]
    pub(crate) xtables: Vec<Restore>,
}

/// For one of the four restore programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restore {
    pub(crate) backend: XtablesBackend,
    pub(crate) v6: bool,
    pub(crate) script: String,
}

/// What varies from host to host beside the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HostSettings {
    /// Kernel parameters.
    pub(crate) parameters: Vec<(String, String)>,
    /// Routes, policy rules, addresses as `KIND|ARGUMENTS` for `ip KIND add ARGUMENTS`.
    pub(crate) objects: Vec<String>,
}

/// A table of `nf_tables`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) family: &'static str,
    pub(crate) name: String,
    /// Sets, maps, named objects, as they stand in a table block.
    pub(crate) objects: Vec<String>,
    pub(crate) chains: Vec<Chain>,
}

/// A chain of either kind of table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) name: String,
    /// `nf_tables`: the line that makes it a base chain. xtables: the policy of a built-in chain.
    pub(crate) base: Option<String>,
    pub(crate) rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Unique in the ruleset; the rule's comment is `r` and this number.
    pub(crate) id: u32,
    pub(crate) text: String,
    /// What it is made of.
    pub(crate) constructs: Vec<&'static str>,
}

/// A table of iptables or ip6tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct XtTable {
    pub(crate) backend: XtablesBackend,
    pub(crate) v6: bool,
    pub(crate) name: &'static str,
    pub(crate) chains: Vec<Chain>,
}

/// A part of a ruleset that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// The rule of this number.
    Rule(u32),
    /// An object of the table in this place.
    Object { table: usize, index: usize },
    /// A chain of the table in this place, with its rules.
    Chain { table: usize, index: usize },
}

/// What runs the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum XtablesBackend {
    Nft,
    Legacy,
}

impl Ruleset {
    /// For `nft -f`.
    pub(crate) fn nft_script(&self) -> String {
        self.nft_lines().into_iter().fold(String::new(), |text, (line, _)| text + &line + "\n")
    }

    /// The lines of [`Ruleset::nft_script`], each with the part that it writes down.
    pub(crate) fn nft_lines(&self) -> Vec<(String, Option<Part>)> {
        let mut lines = Vec::new();
        for (at, table) in self.tables.iter().enumerate() {
            lines.push((format!("table {} {} {{", table.family, table.name), None));
            for (index, object) in table.objects.iter().enumerate().filter(|(_, object)| !object.is_empty()) {
                lines.push((format!("\t{object}"), Some(Part::Object { table: at, index })));
            }
            for chain in &table.chains {
                lines.push((format!("\tchain {} {{", chain.name), None));
                lines.extend(chain.base.iter().map(|base| (format!("\t\t{base}"), None)));
                for rule in &chain.rules {
                    let text = format!("\t\t{} comment \"r{}\"", rule.text, rule.id);
                    lines.push((text, Some(Part::Rule(rule.id))));
                }
                lines.push(("\t}".to_owned(), None));
            }
            lines.push(("}".to_owned(), None));
        }
        lines
    }

    /// The rule or object is left out from now on.
    pub(crate) fn remove(&mut self, part: Part) {
        match part {
            // Its place stays, so that other places keep their numbers.
            Part::Object { table, index } => self.tables[table].objects[index].clear(),
            Part::Chain { table, index } => drop(self.tables[table].chains.remove(index)),
            Part::Rule(id) => {
                let nft = self.tables.iter_mut().flat_map(|table| &mut table.chains);
                let xtables = self.xtables.iter_mut().flat_map(|table| &mut table.chains);
                nft.chain(xtables).for_each(|chain| chain.rules.retain(|rule| rule.id != id));
            }
        }
    }

    /// For the four restore programs that are needed.
    pub(crate) fn xtables_scripts(&self) -> Vec<Restore> {
        let mut scripts: Vec<Restore> = Vec::new();
        for table in &self.xtables {
            let text = table.script();
            match scripts.iter_mut().find(|known| (known.backend, known.v6) == (table.backend, table.v6)) {
                Some(known) => known.script.push_str(&text),
                None => scripts.push(Restore { backend: table.backend, v6: table.v6, script: text }),
            }
        }
        scripts
    }

    /// All of it as text.
    pub(crate) fn scripts(&self) -> Scripts {
        Scripts {
            host: self.host.clone(),
            nft: self.nft_script(),
            ipset: self.ipset_script(),
            xtables: self.xtables_scripts(),
        }
    }

    /// For `ipset restore`.
    pub(crate) fn ipset_script(&self) -> String {
        self.ipsets.iter().fold(String::new(), |text, line| text + line + "\n")
    }

    /// Whether tables of `ip_tables` itself are used.
    pub(crate) fn is_legacy(&self) -> bool {
        self.xtables.iter().any(|table| table.backend == XtablesBackend::Legacy)
    }

    /// Every rule there is.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        let nft = self.tables.iter().flat_map(|table| &table.chains);
        let xtables = self.xtables.iter().flat_map(|table| &table.chains);
        nft.chain(xtables).flat_map(|chain| &chain.rules)
    }
}

impl XtTable {
    fn script(&self) -> String {
        let mut text = format!("*{}\n", self.name);
        for chain in &self.chains {
            let _ = writeln!(text, ":{} {} [0:0]", chain.name, chain.base.as_deref().unwrap_or("-"));
        }
        for chain in &self.chains {
            for rule in &chain.rules {
                let _ = writeln!(text, "-A {} -m comment --comment r{} {}", chain.name, rule.id, rule.text);
            }
        }
        text.push_str("COMMIT\n");
        text
    }
}
