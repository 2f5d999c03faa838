//! Exposures over rules in the language of `nft`: parts, deciding rules, doors that rules make. Each witness is replayed by the
//! one-packet simulator.

mod listeners;
mod scene;
