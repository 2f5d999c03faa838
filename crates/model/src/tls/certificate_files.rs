//! Certificates of files: what `portreeve tls --cert` reads.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ServedChain;
use crate::{Finding, Unseen};

/// Certificates that were read from disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Files {
    /// The files and folders that were asked for, as they were written.
    pub asked: Vec<String>,
    /// When they were read.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Files with certificates, in the order of their paths.
    pub files: Vec<CertificateFile>,
    /// How many files of folders hold no certificate: keys, configuration, text.
    pub without_certificate: u32,
    /// What could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<Unseen>,
    /// What is to be mended, worst first.
    pub findings: Vec<Finding>,
}

/// A file with certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateFile {
    /// Its path, as it was come to.
    pub path: String,
    /// The file that a symbolic link leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Other paths with the same certificates, hence not told again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<String>,
    /// How it is written.
    pub format: FileFormat,
    /// What it is.
    pub holds: FileHolds,
    /// Private keys in the file. They are counted, never read further or shown.
    pub private_keys: u32,
    /// A file that has the private key of the first certificate: this one, or one beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// Its certificates, as if a server sent them in this order. Of a bundle of authorities, all of them.
    pub chain: ServedChain,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Text between BEGIN and END lines.
    Pem,
    /// One certificate, binary.
    Der,
    /// A bundle of PKCS #7, binary or as text.
    Pkcs7,
}

/// What a file's certificates are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileHolds {
    /// A server's certificate, perhaps with its intermediates.
    Chain,
    /// Authorities only: a bundle of intermediates or roots, which is judged one by one.
    Authorities,
}
