//! Which variable stands for which bit of a packet, and their order in the diagrams.
//!
//! Listeners differ in port and address, and most rules ask for those: the destination stands on top, so that what concerns one
//! port shares no node with what concerns another; the source, of which the answers speak, stands together below it.

use crate::ir::{PayloadBase, Version};

/// Bits of an Ethernet header.
const LINK: u16 = 112;
/// Bits of a TCP header without options, the longest transport header that is asked about.
const TRANSPORT: u16 = 160;

/// A part of a packet's headers that questions and answers speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Source address (32 or 128 bits).
    Source,
    /// Destination address.
    Destination,
    /// Source port; of ICMP type and code (16 bits).
    SourcePort,
    /// Destination port (16 bits).
    DestinationPort,
    /// TCP flags (8 bits).
    TcpFlags,
}

/// The order of variables of one version of IP.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    version: Version,
    /// By position: link bits, network bits, transport bits.
    variables: Vec<u32>,
}

impl Layout {
    pub(super) fn new(version: Version) -> Self {
        let network = network_bits(version);
        let total = LINK + network + TRANSPORT;
        let mut this = Self { version, variables: vec![u32::MAX; usize::from(total)] };
        let parts =
            [Part::DestinationPort, Part::Destination, Part::Source, Part::SourcePort, Part::TcpFlags];
        let mut order: Vec<u16> = Vec::new();
        for part in parts {
            let (base, offset, width) = this.place(part);
            order.extend((0..width).filter_map(|bit| this.position(base, offset + bit)));
        }
        let rest =
            (LINK..total).chain(0..LINK).filter(|position| !order.contains(position)).collect::<Vec<_>>();
        order.extend(rest);
        for (variable, position) in (0..).zip(order) {
            if let Some(slot) = this.variables.get_mut(usize::from(position)) {
                *slot = variable;
            }
        }
        this
    }

    /// Number of variables.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.variables.len()).unwrap_or(u32::MAX)
    }

    /// Where a part stands: base, offset and width in bits.
    pub(super) fn place(&self, part: Part) -> (PayloadBase, u16, u16) {
        match (part, self.version) {
            (Part::Source, Version::V4) => (PayloadBase::Network, 96, 32),
            (Part::Source, Version::V6) => (PayloadBase::Network, 64, 128),
            (Part::Destination, Version::V4) => (PayloadBase::Network, 128, 32),
            (Part::Destination, Version::V6) => (PayloadBase::Network, 192, 128),
            (Part::SourcePort, _) => (PayloadBase::Transport, 0, 16),
            (Part::DestinationPort, _) => (PayloadBase::Transport, 16, 16),
            (Part::TcpFlags, _) => (PayloadBase::Transport, 104, 8),
        }
    }

    /// The variable of the bit at `offset` behind a base; `None` beyond the headers that have variables.
    pub(super) fn variable(&self, base: PayloadBase, offset: u16) -> Option<u32> {
        let position = self.position(base, offset)?;
        self.variables.get(usize::from(position)).copied()
    }

    /// The variable of a bit by its place in the headers, counted from the Ethernet header on, without IP options.
    pub(super) fn at(&self, place: u16) -> Option<u32> {
        self.variables.get(usize::from(place)).copied()
    }

    fn position(&self, base: PayloadBase, offset: u16) -> Option<u16> {
        let network = network_bits(self.version);
        let (start, length) = match base {
            PayloadBase::Link => (0, LINK),
            PayloadBase::Network => (LINK, network),
            PayloadBase::Transport => (LINK + network, TRANSPORT),
            PayloadBase::Inner => return None,
        };
        (offset < length).then_some(start + offset)
    }
}

fn network_bits(version: Version) -> u16 {
    match version {
        Version::V4 => 160,
        Version::V6 => 320,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_has_one_variable_and_the_destination_stands_on_top() {
        for version in [Version::V4, Version::V6] {
            let layout = Layout::new(version);
            let mut seen = layout.variables.clone();
            seen.sort_unstable();
            assert_eq!(seen, (0..layout.count()).collect::<Vec<_>>());
            assert_eq!(layout.variable(PayloadBase::Transport, 16), Some(0));
            assert_eq!(layout.variable(PayloadBase::Transport, TRANSPORT), None);
        }
    }
}
