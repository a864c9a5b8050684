//! CronJobs and Jobs.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Deserialize;

use super::{Interner, Meta, Time, Wire, WireCondition, or_default, time};
use crate::domain::job::{Concurrency, CronReport, PodCounts, RunReport};

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireCronJob<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    spec: CronSpec<'a>,
    #[serde(default, deserialize_with = "or_default")]
    status: CronStatus,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct CronSpec<'a> {
    #[serde(borrow)]
    schedule: Cow<'a, str>,
    #[serde(borrow)]
    time_zone: Option<Cow<'a, str>>,
    suspend: Option<bool>,
    #[serde(borrow)]
    concurrency_policy: Cow<'a, str>,
    starting_deadline_seconds: Option<i64>,
    successful_jobs_history_limit: Option<u32>,
    failed_jobs_history_limit: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    job_template: JobTemplate,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct JobTemplate {
    #[serde(deserialize_with = "or_default")]
    spec: JobTemplateSpec,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct JobTemplateSpec {
    ttl_seconds_after_finished: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct CronStatus {
    #[serde(deserialize_with = "or_default")]
    active: Vec<serde::de::IgnoredAny>,
    #[serde(deserialize_with = "time")]
    last_schedule_time: Time,
    #[serde(deserialize_with = "time")]
    last_successful_time: Time,
}

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireJob<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default, deserialize_with = "or_default")]
    spec: JobSpec,
    #[serde(borrow, default, deserialize_with = "or_default")]
    status: JobStatus<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct JobSpec {
    parallelism: Option<u32>,
    completions: Option<u32>,
    backoff_limit: Option<u32>,
    active_deadline_seconds: Option<i64>,
    suspend: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct JobStatus<'a> {
    active: u32,
    succeeded: u32,
    failed: u32,
    #[serde(deserialize_with = "time")]
    start_time: Time,
    #[serde(deserialize_with = "time")]
    completion_time: Time,
    #[serde(borrow, deserialize_with = "or_default")]
    conditions: Vec<WireCondition<'a>>,
}

impl<'a> Wire<'a> for WireCronJob<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl<'a> Wire<'a> for WireJob<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

/// Seconds of a specification, within reason.
fn seconds(seconds: i64) -> TimeDelta {
    crate::domain::time::seconds(seconds.clamp(0, i64::from(u32::MAX)))
}

impl WireCronJob<'_> {
    /// What a verdict needs.
    pub(in crate::sources::cluster) fn report(&self, interner: &mut Interner) -> CronReport {
        let (spec, status) = (&self.spec, &self.status);
        CronReport {
            schedule: interner.keep_clean(&spec.schedule),
            zone: spec.time_zone.as_deref().map(|zone| interner.keep_clean(zone)),
            is_suspended: spec.suspend.unwrap_or(false),
            concurrency: match spec.concurrency_policy.as_ref() {
                "Forbid" => Concurrency::Forbid,
                "Replace" => Concurrency::Replace,
                _ => Concurrency::Allow,
            },
            starting_deadline: spec.starting_deadline_seconds.map(seconds),
            created_at: self.metadata.creation_timestamp,
            last_scheduled: status.last_schedule_time,
            last_succeeded: status.last_successful_time,
            active: u32::try_from(status.active.len()).unwrap_or(u32::MAX),
            keeps_no_jobs: spec.successful_jobs_history_limit == Some(0)
                || spec.failed_jobs_history_limit == Some(0)
                || spec.job_template.spec.ttl_seconds_after_finished == Some(0),
        }
    }
}

impl WireJob<'_> {
    /// What a verdict needs.
    pub(in crate::sources::cluster) fn report(&self, interner: &mut Interner) -> RunReport {
        let (spec, status) = (&self.spec, &self.status);
        RunReport {
            created_at: self.metadata.creation_timestamp,
            started_at: status.start_time,
            completed_at: status.completion_time,
            is_suspended: spec.suspend.unwrap_or(false),
            pods: PodCounts {
                // Without a number of completions one success is enough, however many pods work at it.
                wanted: spec.completions.or(spec.parallelism).unwrap_or(1),
                active: status.active,
                succeeded: status.succeeded,
                failed: status.failed,
            },
            // The API fills in 6.
            tries: spec.backoff_limit.unwrap_or(6),
            deadline: spec.active_deadline_seconds.map(seconds),
            conditions: status.conditions.iter().map(|condition| condition.kept(interner)).collect(),
        }
    }

    /// The uid and the cleaned name of the CronJob that made it.
    pub(in crate::sources::cluster) fn cron_job(&self, interner: &mut Interner) -> Option<(Arc<str>, Arc<str>)> {
        let owner = self.metadata.owner_references.iter().find(|owner| owner.controller && owner.kind == "CronJob")?;
        Some((interner.keep(&owner.uid), interner.keep_clean(&owner.name)))
    }

    /// Whether somebody started it by hand.
    pub(in crate::sources::cluster) fn is_manual(&self) -> bool {
        self.metadata.annotations.instantiate == "manual"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cron_job_without_anything_is_still_one() -> Result<(), serde_json::Error> {
        let wire: WireCronJob<'_> =
            serde_json::from_str(r#"{"metadata":{"name":"a"},"spec":null,"status":{"active":null}}"#)?;
        let report = wire.report(&mut Interner::default());
        assert_eq!((report.active, report.is_suspended, report.zone), (0, false, None));
        Ok(())
    }

    #[test]
    fn a_job_knows_its_cron_job_and_who_started_it() -> Result<(), serde_json::Error> {
        let wire: WireJob<'_> = serde_json::from_str(
            r#"{"metadata":{"name":"backup-1","annotations":{"cronjob.kubernetes.io/instantiate":"manual"},
                "ownerReferences":[{"kind":"CronJob","name":"back\u001bup","uid":"c","controller":true}]},
                "spec":{"completions":2,"activeDeadlineSeconds":-1},"status":{"failed":1,"conditions":[{"type":"Failed","status":"True","reason":"DeadlineExceeded"}]}}"#,
        )?;
        let mut interner = Interner::default();
        assert_eq!(wire.cron_job(&mut interner), Some(("c".into(), "backup".into())));
        assert!(wire.is_manual());
        let report = wire.report(&mut interner);
        assert_eq!((report.pods.wanted, report.pods.failed, report.tries, report.end()), (2, 1, 6, Some(false)));
        Ok(())
    }
}
