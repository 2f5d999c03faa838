//! A script against a server that is a function: for tests, and for transcripts that were recorded.

use std::time::Duration;

use super::{End, Move, Script, Transcript};

/// More moves than any script makes: one that never ends is ended.
const MOVES: usize = 10_000;

/// Plays a script. `server` is given everything that was sent since it was asked last, empty where the script listens on, and answers with
/// what it sends; an empty answer is silence, none closes.
pub fn replay(script: &mut dyn Script, server: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Transcript {
    let mut heard = Transcript::default();
    let mut said: Vec<u8> = Vec::new();
    for step in 0..MOVES {
        let at = Duration::from_millis(step as u64);
        let patience = match script.next(&heard) {
            Move::Send(bytes) => {
                said.extend_from_slice(&bytes);
                heard.say(bytes, at);
                continue;
            }
            Move::Finish => continue,
            Move::Close => {
                heard.finish(End::Done);
                break;
            }
            Move::Listen(patience) => Some(patience),
            Move::Pause(_) => None,
        };
        match (server(&std::mem::take(&mut said)), patience) {
            (None, _) => heard.finish(End::Closed),
            (Some(bytes), Some(patience)) if bytes.is_empty() => heard.finish(End::Silent(patience)),
            (Some(bytes), _) => heard.hear(&bytes, at),
        }
        if heard.end().is_some() {
            break;
        }
    }
    heard.finish(End::Failed("the script does not end".to_owned()));
    heard
}
