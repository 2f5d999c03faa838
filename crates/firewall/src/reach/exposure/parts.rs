//! Parts in the words of the document: made once for a class of doors, told for each door of it.

use std::net::SocketAddr;

use portreeve_model::exposure::{FamilyExposure, IpVersion, Part as DocumentPart};
use portreeve_model::text::clean;

use super::door::Arrival;
use super::draft::Draft;
use super::family::Family;
use super::query::Query;
use super::surveyor::Surveyor;
use crate::answer::Names;
use crate::ir::Version;
use crate::network::Interface;
use crate::packet::{Question, Transport};
use crate::space::{Part, TooComplex};

/// A part of a class of doors.
#[derive(Debug)]
pub(super) struct ClassPart {
    /// Without witness and arrival, which differ by the door's port.
    part: DocumentPart,
    witness: Option<Question>,
    arrival: Option<Arrival>,
}

impl Surveyor<'_> {
    /// A part named.
    pub(super) fn class_part(
        &self,
        version: Version,
        draft: Draft,
        query: &Query,
    ) -> Result<ClassPart, TooComplex> {
        let space = self.space(version);
        let names = Names { ruleset: self.ruleset, network: self.network };
        let prefixes = space.prefixes(&draft.sources, Part::Source, query.most_sources)?;
        let mut interfaces: Vec<&Interface> = draft
            .entrances
            .iter()
            .filter_map(|entrance| self.network.interface(entrance.interface()?))
            .collect();
        interfaces.sort_by_key(|interface| interface.index);
        let unnamed = draft.whys.len().saturating_sub(query.most_deciders).saturating_add(draft.others);
        let part = DocumentPart {
            verdict: draft.verdict,
            interfaces: interfaces.into_iter().map(|interface| clean(&interface.name).into_owned()).collect(),
            label: self.zones.label(space, &draft.sources)?,
            zones: self.zones_of(&draft, version)?,
            sources: prefixes.listed.iter().map(ToString::to_string).collect(),
            more_sources: prefixes.more,
            deciders: draft.whys.iter().take(query.most_deciders).map(|why| why.decision(names)).collect(),
            more_deciders: u64::try_from(unnamed).unwrap_or(u64::MAX),
            causes: draft.causes.iter().map(|cause| names.cause(cause)).collect(),
            conditions: draft.conditions,
            witness: String::new(),
            arrives_at: None,
        };
        Ok(ClassPart { part, witness: draft.witness, arrival: draft.arrival })
    }
}

impl Family {
    /// The family told for a port of its class.
    pub(super) fn told(&self, number: u16) -> FamilyExposure {
        FamilyExposure {
            version: match self.version {
                Version::V4 => IpVersion::Ipv4,
                Version::V6 => IpVersion::Ipv6,
            },
            zones: self.zones.clone(),
            parts: self.parts.iter().map(|part| part.told(self.port, number)).collect(),
            too_complex: self.too_complex.clone(),
        }
    }
}

impl ClassPart {
    /// The part for a port, where `asked` was asked about in its place.
    fn told(&self, asked: Option<u16>, number: u16) -> DocumentPart {
        let mut part = self.part.clone();
        let Some(mut question) = self.witness.clone() else { return part };
        let mut named = None;
        if let Transport::Tcp { destination, .. } | Transport::Ports { destination, .. } =
            &mut question.transport
        {
            if asked.is_some() {
                *destination = Some(number);
            }
            named = *destination;
        }
        part.witness = question.to_string();
        part.arrives_at = self.arrival.and_then(|arrival| {
            // Where the port asked about stands for the door's, so does it behind a translation that keeps it.
            let changed = arrival.port.filter(|found| Some(*found) != asked);
            Some(SocketAddr::new(arrival.address.unwrap_or(question.destination), changed.or(named)?))
        });
        part
    }
}
