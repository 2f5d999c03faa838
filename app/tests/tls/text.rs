//! Texts as the auditors write them, brought into one form.

use std::fs;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use portreeve_lab::Command;
use portreeve_lab::scenario::Server;
use sha2::{Digest, Sha256};

/// Runs an auditor beside its server, and reads the file that it writes.
pub(crate) fn report(server: &Server<'_>, command: Command, file: &Path) -> Result<String, String> {
    let output = server.host.run(command).map_err(|error| error.to_string())?;
    fs::read_to_string(file).map_err(|error| {
        format!("no report ({error}); {}\n{}{}", output.status, output.stdout, output.stderr)
    })
}

/// SHA-256 of bytes in base 64, such as the inner part of PEM, in hexadecimal.
pub(crate) fn digest_of_base64(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(from_base64(text)))
}

/// The bytes of standard base 64; white space is passed over.
pub(crate) fn from_base64(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    BASE64.decode(digits.as_bytes()).unwrap()
}

/// `yes` or `no`.
pub(crate) fn yes(yes: bool) -> String {
    if yes { "yes" } else { "no" }.into()
}

/// Names in one order.
pub(crate) fn sorted(mut names: Vec<String>) -> String {
    names.sort();
    names.join(" ")
}
