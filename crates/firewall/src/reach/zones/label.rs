//! A set of sources in words.

use std::fmt;
use std::net::Ipv4Addr;

use super::drawn::{Drawn, DrawnZone};
use super::zone::{ZoneKind, Zones};
use crate::network::Prefix;
use crate::space::{Part, Prefixes, Set, Space, TooComplex};

/// Most prefixes in a list that is not cut, and most exceptions.
const MOST: usize = 3;

impl Zones {
    /// The sources of a set in the words of zones: `internet`, `private except 10.9.0.0/16`, `internet and private`, `everyone`; as
    /// prefixes where zones do not say it: `198.51.100.0/24, 203.0.113.7 and 3 more`.
    ///
    /// The words are about everybody else: addresses that only this host can have, or no packet can come from, are neither carved out
    /// of a prefix nor added to it, unless a set has no others.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn label(&self, space: &Space, sources: &Set) -> Result<String, TooComplex> {
        let drawn = self.drawn(space)?;
        let set = space.onto(sources, &[Part::Source])?;
        if let Some(known) = drawn.label_of(&set) {
            return Ok(known);
        }
        let seen = space.and(&set, &drawn.outside)?;
        let label = if seen.is_empty() {
            beside(space, &drawn, &set)?
        } else {
            Words::new(space, &drawn, seen)?.say()?
        };
        drawn.keep_label(set, &label);
        Ok(label)
    }
}

/// The words for a set in which nobody else is.
fn beside(space: &Space, drawn: &Drawn, set: &Set) -> Result<String, TooComplex> {
    if set.is_empty() {
        return Ok("nobody".to_owned());
    }
    let list = List::of(&space.prefixes_of(set, set, Part::Source, MOST));
    let Some(host) = drawn.zones.iter().find(|zone| zone.kind == ZoneKind::ThisHost) else {
        return Ok(list.to_string());
    };
    // Of the loopback network the host uses one address.
    let loopback = |length| space.prefix(Part::Source, Prefix::new(Ipv4Addr::LOCALHOST.into(), length));
    let used = space.or(&space.minus(&host.set, &loopback(8)?)?, &loopback(32)?)?;
    Ok(if space.minus(&used, set)?.is_empty() {
        host.name.clone()
    } else if space.minus(set, &host.set)?.is_empty() {
        format!("{} as {list}", host.name)
    } else {
        list.to_string()
    })
}

/// What of the zones is in a set, and what is not.
struct Words<'a> {
    space: &'a Space,
    /// Everybody else in the set.
    seen: Set,
    /// Everybody else who is not.
    missing: Set,
    /// Zones that are in the set, those that are not, and those that are partly.
    full: Vec<String>,
    without: Vec<String>,
    partial: Vec<&'a DrawnZone>,
}

impl<'a> Words<'a> {
    fn new(space: &'a Space, drawn: &'a Drawn, seen: Set) -> Result<Self, TooComplex> {
        let missing = space.minus(&drawn.outside, &seen)?;
        let (mut full, mut without, mut partial) = (Vec::new(), Vec::new(), Vec::new());
        for zone in drawn.zones.iter().filter(|zone| zone.kind != ZoneKind::ThisHost) {
            if space.and(&zone.set, &missing)?.is_empty() {
                full.push(zone.name.clone());
            } else if space.and(&zone.set, &seen)?.is_empty() {
                without.push(zone.name.clone());
            } else {
                partial.push(zone);
            }
        }
        Ok(Self { space, seen, missing, full, without, partial })
    }

    fn say(self) -> Result<String, TooComplex> {
        if self.missing.is_empty() {
            return Ok("everyone".to_owned());
        }
        let inclusions = self.inclusions()?;
        let several = self.full.len() + self.partial.len() > 1;
        if several && let Some(except) = self.exceptions(&self.partial)? {
            let except = List { words: self.without, more: 0 }.and(except);
            if except.len() <= MOST && except.len() < inclusions.len() {
                return Ok(format!("everyone except {except}"));
            }
        }
        Ok(inclusions.to_string())
    }

