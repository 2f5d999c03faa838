//! Parts before they are named: sources, conditions and a witness of a reading.
//!
//! A reading is cut into products of sources and conditions, exactly. Where that makes more than [`MOST_PRODUCTS`] pieces the sources
//! are told, and of the conditions that not all of these packets are meant.

use std::net::IpAddr;

use portreeve_model::reach::Verdict;

use super::ask::Asker;
use super::door::{Arrival, Target};
use super::entrance::Entrance;
use super::reading::Reading;
use super::why::Why;
use crate::ir::Version;
use crate::network::{Network, Prefix};
use crate::packet::Question;
use crate::simulate::{Cause, Class};
use crate::space::{Part, Set, Space, TooComplex};

/// Most pieces that a reading is cut into at each cut.
const MOST_PRODUCTS: usize = 12;
/// Most values of a field that a condition lists.
const MOST_VALUES: usize = 256;
/// The condition of packets that only a neighbour can send.
const ON_THE_LINK: &str = "sender on the link, for no router forwards to this address";
/// What a piece is told of already when its other conditions are looked for.
const PINNED: [Part; 4] = [Part::Source, Part::Destination, Part::DestinationPort, Part::TcpFlags];

/// A part, its sources still a set.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) verdict: Verdict,
    pub(super) whys: Vec<Why>,
    pub(super) others: usize,
    pub(super) causes: Vec<Cause>,
    pub(super) arrival: Option<Arrival>,
    pub(super) entrances: Vec<Entrance>,
    pub(super) sources: Set,
    pub(super) conditions: Vec<String>,
    pub(super) witness: Option<Question>,
}

impl Draft {
    /// Whether only neighbours on the link can send such packets.
    pub(super) fn is_for_neighbours(&self) -> bool {
        self.conditions.iter().any(|condition| condition == ON_THE_LINK)
    }

    /// Whether another says the same of the same sources, by another way in.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.verdict == other.verdict
            && self.sources == other.sources
            && self.conditions == other.conditions
            && self.arrival == other.arrival
            && self.whys == other.whys
            && self.others == other.others
            && self.causes == other.causes
            && self.entrances.contains(&Entrance::Own) == other.entrances.contains(&Entrance::Own)
    }
}

/// Where readings were made.
pub(super) struct Scene<'a> {
    pub(super) space: &'a Space,
    pub(super) network: &'a Network,
    pub(super) target: &'a Target,
    pub(super) class: &'a Class,
    pub(super) entrance: Entrance,
    /// Ways in for which everything is the same, that one among them.
    pub(super) alike: &'a [Entrance],
    pub(super) asker: &'a Asker<'a>,
    /// Destinations that matter: what goes to others never arrives this way, whoever sends it.
    pub(super) destinations: &'a [IpAddr],
    /// These are all destinations of the door.
    pub(super) whole: bool,
    /// Sources that a witness is taken of where it can be, most typical first.
    pub(super) typical: &'a [Set],
}

