//! A dump: one request, many messages, and an end that says whether they belong together.

use portreeve_wire::WireError;
use portreeve_wire::netlink::{Class, Message, Messages, NLM_F_DUMP_INTR};
use rustix::io::Errno;

use super::Channel;

/// How often an interrupted dump is begun again before what it gave is taken as it is.
const ATTEMPTS: u32 = 4;

/// What a dump gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump<T> {
    /// The decoded messages.
    pub items: Vec<T>,
    /// The kernel said each time that its tables changed in between (`NLM_F_DUMP_INTR`): items may be missing or
    /// doubled.
    pub inconsistent: bool,
    /// Messages that could not be decoded, and the first reason.
    pub malformed: Option<(u32, WireError)>,
}

/// Why a dump, or a question, gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetlinkError {
    /// The kernel answered with an error.
    #[error("the kernel refused the request: {0}")]
    Refused(Errno),
    /// Sending or receiving failed.
    #[error("netlink transport failed: {0}")]
    Transport(Errno),
    /// The request could not be built.
    #[error("request cannot be encoded: {0}")]
    Request(WireError),
    /// The answer could not be decoded.
    #[error("the answer cannot be decoded: {0}")]
    Answer(WireError),
    /// The kernel said that messages were lost.
    #[error("the kernel lost messages of the dump")]
    Overrun,
}

impl NetlinkError {
    /// The errno behind it, if there is one.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused(errno) | Self::Transport(errno) => Some(*errno),
            Self::Request(_) | Self::Answer(_) | Self::Overrun => None,
        }
    }
}

