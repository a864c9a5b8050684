//! What is asked of Patroni that changes something: once, of the member that decides it, and read by its words.
//!
//! A status code says little here: 200 may have promoted somebody else, and 503 may still be done. What is certain is said to be certain;
//! of everything else nobody knows, and it is looked for.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::eyes::Databases;
use crate::domain::action::{OperationRecord, RECORD_KEY, Request};
use crate::domain::database::{Primary, Reading};
use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::http::{Answered, Http, Request as Asked};
use crate::sources::observe::Answer;
use crate::sources::operate::{OperateDatabases, Reply};

/// The longest answer.
const LONGEST: usize = 1024 * 1024;
/// What Patroni waits for a change beyond what it says itself.
const MORE: Duration = Duration::from_secs(15);
/// The longest words of an answer that are repeated.
const MOST_REPEATED: usize = 300;

impl OperateDatabases for Databases {
    fn send<'a>(&'a self, name: &'a str, request: &'a Request, run: &'a str) -> Answer<'a, Reply> {
        Box::pin(async move {
            let reading = self.look(name).await?;
            match (request.method.as_str(), request.path.as_str()) {
                ("POST", "/switchover" | "/failover") => self.change(name, request, &reading).await,
                ("PATCH", "/config") => self.configure(name, request, &reading, run).await,
                (method, path) => Err(SourceError::new(
                    Trouble::Setup,
                    format!("{method} {path} is nothing that is asked of Patroni."),
                )),
            }
        })
    }
}

impl Databases {
    /// Asks for another leader: the one that is, or, where there is none, the one that is to be.
    async fn change(&self, name: &str, request: &Request, reading: &Reading) -> Result<Reply, SourceError> {
        let named = |key: &str| request.body[key].as_str().unwrap_or_default();
        let asked = if request.path == "/switchover" { named("leader") } else { named("candidate") };
        let Some(member) = reading.member(asked).filter(|member| member.said.is_ok()) else {
            let words = format!("{asked} of {name} does not answer: nothing was sent to it.");
            return Err(SourceError::new(Trouble::Unreachable, words));
        };
        let patience =
            reading.settings().loop_wait.to_std().unwrap_or_default().max(Duration::from_secs(10)) * 2 + MORE;
        let http = Http::new(self.server(name, &member.asked_at)?, "Patroni", self.clock().clone()).within(patience);
        let body = Some(("application/json", request.body.to_string()));
        let path = request.path.as_str();
        let answer = http.ask(Asked { method: Method::POST, path, accept: "*/*", body, longest: LONGEST }).await?;
        let words = said(&answer);
        match answer.status {
            StatusCode::OK => Ok(Reply { object: json!({"answer": words}), warnings: Vec::new() }),
            status if status.is_client_error() => Err(refused(asked, status, &words)),
            StatusCode::SERVICE_UNAVAILABLE if words.ends_with("failed") && self.is_unchanged(name, reading).await => {
                Err(SourceError::new(
                    Trouble::Rejected,
                    format!(
                        "Patroni decided against it (503, {words}), and the leader is the same. It says why in the log of {} alone: mostly the candidate is too far behind or cannot be reached.",
                        leader(reading).unwrap_or(asked)
                    ),
                ))
            }
            status => Err(SourceError::new(
                Trouble::Server,
                format!("{asked} does not say what became of it ({}, {words}): it may still be done.", status.as_u16()),
            )),
        }
    }

    /// Whether two looks, one turn of the members apart, find the same leader on the same timeline.
    async fn is_unchanged(&self, name: &str, before: &Reading) -> bool {
        let same =
            |one: &Reading| leader(one).is_some() && leader(one) == leader(before) && timeline(one) == timeline(before);
        for _ in 0..2 {
            tokio::time::sleep(before.settings().loop_wait.to_std().unwrap_or_default() / 2).await;
            match self.look(name).await {
                Ok(seen) if same(&seen) => {}
                _ => return false,
            }
        }
        true
    }

