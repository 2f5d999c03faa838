//! Certificates that break the rules of DER are read as far as they go, and nothing panics.

use portreeve_tls::Certificate;
use proptest::prelude::*;
use rcgen::KeyPair;

use crate::made::{Lab, ids, usual};

/// A certificate whose extensions break off: what is before them is read.
#[test]
fn what_stands_before_the_fault_is_read() {
    let lab = Lab::new();
    let (leaf, _) = lab.leaf(&usual());
    let whole = Certificate::read(leaf.der());
    for length in [leaf.der().len() - 1, leaf.der().len() - 100, 400] {
        let cut = Certificate::read(&leaf.der()[..length]);
        assert!(cut.malformed.is_some(), "{length}");
        assert_eq!((&cut.subject, &cut.issuer), (&whole.subject, &whole.issuer), "{length}");
        assert_eq!((cut.not_before, cut.not_after), (whole.not_before, whole.not_after), "{length}");
        assert_eq!(cut.raw_issuer, whole.raw_issuer, "{length}");
    }
    let cut = Certificate::read(&leaf.der()[..leaf.der().len() - 60]);
    assert_eq!(cut.names, ["example.test", "www.example.test"]);

    let read = lab
        .trusting()
        .read(&lab.write("cut.der", &leaf.der()[..leaf.der().len() - 60]), Some("example.test"));
    assert_eq!(ids(&read)[0], "tls/certificate-malformed");
    let facts = &read.files[0].chain.certificates[0];
    assert!(facts.malformed.as_ref().unwrap().contains("cut short"), "{facts:?}");
    assert_eq!((facts.names.len(), facts.key.kind.as_str(), facts.key.bits), (2, "EC", 256));
    assert!(facts.validity.is_some() && facts.spki_sha256.is_some());
}

/// A version that is no number, a date without meaning: the fields around them are read.
#[test]
fn one_field_that_is_wrong_takes_no_other_with_it() {
    let own = usual().self_signed(&KeyPair::generate().unwrap()).unwrap();
    let mut der = own.der().to_vec();
    let date = der.windows(2).position(|two| two == [0x17, 13]).unwrap();
    der[date + 2..date + 15].copy_from_slice(b"9999999999999");
    let read = Certificate::read(&der);
    assert!(read.malformed.is_some());
    assert_eq!(read.names, ["example.test", "www.example.test"]);
    assert_eq!(read.key, "EC");
    assert_eq!(read.common_name.as_deref(), Some("example.test"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_that_are_changed_are_read_or_not_and_nothing_else(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        thread_local! {
            static LAB: (Lab, Vec<u8>) = {
                let lab = Lab::new();
                let der = lab.leaf(&usual()).0.der().to_vec();
                (lab, der)
            };
        }
        LAB.with(|(lab, der)| {
            let mut der = der.clone();
            for (at, byte) in &changes {
                let at = at.index(der.len());
                der[at] = *byte;
            }
            let length = der.len();
            der.truncate(length - cut.index(length) / 8);
            let read = lab.trusting().read(&lab.write("changed.der", &der), Some("example.test"));
            for file in &read.files {
                prop_assert_eq!(&file.chain.certificates[0].sha256.len(), &64);
            }
            Ok(())
        })?;
    }
}
