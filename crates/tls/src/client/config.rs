//! What a handshake offers, and a verifier that records instead of refusing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::tickets::Tickets;
use crate::Certificate;

/// How a handshake is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Application protocols, best first; none offers no list.
    pub alpn: Vec<String>,
    /// When it has to be done.
    pub deadline: Instant,
    /// Where tickets of TLS 1.3 are kept, and taken from. Of what they allow, early data is offered, and none is sent.
    pub tickets: Option<Tickets>,
}

impl Options {
    /// For HTTP/1.1.
    pub fn http(deadline: Instant) -> Self {
        Self { alpn: vec!["http/1.1".to_owned()], ..Self::plain(deadline) }
    }

    /// For whatever is inside.
    pub fn plain(deadline: Instant) -> Self {
        Self { alpn: Vec::new(), deadline, tickets: None }
    }

    /// The same, with a place for tickets.
    #[must_use]
    pub fn keeping(self, tickets: Tickets) -> Self {
        Self { tickets: Some(tickets), ..self }
    }
}

/// What was seen during a handshake that the library does not tell.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) chain: Vec<Certificate>,
    pub(crate) staple: Vec<u8>,
    pub(crate) proof: Option<Result<(), String>>,
    pub(crate) client_certificate: Option<Vec<String>>,
}

/// Records what it is asked about.
#[derive(Debug)]
pub(crate) struct Recorder {
    seen: Mutex<Seen>,
    provider: Arc<CryptoProvider>,
}

/// A configuration, and where it records.
pub(crate) fn configure(options: &Options) -> Result<(Arc<ClientConfig>, Arc<Recorder>), Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let kept = options.tickets.clone().unwrap_or_default();
    let recorder = kept.recorder;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_client_cert_resolver(recorder.clone());
    config.alpn_protocols = options.alpn.iter().map(|name| name.clone().into_bytes()).collect();
    config.resumption = Resumption::store(kept.store);
    config.enable_early_data = true;
    Ok((Arc::new(config), recorder))
}

impl Recorder {
    /// That has seen nothing yet.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { seen: Mutex::default(), provider: Arc::new(aws_lc_rs::default_provider()) })
    }

    /// What was recorded.
    pub(crate) fn take(&self) -> Seen {
        std::mem::take(&mut self.lock())
    }

    /// Whether a client certificate was asked for.
    pub(super) fn was_asked(&self) -> bool {
        self.lock().client_certificate.is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prove(&self, result: Result<HandshakeSignatureValid, Error>) -> HandshakeSignatureValid {
        self.lock().proof = Some(result.map(drop).map_err(|error| error.to_string()));
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut seen = self.lock();
        seen.chain = std::iter::once(end_entity).chain(intermediates).map(Certificate::from).collect();
        seen.staple = ocsp_response.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        Ok(self.prove(verify_tls12_signature(message, certificate, signed, algorithms)))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        Ok(self.prove(verify_tls13_signature(message, certificate, signed, algorithms)))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ResolvesClientCert for Recorder {
    fn resolve(&self, authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let names = authorities.iter().map(|der| match X509Name::from_der(der) {
            Ok((_, name)) => name.to_string(),
            Err(_) => format!("a name of {} bytes that can not be read", der.len()),
        });
        self.lock().client_certificate = Some(names.collect());
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
