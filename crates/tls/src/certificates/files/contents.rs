//! What is in a file: certificates in PEM, DER or PKCS #7, and private keys among them.

use std::fmt;

use portreeve_model::tls::FileFormat;
use portreeve_wire::pki::{self, Der, KeyInfo, certificates_of_pkcs7, tag};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use x509_parser::pem::parse_x509_pem;

use crate::Certificate;

const BEGIN: &[u8] = b"-----BEGIN ";

/// What is in a file.
pub(super) struct Contents {
    /// How it is written.
    pub(super) format: FileFormat,
    /// Certificates, in order.
    pub(super) certificates: Vec<Certificate>,
    /// The public parts of private keys: that of one which can not be read is none.
    pub(super) keys: Vec<Option<Vec<u8>>>,
    /// Private keys behind a password.
    pub(super) locked_keys: u32,
    /// Blocks of PEM that can not be read.
    pub(super) broken: usize,
}

impl Contents {
    /// Reads what can be read.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut contents = Self {
            format: FileFormat::Pem,
            certificates: Vec::new(),
            keys: Vec::new(),
            locked_keys: 0,
            broken: 0,
        };
        if bytes.first() == Some(&tag::SEQUENCE) {
            contents.binary(bytes);
        }
        // The first byte of DER is the digit 0, with which a text may begin, too.
        if contents.is_empty() {
            contents.text(bytes);
        }
        contents
    }

    /// Whether there is nothing of use.
    pub(super) fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.keys.is_empty()
    }

    /// Whether it has the private key of a certificate.
    pub(super) fn has_key_of(&self, certificate: &Certificate) -> bool {
        let parsed = pki::Certificate::read(&certificate.der);
        parsed
            .and_then(|parsed| parsed.key)
            .is_some_and(|key| self.keys.iter().flatten().any(|public| public == key.key))
    }

    fn block(&mut self, label: &str, der: &[u8]) {
        match label {
            "CERTIFICATE" | "X509 CERTIFICATE" => self.certificates.push(Certificate::read(der)),
            // OpenSSL's own: what the certificate is trusted for comes after it.
            "TRUSTED CERTIFICATE" => {
                let first = Der::new(der).next().map_or(der, |value| value.whole);
                self.certificates.push(Certificate::read(first));
            }
            "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => self.bundle(der),
            "ENCRYPTED PRIVATE KEY" => self.locked_keys += 1,
            label if label.ends_with("PRIVATE KEY") => {
                let key = private_key(label, der);
                self.keys.push(key.as_ref().and_then(public_part));
            }
            _ => {}
        }
    }

    fn text(&mut self, bytes: &[u8]) {
        self.format = FileFormat::Pem;
        for block in blocks(bytes) {
            let read = |block: &[u8]| parse_x509_pem(block).ok().map(|(_, pem)| pem);
            match read(block).or_else(|| read(&unindented(block))) {
                Some(pem) => self.block(&pem.label, &pem.contents),
                None => self.broken += 1,
            }
        }
    }

    /// DER: a bundle, a certificate, a key.
    fn binary(&mut self, bytes: &[u8]) {
        self.format = FileFormat::Der;
        if certificates_of_pkcs7(bytes).is_some() {
            self.bundle(bytes);
        } else if is_certificate(bytes) {
            self.certificates.push(Certificate::read(bytes));
        } else if let Some(public) = PrivateKeyDer::try_from(bytes).ok().as_ref().and_then(public_part) {
            self.keys.push(Some(public));
        }
    }

    fn bundle(&mut self, der: &[u8]) {
        self.format = FileFormat::Pkcs7;
        let all = certificates_of_pkcs7(der).unwrap_or_default();
        self.certificates.extend(all.into_iter().map(Certificate::read));
    }
}

impl fmt::Debug for Contents {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contents({:?}, {:?}, {} keys)", self.format, self.certificates, self.keys.len())
    }
}

/// The blocks of PEM in some text, each from its BEGIN line to the next.
fn blocks(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins_at = |at: &usize| bytes.get(*at..).is_some_and(|rest| rest.starts_with(BEGIN));
    let starts: Vec<usize> = (0..bytes.len()).filter(begins_at).collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([bytes.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| bytes.get(start..end))
}

/// Without the blanks before its lines, as PEM in YAML or in a mail has them.
fn unindented(block: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = block.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start).collect();
    lines.join(&b'\n')
}

/// Whether DER begins as a certificate: what is signed has a serial number, names and dates, and the key after them.
fn is_certificate(bytes: &[u8]) -> bool {
    pki::Certificate::read(bytes)
        .is_some_and(|read| !read.issuer.is_empty() && (read.not_after.is_some() || read.key.is_some()))
}

fn private_key<'a>(label: &str, der: &'a [u8]) -> Option<PrivateKeyDer<'a>> {
    match label {
        "RSA PRIVATE KEY" => Some(PrivateKeyDer::Pkcs1(der.into())),
        "EC PRIVATE KEY" => Some(PrivateKeyDer::Sec1(der.into())),
        "PRIVATE KEY" => Some(PrivateKeyDer::Pkcs8(der.into())),
        _ => None,
    }
}

/// The public key that belongs to a private one, as certificates have it.
fn public_part(key: &PrivateKeyDer<'_>) -> Option<Vec<u8>> {
    let key = any_supported_type(key).ok()?;
    let info = key.public_key()?;
    let value = Der::new(info.as_ref()).next()?;
    KeyInfo::read(&value).map(|info| info.key.to_vec())
}