    /// What is missing of these zones, where that is few prefixes.
    fn exceptions(&self, zones: &[&DrawnZone]) -> Result<Option<List>, TooComplex> {
        let parts = zones.iter().map(|zone| self.space.and(&zone.set, &self.missing));
        let missing = self.space.union(&parts.collect::<Result<Vec<_>, TooComplex>>()?)?;
        let found = self.first(&missing, &self.space.not(&self.seen)?);
        Ok((found.len() <= MOST).then(|| List::of(&Prefixes { listed: found, more: 0 })))
    }

    /// One more than a list may have, so that it shows whether it would be cut.
    fn first(&self, inner: &Set, outer: &Set) -> Vec<Prefix> {
        self.space.first_prefixes_of(inner, outer, Part::Source, MOST + 1)
    }

    fn inclusions(&self) -> Result<Inclusions, TooComplex> {
        let not_missing = self.space.not(&self.missing)?;
        let (mut loose, mut cut) = (Vec::new(), Vec::new());
        for zone in &self.partial {
            let there = self.space.and(&zone.set, &self.seen)?;
            match self.exceptions(&[zone])? {
                Some(except) if except.len() < self.first(&there, &not_missing).len() => {
                    cut.push(format!("{} except {except}", zone.name));
                }
                _ => loose.push(there),
            }
        }
        let names = List { words: self.full.clone(), more: 0 };
        let loose = self.space.union(&loose)?;
        let listed = self.space.prefixes_of(&loose, &not_missing, Part::Source, MOST);
        Ok(Inclusions { plain: names.and(List::of(&listed)), cut })
    }
}

/// Zones and prefixes, and zones with exceptions.
struct Inclusions {
    plain: List,
    cut: Vec<String>,
}

impl Inclusions {
    fn len(&self) -> usize {
        self.plain.len().saturating_add(self.cut.len())
    }
}

/// Zones with exceptions are set apart by semicolons: "and" belongs to the exceptions.
impl fmt::Display for Inclusions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = (self.plain.len() > 0).then(|| self.plain.to_string());
        let groups: Vec<String> = plain.into_iter().chain(self.cut.iter().cloned()).collect();
        f.write_str(&groups.join("; "))
    }
}

/// Words in a row, and how many more there are.
struct List {
    words: Vec<String>,
    more: u64,
}

impl List {
    /// Prefixes; one short of [`MOST`] where that is not all of them.
    fn of(prefixes: &Prefixes) -> Self {
        let count = prefixes.listed.len();
        let shown = if prefixes.more > 0 { count.saturating_sub(1) } else { count };
        let hidden = u64::try_from(count - shown).unwrap_or(0);
        Self {
            words: prefixes.listed.iter().take(shown).map(|prefix| written(*prefix)).collect(),
            more: prefixes.more.saturating_add(hidden),
        }
    }

    fn len(&self) -> usize {
        self.words.len().saturating_add(usize::try_from(self.more).unwrap_or(usize::MAX))
    }

    fn and(mut self, other: Self) -> Self {
        self.words.extend(other.words);
        Self { words: self.words, more: self.more.saturating_add(other.more) }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = (self.more > 0).then(|| format!("{} more", self.more));
        let words: Vec<&str> = self.words.iter().map(String::as_str).chain(more.as_deref()).collect();
        match words.split_last() {
            Some((last, head)) if !head.is_empty() => write!(f, "{} and {last}", head.join(", ")),
            Some((last, _)) => f.write_str(last),
            None => Ok(()),
        }
    }
}

/// A prefix; one address without its length.
fn written(prefix: Prefix) -> String {
    let whole = if prefix.address.is_ipv4() { 32 } else { 128 };
    if prefix.length == whole { prefix.address.to_string() } else { prefix.to_string() }
}
