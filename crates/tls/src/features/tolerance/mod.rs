//! What a server does with a hello that holds more than it knows: numbers without meaning, versions of the future, unusual lengths.
//!
//! A healthy server answers two hellos that have everything at once. Only where one of them fails is it taken apart.

mod hello;
mod look;
mod story;
#[cfg(test)]
mod tests;

pub(super) use look::look;
