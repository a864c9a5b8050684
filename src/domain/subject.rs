//! What an action is on: one closed type, whatever is acted on.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::job::JobRef;
use super::maintenance_mode::Named;
use super::rollout::WorkloadRef;
use super::text;
use crate::domain::worded;

/// A silence; one that is still to be made has no id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SilenceRef {
    /// The environment.
    pub environment: Arc<str>,
    /// Its id; empty for a new one.
    pub id: String,
}

/// An alert, by what stays of it over every time it fires.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlertRef {
    /// The environment.
    pub environment: Arc<str>,
    /// Which alert of it: a fingerprint of its labels, whichever replica sent it.
    pub fingerprint: String,
    /// Its name, which its labels tell: a fingerprint tells nobody anything.
    pub name: String,
}

/// A pod that is acted on by itself: what runs in it, not what brings it back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PodRef {
    /// The environment.
    pub environment: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// An incident of the store; one that is still to be declared has number 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IncidentRef {
    /// The environment of the console it is acted on from: incidents are of all of them.
    pub environment: Arc<str>,
    /// Its number; 0 for a new one.
    pub number: u64,
    /// Its title: a number tells nobody anything.
    pub title: String,
}

/// What stands in the store by its name: a window, a task, a freeze; one that is still to be made has none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NamedRef {
    /// The environment of the console it is acted on from: the store is of all of them.
    pub environment: Arc<str>,
    /// Its name.
    pub name: String,
}

/// A schedule of who is on call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScheduleRef {
    /// The environment of the console it is acted on from: schedules are of all of them.
    pub environment: Arc<str>,
    /// Its name.
    pub name: String,
}

/// A set of backups. It is of no environment: that of the console it is acted on from tells who acted where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BackupRef {
    /// The environment of the console.
    pub environment: Arc<str>,
    /// The set, by its name in the configuration.
    pub set: Arc<str>,
    /// The namespace of the cluster it is acted on in; `None` where that is done on this machine, or in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Arc<str>>,
}

worded! {
    /// A kind of backup that an operator makes once its object is there.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum MadeKind {
        /// A Backup of CloudNativePG.
        CloudNativePg = "Backup of CloudNativePG",
        /// A Backup of Velero.
        Velero = "Backup of Velero",
    }
}

impl MadeKind {
    /// The group and version of its API, as a path begins, and its resource in the plural.
    pub const fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::CloudNativePg => ("apis/postgresql.cnpg.io/v1", "backups"),
            Self::Velero => ("apis/velero.io/v1", "backups"),
        }
    }
}

/// A backup that an operator is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MadeRef {
    /// The environment.
    pub environment: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its kind.
    pub kind: MadeKind,
    /// Its name.
    pub name: Arc<str>,
}

/// A database whose primary can be changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DatabaseRef {
    /// Its environment, whose grant and guard hold for it: it may have no cluster.
    pub environment: Arc<str>,
    /// Its name in the configuration.
    pub name: Arc<str>,
}

/// An object of a cluster that a maintenance changes beside the workloads. Without a name it is all of its kind in the namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The environment.
    pub environment: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its kind and name.
    #[serde(flatten)]
    pub named: Named,
}

/// Where users come in: it is asked what it answers, and nothing is done to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AddressRef {
    /// The environment.
    pub environment: Arc<str>,
    /// The address, as the configuration has it.
    pub address: String,
}

/// Something that is acted on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A workload of a cluster.
    Workload(WorkloadRef),
    /// A silence of the Alertmanagers of an environment.
    Silence(SilenceRef),
    /// An alert, of which the store says something.
    Alert(AlertRef),
    /// A pod. In documents and journals `pod` is the pod that is replaced.
    #[serde(rename = "one_pod")]
    Pod(PodRef),
    /// A CronJob or a Job.
    Job(JobRef),
    /// An object that a maintenance changes beside the workloads.
    Object(ObjectRef),
    /// Where users come in.
    Address(AddressRef),
    /// An incident.
    Incident(IncidentRef),
    /// A maintenance window.
    Window(NamedRef),
    /// A periodic task.
    Task(NamedRef),
    /// A freeze.
    Freeze(NamedRef),
    /// A schedule of who is on call.
    Schedule(ScheduleRef),
    /// A set of backups, of which the store says something.
    Backup(BackupRef),
    /// A backup that an operator is asked for: a step makes it, and no action is on one.
    Made(MadeRef),
    /// A database.
    Database(DatabaseRef),
}

