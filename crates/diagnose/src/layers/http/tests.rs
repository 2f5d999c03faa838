use std::net::SocketAddr;
use std::time::Duration;

use portreeve_model::why::{Application, Impact, Layer, LayerState, Nature};
use portreeve_model::{Protocol, Severity};

use crate::case::Case;
use crate::facts::http::{
    Answer, BodyEnd, ChainEnd, Condition, Counterpart, Dead, Exchange, HostOrigin, LogLine, Outcome, Problem,
    Reached, Source, Upstream, UpstreamAddress, UpstreamFacts, Visit,
};
use crate::layers::{LAYERS, judge};
use crate::target::Probe;

const ENDPOINT: &str = "192.0.2.1:443";

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Outcome {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Outcome::Answer(Answer {
        version: 1,
        status,
        reason: "Words".into(),
        headers,
        body: body.into(),
        end: BodyEnd::Whole,
    })
}

fn exchange(url: &str, outcome: Outcome) -> Exchange {
    let answered = matches!(outcome, Outcome::Answer(_));
    Exchange {
        to: ENDPOINT.parse().unwrap(),
        url: url.into(),
        secure: url.starts_with("https"),
        host: "example.com".into(),
        connected: Duration::from_millis(2),
        first_byte: answered.then_some(Duration::from_millis(5)),
        total: Duration::from_millis(9),
        outcome,
    }
}

fn visit(exchanges: Vec<Exchange>) -> Visit {
    Visit {
        endpoint: ENDPOINT.parse().unwrap(),
        host: HostOrigin::Question,
        exchanges,
        end: ChainEnd::Answered,
        speaks_tls: None,
        counterpart: None,
    }
}

fn case(url: &str, visits: Vec<Visit>) -> Case {
    let endpoint: SocketAddr = ENDPOINT.parse().unwrap();
    let mut case = Case::sample(endpoint, Protocol::Tcp);
    case.question.target.application =
        if url.starts_with("https") { Application::Https } else { Application::Http };
    case.question.target.text = url.into();
    case.question.target.path = url.splitn(4, '/').nth(3).map_or("/".into(), |path| format!("/{path}"));
    case.http.visits = visits;
    case
}

fn judged(case: &Case) -> Layer {
    judge(case).into_iter().find(|layer| layer.layer == portreeve_model::why::LayerName::Http).unwrap()
}

/// The layer after one answer to one request.
fn after(url: &str, outcome: Outcome) -> Layer {
    judged(&case(url, vec![visit(vec![exchange(url, outcome)])]))
}

fn fault(layer: &Layer) -> (&str, Nature, Impact) {
    let [fault] = layer.faults.as_slice() else { panic!("{layer:?}") };
    (&fault.code, fault.nature, fault.impact)
}

fn note(layer: &Layer) -> &str {
    assert!(layer.faults.is_empty(), "{layer:?}");
    let [note] = layer.notes.as_slice() else { panic!("{layer:?}") };
    &note.code
}

#[test]
fn every_status_has_its_code() {
    for (status, code) in [
        (400, "bad-request"),
        (403, "forbidden"),
        (404, "not-found"),
        (408, "request-timeout"),
        (410, "not-found"),
        (421, "misdirected"),
        (422, "request-refused"),
        (429, "rate-limited"),
        (431, "header-too-large"),
        (451, "forbidden"),
        (496, "client-certificate-wanted"),
        (497, "plain-http-to-tls"),
        (500, "server-error"),
        (502, "bad-gateway"),
        (503, "unavailable"),
        (504, "gateway-timeout"),
        (521, "bad-gateway"),
    ] {
        let layer = after("https://example.com/page", answer(status, &[], ""));
        assert_eq!(fault(&layer).0, code, "{status}");
        assert!(layer.faults[0].statement.contains(&status.to_string()), "{:?}", layer.faults);
        assert!(!layer.faults[0].evidence.is_empty() && !layer.faults[0].fix.is_empty());
    }
}

#[test]
fn answers_that_are_no_faults() {
    for (status, code) in
        [(401, "unauthorized"), (404, "not-found"), (405, "method-not-allowed"), (426, "method-not-allowed")]
    {
        assert_eq!(note(&after("https://example.com/", answer(status, &[], ""))), code);
    }
    let layer = after("https://example.com/", answer(200, &[], "<title>Welcome to nginx!</title>"));
    assert_eq!(note(&layer), "default-site");
    let layer = after("https://example.com/", answer(204, &[], ""));
    assert_eq!((layer.state, layer.notes.len(), layer.tried), (LayerState::Ok, 0, true));
}

