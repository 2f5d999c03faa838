//! The system's own look-up: it knows of multicast DNS, directories, containers and what else its name service asks.

use std::net::IpAddr;
use std::time::Duration;

use portreeve_firewall::read::{ProgramError, Programs};

use crate::facts::SystemAnswer;

/// `getent` ends with this where it has no such entry (man 1 getent).
const NO_ENTRY: i32 = 2;

/// Asks `getent`, which lives with the C library whose sources it asks.
pub(super) fn look_up(name: &str, patience: Duration) -> SystemAnswer {
    let programs = Programs { patience, ..Programs::default() };
    let output = match programs.find("getent").and_then(|path| programs.run(&path, &["ahosts", name], None)) {
        Ok(output) => output,
        Err(ProgramError::TimedOut { .. }) => {
            return SystemAnswer::Failed("it did not answer in time".to_owned());
        }
        Err(error) => return SystemAnswer::Failed(error.to_string()),
    };
    let addresses = addresses_in(&output.text);
    match (addresses.is_empty(), output.status.code()) {
        (false, _) => SystemAnswer::Addresses(addresses),
        (true, Some(0 | NO_ENTRY)) => SystemAnswer::None,
        (true, _) => SystemAnswer::Failed(output.complaint),
    }
}

/// One line an address and a socket type.
fn addresses_in(text: &str) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for line in text.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        if let Ok(address) = word.split('%').next().unwrap_or_default().parse::<IpAddr>()
            && !addresses.contains(&address.to_canonical())
        {
            addresses.push(address.to_canonical());
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_address_is_told_once() {
        let text =
            "2001:db8::1     STREAM a.example\n2001:db8::1     DGRAM  \nfe80::1%eth0 STREAM\n192.0.2.1 RAW\n";
        let addresses: Vec<_> = super::addresses_in(text).iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["2001:db8::1", "fe80::1", "192.0.2.1"]);
    }
}
