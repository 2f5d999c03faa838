//! Files and folders of all sorts.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;

use jiff::Timestamp;
use portreeve_model::UnseenReason;
use portreeve_model::tls::{FileFormat, FileHolds};
use portreeve_tls::certificates::read_files;
use rcgen::KeyPair;

use crate::made::{Lab, ids, openssl, usual};

#[test]
fn a_folder_of_certbot_is_read_once_and_with_its_key() {
    let lab = Lab::new();
    let (leaf, key) = lab.leaf(&usual());
    let folder = |name: &str| format!("letsencrypt/{name}");
    lab.write(&folder("archive/example.test/cert1.pem"), leaf.pem());
    lab.write(&folder("archive/example.test/chain1.pem"), lab.intermediate.pem());
    lab.write(&folder("archive/example.test/fullchain1.pem"), leaf.pem() + &lab.intermediate.pem());
    lab.write(&folder("archive/example.test/privkey1.pem"), key.serialize_pem());
    lab.write(&folder("renewal/example.test.conf"), "version = 2.1.0\n");
    let live = lab.path(&folder("live/example.test"));
    std::fs::create_dir_all(&live).unwrap();
    for name in ["cert", "chain", "fullchain", "privkey"] {
        symlink(format!("../../archive/example.test/{name}1.pem"), live.join(format!("{name}.pem"))).unwrap();
    }
    symlink("..", live.join("loop")).unwrap();
    symlink("../../archive/gone.pem", live.join("dangling.pem")).unwrap();

    let read = lab.trusting().read(&lab.path("letsencrypt"), Some("example.test"));
    let told: Vec<(String, FileHolds, usize, bool)> = read
        .files
        .iter()
        .map(|file| {
            let name = file.path.rsplit('/').next().unwrap().to_owned();
            (name, file.holds, file.same.len(), file.key_file.is_some())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("cert1.pem".to_owned(), FileHolds::Chain, 1, true),
            ("chain1.pem".to_owned(), FileHolds::Authorities, 1, false),
            ("fullchain1.pem".to_owned(), FileHolds::Chain, 1, true),
        ]
    );
    // What cert.pem lacks is in chain.pem beside it.
    assert_eq!(ids(&read), Vec::<&str>::new());
    assert!(read.files[0].chain.missing.as_ref().unwrap().contains("chain1.pem"));
    assert_eq!(read.without_certificate, 3, "the key twice, and the configuration");
    assert_eq!(read.unseen.len(), 1);
    assert!(read.unseen[0].detail.contains("leads nowhere"), "{:?}", read.unseen);

    let live = lab.trusting().read(&live.join("fullchain.pem"), None);
    assert!(live.files[0].target.as_ref().unwrap().ends_with("archive/example.test/fullchain1.pem"));
    assert_eq!(live.files[0].chain.name, None);
}

#[test]
fn every_way_of_writing_is_read() {
    let lab = Lab::new();
    let (leaf, key) = lab.leaf(&usual());
    let chain = lab.write("chain.pem", leaf.pem() + &lab.intermediate.pem());
    lab.write("der/leaf.der", leaf.der());
    let folder = lab.folder.path();
    openssl(folder, &["crl2pkcs7", "-nocrl", "-certfile", "chain.pem", "-out", "bundle.p7b"]);
    openssl(
        folder,
        &["crl2pkcs7", "-nocrl", "-certfile", "chain.pem", "-outform", "DER", "-out", "binary.p7b"],
    );
    openssl(
        folder,
        &["x509", "-in", "chain.pem", "-trustout", "-addtrust", "serverAuth", "-out", "trusted.pem"],
    );
    let text = openssl(folder, &["x509", "-in", "chain.pem", "-text"]);
    lab.write(
        "mixed.pem",
        format!("{}\r\nsome words\n{text}\n{}", key.serialize_pem(), lab.intermediate.pem()),
    );
    let old = lab.write("old.key", key.serialize_pem());
    openssl(folder, &["pkcs8", "-topk8", "-in", "old.key", "-passout", "pass:x", "-out", "locked.key"]);
    let locked = std::fs::read_to_string(lab.path("locked.key")).unwrap();
    std::fs::remove_file(old).unwrap();
    lab.write("locked.pem", leaf.pem() + &locked);
    for (name, format, count, keys) in [
        ("chain.pem", FileFormat::Pem, 2, 0),
        ("der/leaf.der", FileFormat::Der, 1, 0),
        ("bundle.p7b", FileFormat::Pkcs7, 2, 0),
        ("binary.p7b", FileFormat::Pkcs7, 2, 0),
        ("trusted.pem", FileFormat::Pem, 1, 0),
        ("mixed.pem", FileFormat::Pem, 2, 1),
        ("locked.pem", FileFormat::Pem, 1, 1),
    ] {
        let read = lab.trusting().read(&lab.path(name), None);
        let file = read.files.first().unwrap_or_else(|| panic!("{name}: {read:?}"));
        assert_eq!(
            (file.format, file.chain.certificates.len(), file.private_keys),
            (format, count, keys),
            "{name}"
        );
        let digest = &file.chain.certificates[0].sha256;
        assert_eq!(*digest, portreeve_tls::Certificate::read(leaf.der()).fingerprint, "{name}");
        assert_eq!(file.key_file.is_some(), name == "mixed.pem", "{name}");
        assert!(read.unseen.is_empty(), "{name}: {:?}", read.unseen);
        let whole = format!("{read:?}");
        assert!(!whole.contains("PRIVATE KEY") && !whole.contains(&key.serialize_pem()[40..80]), "{name}");
    }
    assert_eq!(lab.trusting().read(&chain, None).files[0].chain.trust.len(), 2);
}

