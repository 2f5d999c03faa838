//! Single packets of a set, bit by bit.

use oxidd::BooleanFunction as _;
use oxidd::util::OptBool;

use super::set::{Set, Space};

impl Space {
    /// Whether a packet with these headers is in a set: the Ethernet header where there is one, and the packet from its IP header
    /// on, without options or extension headers. Bits beyond the packet's end count as 0.
    pub fn holds(&self, set: &Set, link: Option<&[u8; 14]>, packet: &[u8]) -> bool {
        let link = link.map_or(&[0; 14][..], |link| link.as_slice());
        let bytes = link.iter().chain(packet);
        let bits = bytes.flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1));
        let values = (0..).zip(bits).filter_map(|(place, bit)| Some((self.layout.at(place)?, bit)));
        let mut given = vec![false; usize::try_from(self.layout.count()).unwrap_or(0)];
        for (variable, bit) in values {
            if let Some(slot) = usize::try_from(variable).ok().and_then(|at| given.get_mut(at)) {
                *slot = bit;
            }
        }
        set.0.eval((0..).zip(given))
    }

    /// One packet of a set as headers: the Ethernet header, the IP header and 20 bytes behind it. Where the set leaves a bit free,
    /// `prefer` says which; its argument is the bit's place, counted from the Ethernet header on. `None` where the set is empty.
    pub fn sample(&self, set: &Set, mut prefer: impl FnMut(u16) -> bool) -> Option<Vec<u8>> {
        let mut places = vec![0_u16; usize::try_from(self.layout.count()).ok()?];
        for place in 0..u16::try_from(places.len()).ok()? {
            if let Some(slot) = self.layout.at(place).and_then(|at| places.get_mut(usize::try_from(at).ok()?))
            {
                *slot = place;
            }
        }
        let place = |variable: usize| places.get(variable).copied().unwrap_or(0);
        let cube = set.0.pick_cube(|_, _, level| prefer(place(usize::try_from(level).unwrap_or(0))))?;
        let mut bytes = vec![0_u8; places.len().div_ceil(8)];
        for (variable, value) in cube.iter().enumerate() {
            let place = place(variable);
            let bit = match value {
                OptBool::None => prefer(place),
                other => *other == OptBool::True,
            };
            if let Some(byte) = bytes.get_mut(usize::from(place / 8)) {
                *byte |= u8::from(bit) << (7 - place % 8);
            }
        }
        Some(bytes)
    }
}
