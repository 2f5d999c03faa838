//! JARM: ten hellos, and a value of what a server answers to each. Thirty characters stand for suites and versions, so that values of
//! like servers look alike; the rest is a digest of protocols and extensions.

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use futures_util::future::join_all;
use portreeve_model::tls::Fingerprint;

use super::jarm_hellos::{hellos, numbered};
use crate::audit::{Scene, random};
use crate::exchange::{End, Transcript};

/// As much of an answer as JARM reads.
const READ: usize = 1484;
/// Characters of a value.
const LENGTH: usize = 62;

/// Asks ten times.
///
/// # Errors
/// Why it could not be made: an answer did not come.
pub async fn jarm(scene: &Scene) -> Result<Fingerprint, String> {
    let name = scene.greeting.server_name.as_deref().unwrap_or(&scene.host);
    let hellos = hellos(name, &mut random);
    let answers = join_all(hellos.iter().map(|hello| scene.ask(hello))).await;
    let answers: Vec<Option<Answer>> =
        answers.iter().enumerate().map(|(place, heard)| judged(place, heard)).collect::<Result<_, _>>()?;
    Ok(of_answers(&answers))
}

/// What one hello was answered; none of a refusal.
fn judged(place: usize, heard: &Transcript) -> Result<Option<Answer>, String> {
    let why = match heard.end() {
        Some(End::Silent(patience)) if heard.received_length() == 0 => {
            format!("nothing came within {:.1} s", patience.as_secs_f64())
        }
        Some(End::NotConnected(_, why) | End::NotTried(why) | End::Failed(why)) => why.clone(),
        _ => {
            let received = heard.received();
            return Ok(Answer::read(received.get(..received.len().min(READ)).unwrap_or_default()));
        }
    };
    Err(format!("The fingerprint JARM could not be made: to hello {} of 10 {why}.", place + 1))
}

/// What JARM keeps of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    suite: u16,
    version: u16,
    protocol: String,
    extensions: Vec<u16>,
}

impl Answer {
    /// Reads as JARM does: by places in the first bytes, not by the protocol. What it stumbles over is a refusal.
    fn read(bytes: &[u8]) -> Option<Self> {
        let two = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
        if (*bytes.first()?, *bytes.get(5)?) != (22, 2) {
            return None;
        }
        let session = usize::from(*bytes.get(43)?);
        let bare = Self {
            suite: two(session + 44)?,
            version: two(9)?,
            protocol: String::new(),
            extensions: Vec::new(),
        };
        let record = usize::from(two(3)?);
        // Without extensions the next message, or nothing, comes after the compression method.
        let is_bare = bytes.get(session + 47).is_none_or(|byte| *byte == 11)
            || bytes.get(session + 50..session + 53) == Some(&[0x0e, 0xac, 0x0b])
            || bytes.get(82..85) == Some(&[0x0f, 0xf0, 0x0b])
            || session + 42 >= record;
        if is_bare {
            return Some(bare);
        }
        let mut at = session + 49;
        let end = at + usize::from(two(session + 47)?);
        let (mut extensions, mut protocol) = (Vec::new(), None);
        while at + 1 < end {
            let kind = two(at)?;
            let length = usize::from(two(at + 2)?);
            let content = bytes.get(at + 4..bytes.len().min(at + 4 + length)).unwrap_or_default();
            extensions.push(kind);
            if kind == 16 && protocol.is_none() {
                // After the lengths of the list and of its one name.
                let name = content.get(3..).unwrap_or_default();
                protocol = Some(String::from_utf8(name.to_vec()).ok().filter(|_| length > 0)?);
            }
            at += 4 + length;
        }
        Some(Self { protocol: protocol.unwrap_or_default(), extensions, ..bare })
    }

    /// The answer as JARM writes it.
    fn written(answer: Option<&Self>) -> String {
        let Some(Self { suite, version, protocol, .. }) = answer else { return "|||".to_owned() };
        let extensions = answer.map(Self::written_extensions).unwrap_or_default();
        format!("{suite:04x}|{version:04x}|{protocol}|{extensions}")
    }

    fn written_extensions(&self) -> String {
        self.extensions.iter().map(|kind| format!("{kind:04x}")).collect::<Vec<_>>().join("-")
    }

    /// Three characters: the place of the suite, from 1, and a letter for the version.
    fn digits(answer: Option<&Self>, suites: &[u16]) -> String {
        let Some(answer) = answer else { return "000".to_owned() };
        let place = suites.iter().position(|suite| *suite == answer.suite).unwrap_or(suites.len()) + 1;
        let letter = match answer.version & 0x0f {
            minor @ 0..=5 => char::from_digit(u32::from(minor) + 10, 16).unwrap_or('0'),
            _ => '0',
        };
        format!("{place:02x}{letter}")
    }
}

