//! Who can reach which ports: the doors of the host, each with its exposure.

use std::net::IpAddr;

use portreeve_firewall::answer::base_chains;
use portreeve_firewall::ir::Version;
use portreeve_firewall::reach::exposure::{self, Surveyor, Translated};
use portreeve_firewall::reach::zones::{Zone, Zones};
use portreeve_firewall::space::Budget;
use portreeve_inventory::collect::BpfUse;
use portreeve_model::Protocol;
use portreeve_model::document::{self, ListenersKnown, NamedNetwork, PortsAsked, ReachPorts};
use portreeve_model::exposure::{Coverage, Door, DoorKind, Exposure};
use portreeve_model::reach::Verdict;

use super::host::{Host, missing_rules};
use super::{source, withhold};
use crate::config::{Config, Location};
use crate::engine::{Detail, PortsQuery, RulesFrom, Sources};
use crate::error::CommandError;
use crate::excerpt::Excerpt;
use crate::machine::doors::{self, Doors};

/// Protocols of which a port is asked about where nobody knows who listens.
const USUAL: [Protocol; 2] = [Protocol::Tcp, Protocol::Udp];

pub(in crate::machine) fn ports(
    query: &PortsQuery,
    config: &Location,
    bpf: BpfUse,
) -> Result<ReachPorts, CommandError> {
    let config = Config::load(config)?;
    let networks: Vec<NamedNetwork> = config.networks.iter().map(told).collect();
    let mut host = Host::of(source::read(&query.rules)?)?;
    let zones = host.zones(config);
    let wanted = wanted(query, &host, &zones)?;
    let seen = match &query.rules {
        RulesFrom::Kernel(scope) => Some(doors::look(scope, bpf)?),
        RulesFrom::Snapshot(_) | RulesFrom::Files { .. } => None,
    };
    host.unseen.extend(seen.iter().flat_map(|seen| seen.unseen.iter().cloned()));
    let listeners = seen.as_ref().map(|seen| seen.doors.clone()).or_else(|| host.doors.clone());
    let surveyor = Surveyor::new(&host.ruleset, &host.network, &zones, Budget::default())
        .map_err(|error| CommandError::internal("cannot answer for all packets", error))?;
    let elsewhere = query.to.filter(|address| !is_own(&host, *address));
    let (mut exposures, too_complex) = if let Some(address) = elsewhere {
        (behind(&surveyor, address, query, &wanted), None)
    } else {
        let Translated { doors: translated, too_complex } = surveyor.translated();
        let doors = of_host(query, listeners.clone(), translated, seen.as_ref());
        (surveyor.exposures(&doors, &wanted), too_complex)
    };
    if let Some(cause) = missing_rules(&host.unseen) {
        withhold::from_exposures(&mut exposures, &cause);
    }
    if let Some(seen) = &seen {
        // Doors that rules make, and those behind this host, are met in the namespace of the rules.
        for exposure in &mut exposures {
            exposure.door.namespace = seen.namespace;
        }
    }
    exposures.sort_by_cached_key(|exposure| (width(exposure), exposure.door.port, exposure.door.protocol));
    let chains = base_chains(&host.ruleset, &host.network);
    Ok(ReachPorts {
        schema: document::REACH_PORTS.to_owned(),
        host: host.machine,
        source: host.from,
        asked: asked(query),
        listeners: if listeners.is_some() { ListenersKnown::Seen } else { ListenersKnown::Unknown },
        networks,
        exposures,
        too_complex,
        chains,
        probe: None,
        limits: host.limits,
        unseen: host.unseen,
    })
}

fn told(network: &crate::config::Network) -> NamedNetwork {
    NamedNetwork {
        name: network.name.clone(),
        prefixes: network.prefixes.iter().map(ToString::to_string).collect(),
    }
}

fn asked(query: &PortsQuery) -> PortsAsked {
    PortsAsked {
        port: query.port,
        protocols: query.protocols.clone(),
        from: query.from.as_ref().map(|from| match from {
            Sources::Within(prefix) => prefix.to_string(),
            Sources::Named(name) => name.clone(),
        }),
        to: query.to,
    }
}

/// The question in the words of the engine; zones go before interfaces of the same name.
fn wanted(query: &PortsQuery, host: &Host, zones: &Zones) -> Result<exposure::Query, CommandError> {
    let from = match &query.from {
        None => None,
        Some(Sources::Within(prefix)) => Some(exposure::From::Prefixes(vec![*prefix])),
        Some(Sources::Named(name)) => Some(named(name, host, zones)?),
    };
    let all =
        exposure::Query { most_sources: usize::MAX, most_deciders: usize::MAX, ..exposure::Query::default() };
    Ok(match query.detail {
        Detail::All => exposure::Query { from, ..all },
        Detail::Some => exposure::Query { from, ..exposure::Query::default() },
    })
}