#[test]
fn what_the_words_of_an_answer_say() {
    let plain = answer(400, &[], "<center>The plain HTTP request was sent to HTTPS port</center>");
    assert_eq!(
        fault(&after("http://example.com:443/", plain)),
        ("plain-http-to-tls", Nature::Cause, Impact::All)
    );
    let certificate = answer(400, &[], "<center>No required SSL certificate was sent</center>");
    assert_eq!(fault(&after("https://example.com/", certificate)).0, "client-certificate-wanted");
    let host = answer(400, &[], "Bad Request - Invalid Hostname");
    assert_eq!(fault(&after("http://example.com/", host)).0, "wrong-host");
    let maintenance = answer(503, &[("Retry-After", "120")], "");
    assert_eq!(
        fault(&after("http://example.com/", maintenance)),
        ("maintenance", Nature::Cause, Impact::All)
    );
}

#[test]
fn a_bad_request_by_address_is_no_fault() {
    let mut visit = visit(vec![exchange("https://192.0.2.1/", answer(400, &[], ""))]);
    visit.host = HostOrigin::Address;
    assert_eq!(note(&judged(&case("443", vec![visit]))), "wrong-host");
}

#[test]
fn answers_that_do_not_come() {
    let silent = Outcome::Silent(Duration::from_secs(4));
    assert_eq!(fault(&after("https://example.com/", silent)), ("no-response", Nature::Symptom, Impact::All));
    let closed = Outcome::Closed { how: "the peer closed the connection".into() };
    assert_eq!(fault(&after("https://example.com/", closed)).0, "closed-without-response");
    let head = Outcome::NoHead { length: 12, why: "the head of the answer did not end in time".into() };
    assert_eq!(fault(&after("https://example.com/", head)).0, "incomplete-head");
    let long =
        Outcome::NoHead { length: 99_999, why: "the head of the answer is longer than 98304 bytes".into() };
    assert_eq!(fault(&after("https://example.com/", long)).0, "header-too-large");
}

#[test]
fn silence_without_time_to_wait_is_no_fault() {
    let layer = after("https://example.com/", Outcome::Silent(Duration::from_millis(20)));
    assert_eq!((layer.state, layer.faults.len(), layer.unknown[0].matters), (LayerState::Unknown, 0, true));
}

#[test]
fn what_is_no_http() {
    let ssh = Outcome::NotHttp { first: b"SSH-2.0-OpenSSH_9.2\r\n".to_vec() };
    let layer = after("http://example.com/", ssh.clone());
    assert_eq!(fault(&layer).0, "not-http");
    assert!(layer.faults[0].statement.contains("SSH"), "{:?}", layer.faults);
    // Only the number of the port made it look like HTTP.
    let mut guessed = case("8080", vec![visit(vec![exchange("http://192.0.2.1:8080/", ssh)])]);
    guessed.question.target.port = 8080;
    assert_eq!(note(&judged(&guessed)), "not-http");
    let alert = Outcome::NotHttp { first: vec![0x15, 3, 1, 0, 2, 2, 70] };
    let layer = after("http://example.com/", alert);
    assert_eq!(fault(&layer).0, "tls-on-http-port");
    assert!(layer.faults[0].evidence[0].text.contains("15 03 01"), "{:?}", layer.faults);
}

#[test]
fn a_handshake_on_a_plain_port_says_that_it_speaks_tls() {
    let closed = Outcome::Closed { how: "the peer closed the connection".into() };
    let mut visit = visit(vec![exchange("http://example.com/", closed)]);
    visit.speaks_tls = Some(true);
    assert_eq!(fault(&judged(&case("http://example.com/", vec![visit]))).0, "tls-on-http-port");
}

#[test]
fn late_and_broken_bodies() {
    let late = |seconds: u64| {
        let mut exchange = exchange("https://example.com/", answer(200, &[], ""));
        exchange.first_byte = Some(Duration::from_millis(seconds * 1_000 + 1));
        judged(&case("https://example.com/", vec![visit(vec![exchange])]))
    };
    assert_eq!(fault(&late(3)), ("slow-first-byte", Nature::Symptom, Impact::All));
    assert_eq!(note(&late(1)), "slow-first-byte");
    assert_eq!(late(0).state, LayerState::Ok);
    let ended = |end| {
        let body = Answer { version: 1, status: 200, end, ..Answer::default() };
        after("https://example.com/", Outcome::Answer(body))
    };
    let cut = ended(BodyEnd::Cut { length: 3, announced: Some(100) });
    assert_eq!(fault(&cut), ("incomplete-body", Nature::Cause, Impact::All));
    assert!(cut.faults[0].statement.contains("3 bytes came of 100"), "{:?}", cut.faults);
    let stalled = ended(BodyEnd::Stalled { length: 3, announced: None });
    assert_eq!(fault(&stalled), ("body-stalled", Nature::Symptom, Impact::All));
}

fn redirected(end: ChainEnd, exchanges: Vec<Exchange>) -> Layer {
    judged(&case("https://example.com/", vec![Visit { end, ..visit(exchanges) }]))
}

