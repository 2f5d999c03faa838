//! A key of the client's for one agreement on a curve (RFC 8446, 4.2.8; RFC 8422, 5.7).

use aws_lc_rs::agreement::{
    self, Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, X25519,
};
use portreeve_wire::tls::NamedGroup;

use crate::session::Entropy;

/// A private key on a curve, and its public key.
#[derive(Debug)]
pub(crate) struct Share {
    group: NamedGroup,
    algorithm: &'static Algorithm,
    key: PrivateKey,
    public: Vec<u8>,
}

impl Share {
    /// Whether there are keys of a group here.
    pub(crate) fn is_of(group: NamedGroup) -> bool {
        curve(group).is_some()
    }

    /// A key out of chance.
    ///
    /// # Errors
    /// A group that is not spoken here, or no key: one sentence.
    pub(crate) fn new(group: NamedGroup, entropy: &mut Entropy) -> Result<Self, String> {
        let (algorithm, length) =
            curve(group).ok_or_else(|| format!("the group {group} is not spoken here"))?;
        let failed = || format!("the making of a key of {group} failed");
        // Two zeros at the beginning keep the number below the order of every curve.
        let secret = [vec![0; 2], entropy.bytes(length - 2)].concat();
        let key = PrivateKey::from_private_key(algorithm, &secret).map_err(|_| failed())?;
        let public = key.compute_public_key().map_err(|_| failed())?.as_ref().to_vec();
        Ok(Self { group, algorithm, key, public })
    }

    /// The group.
    pub(crate) fn group(&self) -> NamedGroup {
        self.group
    }

    /// The public key, as the wire has it.
    pub(crate) fn public(&self) -> &[u8] {
        &self.public
    }

    /// What both sides know once the other's key is there.
    ///
    /// # Errors
    /// A key that is not on the curve: one sentence.
    pub(crate) fn agree(&self, point: &[u8]) -> Result<Vec<u8>, String> {
        let theirs = UnparsedPublicKey::new(self.algorithm, point);
        let refused = format!("the server's point is not on {}", self.group);
        agreement::agree(&self.key, theirs, refused, |secret| Ok(secret.to_vec()))
    }
}

/// The algorithm, and the bytes of a private key.
fn curve(group: NamedGroup) -> Option<(&'static Algorithm, usize)> {
    match group {
        NamedGroup::X25519 => Some((&X25519, 32)),
        NamedGroup::Secp256r1 => Some((&ECDH_P256, 32)),
        NamedGroup::Secp384r1 => Some((&ECDH_P384, 48)),
        NamedGroup::Secp521r1 => Some((&ECDH_P521, 66)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_agree_on_every_curve() {
        let mut entropy = Entropy::of_seed([1; 32]);
        for group in crate::session::GROUPS {
            let [ours, theirs] = [(); 2].map(|()| Share::new(group, &mut entropy).unwrap());
            assert_eq!(ours.agree(theirs.public()), theirs.agree(ours.public()));
            assert!(ours.agree(&[4; 65]).is_err());
        }
        assert!(Share::new(NamedGroup::X448, &mut entropy).is_err());
    }
}
