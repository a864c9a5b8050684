//! Servers of ours under TLS, on loopback: an authority, what it issues, and who presents it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The time so many days from now, and an hour, so that whole days are left.
fn in_days(days: i64) -> SystemTime {
    let shift = Duration::from_secs(days.unsigned_abs() * 86_400 + 3_600);
    if days >= 0 { SystemTime::now() + shift } else { SystemTime::now() - shift }
}

/// An authority of ours.
pub(crate) struct Authority {
    parameters: CertificateParams,
    key: KeyPair,
    /// Its certificate.
    pub(crate) der: CertificateDer<'static>,
    /// The same in PEM: what a client has to trust.
    pub(crate) pem: String,
}

/// A certificate with its key.
pub(crate) struct Issued {
    /// It, and what is sent with it.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// It alone, in PEM.
    pub(crate) pem: String,
    /// Its key.
    pub(crate) key: KeyPair,
}

impl Authority {
    /// One that holds for so many days more.
    pub(crate) fn new(days: i64) -> Self {
        Self::named("Our Authority", days)
    }

    /// The same under a name: what two of them sign is told apart.
    pub(crate) fn named(name: &str, days: i64) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.not_before = in_days(-400).into();
        parameters.not_after = in_days(days).into();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let made = parameters.self_signed(&key).expect("a certificate");
        Self { der: made.der().clone(), pem: made.pem(), parameters, key }
    }

    /// A certificate for names, that holds for so many days more; sent with the authority's own.
    pub(crate) fn issue(&self, names: &[&str], days: i64) -> Issued {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names).expect("names");
        parameters.not_before = in_days(-30).into();
        parameters.not_after = in_days(days).into();
        let key = KeyPair::generate().expect("a key");
        let made = parameters.signed_by(&key, &Issuer::from_params(&self.parameters, &self.key));
        let made = made.expect("a certificate");
        Issued { chain: vec![made.der().clone(), self.der.clone()], pem: made.pem(), key }
    }

    /// The certificate of another authority, of the same name and key, as this one signed it: a root signed across by an old one, or what
    /// stands between this root and what that other one issues. It holds for so many days more.
    pub(crate) fn cross(&self, other: &Self, days: i64) -> CertificateDer<'static> {
        let mut parameters = other.parameters.clone();
        parameters.not_after = in_days(days).into();
        let made = parameters.signed_by(&other.key, &Issuer::from_params(&self.parameters, &self.key));
        made.expect("a certificate").der().clone()
    }
}

impl Issued {
    /// What presents it.
    pub(crate) fn acceptor(self) -> TlsAcceptor {
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions().expect("versions");
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key");
        let config = config.with_no_client_auth().with_single_cert(self.chain, key).expect("a key that fits");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A running server. Dropping it stops it.
pub(crate) struct Served {
    /// Its port on loopback.
    pub(crate) port: u16,
    _runtime: tokio::runtime::Runtime,
}

/// Serves every connection with a certificate of nobody's authority for a name.
pub(crate) fn served<F: Future<Output = ()> + Send + 'static>(
    name: &str,
    session: impl Fn(TlsStream<TcpStream>) -> F + Send + Sync + 'static,
) -> Served {
    let acceptor = Authority::new(1).issue(&[name], 1).acceptor();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a loopback port");
    let port = listener.local_addr().expect("bound").port();
    let session = Arc::new(session);
    runtime.spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let (acceptor, session) = (acceptor.clone(), session.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    session(stream).await;
                }
            });
        }
    });
    Served { port, _runtime: runtime }
}
