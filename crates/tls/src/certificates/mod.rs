//! The certificates of a server or of files: what they say, whether they are trusted, what DNS says of them, what is to be mended.
//!
//! [`crate::chain`] judges trust; here its verdicts meet names, dates, keys, stapled statuses and records. Refuses handshakes: chains come
//! from what an audit saw, or from disk.

pub(crate) mod algorithms;
mod facts;
mod files;
mod findings;
mod gather;
mod lifetime;
mod records;
mod report;
mod served;
mod signature;
mod staple;

pub use files::read_files;
pub use gather::{Nameless, Sent, nameless, sent_for_name};
pub use report::{Report, report};
pub use served::{Judged, Stores};
