//! Proves an assertion, or finds the packet that refutes it.

use portreeve_model::exposure::Decision;
use portreeve_model::reach::Cause;
use portreeve_model::rules::{Assertion, Proof};
use portreeve_model::text::clean;

use super::resolve::{Coming, Known, service};
use crate::answer::Names;
use crate::ir::{Ruleset, Version};
use crate::network::Network;
use crate::packet::State;
use crate::reach::questions::claim::{Claim, ClaimError, Modal, Service};
use crate::reach::questions::complexity;
use crate::reach::questions::deciders::decisions;
use crate::reach::zones::Zones;
use crate::simulate::{Class, Fates, Simulator, Wanted};
use crate::space::{Budget, Part, Set, Space, TooComplex};

/// The lowest port that clients are taken to send from (RFC 6056).
const EPHEMERAL: u128 = 1024;
const SYN: u8 = 2;
/// Most causes that are told.
const CAUSES: usize = 6;

/// Whether an assertion holds.
///
/// # Errors
/// [`ClaimError`] where it names a zone or an interface that is not there, at the name's place.
pub fn assert(
    ruleset: &Ruleset,
    network: &Network,
    zones: &Zones,
    claim: &Claim,
    budget: Budget,
) -> Result<Assertion, ClaimError> {
    let known = Known { network, zones, claim };
    known.check()?;
    let prover = Prover { ruleset, network, known, simulator: Simulator::new(ruleset, network) };
    let mut findings = Findings::default();
    for version in [Version::V4, Version::V6] {
        match prover.version(version, budget, &mut findings) {
            Ok(()) => {}
            Err(error) => findings.too_complex = Some(complexity(ruleset, error)),
        }
        if findings.refuted.is_some() {
            break;
        }
    }
    Ok(findings.assertion(claim))
}

struct Prover<'a> {
    ruleset: &'a Ruleset,
    network: &'a Network,
    known: Known<'a>,
    simulator: Simulator<'a>,
}

/// A packet and what decides about it.
struct Shown {
    packet: String,
    deciders: Vec<Decision>,
    causes: Vec<Cause>,
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    /// Some packet was asked about.
    asked: bool,
    refuted: Option<Shown>,
    open: Option<Shown>,
    /// A packet that shows that it holds.
    proven: Option<Shown>,
    too_complex: Option<String>,
}

/// One way of the source to the services, and what becomes of its packets.
struct Way {
    class: Class,
    fates: Fates,
    /// The packets that the assertion is about.
    asked: Set,
}

