//! Many hosts, so many at once. Each is told as soon as it is done, and forgotten.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use portreeve_model::tls::Audit;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::host::{Audits, failed};
use super::hosts::{Hosts, OneHost};
use super::journal::Journal;
use crate::engine::{TlsListener, TlsProgress, Told};
use crate::error::CommandError;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Hosts of which everything was told.
    pub(super) done: u64,
    /// Somebody ended it.
    pub(super) interrupted: bool,
}

/// The line of progress moves this often.
const TICK: Duration = Duration::from_millis(200);

pub(super) async fn run(
    hosts: &Hosts<'_>,
    journal: Option<Journal>,
    auditor: impl Audits,
    parallel: usize,
    listener: &mut dyn TlsListener,
) -> Result<Ended, CommandError> {
    let mut run = Run {
        hosts,
        journal,
        listener,
        known: HashSet::new(),
        running: BTreeMap::new(),
        began: Instant::now(),
        done: 0,
    };
    run.tell_what_is_known()?;
    let interrupted = run.the_rest(auditor, parallel).await?;
    Ok(Ended { done: run.done, interrupted })
}

struct Run<'a, 'l> {
    hosts: &'a Hosts<'a>,
    journal: Option<Journal>,
    listener: &'l mut dyn TlsListener,
    /// The numbers of those that the journal has.
    known: HashSet<u64>,
    /// What is being audited, by its number.
    running: BTreeMap<u64, String>,
    began: Instant,
    done: u64,
}

impl Run<'_, '_> {
    /// What an earlier run found out is told again, so that a result does not depend on where it was interrupted.
    fn tell_what_is_known(&mut self) -> Result<(), CommandError> {
        let Some(mut journal) = self.journal.take() else { return Ok(()) };
        let by_key = if journal.is_new() { BTreeMap::new() } else { self.hosts.by_key() };
        journal.read(|entry| {
            match by_key.get(&entry.host) {
                Some(host) if self.known.insert(host.place) => self.tell(host, entry.audits),
                // One that is not asked for this time, or that stands there twice.
                _ => Ok(()),
            }
        })?;
        self.done = self.known.len() as u64;
        self.journal = Some(journal);
        Ok(())
    }

    /// Audits the others. Says whether somebody ended it before its end.
    async fn the_rest(&mut self, auditor: impl Audits, parallel: usize) -> Result<bool, CommandError> {
        let mut stop = Stop::new()?;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut waiting = self.hosts.iter();
        let mut tasks: JoinSet<(OneHost, Vec<Audit>)> = JoinSet::new();
        loop {
            while tasks.len() < parallel.max(1) {
                let Some(host) = waiting.by_ref().find(|host| !self.known.contains(&host.place)) else {
                    break;
                };
                self.running.insert(host.place, host.key());
                tasks.spawn(guarded(auditor.clone(), host));
            }
            tokio::select! {
                biased;
                () = stop.asked() => return Ok(true),
                ended = tasks.join_next() => match ended {
                    None => return Ok(false),
                    Some(Ok((host, audits))) => self.finish(&host, audits)?,
                    // Nothing in it can panic, and nobody ends it from outside.
                    Some(Err(error)) => return Err(CommandError::internal("an audit was ended", error)),
                },
                _ = ticks.tick() => self.listener.waiting(&self.progress()),
            }
        }
    }

    fn finish(&mut self, host: &OneHost, audits: Vec<Audit>) -> Result<(), CommandError> {
        self.running.remove(&host.place);
        if let Some(journal) = &mut self.journal {
            // Before it is told: whoever reads both finds nothing told that the next run would ask again.
            journal.write(&host.key(), &audits)?;
        }
        self.tell(host, audits)?;
        self.done += 1;
        Ok(())
    }

    fn tell(&mut self, host: &OneHost, audits: Vec<Audit>) -> Result<(), CommandError> {
        let Some(target) = self.hosts.target(host) else { return Ok(()) };
        audits
            .into_iter()
            .try_for_each(|audit| self.listener.audited(Told { target, place: host.place, audit }))
    }

    fn progress(&self) -> TlsProgress {
        TlsProgress {
            hosts: self.hosts.total(),
            done: self.done,
            before: self.known.len() as u64,
            now: self.running.values().cloned().collect(),
            elapsed: self.began.elapsed(),
        }
    }
}

/// A panic in an audit, which only a mistake of this program makes, is told of that host alone.
async fn guarded(auditor: impl Audits, host: OneHost) -> (OneHost, Vec<Audit>) {
    let asked = host.clone();
    let audits = tokio::spawn(async move { auditor.audits(asked).await }).await;
    match audits {
        Ok(audits) => (host, audits),
        Err(error) => {
            let audit = failed(&host, &error.to_string());
            (host, vec![audit])
        }
    }
}

/// Waits for somebody to end the run: the key of the terminal, or whoever shuts the machine down.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn new() -> Result<Self, CommandError> {
        let listen =
            |kind| signal(kind).map_err(|error| CommandError::internal("cannot listen to signals", error));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
