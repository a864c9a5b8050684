//! What the actions on CronJobs share: what is read of one, what its next and its missed runs are, and how their steps are judged.

use serde_json::{Value, json};

use super::contract::{About, Action, Context, Draft, Refusal};
use super::observation::Observation;
use crate::domain::action::{BlastRadius, Evidence, Given, Judgement, Part, Pin, Request, Step, Tier};
use crate::domain::job::{Concurrency, CronReport, JobKind, JobRef, Missed, Schedule};
use crate::domain::rollout::Change;
use crate::domain::subject::{Subject, SubjectKind};
use crate::domain::time::{self, Instant};

/// Where it says whether runs begin.
const SUSPEND: &str = "/spec/suspend";

/// What is the same of actions on CronJobs.
pub(super) const ON_CRON_JOB: About = About { on: SubjectKind::Job, ..About::ON_WORKLOAD };

/// An action on a CronJob.
pub(super) struct OnCronJob {
    /// What is known of it.
    pub(super) about: &'static About,
    /// Works it out for one.
    pub(super) draft: fn(&CronJob<'_>, &Given, Context<'_>) -> Result<Draft, Refusal>,
}

impl Action for OnCronJob {
    fn about(&self) -> &'static About {
        self.about
    }

    fn judge(&self, step: &Step, seen: &Observation) -> Judgement {
        let has_begun = || seen.document().pointer("/status/startTime").is_some_and(Value::is_string);
        match step.part {
            Part::Gate if has_begun() => Judgement::Reached,
            Part::Gate => Judgement::Waiting("its controller has not begun it yet".to_owned()),
            _ => step.judge(seen.document()),
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        (self.draft)(&CronJob::of(seen)?, given, context)
    }
}

/// A CronJob as it was read.
pub(super) struct CronJob<'a> {
    /// Which.
    pub(super) job: &'a JobRef,
    /// Its uid.
    pub(super) uid: &'a str,
    /// The object.
    pub(super) object: &'a Value,
    /// What its runs are judged by.
    pub(super) report: CronReport,
    /// When it was read.
    observed_at: Instant,
}

impl<'a> CronJob<'a> {
    /// What was read of a subject.
    ///
    /// # Errors
    /// Where it is no CronJob, or one that goes.
    fn of(seen: &'a Observation) -> Result<Self, Refusal> {
        let facts = seen.object()?;
        let Subject::Job(job) = &facts.subject else {
            return Err(Refusal(format!("{} is no CronJob.", facts.subject)));
        };
        if job.kind != JobKind::CronJob {
            return Err(Refusal(format!("{job} is one run by itself: this can be done to a CronJob alone.")));
        }
        let object = &*facts.object;
        if object.pointer("/metadata/deletionTimestamp").is_some() {
            return Err(Refusal(format!("{job} is being deleted.")));
        }
        let text = |path: &str| object.pointer(path).and_then(Value::as_str);
        let at = |path: &str| text(path).and_then(time::read);
        let active = object.pointer("/status/active").and_then(Value::as_array).map_or(0, Vec::len);
        let report = CronReport {
            schedule: text("/spec/schedule").unwrap_or_default().into(),
            zone: text("/spec/timeZone").map(Into::into),
            is_suspended: object.pointer(SUSPEND) == Some(&Value::Bool(true)),
            concurrency: match text("/spec/concurrencyPolicy") {
                Some("Forbid") => Concurrency::Forbid,
                Some("Replace") => Concurrency::Replace,
                _ => Concurrency::Allow,
            },
            starting_deadline: object
                .pointer("/spec/startingDeadlineSeconds")
                .and_then(Value::as_i64)
                .map(time::seconds),
            created_at: at("/metadata/creationTimestamp"),
            last_scheduled: at("/status/lastScheduleTime"),
            last_succeeded: at("/status/lastSuccessfulTime"),
            active: u32::try_from(active).unwrap_or(u32::MAX),
            keeps_no_jobs: false,
        };
        Ok(Self { job, uid: &facts.uid, object, report, observed_at: facts.observed_at })
    }

