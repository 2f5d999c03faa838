//! Each fault is found, and nothing else.

use portreeve_model::Severity;
use portreeve_model::tls::{ChainVerdict, Support, TrustStore};
use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, KeyPair};

use crate::made::{Lab, Trusting, authority, below, ids, openssl, server, store, usual, valid};

const NAME: Option<&str> = Some("example.test");

#[test]
fn a_good_chain_has_no_findings() {
    let lab = Lab::new();
    let read = lab.trusting().read(&lab.chain("good.pem", &usual()), NAME);
    assert_eq!(ids(&read), Vec::<&str>::new());
    let chain = &read.files[0].chain;
    assert!(chain.trust.iter().all(|trust| trust.verdict == ChainVerdict::Trusted));
    assert_eq!(chain.trust[0].store, TrustStore::Mozilla);
    assert_eq!(chain.trust[1].anchor.as_deref(), Some("CN=Acme Root CA"));
    assert_eq!((chain.path.as_slice(), chain.in_order, chain.root_sent), (&[0, 1][..], true, None));
    assert_eq!(chain.stapling, Support::NotApplicable);
    let name = chain.name.as_ref().unwrap();
    assert_eq!((name.matches, name.wildcard, name.by.as_deref()), (true, false, Some("example.test")));
    let validity = chain.certificates[0].validity.as_ref().unwrap();
    assert_eq!((validity.lifetime_days, validity.remaining_days), (90, 79));
    assert_eq!((validity.remaining_percent, validity.limit_days), (88, Some(200)));
    assert_eq!(chain.timestamps.len(), 2);
}

#[test]
fn dates_are_measured_by_the_lifetime() {
    let lab = Lab::new();
    let trusting = lab.trusting();
    for (from, to, expected) in [
        (-93, -3, Some(("tls/certificate-expired", Severity::High))),
        (2, 92, Some(("tls/certificate-not-yet-valid", Severity::High))),
        (-60, 30, None),
        (-69, 21, Some(("tls/certificate-expires-soon", Severity::Medium))),
        (-85, 5, Some(("tls/certificate-expires-soon", Severity::High))),
        (-30, 17, None),
        (-37, 10, Some(("tls/certificate-expires-soon", Severity::Medium))),
        (-4, 2, None),
    ] {
        let path = lab.chain("dates.pem", &server(&["example.test"], from, to, 3));
        let read = trusting.read(&path, NAME);
        let found: Vec<(&str, Severity)> =
            read.findings.iter().map(|finding| (finding.id.as_str(), finding.severity)).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{from} to {to}");
    }
}

#[test]
fn public_authorities_keep_to_a_limit_and_others_do_not() {
    let lab = Lab::new();
    let long = lab.chain("long.pem", &server(&["example.test"], -10, 300, 3));
    let public = lab.trusting();
    assert_eq!(ids(&public.read(&long, NAME)), ["tls/certificate-lifetime-too-long"]);
    let private = Trusting { mozilla: store(&[]), host: store(&[&lab.root]) };
    let read = private.read(&long, NAME);
    assert_eq!(ids(&read), Vec::<&str>::new());
    assert_eq!(read.files[0].chain.certificates[0].validity.as_ref().unwrap().limit_days, None);
}

#[test]
fn names_are_compared() {
    let lab = Lab::new();
    let trusting = lab.trusting();
    let wild =
        lab.chain("wild.pem", &server(&["*.example.test", "xn--bcher-kva.test", "192.0.2.7"], -10, 80, 2));
    for (host, by) in [
        ("www.example.test", Some("*.example.test")),
        ("WWW.Example.Test.", Some("*.example.test")),
        ("b\u{fc}cher.test", Some("xn--bcher-kva.test")),
        ("B\u{dc}CHER.test", Some("xn--bcher-kva.test")),
        ("xn--bcher-kva.test", Some("xn--bcher-kva.test")),
        ("192.0.2.7", Some("192.0.2.7")),
        ("192.0.2.8", None),
        ("[2001:db8::1]", None),
        ("a.b.example.test", None),
        ("example.test", None),
    ] {
        let read = trusting.read(&wild, Some(host));
        let name = read.files[0].chain.name.clone().unwrap();
        assert_eq!(name.by.as_deref(), by, "{host}");
        assert_eq!(name.wildcard, by.is_some_and(|by| by.starts_with('*')), "{host}");
        let mismatch = if by.is_some() { vec![] } else { vec!["tls/certificate-name-mismatch"] };
        assert_eq!(ids(&read), mismatch, "{host}");
    }
    let mut nameless = valid(CertificateParams::default(), -10, 80);
    nameless.distinguished_name.push(rcgen::DnType::CommonName, "example.test");
    let read = trusting.read(&lab.chain("nameless.pem", &nameless), NAME);
    let mismatch =
        read.findings.iter().find(|finding| finding.id == "tls/certificate-name-mismatch").unwrap();
    assert!(mismatch.fix[0].contains("common name"), "{:?}", mismatch.fix);
}

