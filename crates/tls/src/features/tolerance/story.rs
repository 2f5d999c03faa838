//! What is told of tolerance: six features.

use std::collections::BTreeMap;

use portreeve_model::tls::{Evidence, Feature, FeatureGroup, Support};

use super::hello::{Oddity, TROUBLED};
use super::look::{Came, Seen};

/// One feature, and the oddities it is made of, each with its words.
struct Subject {
    id: &'static str,
    title: &'static str,
    /// What a tolerant server does, after `The server`.
    tolerant: &'static str,
    /// What another does not, after `The server does not`.
    intolerant: &'static str,
    parts: &'static [(Oddity, &'static str)],
}

const SUBJECTS: [Subject; 6] = [
    Subject {
        id: "grease",
        title: "GREASE (RFC 8701)",
        tolerant: "passes over numbers without meaning",
        intolerant: "pass over numbers without meaning",
        parts: &[
            (Oddity::Suites, "suites"),
            (Oddity::Extensions, "extensions"),
            (Oddity::Groups, "groups"),
            (Oddity::Versions, "versions"),
            (Oddity::Signatures, "signature algorithms"),
        ],
    },
    Subject {
        id: "unknown-extension",
        title: "Unknown extensions",
        tolerant: "passes over an extension that it can not know",
        intolerant: "pass over an extension that it can not know",
        parts: &[(Oddity::UnknownExtension, "an unassigned number")],
    },
    Subject {
        id: "future-version",
        title: "Versions of the future",
        tolerant: "chooses a version that it speaks where a newer one is offered",
        intolerant: "choose a version that it speaks where a newer one is offered",
        parts: &[
            (Oddity::FutureVersion, "0x0305 in supported_versions"),
            (Oddity::FutureField, "0x03ff in the version field"),
        ],
    },
    Subject {
        id: "record-version",
        title: "Version of the record",
        tolerant: "does not mind the version in the header of the first record",
        intolerant: "take a hello with an unusual version in the header of its record",
        parts: &[(Oddity::RecordVersion, "0x03ff in the header")],
    },
    Subject {
        id: "hello-of-256-to-511-bytes",
        title: "Hellos of 256 to 511 bytes",
        tolerant: "answers a hello of a length that old load balancers took for SSL 2.0",
        intolerant: "take a hello of a length that old load balancers took for SSL 2.0",
        parts: &[(Oddity::TroubledLength, "a length of 256 to 511 bytes")],
    },
    Subject {
        id: "hello-in-two-records",
        title: "Hellos in two records",
        tolerant: "answers a hello that comes in two records",
        intolerant: "take a hello that comes in two records",
        parts: &[(Oddity::TwoRecords, "half of the message in each")],
    },
];

/// The features of what was seen.
pub(super) fn features(seen: &BTreeMap<Oddity, Seen>) -> Vec<Feature> {
    debug_assert!(TROUBLED == (256..=511), "as the words say");
    SUBJECTS.iter().map(|subject| subject.told(seen)).collect()
}

/// The features of a server of which no version with extensions is known: there is none, or that is not known, and why.
pub(super) fn without_extensions(doubt: Option<&str>) -> Vec<Feature> {
    let told = |subject: &Subject| match doubt {
        None => {
            let why = "The server speaks no version that has extensions.";
            subject.feature(Support::NotApplicable, why.to_owned(), Vec::new())
        }
        Some(why) => {
            let statement = format!("Whether the server {} is not known, since {why}.", subject.tolerant);
            subject.feature(Support::Inconclusive, statement, Vec::new())
        }
    };
    SUBJECTS.iter().map(told).collect()
}

