//! A handshake that tells what is wrong with a certificate instead of only refusing it. Nothing is sent over what is not trusted but the
//! probe's own question, which holds no secret.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext};
use rustls::Error::InvalidCertificate;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::der::{self, Told};
use crate::domain::health::Certificate;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::trust::Authorities;

/// The most certificates that are looked at beside a server's own.
const SENT_AT_MOST: usize = 8;

/// Makes the handshake; gives the stream and what is to be said of the certificate, or why there is none.
pub(super) async fn handshake(
    stream: TcpStream,
    host: &str,
    authorities: Option<&Path>,
) -> Result<(TlsStream<TcpStream>, Certificate), String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no name for TLS."))?;
    let (config, seen) = config(authorities)?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector
        .connect(name, stream)
        .await
        .map_err(|error| format!("No TLS was agreed on: {}.", text::clean(&error.to_string())))?;
    let Seen { own, issuers, trouble } = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    let own = leaf(&own).ok_or_else(|| "Its certificate cannot be read.".to_owned())?;
    let chain_until = issuers.into_iter().min().filter(|until| *until < own.until);
    let trouble = trouble.and_then(|error| sentence(&error, host));
    Ok((stream, Certificate { chain_until, is_chain_seen: true, trouble, ..own }))
}

/// What a server's own certificate says, without what it hangs on; `None` where it cannot be read.
pub(super) fn leaf(der: &[u8]) -> Option<Certificate> {
    let told = der::read(der)?;
    Some(Certificate {
        from: told.from,
        until: told.until,
        issuer: text::clean(&told.issuer).into_owned().into(),
        chain_until: None,
        is_chain_seen: false,
        trouble: None,
    })
}

/// What is wrong with a chain or a name; `None` where the dates say it.
fn sentence(error: &rustls::Error, host: &str) -> Option<String> {
    let InvalidCertificate(error) = error else {
        return Some(format!("Its certificate is not accepted: {}.", text::clean(&error.to_string())));
    };
    match error {
        Expired
        | ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => None,
        CertificateError::UnknownIssuer => Some(
            "Its certificate is of an authority that is not trusted here: set ca_file, or have it send its whole chain."
                .to_owned(),
        ),
        NotValidForName | NotValidForNameContext { .. } => {
            Some(format!("Its certificate is not for {}.", text::clean(host)))
        }
        other => Some(format!("Its certificate is not accepted: {}.", text::clean(&format!("{other:?}")))),
    }
}

/// What the server presented, and what was wrong with it.
#[derive(Debug, Default)]
struct Seen {
    /// Its own certificate.
    own: Vec<u8>,
    /// Until when each of those hold that it hangs on.
    issuers: Vec<Instant>,
    trouble: Option<rustls::Error>,
}

fn config(authorities: Option<&Path>) -> Result<(ClientConfig, Arc<Mutex<Seen>>), String> {
    let unreadable = |file: &Path, why| format!("The certificates in {} cannot be read: {why}.", file.display());
    let known = match authorities {
        Some(file) => Authorities::of_system().with(file).map_err(|why| unreadable(file, why))?,
        None => Authorities::of_system().clone(),
    };
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let seen = Arc::new(Mutex::new(Seen::default()));
    // Without any authority nothing can be trusted, which is said as such.
    let inner = WebPkiServerVerifier::builder_with_provider(known.store, ring.clone())
        .build()
        .map_err(|error| format!("No certificate authority is known here: {error}."))?;
    let config = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}."))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Telling { inner, known: known.certificates, seen: seen.clone() }))
        .with_no_client_auth();
    Ok((config, seen))
}

/// Checks as everybody does, and writes down what was wrong instead of breaking off.
#[derive(Debug)]
struct Telling {
    inner: Arc<WebPkiServerVerifier>,
    /// The authorities.
    known: Arc<Vec<CertificateDer<'static>>>,
    seen: Arc<Mutex<Seen>>,
}

impl Telling {
    /// Until when the certificates hold that a server's own hangs on. Servers send more than those, such as an old root for old clients:
    /// of what is sent, that counts without which nothing holds, what ends first left out first; and the authority itself.
    fn issuers(
        &self,
        own: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Vec<Instant> {
        let Some(leaf) = der::read(own) else { return Vec::new() };
        let mut sent: Vec<(Told, &CertificateDer<'_>)> =
            sent.iter().take(SENT_AT_MOST).filter_map(|one| Some((der::read(one)?, one))).collect();
        sent.sort_by_key(|(told, _)| told.until);
        // Where its own time is over, what it hung on then.
        let until = u64::try_from(leaf.until.timestamp()).unwrap_or(0);
        let at = UnixTime::since_unix_epoch(Duration::from_secs(until.min(now.as_secs())));
        let check = |left_out: &[bool]| {
            let kept = sent.iter().zip(left_out).filter(|(_, is_out)| !**is_out);
            let kept: Vec<CertificateDer<'_>> = kept.map(|((_, one), _)| (*one).clone()).collect();
            match self.inner.verify_server_cert(own, &kept, name, &[], at) {
                // A name is looked at last.
                Ok(_) | Err(InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => Ok(()),
                Err(error) => Err(error),
            }
        };
        let mut left_out = vec![false; sent.len()];
        match check(&left_out) {
            Ok(()) => {
                for place in 0..sent.len() {
                    left_out[place] = true;
                    left_out[place] = check(&left_out).is_ok();
                }
            }
            // Nothing holds without what is over.
            Err(InvalidCertificate(Expired | ExpiredContext { .. })) => {}
            // What it hangs on is not known here, which is said.
            Err(_) => return Vec::new(),
        }
        let (out, kept): (Vec<_>, Vec<_>) = sent.iter().zip(left_out).partition(|(_, is_out)| *is_out);
        let kept: Vec<&Told> = kept.into_iter().map(|((told, _), _)| told).collect();
        let is_issuer =
            |told: &Told| kept.iter().any(|one| one.issued_by == told.subject) || leaf.issued_by == told.subject;
        let authority = out.into_iter().filter(|((told, one), _)| self.known.contains(one) && is_issuer(told));
        authority.map(|((told, _), _)| told.until).chain(kept.iter().map(|told| told.until)).collect()
    }
}

impl ServerCertVerifier for Telling {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let issuers = self.issuers(end_entity, intermediates, server_name, now);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            Seen { own: end_entity.to_vec(), issuers, trouble: found.err() };
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
