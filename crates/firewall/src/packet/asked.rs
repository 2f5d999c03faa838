//! A packet as it was written: perhaps without the place where it meets the host.

use std::net::IpAddr;

use super::{Place, Question, State};

/// A packet as it was written. Where neither `iif` nor `out` was, the place has to be found by somebody who knows the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The place is a placeholder unless `placed`.
    question: Question,
    placed: bool,
    /// A state was written.
    stated: bool,
}

impl Asked {
    /// A packet whose place is known.
    pub(super) fn placed(question: Question, stated: bool) -> Self {
        Self { question, placed: true, stated }
    }

    /// A packet whose place is not known; that of `question` is not looked at.
    pub(super) fn unplaced(question: Question, stated: bool) -> Self {
        Self { question, placed: false, stated }
    }

    /// The question, where the place was written.
    pub fn question(&self) -> Option<&Question> {
        self.placed.then_some(&self.question)
    }

    /// The question with the place that was written, or else with this one.
    pub fn or_at(self, place: Place) -> Question {
        if self.placed { self.question } else { Question { place, ..self.question } }
    }

    /// Source address, where one was written.
    pub fn source(&self) -> Option<IpAddr> {
        self.question.source
    }

    /// Destination address.
    pub fn destination(&self) -> IpAddr {
        self.question.destination
    }

    /// The firewall mark it arrives with.
    pub fn mark(&self) -> u32 {
        self.question.mark
    }

    /// Whether the reply is asked about.
    pub fn is_reply(&self) -> bool {
        self.question.reply
    }

    /// The state that was written.
    pub fn state(&self) -> Option<State> {
        self.stated.then_some(self.question.state)
    }

    /// The same packet in another state.
    #[must_use]
    pub fn in_state(mut self, state: State) -> Self {
        self.question.state = state;
        self.stated = true;
        self
    }

    /// The reply to the packet.
    #[must_use]
    pub fn as_reply(mut self) -> Self {
        self.question.reply = true;
        self
    }
}
