//! A client of SSL 3.0 to TLS 1.2 without I/O: bytes of the server in, bytes for it out. One handshake, and any number inside it.
//!
//! It is a probe: certificates and signatures are not verified, and no data of anybody is sent. What the server proves about the
//! secret (its `Finished`) is verified, so that nothing is believed of a session that is none.

use portreeve_wire::WireError;
use portreeve_wire::tls::{
    Alert, AlertDescription, AlertLevel, ClientHello, ContentType, HandshakeType, LONGEST_MESSAGE, Record,
    Version, records,
};

use super::agreed::{Agreed, Resumable};
use super::entropy::Entropy;
use super::handshake::{Handshake, Step};
use super::protection::{Flaw, Opener, Sealer};

/// One thing that came, opened where it was encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A handshake message.
    Message(HandshakeType, Vec<u8>),
    /// An alert.
    Alert(Alert),
    /// What comes now is protected by the keys that were just agreed on.
    ChangeCipherSpec,
    /// So many bytes of data.
    Data(usize),
}

/// One connection's client.
#[derive(Clone, Debug)]
pub struct Client {
    handshake: Option<Handshake>,
    reading: Option<Opener>,
    writing: Option<Sealer>,
    /// Bytes of a record that is not whole yet.
    incoming: Vec<u8>,
    /// Bytes of a handshake message that is not whole yet.
    message: Vec<u8>,
    seen: Vec<Seen>,
    agreed: Vec<Agreed>,
    failure: Option<String>,
    is_over: bool,
    flaw: Option<Flaw>,
    entropy: Entropy,
}

impl Client {
    /// Before its first hello.
    pub fn new(entropy: Entropy) -> Self {
        Self {
            handshake: None,
            reading: None,
            writing: None,
            incoming: Vec::new(),
            message: Vec::new(),
            seen: Vec::new(),
            agreed: Vec::new(),
            failure: None,
            is_over: false,
            flaw: None,
            entropy,
        }
    }

    /// Puts a flaw into the record of its `Finished`.
    #[must_use]
    pub fn with_flaw(self, flaw: Flaw) -> Self {
        Self { flaw: Some(flaw), ..self }
    }

    /// Begins a handshake, inside the session where there is one. Gives what is to be sent.
    pub fn begin(&mut self, hello: ClientHello, resumed: Option<Resumable>) -> Vec<u8> {
        let message = hello.message();
        let version = hello.record_version;
        self.handshake = Some(Handshake::new(hello, resumed, self.entropy.branch()));
        self.message.clear();
        self.protect(ContentType::Handshake, version, &message)
    }

