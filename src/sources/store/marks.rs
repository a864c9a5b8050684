//! What changed and what was seen: the timeline's annotations, and releases.

use futures_util::future::BoxFuture;

use super::backend::{Row, Value};
use super::notes::check_subject;
use super::port::WriteError;
use super::writing::{Work, Writing};
use crate::domain::store::{
    Annotation, AnnotationKind, AuditEvent, AuditKind, Author, Id, LONGEST_NAME, LONGEST_TEXT, NewAnnotation,
    ReleaseSeen, Subject, SubjectKind, check_text,
};

macro_rules! columns {
    () => {
        "id, environment, kind, name, change, at, recorded_at, words, by_name"
    };
}

/// Annotations of a time, newest first.
pub(super) const LIST: &str = concat!(
    "select ",
    columns!(),
    " from quarterdeck.annotation where environment = $1 and at >= $2 and at < $3 order by at desc limit $4"
);
/// Those written after a position.
pub(super) const SINCE: &str = concat!(
    "select ",
    columns!(),
    " from quarterdeck.annotation where position > $1 and at >= $2 order by position desc limit $3"
);
const ONE: &str = concat!("select ", columns!(), " from quarterdeck.annotation where id = $1");
const ADD: &str = concat!(
    "insert into quarterdeck.annotation (",
    columns!(),
    ", position) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
);

/// Releases of a workload, the last seen first.
pub(super) const RELEASES: &str = "select cluster, revision_uid, environment, workload, revision, images, seen_at, \
    healthy_at from quarterdeck.release_seen where cluster = $1 and workload = $2 order by seen_at desc limit $3";
const SEE: &str = "insert into quarterdeck.release_seen as known (cluster, revision_uid, environment, workload, \
    revision, images, seen_at, healthy_at) values ($1, $2, $3, $4, $5, $6, $7, $8) \
    on conflict (cluster, revision_uid) do update set \
    seen_at = case when excluded.seen_at < known.seen_at then excluded.seen_at else known.seen_at end, \
    healthy_at = case when known.healthy_at is null or excluded.healthy_at < known.healthy_at \
        then coalesce(excluded.healthy_at, known.healthy_at) else known.healthy_at end";

/// Reads an annotation's row; `None` for one that makes no sense.
pub(super) fn decode(row: &Row) -> Option<Annotation> {
    Some(Annotation {
        id: Id::stored(row.text(0)),
        subject: Subject { environment: row.text(1), kind: SubjectKind::of(&row.raw(2))?, name: row.text(3) },
        kind: AnnotationKind::of(&row.raw(4)),
        at: row.time(5)?,
        recorded_at: row.time(6)?,
        words: row.text(7),
        by: row.text(8),
    })
}

/// Reads a release's row; `None` for one that makes no sense.
pub(super) fn decode_release(row: &Row) -> Option<ReleaseSeen> {
    let images: Vec<String> = serde_json::from_str(&row.raw(5)).unwrap_or_default();
    Some(ReleaseSeen {
        cluster: row.text(0),
        revision_uid: row.text(1),
        environment: row.text(2),
        workload: row.text(3),
        revision: row.number(4),
        images: images.iter().map(|image| crate::domain::text::clean(image).into_owned()).collect(),
        seen_at: row.time(6)?,
        healthy_at: row.time(7),
    })
}

/// A mark on the timeline.
pub(super) struct Annotate<'a> {
    pub(super) author: &'a Author,
    pub(super) new: &'a NewAnnotation,
}

/// Releases that were seen.
pub(super) struct Remember<'a>(pub(super) &'a [ReleaseSeen]);

impl Work for Annotate<'_> {
    type Made = Annotation;

    fn run<'t>(&'t self, writing: &'t Writing<'t>) -> BoxFuture<'t, Result<Annotation, WriteError>> {
        Box::pin(async move {
            let new = self.new;
            check_subject(&new.subject)
                .and_then(|()| check_text("name", &self.author.name, false, LONGEST_NAME))
                .and_then(|()| check_text("annotation", &new.words, false, LONGEST_TEXT))
                .map_err(WriteError::Refused)?;
            let rows = writing.query(ONE, vec![new.id.as_str().into()]).await?;
            if let Some(known) = rows.first().and_then(decode) {
                return Ok(known);
            }
            let made = Annotation {
                id: new.id.clone(),
                subject: new.subject.clone(),
                kind: new.kind,
                at: new.at.unwrap_or(writing.now),
                recorded_at: writing.now,
                words: new.words.clone(),
                by: self.author.name.clone(),
            };
            let event = AuditEvent {
                kind: AuditKind::Data,
                what: "annotated".to_owned(),
                subject: made.subject.clone(),
                words: format!("{}: {}", made.kind.word(), made.words),
            };
            let position = writing.note(self.author, &new.id, &event).await?;
            let values = vec![
                made.id.as_str().into(),
                (&made.subject.environment).into(),
                made.subject.kind.word().into(),
                (&made.subject.name).into(),
                made.kind.word().into(),
                made.at.into(),
                made.recorded_at.into(),
                (&made.words).into(),
                (&made.by).into(),
                position.into(),
            ];
            writing.query(ADD, values).await?;
            Ok(made)
        })
    }
}

impl Work for Remember<'_> {
    type Made = ();

    fn run<'t>(&'t self, writing: &'t Writing<'t>) -> BoxFuture<'t, Result<(), WriteError>> {
        Box::pin(async move {
            for seen in self.0 {
                for name in [&seen.cluster, &seen.revision_uid, &seen.environment, &seen.workload] {
                    check_text("name of a release", name, false, LONGEST_NAME).map_err(WriteError::Refused)?;
                }
                let images = serde_json::to_string(&seen.images).unwrap_or_default();
                let revision = seen.revision.and_then(|number| i64::try_from(number).ok());
                let values = vec![
                    (&seen.cluster).into(),
                    (&seen.revision_uid).into(),
                    (&seen.environment).into(),
                    (&seen.workload).into(),
                    Value::Number(revision),
                    images.into(),
                    seen.seen_at.into(),
                    seen.healthy_at.into(),
                ];
                writing.query(SEE, values).await?;
            }
            Ok(())
        })
    }
}
