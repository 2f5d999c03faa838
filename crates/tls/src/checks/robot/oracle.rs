//! What answers to the five paddings say about the server.

use portreeve_model::tls::Evidence;
use portreeve_wire::tls::AlertDescription;

use super::Vector;
use crate::checks::reply::{self, Ending, Reply};
use crate::exchange::Transcript;

/// How much an oracle tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strength {
    /// It tells whether a secret begins with 00 02: the attack takes some ten thousand questions.
    Strong,
    /// It tells only wholly right paddings from others, so that an attack takes many millions of questions.
    Weak,
}

/// What five answers come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// All are the same.
    Same(Reply),
    /// They differ.
    Differ(Strength),
    /// All are silence.
    Silent,
    /// Not all was asked: why.
    Missing(String),
}

/// The transcripts of the five paddings, as far as there are some, each with its answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    heard: Vec<(Vector, Transcript)>,
}

impl Answers {
    /// Adds what came of a padding; the first that has an answer counts.
    pub(crate) fn add(&mut self, vector: Vector, heard: Transcript) {
        match self.heard.iter_mut().find(|(known, _)| *known == vector) {
            Some((_, place)) if Reply::of(place).is_none() => *place = heard,
            Some(_) => {}
            None => self.heard.push((vector, heard)),
        }
    }

    /// Paddings that have no answer yet.
    pub(crate) fn missing(&self) -> impl Iterator<Item = Vector> + '_ {
        Vector::ALL.into_iter().filter(|vector| self.reply(*vector).is_none())
    }

    /// The answer to a padding.
    pub(crate) fn reply(&self, vector: Vector) -> Option<Reply> {
        let (_, heard) = self.heard.iter().find(|(known, _)| *known == vector)?;
        // A hello that was answered without a question after it says nothing.
        Reply::of(heard).filter(|_| heard.sends() > 1)
    }

    /// All five answers.
    pub(crate) fn replies(&self) -> Option<[Reply; 5]> {
        let replies: Option<Vec<Reply>> = Vector::ALL.into_iter().map(|vector| self.reply(vector)).collect();
        replies?.try_into().ok()
    }

    /// Whether the server wanted a certificate of the client, and refused for want of it: then it never looked at the secret.
    pub(crate) fn wanted_certificate(&self) -> bool {
        let looked = [
            AlertDescription::BadRecordMac,
            AlertDescription::DecryptionFailed,
            AlertDescription::DecryptError,
        ];
        self.heard.iter().any(|(vector, heard)| {
            let alert = self.reply(*vector).and_then(|reply| reply.alert());
            heard.flight().request.is_some() && !alert.is_some_and(|alert| looked.contains(&alert))
        })
    }

    /// What they come to.
    pub(crate) fn finding(&self) -> Finding {
        let Some(replies) = self.replies() else {
            let missing = self.missing().next();
            let heard = self.heard.iter().find(|(vector, _)| Some(*vector) == missing);
            return Finding::Missing(
                heard.map_or("it was not asked".to_owned(), |(_, heard)| reply::unanswered(heard)),
            );
        };
        let unknown = replies.iter().find_map(|reply| match &reply.ending {
            Ending::Unknown(why) => Some(why.clone()),
            _ => None,
        });
        if let Some(why) = unknown {
            return Finding::Missing(why);
        }
        let [right, wrong_start, misplaced, missing, wrong_version] = replies;
        if [&wrong_start, &misplaced, &missing, &wrong_version].iter().all(|reply| **reply == right) {
            return if right.ending == Ending::Silent && right.alerts.is_empty() {
                Finding::Silent
            } else {
                Finding::Same(right)
            };
        }
        // Two that begin with 00 02 and have no secret behind a zero: only where they differ from what begins otherwise is the beginning
        // told (Böck, Somorovsky, Young, section 3.2).
        Finding::Differ(if wrong_start == misplaced && misplaced == missing {
            Strength::Weak
        } else {
            Strength::Strong
        })
    }

    /// Each padding with its answer.
    pub(crate) fn evidence(&self) -> Vec<Evidence> {
        let one = |vector: Vector| {
            let (_, heard) = self.heard.iter().find(|(known, _)| *known == vector)?;
            let (said, answered) = reply::after_hello(heard);
            let told = self.reply(vector).map_or("no answer".to_owned(), |reply| reply.to_string());
            Some([
                Evidence::client(format!("ClientKeyExchange, {}", vector.says()), &said),
                Evidence::server(format!("Answer to {}: {told}", vector.says()), &answered),
            ])
        };
        Vector::ALL.into_iter().filter_map(one).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use portreeve_wire::tls::Version;

    use super::super::{Flow, Question};
    use super::*;
    use crate::checks::canned::{Canned, PATIENCE, fatal};

    /// Answers to the five paddings: an alert, 0 for the end, 255 for silence.
    fn finding(alerts: [u8; 5]) -> Finding {
        let server = Canned::new(Version::Tls12, 0x002f);
        let mut answers = Answers::default();
        for (vector, alert) in Vector::ALL.into_iter().zip(alerts) {
            let answer = match alert {
                0 => None,
                255 => Some(Vec::new()),
                alert => Some(fatal(alert)),
            };
            let question = Question::new(vector, Flow::Whole, PATIENCE);
            answers.add(vector, server.play(question, &mut |_| answer.clone()));
        }
        answers.finding()
    }

    #[test]
    fn equal_answers_tell_nothing_and_different_ones_how_much_they_tell() {
        assert!(matches!(finding([20; 5]), Finding::Same(_)));
        assert!(matches!(finding([0; 5]), Finding::Same(_)));
        assert_eq!(finding([20, 40, 20, 20, 20]), Finding::Differ(Strength::Strong));
        assert_eq!(finding([20, 40, 40, 40, 40]), Finding::Differ(Strength::Weak));
        assert_eq!(finding([20, 20, 20, 20, 47]), Finding::Differ(Strength::Weak));
        assert_eq!(finding([20, 255, 20, 20, 20]), Finding::Differ(Strength::Strong));
        assert_eq!(finding([20, 20, 0, 20, 20]), Finding::Differ(Strength::Strong));
        assert_eq!(finding([255; 5]), Finding::Silent);
    }

    #[test]
    fn a_padding_without_an_answer_is_missing() {
        let server = Canned::new(Version::Tls12, 0x002f);
        let mut answers = Answers::default();
        assert_eq!(answers.missing().count(), 5);
        let question = Question::new(Vector::Right, Flow::Cut, PATIENCE);
        answers.add(Vector::Right, server.play(question, &mut |_| Some(fatal(10))));
        assert!(!answers.missing().any(|vector| vector == Vector::Right));
        // A suite that calls for no encrypted secret is asked nothing.
        let other = Canned::new(Version::Tls12, 0xc02f);
        let question = Question::new(Vector::WrongStart, Flow::Cut, PATIENCE);
        answers.add(Vector::WrongStart, other.play(question, &mut |_| Some(fatal(10))));
        assert!(answers.missing().any(|vector| vector == Vector::WrongStart));
        assert!(matches!(answers.finding(), Finding::Missing(_)));
    }
}
