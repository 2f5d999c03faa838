//! Stapled statuses, made by openssl's responder.

use portreeve_lab::loopback::Served;
use portreeve_model::tls::{CertificateStatus, Support};
use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, KeyPair, SerialNumber};

use crate::made::{Lab, openssl, timestamps, usual, valid};
use crate::served::{audited, ids, s_server, write};

/// A certificate with a responder, and what openssl's responder says of it.
fn with_responder() -> CertificateParams {
    let mut params = usual();
    params.serial_number = Some(SerialNumber::from(vec![0x01, 0x23, 0x45]));
    // AuthorityInfoAccess: OCSP at http://ocsp.test/
    let url = b"http://ocsp.test/";
    let location = [&[0x86, u8::try_from(url.len()).unwrap()][..], url].concat();
    let method = [&[0x06, 8][..], &[0x2b, 6, 1, 5, 5, 7, 0x30, 1]].concat();
    let inner = [method, location].concat();
    let one = [&[0x30, u8::try_from(inner.len()).unwrap()][..], &inner].concat();
    let all = [&[0x30, u8::try_from(one.len()).unwrap()][..], &one].concat();
    params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], all));
    params
}

/// Writes `staple.der`: the status line of the index, the responder, more arguments.
fn respond(lab: &Lab, index: &str, responder: &str, more: &[&str]) {
    lab.write("index.txt", index);
    lab.write("issuer.pem", lab.intermediate.pem());
    lab.write("issuer.key", lab.intermediate.key().serialize_pem());
    let (certificate, key) = (format!("{responder}.pem"), format!("{responder}.key"));
    let folder = lab.folder.path();
    openssl(
        folder,
        &["ocsp", "-issuer", "issuer.pem", "-serial", "0x012345", "-no_nonce", "-reqout", "request.der"],
    );
    let fixed = [
        "ocsp",
        "-index",
        "index.txt",
        "-CA",
        "issuer.pem",
        "-reqin",
        "request.der",
        "-respout",
        "staple.der",
    ];
    openssl(folder, &[&fixed[..], &["-rsigner", &certificate, "-rkey", &key], more].concat());
}

const GOOD: &str = "V\t350101000000Z\t\t012345\tunknown\t/CN=example.test\n";
const REVOKED: &str = "R\t350101000000Z\t260901000000Z,keyCompromise\t012345\tunknown\t/CN=example.test\n";

fn start(lab: &Lab) -> Served {
    let first = ["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"];
    s_server(lab, &[&first[..], &["-status_file", "staple.der"]].concat())
}

#[test]
fn statuses_are_judged_as_clients_do() {
    let lab = Lab::new();
    write(&lab, "leaf", &with_responder());
    // A responder that the issuer authorised, one that it did not, one whose certificate is not for that.
    for (name, purpose, by) in [
        ("delegate", ExtendedKeyUsagePurpose::OcspSigning, &lab.intermediate),
        ("stranger", ExtendedKeyUsagePurpose::OcspSigning, &lab.root),
        ("other", ExtendedKeyUsagePurpose::ServerAuth, &lab.intermediate),
    ] {
        let mut params = valid(CertificateParams::default(), -10, 80);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        lab.write(&format!("{name}.pem"), params.signed_by(&key, by).unwrap().pem());
        lab.write(&format!("{name}.key"), key.serialize_pem());
    }
    for (index, responder, more, status, usable, finding) in [
        (GOOD, "issuer", &["-ndays", "3"][..], CertificateStatus::Good, true, None),
        (GOOD, "delegate", &["-ndays", "3"], CertificateStatus::Good, true, None),
        (GOOD, "issuer", &["-ndays", "3", "-resp_key_id"], CertificateStatus::Good, true, None),
        (GOOD, "issuer", &[], CertificateStatus::Good, true, None),
        (
            REVOKED,
            "issuer",
            &["-ndays", "3"],
            CertificateStatus::Revoked,
            true,
            Some("tls/certificate-revoked"),
        ),
        ("", "issuer", &["-ndays", "3"], CertificateStatus::Unknown, true, Some("tls/staple-unusable")),
        (GOOD, "stranger", &["-ndays", "3"], CertificateStatus::Good, false, Some("tls/staple-unusable")),
        (GOOD, "other", &["-ndays", "3"], CertificateStatus::Good, false, Some("tls/staple-unusable")),
    ] {
        respond(&lab, index, responder, more);
        let server = start(&lab);
        let audit = audited(&lab, server.address, Some("example.test"), None);
        let chain = &audit.certificates[0];
        let staple = chain.staple.as_ref().unwrap_or_else(|| panic!("{responder} {more:?}: {audit:?}"));
        assert_eq!(
            (staple.status, staple.usable),
            (status, usable),
            "{responder} {more:?}: {}",
            staple.statement
        );
        assert_eq!(staple.revoked_at.is_some(), status == CertificateStatus::Revoked);
        assert_eq!(staple.next_update.is_some(), !more.is_empty());
        assert_eq!(chain.stapling, Support::Yes);
        assert_eq!(ids(&audit), finding.into_iter().collect::<Vec<_>>(), "{responder} {more:?}");
        let feature = audit.features.iter().find(|feature| feature.id == "ocsp-stapling").unwrap();
        assert_eq!(feature.support, Support::Yes, "{}", feature.statement);
    }
}

