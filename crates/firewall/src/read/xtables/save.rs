//! A save file: tables, chains, policies, and rules with their counters.

use rustc_hash::FxHashMap;

use crate::ir::{Backend, Base, Chain, ChainId, Counters, Family, Policy, Ruleset, Table, Unread, Version};

use super::compile::{Compiler, Layout};
use super::error::{XtablesError, shortened};
use super::grammar::{self, Sorted};
use super::ipset::{IpSets, SetPool};
use super::words::{self, Word};
use super::{graph, table};

/// Reads what `iptables-save -c` (`version` 4) or `ip6tables-save -c` (6) wrote, of one back end. Sets that rules name are
/// taken from `sets` into the ruleset.
pub fn read_save(
    text: &str,
    version: Version,
    backend: Backend,
    sets: &IpSets,
) -> Result<Ruleset, XtablesError> {
    Ok(read(text, version, backend, sets)?.ruleset)
}

/// What was read of a file.
pub(super) struct Save {
    pub(super) ruleset: Ruleset,
    /// For each chain of the ruleset, for each of its rules.
    pub(super) layouts: Vec<Vec<Layout>>,
}

pub(super) fn read(
    text: &str,
    version: Version,
    backend: Backend,
    sets: &IpSets,
) -> Result<Save, XtablesError> {
    let mut reader = Reader {
        ruleset: Ruleset::default(),
        layouts: Vec::new(),
        pool: SetPool::new(sets, version),
        version,
        backend,
        open: None,
        line: 0,
    };
    for line in text.lines() {
        reader.line = reader.line.saturating_add(1);
        reader.read(line.trim())?;
    }
    if let Some(open) = reader.open {
        return Err(XtablesError::Truncated { line: reader.line, table: open.name });
    }
    reader.ruleset.sets = reader.pool.into_sets();
    Ok(Save { ruleset: reader.ruleset, layouts: reader.layouts })
}

struct Reader<'a> {
    ruleset: Ruleset,
    layouts: Vec<Vec<Layout>>,
    pool: SetPool<'a>,
    version: Version,
    backend: Backend,
    open: Option<OpenTable>,
    line: u32,
}

/// A table whose `COMMIT` has not come yet.
struct OpenTable {
    name: String,
    chains: Vec<OpenChain>,
    by_name: FxHashMap<String, usize>,
}

/// A chain whose rules are not compiled yet: they may jump to chains that come later.
pub(super) struct OpenChain {
    pub(super) name: String,
    pub(super) base: Option<Base>,
    pub(super) rules: Vec<OpenRule>,
    /// A policy that is neither ACCEPT nor DROP.
    odd_policy: Option<String>,
}

/// A rule whose words are sorted.
pub(super) struct OpenRule {
    pub(super) line: u32,
    pub(super) counters: Option<Counters>,
    /// `None` where a quote is not closed.
    pub(super) sorted: Option<Sorted>,
    pub(super) text: String,
}

