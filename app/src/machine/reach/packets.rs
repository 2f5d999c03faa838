//! `--packet`: packets through the rules, one by one.

use portreeve_firewall::answer::{Inferred, answer, infer};
use portreeve_firewall::packet::{self, Asked, PacketError};
use portreeve_firewall::read::snapshot;
use portreeve_firewall::simulate::{Options, Simulator};
use portreeve_inventory::collect::BpfUse;
use portreeve_model::document::{self, Reach};
use portreeve_model::reach::{Answer, Verdict};
use portreeve_model::{Unseen, UnseenSubject};

use super::host::{Host, missing_rules, port_of};
use super::source::{self, Read};
use crate::engine::{ReachQuery, Reached, RulesFrom};
use crate::error::CommandError;
use crate::excerpt::Excerpt;
use crate::machine::doors::{self, Doors};

pub(in crate::machine) fn reach(query: &ReachQuery, bpf: BpfUse) -> Result<Reached, CommandError> {
    // What is wrong with the question is said before anything is read.
    let asked: Vec<Asked> = query.packets.iter().map(|text| asked(text, query)).collect::<Result<_, _>>()?;
    let mut read = source::read(&query.from)?;
    let snapshot = query.snapshot.then(|| kept(&mut read, query, bpf)).transpose()?;
    let host = Host::of(read)?;
    let answers = asked.into_iter().map(|asked| one(&host, asked, query)).collect::<Result<_, _>>()?;
    let document = Reach {
        schema: document::REACH.to_owned(),
        host: host.machine,
        source: host.from,
        answers,
        limits: host.limits,
        unseen: host.unseen,
    };
    Ok(Reached { document, snapshot })
}

/// The text of a snapshot, with the listeners of the namespace where it is the kernel's.
fn kept(read: &mut Read, query: &ReachQuery, bpf: BpfUse) -> Result<String, CommandError> {
    if let RulesFrom::Kernel(scope) = &query.from {
        let Doors { doors, unseen, .. } = doors::look(scope, bpf)?;
        read.firewall.doors = Some(doors);
        // Who holds a listener does not matter where packets are asked about; that there may be more of them does.
        let sockets = unseen.into_iter().filter(|entry| entry.subject == UnseenSubject::Sockets);
        read.firewall.unseen.extend(sockets);
    }
    snapshot::to_text(&read.firewall)
        .map_err(|error| CommandError::internal("cannot write the snapshot", error))
}

fn asked(text: &str, query: &ReachQuery) -> Result<Asked, CommandError> {
    let mut asked = packet::parse(text, &port_of).map_err(|error| not_understood(&error))?;
    if let Some(state) = query.state {
        if let Some(written) = asked.state().filter(|written| *written != state) {
            return Err(CommandError::usage(format!(
                "the packet says state {written}, and --state says {state}"
            ))
            .hint("leave one of them out"));
        }
        asked = asked.in_state(state);
    }
    Ok(if query.reply { asked.as_reply() } else { asked })
}

fn not_understood(error: &PacketError) -> CommandError {
    CommandError::usage(format!("the packet is not understood: {error}"))
        .at(Excerpt::of_word(&error.text, error.offset))
        .hint(&error.help)
}

fn one(host: &Host, asked: Asked, query: &ReachQuery) -> Result<Answer, CommandError> {
    let simulator = Simulator::new(&host.ruleset, &host.network);
    let options = Options { all_rules: query.all_rules, ..Options::default() };
    let Inferred { question, how } =
        infer(asked, &host.network).map_err(|error| CommandError::usage(error.to_string()))?;
    let simulation =
        simulator.run(&question, &options).map_err(|error| CommandError::usage(error.to_string()))?;
    let mut answer = answer(&host.ruleset, &host.network, &question, how, &simulation);
    withhold(&mut answer, &host.unseen);
    if host.is_described() {
        // Nothing of it is loaded anywhere.
        answer.reproduce.clear();
    }
    Ok(answer)
}

/// Rules that were not seen may do anything to any packet: no verdict stands without them.
fn withhold(answer: &mut Answer, unseen: &[Unseen]) {
    let Some(cause) = missing_rules(unseen) else { return };
    answer.statement = if answer.verdict == Verdict::Unknown {
        format!("{}; and not all rules could be read", answer.statement)
    } else {
        format!("not all rules could be read; by those that were: {}", answer.statement)
    };
    answer.verdict = Verdict::Unknown;
    answer.causes.push(cause);
}
