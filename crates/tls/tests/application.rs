//! Audits of real servers, as far as application protocols, HTTP, certificates of clients and explanations go: nginx, Apache, OpenSSL.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

use std::fs;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use portreeve_lab::loopback::{Served, free_port};
use portreeve_model::tls::{Audit, Outcome, Party, Support, Verdict};
use portreeve_tls::Store;
use portreeve_tls::audit::{Endpoint, Options, audit};
use portreeve_tls::explain::Explain;
use portreeve_tls::http::{Reply, ask_plain};
use portreeve_tls::line::{Limits, Patience};
use rcgen::{CertificateParams, KeyPair};

const NAME: &str = "www.example.test";
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes key and certificate for these names.
fn certificate(folder: &Path, names: &[&str]) {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
}

/// nginx with these lines in its server.
fn nginx(names: &[&str], lines: &str) -> Served {
    let nginx = |folder: &Path, address: SocketAddr| {
        certificate(folder, names);
        let place = folder.display();
        let configuration = format!(
        "daemon off; worker_processes 1; pid {place}/nginx.pid; error_log stderr;
        events {{ worker_connections 256; }}
        http {{
            access_log off;
            client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
            uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
            server {{
                listen {address} ssl http2;
                ssl_certificate {place}/cert.pem;
                ssl_certificate_key {place}/key.pem;
                {lines}
            }}
        }}"
    );
        fs::write(folder.join("nginx.conf"), configuration).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-c").arg(folder.join("nginx.conf")).args(["-e", "stderr"]);
        command
    };
    Served::start(nginx).unwrap()
}

fn openssl(options: &[&str], names: &[&str]) -> Served {
    openssl_with(|folder| certificate(folder, names), options)
}

/// The same with the files that `prepare` writes.
fn openssl_with(prepare: impl Fn(&Path), options: &[&str]) -> Served {
    let openssl = |folder: &Path, address: SocketAddr| {
        prepare(folder);
        let mut command = Command::new("openssl");
        command.args([
            "s_server",
            "-quiet",
            "-accept",
            &address.to_string(),
            "-cert",
            "cert.pem",
            "-key",
            "key.pem",
        ]);
        command.args(options).current_dir(folder);
        command
    };
    Served::start(openssl).unwrap()
}

/// Apache with these lines beside what it needs.
fn apache(names: &[&str], lines: &str) -> Served {
    apache_with(|folder| certificate(folder, names), lines)
}

/// The same with the files that `prepare` writes.
fn apache_with(prepare: impl Fn(&Path), lines: &str) -> Served {
    const MODULES: &str = "/usr/lib/apache2/modules";
    let apache = |folder: &Path, address: SocketAddr| {
        prepare(folder);
        let place = folder.display();
        let modules = ["mpm_event", "authz_core", "socache_shmcb", "ssl", "dir"];
        let modules =
            modules.map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n")).concat();
        let configuration = format!(
        "{modules}ServerRoot {place}\nPidFile {place}/pid\nDefaultRuntimeDir {place}\nErrorLog {place}/log\nListen {address}
        ServerName {NAME}\nDocumentRoot {place}/pages\nForceType text/html\n
        SSLCertificateFile {place}/cert.pem\nSSLCertificateKeyFile {place}/key.pem\n{lines}\n"
    );
        fs::create_dir(folder.join("pages")).unwrap();
        fs::write(folder.join("pages/index.html"), "welcome ".repeat(500)).unwrap();
        fs::write(folder.join("apache.conf"), configuration).unwrap();
        let mut command = Command::new("apache2");
        command.arg("-f").arg(folder.join("apache.conf")).arg("-DFOREGROUND");
        command
    };
    Served::start(apache).unwrap()
}

fn in_runtime<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    // A future that asks everything is larger than a test's thread.
    let builder = thread::Builder::new().stack_size(32 << 20);
    let run =
        move || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    builder.spawn(run).unwrap().join().unwrap()
}

