//! The columns of the page, from left to right: sources, rails of the zones, hooks, reasons, ports, where they lead.

use portreeve_model::reach::Chain;

use super::super::decided::Place;
use super::super::measure::Font;
use super::super::subject::Scene;

pub(super) const MARGIN: i32 = 24;
/// Between the rails of two zones.
const RAIL_PITCH: i32 = 24;
const TAG: i32 = 60;
const FROM: i32 = 260;
const HOOK: i32 = 196;
const HOOK_GAP: i32 = 24;
/// What every column of a hook that is not there gives to the reasons.
const SPARE: i32 = 40;
const WHY: i32 = 470;
const PORT: i32 = 260;
const ON_GAP: i32 = 56;
const ON: i32 = 220;

/// The legend has room.
const LEAST_RIGHT: i32 = 1200;

/// A column and its width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) x: i32,
    pub(super) width: i32,
}

/// Where the columns stand.
#[derive(Debug)]
pub(super) struct Columns {
    /// The versions of IP.
    pub(super) tag: Span,
    /// The sources in words.
    pub(super) from: Span,
    /// The middle of each zone's rail. The widest zone stands next to the hooks.
    pub(super) rails: Vec<i32>,
    pub(super) hooks: Vec<HookColumn>,
    pub(super) why: Span,
    pub(super) port: Span,
    pub(super) on: Option<Span>,
    /// Where the last column ends.
    pub(super) right: i32,
}

/// A place where is decided.
#[derive(Debug)]
pub(super) struct HookColumn {
    pub(super) span: Span,
    pub(super) place: Place,
    pub(super) name: String,
    /// What passes there.
    pub(super) passes: &'static str,
    /// Places in the list of chains.
    pub(super) chains: Vec<usize>,
}

impl Columns {
    pub(super) fn new(scene: &Scene<'_>) -> Self {
        let tag = Span { x: MARGIN, width: TAG };
        // A zone's box stands above tag and sources.
        let widest = scene.zones.iter().map(|zone| Font::HEADING.width(zone) + 30).max().unwrap_or(0);
        let from = Span { x: MARGIN + TAG, width: (widest - TAG).clamp(FROM, 2 * FROM) };
        let first = from.x + from.width + 26;
        let zones = i32::try_from(scene.zones.len()).unwrap_or(i32::MAX / RAIL_PITCH);
        let rails = (0..zones).rev().map(|at| first + at * RAIL_PITCH).collect();
        let mut x = first + zones * RAIL_PITCH + 6;
        let mut hooks = Vec::new();
        for (place, name, passes) in places(scene) {
            let chains = chains_at(scene.chains, &place);
            hooks.push(HookColumn { span: Span { x, width: HOOK }, place, name, passes, chains });
            x += HOOK + HOOK_GAP;
        }
        let spare = 5_i32.saturating_sub(i32::try_from(hooks.len()).unwrap_or(5)).max(0) * SPARE;
        let why = Span { x, width: WHY + spare };
        let port = Span { x: x + why.width + 24, width: PORT };
        let leads_on = scene.groups.iter().any(|group| group.leads_on);
        let on = leads_on.then_some(Span { x: port.x + PORT + ON_GAP, width: ON });
        let last = on.unwrap_or(port);
        let right = (last.x + last.width).max(LEAST_RIGHT);
        Self { tag, from, rails, hooks, why, port, on, right }
    }

    /// The column of a place.
    pub(super) fn hook(&self, place: &Place) -> Option<&HookColumn> {
        self.hooks.iter().find(|column| column.place == *place)
    }

    /// Where the hooks begin.
    pub(super) fn way(&self) -> i32 {
        self.hooks.first().map_or(self.why.x, |column| column.span.x)
    }
}

/// The places that the picture shows: where something is decided, and where chains hang that the packets pass.
fn places(scene: &Scene<'_>) -> Vec<(Place, String, &'static str)> {
    let decided = |place: &Place| {
        let lanes = scene.groups.iter().flat_map(|group| &group.lanes);
        lanes.into_iter().any(|lane| lane.decided.place.as_ref() == Some(place))
    };
    let translated = scene.groups.iter().any(|group| group.leads_on);
    let direct = scene.groups.iter().any(|group| !group.leads_on);
    let hook = |name: &str, passes, when: bool| {
        let place = Place::Hook(name.to_owned());
        let chains = when && !chains_at(scene.chains, &place).is_empty();
        (chains || decided(&place)).then(|| (place, name.to_owned(), passes))
    };
    let host = |place: Place, name: &str, passes| decided(&place).then(|| (place, name.to_owned(), passes));
    [
        hook("output", "what this host sends", false),
        hook("ingress", "what comes in, at the interface", false),
        hook("prerouting", "what comes in", true),
        host(Place::Host, "the host itself", "routes, sources, sockets"),
        hook("input", "what is for this host", direct),
        hook("forward", "what goes through", translated),
        hook("postrouting", "what leaves", false),
        hook("egress", "what leaves, at the interface", false),
        host(Place::Back, "the way back", "the answer"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn chains_at(chains: &[Chain], place: &Place) -> Vec<usize> {
    let Place::Hook(name) = place else { return Vec::new() };
    let hangs = |chain: &Chain| chain.base.as_ref().is_some_and(|base| base.hook == *name);
    chains.iter().enumerate().filter(|(_, chain)| hangs(chain)).map(|(at, _)| at).collect()
}
