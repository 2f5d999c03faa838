//! The first records of a TLS server.

use portreeve_wire::tls::{Alert, Answer, ClientHello, Record, Records, ServerHello, Suite, Version};

/// Reads `data` as records, as an answer and as one message; makes a hello of it.
pub fn run(data: &[u8]) {
    let mut length = 0;
    for record in Records::new(data) {
        length += 5 + record.fragment.len();
        let _alert = Alert::of(&record);
    }
    assert!(length <= data.len(), "records are parts of the bytes");
    if let Ok(Answer::Alert(alert)) = Answer::decode(data) {
        assert!(length > 0, "an alert is a whole record: {alert:?}");
    }
    let _message = ServerHello::decode(data);
    hello(data);
}

/// Whatever is offered is one whole record.
fn hello(data: &[u8]) {
    let suites: Vec<Suite> =
        data.chunks_exact(2).take(200).map(|two| Suite(u16::from_be_bytes([two[0], two[1]]))).collect();
    let name = String::from_utf8_lossy(data);
    for version in [Version::Ssl3, Version::Tls12] {
        let bytes =
            ClientHello::of_old_client(version, &suites, Some(&name), [7; 32]).encode();
        let (_, rest) = Record::decode(&bytes).expect("a hello is a record");
        assert!(rest.is_empty(), "nothing comes after it");
    }
}
