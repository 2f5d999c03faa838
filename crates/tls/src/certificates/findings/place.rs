//! Where a chain is from, and how standard tools show it.

use std::net::SocketAddr;

use crate::name::address_of;

/// Where a chain is from.
#[derive(Clone, Debug)]
pub(in crate::certificates) enum Place {
    /// A server sent it.
    Server {
        /// Which.
        address: SocketAddr,
        /// The name that was asked for.
        name: Option<String>,
    },
    /// It is in a file.
    File {
        /// Which.
        path: String,
        /// It is DER, or PKCS #7.
        format: &'static str,
    },
}

impl Place {
    /// `The certificate that 192.0.2.1:443 sends for example.com`, `The certificate in FILE`.
    pub(super) fn certificate(&self) -> String {
        format!("The certificate {}", self.wherefrom())
    }

    /// `The chain that ...`.
    pub(super) fn chain(&self) -> String {
        format!("The chain {}", self.wherefrom())
    }

    fn wherefrom(&self) -> String {
        match self {
            Self::Server { address, name: Some(name) } => format!("that {address} sends for {name}"),
            Self::Server { address, name: None } => format!("that {address} sends"),
            Self::File { path, .. } => format!("in {path}"),
        }
    }

    /// Prints a field of the first certificate.
    pub(super) fn show(&self, field: &str) -> String {
        match self {
            Self::Server { .. } => {
                format!("{} </dev/null 2>/dev/null | openssl x509 -noout {field}", self.client(""))
            }
            Self::File { path, format: "DER" } => {
                format!("openssl x509 -inform DER -in {} -noout {field}", quoted(path))
            }
            Self::File { path, format: "PKCS #7" } => {
                format!("openssl pkcs7 -print_certs -in {} | openssl x509 -noout {field}", quoted(path))
            }
            Self::File { path, .. } => format!("openssl x509 -in {} -noout {field}", quoted(path)),
        }
    }

    /// Verifies the chain.
    pub(super) fn verify(&self) -> String {
        match self {
            Self::Server { .. } => format!("{} </dev/null", self.client(" -showcerts -verify_return_error")),
            Self::File { path, .. } => format!("openssl verify -untrusted {0} {0}", quoted(path)),
        }
    }

    /// Shows the stapled response.
    pub(super) fn staple(&self) -> String {
        match self {
            Self::Server { .. } => {
                format!("{} </dev/null | grep -A 20 'OCSP response'", self.client(" -status"))
            }
            Self::File { .. } => self.show("-text"),
        }
    }

    fn client(&self, more: &str) -> String {
        match self {
            Self::Server { address, name } => {
                // An address is no name that a hello holds (RFC 6066, 3).
                let name = name
                    .as_ref()
                    .filter(|name| address_of(name).is_none())
                    .map_or(" -noservername".to_owned(), |name| format!(" -servername {}", quoted(name)));
                format!("openssl s_client -connect {address}{name}{more}")
            }
            Self::File { .. } => String::new(),
        }
    }
}

/// For a shell: in quotes where something in it would mean something there.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@%+=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_is_quoted() {
        assert_eq!(quoted("/etc/ssl/a.pem"), "/etc/ssl/a.pem");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a'; rm x"), r"'a'\''; rm x'");
    }
}
