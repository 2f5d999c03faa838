//! The header: zones with the beginning of their rails, and the hooks with their base chains.

use portreeve_model::reach::Chain;

use super::super::decided::Place;
use super::super::measure::Font;
use super::super::shape::{End, Rect, Shape};
use super::super::subject::Scene;
use super::columns::{Columns, HookColumn, MARGIN};

/// Chains of a hook beyond these are counted.
const MOST_CHAINS: usize = 8;
const ZONE_PITCH: i32 = 34;
const ZONE_HEIGHT: i32 = 26;
const CHAIN_PITCH: i32 = 36;
const HOOK_HEAD: i32 = 48;

/// The header as it was drawn.
pub(super) struct Header {
    /// Where each zone's rail begins.
    starts: Vec<(i32, i32)>,
    pub(super) bottom: i32,
}

pub(super) fn draw(scene: &Scene<'_>, columns: &Columns, y: i32, shapes: &mut Vec<Shape>) -> Header {
    let mut starts = Vec::new();
    let mut top = y;
    for zone in &scene.zones {
        let room = columns.from.x + columns.from.width - MARGIN;
        let width = (Font::HEADING.width(zone) + 24).min(room);
        let at = Rect { x: MARGIN, y: top, width, height: ZONE_HEIGHT };
        shapes.push(Shape::Box { at, radius: 13, class: "card" });
        shapes.push(Shape::text((MARGIN + 12, top + 18), width - 24, Font::HEADING, "", zone));
        starts.push((MARGIN + width, top + ZONE_HEIGHT / 2));
        top += ZONE_PITCH;
    }
    let hooks = columns.hooks.iter().map(|column| hook_height(column.chains.len())).max();
    let height = (top - y).max(hooks.unwrap_or(HOOK_HEAD)).max(ZONE_PITCH);
    for (at, column) in columns.hooks.iter().enumerate() {
        hook(scene, column, Rect { x: column.span.x, y, width: column.span.width, height }, shapes);
        if let Some(next) = columns.hooks.get(at + 1) {
            between(column, next, y + 20, shapes);
        }
    }
    let bottom = y + height;
    let reason = if columns.hooks.is_empty() { "Why: no base chain decides" } else { "Why" };
    for (span, text) in
        [(Some(columns.why), reason), (Some(columns.port), "Ports"), (columns.on, "Lead on to")]
    {
        let Some(span) = span else { continue };
        shapes.push(Shape::text((span.x + 8, bottom - 6), span.width - 8, Font::HEADING, "", text));
    }
    Header { starts, bottom }
}

impl Header {
    /// The rails of the zones, down to `bottom`.
    pub(super) fn rails(&self, columns: &Columns, bottom: i32) -> Vec<Shape> {
        let rail = |((x, y), rail): (&(i32, i32), &i32)| Shape::Line {
            points: vec![(*x, *y), (*rail, *y), (*rail, bottom)],
            class: "rail",
            end: End::Plain,
        };
        self.starts.iter().zip(&columns.rails).map(rail).collect()
    }
}

fn hook_height(chains: usize) -> i32 {
    let rows = if chains > MOST_CHAINS { MOST_CHAINS + 1 } else { chains.max(1) };
    HOOK_HEAD + i32::try_from(rows).unwrap_or(0) * CHAIN_PITCH
}

fn hook(scene: &Scene<'_>, column: &HookColumn, at: Rect, shapes: &mut Vec<Shape>) {
    let (x, room) = (at.x + 10, at.width - 20);
    shapes.push(Shape::Box { at, radius: 6, class: "card" });
    shapes.push(Shape::text((x, at.y + 20), room, Font::HEADING, "", &column.name));
    shapes.push(Shape::text((x, at.y + 36), room, Font::SMALL, "dim", column.passes));
    let mut y = at.y + HOOK_HEAD + 14;
    if column.chains.is_empty() && matches!(column.place, Place::Hook(_)) {
        shapes.push(Shape::text((x, y), room, Font::SMALL, "dim", "no base chain"));
    }
    for chain in column.chains.iter().take(MOST_CHAINS).filter_map(|at| scene.chains.get(*at)) {
        let name = format!("{} {} {}", chain.family, chain.table, chain.name);
        shapes.push(Shape::text((x, y), room, Font::CODE, "", &name));
        shapes.push(Shape::text((x, y + 15), room, Font::SMALL, "dim", &says(chain, room)));
        y += CHAIN_PITCH;
    }
    if let Some(more) = column.chains.len().checked_sub(MOST_CHAINS).filter(|more| *more > 0) {
        let hidden: Vec<String> = column
            .chains
            .iter()
            .skip(MOST_CHAINS)
            .filter_map(|at| scene.chains.get(*at))
            .map(|chain| format!("{} {} {}", chain.family, chain.table, chain.name))
            .collect();
        shapes.push(Shape::Group {
            class: "more",
            title: Some(super::super::words::one_line(&hidden.join(", ")).into_owned()),
            shapes: vec![Shape::text((x, y), room, Font::SMALL, "dim", &format!("and {more} more chains"))],
        });
    }
}

/// Type, priority, policy, owner and, where it is not `nf_tables`, what runs it.
fn says(chain: &Chain, room: i32) -> String {
    let say = |policy: &str| {
        let mut parts = Vec::new();
        if let Some(base) = &chain.base {
            parts.push(format!("{} {}", base.kind, base.priority));
            parts.push(format!("{policy}{}", base.policy));
        }
        parts.extend(chain.owner.clone());
        if chain.backend == "iptables-legacy" {
            parts.push("legacy".to_owned());
        }
        parts.join(" · ")
    };
    let all = say("policy ");
    if Font::SMALL.width(&all) <= room { all } else { say("") }
}

/// How two neighbouring columns follow on each other.
fn between(one: &HookColumn, next: &HookColumn, y: i32, shapes: &mut Vec<Shape>) {
    let names = |column: &HookColumn| match &column.place {
        Place::Hook(name) => name.clone(),
        Place::Host => "host".to_owned(),
        Place::Back => "back".to_owned(),
    };
    let (left, right) = (one.span.x + one.span.width, next.span.x);
    match (names(one).as_str(), names(next).as_str()) {
        ("input", "forward") => {
            shapes.push(Shape::text((left + 5, y), right - left, Font::SMALL, "dim", "or"));
        }
        // What this host sends does not come in.
        ("output", _) => {}
        (_, _) => shapes.push(Shape::Group {
            class: "leads-on",
            title: None,
            shapes: vec![Shape::Line {
                points: vec![(left + 3, y - 5), (right - 3, y - 5)],
                class: "leads",
                end: End::Arrow,
            }],
        }),
    }
}
