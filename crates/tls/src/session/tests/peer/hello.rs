//! A client's hello, read.

use std::collections::HashMap;

use portreeve_wire::tls::ExtensionType;

pub(super) struct Hello {
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    pub(super) suites: Vec<u16>,
    pub(super) extensions: HashMap<u16, Vec<u8>>,
}

impl Hello {
    pub(super) fn read(body: &[u8]) -> Self {
        let number = |at: usize| u16::from_be_bytes([body[at], body[at + 1]]);
        let session_id = body[35..35 + usize::from(body[34])].to_vec();
        let mut at = 35 + session_id.len();
        let end = at + 2 + usize::from(number(at));
        let suites = (at + 2..end).step_by(2).map(number).collect();
        at = end + 1 + usize::from(body[end]) + 2;
        let mut extensions = HashMap::new();
        while at + 4 <= body.len() {
            let length = usize::from(number(at + 2));
            extensions.insert(number(at), body[at + 4..at + 4 + length].to_vec());
            at += 4 + length;
        }
        Self { random: body[2..34].try_into().unwrap(), session_id, suites, extensions }
    }

    pub(super) fn has(&self, kind: ExtensionType) -> bool {
        self.extensions.contains_key(&kind.value())
    }
}
