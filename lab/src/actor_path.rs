//! Where the `portreeve-actor` binary is, seen from a running test.

use crate::error::{Error, Result};
use std::env;
use std::path::PathBuf;

/// The `portreeve-actor` built in the same profile as the running test.
///
/// Cargo puts test binaries in `target/<profile>/deps` and ordinary ones in `target/<profile>`, so that the
/// search walks up from the running executable. Building the tests of another package does not build the
/// actor; the error says what does.
pub fn actor_path() -> Result<PathBuf> {
    let running = env::current_exe().map_err(Error::io("find the running executable"))?;
    let mut searched = PathBuf::new();
    for directory in running.ancestors().skip(1).take(3) {
        let candidate = directory.join("portreeve-actor");
        if candidate.is_file() {
            return Ok(candidate);
        }
        // The directory above `deps` is where Cargo would have put it.
        if searched.as_os_str().is_empty() || directory.join("deps").is_dir() {
            searched = candidate;
        }
    }
    Err(Error::NoActor { searched })
}
