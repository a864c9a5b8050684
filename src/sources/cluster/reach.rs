//! Reaching into a pod: a command in one of its containers, a connection to one of its ports. Built only where the environment grants it.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::api::{Api, AttachParams, TerminalSize};
use kube::client::UpgradeConnectionError;

use super::connection::Connection;
use super::trouble;
use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;
use crate::sources::operate::{ExecAsk, PodSession, ReachPods, Tunnel};

/// How long the pod may take to answer: the API server asks its node first.
const OPENS_WITHIN: Duration = Duration::from_secs(20);
/// How much of each direction waits for whoever reads slowly, in bytes.
const WAITING: usize = 64 * 1024;

/// What runtimes say of a program that is not in the container.
const ABSENT: [&str; 2] = ["executable file not found", "unable to start container process"];

/// Reaches the pods of one cluster.
#[derive(Debug, Clone)]
pub struct Reach {
    connection: Connection,
}

impl Reach {
    /// Reaches over a connection. Only for an environment with a write grant.
    pub const fn new(connection: Connection) -> Self {
        Self { connection }
    }

    async fn within<T>(&self, opening: impl Future<Output = kube::Result<T>>) -> Result<T, SourceError> {
        let server = self.connection.server();
        match tokio::time::timeout(OPENS_WITHIN, opening).await {
            Err(_) => Err(trouble::timed_out(server, OPENS_WITHIN)),
            // A complete answer other than the switch of protocols: nothing was begun.
            Ok(Err(kube::Error::Api(status))) => {
                let code = http::StatusCode::from_u16(status.code).unwrap_or(http::StatusCode::BAD_GATEWAY);
                let body = serde_json::json!({"message": status.message, "code": status.code}).to_string();
                Err(refused(code, body.as_bytes(), server))
            }
            Ok(Err(kube::Error::UpgradeConnection(UpgradeConnectionError::ProtocolSwitch(code)))) => {
                Err(refused(code, b"", server))
            }
            Ok(Err(error)) => Err(trouble::from_kube(&error, server)),
            Ok(Ok(opened)) => Ok(opened),
        }
    }

    fn pods(&self, namespace: &str, pod: &str) -> Result<Api<Pod>, SourceError> {
        // Both become part of a path.
        for name in [namespace, pod] {
            if name.is_empty() || !name.chars().all(|sign| sign.is_ascii_alphanumeric() || "-.".contains(sign)) {
                let words = format!("{:?} is no name of a pod or a namespace: nothing was sent.", text::clean(name));
                return Err(SourceError::new(Trouble::Setup, words));
            }
        }
        Ok(Api::namespaced(self.connection.kube(), namespace))
    }
}

impl ReachPods for Reach {
    fn exec<'a>(&'a self, ask: &'a ExecAsk) -> Answer<'a, PodSession> {
        Box::pin(async move {
            let pods = self.pods(&ask.namespace, &ask.pod)?;
            let params = AttachParams {
                container: ask.container.clone(),
                stdin: ask.has_input,
                stdout: true,
                stderr: !ask.has_terminal,
                tty: ask.has_terminal,
                max_stdin_buf_size: Some(WAITING),
                max_stdout_buf_size: Some(WAITING),
                max_stderr_buf_size: Some(WAITING),
            };
            let mut process = self.within(pods.exec(&ask.pod, ask.command.clone(), &params)).await?;
            let mut sizes = process.terminal_size();
            let server = self.connection.server().to_owned();
            Ok(PodSession {
                input: process.stdin().map(|input| Box::new(input) as _),
                output: process.stdout().map(|output| Box::new(output) as _),
                errors: process.stderr().map(|errors| Box::new(errors) as _),
                resize: Box::new(move |width, height| {
                    if let Some(sizes) = &mut sizes {
                        // A size that finds the queue full is followed by a newer one, or the session is over.
                        let _ = sizes.try_send(TerminalSize { width, height });
                    }
                }),
                end: Box::pin(async move {
                    let status = match process.take_status() {
                        Some(status) => status.await,
                        None => None,
                    };
                    // Held until here: dropping it ends the conversation.
                    drop(process);
                    ended(status, &server)
                }),
            })
        })
    }

