//! Early data, and protection against downgrades.

use portreeve_model::tls::Support;
use portreeve_wire::tls::Version;

use super::scene::look;
use super::server::{nginx, old_openssl, openssl};

const SUITES: &[u16] = &[0xc02f, 0xc030, 0xc013, 0x002f];
const NEW: &[u16] = &[0x1301, 0x1302];

#[test]
fn early_data_is_taken_where_it_is_allowed_and_offered() {
    let server = nginx("ssl_protocols TLSv1.3; ssl_early_data on; ssl_session_cache shared:a:1m;");
    let found = look(&server, &[(Version::Tls13, NEW)]);
    let (support, statement) = found.support("early-data");
    assert_eq!(support, Support::Yes, "{statement}");
    let values = &found.features.iter().find(|one| one.id == "early-data").unwrap().values;
    assert_eq!(values, &["16384 bytes"]);
    let found = look(&nginx("ssl_protocols TLSv1.3;"), &[(Version::Tls13, NEW)]);
    assert_eq!(found.support("early-data").0, Support::No, "{}", found.support("early-data").1);
    let found = look(&openssl(&["-no_tls1_3"]), &[(Version::Tls12, SUITES)]);
    assert_eq!(found.support("early-data").0, Support::NotApplicable);
}

#[test]
fn a_fallback_is_noticed_where_there_is_one() {
    let found =
        look(&nginx("ssl_protocols TLSv1.2 TLSv1.3;"), &[(Version::Tls12, SUITES), (Version::Tls13, NEW)]);
    assert_eq!(found.support("fallback-scsv").0, Support::Yes, "{}", found.support("fallback-scsv").1);
    let all = ["-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "TLSv1", "-no_tls1_3"];
    let found = look(&old_openssl(&all), &[(Version::Tls11, &[0xc013, 0x002f]), (Version::Tls12, SUITES)]);
    assert_eq!(found.support("fallback-scsv").0, Support::Yes, "{}", found.support("fallback-scsv").1);
    let found = look(&openssl(&["-no_tls1_3"]), &[(Version::Tls12, SUITES)]);
    assert_eq!(found.support("fallback-scsv").0, Support::NotApplicable);
}
