//! Which service of the table a listener is, and how sure that is.
//!
//! A port is a weak sign and a program a strong one. A holder that is known to be something else is never taken
//! for the service whose usual port it sits on: nginx on 6379 is not Redis. A holder that nobody knows is told
//! as a hint of low severity. A forwarder is judged by what it forwards to, where that is known.

use std::cell::RefCell;
use std::rc::Rc;

use portreeve_model::listener::Forward;
use portreeve_model::{Listener, Process, Severity};
use rustc_hash::FxHashMap;

use super::catalogue::{Catalogue, MatchBy, Name, Service};
use crate::findings::Scene;
use crate::findings::trusted_path::file_name;

/// General servers and proxies that may sit on any port and say nothing of what is behind it.
const GENERAL_SERVERS: &[&str] = &[
    "nginx",
    "openresty",
    "angie",
    "apache2",
    "httpd",
    "lighttpd",
    "caddy",
    "traefik",
    "envoy",
    "varnishd",
    "hitch",
    "sshd",
    "dropbear",
    "openvpn",
    "gunicorn",
    "litespeed",
    "h2o",
];

/// How a listener was recognised, surest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ground {
    /// By a sign that the holder carries: name of the executable, command line, unit.
    Holder(String),
    /// By the image of the container that its forwarder sends to.
    Image(String),
    /// By the port alone: who holds it, or what is behind the forwarder, is not known.
    Port,
    /// By the port alone, and the holder is known, but not as this service.
    PortOfAnother,
}

/// A listener that is one of a service of the table.
pub(super) struct Recognised<'a> {
    pub(super) service: usize,
    pub(super) ground: Ground,
    /// The listener inside a container that the forwarder sends to, where it was seen.
    pub(super) behind: Option<&'a Listener>,
}

/// Looks listeners up in a catalogue.
pub(super) struct Recogniser<'s, 'a> {
    scene: &'s Scene<'a>,
    catalogue: &'static Catalogue,
    /// Listeners inside containers by container, whether peers connect, and port.
    inside: FxHashMap<(&'a str, bool, u16), &'a Listener>,
    /// The services that each process carries a sign of, which is the costly part.
    signs: RefCell<FxHashMap<u32, Signs>>,
}

/// Service index and the sign.
type Signs = Rc<Vec<(usize, String)>>;

impl<'s, 'a> Recogniser<'s, 'a> {
    pub(super) fn new(scene: &'s Scene<'a>, catalogue: &'static Catalogue) -> Self {
        let mut inside = FxHashMap::default();
        for listener in scene.listeners {
            if let Some(container) = &listener.owner.container {
                inside
                    .entry((&**container, listener.protocol.is_connection_oriented(), listener.port))
                    .or_insert(listener);
            }
        }
        Self { scene, catalogue, inside, signs: RefCell::default() }
    }

    /// The service, if the listener is one of the table.
    pub(super) fn recognise(&self, listener: &Listener) -> Option<Recognised<'a>> {
        if let Some(forward) = &listener.owner.forwards_to {
            let behind = self.behind(listener, forward);
            if let Some(behind) = behind {
                let (service, ground) = self.judge(behind, forward.port)?;
                return Some(Recognised { service, ground, behind: Some(behind) });
            }
            let image = forward
                .container
                .as_deref()
                .and_then(|id| self.scene.container(id))
                .and_then(|container| container.image.as_deref());
            let (service, ground) = self.judge_image(listener, forward.port, image)?;
            return Some(Recognised { service, ground, behind: None });
        }
        let (service, ground) = self.judge(listener, listener.port)?;
        Some(Recognised { service, ground, behind: None })
    }

