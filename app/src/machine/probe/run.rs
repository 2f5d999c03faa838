//! The probe from plan to report.

use std::net::IpAddr;
use std::time::Duration;

use portreeve_firewall::network;
use portreeve_firewall::read::{Firewall, Programs, live};
use portreeve_firewall::simulate::Simulator;
use portreeve_linux::Errno;
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_linux::netlink::NetlinkError;
use portreeve_linux::vantage::{self, Seen, Vantage, VantageError, attempt};
use portreeve_model::exposure::Exposure;
use portreeve_model::probe::{Attempt, Probe};
use portreeve_model::reach::Verdict;
use portreeve_model::{Unseen, UnseenSubject};

use super::compare::{compare, observed};
use super::compute::{Computed, compute};
use super::elsewhere::elsewhere;
use super::plan::{From, Plan, Trial};
use super::taken::Taken;
use crate::engine::Scope;
use crate::error::CommandError;
use crate::machine::scope;

/// Time for each connection; all have it side by side.
const SECONDS: u64 = 3;

const NEEDS_ROOT: &str = "A probe needs root: it makes a network namespace and an interface.";

/// Tries what `exposures` say, in the namespace of `scope`.
pub(in crate::machine) fn probe(scope: &Scope, exposures: &[Exposure]) -> Result<Probe, CommandError> {
    let host = scope::open(scope)?;
    host.within(|| of_here(&host, exposures)).map_err(|errno| scope::not_entered(errno).hint(NEEDS_ROOT))?
}

/// The same in the calling thread's namespace, which is `host`.
fn of_here(host: &NetworkNamespace, exposures: &[Exposure]) -> Result<Probe, CommandError> {
    let (network, _) =
        network::read().map_err(|error| CommandError::internal("cannot read addresses and routes", error))?;
    let plan = Plan::new(exposures, &network, &Taken::look(&network));
    let (untried, trials) = (plan.untried(), plan.trials);
    let outside =
        addresses(trials.iter().filter(|trial| trial.vantage == From::Beside), |trial| trial.source);
    let vantage = if outside.is_empty() {
        None
    } else {
        let to = addresses(trials.iter(), |trial| trial.destination.ip());
        Some(Vantage::open(&outside, &to).map_err(refused)?)
    };
    // Read while the interface is there: the rules are asked about exactly the packets that are sent.
    let firewall = live::read(&Programs::default());
    let interface = vantage.as_ref().map_or("", |vantage| vantage.interface.as_str());
    let computed = computed(&firewall, &trials, interface);
    let seen = tried(host, vantage.as_ref(), &trials)
        .map_err(|errno| CommandError::internal("cannot enter the probe's network namespace", errno))?;
    let interface = vantage.as_ref().map(|vantage| vantage.interface.clone());
    drop(vantage);
    let attempts = trials.iter().zip(&computed).zip(&seen).map(|((trial, computed), seen)| {
        let (agreement, why) = compare(computed, seen, trial.carrier);
        Attempt {
            protocol: trial.protocol,
            destination: trial.destination,
            holder: trial.holder.clone(),
            source: trial.source,
            stands_for: trial.stands_for.clone(),
            computed: computed.verdict,
            statement: computed.statement.clone(),
            observed: observed(seen),
            agreement,
            why: why.map(ToOwned::to_owned),
        }
    });
    let attempts = attempts.collect();
    let verdicts = computed.iter().map(|computed| computed.verdict);
    let trials: Vec<(Trial, Verdict)> = trials.into_iter().zip(verdicts).collect();
    Ok(Probe { interface, seconds: SECONDS, attempts, untried, elsewhere: elsewhere(&trials, SECONDS) })
}

/// Without doubles.
fn addresses<'a>(trials: impl Iterator<Item = &'a Trial>, which: impl Fn(&Trial) -> IpAddr) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = trials.map(which).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

fn computed(firewall: &Firewall, trials: &[Trial], interface: &str) -> Vec<Computed> {
    let (ruleset, errors) = firewall.ruleset();
    let simulator = Simulator::new(&ruleset, &firewall.network);
    let missing = |unseen: &Unseen| unseen.subject == UnseenSubject::FirewallRules && unseen.is_incomplete();
    let unread = !errors.is_empty() || firewall.unseen.iter().any(missing);
    trials
        .iter()
        .map(|trial| compute(&simulator, (&ruleset, &firewall.network), trial, interface))
        .map(|computed| {
            if !unread {
                return computed;
            }
            let statement =
                format!("not all rules could be read; by those that were: {}", computed.statement);
            Computed { verdict: Verdict::Unknown, statement, refused: None }
        })
        .collect()
}

/// Tries them, from beside and from here at the same time; what was seen, in their order.
fn tried(host: &NetworkNamespace, vantage: Option<&Vantage>, trials: &[Trial]) -> Result<Vec<Seen>, Errno> {
    let of = |from: From| -> Vec<vantage::Attempt> {
        let own = trials.iter().filter(|trial| trial.vantage == from);
        own.map(|trial| vantage::Attempt {
            carrier: trial.carrier,
            // The host chooses its own source, as every program on it does.
            source: (from == From::Beside).then_some(trial.source),
            destination: trial.destination,
        })
        .collect()
    };
    let (beside, here) = (of(From::Beside), of(From::Here));
    let limit = Duration::from_secs(SECONDS);
    let (beside, here) = std::thread::scope(|threads| {
        let here = threads.spawn(|| host.within(|| attempt(&here, limit)));
        let beside = vantage.map_or(Ok(Vec::new()), |vantage| vantage.within(|| attempt(&beside, limit)));
        (beside, here.join().unwrap_or(Err(Errno::INTR)))
    });
    let (mut beside, mut here) = (beside?.into_iter(), here?.into_iter());
    Ok(trials
        .iter()
        .map(|trial| match trial.vantage {
            From::Beside => beside.next(),
            From::Here => here.next(),
        })
        .map(|seen| seen.unwrap_or(Seen::Silent))
        .collect())
}

fn refused(error: VantageError) -> CommandError {
    let errno = match &error {
        VantageError::Namespace(errno) | VantageError::Socket(errno) => Some(*errno),
        VantageError::Pair(error) | VantageError::Source { source: error, .. } => NetlinkError::errno(error),
        VantageError::Gone => None,
    };
    let doing = "cannot join a network namespace of its own to the host";
    if let Some(Errno::PERM | Errno::ACCESS) = errno {
        return CommandError::permission(doing, error).hint(NEEDS_ROOT);
    }
    let failed = CommandError::internal(doing, error);
    match errno {
        Some(Errno::EXIST) => failed.hint("Another probe may be running; try again."),
        Some(Errno::OPNOTSUPP) => failed.hint("This kernel has no virtual Ethernet interfaces (veth)."),
        _ => failed,
    }
}
