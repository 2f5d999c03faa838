//! What is known of each process that holds a socket.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use portreeve_linux::Errno;
use portreeve_linux::proc::{Proc, ProcessDirectory, walk};
use portreeve_linux::system::System;
use portreeve_model::process::Ancestor;
use portreeve_model::{Executable, NamespaceId, Process, ProcessId, Unseen, UnseenReason, UnseenSubject};
use portreeve_wire::proc::{FdTarget, Stat, Status, arguments, cgroups, environment_value};
use rustc_hash::FxHashMap;

use super::request::Owners;
use super::users::Users;
use crate::{containers, units};

/// Processes, and what was needed on the way to their containers.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// In order of pid.
    pub(super) processes: Vec<Process>,
    /// The container that a process's cgroups name.
    pub(super) containers: FxHashMap<u32, containers::ContainerRef>,
    /// Processes whose details could not be read.
    closed: Vec<(u32, Errno)>,
}

/// What all processes are described with.
pub(super) struct Describer<'a> {
    pub(super) proc: &'a Proc,
    pub(super) system: &'a System,
    pub(super) users: &'a Users,
    pub(super) namespaces: FxHashMap<u32, u64>,
    pub(super) owners: Owners,
}

impl Describer<'_> {
    /// Describes `pids`; a process that is gone by now is described by what remains: its pid.
    pub(super) fn describe(&self, pids: &[u32]) -> Described {
        let parts = walk(pids, State::default, |state, pid| self.visit(state, pid));
        let mut all = Described::default();
        for state in parts {
            all.add(state.described);
        }
        all
    }

    fn visit(&self, state: &mut State, pid: u32) {
        let mut process = Process::new(ProcessId { pid, start_ticks: 0 }, "?");
        process.namespace = self.namespaces.get(&pid).map(|id| NamespaceId(*id));
        if let Ok(directory) = self.proc.process(pid)
            && directory.read(c"stat", &mut state.buffer).is_ok()
            && let Ok(stat) = Stat::parse(&state.buffer)
        {
            process.name = Arc::from(String::from_utf8_lossy(stat.comm));
            process.id.start_ticks = stat.start_time;
            process.kernel_thread = stat.is_kernel_thread();
            let parent = stat.parent;
            if self.owners == Owners::Full {
                self.detail(&mut process, &directory, parent, state);
            }
        }
        state.described.processes.push(process);
    }

    fn detail(&self, process: &mut Process, directory: &ProcessDirectory, parent: u32, state: &mut State) {
        let pid = process.id.pid;
        process.started_at =
            self.system.time_of_ticks(process.id.start_ticks).and_then(|time| Timestamp::try_from(time).ok());
        let mut namespace_pids = vec![pid];
        if directory.read(c"status", &mut state.buffer).is_ok()
            && let Ok(status) = Status::parse(&state.buffer)
        {
            process.uid = status.uid.map(|uid| uid.effective);
            process.user = process.uid.and_then(|uid| self.users.name(uid));
            namespace_pids.extend(status.namespace_pids.clone());
        }
        if directory.read(c"cmdline", &mut state.buffer).is_ok() {
            process.command_line =
                arguments(&state.buffer).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        }
        if directory.read(c"cgroup", &mut state.buffer).is_ok() {
            place(process, state);
        }
        process.parents = self.ancestors(parent, &mut state.stats);
        if process.kernel_thread {
            return;
        }
        match directory.link(c"exe") {
            Ok(link) => process.executable = executable(pid, &link),
            Err(Errno::NOENT | Errno::SRCH) => {}
            Err(errno) => state.described.closed.push((pid, errno)),
        }
        if directory.read(c"environ", &mut state.buffer).is_ok() {
            process.ld_preload = environment_value(&state.buffer, "LD_PRELOAD")
                .filter(|value| !value.is_empty())
                .map(|value| String::from_utf8_lossy(value).into_owned());
            process.activation = units::activation_from_environ(&namespace_pids, &state.buffer);
        }
    }

    fn ancestors(&self, mut parent: u32, known: &mut FxHashMap<u32, (Arc<str>, u32)>) -> Vec<Ancestor> {
        let mut chain: Vec<Ancestor> = Vec::new();
        let mut buffer = Vec::new();
        // A pid that comes up twice was reused while the chain was read.
        while parent != 0 && chain.iter().all(|ancestor| ancestor.pid != parent) {
            let (name, next) = known
                .entry(parent)
                .or_insert_with(|| {
                    let read =
                        self.proc.process(parent).and_then(|process| process.read(c"stat", &mut buffer));
                    match read.ok().and_then(|()| Stat::parse(&buffer).ok()) {
                        Some(stat) => (Arc::from(String::from_utf8_lossy(stat.comm)), stat.parent),
                        None => (Arc::from("?"), 0),
                    }
                })
                .clone();
            chain.push(Ancestor { pid: parent, name });
            parent = next;
        }
        chain
    }
}

