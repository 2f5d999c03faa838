//! Patterns of names, as a shell has them.

/// Whether a component of a path is a pattern.
pub(super) fn is_pattern(component: &str) -> bool {
    component.contains(['*', '?', '['])
}

/// What stands for a part of a name.
enum Piece<'a> {
    /// `*`: any letters.
    Star,
    /// `?`: any letter.
    Any,
    /// `[a-z]`, `[!a]`: one of some letters, or none of them.
    Set(&'a [char]),
    /// Itself.
    Letter(char),
}

impl Piece<'_> {
    fn takes(&self, letter: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => true,
            Self::Set(set) => in_set(set, letter),
            Self::Letter(one) => *one == letter,
        }
    }
}

/// Whether a name is one that a pattern with `*`, `?` and `[...]` stands for.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let pieces = pieces(&pattern);
    let (mut piece, mut letter) = (0, 0);
    // Behind the last star, and the letters that it has taken: no star before it has to be tried again.
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pieces.get(piece), name.get(letter)) {
            (None, None) => return true,
            (Some(Piece::Star), _) => {
                piece += 1;
                star = Some((piece, letter));
            }
            (Some(one), Some(wanted)) if one.takes(*wanted) => {
                piece += 1;
                letter += 1;
            }
            (_, None) => return false,
            _ => {
                let Some((behind, taken)) = star else { return false };
                star = Some((behind, taken + 1));
                (piece, letter) = (behind, taken + 1);
            }
        }
    }
}

fn pieces(mut pattern: &[char]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let [first, rest @ ..] = pattern {
        let close = rest.iter().position(|letter| *letter == ']').filter(|_| *first == '[');
        let (piece, after) = match (first, close.and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?))))
        {
            (_, Some((set, after))) => (Piece::Set(set), after),
            ('*', None) => (Piece::Star, rest),
            ('?', None) => (Piece::Any, rest),
            (letter, None) => (Piece::Letter(*letter), rest),
        };
        pieces.push(piece);
        pattern = after;
    }
    pieces
}

fn in_set(set: &[char], character: char) -> bool {
    let (negated, set) = match set {
        ['!' | '^', rest @ ..] => (true, rest),
        set => (false, set),
    };
    let mut found = false;
    let mut rest = set;
    loop {
        rest = match rest {
            [] => break,
            [low, '-', high, after @ ..] => {
                found |= (*low..=*high).contains(&character);
                after
            }
            [one, after @ ..] => {
                found |= *one == character;
                after
            }
        };
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_name_fits_or_not() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*.conf", "a.conf", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[0-9]*.conf", "1x.conf", true),
            ("[!a]b", "ab", false),
            ("*.conf", "a.conf~", false),
            ("php*-fpm.log", "php8.2-fpm.log", true),
            ("*.*.conf", "a.b.c.conf", true),
            ("a[", "a[", true),
            (&"*a".repeat(100), &"a".repeat(255), true),
            (&"*a*".repeat(100), &"b".repeat(255), false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
