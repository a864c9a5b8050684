//! A handshake that tells what is wrong with a certificate instead of only refusing it. Nothing is sent over what is not trusted but the
//! probe's own question, which holds no secret.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::der;
use crate::domain::health::Certificate;
use crate::domain::text;

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
    let (chain, trouble) = {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut seen.chain), seen.trouble.take())
    };
    let mut told = chain.iter().map(|one| der::read(one));
    let leaf = told.next().flatten().ok_or_else(|| "Its certificate cannot be read.".to_owned())?;
    let chain_until = told.flatten().map(|one| one.until).min().filter(|until| *until < leaf.until);
    let trouble = trouble.and_then(|error| sentence(&error, host));
    let issuer = text::clean(&leaf.issuer).into_owned().into();
    Ok((stream, Certificate { from: leaf.from, until: leaf.until, issuer, chain_until, trouble }))
}

/// What is wrong with a chain or a name; `None` where the dates say it.
fn sentence(error: &rustls::Error, host: &str) -> Option<String> {
    let rustls::Error::InvalidCertificate(error) = error else {
        return Some(format!("Its certificate is not accepted: {}.", text::clean(&error.to_string())));
    };
    match error {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => None,
        CertificateError::UnknownIssuer => Some(
            "Its certificate is of an authority that is not trusted here: set ca_file, or have it send its whole chain."
                .to_owned(),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Some(format!("Its certificate is not for {}.", text::clean(host)))
        }
        other => Some(format!("Its certificate is not accepted: {}.", text::clean(&format!("{other:?}")))),
    }
}

/// What the server presented, and what was wrong with it.
#[derive(Debug, Default)]
struct Seen {
    chain: Vec<CertificateDer<'static>>,
    trouble: Option<rustls::Error>,
}

fn config(authorities: Option<&Path>) -> Result<(ClientConfig, Arc<Mutex<Seen>>), String> {
    let mut roots = RootCertStore::empty();
    // One unreadable certificate among the system's is no reason to trust none of them.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = authorities {
        let unreadable = |why: String| format!("The certificates in {} cannot be read: {why}.", file.display());
        for one in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))? {
            let one = one.map_err(|error| unreadable(error.to_string()))?;
            roots.add(one).map_err(|error| unreadable(error.to_string()))?;
        }
    }
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let seen = Arc::new(Mutex::new(Seen::default()));
    // Without any authority nothing can be trusted, which is said as such.
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), ring.clone())
        .build()
        .map_err(|error| format!("No certificate authority is known here: {error}."))?;
    let config = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}."))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Telling { inner, seen: seen.clone() }))
        .with_no_client_auth();
    Ok((config, seen))
}

/// Checks as everybody does, and writes down what was wrong instead of breaking off.
#[derive(Debug)]
struct Telling {
    inner: Arc<WebPkiServerVerifier>,
    seen: Arc<Mutex<Seen>>,
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
        let chain = std::iter::once(end_entity).chain(intermediates).map(|one| one.clone().into_owned()).collect();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen { chain, trouble: found.err() };
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
