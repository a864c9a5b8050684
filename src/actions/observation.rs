//! What was read of a subject: enough to draft an action on it, to hold the plan to what it showed, and to judge what became of it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::contract::Refusal;
use super::databases::DatabaseFacts;
use super::escalations::CallBook;
use crate::config::Act;
use crate::domain::action::OperationRecord;
use crate::domain::alert::{Alert, Known, LeftOut, Matcher, Silence};
use crate::domain::incident::Incident;
use crate::domain::maintenance::{self, Exception};
use crate::domain::oncall::escalation::Run;
use crate::domain::oncall::{Handoff, Override, Schedule};
use crate::domain::people::Person;
use crate::domain::store::{Acknowledgement, Note, StoredFreeze, StoredWindow, TaskTick};
use crate::domain::subject::{AlertRef, BackupRef, IncidentRef, ScheduleRef, Subject};
use crate::domain::time::Instant;
use crate::sources::observe::{MemberAlerts, PodFacts, Replicated, WorkloadFacts};

/// What was read of one subject at one time.
#[derive(Debug, Clone)]
pub enum Observation {
    /// A workload.
    Workload(Box<WorkloadFacts>),
    /// A silence, or what one would cover.
    Silence(Box<SilenceFacts>),
    /// A pod by itself.
    Pod(Box<PodFacts>),
    /// An alert, and what the store says of it.
    Alert(Box<AlertFacts>),
    /// An object of a cluster that is no workload and no pod.
    Object(Box<ObjectFacts>),
    /// An incident, or what one that is to be declared is like.
    Incident(Box<IncidentFacts>),
    /// A window, a task or a freeze, as the store tells.
    Maintenance(Box<MaintenanceFacts>),
    /// A schedule of who is on call.
    Schedule(Box<ScheduleFacts>),
    /// A set of backups, and whether the store answers.
    Backup(Box<BackupFacts>),
    /// A database, by its members.
    Database(Box<DatabaseFacts>),
}

/// What was read of an object of a cluster.
#[derive(Debug, Clone)]
pub struct ObjectFacts {
    /// Which object.
    pub subject: Subject,
    /// Its uid; empty where it does not exist.
    pub uid: String,
    /// The object as the server sent it, without its managed fields; null where it does not exist. Of an address what it answered.
    pub object: Arc<Value>,
    /// Why it could not be read where that is no reason to do nothing.
    pub missing: Vec<String>,
    /// When it was read, by our clock.
    pub observed_at: Instant,
}

impl ObjectFacts {
    /// What was read of a subject.
    pub fn new(subject: Subject, object: Option<Arc<Value>>, observed_at: Instant) -> Self {
        let object = object.unwrap_or_default();
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { subject, uid, object, missing: Vec::new(), observed_at }
    }
}

/// What is known of a set of backups, as far as the store is asked.
#[derive(Debug, Clone)]
pub struct BackupFacts {
    /// Which set.
    pub subject: BackupRef,
    /// How one is made now, by the configuration.
    pub run: Option<Act>,
    /// How one is proven, by the configuration.
    pub verify: Option<Act>,
    /// What in a cluster does each of them, as it was read; `None` where it is done on this machine, or is not there.
    pub makers: [Option<Arc<Value>>; 2],
    /// Why the store says nothing; `None` where it answers.
    pub unsaid: Option<String>,
    /// Whether the run it is looked at for has written.
    pub is_written: bool,
    /// When, by the store's clock.
    pub store_now: Instant,
    /// The same as a document, for pins.
    pub document: Value,
    /// When all this was read, by our clock.
    pub observed_at: Instant,
}

