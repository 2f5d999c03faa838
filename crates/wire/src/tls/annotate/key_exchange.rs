//! Key exchanges up to TLS 1.2 (RFC 5246, 7.4.3 and 7.4.7; RFC 8422, 5.4 and 5.7).

use super::certificate::scheme;
use super::message::Agreed;
use super::pen::{Pen, bytes_in_words, length, raw};
use crate::magnitude;
use crate::tls::{KeyExchange, NamedGroup, Suite, Version};

pub(super) fn of_server(pen: &mut Pen<'_>, agreed: Agreed) -> Option<()> {
    match agreed.suite.and_then(Suite::key_exchange)? {
        KeyExchange::Ecdhe => {
            let kind = pen.u8("curve_type", |kind| match kind {
                3 => "named_curve (3)".to_owned(),
                other => format!("{other}: a curve of the server's own making"),
            })?;
            if kind != 3 {
                return None;
            }
            pen.be16("namedcurve", |number| format!("{} ({number:#06x})", NamedGroup::from(number)))?;
            pen.vector(1, "public", raw, |_| Some(()))?;
            pen.note("made for this connection alone and forgotten after it: forward secrecy");
        }
        KeyExchange::Dhe => {
            pen.vector(
                2,
                "dh_p",
                |prime| format!("a prime of {} bits", magnitude::bits(prime)),
                |_| Some(()),
            )?;
            pen.vector(2, "dh_g", raw, |_| Some(()))?;
            pen.vector(2, "dh_Ys", raw, |_| Some(()))?;
            pen.note("made for this connection: forward secrecy, if the server does not use it again");
        }
        _ => return None,
    }
    if pen.rest().is_empty() {
        return Some(());
    }
    if agreed.version == Some(Version::Tls12) {
        pen.be16("algorithm", scheme)?;
    }
    pen.vector(2, "signature", raw, |_| Some(()))?;
    pen.note("over both randoms and the fields above, made with the key of the certificate");
    Some(())
}

pub(super) fn of_client(pen: &mut Pen<'_>, agreed: Agreed) -> Option<()> {
    match agreed.suite.and_then(Suite::key_exchange)? {
        KeyExchange::Ecdhe => pen.vector(1, "ecdh_Yc", raw, |_| Some(())).map(drop),
        KeyExchange::Dhe => pen.vector(2, "dh_Yc", raw, |_| Some(())).map(drop),
        KeyExchange::Rsa if agreed.version != Some(Version::Ssl3) => {
            pen.vector(2, "encrypted_pre_master_secret", length, |_| Some(()))?;
            pen.note("whoever gets the certificate's key later reads this session, too: no forward secrecy");
            Some(())
        }
        KeyExchange::Rsa => {
            let all = pen.rest().len();
            pen.take(all, "encrypted_pre_master_secret", |bytes| bytes_in_words(bytes.len())).map(drop)
        }
        _ => None,
    }
}
