//! Questions to name servers: dnsmasq with records of every sort, and scripted ones that validate, cut short, refuse, lie or are silent.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::CAA;
use hickory_resolver::proto::rr::{Name, RData, Record};
use portreeve_lab::loopback::free_port;
use portreeve_tls::dns::{Caa, Failure, Https, Resolver, Tlsa};

const PATIENCE: Duration = Duration::from_secs(5);

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// What a scripted server makes of a question.
type Script = fn(&Message) -> Option<Message>;

/// Answers datagrams with the first script, and streams with the second.
fn scripted(by_datagram: Script, by_stream: Script) -> SocketAddr {
    let address = free_port().unwrap();
    let (socket, listener) = (UdpSocket::bind(address).unwrap(), TcpListener::bind(address).unwrap());
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((count, peer)) = socket.recv_from(&mut buffer) {
            let question = Message::from_vec(buffer.get(..count).unwrap()).unwrap();
            if let Some(answer) = by_datagram(&question) {
                socket.send_to(&answer.to_vec().unwrap(), peer).unwrap();
            }
        }
    });
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut question = vec![0; u16::from_be_bytes(length).into()];
            stream.read_exact(&mut question).unwrap();
            if let Some(answer) = by_stream(&Message::from_vec(&question).unwrap()) {
                let bytes = answer.to_vec().unwrap();
                stream.write_all(&u16::try_from(bytes.len()).unwrap().to_be_bytes()).unwrap();
                stream.write_all(&bytes).unwrap();
            }
        }
    });
    address
}

/// An answer with one CAA record, signed as far as the client wants to know.
fn answered(question: &Message) -> Message {
    let name = question.queries.first().unwrap().name.clone();
    let authority = Some(Name::from_ascii("ca.example").unwrap());
    let mut answer = question.clone();
    answer.metadata.message_type = MessageType::Response;
    answer.metadata.authentic_data = question.metadata.authentic_data;
    answer.add_answer(Record::from_rdata(name, 60, RData::CAA(CAA::new_issue(true, authority, Vec::new()))));
    answer
}

fn empty(question: &Message) -> Message {
    let mut answer = question.clone();
    answer.metadata.message_type = MessageType::Response;
    answer
}

#[test]
fn every_sort_of_record_is_read_from_a_real_name_server() {
    let address = free_port().unwrap();
    let https = "000100000100030268320003000220fb0005000700050001020304";
    let mut dnsmasq = Command::new("dnsmasq")
        .args(["--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file="])
        .args(["--bind-interfaces", "--local=/example/"])
        .arg(format!("--listen-address={}", address.ip()))
        .arg(format!("--port={}", address.port()))
        .arg("--caa-record=example,0,issue,ca.example")
        .arg("--dns-rr=_8443._tcp.www.example,52,030101aabbcc")
        .arg(format!("--dns-rr=www.example,65,{https}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let resolver = Resolver::with(address, PATIENCE);
    let begun = Instant::now();
    let caa = loop {
        match run(resolver.caa("a.www.example")) {
            Err(Failure::Failed { .. }) if begun.elapsed() < Duration::from_secs(20) => {
                thread::sleep(Duration::from_millis(50));
            }
            other => break other,
        }
    };
    let tlsa = run(resolver.tlsa(8443, "www.example."));
    let service = run(resolver.https("www.example", 443));
    let nothing = run(resolver.https("www.example", 8443));
    dnsmasq.kill().unwrap();
    dnsmasq.wait().unwrap();
    // CAA climbs to the name that has some.
    let caa = caa.unwrap();
    let issue = Caa { critical: false, tag: "issue".to_owned(), value: "ca.example".to_owned() };
    assert_eq!((caa.name.as_str(), caa.records, caa.authenticated), ("example", vec![issue], false));
    let end_entity = Tlsa { usage: 3, selector: 1, matching: 1, data: vec![0xaa, 0xbb, 0xcc] };
    assert_eq!(tlsa.unwrap().records, [end_entity]);
    let expected = Https {
        priority: 1,
        target: None,
        alpn: vec!["h2".to_owned()],
        port: Some(8443),
        ech: Some(vec![0, 5, 0, 1, 2, 3, 4]),
    };
    assert_eq!(service.unwrap().records, [expected]);
    assert!(nothing.unwrap().records.is_empty());
}

#[test]
fn a_server_that_validates_says_so_because_it_is_asked() {
    let server = scripted(|question| Some(answered(question)), |_| None);
    let answer = run(Resolver::with(server, PATIENCE).caa("www.example")).unwrap();
    assert!(answer.authenticated);
    assert!(matches!(answer.records.as_slice(), [Caa { critical: true, .. }]), "{answer:?}");
}

#[test]
fn what_is_cut_short_is_asked_for_over_tcp() {
    fn cut(question: &Message) -> Message {
        let mut answer = empty(question);
        answer.metadata.truncation = true;
        answer
    }
    let server = scripted(|question| Some(cut(question)), |question| Some(answered(question)));
    let answer = run(Resolver::with(server, PATIENCE).caa("example")).unwrap();
    assert_eq!(answer.records.len(), 1);
}

#[test]
fn a_refusal_silence_and_a_wrong_name_are_told_apart() {
    fn refusing(question: &Message) -> Message {
        let mut answer = empty(question);
        answer.metadata.response_code = ResponseCode::ServFail;
        answer
    }
    fn lying(question: &Message) -> Message {
        let mut answer = answered(question);
        answer.metadata.id = answer.metadata.id.wrapping_add(1);
        answer
    }
    let server = scripted(|question| Some(refusing(question)), |_| None);
    let failing = run(Resolver::with(server, PATIENCE).caa("example"));
    assert!(matches!(failing, Err(Failure::Refused { .. })), "{failing:?}");
    let short = Duration::from_millis(300);
    let silent: Script = |_| None;
    for script in [|question: &Message| Some(lying(question)), silent] {
        let late = run(Resolver::with(scripted(script, |_| None), short).https("example", 443));
        assert!(matches!(late, Err(Failure::TimedOut(_))), "{late:?}");
    }
    let closed = run(Resolver::with(free_port().unwrap(), PATIENCE).tlsa(443, "example"));
    assert!(matches!(closed, Err(Failure::Failed { .. })), "{closed:?}");
    let long = "a".repeat(300);
    let none = run(Resolver::with(free_port().unwrap(), PATIENCE).https(&long, 443));
    assert!(matches!(none, Err(Failure::NoName(_))), "{none:?}");
}