    /// The listener that a forwarder sends to, in the container or, without one, in the same namespace.
    fn behind(&self, listener: &Listener, forward: &Forward) -> Option<&'a Listener> {
        let connects = listener.protocol.is_connection_oriented();
        if let Some(id) = forward.container.as_deref() {
            return self.inside.get(&(id, connects, forward.port)).copied();
        }
        let listeners = self.scene.listeners;
        listeners.iter().find(|candidate| {
            candidate.port == forward.port
                && candidate.namespace == listener.namespace
                && candidate.protocol.is_connection_oriented() == connects
                && candidate
                    .addresses
                    .iter()
                    .any(|bound| bound.address == forward.address || bound.address.is_unspecified())
                // A forwarder that sends to itself would be asked about again.
                && candidate.owner.forwards_to.is_none()
        })
    }

    fn judge(&self, listener: &Listener, port: u16) -> Option<(usize, Ground)> {
        let signs = self.signs_of(listener);
        let at_port = self.catalogue.with_port(listener.protocol, port);
        let mut best = Best { catalogue: self.catalogue, found: None };
        for (at, sign) in &signs {
            let Some(service) = self.catalogue.services.get(*at) else { continue };
            let port_matched = at_port.contains(at);
            // A client's datagram socket is held by the program too; it is the service only on its port.
            let anywhere = match service.by {
                MatchBy::Port => false,
                MatchBy::Executable => service.ports.is_empty(),
                MatchBy::Either => true,
            };
            if port_matched || (anywhere && !listener.ephemeral) {
                best.offer(port_matched, *at, Ground::Holder(sign.clone()));
            }
        }
        let found_by_holder = best.found.is_some();
        if !listener.ephemeral {
            let holder = self.holder_class(listener, !signs.is_empty());
            for at in at_port {
                let by_port = |service: &&Service| service.by != MatchBy::Executable;
                let Some(service) = self.catalogue.services.get(*at).filter(by_port) else { continue };
                if signs.iter().any(|(signed, _)| signed == at) {
                    continue;
                }
                match holder {
                    HolderClass::Unknown | HolderClass::Forwarder => best.offer(true, *at, Ground::Port),
                    HolderClass::OfAnotherService if found_by_holder => {}
                    HolderClass::OfAnotherService | HolderClass::Unlisted if !service.names_holders() => {
                        best.offer(true, *at, Ground::Port);
                    }
                    HolderClass::General | HolderClass::OfAnotherService => {}
                    HolderClass::Unlisted => best.offer(true, *at, Ground::PortOfAnother),
                }
            }
        }
        best.found.map(|(_, at, ground)| (at, ground))
    }

    /// What a forwarder publishes whose target was not seen: by image, else by the port of the target.
    fn judge_image(&self, listener: &Listener, port: u16, image: Option<&str>) -> Option<(usize, Ground)> {
        let at_port = self.catalogue.with_port(listener.protocol, port);
        let named = image.map(image_name);
        if let Some(name) = named {
            let of_image = |at: &&usize| {
                self.catalogue.services.get(**at).is_some_and(|service| service_of_image(service, name))
            };
            if let Some(at) = at_port.iter().find(of_image) {
                return Some((*at, Ground::Image(image.unwrap_or_default().to_owned())));
            }
            let other = GENERAL_SERVERS.contains(&name)
                || self.catalogue.services.iter().any(|service| service_of_image(service, name));
            if other {
                return None;
            }
        }
        let by_port = |at: &&usize| {
            self.catalogue.services.get(**at).is_some_and(|service| service.by != MatchBy::Executable)
        };
        at_port.iter().find(by_port).map(|at| (*at, Ground::Port))
    }

    /// The services that a holder or the unit carries a sign of.
    fn signs_of(&self, listener: &Listener) -> Vec<(usize, String)> {
        let mut signs: Vec<(usize, String)> = Vec::new();
        let mut last = None;
        for holder in &listener.owner.holders {
            if last.replace(holder.pid) == Some(holder.pid) {
                continue;
            }
            for (at, sign) in self.signs_of_process(holder.pid, &holder.name).iter() {
                if !signs.iter().any(|(signed, _)| signed == at) {
                    signs.push((*at, sign.clone()));
                }
            }
        }
        let owner = &listener.owner;
        let activation = owner.activates.iter().flat_map(|it| [Some(&it.socket_unit), it.starts.as_ref()]);
        let units = activation.flatten().chain(owner.unit.as_ref().map(|unit| &unit.name));
        for unit in units {
            for (at, service) in self.catalogue.services.iter().enumerate() {
                if service.units.iter().any(|name| **name == **unit)
                    && !signs.iter().any(|(signed, _)| *signed == at)
                {
                    signs.push((at, format!("its unit {unit}")));
                }
            }
        }
        signs
    }

    fn signs_of_process(&self, pid: u32, comm: &str) -> Signs {
        if let Some(known) = self.signs.borrow().get(&pid) {
            return Rc::clone(known);
        }
        let process = self.scene.snapshot.process(pid);
        let file = process.and_then(executable_name);
        let command = process.map_or_else(String::new, |process| process.command_line.join(" "));
        let signs: Vec<(usize, String)> = (0..)
            .zip(&self.catalogue.services)
            .filter_map(|(at, service)| Some((at, sign(service, file, comm, &command)?)))
            .collect();
        let signs = Rc::new(signs);
        self.signs.borrow_mut().insert(pid, Rc::clone(&signs));
        signs
    }

    fn holder_class(&self, listener: &Listener, has_signs: bool) -> HolderClass {
        let holders = &listener.owner.holders;
        if holders.is_empty() {
            return HolderClass::Unknown;
        }
        let snapshot = self.scene.snapshot;
        let mut forwards = true;
        for holder in holders {
            let process = snapshot.process(holder.pid);
            let file = process.and_then(executable_name).unwrap_or(&holder.name);
            let session = process.is_some_and(is_ssh_session);
            if GENERAL_SERVERS.contains(&file) && !session {
                return HolderClass::General;
            }
            let listed = |name: &Name| name.is_file(file) || name.is_process(&holder.name);
            forwards &= session || self.catalogue.forwarders.iter().any(listed);
        }
        match (has_signs, forwards) {
            (true, _) => HolderClass::OfAnotherService,
            (false, true) => HolderClass::Forwarder,
            (false, false) => HolderClass::Unlisted,
        }
    }
}

