//! `--netns`: which network namespaces.

use std::convert::Infallible;
use std::str::FromStr;

use crate::engine::Scope;

impl FromStr for Scope {
    type Err = Infallible;

    /// `own`, `all`, a pid, or else a name.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "own" => Self::Own,
            "all" => Self::All,
            _ => text.parse().map_or_else(|_| Self::Named(text.to_owned()), Self::OfProcess),
        })
    }
}