fn audited(address: SocketAddr, explain: Explain) -> Audit {
    audited_as(address, Some(NAME), explain)
}

/// With this name in the hello.
fn audited_as(address: SocketAddr, name: Option<&str>, explain: Explain) -> Audit {
    let endpoint = Endpoint {
        text: address.to_string(),
        host: NAME.to_owned(),
        port: address.port(),
        server_name: name.map(str::to_owned),
        address,
        other_addresses: Vec::new(),
    };
    let options = Options {
        limits: Limits::default(),
        patience: Patience::default(),
        http: true,
        resolver: None,
        explain,
        jarm: false,
        store: Arc::new(Store::mozilla()),
        mozilla: Arc::new(Store::mozilla()),
    };
    in_runtime(async move { audit(&endpoint, &options).await })
}

fn feature<'a>(audit: &'a Audit, id: &str) -> &'a portreeve_model::tls::Feature {
    audit.features.iter().find(|one| one.id == id).unwrap_or_else(|| panic!("no {id}"))
}

fn verdict(audit: &Audit, id: &str) -> Verdict {
    audit.weaknesses.iter().find(|one| one.id == id).unwrap_or_else(|| panic!("no {id}")).verdict
}

#[test]
fn a_good_nginx_is_strict_and_a_compressed_page_is_potential() {
    let server = nginx(
        &[NAME, "mail.example.test"],
        "ssl_protocols TLSv1.2 TLSv1.3; gzip on; gzip_types *; gzip_min_length 1; default_type text/html;
         location / { add_header Strict-Transport-Security max-age=63072000; root /; try_files /etc/hostname =404; }",
    );
    let audit = audited(server.address, Explain::Best);
    assert_eq!(feature(&audit, "alpn").values, ["h2", "http/1.1"]);
    assert_eq!(feature(&audit, "alpn-strict").support, Support::Yes, "{:?}", feature(&audit, "alpn-strict"));
    assert_eq!(feature(&audit, "client-certificate").support, Support::No);
    assert_eq!(feature(&audit, "ech").support, Support::No, "{:?}", feature(&audit, "ech"));
    assert_eq!(feature(&audit, "ech-keys").support, Support::NotApplicable);
    assert_eq!(feature(&audit, "http-redirect").support, Support::NotApplicable);
    assert_eq!(verdict(&audit, "alpaca"), Verdict::NotVulnerable);
    assert_eq!(verdict(&audit, "opossum"), Verdict::NotVulnerable);
    assert_eq!(verdict(&audit, "breach"), Verdict::Potential, "{:?}", audit.http);
    assert!(audit.findings.iter().all(|one| !one.id.contains("hsts")), "{:?}", audit.findings);
    let [drawn] = audit.handshakes.as_slice() else { panic!("{:?}", audit.handshakes) };
    assert_eq!((drawn.version.as_deref(), drawn.checked.len()), (Some("TLS 1.3"), 3));
    // nginx sends settings of HTTP/2 and stays: the client takes leave.
    let farewell = drawn.steps.iter().rfind(|step| step.party == Party::Client).unwrap();
    assert_eq!(farewell.summary, "The client says that it will send no more.");
}

#[test]
fn a_careless_server_of_many_names_can_be_confused() {
    let server = apache(&["*.example.test"], "SSLEngine on\nSSLProtocol TLSv1.2");
    let audit = audited(server.address, Explain::No);
    assert_eq!(feature(&audit, "alpn").values, ["http/1.1"]);
    assert_eq!(feature(&audit, "alpn-strict").support, Support::No, "{:?}", feature(&audit, "alpn-strict"));
    assert_eq!(verdict(&audit, "alpaca"), Verdict::Potential);
    assert_eq!(verdict(&audit, "breach"), Verdict::NotVulnerable, "{:?}", audit.http);
    assert!(audit.findings.iter().any(|one| one.id == "tls/hsts-missing"), "{:?}", audit.findings);
    assert!(audit.handshakes.is_empty());
    // The same with one name alone.
    let server = apache(&[NAME], "SSLEngine on\nSSLProtocol TLSv1.3");
    let audit = audited(server.address, Explain::No);
    assert_eq!(verdict(&audit, "alpaca"), Verdict::NotVulnerable);
    assert_eq!(feature(&audit, "ech").support, Support::No);
    let strict = feature(&audit, "alpn-strict");
    assert!(strict.statement.ends_with("is given http/1.1, which it did not offer."), "{}", strict.statement);
}

