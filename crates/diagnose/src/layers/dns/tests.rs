//! Every code on facts made by hand.

use std::net::IpAddr;
use std::time::Duration;

use portreeve_model::IpCoverage;
use portreeve_model::why::{Impact, Layer, LayerName, LayerState, Nature};

use crate::case::Case;
use crate::facts::{
    Connected, HostsEntry, NameFacts, Outcome, RecordType, Reply, ReplyOutcome, Response, ServedHere,
    SourceOrder, SystemAnswer,
};
use crate::layers::scene::{Host, silence};
use crate::samples;

const NAME: &str = "shop.example";

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn records(texts: &[&str]) -> ReplyOutcome {
    ReplyOutcome::Answered(Response { addresses: addresses(texts), ..Response::default() })
}

fn code(code: u16) -> ReplyOutcome {
    ReplyOutcome::Answered(Response { code, ..Response::default() })
}

const SILENT: ReplyOutcome = ReplyOutcome::Silent { sent: 4 };

fn reply(server: &str, record: RecordType, outcome: ReplyOutcome) -> Reply {
    let took = Duration::from_millis(if outcome == SILENT { 3_500 } else { 3 });
    Reply { server: format!("{server}:53").parse().unwrap(), question: NAME.into(), record, outcome, took }
}

/// A server's answers for A and for AAAA.
fn server(at: &str, a: ReplyOutcome, aaaa: ReplyOutcome) -> Vec<Reply> {
    vec![reply(at, RecordType::A, a), reply(at, RecordType::Aaaa, aaaa)]
}

fn facts(replies: Vec<Reply>) -> NameFacts {
    let mut facts = NameFacts {
        name: NAME.into(),
        candidates: vec![NAME.into()],
        order: SourceOrder { text: None, sources: vec!["files".into(), "dns".into()] },
        asked: true,
        replies,
        ..NameFacts::default()
    };
    facts.resolver.servers = facts.servers();
    facts.addresses = facts.addresses_in_records().into_iter().map(|address| (address, "record")).collect();
    facts
}

/// A name that leads to these endpoints.
fn host(facts: NameFacts) -> Host {
    let endpoints: Vec<String> = facts
        .addresses
        .iter()
        .map(|(address, _)| std::net::SocketAddr::new(*address, 443).to_string())
        .collect();
    let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
    Host::new().at(&endpoints).and(|case| case.names = Some(facts))
}

fn listening(case: &mut Case) {
    let everywhere = samples::bound("0.0.0.0", IpCoverage::Ipv4);
    case.service.listeners = vec![samples::listener("nginx", 812, vec![everywhere])];
}

fn only(facts: NameFacts) -> (String, String) {
    host(facts).only(LayerName::Dns)
}

fn judged(host: Host) -> Layer {
    host.judged(LayerName::Dns)
}

fn is_only_noted(layer: &Layer, code: &str) {
    assert!(layer.faults.is_empty() && layer.notes.iter().any(|note| note.code == code), "{layer:#?}");
}

fn connected() -> Outcome {
    Outcome::Connected(Connected::default())
}

#[test]
fn a_target_without_a_name_has_no_such_layer() {
    assert_eq!(judged(Host::new()).state, LayerState::NotApplicable);
}

#[test]
fn records_that_lead_here_are_fine() {
    let layer =
        judged(host(facts(server("192.0.2.53", records(&["192.0.2.10"]), records(&["2001:db8::10"])))));
    assert_eq!((layer.state, layer.tried), (LayerState::Ok, true), "{layer:#?}");
    assert_eq!(layer.statement, "shop.example: 192.0.2.10, 2001:db8::10 (records)");
}

#[test]
fn names_that_do_not_exist_or_have_no_address() {
    let (slug, told) = only(facts(server("192.0.2.53", code(3), code(3))));
    assert_eq!(slug, "no-such-name");
    assert!(
        told.contains("192.0.2.53 says NXDOMAIN") && told.contains("dig @192.0.2.53 shop.example A"),
        "{told}"
    );
    assert_eq!(only(facts(server("192.0.2.53", code(0), code(0)))).0, "no-address");
}

#[test]
fn aliases_that_lead_nowhere() {
    let alias = |code, alias_loop| {
        ReplyOutcome::Answered(Response {
            code,
            alias_loop,
            aliases: vec!["old.cdn.example".into()],
            ..Response::default()
        })
    };
    let (slug, told) = only(facts(server("192.0.2.53", alias(3, false), alias(3, false))));
    assert_eq!(slug, "dangling-alias");
    assert!(told.contains("old.cdn.example, which does not exist"), "{told}");
    assert!(only(facts(server("192.0.2.53", alias(0, false), alias(0, false)))).1.contains("has no address"));
    assert_eq!(only(facts(server("192.0.2.53", alias(0, true), alias(0, true)))).0, "alias-loop");
}

