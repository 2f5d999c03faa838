//! Assertions about who can reach what: proven, refuted with a packet, or undecided.

use portreeve_firewall::reach::questions::{self, Claim, ClaimError};
use portreeve_firewall::space::Budget;
use portreeve_model::document::{self, ReachAssert};
use portreeve_model::rules::Assertion;

use super::host::{Host, missing_rules, port_of};
use super::{source, withhold};
use crate::config::{Config, Location};
use crate::engine::{AssertQuery, Asserted};
use crate::error::CommandError;
use crate::excerpt::Excerpt;

pub(in crate::machine) fn assertions(
    query: &AssertQuery,
    config: &Location,
) -> Result<ReachAssert, CommandError> {
    // What is wrong with the question is said before anything is read.
    let claims: Vec<(&Asserted, Claim)> =
        query.assertions.iter().map(understood).collect::<Result<_, _>>()?;
    let config = Config::load(config)?;
    let mut host = Host::of(source::read(&query.rules)?)?;
    let zones = host.zones(config);
    let missing = missing_rules(&host.unseen);
    let mut assertions: Vec<Assertion> = Vec::new();
    for (asserted, claim) in claims {
        let mut assertion =
            questions::assert(&host.ruleset, &host.network, &zones, &claim, Budget::default())
                .map_err(|error| not_understood(&error, asserted))?;
        assertion.place.clone_from(&asserted.place);
        if let Some(cause) = &missing {
            withhold::from_assertion(&mut assertion, cause);
        }
        assertions.push(assertion);
    }
    Ok(ReachAssert {
        schema: document::REACH_ASSERT.to_owned(),
        host: host.machine,
        source: host.from,
        assertions,
        limits: host.limits,
        unseen: host.unseen,
    })
}

fn understood(asserted: &Asserted) -> Result<(&Asserted, Claim), CommandError> {
    let claim =
        questions::parse(&asserted.text, &port_of).map_err(|error| not_understood(&error, asserted))?;
    Ok((asserted, claim))
}

fn not_understood(error: &ClaimError, asserted: &Asserted) -> CommandError {
    let place = asserted.place.as_ref().map_or_else(String::new, |place| format!("{place}: "));
    CommandError::usage(format!("{place}the assertion is not understood: {error}"))
        .at(Excerpt::of_word(&error.text, error.offset))
        .hint(&error.help)
}
