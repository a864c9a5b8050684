//! What is read of a database for an action on it: its members, who holds others off it, and what was written down about it.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::{Value, json};

use super::contract::Refusal;
use super::execute::Executor;
use super::journal::Aim;
use super::observation::Observation;
use super::plan::Planner;
use crate::domain::action::{OperationRecord, Outcome, Part, Pin, Port, RECORD_KEY, Request, Step};
use crate::domain::database::{Limits, PAUSE_KEY, Pause, Primary, Reading, Said, Trail};
use crate::domain::subject::{DatabaseRef, Subject};
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{DatabaseSeen, ObserveDatabases};

/// How long between two looks at a database while a step is waited for.
const BETWEEN: Duration = Duration::from_secs(1);
/// Where the record of the run that looks stands in the document of a database.
pub(super) const RECORD: &str = "/quarterdeck.dev~1operation";
/// Where the leader stands in it.
pub(super) const LEADER: &str = "/leader";
/// Where its timeline stands in it.
pub(super) const TIMELINE: &str = "/timeline";
/// Where it stands in it whether its governor keeps its hands off.
pub(super) const PAUSED: &str = "/paused";

/// What is known of a database.
#[derive(Debug, Clone)]
pub struct DatabaseFacts {
    /// Which one.
    pub subject: DatabaseRef,
    /// Its members.
    pub reading: Reading,
    /// Where its primary wrote lately.
    pub trail: Trail,
    /// What is too much.
    pub limits: Limits,
    /// Who acts on it, by what consoles wrote into its dynamic configuration; that of the run it is looked at for is not among them.
    pub records: Vec<OperationRecord>,
    /// Whether that could be read.
    pub has_notes: bool,
    /// What a console wrote down about the pause that lasts.
    pub pause: Option<Pause>,
    /// Its system identifier; empty where nobody tells one, or they differ.
    pub uid: String,
    /// What is shown of it as a document, for pins.
    pub document: Value,
    /// When it was read, by our clock.
    pub observed_at: Instant,
}

impl DatabaseFacts {
    fn of(subject: DatabaseRef, seen: DatabaseSeen, run: &str) -> Self {
        let DatabaseSeen { reading, trail, limits, notes } = seen;
        let written = notes[RECORD_KEY].as_object().into_iter().flatten();
        let others = written.clone().filter(|(id, _)| *id != run);
        let records = others.filter_map(|(_, record)| OperationRecord::read(record.as_str()?)).collect();
        let own = written.filter(|(id, _)| *id == run).map(|(_, record)| record.clone()).next();
        let uid = reading.identifier().map(|identifier| identifier.to_string()).unwrap_or_default();
        let (leader, timeline) = match reading.primary() {
            Primary::One(member, said) => (Some(member.name.to_string()), said.timeline),
            _ => (None, reading.answers().filter_map(|(_, said)| said.timeline).max()),
        };
        let document = json!({
            "system_identifier": uid,
            "leader": leader,
            "timeline": timeline,
            "paused": reading.is_paused(),
            RECORD_KEY: own,
        });
        let pause = serde_json::from_value(notes[PAUSE_KEY].clone()).ok();
        let observed_at = reading.at;
        Self {
            subject,
            reading,
            trail,
            limits,
            records,
            has_notes: !notes.is_null(),
            pause,
            uid,
            document,
            observed_at,
        }
    }

    /// Who takes writes, by their own word alone.
    pub fn leader(&self) -> Option<&str> {
        self.document.pointer(LEADER).and_then(Value::as_str)
    }

    /// The timeline of the leader; without one, the newest that a member tells.
    pub fn timeline(&self) -> Option<u64> {
        self.document.pointer(TIMELINE).and_then(Value::as_u64)
    }
}

/// What a plan on a database is pinned to.
pub(super) fn shown(facts: &DatabaseFacts) -> Vec<Pin> {
    let at = |path: &str| facts.document.pointer(path).cloned().unwrap_or(Value::Null);
    ["/system_identifier", LEADER, TIMELINE, PAUSED].map(|path| Pin { path: path.to_owned(), value: at(path) }).to_vec()
}

/// A step that changes the dynamic configuration of what governs a database.
pub(super) fn governing(facts: &DatabaseFacts, part: Part, id: &str, words: &str, body: Value) -> Step {
    let request = Request {
        method: "PATCH".to_owned(),
        path: "/config".to_owned(),
        content_type: "application/json".to_owned(),
        body,
    };
    let on = (Subject::Database(facts.subject.clone()), facts.uid.as_str());
    Step { port: Port::Database, ..Step::in_order(part, id, on, words, request) }
}

impl Observation {
    /// The database it is.
    ///
    /// # Errors
    /// When it is something else: the action is on databases.
    pub fn database(&self) -> Result<&DatabaseFacts, Refusal> {
        match self {
            Self::Database(facts) => Ok(facts),
            _ => Err(Refusal("this can be done to a database alone.".to_owned())),
        }
    }
}

