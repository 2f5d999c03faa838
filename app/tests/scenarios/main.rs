//! The scenarios below `lab/scenarios`, run against the program as it was built: one test for each file.
//!
//! They need root, and the programs that they start: `cargo xtask test` installs and builds these.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use portreeve_lab::scenario::{Programs, Scenario, all};

/// Folders, and the scenarios in them: a test `who::time_wait` runs `who/time-wait.toml`.
macro_rules! scenarios {
    ($($folder:ident: $($name:ident)+;)+) => {
        $(mod $folder {
            $(#[test]
            fn $name() {
                super::run(stringify!($folder), stringify!($name));
            })+
        })+

        /// Folder and name of every scenario that has a test.
        const LISTED: &[(&str, &str)] = &[$($((stringify!($folder), stringify!($name)),)+)+];
    };
}

scenarios! {
    who:
        agreement bound_only connections free held hidden_process hidepid in_flight kernel_socket no_permission
        orphans other_namespace pid_namespace reserved reuse_port socket_activation spellings time_wait
        views_disagree workers;
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab/scenarios")
}

fn file(folder: &str, name: &str) -> PathBuf {
    directory().join(folder).join(name.replace('_', "-")).with_extension("toml")
}

fn run(folder: &str, name: &str) {
    let programs = Programs { portreeve: PathBuf::from(env!("CARGO_BIN_EXE_portreeve")) };
    let scenario = Scenario::load(file(folder, name)).unwrap_or_else(|error| panic!("{error}"));
    scenario.run(&programs).unwrap_or_else(|error| panic!("{error}"));
}

/// The lab's own self-tests run with the lab; those that ask `portreeve why` are all run by `app/tests/why`, and
/// servers of TLS by `app/tests/tls`.
#[test]
fn every_scenario_file_has_a_test() {
    let elsewhere = ["selftest", "tls", "why"].map(|folder| directory().join(folder));
    let present: BTreeSet<PathBuf> = all(directory())
        .unwrap_or_else(|error| panic!("{error}"))
        .into_iter()
        .filter(|path| !elsewhere.iter().any(|folder| path.starts_with(folder)))
        .collect();
    let listed: BTreeSet<PathBuf> = LISTED.iter().map(|(folder, name)| file(folder, name)).collect();
    let untested: Vec<_> = present.difference(&listed).collect();
    assert!(untested.is_empty(), "add these to the list in this file: {untested:?}");
}
