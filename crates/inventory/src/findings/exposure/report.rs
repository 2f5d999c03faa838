//! What is said of a risky service.

use std::net::{IpAddr, SocketAddr};

use portreeve_model::listener::Forward;
use portreeve_model::{Finding, Listener, NamespaceId, NoHolder, Protocol, Runtime, Severity};
use rustc_hash::FxHashMap;

use super::catalogue::{Catalogue, Service};
use super::recognise::{Ground, Recognised, Recogniser};
use crate::findings::trusted_path::file_name;
use crate::findings::{Scene, tool, wording};

/// Services of the table that are bound beyond this machine, one finding for each service and owner.
pub(in crate::findings) fn risky_service(scene: &Scene<'_>) -> Vec<Finding> {
    let catalogue = Catalogue::built_in();
    let lookup = Recogniser::new(scene, catalogue);
    let mut groups: Vec<(Recognised<'_>, Vec<&Listener>)> = Vec::new();
    let mut at: FxHashMap<GroupKey, usize> = FxHashMap::default();
    for listener in scene.listeners {
        if !listener.reach.is_beyond_this_machine() {
            continue;
        }
        let Some(recognised) = lookup.recognise(listener) else { continue };
        let group = *at.entry(GroupKey::of(listener, &recognised)).or_insert_with(|| {
            groups.push((recognised, Vec::new()));
            groups.len() - 1
        });
        if let Some((_, listeners)) = groups.get_mut(group) {
            listeners.push(listener);
        }
    }
    let told = |(recognised, listeners): &(Recognised<'_>, Vec<&Listener>)| {
        let service = catalogue.services.get(recognised.service)?;
        finding(scene, service, recognised, listeners)
    };
    groups.iter().filter_map(told).collect()
}

/// What the listeners of one finding have in common.
#[derive(PartialEq, Eq, Hash)]
struct GroupKey {
    service: usize,
    by_port_only: bool,
    namespace: NamespaceId,
    owner: OwnerKey,
}

#[derive(PartialEq, Eq, Hash)]
enum OwnerKey {
    Forward(IpAddr, u16),
    Container(String),
    Unit(String, Option<u32>),
    Pids(Vec<u32>),
    Nobody(Option<NoHolder>),
}

impl GroupKey {
    fn of(listener: &Listener, recognised: &Recognised<'_>) -> Self {
        let owner = &listener.owner;
        let service_unit = owner.unit.as_ref().filter(|unit| unit.name.ends_with(".service"));
        let key = if let Some(Forward { address, port, .. }) = owner.forwards_to {
            OwnerKey::Forward(address, port)
        } else if let Some(container) = &owner.container {
            OwnerKey::Container(container.to_string())
        } else if let Some(activation) = &owner.activates {
            OwnerKey::Unit(activation.socket_unit.to_string(), None)
        } else if let Some(unit) = service_unit {
            OwnerKey::Unit(unit.name.to_string(), unit.user_instance)
        } else if owner.holders.is_empty() {
            OwnerKey::Nobody(owner.no_holder)
        } else {
            let mut pids: Vec<u32> = owner.holders.iter().map(|holder| holder.pid).collect();
            pids.sort_unstable();
            pids.dedup();
            OwnerKey::Pids(pids)
        };
        Self {
            service: recognised.service,
            by_port_only: matches!(recognised.ground, Ground::Port | Ground::PortOfAnother),
            namespace: listener.namespace,
            owner: key,
        }
    }
}

fn finding(
    scene: &Scene<'_>,
    service: &Service,
    recognised: &Recognised<'_>,
    listeners: &[&Listener],
) -> Option<Finding> {
    let first = *listeners.first()?;
    let places = listeners.iter().map(|it| wording::addresses(it)).collect::<Vec<_>>().join(" and ");
    let reach = listeners.iter().map(|it| it.reach).max()?.heading();
    let name = &service.name;
    let forwarded = first.owner.forwards_to.as_ref();
    let title = match (&recognised.ground, forwarded) {
        (Ground::Holder(_) | Ground::Image(_), Some(forward)) => match target(scene, first, forward) {
            Some(container) => format!("{name} in {container} is published on {places}: {reach}"),
            None => format!("{name} is open on {places} through {}: {reach}", holder_name(scene, first)),
        },
        (Ground::Holder(_) | Ground::Image(_), None) => format!("{name} is open on {places}: {reach}"),
        (Ground::Port, _) => format!("{places}, the usual port of {name}, is open: {reach}"),
        (Ground::PortOfAnother, _) => format!(
            "{places}, the usual port of {name}, is held by {}: {reach}",
            holder_name(scene, recognised.behind.unwrap_or(first))
        ),
    };
    let mut evidence: Vec<String> =
        listeners.iter().map(|listener| wording::bind_evidence(scene, listener)).collect();
    evidence.push(wording::held_by(scene, first));
    if let Some(forward) = forwarded {
        let container = target(scene, first, forward).map_or_else(String::new, |name| format!(", {name}"));
        let address = SocketAddr::new(forward.address, forward.port);
        evidence.push(format!("passes connections on to {address}{container}"));
    }
    if let Some(behind) = recognised.behind {
        evidence.push(format!("there, {}", wording::held_by(scene, behind)));
    }
    evidence.push(match &recognised.ground {
        Ground::Holder(sign) => format!("recognised by {sign}"),
        Ground::Image(image) => format!("recognised by its image {image} and its port"),
        Ground::Port => "recognised by its port alone: another service may be there".to_owned(),
        Ground::PortOfAnother => {
            "recognised by its port alone, and the program that holds it is not one known for this service"
                .to_owned()
        }
    });
    let mut fix = Vec::new();
    if let Some(forward) = forwarded {
        fix.push(forward_on_loopback(scene, first, forward));
    }
    if matches!(recognised.ground, Ground::Port | Ground::PortOfAnother) {
        fix.push(format!("See first whether it is {name} at all; the rest applies if it is."));
    }
    fix.push(service.fix.clone());
    Some(Finding {
        id: format!("exposure/{}", service.id),
        severity: severity(service.severity, &recognised.ground),
        title,
        reason: service.reason.clone(),
        evidence,
        fix,
        reproduce: tool::ss(scene, first, ""),
        subjects: listeners.iter().flat_map(|listener| wording::listener_subjects(listener)).collect(),
    })
}

/// The bind address does not change the severity: on a private network, or behind a cloud's address translation,
/// it says little about who can connect. What changes it is doubt that the service is there.
fn severity(of_service: Severity, ground: &Ground) -> Severity {
    match ground {
        Ground::Holder(_) | Ground::Image(_) | Ground::Port => of_service,
        Ground::PortOfAnother if of_service >= Severity::High => Severity::Low,
        Ground::PortOfAnother => Severity::Info,
    }
}

/// The holder by its executable, which says more than a name such as `main`.
fn holder_name(scene: &Scene<'_>, listener: &Listener) -> String {
    let Some(holder) = listener.owner.holders.first() else { return "another program".to_owned() };
    let executable = scene.snapshot.process(holder.pid).and_then(|process| process.executable.as_ref());
    match executable.map(|executable| file_name(&executable.path)) {
        Some(file) if !file.is_empty() && *file != *holder.name => {
            format!("{} ({file}, pid {})", holder.name, holder.pid)
        }
        _ => format!("{} (pid {})", holder.name, holder.pid),
    }
}

/// The container that a forwarder sends to; `None` for a forwarder that has nothing to do with containers.
fn target(scene: &Scene<'_>, listener: &Listener, forward: &Forward) -> Option<String> {
    let Some(id) = &forward.container else {
        let of_runtime = listener
            .owner
            .holders
            .iter()
            .any(|holder| holder.name.contains("docker-p") || holder.name.starts_with("rootlesskit"));
        return of_runtime.then(|| "a container that was not identified".to_owned());
    };
    let Some(container) = scene.container(id) else { return Some(format!("container {id}")) };
    Some(match &container.image {
        Some(image) => format!("container {} ({image})", container.label()),
        None => format!("container {}", container.label()),
    })
}

fn forward_on_loopback(scene: &Scene<'_>, listener: &Listener, forward: &Forward) -> String {
    if target(scene, listener, forward).is_none() {
        return format!(
            "Bind the forwarder to an address that only its clients reach, such as 127.0.0.1:{}; what it forwards \
             to is reached by whoever reaches the forwarder.",
            listener.port
        );
    }
    let udp = if listener.protocol == Protocol::Udp { "/udp" } else { "" };
    let mapping = format!("127.0.0.1:{}:{}{udp}", listener.port, forward.port);
    let runtime = forward.container.as_ref().and_then(|id| scene.container(id)).map(|it| it.runtime);
    let program = match runtime {
        Some(Runtime::Podman) => "podman",
        _ => "docker",
    };
    format!(
        "Publish it on loopback only: `{program} run -p {mapping}`, or `ports: [\"{mapping}\"]` in a compose file; \
         containers on one network need no published port to reach each other."
    )
}
