//! What a server of TLS 1.3 gives to resume with, kept so that a later connection can take the session up.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

use super::config::Recorder;

/// More tickets than any server sends at once.
const MOST: usize = 8;

/// Tickets of one server. Clones are the same.
#[derive(Clone)]
pub struct Tickets {
    pub(super) store: Arc<Store>,
    /// The library takes a session up only where certificates are judged by the same.
    pub(super) recorder: Arc<Recorder>,
}

#[derive(Default)]
pub(super) struct Store {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    group: Option<NamedGroup>,
    tickets: VecDeque<Tls13ClientSessionValue>,
}

impl Tickets {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.store.lock().tickets.len()
    }

    /// Bytes of early data that the next of them allows.
    pub fn early_data(&self) -> u32 {
        self.store.lock().tickets.front().map_or(0, Tls13ClientSessionValue::max_early_data_size)
    }
}

impl Default for Tickets {
    fn default() -> Self {
        Self { store: Arc::default(), recorder: Recorder::new() }
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").field("count", &self.count()).finish_non_exhaustive()
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("count", &self.lock().tickets.len()).finish_non_exhaustive()
    }
}

impl ClientSessionStore for Store {
    fn set_kx_hint(&self, _name: ServerName<'static>, group: NamedGroup) {
        self.lock().group = Some(group);
    }

    fn kx_hint(&self, _name: &ServerName<'_>) -> Option<NamedGroup> {
        self.lock().group
    }

    fn set_tls12_session(&self, _name: ServerName<'static>, _value: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _name: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _name: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut kept = self.lock();
        if kept.tickets.len() < MOST {
            kept.tickets.push_back(value);
        }
    }

    fn take_tls13_ticket(&self, _name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.lock().tickets.pop_front()
    }
}
