//! Where everything stands: columns first, then the header, then one band for each group of ports.

mod band;
mod columns;
mod header;
mod page;
mod ports;

pub(super) use page::draw;