#[test]
fn a_certificate_of_many_names_beside_one_of_a_single_name_can_be_confused() {
    // The other is for clients with RSA, or for those who ask for another host.
    let beside = |folder: &Path| {
        certificate(folder, &[NAME]);
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "other.key"])
            .args(["-out", "other.pem", "-days", "30", "-subj", "/CN=other"])
            .args(["-addext", "subjectAltName=DNS:*.example.test"])
            .current_dir(folder)
            .output();
        assert!(made.unwrap().status.success());
    };
    let both =
        "SSLEngine on\nSSLProtocol TLSv1.2\nSSLCertificateFile other.pem\nSSLCertificateKeyFile other.key";
    let by_name = ["-tls1_2", "-cert", "other.pem", "-key", "other.key"];
    let own = ["-servername", NAME, "-cert2", "cert.pem", "-key2", "key.pem"];
    for server in [apache_with(beside, both), openssl_with(beside, &[&by_name[..], &own].concat())] {
        let audit = audited(server.address, Explain::No);
        let sent: Vec<_> = audit.certificates.iter().map(|chain| &chain.sent_for).collect();
        assert_eq!(sent.len(), 2, "{sent:?}");
        let alpaca = audit.weaknesses.iter().find(|one| one.id == "alpaca").unwrap();
        assert_eq!(alpaca.verdict, Verdict::Potential, "{sent:?}: {}", alpaca.statement);
    }
}

#[test]
fn an_answer_that_is_no_page_says_little_of_pages() {
    const COMPRESSED: &str = "ssl_protocols TLSv1.2; gzip on; root .; default_type text/html; ";
    for (lines, status, why) in [
        ("location / { add_header Strict-Transport-Security max-age=63072000; return 404; }", 404, "no page"),
        ("location / { return 200 short; }", 200, "it has 5 bytes"),
        ("location / { return 301 https://$host/welcome; }", 301, "leave redirects"),
    ] {
        let server = nginx(&[NAME], &[COMPRESSED, "gzip_min_length 1000;", lines].concat());
        let audit = audited(server.address, Explain::No);
        assert_eq!(audit.http.as_ref().map(|http| http.status), Some(status));
        let breach = audit.weaknesses.iter().find(|one| one.id == "breach").unwrap();
        assert_eq!(breach.verdict, Verdict::Inconclusive, "{}", breach.statement);
        assert!(breach.statement.contains(why), "{}", breach.statement);
        let missing = audit.findings.iter().any(|one| one.id == "tls/hsts-missing");
        let unknown = audit.inconclusive.iter().any(|one| one.starts_with("HSTS: "));
        assert_eq!((missing, unknown), (status < 400, status >= 400), "{status}: {:?}", audit.inconclusive);
    }
}

#[test]
fn a_server_that_knows_no_such_site_says_so_and_nothing_is_drawn() {
    let server = nginx(&[NAME], "ssl_reject_handshake on;");
    for (name, why) in [
        (Some(NAME), "the server knows no site of the name www.example.test (alert unrecognized_name)"),
        (
            None,
            "the server answers no hello without the name of a site (alert unrecognized_name); --sni NAME names one",
        ),
    ] {
        let audit = audited_as(server.address, name, Explain::Best);
        let Outcome::Partial { reason } = &audit.outcome else { panic!("{:?}", audit.outcome) };
        assert!(reason.starts_with(why), "{reason}");
        let [nothing] = audit.handshakes.as_slice() else { panic!("{:?}", audit.handshakes) };
        assert_eq!(nothing.outcome, format!("There is no handshake to draw: {reason}."));
        assert!(nothing.steps.is_empty());
        assert!(audit.is_incomplete());
        assert!(audit.effort.connections < 20, "{:?}", audit.effort);
    }
    let audit = audited(server.address, Explain::Version(portreeve_wire::tls::Version::Ssl3));
    assert!(audit.handshakes[0].outcome.contains("SSL 3.0"), "{:?}", audit.handshakes);
}

