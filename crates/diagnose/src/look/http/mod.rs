//! Gathering for `facts::http`.

mod body;
mod cookies;
mod look;
mod place;
mod reading;
mod request;
mod session;
mod upstream;
mod visit;

pub(crate) use look::look;