impl Planner {
    /// The eyes on the databases.
    fn databases(&self) -> Result<&dyn ObserveDatabases, SourceError> {
        let none = || {
            let words =
                format!("no database is declared in {}: add [database.NAME] to the configuration.", self.environment);
            SourceError::new(Trouble::Setup, words)
        };
        self.databases.as_deref().ok_or_else(none)
    }

    /// Reads a database, for a run or for none.
    ///
    /// # Errors
    /// Where no member answers: nothing can be said of it, and it is not another one.
    pub(super) async fn database(&self, database: &DatabaseRef, run: &str) -> Result<Observation, SourceError> {
        let seen = self.databases()?.database(&database.name).await?;
        let silent = |member: &crate::domain::database::Member| member.said.as_ref().err().cloned();
        if seen.reading.answers().next().is_none() {
            let why = seen.reading.members.iter().find_map(silent);
            let why = why.or_else(|| seen.reading.topology.as_ref().err().cloned()).unwrap_or_default();
            return Err(SourceError::new(Trouble::Timeout, format!("no member of {} answers: {why}", database.name)));
        }
        Ok(Observation::Database(Box::new(DatabaseFacts::of(database.clone(), seen, run))))
    }

    /// The same, again and again.
    pub(super) fn follow_database<'a>(
        &'a self,
        database: &'a DatabaseRef,
        run: &'a str,
    ) -> BoxStream<'a, Result<Observation, SourceError>> {
        let look = move |is_first: bool| async move {
            if !is_first {
                tokio::time::sleep(BETWEEN).await;
            }
            Some((self.database(database, run).await, false))
        };
        stream::unfold(true, look).boxed()
    }
}

/// For how long it is looked for what became of a change that an earlier process asked for.
const LOOKED_FOR: TimeDelta = TimeDelta::seconds(120);

impl Executor {
    /// Looks what became of a change of a primary that an earlier process asked for. Sends nothing.
    pub(super) async fn see_what_became(&self, database: &DatabaseRef, aim: &Aim, run: &str) -> (Outcome, String) {
        let pin = |path: &str| aim.ends_with.iter().find(|pin| pin.path == path).map(|pin| &pin.value);
        let wanted = pin(LEADER).and_then(Value::as_str).unwrap_or_default();
        let timeline = pin(TIMELINE).and_then(Value::as_u64).unwrap_or_default();
        let limit = self.now() + LOOKED_FOR;
        let mut last = (Outcome::Unknown, format!("{} could not be read.", database.name));
        let mut looks = self.planner.follow_database(database, run);
        loop {
            let left = (limit - self.now()).to_std().unwrap_or_default();
            let Ok(Some(seen)) = tokio::time::timeout(left, looks.next()).await else { return last };
            match seen {
                Ok(Observation::Database(facts)) if *facts.uid != *aim.uid => {
                    last = (Outcome::Unknown, format!("what answers as {} is another database.", database.name));
                }
                Ok(Observation::Database(facts)) => {
                    last = became(&facts, wanted, timeline);
                    if matches!(last.0, Outcome::Done | Outcome::Failed) {
                        return last;
                    }
                }
                Ok(_) => {}
                Err(error) => last = (Outcome::Unknown, error.sentence),
            }
        }
    }
}

/// What a look comes to: whether the member that was wanted takes writes on a timeline of its own, and who follows it.
fn became(facts: &DatabaseFacts, wanted: &str, timeline: u64) -> (Outcome, String) {
    let reading = &facts.reading;
    let Primary::One(primary, said) = reading.primary() else {
        return (Outcome::Unknown, "it is not certain who takes writes. Look at it before anything else.".to_owned());
    };
    let name = &primary.name;
    if said.timeline.is_none_or(|own| own < timeline) {
        let words = format!(
            "{name} takes writes as before. Whether {wanted} was ever asked for is not known, and nothing is sent again: plan the same again."
        );
        return (Outcome::Unknown, words);
    }
    if **name != *wanted {
        return (Outcome::Failed, format!("{name} was promoted in place of {wanted}."));
    }
    let follows = |said: &Said| said.streams() && said.timeline.is_some_and(|own| own >= timeline);
    let others = reading.answers().filter(|(member, _)| member.name != *name);
    let left: Vec<&str> = others.filter(|(_, said)| !follows(said)).map(|(member, _)| &*member.name).collect();
    if left.is_empty() {
        return (
            Outcome::Done,
            format!("verified: {name} takes writes on the new timeline, and the others follow it."),
        );
    }
    (
        Outcome::Partial,
        format!("{name} takes writes on the new timeline, and {} does not follow it.", left.join(" and ")),
    )
}
