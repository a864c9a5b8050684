//! Keyed digests: what stands for a secret where it must be recognised again and must not be read.
//!
//! A plain digest of a short password is guessed by trying all of them; one with a key is not, for whoever has not the key.

use std::fmt;

use sha2::{Digest, Sha256};

/// The length of a block of SHA-256, in bytes.
const BLOCK: usize = 64;
/// How many bytes of a digest are written: enough that no two texts share them.
const WRITTEN: usize = 16;

/// A secret of 32 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub [u8; Self::LENGTH]);

impl fmt::Debug for Key {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Key(…)")
    }
}

impl Key {
    /// Its length in bytes.
    pub const LENGTH: usize = 32;

    /// HMAC-SHA256 of a text (RFC 2104), its first 16 bytes: `hmac-sha256:` and 32 hexadecimal digits.
    pub fn digest(&self, text: &str) -> String {
        let whole = hmac(&self.0, text.as_bytes());
        let written = whole.iter().take(WRITTEN).map(|byte| format!("{byte:02x}"));
        written.fold("hmac-sha256:".to_owned(), |to, byte| to + &byte)
    }
}

/// HMAC-SHA256; a key of no more than a block.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = [with; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::store::hex;

    #[test]
    fn it_is_the_hmac_of_the_standard() {
        // RFC 4231, test cases 1 and 2.
        assert_eq!(
            hex(&hmac(&[0x0b; 20], b"Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            hex(&hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_same_text_has_the_same_digest_only_under_the_same_key() {
        let (one, other) = (Key([1; 32]), Key([2; 32]));
        assert_eq!(one.digest("hunter2"), one.digest("hunter2"));
        assert_ne!(one.digest("hunter2"), other.digest("hunter2"));
        assert_ne!(one.digest("hunter2"), one.digest("hunter3"));
        assert_eq!(one.digest("x").len(), "hmac-sha256:".len() + 32);
        assert!(!format!("{one:?}").contains('1'), "it is not printed by accident");
    }
}