/// The value of ten answers.
fn of_answers(answers: &[Option<Answer>]) -> Fingerprint {
    let written: Vec<String> = answers.iter().map(|answer| Answer::written(answer.as_ref())).collect();
    let source = written.join(",");
    let value = if answers.iter().all(Option::is_none) {
        "0".repeat(LENGTH)
    } else {
        let suites = numbered();
        let digits: String = answers.iter().map(|answer| Answer::digits(answer.as_ref(), &suites)).collect();
        let parts = answers.iter().flatten().flat_map(|one| [one.protocol.clone(), one.written_extensions()]);
        let digest = digest::digest(&digest::SHA256, parts.collect::<String>().as_bytes());
        digits + &HEXLOWER.encode(digest.as_ref().get(..16).unwrap_or_default())
    };
    Fingerprint { method: "jarm".to_owned(), value, source: Some(source) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// The value of this was computed by an independent implementation.
    const SOURCE: &str = "c02b|0303|h2|ff01-0000-0001-000b-0023-0010-0017,\
        c02b|0303|h2|ff01-0000-0001-000b-0023-0010-0017,|||,cca9|0303||ff01-000b,\
        c013|0301|http/1.1|ff01-0010,002f|0300||,1302|0303||0033-002b,1301|0303||002b-0033,|||,cafe|0302|h2|0010";
    const VALUE: &str = "27d27d00040d21b06a42d41d00046c75c54eacc099ac675f3c99fc069f9b80";

    fn answer(written: &str) -> Option<Answer> {
        let [suite, version, protocol, extensions] =
            written.split('|').collect::<Vec<_>>().try_into().unwrap();
        let number = |text: &str| u16::from_str_radix(text, 16).ok();
        Some(Answer {
            suite: number(suite)?,
            version: number(version)?,
            protocol: protocol.to_owned(),
            extensions: extensions.split('-').filter_map(number).collect(),
        })
    }

    #[test]
    fn a_value_is_made_of_ten_answers() {
        let answers: Vec<Option<Answer>> = SOURCE.split(',').map(answer).collect();
        let made = of_answers(&answers);
        assert_eq!((made.source.as_deref(), made.value.as_str()), (Some(SOURCE), VALUE));
        let refused = of_answers(&vec![None; 10]);
        assert_eq!(refused.value, "0".repeat(62));
    }

    /// A hello of a record: version, session of so many bytes, suite, what comes after the compression method.
    fn hello(session: u8, rest: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(session);
        body.extend(vec![8; session.into()]);
        body.extend([0xc0, 0x2f, 0]);
        body.extend(rest);
        let length = u8::try_from(body.len()).unwrap();
        [&[22, 3, 3, 0, length + 4, 2, 0, 0, length][..], &body].concat()
    }

    #[test]
    fn answers_are_read_as_jarm_reads_them() {
        let bare = answer("c02f|0303||");
        let full = hello(32, &[0, 15, 0xff, 1, 0, 1, 0, 0, 16, 0, 5, 0, 3, 2, b'h', b'2', 9, 9]);
        assert_eq!(Answer::read(&full), answer("c02f|0303|h2|ff01-0010"));
        assert_eq!(Answer::read(&hello(0, &[])), bare);
        // The next message in the same record, and in the next one.
        assert_eq!(Answer::read(&hello(0, &[11, 0, 0, 3])), bare);
        assert_eq!(Answer::read(&[hello(0, &[]), vec![22, 3, 3, 0, 1, 11]].concat()), bare);
        // An alert, even one that only warns; a protocol that is no text; another protocol; nothing.
        for refused in [&[21, 3, 3, 0, 2, 1, 112][..], b"HTTP/1.1 400", b""] {
            assert_eq!(Answer::read(refused), None);
        }
        assert_eq!(Answer::read(&hello(0, &[0, 8, 0, 16, 0, 4, 0, 2, 1, 0xff])), None);
        assert_eq!(Answer::read(&hello(0, &[0, 4, 0, 16, 0, 0])), None);
    }

    #[test]
    fn without_an_answer_there_is_no_value() {
        let mut silent = Transcript::default();
        silent.finish(End::Silent(Duration::from_secs(4)));
        let why = judged(2, &silent).unwrap_err();
        assert_eq!(
            why,
            "The fingerprint JARM could not be made: to hello 3 of 10 nothing came within 4.0 s."
        );
        let mut closed = Transcript::default();
        closed.finish(End::Closed);
        assert_eq!(judged(0, &closed), Ok(None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..60_usize) {
            let _ = Answer::read(&bytes);
            let mut mixed = hello(0, &[0, 15, 0xff, 1, 0, 1, 0, 0, 16, 0, 5, 0, 3, 2, b'h', b'2', 9, 9]);
            let end = mixed.len().min(at + bytes.len());
            mixed.splice(at.min(end)..end, bytes);
            let _ = Answer::read(&mixed);
        }
    }
}
