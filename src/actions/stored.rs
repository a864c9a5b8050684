//! Steps that write into the store: what one is as a request, how it is sent, and how it is found again.
//!
//! A write is one transaction that tells what it wrote, so its answer is its verification. Where the answer is lost, the attempt is looked
//! up by its id, which follows from the run.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::alerts::StoreEyes;
use super::observation::{AlertFacts, BackupFacts, IncidentFacts, MaintenanceFacts, Observation, ScheduleFacts};
use super::verify::Look;
use crate::domain::action::{Outcome, Port, Request, Step};
use crate::domain::incident::Incident;
use crate::domain::store::fact::{Change, Read};
use crate::domain::store::{
    Author, ChangeHandoff, ChangeIncident, ChangeOccurrence, DeclareIncident, EditNote, Id, NewAcknowledgement,
    NewFreeze, NewNote, NewOverride, NewWindow, RecordBackup, RecordRestore, TickTask, WithdrawAcknowledgement,
    WithdrawFreeze, WithdrawWindow,
};
use crate::domain::subject::Subject;
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::operate::Reply;
use crate::sources::store::port::{WriteError, WriteStore};

/// How long a write whose answer was lost is looked for, in seconds.
pub(super) const DEADLINE: u32 = 30;
/// How long between two looks.
const BETWEEN: Duration = Duration::from_millis(500);

/// One transaction, as a request holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Write {
    /// Of an acknowledgement.
    Acknowledge(NewAcknowledgement),
    /// Of one that is taken back.
    Unacknowledge(Box<WithdrawAcknowledgement>),
    /// Of a note.
    Note(NewNote),
    /// Of a note that is changed or taken back.
    EditNote(Box<EditNote>),
    /// Of an incident that is declared.
    Declare(Box<DeclareIncident>),
    /// Of an incident that is changed, or of what is said of one.
    Incident(Box<ChangeIncident>),
    /// Of a window that is planned.
    PlanWindow(Box<NewWindow>),
    /// Of a window that is taken back.
    WithdrawWindow(WithdrawWindow),
    /// Of an occurrence of a window.
    Occurrence(ChangeOccurrence),
    /// Of a task that was done.
    TickTask(TickTask),
    /// Of a freeze.
    Freeze(Box<NewFreeze>),
    /// Of a freeze that is taken back.
    Thaw(WithdrawFreeze),
    /// Of an override of a schedule.
    Override(Box<NewOverride>),
    /// Of something that is done to a hand-off.
    Handoff(Box<ChangeHandoff>),
    /// Of a backup that a script made.
    RecordBackup(RecordBackup),
    /// Of a restore that a script tried.
    RecordRestore(RecordRestore),
}

impl Write {
    /// The change of the store, and the name of what it is about.
    fn change(&self) -> (&dyn Change, String) {
        match self {
            Self::Acknowledge(new) => (new, new.fingerprint.clone()),
            Self::Unacknowledge(withdraw) => (&**withdraw, withdraw.0.fingerprint.clone()),
            Self::Note(new) => (new, new.subject.name.clone()),
            Self::EditNote(edit) => (&**edit, edit.seen.subject.name.clone()),
            Self::Declare(declare) => (&**declare, 0.to_string()),
            Self::Incident(change) => (&**change, change.number.to_string()),
            // What may be new is looked for by no name: it has one only once it is written.
            Self::PlanWindow(new) => (&**new, String::new()),
            Self::WithdrawWindow(withdraw) => (withdraw, withdraw.name.clone()),
            Self::Occurrence(change) => (change, change.window.clone()),
            Self::TickTask(tick) => (tick, tick.task.clone()),
            Self::Freeze(new) => (&**new, String::new()),
            Self::Thaw(withdraw) => (withdraw, withdraw.name.clone()),
            Self::Override(new) => (&**new, new.schedule.clone()),
            Self::Handoff(change) => (&**change, change.seen.schedule.clone()),
            Self::RecordBackup(record) => (record, record.set.clone()),
            Self::RecordRestore(record) => (record, record.set.clone()),
        }
    }

    /// The step that writes it. `fills` are the places of what is said in the operator's own words.
    pub(super) fn step(&self, words: String, table: &str, fills: &[&str]) -> Step {
        let request = Request {
            method: "WRITE".to_owned(),
            path: table.to_owned(),
            content_type: "application/json".to_owned(),
            // It has only keys that are texts, so it always serialises.
            body: serde_json::to_value(self).unwrap_or_default(),
        };
        let fills = fills.iter().map(|place| (*place).to_owned()).collect();
        Step { port: Port::Store, fills, ..Step::change(words, request) }
    }
}

/// What a write made that somebody goes on with: the number of an incident.
fn made(write: &Write, written: &Read) -> Value {
    match write {
        Write::Declare(_) => written.one::<Incident>().map_or(Value::Null, |one| json!({"incident": one.number})),
        _ => Value::Null,
    }
}

