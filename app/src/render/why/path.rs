//! The way of a connection, drawn as a line of layers with a mark each.

use std::io::{self, Write};

use portreeve_model::why::{Layer, LayerState};

use super::{LayerDetail, title};
use crate::render::style::Ink;
use crate::render::text::{clean, columns, wrap};
use crate::render::view::View;

/// Prints the line; where wanted, a sentence for each layer below.
pub(super) fn print(
    out: &mut dyn Write,
    layers: &[Layer],
    detail: LayerDetail,
    view: &View,
) -> io::Result<()> {
    if layers.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    line(out, layers, view)?;
    match detail {
        LayerDetail::Marks => Ok(()),
        LayerDetail::Statements => statements(out, layers, view),
    }
}

const INDENT: &str = "  ";

fn line(out: &mut dyn Write, layers: &[Layer], view: &View) -> io::Result<()> {
    let width = view.width.unwrap_or(usize::MAX);
    let joint = format!(" {} ", view.marks.link());
    let mut at = INDENT.len();
    write!(out, "{INDENT}")?;
    for (place, layer) in layers.iter().enumerate() {
        let (mark, ink) = sign(layer.state, view);
        let name = layer.layer.name();
        let taken = columns(mark) + 1 + columns(name);
        if place > 0 {
            // The joint to a layer on the next line stays on this one: the way goes on.
            let last = place + 1 == layers.len();
            let behind = if last { 0 } else { columns(&joint) - 1 };
            write!(out, "{}", view.palette.paint(Ink::Faint, joint.trim_end()))?;
            if at + columns(&joint) + taken + behind > width {
                write!(out, "\n{INDENT}")?;
                at = INDENT.len();
            } else {
                write!(out, " ")?;
                at += columns(&joint);
            }
        }
        let name_ink = if layer.state == LayerState::Ok { Ink::Normal } else { ink };
        write!(out, "{} {}", view.palette.paint(ink, mark), view.palette.paint(name_ink, name))?;
        at += taken;
    }
    writeln!(out)
}

/// Columns of mark and name.
const LEFT: usize = 15;

fn statements(out: &mut dyn Write, layers: &[Layer], view: &View) -> io::Result<()> {
    title(out, "Layers", view)?;
    let room = view.prose_width().saturating_sub(LEFT).max(20);
    for layer in layers {
        let (mark, ink) = sign(layer.state, view);
        let tried = if layer.tried { " (tried)" } else { "" };
        let text = format!("{}{tried}", layer.statement);
        for (number, text) in wrap(&clean(&text), room).iter().enumerate() {
            if number == 0 {
                write!(out, "{INDENT}{} {:<11}", view.palette.paint(ink, mark), layer.layer.name())?;
            } else {
                write!(out, "{:LEFT$}", "")?;
            }
            writeln!(out, "{text}")?;
        }
    }
    Ok(())
}

fn sign(state: LayerState, view: &View) -> (&'static str, Ink) {
    match state {
        LayerState::Ok => (view.marks.good(), Ink::Good),
        LayerState::Fault => (view.marks.bad(), Ink::Bad),
        LayerState::Unknown => (view.marks.unknown(), Ink::Warn),
        LayerState::NotApplicable => (view.marks.absent(), Ink::Faint),
    }
}
