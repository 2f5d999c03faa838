//! Address prefixes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// A network: an address and how many of its leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Prefix {
    /// The address; bits after the first `length` are zero.
    pub address: IpAddr,
    /// 0 to 32, or to 128.
    pub length: u8,
}

impl Prefix {
    /// The network of `length` bits that `address` is in. A length beyond the family's is taken for the whole address.
    pub fn new(address: IpAddr, length: u8) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let length = length.min(32);
                Self { address: Ipv4Addr::from(u32::from(v4) & mask_v4(length)).into(), length }
            }
            IpAddr::V6(v6) => {
                let length = length.min(128);
                Self { address: Ipv6Addr::from(u128::from(v6) & mask_v6(length)).into(), length }
            }
        }
    }

    /// Whether `address` is in it; never across families.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && Self::new(address, self.length).address == self.address
    }

    /// Whether it is every address of its family.
    pub const fn is_all(&self) -> bool {
        self.length == 0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// The leading `length` bits set.
pub(super) const fn mask_v4(length: u8) -> u32 {
    match u32::MAX.checked_shl(32 - (if length > 32 { 32 } else { length }) as u32) {
        Some(mask) => mask,
        None => 0,
    }
}

/// The leading `length` bits set.
pub(super) const fn mask_v6(length: u8) -> u128 {
    match u128::MAX.checked_shl(128 - (if length > 128 { 128 } else { length }) as u32) {
        Some(mask) => mask,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_after_the_length_are_cleared() {
        let prefix = Prefix::new("192.0.2.77".parse().unwrap(), 26);
        assert_eq!(prefix.to_string(), "192.0.2.64/26");
        assert!(prefix.contains("192.0.2.127".parse().unwrap()));
        assert!(!prefix.contains("192.0.2.128".parse().unwrap()));
        assert!(!prefix.contains("::1".parse().unwrap()));
        assert_eq!(Prefix::new("2001:db8::1".parse().unwrap(), 200).length, 128);
        assert!(Prefix::new("2001:db8::1".parse().unwrap(), 0).contains("::1".parse().unwrap()));
    }
}
