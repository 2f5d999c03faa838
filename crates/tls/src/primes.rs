//! Primes of Diffie and Hellman's that many servers share, by their names.
//!
//! What it takes to break one prime is spent once, for all who use it (Adrian et al., "Imperfect Forward Secrecy", 2015): a shared prime of
//! 1024 bits is worth the effort. Groups of 2048 bits and more are named, too, so that reports can say which one is in use.

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use portreeve_wire::magnitude::trimmed;

/// The name of a prime that is widely shared; big-endian, zeros before it do not matter.
pub fn known(prime: &[u8]) -> Option<&'static str> {
    let hash = HEXLOWER.encode(digest::digest(&digest::SHA256, trimmed(prime)).as_ref());
    let place = PRIMES.binary_search_by_key(&hash.as_str(), |(hash, _)| hash).ok()?;
    PRIMES.get(place).map(|(_, name)| *name)
}

/// SHA-256 of the prime without zeros before it, in order.
const PRIMES: &[(&str, &str)] = &[
    ("0a64b51e01fbccd80d5c45d6c40b1eb7ff66f13c3b4ebf0a4c0a60c1b3bf49cc", "ProFTPD, 1024 bits"),
    (
        "0b7835722cb619827610c2549fdda5587421686c4409a13865e76225522ddcc9",
        "RFC 5114, 2048 bits, subgroup of 256",
    ),
    ("0ea9ef1fd4b42cff37a02344a1097ca697054fa0c5ef9c624360cdde80c51697", "ProFTPD, 1024 bits"),
    ("0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17", "ffdhe3072 (RFC 7919)"),
    (
        "196085cb4281d1ff18efaad097bc1ec0af2581444026a6a3018b1479f6d89cdb",
        "a prime that many servers share (weakdh.org), 1024 bits",
    ),
    ("20ce5e9531472e234e1ef76788a6f5f5da9d3ee746de9901fb962b6a1bf76f6f", "Postfix, 1024 bits"),
    ("227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7", "ffdhe6144 (RFC 7919)"),
    (
        "2b07d24b932aa7a015c45a3f06e75ba71cb8cff8d33980acebf628afff1c101e",
        "a prime that many servers share (weakdh.org), 1024 bits",
    ),
    ("3576d07c0658c0230f4e4a4ad3255c68b12da40ae85e9bbe31f0361521f94c79", "ProFTPD, 1024 bits"),
    ("39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf", "group 18 (RFC 3526), 8192 bits"),
    ("3b37d357836b4c0b81ae99d4bb204f5fb3b3cc53a79a4660db1499062a7c8d47", "Postfix, 1024 bits"),
    ("3cdb020b9ef298b2f3f6cf5a872af527337bf7b9f654b2e70c49da16a4d24137", "Apache 2.0, 512 bits"),
    (
        "3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0",
        "Oakley group 2 (RFC 2409), 1024 bits",
    ),
    ("449ab49c277d21a601e806df3064d6e4b3040045110efe26b85d12e88ae9355a", "Postfix, 512 bits"),
    ("44c55cfee5c075927cf682da5b681bdecbd5c3eb0784c14f5dce7610f0ef133d", "RFC 5114, 1024 bits"),
    ("4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e", "ffdhe4096 (RFC 7919)"),
    ("46ff79361993e5e6e9025cdfdb8d59af2a434714a48798450df9f9ff4c9e7558", "ProFTPD, 1024 bits"),
    ("486e235226a927b22b9389bf43377084cb9be4c303f08fd490613ab4d9dfbd31", "HAProxy, 1024 bits"),
    ("48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c", "group 15 (RFC 3526), 3072 bits"),
    ("4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33", "group 16 (RFC 3526), 4096 bits"),
    (
        "52d4faa53003b8349dac3e984a6423bc1ab6ab927f1855d94757185f71b5d97d",
        "a prime that many servers share (weakdh.org), 1024 bits",
    ),
    (
        "5f856a00120eee6d6b87ef8f596aefbbd284f8a611c8329a713d37cdec2a27b0",
        "a prime that many servers share (weakdh.org), 1024 bits",
    ),
    ("6215d41bb617b390082b066d6856f8b361d6c77f316a84301f7c9717a8681485", "SKIP, 1024 bits"),
    ("64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b", "group 5 (RFC 3526), 1536 bits"),
    ("66d0bf38b0bdfacf2fdae33f35102ab6079fd5ff0feff8e436a4063745c72739", "OpenSSL, 1024 bits"),
    ("6ab0cedf512ead33f4827d0a9aa9a4b8433cac5d2ee4ff340c4f38a816d94382", "ProFTPD, 1024 bits"),
    ("6b79f7880e90204b6f8cb64f4bea6ea6b4286941e1d81c18b8c20f968a3eb26a", "ProFTPD, 1024 bits"),
    ("6c863838510bab3e2093066fc14976f0265b0da72c465eb306018587b5df6b6a", "Postfix, 512 bits"),
    ("73b391ec8da33ee197aed17d7cfce1321b94e04c5b55b3c02c1c7198eb88715b", "Java, 512 bits"),
    (
        "74a5cce5b6a93eb755e2f48250dc7cb3ea529484af916e1368034b6f70eb25fc",
        "a prime that many servers share (weakdh.org), 1024 bits",
    ),
    ("770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833", "ffdhe8192 (RFC 7919)"),
    ("7dafc874c19963c0dd38e642bf1f3ad92d0fafd9a8db4651e5ff44903aef69c3", "Postfix, 768 bits"),
    (
        "80571b97f71f89727ab0c40bb73b4f01a420469abd814b7b35090c8d6dff62b0",
        "a prime that many servers share (weakdh.org), 1024 bits",
    ),
    ("80b421f627228225bc69d267f5f3d61e6a628fb6073ff12b898201817a9476fb", "ProFTPD, 1024 bits"),
    (
        "8523c72057043833089915168751620b02dd60206beaa3ddb65df468acc9584e",
        "a prime that many servers share (weakdh.org), 1024 bits",
    ),
    ("8ae47dca3d24e9b64640062686da234dcabada26b0da6f090c5449c1338d9a11", "nginx before 1.11.0, 1024 bits"),
    ("8b4fa096eb2414e26babeef0e3e68eb7a531eca3853a635f7e98007593d35ad6", "ProFTPD, 1024 bits"),
    ("984a91adb717c9753fd52ab8c4659b6f5915a0647385796d3ac367b86618eac4", "ProFTPD, 1024 bits"),
    ("9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966", "ffdhe2048 (RFC 7919)"),
    ("9f5e9f4e49f8499926f4bfd7cffcd0ecfb650a6ec35406bf70c378dfb3a25f5a", "ProFTPD, 1024 bits"),
    (
        "ac0ff7a415f003c6503d4c126f2929769e6f3f89c29efa450764212fa13e2069",
        "a prime that many servers share (weakdh.org), 1024 bits",
    ),
    (
        "ac10fa3c5965ca361c07b3511140eb0a5cc89d92417708b1c13d07dc24770e22",
        "socat before 1.7.3.1, 1024 bits and no prime",
    ),
    ("ad225f9367840e76af41a00757b85eada4ac49190ea6ec4e90a7114c1eb9d1de", "Postfix, 768 bits"),
    ("b36ac84e5fa8bd7a6363e1fb989456e430ac24bec3899ebd876c327f00a78609", "Postfix, 768 bits"),
    (
        "b52ba6a3026520a6c49d37e4587601801bee500123b3259b6bf03e7cecc3e63d",
        "Oakley group 1 (RFC 2409), 768 bits",
    ),
    ("b85e2291d140459398cf0cd25689409c3d2eb44c590634464b7b3ae613ec4712", "Postfix, 512 bits"),
    (
        "bc19c041491e550f381d09415a82e1b359410e8e243744cc545a342455f5fcd8",
        "a prime that many servers share (weakdh.org), 1024 bits",
    ),
    ("bc66927384785251c604a3836e40475664b425ef690d8fc9b770ba80095488d0", "Postfix, 512 bits"),
    ("bf910d9df4e0b2e76cda7443f592aa118e33ba2c224ebc27fb8978d873c8c2e3", "Apache 2.2, 1024 bits"),
    ("bfa876fe4671a9c696c8e256c13d7fadaa05c8991660e0924604ff7b239c6d1a", "Cisco IronPort, 1024 bits"),
    (
        "bfe545862ca102ad1eeddb5fbfa5bf855ac4995c56a8b408ce3fe099dce93a9d",
        "RFC 5114, 2048 bits, subgroup of 224",
    ),
    ("c43bb4fe47a641335004ca606398421bb63ee95c1da6bb0be37328bf80ca4d0e", "ProFTPD, 1024 bits"),
    ("cc21a33dd1a3edf40bf636b5496e4aede198a437a8548e0cc1a621424e42419b", "Java, 1024 bits"),
    ("d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd", "group 17 (RFC 3526), 6144 bits"),
    ("d2ae65bfc24596c0333a3ad57a67565d1494da51059f327d8cd7d6c36ea53dc1", "Postfix, 1024 bits"),
    ("d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e", "group 14 (RFC 3526), 2048 bits"),
    ("d9f6f2a0adb3427cbe12b007049b842bd208e830a3a4b97f2f041c44797dae34", "LibTomCrypt, 784 bits"),
    ("db01e702899166da28c9bc7896af62bcdf0c96d0fb341950ba80e68bd51a57ef", "Apache 2.2, 512 bits"),
    (
        "deb671287187265a5383df13708d3a757735f4af22dd171265385822f5aca5b9",
        "a prime that many servers share (weakdh.org), 1024 bits",
    ),
    ("e2b343fa226b71092716a0cefea064b00c0a6855e25e199bf91452b88d81d03e", "Postfix, 512 bits"),
    ("eba4ea9cdaf56d1c93fdf9b358f33148ce4340c48d631aa6dda9cbe8739981bd", "ProFTPD, 1024 bits"),
    ("ee5483fe4b96caa10cb5b863ec409aab2762e6bf43af4a8a0a42817fef4dd7f3", "Java, 768 bits"),
    ("ef627d8cc44144f36a075d8dd8511bbd278cb5cf438f1052bdbdabe715232c1e", "Postfix, 1024 bits"),
    ("f26e2403f3f07946654404909f0ff81d9354de17250411b4c04b89af73178425", "OpenSSL, 512 bits"),
    ("f79d1db3c955a28fdeca462670a0712efee4b588c7858e4943883f903bd1354b", "Apache 2.2, 1024 bits"),
];

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::*;

    #[test]
    fn a_shared_prime_is_known_by_name_and_another_is_not() {
        assert!(PRIMES.is_sorted_by(|a, b| a.0 < b.0));
        // RFC 2409, 6.2: 2^1024 - 2^960 - 1 + 2^64 * ([2^894 pi] + 129093).
        let oakley = BigUint::parse_bytes(
            b"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
              EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
              EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
            16,
        )
        .unwrap();
        let prime = oakley.to_bytes_be();
        assert_eq!(known(&prime), Some("Oakley group 2 (RFC 2409), 1024 bits"));
        assert_eq!(known(&[&[0], prime.as_slice()].concat()), known(&prime));
        assert_eq!(portreeve_wire::magnitude::bits(&prime), 1024);
        assert_eq!(known(&(oakley + 2_u8).to_bytes_be()), None);
    }
}
