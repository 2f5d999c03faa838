//! The options of `portreeve tls`, and whom they name.

mod arguments;
mod list;
mod target;

pub use arguments::{ExplainChoice, TlsArguments, TlsFormat};
