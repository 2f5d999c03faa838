//! The few sessions of an audit: each is held once, and everything that features and checks want to know of it is read from it.
//!
//! With a server that speaks an old version, resumes, and refuses renegotiation, these are three connections; two more where it speaks
//! TLS 1.3 ([`super::modern`]).

use portreeve_model::tls::Support;
use portreeve_wire::tls::{ClientHello, Extension, ExtensionType, Suite, Version};
use tokio::sync::OnceCell;

use super::agreed::Agreed;
use super::agreement::GROUPS;
use super::algorithms::can_speak;
use super::conversation::{Conversation, Inside, Talk};
use super::modern::Modern;
use super::protection::Flaw;
use crate::audit::{Known, Scene};

/// Bytes of the session id that goes with a ticket: fewer than 32, so that a server that repeats 32 shows its memory (Ticketbleed).
pub const SHORT_SESSION_ID: usize = 16;

/// The sessions that were held so far.
#[derive(Debug, Default)]
pub struct Sessions {
    whole: OnceCell<Result<Talk, Absent>>,
    by_id: OnceCell<Result<Talk, Absent>>,
    wished: OnceCell<Result<Talk, Absent>>,
    by_ticket: OnceCell<Result<Talk, Absent>>,
    unmarked: OnceCell<Result<Talk, Absent>>,
    modern: OnceCell<Modern>,
}

/// Why a session was not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The question makes no sense for this server: why.
    NotApplicable(String),
    /// The server gives nothing that it could be tried with: what is missing.
    Withheld(String),
    /// It could not be tried: why.
    NotTried(String),
}

impl Sessions {
    /// A whole handshake in the newest version before TLS 1.3, without a ticket, and inside it the attempt to renegotiate.
    pub async fn whole<'a>(&'a self, scene: &Scene) -> &'a Result<Talk, Absent> {
        let look = Box::pin(async {
            let hello = hello(scene)?;
            let again = ClientHello { random: crate::audit::random(), ..hello.clone() };
            Ok(play(scene, first(scene, hello, Inside::Renegotiate(Box::new(again)))).await)
        });
        self.whole.get_or_init(|| look).await
    }

    /// The session of [`Self::whole`], asked for again by its name, by a client that has no ticket and would like one. It ends with a record
    /// whose padding is wrong, where a CBC suite was chosen.
    pub async fn by_id<'a>(&'a self, scene: &Scene) -> &'a Result<Talk, Absent> {
        let look = Box::pin(async {
            let whole = self.whole(scene).await.as_ref().map_err(Clone::clone)?;
            let session = agreed(whole)?;
            if session.answer.session_id.is_empty() && refuses_tickets(&scene.known) {
                let why = "the server names no sessions and gives no tickets";
                return Err(Absent::Withheld(why.to_owned()));
            }
            let talk = take_up_by_id(scene, session).await?;
            if is_refused(&talk) && !whole.is_in_order() && !session.answer.session_id.is_empty() {
                // Servers forget sessions that end badly, and this one did: another, without an attempt at anything.
                let another = play(scene, first(scene, hello(scene)?, Inside::Nothing)).await;
                return take_up_by_id(scene, agreed(&another)?).await;
            }
            Ok(talk)
        });
        self.by_id.get_or_init(|| look).await
    }

    /// A session of a client that would like a ticket: that of [`Self::by_id`]; another where that one was resumed and brought none, since
    /// some servers give tickets with whole handshakes only.
    pub async fn wished<'a>(&'a self, scene: &Scene) -> &'a Result<Talk, Absent> {
        let look = Box::pin(async {
            let before = self.by_id(scene).await.as_ref().map_err(Clone::clone)?;
            let is_open = before.first().is_some_and(|agreed| {
                agreed.resumed && agreed.ticket.is_none() && agreed.version() != Version::Ssl3
            });
            if is_open && !refuses_tickets(&scene.known) {
                return play_wish(scene).await;
            }
            Ok(before.clone())
        });
        self.wished.get_or_init(|| look).await
    }

    /// A session asked for by the ticket that [`Self::wished`] brought, with a short session id beside it. It ends with a record whose MAC
    /// is wrong, where a CBC suite was chosen.
    pub async fn by_ticket<'a>(&'a self, scene: &Scene) -> &'a Result<Talk, Absent> {
        let look = Box::pin(async {
            let before = self.wished(scene).await.as_ref().map_err(Clone::clone)?;
            let talk = take_up_by_ticket(scene, agreed(before)?).await?;
            if is_refused(&talk) && !before.is_in_order() {
                let another = play_wish(scene).await?;
                return take_up_by_ticket(scene, agreed(&another)?).await;
            }
            Ok(talk)
        });
        self.by_ticket.get_or_init(|| look).await
    }

    /// A session and a second handshake inside it, both as by a client that has never heard of RFC 5746.
    pub async fn unmarked<'a>(&'a self, scene: &Scene) -> &'a Result<Talk, Absent> {
        let look = Box::pin(async {
            let mut hello = hello(scene)?;
            hello.remove(ExtensionType::RenegotiationInfo);
            let again = ClientHello { random: crate::audit::random(), ..hello.clone() };
            Ok(play(scene, first(scene, hello, Inside::Renegotiate(Box::new(again)))).await)
        });
        self.unmarked.get_or_init(|| look).await
    }

    /// TLS 1.3: a session, and the next one that takes it up.
    pub async fn modern<'a>(&'a self, scene: &Scene) -> &'a Modern {
        self.modern.get_or_init(|| Modern::of(scene)).await
    }
}

