//! Packets at edges.

use super::super::{Part, Set, Space};
use super::space;
use crate::ir::{Interval, Version};

/// The number that each packet has at a part.
fn numbers(space: &Space, packets: &[Set], part: Part) -> Vec<u128> {
    let number = |packet: &Set| {
        let found = space.intervals(packet, &space.word(part), 2).unwrap().listed;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].low, found[0].high);
        found[0].low
    };
    packets.iter().map(number).collect()
}

#[test]
fn both_sides_of_every_edge_are_met() {
    let space = space(Version::V4);
    let edges = [(80, 80), (443, 450), (1024, 65_535)];
    let intervals = edges.map(|(low, high)| Interval { low, high }).to_vec();
    let set = space.in_intervals(Part::DestinationPort, intervals).unwrap();
    let packets = space.boundary(&set, 400).unwrap();
    let inside = |packet: &&Set| space.minus(packet, &set).unwrap().is_empty();
    let outside = |packet: &&Set| space.and(packet, &set).unwrap().is_empty();
    assert!(packets.iter().all(|packet| inside(&packet) || outside(&packet)));
    let numbers = numbers(&space, &packets, Part::DestinationPort);
    for edge in [79, 80, 81, 442, 443, 450, 451, 1023, 1024, 65_535, 0] {
        assert!(numbers.contains(&edge), "{edge} of {numbers:?}");
    }
    assert_eq!(packets, space.boundary(&set, 400).unwrap(), "the same each time");
    assert_eq!(space.boundary(&set, 5).unwrap().len(), 5);
}

#[test]
fn sets_without_edges_have_one_packet_at_most() {
    let space = space(Version::V6);
    assert_eq!(space.boundary(&space.none(), 9).unwrap(), [space.all()]);
    assert_eq!(space.boundary(&space.all(), 9).unwrap(), [space.all()]);
}