/// The cgroup shown is the one in the v2 hierarchy or systemd's, whichever says more: on a hybrid host the
/// v2 path may be the bare root.
fn place(process: &mut Process, state: &mut State) {
    let lines: Vec<_> = cgroups(&state.buffer).flatten().collect();
    let paths: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line.path)).collect();
    let preferred = lines
        .iter()
        .zip(&paths)
        .filter(|(line, _)| line.is_unified() || line.is_systemd())
        .map(|(_, path)| path)
        .max_by_key(|path| path.len());
    let path = preferred.filter(|path| path.len() > 1).or_else(|| paths.iter().max_by_key(|path| path.len()));
    process.unit = preferred.and_then(|path| units::unit_of(path));
    process.cgroup = path.map(|path| Arc::from(&**path));
    let monitored = || containers::monitored_container(&process.command_line);
    if let Some(container) = containers::identify(paths.iter().map(|path| &**path)).or_else(monitored) {
        process.container = Some(Arc::clone(&container.id));
        state.described.containers.insert(process.id.pid, container);
    }
}

impl Described {
    /// Takes in more processes.
    pub(super) fn add(&mut self, more: Self) {
        self.processes.extend(more.processes);
        self.processes.sort_by_key(|process| process.id.pid);
        self.containers.extend(more.containers);
        self.closed.extend(more.closed);
    }

    /// What could not be read of the processes.
    pub(super) fn unseen(&self) -> Option<Unseen> {
        let (pid, errno) = self.closed.first()?;
        Some(Unseen {
            subject: UnseenSubject::ProcessDetails,
            reason: UnseenReason::Permission,
            count: u32::try_from(self.closed.len()).unwrap_or(u32::MAX),
            detail: format!(
                "executables of {} processes could not be read (pid {pid}: {errno}), so the signs of a process are not judged there",
                self.closed.len()
            ),
            remedy: Some("run it as root (CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH)".into()),
        })
    }
}

/// What one thread keeps while it describes.
#[derive(Default)]
struct State {
    described: Described,
    buffer: Vec<u8>,
    stats: FxHashMap<u32, (Arc<str>, u32)>,
}

fn executable(pid: u32, link: &[u8]) -> Option<Executable> {
    match FdTarget::parse(link) {
        FdTarget::Memfd(name) => Some(Executable {
            path: format!("memfd:{}", String::from_utf8_lossy(name)),
            deleted: false,
            memfd: true,
            world_writable_directory: None,
        }),
        FdTarget::Path { path, deleted } => {
            let path = String::from_utf8_lossy(path).into_owned();
            let world_writable_directory = world_writable_directory(pid, Path::new(&path));
            Some(Executable { path, deleted, memfd: false, world_writable_directory })
        }
        _ => None,
    }
}

/// The first directory on the way to `path` in which everyone may make files, seen from the process's own root.
/// The sticky bit keeps others from replacing the file, not from having put it there.
fn world_writable_directory(pid: u32, path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mut path_here = PathBuf::from(format!("/proc/{pid}/root"));
    let mut path_there = PathBuf::from("/");
    for component in path.parent()?.components() {
        if let Component::Normal(name) = component {
            path_here.push(name);
            path_there.push(name);
            let mode = std::fs::symlink_metadata(&path_here).ok()?.permissions().mode();
            if mode & 0o002 != 0 && mode & 0o170_000 == 0o040_000 {
                return Some(path_there.to_string_lossy().into_owned());
            }
        }
    }
    None
}
