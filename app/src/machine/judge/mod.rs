//! Who can reach the listeners of a look, and what looks wrong in the rules: each network namespace by its own rules.
//!
//! A namespace whose rules could not all be read is not judged, and said not to be: without them nothing about it is certain.

mod namespace;
mod risky;

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use portreeve_firewall::read::{Firewall, Programs, live};
use portreeve_inventory::inside;
use portreeve_model::exposure::Exposure;
use portreeve_model::judgement::{FirewallJudgement, JudgementState, NotJudged};
use portreeve_model::reach::Limit;
use portreeve_model::{Finding, Listener, NamespaceId, Snapshot, Unseen};

use crate::config::Config;

pub(super) use risky::weigh;

/// Namespaces other than one's own that one look judges.
const MOST: usize = 64;

/// What the rules say.
#[derive(Default)]
pub(super) struct Judged {
    /// Who can reach which door.
    pub(super) exposures: Vec<Exposure>,
    /// What looks wrong in the rules.
    pub(super) findings: Vec<Finding>,
    /// Which namespaces were judged.
    pub(super) firewall: Vec<FirewallJudgement>,
    /// What is not simulated.
    pub(super) limits: Vec<Limit>,
    /// What was not seen.
    pub(super) unseen: Vec<Unseen>,
    /// The addresses of each namespace that was judged.
    pub(super) networks: Vec<(NamespaceId, Vec<std::net::IpAddr>)>,
}

/// What is judged, and how much of it is wanted.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    /// The look.
    pub(super) snapshot: &'a Snapshot,
    /// Its listeners.
    pub(super) listeners: &'a [Listener],
    /// Networks with names.
    pub(super) config: &'a Config,
    /// Whether findings are wanted beside exposures.
    pub(super) findings: Findings,
}

/// Whether findings are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Findings {
    /// They are.
    Wanted,
    /// Exposures alone.
    Omitted,
}

/// Reads the rules of the calling thread's own namespace, beside other work.
pub(super) fn read_own() -> Firewall {
    live::read(&Programs::default())
}

/// Judges every namespace that has listeners. `own` are the rules of the observer's own, where it is part of the look.
pub(super) fn judge(case: Case<'_>, own: Option<Firewall>) -> Judged {
    let mut others: Vec<NamespaceId> = Vec::new();
    let mut sum = Judged::default();
    let own_id =
        case.snapshot.namespaces.iter().find(|namespace| namespace.own).map(|namespace| namespace.id);
    for listener in case.listeners.iter().filter(|listener| !listener.ephemeral) {
        let read = own.is_some() && Some(listener.namespace) == own_id;
        if !read && !others.contains(&listener.namespace) {
            others.push(listener.namespace);
        }
    }
    if let (Some(firewall), Some(id)) = (own, own_id) {
        sum.add(namespace::judge(case, id, &firewall));
    }
    let beyond = others.split_off(others.len().min(MOST));
    for judged in each(&others, |id| of_other(case, id)) {
        sum.add(judged);
    }
    sum.firewall.extend(beyond.into_iter().map(|id| {
        let detail = format!("{MOST} other namespaces are judged by one look; name this one with --netns");
        not_judged(id, NotJudged::TooMany, detail)
    }));
    sum.exposures.sort_by_cached_key(|exposure| {
        (exposure.door.namespace != own_id.unwrap_or_default(), exposure.door.port, exposure.door.protocol)
    });
    sum
}

/// Rules of another namespace, read inside it.
fn of_other(case: Case<'_>, id: NamespaceId) -> Judged {
    let Some(handle) = inside::open(case.snapshot, id) else {
        return not_entered(id, "nothing leads into it for this user");
    };
    match handle.within(read_own) {
        Ok(firewall) => namespace::judge(case, id, &firewall),
        Err(error) => not_entered(id, &error.to_string()),
    }
}

fn not_entered(id: NamespaceId, why: &str) -> Judged {
    let detail = format!("its rules could not be read: {why}");
    Judged { firewall: vec![not_judged(id, NotJudged::NotEntered, detail)], ..Judged::default() }
}

fn not_judged(namespace: NamespaceId, why: NotJudged, detail: String) -> FirewallJudgement {
    FirewallJudgement { namespace, state: JudgementState::NotJudged { why, detail } }
}

impl Judged {
    fn add(&mut self, other: Self) {
        self.exposures.extend(other.exposures);
        self.findings.extend(other.findings);
        self.firewall.extend(other.firewall);
        self.networks.extend(other.networks);
        for limit in other.limits {
            if !self.limits.contains(&limit) {
                self.limits.push(limit);
            }
        }
        for unseen in other.unseen {
            if !self.unseen.contains(&unseen) {
                self.unseen.push(unseen);
            }
        }
    }
}

/// Work for each namespace, several at a time: reading waits for programs. Results are in the order of the namespaces.
fn each<T: Send>(ids: &[NamespaceId], work: impl Fn(NamespaceId) -> T + Sync) -> Vec<T> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(ids.len());
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(ids.len()));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((at, id)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    ids.get(at).map(|id| (at, *id))
                } {
                    let result = work(id);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
