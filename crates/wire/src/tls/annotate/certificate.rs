//! Certificates, requests for them, their status, and the proof of the key (RFC 8446, 4.4; RFC 5246, 7.4; RFC 6066, 8).

use super::extension::{self, Place};
use super::pen::{Pen, bytes_in_words, length, list16, raw};
use crate::tls::SignatureScheme;

pub(super) fn certificate13(pen: &mut Pen<'_>) -> Option<()> {
    pen.vector(1, "certificate_request_context", raw, |_| Some(()))?;
    pen.vector(
        3,
        "certificate_list",
        |bytes| bytes_in_words(bytes.len()),
        |pen| {
            while !pen.rest().is_empty() {
                pen.vector(3, "cert_data", der, |_| Some(()))?;
                extension::block(pen, Place::Certificate)?;
            }
            Some(())
        },
    )
    .map(drop)
}

pub(super) fn certificate12(pen: &mut Pen<'_>) -> Option<()> {
    pen.vector(
        3,
        "certificate_list",
        |bytes| bytes_in_words(bytes.len()),
        |pen| {
            while !pen.rest().is_empty() {
                pen.vector(3, "certificate", der, |_| Some(()))?;
            }
            Some(())
        },
    )
    .map(drop)
}

pub(super) fn request13(pen: &mut Pen<'_>) -> Option<()> {
    pen.vector(1, "certificate_request_context", raw, |_| Some(()))?;
    extension::block(pen, Place::CertificateRequest)
}

/// Only TLS 1.2 names signature algorithms.
pub(super) fn request12(pen: &mut Pen<'_>, is_tls12: bool) -> Option<()> {
    pen.vector(1, "certificate_types", raw, |_| Some(()))?;
    if is_tls12 {
        pen.vector(2, "supported_signature_algorithms", schemes, |_| Some(()))?;
    }
    authorities(pen, "certificate_authorities")
}

/// A list of names of authorities, each in DER.
pub(super) fn authorities(pen: &mut Pen<'_>, name: &'static str) -> Option<()> {
    let value = |bytes: &[u8]| if bytes.is_empty() { "none: any will do".to_owned() } else { length(bytes) };
    pen.vector(2, name, value, |pen| {
        while !pen.rest().is_empty() {
            pen.vector(
                2,
                "distinguished_name",
                |bytes| format!("DER, {}", bytes_in_words(bytes.len())),
                |_| Some(()),
            )?;
        }
        Some(())
    })
    .map(drop)
}

pub(super) fn status(pen: &mut Pen<'_>) -> Option<()> {
    status_type(pen)?;
    pen.vector(3, "response", der, |_| Some(())).map(drop)
}

pub(super) fn status_type(pen: &mut Pen<'_>) -> Option<u8> {
    pen.u8("status_type", |kind| if kind == 1 { "ocsp (1)".to_owned() } else { format!("unknown ({kind})") })
}

pub(super) fn verify(pen: &mut Pen<'_>) -> Option<()> {
    pen.be16("algorithm", scheme)?;
    pen.vector(2, "signature", raw, |_| Some(())).map(drop)
}

fn der(bytes: &[u8]) -> String {
    format!("DER, {}", bytes_in_words(bytes.len()))
}

pub(super) fn scheme(number: u16) -> String {
    format!("{} ({number:#06x})", SignatureScheme::from(number))
}

pub(super) fn schemes(bytes: &[u8]) -> String {
    list16(bytes, |number| SignatureScheme::from(number).to_string())
}
