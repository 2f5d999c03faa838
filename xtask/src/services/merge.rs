//! Joins a complete but old registry with a current list that has one name per port.

use std::collections::BTreeMap;

use super::registry::{Entry, Ports, Protocol};

/// The current state as far as both sources tell it.
///
/// For a single port the current list decides whether it is assigned. Where its name is one of the old registry's for
/// that port, nothing changed, and the registry's own order and further names stand. Where it is not, the port was
/// renamed or given to someone else, and only the current name stands. Ranges exist in the old registry alone.
pub(crate) fn merge(old: Vec<Entry>, newer: &[Entry]) -> Vec<Entry> {
    let mut known: BTreeMap<(Ports, Protocol), Vec<Entry>> = BTreeMap::new();
    for entry in old {
        known.entry((entry.ports, entry.protocol)).or_default().push(entry);
    }
    let mut merged: Vec<Entry> = known
        .iter()
        .filter(|((ports, _), _)| !ports.is_single())
        .flat_map(|(_, entries)| entries.clone())
        .collect();
    for current in newer {
        match known.get(&(current.ports, current.protocol)) {
            Some(entries) if entries.iter().any(|entry| entry.name.eq_ignore_ascii_case(&current.name)) => {
                merged.extend(entries.iter().cloned());
            }
            _ => merged.push(current.clone()),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, first: u16, last: u16) -> Entry {
        Entry { name: name.to_owned(), ports: Ports { first, last }, protocol: Protocol::Tcp }
    }

    #[test]
    fn kept_renamed_added_withdrawn_and_ranges() {
        let old = vec![
            entry("http", 80, 80),
            entry("www-http", 80, 80),
            entry("urd", 465, 465),
            entry("gone", 47, 47),
            entry("x11", 6000, 6063),
        ];
        let newer = [entry("www-http", 80, 80), entry("submissions", 465, 465), entry("domain-s", 853, 853)];
        let names: Vec<String> = merge(old, &newer).into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["x11", "http", "www-http", "submissions", "domain-s"]);
    }
}
