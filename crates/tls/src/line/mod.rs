//! Connections to one server: made, counted, paced, timed, tried again where nothing was heard. The only I/O of an audit's own codec.
//!
//! A server that closes without a word either means it, or has had enough of us. A hello that it answered before tells which: where that
//! goes unanswered, too, the line slows down. One whose answers have no end is left after a few of them.

mod backing_off;
mod endless;
mod pace;
mod way;
mod wire;

pub use pace::{Limits, Patience};
pub use way::{Line, Place};
