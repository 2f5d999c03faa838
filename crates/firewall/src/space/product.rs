//! A set cut into products: these values of some parts, each with that remainder.

use oxidd::BooleanFunction as _;

use super::diagram::Top;
use super::layout::Part;
use super::set::{Set, Space, TooComplex};
use super::word::Word;

/// Packets of which some parts lie in `keys` and everything else in `rest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Asks for the parts only.
    pub keys: Set,
    /// Does not ask for the parts.
    pub rest: Set,
}

impl Space {
    /// Cuts a set by what it demands beside some parts: values of the parts that demand the same stand together. The set is the
    /// union of the products, their keys are disjoint and their rests differ; in the order of the lowest key of each.
    ///
    /// `None` where there are more than `most`.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn split(&self, set: &Set, parts: &[Part], most: usize) -> Result<Option<Vec<Product>>, TooComplex> {
        let words: Vec<Word> = parts.iter().map(|part| self.word(*part)).collect();
        self.split_words(set, &words, most)
    }

    /// The same for bits of any place.
    pub(super) fn split_words(
        &self,
        set: &Set,
        words: &[Word],
        most: usize,
    ) -> Result<Option<Vec<Product>>, TooComplex> {
        let mut left = set.clone();
        let mut products = Vec::new();
        while !left.is_empty() {
            if products.len() == most {
                return Ok(None);
            }
            let mut rest = left.clone();
            let mut shadow = self.onto_words(&left, words)?;
            for word in words {
                let number = lowest(&shadow, word);
                rest = self.given(&rest, word, number)?;
                shadow = self.given(&shadow, word, number)?;
            }
            let keys = self.throughout_words(&self.alike(&left, &rest)?, words)?;
            left = self.minus(&left, &keys)?;
            products.push(Product { keys, rest });
        }
        Ok(Some(products))
    }

    /// Packets that are in both or in neither.
    fn alike(&self, a: &Set, b: &Set) -> Result<Set, TooComplex> {
        self.made(a.0.equiv(&b.0))
    }
}

/// The lowest number at a word's bits in a set that is not empty, where the bits stand above all others that the set asks for,
/// or the others do not matter.
fn lowest(set: &Set, word: &Word) -> u128 {
    let mut numbers: Vec<u32> = word.variables().collect();
    numbers.sort_unstable();
    set.look(|mut at| {
        let mut number = 0_u128;
        while let Top::Bit { variable, zero, one } = at.top() {
            let is_one = zero.is_none();
            if is_one && let Ok(place) = numbers.binary_search(&variable) {
                number |= 1_u128
                    .checked_shl(u32::try_from(numbers.len() - 1 - place).unwrap_or(u32::MAX))
                    .unwrap_or_default();
            }
            at = if is_one { one } else { zero };
        }
        number
    })
}
