//! Exit codes, by name. Nothing else in the program states one as a number.

use std::process::ExitCode;

/// What a run comes to, as a shell sees it.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The question was answered, and nothing looks wrong.
    Clean,
    /// Something looks wrong.
    Findings,
    /// The command line, the filter or another input is not valid.
    Usage,
    /// Something could not be seen, so the answer may lack parts.
    Incomplete,
    /// The target does not exist, is free, or cannot be reached.
    NotFound,
    /// The program or the system failed.
    Internal,
}

impl Exit {
    /// Every code, in the order of the numbers.
    pub const ALL: [Self; 6] =
        [Self::Clean, Self::Findings, Self::Usage, Self::Incomplete, Self::NotFound, Self::Internal];

    /// The number.
    pub fn number(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::NotFound => 4,
            Self::Internal => 5,
        }
    }

    /// The meaning in one sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Clean => "The question was answered, and nothing looks wrong.",
            Self::Findings => "There are findings worse than `info`.",
            Self::Usage => "The command line, the filter or another input is not valid.",
            Self::Incomplete => {
                "Something could not be seen (see `unseen`), and nothing wrong was found in the rest."
            }
            Self::NotFound => "The target does not exist, is free, or cannot be reached.",
            Self::Internal => "The program or the system failed.",
        }
    }

    /// The code of a look that may have `findings` and may be `incomplete`: what was found is told first.
    pub fn of_look(findings: bool, incomplete: bool) -> Self {
        match (findings, incomplete) {
            (true, _) => Self::Findings,
            (false, true) => Self::Incomplete,
            (false, false) => Self::Clean,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn numbers_are_the_places_in_the_contract() {
        for (place, exit) in Exit::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(exit.number()), place, "{exit:?}");
        }
    }

    #[test]
    fn incomplete_beats_clean_but_not_findings() {
        assert_eq!(Exit::of_look(true, true), Exit::Findings);
        assert_eq!(Exit::of_look(false, true), Exit::Incomplete);
        assert_eq!(Exit::of_look(false, false), Exit::Clean);
    }
}