impl Prover<'_> {
    fn version(&self, version: Version, budget: Budget, findings: &mut Findings) -> Result<(), TooComplex> {
        let space = Space::new(version, budget)?;
        let coming = self.known.sources(&space)?;
        for wanted in self.known.services() {
            match self.known.claim.modal {
                Modal::Cannot => self.none_arrives(&space, &coming, &wanted, findings)?,
                Modal::Can => {
                    for part in ports_apart(&wanted) {
                        self.all_arrive(&space, &coming, &part, findings)?;
                    }
                }
            }
            if findings.refuted.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn none_arrives(
        &self,
        space: &Space,
        coming: &[Coming],
        wanted: &Service,
        findings: &mut Findings,
    ) -> Result<(), TooComplex> {
        for coming in coming {
            let Some(way) = self.way(space, coming, wanted)? else { continue };
            findings.asked = true;
            let arriving = space.and(&way.fates.allow, &way.asked)?;
            if !arriving.is_empty() {
                findings.refuted = self.shown(space, &way, &arriving)?;
                return Ok(());
            }
            let open = space.and(&way.fates.open, &way.asked)?;
            if !open.is_empty() && findings.open.is_none() {
                findings.open = self.shown(space, &way, &open)?;
            }
            if findings.proven.is_none() {
                let denied = space.and(&way.fates.deny, &way.asked)?;
                findings.proven = self.shown(space, &way, &denied)?;
            }
        }
        Ok(())
    }

    /// Each source must have a way by which all its packets arrive.
    fn all_arrive(
        &self,
        space: &Space,
        coming: &[Coming],
        wanted: &Service,
        findings: &mut Findings,
    ) -> Result<(), TooComplex> {
        let mut ways = Vec::new();
        for coming in coming {
            ways.extend(self.way(space, coming, wanted)?);
        }
        let (mut sources, mut certainly, mut perhaps) = (space.none(), space.none(), space.none());
        for way in &ways {
            let fates = &way.fates;
            sources = space.or(&sources, &space.onto(&way.asked, &[Part::Source])?)?;
            certainly = space.or(&certainly, &self.complete(space, way, &fates.allow)?)?;
            let maybe = space.or(&fates.allow, &fates.open)?;
            perhaps = space.or(&perhaps, &self.complete(space, way, &maybe)?)?;
        }
        findings.asked |= !ways.is_empty();
        if ways.is_empty() {
            return Ok(());
        }
        let without = space.minus(&sources, &perhaps)?;
        if !without.is_empty() {
            findings.refuted = self.first(space, &ways, &without, |way| &way.fates.deny)?;
            return Ok(());
        }
        let unsure = space.minus(&sources, &certainly)?;
        if !unsure.is_empty() {
            let found = self.first(space, &ways, &unsure, |way| &way.fates.open)?;
            findings.open = findings.open.take().or(found);
        } else if findings.proven.is_none() {
            findings.proven = self.first(space, &ways, &certainly, |way| &way.fates.allow)?;
        }
        Ok(())
    }

    /// The sources of which every packet of a way lies in a set; for this host as the target, to one of its addresses.
    fn complete(&self, space: &Space, way: &Way, set: &Set) -> Result<Set, TooComplex> {
        let missing = space.minus(&way.asked, set)?;
        let asked = space.onto(&way.asked, &[Part::Source, Part::Destination])?;
        let lacking = space.onto(&missing, &[Part::Source, Part::Destination])?;
        let whole = space.minus(&asked, &lacking)?;
        if self.known.destinations(space)?.is_none() {
            return space.onto(&whole, &[Part::Source]);
        }
        let asked = space.onto(&way.asked, &[Part::Source])?;
        space.minus(&asked, &space.onto(&lacking, &[Part::Source])?)
    }

    /// What becomes of the packets of a service that come by a way; `None` where there are none of this version.
    fn way(&self, space: &Space, coming: &Coming, wanted: &Service) -> Result<Option<Way>, TooComplex> {
        let (protocol, ports) = service(space, wanted)?;
        let mut within = space.and(&coming.sources, &ports)?;
        let can = self.known.claim.modal == Modal::Can;
        if can && !wanted.ports.is_empty() {
            within = space.and(&within, &space.range(Part::SourcePort, EPHEMERAL, u16::MAX.into())?)?;
        }
        let destinations = self.known.destinations(space)?;
        if let Some(destinations) = &destinations {
            within = space.and(&within, destinations)?;
        }
        let own = self.known.own(space, &within)?;
        if destinations.is_none() && can {
            within = space.and(&within, &own)?;
        }
        if within.is_empty() {
            return Ok(None);
        }
        let class = Class {
            version: space.version(),
            protocol,
            origin: coming.origin,
            state: State::First,
            source: None,
            destination: None,
            source_port: None,
            destination_port: None,
            tcp_flags: Some(SYN),
            within: Some(within),
        };
        let wanted = Wanted { replies: can, sets_changed: true, ..Wanted::default() };
        let fates = self.simulator.fates(space, &class, wanted)?;
        let asked = if destinations.is_some() {
            fates.asked.clone()
        } else {
            // Doors: what is for this host, and what its rules take elsewhere.
            let mut doors = own;
            for fate in fates.ends.iter().filter(|fate| fate.translated && !fate.reply) {
                doors = space.or(&doors, &fate.set)?;
            }
            space.and(&fates.asked, &doors)?
        };
        Ok((!asked.is_empty()).then_some(Way { class, fates, asked }))
    }

    /// The first way with packets of some sources in a set, and one of them.
    fn first<'w>(
        &self,
        space: &Space,
        ways: &'w [Way],
        sources: &Set,
        part: impl Fn(&'w Way) -> &'w Set,
    ) -> Result<Option<Shown>, TooComplex> {
        for way in ways {
            let set = space.and(&space.and(part(way), &way.asked)?, sources)?;
            if !set.is_empty() {
                return self.shown(space, way, &set);
            }
        }
        Ok(None)
    }

    fn shown(&self, space: &Space, way: &Way, set: &Set) -> Result<Option<Shown>, TooComplex> {
        let Some(witness) = space.witness(set, &way.class, self.network, &[])? else { return Ok(None) };
        let names = Names { ruleset: self.ruleset, network: self.network };
        let mut causes: Vec<Cause> = Vec::new();
        for (cause, concerned) in &way.fates.causes {
            let cause = names.cause(cause);
            if !causes.contains(&cause) && !space.and(concerned, set)?.is_empty() {
                causes.push(cause);
            }
        }
        causes.truncate(CAUSES);
        let deciders = decisions(names, space, &way.fates, set)?;
        Ok(Some(Shown { packet: witness.question.to_string(), deciders, causes }))
    }
}

/// A service for each range of its ports: a client has to reach all of them, and names the one that fails.
fn ports_apart(service: &Service) -> Vec<Service> {
    if service.ports.is_empty() {
        return vec![service.clone()];
    }
    service
        .ports
        .iter()
        .map(|range| Service { protocol: service.protocol, ports: vec![range.clone()] })
        .collect()
}

impl Findings {
    fn assertion(self, claim: &Claim) -> Assertion {
        let can = claim.modal == Modal::Can;
        let (proof, statement, shown) = if let Some(shown) = self.refuted {
            let text =
                if can { "this packet does not arrive, or is not answered" } else { "this packet arrives" };
            (Proof::Refuted, text.to_owned(), Some(shown))
        } else if let Some(why) = self.too_complex {
            (Proof::Undecided, why, self.open)
        } else if let Some(shown) = self.open {
            (
                Proof::Undecided,
                "whether this packet arrives depends on what the causes name".to_owned(),
                Some(shown),
            )
        } else if !self.asked {
            let text = "there is no such packet: this host knows no way from there, or both ends are of different versions of IP";
            (if can { Proof::Undecided } else { Proof::Proven }, text.to_owned(), None)
        } else if can {
            (
                Proof::Proven,
                "each of them has a way by which its packets arrive and are answered".to_owned(),
                self.proven,
            )
        } else {
            (Proof::Proven, "no packet from there arrives".to_owned(), self.proven)
        };
        let (witness, deciders, causes) = match shown {
            Some(shown) => (Some(shown.packet), shown.deciders, shown.causes),
            None => (None, Vec::new(), Vec::new()),
        };
        Assertion {
            text: claim.text.clone(),
            place: None,
            proof,
            statement: clean(&statement).into_owned(),
            deciders,
            causes,
            witness,
        }
    }
}
