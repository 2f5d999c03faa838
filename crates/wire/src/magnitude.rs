//! Whole numbers as protocols carry them: bytes, the most significant first.

/// The number without zeros before it; nothing of zero.
pub fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Bits of the number without zeros before it.
pub fn bits(number: &[u8]) -> usize {
    let number = trimmed(number);
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::{bits, trimmed};

    #[test]
    fn zeros_before_a_number_are_not_part_of_it() {
        assert_eq!((trimmed(&[0, 0, 1, 0]), bits(&[0, 0, 1, 0])), (&[1, 0][..], 9));
        assert_eq!((trimmed(&[0xff]), bits(&[0xff])), (&[0xff][..], 8));
        assert_eq!((trimmed(&[0, 0]), bits(&[0, 0]), bits(&[])), (&[][..], 0, 0));
    }
}