#[test]
fn pem_is_found_after_a_digit_and_behind_blanks() {
    let lab = Lab::new();
    let (leaf, _) = lab.leaf(&usual());
    lab.write("chain.pem", leaf.pem() + &lab.intermediate.pem());
    let listed = openssl(lab.folder.path(), &["storeutl", "-certs", "chain.pem"]);
    assert!(listed.starts_with("0: Certificate"), "{listed}");
    let indented =
        format!("  \t{}\r\n", leaf.pem().trim_end().replace("\r\n", "\n").replace('\n', "\r\n  \t"));
    for (name, text, count) in [
        ("listed", listed, 2),
        ("indented", format!("tls:\n  crt: |\n{indented}"), 1),
        ("both", format!("0: {indented}"), 1),
    ] {
        let read = lab.trusting().read(&lab.write(name, text), None);
        assert!(read.unseen.is_empty(), "{name}: {:?}", read.unseen);
        let file = read.files.first().unwrap_or_else(|| panic!("{name}: {read:?}"));
        assert_eq!((file.format, file.chain.certificates.len()), (FileFormat::Pem, count), "{name}");
    }
}

#[test]
fn a_large_file_of_a_folder_is_told_and_read_where_it_is_named() {
    let lab = Lab::new();
    let (leaf, _) = lab.leaf(&usual());
    let chain = leaf.pem() + &lab.intermediate.pem();
    let large = lab.write("all/large.pem", chain + &"# more\n".repeat(400_000));
    lab.write("all/text", "no certificate\n");
    let trusting = lab.trusting();
    let read = |asked: &[PathBuf]| read_files(asked, None, trusting.stores(), Timestamp::now());
    let folder = read(&[lab.path("all")]);
    assert_eq!((folder.files.len(), folder.without_certificate, folder.unseen.len()), (0, 1, 1));
    assert!(
        folder.unseen[0].detail.ends_with("all/large.pem is larger than 2 MiB: in a folder it is not read.")
    );
    assert!(folder.unseen[0].remedy.as_ref().unwrap().contains("large.pem"));
    for asked in [&[large.clone()][..], &[lab.path("all"), large.clone()], &[large.clone(), lab.path("all")]]
    {
        let named = read(asked);
        assert_eq!((named.files.len(), named.unseen.len()), (1, 0), "{asked:?}: {:?}", named.unseen);
    }
}

#[test]
fn a_key_counts_only_where_it_is_the_one() {
    let lab = Lab::new();
    let (leaf, key) = lab.leaf(&usual());
    lab.write("a/leaf.pem", leaf.pem() + &lab.intermediate.pem());
    lab.write("a/other.key", KeyPair::generate().unwrap().serialize_pem());
    assert_eq!(lab.trusting().read(&lab.path("a"), None).files[0].key_file, None);
    lab.write("a/right.key", key.serialize_pem());
    let found = lab.trusting().read(&lab.path("a"), None).files[0].key_file.clone();
    assert!(found.unwrap().ends_with("a/right.key"));
}

