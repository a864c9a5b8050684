//! Asking the API server whether it is ready: one GET, every half minute.

use std::time::Duration;

use super::connection::Connection;
use crate::domain::cause::ApiHealth;
use crate::domain::text;

/// How often it is asked.
pub(super) const ASK_EVERY: Duration = Duration::from_secs(30);
/// How often while it is not ready.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(10);
/// How long the answer may take: its own checks give up after less.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// Waits, then asks. No answer at all is not its own word: the pulse and the watches tell of that.
pub(super) async fn ask(connection: &Connection, wait: Duration) -> ApiHealth {
    tokio::time::sleep(wait).await;
    match tokio::time::timeout(ANSWER_WITHIN, connection.whatever("/readyz?verbose")).await {
        Ok(Ok((code, body))) => ApiHealth::read(code, &String::from_utf8_lossy(&body), connection.now()),
        Ok(Err(error)) => ApiHealth::Unknown(text::clean(&error.sentence).into_owned()),
        Err(_) => ApiHealth::Unknown(format!("no answer to /readyz within {} s.", ANSWER_WITHIN.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::sandbox::{Sandbox, SandboxClock, Scenario};
    use crate::sources::cluster::Contexts;

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "the real clock beside a real server")]
    async fn credentials_that_are_over_are_renewed_first() -> Result<(), Box<dyn std::error::Error>> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(Scenario::empty("shop"), SandboxClock::starting(chrono::Utc::now(), 1)).await?;
        let folder = tempfile::tempdir()?;
        let (file, credential) = (folder.path().join("kubeconfig"), folder.path().join("credential.json"));
        let write = |token: &str| {
            let made = serde_json::json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}});
            std::fs::write(&credential, made.to_string())
        };
        write(&sandbox.token())?;
        let plugin = format!(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, command: cat, args: [{:?}], interactiveMode: Never}}",
            credential.display().to_string()
        );
        let text = sandbox.kubeconfig().replace(&format!("token: {}", sandbox.token()), &plugin);
        std::fs::write(&file, text)?;
        let ahead = Arc::new(AtomicI64::new(0));
        let passed = ahead.clone();
        let clock = move || chrono::Utc::now() + chrono::TimeDelta::seconds(passed.load(Ordering::Relaxed));
        let endpoint = Contexts::read(Some(&file))?.endpoint("demo-production")?;
        let connection = Connection::open(endpoint, Arc::new(clock)).await?;
        assert_eq!(ask(&connection, Duration::ZERO).await, ApiHealth::Ready);
        write(&sandbox.renew_token())?;
        ahead.store(60, Ordering::Relaxed);
        assert_eq!(ask(&connection, Duration::ZERO).await, ApiHealth::Ready);
        Ok(())
    }
}
