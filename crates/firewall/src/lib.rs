//! Every packet filter rule of a host read into one representation, and packets simulated through it as the kernel would.
//!
//! `read` turns what the kernel, `nft`, the xtables and files say into `ir`; `network` is the host around the rules (interfaces,
//! addresses, routes); `packet` is what is asked about; `simulate` says what happens to it, and by which rule.

#![forbid(unsafe_code)]

pub mod answer;
pub mod ir;
pub mod network;
pub mod packet;
pub mod reach;
pub mod read;
pub mod simulate;
pub mod space;
