//! Many cases on all processors: counted, compared, shrunk, reported.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portreeve_firewall::simulate::Simulator;
use portreeve_linux::namespace::NetworkNamespace;

use crate::compare::{Disagreement, Handles, compare};
use crate::coverage::Coverage;
use crate::generate::{self, Case, Random};
use crate::kernel::{Host, is_station};
use crate::packet::Injection;
use crate::ruleset::Ruleset;
use crate::scenario::Scenario;
use crate::sets::{Compared, Sets};
use crate::shrink::shrink;
use crate::simulated::Simulated;

/// What is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// The first case's seed; the others follow.
    pub(crate) seed: u64,
    pub(crate) rulesets: u64,
    /// It ends at this time at the latest.
    pub(crate) time: Option<Duration>,
    /// Packets for each ruleset.
    pub(crate) packets: usize,
    /// It ends after so many disagreements.
    pub(crate) failures: usize,
    /// Sets of packets are compared with single ones, not single ones with the kernel.
    pub(crate) sets: bool,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Summary {
    pub(crate) rulesets: u64,
    pub(crate) packets: u64,
    /// Packets of which the simulator does not know whether they arrive, by what that hangs on.
    pub(crate) unknown: BTreeMap<String, u64>,
    /// Packets whose ways the simulator did not all follow.
    pub(crate) truncated: u64,
    pub(crate) rules: u64,
    /// Rules that the programs or the kernel refused, and were left out.
    pub(crate) refused: u64,
    /// Rulesets that `nft` loads and then cannot list.
    pub(crate) unlistable: u64,
    pub(crate) refusals: BTreeMap<String, u64>,
    pub(crate) unread: BTreeMap<String, u64>,
    pub(crate) coverage: Coverage,
    pub(crate) failures: Vec<Failure>,
    pub(crate) took: Times,
    pub(crate) compared: Compared,
}

/// Where the time went, of all workers together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) load: Duration,
    pub(crate) read: Duration,
    pub(crate) inject: Duration,
    pub(crate) simulate: Duration,
}

/// A disagreement, made small.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) seed: u64,
    pub(crate) packet: usize,
    pub(crate) disagreement: String,
    pub(crate) scenario: String,
}

/// Runs the plan with a worker on each processor.
pub(crate) fn run(plan: Plan) -> Summary {
    let begin = Instant::now();
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let summary = Mutex::new(Summary::default());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let mut found = Summary::default();
                let out_of_time = || plan.time.is_some_and(|limit| begin.elapsed() >= limit);
                let goes_on = || !stop.load(Ordering::Relaxed) && !out_of_time();
                let take =
                    || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < plan.rulesets);
                let next_case = || {
                    let seed = plan.seed.wrapping_add(take()?);
                    Some(generate::case(seed, plan.packets, crate::probe::lacking()))
                };
                let mut case = next_case();
                while case.is_some() && goes_on() {
                    within_new_host(|host| {
                        let mut worker = Worker { host, summary: &mut found, sets: plan.sets };
                        while let Some(current) = case.take().filter(|_| goes_on()) {
                            let rest = worker.case(current);
                            if worker.summary.failures.len() >= plan.failures {
                                stop.store(true, Ordering::Relaxed);
                            }
                            case = rest.or_else(next_case);
                            if !worker.host.is_fresh() {
                                break;
                            }
                        }
                    });
                }
                summary.lock().unwrap().add(found);
            });
        }
    });
    summary.into_inner().unwrap()
}

/// Hands a host in a namespace of its own to `work`.
pub(crate) fn within_new_host<T: Send>(work: impl FnOnce(&mut Host) -> T + Send) -> T {
    NetworkNamespace::within_new(|| work(&mut Host::build()))
        .expect("a network namespace can be made: root is needed")
}

struct Worker<'a> {
    host: &'a mut Host,
    summary: &'a mut Summary,
    sets: bool,
}