/// Runs a dump to its end, again when the kernel says that it was interrupted, at most four times.
///
/// `encode` builds the request for a sequence number; `decode` turns a message into an item (`Ok(None)` skips it).
///
/// # Errors
/// [`NetlinkError`]; a message that `decode` cannot read is no error but counted in [`Dump::malformed`].
pub fn dump<T>(
    channel: &mut impl Channel,
    encode: impl Fn(u32) -> Result<Vec<u8>, WireError>,
    mut decode: impl FnMut(&Message<'_>) -> Result<Option<T>, WireError>,
) -> Result<Dump<T>, NetlinkError> {
    let mut result = Dump { items: Vec::new(), inconsistent: true, malformed: None };
    for attempt in 1..=ATTEMPTS {
        result.items.clear();
        result.malformed = None;
        let sequence = channel.next_sequence();
        let request = encode(sequence).map_err(NetlinkError::Request)?;
        channel.send(&request).map_err(NetlinkError::Transport)?;
        result.inconsistent = run(channel, sequence, &mut decode, &mut result)?;
        if !result.inconsistent {
            break;
        }
        tracing::debug!(attempt, "dump interrupted by a change of the kernel's tables");
    }
    Ok(result)
}

/// Reads to the end of one dump; the answer is whether it was interrupted.
fn run<T>(
    channel: &mut impl Channel,
    sequence: u32,
    decode: &mut impl FnMut(&Message<'_>) -> Result<Option<T>, WireError>,
    into: &mut Dump<T>,
) -> Result<bool, NetlinkError> {
    let mut interrupted = false;
    loop {
        let buffer = channel.receive().map_err(|errno| match errno {
            Errno::NOBUFS => NetlinkError::Overrun,
            other => NetlinkError::Transport(other),
        })?;
        for message in Messages::new(buffer) {
            let message = match message {
                Ok(message) => message,
                Err(error) => {
                    note(into, error);
                    break;
                }
            };
            // An earlier, abandoned dump may still have answers under way.
            if message.header.seq != sequence {
                continue;
            }
            interrupted |= message.header.has(NLM_F_DUMP_INTR);
            match message.classify() {
                Ok(Class::Noop) => {}
                Ok(Class::Done { errno: 0 }) => return Ok(interrupted),
                Ok(Class::Error(error)) if error.errno == 0 => {}
                Ok(Class::Done { errno }) => {
                    return Err(NetlinkError::Refused(Errno::from_raw_os_error(errno)));
                }
                Ok(Class::Error(error)) => {
                    return Err(NetlinkError::Refused(Errno::from_raw_os_error(error.errno)));
                }
                Ok(Class::Overrun) => return Err(NetlinkError::Overrun),
                Ok(Class::Data) => match decode(&message) {
                    Ok(Some(item)) => into.items.push(item),
                    Ok(None) => {}
                    Err(error) => note(into, error),
                },
                Err(error) => note(into, error),
            }
        }
    }
}

fn note<T>(into: &mut Dump<T>, error: WireError) {
    let (count, first) = into.malformed.unwrap_or((0, error));
    into.malformed = Some((count.saturating_add(1), first));
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use portreeve_wire::netlink::{NLM_F_DUMP, NLM_F_REQUEST, fixed_request};

    use super::*;

    /// Answers each request with the next scripted list of buffers.
    struct Script {
        answers: VecDeque<Vec<Vec<u8>>>,
        pending: VecDeque<Vec<u8>>,
        current: Vec<u8>,
        sequence: u32,
    }

    impl Script {
        fn new(answers: Vec<Vec<Vec<u8>>>) -> Self {
            Self { answers: answers.into(), pending: VecDeque::new(), current: Vec::new(), sequence: 0 }
        }
    }

    impl Channel for Script {
        fn send(&mut self, _: &[u8]) -> Result<(), Errno> {
            self.pending = self.answers.pop_front().ok_or(Errno::PIPE)?.into();
            Ok(())
        }
        fn receive(&mut self) -> Result<&[u8], Errno> {
            self.current = self.pending.pop_front().ok_or(Errno::AGAIN)?;
            Ok(&self.current)
        }
        fn next_sequence(&mut self) -> u32 {
            self.sequence += 1;
            self.sequence
        }
    }

    fn item(sequence: u32, flags: u16, value: u32) -> Vec<u8> {
        fixed_request(20, flags, sequence, value.to_ne_bytes())
    }

    fn done(sequence: u32, flags: u16) -> Vec<u8> {
        fixed_request(3, flags, sequence, 0_i32.to_ne_bytes())
    }

    fn failed(sequence: u32, errno: i32) -> Vec<u8> {
        let mut body = [0; 20];
        body[..4].copy_from_slice(&(-errno).to_ne_bytes());
        body[4] = 16;
        fixed_request(2, 0, sequence, body)
    }

    fn run_script(answers: Vec<Vec<Vec<u8>>>) -> Result<Dump<u32>, NetlinkError> {
        dump(
            &mut Script::new(answers),
            |sequence| Ok(fixed_request(20, NLM_F_REQUEST | NLM_F_DUMP, sequence, [0; 4])),
            |message| match message.payload {
                [a, b, c, d] => Ok(Some(u32::from_ne_bytes([*a, *b, *c, *d]))),
                _ => Err(WireError::Missing { what: "value" }),
            },
        )
    }

    #[test]
    fn several_buffers_make_one_dump() {
        let first = [item(1, 2, 7), item(1, 2, 8)].concat();
        let second = [item(1, 2, 9), done(1, 2)].concat();
        let dump = run_script(vec![vec![first, second]]).unwrap();
        assert_eq!(dump, Dump { items: vec![7, 8, 9], inconsistent: false, malformed: None });
    }

    #[test]
    fn an_interrupted_dump_is_begun_again_and_its_items_are_not_doubled() {
        let dump = run_script(vec![
            vec![[item(1, NLM_F_DUMP_INTR, 7), done(1, 0)].concat()],
            vec![[item(2, 0, 7), item(2, 0, 8), done(2, 0)].concat()],
        ])
        .unwrap();
        assert_eq!(dump, Dump { items: vec![7, 8], inconsistent: false, malformed: None });
    }

    #[test]
    fn a_dump_that_never_holds_still_is_reported_as_inconsistent() {
        let attempt = |sequence| vec![[item(sequence, 0, 7), done(sequence, NLM_F_DUMP_INTR)].concat()];
        let dump = run_script((1..=4).map(attempt).collect()).unwrap();
        assert_eq!(dump, Dump { items: vec![7], inconsistent: true, malformed: None });
    }

    #[test]
    fn refusals_carry_their_errno() {
        assert_eq!(run_script(vec![vec![failed(1, 2)]]), Err(NetlinkError::Refused(Errno::NOENT)));
    }

    #[test]
    fn answers_to_an_earlier_request_are_passed_over() {
        let dump = run_script(vec![vec![[item(9, 0, 1), item(1, 0, 2), done(1, 0)].concat()]]).unwrap();
        assert_eq!(dump.items, vec![2]);
    }

    #[test]
    fn damaged_messages_are_counted_and_the_rest_is_kept() {
        let odd = fixed_request(20, 0, 1, [0; 8]);
        let dump = run_script(vec![vec![[item(1, 0, 1), odd, item(1, 0, 2), done(1, 0)].concat()]]).unwrap();
        assert_eq!(dump.items, vec![1, 2]);
        assert_eq!(dump.malformed, Some((1, WireError::Missing { what: "value" })));
        // A buffer cut in the middle of a message loses that message only.
        let mut cut = item(1, 0, 1);
        cut.extend_from_slice(&item(1, 0, 2)[..10]);
        let dump = run_script(vec![vec![cut, done(1, 0)]]).unwrap();
        assert_eq!((dump.items, dump.malformed.map(|(count, _)| count)), (vec![1], Some(1)));
    }
}
