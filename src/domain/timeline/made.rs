//! Moments of the timeline, from what each source tells.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Lead, Moment, MomentKind};
use crate::domain::alert::{Alert, Silence};
use crate::domain::release::{Release, workload_name};
use crate::domain::rollout::{Kind, Rollout, WorkloadRef};
use crate::domain::service::UNMAPPED;
use crate::domain::store::{Acknowledgement, Annotation, AnnotationKind, AuditEntry, AuditKind, Subject, SubjectKind};
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// Lines of the journal and of the audit that tell of an attempt from its beginning to its end, and not of the way between.
const TOLD: [&str; 5] = ["confirmed", "ended", "refused", "answer lost", "UNDONE"];

fn cleaned(raw: &str) -> String {
    text::clean(raw).into_owned()
}

fn of_alert(alert: &Alert, kind: MomentKind, at: Instant, words: String) -> Moment {
    let (environment, key) = (alert.environment.clone(), alert.key.clone());
    Moment {
        key: format!("{}/{environment}/{key}/{}", kind.word(), at.timestamp()).into(),
        at,
        kind,
        about: alert.title().to_owned(),
        words,
        by: String::new(),
        lead: Lead::Alert(environment.clone(), key),
        environment,
        count: 1,
    }
}

/// An alert began firing.
pub fn alert_began(alert: &Alert) -> Moment {
    let service = alert.service.as_deref().unwrap_or(UNMAPPED);
    let words = format!("{}, {service}: {}", alert.severity.word(), alert.summary());
    of_alert(alert, MomentKind::Alert, alert.started_at, words.trim_end_matches([' ', ':']).to_owned())
}

/// An alert is not listed any more, since about `at`.
pub fn alert_ended(alert: &Alert, at: Instant) -> Moment {
    let service = alert.service.as_deref().unwrap_or(UNMAPPED);
    let words = format!("{service}: after {}", time::coarse(time::age(alert.started_at, at)));
    of_alert(alert, MomentKind::Resolved, at, words)
}

fn of_silence(environment: &Arc<str>, silence: &Silence, kind: MomentKind, at: Instant, words: String) -> Moment {
    Moment {
        key: format!("{}/{environment}/{}", kind.word(), silence.id).into(),
        at,
        kind,
        environment: environment.clone(),
        about: silence.covers(),
        words,
        by: silence.created_by.to_string(),
        lead: Lead::Nowhere,
        count: 1,
    }
}

/// A silence began to hold.
pub fn silence_began(environment: &Arc<str>, silence: &Silence) -> Moment {
    of_silence(environment, silence, MomentKind::Silence, silence.starts_at, silence.comment.to_string())
}

/// A silence does not hold any more, since about `at`.
pub fn silence_ended(environment: &Arc<str>, silence: &Silence, at: Instant) -> Moment {
    of_silence(environment, silence, MomentKind::SilenceOver, at, silence.comment.to_string())
}

/// Somebody is on an alert; `ahead` is how far the store's clock is ahead of ours.
pub fn acknowledged(word: &Acknowledgement, ahead: TimeDelta) -> Moment {
    let environment: Arc<str> = cleaned(&word.environment).into();
    Moment {
        key: format!("acknowledged/{environment}/{}/{}", word.fingerprint, word.at.timestamp()).into(),
        at: word.at - ahead,
        kind: MomentKind::Acknowledged,
        about: cleaned(&word.alert),
        words: cleaned(&word.note),
        by: cleaned(&word.by),
        lead: Lead::Alert(environment.clone(), cleaned(&word.fingerprint).into()),
        environment,
        count: 1,
    }
}

/// A workload was released; `None` when it is not known when. Its mark in the store, where it has one, is the same moment.
pub fn released(release: &Release, cluster: Option<&str>) -> Option<Moment> {
    let at = release.began?;
    let mark = release.annotation(cluster.unwrap_or_default(), at, TimeDelta::zero())?;
    Some(Moment {
        key: mark.id.as_str().into(),
        at,
        kind: of(release.kind()),
        environment: release.workload.environment.clone(),
        about: about(&release.workload),
        words: mark.words,
        by: String::new(),
        lead: Lead::Workload(release.workload.clone()),
        count: 1,
    })
}

/// A workload wants another number of replicas, since about `at`.
pub fn scaled(row: &Rollout, before: u32, at: Instant) -> Moment {
    let (workload, now) = (&row.workload, row.counts.desired);
    Moment {
        key: format!("scaled/{}/{}/{}", workload.environment, workload_name(workload), at.timestamp_millis()).into(),
        at,
        kind: MomentKind::Scaling,
        environment: workload.environment.clone(),
        about: about(workload),
        words: format!("from {before} to {now} replicas"),
        by: String::new(),
        lead: Lead::Workload(workload.clone()),
        count: 1,
    }
}

