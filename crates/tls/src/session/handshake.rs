//! One handshake of a client: which message of the server is answered with what.

use std::collections::VecDeque;

use portreeve_wire::tls::messages::{self, ServerKeyExchange, Ticket};
use portreeve_wire::tls::{
    ClientHello, ContentType, ExtensionType, HandshakeType, ServerHello, Version, handshake_message,
};

use super::agreed::{Agreed, Resumable};
use super::agreement;
use super::algorithms::Protection;
use super::entropy::Entropy;
use super::prf::{Prf, Side};
use super::protection::{Keys, Opener, Sealer, Terms};

/// The alert that stands for a certificate in SSL 3.0: a warning, `no_certificate`.
const NO_CERTIFICATE: [u8; 2] = [1, 41];

/// What is to be done for a message.
#[derive(Debug)]
pub(super) enum Step {
    /// Send this.
    Send(ContentType, Version, Vec<u8>),
    /// Protect what is sent from here on.
    Protect(Box<Sealer>),
    /// Send the `Finished`.
    Finished(Vec<u8>),
    /// It is done.
    Agreed(Box<Agreed>),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The hello was sent.
    Hello,
    /// The server chose; it says the rest of its flight, or takes the earlier session up.
    Flight,
    /// The server takes the earlier session up, and says so by its `Finished`.
    Resumption,
    /// Everything was sent; the server's `Finished` is missing.
    Finish,
}

/// A handshake that goes on.
#[derive(Clone, Debug)]
pub(super) struct Handshake {
    hello: ClientHello,
    resumed: Option<Resumable>,
    stage: Stage,
    /// Every message so far.
    messages: Vec<u8>,
    answer: Option<ServerHello>,
    chain: Vec<Vec<u8>>,
    exchange: Option<ServerKeyExchange>,
    asked_for_certificate: bool,
    ticket: Option<Ticket>,
    secrets: Option<Secrets>,
    client_proof: Vec<u8>,
    entropy: Entropy,
}

#[derive(Clone)]
struct Secrets {
    prf: Prf,
    terms: Terms,
    master: Vec<u8>,
    client: Keys,
    server: Keys,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("prf", &self.prf).field("terms", &self.terms).finish_non_exhaustive()
    }
}

impl Handshake {
    pub(super) fn new(hello: ClientHello, resumed: Option<Resumable>, entropy: Entropy) -> Self {
        Self {
            messages: hello.message(),
            hello,
            resumed,
            stage: Stage::Hello,
            answer: None,
            chain: Vec::new(),
            exchange: None,
            asked_for_certificate: false,
            ticket: None,
            secrets: None,
            client_proof: Vec::new(),
            entropy,
        }
    }

    /// Takes a message, its header included.
    pub(super) fn take(&mut self, kind: HandshakeType, whole: &[u8]) -> Result<VecDeque<Step>, String> {
        let body = whole.get(4..).unwrap_or_default();
        if kind == HandshakeType::Finished {
            return self.server_finished(whole, body);
        }
        self.messages.extend_from_slice(whole);
        match (self.stage, kind) {
            (Stage::Hello, HandshakeType::ServerHello) => self.server_hello(body)?,
            (Stage::Flight, HandshakeType::Certificate) => self.chain = messages::certificates(body).0,
            (Stage::Flight, HandshakeType::CertificateStatus) => {}
            (Stage::Flight, HandshakeType::ServerKeyExchange) => {
                let answer = self.answer()?;
                self.exchange = ServerKeyExchange::decode(body, answer.suite, answer.version);
                if self.exchange.is_none() {
                    return Err(format!("a ServerKeyExchange of {} bytes can not be read", body.len()));
                }
            }
            (Stage::Flight, HandshakeType::CertificateRequest) => self.asked_for_certificate = true,
            (Stage::Flight, HandshakeType::ServerHelloDone) => return self.server_hello_done(),
            (Stage::Flight | Stage::Finish, HandshakeType::NewSessionTicket) => {
                if self.stage == Stage::Flight {
                    self.stage = Stage::Resumption;
                }
                self.ticket = Ticket::decode(body);
            }
            _ => return Err(format!("the server sent {kind} where it does not belong")),
        }
        Ok(VecDeque::new())
    }

    /// The server's records are protected from here on. Gives what opens them.
    pub(super) fn server_changes(&mut self) -> Result<Opener, String> {
        if self.secrets.is_none() {
            let resumed = self.resumed.as_ref().filter(|_| self.chain.is_empty());
            let master = resumed.map(|resumed| resumed.master.clone());
            let master = master.ok_or("the server sent ChangeCipherSpec where it does not belong")?;
            let (suite, expected) = (self.answer()?.suite, self.resumed.as_ref().map(|one| one.suite));
            if expected != Some(suite) {
                return Err(format!("the server resumed with {suite}, which is not the session's suite"));
            }
            self.stage = Stage::Resumption;
            self.derive(|_, _| master)?;
        }
        let secrets = self.secrets()?;
        Opener::new(secrets.terms, &secrets.server).ok_or_else(|| "the keys do not fit".to_owned())
    }

