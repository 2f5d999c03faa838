//! `reach`: rules from wherever they are, the packets through them, the answers as a document.

mod files;
mod source;

use std::borrow::Cow;

use portreeve_firewall::answer::{Inferred, answer, infer};
use portreeve_firewall::network::limits::Limit;
use portreeve_firewall::packet::{self, Asked, PacketError};
use portreeve_firewall::read::{Firewall, snapshot};
use portreeve_firewall::simulate::{Options, Simulator};
use portreeve_inventory::services;
use portreeve_model::document::{self, Reach};
use portreeve_model::reach::{self, Answer, Verdict};
use portreeve_model::{Protocol, Unseen, UnseenSubject};

use crate::engine::{ReachQuery, Reached};
use crate::error::CommandError;

pub(super) fn reach(query: &ReachQuery) -> Result<Reached, CommandError> {
    // What is wrong with the question is said before anything is read.
    let asked: Vec<Asked> = query.packets.iter().map(|text| asked(text, query)).collect::<Result<_, _>>()?;
    let source::Read { firewall, from, described } = source::read(&query.from)?;
    let snapshot = query
        .snapshot
        .then(|| snapshot::to_text(&firewall))
        .transpose()
        .map_err(|error| CommandError::internal("cannot write the snapshot", error))?;
    let (answers, unseen) =
        answers(&firewall, asked, query, matches!(from, reach::RulesSource::Files { .. }))?;
    let document = Reach {
        schema: document::REACH.to_owned(),
        host: firewall.host,
        source: from,
        answers,
        limits: firewall.limits.iter().map(limit).chain(described).collect(),
        unseen,
    };
    Ok(Reached { document, snapshot })
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
    let (before, after) = error.text.split_at_checked(error.offset).unwrap_or((&error.text, ""));
    let shown = format!("{} ⟵ here → {after}", before.trim_end());
    CommandError::usage(format!("the packet is not understood: {error}")).hint(shown.trim()).hint(&error.help)
}

/// IANA's port of a service, by protocol number.
fn port_of(name: &str, protocol: u8) -> Option<u16> {
    let protocol = match protocol {
        6 => Protocol::Tcp,
        17 => Protocol::Udp,
        132 => Protocol::Sctp,
        136 => Protocol::Udplite,
        _ => return None,
    };
    services::port_of(&name.to_ascii_lowercase(), protocol)
}

/// The answers, and everything that was not seen.
fn answers(
    firewall: &Firewall,
    asked: Vec<Asked>,
    query: &ReachQuery,
    from_files: bool,
) -> Result<(Vec<Answer>, Vec<Unseen>), CommandError> {
    let (ruleset, errors) = firewall.ruleset();
    if let Some(error) = errors.first().filter(|_| from_files) {
        return Err(CommandError::usage(format!("the rules are not understood: {error}")));
    }
    let mut unseen = firewall.unseen.clone();
    unseen.extend(errors.iter().map(portreeve_firewall::read::BuildError::unseen));
    let simulator = Simulator::new(&ruleset, &firewall.network);
    let options = Options { all_rules: query.all_rules, ..Options::default() };
    let mut answers = Vec::new();
    for asked in asked {
        let Inferred { question, how } =
            infer(asked, &firewall.network).map_err(|error| CommandError::usage(error.to_string()))?;
        let simulation =
            simulator.run(&question, &options).map_err(|error| CommandError::usage(error.to_string()))?;
        let mut answer = answer(&ruleset, &firewall.network, &question, how, &simulation);
        withhold(&mut answer, &unseen);
        if from_files {
            // Nothing of it is loaded anywhere.
            answer.reproduce.clear();
        }
        answers.push(answer);
    }
    Ok((answers, unseen))
}

/// Rules that were not seen may do anything to any packet: no verdict stands without them.
fn withhold(answer: &mut Answer, unseen: &[Unseen]) {
    let missing: Vec<&Unseen> = unseen
        .iter()
        .filter(|entry| entry.subject == UnseenSubject::FirewallRules && entry.is_incomplete())
        .collect();
    let Some(first) = missing.first() else { return };
    answer.statement = if answer.verdict == Verdict::Unknown {
        format!("{}; and not all rules could be read", answer.statement)
    } else {
        format!("not all rules could be read; by those that were: {}", answer.statement)
    };
    answer.verdict = Verdict::Unknown;
    answer.causes.push(reach::Cause { kind: "unseen".to_owned(), text: first.detail.clone(), rule: None });
}

fn limit(limit: &Limit) -> reach::Limit {
    reach::Limit { kind: kind(limit).into_owned(), text: limit.to_string() }
}

/// The word that the limit goes by in snapshot files.
fn kind(limit: &Limit) -> Cow<'static, str> {
    let value = serde_json::to_value(limit).unwrap_or_default();
    value
        .get("kind")
        .and_then(|kind| kind.as_str())
        .map_or(Cow::Borrowed("other"), |kind| Cow::Owned(kind.to_owned()))
}
