//! What is done in every scene once it stands.

use std::net::IpAddr;

use portreeve_lab::attempt::{Carrier, Seen};
use portreeve_model::exposure::DoorKind;

use crate::client::Row;
use crate::compare::{agrees, compare};
use crate::exposed::{Exposed, words};
use crate::followed::Followed;
use crate::oracle::Oracle;
use crate::scene::Scene;
use crate::simulated::{Read, Simulated};
use crate::verdict::Verdict;
use crate::witness;

/// Everything is tried and held against both oracles; then the witnesses are replayed.
pub(crate) fn run<'a>(scene: &'a Scene<'a>) -> Run<'a> {
    run_with(scene, &[])
}

/// The same where `portreeve reach` is given these words, too.
pub(crate) fn run_with<'a>(scene: &'a Scene<'a>, options: &[&str]) -> Run<'a> {
    let read = Read::of(scene);
    let simulated = Simulated::new(scene, &read);
    let followed = Followed::new(&simulated);
    let exposed = Exposed::read(scene, options);
    let rows = compare(scene, &[&simulated, &followed, &exposed]);
    let run = Run { scene, exposed, rows };
    assert!(witness::replay(scene, &run.exposed) > 0, "some witness can be replayed");
    run
}

/// What was said and seen in a scene.
pub(crate) struct Run<'a> {
    scene: &'a Scene<'a>,
    pub(crate) exposed: Exposed,
    rows: Vec<(Row, Seen)>,
}

impl Run<'_> {
    /// The client was let in, by what has all of `named` in its words, in this order.
    pub(crate) fn allows(&self, from: &str, to: &str, port: (Carrier, u16), named: &[&str]) {
        self.check(from, to, port, &Verdict::Allow, named);
    }

    /// The client was kept out, by what has all of `named` in its words.
    pub(crate) fn denies(&self, from: &str, to: &str, port: (Carrier, u16), named: &[&str]) {
        self.check(from, to, port, &Verdict::Deny, named);
    }

    /// The client was let in or not, by what has `named` in its words.
    pub(crate) fn depends(&self, from: &str, to: &str, port: (Carrier, u16), named: &str) {
        let (row, _) = self.row(from, to, port);
        let opinion = self.exposed.opinion(row);
        let Verdict::Depends(causes) = &opinion.verdict else { panic!("{}: {opinion:?}", row.packet()) };
        assert!(causes.iter().any(|cause| cause.contains(named)), "{}: {causes:?}", row.packet());
    }

    /// The server that answered said so.
    pub(crate) fn answers(&self, from: &str, to: &str, port: (Carrier, u16), place: &str) {
        let (row, seen) = self.row(from, to, port);
        assert_eq!(*seen, Seen::Answered { said: place.into() }, "{}", row.packet());
    }

    fn check(&self, from: &str, to: &str, port: (Carrier, u16), expected: &Verdict, named: &[&str]) {
        let (row, seen) = self.row(from, to, port);
        let opinion = self.exposed.opinion(row);
        assert_eq!(opinion.verdict, *expected, "{}: {}", row.packet(), opinion.because);
        assert!(agrees(self.scene, expected, seen), "{}: saw {seen:?}", row.packet());
        let wanted = if *expected == Verdict::Allow {
            portreeve_model::reach::Verdict::Allow
        } else {
            portreeve_model::reach::Verdict::Deny
        };
        let parts = self.exposed.parts(row);
        let deciders = parts.iter().filter(|(_, part)| part.verdict == wanted);
        let told: Vec<String> = deciders
            .flat_map(|(exposure, part)| {
                let kind = match &exposure.door.kind {
                    DoorKind::Translated { to } => format!("to {to}: "),
                    _ => String::new(),
                };
                part.deciders.iter().map(move |decision| format!("{kind}{}", words(decision)))
            })
            .collect();
        for name in named {
            let found = told.iter().any(|told| told.to_lowercase().contains(&name.to_lowercase()));
            assert!(found, "{}: no `{name}` in {told:#?}", row.packet());
        }
    }

    fn row(&self, from: &str, to: &str, (carrier, port): (Carrier, u16)) -> &(Row, Seen) {
        let [from, to]: [IpAddr; 2] = [from, to].map(|address| address.parse().unwrap());
        let mut rows = self.rows.iter();
        rows.find(|(row, _)| {
            row.client.address == from && row.to == to && row.carrier == carrier && row.port == port
        })
        .unwrap_or_else(|| panic!("nobody tried {from} to {to}, {carrier:?} {port}"))
    }
}