/// What is known of an alert, and what the store says of it.
#[derive(Debug, Clone)]
pub struct AlertFacts {
    /// Which one.
    pub alert: AlertRef,
    /// As it is listed; `None` when it does not fire, or nobody lists it.
    pub listed: Option<Arc<Alert>>,
    /// Who took it last, live or not.
    pub acknowledgement: Option<Acknowledgement>,
    /// The note that is meant: the one that was asked for, also where it was taken back, else the newest.
    pub note: Option<Note>,
    /// All notes on it that were not taken back, the newest first.
    pub notes: Vec<Note>,
    /// Why it is not known what the store says.
    pub unsaid: Option<String>,
    /// What else is not known, as sentences.
    pub doubts: Vec<String>,
    /// Whether the run it is looked at for has written.
    pub is_written: bool,
    /// When, by the store's clock.
    pub store_now: Instant,
    /// What is shown of it as a document, for pins.
    pub document: Value,
    /// When all this was read, by our clock.
    pub observed_at: Instant,
}

/// What the store says of an incident, or of one that is to be declared.
#[derive(Debug, Clone)]
pub struct IncidentFacts {
    /// Which one.
    pub subject: IncidentRef,
    /// As it is; `None` for one that is to be declared.
    pub incident: Option<Incident>,
    /// Its escalation; `None` where it has none.
    pub run: Option<Run>,
    /// Who is on call, and whom policies page.
    pub book: CallBook,
    /// The other one that it is merged into, or out of.
    pub beside: Option<Incident>,
    /// Those that are open, the newest first.
    pub open: Vec<Incident>,
    /// Those that were resolved lately, the last first.
    pub resolved: Vec<Incident>,
    /// The people the store knows, by their handles; empty where nobody wrote any down.
    pub people: Vec<Person>,
    /// Whether the run it is looked at for has written.
    pub is_written: bool,
    /// When, by the store's clock.
    pub store_now: Instant,
    /// Its number as a text; empty for one that is to be declared.
    pub uid: String,
    /// The same as a document, for pins.
    pub document: Value,
    /// When all this was read, by our clock.
    pub observed_at: Instant,
}

/// What the store says of maintenance, as far as a window, a task or a freeze needs it.
#[derive(Debug, Clone)]
pub struct MaintenanceFacts {
    /// Which one.
    pub subject: Subject,
    /// Its name; of one that is made, as it is given.
    pub name: String,
    /// The occurrence that is meant, where the subject names one: `daily@2026-12-05T02:00:00Z`.
    pub occurrence: Option<String>,
    /// Every window, shipped and planned, with what was said of occurrences.
    pub schedule: maintenance::Schedule,
    /// The window of this name as somebody planned it; `None` for one that is shipped or not there.
    pub window: Option<StoredWindow>,
    /// What was said of the occurrence that is meant.
    pub said: Option<Exception>,
    /// The freeze of this name.
    pub freeze: Option<StoredFreeze>,
    /// When the task of this name was done last.
    pub last_tick: Option<TaskTick>,
    /// Why it is not known what the store says.
    pub unsaid: Option<String>,
    /// Whether the run it is looked at for has written.
    pub is_written: bool,
    /// When, by the store's clock.
    pub store_now: Instant,
    /// What is shown of it as a document, for pins.
    pub document: Value,
    /// When all this was read, by our clock.
    pub observed_at: Instant,
}

/// What the store says of a schedule.
#[derive(Debug, Clone)]
pub struct ScheduleFacts {
    /// Which one.
    pub subject: ScheduleRef,
    /// As it is; `None` where it was only asked whether something was written.
    pub schedule: Option<Schedule>,
    /// What is said over it.
    pub overrides: Vec<Override>,
    /// The people the store knows; empty where nobody wrote any down.
    pub people: Vec<Person>,
    /// The last override, of whatever role.
    pub last: Option<Override>,
    /// Its hand-offs, the last boundary first.
    pub handoffs: Vec<Handoff>,
    /// The incidents that are open.
    pub open: Vec<Incident>,
    /// The silences that hold or will; `None` where they are not known.
    pub silences: Option<Arc<[Silence]>>,
    /// Whether the run it is looked at for has written.
    pub is_written: bool,
    /// When, by the store's clock.
    pub store_now: Instant,
    /// What is shown of it as a document, for pins.
    pub document: Value,
    /// When all this was read, by our clock.
    pub observed_at: Instant,
}

