//! A mutator whose every output follows from one number.

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, and any seed will do.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Numbers that follow from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `limit`; 0 for a limit of 0.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

const LONGEST: usize = 8192;
/// Lengths and counts at which decoders tend to be wrong.
const EDGES: &[u32] = &[
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    15,
    16,
    17,
    31,
    32,
    33,
    71,
    72,
    127,
    128,
    129,
    255,
    256,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    u32::MAX,
];
/// Characters that mean something in `/proc`.
const SIGNS: &[u8] = b"0123456789abcdefABCDEF \t\n:;,.-()[]<>*@/\\\0\xff";

/// A mutation of one of `seeds`, or bytes from nothing where there are none.
#[must_use]
pub fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut data = pick(seeds, random);
    for _ in 0..=random.below(8) {
        mutate_once(&mut data, seeds, random);
    }
    data.truncate(LONGEST);
    data
}

fn pick(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    seeds.get(random.below(seeds.len())).cloned().unwrap_or_default()
}

fn mutate_once(data: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(data.len());
    let end = at + random.below((data.len() - at).min(64) + 1);
    match random.below(10) {
        0 => {
            let bit = 1 << random.below(8);
            data.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bit);
        }
        1 => overwrite(data, at, &[random.byte()]),
        2 => overwrite(data, at, &[SIGNS[random.below(SIGNS.len())]]),
        3 => {
            let edge = EDGES[random.below(EDGES.len())].to_le_bytes();
            let width = [1, 2, 4][random.below(3)];
            // Lengths stand at even places.
            overwrite(data, at & !1, &edge[..width]);
        }
        4 => {
            data.drain(at..end);
        }
        5 => data.truncate(at),
        6 => {
            let again = data[at..end].to_vec();
            data.splice(at..at, again);
        }
        7 => {
            let noise: Vec<u8> = (0..random.below(16)).map(|_| random.byte()).collect();
            data.splice(at..at, noise);
        }
        8 => {
            let other = pick(seeds, random);
            let from = random.below(other.len());
            data.splice(at..end, other[from..].iter().copied().take(256));
        }
        _ => data.extend(pick(seeds, random)),
    }
}

fn overwrite(data: &mut [u8], at: usize, with: &[u8]) {
    for (slot, byte) in data.iter_mut().skip(at).zip(with) {
        *slot = *byte;
    }
}
