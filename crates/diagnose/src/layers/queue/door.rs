//! Sockets of the port that share an address, and who takes what they hold.

use std::net::{IpAddr, SocketAddr};

use crate::case::Case;
use crate::facts::service::Holder;
use crate::facts::{DatagramQueue, ListenQueue, Outcome};

/// A socket with a queue.
pub(super) trait Queue {
    /// Address and port that it is bound to.
    fn bound(&self) -> SocketAddr;
    /// Number of its file.
    fn inode(&self) -> u32;
    /// Whether it takes what goes to this address.
    fn serves(&self, address: IpAddr) -> bool;
}

impl Queue for ListenQueue {
    fn bound(&self) -> SocketAddr {
        self.bound
    }
    fn inode(&self) -> u32 {
        self.inode
    }
    fn serves(&self, address: IpAddr) -> bool {
        Self::serves(self, address)
    }
}

impl Queue for DatagramQueue {
    fn bound(&self) -> SocketAddr {
        self.bound
    }
    fn inode(&self) -> u32 {
        self.inode
    }
    fn serves(&self, address: IpAddr) -> bool {
        Self::serves(self, address)
    }
}

/// The sockets that are bound to one address, of which the kernel chooses one for each connection (`SO_REUSEPORT`).
pub(super) struct Door<'a, Q> {
    /// The address.
    pub(super) bound: SocketAddr,
    /// The sockets, at least one.
    pub(super) queues: Vec<&'a Q>,
    /// The endpoints that it serves.
    pub(super) endpoints: Vec<SocketAddr>,
}

/// The doors of the endpoints of this host. One with the endpoint's own address goes before one with every address
/// (`compute_score` in `net/ipv4/inet_hashtables.c`).
pub(super) fn doors<'a, Q: Queue>(case: &Case, queues: &'a [Q]) -> Vec<Door<'a, Q>> {
    let mut doors: Vec<Door<'a, Q>> = Vec::new();
    for endpoint in case.here().map(|endpoint| endpoint.address) {
        let serving = queues.iter().filter(|queue| queue.serves(endpoint.ip()));
        let bound = serving.map(Queue::bound).min_by_key(|bound| {
            let address = bound.ip().to_canonical();
            (address.is_unspecified(), address.is_ipv6() != endpoint.is_ipv6())
        });
        let Some(bound) = bound else { continue };
        match doors.iter_mut().find(|door| door.bound == bound) {
            Some(door) => door.endpoints.push(endpoint),
            None => doors.push(Door {
                bound,
                queues: queues.iter().filter(|queue| queue.bound() == bound).collect(),
                endpoints: vec![endpoint],
            }),
        }
    }
    doors
}

impl<Q: Queue> Door<'_, Q> {
    /// Whether something that was tried of its endpoints came to this.
    pub(super) fn any_trial(&self, case: &Case, is: impl Fn(&Outcome) -> bool) -> bool {
        self.endpoints
            .iter()
            .any(|endpoint| case.trials.of(*endpoint).is_some_and(|trial| is(&trial.outcome)))
    }

    /// Whether a trial of it stayed without an answer.
    pub(super) fn is_silent(&self, case: &Case) -> bool {
        self.any_trial(case, |outcome| matches!(outcome, Outcome::Silent(_)))
    }

    /// Whether it was tried and answered.
    pub(super) fn is_answered(&self, case: &Case) -> bool {
        self.any_trial(case, |outcome| matches!(outcome, Outcome::Connected(_) | Outcome::Answered(_)))
    }

    /// Those who take what its sockets hold, each once.
    pub(super) fn takers<'c>(&self, case: &'c Case) -> Vec<&'c Holder> {
        let mut all: Vec<&Holder> = Vec::new();
        for taker in self.queues.iter().flat_map(|queue| takers(case, queue.inode())) {
            if !all.iter().any(|other| other.pid() == taker.pid()) {
                all.push(taker);
            }
        }
        all
    }
}

/// Those who take what the socket with this inode holds: its holders, without those that only had it before their children
/// (`nginx: master process`).
pub(super) fn takers(case: &Case, inode: u32) -> Vec<&Holder> {
    let socket = case.service.sockets.iter().find(|socket| socket.inode == u64::from(inode));
    let holders = socket.into_iter().flat_map(|socket| &socket.holders);
    let mut held: Vec<&Holder> = Vec::new();
    for holder in holders.filter_map(|holder| case.service.holder(holder.pid)) {
        if !held.iter().any(|other| other.pid() == holder.pid()) {
            held.push(holder);
        }
    }
    let is_child = |holder: &&Holder| {
        holder.parent().is_some_and(|parent| held.iter().any(|other| other.pid() == parent))
    };
    let children: Vec<&Holder> = held.iter().copied().filter(is_child).collect();
    if children.is_empty() { held } else { children }
}