/// What is known of a silence, or of one that is to be made.
#[derive(Debug, Clone)]
pub struct SilenceFacts {
    /// As it is; `None` for one that is to be made, or is not found.
    pub silence: Option<Silence>,
    /// What it covers.
    pub matchers: Vec<Matcher>,
    /// The alerts it is meant for, whoever sent them, by their keys.
    pub chosen: Vec<Arc<str>>,
    /// Labels of these that are left out of its matchers.
    pub left_out: Vec<LeftOut>,
    /// What fires of what it covers, as the server says; else why that is not known.
    pub covered: Result<Vec<Alert>, String>,
    /// What it is judged by beside that.
    pub known: Known,
    /// What of that is not known, as sentences.
    pub doubts: Vec<String>,
    /// As each member of the cluster has it; empty for one that is to be made.
    pub members: Vec<Replicated>,
    /// The alerts as each member has them; empty before it is made.
    pub alerts: Vec<MemberAlerts>,
    /// The same as a document, for pins.
    pub document: Value,
    /// When all this was read, by our clock.
    pub observed_at: Instant,
}

impl SilenceFacts {
    /// A silence as a document.
    pub fn written(silence: Option<&Silence>) -> Value {
        let Some(silence) = silence else { return Value::Null };
        json!({
            "id": &*silence.id,
            "matchers": silence.matchers,
            "starts_at": silence.starts_at,
            "ends_at": silence.ends_at,
            "created_by": &*silence.created_by,
            "comment": &*silence.comment,
        })
    }
}

impl Observation {
    /// Its identity: another one is another thing of the same name.
    pub fn uid(&self) -> &str {
        match self {
            Self::Workload(facts) => &facts.uid,
            Self::Silence(facts) => facts.silence.as_ref().map_or("", |silence| &silence.id),
            Self::Alert(facts) => &facts.alert.fingerprint,
            Self::Pod(facts) => &facts.pod.uid,
            Self::Object(facts) => &facts.uid,
            Self::Incident(facts) => &facts.uid,
            Self::Maintenance(facts) => facts.subject.name(),
            Self::Schedule(facts) => &facts.subject.name,
            Self::Backup(facts) => &facts.subject.set,
            Self::Database(facts) => &facts.uid,
        }
    }

    /// The document that pins are held to.
    pub fn document(&self) -> &Value {
        match self {
            Self::Workload(facts) => &facts.object,
            Self::Silence(facts) => &facts.document,
            Self::Alert(facts) => &facts.document,
            Self::Pod(facts) => &facts.object,
            Self::Object(facts) => &facts.object,
            Self::Incident(facts) => &facts.document,
            Self::Maintenance(facts) => &facts.document,
            Self::Schedule(facts) => &facts.document,
            Self::Backup(facts) => &facts.document,
            Self::Database(facts) => &facts.document,
        }
    }

    /// Who acts on it, as written on it.
    pub fn record(&self) -> Option<&OperationRecord> {
        match self {
            Self::Workload(facts) => facts.record.as_ref(),
            Self::Database(facts) => facts.records.first(),
            _ => None,
        }
    }

    /// Who has changed what a pin shows, in a few words; `None` where that is not known.
    pub fn who_moved(&self, path: &str) -> Option<String> {
        match self {
            Self::Alert(facts) => facts.who_moved(path),
            Self::Incident(facts) => facts.who_moved(path),
            Self::Maintenance(facts) => facts.who_moved(path),
            Self::Schedule(facts) => facts.who_moved(),
            _ => self.record().map(|record| record.sentence(self.observed_at())),
        }
    }

