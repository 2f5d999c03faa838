//! One process that holds the port.

use std::fmt;
use std::time::Duration;

use portreeve_model::listener::Forward;
use portreeve_model::{Container, Process};

use super::Software;

/// A process that holds a listener on the port.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Name, command line, executable, user, unit, cgroup.
    pub process: Process,
    /// What its main thread does; none where that could not be read.
    pub state: Option<RunState>,
    /// What each of its threads does, the main thread's first.
    pub threads: Vec<ThreadState>,
    /// How long ago it was started, when it was looked at.
    pub age: Option<Duration>,
    /// Its cgroup is frozen, as `docker pause` does it.
    pub frozen: bool,
    /// The software that it is, where it is known.
    pub software: Option<&'static Software>,
    /// The container it runs in.
    pub container: Option<Container>,
    /// Where it sends what it takes, if it is a forwarder such as docker-proxy.
    pub forwards_to: Option<Forward>,
}

impl Holder {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id.pid
    }

    /// Its parent's process id.
    pub fn parent(&self) -> Option<u32> {
        self.process.parents.first().map(|parent| parent.pid)
    }

    /// `nginx (pid 812)`.
    pub fn label(&self) -> String {
        format!("{} (pid {})", self.process.name, self.pid())
    }

    /// Whether no thread of it can run until somebody lets it: every one is stopped or traced.
    pub fn is_halted(&self) -> bool {
        let halted = |state: RunState| matches!(state, RunState::Stopped | RunState::Traced);
        match self.threads.as_slice() {
            [] => self.state.is_some_and(halted),
            threads => threads.iter().all(|thread| halted(thread.state)),
        }
    }
}

/// One thread of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadState {
    /// Thread id.
    pub tid: u32,
    /// What it does.
    pub state: RunState,
}

/// What a thread does: the letter of `/proc/PID/stat` (man 5 `proc_pid_stat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// `R`: it runs, or waits for a processor.
    Running,
    /// `S`: it waits for something.
    Sleeping,
    /// `D`: it waits for something and no signal can end that: mostly a disk or a file server.
    Uninterruptible,
    /// `T`: stopped by a signal, or by the terminal.
    Stopped,
    /// `t`: stopped by a debugger.
    Traced,
    /// `Z`: it has ended, and its parent has not taken note.
    Zombie,
    /// Another letter.
    Other(char),
}

impl RunState {
    /// The state of a letter.
    pub fn of_letter(letter: char) -> Self {
        match letter {
            'R' => Self::Running,
            'S' | 'I' => Self::Sleeping,
            'D' => Self::Uninterruptible,
            'T' => Self::Stopped,
            't' => Self::Traced,
            'Z' => Self::Zombie,
            other => Self::Other(other),
        }
    }

    /// The letter.
    pub fn letter(self) -> char {
        match self {
            Self::Running => 'R',
            Self::Sleeping => 'S',
            Self::Uninterruptible => 'D',
            Self::Stopped => 'T',
            Self::Traced => 't',
            Self::Zombie => 'Z',
            Self::Other(letter) => letter,
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_char(f, self.letter())
    }
}
