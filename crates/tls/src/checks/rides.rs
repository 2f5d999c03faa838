//! Probes that ride on connections which are made anyway: after the first flight of a hello, what CCS injection and ROBOT want to know is
//! asked on the same connection.
//!
//! A probe is one batch that every healthy server answers at once with an alert, so that nobody waits for silence. Where no ride was made,
//! the checks ask over connections of their own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use portreeve_wire::tls::{KeyExchange, Version};

use super::reply::Awaiting;
use super::robot::{Flow, Vector};
use super::{ccs_injection, robot};
use crate::exchange::{End, Flight, Move, Script, Transcript};

/// What may ride.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// A `ChangeCipherSpec` before its time.
    EarlyChange,
    /// A secret that is padded in this way, in this version.
    Padding(Version, Vector, Flow),
}

/// Which probes have found a place, and what came of them. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Rides {
    taken: Arc<Mutex<Vec<Probe>>>,
    quiet: Arc<AtomicBool>,
    made: Arc<Mutex<Vec<(Probe, Transcript)>>>,
}

impl Rides {
    /// The rider of a new connection, to be played after the first flight.
    pub fn rider(&self, patience: Duration) -> Rider {
        Rider { rides: self.clone(), choice: Arc::default(), said: false, awaiting: Awaiting::new(patience) }
    }

    /// Keeps what came of a ride. Where it was silence, nothing rides any more: some servers answer everything that is wrong with a long
    /// wait, and enumeration would wait with them.
    pub fn keep(&self, rider: &Rider, heard: &Transcript) {
        if let Some(Some(probe)) = rider.choice.get() {
            if matches!(heard.end(), Some(End::Silent(_) | End::TooLong(_))) {
                self.quiet.store(true, Ordering::Relaxed);
            }
            self.made.lock().unwrap_or_else(PoisonError::into_inner).push((*probe, heard.clone()));
        }
    }

    /// What came of the rides for which `is` holds.
    pub(crate) fn made(&self, is: impl Fn(Probe) -> bool) -> Vec<(Probe, Transcript)> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().filter(|(probe, _)| is(*probe)).cloned().collect()
    }

    /// What rides after this flight: the first that suits it and has no place yet.
    fn choose(&self, flight: &Flight) -> Option<Probe> {
        let hello = flight.hello.as_ref().filter(|_| flight.done && !self.quiet.load(Ordering::Relaxed))?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut wanted = vec![Probe::EarlyChange];
        // An export suite has a key of its own.
        if hello.suite.key_exchange() == Some(KeyExchange::Rsa) && flight.key_exchange_body.is_empty() {
            let flows = [Flow::Whole, Flow::Cut].into_iter();
            let paddings = flows.flat_map(|flow| Vector::ALL.map(|vector| (vector, flow)));
            wanted.extend(paddings.map(|(vector, flow)| Probe::Padding(hello.version, vector, flow)));
        }
        let probe = wanted.into_iter().find(|probe| !taken.contains(probe))?;
        taken.push(probe);
        Some(probe)
    }
}

/// Asks one thing after a first flight. Clones, made to try a connection again, ask the same.
#[derive(Clone, Debug)]
pub struct Rider {
    rides: Rides,
    choice: Arc<OnceLock<Option<Probe>>>,
    said: bool,
    awaiting: Awaiting,
}

impl Script for Rider {
    fn next(&mut self, heard: &Transcript) -> Move {
        if !self.said {
            let flight = heard.flight();
            let choice = *self.choice.get_or_init(|| self.rides.choose(&flight));
            let batch = match choice {
                Some(Probe::EarlyChange) => Some(ccs_injection::batch(&flight)),
                Some(Probe::Padding(_, vector, flow)) => robot::batch(heard, &flight, vector, flow),
                None => None,
            };
            self.said = true;
            return batch.map_or(Move::Close, Move::Send);
        }
        self.awaiting.next(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned::{Canned, PATIENCE, fatal};
    use super::*;

    /// Plays the next rider after a flight of a suite, and gives whether it asked something.
    fn ride(all: &Rides, suite: u16, answer: &[u8]) -> bool {
        let rider = all.rider(PATIENCE);
        let heard = Canned::new(Version::Tls12, suite).play(rider.clone(), &mut |_| Some(answer.to_vec()));
        all.keep(&rider, &heard);
        heard.sends() > 1
    }

    #[test]
    fn every_probe_finds_one_place_that_suits_it() {
        let rides = Rides::default();
        let (ecdhe, rsa) = (0xc02f, 0x002f);
        // The early message on any, paddings only where a secret is encrypted.
        assert!(ride(&rides, ecdhe, &fatal(10)));
        assert!(!ride(&rides, ecdhe, &fatal(10)));
        let ridden = (0..12).filter(|_| ride(&rides, rsa, &fatal(20))).count();
        assert_eq!(ridden, 10);
        for flow in [Flow::Whole, Flow::Cut] {
            let made =
                rides.made(|probe| matches!(probe, Probe::Padding(Version::Tls12, _, of) if of == flow));
            assert_eq!(made.len(), 5);
        }
    }

    #[test]
    fn after_a_silence_nothing_rides_any_more() {
        let rides = Rides::default();
        assert!(ride(&rides, 0x002f, &[]));
        assert!(!ride(&rides, 0x002f, &[]));
        assert_eq!(rides.made(|_| true).len(), 1);
    }
}