    fn connect<'a>(&'a self, namespace: &'a str, pod: &'a str, port: u16) -> Answer<'a, Tunnel> {
        Box::pin(async move {
            let pods = self.pods(namespace, pod)?;
            let mut forwarder = self.within(pods.portforward(pod, &[port])).await?;
            let refusal = forwarder.take_error(port);
            let stream = forwarder
                .take_stream(port)
                .ok_or_else(|| trouble::malformed("the forwarded port has no stream", self.connection.server()))?;
            Ok(Tunnel {
                stream: Box::new(stream),
                refusal: Box::pin(async move {
                    let said = match refusal {
                        Some(refusal) => refusal.await,
                        None => None,
                    };
                    said.map(|words| text::clean(words.trim()).into_owned())
                }),
            })
        })
    }
}

/// What a complete answer means that is not the switch of protocols. Nothing ran, whatever the code.
fn refused(code: http::StatusCode, body: &[u8], server: &str) -> SourceError {
    let error = trouble::from_status(code, &http::HeaderMap::new(), body, server);
    let words = error.sentence.trim_end_matches('.').to_owned();
    SourceError {
        sentence: format!("{words}; it was refused before anything began: nothing ran."),
        is_certainly_not_done: true,
        ..error
    }
}

/// What the last word of a session means: the command's exit code, or why there is none.
fn ended(status: Option<Status>, server: &str) -> Result<i32, SourceError> {
    let Some(status) = status else {
        return Err(SourceError::new(
            Trouble::Malformed,
            format!("the conversation with the pod broke off at {server}: whether the command ended is not known."),
        ));
    };
    if status.status.as_deref() == Some("Success") {
        return Ok(0);
    }
    let causes = status.details.and_then(|details| details.causes).unwrap_or_default();
    let code = causes.iter().find(|cause| cause.reason.as_deref() == Some("ExitCode"));
    match code.and_then(|cause| cause.message.as_deref()?.parse().ok()) {
        Some(code) => Ok(code),
        None => {
            let said = status.message.unwrap_or_default();
            let words = text::clean(said.trim().trim_end_matches('.')).into_owned();
            // Container runtimes tell a program that is not there in words only; any other failure may come after it ran.
            let is_absent = ABSENT.iter().any(|absent| words.contains(absent));
            Err(if is_absent {
                SourceError::new(Trouble::Rejected, format!("the container cannot run it: {words}."))
            } else {
                SourceError::new(Trouble::Server, format!("the pod gave no exit code: {words}."))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> Option<Status> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn the_exit_code_is_read_from_the_status() {
        assert_eq!(ended(status(r#"{"status":"Success"}"#), "s").ok(), Some(0));
        let failed = r#"{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}"#;
        assert_eq!(ended(status(failed), "s").ok(), Some(7));
    }

    #[test]
    fn a_refusal_before_the_switch_of_protocols_is_certain_whatever_its_code() {
        for code in [200, 302, 400, 403, 404, 501, 503] {
            let error = refused(http::StatusCode::from_u16(code).unwrap_or_default(), b"", "s");
            assert!(error.is_certainly_not_done && error.sentence.ends_with("nothing ran."), "{code}: {error:?}");
        }
    }

    #[test]
    fn a_command_that_is_not_there_and_a_lost_end_are_told_apart() {
        let absent = ended(
            status(r#"{"status":"Failure","message":"exec: \"bash\": executable file not found in $PATH"}"#),
            "s",
        );
        assert!(absent.is_err_and(|error| error.is_certainly_not_done && error.sentence.contains("not found")));
        let internal = ended(status(r#"{"status":"Failure","message":"error executing command: exit status 7"}"#), "s");
        assert!(internal.is_err_and(|error| !error.is_certainly_not_done && error.sentence.contains("status 7")));
        assert!(ended(None, "s").is_err_and(|error| !error.is_certainly_not_done));
    }
}