impl Absent {
    /// Why, in words.
    pub fn why(&self) -> &str {
        match self {
            Self::NotApplicable(why) | Self::Withheld(why) | Self::NotTried(why) => why,
        }
    }
}

/// The newest version before TLS 1.3 that is spoken, and those of its suites that can be spoken here and for which `is` holds.
///
/// # Errors
/// There is no such version, or no such suite.
pub fn speakable(scene: &Scene, is: impl Fn(Suite) -> bool) -> Result<(Version, Vec<Suite>), Absent> {
    let is_old =
        |version: Version| (Version::Ssl3.value()..=Version::Tls12.value()).contains(&version.value());
    let known_old = || scene.known.versions.iter().rev().filter(|one| is_old(one.version));
    let mut refused = None;
    for one in known_old().filter(|one| one.support == Support::Yes) {
        let can = |suite: &Suite| can_speak(one.version, *suite) && is(*suite);
        let suites: Vec<Suite> = one.suites.iter().copied().filter(can).collect();
        if !suites.is_empty() {
            return Ok((one.version, suites));
        }
        refused.get_or_insert(one.version);
    }
    let unknown = known_old().find(|one| one.support == Support::Inconclusive);
    Err(match (refused, unknown) {
        (None, Some(one)) => Absent::NotTried(format!("whether {} is spoken is not known", one.version)),
        (None, None) if scene.known.versions.is_empty() => {
            Absent::NotTried("no version of the protocol could be asked for".to_owned())
        }
        (None, None) => Absent::NotApplicable("the server speaks no version before TLS 1.3".to_owned()),
        (Some(version), _) => Absent::NotTried(format!(
            "a session needs a suite with RSA, DHE or ECDHE and a common cipher, and the server speaks none in {version}"
        )),
    })
}

/// A hello that leads to a session: only what can be spoken to its end.
pub fn hello_of(scene: &Scene, version: Version, suites: &[Suite]) -> ClientHello {
    let mut hello = scene.greeting.hello(version, suites);
    hello.compression = vec![0];
    if version != Version::Ssl3 {
        hello.set(Extension::groups(&GROUPS));
        hello.set(Extension::empty(ExtensionType::ExtendedMasterSecret));
        hello.remove(ExtensionType::SessionTicket);
        hello.remove(ExtensionType::EncryptThenMac);
    }
    hello
}

/// Plays a conversation.
pub async fn play(scene: &Scene, conversation: Conversation) -> Talk {
    // On the heap: what waits for it waits inside of one another, and the stack of a thread is short.
    let transcript = Box::pin(scene.line.play(conversation.clone())).await;
    conversation.told(transcript)
}

/// Whether every flight of the removal loop says that the server gives no tickets, though they were wished for.
fn refuses_tickets(known: &Known) -> bool {
    let mut hellos = known.flights().filter_map(|flight| flight.hello.as_ref()).peekable();
    known.heartbeat_offered
        && hellos.peek().is_some()
        && !hellos.any(|hello| hello.has(ExtensionType::SessionTicket))
}

/// The hello of all sessions: in the newest version, with CBC suites where it has some, so that the farewells show what the server makes
/// of a record that is wrong.
fn hello(scene: &Scene) -> Result<ClientHello, Absent> {
    let (version, suites) = speakable(scene, |_| true)?;
    let padded: Vec<Suite> = suites.iter().copied().filter(|suite| suite.is_cbc()).collect();
    let suites = if padded.is_empty() { suites } else { padded };
    Ok(hello_of(scene, version, &suites))
}

/// A conversation that takes nothing up.
fn first(scene: &Scene, hello: ClientHello, inside: Inside) -> Conversation {
    Conversation::new(hello, None, inside, scene.line.patience().answer)
}

/// A whole handshake with the wish for a ticket.
async fn play_wish(scene: &Scene) -> Result<Talk, Absent> {
    let mut hello = hello(scene)?;
    hello.set(Extension::empty(ExtensionType::SessionTicket));
    Ok(play(scene, first(scene, hello, Inside::Nothing)).await)
}

async fn take_up_by_id(scene: &Scene, session: &Agreed) -> Result<Talk, Absent> {
    let mut hello = hello(scene)?;
    let resumable = session.resumable();
    resumable.by_id(&mut hello);
    if hello.version != Version::Ssl3 {
        hello.set(Extension::empty(ExtensionType::SessionTicket));
    }
    let patience = scene.line.patience().answer;
    let conversation = Conversation::new(hello, Some(resumable), Inside::Nothing, patience);
    Ok(play(scene, conversation.ending_with(Flaw::Padding)).await)
}

async fn take_up_by_ticket(scene: &Scene, session: &Agreed) -> Result<Talk, Absent> {
    let resumable = session.resumable();
    let ticket = resumable.ticket.as_ref();
    if ticket.is_none_or(|ticket| ticket.ticket.is_empty()) {
        return Err(Absent::Withheld("the server gives no tickets".to_owned()));
    }
    let mut hello = hello(scene)?;
    let session_id = crate::audit::random();
    resumable.by_ticket(&mut hello, session_id.get(..SHORT_SESSION_ID).unwrap_or_default());
    let patience = scene.line.patience().answer;
    let conversation = Conversation::new(hello, Some(resumable), Inside::Nothing, patience);
    Ok(play(scene, conversation.ending_with(Flaw::Mac)).await)
}

fn agreed(talk: &Talk) -> Result<&Agreed, Absent> {
    talk.first().ok_or_else(|| Absent::NotTried(format!("no session came about: {}", talk.why_not())))
}

/// Whether a session came about, and was not the one that was asked for.
fn is_refused(talk: &Talk) -> bool {
    talk.first().is_some_and(|agreed| !agreed.resumed)
}
