//! Chains made for the test, and what is to be said of each.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

use jiff::{SignedDuration, Timestamp};
use portreeve_tls::Certificate;
use portreeve_tls::chain::{Missing, Trust, Verdict, judge};
use portreeve_tls::store::{Origin, Store};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};

type Issuer = CertifiedIssuer<'static, KeyPair>;

const DAY: i64 = 86_400;

/// Valid between days from now.
fn valid(mut params: CertificateParams, from: i64, to: i64) -> CertificateParams {
    let now = Timestamp::now().as_second();
    let at = |days: i64| {
        date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(u64::try_from(now + days * DAY).unwrap())
    };
    (params.not_before, params.not_after) = (at(from), at(to));
    params
}

fn authority(name: &str, organisation: Option<&str>, from: i64, to: i64) -> CertificateParams {
    let mut params = valid(CertificateParams::default(), from, to);
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(organisation) = organisation {
        params.distinguished_name.push(DnType::OrganizationName, organisation);
    }
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn root(name: &str) -> Issuer {
    CertifiedIssuer::self_signed(authority(name, None, -100, 100), KeyPair::generate().unwrap()).unwrap()
}

fn intermediate(name: &str, from: i64, to: i64, by: &Issuer) -> Issuer {
    CertifiedIssuer::signed_by(authority(name, None, from, to), KeyPair::generate().unwrap(), by).unwrap()
}

fn leaf(params: &CertificateParams, by: &Issuer) -> Certificate {
    Certificate::read(params.signed_by(&KeyPair::generate().unwrap(), by).unwrap().der())
}

fn usual() -> CertificateParams {
    valid(CertificateParams::new(["example.test".to_owned()]).unwrap(), -10, 80)
}

fn read(issuer: &Issuer) -> Certificate {
    Certificate::read(issuer.der())
}

fn store(roots: &[&Issuer]) -> Store {
    Store::of(Origin::Environment("test".into()), roots.iter().map(|root| root.der().as_ref()))
}

fn verdict(chain: &[Certificate], store: &Store) -> Verdict {
    judge(chain, store, Timestamp::now()).unwrap()
}

#[test]
fn a_whole_chain_is_trusted() {
    let root = root("Acme Root CA");
    let middle = intermediate("Acme Intermediate CA", -50, 50, &root);
    let chain = [leaf(&usual(), &middle), read(&middle)];
    let verdict = verdict(&chain, &store(&[&root]));
    assert_eq!(verdict.trust, Trust::Trusted);
    assert_eq!((verdict.path.as_slice(), verdict.in_order), (&[0, 1][..], true));
    assert!(verdict.expired.is_empty() && verdict.surplus.is_empty() && !verdict.is_public);
}

#[test]
fn dates_are_told_apart_from_trust() {
    let root = root("Acme Root CA");
    let middle = intermediate("Acme Intermediate CA", -50, -2, &root);
    let good = intermediate("Acme Intermediate 2", -50, 50, &root);
    let store = store(&[&root]);
    let expired = verdict(&[leaf(&valid(usual(), -60, -3), &good), read(&good)], &store);
    assert_eq!((expired.trust, expired.expired.as_slice()), (Trust::Trusted, &[0][..]));
    let early = verdict(&[leaf(&valid(usual(), 5, 40), &good), read(&good)], &store);
    assert_eq!((early.trust, early.not_yet_valid.as_slice()), (Trust::Trusted, &[0][..]));
    let upper = verdict(&[leaf(&usual(), &middle), read(&middle)], &store);
    assert_eq!((upper.trust, upper.expired.as_slice()), (Trust::Trusted, &[1][..]));
}

#[test]
fn an_expired_root_is_told() {
    let params = authority("Acme Root CA", None, -100, -1);
    let old = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let verdict = verdict(&[leaf(&usual(), &old)], &store(&[&old]));
    assert_eq!(verdict.trust, Trust::Trusted);
    assert!(verdict.expired_root.is_some());
}

#[test]
fn order_and_surplus_are_told() {
    let (root, other) = (root("Acme Root CA"), root("Elsewhere Root"));
    let middle = intermediate("Acme Intermediate CA", -50, 50, &root);
    let store = store(&[&root]);
    let chain = [leaf(&usual(), &middle), read(&root), read(&middle)];
    let reversed = verdict(&chain, &store);
    assert_eq!((reversed.trust, reversed.in_order), (Trust::Trusted, false));
    let chain = [leaf(&usual(), &middle), read(&middle), read(&other)];
    let surplus = verdict(&chain, &store);
    assert_eq!((surplus.trust, surplus.surplus.as_slice()), (Trust::Trusted, &[2][..]));
}

#[test]
fn what_is_missing_is_told_apart_from_what_is_unknown() {
    let (root, other) = (root("Acme Root CA"), root("Elsewhere Root"));
    let middle = intermediate("Acme Intermediate CA", -50, 50, &root);
    let alone = [leaf(&usual(), &middle)];
    let kin = verdict(&alone, &store(&[&root])).trust;
    assert!(matches!(&kin, Trust::UnknownIssuer { place: 0, missing: Some(Missing::Kin(_)) }), "{kin:?}");
    let stranger = verdict(&[leaf(&usual(), &other)], &store(&[&root])).trust;
    assert_eq!(stranger, Trust::UnknownIssuer { place: 0, missing: None });
    let gap = verdict(&[alone[0].clone(), read(&root)], &store(&[&root])).trust;
    assert!(matches!(&gap, Trust::UnknownIssuer { place: 0, missing: Some(Missing::Gap(_)) }), "{gap:?}");
    let sent = verdict(&[leaf(&usual(), &other), read(&other)], &store(&[&root])).trust;
    assert_eq!(sent, Trust::UntrustedRoot(1));
}

#[test]
fn a_self_signed_certificate_is_trusted_where_it_is_in_the_store() {
    let own = Certificate::read(usual().self_signed(&KeyPair::generate().unwrap()).unwrap().der());
    let other = root("Acme Root CA");
    assert_eq!(verdict(std::slice::from_ref(&own), &store(&[&other])).trust, Trust::SelfSigned);
    let with = Store::of(Origin::System, [own.der.as_slice()].into_iter());
    assert_eq!(verdict(&[own], &with).trust, Trust::Trusted);
}

#[test]
fn a_forged_signature_and_a_wrong_purpose_are_refused() {
    let (root, forger) = (root("Acme Root CA"), root("Acme Root CA"));
    let trust = verdict(&[leaf(&usual(), &forger)], &store(&[&root])).trust;
    assert!(!matches!(trust, Trust::Trusted), "{trust:?}");
    let mut params = usual();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = verdict(&[leaf(&params, &root)], &store(&[&root])).trust;
    assert!(matches!(&client, Trust::Refused(why) if why.contains("servers")), "{client:?}");
}

#[test]
fn what_can_not_be_read_is_said() {
    let broken = Certificate::read(&[0x30, 0x03, 0x02, 0x01, 0x05]);
    assert!(broken.malformed.is_some());
    let root = root("Acme Root CA");
    let trust = verdict(&[broken], &store(&[&root])).trust;
    assert!(matches!(trust, Trust::Malformed(0, _)), "{trust:?}");
}

#[test]
fn fields_are_read() {
    let root = root("Acme Root CA");
    let read = leaf(&usual(), &root);
    assert_eq!(
        (read.names.as_slice(), read.key.as_str(), read.key_bits),
        (&["example.test".to_owned()][..], "EC", 256)
    );
    assert_eq!(read.issuer, "CN=Acme Root CA");
    assert_eq!(read.signature, "ecdsa-with-SHA256");
    assert_eq!(read.lifetime(), SignedDuration::from_hours(90 * 24));
    assert!(read.is_for("example.test") && !read.is_for("www.example.test"));
    assert!(!read.has_weak_key() && !read.has_weak_signature());
    assert_eq!(read.fingerprint.len(), 64);
}