/// The match that tells most: one by port before one by program only, then the graver one.
struct Best {
    catalogue: &'static Catalogue,
    found: Option<((bool, Severity), usize, Ground)>,
}

impl Best {
    fn offer(&mut self, port_matched: bool, at: usize, ground: Ground) {
        let Some(service) = self.catalogue.services.get(at) else { return };
        let rank = (port_matched, service.severity);
        if self.found.as_ref().is_none_or(|(highest, ..)| rank > *highest) {
            self.found = Some((rank, at, ground));
        }
    }
}

#[derive(Clone, Copy)]
enum HolderClass {
    /// Nobody, or nobody who could be seen.
    Unknown,
    Forwarder,
    General,
    /// A program that the table knows, as another service.
    OfAnotherService,
    /// A program that is nowhere listed.
    Unlisted,
}

fn executable_name(process: &Process) -> Option<&str> {
    process.executable.as_ref().map(|executable| file_name(&executable.path)).filter(|name| !name.is_empty())
}

/// What makes a process one of a service.
fn sign(service: &Service, file: Option<&str>, comm: &str, command: &str) -> Option<String> {
    if let Some(file) = file
        && service.executables.iter().any(|name| name.is_file(file))
    {
        return Some(format!("its executable {file}"));
    }
    if service.executables.iter().any(|name| name.is_process(comm)) {
        return Some(format!("its process name {comm}"));
    }
    let text = service.command_contains.iter().find(|text| command.contains(text.as_str()))?;
    Some(format!("its command line, which contains {text}"))
}

/// sshd listens itself, and its sessions hold the ports that `ssh -R` forwards: those have a title that names the
/// user.
fn is_ssh_session(process: &Process) -> bool {
    executable_name(process).is_some_and(|file| file == "sshd" || file == "sshd-session")
        && process.command_line.first().is_some_and(|title| {
            title.starts_with("sshd") && !title.contains("[listener]") && title.contains(": ")
        })
}

/// `redis` of `docker.io/bitnami/redis:7.2@sha256:...`.
fn image_name(image: &str) -> &str {
    let untagged = image.split('@').next().unwrap_or_default();
    let last = untagged.rsplit('/').next().unwrap_or_default();
    last.split(':').next().unwrap_or_default()
}

/// Images are named after the service or its program: `redis`, `mongo` for mongod, `mysql` for mysqld.
fn service_of_image(service: &Service, image: &str) -> bool {
    let program = |name: &Name| {
        let rest = name.0.strip_prefix(image);
        matches!(rest, Some("" | "d" | "-server"))
    };
    !image.is_empty() && (service.id == image || service.executables.iter().any(program))
}
