//! Tables that fit a width: one arena for all cells, one pass for the column widths, one pass to print.
//!
//! Cells are written in row order with [`Table::cell`]. A million cells cost a few allocations, not a million.

mod column;
mod layout;
mod rows;
#[cfg(test)]
mod tests;
mod widths;

pub use column::{Align, Column, Fit};
pub use rows::{Heading, Table};
