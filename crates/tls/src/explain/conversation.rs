//! Two streams of bytes, taken apart into messages: which bytes of which records each was, and what it says after decryption.

use std::time::Duration;

use portreeve_model::tls::Party;
use portreeve_wire::tls::annotate::Agreed;
use portreeve_wire::tls::{ContentType, HandshakeType, Record, ServerHello, Version};

use super::keys::Keys;
use super::said::{Piece, Said, Under, What};
use super::secrets::{Hash, Secrets};
use crate::exchange::Turn;

/// Header of a handshake message.
const HEADER: usize = 4;
/// Header of a record.
const RECORD_HEADER: usize = 5;
/// A message that says that it is longer is not put together.
const LONGEST: usize = 256 << 10;

/// One party's side.
#[derive(Debug, Default)]
struct Side {
    raw: Vec<u8>,
    offset: usize,
    records: usize,
    keys: Option<Keys>,
    under: Option<Under>,
    secret: Vec<u8>,
    message: Vec<u8>,
    pieces: Vec<Piece>,
}

/// Takes a conversation apart.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    secrets: &'a Secrets,
    client: Side,
    server: Side,
    agreed: Agreed,
    randoms: (Vec<u8>, Vec<u8>),
    /// Everything that a `Finished` covers so far.
    transcript: Vec<u8>,
    said: Vec<Said>,
}

impl<'a> Conversation<'a> {
    /// Everything that was said in these turns, in order.
    pub(crate) fn of(turns: &[Turn], secrets: &'a Secrets) -> Vec<Said> {
        let mut conversation = Self {
            secrets,
            client: Side::default(),
            server: Side::default(),
            agreed: Agreed::default(),
            randoms: (Vec::new(), Vec::new()),
            transcript: Vec::new(),
            said: Vec::new(),
        };
        for turn in turns {
            conversation.side(turn.party).raw.extend_from_slice(&turn.bytes);
            conversation.read(turn.party, turn.at);
        }
        for party in [Party::Client, Party::Server] {
            conversation.finish(party, turns.last().map_or(Duration::ZERO, |turn| turn.at));
        }
        conversation.said
    }

    fn side(&mut self, party: Party) -> &mut Side {
        match party {
            Party::Client => &mut self.client,
            Party::Server => &mut self.server,
        }
    }

    /// Reads the records that are whole.
    fn read(&mut self, party: Party, at: Duration) {
        loop {
            let side = self.side(party);
            let Ok((record, rest)) = Record::decode(&side.raw) else { return };
            let (content, length) = (record.content, side.raw.len() - rest.len());
            let wire: Vec<u8> = side.raw.drain(..length).collect();
            side.records += 1;
            let (number, offset) = (side.records, side.offset);
            side.offset += length;
            self.take(party, content, &Wire { number, offset, bytes: &wire }, at);
        }
    }

    fn take(&mut self, party: Party, content: ContentType, wire: &Wire<'_>, at: Duration) {
        let is_tls13 = self.agreed.version == Some(Version::Tls13);
        let side = self.side(party);
        // TLS 1.3 encrypts under the guise of data; before, everything after the change of keys is encrypted.
        let is_sealed = side.under.is_some() && (!is_tls13 || content == ContentType::ApplicationData);
        if !is_sealed {
            let plain = wire.bytes.get(RECORD_HEADER..).unwrap_or_default().to_vec();
            return self.content(party, content, &plain, 0, None, wire, at);
        }
        let under = side.under;
        let lead = side.keys.as_ref().map_or(0, Keys::lead);
        let opened = side.keys.as_mut().and_then(|keys| keys.open(wire.bytes));
        match opened {
            Some(mut plain) if is_tls13 => {
                // The sort stands behind the content, and zeros may follow it (RFC 8446, 5.4).
                while plain.last() == Some(&0) {
                    plain.pop();
                }
                let content = plain.pop().map_or(content, ContentType::from);
                self.content(party, content, &plain, lead, under, wire, at);
            }
            Some(plain) => self.content(party, content, &plain, lead, under, wire, at),
            None => {
                let bytes = wire.bytes.get(RECORD_HEADER..).unwrap_or_default().to_vec();
                self.say(party, What::Sealed(content), bytes, vec![wire.whole()], under, at);
            }
        }
    }

