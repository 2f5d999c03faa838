//! Values of which some bits are variables, and the packets in which they lie in an interval.

use oxidd::BooleanFunction as _;
use smallvec::SmallVec;

use super::set::{Set, Space, TooComplex};
use crate::ir::Interval;
use crate::packet::Bits;

/// One bit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bit {
    /// 0.
    Zero,
    /// 1.
    One,
    /// The bit of the packet that this variable stands for.
    Variable(u32),
    /// It may be either, and nothing in the packet tells which.
    Lost,
}

/// A value, highest bit first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Word(pub SmallVec<[Bit; 32]>);

/// The packets for which something holds, and those for which it does not. What is in neither hangs on what is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// It holds.
    pub yes: Set,
    /// It does not.
    pub no: Set,
}

impl Word {
    /// Width in bits.
    pub fn width(&self) -> usize {
        self.0.len()
    }

    /// The variables in it.
    pub fn variables(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().filter_map(|bit| match bit {
            Bit::Variable(number) => Some(*number),
            _ => None,
        })
    }

    /// A constant of `width` bits.
    pub fn constant(value: u128, width: u16) -> Self {
        let bit = |at: u16| {
            if value.checked_shr(u32::from(at)).unwrap_or(0) & 1 == 1 { Bit::One } else { Bit::Zero }
        };
        Self((0..width).rev().map(bit).collect())
    }

    /// The value, where no bit is open.
    pub fn exact(&self) -> Option<u128> {
        self.0.iter().try_fold(0_u128, |sum, bit| match bit {
            Bit::Zero => Some(sum << 1),
            Bit::One => Some(sum << 1 | 1),
            _ => None,
        })
    }
}

impl Space {
    /// A value as the headers gave it.
    pub fn word_of(&self, bits: Bits, width: u16) -> Word {
        let bit = |at: u16| {
            let set = |number: u128| number.checked_shr(u32::from(at)).unwrap_or(0) & 1 == 1;
            match (set(bits.known), set(bits.value)) {
                (true, true) => Bit::One,
                (true, false) => Bit::Zero,
                (false, _) if bits.at == Bits::NOWHERE => Bit::Lost,
                (false, _) => bits
                    .at
                    .checked_sub(at)
                    .and_then(|place| self.layout.at(place))
                    .map_or(Bit::Lost, Bit::Variable),
            }
        };
        Word((0..width).rev().map(bit).collect())
    }

    /// Where a value lies in an interval.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn within(&self, word: &Word, interval: Interval) -> Result<Split, TooComplex> {
        self.among(word, &[interval])
    }

    /// Where a value lies in one of some intervals, which are disjoint and sorted.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn among(&self, word: &Word, intervals: &[Interval]) -> Result<Split, TooComplex> {
        let largest = if word.width() >= 128 { u128::MAX } else { (1 << word.width()) - 1 };
        let end = intervals.partition_point(|interval| interval.low <= largest);
        let intervals = intervals.get(..end).unwrap_or_default();
        if word.0.contains(&Bit::Lost) {
            return self.descend(&word.0, intervals, 0, largest);
        }
        let yes = self.descend_exactly(&word.0, intervals, 0, largest)?;
        Ok(Split { no: self.not(&yes)?, yes })
    }

    /// As [`Self::descend`], for words of which no bit is lost: what is not in an interval is outside of all.
    fn descend_exactly(
        &self,
        bits: &[Bit],
        intervals: &[Interval],
        low: u128,
        high: u128,
    ) -> Result<Set, TooComplex> {
        match intervals {
            [] => return Ok(self.none()),
            [only] if only.low <= low && high <= only.high => return Ok(self.all()),
            _ => {}
        }
        let Some((bit, rest)) = bits.split_first() else { return Ok(self.all()) };
        let middle = low + (high - low) / 2;
        let below = intervals.partition_point(|interval| interval.low <= middle);
        let above = intervals.partition_point(|interval| interval.high <= middle);
        let zero = || self.descend_exactly(rest, intervals.get(..below).unwrap_or_default(), low, middle);
        let one = || self.descend_exactly(rest, intervals.get(above..).unwrap_or_default(), middle + 1, high);
        match bit {
            Bit::Zero => zero(),
            Bit::One => one(),
            Bit::Variable(number) => {
                let (zero, one) = (zero()?, one()?);
                self.choose(*number, &one, &zero)
            }
            // Not met: see above.
            Bit::Lost => self.and(&zero()?, &one()?),
        }
    }

    /// Where two values of the same width are equal.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn equal(&self, a: &Word, b: &Word) -> Result<Split, TooComplex> {
        let mut sum = Split { yes: self.all(), no: self.none() };
        for (a, b) in a.0.iter().zip(&b.0).rev() {
            let bit = match (a, b) {
                (Bit::Lost, _) | (_, Bit::Lost) => Split { yes: self.none(), no: self.none() },
                (a, b) if a == b => continue,
                _ => {
                    let differ = self.made(self.bit(*a)?.0.xor(&self.bit(*b)?.0))?;
                    Split { yes: self.not(&differ)?, no: differ }
                }
            };
            sum = Split { yes: self.and(&sum.yes, &bit.yes)?, no: self.or(&sum.no, &bit.no)? };
        }
        Ok(sum)
    }

    fn bit(&self, bit: Bit) -> Result<Set, TooComplex> {
        match bit {
            Bit::Variable(number) => self.choose(number, &self.all(), &self.none()),
            Bit::One => Ok(self.all()),
            Bit::Zero | Bit::Lost => Ok(self.none()),
        }
    }

    /// `low..=high` are the numbers that the rest of the bits can still make.
    fn descend(
        &self,
        bits: &[Bit],
        intervals: &[Interval],
        low: u128,
        high: u128,
    ) -> Result<Split, TooComplex> {
        match intervals {
            [] => return Ok(Split { yes: self.none(), no: self.all() }),
            [only] if only.low <= low && high <= only.high => {
                return Ok(Split { yes: self.all(), no: self.none() });
            }
            _ => {}
        }
        let Some((bit, rest)) = bits.split_first() else {
            // One number is left, and an interval that meets it holds it.
            return Ok(Split { yes: self.all(), no: self.none() });
        };
        let middle = low + (high - low) / 2;
        let below = intervals.partition_point(|interval| interval.low <= middle);
        let above = intervals.partition_point(|interval| interval.high <= middle);
        let zero = || self.descend(rest, intervals.get(..below).unwrap_or_default(), low, middle);
        let one = || self.descend(rest, intervals.get(above..).unwrap_or_default(), middle + 1, high);
        match bit {
            Bit::Zero => zero(),
            Bit::One => one(),
            Bit::Variable(number) => {
                let (zero, one) = (zero()?, one()?);
                Ok(Split {
                    yes: self.choose(*number, &one.yes, &zero.yes)?,
                    no: self.choose(*number, &one.no, &zero.no)?,
                })
            }
            Bit::Lost => {
                let (zero, one) = (zero()?, one()?);
                Ok(Split { yes: self.and(&zero.yes, &one.yes)?, no: self.and(&zero.no, &one.no)? })
            }
        }
    }
}
