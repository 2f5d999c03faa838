//! A client's hello, as far as the server looks at it.

use portreeve_wire::tls::{Suite, Version};

/// What a client offers.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    /// The version in the message.
    pub version: Version,
    /// The client's random.
    pub random: [u8; 32],
    /// Suites.
    pub suites: Vec<Suite>,
    /// Compression methods.
    pub compression: Vec<u8>,
    /// Extensions: number and content.
    pub extensions: Vec<(u16, Vec<u8>)>,
}

impl Hello {
    /// Of the body of the message.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let mut rest = body;
        let version = number(take(&mut rest, 2)?);
        let random = *take(&mut rest, 32)?.first_chunk()?;
        let session = usize::from(*take(&mut rest, 1)?.first()?);
        take(&mut rest, session)?;
        let length = number(take(&mut rest, 2)?);
        let suites = take(&mut rest, length.into())?.chunks_exact(2).map(|two| Suite(number(two))).collect();
        let length = usize::from(*take(&mut rest, 1)?.first()?);
        let compression = take(&mut rest, length)?.to_vec();
        let mut extensions = Vec::new();
        if !rest.is_empty() {
            take(&mut rest, 2)?;
            while !rest.is_empty() {
                let kind = number(take(&mut rest, 2)?);
                let length = number(take(&mut rest, 2)?);
                extensions.push((kind, take(&mut rest, length.into())?.to_vec()));
            }
        }
        Some(Self { version: version.into(), random, suites, compression, extensions })
    }

    /// Whether it has an extension.
    pub(crate) fn has(&self, kind: u16) -> bool {
        self.extensions.iter().any(|(one, _)| *one == kind)
    }
}

fn number(two: &[u8]) -> u16 {
    u16::from_be_bytes(*two.first_chunk().unwrap())
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    Some(head)
}