/// What kind of thing a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// A workload.
    Workload,
    /// A silence.
    Silence,
    /// A pod.
    Pod,
    /// A CronJob or a Job.
    Job,
    /// An object that a maintenance changes beside the workloads.
    Object,
    /// Where users come in.
    Address,
    /// An alert.
    Alert,
    /// An incident.
    Incident,
    /// A maintenance window.
    Window,
    /// A periodic task.
    Task,
    /// A freeze.
    Freeze,
    /// A schedule of who is on call.
    Schedule,
    /// A set of backups.
    Backup,
    /// A backup that an operator is asked for.
    Made,
    /// A database.
    Database,
}

impl SubjectKind {
    /// Whether what is done to it stands in the store alone: nobody feels it, and every console writes by itself.
    pub const fn is_stored(self) -> bool {
        !matches!(
            self,
            Self::Workload
                | Self::Silence
                | Self::Pod
                | Self::Job
                | Self::Made
                | Self::Object
                | Self::Address
                | Self::Database
        )
    }

    /// Whether a change of it is tried first without being made: nobody but a cluster rehearses.
    pub const fn is_rehearsed(self) -> bool {
        matches!(self, Self::Workload | Self::Job | Self::Backup)
    }

    /// Several of it, in a word.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Workload => "workloads",
            Self::Silence => "silences",
            Self::Pod => "pods",
            Self::Job => "CronJobs",
            Self::Object => "objects",
            Self::Address => "addresses",
            Self::Alert => "alerts",
            Self::Incident => "incidents",
            Self::Window => "windows",
            Self::Task => "tasks",
            Self::Freeze => "freezes",
            Self::Schedule => "schedules",
            Self::Backup => "sets of backups",
            Self::Made => "backups",
            Self::Database => "databases",
        }
    }
}

impl Subject {
    /// One that is still to be made; `None` of a kind that the console does not make.
    pub fn new(kind: SubjectKind, environment: Arc<str>) -> Option<Self> {
        match kind {
            SubjectKind::Incident => Some(Self::Incident(IncidentRef { environment, number: 0, title: String::new() })),
            SubjectKind::Silence => Some(Self::Silence(SilenceRef { environment, id: String::new() })),
            // They are made by the name that is given for them.
            SubjectKind::Window => Some(Self::Window(NamedRef { environment, name: String::new() })),
            SubjectKind::Freeze => Some(Self::Freeze(NamedRef { environment, name: String::new() })),
            SubjectKind::Workload
            | SubjectKind::Pod
            | SubjectKind::Job
            | SubjectKind::Object
            | SubjectKind::Address
            | SubjectKind::Alert
            | SubjectKind::Schedule
            | SubjectKind::Backup
            | SubjectKind::Made
            | SubjectKind::Database
            | SubjectKind::Task => None,
        }
    }

