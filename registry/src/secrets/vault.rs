//! Encrypts and opens single values: XChaCha20-Poly1305, with all that stands beside a value in its
//! row authenticated.

use ares_kernel::{SecretName, SecretValue};
use chacha20poly1305::aead::{Aead as _, Generate as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::key::Key;
use crate::error::RegistryError;

/// What stands beside a value in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) name: SecretName,
    pub(super) created_at: i64,
    pub(super) rotated_at: Option<i64>,
    pub(super) revision: i64,
}

/// A value nobody can read or move to another row.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub(super) nonce: [u8; 24],
    pub(super) ciphertext: Vec<u8>,
}

impl Stamp {
    fn associated(&self) -> Vec<u8> {
        let mut bytes = b"ares-host secret 1\0".to_vec();
        bytes.extend_from_slice(self.name.as_str().as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&self.revision.to_le_bytes());
        bytes.extend_from_slice(&self.created_at.to_le_bytes());
        if let Some(rotated_at) = self.rotated_at {
            bytes.extend_from_slice(&rotated_at.to_le_bytes());
        }
        bytes
    }
}

/// Encrypts a value under a fresh nonce; 24 random bytes do not repeat.
pub(super) fn seal(key: &Key, stamp: &Stamp, value: &SecretValue) -> Result<Sealed, RegistryError> {
    let nonce = XNonce::try_generate().map_err(|error| {
        RegistryError::io("getting random bytes for a secret", std::io::Error::other(error))
    })?;
    let message = Payload { msg: value.expose().as_bytes(), aad: &stamp.associated() };
    let sealed = XChaCha20Poly1305::new((&**key).into()).encrypt(&nonce, message);
    let ciphertext =
        sealed.map_err(|_| RegistryError::Invalid("the secret cannot be encrypted".to_owned()))?;
    Ok(Sealed { nonce: nonce.into(), ciphertext })
}

/// The value, or nothing when this is not what was sealed with this key.
pub(super) fn open(key: &Key, stamp: &Stamp, sealed: &Sealed) -> Option<SecretValue> {
    let message = Payload { msg: &sealed.ciphertext, aad: &stamp.associated() };
    let opened = XChaCha20Poly1305::new((&**key).into()).decrypt(&sealed.nonce.into(), message).ok()?;
    SecretValue::new(String::from_utf8(opened).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn only_the_same_row_under_the_same_key_opens() {
        let key: Key = Zeroizing::new([7; 32]);
        let stamp =
            Stamp { name: "API_KEY".parse().unwrap(), created_at: 1, rotated_at: Some(2), revision: 3 };
        let value = SecretValue::new("s3cr3t-value".to_owned()).unwrap();
        let sealed = seal(&key, &stamp, &value).unwrap();
        assert_eq!(open(&key, &stamp, &sealed), Some(value.clone()));
        assert!(!sealed.ciphertext.windows(6).any(|window| window == b"s3cr3t"));
        assert_ne!(seal(&key, &stamp, &value).unwrap().ciphertext, sealed.ciphertext, "the nonce is fresh");

        assert_eq!(open(&Zeroizing::new([8; 32]), &stamp, &sealed), None);
        for other in [
            Stamp { name: "API_KEZ".parse().unwrap(), ..stamp.clone() },
            Stamp { created_at: 2, ..stamp.clone() },
            Stamp { rotated_at: None, ..stamp.clone() },
            Stamp { revision: 4, ..stamp.clone() },
        ] {
            assert_eq!(open(&key, &other, &sealed), None, "{other:?}");
        }
        for at in 0..sealed.ciphertext.len() {
            let mut changed = sealed.clone();
            changed.ciphertext[at] ^= 1;
            assert_eq!(open(&key, &stamp, &changed), None, "{at}");
        }
        let mut changed = sealed.clone();
        changed.nonce[0] ^= 1;
        assert_eq!(open(&key, &stamp, &changed), None);
        let short = Sealed { ciphertext: Vec::new(), ..sealed };
        assert_eq!(open(&key, &stamp, &short), None);
    }
}