    /// When it was read, by our clock.
    pub const fn observed_at(&self) -> Instant {
        match self {
            Self::Workload(facts) => facts.observed_at,
            Self::Silence(facts) => facts.observed_at,
            Self::Alert(facts) => facts.observed_at,
            Self::Pod(facts) => facts.observed_at,
            Self::Object(facts) => facts.observed_at,
            Self::Incident(facts) => facts.observed_at,
            Self::Maintenance(facts) => facts.observed_at,
            Self::Schedule(facts) => facts.observed_at,
            Self::Backup(facts) => facts.observed_at,
            Self::Database(facts) => facts.observed_at,
        }
    }

    /// What is not known of it, as sentences.
    pub fn missing(&self) -> &[String] {
        match self {
            Self::Workload(facts) => &facts.missing,
            Self::Silence(facts) => &facts.doubts,
            Self::Alert(facts) => &facts.doubts,
            Self::Pod(_)
            | Self::Object(_)
            | Self::Incident(_)
            | Self::Schedule(_)
            | Self::Backup(_)
            | Self::Maintenance(_)
            | Self::Database(_) => &[],
        }
    }

    /// The workload it is.
    ///
    /// # Errors
    /// When it is something else: the action is on workloads.
    pub fn workload(&self) -> Result<&WorkloadFacts, Refusal> {
        match self {
            Self::Workload(facts) => Ok(facts),
            _ => Err(Refusal("this can be done to a workload alone.".to_owned())),
        }
    }

    /// The object of a cluster it is.
    ///
    /// # Errors
    /// When it is something else.
    pub fn object(&self) -> Result<&ObjectFacts, Refusal> {
        match self {
            Self::Object(facts) => Ok(facts),
            _ => Err(Refusal("this can be done to an object of the cluster alone.".to_owned())),
        }
    }

    /// The silence it is.
    ///
    /// # Errors
    /// When it is something else: the action is on silences.
    pub fn silence(&self) -> Result<&SilenceFacts, Refusal> {
        match self {
            Self::Silence(facts) => Ok(facts),
            _ => Err(Refusal("this can be done to a silence alone.".to_owned())),
        }
    }

    /// The alert it is.
    ///
    /// # Errors
    /// When it is something else: the action is on alerts.
    pub fn alert(&self) -> Result<&AlertFacts, Refusal> {
        match self {
            Self::Alert(facts) => Ok(facts),
            _ => Err(Refusal("this can be done to an alert alone.".to_owned())),
        }
    }

    /// The set of backups it is.
    ///
    /// # Errors
    /// When it is something else: the action is on sets of backups.
    pub fn backup(&self) -> Result<&BackupFacts, Refusal> {
        match self {
            Self::Backup(facts) => Ok(facts),
            _ => Err(Refusal("this can be done to a set of backups alone.".to_owned())),
        }
    }

    /// The incident it is.
    ///
    /// # Errors
    /// When it is something else: the action is on incidents.
    pub fn incident(&self) -> Result<&IncidentFacts, Refusal> {
        match self {
            Self::Incident(facts) => Ok(facts),
            _ => Err(Refusal("this can be done to an incident alone.".to_owned())),
        }
    }

    /// What the store says of maintenance.
    ///
    /// # Errors
    /// When it is something else: the action is on windows, tasks or freezes.
    pub fn maintenance(&self) -> Result<&MaintenanceFacts, Refusal> {
        match self {
            Self::Maintenance(facts) => Ok(facts),
            _ => Err(Refusal("this can be done to a window, a task or a freeze alone.".to_owned())),
        }
    }

    /// The schedule it is.
    ///
    /// # Errors
    /// When it is something else: the action is on schedules.
    pub fn schedule(&self) -> Result<&ScheduleFacts, Refusal> {
        match self {
            Self::Schedule(facts) => Ok(facts),
            _ => Err(Refusal("this can be done to a schedule alone.".to_owned())),
        }
    }

    /// The pod it is.
    ///
    /// # Errors
    /// When it is something else: the action is on pods.
    pub fn pod(&self) -> Result<&PodFacts, Refusal> {
        match self {
            Self::Pod(facts) => Ok(facts),
            _ => Err(Refusal("this can be done to a pod alone.".to_owned())),
        }
    }
}
