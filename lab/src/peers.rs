//! Where the peers are that no Debian package has: OpenSSL 1.1.1 and a Python with `SSLyze` and tlslite-ng.
//!
//! `cargo xtask test --only peers` puts them there, outside of the repository. This module only knows the places, and refuses to go on
//! without them.

use crate::error::{Error, Result};
use std::env;
use std::path::{Path, PathBuf};

/// Folder of the cache; the usual one of the user if it is not set.
pub const VARIABLE: &str = "PORTREEVE_TEST_CACHE";

/// The exact things that are wanted: an older cache has other names, and is not mistaken for these.
const OPENSSL: &str = "openssl-1.1.1w-1";
const PYTHON: &str = "python-sslyze-6.3.1-tlslite-0.8.2-2";

/// The folder that keeps what is compiled or downloaded for tests.
pub fn cache() -> PathBuf {
    let set = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set(VARIABLE)
        .or_else(|| set("XDG_CACHE_HOME").map(|home| home.join("portreeve-tests")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/portreeve-tests")))
        .unwrap_or_else(|| PathBuf::from("/var/cache/portreeve-tests"))
}

/// The folder of OpenSSL 1.1.1, whether it is there or not.
pub fn openssl_directory() -> PathBuf {
    cache().join(OPENSSL)
}

/// The folder of the Python environment, whether it is there or not.
pub fn python_directory() -> PathBuf {
    cache().join(PYTHON)
}

/// The `openssl` program of version 1.1.1, with SSL 3.0 and weak suites.
pub fn openssl() -> Result<PathBuf> {
    present(openssl_directory().join("openssl"))
}

/// A Python that has `sslyze` and `tlslite`.
pub fn python() -> Result<PathBuf> {
    present(python_directory().join("bin/python"))
}

fn present(path: PathBuf) -> Result<PathBuf> {
    if Path::new(&path).is_file() { Ok(path) } else { Err(Error::MissingPeer { path }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_peer_names_the_command_that_makes_it() {
        let error = present("/no/such/openssl".into()).expect_err("it does not exist");
        assert!(error.to_string().contains("cargo xtask test --only peers"), "{error}");
    }
}
