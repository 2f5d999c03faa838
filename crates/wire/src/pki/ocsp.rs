//! OCSP responses (RFC 6960, 4.2.1).

use super::der::{Der, Oid, Value, tag};
use super::time::moment;

/// `id-pkix-ocsp-basic`: the one sort of response in use.
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
/// The extension with signed certificate timestamps (RFC 6962, 3.3).
const TIMESTAMPS: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 5];
/// The most answers that are read: a stapled response has one.
const MOST: usize = 64;

/// Why a response says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspError {
    /// It is cut short, or no response.
    #[error("it can not be read as an OCSP response")]
    Malformed,
    /// The responder gives no answer: the number says why.
    #[error("the responder gave no answer: {}", error_name(*.0))]
    Refused(u8),
    /// It is of a sort that nobody uses.
    #[error("it is an OCSP response of an unknown sort")]
    UnknownSort,
}

/// A basic response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspResponse<'a> {
    /// What is signed, its header included.
    pub signed: &'a [u8],
    /// Who answers.
    pub responder: Responder<'a>,
    /// When it was made, in seconds since 1970.
    pub produced_at: Option<i64>,
    /// The answers.
    pub responses: Vec<SingleResponse<'a>>,
    /// The content of the algorithm of the signature.
    pub signature_algorithm: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// Certificates of the responder, in DER.
    pub certificates: Vec<&'a [u8]>,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Responder<'a> {
    /// By the name, in DER.
    Name(&'a [u8]),
    /// By SHA-1 of the key.
    Key(&'a [u8]),
}

/// The answer about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleResponse<'a> {
    /// About which.
    pub id: CertificateId<'a>,
    /// What it says.
    pub status: Status,
    /// When that was known, in seconds since 1970.
    pub this_update: Option<i64>,
    /// Until when it counts.
    pub next_update: Option<i64>,
    /// Signed certificate timestamps, as a list.
    pub timestamps: Option<&'a [u8]>,
}

/// Which certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateId<'a> {
    /// The digest of both hashes.
    pub digest: Oid<'a>,
    /// The hash of the issuer's name.
    pub name_hash: &'a [u8],
    /// The hash of the issuer's key.
    pub key_hash: &'a [u8],
    /// The serial number as it is written.
    pub serial: &'a [u8],
}

/// What a responder says of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is not revoked.
    Good,
    /// It is: since when, and the number of the reason (RFC 5280, 5.3.1).
    Revoked(Option<i64>, Option<u8>),
    /// The responder does not know it.
    Unknown,
}

impl<'a> OcspResponse<'a> {
    /// Reads a response.
    ///
    /// # Errors
    /// What can not be read, and what is no answer.
    pub fn read(bytes: &'a [u8]) -> Result<Self, OcspError> {
        let outer = Der::new(bytes).next_if(tag::SEQUENCE).ok_or(OcspError::Malformed)?;
        let mut parts = outer.values();
        let status = parts.next_if(tag::ENUMERATED).filter(|_| !outer.is_cut).ok_or(OcspError::Malformed)?;
        match status.content {
            [0] => {}
            [number] => return Err(OcspError::Refused(*number)),
            _ => return Err(OcspError::Malformed),
        }
        let block = parts.next_if(tag::constructed(0)).and_then(|block| block.values().next());
        let mut block = block.ok_or(OcspError::Malformed)?.values();
        if block.next().and_then(|sort| sort.oid()) != Some(Oid(BASIC)) {
            return Err(OcspError::UnknownSort);
        }
        let basic =
            block.next_if(tag::OCTET_STRING).and_then(|basic| Der::new(basic.content).next_if(tag::SEQUENCE));
        basic.and_then(|basic| Self::basic(&basic)).ok_or(OcspError::Malformed)
    }

    fn basic(value: &Value<'a>) -> Option<Self> {
        let mut parts = value.values();
        let signed = parts.next_if(tag::SEQUENCE)?;
        let algorithm = parts.next_if(tag::SEQUENCE)?;
        let signature = parts.next_if(tag::BIT_STRING)?.bits()?;
        let certificates = parts.next_if(tag::constructed(0)).and_then(|block| block.values().next());
        let mut data = signed.values();
        data.next_if(tag::constructed(0));
        let responder = data.next()?;
        let responder = match responder.tag {
            0xa1 => Responder::Name(responder.content),
            0xa2 => Responder::Key(responder.values().next_if(tag::OCTET_STRING)?.content),
            _ => return None,
        };
        let produced_at = moment(&data.next()?);
        let responses = data.next_if(tag::SEQUENCE)?;
        Some(Self {
            signed: signed.whole,
            responder,
            produced_at,
            responses: responses
                .values()
                .take(MOST)
                .filter_map(|value| SingleResponse::read(&value))
                .collect(),
            signature_algorithm: algorithm.content,
            signature,
            certificates: certificates
                .map(|list| list.values().take(MOST).map(|one| one.whole).collect())
                .unwrap_or_default(),
        })
    }
}

impl<'a> SingleResponse<'a> {
    fn read(value: &Value<'a>) -> Option<Self> {
        let mut parts = value.values();
        let mut id = parts.next_if(tag::SEQUENCE)?.values();
        let id = CertificateId {
            digest: id.next_if(tag::SEQUENCE)?.values().next()?.oid()?,
            name_hash: id.next_if(tag::OCTET_STRING)?.content,
            key_hash: id.next_if(tag::OCTET_STRING)?.content,
            serial: id.next_if(tag::INTEGER)?.content,
        };
        let status = parts.next()?;
        let status = match status.tag {
            0x80 => Status::Good,
            0xa1 => {
                let mut revoked = status.values();
                let at = revoked.next().and_then(|at| moment(&at));
                let reason = revoked.find_tag(tag::constructed(0)).and_then(|block| block.values().next());
                Status::Revoked(at, reason.and_then(|reason| reason.content.first().copied()))
            }
            0x82 => Status::Unknown,
            _ => return None,
        };
        let this_update = moment(&parts.next()?);
        let next = parts.next_if(tag::constructed(0)).and_then(|block| block.values().next());
        let extensions = parts.next_if(tag::constructed(1)).and_then(|block| block.values().next());
        let list = extensions.and_then(|list| {
            list.values().find_map(|one| {
                let mut parts = one.values();
                parts.next()?.oid().filter(|oid| oid.0 == TIMESTAMPS)?;
                let content = parts.find_tag(tag::OCTET_STRING)?;
                // The list is an octet string in the octet string of the extension.
                Der::new(content.content).next_if(tag::OCTET_STRING).map(|inner| inner.content)
            })
        });
        Some(Self {
            id,
            status,
            this_update,
            next_update: next.and_then(|next| moment(&next)),
            timestamps: list,
        })
    }
}

fn error_name(number: u8) -> String {
    match number {
        1 => "malformedRequest".to_owned(),
        2 => "internalError".to_owned(),
        3 => "tryLater".to_owned(),
        5 => "sigRequired".to_owned(),
        6 => "unauthorized".to_owned(),
        other => format!("error {other}"),
    }
}