    fn server_hello(&mut self, body: &[u8]) -> Result<(), String> {
        let answer = ServerHello::of_body(body).ok_or("the server's hello is cut short")?;
        if answer.version.value() > self.hello.version.value() {
            return Err(format!("the server chose {}, which was not offered", answer.version));
        }
        if !self.hello.suites.contains(&answer.suite) {
            return Err(format!("the server chose {}, which was not offered", answer.suite));
        }
        if answer.compression != 0 {
            return Err(format!("the server chose the compression {}", answer.compression));
        }
        self.answer = Some(answer);
        self.stage = Stage::Flight;
        Ok(())
    }

    fn server_hello_done(&mut self) -> Result<VecDeque<Step>, String> {
        let version = self.answer()?.version;
        let mut steps = VecDeque::new();
        if self.asked_for_certificate {
            if version == Version::Ssl3 {
                steps.push_back(Step::Send(ContentType::Alert, version, NO_CERTIFICATE.to_vec()));
            } else {
                // An empty list: there is none (RFC 5246, 7.4.6).
                let message = handshake_message(HandshakeType::Certificate, &[0, 0, 0]);
                self.say(message, &mut steps)?;
            }
        }
        let (suite, offered) = (self.answer()?.suite, self.hello.version);
        let (chain, exchange) = (&self.chain, self.exchange.as_ref());
        let half = agreement::agree(suite, version, offered, chain, exchange, &mut self.entropy)?;
        self.say(handshake_message(HandshakeType::ClientKeyExchange, &half.message), &mut steps)?;
        let is_extended = self.is_extended()?;
        let (client, server) = (self.hello.random, self.answer()?.random);
        self.derive(|prf, messages| {
            if is_extended {
                prf.extended_master_secret(&half.premaster, messages)
            } else {
                prf.master_secret(&half.premaster, &client, &server)
            }
        })?;
        self.finish(&mut steps)?;
        self.stage = Stage::Finish;
        Ok(steps)
    }

    fn server_finished(&mut self, whole: &[u8], proof: &[u8]) -> Result<VecDeque<Step>, String> {
        let secrets = self.secrets()?;
        if secrets.prf.verify_data(Side::Server, &secrets.master, &self.messages) != proof {
            return Err("the server's Finished does not prove that it has the same secret".to_owned());
        }
        self.messages.extend_from_slice(whole);
        let mut steps = VecDeque::new();
        let resumed = self.stage == Stage::Resumption;
        if resumed {
            self.finish(&mut steps)?;
        }
        let answer = self.answer()?.clone();
        let secrets = self.secrets()?;
        steps.push_back(Step::Agreed(Box::new(Agreed {
            hello: self.hello.clone(),
            resumed,
            encrypt_then_mac: secrets.terms.encrypt_then_mac,
            ticket: self.ticket.clone(),
            asked_for_certificate: self.asked_for_certificate,
            master: secrets.master.clone(),
            verified: [self.client_proof.clone(), proof.to_vec()],
            answer,
        })));
        Ok(steps)
    }

    /// `ChangeCipherSpec` and `Finished` of this side.
    fn finish(&mut self, steps: &mut VecDeque<Step>) -> Result<(), String> {
        let secrets = self.secrets.as_ref().ok_or("there are no keys for the Finished")?;
        let proof = secrets.prf.verify_data(Side::Client, &secrets.master, &self.messages);
        let sealer = Sealer::new(secrets.terms, &secrets.client, self.entropy.branch())
            .ok_or("the keys do not fit")?;
        let version = secrets.terms.version;
        let message = handshake_message(HandshakeType::Finished, &proof);
        self.messages.extend_from_slice(&message);
        self.client_proof = proof;
        steps.push_back(Step::Send(ContentType::ChangeCipherSpec, version, vec![1]));
        steps.push_back(Step::Protect(Box::new(sealer)));
        steps.push_back(Step::Finished(message));
        Ok(())
    }

    fn derive(&mut self, master: impl FnOnce(Prf, &[u8]) -> Vec<u8>) -> Result<(), String> {
        let answer = self.answer()?;
        let protection = Protection::of(answer.suite)
            .ok_or_else(|| format!("records of {} can not be made here", answer.suite))?;
        let is_block = matches!(protection, Protection::Block(..));
        let terms = Terms {
            version: answer.version,
            protection,
            encrypt_then_mac: is_block && answer.has(ExtensionType::EncryptThenMac),
        };
        let prf = Prf::of(answer.version, answer.suite);
        let master = master(prf, &self.messages);
        let block = prf.key_block(&master, &self.hello.random, &answer.random, terms.key_block_length());
        let (client, server) = terms.cut(&block);
        self.secrets = Some(Secrets { prf, terms, master, client, server });
        Ok(())
    }

    fn say(&mut self, message: Vec<u8>, steps: &mut VecDeque<Step>) -> Result<(), String> {
        self.messages.extend_from_slice(&message);
        steps.push_back(Step::Send(ContentType::Handshake, self.answer()?.version, message));
        Ok(())
    }

    /// Whether both offered the extended master secret.
    fn is_extended(&self) -> Result<bool, String> {
        let kind = ExtensionType::ExtendedMasterSecret;
        Ok(self.hello.extension(kind).is_some() && self.answer()?.has(kind))
    }

    fn answer(&self) -> Result<&ServerHello, String> {
        self.answer.as_ref().ok_or_else(|| "the server's hello is missing".to_owned())
    }

    fn secrets(&self) -> Result<&Secrets, String> {
        self.secrets
            .as_ref()
            .ok_or_else(|| "the server's Finished came before its ChangeCipherSpec".to_owned())
    }
}
