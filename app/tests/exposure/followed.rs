//! All packets of a class at once as an oracle: one answer for every source, in which each client is looked up.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use portreeve_firewall::ir::Version;
use portreeve_firewall::network::Prefix;
use portreeve_firewall::packet::State;
use portreeve_firewall::simulate::{Class, Fates, Origin, Wanted};
use portreeve_firewall::space::{Budget, Part, Set, Space};
use portreeve_lab::attempt::Carrier;

use crate::client::Row;
use crate::oracle::Oracle;
use crate::simulated::Simulated;
use crate::verdict::{Opinion, Verdict};

/// The engine, and what it has said so far.
pub(crate) struct Followed<'a> {
    simulated: &'a Simulated<'a>,
    spaces: [Space; 2],
    known: RefCell<HashMap<Question, Rc<Fates>>>,
}

/// What a class leaves open is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    carrier: Carrier,
    enters: Option<String>,
    to: IpAddr,
    port: u16,
}

impl<'a> Followed<'a> {
    pub(crate) fn new(simulated: &'a Simulated<'a>) -> Self {
        let spaces =
            [Version::V4, Version::V6].map(|version| Space::new(version, Budget::default()).unwrap());
        Self { simulated, spaces, known: RefCell::default() }
    }

    fn space(&self, address: IpAddr) -> &Space {
        &self.spaces[usize::from(address.is_ipv6())]
    }

    fn fates(&self, row: &Row) -> Rc<Fates> {
        let question =
            Question { carrier: row.carrier, enters: row.client.enters.clone(), to: row.to, port: row.port };
        if let Some(known) = self.known.borrow().get(&question) {
            return Rc::clone(known);
        }
        let fates = self.ask(row);
        let fates = Rc::new(fates);
        self.known.borrow_mut().insert(question, Rc::clone(&fates));
        fates
    }

    fn ask(&self, row: &Row) -> Fates {
        let (origin, source) = match &row.client.enters {
            Some(interface) => (Origin::In(self.simulated.index_of(interface)), None),
            None => (Origin::Out { interface: None, user: None, group: None }, Some(row.client.address)),
        };
        let class = Class {
            version: if row.to.is_ipv4() { Version::V4 } else { Version::V6 },
            protocol: if row.carrier == Carrier::Tcp { 6 } else { 17 },
            origin,
            state: State::First,
            source,
            destination: Some(row.to),
            source_port: None,
            destination_port: Some(row.port),
            // A segment that begins a connection.
            tcp_flags: (row.carrier == Carrier::Tcp).then_some(0x02),
            within: None,
        };
        let wanted = Wanted { replies: true, ..Wanted::default() };
        self.simulated.simulator.fates(self.space(row.to), &class, wanted).expect("within the budget")
    }

    /// The packets of one client.
    fn packets(&self, row: &Row, fates: &Fates) -> Set {
        let space = self.space(row.to);
        let port = space.range(Part::SourcePort, row.client_port.into(), row.client_port.into()).unwrap();
        let mut packets = space.and(&fates.asked, &port).unwrap();
        if row.client.enters.is_some() {
            let length = if row.to.is_ipv4() { 32 } else { 128 };
            let source = space.prefix(Part::Source, Prefix::new(row.client.address, length)).unwrap();
            packets = space.and(&packets, &source).unwrap();
        }
        packets
    }
}

impl Oracle for Followed<'_> {
    fn name(&self) -> &'static str {
        "all packets at once"
    }

    fn opinion(&self, row: &Row) -> Opinion {
        let fates = self.fates(row);
        let space = self.space(row.to);
        let packets = self.packets(row, &fates);
        let none = space.none();
        let meets = |set: &Set| space.and(&packets, set).unwrap() != none;
        let ends: Vec<_> = fates.ends.iter().filter(|fate| meets(&fate.set)).collect();
        let taken = ends.iter().filter(|fate| !fate.reply && fate.end.arrives() == Some(true)).all(|fate| {
            let (Some(address), Some(port)) = (fate.address, fate.port) else { return false };
            self.simulated.is_taken_at(row, &fate.end, address, port)
        });
        let verdict = match (meets(&fates.allow), meets(&fates.deny), meets(&fates.open)) {
            (true, false, false) if taken => Verdict::Allow,
            (true, false, false) | (false, true, false) => Verdict::Deny,
            (false, false, false) => Verdict::Depends(vec!["in none of the sets".into()]),
            (_, _, false) => Verdict::Depends(vec!["in several of the sets".into()]),
            _ => {
                let causes = fates.causes.iter().filter(|(_, set)| meets(set));
                Verdict::Depends(causes.map(|(cause, _)| cause.text.clone()).collect())
            }
        };
        let ends: Vec<String> = ends
            .iter()
            .map(|fate| format!("{}{:?}", if fate.reply { "reply " } else { "" }, fate.end))
            .collect();
        Opinion { verdict, because: ends.join("; ") }
    }
}
