//! A Job: pods that have to end with success, so many of them, with so many tries.

use chrono::TimeDelta;

use super::{JobJudgement, JobVerdict, PodCounts, Run};
use crate::domain::rollout::{Condition, ContainerState, Pod};
use crate::domain::time::Instant;

/// What is read of a Job to judge it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunReport {
    /// When it was made.
    pub created_at: Option<Instant>,
    /// When its pods began.
    pub started_at: Option<Instant>,
    /// When it succeeded; a Job that failed says so in its condition alone.
    pub completed_at: Option<Instant>,
    /// `spec.suspend`.
    pub is_suspended: bool,
    /// Its pods.
    pub pods: PodCounts,
    /// How many pods may fail.
    pub tries: u32,
    /// How long it may take.
    pub deadline: Option<TimeDelta>,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
}

impl RunReport {
    fn mark(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.is_true && *condition.kind == *kind)
    }

    /// Whether it has come to its end, and whether that was a success.
    pub fn end(&self) -> Option<bool> {
        if self.mark("Failed").is_some() {
            return Some(false);
        }
        self.mark("Complete").map(|_| true)
    }

    /// When it began and ended; `None` before it was started.
    pub fn run(&self) -> Option<Run> {
        let failed = self.mark("Failed").and_then(|failed| failed.since.or(failed.updated_at));
        let complete = || self.mark("Complete").and_then(|complete| self.completed_at.or(complete.since));
        Some(Run { began: self.started_at.or(self.created_at)?, ended: failed.or_else(complete) })
    }
}

/// How a pod came to a bad end: `container app exited 1 (Error)`.
fn exit(pod: &Pod) -> Option<String> {
    pod.containers.iter().find_map(|container| match &container.state {
        ContainerState::Terminated(code, reason) if *code != 0 => {
            let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
            Some(format!("pod {}: container {} exited {code}{reason}", pod.name, container.name))
        }
        _ => None,
    })
}

/// Judges a Job by its own report and by its pods.
pub fn judge_run(report: &RunReport, pods: &[&Pod], now: Instant) -> JobJudgement {
    // The youngest tells of the last try.
    let fallen = || pods.iter().filter_map(|pod| Some((pod.created_at, exit(pod)?))).max().map(|(_, words)| words);
    if let Some(failed) = report.mark("Failed").or_else(|| report.mark("FailureTarget")) {
        let message = if failed.message.is_empty() { String::new() } else { format!(": {}", failed.message) };
        let fallen = fallen().map(|words| format!("; {words}")).unwrap_or_default();
        return JobJudgement::of(JobVerdict::Failed, Some(format!("{}{message}{fallen}", failed.reason)));
    }
    if report.mark("Complete").is_some() {
        return JobJudgement::of(JobVerdict::Complete, None);
    }
    if report.is_suspended {
        return JobJudgement::of(
            JobVerdict::Suspended,
            Some("suspended: it starts no pod until it is resumed".to_owned()),
        );
    }
    let blocked = pods.iter().filter_map(|pod| Some((pod, pod.blocked(now)?))).min_by_key(|(pod, _)| &pod.name);
    let look_again = pods.iter().filter_map(|pod| pod.next_look(now)).min();
    let mut judged = match blocked {
        Some((pod, blocked)) => {
            let words = format!("{}: pod {}: {}", blocked.reason, pod.name, blocked.message);
            JobJudgement::of(JobVerdict::Stuck, Some(words))
        }
        None => JobJudgement::of(JobVerdict::Running, None),
    };
    if report.pods.failed > 0 {
        let fallen = fallen().map(|words| format!("; {words}")).unwrap_or_default();
        let tried = format!("{} of {} tries failed{fallen}", report.pods.failed, report.tries.saturating_add(1));
        match &judged.reason {
            Some(_) => judged.notes.push(tried),
            None => judged.reason = Some(tried),
        }
    }
    if let (Some(deadline), Some(began)) = (report.deadline, report.started_at) {
        judged.notes.push(format!("it is stopped at {}, its deadline", (began + deadline).format("%H:%M:%S UTC")));
    }
    judged.look_again = look_again;
    judged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rollout::Container;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn report(kind: &str, reason: &str) -> RunReport {
        let condition = Condition {
            kind: kind.into(),
            is_true: true,
            reason: reason.into(),
            message: "Job has reached the specified backoff limit".into(),
            since: Some(at(90)),
            updated_at: None,
        };
        RunReport { started_at: Some(at(0)), conditions: vec![condition], tries: 6, ..RunReport::default() }
    }

    fn pod(name: &str, created: i64, state: ContainerState) -> Pod {
        Pod {
            name: name.into(),
            uid: name.into(),
            template_hash: "".into(),
            node: None,
            phase: "Failed".into(),
            is_ready: false,
            created_at: Some(at(created)),
            unschedulable: None,
            gate: None,
            volume: None,
            changed_at: None,
            gone_by: None,
            containers: [Container { name: "dump".into(), state, ..Container::default() }].into(),
        }
    }

    #[test]
    fn a_failed_job_says_why_and_how_its_last_pod_ended() {
        let pods = [
            pod("backup-a", 10, ContainerState::Terminated(1, "Error".into())),
            pod("backup-b", 40, ContainerState::Terminated(137, "OOMKilled".into())),
        ];
        let failed = report("Failed", "BackoffLimitExceeded");
        let judged = judge_run(&failed, &pods.each_ref(), at(100));
        assert_eq!(judged.verdict, JobVerdict::Failed);
        let why = judged.reason.unwrap_or_default();
        assert!(
            why.starts_with("BackoffLimitExceeded: ")
                && why.ends_with("pod backup-b: container dump exited 137 (OOMKilled)"),
            "{why}"
        );
        assert_eq!(failed.run().and_then(|run| run.length()), Some(TimeDelta::seconds(90)), "by the condition");
    }

    #[test]
    fn one_that_cannot_come_up_is_stuck_and_not_merely_running() {
        let waiting = pod("import", 0, ContainerState::Waiting("ImagePullBackOff".into(), "no such tag".into()));
        let waiting = Pod { phase: "Pending".into(), ..waiting };
        let report = RunReport { started_at: Some(at(0)), ..RunReport::default() };
        assert_eq!(judge_run(&report, &[&waiting], at(5)).verdict, JobVerdict::Stuck);
        assert_eq!(judge_run(&report, &[], at(5)).verdict, JobVerdict::Running);
        let suspended = RunReport { is_suspended: true, ..report };
        assert_eq!(judge_run(&suspended, &[], at(5)).verdict, JobVerdict::Suspended);
    }

    #[test]
    fn tries_that_failed_are_told_while_it_runs() {
        let counts = PodCounts { failed: 2, active: 1, ..PodCounts::default() };
        let report = RunReport { started_at: Some(at(0)), pods: counts, tries: 3, ..RunReport::default() };
        let pods = [pod("a", 1, ContainerState::Terminated(2, "".into()))];
        let judged = judge_run(&report, &pods.each_ref(), at(50));
        assert_eq!(judged.verdict, JobVerdict::Running);
        assert_eq!(judged.reason.as_deref(), Some("2 of 4 tries failed; pod a: container dump exited 2"));
    }

    #[test]
    fn a_success_is_one() {
        let complete = RunReport { completed_at: Some(at(60)), ..report("Complete", "CompletionsReached") };
        assert_eq!(judge_run(&complete, &[], at(100)).verdict, JobVerdict::Complete);
        assert_eq!((complete.end(), complete.run().and_then(|run| run.ended)), (Some(true), Some(at(60))));
    }
}