impl Worker<'_> {
    /// Runs one case. Legacy tables, once used, stay at their hooks, before or behind those of `nf_tables` with the same
    /// priority, as they came: where they came in an attempt that failed, the case is given back to be run on another host,
    /// without the rules that were refused.
    fn case(&mut self, mut case: Case) -> Option<Case> {
        let seed = case.seed;
        let rules = case.ruleset.rules().count() as u64;
        let start = Instant::now();
        let refused = self.host.load_accepted(&mut case.ruleset);
        self.summary.took.load += start.elapsed();
        self.summary.refused += refused.len() as u64;
        for (_, why) in &refused {
            let reason = why.split_once("Error: ").map_or(why.as_str(), |(_, reason)| reason);
            let reason = reason.lines().next().unwrap_or_default().chars().take(100).collect();
            *self.summary.refusals.entry(reason).or_default() += 1;
        }
        if !refused.is_empty() && !self.host.is_fresh() {
            self.summary.rules += refused.len() as u64;
            return Some(case);
        }
        self.summary.rules += rules;
        let start = Instant::now();
        let Some(simulated) = Simulated::read() else {
            self.summary.unlistable += 1;
            return None;
        };
        let simulator = simulated.simulator();
        let handles = simulated.handles();
        self.summary.took.read += start.elapsed();
        for unread in simulated.unread() {
            *self.summary.unread.entry(unread.chars().take(140).collect()).or_default() += 1;
        }
        if self.sets {
            self.sets(&case, &simulated, &simulator, &handles);
            return None;
        }
        let mut matched = Vec::new();
        for (number, packet) in case.packets.iter().enumerate() {
            let injection = packet.injection(self.host.next_marker());
            let start = Instant::now();
            let observed = self.host.inject(&injection);
            self.summary.took.inject += start.elapsed();
            let start = Instant::now();
            let expected = simulated.expect(&simulator, &injection);
            self.summary.took.simulate += start.elapsed();
            self.summary.packets += 1;
            if let Some(why) = &expected.unknown {
                *self.summary.unknown.entry(why.clone()).or_default() += 1;
            }
            self.summary.truncated += u64::from(expected.truncated);
            match compare(&expected, &observed, &injection, &handles) {
                Ok(way) => matched.push(way.rules.iter().copied().collect::<HashSet<u32>>()),
                Err(_) if expected.truncated => {}
                Err(disagreement) => {
                    let failure = self.explain(seed, number, &case.ruleset, &injection, &disagreement);
                    self.summary.failures.push(failure);
                    // What else this case would say, a later run tells.
                    return None;
                }
            }
        }
        self.summary.coverage.count(&case.ruleset, &matched);
        self.summary.rulesets += 1;
        None
    }

    /// Holds the case's packets, and others picked out of their sets, against the sets; the others also against the kernel.
    fn sets(&mut self, case: &Case, simulated: &Simulated, simulator: &Simulator<'_>, handles: &Handles) {
        let mut sets = Sets::new(simulated, simulator);
        let mut wrong = Vec::new();
        let start = Instant::now();
        for (number, packet) in case.packets.iter().enumerate() {
            let injection = packet.injection(self.host.next_marker());
            if let Err(what) = sets.check(packet, &injection) {
                wrong.push((number, injection, what));
            }
        }
        let picked = sets.witnesses(case, &mut Random::new(case.seed), || self.host.next_marker());
        for (packet, injection) in picked {
            if let Err(what) = sets.check(&packet, &injection) {
                wrong.push((usize::MAX, injection.clone(), what));
            }
            if is_unanswered(packet.destination) {
                // Nobody has this address: the kernel would still be asking whose it is.
                continue;
            }
            let observed = self.host.inject(&injection);
            let expected = simulated.expect(simulator, &injection);
            if let Err(what) = compare(&expected, &observed, &injection, handles)
                && !expected.truncated
            {
                wrong.push((usize::MAX, injection, format!("picked out of a set: {what}")));
            }
        }
        self.summary.took.simulate += start.elapsed();
        self.summary.compared.add(&sets.compared);
        self.summary.packets += sets.compared.packets;
        self.summary.rulesets += 1;
        for (packet, injection, what) in wrong.into_iter().take(1) {
            let scripts = case.ruleset.scripts();
            let scenario = format!("{}\n{scripts:#?}", injection.describe());
            self.summary.failures.push(Failure { seed: case.seed, packet, disagreement: what, scenario });
        }
    }

    /// Makes the case small and writes it down.
    fn explain(
        &mut self,
        seed: u64,
        packet: usize,
        ruleset: &Ruleset,
        injection: &Injection,
        disagreement: &Disagreement,
    ) -> Failure {
        // Building a host takes longer than loading one.
        let mut fails = |candidate: &Ruleset| {
            let fails_on =
                |host: &mut Host| host.load(candidate).is_ok() && try_once(host, injection).1.is_err();
            let own = self.host.is_fresh() && !candidate.is_legacy();
            if own { fails_on(self.host) } else { within_new_host(fails_on) }
        };
        let smallest = shrink(ruleset, &mut fails);
        let ((handles, observed), outcome) = within_new_host(|host| match host.load(&smallest) {
            Ok(()) => {
                let (what, outcome) = try_once(host, injection);
                (what, outcome.err().map(|found| found.to_string()))
            }
            Err(complaint) => (Seen::default(), Some(complaint)),
        });
        let text = outcome.unwrap_or_else(|| format!("not once more; at first: {disagreement}"));
        let about = format!("seed {seed}, packet {packet}: {}", injection.describe());
        let scenario = Scenario::new(about, smallest.scripts(), injection, &observed, &handles).text();
        Failure { seed, packet, disagreement: text, scenario }
    }
}

