//! Documents to text: tables for people, JSON and CSV for programs. Everything is written to a given writer;
//! nothing is read and nothing is decided about the machine.

pub mod address;
pub mod csv;
pub mod details;
pub mod exposure;
mod findings;
pub mod groups;
pub mod json;
mod labelled;
pub mod labels;
pub mod marks;
pub mod overview;
pub mod picture;
pub mod reach;
pub mod sockets;
pub mod style;
pub mod table;
pub mod tcp_info;
pub mod text;
pub mod tls;
pub mod unseen;
pub mod view;
pub mod who;
pub mod why;