impl Subject {
    fn told(&self, seen: &BTreeMap<Oddity, Seen>) -> Feature {
        let parts: Vec<(&Seen, &str)> =
            self.parts.iter().filter_map(|(odd, word)| seen.get(odd).map(|seen| (seen, *word))).collect();
        let list = |is: &dyn Fn(&Came) -> Option<&String>| -> Vec<(&str, String, Vec<Evidence>)> {
            let all = parts.iter().filter_map(|(seen, word)| {
                is(&seen.what).map(|why| (*word, why.clone(), seen.evidence.clone()))
            });
            all.collect()
        };
        let refused = list(&|came| if let Came::Refused(why) = came { Some(why) } else { None });
        let unclear = list(&|came| if let Came::Unclear(why) = came { Some(why) } else { None });
        let alone = list(&|came| if let Came::ToleratedAlone(why) = came { Some(why) } else { None });
        let not_asked = list(&|came| if let Came::NotAsked(why) = came { Some(why) } else { None });
        let tolerated: Vec<&str> = parts
            .iter()
            .filter(|(seen, _)| matches!(seen.what, Came::Tolerated | Came::ToleratedAlone(_)))
            .map(|(_, word)| *word)
            .collect();
        if !refused.is_empty() {
            let statement = format!("The server does not {}: {}.", self.intolerant, reasons(&refused));
            return self.feature(Support::No, statement, evidence(refused));
        }
        if !unclear.is_empty() || (tolerated.is_empty() && not_asked.is_empty()) {
            let why = if unclear.is_empty() { "it was not asked".to_owned() } else { reasons(&unclear) };
            let statement = format!("Whether the server {} is not known: {why}.", self.tolerant);
            return self.feature(Support::Inconclusive, statement, evidence(unclear));
        }
        if tolerated.is_empty() {
            let statement = format!("It was not asked: {}.", reasons(&not_asked));
            return self.feature(Support::NotApplicable, statement, Vec::new());
        }
        let mut statement = format!("The server {}: {}", self.tolerant, tolerated.join(", "));
        if let Some((_, why, _)) = alone.first() {
            statement = format!(
                "{statement}; a hello that was unusual in several ways at once it did not take: {why}"
            );
        }
        let proof = parts.first().map(|(seen, _)| seen.evidence.clone());
        self.feature(Support::Yes, format!("{statement}."), proof.unwrap_or_default())
    }

    fn feature(&self, support: Support, statement: String, evidence: Vec<Evidence>) -> Feature {
        Feature {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            group: FeatureGroup::Tolerance,
            support,
            statement,
            values: Vec::new(),
            evidence,
        }
    }
}

fn reasons(all: &[(&str, String, Vec<Evidence>)]) -> String {
    all.iter().map(|(word, why, _)| format!("{word}: {why}")).collect::<Vec<_>>().join("; ")
}

/// Of the first: one proof is enough.
fn evidence(all: Vec<(&str, String, Vec<Evidence>)>) -> Vec<Evidence> {
    all.into_iter().next().map(|(_, _, evidence)| evidence).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(id: &str, seen: &[(Oddity, Came)]) -> (Support, String) {
        let seen = seen
            .iter()
            .map(|(odd, what)| (*odd, Seen { what: what.clone(), evidence: Vec::new() }))
            .collect();
        let feature = features(&seen).into_iter().find(|feature| feature.id == id).unwrap();
        (feature.support, feature.statement)
    }

    #[test]
    fn one_refusal_is_enough_and_one_doubt_leaves_it_open() {
        let good = (Oddity::Suites, Came::Tolerated);
        let bad = (Oddity::Groups, Came::Refused("alert decode_error".to_owned()));
        let open = (Oddity::Versions, Came::Unclear("it said nothing for 4.0 s".to_owned()));
        assert_eq!(
            told("grease", std::slice::from_ref(&good)),
            (Support::Yes, "The server passes over numbers without meaning: suites.".to_owned())
        );
        assert_eq!(
            told("grease", &[good.clone(), bad, open.clone()]),
            (
                Support::No,
                "The server does not pass over numbers without meaning: groups: alert decode_error."
                    .to_owned()
            )
        );
        let (support, statement) = told("grease", &[good, open]);
        assert_eq!(support, Support::Inconclusive);
        assert!(statement.ends_with("is not known: versions: it said nothing for 4.0 s."), "{statement}");
    }

    #[test]
    fn what_was_not_asked_is_not_answered() {
        assert_eq!(told("record-version", &[]).0, Support::Inconclusive);
        let long = (Oddity::TroubledLength, Came::NotAsked("the name is long".to_owned()));
        assert_eq!(told("hello-of-256-to-511-bytes", &[long]).0, Support::NotApplicable);
        assert!(without_extensions(None).iter().all(|one| one.support == Support::NotApplicable));
        let doubt = Some("whether TLS 1.2 is spoken is not known (why)");
        assert!(without_extensions(doubt).iter().all(|one| one.support == Support::Inconclusive));
    }
}
