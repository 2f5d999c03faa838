//! `portreeve tls` as its users run it: the program itself against real nginx on this machine's loopback.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use portreeve_lab::loopback;
use serde_json::Value;
use tempfile::TempDir;

/// What nobody waits longer for.
const PATIENCE: Duration = Duration::from_secs(120);

/// nginx with a certificate of an authority of its own, ended with the value.
struct Nginx {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Nginx {
    /// For `localhost` and `127.0.0.1`, with a certificate that is valid for so many days.
    fn start(settings: &str, days: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificates(folder.path(), days);
        // One after the other until one is free: somebody else may take it meanwhile.
        for _ in 0..20 {
            let port = free_port();
            let mut child = nginx(folder.path(), port, settings);
            if answers(port, &mut child) {
                return Self { child, folder, port };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("nginx does not start: {}", fs::read_to_string(folder.path().join("log")).unwrap_or_default());
    }

    fn modern() -> Self {
        Self::start("ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;", "90")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn nginx(folder: &Path, port: u16, settings: &str) -> Child {
    let at = folder.display();
    let configuration = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/log;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off; client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;\n\
         fastcgi_temp_path {at}/fastcgi; uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;\n\
         server {{ listen 127.0.0.1:{port} ssl http2; listen 127.0.0.2:{port} ssl; listen [::1]:{port} ssl;\n\
         ssl_certificate {at}/chain.pem; ssl_certificate_key {at}/leaf.key; {settings}\n\
         add_header Strict-Transport-Security \"max-age=63072000\" always; return 200 ok; }} }}\n"
    );
    fs::write(folder.join("nginx.conf"), configuration).unwrap();
    Command::new("/usr/sbin/nginx")
        .arg("-p")
        .arg(folder)
        .args(["-c", "nginx.conf", "-e", "stderr"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("nginx, of the packages that docs/development/testing.md names: {error}")
        })
}

/// An authority, and a certificate of it.
pub(crate) fn certificates(folder: &Path, days: &str) {
    let openssl = |line: &str| {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    fs::write(
        folder.join("leaf.ext"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:::1\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n",
    )
    .unwrap();
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 900 -subj /CN=Test-Authority",
    );
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=localhost",
    );
    openssl(&format!(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} -out leaf.pem -extfile leaf.ext"
    ));
    fs::copy(folder.join("leaf.pem"), folder.join("chain.pem")).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn answers(port: u16, child: &mut Child) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// What the program wrote, and its exit code.
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) notes: String,
    pub(crate) code: i32,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            out: text(output.stdout),
            notes: text(output.stderr),
            code: output.status.code().unwrap_or(-1),
        }
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }
}

/// The program, trusting the authority in this file.
pub(crate) fn program(authority: Option<&Path>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portreeve"));
    command.args(["--width", "80", "tls", "--no-dns"]).env("TZ", "UTC").env("PORTREEVE_CONFIG", "");
    command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR").stdin(Stdio::null());
    if let Some(authority) = authority {
        command.env("SSL_CERT_FILE", authority);
    }
    command
}

fn audit(nginx: &Nginx, words: &[&str]) -> Ran {
    Ran::of(program(Some(&nginx.file("ca.pem"))).args(words).output().unwrap())
}

fn validate(value: &Value, schema: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/schemas").join(schema);
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let errors: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn a_server_is_audited_and_its_document_is_valid() {
    let nginx = Nginx::modern();
    let target = format!("localhost:{}", nginx.port);
    let ran = audit(&nginx, &[&target, "--json"]);
    let document: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.notes));
    validate(&document, "portreeve.tls-1.json");
    let audit = &document["audits"][0];
    assert_eq!(audit["outcome"]["kind"], "audited", "{audit}");
    let spoken: Vec<&str> = audit["negotiation"]["protocols"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|protocol| protocol["support"] == "yes")
        .map(|protocol| protocol["version"].as_str().unwrap())
        .collect();
    assert_eq!(spoken, ["TLS 1.2", "TLS 1.3"]);
    assert_eq!(audit["certificates"][0]["certificates"][0]["common_name"], "localhost");
    assert!(audit["effort"]["connections"].as_u64().unwrap() <= 60, "{}", audit["effort"]);
    let open: Vec<&Value> = audit["weaknesses"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["verdict"] == "confirmed" || one["verdict"] == "inconclusive")
        // The server's page is a word of plain text, which says nothing of compression.
        .filter(|one| one["id"] != "breach")
        .collect();
    assert!(open.is_empty(), "{open:#?}");
    assert!([0, 1].contains(&ran.code), "{}", ran.code);
}

#[test]
fn exit_codes_tell_what_it_comes_to() {
    // Expired on the day of its issue.
    let expired = Nginx::start("ssl_protocols TLSv1.2;", "0");
    let ran = audit(&expired, &[&format!("localhost:{}", expired.port)]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.notes);
    assert!(ran.out.contains("expired"), "{}", ran.out);
    let closed = loopback::free_port().unwrap().to_string();
    let refused = Ran::of(program(None).arg(&closed).output().unwrap());
    assert_eq!(refused.code, 4, "{}{}", refused.out, refused.notes);
    assert!(refused.out.contains("connection refused"), "{}", refused.out);
    let unknown = Ran::of(program(None).arg("nosuch.invalid").output().unwrap());
    assert_eq!(unknown.code, 4, "{}{}", unknown.out, unknown.notes);
    assert!(unknown.out.starts_with("nosuch.invalid:443\nNot reached: "), "{}", unknown.out);
    let malformed = Ran::of(program(None).arg("http://localhost/").output().unwrap());
    assert_eq!((malformed.code, &*malformed.out), (2, ""), "{}", malformed.notes);
}

#[test]
fn one_bad_host_stops_nobody() {
    let nginx = Nginx::modern();
    let list = nginx.file("hosts.txt");
    let (good, port) = (format!("localhost:{}", nginx.port), nginx.port);
    let text = format!(
        "# ours\n{good}\n\nnosuch.invalid # gone\n{}\n127.0.0.2:{port}\n",
        loopback::free_port().unwrap()
    );
    fs::write(&list, &text).unwrap();
    let ran = audit(&nginx, &["-f", list.to_str().unwrap(), "--jsonl"]);
    let lines = ran.lines();
    assert_eq!(lines.len(), 4, "{}{}", ran.out, ran.notes);
    for line in &lines {
        validate(line, "portreeve.tls.audit-1.json");
    }
    let kinds = |kind: &str| lines.iter().filter(|line| line["outcome"]["kind"] == kind).count();
    assert_eq!((kinds("audited"), kinds("unreachable")), (2, 2), "{}", ran.out);
    // The same from standard input, as a table.
    let mut child = program(Some(&nginx.file("ca.pem")))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let table = Ran::of(child.wait_with_output().unwrap());
    assert!(
        table.out.contains("2 servers audited") && table.out.contains("2 not reached"),
        "{}{}",
        table.out,
        table.notes
    );
    let first: Vec<usize> =
        [good.as_str(), "nosuch.invalid:443"].iter().map(|host| table.out.find(*host).unwrap()).collect();
    assert!(first.is_sorted(), "{}", table.out);
}

#[test]
fn a_network_is_all_of_its_addresses() {
    let nginx = Nginx::modern();
    let network = format!("127.0.0.0/30:{}", nginx.port);
    let ran = audit(&nginx, &[&network, "--timeout", "1"]);
    assert!(ran.notes.contains("stands for 4 addresses"), "{}", ran.notes);
    assert!(ran.out.contains("2 servers audited"), "{}", ran.out);
    assert!(ran.out.contains("2 addresses of networks without a server"), "{}", ran.out);
    let lines = audit(&nginx, &[&network, "--jsonl", "--timeout", "1"]).lines();
    assert_eq!(lines.len(), 4);
}

#[test]
fn every_address_of_a_name_is_audited_where_that_is_wished() {
    let nginx = Nginx::modern();
    let target = format!("localhost:{}", nginx.port);
    let first = audit(&nginx, &[&target, "--jsonl"]).lines();
    assert_eq!(first.len(), 1);
    let all = audit(&nginx, &[&target, "--jsonl", "--all-addresses"]).lines();
    let others = first[0]["target"]["other_addresses"].as_array().map_or(0, Vec::len);
    assert_eq!(all.len(), others + 1, "{all:?}");
}

#[test]
fn an_interrupted_run_leaves_whole_lines_and_goes_on_where_it_ended() {
    let nginx = Nginx::modern();
    // Takes connections and says nothing: whoever asks it waits.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (list, journal) = (nginx.file("hosts.txt"), nginx.file("state"));
    let port = nginx.port;
    let text =
        format!("localhost:{port}\n127.0.0.1:{port}\n{}\n127.0.0.2:{port}\n", silent.local_addr().unwrap());
    fs::write(&list, text).unwrap();
    let line =
        ["-f", list.to_str().unwrap(), "--resume", journal.to_str().unwrap(), "--jsonl", "--parallel", "1"];
    let child = program(Some(&nginx.file("ca.pem")))
        .args(line)
        .args(["--timeout", "30"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Two are done, and the third is waited for.
    let began = Instant::now();
    while fs::read_to_string(&journal).unwrap_or_default().lines().count() < 3 {
        assert!(began.elapsed() < PATIENCE, "the first two take too long");
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let first = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(first.lines().len(), 2, "{}", first.out);
    assert!(first.out.ends_with('\n'));
    assert!(first.notes.contains("interrupted: 2 of 4 hosts done"), "{}", first.notes);
    assert!([1, 3].contains(&first.code), "{}", first.code);
    // Half a line, as a machine that loses its power leaves behind.
    let mut file = fs::OpenOptions::new().append(true).open(&journal).unwrap();
    file.write_all(b"{\"host\":\"127.0").unwrap();
    let known = fs::read_to_string(&journal).unwrap();
    drop(silent);
    let second = audit(&nginx, &line);
    let lines = second.lines();
    assert_eq!(lines.len(), 4, "{}{}", second.out, second.notes);
    // What was known is told as it was, to the millisecond.
    assert_eq!(lines[0], first.lines()[0]);
    let finished = fs::read_to_string(&journal).unwrap();
    assert!(finished.starts_with(known.rsplit_once('\n').unwrap().0));
    assert_eq!(finished.lines().count(), 5);
    // With everything known nobody is asked any more.
    let third = audit(&nginx, &line);
    assert_eq!(third.out, second.out);
    let other = audit(&nginx, &[&line[..], &["--jarm"]].concat());
    assert_eq!(other.code, 2, "{}", other.notes);
    assert!(other.notes.contains("no --jarm then, --jarm now"), "{}", other.notes);
}

#[test]
fn certificate_files_are_read_without_a_connection() {
    let nginx = Nginx::modern();
    let chain = nginx.file("chain.pem");
    let ran = audit(&nginx, &["--cert", chain.to_str().unwrap(), "--json"]);
    let document: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.notes));
    validate(&document, "portreeve.tls.files-1.json");
    assert_eq!(document["files"][0]["chain"]["certificates"][0]["common_name"], "localhost");
    let folder = audit(&nginx, &["--cert", nginx.folder.path().to_str().unwrap(), "--sni", "other.example"]);
    assert!(folder.out.contains("not for other.example"), "{}", folder.out);
    let nothing = audit(&nginx, &["--cert", "/nothing/here"]);
    assert_eq!(nothing.code, 4, "{}{}", nothing.out, nothing.notes);
}

#[test]
fn a_handshake_is_explained() {
    let nginx = Nginx::modern();
    let target = format!("localhost:{}", nginx.port);
    for (option, version) in [("--explain", "TLS 1.3"), ("--explain=1.2", "TLS 1.2")] {
        let ran = audit(&nginx, &[&target, option]);
        assert!(ran.out.contains(&format!("Handshake: {version}")), "{}{}", ran.out, ran.notes);
        for message in ["ClientHello", "ServerHello", "Certificate", "Finished"] {
            assert!(ran.out.contains(message), "{message}: {}", ran.out);
        }
    }
}
