//! Certificates, stapled statuses, signed timestamps and bundles of peers, read leniently.

use portreeve_wire::pki::{
    Certificate, Der, GeneralName, OcspResponse, Value, certificates_of_pkcs7, timestamps,
};

/// Reads `data` as each of them, every part of it.
pub fn run(data: &[u8]) {
    let values: Vec<Value<'_>> = Der::new(data).collect();
    let length: usize = values.iter().map(|value| value.whole.len()).sum();
    assert!(length <= data.len(), "values are parts of the bytes");
    for value in values {
        assert!(value.content.len() < value.whole.len(), "a value has a header");
        let _ = (value.oid().map(|oid| oid.to_string()), value.bits(), value.integer());
    }
    certificate(data);
    if let Ok(response) = OcspResponse::read(data) {
        assert!(!response.signed.is_empty(), "a response that is read has something that is signed");
        for one in &response.responses {
            let _list = one.timestamps.map(timestamps);
        }
        response.certificates.iter().for_each(|der| certificate(der));
    }
    let (read, _whole) = timestamps(data);
    assert!(read.len() <= data.len() / 43, "a timestamp has 43 bytes at the least");
    if let Some(all) = certificates_of_pkcs7(data) {
        all.into_iter().for_each(certificate);
    }
}

fn certificate(der: &[u8]) {
    let Some(read) = Certificate::read(der) else { return };
    let names = [read.subject(), read.issuer()];
    for name in names {
        let _ = (name.to_string(), name.common_name(), name.organization());
    }
    let _key =
        read.key.map(|key| (key.rsa(), key.algorithm.to_string(), key.curve.map(|oid| oid.to_string())));
    for one in &read.extensions {
        let _ = (one.oid.to_string(), one.basic_constraints(), one.bits(), one.oids(), one.policies());
        let _ = (one.access(), one.distribution_points(), one.numbers(), one.authority_issuer());
        for name in one.names() {
            if let GeneralName::Dns(name) | GeneralName::Url(name) = name {
                assert!(name.len() <= 3 * one.content.len(), "a name is part of its extension");
            }
        }
    }
}
