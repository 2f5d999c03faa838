//! The simulator against the kernel: random rulesets and packets, and what both say of them.
//!
//! By default a short run; `cargo xtask test` and `cargo xtask soak firewall` make it longer by environment variables:
//! `PORTREEVE_DIFFERENTIAL_RULESETS`, `_SECONDS`, `_SEED`, `_PACKETS`, `_FAILURES` (disagreements after which it ends).
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a test: a panic is how it reports, and numbers are its own"
)]

mod campaign;
mod compare;
mod coverage;
mod generate;
mod kernel;
mod packet;
mod probe;
mod ruleset;
mod scenario;
mod self_check;
mod sets;
mod shrink;
mod simulated;

use std::time::Duration;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(format!("PORTREEVE_DIFFERENTIAL_{name}")).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("PORTREEVE_DIFFERENTIAL_{name}={text} is no number")))
}

/// What the simulator says of all packets at once, held against what it says of single ones, and against the kernel.
#[test]
fn sets_of_packets_fare_as_each_of_them() {
    let plan = campaign::Plan {
        seed: number("SEED").unwrap_or(500_000),
        rulesets: number("RULESETS").unwrap_or(40),
        time: number("SECONDS").map(Duration::from_secs),
        packets: number("PACKETS").unwrap_or(50) as usize,
        failures: number("FAILURES").unwrap_or(1) as usize,
        sets: true,
    };
    println!("{plan:?}");
    let summary = campaign::run(plan);
    for failure in &summary.failures {
        println!(
            "SEED {} PACKET {}: {}\n{}",
            failure.seed, failure.packet, failure.disagreement, failure.scenario
        );
    }
    println!("{} rulesets, {:?}, {:?}", summary.rulesets, summary.compared, summary.took);
    let seeds: Vec<u64> = summary.failures.iter().map(|failure| failure.seed).collect();
    assert!(seeds.is_empty(), "sets and packets disagree on the cases of these seeds: {seeds:?}");
    let compared = &summary.compared;
    assert!(compared.packets > 0 && compared.witnesses > 0, "nothing was compared");
    assert!(compared.vague * 20 < compared.packets, "5 % or more of the packets are only vaguely described");
    assert!(compared.too_complex * 50 < compared.packets, "2 % or more of the packets were too complex");
}

#[test]
fn random_rulesets_and_packets_go_the_way_that_the_simulator_says() {
    let seconds = number("SECONDS");
    let plan = campaign::Plan {
        seed: number("SEED").unwrap_or(1),
        rulesets: number("RULESETS").unwrap_or(if seconds.is_some() { u64::MAX } else { 60 }),
        time: seconds.map(Duration::from_secs),
        packets: number("PACKETS").unwrap_or(50) as usize,
        failures: number("FAILURES").unwrap_or(1) as usize,
        sets: false,
    };
    println!("{plan:?}");
    println!("this kernel lacks: {:?}", probe::lacking());
    let summary = campaign::run(plan);
    for failure in &summary.failures {
        println!(
            "SEED {} PACKET {}: {}\n{}",
            failure.seed, failure.packet, failure.disagreement, failure.scenario
        );
    }
    println!("{}", summary.text());
    let seeds: Vec<u64> = summary.failures.iter().map(|failure| failure.seed).collect();
    assert!(seeds.is_empty(), "the simulator and the kernel disagree on the cases of these seeds: {seeds:?}");
    if number("RULESETS").is_some_and(|rulesets| rulesets >= 2000) {
        let empty = summary.coverage.empty();
        assert!(empty.is_empty(), "constructs that matched no packet: {empty:?}");
        assert!(summary.unknown() * 20 < summary.packets, "5 % or more are unknown");
    }
}