    /// Takes what came, and gives what is to be sent for it.
    pub fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.incoming.extend_from_slice(bytes);
        let mut out = Vec::new();
        while self.failure.is_none() && !self.is_over {
            let (content, fragment, used) = match Record::decode(&self.incoming) {
                Ok((record, rest)) => {
                    (record.content, record.fragment.to_vec(), self.incoming.len() - rest.len())
                }
                Err(WireError::Truncated { .. }) => break,
                Err(error) => {
                    self.failure = Some(format!("the server's bytes can not be read: {error}"));
                    break;
                }
            };
            self.incoming.drain(..used);
            if let Err(why) = self.take(content, &fragment, &mut out) {
                self.failure = Some(why);
            }
        }
        out
    }

    /// One record of data or of an alert.
    pub fn say(&mut self, content: ContentType, bytes: &[u8]) -> Vec<u8> {
        let version = self.agreed.last().map_or(Version::Tls10, Agreed::version);
        self.protect(content, version, bytes)
    }

    /// The end, in order.
    pub fn close_notify(&mut self) -> Vec<u8> {
        self.say(ContentType::Alert, &[1, 0])
    }

    /// The end, in order, in a record with a flaw; none where the session's cipher has no place for it.
    pub fn flawed_close_notify(&mut self, flaw: Flaw) -> Option<Vec<u8>> {
        self.writing.as_mut()?.seal_flawed(ContentType::Alert, &[1, 0], flaw)
    }

    /// The handshakes that went through, oldest first.
    pub fn agreed(&self) -> &[Agreed] {
        &self.agreed
    }

    /// Everything that came.
    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// Whether a handshake goes on.
    pub fn is_handshaking(&self) -> bool {
        self.handshake.is_some()
    }

    /// Why this side can not go on.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Whether the server said that this is the end: by a fatal alert, or in order.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    fn take(&mut self, content: ContentType, fragment: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let plain = match &mut self.reading {
            None => fragment.to_vec(),
            Some(opener) => opener
                .open(content, fragment)
                .ok_or_else(|| format!("a record of {content} does not open with the keys of the session"))?,
        };
        match content {
            ContentType::Handshake => {
                self.message.extend_from_slice(&plain);
                while let Some((kind, whole)) = self.whole_message()? {
                    self.message(kind, &whole, out)?;
                }
            }
            ContentType::ChangeCipherSpec => {
                self.seen.push(Seen::ChangeCipherSpec);
                let handshake = self.handshake.as_mut().ok_or("a ChangeCipherSpec outside of a handshake")?;
                self.reading = Some(handshake.server_changes()?);
            }
            ContentType::Alert => {
                let alert = match *plain.as_slice() {
                    [level, description] => Alert { level: level.into(), description: description.into() },
                    _ => return Err(format!("an alert of {} bytes", plain.len())),
                };
                self.seen.push(Seen::Alert(alert));
                let is_end = alert.description == AlertDescription::CloseNotify;
                self.is_over = is_end || alert.level != AlertLevel::Warning;
            }
            _ => self.seen.push(Seen::Data(plain.len())),
        }
        Ok(())
    }

    /// The next whole handshake message, with its header.
    fn whole_message(&mut self) -> Result<Option<(HandshakeType, Vec<u8>)>, String> {
        let [kind, high, middle, low, ..] = *self.message.as_slice() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap_or(usize::MAX);
        if length > LONGEST_MESSAGE {
            return Err(format!("a handshake message of {length} bytes is too long"));
        }
        if self.message.len() < 4 + length {
            return Ok(None);
        }
        Ok(Some((kind.into(), self.message.drain(..4 + length).collect())))
    }

    fn message(&mut self, kind: HandshakeType, whole: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let body = whole.get(4..).unwrap_or_default();
        self.seen.push(Seen::Message(kind, body.to_vec()));
        // A wish of the server's, which is no part of any handshake. Outside of one, nothing else belongs anywhere.
        let Some(handshake) = self.handshake.as_mut().filter(|_| kind != HandshakeType::HelloRequest) else {
            return Ok(());
        };
        for step in handshake.take(kind, whole)? {
            match step {
                Step::Send(content, version, bytes) => out.extend(self.protect(content, version, &bytes)),
                Step::Protect(sealer) => self.writing = Some(*sealer),
                Step::Finished(message) => out.extend(self.finished(&message)?),
                Step::Agreed(agreed) => {
                    self.agreed.push(*agreed);
                    self.handshake = None;
                }
            }
        }
        Ok(())
    }

    fn finished(&mut self, message: &[u8]) -> Result<Vec<u8>, String> {
        let sealer = self.writing.as_mut().ok_or("there are no keys for the Finished")?;
        let finished = match self.flaw.take() {
            Some(flaw) => sealer.seal_flawed(ContentType::Handshake, message, flaw),
            None => sealer.seal(ContentType::Handshake, message),
        };
        finished.ok_or_else(|| "the Finished could not be protected".to_owned())
    }

    fn protect(&mut self, content: ContentType, version: Version, bytes: &[u8]) -> Vec<u8> {
        match &mut self.writing {
            None => records(content, version, bytes),
            Some(sealer) => {
                bytes.chunks(1 << 14).filter_map(|chunk| sealer.seal(content, chunk)).flatten().collect()
            }
        }
    }
}
