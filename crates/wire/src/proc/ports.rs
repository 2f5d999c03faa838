//! `/proc/sys/net/ipv4/ip_local_port_range` and `ip_local_reserved_ports`.

use std::ops::RangeInclusive;

use super::line::{Columns, Problem, decimal, split_once};

/// The range from which the kernel chooses ports: `32768\t60999`.
pub fn port_range(text: &[u8]) -> Result<RangeInclusive<u16>, Problem> {
    let mut columns = Columns::new(text.trim_ascii());
    let (low, high) = (columns.decimal("lowest port")?, columns.decimal("highest port")?);
    if low > high { Err(Problem::Malformed("port range")) } else { Ok(low..=high) }
}

/// Ports the kernel does not choose: `1-3,5,7-10`.
#[must_use]
pub fn port_ranges(text: &[u8]) -> PortRanges<'_> {
    PortRanges { rest: Some(text.trim_ascii()) }
}

/// Iterates over ranges separated by commas.
#[derive(Debug, Clone)]
pub struct PortRanges<'a> {
    rest: Option<&'a [u8]>,
}

impl Iterator for PortRanges<'_> {
    type Item = Result<RangeInclusive<u16>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.filter(|rest| !rest.is_empty())?;
        let (range, rest) = match split_once(rest, b',') {
            Some((range, rest)) => (range, Some(rest)),
            None => (rest, None),
        };
        self.rest = rest;
        let (low, high) = split_once(range, b'-').unwrap_or((range, range));
        let range = decimal::<u16>(low).zip(decimal::<u16>(high)).filter(|(low, high)| low <= high);
        Some(range.map(|(low, high)| low..=high).ok_or(Problem::Malformed("port range")))
    }
}
