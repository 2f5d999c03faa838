//! Programs that run from a file that is gone, from memory alone, or from where anyone may put one.
//!
//! A program of which two of these are true is told once, under the graver one.

use std::sync::Arc;

use portreeve_model::{Executable, Finding, Process, Severity, Unit};

use super::scene::FileState;
use super::trusted_path::{file_name, is_temporary};
use super::{Scene, wording};

/// `process/deleted-executable`: the file has been unlinked since the program started.
pub(super) fn deleted(scene: &Scene<'_>) -> Vec<Finding> {
    let programs = programs(scene, |executable| executable.deleted && !executable.memfd);
    programs.iter().filter_map(|program| deleted_finding(scene, program)).collect()
}

fn deleted_finding(scene: &Scene<'_>, program: &Program<'_>) -> Option<Finding> {
    let first = *program.processes.first()?;
    let path = &program.executable.path;
    let dropped = is_temporary(path) || program.executable.world_writable_directory.is_some();
    let state = (scene.file_at)(first);
    let (severity, now) = match state {
        _ if dropped => (Severity::High, "the file lay in a directory that everyone may write to"),
        FileState::Present => (Severity::Low, "another file has that path now, as after an upgrade"),
        FileState::Absent => (Severity::Medium, "no file has that path now"),
        FileState::Unseen => (Severity::Medium, "whether a file has that path now could not be seen"),
    };
    let title = match severity {
        Severity::High => {
            format!("{} runs a file that was deleted from a temporary directory", program.label())
        }
        Severity::Low => format!(
            "{} still runs the version of {path} from before an upgrade: it was not restarted",
            program.label()
        ),
        _ => format!("{} runs a deleted file, usually an upgrade without a restart", program.label()),
    };
    let mut evidence = program.evidence(scene);
    evidence.push(now.to_owned());
    let restart = restart(first);
    let fix = if severity == Severity::Low {
        vec![restart]
    } else {
        vec![
            format!(
                "Find out where it came from; the code can still be read: cp /proc/{}/exe /root/evidence",
                first.id.pid
            ),
            format!("If an upgrade or a removal explains it: {}", lower_first(&restart)),
        ]
    };
    Some(Finding {
        id: "process/deleted-executable".to_owned(),
        severity,
        title,
        reason: "After an upgrade the old code, with the faults that were fixed, runs on until a restart. \
                 Intruders delete their programs so that nobody finds a file."
            .to_owned(),
        evidence,
        fix,
        reproduce: Some(format!("ls -l /proc/{}/exe", first.id.pid)),
        subjects: program.processes.iter().map(|process| wording::process_subject(process)).collect(),
    })
}

/// `process/memfd-executable`: the program never was in a file.
pub(super) fn memfd(scene: &Scene<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for program in programs(scene, |executable| executable.memfd) {
        let Some(first) = program.processes.first() else { continue };
        if program.processes.iter().all(|process| is_runtime_clone(process, program.executable)) {
            continue;
        }
        found.push(Finding {
            id: "process/memfd-executable".to_owned(),
            severity: Severity::High,
            title: format!("{} runs a program that was never a file on disk", program.label()),
            reason:
                "A program loaded through memfd_create(2) leaves nothing for a scanner to find. Container \
                     runtimes do it with a copy of themselves for a moment; few others have a cause."
                    .to_owned(),
            evidence: program.evidence(scene),
            fix: vec![
                format!(
                    "Keep the code as evidence before anything else: cp /proc/{}/exe /root/evidence",
                    first.id.pid
                ),
                "Find out what started it (the chain of parents above) and treat the machine as suspect \
                 until that is explained."
                    .to_owned(),
            ],
            reproduce: Some(format!("ls -l /proc/{}/exe", first.id.pid)),
            subjects: program.processes.iter().map(|process| wording::process_subject(process)).collect(),
        });
    }
    found
}

/// runc, crun and LXC run from a sealed copy of themselves, so that a container cannot overwrite the program
/// (CVE-2019-5736). The name alone proves nothing, since whoever makes a memfd chooses it: the process or an
/// ancestor must be of a runtime too.
fn is_runtime_clone(process: &Process, executable: &Executable) -> bool {
    const CLONES: &[&str] = &["runc_cloned:", "crun_cloned:", "liblxc"];
    const RUNTIMES: &[&str] = &[
        "runc",
        "crun",
        "containerd-shim",
        "conmon",
        "dockerd",
        "containerd",
        "podman",
        "lxc-",
        "lxd",
        "incusd",
    ];
    let of_runtime = |name: &str| RUNTIMES.iter().any(|runtime| name.starts_with(runtime));
    CLONES.iter().any(|clone| executable.path.contains(clone))
        && (of_runtime(&process.name) || process.parents.iter().any(|parent| of_runtime(&parent.name)))
}