fn moved(url: &str, to: &str) -> Exchange {
    exchange(url, answer(301, &[("Location", to)], ""))
}

#[test]
fn redirects() {
    let there = || moved("https://example.com/", "https://example.com/");
    let url = || "https://example.com/".to_owned();
    assert_eq!(fault(&redirected(ChainEnd::Loop { url: url() }, vec![there()])).0, "redirect-loop");
    assert_eq!(fault(&redirected(ChainEnd::TooMany, vec![there(); 11])).0, "too-many-redirects");
    assert_eq!(
        fault(&redirected(ChainEnd::NoPlace { location: None }, vec![there()])).0,
        "redirect-without-location"
    );
    let dead = ChainEnd::Elsewhere { url: "http://localhost/".into(), dead: Some(Dead::Loopback) };
    assert_eq!(fault(&redirected(dead, vec![there()])).0, "redirect-elsewhere-dead");
    let alive = ChainEnd::Elsewhere { url: "https://login.example/".into(), dead: None };
    assert_eq!(note(&redirected(alive, vec![there()])), "redirects-elsewhere");
    let refused = exchange("https://example.com:8443/", Outcome::NotConnected("Connection refused".into()));
    assert_eq!(fault(&redirected(ChainEnd::Answered, vec![there(), refused])).0, "redirect-elsewhere-dead");
    let plain = exchange("http://example.com/", answer(200, &[], ""));
    assert_eq!(
        fault(&redirected(ChainEnd::Answered, vec![there(), plain])),
        ("redirect-to-http", Nature::Cause, Impact::Some)
    );
    let layer = redirected(ChainEnd::OutOfTime { url: url() }, vec![there()]);
    assert_eq!((layer.state, layer.unknown[0].matters), (LayerState::Unknown, true));
    let layer = redirected(ChainEnd::Untried { url: url(), why: "no name server".into() }, vec![there()]);
    assert_eq!((layer.state, layer.unknown[0].matters), (LayerState::Unknown, false));
}

#[test]
fn plain_http_beside_https_is_a_fault_only_where_it_was_asked_about() {
    let both = |url: &str, other: &str| {
        let to: SocketAddr = "192.0.2.1:80".parse().unwrap();
        let counterpart = Counterpart { to, exchange: Some(exchange(other, answer(200, &[], ""))) };
        let visit =
            Visit { counterpart: Some(counterpart), ..visit(vec![exchange(url, answer(200, &[], ""))]) };
        judged(&case(url, vec![visit]))
    };
    assert_eq!(note(&both("https://example.com/", "http://example.com/")), "no-https-redirect");
    let asked = both("http://example.com/", "https://example.com/");
    assert_eq!(fault(&asked), ("no-https-redirect", Nature::Cause, Impact::Some));
    assert_eq!(asked.faults[0].severity, Severity::Low);
}

fn upstream(problem: Option<Problem>, condition: Condition) -> Upstream {
    let line =
        LogLine { file: "/var/log/nginx/error.log".into(), text: "connect() failed".into(), during: true };
    let configured = Source::Configuration {
        file: "/etc/nginx/nginx.conf".into(),
        line: 9,
        text: "proxy_pass http://127.0.0.1:8080;".into(),
        asked: true,
    };
    Upstream {
        address: UpstreamAddress::Tcp { host: "127.0.0.1".into(), port: 8080 },
        sources: vec![Source::Log(line), configured],
        problem,
        condition,
    }
}

fn behind(outcome: Outcome, upstream: Upstream) -> Layer {
    let mut case = case("https://example.com/", vec![visit(vec![exchange("https://example.com/", outcome)])]);
    case.http.upstream = Some(UpstreamFacts { upstreams: vec![upstream], ..UpstreamFacts::default() });
    judged(&case)
}

#[test]
fn the_upstream_is_named_with_what_is_wrong_with_it() {
    let nobody = Condition { nobody: true, reached: Some(Reached::Refused), ..Condition::default() };
    let layer = behind(answer(502, &[], ""), upstream(Some(Problem::Refused), nobody.clone()));
    assert_eq!(fault(&layer), ("bad-gateway", Nature::Cause, Impact::All));
    assert!(
        layer.faults[0].statement.contains("nothing listens on its upstream 127.0.0.1:8080"),
        "{}",
        layer.faults[0].statement
    );
    assert!(
        layer.faults[0].fix.iter().any(|fix| fix.contains("/etc/nginx/nginx.conf, line 9")),
        "{:?}",
        layer.faults[0].fix
    );
    let layer = behind(answer(503, &[], ""), upstream(None, nobody));
    assert_eq!(fault(&layer), ("unavailable", Nature::Cause, Impact::All));
}