impl Reader<'_> {
    fn read(&mut self, line: &str) -> Result<(), XtablesError> {
        match line.as_bytes().first() {
            None => Ok(()),
            Some(b'#') => {
                self.comment(line);
                Ok(())
            }
            Some(b'*') => self.begin(line.get(1..).unwrap_or_default().trim()),
            Some(b':') => self.chain(line),
            Some(b'[' | b'-') => self.command(line),
            Some(_) if line == "COMMIT" => self.commit(),
            Some(_) => {
                Err(XtablesError::Line { line: self.line, text: shortened(line), program: "iptables-save" })
            }
        }
    }

    /// `iptables-nft-save` tells in a comment that it cannot say what a table holds (`iptables/nft.c`: `nft_is_table_compatible`).
    fn comment(&mut self, line: &str) {
        if line.contains("incompatible") {
            self.unread(
                line,
                "iptables-nft cannot write this table down: something in it was made with nft".to_owned(),
            );
        }
    }

    fn unread(&mut self, text: &str, reason: String) {
        let place = match &self.open {
            Some(open) => format!("line {}, table {}", self.line, open.name),
            None => format!("line {}", self.line),
        };
        self.ruleset.unread.push(Unread { place, text: shortened(text), reason });
    }

    fn begin(&mut self, name: &str) -> Result<(), XtablesError> {
        if let Some(open) = &self.open {
            return Err(XtablesError::Truncated { line: self.line, table: open.name.clone() });
        }
        if self.ruleset.tables.iter().any(|table| table.name == name) {
            return Err(XtablesError::Twice { line: self.line, what: format!("the table {name}") });
        }
        if !table::is_known(name) {
            self.unread(name, "this table is not known: where its chains hang is not either".to_owned());
        }
        self.open =
            Some(OpenTable { name: name.to_owned(), chains: Vec::new(), by_name: FxHashMap::default() });
        Ok(())
    }

    fn open(&mut self, line: &str) -> Result<&mut OpenTable, XtablesError> {
        let number = self.line;
        self.open.as_mut().ok_or_else(|| XtablesError::NoTable { line: number, text: shortened(line) })
    }

    /// `:NAME POLICY [packets:bytes]`
    fn chain(&mut self, line: &str) -> Result<(), XtablesError> {
        let mut words = line.get(1..).unwrap_or_default().split_ascii_whitespace();
        let (Some(name), policy) = (words.next(), words.next().unwrap_or("-")) else {
            return Err(XtablesError::Line {
                line: self.line,
                text: shortened(line),
                program: "iptables-save",
            });
        };
        self.declare(line, name, policy)
    }

    fn declare(&mut self, line: &str, name: &str, policy: &str) -> Result<(), XtablesError> {
        let number = self.line;
        let open = self.open(line)?;
        if open.by_name.contains_key(name) {
            return Err(XtablesError::Twice {
                line: number,
                what: format!("the chain {name} of the table {}", open.name),
            });
        }
        let base = table::place(&open.name, name).map(|(kind, hook, priority)| Base {
            kind,
            hook,
            priority,
            policy: if policy == "DROP" { Policy::Drop } else { Policy::Accept },
            devices: Vec::new(),
        });
        let odd_policy =
            (base.is_some() && !matches!(policy, "ACCEPT" | "DROP" | "-")).then(|| policy.to_owned());
        open.by_name.insert(name.to_owned(), open.chains.len());
        open.chains.push(OpenChain { name: name.to_owned(), base, rules: Vec::new(), odd_policy });
        Ok(())
    }

    /// A line of the options of `iptables`, with counters before it or not.
    fn command(&mut self, line: &str) -> Result<(), XtablesError> {
        let (counters, text) = split_counters(line);
        self.open(line)?;
        let Some(words) = words::split(text) else {
            return self.broken_rule(text, counters);
        };
        match words.as_slice() {
            [command, chain, rest @ ..] if matches!(command.text.as_str(), "-A" | "--append") => {
                self.rule(&chain.text, rest, counters, text, false)
            }
            [command, chain, rest @ ..] if matches!(command.text.as_str(), "-I" | "--insert") => match rest {
                // A number would be a place in the middle.
                [first, ..] if first.text.bytes().all(|byte| byte.is_ascii_digit()) => {
                    self.not_read(text);
                    Ok(())
                }
                _ => self.rule(&chain.text, rest, counters, text, true),
            },
            [command, chain] if matches!(command.text.as_str(), "-N" | "--new-chain") => {
                self.declare(line, &chain.text, "-")
            }
            [command, chain, policy, ..] if matches!(command.text.as_str(), "-P" | "--policy") => {
                self.policy(line, &chain.text, &policy.text)
            }
            _ => {
                self.not_read(text);
                Ok(())
            }
        }
    }

    fn not_read(&mut self, text: &str) {
        self.unread(text, "iptables-save writes no such command".to_owned());
    }

    fn policy(&mut self, line: &str, chain: &str, policy: &str) -> Result<(), XtablesError> {
        let open = self.open(line)?;
        let known = open.by_name.get(chain).and_then(|index| open.chains.get_mut(*index));
        match (known, policy) {
            (Some(OpenChain { base: Some(base), .. }), "ACCEPT") => base.policy = Policy::Accept,
            (Some(OpenChain { base: Some(base), .. }), "DROP") => base.policy = Policy::Drop,
            (None, _) => self.declare(line, chain, policy)?,
            (Some(_), _) => self.not_read(line),
        }
        Ok(())
    }

    /// A rule with a quote that is not closed: its chain can still be told.
    fn broken_rule(&mut self, text: &str, counters: Option<Counters>) -> Result<(), XtablesError> {
        let mut words = text.split_ascii_whitespace();
        if let (Some("-A" | "--append"), Some(chain)) = (words.next(), words.next()) {
            let rule = OpenRule { line: self.line, counters, sorted: None, text: text.to_owned() };
            return self.append(chain, rule, text, false);
        }
        self.not_read(text);
        Ok(())
    }

    fn rule(
        &mut self,
        chain: &str,
        words: &[Word],
        counters: Option<Counters>,
        text: &str,
        first: bool,
    ) -> Result<(), XtablesError> {
        let sorted = grammar::sort(words);
        let counters = counters.or_else(|| {
            let given = sorted.header.iter().find(|choice| choice.name == "-c")?;
            let [packets, bytes] = given.values.as_slice() else { return None };
            Some(Counters { packets: packets.parse().ok()?, bytes: bytes.parse().ok()? })
        });
        let rule = OpenRule { line: self.line, counters, sorted: Some(sorted), text: text.to_owned() };
        self.append(chain, rule, text, first)
    }

    fn append(&mut self, chain: &str, rule: OpenRule, text: &str, first: bool) -> Result<(), XtablesError> {
        let line = self.line;
        let open = self.open(text)?;
        let Some(found) = open.by_name.get(chain).and_then(|index| open.chains.get_mut(*index)) else {
            return Err(XtablesError::NoChain { line, table: open.name.clone(), chain: chain.to_owned() });
        };
        if first {
            found.rules.insert(0, rule);
        } else {
            found.rules.push(rule);
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), XtablesError> {
        let Some(open) = self.open.take() else {
            return Err(XtablesError::NoTable { line: self.line, text: "COMMIT".to_owned() });
        };
        let hooks = graph::hooks(&open.name, &open.chains, &open.by_name)?;
        let family = match self.version {
            Version::V4 => Family::Ip,
            Version::V6 => Family::Ip6,
        };
        let first = self.ruleset.chains.len();
        let ids = open.by_name.into_iter().map(|(name, index)| {
            let id = ChainId(u32::try_from(first + index).unwrap_or(u32::MAX));
            (name, (id, open.chains.get(index).is_some_and(|chain| chain.base.is_some())))
        });
        let mut compiler = Compiler { version: self.version, chains: ids.collect(), sets: &mut self.pool };
        for (chain, hooks) in open.chains.into_iter().zip(hooks) {
            let (mut rules, layouts) = compiler.rules(chain.rules, &hooks);
            self.layouts.push(layouts);
            if let Some(policy) = chain.odd_policy {
                rules.push(compiler.odd_policy(&policy, rules.len()));
            }
            self.ruleset.chains.push(Chain {
                family,
                table: open.name.clone(),
                name: chain.name,
                backend: self.backend,
                handle: None,
                base: chain.base,
                rules,
                dormant: false,
            });
        }
        self.ruleset.tables.push(Table {
            family,
            name: open.name,
            backend: self.backend,
            handle: None,
            dormant: false,
            owner: None,
        });
        Ok(())
    }
}

/// `[packets:bytes] REST`
fn split_counters(line: &str) -> (Option<Counters>, &str) {
    let Some((counts, rest)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) else {
        return (None, line);
    };
    let counters = counts.split_once(':').and_then(|(packets, bytes)| {
        Some(Counters { packets: packets.trim().parse().ok()?, bytes: bytes.trim().parse().ok()? })
    });
    (counters, rest.trim_start())
}