#[test]
fn an_address_with_a_zone_is_an_address() {
    let lab = Lab::new();
    let read = lab.trusting().read(&lab.chain("good.pem", &usual()), Some("fe80::1%eth0"));
    let [found] = read.findings.as_slice() else { panic!("{:?}", read.findings) };
    assert_eq!((&*found.id, found.severity), ("tls/certificate-name-mismatch", Severity::Low));
    assert!(found.title.ends_with("not for fe80::1."), "{}", found.title);
}

#[test]
fn chains_are_judged() {
    let lab = Lab::new();
    let trusting = lab.trusting();
    let (leaf, _) = lab.leaf(&usual());
    let (middle, root) = (lab.intermediate.pem(), lab.root.pem());
    let other = below(&lab.root, "Elsewhere Issuing", -300, 900);
    for (name, text, expected) in [
        ("alone", leaf.pem(), vec!["tls/missing-intermediate"]),
        ("order", leaf.pem() + &root + &middle, vec!["tls/chain-order", "tls/chain-root-sent"]),
        ("root", leaf.pem() + &middle + &root, vec!["tls/chain-root-sent"]),
        ("surplus", leaf.pem() + &middle + &other.pem(), vec!["tls/chain-surplus"]),
        ("twice", leaf.pem() + &middle + &leaf.pem(), vec![]),
    ] {
        let read = trusting.read(&lab.write(&format!("{name}/chain.pem"), text), NAME);
        assert_eq!(ids(&read), expected, "{name}");
    }
    let surplus = |name: &str, count: usize| {
        let more = (0..count).map(|at| below(&lab.root, &format!("Elsewhere {at}"), -300, 900).pem());
        let text = leaf.pem() + &middle + &more.collect::<String>();
        let read = trusting.read(&lab.write(&format!("{name}.pem"), text), NAME);
        read.findings.first().unwrap().title.clone()
    };
    let (one, many) = (surplus("one", 1), surplus("many", 14));
    assert!(one.ends_with(" has 1 certificate that leads nowhere: CN=Elsewhere 0."), "{one}");
    assert!(
        many.contains(" has 14 certificates that lead nowhere: ") && many.ends_with("; 6 more."),
        "{many}"
    );
    let missing = &trusting.read(&lab.path("alone"), NAME).files[0].chain;
    assert!(missing.missing.as_ref().unwrap().contains("Acme Intermediate CA"), "{:?}", missing.missing);

    let strangers = Trusting { mozilla: store(&[]), host: store(&[]) };
    assert_eq!(ids(&strangers.read(&lab.path("root"), NAME))[0], "tls/certificate-untrusted");
    let stale = Trusting { mozilla: store(&[&lab.root]), host: store(&[]) };
    assert_eq!(ids(&stale.read(&lab.chain("stale.pem", &usual()), NAME)), ["tls/host-store-lacks-authority"]);
    let own = usual().self_signed(&KeyPair::generate().unwrap()).unwrap();
    assert_eq!(ids(&trusting.read(&lab.write("own.pem", own.pem()), NAME)), ["tls/certificate-self-signed"]);

    let old = below(&lab.root, "Acme Former CA", -800, -3);
    let by_old = usual().signed_by(&KeyPair::generate().unwrap(), &old).unwrap();
    let read = trusting.read(&lab.write("old.pem", by_old.pem() + &old.pem()), NAME);
    assert_eq!(ids(&read), ["tls/intermediate-expired"]);
    let late = below(&lab.root, "Acme Leaving CA", -800, 9);
    let by_late = usual().signed_by(&KeyPair::generate().unwrap(), &late).unwrap();
    let read = trusting.read(&lab.write("late.pem", by_late.pem() + &late.pem()), NAME);
    assert_eq!(ids(&read), ["tls/intermediate-expires-soon"]);

    let mut client = usual();
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    assert_eq!(
        ids(&trusting.read(&lab.chain("client.pem", &client), NAME)),
        ["tls/certificate-not-for-servers"]
    );
}