#[test]
fn a_response_for_another_certificate_or_none_at_all_is_said() {
    let lab = Lab::new();
    write(&lab, "leaf", &with_responder());
    respond(&lab, GOOD, "issuer", &["-ndays", "3"]);
    // The same serial number by another issuer, and another serial number.
    for params in [with_responder(), usual()] {
        let other =
            Lab { intermediate: crate::made::below(&lab.root, "Acme Other CA", -300, 900), ..Lab::new() };
        let (leaf, key) = other.leaf(&params);
        lab.write("leaf.pem", leaf.pem());
        lab.write("leaf.key", key.serialize_pem());
        lab.write("intermediate.pem", other.intermediate.pem());
        let server = start(&lab);
        let audit = audited(&lab, server.address, Some("example.test"), None);
        let staple = audit.certificates[0].staple.as_ref().unwrap();
        assert_eq!((staple.status, staple.usable), (CertificateStatus::NotTold, false));
        assert!(staple.statement.contains("another certificate"), "{}", staple.statement);
        assert_eq!(ids(&audit), ["tls/staple-unusable"]);
    }
    write(&lab, "leaf", &with_responder());
    let server =
        s_server(&lab, &["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"]);
    let audit = audited(&lab, server.address, Some("example.test"), None);
    assert_eq!(audit.certificates[0].stapling, Support::No);
    let feature = audit.features.iter().find(|feature| feature.id == "ocsp-stapling").unwrap();
    assert_eq!(feature.support, Support::No);
    assert!(feature.statement.contains("http://ocsp.test/"), "{}", feature.statement);
    assert_eq!(ids(&audit), Vec::<String>::new());
}

#[test]
fn timestamps_of_the_handshake_count() {
    use portreeve_model::tls::TimestampVia;
    let lab = Lab::new();
    write(&lab, "leaf", &crate::made::server(&["example.test"], -10, 80, 0));
    let list = timestamps(2);
    let header =
        [&18_u16.to_be_bytes()[..], &u16::try_from(list.len()).unwrap().to_be_bytes(), &list].concat();
    let encoded = base64(&header);
    lab.write(
        "info.pem",
        format!("-----BEGIN SERVERINFO FOR SCT-----\n{encoded}\n-----END SERVERINFO FOR SCT-----\n"),
    );
    let first = ["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"];
    let server = s_server(&lab, &[&first[..], &["-serverinfo", "info.pem"]].concat());
    let audit = audited(&lab, server.address, Some("example.test"), None);
    let seen: Vec<TimestampVia> = audit.certificates[0].timestamps.iter().map(|one| one.via).collect();
    assert_eq!(seen, [TimestampVia::Handshake, TimestampVia::Handshake]);
    assert_eq!(ids(&audit), Vec::<String>::new());
}

/// In lines of 64 characters, as PEM has it.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters: Vec<u8> = bytes
        .chunks(3)
        .flat_map(|three| {
            let number = three
                .iter()
                .enumerate()
                .fold(0_u32, |all, (at, byte)| all | u32::from(*byte) << (16 - 8 * at));
            (0..4).map(move |at| {
                if at <= three.len() {
                    *LETTERS.get((number >> (18 - 6 * at)) as usize & 63).unwrap()
                } else {
                    b'='
                }
            })
        })
        .collect();
    letters.chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().join("\n")
}
