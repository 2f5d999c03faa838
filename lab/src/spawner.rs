//! One thread that starts every child process of this program.
//!
//! The kernel delivers a child's parent-death signal when the *thread* that made it ends, not the process
//! (prctl(2), `PR_SET_PDEATHSIG`). Test threads end long before their fixtures may, so no child is started from one.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

struct Job {
    command: Command,
    reply: Sender<io::Result<Child>>,
}

/// Starts `command` from the thread that lives as long as this process.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    static JOBS: OnceLock<Sender<Job>> = OnceLock::new();
    let jobs = JOBS.get_or_init(|| {
        let (jobs, queue) = channel();
        // When the thread cannot start, the queue is dropped and every send below reports it.
        drop(thread::Builder::new().name("lab-spawner".into()).spawn(move || serve(queue)));
        jobs
    });
    let gone = || io::Error::other("the thread that starts processes is gone");
    let (reply, answer) = channel();
    jobs.send(Job { command, reply }).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

fn serve(queue: Receiver<Job>) {
    for Job { mut command, reply } in queue {
        if let Err(unclaimed) = reply.send(command.spawn())
            && let Ok(mut child) = unclaimed.0
        {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
