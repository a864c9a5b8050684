//! The part of the contract about CronJobs, Jobs and autoscalers: alike on the real server and on the simulated one.

use serde_json::{Value, json};

use super::contract::{JSON, MERGE_PATCH, on_both};
use crate::support::process::wait_until;
use crate::support::shop::PATIENCE;

/// A pod that ends, well or badly, on either server.
fn template(is_good: bool) -> Value {
    let (real, simulated) = if is_good { ("ends-well", "ends-well") } else { ("ends-badly", "fail") };
    json!({
        "metadata": {"annotations": {"quarterdeck.test/behaviour": real, "sandbox.quarterdeck.dev/behaviour": simulated, "sandbox.quarterdeck.dev/ready-after-seconds": "1"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "dump", "image": "dump:1"}]},
    })
}

fn ended(job: &Value, kind: &str) -> Option<Value> {
    let conditions = job.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind && condition["status"] == "True").cloned()
}

#[test]
fn jobs_end_alike() {
    on_both("contract-jobs", |server| {
        for (name, is_good, kind, reason) in
            [("good", true, "Complete", "CompletionsReached"), ("bad", false, "Failed", "BackoffLimitExceeded")]
        {
            let job = json!({"metadata": {"name": name}, "spec": {"backoffLimit": 0, "template": template(is_good)}});
            let (code, made) = server.ask("POST", &server.path("jobs"), JSON, &job);
            assert_eq!((code, &made["spec"]["completions"]), (201, &1.into()), "{}: {made}", server.what);
            let path = server.path(&format!("jobs/{name}"));
            let job = wait_until(&format!("{name} to end"), PATIENCE, || {
                let (_, job) = server.get(&path);
                ended(&job, kind).map(|_| job)
            });
            let end = ended(&job, kind).unwrap_or_default();
            assert_eq!(end["reason"], reason, "{}: {job}", server.what);
            assert!(end["lastTransitionTime"].is_string() && job["status"]["startTime"].is_string(), "{}", server.what);
            assert_eq!(
                job["status"].get("completionTime").is_some(),
                is_good,
                "{}: only a success has one",
                server.what
            );
            let count = if is_good { "succeeded" } else { "failed" };
            assert_eq!(job["status"][count], 1, "{}: {job}", server.what);
            let (_, pods) = server.get(&server.path(&format!("pods?labelSelector=job-name%3D{name}")));
            let pod = pods["items"][0].clone();
            let owner = &pod["metadata"]["ownerReferences"][0];
            assert_eq!((&owner["kind"], &owner["uid"]), (&"Job".into(), &job["metadata"]["uid"]), "{}", server.what);
            assert_eq!(pod["status"]["phase"], if is_good { "Succeeded" } else { "Failed" }, "{}", server.what);
            assert!(pod.pointer("/status/containerStatuses/0/state/terminated/exitCode").is_some(), "{}", server.what);
        }
    });
}

#[test]
fn a_cron_job_starts_its_jobs_and_remembers_them() {
    on_both("contract-cron", |server| {
        let spec = json!({"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template(true)}}});
        let (code, made) = server.ask(
            "POST",
            &server.path("cronjobs"),
            JSON,
            &json!({"metadata": {"name": "minutely"}, "spec": spec}),
        );
        assert_eq!((code, &made["spec"]["concurrencyPolicy"]), (201, &"Allow".into()), "{}: {made}", server.what);
        let path = server.path("cronjobs/minutely");
        let cron = wait_until("a run that succeeded", PATIENCE, || {
            let (_, cron) = server.get(&path);
            cron.pointer("/status/lastSuccessfulTime").is_some().then_some(cron)
        });
        let last = cron["status"]["lastScheduleTime"].as_str().unwrap_or_default();
        assert!(last.ends_with(":00Z"), "{}: the minute it was due: {cron}", server.what);
        let (_, jobs) = server.get(&server.path("jobs"));
        let own = |job: &&Value| job["metadata"]["ownerReferences"][0]["uid"] == cron["metadata"]["uid"];
        let jobs = jobs["items"].as_array().cloned().unwrap_or_default();
        let job = jobs.iter().find(own).unwrap_or_else(|| panic!("{}: no Job of its own: {jobs:?}", server.what));
        assert!(
            job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"].is_string(),
            "{}",
            server.what
        );
        let (code, held) = server.ask("PATCH", &path, MERGE_PATCH, &json!({"spec": {"suspend": true}}));
        assert_eq!((code, &held["spec"]["suspend"]), (200, &true.into()), "{}", server.what);
        let bad = json!({"metadata": {"name": "bad"}, "spec": {"schedule": "61 * * * *", "jobTemplate": {"spec": {"template": template(true)}}}});
        assert_eq!(server.ask("POST", &server.path("cronjobs"), JSON, &bad).0, 422, "{}", server.what);
    });
}

#[test]
fn autoscalers_are_listed_by_their_own_version() {
    on_both("contract-hpa", |server| {
        let path =
            server.path("x").replace("/api/v1/", "/apis/autoscaling/v2/").replace("/x", "/horizontalpodautoscalers");
        let (code, list) = server.get(&path);
        assert_eq!((code, &list["kind"]), (200, &"HorizontalPodAutoscalerList".into()), "{}: {list}", server.what);
    });
}