#[test]
fn servers_that_fail() {
    assert_eq!(only(facts(server("192.0.2.53", code(2), code(2)))).0, "server-failure");
    assert_eq!(only(facts(server("192.0.2.53", code(5), code(5)))).0, "refused");
    let bogus = || ReplyOutcome::Answered(Response { code: 2, bogus: true, ..Response::default() });
    assert_eq!(only(facts(server("192.0.2.53", bogus(), bogus()))).0, "dnssec-bogus");
}

#[test]
fn servers_that_do_not_answer() {
    assert_eq!(only(facts(server("192.0.2.53", SILENT, SILENT))).0, "servers-silent");
    let mut none = facts(server("127.0.0.1", ReplyOutcome::Unreachable("port 53 is closed".into()), SILENT));
    none.resolver.servers.clear();
    let (slug, told) = only(none);
    assert_eq!(slug, "no-servers-configured");
    assert!(told.contains("names no name server"), "{told}");
}

#[test]
fn a_silent_server_slows_those_who_ask_it_first() {
    let good = || server("192.0.2.54", records(&["198.51.100.7"]), code(0));
    let silent = || server("192.0.2.53", SILENT, SILENT);
    let (slug, told) = only(facts([silent(), good()].concat()));
    assert_eq!(slug, "some-servers-silent");
    assert!(told.contains("waits 5 s"), "{told}");
    is_only_noted(&judged(host(facts([good(), silent()].concat()))), "some-servers-silent");
    is_only_noted(
        &judged(host(facts([server("192.0.2.53", code(2), code(2)), good()].concat()))),
        "some-servers-fail",
    );
}

#[test]
fn one_type_of_record_alone_fails() {
    let layer = judged(host(facts(server("192.0.2.53", records(&["198.51.100.7"]), SILENT))));
    assert_eq!((layer.faults[0].code.as_str(), layer.faults[0].impact), ("one-type-fails", Impact::Some));
    is_only_noted(
        &judged(host(facts(server("192.0.2.53", records(&["198.51.100.7"]), code(5))))),
        "one-type-fails",
    );
}

#[test]
fn a_truncated_answer_that_tcp_does_not_give() {
    let cut = || {
        ReplyOutcome::Answered(Response {
            truncated: true,
            tcp_error: Some("refused".into()),
            ..Response::default()
        })
    };
    let layer = judged(host(facts(server("192.0.2.53", cut(), cut()))));
    assert!(layer.faults.iter().any(|fault| fault.code == "truncated-answer"), "{layer:#?}");
}

#[test]
fn servers_that_disagree() {
    let knows = || server("192.0.2.54", records(&["198.51.100.7"]), code(0));
    let layer = judged(host(facts([server("192.0.2.53", code(3), code(3)), knows()].concat())));
    assert_eq!((layer.faults[0].code.as_str(), layer.faults[0].impact), ("servers-disagree", Impact::All));
    let two = || facts([server("192.0.2.53", records(&["198.51.100.9"]), code(0)), knows()].concat());
    // Both work: a pool.
    let pool = host(two()).tried("198.51.100.9:443", connected()).tried("198.51.100.7:443", connected());
    is_only_noted(&judged(pool), "servers-disagree");
    let stale = host(two()).tried("198.51.100.9:443", silence()).tried("198.51.100.7:443", connected());
    let (slug, told) = stale.only(LayerName::Dns);
    assert_eq!(slug, "servers-disagree");
    assert!(told.contains("the answer of 192.0.2.53 is wrong"), "{told}");
}

fn in_hosts_file(address: &str, mut facts: NameFacts) -> NameFacts {
    facts.hosts =
        vec![HostsEntry { line: 7, address: address.parse().unwrap(), text: format!("{address} {NAME}") }];
    facts.addresses = vec![(address.parse().unwrap(), "hosts-file")];
    facts
}

#[test]
fn a_hosts_file_that_differs_is_wrong_where_it_does_not_work() {
    let differs =
        || in_hosts_file("198.51.100.9", facts(server("192.0.2.53", records(&["198.51.100.7"]), code(0))));
    let (slug, told) = host(differs()).tried("198.51.100.9:443", silence()).only(LayerName::Dns);
    assert_eq!(slug, "hosts-file-differs");
    assert!(told.contains("take line 7 out"), "{told}");
    is_only_noted(&judged(host(differs()).tried("198.51.100.9:443", connected())), "hosts-file-differs");
}

