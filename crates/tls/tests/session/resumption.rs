//! Resumption by id and by ticket with servers that do and that do not.

use portreeve_model::tls::{Support, Verdict};
use portreeve_wire::tls::Version;

use super::scene::look;
use super::server::{gnutls, nginx, old_openssl, openssl, tlslite};

const SUITES: &[u16] = &[0xc02f, 0xc030, 0xc013, 0xc02b, 0xc009, 0x002f];
const NEW: &[u16] = &[0x1301, 0x1302];

#[test]
fn a_server_that_resumes_both_ways_is_seen_and_does_not_bleed() {
    for server in [
        nginx("ssl_session_cache shared:a:1m; ssl_session_tickets on; ssl_session_timeout 7m;"),
        openssl(&["-no_tls1_3"]),
        gnutls(&["--priority", "NORMAL:-VERS-TLS1.3"]),
        tlslite(),
    ] {
        let found = look(&server, &[(Version::Tls12, SUITES)]);
        assert_eq!(found.support("session-ids").0, Support::Yes, "{}", found.support("session-ids").1);
        assert_eq!(
            found.support("session-tickets").0,
            Support::Yes,
            "{}",
            found.support("session-tickets").1
        );
        assert_eq!(found.support("extended-master-secret").0, Support::Yes);
        for id in ["ticketbleed", "poodle-tls", "insecure-renegotiation"] {
            assert_eq!(found.verdict(id).0, Verdict::NotVulnerable, "{id}: {}", found.verdict(id).1);
        }
    }
}

#[test]
fn the_lifetime_hint_of_a_ticket_is_told() {
    let server = nginx("ssl_protocols TLSv1.2; ssl_session_timeout 7m;");
    let found = look(&server, &[(Version::Tls12, SUITES)]);
    let tickets = found.features.iter().find(|one| one.id == "session-tickets").unwrap();
    assert_eq!(tickets.values, ["lifetime hint 420 s"], "{}", tickets.statement);
}

#[test]
fn a_server_without_tickets_and_one_without_a_cache_are_told_apart() {
    let found = look(&openssl(&["-no_tls1_3", "-no_ticket"]), &[(Version::Tls12, SUITES)]);
    assert_eq!(found.support("session-ids").0, Support::Yes);
    assert_eq!(found.support("session-tickets").0, Support::No);
    assert_eq!(found.verdict("ticketbleed").0, Verdict::NotVulnerable);
    // nginx names sessions and does not remember them, so that clients which insist on a name go on.
    let found = look(&nginx("ssl_protocols TLSv1.2; ssl_session_tickets off;"), &[(Version::Tls12, SUITES)]);
    assert_eq!(found.support("session-ids").0, Support::No, "{}", found.support("session-ids").1);
    assert_eq!(found.support("session-tickets").0, Support::No, "{}", found.support("session-tickets").1);
}

#[test]
fn ssl_3_resumes_by_id_and_has_no_tickets() {
    let server =
        old_openssl(&["-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "SSLv3", "-max_protocol", "SSLv3"]);
    let found = look(&server, &[(Version::Ssl3, &[0x002f, 0x000a])]);
    assert_eq!(found.support("session-ids").0, Support::Yes, "{}", found.support("session-ids").1);
    assert_eq!(
        found.support("session-tickets").0,
        Support::NotApplicable,
        "{}",
        found.support("session-tickets").1
    );
    assert_eq!(found.verdict("poodle-tls").0, Verdict::NotVulnerable);
}

#[test]
fn tls_1_3_resumes_with_the_ticket_of_the_first_session() {
    for (server, supported) in [
        (nginx("ssl_protocols TLSv1.3;"), Support::Yes),
        (openssl(&["-tls1_3"]), Support::Yes),
        (tlslite(), Support::Yes),
        (gnutls(&["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3"]), Support::Yes),
        (openssl(&["-tls1_3", "-num_tickets", "0"]), Support::No),
    ] {
        let found = look(&server, &[(Version::Tls13, NEW)]);
        let (support, statement) = found.support("tls13-resumption");
        assert_eq!(support, supported, "{statement}");
        assert_eq!(found.support("session-ids").0, Support::NotApplicable);
        assert_eq!(found.verdict("insecure-renegotiation").0, Verdict::NotVulnerable);
        assert_eq!(found.verdict("ticketbleed").0, Verdict::NotVulnerable);
    }
}
