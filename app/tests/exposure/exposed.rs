//! What `portreeve reach` says of all listeners at once, as an oracle.

use portreeve_lab::attempt::Carrier;
use portreeve_model::document::ReachPorts;
use portreeve_model::exposure::{Decision, Door, DoorKind, Exposure, Part};
use portreeve_model::reach::{self, Decider};

use crate::client::{Client, Row};
use crate::door::{is_asked_for, parts_of, version};
use crate::oracle::Oracle;
use crate::scene::Scene;
use crate::verdict::{Opinion, Verdict};

/// The document.
pub(crate) struct Exposed {
    document: ReachPorts,
    /// Indices of the doors that are not inside another namespace.
    doors: Vec<usize>,
}

impl Exposed {
    /// Runs the program on the server as its administrator would, with these words besides. Fails where a rule was not seen, or was
    /// too complex.
    pub(crate) fn read(scene: &Scene<'_>, words: &[&str]) -> Self {
        let mut argv = vec![env!("CARGO_BIN_EXE_portreeve"), "reach", "--json", "--all-prefixes"];
        argv.extend(words);
        let output = scene.places[Scene::SERVER].run(scene.site, &argv, "");
        let document: ReachPorts = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("{argv:?}: {error}\n{}\n{}", output.stdout, output.stderr));
        let unseen = document.unseen.iter().find(|entry| format!("{:?}", entry.subject).contains("Firewall"));
        assert_eq!(unseen, None, "all rules are read");
        for exposure in &document.exposures {
            for family in &exposure.families {
                assert_eq!(family.too_complex, None, "{:?}", exposure.door);
            }
        }
        // Listeners of containers are doors of theirs.
        let server = scene.site.server.netns_inode();
        let elsewhere = |door: &Door| door.kind == DoorKind::Listener && door.namespace.0 != server;
        let doors = 0..document.exposures.len();
        let doors = doors.filter(|index| !elsewhere(&document.exposures[*index].door)).collect();
        Self { document, doors }
    }

    /// The doors of the server and of its rules, and who can reach them.
    pub(crate) fn exposures(&self) -> Vec<&Exposure> {
        self.doors.iter().map(|index| &self.document.exposures[*index]).collect()
    }

    /// The parts that a client is in, one or more for each door that it asks for.
    pub(crate) fn parts(&self, row: &Row) -> Vec<(&Exposure, &Part)> {
        let asked = self.doors.iter().map(|index| &self.document.exposures[*index]);
        let asked = asked.filter(|exposure| is_asked_for(&exposure.door, row));
        let families =
            asked.flat_map(|exposure| exposure.families.iter().map(move |family| (exposure, family)));
        families
            .filter(|(_, family)| family.version == version(row.to))
            .flat_map(|(exposure, family)| {
                parts_of(family, row).into_iter().map(move |part| (exposure, part))
            })
            .collect()
    }
}

impl Exposed {
    /// The parts of a client that is none of the scene's.
    pub(crate) fn parts_for(&self, from: &str, enters: &str, to: &str, port: (Carrier, u16)) -> Vec<&Part> {
        let address = from.parse().unwrap();
        let client = Client { place: Scene::OUTSIDE, address, enters: Some(enters.into()) };
        let (carrier, port) = port;
        let row = Row { client, to: to.parse().unwrap(), carrier, port, client_port: 40_000 };
        self.parts(&row).into_iter().map(|(_, part)| part).collect()
    }
}

impl Oracle for Exposed {
    fn name(&self) -> &'static str {
        "portreeve reach"
    }

    /// A client gets an answer where one of the doors that it asks for lets it in.
    fn opinion(&self, row: &Row) -> Opinion {
        let parts = self.parts(row);
        let says = |verdict| parts.iter().any(|(_, part)| part.verdict == verdict);
        let verdict = if says(reach::Verdict::Allow) && !is_undecided(&parts) {
            Verdict::Allow
        } else if says(reach::Verdict::Unknown) || says(reach::Verdict::Allow) {
            let causes = parts.iter().flat_map(|(_, part)| {
                part.causes.iter().map(|cause| cause.text.clone()).chain(part.conditions.clone())
            });
            Verdict::Depends(causes.collect())
        } else {
            Verdict::Deny
        };
        Opinion { verdict, because: explain(&parts) }
    }
}

/// One door treats it in two ways, by something that the client does not choose.
fn is_undecided(parts: &[(&Exposure, &Part)]) -> bool {
    parts.iter().enumerate().any(|(index, (exposure, part))| {
        let others = parts[index + 1..].iter();
        let mut others = others.filter(|(other, _)| std::ptr::eq(*other, *exposure));
        others.any(|(_, other)| other.verdict != part.verdict)
    })
}

fn explain(parts: &[(&Exposure, &Part)]) -> String {
    if parts.is_empty() {
        return "no door has a part that this client is in".into();
    }
    let lines = parts.iter().map(|(exposure, part)| {
        format!(
            "{:?} {:?} {}\n              {:?} {} by {:?} {:?}, arrives at {:?}\n              {}\n              \
             such as {}",
            exposure.door.kind,
            exposure.door.addresses,
            exposure.door.port,
            part.verdict,
            part.label,
            part.interfaces,
            part.conditions,
            part.arrives_at,
            part.deciders.iter().map(words).collect::<Vec<_>>().join("\n              "),
            part.witness,
        )
    });
    lines.collect::<Vec<_>>().join("\n              ")
}

/// What decides, with its owner: `docker ip nat DOCKER: -A DOCKER ...`.
pub(crate) fn words(decision: &Decision) -> String {
    match decision {
        Decision::Rules { by: Decider::Rule(rule), hook, owner } => {
            format!("{owner} at {hook}: {} {} {}: {}", rule.family, rule.table, rule.chain, rule.text)
        }
        Decision::Rules { by: Decider::Policy(chain), hook, owner } => {
            let policy = chain.base.as_ref().map(|base| base.policy.as_str()).unwrap_or_default();
            format!("{owner} at {hook}: {} {} {}: policy {policy}", chain.family, chain.table, chain.name)
        }
        Decision::NoRule => "no rule".into(),
        Decision::Host { code, text } => format!("host: {code}: {text}"),
        Decision::Reply { by } => format!("reply: {}", words(by)),
        Decision::NoDoor { text } => format!("no door: {text}"),
    }
}