#[test]
fn a_name_of_the_hosts_file_alone_is_a_note() {
    let known = in_hosts_file("198.51.100.9", facts(server("192.0.2.53", code(3), code(3))));
    is_only_noted(&judged(host(known)), "only-in-hosts-file");
    let silent = in_hosts_file("198.51.100.9", facts(server("192.0.2.53", SILENT, SILENT)));
    is_only_noted(&judged(host(silent)), "servers-silent");
}

#[test]
fn other_sources_may_know_the_name() {
    let mut known = facts(server("192.0.2.53", code(3), code(3)));
    known.system = Some(SystemAnswer::Addresses(addresses(&["198.51.100.9"])));
    known.addresses = vec![("198.51.100.9".parse().unwrap(), "name-service")];
    assert!(judged(host(known)).faults.is_empty());
}

#[test]
fn records_that_lead_elsewhere() {
    let away = || facts(server("192.0.2.53", records(&["192.0.2.99"]), code(0)));
    let served = |mut facts: NameFacts| {
        facts.served_here = vec![ServedHere {
            text: "/etc/nginx/x:3: server_name shop.example;".into(),
            reproduce: String::new(),
        }];
        facts
    };
    // Another host's business, as far as can be told.
    assert!(judged(host(away()).and(listening).tried("192.0.2.99:443", connected())).faults.is_empty());
    let (slug, told) =
        host(served(away())).and(listening).tried("192.0.2.99:443", connected()).only(LayerName::Dns);
    assert_eq!(slug, "points-elsewhere");
    assert!(told.contains("server_name shop.example"), "{told}");
    let layer = judged(host(away()).and(listening).tried("192.0.2.99:443", silence()));
    assert_eq!(
        (layer.faults[0].code.as_str(), layer.faults[0].nature),
        ("points-elsewhere", Nature::Symptom)
    );
}

#[test]
fn a_public_record_of_a_private_host_may_be_translated() {
    let mut served = facts(server("192.0.2.53", records(&["8.8.4.4"]), code(0)));
    served.served_here = vec![ServedHere { text: "x".into(), reproduce: String::new() }];
    let private = Host::with(&[("eth0", "10.0.0.5", 24)], &[("0.0.0.0", 0, "10.0.0.1", "eth0")]);
    let private = private.at(&["8.8.4.4:443"]).and(listening).and(|case| case.names = Some(served));
    is_only_noted(&judged(private.tried("8.8.4.4:443", connected())), "behind-nat");
}

#[test]
fn one_version_of_ip_leads_elsewhere_or_nowhere() {
    let mixed = || facts(server("192.0.2.53", records(&["192.0.2.10"]), records(&["2001:db8:ffff::1"])));
    let (slug, told) = host(mixed()).and(listening).only(LayerName::Dns);
    assert_eq!(slug, "family-mismatch");
    assert!(told.contains("AAAA record of shop.example is 2001:db8:ffff::1"), "{told}");
    let outside = || facts(server("192.0.2.53", records(&["198.51.100.7"]), records(&["2001:db8:ffff::1"])));
    let layer = judged(
        host(outside()).tried("198.51.100.7:443", connected()).tried("[2001:db8:ffff::1]:443", silence()),
    );
    assert_eq!((layer.faults[0].code.as_str(), layer.faults[0].nature), ("family-mismatch", Nature::Symptom));
    let no_route = host(outside())
        .tried("198.51.100.7:443", connected())
        .tried("[2001:db8:ffff::1]:443", Outcome::NoRoute);
    assert!(judged(no_route).faults.is_empty());
}

#[test]
fn a_record_that_means_whoever_asks() {
    let (slug, _) = only(facts(server("192.0.2.53", records(&["127.0.0.1"]), code(0))));
    assert_eq!(slug, "loopback-record");
    assert!(only(facts(server("192.0.2.53", records(&["0.0.0.0"]), code(0)))).1.contains("block list"));
    let mut own = facts(server("192.0.2.53", records(&["127.0.0.1"]), code(0)));
    own.name = "localhost".into();
    assert!(judged(host(own)).faults.is_empty());
}

#[test]
fn a_name_that_cannot_be_asked_for() {
    let mut facts = facts(Vec::new());
    facts.invalid = Some("two dots".into());
    assert_eq!(only(facts).0, "invalid-name");
}

#[test]
fn without_questions_only_the_hosts_file_is_known() {
    let mut unasked = facts(Vec::new());
    unasked.asked = false;
    let layer = judged(host(unasked));
    assert_eq!(layer.state, LayerState::Unknown);
    assert!(layer.unknown[0].matters);
}