    /// What kind of thing it is.
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Workload(_) => SubjectKind::Workload,
            Self::Silence(_) => SubjectKind::Silence,
            Self::Alert(_) => SubjectKind::Alert,
            Self::Pod(_) => SubjectKind::Pod,
            Self::Job(_) => SubjectKind::Job,
            Self::Object(_) => SubjectKind::Object,
            Self::Address(_) => SubjectKind::Address,
            Self::Incident(_) => SubjectKind::Incident,
            Self::Window(_) => SubjectKind::Window,
            Self::Task(_) => SubjectKind::Task,
            Self::Freeze(_) => SubjectKind::Freeze,
            Self::Schedule(_) => SubjectKind::Schedule,
            Self::Backup(_) => SubjectKind::Backup,
            Self::Made(_) => SubjectKind::Made,
            Self::Database(_) => SubjectKind::Database,
        }
    }

    /// Its environment.
    pub const fn environment(&self) -> &Arc<str> {
        match self {
            Self::Workload(workload) => &workload.environment,
            Self::Silence(silence) => &silence.environment,
            Self::Alert(alert) => &alert.environment,
            Self::Pod(pod) => &pod.environment,
            Self::Job(job) => &job.environment,
            Self::Object(object) => &object.environment,
            Self::Address(asked) => &asked.environment,
            Self::Incident(incident) => &incident.environment,
            Self::Window(named) | Self::Task(named) | Self::Freeze(named) => &named.environment,
            Self::Schedule(schedule) => &schedule.environment,
            Self::Backup(backup) => &backup.environment,
            Self::Made(made) => &made.environment,
            Self::Database(database) => &database.environment,
        }
    }

    /// The namespace of a cluster that it is in; `None` where it is in no cluster.
    pub const fn namespace(&self) -> Option<&Arc<str>> {
        match self {
            Self::Workload(workload) => Some(&workload.namespace),
            Self::Pod(pod) => Some(&pod.namespace),
            Self::Job(job) => Some(&job.namespace),
            Self::Object(object) => Some(&object.namespace),
            Self::Backup(backup) => backup.namespace.as_ref(),
            Self::Made(made) => Some(&made.namespace),
            _ => None,
        }
    }

    /// The workload it is; `None` when it is something else.
    pub const fn workload(&self) -> Option<&WorkloadRef> {
        match self {
            Self::Workload(workload) => Some(workload),
            _ => None,
        }
    }

    /// How a command line names it; nothing for what is still to be made.
    pub fn argument(&self) -> String {
        match self {
            Self::Workload(workload) => workload.to_string(),
            Self::Silence(silence) => text::clean(&silence.id).into_owned(),
            Self::Alert(alert) => text::clean(&alert.fingerprint).into_owned(),
            Self::Pod(pod) => pod.to_string(),
            Self::Job(job) => job.to_string(),
            Self::Object(object) => object.to_string(),
            Self::Address(asked) => text::clean(&asked.address).into_owned(),
            Self::Incident(incident) if incident.number == 0 => String::new(),
            Self::Incident(incident) => incident.number.to_string(),
            Self::Window(named) | Self::Task(named) | Self::Freeze(named) => text::clean(&named.name).into_owned(),
            Self::Schedule(schedule) => text::clean(&schedule.name).into_owned(),
            Self::Backup(backup) => text::clean(&backup.set).into_owned(),
            Self::Made(made) => made.to_string(),
            Self::Database(database) => format!("database/{}", text::clean(&database.name)),
        }
    }

    /// What is typed to confirm something grave on it: a name somebody knows, not an id that is copied.
    pub fn name(&self) -> &str {
        match self {
            Self::Workload(workload) => &workload.name,
            Self::Silence(silence) => &silence.environment,
            Self::Alert(alert) => &alert.name,
            Self::Pod(pod) => &pod.name,
            Self::Job(job) => &job.name,
            Self::Object(object) => &object.named.name,
            Self::Address(asked) => &asked.address,
            Self::Incident(incident) => &incident.title,
            Self::Window(named) | Self::Task(named) | Self::Freeze(named) => &named.name,
            Self::Schedule(schedule) => &schedule.name,
            Self::Backup(backup) => &backup.set,
            Self::Made(made) => &made.name,
            Self::Database(database) => &database.name,
        }
    }
}

impl fmt::Display for MadeRef {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "backup/{} -n {}", text::clean(&self.name), text::clean(&self.namespace))
    }
}

