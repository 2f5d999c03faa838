//! Listeners and what is known of who reaches them: the section that each is shown in, and the lines below its row.

use std::borrow::Cow;
use std::net::IpAddr;

use portreeve_model::document::Overview;
use portreeve_model::exposure::{Coverage, Door, DoorKind, Exposure, FamilyExposure, zone};
use portreeve_model::{BoundAddress, IpCoverage, Listener, Reach};

use crate::render::exposure::{Side, summaries};
use crate::render::style::Ink;

/// Where a listener is shown, widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    /// Somebody of this zone reaches it, and nobody of a wider one: its place among [`Exposed::zones`].
    Zone(usize),
    /// Whether somebody else reaches it is not certain.
    Perhaps,
    /// Not judged: by bind address.
    Bound(BoundReach),
    /// Nobody but this host, by the rules.
    ThisHost,
    /// Nobody but this host, by the bind address.
    Loopback,
}

/// A reach by bind address, widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BoundReach(pub(super) Reach);

impl PartialOrd for BoundReach {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for BoundReach {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.cmp(&self.0)
    }
}

/// The exposures of a document, joined to its listeners.
pub(super) struct Exposed<'a> {
    document: &'a Overview,
    zones: Vec<&'a str>,
}

impl Section {
    /// Whether somebody elsewhere reaches it, as far as is known.
    pub(super) fn is_beyond(self) -> bool {
        match self {
            Self::Zone(_) | Self::Perhaps => true,
            Self::Bound(BoundReach(reach)) => reach.is_beyond_this_machine(),
            Self::ThisHost | Self::Loopback => false,
        }
    }
}

impl<'a> Exposed<'a> {
    pub(super) fn new(document: &'a Overview) -> Self {
        let mut zones: Vec<&str> = Vec::new();
        for family in document.exposures.iter().flat_map(|exposure| &exposure.families) {
            // Each names all that its host knows, in order; another namespace may know others.
            for known in family.elsewhere() {
                if !zones.contains(&known.zone.as_str()) {
                    zones.push(&known.zone);
                }
            }
        }
        Self { document, zones }
    }

    /// What is known of a listener: of its own door, and of translations of its port, by which packets come that never meet it.
    fn of(&self, listener: &'a Listener) -> impl Iterator<Item = &'a Exposure> + use<'a> {
        let document = self.document;
        document
            .exposures
            .iter()
            .filter(move |it| it.door.is_of(listener) || is_translated(&it.door, listener))
    }

    /// Ports that rules translate and that no listener has: they are as open as any.
    pub(super) fn without_listener(&self) -> Vec<&'a Exposure> {
        let document = self.document;
        let alone = |exposure: &&Exposure| {
            matches!(exposure.door.kind, DoorKind::Translated { .. })
                && !document.listeners.iter().any(|listener| is_translated(&exposure.door, listener))
        };
        document.exposures.iter().filter(alone).collect()
    }

    pub(super) fn section(&self, listener: &'a Listener) -> Section {
        let bound = match listener.reach {
            Reach::Loopback => Section::Loopback,
            reach => Section::Bound(BoundReach(reach)),
        };
        match self.widest(self.of(listener)) {
            None => bound,
            Some(Section::ThisHost) if bound == Section::Loopback => bound,
            Some(section) => section,
        }
    }

    pub(super) fn section_of_door(&self, exposure: &'a Exposure) -> Section {
        self.widest([exposure].into_iter()).unwrap_or(Section::ThisHost)
    }

    fn widest(&self, exposures: impl Iterator<Item = &'a Exposure>) -> Option<Section> {
        let families = exposures.flat_map(|exposure| &exposure.families);
        families
            .map(|family| {
                let open = family.elsewhere().filter(|known| known.coverage.is_open());
                let widest =
                    open.filter_map(|known| self.zones.iter().position(|zone| *zone == known.zone)).min();
                let doubt = family.too_complex.is_some()
                    || family.elsewhere().any(|known| known.coverage == Coverage::Depends);
                widest.map_or(if doubt { Section::Perhaps } else { Section::ThisHost }, Section::Zone)
            })
            .min()
    }

    /// Whether the internet reaches it.
    pub(super) fn is_of_internet(&self, section: Section) -> bool {
        matches!(section, Section::Zone(at) if self.zones.get(at) == Some(&zone::INTERNET))
    }

    pub(super) fn heading(&self, section: Section) -> Cow<'static, str> {
        match section {
            Section::Zone(at) => match self.zones.get(at).copied().unwrap_or_default() {
                zone::INTERNET => "reachable from the internet".into(),
                zone::PRIVATE => "reachable from private networks".into(),
                zone::LINK_LOCAL => "reachable from the local link".into(),
                other => format!("reachable from {other}").into(),
            },
            Section::Perhaps => "perhaps reachable from elsewhere".into(),
            Section::ThisHost => "this machine only (by the rules)".into(),
            Section::Loopback => Reach::Loopback.heading().into(),
            Section::Bound(BoundReach(reach)) => reach.heading().into(),
        }
    }

    /// The lines below a listener's row: from where, by what, whose it is.
    pub(super) fn lines(&self, listener: &'a Listener) -> Vec<(Ink, String)> {
        if self.section(listener) == Section::Loopback {
            // The section says it: no rule decides.
            return Vec::new();
        }
        let (translated, own): (Vec<&Exposure>, Vec<&Exposure>) =
            self.of(listener).partition(|exposure| is_translated(&exposure.door, listener));
        // Packets from elsewhere that are translated never meet the listener: docker-proxy serves this host alone.
        let taken = |family: &FamilyExposure| {
            translated.iter().any(|exposure| exposure.family(family.version).is_some())
        };
        let own = own.into_iter().map(|exposure| Exposure {
            door: exposure.door.clone(),
            families: exposure.families.iter().filter(|family| !taken(family)).cloned().collect(),
        });
        own.flat_map(|exposure| lines(&exposure)).chain(translated.iter().flat_map(|it| lines(it))).collect()
    }
}

/// The same of a door without a listener.
pub(super) fn lines(exposure: &Exposure) -> Vec<(Ink, String)> {
    let to = match exposure.door.kind {
        DoorKind::Translated { to } => format!("translated to {to}, "),
        DoorKind::Listener | DoorKind::Behind => String::new(),
    };
    let line = |summary: crate::render::exposure::Summary| {
        let version = summary.version.map_or_else(String::new, |version| format!("{} ", version.name()));
        let from = if summary.from == "nobody" {
            "from nowhere".to_owned()
        } else {
            format!("from {}", summary.from)
        };
        (summary.ink, format!("{to}{version}{from}: {}", summary.decided_by))
    };
    summaries(exposure, Side::Open).into_iter().map(line).collect()
}

/// Whether a bind address takes the version of an address.
fn takes(bound: &BoundAddress, address: IpAddr) -> bool {
    match bound.covers {
        IpCoverage::Ipv4 => address.is_ipv4(),
        IpCoverage::Ipv6 => address.is_ipv6(),
        IpCoverage::DualStack | IpCoverage::Ipv6PerhapsDualStack => true,
    }
}

fn is_translated(door: &Door, listener: &Listener) -> bool {
    let (first, last) = (door.port, door.port_end.unwrap_or(door.port));
    matches!(door.kind, DoorKind::Translated { .. })
        && door.namespace == listener.namespace
        && door.protocol == listener.protocol
        && (first..=last).contains(&listener.port)
        && door.addresses.iter().any(|address| {
            listener.addresses.iter().any(|bound| {
                let any = bound.address.is_unspecified() || address.is_unspecified();
                bound.address == *address || any && takes(bound, *address)
            })
        })
}
