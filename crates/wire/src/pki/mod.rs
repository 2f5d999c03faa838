//! Certificates (RFC 5280), stapled statuses (RFC 6960) and signed timestamps (RFC 6962), read as far as they can be read.
//!
//! A tolerant reading of DER: what is cut short or breaks a rule is read up to there, so that a broken certificate still has a subject, a
//! date and names. Refuses judgement and cryptography: whoever needs a strict reading makes one of his own, and compares.

mod certificate;
mod der;
mod extensions;
mod name;
mod ocsp;
mod pkcs7;
mod time;
mod timestamps;

pub use certificate::{Certificate, KeyInfo};
pub use der::{Der, Oid, Value, tag};
pub use extensions::{Extension, GeneralName};
pub use name::Name;
pub use ocsp::{CertificateId, OcspError, OcspResponse, Responder, SingleResponse, Status};
pub use pkcs7::certificates_of_pkcs7;
pub use timestamps::{Timestamp, timestamps};