impl fmt::Display for PodRef {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "pod/{} -n {}", text::clean(&self.name), text::clean(&self.namespace))
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} -n {}", text::clean(&self.named.to_string()), text::clean(&self.namespace))
    }
}

impl From<WorkloadRef> for Subject {
    fn from(workload: WorkloadRef) -> Self {
        Self::Workload(workload)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload(workload) => workload.fmt(to),
            Self::Silence(silence) if silence.id.is_empty() => to.write_str("a new silence"),
            Self::Silence(silence) => write!(to, "silence {}", text::clean(&silence.id)),
            Self::Alert(alert) => {
                write!(to, "alert {} ({})", text::clean(&alert.name), text::clean(&alert.fingerprint))
            }
            Self::Pod(pod) => pod.fmt(to),
            Self::Job(job) => job.fmt(to),
            Self::Object(object) => object.fmt(to),
            Self::Address(asked) => to.write_str(&text::clean(&asked.address)),
            Self::Incident(incident) if incident.number == 0 => to.write_str("a new incident"),
            Self::Incident(incident) => write!(to, "incident {} ({})", incident.number, text::clean(&incident.title)),
            Self::Window(named) if named.name.is_empty() => to.write_str("a new window"),
            Self::Window(named) => write!(to, "window {}", text::clean(&named.name)),
            Self::Task(named) => write!(to, "task {}", text::clean(&named.name)),
            Self::Freeze(named) if named.name.is_empty() => to.write_str("a new freeze"),
            Self::Freeze(named) => write!(to, "freeze {}", text::clean(&named.name)),
            Self::Schedule(schedule) => write!(to, "schedule {}", text::clean(&schedule.name)),
            Self::Backup(backup) => write!(to, "backup {}", text::clean(&backup.set)),
            Self::Made(made) => made.fmt(to),
            Self::Database(database) => write!(to, "database {}", text::clean(&database.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_named_by_its_id_and_confirmed_by_its_environment() {
        let silence = |id: &str| Subject::Silence(SilenceRef { environment: "production".into(), id: id.into() });
        assert_eq!((silence("").to_string().as_str(), silence("").argument().as_str()), ("a new silence", ""));
        assert_eq!(
            (silence("4e\u{1b}f1").to_string().as_str(), silence("4ef1").argument().as_str()),
            ("silence 4ef1", "4ef1")
        );
        assert_eq!((silence("4ef1").name(), silence("4ef1").workload()), ("production", None));
    }

    #[test]
    fn an_alert_is_named_by_its_name_and_found_by_its_fingerprint() {
        let alert =
            AlertRef { environment: "production".into(), fingerprint: "6f2c".into(), name: "Slow\u{1b}".into() };
        let alert = Subject::Alert(alert);
        assert_eq!((alert.to_string().as_str(), alert.argument().as_str()), ("alert Slow (6f2c)", "6f2c"));
    }

    #[test]
    fn an_incident_is_found_by_its_number_and_known_by_its_title() {
        let incident =
            |number| Subject::Incident(IncidentRef { environment: "".into(), number, title: "Down\u{1b}".into() });
        assert_eq!((incident(7).to_string().as_str(), incident(7).argument().as_str()), ("incident 7 (Down)", "7"));
        assert_eq!((incident(0).to_string().as_str(), incident(0).argument().as_str()), ("a new incident", ""));
    }

    #[test]
    fn a_pod_is_named_as_kubectl_names_it_and_is_not_the_pod_that_is_replaced() {
        let pod = PodRef { environment: "production".into(), namespace: "shop".into(), name: "api\u{1b}-1".into() };
        let subject = Subject::Pod(pod);
        assert_eq!(subject.argument(), "pod/api-1 -n shop");
        assert_eq!(subject.namespace().map(AsRef::as_ref), Some("shop"));
        let written = serde_json::to_value(&subject).expect("a document");
        assert!(written.get("pod").is_none(), "a target has a field of that name: {written}");
        assert_eq!(serde_json::from_value::<Subject>(written).expect("a subject"), subject);
    }
}
