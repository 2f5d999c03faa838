//! What a script may do.

use std::time::Duration;

use super::Transcript;

/// The next thing to be done on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Send these bytes.
    Send(Vec<u8>),
    /// Wait for more from the server, this long at most; silence ends the exchange as [`super::End::Silent`].
    Listen(Duration),
    /// Wait this long at most; silence is as good an answer as another, and the script is asked again.
    Pause(Duration),
    /// Shut down the sending side, and go on listening.
    Finish,
    /// It has heard enough.
    Close,
}

/// A plan for one connection.
pub trait Script: Send {
    /// What comes next, given everything so far. Asked again after every move; never after the connection ended.
    fn next(&mut self, heard: &Transcript) -> Move;
}

impl<S: Script + ?Sized> Script for Box<S> {
    fn next(&mut self, heard: &Transcript) -> Move {
        (**self).next(heard)
    }
}

/// One script, and where it would close, another on the same connection.
#[derive(Clone, Debug)]
pub struct Then<A, B> {
    first: Option<A>,
    second: B,
}

/// The first script and then the second, which sees the transcript of the first.
pub fn then<A: Script, B: Script>(first: A, second: B) -> Then<A, B> {
    Then { first: Some(first), second }
}

impl<A: Script, B: Script> Script for Then<A, B> {
    fn next(&mut self, heard: &Transcript) -> Move {
        if let Some(first) = &mut self.first {
            match first.next(heard) {
                Move::Close => self.first = None,
                other => return other,
            }
        }
        self.second.next(heard)
    }
}
