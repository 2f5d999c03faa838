//! Certificates that the configuration of a server names.

use std::fmt;

use portreeve_tls::Certificate;

/// A certificate that a configuration file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredCertificate {
    /// The configuration file; none where the command line names the certificate.
    pub file: Option<String>,
    /// The line in it, from 1.
    pub line: usize,
    /// The path of the certificate.
    pub path: String,
    /// The certificates in it, leaf first.
    pub chain: Vec<Certificate>,
    /// Names of the sites that use it, as far as the configuration tells.
    pub sites: Vec<String>,
}

impl fmt::Display for ConfiguredCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{} ({file}:{})", self.path, self.line),
            None => write!(f, "{} (command line)", self.path),
        }
    }
}
