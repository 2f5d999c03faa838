//! The programs that a lab runs, where they are, and which Debian package has each.

use crate::error::{Error, Result};
use rustix::process::geteuid;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Program and Debian package of everything that every lab needs.
const REQUIRED: &[(&str, &str)] = &[
    ("ip", "iproute2"),
    ("nsenter", "util-linux"),
    ("unshare", "util-linux"),
    ("setpriv", "util-linux"),
    ("mount", "mount"),
    ("sh", "dash"),
    ("find", "findutils"),
    ("readlink", "coreutils"),
];

/// Directories that an unprivileged or `su`-made PATH may lack.
const SYSTEM_DIRECTORIES: &[&str] = &["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Fails unless this process is root and every required program exists.
pub(crate) fn check() -> Result<()> {
    let uid = geteuid();
    if !uid.is_root() {
        return Err(Error::NotRoot { uid: uid.as_raw() });
    }
    REQUIRED.iter().try_for_each(|(program, package)| require(program, package))
}

/// Fails unless `program` is on PATH; the error names `package`.
pub(crate) fn require(program: &str, package: &str) -> Result<()> {
    match find(OsStr::new(program)) {
        Some(_) => Ok(()),
        None => Err(Error::MissingProgram { program: program.into(), package: package.into() }),
    }
}

/// Where `program` is: itself when it has a slash, else its first place on [`search_path`].
pub(crate) fn find(program: &OsStr) -> Option<PathBuf> {
    if Path::new(program).components().count() > 1 {
        return Path::new(program).is_file().then(|| PathBuf::from(program));
    }
    env::split_paths(&search_path()).map(|directory| directory.join(program)).find(|path| path.is_file())
}

/// This process's PATH, with the system directories appended where absent.
pub(crate) fn search_path() -> OsString {
    let mut directories: Vec<PathBuf> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
    for directory in SYSTEM_DIRECTORIES.iter().map(PathBuf::from) {
        if !directories.contains(&directory) {
            directories.push(directory);
        }
    }
    // A directory with a colon in its name cannot have come from PATH, so that joining cannot fail.
    env::join_paths(directories).unwrap_or_else(|_| SYSTEM_DIRECTORIES.join(":").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_program_by_name_and_by_path() {
        let sh = find(OsStr::new("sh")).expect("every system has sh");
        assert_eq!(find(sh.as_os_str()), Some(sh));
        assert_eq!(find(OsStr::new("no-such-program-here")), None);
    }

    #[test]
    fn a_missing_program_names_its_package() {
        let error = require("no-such-program-here", "its-package").expect_err("it does not exist");
        assert!(error.to_string().contains("apt-get install its-package"), "{error}");
    }
}
