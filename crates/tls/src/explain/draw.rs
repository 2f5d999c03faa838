//! A handshake with a server, drawn.

use std::net::SocketAddr;
use std::time::Duration;

use portreeve_model::tls::{Explanation, Party, Step, Support};
use portreeve_wire::tls::messages::{ExchangeKey, ServerKeyExchange};
use portreeve_wire::tls::{HandshakeType, NamedGroup, ServerHello, Suite, Version};

use super::conversation::Conversation;
use super::said::{Said, What};
use super::secrets::Secrets;
use super::wanted::Explain;
use super::{Recording, Wish, record, shown};
use crate::audit::Scene;
use crate::exchange::Turn;

/// The versions that a whole handshake can be made in.
const WHOLE: [Version; 2] = [Version::Tls12, Version::Tls13];
/// As many steps are drawn: a server may send tickets for ever.
const MOST_STEPS: usize = 64;

/// Explains what the options ask for, or says why there is nothing to draw.
pub async fn explain(scene: &Scene) -> Vec<Explanation> {
    if scene.options.explain == Explain::No {
        return Vec::new();
    }
    vec![asked_for(scene).await.unwrap_or_else(|why| nothing(&why))]
}

/// # Errors
/// Why there is no handshake to draw.
async fn asked_for(scene: &Scene) -> Result<Explanation, String> {
    let known = &scene.known;
    let version = match scene.options.explain {
        Explain::Version(version) => version,
        Explain::Best | Explain::No => match known.spoken().last() {
            Some(best) => best.version,
            None => match scene.line.spent().or_else(|| known.nothing_agreed()) {
                Some(why) => return Err(why),
                None => Version::Tls13,
            },
        },
    };
    if !WHOLE.contains(&version) {
        return match known.version(version) {
            Some(one) if one.support == Support::Yes => Ok(explain_hello(scene, version).await),
            Some(one) if one.support == Support::No => {
                Err(format!("the server does not speak {version} ({})", one.why_unknown()))
            }
            Some(one) => {
                Err(format!("whether the server speaks {version} is not known ({})", one.why_unknown()))
            }
            None => Err(format!("{version} was not asked for")),
        };
    }
    let _place = scene.line.connection().await?;
    let (address, patience) = (scene.address(), scene.line.patience());
    let name = scene.greeting.server_name.clone();
    // The best is what the server chooses of all that a modern client offers.
    let offered = (scene.options.explain != Explain::Best).then_some(version);
    let made = tokio::task::spawn_blocking(move || {
        explain_handshake(address, name.as_deref(), offered, patience.answer)
    });
    made.await.map_err(|error| format!("it failed on this side: {error}"))
}

fn nothing(why: &str) -> Explanation {
    let outcome = format!("There is no handshake to draw: {why}.");
    Explanation { outcome, ..draw(&[], &Secrets::default()) }
}

/// Makes a handshake and explains it. Blocks; no step waits longer than `patience`.
pub fn explain_handshake(
    address: SocketAddr,
    name: Option<&str>,
    version: Option<Version>,
    patience: Duration,
) -> Explanation {
    let alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let recording = record(address, name, &Wish { version, alpn, ech: None, to_the_end: true }, patience);
    let Recording { turns, secrets, ending, proof, .. } = recording;
    let mut drawn = draw(&turns, &secrets);
    if let Some(Ok(())) = proof {
        drawn
            .checked
            .push("the server's signature is by the key of its certificate, over this handshake".to_owned());
    }
    if let Some(Err(why)) = proof {
        drawn.outcome = format!("The server's signature is wrong: {why}.");
    } else if let Err(why) = ending {
        drawn.outcome = format!("The handshake failed: {why}.");
    }
    drawn
}

/// Of a version that no modern library speaks, what is sent before there are keys.
async fn explain_hello(scene: &Scene, version: Version) -> Explanation {
    let suites = scene.known.version(version).map(|known| known.suites.clone()).unwrap_or_default();
    let heard = scene.ask(&scene.greeting.hello(version, &suites)).await;
    let mut drawn = draw(heard.turns(), &Secrets::default());
    drawn.outcome =
        format!("This program goes no further in {version}, which is withdrawn: what follows needs keys.");
    drawn
}

fn draw(turns: &[Turn], secrets: &Secrets) -> Explanation {
    let said = Conversation::of(turns, secrets);
    let agreed = said.last().map(|last| last.agreed).unwrap_or_default();
    let steps: Vec<Step> =
        said.iter().take(MOST_STEPS).enumerate().map(|(at, said)| shown::step(at + 1, said)).collect();
    Explanation {
        version: agreed.version.map(|version| version.to_string()),
        suite: agreed.suite.map(|suite| suite.to_string()),
        group: said
            .iter()
            .filter_map(|said| group(said, agreed.suite?))
            .next_back()
            .map(|group| group.to_string()),
        checked: said.iter().filter_map(checked).collect(),
        outcome: outcome(&said),
        steps,
    }
}

/// The group of a message that names one.
fn group(said: &Said, suite: Suite) -> Option<NamedGroup> {
    let body = said.bytes.get(4..)?;
    match said.what {
        What::Handshake(HandshakeType::ServerHello) => ServerHello::of_body(body)?.group(),
        What::Handshake(HandshakeType::ServerKeyExchange) => {
            match ServerKeyExchange::decode(body, suite, said.agreed.version?)?.key {
                ExchangeKey::Curve { group, .. } => Some(group),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What was computed again and agrees.
fn checked(said: &Said) -> Option<String> {
    if said.what != What::Handshake(HandshakeType::Finished) || said.proves != Some(true) {
        return None;
    }
    let whose = if said.party == Party::Client { "client" } else { "server" };
    Some(format!("the {whose}'s Finished is what the bytes before it come to"))
}

fn outcome(said: &[Said]) -> String {
    let finished = |party| {
        said.iter().any(|one| one.party == party && one.what == What::Handshake(HandshakeType::Finished))
    };
    match said.iter().find(|one| one.proves == Some(false)) {
        Some(_) => "A Finished does not agree with the bytes that are drawn here.".to_owned(),
        None if finished(Party::Client) && finished(Party::Server) => {
            "Both sides finished: data can be sent.".to_owned()
        }
        None => "The handshake did not come to its end.".to_owned(),
    }
}