#[test]
fn a_site_that_is_found_without_its_name_only_is_audited_in_full() {
    // The first server is for hellos without a name, which are answered.
    let other = ["-servername", "other.test", "-servername_fatal", "-cert2", "cert.pem", "-key2", "key.pem"];
    let server = openssl(&other, &[NAME]);
    let audit = audited(server.address, Explain::No);
    assert_eq!(audit.outcome, Outcome::Audited);
    assert_eq!(feature(&audit, "extended-master-secret").support, Support::Yes);
    let told = audit.inconclusive.iter().any(|one| one.contains("was asked without a name"));
    assert!(told, "{:?}", audit.inconclusive);
}

#[test]
fn a_client_certificate_is_asked_for_or_demanded() {
    let optional = openssl(&["-verify", "1", "-CAfile", "cert.pem"], &[NAME]);
    let audit = audited(optional.address, Explain::No);
    let asked = feature(&audit, "client-certificate");
    assert_eq!(asked.support, Support::Yes);
    assert!(asked.statement.ends_with("goes on without."), "{}", asked.statement);
    for version in ["-tls1_3", "-tls1_2"] {
        let demanding =
            openssl(&["-Verify", "1", "-verify_return_error", "-CAfile", "cert.pem", version], &[NAME]);
        let audit = audited(demanding.address, Explain::No);
        let asked = feature(&audit, "client-certificate");
        assert_eq!((asked.support, asked.values.len()), (Support::Yes, 1), "{version}: {asked:?}");
        assert!(asked.statement.contains("without one it ends with"), "{version}: {}", asked.statement);
    }
}

#[test]
fn a_version_is_explained_where_it_is_asked_for() {
    let server = openssl(&[], &[NAME]);
    let audit = audited(server.address, Explain::Version(portreeve_wire::tls::Version::Tls12));
    let [drawn] = audit.handshakes.as_slice() else { panic!("{:?}", audit.handshakes) };
    assert_eq!((drawn.version.as_deref(), drawn.checked.len()), (Some("TLS 1.2"), 3));
    let old = openssl(&["-tls1", "-cipher", "ALL:@SECLEVEL=0"], &[NAME]);
    let audit = audited(old.address, Explain::Best);
    let [drawn] = audit.handshakes.as_slice() else { panic!("{:?}", audit.handshakes) };
    let last = drawn.steps.last().unwrap();
    assert_eq!((drawn.version.as_deref(), last.message.as_str()), (Some("TLS 1.0"), "ServerHelloDone"));
    assert!(drawn.outcome.contains("withdrawn"), "{}", drawn.outcome);
}

#[test]
fn real_servers_of_today_pass_over_the_wish_for_tls() {
    let servers = [apache(&[NAME], "SSLEngine off"), nginx(&[NAME], "return 301 https://$host/;")];
    for server in servers {
        let address = server.address;
        let plain = in_runtime(async move { ask_plain(address, NAME, PATIENCE).await });
        let Reply::Http(http) = &plain.reply else { panic!("{plain:?}") };
        assert_ne!(http.status, 101);
        assert_eq!(http.upgrade, None);
        assert!(plain.sent.windows(16).any(|part| part == b"Upgrade: TLS/1.0"));
    }
    let closed = free_port().unwrap();
    let plain = in_runtime(async move { ask_plain(closed, NAME, PATIENCE).await });
    assert_eq!(plain.reply, Reply::Refused);
}
