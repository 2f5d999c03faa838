//! Servers of other makers on loopback, each with certificates made for it, ended with the test.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use portreeve_lab::loopback::Served;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};

/// OpenSSL's test server of this machine.
pub(crate) fn openssl(arguments: &[&str]) -> Served {
    s_server(Path::new("openssl"), arguments)
}

/// That of OpenSSL 1.1.1.
pub(crate) fn old_openssl(arguments: &[&str]) -> Served {
    s_server(&portreeve_lab::peers::openssl().unwrap(), arguments)
}

fn s_server(program: &Path, arguments: &[&str]) -> Served {
    let server = |folder: &Path, address: SocketAddr| {
        certificates(folder);
        let mut command = Command::new(program);
        command
            .args(["s_server", "-accept", &address.to_string(), "-www"])
            .args(["-cert", "rsa.pem", "-key", "rsa.key", "-dcert", "ec.pem", "-dkey", "ec.key"])
            .args(arguments)
            // The host's configuration forbids old versions.
            .env("OPENSSL_CONF", "/dev/null")
            .current_dir(folder);
        command
    };
    Served::start(server).unwrap()
}

/// nginx with this inside its `server` block.
pub(crate) fn nginx(settings: &str) -> Served {
    let nginx = |folder: &Path, address: SocketAddr| {
        certificates(folder);
        let root = folder.display();
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
        fs::write(folder.join("nginx.conf"), configuration).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
        command
    };
    Served::start(nginx).unwrap()
}

/// The test server of `GnuTLS`.
pub(crate) fn gnutls(arguments: &[&str]) -> Served {
    let gnutls = |folder: &Path, address: SocketAddr| {
        certificates(folder);
        let mut command = Command::new("gnutls-serv");
        command
            .args(["--port", &address.port().to_string(), "--http", "--disable-client-cert", "--quiet"])
            .args(["--x509certfile", "rsa.pem", "--x509keyfile", "rsa.key"])
            .args(arguments)
            .current_dir(folder);
        command
    };
    Served::start(gnutls).unwrap()
}

/// The server of tlslite-ng, a third implementation, which does not get over application protocols in TLS 1.3 where it has none itself.
pub(crate) fn tlslite() -> Served {
    let tlslite = |folder: &Path, address: SocketAddr| {
        certificates(folder);
        fs::write(folder.join("server.py"), TLSLITE).unwrap();
        let mut command = Command::new(portreeve_lab::peers::python().unwrap());
        command
            .args(["server.py", &address.ip().to_string(), &address.port().to_string()])
            .current_dir(folder);
        command
    };
    Served::start(tlslite).unwrap()
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

listener = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=50)
while True:
    stream, _ = listener.accept()
    threading.Thread(target=serve, args=(stream,), daemon=True).start()
"#;

/// Writes a certificate with an RSA key, and one with a key on a curve.
fn certificates(folder: &Path) {
    for (name, algorithm) in [("rsa", &PKCS_RSA_SHA256), ("ec", &PKCS_ECDSA_P256_SHA256)] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let made = CertificateParams::new(["example.test".to_owned()]).unwrap().self_signed(&key).unwrap();
        fs::write(folder.join(format!("{name}.pem")), made.pem()).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}
