//! Requests that were made, what was answered, and which upstream the answer hung on.

mod exchange;
mod upstream;
mod visit;

pub use exchange::{Answer, BodyEnd, Exchange, Outcome};
pub use upstream::{
    Condition, LogLine, Problem, Proxy, Reached, Source, Upstream, UpstreamAddress, UpstreamFacts,
};
pub use visit::{ChainEnd, Counterpart, Dead, HostOrigin, HttpFacts, Visit};
