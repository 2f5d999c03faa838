//! Whose bits open bits of a header are: those that came at their place, those of another place, or nobody's.

use super::Bits;

/// Parts of the headers whose open bits came from elsewhere. Later entries hide earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Moved(Vec<Entry>);

/// `width` bits from `start` on; the last of them came at `at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Entry {
    start: u16,
    width: u16,
    at: u16,
}

impl Moved {
    /// Notes where the open ones of these bits came from: the place of the last of them.
    pub(super) fn enter(&mut self, start: u16, width: u16, at: u16) {
        let end = start.saturating_add(width);
        self.0.retain(|old| old.start < start || old.start.saturating_add(old.width) > end);
        if start.saturating_add(width).checked_sub(1) != Some(at) || !self.0.is_empty() {
            self.0.push(Entry { start, width, at });
        }
    }

    /// Where the last of these bits came from. Nowhere, where they come from different places.
    pub(super) fn place(&self, start: u16, width: u16) -> u16 {
        let end = start.saturating_add(width);
        let touching = |old: &&Entry| old.start < end && start < old.start.saturating_add(old.width);
        match self.0.iter().rev().find(touching) {
            None => end.saturating_sub(1),
            Some(old) if old.at == Bits::NOWHERE => Bits::NOWHERE,
            Some(old) => {
                let old_end = old.start.saturating_add(old.width);
                if old.start <= start && end <= old_end {
                    old.at.saturating_sub(old_end - end)
                } else {
                    Bits::NOWHERE
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entry_counts() {
        let mut moved = Moved::default();
        assert_eq!(moved.place(208, 32), 239);
        moved.enter(208, 32, 271);
        assert_eq!(
            (moved.place(208, 32), moved.place(208, 8), moved.place(200, 16)),
            (271, 247, Bits::NOWHERE)
        );
        moved.enter(0, u16::MAX, Bits::NOWHERE);
        assert_eq!(moved.place(208, 32), Bits::NOWHERE);
        moved.enter(208, 32, 239);
        assert_eq!((moved.place(208, 32), moved.place(240, 32)), (239, Bits::NOWHERE));
        moved.enter(208, 32, Bits::NOWHERE);
        assert_eq!(moved.place(210, 8), Bits::NOWHERE);
    }
}
