//! The picture is looked at by parsing it: well-formed, complete, nothing over something else.

mod geometry;
mod scenes;
mod text;