/// Writes what a step says, once: an attempt that was written before is found again by its id.
pub(super) async fn send(
    store: &dyn WriteStore,
    author: &Author,
    run: &str,
    request: &Request,
) -> Result<Reply, SourceError> {
    let unread = |error| SourceError::new(Trouble::Setup, format!("what is to be written cannot be read: {error}."));
    let write: Write = serde_json::from_value(request.body.clone()).map_err(unread)?;
    let (change, name) = write.change();
    let written = store.write(author, &attempt(run, &name), change).await;
    let cleaned = |words: &str| text::clean(words).into_owned();
    let reply = |read| Reply { object: made(&write, &read), warnings: Vec::new() };
    written.map(reply).map_err(|error| match error {
        WriteError::Conflict(words) => SourceError::new(Trouble::Conflict, cleaned(&words)),
        WriteError::Refused(words) => SourceError::new(Trouble::Rejected, cleaned(&words)),
        WriteError::NotWritten(error) => {
            SourceError { sentence: cleaned(&error.sentence), is_certainly_not_done: true, ..error }
        }
        WriteError::Unknown(error) => {
            SourceError { sentence: cleaned(&error.sentence), is_certainly_not_done: false, ..error }
        }
    })
}

/// The id of the attempt of a run at something, so that whoever takes the run up can look for it.
fn attempt(run: &str, name: &str) -> Id {
    let part = |from: usize, to: usize| run.get(from..to).unwrap_or_default();
    let (date, hour) =
        ([part(0, 4), part(4, 6), part(6, 8)].join("-"), [part(9, 11), part(11, 13), part(13, 15)].join(":"));
    let began = time::read(&format!("{date}T{hour}Z")).unwrap_or_default();
    let digest = Sha256::digest(format!("{run}\n{name}").as_bytes());
    let random = digest.iter().take(16).fold(0_u128, |all, byte| (all << 8) | u128::from(*byte));
    Id::new(began, random)
}

impl StoreEyes {
    /// Whether a run has written what it was to say of something, by the name it has in the store.
    pub(super) async fn has_written(&self, name: &str, run: &str) -> Result<bool, SourceError> {
        self.store.has_written(&attempt(run, name)).await
    }

    /// Looks again and again whether it has.
    pub(super) fn follow<'a>(
        &'a self,
        subject: &'a Subject,
        run: &'a str,
        clock: impl Fn() -> Instant + Send + 'a,
    ) -> BoxStream<'a, Result<Observation, SourceError>> {
        let looks = stream::unfold((clock, true), move |(clock, is_first)| async move {
            if !is_first {
                tokio::time::sleep(BETWEEN).await;
            }
            let looked = self.look(subject, run, clock()).await;
            Some((looked, (clock, false)))
        });
        looks.boxed()
    }

    /// One such look.
    pub(super) async fn look(&self, subject: &Subject, run: &str, now: Instant) -> Result<Observation, SourceError> {
        match subject {
            Subject::Alert(alert) => {
                let is_written = self.has_written(&alert.fingerprint, run).await?;
                Ok(Observation::Alert(Box::new(AlertFacts { is_written, ..AlertFacts::unread(alert.clone(), now) })))
            }
            Subject::Incident(incident) => {
                let is_written = self.has_written(&incident.number.to_string(), run).await?;
                Ok(Observation::Incident(Box::new(IncidentFacts {
                    is_written,
                    ..IncidentFacts::unread(incident.clone(), now)
                })))
            }
            Subject::Window(named) | Subject::Task(named) | Subject::Freeze(named) => {
                // Its name may name an occurrence too, and what is new has none before it is written.
                let name = named.name.split('@').next().unwrap_or_default();
                let is_written = self.has_written(name, run).await? || self.has_written("", run).await?;
                let facts = MaintenanceFacts { is_written, ..MaintenanceFacts::unread(subject.clone(), now) };
                Ok(Observation::Maintenance(Box::new(facts)))
            }
            Subject::Schedule(schedule) => {
                let is_written = self.has_written(&schedule.name, run).await?;
                Ok(Observation::Schedule(Box::new(ScheduleFacts {
                    is_written,
                    ..ScheduleFacts::unread(schedule.clone(), now)
                })))
            }
            Subject::Backup(backup) => {
                let is_written = self.has_written(&backup.set, run).await?;
                Ok(Observation::Backup(Box::new(BackupFacts {
                    is_written,
                    ..BackupFacts::unread(backup.clone(), now)
                })))
            }
            Subject::Workload(_)
            | Subject::Silence(_)
            | Subject::Pod(_)
            | Subject::Job(_)
            | Subject::Object(_)
            | Subject::Address(_)
            | Subject::Made(_)
            | Subject::Database(_) => {
                Err(SourceError::new(Trouble::Setup, format!("nothing of {subject} stands in the store.")))
            }
        }
    }
}

/// Judges one look at an attempt.
pub(super) fn judge(is_written: bool, done: String) -> Look {
    if is_written {
        Look::Settled(Outcome::Done, done)
    } else {
        Look::Waiting("it is not in the store yet; it is not sent again".to_owned())
    }
}
