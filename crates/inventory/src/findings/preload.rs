//! `process/ld-preload`, `process/ld-so-preload`: libraries forced into one program, or into all.

use portreeve_model::{Finding, Process, Severity};

use super::trusted_path::{file_name, is_hidden, is_system, is_temporary};
use super::{Scene, wording};

/// Libraries that are preloaded on purpose, by the beginning of their file name: allocators, sanitizers and
/// profilers, wrappers of tests and package builds, monitoring agents.
const KNOWN: &[&str] = &[
    "libjemalloc",
    "libtcmalloc",
    "libmimalloc",
    "libhoard",
    "librpmalloc",
    "libsnmalloc", // allocators
    "libasan",
    "libtsan",
    "libubsan",
    "liblsan",
    "libheaptrack",
    "libmemusage",
    "libSegFault", // diagnosis
    "libeatmydata",
    "libfakeroot",
    "libfaketime",
    "libfakechroot",
    "libnss_wrapper",
    "libuid_wrapper",
    "libsocket_wrapper",
    "libstdbuf",
    "libgtk3-nocsd",
    "libproxychains",
    "libtorsocks",
    "libkeepalive",
    "liboneagentproc",
    "libsnoopy",
    "libdislocator",
    "libgcompat",
    "libpulsedsp",
    "libv4l1compat",
    "libnvidia",
];

/// Looks at `LD_PRELOAD` (man 8 ld.so) of every process.
pub(super) fn ld_preload(scene: &Scene<'_>) -> Vec<Finding> {
    scene.snapshot.processes.iter().filter_map(|process| finding(scene, process)).collect()
}

fn finding(scene: &Scene<'_>, process: &Process) -> Option<Finding> {
    let value = process.ld_preload.as_deref()?;
    let libraries: Vec<&str> =
        value.split([' ', ':', '\t', '\n']).filter(|library| !library.is_empty()).collect();
    let severity = libraries.iter().map(|library| judge(library)).max()?;
    let libraries = libraries.join(", ");
    let mut evidence = wording::process_evidence(scene, process);
    evidence.push(format!("LD_PRELOAD={value}"));
    let pid = process.id.pid;
    let fix = if severity == Severity::Info {
        vec!["Nothing, if the library was preloaded on purpose.".to_owned()]
    } else {
        vec![
            format!(
                "See which package the library is of (dpkg -S or rpm -qf) and who set the variable: {}",
                setter(process)
            ),
            "If nobody knows it: keep a copy of the library, then restart the program without the variable."
                .to_owned(),
        ]
    };
    Some(Finding {
        id: "process/ld-preload".to_owned(),
        severity,
        title: format!("{} has {libraries} forced into it by LD_PRELOAD", wording::process(process)),
        reason:
            "A preloaded library can replace any function of the program: it can hide files and connections \
                 or read passwords."
                .to_owned(),
        evidence,
        fix,
        reproduce: Some(format!("tr '\\0' '\\n' < /proc/{pid}/environ | grep '^LD_PRELOAD='")),
        subjects: vec![wording::process_subject(process)],
    })
}

/// Looks at `/etc/ld.so.preload`, which works on every program at once.
pub(super) fn ld_so_preload(scene: &Scene<'_>) -> Vec<Finding> {
    let libraries = &scene.snapshot.host.preloaded;
    let Some(severity) = libraries.iter().map(|library| judge(library)).max() else { return Vec::new() };
    // Few have a reason to touch every program; many rootkits do nothing else.
    let severity = if severity == Severity::Info { Severity::Info } else { Severity::High };
    let fix = if severity == Severity::Info {
        vec!["Nothing, if the library was put there on purpose.".to_owned()]
    } else {
        vec![
            "See which package the library is of: dpkg -S or rpm -qf. If it is of none, treat the machine as \
             compromised."
                .to_owned(),
            "Do not trust the output of dynamically linked programs (ls, ps, ss, lsof) until then.".to_owned(),
        ]
    };
    let are = if libraries.len() == 1 { "is" } else { "are" };
    let names = libraries.join(", ");
    vec![Finding {
        id: "process/ld-so-preload".to_owned(),
        severity,
        title: format!("{names} {are} forced into every program by /etc/ld.so.preload"),
        reason:
            "A library in that file is loaded into every dynamically linked program, root's included: it can \
                 hide files, processes and connections from all of them."
                .to_owned(),
        evidence: vec![format!("/etc/ld.so.preload lists {names}")],
        fix,
        reproduce: Some("cat /etc/ld.so.preload".to_owned()),
        subjects: Vec::new(),
    }]
}

fn judge(library: &str) -> Severity {
    // A bare name is looked up in the system's library path, `$LIB` and `$PLATFORM` stand for directories in it.
    let installed = !library.contains('/') || is_system(library) || library.starts_with("/$LIB/");
    if is_temporary(library) || is_hidden(library) {
        Severity::High
    } else if installed && KNOWN.iter().any(|known| file_name(library).starts_with(known)) {
        Severity::Info
    } else {
        Severity::Medium
    }
}

fn setter(process: &Process) -> String {
    match &process.unit {
        Some(unit) if unit.name.ends_with(".service") => format!("systemctl cat {}", unit.name),
        _ => "the script or container configuration that starts it".to_owned(),
    }
}