    /// What a record holds.
    #[expect(
        clippy::too_many_arguments,
        reason = "what is known of one record: a structure would be taken apart at once"
    )]
    fn content(
        &mut self,
        party: Party,
        content: ContentType,
        plain: &[u8],
        lead: usize,
        under: Option<Under>,
        wire: &Wire<'_>,
        at: Duration,
    ) {
        let what = match content {
            _ if plain.is_empty() => What::Empty(content),
            ContentType::Handshake => return self.pieces(party, plain, lead, under, wire, at),
            ContentType::ChangeCipherSpec => What::ChangeCipherSpec,
            ContentType::Alert => What::Alert,
            ContentType::ApplicationData => What::Data,
            other => What::Sealed(other),
        };
        self.say(party, what, plain.to_vec(), vec![wire.whole()], under, at);
        if what == What::ChangeCipherSpec && self.agreed.version != Some(Version::Tls13) {
            self.change_keys(party);
        }
    }

    /// Puts messages together. The header of a record belongs to the first message in it, padding and authentication to the last.
    fn pieces(
        &mut self,
        party: Party,
        plain: &[u8],
        lead: usize,
        under: Option<Under>,
        wire: &Wire<'_>,
        at: Duration,
    ) {
        let mut done = 0;
        while done < plain.len() {
            let side = self.side(party);
            let left = plain.get(done..).unwrap_or_default();
            let mut ahead: Vec<u8> = side.message.iter().chain(left).copied().take(HEADER).collect();
            ahead.resize(HEADER, 0);
            let length = ahead.iter().skip(1).fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
            let wanted = (HEADER + length.min(LONGEST)).saturating_sub(side.message.len());
            let has_header = side.message.len() + left.len() >= HEADER;
            let count = if has_header { wanted.min(left.len()) } else { left.len() };
            let begin = if done == 0 { 0 } else { RECORD_HEADER + lead + done };
            done += count;
            let end = if done == plain.len() { wire.bytes.len() } else { RECORD_HEADER + lead + done };
            side.message.extend(left.get(..count).unwrap_or_default());
            side.pieces.push(wire.piece(begin, end));
            if has_header && count == wanted {
                let message = std::mem::take(&mut side.message);
                let pieces = std::mem::take(&mut side.pieces);
                self.message(party, message, pieces, under, at);
            }
        }
    }

    /// A message is whole.
    fn message(
        &mut self,
        party: Party,
        bytes: Vec<u8>,
        pieces: Vec<Piece>,
        under: Option<Under>,
        at: Duration,
    ) {
        let kind = HandshakeType::from(bytes.first().copied().unwrap_or_default());
        let body = bytes.get(HEADER..).unwrap_or_default().to_vec();
        let hello = (kind == HandshakeType::ServerHello).then(|| ServerHello::of_body(&body)).flatten();
        if let Some(hello) = &hello {
            self.agreed = Agreed { version: Some(hello.version), suite: Some(hello.suite) };
            self.randoms.1 = hello.random.to_vec();
            if hello.retry {
                // The first hello is covered by its hash alone (RFC 8446, 4.4.1).
                let hash = Hash::of(hello.suite);
                let digest = hash.digest(&self.transcript);
                let length = u8::try_from(digest.len()).unwrap_or(u8::MAX);
                self.transcript = [&[254, 0, 0, length], digest.as_slice()].concat();
            }
        }
        if kind == HandshakeType::ClientHello {
            self.randoms.0 = body.get(2..34).unwrap_or_default().to_vec();
        }
        let proves = (kind == HandshakeType::Finished).then(|| self.expected(party)).flatten();
        let is_covered = match kind {
            HandshakeType::HelloRequest | HandshakeType::KeyUpdate => false,
            HandshakeType::NewSessionTicket => self.agreed.version != Some(Version::Tls13),
            _ => true,
        };
        if is_covered {
            self.transcript.extend_from_slice(&bytes);
        }
        self.say(party, What::Handshake(kind), bytes, pieces, under, at);
        if let Some(last) = self.said.last_mut() {
            last.proves = proves.map(|expected| expected == body);
        }
        if self.agreed.version == Some(Version::Tls13) {
            self.move_on(party, kind, hello.is_some_and(|hello| hello.retry));
        }
    }

    /// What a `Finished` of this party has to say, by our own computation.
    fn expected(&self, party: Party) -> Option<Vec<u8>> {
        let hash = Hash::of(self.agreed.suite?);
        let covered = hash.digest(&self.transcript);
        if self.agreed.version == Some(Version::Tls13) {
            let secret = self.secrets.secret(match party {
                Party::Client => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                Party::Server => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            })?;
            return Some(hash.mac(&hash.expand_label(secret, "finished", hash.length()), &covered));
        }
        let label = match party {
            Party::Client => "client finished",
            Party::Server => "server finished",
        };
        Some(hash.prf(self.secrets.secret("CLIENT_RANDOM")?, label, &covered, 12))
    }

    /// The keys of TLS 1.3 change after these messages (RFC 8446, 2 and 4.6.3).
    fn move_on(&mut self, party: Party, kind: HandshakeType, is_retry: bool) {
        match (kind, party) {
            (HandshakeType::ServerHello, _) if !is_retry => {
                self.install(Party::Client, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", Under::Handshake);
                self.install(Party::Server, "SERVER_HANDSHAKE_TRAFFIC_SECRET", Under::Handshake);
            }
            (HandshakeType::Finished, Party::Server) => {
                self.install(party, "SERVER_TRAFFIC_SECRET_0", Under::Application);
            }
            (HandshakeType::Finished, Party::Client) => {
                self.install(party, "CLIENT_TRAFFIC_SECRET_0", Under::Application);
            }
            // A KeyUpdate.
            (HandshakeType::KeyUpdate, _) => {
                let Some(suite) = self.agreed.suite else { return };
                let hash = Hash::of(suite);
                let side = self.side(party);
                side.secret = hash.expand_label(&side.secret, "traffic upd", hash.length());
                side.keys = Keys::of_secret(suite, &side.secret);
            }
            _ => {}
        }
    }

    fn install(&mut self, party: Party, label: &str, under: Under) {
        let secret = self.secrets.secret(label).unwrap_or_default().to_vec();
        let keys = self.agreed.suite.filter(|_| !secret.is_empty());
        let keys = keys.and_then(|suite| Keys::of_secret(suite, &secret));
        let side = self.side(party);
        (side.keys, side.under, side.secret) = (keys, Some(under), secret);
    }

    /// The keys of TLS 1.2 begin with the change of keys.
    fn change_keys(&mut self, party: Party) {
        let known = self.agreed.suite.zip(self.secrets.secret("CLIENT_RANDOM"));
        let (client, server) = known.map_or((None, None), |(suite, master)| {
            Keys::of_master(suite, master, (&self.randoms.0, &self.randoms.1))
        });
        let keys = match party {
            Party::Client => client,
            Party::Server => server,
        };
        let side = self.side(party);
        (side.keys, side.under) = (keys, Some(Under::Session));
    }

    /// What is left over.
    fn finish(&mut self, party: Party, at: Duration) {
        let side = self.side(party);
        let (message, pieces) = (std::mem::take(&mut side.message), std::mem::take(&mut side.pieces));
        let raw = std::mem::take(&mut side.raw);
        let (number, offset, under) = (side.records + 1, side.offset, side.under);
        if !pieces.is_empty() {
            self.say(party, What::Rest, message, pieces, under, at);
        }
        if !raw.is_empty() {
            let piece = Piece { record: number, offset, bytes: raw.clone(), is_head: false };
            self.say(party, What::Rest, raw, vec![piece], None, at);
        }
    }

    fn say(
        &mut self,
        party: Party,
        what: What,
        bytes: Vec<u8>,
        pieces: Vec<Piece>,
        keys: Option<Under>,
        at: Duration,
    ) {
        self.said.push(Said { party, what, at, bytes, pieces, keys, agreed: self.agreed, proves: None });
    }
}

/// A record as it was.
struct Wire<'a> {
    number: usize,
    offset: usize,
    bytes: &'a [u8],
}

impl Wire<'_> {
    fn whole(&self) -> Piece {
        self.piece(0, self.bytes.len())
    }

    fn piece(&self, begin: usize, end: usize) -> Piece {
        Piece {
            record: self.number,
            offset: self.offset + begin,
            bytes: self.bytes.get(begin..end).unwrap_or_default().to_vec(),
            is_head: begin == 0,
        }
    }
}
