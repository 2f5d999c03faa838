//! The way to one server.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use portreeve_model::tls::Effort;
use tokio::sync::{MutexGuard, Semaphore, SemaphorePermit};

use super::backing_off::{Control, Slowness};
use super::endless::Endless;
use super::pace::{Limits, Pace, Patience};
use super::wire;
use crate::exchange::{End, Script, Transcript};

/// How often a script is played again after the server had stopped to answer and came back.
const AGAIN: u32 = 3;

/// A place among the connections that are open at once.
#[derive(Debug)]
pub struct Place<'a> {
    _permit: SemaphorePermit<'a>,
    _alone: Option<MutexGuard<'a, ()>>,
}

/// The way to one server, shared by everything that asks it something.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    patience: Patience,
    limits: Limits,
    pub(super) pace: Pace,
    gate: Semaphore,
    pub(super) slowness: Slowness,
    endless: Endless,
    begun: Instant,
    connections: AtomicU32,
    retries: AtomicU32,
}

impl Line {
    /// To an address. The time of the whole audit begins now.
    pub fn new(address: SocketAddr, limits: Limits, patience: Patience) -> Self {
        Self {
            address,
            patience,
            limits,
            pace: Pace::new(limits.per_second),
            gate: Semaphore::new(limits.at_once.max(1)),
            slowness: Slowness::default(),
            endless: Endless::default(),
            begun: Instant::now(),
            connections: 0.into(),
            retries: 0.into(),
        }
    }

    /// Where it leads.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long it waits for what.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Connections that were begun.
    pub fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many of them were second tries.
    pub fn retries(&self) -> u32 {
        self.retries.load(Ordering::Relaxed)
    }

    /// What it cost so far.
    pub fn effort(&self) -> Effort {
        Effort {
            connections: self.connections(),
            retries: self.retries(),
            took_ms: u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            backed_off: self.slowness.told(),
        }
    }

    /// Whether the server said hello on any connection.
    pub fn has_answered(&self) -> bool {
        self.slowness.has_answered()
    }

    /// Why nothing more is asked: the time is up, the connections are used up, the server has stopped to answer for good, or to come to
    /// the end of an answer.
    pub fn spent(&self) -> Option<String> {
        let most = self.limits.connections;
        if self.begun.elapsed() >= self.limits.whole {
            Some(format!("the time for one server, {:.0} s, is used up", self.limits.whole.as_secs_f64()))
        } else if self.connections() >= most {
            Some(used_up(most))
        } else {
            self.slowness.given_up().or_else(|| self.endless.given_up())
        }
    }

    /// Plays a script over a connection of its own; again where not a byte came, and where the server answers nothing any more and
    /// comes back after a pause.
    pub async fn play<S: Script + Clone>(&self, script: S) -> Transcript {
        let mut heard = self.play_twice(&script).await;
        for _ in 0..AGAIN {
            let is_mute = heard.received_length() == 0
                && matches!(
                    heard.end(),
                    Some(End::Silent(_) | End::NotConnected(..) | End::Closed | End::Reset)
                );
            if !is_mute {
                break;
            }
            match self.control().await {
                Control::Unknown | Control::Answers => break,
                Control::CameBack => heard = self.play_once(script.clone()).await,
                Control::Gone(why) => return Transcript::without_connection(End::NotTried(why)),
            }
        }
        heard
    }

    /// Once more where the network may have lost something.
    async fn play_twice<S: Script + Clone>(&self, script: &S) -> Transcript {
        let first = self.play_once(script.clone()).await;
        let is_unheard = first.received_length() == 0
            && matches!(first.end(), Some(End::Silent(_) | End::NotConnected(..)));
        // What the first came to says more than that nothing was left for a second.
        if !is_unheard || self.spent().is_some() {
            return first;
        }
        self.retries.fetch_add(1, Ordering::Relaxed);
        self.play_once(script.clone()).await
    }

    /// Plays a script over a connection of its own, once.
    pub async fn play_once<S: Script>(&self, mut script: S) -> Transcript {
        let _place = match self.connection().await {
            Ok(place) => place,
            Err(why) => return Transcript::without_connection(End::NotTried(why)),
        };
        let begun = Instant::now();
        let left = self.limits.whole.saturating_sub(self.begun.elapsed());
        let longest =
            if self.endless.is_suspected() { self.patience.longest_again() } else { self.patience.longest() };
        let mut heard = wire::play(self.address, self.patience, longest, left, &mut script).await;
        let is_cut = matches!(heard.end(), Some(End::Silent(_) | End::TooLong(_)));
        if self.begun.elapsed() >= self.limits.whole && is_cut {
            heard = heard.ended_instead(End::NotTried(self.spent().unwrap_or_default()));
        }
        self.slowness.heard(&heard, begun);
        self.endless.heard(&heard);
        heard
    }

    /// A place for a connection that something else makes, to be held as long as it is open: counted, paced, and one of those at once.
    ///
    /// # Errors
    /// The budget or the time is used up, or the server has stopped to answer.
    pub async fn connection(&self) -> Result<Place<'_>, String> {
        let permit = self.gate.acquire().await.map_err(|error| error.to_string())?;
        let alone = self.slowness.alone().await;
        self.begin().await?;
        Ok(Place { _permit: permit, _alone: alone })
    }

    /// Takes one connection out of the budget, and waits for its turn. For connections that something else makes: call it before.
    ///
    /// # Errors
    /// The budget or the time is used up, or the server has stopped to answer.
    pub async fn begin(&self) -> Result<(), String> {
        if let Some(why) = self.spent() {
            return Err(why);
        }
        let most = self.limits.connections;
        let taken = self
            .connections
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| (count < most).then_some(count + 1));
        if taken.is_err() {
            return Err(used_up(most));
        }
        self.pace.turn(Instant::now()).await;
        Ok(())
    }
}

fn used_up(connections: u32) -> String {
    let plural = if connections == 1 { "" } else { "s" };
    format!("the budget of {connections} connection{plural} is used up")
}

#[cfg(test)]
mod tests {
    use super::used_up;

    #[test]
    fn a_budget_of_one_is_no_plural() {
        assert_eq!(used_up(1), "the budget of 1 connection is used up");
        assert_eq!(used_up(60), "the budget of 60 connections is used up");
    }
}
