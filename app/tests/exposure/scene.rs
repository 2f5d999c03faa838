//! A server, everybody who may want something of it, and what they try.

use std::collections::BTreeMap;
use std::net::IpAddr;

use portreeve_lab::Process;
use portreeve_lab::attempt::{Attempt, Carrier, Seen};
use portreeve_lab::site::{PATIENCE, Site};

use crate::client::{Client, Row, Target, is_link_local};
use crate::links::addresses;
use crate::place::Place;

/// Longer than the first retransmission of a SYN, so that one lost to a slow neighbour discovery is made good.
const FIRST: u64 = 1400;
/// Silence where an answer is expected may be a busy machine's: it is asked once more, with this patience.
const SECOND: u64 = 4000;

/// Ports of clients; witnesses prefer 40000.
const FIRST_PORT: u16 = 42_000;
const PORTS: usize = 8_000;

/// Addresses of the Internet from which everything is tried.
const FOREIGN: &[&str] =
    &["198.51.100.7", "203.0.113.66", "203.0.113.205", "192.0.2.1", "2001:db8:1::7", "2001:db8:66::66"];
const NEIGHBOURING: &[&str] = &["10.20.0.5", "fd00:20::5"];
const OWN: &[&str] = &["127.0.0.1", "::1", "192.0.2.10", "10.20.0.1", "2001:db8:2::10", "fd00:20::1"];

/// What is tried in a scene.
pub(crate) struct Scene<'a> {
    pub(crate) site: &'a Site,
    pub(crate) places: Vec<Place>,
    pub(crate) clients: Vec<Client>,
    pub(crate) targets: Vec<Target>,
    pub(crate) ports: Vec<(Carrier, u16)>,
    /// Pieces of causes: an answer may hang on what one of them names.
    pub(crate) may_depend_on: Vec<&'static str>,
    servers: Vec<Process>,
}

impl<'a> Scene<'a> {
    /// Index of the server among the places.
    pub(crate) const SERVER: usize = 0;
    /// Index of the Internet.
    pub(crate) const OUTSIDE: usize = 1;
    /// Index of the neighbour.
    pub(crate) const INSIDE: usize = 2;

    /// Server, Internet and neighbour: each of their addresses is a client, each of the server's a target.
    pub(crate) fn new(site: &'a Site, ports: &[(Carrier, u16)]) -> Self {
        let places = vec![Place::server(site), Place::host(&site.outside), Place::host(&site.inside)];
        let mut scene = Self {
            site,
            places,
            clients: Vec::new(),
            targets: OWN
                .iter()
                .map(|own| Target { address: own.parse().unwrap(), on: None, behind: None })
                .collect(),
            ports: ports.to_vec(),
            may_depend_on: Vec::new(),
            servers: Vec::new(),
        };
        for (place, enters, list) in [
            (Self::SERVER, None, OWN),
            (Self::OUTSIDE, Some("eth0"), FOREIGN),
            (Self::INSIDE, Some("eth1"), NEIGHBOURING),
        ] {
            for address in list {
                scene.add_client(place, address.parse().unwrap(), enters);
            }
            let found = addresses(site, &scene.places[place]);
            for (device, address) in found.into_iter().filter(|(_, address)| is_link_local(*address)) {
                if place == Self::SERVER && device.starts_with("eth") {
                    scene.targets.push(Target { address, on: Some(device), behind: None });
                } else if place != Self::SERVER {
                    scene.add_client(place, address, enters);
                }
            }
        }
        scene
    }

    /// Adds a container or a guest of the server, all of whose addresses are clients.
    pub(crate) fn add_place(&mut self, place: Place, enters: &str) -> usize {
        let index = self.places.len();
        let found = addresses(self.site, &place);
        self.places.push(place);
        for (_, address) in found.into_iter().filter(|(_, address)| !is_link_local(*address)) {
            self.add_client(index, address, Some(enters));
        }
        index
    }

    pub(crate) fn add_client(&mut self, place: usize, address: IpAddr, enters: Option<&str>) {
        self.clients.push(Client { place, address, enters: enters.map(str::to_owned) });
    }

    /// Adds an address of the server, from which and at which it is asked for.
    pub(crate) fn add_own(&mut self, address: &str) {
        let address = address.parse().unwrap();
        self.add_client(Self::SERVER, address, None);
        self.targets.push(Target { address, on: None, behind: None });
    }

    /// Only hosts behind the server are asked for, at these addresses; it asks for them from these addresses of its own.
    pub(crate) fn only_behind(&mut self, behind: &[(&str, &str)]) {
        self.targets.clear();
        for (address, own) in behind {
            let own = own.parse().unwrap();
            self.add_client(Self::SERVER, own, None);
            self.targets.push(Target { address: address.parse().unwrap(), on: None, behind: Some(own) });
        }
    }

