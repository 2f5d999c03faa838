//! Known attacks, one file each. A check looks at what is known, asks the server what is missing, and judges; its judgement is made from
//! transcripts alone, so that a recorded one is judged as a live one.
//!
//! A new check is one file and one line in [`CHECKS`]. What two checks ask rides on the connections of the removal loop ([`Rides`]).

mod alpaca;
mod anonymous;
mod beast;
mod breach;
#[cfg(test)]
mod canned;
mod ccs_injection;
mod check;
mod crime;
mod drown;
mod export_suites;
mod freak;
mod heartbleed;
mod insecure_renegotiation;
mod logjam;
mod null_encryption;
mod opossum;
mod poodle_ssl;
mod poodle_tls;
mod presence;
mod rc4;
mod reply;
mod rides;
mod robot;
mod sweet32;
mod ticketbleed;

pub(crate) use presence::Presence;

pub use check::{Check, Judgement, Look, run_all};
pub use rides::{Rider, Rides};

/// Every check, in the order of a report: what reads memory or keys, what breaks old protocols, what is weak as such.
pub(crate) static CHECKS: &[&Check] = &[
    &heartbleed::CHECK,
    &ticketbleed::CHECK,
    &ccs_injection::CHECK,
    &robot::CHECK,
    &drown::CHECK,
    &freak::CHECK,
    &logjam::CHECK,
    &insecure_renegotiation::CHECK,
    &poodle_ssl::CHECK,
    &poodle_tls::CHECK,
    &crime::CHECK,
    &sweet32::CHECK,
    &rc4::CHECK,
    &beast::CHECK,
    &anonymous::CHECK,
    &null_encryption::CHECK,
    &export_suites::CHECK,
    &breach::CHECK,
    &opossum::CHECK,
    &alpaca::CHECK,
];
