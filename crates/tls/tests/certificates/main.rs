//! Certificates that are made for the test, by rcgen and by openssl: what is read of them, what is found, and whether openssl agrees.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

mod differential;
mod files;
mod findings;
mod made;
mod malformed;
mod records;
mod served;
mod staples;