    /// Servers that answer with the name of their place and their port.
    pub(crate) fn listen(&mut self, place: usize, at: &[&str]) {
        self.servers.push(self.places[place].answer(self.site, at));
    }

    /// nginx on the server, in both versions of IP.
    pub(crate) fn nginx(&mut self, ports: &[u16]) {
        let listen: Vec<String> =
            ports.iter().map(|port| format!("listen {port}; listen [::]:{port} ipv6only=on;")).collect();
        let listen = listen.join(" ");
        let configuration = format!(
            "daemon off; user nobody nogroup; worker_processes 1; pid /run/nginx.pid; error_log stderr;\n\
             events {{ worker_connections 256; }}\n\
             http {{ access_log off; client_body_temp_path /run/body; proxy_temp_path /run/proxy;\n\
             fastcgi_temp_path /run/fastcgi; uwsgi_temp_path /run/uwsgi; scgi_temp_path /run/scgi;\n\
             server {{ {listen} return 200 welcome; }} }}\n"
        );
        self.site.write("/run/nginx.conf", &configuration).unwrap();
        self.servers.push(self.site.spawn("exec nginx -p /run -c /run/nginx.conf -e stderr").unwrap());
        for port in ports {
            self.site.server.wait_listening(portreeve_lab::Transport::Tcp, *port, PATIENCE).unwrap();
        }
    }

    /// Everything that is tried: every client, every address, every port.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for client in &self.clients {
            for target in self.targets.iter().filter(|target| Row::makes_sense(client, target)) {
                for port in &self.ports {
                    let (client, to, (carrier, port)) = (client.clone(), target.address, *port);
                    // Of the usual range for clients, and each of its own.
                    let client_port = FIRST_PORT + u16::try_from(rows.len() % PORTS).unwrap();
                    rows.push(Row { client, to, carrier, port, client_port });
                }
            }
        }
        rows
    }

    /// What each client saw. Where `expected` says that it gets an answer, silence is asked once more.
    pub(crate) fn observe(&self, rows: &[Row], expected: &dyn Fn(usize) -> bool) -> Vec<Seen> {
        let attempts: Vec<(usize, Attempt)> =
            rows.iter().map(|row| (row.client.place, row.attempt())).collect();
        self.attempt(&attempts, expected)
    }

    /// The same for attempts from places.
    pub(crate) fn attempt(
        &self,
        attempts: &[(usize, Attempt)],
        expected: &dyn Fn(usize) -> bool,
    ) -> Vec<Seen> {
        let mut seen = self.once(attempts, &|_| true, FIRST);
        let doubtful = |index: usize| matches!(seen[index], Some(Seen::Silence)) && expected(index);
        // A connection that the kernel already knows is not asked about twice.
        let elsewhere = |(place, attempt): &(usize, Attempt)| {
            let from_port = attempt.from_port.filter(|port| *port >= FIRST_PORT).map(|port| port + 10_000);
            (*place, Attempt { from_port: from_port.or(attempt.from_port), ..attempt.clone() })
        };
        let attempts: Vec<(usize, Attempt)> = attempts.iter().map(elsewhere).collect();
        let again = self.once(&attempts, &doubtful, SECOND);
        for (seen, again) in seen.iter_mut().zip(again) {
            if again.is_some() {
                *seen = again;
            }
        }
        seen.into_iter().map(|seen| seen.expect("every one was tried")).collect()
    }

    /// All places at once, one program in each.
    fn once(
        &self,
        attempts: &[(usize, Attempt)],
        wanted: &dyn Fn(usize) -> bool,
        milliseconds: u64,
    ) -> Vec<Option<Seen>> {
        let mut by_place: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, (place, _)) in attempts.iter().enumerate().filter(|(index, _)| wanted(*index)) {
            by_place.entry(*place).or_default().push(index);
        }
        let mut seen = vec![None; attempts.len()];
        std::thread::scope(|scope| {
            let running: Vec<_> = by_place
                .iter()
                .map(|(place, indices)| {
                    let mine: Vec<Attempt> = indices.iter().map(|index| attempts[*index].1.clone()).collect();
                    let place = &self.places[*place];
                    (indices, scope.spawn(move || place.attempt(self.site, &mine, milliseconds)))
                })
                .collect();
            for (indices, thread) in running {
                for (index, result) in indices.iter().zip(thread.join().unwrap()) {
                    seen[*index] = Some(result);
                }
            }
        });
        seen
    }

    /// Place of each address that somebody has; those of the server are its own.
    pub(crate) fn owners(&self) -> BTreeMap<IpAddr, usize> {
        let mut owners = BTreeMap::new();
        for (index, place) in self.places.iter().enumerate() {
            for (_, address) in addresses(self.site, place) {
                owners.entry(address).or_insert(index);
            }
        }
        owners
    }
}
