//! The picture of who can reach what, as SVG: zones, the hooks that decide, ports.
//!
//! Lanes instead of a knot of edges: zones stand to the left, each with a rail down the page. Sources that are treated alike
//! have a lane, which begins at a dot on the rail of each of their zones, runs through the hooks, is marked where it is
//! decided, and arrives at the port or ends there. Ports that are treated alike share their lanes. Nothing can overlap, however
//! many there are: the page grows downwards.
//!
//! Own layout, since what is drawn are columns with rows: layout engines for graphs (`layout-rs`) place free nodes, know no
//! columns that nodes must keep to, and one label for an edge.
//!
//! Pure: documents in, text out, the same text for the same documents. No script, no reference outside the file, and what
//! others wrote (comments of rules, names of containers) is escaped and cut to its place, whole in the tooltip.

mod decided;
mod entry;
mod group;
mod lane;
mod layout;
mod measure;
mod shape;
mod subject;
mod words;
mod xml;

#[cfg(test)]
mod tests;

pub use subject::{Picture, svg};
