//! The way to the server: the address with its secret, TLS, a connection that ends when nobody uses it.

use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::{BoxFuture, poll_fn};
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{AsyncMessage, Client, Config};

use super::trouble;
use crate::config::Secret;
use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::trust::Authorities;

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// After how long without an acknowledged byte the connection is given up.
const SILENT_FOR: Duration = Duration::from_secs(15);

/// Where the server is, without the secret, in words: `db.example:5432/quarterdeck`.
pub(in crate::sources) struct Address {
    config: Config,
    /// A file of certificates to trust instead of the system's.
    authority: Option<String>,
    /// In words.
    pub(in crate::sources) place: String,
    whose: Whose,
}

/// Whose address it is, for sentences.
#[derive(Debug, Clone, Default)]
pub(in crate::sources) struct Whose {
    /// What it is the address of: `the store`.
    pub(in crate::sources) what: String,
    /// The table of the configuration that says where the address is: `[store]`.
    pub(in crate::sources) key: String,
}

impl Address {
    /// What answers there, for sentences: `the store at db.example:5432/quarterdeck`.
    pub(in crate::sources) fn whom(&self) -> String {
        format!("{} at {}", self.whose.what, self.place)
    }
}

/// A connection. Dropped, it closes.
pub(in crate::sources) struct Link {
    /// What statements are given to.
    pub(in crate::sources) client: Client,
    /// Moves on with each notification; closes with the connection.
    pub(in crate::sources) told: watch::Receiver<u64>,
    pump: AbortHandle,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

/// Reads the address from where its secret is kept; anew each time, because secrets are changed while consoles run.
pub(in crate::sources) fn read(secret: &Secret, whose: &Whose) -> Result<Address, SourceError> {
    let setup = |sentence: String| SourceError::new(Trouble::Setup, sentence);
    let Whose { what, key } = whose;
    let url = match secret {
        Secret::File(file) => std::fs::read_to_string(file).map_err(|error| {
            setup(format!(
                "{what}'s address cannot be read from {}: {}. Correct url_file in {key} or the file's rights.",
                file.display(),
                text::clean(&error.to_string())
            ))
        })?,
        Secret::Variable(name) => std::env::var(name).map_err(|_| {
            setup(format!(
                "{what}'s address is to be in ${name}, which is not set. Set it, or correct url_env in {key}."
            ))
        })?,
    };
    let url = SecretString::from(url.trim());
    let address = parse(&url).map_err(|wrong| {
        setup(format!(
            "{what}'s address in {secret} {wrong}. It is to be postgres://USER:PASSWORD@HOST:PORT/DATABASE; characters like @ and / in the password are written as %40 and %2F."
        ))
    })?;
    Ok(Address { whose: whose.clone(), ..address })
}

/// The part of libpq's parameters that tokio-postgres does not know is taken out first.
///
/// # Errors
/// What is wrong, without a word of the address: any part of it might be the password.
fn parse(url: &SecretString) -> Result<Address, &'static str> {
    let url = url.expose_secret();
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err("does not begin with postgres://");
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut authority, mut mode) = (None, None);
    let mut kept: Vec<&str> = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("sslrootcert", file)) => authority = Some(file.replace("%2F", "/").replace("%2f", "/")),
            Some(("sslmode", word)) => {
                mode = Some(match word {
                    "disable" => SslMode::Disable,
                    "allow" | "prefer" => SslMode::Prefer,
                    // A certificate is always checked, by whatever name TLS is asked for.
                    "require" | "verify-ca" | "verify-full" => SslMode::Require,
                    _ => return Err("has an sslmode that is none: disable, prefer, require or verify-full"),
                });
            }
            _ => kept.push(parameter),
        }
    }
    let url = SecretString::from(format!("{base}?{}", kept.join("&")));
    let mut config = Config::from_str(url.expose_secret())
        .map_err(|_| "cannot be understood, or has a parameter that is not known")?;
    let Some(host) = config.get_hosts().first() else { return Err("names no host") };
    let (name, is_near) = match host {
        Host::Tcp(name) => (name.clone(), matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1")),
        Host::Unix(path) => (path.display().to_string(), true),
    };
    // A password does not cross a network in the clear unless the address says so.
    config.ssl_mode(mode.unwrap_or(if is_near { SslMode::Prefer } else { SslMode::Require }));
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    let place = text::clean(&format!("{name}:{port}/{database}")).into_owned();
    if config.get_application_name().is_none() {
        config.application_name("quarterdeck");
    }
    config.connect_timeout(CONNECT_WITHIN).keepalives_idle(SILENT_FOR).tcp_user_timeout(SILENT_FOR);
    Ok(Address { config, authority, place, whose: Whose::default() })
}

