//! The seam between commands and what looks at the machine: questions go in, documents come out.
//!
//! Owns the questions. Commands are written against [`Engine`], so that tests answer with documents made by hand.

mod reach;
mod tls;
mod why;

use portreeve_diagnose::Progress;
use portreeve_model::document::{
    Groups, Overview, ReachAssert, ReachDiff, ReachIdle, ReachPorts, Sockets, TlsFiles, Who, Why,
};
use portreeve_model::{Family, Protocol, State};

use crate::error::CommandError;

pub use reach::{
    AssertQuery, Asserted, Detail, DiffQuery, HostAddress, HostRoute, IdleKind, IdleQuery, PortsQuery,
    ReachQuery, Reached, RulesFrom, Side, Sources,
};
pub use tls::{
    TlsAddresses, TlsExplain, TlsFilesQuery, TlsHost, TlsListener, TlsProgress, TlsQuery, TlsQuestions,
    TlsRun, TlsTarget, Told,
};
pub use why::WhyQuery;

/// Answers the questions of the commands.
///
/// Errors: [`CommandError::usage`] for a filter that does not parse, [`CommandError::not_found`] for a namespace,
/// user or unit that does not exist, [`CommandError::internal`] where nothing at all could be read. What could be
/// read in part is no error but an `unseen` entry of the document.
pub trait Engine {
    /// Listeners and findings.
    fn overview(&self, scope: &Scope) -> Result<Overview, CommandError>;

    /// The sockets that match.
    fn sockets(&self, query: &SocketQuery) -> Result<Sockets, CommandError>;

    /// The sockets that match, counted by the values of `keys`.
    fn groups(&self, query: &SocketQuery, keys: &[String]) -> Result<Groups, CommandError>;

    /// Who holds `port` in any of the protocols; all protocols with ports where none is named.
    fn who(&self, port: u16, protocols: &[Protocol], scope: &Scope) -> Result<Who, CommandError>;

    /// What happens to the packets.
    fn reach(&self, query: &ReachQuery) -> Result<Reached, CommandError>;

    /// Who can reach which ports.
    fn reach_ports(&self, query: &PortsQuery) -> Result<ReachPorts, CommandError>;

    /// Which rules do nothing.
    fn reach_idle(&self, query: &IdleQuery) -> Result<ReachIdle, CommandError>;

    /// What fares otherwise under other rules.
    fn reach_diff(&self, query: &DiffQuery) -> Result<ReachDiff, CommandError>;

    /// Whether assertions hold.
    fn reach_assert(&self, query: &AssertQuery) -> Result<ReachAssert, CommandError>;

    /// Why a target does not work; `progress` is told what is waited for.
    fn why(&self, query: &WhyQuery, progress: &dyn Progress) -> Result<Why, CommandError>;

    /// What servers agree to, which attacks they are open to, what their certificates are worth; `listener` hears of each.
    fn tls(&self, query: &TlsQuery, listener: &mut dyn TlsListener) -> Result<TlsRun, CommandError>;

    /// What certificates of files are worth.
    fn tls_files(&self, query: &TlsFilesQuery) -> Result<TlsFiles, CommandError>;

    /// IANA's name of a port.
    fn service_name(&self, protocol: Protocol, port: u16) -> Option<&'static str>;

    /// The port with IANA's `name` in this protocol.
    fn port_of(&self, name: &str, protocol: Protocol) -> Option<u16>;
}

/// Which network namespaces a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The one that the command runs in.
    Own,
    /// Every one of the host.
    All,
    /// The one of this process.
    OfProcess(u32),
    /// The one with this name: of `ip netns`, of a container or of a pod.
    Named(String),
}

/// Which sockets, and how much of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketQuery {
    /// Kinds of socket.
    pub protocols: Vec<Protocol>,
    /// Address families; empty for all.
    pub families: Vec<Family>,
    /// States, unless the filter names some.
    pub states: States,
    /// Filter expression in the language of `ss`.
    pub filter: Option<String>,
    /// Namespaces.
    pub scope: Scope,
    /// Holders must include one with this name or pid.
    pub process: Option<String>,
    /// Holders must belong to this systemd unit.
    pub unit: Option<String>,
    /// Holders must belong to the container with this name or beginning of an id.
    pub container: Option<String>,
    /// The socket must belong to this user name or id.
    pub user: Option<String>,
    /// What to fetch beyond addresses, states and queues.
    pub details: Details,
}

/// What to fetch of each socket beyond addresses, states and queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent choice of the user, as in ss")]
pub struct Details {
    /// Holders (`-p`): the one that costs a walk through `/proc`.
    pub owners: OwnerDetail,
    /// uid, cookie, cgroup, mark, v6only (`-e`).
    pub extended: bool,
    /// `tcp_info` (`-i`).
    pub tcp_info: bool,
    /// Buffer accounting (`-m`).
    pub memory: bool,
    /// Timers (`-o`).
    pub timers: bool,
    /// Who can reach the listeners (`--exposure`): the rules of their namespaces are read.
    pub exposure: bool,
}

/// How much to find out about holders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnerDetail {
    /// Nothing.
    #[default]
    None,
    /// pid, descriptor and name: all that a table shows.
    Names,
    /// Everything that a document tells of a process.
    Full,
}

/// Which states are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum States {
    /// As `ss` without an option: connections and what becomes one or was one.
    #[default]
    Connected,
    /// As `ss -l`: what waits for peers.
    Listening,
    /// As `ss -a`, and bound-only sockets too.
    All,
}

impl States {
    /// Whether a socket in this state is shown (`ss` of iproute2: `SS_CONN`, `SS_ALL`).
    pub fn include(self, state: State) -> bool {
        let listening = matches!(state, State::Listen | State::Unconnected);
        match self {
            Self::Connected => {
                !listening && !matches!(state, State::TimeWait | State::SynRecv | State::Bound)
            }
            Self::Listening => listening,
            Self::All => true,
        }
    }

    /// The kernel's mask of these states; an unknown state is asked for by [`States::All`] alone.
    pub fn mask(self) -> u32 {
        match self {
            Self::All => u32::MAX,
            _ => State::NAMED.into_iter().filter(|state| self.include(*state)).fold(0, |m, s| m | s.mask()),
        }
    }
}

#[cfg(test)]
mod tests {
    use portreeve_model::State;

    use super::States;

    #[test]
    fn masks_are_those_of_ss() {
        // misc/ss.c: SS_CONN is SS_ALL without LISTEN, CLOSE, TIME_WAIT and SYN_RECV.
        assert_eq!(States::Connected.mask(), 0xb36);
        assert_eq!(States::Listening.mask(), (1 << 10) | (1 << 7));
        assert_ne!(States::All.mask() & State::Bound.mask(), 0);
    }
}
