//! The eyes, run until they have seen everything: for tests that need the shipped client against a server.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};

use super::{ClusterSource, Connection, Contexts};
use crate::domain::cluster::ClusterSnapshot;
use crate::sources::error::{SourceError, Trouble};

/// What the eyes see of namespaces once everything was read.
#[expect(clippy::disallowed_methods, reason = "the real clock beside a real server, and a task that is ended here")]
pub(crate) async fn settled(
    kubeconfig: &Path,
    context: &str,
    namespaces: &[&str],
) -> Result<ClusterSnapshot, SourceError> {
    // Another test may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let endpoint = Contexts::read(Some(kubeconfig))?.endpoint(context)?;
    let connection = Connection::open(endpoint, Arc::new(chrono::Utc::now)).await?;
    let (snapshots, mut seen) = watch::channel(ClusterSnapshot::default());
    let (_nobody, focus) = watch::channel(None);
    let (released, _) = mpsc::channel(1);
    let source = ClusterSource {
        environment: "test".into(),
        connection,
        namespaces: namespaces.iter().map(|namespace| (*namespace).into()).collect(),
        services: Arc::default(),
        focus,
        snapshots,
        released,
        retry: Arc::new(Notify::new()),
    };
    let eyes = tokio::spawn(source.run());
    let waited = tokio::time::timeout(Duration::from_secs(20), seen.wait_for(ClusterSnapshot::is_settled)).await;
    let snapshot = waited.ok().and_then(|seen| seen.ok().map(|seen| seen.clone()));
    eyes.abort();
    snapshot.ok_or_else(|| SourceError::new(Trouble::Timeout, "the cluster was not read in time"))
}