/// Connects.
pub(in crate::sources) async fn open(address: &Address) -> Result<Link, SourceError> {
    let tls = Tls { config: trust(address)? };
    let connected = tokio::time::timeout(CONNECT_WITHIN, address.config.connect(tls)).await;
    let (client, mut connection) = match connected {
        Err(_) => return Err(trouble::silent(&address.whom(), CONNECT_WITHIN)),
        Ok(Err(error)) => return Err(trouble::explain(&error, &address.whom())),
        Ok(Ok(connected)) => connected,
    };
    let (tell, told) = watch::channel(0_u64);
    let pump = async move {
        loop {
            match poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(_))) => tell.send_modify(|count| *count += 1),
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::debug!(%error, "a connection to PostgreSQL ended");
                    return;
                }
                None => return,
            }
        }
    };
    #[expect(clippy::disallowed_methods, reason = "what moves a connection's bytes ends with the connection")]
    let pump = tokio::spawn(pump).abort_handle();
    Ok(Link { client, told, pump })
}

fn trust(address: &Address) -> Result<Arc<rustls::ClientConfig>, SourceError> {
    let setup = |sentence: String| SourceError::new(Trouble::Setup, sentence);
    let roots = match &address.authority {
        Some(file) => Authorities::none().with(file.as_ref()).map_err(|why| {
            setup(format!("the certificates in {} (sslrootcert) cannot be read: {why}.", text::clean(file)))
        })?,
        None => Authorities::of_system().clone(),
    };
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|error| setup(format!("TLS cannot be set up: {error}.")))?;
    Ok(Arc::new(config.with_root_certificates(roots.store).with_no_client_auth()))
}

/// rustls as tokio-postgres wants it. Without channel binding: the certificate is checked against the name.
#[derive(Clone)]
struct Tls {
    config: Arc<rustls::ClientConfig>,
}

struct Handshake {
    tls: Tls,
    name: ServerName<'static>,
}

/// A stream under TLS.
struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Tls {
    type Stream = Encrypted<S>;
    type TlsConnect = Handshake;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Self::Error> {
        // A socket in the file system has no name; TLS over one would not be asked for.
        let name = if host.is_empty() { "localhost" } else { host };
        Ok(Handshake { tls: self.clone(), name: ServerName::try_from(name.to_owned())? })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Handshake {
    type Stream = Encrypted<S>;
    type Error = std::io::Error;
    type Future = BoxFuture<'static, std::io::Result<Encrypted<S>>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            tokio_rustls::TlsConnector::from(self.tls.config).connect(self.name, stream).await.map(Encrypted)
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let read = ready!(Pin::new(&mut self.0).poll_read(context, buffer));
        Poll::Ready(read)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Whose {
        Whose { what: "the store".to_owned(), key: "[store]".to_owned() }
    }

    fn parsed(url: &str) -> Result<Address, &'static str> {
        parse(&SecretString::from(url))
    }

    #[test]
    fn tls_is_asked_for_unless_the_server_is_near_or_the_address_says_otherwise() {
        for (url, mode, place) in [
            ("postgres://u:p@db.example/q", SslMode::Require, "db.example:5432/q"),
            ("postgres://u:p@db.example:6432/q?sslmode=disable", SslMode::Disable, "db.example:6432/q"),
            ("postgresql://u@127.0.0.1/q", SslMode::Prefer, "127.0.0.1:5432/q"),
            ("postgres://u@db/q?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem", SslMode::Require, "db:5432/q"),
        ] {
            let address = parsed(url).map_err(str::to_owned);
            let found = address.as_ref().map(|address| (address.config.get_ssl_mode(), address.place.as_str()));
            assert_eq!(found.map_err(Clone::clone), Ok((mode, place)), "{url}");
        }
        let address = parsed("postgres://u@db/q?sslrootcert=%2Fetc%2Fca.pem");
        assert_eq!(address.ok().and_then(|address| address.authority).as_deref(), Some("/etc/ca.pem"));
    }

    #[test]
    fn what_is_wrong_with_an_address_never_repeats_it() {
        for url in [
            "host=db password=hunter2",
            "postgres://u:hunter2@db:port/q",
            "postgres://u:hunter2@db/q?hunter2=1",
            "postgres://u:hunter2@db/q?sslmode=hunter2",
            "postgres:///q?user=hunter2",
            "hunter2",
        ] {
            let folder = tempfile::tempdir().map(|folder| (folder.path().join("url"), folder));
            let (file, _folder) = folder.expect("a folder");
            std::fs::write(&file, url).expect("a file");
            let error = read(&Secret::File(file.clone()), &store()).err().expect("refused");
            assert!(!error.sentence.contains("hunter2"), "{}", error.sentence);
            assert!(error.sentence.contains(&file.display().to_string()), "{}", error.sentence);
        }
    }

    #[test]
    fn a_missing_file_or_variable_is_named() {
        let error = read(&Secret::File("/nowhere/url".into()), &store()).err().expect("refused");
        assert!(error.sentence.contains("/nowhere/url") && error.sentence.contains("url_file"), "{}", error.sentence);
        let error = read(&Secret::Variable("QUARTERDECK_NO_SUCH".to_owned()), &store()).err().expect("refused");
        assert!(error.sentence.contains("$QUARTERDECK_NO_SUCH, which is not set"), "{}", error.sentence);
    }
}