impl Scene<'_> {
    /// The parts of a reading.
    pub(super) fn drafts(&self, reading: &Reading) -> Result<Vec<Draft>, TooComplex> {
        let mut drafts = Vec::new();
        let set = match self.entrance {
            // What the host sends has one source for each destination, which would keep destinations apart.
            Entrance::Own => self.space.exists(&reading.set, &[Part::Source])?,
            Entrance::In(_) => reading.set.clone(),
        };
        for (mut words, set) in self.by_destination(&set)? {
            if reading.verdict != Verdict::Deny && self.is_for_neighbours(&set)? {
                words.push(ON_THE_LINK.to_owned());
            }
            for (words, set) in self.by_port(words, &set)? {
                self.by_source(reading, &words, &set, &mut drafts)?;
            }
        }
        Ok(drafts)
    }

    fn by_destination(&self, set: &Set) -> Result<Vec<(Vec<String>, Set)>, TooComplex> {
        if self.class.destination.is_some() {
            return Ok(vec![(self.destination_words(set)?, set.clone())]);
        }
        let Some(products) = self.space.split(set, &[Part::Destination], MOST_PRODUCTS)? else {
            return Ok(vec![(self.destination_words(set)?, set.clone())]);
        };
        let mut pieces = Vec::with_capacity(products.len());
        for product in products {
            pieces.push((
                self.destination_words(&product.keys)?,
                self.space.and(&product.keys, &product.rest)?,
            ));
        }
        Ok(pieces)
    }

    /// Whether packets go to addresses only that no router forwards to: from elsewhere none arrives.
    fn is_for_neighbours(&self, set: &Set) -> Result<bool, TooComplex> {
        let destinations = self.destinations_in(set)?;
        Ok(self.entrance != Entrance::Own && destinations.iter().all(|address| is_of_the_link(*address)))
    }

    fn destination_words(&self, set: &Set) -> Result<Vec<String>, TooComplex> {
        let inside = self.destinations_in(set)?;
        let inside: Vec<String> = inside.iter().map(ToString::to_string).collect();
        let all = self.whole && inside.len() == self.destinations.len();
        Ok(if all { Vec::new() } else { vec![format!("destination {}", inside.join(", "))] })
    }

    fn destinations_in(&self, set: &Set) -> Result<Vec<IpAddr>, TooComplex> {
        let mut inside = Vec::new();
        for destination in self.destinations {
            if !self.space.and(set, &address(self.space, Part::Destination, *destination)?)?.is_empty() {
                inside.push(*destination);
            }
        }
        Ok(inside)
    }

    fn by_port(&self, words: Vec<String>, set: &Set) -> Result<Vec<(Vec<String>, Set)>, TooComplex> {
        let Some((first, last)) = self.target.ports.filter(|(first, last)| first != last) else {
            return Ok(vec![(words, set.clone())]);
        };
        let Some(products) = self.space.split(set, &[Part::DestinationPort], MOST_PRODUCTS)? else {
            return Ok(vec![(words, set.clone())]);
        };
        let mut pieces = Vec::with_capacity(products.len());
        for product in products {
            let ranges = self.space.ranges(&product.keys, Part::DestinationPort)?;
            let mut words = words.clone();
            if !ranges.iter().any(|range| *range.start() <= first && last <= *range.end()) {
                let ranges: Vec<String> =
                    ranges.iter().map(|range| super::words::ports(*range.start(), *range.end())).collect();
                words.push(format!("destination port {}", ranges.join(", ")));
            }
            pieces.push((words, self.space.and(&product.keys, &product.rest)?));
        }
        Ok(pieces)
    }

    fn by_source(
        &self,
        reading: &Reading,
        words: &[String],
        set: &Set,
        drafts: &mut Vec<Draft>,
    ) -> Result<(), TooComplex> {
        let space = self.space;
        if self.entrance == Entrance::Own {
            let sources = self.asker.usual_sources(&self.destinations_in(set)?)?;
            let rest = space.exists(set, &PINNED)?;
            return self.by_rest(reading, words, &sources, &rest, set, true, drafts);
        }
        let Some(products) = space.split(set, &[Part::Source], MOST_PRODUCTS)? else {
            let rest = space.exists(set, &PINNED)?;
            return self.by_rest(
                reading,
                words,
                &space.onto(set, &[Part::Source])?,
                &rest,
                set,
                false,
                drafts,
            );
        };
        for product in products {
            let rest = space.exists(&product.rest, &PINNED)?;
            let set = space.and(&product.keys, set)?;
            self.by_rest(reading, words, &product.keys, &rest, &set, true, drafts)?;
        }
        Ok(())
    }

    /// What the host sends has the source that it chooses.
    fn completed(&self, mut question: Question) -> Question {
        if self.entrance == Entrance::Own {
            question.source = Some(self.asker.usual_source(question.destination));
        }
        question
    }

    /// What else must hold of packets from `sources`. `whole`: the set is the product of the two.
    #[expect(clippy::too_many_arguments, reason = "one piece of a set, and what is known of it")]
    fn by_rest(
        &self,
        reading: &Reading,
        words: &[String],
        sources: &Set,
        rest: &Set,
        set: &Set,
        whole: bool,
        drafts: &mut Vec<Draft>,
    ) -> Result<(), TooComplex> {
        let space = self.space;
        let told = |set: &Set| space.conditions(set, self.class.protocol, &PINNED, MOST_VALUES);
        let conditions = told(rest)?;
        let (mut exact, mut pieces) = (whole && conditions.exact, Vec::new());
        if !conditions.exact
            && let Some(products) = space.split(rest, &[Part::SourcePort], MOST_PRODUCTS)?
        {
            exact = whole;
            for product in products {
                let piece = space.and(&product.keys, &product.rest)?;
                let conditions = told(&piece)?;
                exact &= conditions.exact;
                pieces.push((conditions.words, space.and(set, &product.keys)?));
            }
        } else {
            pieces.push((conditions.words, set.clone()));
        }
        for (more, set) in pieces {
            let mut conditions = words.to_vec();
            conditions.extend(more);
            if !exact {
                conditions.push("some of these packets, such as the witness".to_owned());
            }
            let witness = space.witness(&set, self.class, self.network, self.typical)?;
            let witness = witness.map(|witness| self.completed(witness.question));
            drafts.push(Draft {
                verdict: reading.verdict,
                whys: reading.whys.clone(),
                others: reading.others,
                causes: reading.causes.clone(),
                arrival: reading.arrival,
                entrances: self.alike.to_vec(),
                sources: sources.clone(),
                conditions,
                witness,
            });
        }
        Ok(())
    }
}

/// Whether no router forwards packets to an address: loopback (RFC 1122, RFC 4291) and link-local ones (RFC 3927, RFC 4291). Rules
/// that translate see them before the kernel would refuse them.
pub(super) fn is_of_the_link(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    }
}

/// Packets with this address.
pub(super) fn address(space: &Space, part: Part, address: IpAddr) -> Result<Set, TooComplex> {
    let length = match space.version() {
        Version::V4 => 32,
        Version::V6 => 128,
    };
    space.prefix(part, Prefix::new(address, length))
}