/// A mark of the store.
pub fn annotated(mark: &Annotation) -> Moment {
    let workload = workload_of(&mark.subject);
    let named = if mark.subject.name.is_empty() { &mark.subject.environment } else { &mark.subject.name };
    let environment: Arc<str> = cleaned(&mark.subject.environment).into();
    let lead = match (&workload, mark.subject.kind) {
        (Some(workload), _) => Lead::Workload(workload.clone()),
        (None, SubjectKind::Alert) => Lead::Alert(environment.clone(), cleaned(&mark.subject.name).into()),
        (None, _) => Lead::Nowhere,
    };
    // A release nobody typed was written by whichever console saw it first: that is not who released it.
    let is_seen = workload.is_some() && matches!(mark.kind, AnnotationKind::Deploy | AnnotationKind::Rollback);
    Moment {
        key: mark.id.as_str().into(),
        at: mark.at,
        kind: of(mark.kind),
        about: workload.as_ref().map_or_else(|| cleaned(named), about),
        words: cleaned(&mark.words),
        by: if is_seen { String::new() } else { cleaned(&mark.by) },
        lead,
        environment,
        count: 1,
    }
}

/// A line of the audit or of the journal; `None` for one that another source tells better, or that is no news.
pub fn audited(entry: &AuditEntry) -> Option<Moment> {
    let line = &entry.line;
    let is_note = line.kind == AuditKind::Data && line.what.contains("note");
    let is_attempt = matches!(line.kind, AuditKind::Action | AuditKind::Security) && TOLD.contains(&line.what.as_str());
    let is_taken_back = line.kind == AuditKind::Data && line.what.contains("withdr");
    (is_note || is_attempt || is_taken_back).then(|| Moment {
        key: attempt_key(line.at, &line.what),
        at: line.at,
        kind: if is_attempt { MomentKind::Action } else { MomentKind::Note },
        environment: line.environment.as_str().into(),
        about: line.about.clone(),
        words: format!("{}: {}", line.what, line.words),
        by: line.actor.clone(),
        lead: if is_attempt { Lead::Journal } else { Lead::Nowhere },
        count: 1,
    })
}

/// What a line of the journal is, whether the journal tells it or the audit that took it over.
pub fn attempt_key(at: Instant, what: &str) -> Arc<str> {
    format!("journal/{}/{what}", at.timestamp_micros()).into()
}

/// Whether a line of the journal is worth one of the timeline.
pub fn is_told(what: &str) -> bool {
    TOLD.contains(&what)
}

const fn of(kind: AnnotationKind) -> MomentKind {
    match kind {
        AnnotationKind::Deploy => MomentKind::Deploy,
        AnnotationKind::Rollback => MomentKind::Rollback,
        AnnotationKind::Scaling => MomentKind::Scaling,
        AnnotationKind::Configuration => MomentKind::Configuration,
        AnnotationKind::Silence => MomentKind::Silence,
        AnnotationKind::Maintenance => MomentKind::Maintenance,
        AnnotationKind::Other => MomentKind::Other,
    }
}

fn about(workload: &WorkloadRef) -> String {
    cleaned(&format!("{} -n {}", workload.label(), workload.namespace))
}

/// The workload a mark is about, from `namespace/kind/name`.
fn workload_of(subject: &Subject) -> Option<WorkloadRef> {
    let mut parts = subject.name.splitn(3, '/');
    let (namespace, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
    (subject.kind == SubjectKind::Workload).then_some(())?;
    Some(WorkloadRef {
        environment: subject.environment.as_str().into(),
        namespace: namespace.into(),
        kind: Kind::named(kind)?,
        name: name.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::release::testing::release;
    use crate::domain::store::Id;
    use crate::domain::timeline::merged;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    #[test]
    fn a_release_and_its_mark_are_one_moment() {
        let release = release(12, at(0));
        let new = release.annotation("c1", at(9), TimeDelta::hours(1)).expect("a mark");
        let mark = Annotation {
            id: new.id,
            subject: new.subject,
            kind: new.kind,
            at: at(0),
            recorded_at: at(9),
            words: new.words,
            by: "quarterdeck".into(),
        };
        let timeline = merged([annotated(&mark)].into_iter().chain(released(&release, Some("c1"))), at(60));
        assert_eq!(timeline.moments.len(), 1, "{timeline:?}");
        let moment = &timeline.moments[0];
        assert_eq!((moment.about.as_str(), moment.by.as_str()), ("api -n shop", ""));
        assert!(matches!(&moment.lead, Lead::Workload(workload) if *workload == release.workload));
    }

    #[test]
    fn a_mark_somebody_made_says_who() {
        let mark = Annotation {
            id: Id::stored("1"),
            subject: Subject { environment: "production".into(), kind: SubjectKind::Environment, name: String::new() },
            kind: AnnotationKind::Maintenance,
            at: at(0),
            recorded_at: at(0),
            words: "switches\u{1b}[2J".into(),
            by: "mori".into(),
        };
        let moment = annotated(&mark);
        assert_eq!(
            (moment.about.as_str(), moment.by.as_str(), moment.words.as_str()),
            ("production", "mori", "switches[2J")
        );
        assert_eq!(moment.lead, Lead::Nowhere);
    }
}
