//! A parallel walk over processes.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Threads beyond this wait for the kernel's locks rather than for the processor.
const MOST_THREADS: usize = 8;

/// Fewer processes than this are not worth a second thread.
const PROCESSES_PER_THREAD: usize = 32;

/// Calls `visit` once for each pid, on as many threads as pay, and returns each thread's state.
///
/// Each thread has a state of its own, so that visiting needs no lock.
pub fn walk<S: Send>(
    pids: &[u32],
    state: impl Fn() -> S + Sync,
    visit: impl Fn(&mut S, u32) + Sync,
) -> Vec<S> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut own = state();
        while let Some(pid) = pids.get(next.fetch_add(1, Ordering::Relaxed)) {
            visit(&mut own, *pid);
        }
        own
    };
    let threads = thread_count(pids.len());
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .filter_map(|_| thread::Builder::new().name("proc".into()).spawn_scoped(scope, work).ok())
            .collect();
        let mut states = vec![work()];
        for other in others {
            match other.join() {
                Ok(state) => states.push(state),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        states
    })
}

fn thread_count(processes: usize) -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    processors.min(MOST_THREADS).min(processes.div_ceil(PROCESSES_PER_THREAD)).max(1)
}

#[cfg(test)]
mod tests {
    use super::walk;

    #[test]
    fn every_pid_is_visited_exactly_once() {
        let pids: Vec<u32> = (0..10_000).collect();
        let mut seen = walk(&pids, Vec::new, Vec::push).concat();
        seen.sort_unstable();
        assert_eq!(seen, pids);
        assert_eq!(walk(&[], || 1, |_, _| ()), vec![1]);
    }
}
