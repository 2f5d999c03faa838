//! Stapled statuses, made by openssl's responder.

use data_encoding::BASE64;
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

/// OpenSSL's server with timestamps in its handshake: with the hello in TLS 1.2, with the certificate in TLS 1.3.
fn with_timestamps(lab: &Lab, version: &str) -> Served {
    let list = timestamps(2);
    // The context, which says in which messages it is (SSL_CTX_use_serverinfo_ex), the extension's number, its length.
    let context: u32 = if version == "-tls1_3" { 0x1080 } else { 0x0180 };
    let length = u16::try_from(list.len()).unwrap().to_be_bytes();
    let information = [&context.to_be_bytes()[..], &18_u16.to_be_bytes(), &length, &list].concat();
    let digits = BASE64.encode(&information);
    let lines: Vec<&str> = digits.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    let (label, lines) = ("SERVERINFOV2 FOR SCT", lines.join("\n"));
    lab.write("info.pem", format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"));
    let first = ["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"];
    s_server(lab, &[&first[..], &["-serverinfo", "info.pem", version]].concat())
}

#[test]
fn timestamps_of_the_handshake_count() {
    use portreeve_model::tls::TimestampVia;
    let lab = Lab::new();
    write(&lab, "leaf", &crate::made::server(&["example.test"], -10, 80, 0));
    for version in ["-tls1_2", "-tls1_3"] {
        let server = with_timestamps(&lab, version);
        let audit = audited(&lab, server.address, Some("example.test"), None);
        let seen: Vec<TimestampVia> = audit.certificates[0].timestamps.iter().map(|one| one.via).collect();
        assert_eq!(seen, [TimestampVia::Handshake, TimestampVia::Handshake], "{version}");
        assert_eq!(ids(&audit), Vec::<String>::new(), "{version}");
    }
}
