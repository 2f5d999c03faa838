//! Addresses that the kernel gave by itself.

use std::net::IpAddr;

use portreeve_lab::site::Site;
use serde_json::Value;

use crate::place::Place;

/// All addresses of a place with the device of each, but loopback's.
pub(crate) fn addresses(site: &Site, place: &Place) -> Vec<(String, IpAddr)> {
    let listing = place.says(site, &["ip", "-json", "address"]);
    let interfaces: Vec<Value> = serde_json::from_str(&listing).unwrap();
    let mut found = Vec::new();
    for interface in &interfaces {
        let name = interface["ifname"].as_str().expect("a name");
        for address in interface["addr_info"].as_array().into_iter().flatten() {
            let Some(address) = address["local"].as_str() else { continue };
            let address: IpAddr = address.parse().unwrap();
            if !address.is_loopback() {
                found.push((name.to_owned(), address));
            }
        }
    }
    found
}