/// `process/world-writable-executable`: anyone may put a program where this one is.
pub(super) fn world_writable(scene: &Scene<'_>) -> Vec<Finding> {
    let placed = |executable: &Executable| {
        executable.world_writable_directory.is_some() && !executable.deleted && !executable.memfd
    };
    let mut found = Vec::new();
    for program in programs(scene, placed) {
        let (Some(first), Some(directory)) =
            (program.processes.first(), &program.executable.world_writable_directory)
        else {
            continue;
        };
        // AppImages mount themselves at /tmp/.mount_NAME.
        let app_image = program.executable.path.starts_with("/tmp/.mount_");
        let mut evidence = program.evidence(scene);
        evidence.push(format!("everyone may write to {directory}"));
        if app_image {
            evidence.push("the path is one that an AppImage mounts itself at".to_owned());
        }
        found.push(Finding {
            id: "process/world-writable-executable".to_owned(),
            severity: if app_image { Severity::Medium } else { Severity::High },
            title: format!("{} runs from {directory}, where everyone may write", program.label()),
            reason: "Any user, and any service that was broken into, can place or replace programs there. It is \
                     also where intruders put theirs first."
                .to_owned(),
            evidence,
            fix: vec![
                "If the program belongs here: install it to a directory that only root may write to, and start \
                 it from there."
                    .to_owned(),
                format!("If nobody knows it: keep a copy (cp /proc/{}/exe /root/evidence) and find out what started it.", first.id.pid),
            ],
            reproduce: Some(format!("ls -l /proc/{}/exe; ls -ld {directory}", first.id.pid)),
            subjects: program.processes.iter().map(|process| wording::process_subject(process)).collect(),
        });
    }
    found
}

/// Processes that run one file for one owner.
struct Program<'a> {
    executable: &'a Executable,
    processes: Vec<&'a Process>,
}

impl Program<'_> {
    fn label(&self) -> String {
        match self.processes.as_slice() {
            [one] => wording::process(one),
            [first, ..] => {
                let pids: Vec<u32> = self.processes.iter().map(|process| process.id.pid).collect();
                format!("{} ({})", first.name, wording::pid_list(&pids))
            }
            [] => file_name(&self.executable.path).to_owned(),
        }
    }

    fn evidence(&self, scene: &Scene<'_>) -> Vec<String> {
        let mut lines =
            self.processes.first().map(|first| wording::process_evidence(scene, first)).unwrap_or_default();
        if let [_, others @ ..] = self.processes.as_slice()
            && !others.is_empty()
        {
            let pids: Vec<u32> = others.iter().map(|process| process.id.pid).collect();
            lines.push(format!("the same holds for {}", wording::pid_list(&pids)));
        }
        lines
    }
}

fn programs<'a>(scene: &Scene<'a>, wanted: impl Fn(&Executable) -> bool) -> Vec<Program<'a>> {
    type Key<'a> = (&'a str, Option<&'a Unit>, Option<&'a Arc<str>>);
    let mut programs: Vec<(Key<'a>, Program<'a>)> = Vec::new();
    let mut at = rustc_hash::FxHashMap::<Key<'a>, usize>::default();
    for process in &scene.snapshot.processes {
        let Some(executable) = process.executable.as_ref().filter(|executable| wanted(executable)) else {
            continue;
        };
        let key = (&*executable.path, process.unit.as_ref(), process.container.as_ref());
        let index = *at.entry(key).or_insert_with(|| {
            programs.push((key, Program { executable, processes: Vec::new() }));
            programs.len() - 1
        });
        if let Some((_, program)) = programs.get_mut(index) {
            program.processes.push(process);
        }
    }
    programs.into_iter().map(|(_, program)| program).collect()
}

fn restart(process: &Process) -> String {
    match &process.unit {
        _ if process.container.is_some() => "Restart its container.".to_owned(),
        Some(unit) if unit.name.ends_with(".service") && unit.user_instance.is_some() => {
            format!("Restart it: systemctl --user restart {}", unit.name)
        }
        Some(unit) if unit.name.ends_with(".service") => {
            format!("Restart it: systemctl restart {}", unit.name)
        }
        _ => format!("Restart {}.", process.name),
    }
}

fn lower_first(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + chars.as_str())
}
