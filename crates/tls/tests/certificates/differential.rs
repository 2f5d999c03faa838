//! The facts of forty certificates of all sorts are those that openssl tells.

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use portreeve_model::tls::Certificate;

use crate::made::{Lab, bytes, openssl};

/// Name, key, more arguments of `openssl req -x509`.
type Sort = (&'static str, &'static [&'static str], &'static [&'static str]);

const RSA: &[&str] = &["-newkey", "rsa:2048"];
const CURVE: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const USUAL: &[&str] = &["-addext", "subjectAltName=DNS:example.test,DNS:www.example.test"];

const SORTS: [Sort; 41] = [
    ("rsa-1024", &["-newkey", "rsa:1024"], USUAL),
    ("rsa-2048", RSA, USUAL),
    ("rsa-2047", &["-newkey", "rsa:2047"], USUAL),
    ("rsa-3072", &["-newkey", "rsa:3072"], USUAL),
    ("rsa-exponent-3", &["-newkey", "rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:3"], USUAL),
    ("rsa-exponent-long", &["-newkey", "rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:4294967311"], USUAL),
    ("rsa-sha1", RSA, &["-sha1"]),
    ("rsa-sha224", RSA, &["-sha224"]),
    ("rsa-sha384", RSA, &["-sha384"]),
    ("rsa-sha512", RSA, &["-sha512"]),
    ("rsa-md5", RSA, &["-md5"]),
    ("rsa-pss-signature", RSA, &["-sigopt", "rsa_padding_mode:pss"]),
    ("rsa-pss-key", &["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"], USUAL),
    ("p256", CURVE, USUAL),
    ("p256-sha384", CURVE, &["-sha384"]),
    ("p384", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], &["-sha512"]),
    ("p521", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"], USUAL),
    ("p224", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp224r1"], &["-sha224"]),
    ("p192", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime192v1"], &["-sha1"]),
    ("secp256k1", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], USUAL),
    ("brainpool", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"], USUAL),
    ("brainpool-384", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1"], USUAL),
    ("ed25519", &["-newkey", "ed25519"], USUAL),
    ("ed448", &["-newkey", "ed448"], USUAL),
    ("leaf", CURVE, &["-addext", "basicConstraints=critical,CA:FALSE"]),
    ("authority", CURVE, &["-addext", "keyUsage=critical,keyCertSign,cRLSign"]),
    (
        "usages",
        CURVE,
        &[
            "-addext",
            "keyUsage=digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment,keyAgreement,encipherOnly,decipherOnly",
        ],
    ),
    (
        "purposes",
        CURVE,
        &[
            "-addext",
            "extendedKeyUsage=serverAuth,clientAuth,codeSigning,emailProtection,timeStamping,OCSPSigning,anyExtendedKeyUsage",
        ],
    ),
    ("purpose-by-number", CURVE, &["-addext", "extendedKeyUsage=serverAuth,1.2.3.4.5"]),
    (
        "addresses",
        CURVE,
        &[
            "-addext",
            "subjectAltName=IP:192.0.2.7,IP:2001:db8::7,DNS:a.test,email:x@y.test,URI:http://u.test/",
        ],
    ),
    ("wildcard", CURVE, &["-addext", "subjectAltName=DNS:*.example.test,DNS:xn--bcher-kva.test"]),
    (
        "urls",
        CURVE,
        &[
            "-addext",
            "authorityInfoAccess=OCSP;URI:http://ocsp.test/,caIssuers;URI:http://ca.test/ca.crt,OCSP;URI:http://second.test/",
        ],
    ),
    (
        "lists",
        CURVE,
        &["-addext", "crlDistributionPoints=URI:http://crl.test/a.crl,URI:http://crl.test/b.crl"],
    ),
    ("must-staple", CURVE, &["-addext", "tlsfeature=status_request"]),
    ("policies", CURVE, &["-addext", "certificatePolicies=2.23.140.1.2.2,1.2.3.4"]),
    (
        "names",
        CURVE,
        &[
            "-subj",
            "/C=DE/ST=Bayern/L=M\u{fc}nchen/O=Acme, Inc./OU=A/OU=B/CN=example.test/emailAddress=a@b.test",
            "-utf8",
        ],
    ),
    ("multi", CURVE, &["-subj", "/DC=test/DC=example/CN=one+serialNumber=7", "-multivalue-rdn"]),
    ("no-subject", CURVE, &["-subj", "/"]),
    ("serial-long", CURVE, &["-set_serial", "0x7fffffffffffffffffffffffffffffffffffffff"]),
    ("serial-high", CURVE, &["-set_serial", "0xff00000000000001"]),
    ("long-lived", CURVE, &["-days", "20000"]),
];

#[test]
fn facts_are_those_of_openssl() {
    let lab = Lab::new();
    let trusting = lab.trusting();
    for (name, key, more) in SORTS {
        let folder = lab.folder.path();
        let file = format!("{name}.pem");
        let mut arguments = vec!["req", "-x509", "-nodes", "-keyout", "key.pem", "-out", &file];
        if !more.contains(&"-subj") {
            arguments.extend(["-subj", "/CN=example.test"]);
        }
        if !more.contains(&"-days") {
            arguments.extend(["-days", "90"]);
        }
        arguments.extend(key.iter().chain(more));
        openssl(folder, &arguments);
        let read = trusting.read(&lab.path(&file), None);
        compare(name, folder, &file, &read.files[0].chain.certificates[0]);
    }
    // Version 1 has no extensions at all.
    openssl(
        lab.folder.path(),
        &[
            "req", "-new", "-nodes", "-newkey", "rsa:2048", "-keyout", "key.pem", "-out", "v1.csr", "-subj",
            "/CN=v1",
        ],
    );
    openssl(lab.folder.path(), &["x509", "-req", "-in", "v1.csr", "-signkey", "key.pem", "-out", "v1.pem"]);
    let read = trusting.read(&lab.path("v1.pem"), None);
    compare("version 1", lab.folder.path(), "v1.pem", &read.files[0].chain.certificates[0]);
}

fn compare(name: &str, folder: &Path, file: &str, facts: &Certificate) {
    let x509 = |more: &[&str]| openssl(folder, &[&["x509", "-in", file, "-noout"][..], more].concat());
    let value = |text: &str| text.trim_end().split_once('=').unwrap().1.trim().to_owned();
    assert_eq!(facts.malformed, None, "{name}");
    let fingerprint = value(&x509(&["-fingerprint", "-sha256"])).replace(':', "").to_lowercase();
    assert_eq!(facts.sha256, fingerprint, "{name}");
    let serial = value(&x509(&["-serial"])).to_lowercase();
    assert_eq!(facts.serial.trim_start_matches('0'), serial.trim_start_matches('0'), "{name}");
    for (option, read) in [("-subject", &facts.subject), ("-issuer", &facts.issuer)] {
        let told = x509(&[option, "-nameopt", "utf8,sep_comma_plus_space,sname"]);
        let told = told.trim_end().split_once('=').unwrap().1.trim().replace(" + ", ", ");
        assert_eq!(*read, told, "{name}");
    }
    let validity = facts.validity.as_ref().unwrap();
    for (option, read) in [("-startdate", validity.not_before), ("-enddate", validity.not_after)] {
        let told = value(&x509(&[option, "-dateopt", "iso_8601"])).replacen(' ', "T", 1);
        assert_eq!(read, told.parse::<Timestamp>().unwrap(), "{name}");
    }
    let key = openssl(folder, &["x509", "-in", file, "-noout", "-pubkey"]);
    std::fs::write(folder.join("public.pem"), key).unwrap();
    openssl(folder, &["pkey", "-pubin", "-in", "public.pem", "-outform", "DER", "-out", "public.der"]);
    let pin = digest(&SHA256, &std::fs::read(folder.join("public.der")).unwrap());
    let read: Vec<u8> = bytes(facts.spki_sha256.as_ref().unwrap());
    assert_eq!(read, pin.as_ref(), "{name}");
    compare_text(name, &x509(&["-text"]), facts);
}

fn compare_text(name: &str, text: &str, facts: &Certificate) {
    let after = |label: &str| -> Option<String> {
        let at = text.find(label)? + label.len();
        text[at..].lines().next().map(|rest| rest.trim().to_owned())
    };
    // What stands in the lines below the title of an extension.
    let below = |label: &str| -> Vec<String> {
        let Some(at) = text.find(label) else { return Vec::new() };
        let line = text[at..].lines().nth(1).unwrap_or_default().trim();
        line.split(", ").map(str::to_owned).collect()
    };
    let all = |label: &str| -> Vec<String> {
        text.lines().filter_map(|line| Some(line.trim().strip_prefix(label)?.to_owned())).collect()
    };
    assert_eq!(Some(facts.signature.as_str()), after("Signature Algorithm: ").as_deref(), "{name}");
    let bits = after("Public-Key: (").map(|rest| rest.split(' ').next().unwrap().parse::<usize>().unwrap());
    assert!(bits.is_none_or(|bits| bits == facts.key.bits), "{name}: {bits:?} {:?}", facts.key);
    assert_eq!(facts.key.curve, after("ASN1 OID: "), "{name}");
    let exponent = after("Exponent: ").map(|rest| rest.split(' ').next().unwrap().parse::<u64>().unwrap());
    assert_eq!(facts.key.exponent, exponent, "{name}");
    let algorithm = after("Public Key Algorithm: ").unwrap();
    let kind = match algorithm.as_str() {
        "rsaEncryption" => "RSA",
        "rsassaPss" => "RSA-PSS",
        "id-ecPublicKey" => "EC",
        "ED25519" => "Ed25519",
        "ED448" => "Ed448",
        other => other,
    };
    assert_eq!(facts.key.kind, kind, "{name}");
    let critical = |label: &str| {
        if text.contains(&format!("{label}: critical")) {
            format!("{label}: critical")
        } else {
            label.to_owned()
        }
    };
    assert_eq!(facts.key_usages, below(&critical("X509v3 Key Usage")), "{name}");
    assert_eq!(facts.purposes, below("X509v3 Extended Key Usage"), "{name}");
    assert_eq!(facts.is_authority, text.contains("CA:TRUE"), "{name}");
    assert_eq!(facts.must_staple, text.contains("status_request"), "{name}");
    assert_eq!(facts.ocsp_urls, all("OCSP - URI:"), "{name}");
    assert_eq!(facts.issuer_urls, all("CA Issuers - URI:"), "{name}");
    let lists = text.split("X509v3 CRL Distribution Points").nth(1).unwrap_or_default();
    let lists: Vec<&str> = lists.lines().filter_map(|line| line.trim().strip_prefix("URI:")).collect();
    assert_eq!(facts.crl_urls, lists, "{name}");
    let names = below("X509v3 Subject Alternative Name");
    let dns: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix("DNS:")).collect();
    assert_eq!(facts.names, dns, "{name}");
    let addresses: Vec<std::net::IpAddr> = names
        .iter()
        .filter_map(|name| name.strip_prefix("IP Address:")?.to_lowercase().parse().ok())
        .collect();
    assert_eq!(facts.addresses, addresses, "{name}");
    let policy = text.contains("2.23.140.1.2.2").then_some(portreeve_model::tls::Validation::Organization);
    assert_eq!(facts.validation, policy, "{name}");
}

/// Whether a chain is trusted, dates and names apart, is what `openssl verify` says of it.
#[test]
fn trust_is_that_of_openssl() {
    use portreeve_model::tls::ChainVerdict;
    use rcgen::KeyPair;

    use crate::made::{authority, below, server, usual};

    let lab = Lab::new();
    let folder = lab.folder.path();
    lab.write("root.pem", lab.root.pem());
    let (leaf, _) = lab.leaf(&usual());
    let by = |issuer: &crate::made::Issuer| {
        usual().signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().pem()
    };
    let (middle, root) = (lab.intermediate.pem(), lab.root.pem());
    let second = below(&lab.intermediate, "Acme Second CA", -20, 500);
    let forged = below(
        &rcgen::CertifiedIssuer::self_signed(
            authority("Acme Root CA", -900, 2700),
            KeyPair::generate().unwrap(),
        )
        .unwrap(),
        "Acme Intermediate CA",
        -300,
        900,
    );
    let stranger = rcgen::CertifiedIssuer::self_signed(
        authority("Elsewhere Root", -9, 99),
        KeyPair::generate().unwrap(),
    )
    .unwrap();
    let own = usual().self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
    let below_a_leaf = {
        let key = KeyPair::generate().unwrap();
        let params = usual();
        let issuer = rcgen::CertifiedIssuer::signed_by(params, key, &lab.intermediate).unwrap();
        usual().signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().pem() + &issuer.pem() + &middle
    };
    let mut client = usual();
    client.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let early = server(&["example.test"], 5, 80, 2);
    for (name, text) in [
        ("whole", leaf.pem() + &middle),
        ("with root", leaf.pem() + &middle + &root),
        ("alone", leaf.pem()),
        ("order", leaf.pem() + &root + &middle),
        ("three", by(&second) + &second.pem() + &middle),
        ("three mixed", by(&second) + &middle + &second.pem()),
        ("gap", by(&second) + &middle),
        ("by root", by(&lab.root)),
        ("forged", by(&forged) + &forged.pem()),
        ("forged, right middle", by(&forged) + &middle),
        ("stranger", by(&stranger) + &stranger.pem()),
        ("own", own),
        ("below a leaf", below_a_leaf),
        ("client", lab.leaf(&client).0.pem() + &middle),
        ("early", lab.leaf(&early).0.pem() + &middle),
    ] {
        let path = lab.write("chain.pem", text);
        let read = lab.trusting().read(&path, None);
        let ours = read.files[0].chain.trust[1].verdict == ChainVerdict::Trusted;
        let arguments = [
            "verify",
            "-no_check_time",
            "-purpose",
            "sslserver",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "chain.pem",
            "chain.pem",
        ];
        let theirs =
            std::process::Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
        let said = String::from_utf8_lossy(&theirs.stderr);
        assert_eq!(ours, theirs.status.success(), "{name}: {said} {:?}", read.files[0].chain.trust[1]);
    }
}