#[test]
fn timestamps_are_counted_by_logs() {
    let lab = Lab::new();
    let trusting = lab.trusting();
    for (days, logs, is_enough) in
        [(80, 0, false), (80, 1, false), (80, 2, true), (189, 2, false), (189, 3, true)]
    {
        let path = lab.chain("logs.pem", &server(&["example.test"], -10, days, logs));
        // A file can not tell whether a server sends more.
        assert_eq!(ids(&trusting.read(&path, NAME)), Vec::<&str>::new());
        let found = crate::served::findings_of(&lab, &server(&["example.test"], -10, days, logs));
        let expected = if is_enough { vec![] } else { vec!["tls/certificate-not-transparent".to_owned()] };
        assert_eq!(found, expected, "{days} days, {logs} logs");
    }
}

#[test]
fn weak_keys_and_signatures_are_found() {
    let lab = Lab::new();
    let trusting = lab.trusting();
    let folder = lab.folder.path();
    for (name, key, digest, expected) in [
        ("short", &["-newkey", "rsa:1024"][..], "-sha256", vec!["tls/certificate-weak-key"]),
        ("sha1", &["-newkey", "rsa:2048"], "-sha1", vec!["tls/certificate-weak-signature"]),
        ("md5", &["-newkey", "rsa:2048"], "-md5", vec!["tls/certificate-weak-signature"]),
        (
            "three",
            &["-newkey", "rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:3"],
            "-sha256",
            vec!["tls/certificate-weak-exponent"],
        ),
        (
            "curve",
            &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime192v1"],
            "-sha256",
            vec!["tls/certificate-weak-key"],
        ),
    ] {
        let (cert, out) = (format!("{name}.pem"), format!("{name}.key"));
        let rest = ["-nodes", "-keyout", &out, "-out", &cert, "-days", "90", "-subj", "/CN=example.test"];
        let names =
            ["-addext", "subjectAltName=DNS:example.test", "-addext", "basicConstraints=critical,CA:FALSE"];
        openssl(folder, &[&["req", "-x509", digest][..], key, &rest, &names].concat());
        let read = trusting.read(&lab.path(&cert), NAME);
        let found: Vec<&str> =
            ids(&read).into_iter().filter(|id| *id != "tls/certificate-self-signed").collect();
        assert_eq!(found, expected, "{name}: {:?}", read.files[0].chain.certificates[0]);
        let severity = read.findings.iter().find(|finding| finding.id == expected[0]).unwrap().severity;
        assert_eq!(severity == Severity::Critical, name == "md5", "{name}");
    }
}

#[test]
fn must_staple_is_read_and_no_fault_of_a_file() {
    let lab = Lab::new();
    let mut params = usual();
    let feature = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], vec![0x30, 3, 2, 1, 5]);
    params.custom_extensions.push(feature);
    let read = lab.trusting().read(&lab.chain("must.pem", &params), NAME);
    assert!(read.files[0].chain.certificates[0].must_staple);
    assert_eq!(read.files[0].chain.stapling, Support::Inconclusive);
    assert_eq!(ids(&read), Vec::<&str>::new());
    assert_eq!(crate::served::findings_of(&lab, &params), ["tls/must-staple-without-staple"]);
}

#[test]
fn an_expired_root_is_told() {
    let lab = Lab::new();
    let root = rcgen::CertifiedIssuer::self_signed(
        authority("Acme Former Root", -900, -1),
        KeyPair::generate().unwrap(),
    )
    .unwrap();
    let leaf = usual().signed_by(&KeyPair::generate().unwrap(), &root).unwrap();
    let trusting = Trusting { mozilla: store(&[&root]), host: store(&[&root]) };
    let read = trusting.read(&lab.write("leaf.pem", leaf.pem()), NAME);
    assert_eq!(ids(&read), ["tls/root-expired"]);
}
