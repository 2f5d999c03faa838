//! Elements in the order in which the kernel tries them (`net/netfilter/ipset/ip_set_hash_gen.h`: `mtype_test_cidrs`).

use crate::ir::{Data, Element, Interval};

use super::kind::Part;

/// Puts the elements of a set with networks and other parts into the kernel's order: longest prefixes first, by the first network
/// and then by the second. Sets without networks have no order, and those of networks alone are told by the intervals themselves.
pub(super) fn sort(parts: &[Part], elements: &mut Vec<Element>) {
    let networks: Vec<usize> = positions(parts);
    if networks.is_empty() || parts.len() == 1 {
        return;
    }
    if parts.contains(&Part::Interface) {
        stop_at_networks(elements);
    }
    elements.sort_by_key(|element| {
        let width =
            |at: usize| element.key.get(at).map_or(u128::MAX, |interval| interval.high - interval.low);
        let mut widths: Vec<u128> = networks.iter().map(|at| width(*at)).collect();
        // What only ends the search stands behind all elements of its network.
        widths.push(u128::from(element.data == Data::None && is_stop(element)));
        widths
    });
}

/// Places of the networks in a key, where a port takes two places.
fn positions(parts: &[Part]) -> Vec<usize> {
    let mut place = 0;
    let mut found = Vec::new();
    for part in parts {
        match part {
            Part::Network => found.push(place),
            Part::Port => place += 1,
            _ => {}
        }
        place += 1;
    }
    found
}

const ANY: Interval = Interval { low: 0, high: u128::MAX };

fn is_stop(element: &Element) -> bool {
    element.excluded && element.key.get(1) == Some(&ANY)
}

/// The search ends at the longest network that has any element, whichever its interface
/// (`ip_set_hash_netiface.c`: `hash_netiface4_data_equal` counts them in `multi`). Where a wider network has elements too, an
/// element that excludes the others says so.
fn stop_at_networks(elements: &mut Vec<Element>) {
    let mut networks: Vec<Interval> =
        elements.iter().filter_map(|element| element.key.first().copied()).collect();
    // Wider ones first where they begin at the same address, so that what holds a network stands before it.
    networks.sort_unstable_by(|a, b| a.low.cmp(&b.low).then(b.high.cmp(&a.high)));
    networks.dedup();
    let mut open: Vec<Interval> = Vec::new();
    for network in networks {
        while open.last().is_some_and(|outer| outer.high < network.low) {
            open.pop();
        }
        if !open.is_empty() {
            elements.push(Element {
                key: vec![network, ANY],
                data: Data::None,
                stateful: None,
                excluded: true,
            });
        }
        open.push(network);
    }
}

#[cfg(test)]
mod tests {
    use super::super::IpSets;
    use crate::ir::name_number;

    fn set(kind: &str, elements: &[&str]) -> super::super::save::IpSet {
        let elements: Vec<String> = elements.iter().map(|element| format!("add s {element}\n")).collect();
        let text = format!("create s {kind} family inet\n{}", elements.concat());
        IpSets::read(&text).unwrap().sets.remove("s").unwrap()
    }

    #[test]
    fn longest_prefixes_come_first() {
        let set =
            set("hash:net,port", &["10.0.0.0/8,tcp:80", "10.1.0.0/16,tcp:80 nomatch", "0.0.0.0/1,udp:53"]);
        let excluded: Vec<bool> = set.in_order(false).iter().map(|element| element.excluded).collect();
        assert_eq!(excluded, [true, false, false]);
    }

    #[test]
    fn a_nested_network_ends_the_search_for_other_interfaces() {
        let set = set("hash:net,iface", &["10.0.0.0/8,eth0", "10.1.0.0/16,eth1", "10.1.0.0/16,eth2"]);
        let ordered = set.in_order(false);
        let names: Vec<u128> = ordered.iter().map(|element| element.key[1].low).collect();
        assert_eq!(names, [name_number("eth1"), name_number("eth2"), 0, name_number("eth0")]);
        assert!(ordered[2].excluded);
    }
}