#[test]
fn what_is_not_there_or_no_certificate_is_said() {
    let lab = Lab::new();
    let (leaf, key) = lab.leaf(&usual());
    let only_key = lab.write("only.key", key.serialize_pem());
    let text = lab.write("text", "no certificate\n");
    let cut = lab.write("cut.pem", leaf.pem().replace("-----END CERTIFICATE-----", ""));
    let asked = [lab.path("nowhere.pem"), only_key, text, cut];
    let trusting = lab.trusting();
    let read = read_files(&asked, None, trusting.stores(), Timestamp::now());
    assert!(read.files.is_empty());
    let told: Vec<(UnseenReason, bool)> =
        read.unseen.iter().map(|one| (one.reason, one.detail.contains("private key"))).collect();
    assert_eq!(
        told,
        [
            (UnseenReason::Failed, false),
            (UnseenReason::Malformed, true),
            (UnseenReason::Malformed, false),
            (UnseenReason::Malformed, false),
        ]
    );
    assert!(read.unseen[0].detail.contains("nowhere.pem"));
}

#[test]
fn what_is_no_regular_file_is_named_and_not_opened() {
    let lab = Lab::new();
    let (pipe, socket) = (lab.path("pipe"), lab.path("socket"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _listener = UnixListener::bind(&socket).unwrap();
    symlink("pipe", lab.path("link")).unwrap();
    let asked = [pipe, lab.path("link"), socket, "/dev/zero".into()];
    let trusting = lab.trusting();
    let read = read_files(&asked, None, trusting.stores(), Timestamp::now());
    assert!(read.files.is_empty());
    let told: Vec<(bool, bool)> = read
        .unseen
        .iter()
        .zip([
            "/pipe is a named pipe",
            "/link is a named pipe",
            "/socket is a socket",
            "/dev/zero is a device",
        ])
        .map(|(one, says)| (one.detail.contains(says), one.remedy.is_some()))
        .collect();
    assert_eq!(told, [(true, true), (true, true), (true, false), (true, true)], "{:?}", read.unseen);
    // In a folder nobody has asked for them.
    let folder = trusting.read(lab.folder.path(), None);
    assert_eq!((folder.files.len(), folder.unseen.len()), (0, 0), "{:?}", folder.unseen);
}

#[test]
fn a_bundle_of_authorities_is_no_chain() {
    let lab = Lab::new();
    let former = crate::made::below(&lab.root, "Acme Former CA", -800, -3);
    let bundle = lab.root.pem() + &lab.intermediate.pem() + &former.pem();
    let read = lab.trusting().read(&lab.write("bundle.pem", bundle), Some("example.test"));
    let file = &read.files[0];
    assert_eq!((file.holds, file.chain.certificates.len()), (FileHolds::Authorities, 3));
    assert_eq!(file.chain.name, None);
    assert_eq!(ids(&read), ["tls/authority-expired"]);
    assert!(read.findings[0].title.contains("Acme Former CA"));
}

#[test]
fn the_authorities_of_this_host_are_read() {
    let read = Lab::new().trusting().read(std::path::Path::new("/etc/ssl/certs/ca-certificates.crt"), None);
    let file = &read.files[0];
    assert_eq!(file.holds, FileHolds::Authorities);
    assert!(file.chain.certificates.len() > 100);
    for one in &file.chain.certificates {
        assert!(one.is_authority || one.signature == "sha1WithRSAEncryption", "{one:?}");
        assert!(one.validity.is_some() && one.malformed.is_none() && one.key.bits > 0, "{one:?}");
    }
}

#[test]
fn a_server_s_certificate_that_may_sign_is_no_authority() {
    let lab = Lab::new();
    for (subject, holds) in
        [("/CN=host.example.test", FileHolds::Chain), ("/CN=Acme CA", FileHolds::Authorities)]
    {
        openssl(
            lab.folder.path(),
            &[
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.pem",
                "-subj", subject,
            ],
        );
        let read = lab.trusting().read(&lab.path("own.pem"), None);
        assert_eq!(read.files[0].holds, holds, "{subject}");
    }
}