#[test]
fn a_stopped_upstream_explains_silence_time_outs_and_slowness() {
    let stopped = Condition {
        stopped: vec![900],
        listener: Some("app, pid 900".into()),
        reached: Some(Reached::Connected(Duration::ZERO)),
        ..Condition::default()
    };
    for (outcome, code) in [
        (answer(504, &[], ""), "gateway-timeout"),
        (Outcome::Silent(Duration::from_secs(4)), "upstream-silent"),
    ] {
        let layer = behind(outcome, upstream(None, stopped.clone()));
        assert_eq!(fault(&layer), (code, Nature::Cause, Impact::All));
        assert!(
            layer.faults[0].statement.contains("127.0.0.1:8080 (app, pid 900) is stopped"),
            "{:?}",
            layer.faults
        );
        assert!(layer.faults[0].fix[0].contains("kill -CONT 900"));
    }
}

#[test]
fn trouble_of_the_proxy_itself_is_a_symptom_of_what_other_layers_judge() {
    for problem in [Problem::Forbidden, Problem::NoDescriptor, Problem::NoPort] {
        let fine = Condition { reached: Some(Reached::Connected(Duration::ZERO)), ..Condition::default() };
        let layer = behind(answer(502, &[], ""), upstream(Some(problem), fine));
        assert_eq!(fault(&layer), ("bad-gateway", Nature::Symptom, Impact::All), "{problem:?}");
    }
}

#[test]
fn an_upstream_that_is_well_explains_no_silence_and_no_503() {
    let mut well = upstream(
        None,
        Condition { reached: Some(Reached::Connected(Duration::ZERO)), ..Condition::default() },
    );
    well.sources.retain(|source| matches!(source, Source::Configuration { .. }));
    assert_eq!(fault(&behind(Outcome::Silent(Duration::from_secs(4)), well.clone())).0, "no-response");
    assert_eq!(fault(&behind(answer(503, &[], ""), well)), ("unavailable", Nature::Symptom, Impact::All));
}

#[test]
fn a_log_says_why_it_is_forbidden_or_limited() {
    let with = |status, text: &str| {
        let mut case = case(
            "https://example.com/",
            vec![visit(vec![exchange("https://example.com/", answer(status, &[], ""))])],
        );
        let line = LogLine { file: "/var/log/nginx/error.log".into(), text: text.into(), during: true };
        case.http.upstream = Some(UpstreamFacts { lines: vec![line], ..UpstreamFacts::default() });
        judged(&case)
    };
    let layer = with(403, "open() \"/srv/index.html\" failed (13: Permission denied), client: x");
    assert_eq!(fault(&layer), ("forbidden", Nature::Cause, Impact::All));
    assert!(layer.faults[0].fix[0].contains("namei -l /srv/index.html"), "{:?}", layer.faults);
    assert_eq!(fault(&with(503, "limiting requests, excess: 5.0 by zone \"a\"")).0, "rate-limited");
    assert_eq!(
        fault(&with(500, "Traceback (most recent call last)")),
        ("server-error", Nature::Cause, Impact::All)
    );
}

#[test]
fn what_was_not_tried_is_said() {
    let mut forbidden = case("https://example.com/", Vec::new());
    forbidden.question.probe = Probe::Forbidden;
    assert_eq!(judged(&forbidden).state, LayerState::Unknown);
    assert!(!judged(&forbidden).unknown[0].matters);
    assert_eq!(judged(&case("https://example.com/", Vec::new())).state, LayerState::Unknown);
    let mut other = case("ssh", Vec::new());
    other.question.target.application = Application::Other;
    assert_eq!(judged(&other).state, LayerState::NotApplicable);
}

#[test]
fn one_of_two_endpoints_keeps_some_out() {
    let good = exchange("https://example.com/", answer(200, &[], ""));
    let bad = exchange("https://example.com/", answer(500, &[], ""));
    let other: SocketAddr = "192.0.2.2:443".parse().unwrap();
    let mut case =
        case("https://example.com/", vec![visit(vec![bad]), Visit { endpoint: other, ..visit(vec![good]) }]);
    let endpoint = portreeve_model::why::Endpoint { address: other, ..case.endpoints[0].clone() };
    case.endpoints.push(endpoint);
    let layer = judged(&case);
    assert_eq!(fault(&layer).2, Impact::Some);
    assert_eq!(layer.faults[0].endpoints, [ENDPOINT.parse().unwrap()]);
}

#[test]
fn no_code_is_listed_twice() {
    let rule = LAYERS.iter().find(|rule| rule.name == portreeve_model::why::LayerName::Http).unwrap();
    let mut slugs: Vec<&str> = rule.codes.iter().map(|code| code.slug).collect();
    slugs.sort_unstable();
    let count = slugs.len();
    slugs.dedup();
    assert_eq!(slugs.len(), count);
}
