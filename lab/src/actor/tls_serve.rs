//! `tls-serve`: a server of TLS by rustls, with post-quantum groups.

use super::hold;
use clap::Args;
use rustls::crypto::aws_lc_rs::{ALL_KX_GROUPS, default_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream, SupportedProtocolVersion, version};
use serde_json::json;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nwelcome\n";
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers every request with a page.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen.
    address: SocketAddr,
    /// PEM file of the chain.
    #[arg(long)]
    certificate: PathBuf,
    /// PEM file of the key.
    #[arg(long)]
    key: PathBuf,
    /// Groups in the order of preference, such as X25519MLKEM768; otherwise all.
    #[arg(long, value_delimiter = ',')]
    group: Vec<String>,
    /// Versions, 1.2 and 1.3.
    #[arg(long, value_delimiter = ',', default_values = ["1.2", "1.3"])]
    version: Vec<String>,
    /// Application protocols.
    #[arg(long, value_delimiter = ',')]
    alpn: Vec<String>,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let config = Arc::new(self.config().map_err(io::Error::other)?);
        let listener = TcpListener::bind(self.address)?;
        hold::ready("tls-serve", json!({ "address": listener.local_addr()? }))?;
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let config = Arc::clone(&config);
                thread::spawn(move || answer(stream, config));
            }
        });
        hold::until_stdin_closes()
    }

    fn config(&self) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
        let mut provider = default_provider();
        provider.kx_groups = ALL_KX_GROUPS.to_vec();
        if !self.group.is_empty() {
            let named = |name: &String| {
                let found = ALL_KX_GROUPS.iter().find(|group| format!("{:?}", group.name()) == *name);
                found.copied().ok_or_else(|| format!("no group {name}"))
            };
            provider.kx_groups = self.group.iter().map(named).collect::<Result<_, _>>()?;
        }
        let versions: Vec<&SupportedProtocolVersion> = [("1.2", &version::TLS12), ("1.3", &version::TLS13)]
            .into_iter()
            .filter(|(name, _)| self.version.iter().any(|wanted| wanted == name))
            .map(|(_, version)| version)
            .collect();
        let chain = CertificateDer::pem_file_iter(&self.certificate)?.collect::<Result<Vec<_>, _>>()?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&versions)?
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(&self.key)?)?;
        config.alpn_protocols = self.alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(config)
    }
}

/// Whatever goes wrong is the client's to see.
fn answer(mut stream: TcpStream, config: Arc<ServerConfig>) {
    let Ok(mut connection) = ServerConnection::new(config) else { return };
    let mut exchange = || -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut tls = Stream::new(&mut connection, &mut stream);
        if tls.read(&mut [0; 8192])? > 0 {
            tls.write_all(PAGE)?;
        }
        tls.conn.send_close_notify();
        tls.flush()
    };
    drop(exchange());
}
