//! A certificate made at start, for this process and this loopback address only.

use std::io;
use std::sync::Arc;

use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate with its key.
pub(super) struct Identity {
    /// The certificate, in PEM: what a client has to trust.
    pub(super) certificate: String,
    /// What the server presents.
    pub(super) config: Arc<ServerConfig>,
    names: Vec<String>,
    key: Arc<KeyPair>,
}

fn loopback() -> Vec<String> {
    vec!["127.0.0.1".to_owned(), "localhost".to_owned()]
}

impl Identity {
    /// A certificate for 127.0.0.1 and localhost.
    pub(super) fn for_loopback() -> io::Result<Self> {
        Self::named(loopback())
    }

    /// A certificate for other names: what a client must not accept.
    pub(super) fn for_somebody_else() -> io::Result<Self> {
        Self::named(vec!["somebody-else.example".to_owned()])
    }

    /// A certificate of the same names and the same authority whose time is over.
    pub(super) fn expired(&self) -> io::Result<Self> {
        let own = KeyPair::generate().map_err(io::Error::other)?;
        let mut parameters = CertificateParams::new(loopback()).map_err(io::Error::other)?;
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let authority = CertificateParams::new(self.names.clone()).map_err(io::Error::other)?;
        let made =
            parameters.signed_by(&own, &Issuer::from_params(&authority, &*self.key)).map_err(io::Error::other)?;
        Self::of(loopback(), made.der().clone(), made.pem(), own)
    }

    fn named(names: Vec<String>) -> io::Result<Self> {
        let made = rcgen::generate_simple_self_signed(names.clone()).map_err(io::Error::other)?;
        Self::of(names, made.cert.der().clone(), made.cert.pem(), made.signing_key)
    }

    fn of(names: Vec<String>, der: CertificateDer<'static>, pem: String, own: KeyPair) -> io::Result<Self> {
        let key = PrivateKeyDer::try_from(own.serialize_der()).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![der], key)
            .map_err(io::Error::other)?;
        Ok(Self { certificate: pem, config: Arc::new(config), names, key: Arc::new(own) })
    }
}

/// Standard base64, as kubeconfigs carry certificates.
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for piece in bytes.chunks(3) {
        let word = piece.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - piece.len()));
        for place in 0..4 {
            let letter = usize::try_from(word >> (18 - 6 * place) & 63).unwrap_or(0);
            text.push(if place <= piece.len() { char::from(ALPHABET[letter]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_pads_as_everybody_else() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(super::base64(plain.as_bytes()), coded);
        }
    }
}
