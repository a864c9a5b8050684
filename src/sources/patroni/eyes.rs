//! Databases read for a plan, for its verification, and again and again while a run goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::sync::watch;

use super::read::{Asked, read};
use crate::config::{Credentials, DeclaredDatabase, Server, Way};
use crate::domain::action::RECORD_KEY;
use crate::domain::database::{DatabaseSnapshot, PAUSE_KEY, Reading, Trail};
use crate::domain::time::{self, Instant};
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::http::{Answered, Http, Request};
use crate::sources::observe::{Answer, DatabaseSeen, ObserveDatabases};

/// How long a member may take for the dynamic configuration.
const WITHIN: Duration = Duration::from_millis(1_500);
/// The longest document.
const LONGEST: usize = 1024 * 1024;

/// What a console keeps of a database between two looks.
#[derive(Debug, Default)]
struct Kept {
    trail: Trail,
    /// The dynamic configuration as a member wrote it last for us, and until when that is newer than what another may tell.
    written: Option<(Instant, Value)>,
}

/// The databases of an environment, read and changed through Patroni. Cloning shares what is kept of them.
#[derive(Clone)]
pub struct Databases {
    declared: Arc<[DeclaredDatabase]>,
    clock: Clock,
    kept: Arc<Mutex<BTreeMap<String, Kept>>>,
    /// What a poller knows of them.
    heard: Arc<Mutex<Option<watch::Receiver<DatabaseSnapshot>>>>,
}

impl Databases {
    /// Those that are declared. Asks nothing yet.
    pub fn new(declared: impl Into<Arc<[DeclaredDatabase]>>, clock: Clock) -> Self {
        Self { declared: declared.into(), clock, kept: Arc::default(), heard: Arc::default() }
    }

    /// Remembers where the primary writes.
    fn note(&self, name: &str, reading: &Reading) {
        self.with(name, |kept| kept.trail.add(reading));
    }

    /// Where a poller saw the primary write.
    fn polled(&self, name: &str) -> Option<Trail> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = heard.as_ref()?.borrow();
        Some(snapshot.of(name)?.trail.as_ref().clone())
    }

    pub(super) const fn clock(&self) -> &Clock {
        &self.clock
    }

    fn with<T>(&self, name: &str, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(self.kept.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default())
    }

    pub(super) fn declared(&self, name: &str) -> Result<&DeclaredDatabase, SourceError> {
        let found = self.declared.iter().find(|declared| *declared.database.name == *name);
        let known: Vec<&str> = self.declared.iter().map(|declared| &*declared.database.name).collect();
        found.ok_or_else(|| {
            let known = if known.is_empty() { "none is declared".to_owned() } else { format!("there is {}", known.join(", ")) };
            let words = format!("There is no database {name:?} in this environment; {known}. Add [database.{name}] to the configuration.");
            SourceError::new(Trouble::NotFound, words)
        })
    }

    /// The servers of its members, as they are declared.
    pub(super) fn servers(&self, name: &str) -> Result<&[Server], SourceError> {
        let declared = self.declared(name)?;
        match &declared.way {
            Way::Patroni(servers) => Ok(servers),
            _ => {
                let words = format!("{name} is not governed by Patroni: its primary is not changed from here yet.");
                Err(SourceError::new(Trouble::Setup, words))
            }
        }
    }

    /// How a member is asked: as it is declared, or at the address its cluster lists, where nobody is told a password.
    pub(super) fn server(&self, name: &str, asked_at: &str) -> Result<Server, SourceError> {
        let servers = self.servers(name)?;
        if let Some(declared) = servers.iter().find(|server| server.url == asked_at) {
            return Ok(declared.clone());
        }
        let first = servers.first();
        let place = asked_at.split_once("://").map_or(asked_at, |(_, place)| place);
        Ok(Server {
            url: asked_at.to_owned(),
            name: Arc::from(place),
            credentials: Credentials::None,
            authorities: first.and_then(|server| server.authorities.clone()),
            identity: first.and_then(|server| server.identity.clone()),
            headers: Vec::new(),
        })
    }

    /// Reads a cluster once, and keeps what is needed of it later.
    pub(super) async fn look(&self, name: &str) -> Result<Reading, SourceError> {
        let asked = Asked {
            servers: self.servers(name)?.to_vec(),
            pinned: self.declared(name)?.database.system_identifier.clone(),
        };
        let reading = read(&asked, &self.clock).await;
        self.note(name, &reading);
        Ok(reading)
    }

    /// Remembers the dynamic configuration that a member has just written: the others tell of it once they looked again.
    pub(super) fn wrote(&self, name: &str, config: Value) {
        let looks = config["loop_wait"].as_i64().unwrap_or(10).clamp(1, 3_600);
        let until = (self.clock)() + time::seconds(looks.saturating_add(2));
        self.with(name, |kept| kept.written = Some((until, config)));
    }

    /// What consoles wrote into the dynamic configuration.
    async fn notes(&self, name: &str, reading: &Reading) -> Value {
        let now = (self.clock)();
        let written = self.with(name, |kept| kept.written.clone().filter(|(until, _)| now < *until));
        if let Some((_, config)) = written {
            return notes(&config);
        }
        let mut members: Vec<_> = reading.answers().map(|(member, _)| member).collect();
        members.sort_by_key(|member| !member.takes_writes());
        for member in members.into_iter().take(2) {
            let Ok(server) = self.server(name, &member.asked_at) else { continue };
            let http = Http::new(server, "Patroni", self.clock.clone()).within(WITHIN);
            let request = Request {
                method: Method::GET,
                path: "/config",
                accept: "application/json",
                body: None,
                longest: LONGEST,
            };
            let answer = http.ask(request).await;
            let body = answer.ok().filter(|answer| answer.status.is_success()).map(|Answered { body, .. }| body);
            if let Some(config) = body.and_then(|body| serde_json::from_slice::<Value>(&body).ok()) {
                return notes(&config);
            }
        }
        Value::Null
    }
}

/// What of a dynamic configuration consoles wrote.
fn notes(config: &Value) -> Value {
    let ours = [RECORD_KEY, PAUSE_KEY, "pause"];
    let ours = ours.into_iter().filter_map(|key| Some((key.to_owned(), config.get(key)?.clone())));
    Value::Object(ours.collect())
}

impl ObserveDatabases for Databases {
    fn hear(&self, snapshots: watch::Receiver<DatabaseSnapshot>) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(snapshots);
    }

    fn database<'a>(&'a self, name: &'a str) -> Answer<'a, DatabaseSeen> {
        Box::pin(async move {
            let reading = self.look(name).await?;
            let notes = self.notes(name, &reading).await;
            let own = self.with(name, |kept| kept.trail.clone());
            // Whoever looked last at a primary knows most of it.
            let last = |trail: &Trail| trail.last().map(|mark| mark.at);
            let trail = self.polled(name).filter(|polled| last(polled) >= last(&own)).unwrap_or(own);
            Ok(DatabaseSeen { reading, trail, limits: self.declared(name)?.limits.clone(), notes })
        })
    }
}
