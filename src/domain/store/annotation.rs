//! What changed, when: the marks of the timeline beside the alerts.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Read, Row, Table, Value};
use super::{AuditEvent, AuditKind, Author, Id, LONGEST_TEXT, Subject, SubjectKind, check_text};
use crate::domain::time::{self, Instant};
use crate::domain::worded;

worded! {
    /// What kind of change.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum AnnotationKind {
        /// A new version went out.
        Deploy = "deploy",
        /// An old version came back.
        Rollback = "rollback",
        /// More or fewer replicas.
        Scaling = "scaling",
        /// The configuration of a workload or a service.
        Configuration = "configuration",
        /// A silence was made or ended.
        Silence = "silence",
        /// A maintenance window began or ended.
        Maintenance = "maintenance",
        /// Anything else worth a mark.
        Other = "other",
    }
}

impl AnnotationKind {
    /// The kind of a stored word; one this version does not know is [`Self::Other`].
    pub fn of(word: &str) -> Self {
        Self::of_word(word).unwrap_or(Self::Other)
    }
}

/// Something that changed. Written once, never edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// Its id.
    pub id: Id,
    /// What changed.
    pub subject: Subject,
    /// What kind of change.
    pub kind: AnnotationKind,
    /// When it happened, as the writer says.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// When it was written, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub recorded_at: Instant,
    /// What, as a sentence.
    pub words: String,
    /// Who wrote it.
    pub by: String,
}

/// Something that changed is to be written down, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnnotation {
    /// Its id: the same id writes nothing twice. An id derived from the change itself lets several consoles write it once.
    pub id: Id,
    /// What changed.
    pub subject: Subject,
    /// What kind of change.
    pub kind: AnnotationKind,
    /// When it happened; `None` for the store's now.
    pub at: Option<Instant>,
    /// What, as a sentence; not empty.
    pub words: String,
}

/// Annotations of an environment that happened from one time on and before another, newest first.
pub const ANNOTATIONS_OF: &List = &List { by: &["environment =", "at >=", "at <"], newest: "at" };
/// How far back annotations are held.
const HELD: TimeDelta = TimeDelta::hours(24);

impl Fact for Annotation {
    const TABLE: &'static Table = &Table {
        name: "annotation",
        kind: Kind::Appended,
        columns: &["id", "environment", "kind", "name", "change", "at", "recorded_at", "words", "by_name"],
        key: 1,
        lists: &[ANNOTATIONS_OF],
        held: Some(Holding { only: "at >= $1", back: HELD, most: 20_000 }),
        migrations: &Migrations {
            subject: "annotation",
            steps: &[Migration::both(include_str!("../../../assets/migrations/annotation/0001-table.sql"))],
        },
    };
    type Held = Vec<Self>;

    fn decode(row: &Row) -> Option<Self> {
        Some(Self {
            id: Id::stored(row.text(0)),
            subject: row.subject(1)?,
            kind: AnnotationKind::of(&row.raw(4)),
            at: row.time(5)?,
            recorded_at: row.time(6)?,
            words: row.text(7),
            by: row.text(8),
        })
    }

    fn encode(&self) -> Vec<Value> {
        let [environment, kind, name] = self.subject.values();
        vec![
            self.id.as_str().into(),
            environment,
            kind,
            name,
            self.kind.word().into(),
            self.at.into(),
            self.recorded_at.into(),
            (&self.words).into(),
            (&self.by).into(),
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, now: Instant) {
        held.extend(new);
        held.retain(|one| one.at > now - HELD);
        held.sort_by(|one, other| one.at.cmp(&other.at).then_with(|| one.id.cmp(&other.id)));
        held.dedup_by(|one, other| one.id == other.id);
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let subject =
            Subject { environment: "production".to_owned(), kind: SubjectKind::Service, name: format!("s{nth}") };
        let id = Id::stored(format!("annotation-{nth}"));
        Box::new(NewAnnotation { id, subject, kind: AnnotationKind::Other, at: None, words: text.to_owned() })
    }
}

impl Change for NewAnnotation {
    fn reads(&self) -> Vec<Key> {
        vec![Key::of::<Annotation>([self.id.as_str().into()])]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        self.subject.check()?;
        check_text("annotation", &self.words, false, LONGEST_TEXT)?;
        if read.one::<Annotation>().is_some() {
            return Ok(Applied::AlreadyDone);
        }
        let made = Annotation {
            id: self.id.clone(),
            subject: self.subject.clone(),
            kind: self.kind,
            at: self.at.unwrap_or(now),
            recorded_at: now,
            words: self.words.clone(),
            by: author.name.clone(),
        };
        let event = AuditEvent {
            kind: AuditKind::Data,
            what: "annotated".to_owned(),
            subject: made.subject.clone(),
            words: format!("{}: {}", made.kind.word(), made.words),
        };
        Ok(Applied::one(&made, event))
    }
}