    /// Changes the dynamic configuration. Whoever writes an operation record into it and finds that of another run in the answer, which is
    /// the whole configuration as it was written, takes its own away again: others were first.
    async fn configure(
        &self,
        name: &str,
        request: &Request,
        reading: &Reading,
        run: &str,
    ) -> Result<Reply, SourceError> {
        let written = self.patch(name, reading, &request.body).await?;
        let holds =
            request.body.pointer(&format!("/{}/{run}", RECORD_KEY.replace('/', "~1"))).is_some_and(Value::is_string);
        let now = (self.clock())();
        let other = written[RECORD_KEY].as_object().into_iter().flatten().find_map(|(id, record)| {
            let record = record.as_str().and_then(OperationRecord::read)?;
            (id != run && record.is_live(now)).then_some(record)
        });
        if let Some(other) = other.filter(|_| holds) {
            let _ = self.patch(name, reading, &json!({RECORD_KEY: {run: null}})).await;
            return Err(SourceError::new(Trouble::Conflict, format!("{}: it was there first.", other.sentence(now))));
        }
        Ok(Reply { object: written, warnings: Vec::new() })
    }

    async fn patch(&self, name: &str, reading: &Reading, body: &Value) -> Result<Value, SourceError> {
        let mut members: Vec<_> = reading.answers().map(|(member, _)| member).collect();
        members.sort_by_key(|member| !member.takes_writes());
        let Some(member) = members.first() else {
            return Err(SourceError::new(
                Trouble::Unreachable,
                format!("no member of {name} answers: nothing was sent."),
            ));
        };
        let http = Http::new(self.server(name, &member.asked_at)?, "Patroni", self.clock().clone());
        let body = Some(("application/json", body.to_string()));
        let answer =
            http.ask(Asked { method: Method::PATCH, path: "/config", accept: "*/*", body, longest: LONGEST }).await?;
        let words = said(&answer);
        match answer.status {
            StatusCode::OK => {
                let config: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
                self.wrote(name, config.clone());
                Ok(config)
            }
            status if status.is_client_error() => Err(refused(&member.name, status, &words)),
            status => Err(SourceError::new(
                Trouble::Server,
                format!(
                    "{} does not say whether it wrote the configuration ({}, {words}).",
                    member.name,
                    status.as_u16()
                ),
            )),
        }
    }
}

fn refused(member: &str, status: StatusCode, words: &str) -> SourceError {
    let trouble = match status {
        StatusCode::UNAUTHORIZED => Trouble::Unauthorized,
        StatusCode::FORBIDDEN => Trouble::Forbidden,
        StatusCode::CONFLICT => Trouble::Conflict,
        _ => Trouble::Rejected,
    };
    let advice = match status {
        StatusCode::UNAUTHORIZED => " Give its user and password_file in [database.NAME].",
        StatusCode::FORBIDDEN => " Its restapi.allowlist or its client certificates keep this console out.",
        StatusCode::CONFLICT => " Somebody else wrote in the same moment: plan again.",
        _ => "",
    };
    SourceError::new(trouble, format!("{member} refuses it ({}, {words}).{advice}", status.as_u16()))
}

/// The words of an answer; a web page says nothing an operator can use.
fn said(answer: &Answered) -> String {
    let words = String::from_utf8_lossy(&answer.body).trim().to_owned();
    if words.starts_with('<') {
        return "a page of HTML".to_owned();
    }
    text::clean(&words).chars().take(MOST_REPEATED).collect()
}

fn leader(reading: &Reading) -> Option<&str> {
    match reading.primary() {
        Primary::One(member, _) => Some(&member.name),
        _ => None,
    }
}

fn timeline(reading: &Reading) -> Option<u64> {
    match reading.primary() {
        Primary::One(_, said) => said.timeline,
        _ => None,
    }
}