/// Whether an address is of the network behind the bridge, and nobody there has it.
fn is_unanswered(address: IpAddr) -> bool {
    let behind = match address {
        IpAddr::V4(v4) => v4.octets().starts_with(&[10, 2, 0]),
        IpAddr::V6(v6) => v6.segments().starts_with(&[0x2001, 0xdb8, 3, 0]),
    };
    behind && !is_station(address)
}

type Seen = (Handles, crate::kernel::Observed);

/// One packet through the loaded rules, by both.
pub(crate) fn try_once(host: &mut Host, injection: &Injection) -> (Seen, Result<(), Box<Disagreement>>) {
    /// What has a memory may need to see a packet more than once.
    const ATTEMPTS: usize = 12;
    let Some(simulated) = Simulated::read() else { return (Seen::default(), Ok(())) };
    let handles = simulated.handles();
    let expected = simulated.expect(&simulated.simulator(), injection);
    let mut observed = host.inject(injection);
    let mut outcome = compare(&expected, &observed, injection, &handles).map(drop);
    for _ in 1..if expected.ways.len() > 1 { ATTEMPTS } else { 1 } {
        if outcome.is_err() {
            break;
        }
        observed = host.inject(injection);
        outcome = compare(&expected, &observed, injection, &handles).map(drop);
    }
    ((handles, observed), outcome)
}

impl Summary {
    fn add(&mut self, mut other: Self) {
        self.rulesets += other.rulesets;
        self.packets += other.packets;
        for (why, count) in other.unknown {
            *self.unknown.entry(why).or_default() += count;
        }
        self.truncated += other.truncated;
        self.rules += other.rules;
        self.refused += other.refused;
        self.unlistable += other.unlistable;
        for (reason, count) in other.refusals {
            *self.refusals.entry(reason).or_default() += count;
        }
        for (text, count) in other.unread {
            *self.unread.entry(text).or_default() += count;
        }
        self.coverage.add(&other.coverage);
        self.failures.append(&mut other.failures);
        self.compared.add(&other.compared);
        self.took.load += other.took.load;
        self.took.read += other.took.read;
        self.took.inject += other.took.inject;
        self.took.simulate += other.took.simulate;
    }

    /// Packets of which the simulator does not know whether they arrive.
    pub(crate) fn unknown(&self) -> u64 {
        self.unknown.values().sum()
    }

    /// In words.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let share = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
        let _ = writeln!(text, "{}", self.coverage.table());
        let mut refusals: Vec<_> = self.refusals.iter().collect();
        refusals.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (reason, count) in refusals.into_iter().take(15) {
            let _ = writeln!(text, "{count:>6} times refused: {reason}");
        }
        let mut unread: Vec<_> = self.unread.iter().collect();
        unread.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (what, count) in unread.into_iter().take(15) {
            let _ = writeln!(text, "{count:>6} times not read: {what}");
        }
        let mut unknown: Vec<_> = self.unknown.iter().collect();
        unknown.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (why, count) in unknown.into_iter().take(15) {
            let _ = writeln!(text, "{count:>6} times unknown: {why}");
        }
        let _ = writeln!(
            text,
            "{} rulesets ({} more cannot be listed by nft), {} rules ({:.2} % refused by the programs), {} packets, {:.2} % unknown, {:.3} % cut short, {} disagreements",
            self.rulesets,
            self.unlistable,
            self.rules,
            share(self.refused, self.rules),
            self.packets,
            share(self.unknown(), self.packets),
            share(self.truncated, self.packets),
            self.failures.len()
        );
        let _ = writeln!(text, "{:?}", self.took);
        text
    }
}
