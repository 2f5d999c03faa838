//! What two sides agreed on, and what is kept of it to resume with.

use std::fmt;

use portreeve_wire::tls::messages::Ticket;
use portreeve_wire::tls::{ClientHello, Extension, ExtensionType, ServerHello, Suite, Version};

/// A handshake that went through to its end.
#[derive(Clone, PartialEq, Eq)]
pub struct Agreed {
    /// What was asked for.
    pub hello: ClientHello,
    /// What the server chose.
    pub answer: ServerHello,
    /// An earlier session was taken up.
    pub resumed: bool,
    /// The MAC is of the encrypted text (RFC 7366).
    pub encrypt_then_mac: bool,
    /// What the server gave to resume with.
    pub ticket: Option<Ticket>,
    /// It asked for a certificate, and went on without one.
    pub asked_for_certificate: bool,
    /// The master secret.
    pub(super) master: Vec<u8>,
    /// What both `Finished` said: the client's, then the server's.
    pub(super) verified: [Vec<u8>; 2],
}

/// What a later connection takes up.
#[derive(Clone, PartialEq, Eq)]
pub struct Resumable {
    /// The version, which stays.
    pub version: Version,
    /// The suite, which stays.
    pub suite: Suite,
    /// The server's name of the session; empty where it gave none.
    pub session_id: Vec<u8>,
    /// The server's ticket.
    pub ticket: Option<Ticket>,
    /// Whether the secret is bound to the handshake: the hello that resumes has to offer the same.
    pub extended_master_secret: bool,
    pub(super) master: Vec<u8>,
}

impl Agreed {
    /// The version.
    pub fn version(&self) -> Version {
        self.answer.version
    }

    /// The suite.
    pub fn suite(&self) -> Suite {
        self.answer.suite
    }

    /// Whether the secret is bound to the handshake (RFC 7627): both said so.
    pub fn extended_master_secret(&self) -> bool {
        let kind = ExtensionType::ExtendedMasterSecret;
        self.hello.extension(kind).is_some() && self.answer.has(kind)
    }

    /// Whether the server knows secure renegotiation (RFC 5746).
    pub fn renegotiates_securely(&self) -> bool {
        self.answer.has(ExtensionType::RenegotiationInfo)
    }

    /// What a later connection takes up.
    pub fn resumable(&self) -> Resumable {
        Resumable {
            version: self.version(),
            suite: self.suite(),
            session_id: self.answer.session_id.clone(),
            ticket: self.ticket.clone(),
            extended_master_secret: self.extended_master_secret(),
            master: self.master.clone(),
        }
    }

    /// The extension of a hello inside this session (RFC 5746, 3.5): what the client's `Finished` said.
    pub fn renegotiation_info(&self) -> Extension {
        let [proof, _] = &self.verified;
        let length = u8::try_from(proof.len()).unwrap_or_default();
        Extension::new(ExtensionType::RenegotiationInfo, [&[length], proof.as_slice()].concat())
    }
}

impl Resumable {
    /// Asks for the session by the server's name of it.
    pub fn by_id(&self, hello: &mut ClientHello) {
        hello.session_id.clone_from(&self.session_id);
    }

    /// Asks for it by the ticket. A server that takes it says so by repeating the session id (RFC 5077, 3.4).
    pub fn by_ticket(&self, hello: &mut ClientHello, session_id: &[u8]) {
        let ticket = self.ticket.as_ref().map(|ticket| ticket.ticket.clone()).unwrap_or_default();
        hello.session_id = session_id.to_vec();
        hello.set(Extension::new(ExtensionType::SessionTicket, ticket));
    }
}

impl fmt::Debug for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agreed")
            .field("version", &self.version())
            .field("suite", &self.suite())
            .field("resumed", &self.resumed)
            .field("extended_master_secret", &self.extended_master_secret())
            .field("encrypt_then_mac", &self.encrypt_then_mac)
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Resumable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resumable")
            .field("version", &self.version)
            .field("suite", &self.suite)
            .field("session_id", &self.session_id)
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}