    /// Its schedule.
    pub(super) fn schedule(&self) -> Result<Schedule, String> {
        Schedule::read(&self.report.schedule, self.report.zone.as_deref())
    }

    /// What becomes of the runs that were due since the last that was begun, once none is held off; `None` where its schedule cannot be read.
    pub(super) fn missed(&self, now: Instant) -> Option<Missed> {
        Some(Missed::of(&self.report, &self.schedule().ok()?, now))
    }

    /// The same as a step's subject.
    pub(super) fn subject(&self) -> (Subject, &'a str) {
        (Subject::Job(self.job.clone()), self.uid)
    }

    /// What the plan rests on.
    pub(super) fn pins(&self, further: &[&str]) -> Vec<Pin> {
        let at = |path: &str| self.object.pointer(path).cloned().unwrap_or(Value::Null);
        let paths = ["/metadata/uid", SUSPEND, "/spec/schedule"];
        paths.iter().chain(further).map(|path| Pin { path: (*path).to_owned(), value: at(path) }).collect()
    }

    /// How it is: its schedule, its last runs, and the next.
    pub(super) fn evidence(&self, now: Instant) -> Vec<Evidence> {
        let seen = |words: String| Evidence { words, observed_at: self.observed_at };
        let report = &self.report;
        let said = |at: Option<Instant>| at.map_or_else(|| "never".to_owned(), written);
        let mut all = vec![seen(format!(
            "{}, {}: last scheduled {}, last succeeded {}, {} under way",
            report.words(),
            if report.is_suspended { "suspended" } else { "not suspended" },
            said(report.last_scheduled),
            said(report.last_succeeded),
            report.active
        ))];
        match self.schedule() {
            Ok(schedule) if !report.is_suspended => {
                let anchor = report.last_scheduled.or(report.created_at);
                all.extend(
                    schedule
                        .upcoming(anchor, now)
                        .map(|next| seen(format!("the next run is due at {}", written(next)))),
                );
            }
            Ok(_) => {}
            Err(why) => all.push(seen(format!("when it runs next is not known: {why}"))),
        }
        all
    }

    /// The draft that suspends it or lets it go on.
    pub(super) fn suspending(&self, is_suspended: bool, verb: &str) -> Draft {
        let now = self.object.pointer(SUSPEND).cloned().unwrap_or(Value::Null);
        let word = |is_suspended: bool| if is_suspended { "suspended" } else { "running by its schedule" };
        let step = Step::in_order(Part::Change, verb, self.subject(), &self.said(verb), self.patch(&now, is_suspended))
            .expecting(SUSPEND, json!(is_suspended))
            .sent_again();
        Draft {
            from: word(!is_suspended).to_owned(),
            to: word(is_suspended).to_owned(),
            steps: vec![step],
            pins: self.pins(&[]),
            changes: vec![Change {
                path: "spec.suspend".into(),
                before: Some((!is_suspended).to_string()),
                after: Some(is_suspended.to_string()),
            }],
            tier: Tier::T1,
            blast: BlastRadius { words: "no pod that runs".to_owned(), ..BlastRadius::default() },
            ..Draft::default()
        }
    }

    fn said(&self, verb: &str) -> String {
        let mut letters = verb.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase()).into_iter();
        format!("{} {}.", first.chain(letters).collect::<String>(), self.job)
    }

    /// The request that says whether its runs begin: it is this object, and it stood as it was seen.
    fn patch(&self, now: &Value, is_suspended: bool) -> Request {
        Request {
            method: "PATCH".to_owned(),
            path: format!(
                "/apis/batch/v1/namespaces/{}/cronjobs/{}?fieldManager=quarterdeck&fieldValidation=Strict",
                self.job.namespace, self.job.name
            ),
            content_type: "application/json-patch+json".to_owned(),
            body: json!([
                {"op": "test", "path": "/metadata/uid", "value": self.uid},
                {"op": "test", "path": SUSPEND, "value": now},
                {"op": "add", "path": SUSPEND, "value": is_suspended},
            ]),
        }
    }
}

/// A time as plans say it.
pub(super) fn written(at: Instant) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
