//! Servers of other makers on loopback, each with certificates made for it, ended with the test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use tempfile::TempDir;

/// How long a server may take to listen, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that runs.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Child,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// OpenSSL's test server of this machine.
pub(crate) fn openssl(arguments: &[&str]) -> Server {
    s_server(Path::new("openssl"), arguments)
}

/// That of OpenSSL 1.1.1.
pub(crate) fn old_openssl(arguments: &[&str]) -> Server {
    s_server(&portreeve_lab::peers::openssl().unwrap(), arguments)
}

fn s_server(program: &Path, arguments: &[&str]) -> Server {
    let folder = certificates();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let [rsa, rsa_key, ec, ec_key] = ["rsa.pem", "rsa.key", "ec.pem", "ec.key"].map(place);
    let mut process = Command::new(program)
        .args(["s_server", "-accept", "127.0.0.1:0", "-www"])
        .args(["-cert", &rsa, "-key", &rsa_key, "-dcert", &ec, "-dkey", &ec_key])
        .args(arguments)
        // The host's configuration forbids old versions.
        .env("OPENSSL_CONF", "/dev/null")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let accepting =
        lines.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
    let address = accepting.and_then(|address| address.parse().ok());
    let address = address.unwrap_or_else(|| panic!("{} s_server does not listen", program.display()));
    // It stops where nobody reads what it prints.
    thread::spawn(move || lines.for_each(drop));
    Server { address, process, _folder: folder }
}

/// nginx with this inside its `server` block.
pub(crate) fn nginx(settings: &str) -> Server {
    let folder = certificates();
    let (root, address) = (folder.path().display().to_string(), free());
    let configuration = format!(
        "daemon off; master_process off; pid {root}/pid; error_log stderr crit;
         events {{}}
         http {{
           access_log off; client_body_temp_path {root}/a; proxy_temp_path {root}/b; fastcgi_temp_path {root}/c;
           uwsgi_temp_path {root}/d; scgi_temp_path {root}/e;
           server {{
             listen {address} ssl; ssl_certificate {root}/rsa.pem; ssl_certificate_key {root}/rsa.key;
             {settings}
             location / {{ return 200; }}
           }}
         }}"
    );
    let file = folder.path().join("nginx.conf");
    fs::write(&file, configuration).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder.path()).arg("-c").arg(&file);
    listening(command, address, folder)
}

/// The test server of `GnuTLS`.
pub(crate) fn gnutls(arguments: &[&str]) -> Server {
    let folder = certificates();
    let address = free();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut command = Command::new("gnutls-serv");
    command
        .args(["--port", &address.port().to_string(), "--http", "--disable-client-cert", "--quiet"])
        .args(["--x509certfile", &place("rsa.pem"), "--x509keyfile", &place("rsa.key")])
        .args(arguments);
    listening(command, address, folder)
}

/// The server of tlslite-ng, a third implementation, which does not get over application protocols in TLS 1.3 where it has none itself.
pub(crate) fn tlslite() -> Server {
    let folder = certificates();
    let address = free();
    let program = folder.path().join("server.py");
    fs::write(&program, TLSLITE).unwrap();
    let mut command = Command::new(portreeve_lab::peers::python().unwrap());
    command.arg(program).arg(address.port().to_string()).current_dir(folder.path());
    listening(command, address, folder)
}

const TLSLITE: &str = r#"
import socket, sys, threading
from tlslite.api import *

chain = X509CertChain()
chain.parsePemList(open("rsa.pem").read())
key = parsePEMKey(open("rsa.key").read(), private=True)
cache = SessionCache()
settings = HandshakeSettings()
settings.minVersion = (3, 1)
settings.ticketKeys = [b"k" * 32]

def serve(stream):
    try:
        connection = TLSConnection(stream)
        connection.handshakeServer(certChain=chain, privateKey=key, sessionCache=cache, settings=settings)
        connection.read()
        connection.close()
    except Exception:
        pass
    finally:
        stream.close()

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=50)
while True:
    stream, _ = listener.accept()
    threading.Thread(target=serve, args=(stream,), daemon=True).start()
"#;

fn listening(mut command: Command, address: SocketAddr, folder: TempDir) -> Server {
    let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let server = Server { address, process, _folder: folder };
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < PATIENCE, "{command:?} does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    server
}

/// A port that nobody has now.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A folder with a certificate with an RSA key, and one with a key on a curve.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, algorithm) in [("rsa", &PKCS_RSA_SHA256), ("ec", &PKCS_ECDSA_P256_SHA256)] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let made = CertificateParams::new(["example.test".to_owned()]).unwrap().self_signed(&key).unwrap();
        let place = |end: &str| -> PathBuf { folder.path().join(format!("{name}.{end}")) };
        fs::write(place("pem"), made.pem()).unwrap();
        fs::write(place("key"), key.serialize_pem()).unwrap();
    }
    folder
}
