//! A program that an unprivileged user can execute, wherever the build put it.
//!
//! A checkout below `/root` cannot be entered by `nobody`. Such a program is copied, under its own name, into
//! the scratch directory. `cp` does it: were this process to write the copy, a child started at the same
//! moment by another thread could inherit the open file, and executing it would fail with `ETXTBSY`.

use crate::error::{Error, Result};
use std::collections::HashMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

pub(crate) struct Copies {
    scratch: PathBuf,
    made: Mutex<HashMap<PathBuf, PathBuf>>,
}

impl Copies {
    pub(crate) fn new(scratch: PathBuf) -> Self {
        Self { scratch, made: Mutex::default() }
    }

    /// `program` itself when everyone can execute it, else a copy that everyone can.
    pub(crate) fn executable_by_all(&self, program: &Path) -> Result<PathBuf> {
        let doing = || Error::io(format!("make {} executable by everyone", program.display()));
        let program = fs::canonicalize(program).map_err(doing())?;
        if is_open_to_all(&program) {
            return Ok(program);
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(copy) = made.get(&program) {
            return Ok(copy.clone());
        }
        let copy = self.copy(&program, made.len()).map_err(doing())?;
        made.insert(program, copy.clone());
        Ok(copy)
    }

    fn copy(&self, program: &Path, number: usize) -> io::Result<PathBuf> {
        let directory = self.scratch.join(format!("program-{number}"));
        fs::create_dir(&directory)?;
        fs::set_permissions(&directory, Permissions::from_mode(0o755))?;
        let copy = directory.join(program.file_name().unwrap_or(program.as_os_str()));
        let output = Command::new("cp").arg("--").arg(program).arg(&copy).output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        fs::set_permissions(&copy, Permissions::from_mode(0o755))?;
        Ok(copy)
    }
}

/// Everyone may search every directory on the way and execute the file. Groups and ACLs are not looked at:
/// judging too strictly costs one copy.
fn is_open_to_all(program: &Path) -> bool {
    let executable =
        |path: &Path| fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0);
    program.ancestors().all(executable)
}
