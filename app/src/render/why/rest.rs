//! What is worth knowing and keeps nobody out; what could not be judged, and what would make it visible.

use std::io::{self, Write};

use portreeve_model::document::Why;
use portreeve_model::why::{Layer, Sight, Unjudged};

use super::title;
use crate::render::style::Ink;
use crate::render::unseen::hanging;
use crate::render::view::View;

const INDENTS: [&str; 2] = ["  ", "    "];

/// Prints the notes of all layers.
pub(super) fn notes(out: &mut dyn Write, layers: &[Layer], view: &View) -> io::Result<()> {
    let notes = || layers.iter().flat_map(|layer| layer.notes.iter().map(move |note| (layer.layer, note)));
    if notes().next().is_none() {
        return Ok(());
    }
    title(out, "Notes", view)?;
    notes().try_for_each(|(layer, note)| {
        let text = format!("{} ({layer}/{})", note.statement, note.code);
        hanging(out, INDENTS, &text, view.prose_width(), ToOwned::to_owned)
    })
}

/// Prints what could not be judged: first what matters, then what is no likely cause.
pub(super) fn unjudged(out: &mut dyn Write, document: &Why, view: &View) -> io::Result<()> {
    let matters = Causes::of(&document.layers, |one| one.matters);
    let other = Causes::of(&document.layers, |one| !one.matters);
    matters.print(out, "Not judged", Ink::Warn, view)?;
    let heading = match document.sight {
        Sight::Inside => "Not judged, and no likely cause",
        Sight::Outside => "Not judged from outside",
    };
    other.print(out, heading, Ink::Faint, view)
}

/// Causes with the layers that share each.
struct Causes<'a>(Vec<(Vec<&'static str>, &'a Unjudged)>);

impl<'a> Causes<'a> {
    fn of(layers: &'a [Layer], wanted: impl Fn(&Unjudged) -> bool) -> Self {
        let mut causes: Vec<(Vec<&'static str>, &'a Unjudged)> = Vec::new();
        for layer in layers {
            for one in layer.unknown.iter().filter(|one| wanted(one)) {
                let name = layer.layer.name();
                match causes.iter_mut().find(|(_, known)| known.cause == one.cause) {
                    Some((names, _)) if names.contains(&name) => {}
                    Some((names, _)) => names.push(name),
                    None => causes.push((vec![name], one)),
                }
            }
        }
        Self(causes)
    }

    fn print(&self, out: &mut dyn Write, heading: &str, ink: Ink, view: &View) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        title(out, heading, view)?;
        for (layers, one) in &self.0 {
            let text = format!("{}: {}", layers.join(", "), one.cause);
            hanging(out, INDENTS, &text, view.prose_width(), |line| {
                view.palette.paint(ink, line).to_string()
            })?;
        }
        let mut remedies: Vec<&str> = Vec::new();
        for remedy in self.0.iter().filter_map(|(_, one)| one.remedy.as_deref()) {
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
                hanging(out, INDENTS, &format!("→ {remedy}"), view.prose_width(), ToOwned::to_owned)?;
            }
        }
        Ok(())
    }
}
