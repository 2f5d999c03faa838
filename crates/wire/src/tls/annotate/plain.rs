//! What is no message of the handshake: alerts, and the change of keys up to TLS 1.2.

use super::pen::{Annotation, Pen};
use crate::tls::{AlertDescription, AlertLevel};

/// An alert of two bytes.
pub fn alert(bytes: &[u8]) -> Vec<Annotation> {
    let mut pen = Pen::new(bytes);
    pen.u8("level", |level| format!("{} ({level})", AlertLevel::from(level)));
    pen.u8("description", |number| format!("{} ({number})", AlertDescription::from(number)));
    pen.finish()
}

/// The one byte that says that what follows is encrypted.
pub fn change_cipher_spec(bytes: &[u8]) -> Vec<Annotation> {
    let mut pen = Pen::new(bytes);
    pen.u8("type", |kind| match kind {
        1 => "change_cipher_spec (1)".to_owned(),
        other => format!("{other}, which is none"),
    });
    pen.finish()
}
