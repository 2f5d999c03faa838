//! Bundles of certificates in PKCS #7 (RFC 2315, 9.1): signed data that signs nothing.

use super::der::{Der, Oid, tag};

/// `signedData`.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

/// The certificates of a bundle in DER, in the order of the file; none where it is no bundle.
pub fn certificates_of_pkcs7(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut outer = Der::new(bytes).next_if(tag::SEQUENCE)?.values();
    outer.next()?.oid().filter(|oid| *oid == Oid(SIGNED_DATA))?;
    let data = outer.next_if(tag::constructed(0))?.values().next_if(tag::SEQUENCE)?;
    let certificates = data.values().find_tag(tag::constructed(0));
    Some(certificates.map_or_else(Vec::new, |list| {
        list.values().filter(|one| one.tag == tag::SEQUENCE).map(|one| one.whole).collect()
    }))
}
