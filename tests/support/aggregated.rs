//! An API server behind the API server: HTTPS on loopback, answering what a test says, as a metrics server would.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::tls::{self, Served};

/// A running one. Dropping it stops it.
pub(crate) struct Aggregated {
    served: Served,
    answers: Answers,
}

/// Documents by path, without the query.
type Answers = Arc<Mutex<Vec<(String, Value)>>>;

impl Aggregated {
    /// Starts one that knows its group and nothing more.
    pub(crate) fn start(group_version: &str, resources: &Value) -> Self {
        let document = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources});
        let answers: Answers = Arc::new(Mutex::new(vec![(format!("/apis/{group_version}"), document)]));
        let known = answers.clone();
        let served = tls::served("localhost", move |stream| {
            let known = known.clone();
            // A line that breaks is the client's business.
            async move { drop(session(stream, &known).await) }
        });
        Self { served, answers }
    }

    /// Its port on loopback.
    pub(crate) const fn port(&self) -> u16 {
        self.served.port
    }

    /// Answers a path with a document from now on.
    pub(crate) fn answer(&self, path: &str, document: Value) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push((path.to_owned(), document));
    }
}

async fn session(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, known: &Answers) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
    let known = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let found = known.iter().rev().find(|(at, _)| at == path);
    let (code, body) = match found {
        Some((_, document)) => ("200 OK", document.to_string()),
        None => (
            "404 Not Found",
            json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}).to_string(),
        ),
    };
    let answer = format!(
        "HTTP/1.1 {code}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
