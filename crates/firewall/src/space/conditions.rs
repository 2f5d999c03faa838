//! What a set demands of its packets, in words.

use super::fields::{Field, fields};
use super::layout::Part;
use super::product::Product;
use super::set::{Set, Space, TooComplex};
use super::values::{self, Told};
use super::word::Word;

/// Most alternatives that are written out.
const ALTERNATIVES: usize = 3;

/// What a set demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    /// Each holds for every packet of the set: `source port 1024-65535`, `destination port 80, 443`, `ttl 1-63`.
    pub words: Vec<String>,
    /// A packet for which all of them hold is in the set. Otherwise a list was cut ("and 7 more"), or the words name a combination
    /// of fields without saying which: "a combination of source and source port".
    pub exact: bool,
}

impl Space {
    /// In words, what a set demands of packets of a protocol beside the parts that are known otherwise: for them the caller has a
    /// list of its own, [`Space::prefixes`] of the source, say. Lists are cut after `most`.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn conditions(
        &self,
        set: &Set,
        protocol: u8,
        given: &[Part],
        most: usize,
    ) -> Result<Conditions, TooComplex> {
        let asked = fields(self.version(), protocol).into_iter();
        let asked = asked.map(|field| Asked { word: field.word(self), field });
        let is_given = |asked: &Asked| asked.field.part().is_some_and(|part| given.contains(&part));
        let (given, open): (Vec<Asked>, Vec<Asked>) = asked.partition(is_given);
        Teller { space: self, most }.tell(set, &given, &open)
    }
}

/// A field and its bits.
struct Asked {
    field: Field,
    word: Word,
}

struct Teller<'a> {
    space: &'a Space,
    most: usize,
}

impl Teller<'_> {
    fn tell(&self, set: &Set, given: &[Asked], open: &[Asked]) -> Result<Conditions, TooComplex> {
        let mut told = Conditions { words: Vec::new(), exact: true };
        let known = given.iter().map(|asked| asked.word.clone()).collect::<Vec<_>>();
        let shadow = self.space.onto_words(set, &known)?;
        let rest = self.space.exists_words(set, &known)?;
        let is_tied_to_given = self.space.and(&shadow, &rest)? != *set;
        // What hangs together, with nothing in it that stands alone.
        let mut tied = if is_tied_to_given { set.clone() } else { rest };
        let bits = tied.asked();
        let mut knot = Vec::new();
        for asked in open {
            if !asked.word.variables().any(|bit| bits.binary_search(&bit).is_ok()) {
                continue;
            }
            let without = self.space.exists_word(&tied, &asked.word)?;
            let shadow = self.space.onto_word(&tied, &asked.word)?;
            let alone = self.space.and(&shadow, &without)? == tied;
            if alone {
                told.add(self.value(&shadow, asked)?);
                tied = without;
            } else {
                knot.push((asked, shadow));
            }
        }
        if knot.is_empty() {
            return Ok(told);
        }
        if !is_tied_to_given && let Some(words) = self.alternatives(&tied, &knot)? {
            told.words.push(words);
            return Ok(told);
        }
        let mut names = Vec::new();
        if is_tied_to_given {
            for asked in given {
                if self.space.exists_word(&tied, &asked.word)? != tied {
                    names.push(asked.field.name.to_string());
                }
            }
        }
        for (asked, shadow) in &knot {
            if !shadow.is_all() {
                told.add(self.value(shadow, asked)?);
            }
            names.push(asked.field.name.to_string());
        }
        told.exact = false;
        told.words.push(format!("a combination of {}", and(&names)));
        Ok(told)
    }

    /// "source port 53 with ttl 1-63, or source port 123", where few words say it all.
    fn alternatives(&self, set: &Set, knot: &[(&Asked, Set)]) -> Result<Option<String>, TooComplex> {
        for (key, _) in knot {
            let word = std::slice::from_ref(&key.word);
            let Some(products) = self.space.split_words(set, word, ALTERNATIVES)? else { continue };
            let ways = products.into_iter().map(|product| self.way(product, key, knot));
            if let Some(ways) = ways.collect::<Result<Option<Vec<String>>, TooComplex>>()? {
                return Ok(Some(ways.join(", or ")));
            }
        }
        Ok(None)
    }

    /// One of the alternatives, where its fields stand alone.
    fn way(
        &self,
        product: Product,
        key: &Asked,
        knot: &[(&Asked, Set)],
    ) -> Result<Option<String>, TooComplex> {
        let mut told = Conditions { words: Vec::new(), exact: true };
        told.add(self.value(&product.keys, key)?);
        let mut left = product.rest;
        for (asked, _) in knot {
            let without = self.space.exists_word(&left, &asked.word)?;
            if without == left {
                continue;
            }
            let shadow = self.space.onto_word(&left, &asked.word)?;
            told.exact &= self.space.and(&shadow, &without)? == left;
            told.add(self.value(&shadow, asked)?);
            left = without;
        }
        let words = match told.words.split_first() {
            Some((first, rest)) if !rest.is_empty() => format!("{first} with {}", rest.join(" and ")),
            _ => told.words.concat(),
        };
        Ok(told.exact.then_some(words))
    }

    fn value(&self, set: &Set, asked: &Asked) -> Result<Told, TooComplex> {
        values::tell(self.space, set, &asked.field, &asked.word, self.most)
    }
}

impl Conditions {
    fn add(&mut self, value: Told) {
        self.exact &= value.exact;
        self.words.push(value.words);
    }
}

fn and(words: &[String]) -> String {
    match words.split_last() {
        Some((last, head)) if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}