fn named(name: &str, host: &Host, zones: &Zones) -> Result<exposure::From, CommandError> {
    if let Some(zone) = zones.named(name) {
        return Ok(exposure::From::Zone(zone.name().to_owned()));
    }
    if host.network.interface_named(name).is_some() {
        return Ok(exposure::From::Interface(name.to_owned()));
    }
    let interfaces: Vec<&str> =
        host.network.interfaces.iter().map(|interface| interface.name.as_str()).collect();
    let known: Vec<&str> = zones.of(Version::V4).chain(zones.of(Version::V6)).map(Zone::name).collect();
    let mut zones: Vec<&str> = Vec::new();
    for name in known {
        if !zones.contains(&name) {
            zones.push(name);
        }
    }
    Err(CommandError::usage(format!("`{name}` is no zone and no interface of this host"))
        .at(Excerpt::of(name, 0, name.len()))
        .hint(format_args!("zones: {}", zones.join(", ")))
        .hint(format_args!("interfaces: {}", interfaces.join(", ")))
        .hint("names for networks: [networks] in /etc/portreeve/portreeve.toml"))
}

/// Whether the host itself takes what is sent to the address.
fn is_own(host: &Host, address: IpAddr) -> bool {
    address.is_loopback() || host.network.addresses.iter().any(|own| own.address == address)
}

/// The doors of this host that are asked about.
fn of_host(
    query: &PortsQuery,
    listeners: Option<Vec<Door>>,
    translated: Vec<Door>,
    seen: Option<&Doors>,
) -> Vec<Door> {
    let assumed = |port: u16| {
        let protocols = if query.protocols.is_empty() { USUAL.to_vec() } else { query.protocols.clone() };
        protocols
            .into_iter()
            .filter(|protocol| *protocol != Protocol::Mptcp)
            .map(move |protocol| unknown(protocol, port))
    };
    let listeners = listeners.unwrap_or_else(|| query.port.into_iter().flat_map(assumed).collect());
    let translated = translated.into_iter().map(|door| with_holder(door, seen));
    listeners
        .into_iter()
        .chain(translated)
        .filter(|door| is_asked_about(door, query))
        .filter_map(|door| at(door, query.to))
        .collect()
}

fn is_asked_about(door: &Door, query: &PortsQuery) -> bool {
    let of_port =
        query.port.is_none_or(|port| (door.port..=door.port_end.unwrap_or(door.port)).contains(&port));
    of_port && (query.protocols.is_empty() || query.protocols.contains(&door.protocol))
}

/// The door at one address alone.
fn at(door: Door, address: Option<IpAddr>) -> Option<Door> {
    let Some(address) = address else { return Some(door) };
    let takes = door
        .addresses
        .iter()
        .any(|own| *own == address || (own.is_unspecified() && own.is_ipv4() == address.is_ipv4()));
    takes.then(|| Door { addresses: vec![address], ..door })
}

/// A translated door with the name of what it leads to.
fn with_holder(door: Door, seen: Option<&Doors>) -> Door {
    let Some(seen) = seen else { return door };
    let DoorKind::Translated { to } = door.kind else { return door };
    let forward = seen.forwards.iter().find(|(forward, _)| forward.address == to.ip());
    Door { holder: door.holder.or_else(|| forward.map(|(_, name)| name.clone())), ..door }
}

/// Something that may listen: nobody knows.
fn unknown(protocol: Protocol, port: u16) -> Door {
    Door {
        protocol,
        port,
        port_end: None,
        addresses: vec![IpAddr::from([0_u8; 4]), IpAddr::from([0_u8; 16])],
        interface: None,
        kind: DoorKind::Listener,
        holder: None,
        namespace: portreeve_model::NamespaceId::default(),
    }
}

/// The ports of a host behind this one.
fn behind(
    surveyor: &Surveyor<'_>,
    address: IpAddr,
    query: &PortsQuery,
    wanted: &exposure::Query,
) -> Vec<Exposure> {
    let Some(port) = query.port else { return surveyor.behind(address, wanted) };
    let door =
        |protocol| Door { addresses: vec![address], kind: DoorKind::Behind, ..unknown(protocol, port) };
    let protocols = if query.protocols.is_empty() { USUAL.to_vec() } else { query.protocols.clone() };
    let doors: Vec<Door> =
        protocols.into_iter().filter(|protocol| *protocol != Protocol::Mptcp).map(door).collect();
    surveyor.exposures(&doors, wanted)
}

/// How far it can be reached, widest first: by the first zone from which somebody certainly or perhaps gets there.
fn width(exposure: &Exposure) -> usize {
    let of_family = |family: &portreeve_model::exposure::FamilyExposure| {
        let zones = family.elsewhere().position(|zone| zone.coverage != Coverage::None);
        let parts = family.parts.iter().any(|part| part.verdict != Verdict::Deny);
        zones.unwrap_or(if parts { family.zones.len() } else { usize::MAX })
    };
    exposure.families.iter().map(of_family).min().unwrap_or(usize::MAX)
}
