use chrono::TimeDelta;

use super::super::report::{judge, rate_per_minute};
use super::*;
use crate::domain::rollout::{Container, ContainerState, Pod, ReleaseStart};

fn at(seconds: i64) -> Instant {
    chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
}

fn counts(desired: u32, updated: u32, available: u32, total: u32) -> Counts {
    Counts { desired, updated, ready: available, available, total }
}

fn progressing(reason: &str, is_true: bool, updated: i64) -> Condition {
    Condition {
        kind: "Progressing".into(),
        is_true,
        reason: reason.into(),
        message: "timed out progressing".into(),
        since: Some(at(0)),
        updated_at: Some(at(updated)),
    }
}

fn deployment(counts: Counts) -> Report {
    Report {
        generation: 2,
        observed_generation: 2,
        counts,
        deadline: Some(TimeDelta::seconds(300)),
        conditions: vec![progressing("ReplicaSetUpdated", true, 10)],
        started: ReleaseStart { revision_created: Some(at(5)), ..ReleaseStart::default() },
        ..Report::default()
    }
}

fn waiting(reason: &str) -> Pod {
    Pod {
        name: "api-bad".into(),
        uid: "1".into(),
        template_hash: "h".into(),
        node: None,
        phase: "Pending".into(),
        is_ready: false,
        created_at: Some(at(6)),
        unschedulable: None,
        gate: None,
        volume: None,
        changed_at: None,
        gone_by: None,
        containers: [Container {
            name: "api".into(),
            state: ContainerState::Waiting(reason.into(), "back-off".into()),
            ..Container::default()
        }]
        .into(),
    }
}

fn verdict(deployment: &Report, pods: &[Pod]) -> Verdict {
    judge(deployment, pods, at(60)).verdict
}

#[test]
fn kubectl_order_of_figures() {
    assert_eq!(verdict(&deployment(counts(5, 5, 5, 5)), &[]), Verdict::Complete);
    assert_eq!(verdict(&deployment(counts(5, 3, 3, 5)), &[]), Verdict::Progressing, "two still to update");
    assert_eq!(verdict(&deployment(counts(5, 5, 5, 6)), &[]), Verdict::Progressing, "one old pod still to go");
    assert_eq!(verdict(&deployment(counts(5, 5, 4, 5)), &[]), Verdict::Progressing, "one not available");
    assert_eq!(verdict(&deployment(counts(0, 0, 0, 0)), &[]), Verdict::Complete, "scaled to zero");
}

#[test]
fn an_unseen_specification_is_stale_before_anything_else() {
    let mut unseen = deployment(counts(5, 5, 5, 5));
    unseen.generation = 3;
    unseen.conditions = vec![progressing("ProgressDeadlineExceeded", false, 100)];
    assert_eq!(verdict(&unseen, &[]), Verdict::Stale);
}

#[test]
fn a_failure_mark_counts_only_when_later_than_the_template() {
    let mut failed = deployment(counts(5, 2, 3, 6));
    failed.conditions = vec![progressing("ProgressDeadlineExceeded", false, 40)];
    assert_eq!(verdict(&failed, &[]), Verdict::Failed);
    failed.started.template_written = Some(at(50));
    let judged = judge(&failed, &[], at(60));
    assert_eq!(judged.verdict, Verdict::Progressing);
    assert!(judged.notes.iter().any(|note| note.contains("older than this release")), "{judged:?}");
    failed.started.template_written = None;
    failed.started.acted = Some(at(41));
    assert_eq!(verdict(&failed, &[]), Verdict::Progressing, "our own action is a start of release too");
}

#[test]
fn failed_names_the_pod_that_held_it() {
    let mut failed = deployment(counts(5, 2, 3, 6));
    failed.conditions = vec![progressing("ProgressDeadlineExceeded", false, 40)];
    let judged = judge(&failed, &[waiting("ImagePullBackOff")], at(60));
    assert_eq!(judged.reason.as_deref(), Some("ProgressDeadlineExceeded: ImagePullBackOff: pod api-bad: back-off"));
}

#[test]
fn paused_wins_over_stuck_and_loses_to_complete() {
    let mut paused = deployment(counts(5, 2, 5, 5));
    paused.is_paused = true;
    assert_eq!(verdict(&paused, &[waiting("ImagePullBackOff")]), Verdict::Paused);
    paused.counts = counts(5, 5, 5, 5);
    let judged = judge(&paused, &[], at(60));
    assert_eq!(judged.verdict, Verdict::Complete);
    assert!(judged.notes.iter().any(|note| note.starts_with("paused")));
}

#[test]
fn degraded_needs_a_success_mark_of_this_release() {
    let mut fallen = deployment(counts(5, 5, 3, 5));
    fallen.conditions = vec![progressing("NewReplicaSetAvailable", true, 30)];
    assert_eq!(verdict(&fallen, &[]), Verdict::Degraded);
    fallen.started.template_written = Some(at(35));
    assert_eq!(verdict(&fallen, &[]), Verdict::Progressing, "the mark is of the release before");
}

#[test]
fn a_blocked_pod_of_the_new_revision_makes_it_stuck() {
    let rolling = deployment(counts(5, 2, 4, 6));
    let judged = judge(&rolling, &[waiting("CrashLoopBackOff")], at(60));
    assert_eq!(judged.verdict, Verdict::Stuck);
    assert_eq!(judged.deadline_at, Some(at(310)), "the deadline runs from the last progress");
    assert_eq!(verdict(&deployment(counts(5, 5, 5, 5)), &[waiting("CrashLoopBackOff")]), Verdict::Complete);
}

#[test]
fn quota_is_a_note_while_pods_are_coming_up_and_stuck_when_nothing_moves() {
    let mut refused = deployment(counts(5, 2, 4, 5));
    refused.conditions.push(Condition {
        kind: "ReplicaFailure".into(),
        is_true: true,
        reason: "FailedCreate".into(),
        message: "pods \"api-x\" is forbidden: exceeded quota: small".into(),
        since: Some(at(20)),
        updated_at: Some(at(20)),
    });
    let coming = judge(&refused, &[waiting("ContainerCreating")], at(60));
    assert_eq!(coming.verdict, Verdict::Progressing);
    assert!(coming.notes.iter().any(|note| note.starts_with("QuotaExceeded")));
    let stuck = judge(&refused, &[], at(60));
    assert_eq!(stuck.verdict, Verdict::Stuck);
    assert!(stuck.reason.is_some_and(|reason| reason.starts_with("QuotaExceeded")));
    let early = judge(&refused, &[], at(29));
    assert_eq!((early.verdict, early.look_again), (Verdict::Progressing, Some(at(30))));
}

#[test]
fn the_rate_needs_time_and_a_first_pod() {
    assert_eq!(rate_per_minute(3, Some(at(0)), at(5)), None);
    assert_eq!(rate_per_minute(0, Some(at(0)), at(50)), None);
    assert_eq!(rate_per_minute(3, Some(at(0)), at(60)), Some(3.0));
}
