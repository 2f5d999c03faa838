//! What a server sends that wants no good: nothing of it is believed, and nothing of it ends the program.

use portreeve_wire::tls::{ContentType, Suite, Version, records};
use proptest::collection::vec;
use proptest::prelude::*;

use super::peer::{Memory, Peer};
use crate::session::{
    AeadCipher, BlockCipher, Client, Entropy, Hash, Keys, Opener, Protection, Sealer, StreamCipher, Terms,
};
use portreeve_wire::tls::ClientHello;

fn protection() -> impl Strategy<Value = Protection> {
    let aead = prop_oneof![
        Just(AeadCipher::Aes128Gcm),
        Just(AeadCipher::Aes256Gcm),
        Just(AeadCipher::ChaCha20Poly1305)
    ];
    let block =
        prop_oneof![Just(BlockCipher::Aes128), Just(BlockCipher::Aes256), Just(BlockCipher::TripleDes)];
    let stream = prop_oneof![Just(StreamCipher::Rc4), Just(StreamCipher::Null)];
    let hash = prop_oneof![Just(Hash::Sha1), Just(Hash::Sha256), Just(Hash::Sha384)];
    let mac = prop_oneof![Just(Hash::Md5), Just(Hash::Sha1)];
    prop_oneof![
        aead.prop_map(Protection::Aead),
        (block, hash).prop_map(|(cipher, hash)| Protection::Block(cipher, hash)),
        (stream, mac).prop_map(|(cipher, hash)| Protection::Stream(cipher, hash)),
    ]
}

fn terms() -> impl Strategy<Value = (Terms, Keys)> {
    let version = prop_oneof![Just(Version::Tls10), Just(Version::Tls11), Just(Version::Tls12)];
    (version, protection(), any::<bool>(), any::<[u8; 32]>()).prop_map(|(version, protection, late, seed)| {
        let terms = Terms { version, protection, encrypt_then_mac: late };
        let block = Entropy::of_seed(seed).bytes(terms.key_block_length());
        (terms, terms.cut(&block).0)
    })
}

proptest! {
    #[test]
    fn what_is_sealed_opens_and_what_is_changed_does_not(
        (terms, keys) in terms(),
        texts in vec(vec(any::<u8>(), 0..300), 1..4),
        place in any::<prop::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let mut sealer = Sealer::new(terms, &keys, Entropy::of_seed([1; 32])).unwrap();
        let mut opener = Opener::new(terms, &keys).unwrap();
        for text in &texts {
            let record = sealer.seal(ContentType::ApplicationData, text).unwrap();
            let mut changed = record[5..].to_vec();
            changed[place.index(record.len() - 5)] ^= change;
            prop_assert_eq!(opener.clone().open(ContentType::ApplicationData, &changed), None);
            prop_assert_eq!(opener.clone().open(ContentType::Alert, &record[5..]), None);
            prop_assert_eq!(opener.open(ContentType::ApplicationData, &record[5..]), Some(text.clone()));
        }
    }

    #[test]
    fn no_bytes_end_the_opener((terms, keys) in terms(), bytes in vec(any::<u8>(), 0..200)) {
        let mut opener = Opener::new(terms, &keys).unwrap();
        prop_assert_eq!(opener.open(ContentType::Handshake, &bytes), None);
    }

    #[test]
    fn no_bytes_make_a_session(pieces in vec((20..25_u8, vec(any::<u8>(), 0..80)), 0..8)) {
        let mut client = Client::new(Entropy::of_seed([2; 32]));
        client.begin(ClientHello::new(Version::Tls12, vec![Suite(0xc02f)], [3; 32]), None);
        for (content, bytes) in pieces {
            client.hear(&records(ContentType::from(content), Version::Tls12, &bytes));
        }
        prop_assert!(client.agreed().is_empty());
    }

    #[test]
    fn a_changed_flight_makes_no_other_session(
        place in any::<prop::sample::Index>(),
        change in 1..=255_u8,
        pieces in 1..40_usize,
    ) {
        let peer = Peer::default();
        let mut connection = peer.connection(Memory::default());
        let mut client = Client::new(Entropy::of_seed([4; 32]));
        let said = client.begin(ClientHello::new(Version::Tls12, vec![peer.suite], [5; 32]), None);
        let mut flight = connection.hear(&said).unwrap();
        let at = place.index(flight.len());
        flight[at] ^= change;
        let answer: Vec<u8> = flight.chunks(pieces).flat_map(|piece| client.hear(piece)).collect();
        // A client that answers has derived keys from what was changed: the server's proof would not fit.
        prop_assert!(client.agreed().is_empty());
        prop_assert!(client.failure().is_some() || client.is_over() || !answer.is_empty() || client.is_handshaking());
    }
}
