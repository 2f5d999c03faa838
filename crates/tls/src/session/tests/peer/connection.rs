//! One connection of a peer, without I/O.

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use portreeve_wire::tls::{
    ContentType, ExtensionType, HandshakeType, Record, ServerHello, Version, handshake_message, records,
};

use super::hello::Hello;
use super::reading::Reading;
use super::{Memory, Peer, Renegotiation, Tickets};
use crate::session::{Entropy, Keys, Opener, Prf, Protection, Sealer, Side, Terms};

/// One connection.
#[derive(Default)]
pub(crate) struct Connection {
    peer: Peer,
    memory: Memory,
    incoming: Vec<u8>,
    messages: Vec<u8>,
    hello: Option<Hello>,
    secret: Option<PrivateKey>,
    master: Vec<u8>,
    session_id: Vec<u8>,
    random: [u8; 32],
    resumed: bool,
    reading: Option<Reading>,
    next_reading: Option<Reading>,
    writing: Option<Sealer>,
    /// What both said in their `Finished`, one after another.
    proofs: Vec<u8>,
    sessions: usize,
    pub(super) over: bool,
}

impl Connection {
    pub(super) fn new(peer: Peer, memory: Memory) -> Self {
        Self { peer, memory, ..Self::default() }
    }

    /// What it answers; none where it closes without a word.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.incoming.extend(bytes);
        let mut out = Vec::new();
        while let Ok((record, rest)) = Record::decode(&self.incoming) {
            let (content, fragment) = (record.content, record.fragment.to_vec());
            self.incoming = rest.to_vec();
            let plain = match &mut self.reading {
                None => fragment,
                Some(reading) => match reading.open(self.peer.records, content, &fragment) {
                    Ok(plain) => plain,
                    Err(None) => return Some(out),
                    Err(Some(alert)) => {
                        self.over = true;
                        out.extend(self.seal(ContentType::Alert, &[2, alert.value()]));
                        return Some(out);
                    }
                },
            };
            match content {
                ContentType::Handshake => {
                    let kind = HandshakeType::from(plain[0]);
                    out.extend(self.message(kind, &plain)?);
                }
                ContentType::ChangeCipherSpec => self.reading = self.next_reading.take(),
                _ => {
                    self.over = true;
                    return if out.is_empty() { None } else { Some(out) };
                }
            }
            if self.over {
                break;
            }
        }
        Some(out)
    }

    fn message(&mut self, kind: HandshakeType, whole: &[u8]) -> Option<Vec<u8>> {
        match kind {
            HandshakeType::ClientHello => self.client_hello(whole),
            HandshakeType::ClientKeyExchange => {
                self.messages.extend(whole);
                let key = self.secret.take().unwrap();
                let theirs = UnparsedPublicKey::new(&X25519, &whole[5..]);
                let premaster = agree(&key, theirs, (), |secret| Ok(secret.to_vec())).unwrap();
                let hello = self.hello.as_ref().unwrap();
                let prf = Prf::of(Version::Tls12, self.peer.suite);
                self.master = if hello.has(ExtensionType::ExtendedMasterSecret) {
                    prf.extended_master_secret(&premaster, &self.messages)
                } else {
                    prf.master_secret(&premaster, &hello.random, &self.random)
                };
                self.expect_change();
                Some(Vec::new())
            }
            HandshakeType::Finished => {
                let prf = Prf::of(Version::Tls12, self.peer.suite);
                assert_eq!(whole[4..], prf.verify_data(Side::Client, &self.master, &self.messages));
                let client_proof = whole[4..].to_vec();
                self.messages.extend(whole);
                self.sessions += 1;
                self.memory.lock().unwrap().insert(self.session_id.clone(), self.master.clone());
                if self.resumed {
                    return Some(Vec::new());
                }
                let (flight, server_proof) = self.finish();
                self.proofs = [client_proof, server_proof].concat();
                Some(flight)
            }
            _ => {
                self.messages.extend(whole);
                Some(Vec::new())
            }
        }
    }

    fn client_hello(&mut self, whole: &[u8]) -> Option<Vec<u8>> {
        let hello = Hello::read(&whole[4..]);
        if self.sessions > 0 {
            match self.peer.renegotiation {
                Renegotiation::Accepted | Renegotiation::HelloOnly => {}
                Renegotiation::Proven if hello.has(ExtensionType::RenegotiationInfo) => {}
                Renegotiation::Warned => return Some(self.seal(ContentType::Alert, &[1, 100])),
                Renegotiation::Refused | Renegotiation::Proven => {
                    self.over = true;
                    return Some(self.seal(ContentType::Alert, &[2, 40]));
                }
                Renegotiation::Ended => return None,
                Renegotiation::PassedOver => return Some(Vec::new()),
                Renegotiation::Begs => {
                    let begging = (0..12_000).flat_map(|_| self.seal(ContentType::Handshake, &[0; 4]));
                    return Some(begging.collect());
                }
            }
        }
        if !hello.suites.contains(&self.peer.suite.0) {
            self.over = true;
            return Some(self.seal(ContentType::Alert, &[2, 40]));
        }
        self.messages = whole.to_vec();
        self.random = Entropy::of_system().bytes(32).try_into().unwrap();
        let offered = hello.extensions.get(&ExtensionType::SessionTicket.value()).cloned();
        let remembered = self.memory.lock().unwrap().get(&hello.session_id).cloned();
        let taken = match (&offered, self.peer.tickets) {
            (Some(ticket), Tickets::Taken | Tickets::Bleeding) if !ticket.is_empty() => Some(ticket.clone()),
            _ => remembered.filter(|_| self.peer.ids && !hello.session_id.is_empty()),
        };
        let gives = offered.is_some_and(|ticket| ticket.is_empty()) && self.peer.tickets != Tickets::None;
        self.session_id = match (&taken, self.peer.tickets) {
            (Some(_), Tickets::Bleeding) => {
                [hello.session_id.clone(), vec![0xbb; 32]].concat()[..32].to_vec()
            }
            (Some(_), _) => hello.session_id.clone(),
            (None, _) if self.peer.ids => self.random.to_vec(),
            (None, _) => Vec::new(),
        };
        let mut out = self.say(HandshakeType::ServerHello, &self.server_hello(&hello, gives));
        self.resumed = taken.is_some();
        self.hello = Some(hello);
        if let Some(master) = taken {
            self.master = master;
            self.expect_change();
            out.extend(self.finish().0);
            return Some(out);
        }
        if self.sessions > 0 && self.peer.renegotiation == Renegotiation::HelloOnly {
            return Some(out);
        }
        let secret = PrivateKey::generate(&X25519).unwrap();
        let point = secret.compute_public_key().unwrap().as_ref().to_vec();
        self.secret = Some(secret);
        out.extend(self.say(HandshakeType::Certificate, &[0, 0, 4, 0, 0, 1, 0]));
        let exchange = [&[3, 0, 29, 32][..], &point, &[4, 1, 0, 0]].concat();
        out.extend(self.say(HandshakeType::ServerKeyExchange, &exchange));
        out.extend(self.say(HandshakeType::ServerHelloDone, &[]));
        Some(out)
    }

    fn server_hello(&self, hello: &Hello, gives: bool) -> Vec<u8> {
        let mut extensions = Vec::new();
        let mut answer = |kind: ExtensionType, content: &[u8]| {
            extensions.extend(kind.value().to_be_bytes());
            extensions.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
            extensions.extend(content);
        };
        if self.peer.marked && hello.has(ExtensionType::RenegotiationInfo) {
            let length = u8::try_from(self.proofs.len()).unwrap();
            answer(ExtensionType::RenegotiationInfo, &[&[length], self.proofs.as_slice()].concat());
        }
        if hello.has(ExtensionType::ExtendedMasterSecret) {
            answer(ExtensionType::ExtendedMasterSecret, &[]);
        }
        if gives {
            answer(ExtensionType::SessionTicket, &[]);
        }
        let mut body = vec![3, 3];
        body.extend(self.random);
        body.push(u8::try_from(self.session_id.len()).unwrap());
        body.extend(&self.session_id);
        body.extend(self.peer.suite.0.to_be_bytes());
        body.push(0);
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
        assert!(ServerHello::of_body(&body).is_some_and(|read| read.whole));
        body
    }

    /// Ticket, `ChangeCipherSpec` and `Finished`; and what the last one says.
    fn finish(&mut self) -> (Vec<u8>, Vec<u8>) {
        let hello = self.hello.as_ref().unwrap();
        let wishes = hello.extensions.get(&ExtensionType::SessionTicket.value()).is_some_and(Vec::is_empty);
        let mut out = Vec::new();
        if wishes && self.peer.tickets != Tickets::None {
            let ticket = [&[0, 0, 1, 44, 0, 48][..], &self.master].concat();
            out.extend(self.say(HandshakeType::NewSessionTicket, &ticket));
        }
        out.extend(self.seal(ContentType::ChangeCipherSpec, &[1]));
        let (_, server) = self.keys();
        self.writing = Sealer::new(self.terms(), &server, Entropy::of_system());
        let prf = Prf::of(Version::Tls12, self.peer.suite);
        let proof = prf.verify_data(Side::Server, &self.master, &self.messages);
        out.extend(self.say(HandshakeType::Finished, &proof));
        (out, proof)
    }

    fn expect_change(&mut self) {
        let (client, _) = self.keys();
        let opener = Opener::new(self.terms(), &client).unwrap();
        self.next_reading = Some(Reading { opener, keys: client, sequence: 0 });
    }

    fn keys(&self) -> (Keys, Keys) {
        let terms = self.terms();
        let prf = Prf::of(Version::Tls12, self.peer.suite);
        let client = self.hello.as_ref().unwrap().random;
        terms.cut(&prf.key_block(&self.master, &client, &self.random, terms.key_block_length()))
    }

    fn terms(&self) -> Terms {
        let protection = Protection::of(self.peer.suite).unwrap();
        Terms { version: Version::Tls12, protection, encrypt_then_mac: false }
    }

    fn say(&mut self, kind: HandshakeType, body: &[u8]) -> Vec<u8> {
        let message = handshake_message(kind, body);
        self.messages.extend(&message);
        self.seal(ContentType::Handshake, &message)
    }

    fn seal(&mut self, content: ContentType, bytes: &[u8]) -> Vec<u8> {
        match &mut self.writing {
            Some(sealer) => sealer.seal(content, bytes).unwrap(),
            None => records(content, Version::Tls12, bytes),
        }
    }
}
