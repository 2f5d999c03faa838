//! The peers of the TLS tests that no Debian package has: OpenSSL 1.1.1 with SSL 3.0 and weak suites, and a Python with `SSLyze` and
//! tlslite-ng.
//!
//! Both come from package registries, at exact versions, into a cache outside of the repository, whose folders are named by version: what
//! is there is what is wanted. Each is made in a temporary folder and renamed when it works, so that a run that was ended leaves nothing
//! half made. Refuses to put anything into the repository, or where another program would find it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use portreeve_lab::peers::{cache, openssl_directory, python_directory};

use crate::process::{self, cargo};

/// What OpenSSL 1.1.1 is compiled with: everything old that it still has.
const OPTIONS: &[&str] =
    &["no-shared", "no-tests", "enable-ssl3", "enable-ssl3-method", "enable-weak-ssl-ciphers"];

/// Makes what is missing; does nothing, without network, when all is there.
pub(crate) fn install_missing() -> Result<()> {
    if portreeve_lab::peers::openssl().is_ok() {
        println!("OpenSSL 1.1.1 is there");
    } else {
        make_in(&cache(), &openssl_directory(), compile_openssl).context("cannot make OpenSSL 1.1.1")?;
    }
    if portreeve_lab::peers::python().is_ok() {
        println!("Python with SSLyze and tlslite-ng is there");
    } else {
        make_in(&cache(), &python_directory(), install_python).context("cannot make a Python with SSLyze")?;
    }
    Ok(())
}

/// Lets `build` fill a new folder, and puts that where it belongs.
fn make_in(cache: &Path, wanted: &Path, build: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    fs::create_dir_all(cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let draft = cache.join(format!("making-{}", std::process::id()));
    fs::create_dir(&draft).with_context(|| format!("cannot make {}", draft.display()))?;
    let made = build(&draft).and_then(|()| match fs::rename(&draft, wanted) {
        // Another run may have been faster.
        Err(_) if wanted.is_dir() => Ok(()),
        other => other.with_context(|| format!("cannot make {}", wanted.display())),
    });
    if draft.is_dir() {
        fs::remove_dir_all(&draft).with_context(|| format!("cannot remove {}", draft.display()))?;
    }
    made
}

/// Cargo downloads the source and compares its checksum with the lock file; about two minutes on two cores.
fn compile_openssl(draft: &Path) -> Result<()> {
    let work = draft.join("work");
    fs::create_dir(&work)?;
    for file in ["Cargo.toml", "Cargo.lock", "empty.rs"] {
        let from = own("openssl").join(file);
        fs::copy(&from, work.join(file)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    process::run(cargo().current_dir(&work).args(["vendor", "--quiet", "--locked", "vendor"]))?;
    let source = work.join("vendor/openssl-src/openssl");
    let jobs = std::thread::available_parallelism().map_or(1, usize::from).to_string();
    let platform = match std::env::consts::ARCH {
        "x86_64" => "linux-x86_64",
        "aarch64" => "linux-aarch64",
        other => bail!("no build of OpenSSL 1.1.1 for {other} is known here"),
    };
    quietly(Command::new("./Configure").current_dir(&source).arg(platform).args(OPTIONS))?;
    // Its headers come first: without them those of the system's OpenSSL would be taken.
    for target in ["build_generated", "apps/openssl"] {
        quietly(Command::new("make").current_dir(&source).args(["--jobs", &jobs, target]))?;
    }
    let program = draft.join("openssl");
    fs::copy(source.join("apps/openssl"), &program)?;
    fs::remove_dir_all(&work)?;
    let version = process::read(Command::new(&program).arg("version").env("OPENSSL_CONF", "/dev/null"))?;
    ensure!(version.starts_with("OpenSSL 1.1.1w"), "what was compiled says that it is {version}");
    let mut suites = Command::new(&program);
    suites.args(["ciphers", "-s", "-ssl3", "RC4-SHA:@SECLEVEL=0"]).env("OPENSSL_CONF", "/dev/null");
    process::read(&mut suites).context("what was compiled has no SSL 3.0")?;
    Ok(())
}

/// An environment of the system's Python: modules are called with `-m`, so that it may be moved.
fn install_python(draft: &Path) -> Result<()> {
    process::run(Command::new("/usr/bin/python3").args(["-m", "venv"]).arg(draft))?;
    let python = draft.join("bin/python");
    let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--requirement"];
    process::run(Command::new(&python).args(pip).arg(own("python/requirements.txt")))?;
    process::read(Command::new(&python).args(["-m", "pip", "check"]))?;
    process::read(Command::new(&python).args(["-c", "import sslyze, tlslite"])).map(drop)
}

fn own(name: &str) -> PathBuf {
    crate::workspace_root().join("lab/peers").join(name)
}

/// Runs a program whose output matters only when it fails.
fn quietly(command: &mut Command) -> Result<()> {
    eprintln!("$ {command:?}");
    process::read(command).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_could_not_be_filled_is_not_there() {
        let place = tempfile::tempdir().expect("a folder");
        let wanted = place.path().join("wanted");
        let failed = make_in(place.path(), &wanted, |_| bail!("no"));
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(place.path()).expect("it is there").count(), 0);
        make_in(place.path(), &wanted, |draft| Ok(fs::write(draft.join("program"), "")?)).expect("made");
        assert!(wanted.join("program").is_file());
    }

    #[test]
    fn every_python_package_has_one_version() {
        let text = fs::read_to_string(own("python/requirements.txt")).expect("it is there");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(line.contains("=="), "{line}");
        }
        assert!(text.contains("sslyze==6.3.1") && text.contains("tlslite-ng==0.8.2"));
    }
}
