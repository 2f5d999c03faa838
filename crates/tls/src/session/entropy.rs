//! What a session needs of chance, all of it out of one seed: the same transcript and the same seed are the same session again, so that
//! a verdict can be made from what was recorded.

use super::hash::Hash;
use crate::audit::random;

/// Bytes that nobody can guess who does not know the seed.
#[derive(Clone, PartialEq, Eq)]
pub struct Entropy {
    seed: Vec<u8>,
    taken: u64,
}

impl Entropy {
    /// Of the system. Where it has none the session still is one, only no secret: no data of anybody is in it.
    pub fn of_system() -> Self {
        Self::of_seed(random())
    }

    /// Of a seed.
    pub fn of_seed(seed: [u8; 32]) -> Self {
        Self { seed: seed.to_vec(), taken: 0 }
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            bytes.extend(Hash::Sha256.hmac(&self.seed, &[&self.taken.to_be_bytes()]));
            self.taken += 1;
        }
        bytes.truncate(count);
        bytes
    }

    /// Another, that gives other bytes.
    #[must_use]
    pub fn branch(&mut self) -> Self {
        Self { seed: self.bytes(32), taken: 0 }
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entropy").field("taken", &self.taken).finish_non_exhaustive()
    }
}
