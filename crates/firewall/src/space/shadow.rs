//! What a set is at the bits of one word, and what is left of it without them.

use oxidd::{BooleanFunction as _, BooleanFunctionQuant as _};

use super::set::{Set, Space, TooComplex};
use super::word::{Bit, Word};

impl Space {
    /// Packets for which some choice of every bit outside the word lies in the set.
    pub(super) fn onto_word(&self, set: &Set, word: &Word) -> Result<Set, TooComplex> {
        self.onto_words(set, std::slice::from_ref(word))
    }

    /// The same, for bits outside of all the words.
    pub(super) fn onto_words(&self, set: &Set, words: &[Word]) -> Result<Set, TooComplex> {
        self.made(set.0.exists(&self.outside_of(words)?.0))
    }

    /// Packets for which every choice of the bits outside of the words lies in the set.
    pub(super) fn throughout_words(&self, set: &Set, words: &[Word]) -> Result<Set, TooComplex> {
        self.made(set.0.forall(&self.outside_of(words)?.0))
    }

    /// Packets for which some choice of the word's bits lies in the set.
    pub(super) fn exists_word(&self, set: &Set, word: &Word) -> Result<Set, TooComplex> {
        self.exists_words(set, std::slice::from_ref(word))
    }

    /// The same for the bits of several words.
    pub(super) fn exists_words(&self, set: &Set, words: &[Word]) -> Result<Set, TooComplex> {
        self.made(set.0.exists(&self.all_of(&sorted(words))?.0))
    }

    /// What of a set is left where the bits of a word have this value. The bits themselves are open in the answer.
    pub(super) fn given(&self, set: &Set, word: &Word, number: u128) -> Result<Set, TooComplex> {
        self.where_known(set, &self.exactly(word, number)?)
    }

    /// What of a set is left where single bits have the values that they have in `known`, which asks for nothing else.
    pub(super) fn where_known(&self, set: &Set, known: &Set) -> Result<Set, TooComplex> {
        self.made(set.0.restrict(&known.0))
    }

    /// Packets in which the bits of a word have the value `number`, as far as they are variables.
    pub(super) fn exactly(&self, word: &Word, number: u128) -> Result<Set, TooComplex> {
        let bits = Word::constant(number, u16::try_from(word.width()).unwrap_or(u16::MAX));
        let mut literals: Vec<(u32, Bit)> = Vec::with_capacity(word.width());
        for (bit, value) in word.0.iter().zip(&bits.0) {
            if let Bit::Variable(variable) = bit {
                literals.push((*variable, *value));
            }
        }
        literals.sort_unstable_by_key(|(variable, _)| *variable);
        literals.iter().rev().try_fold(self.all(), |below, (variable, value)| match value {
            Bit::One => self.choose(*variable, &below, &self.none()),
            _ => self.choose(*variable, &self.none(), &below),
        })
    }

    /// All variables but those of the words.
    fn outside_of(&self, words: &[Word]) -> Result<Set, TooComplex> {
        let kept = sorted(words);
        let others = (0..self.layout.count()).filter(|number| kept.binary_search(number).is_err());
        self.all_of(&others.collect::<Vec<_>>())
    }

    /// Packets in which all these variables, which are sorted, are 1.
    fn all_of(&self, variables: &[u32]) -> Result<Set, TooComplex> {
        variables.iter().rev().try_fold(self.all(), |sum, number| self.choose(*number, &sum, &self.none()))
    }
}

impl Word {
    /// The variable of its highest bit, where each bit is a variable that follows the one before.
    pub(super) fn span(&self) -> Option<u32> {
        let first = self.variables().next()?;
        let follows = (first..).zip(&self.0).all(|(number, bit)| *bit == Bit::Variable(number));
        follows.then_some(first)
    }
}

fn sorted(words: &[Word]) -> Vec<u32> {
    let mut numbers: Vec<u32> = words.iter().flat_map(Word::variables).collect();
    numbers.sort_unstable();
    numbers
}
