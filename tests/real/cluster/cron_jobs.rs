//! CronJobs acted on by the shipped binary on the real control plane: a run is what kubectl makes, and its controller does with missed runs
//! what the plan has said.

use serde_json::{Value, json};

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::shop::{PATIENCE, Shop};

fn cron(name: &str, spec: &Value) -> Value {
    let mut cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": spec});
    cron["spec"]["jobTemplate"] = json!({
        "metadata": {"labels": {"app": "dump"}, "annotations": {"team": "platform"}},
        "spec": {"backoffLimit": 0, "template": {
            "metadata": {"annotations": {"quarterdeck.test/behaviour": "ends-well"}},
            "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [{"name": "dump", "image": "dump:1"}]},
        }},
    });
    cron
}

fn plan(console: &Console, shop: &Shop, arguments: &[&str]) -> (Option<i32>, String, Value) {
    let (finished, plan) = console.plan(&[arguments, &["-n", shop.name.as_str()]].concat());
    (finished.code, finished.stderr, plan)
}

fn done(console: &Console, shop: &Shop, arguments: &[&str]) -> Value {
    let (code, said, plan) = plan(console, shop, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {said}");
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(0), "{arguments:?}: {}{}", finished.stdout, finished.stderr);
    plan
}

/// What counts of a Job: not when and by whom it was made.
fn bare(mut job: Value) -> Value {
    for field in ["creationTimestamp", "managedFields", "uid", "resourceVersion", "generation", "name"] {
        if let Some(metadata) = job["metadata"].as_object_mut() {
            metadata.remove(field);
        }
    }
    json!([job["metadata"], job["spec"]])
}

#[test]
fn a_run_is_byte_for_byte_what_kubectl_makes() {
    let shop = Shop::open("cron-run-now");
    shop.apply(&cron("nightly", &json!({"schedule": "0 2 * * *", "suspend": true})));
    let console = Console::of("oncall", &shop, Grant::Write);
    let asked = ["run-now", "cronjob/nightly", "--name", "by-us"];
    let planned = done(&console, &shop, &asked);
    let body = &planned["targets"][0]["steps"][0]["request"]["body"];
    let theirs =
        shop.kubectl(&["create", "job", "by-us", "--from=cronjob/nightly", "--dry-run=client", "--output=json"]);
    let mut theirs: Value = serde_json::from_str(&theirs.good("create job")).expect("JSON");
    // Namespace and status are of the wire form alone.
    theirs["metadata"]["namespace"] = shop.name.as_str().into();
    assert_eq!(bare(body.clone()), bare(theirs), "{body}");

    let ended = wait_until("it to end", PATIENCE, || {
        let job = shop.get("job", "by-us");
        job["status"]["completionTime"].is_string().then_some(job)
    });
    assert_eq!(ended["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"], "manual");
    let own = wait_until("its controller to count it", PATIENCE, || {
        let own = shop.get("cronjob", "nightly");
        own["status"]["lastSuccessfulTime"].is_string().then_some(own)
    });
    assert_eq!(own["spec"]["suspend"], true, "run though it is suspended");
    let (code, said, _) = plan(&console, &shop, &asked);
    assert_eq!(code, Some(3), "the name is taken: {said}");
    assert!(said.contains("already exists"), "{said}");
    console.journal_is_whole();
}

#[test]
fn the_controller_begins_one_of_those_that_were_missed() {
    let shop = Shop::open("cron-missed");
    let console = Console::of("oncall", &shop, Grant::Write);
    for (name, deadline) in [("early", None), ("late", Some(20))] {
        let mut spec = json!({"schedule": if deadline.is_some() { "0 0 1 1 *" } else { "* * * * *" }, "suspend": true});
        if let Some(deadline) = deadline {
            spec["startingDeadlineSeconds"] = json!(deadline);
        }
        shop.apply(&cron(name, &spec));
        let long_ago = json!({"status": {"lastScheduleTime": "2020-01-01T00:00:00Z"}}).to_string();
        shop.kubectl(&["patch", "cronjob", name, "--subresource=status", "--type=merge", "--patch", &long_ago])
            .good("patch");
    }
    let (code, said, late) = plan(&console, &shop, &["resume", "cronjob/late"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(late["targets"][0]["warnings"].to_string().contains("NO MISSED RUN BEGINS"), "{late}");
    let resumed = done(&console, &shop, &["resume", "cronjob/early"]);
    let warnings = resumed["targets"][0]["warnings"].to_string();
    assert!(
        warnings.contains("ONE RUN BEGINS AT ONCE") && warnings.contains("MORE THAN 100 WERE MISSED"),
        "{warnings}"
    );
    wait_until("the newest of the missed runs", PATIENCE, || {
        shop.get("cronjob", "early")["status"]["lastSuccessfulTime"].is_string().then_some(())
    });
    let events = shop.kubectl(&["get", "events", "--output=json"]).good("get events");
    assert!(events.contains("TooManyMissedTimes"), "as the plan says of this version: {events}");
    done(&console, &shop, &["suspend", "cronjob/early"]);
    assert_eq!(shop.get("cronjob", "early")["spec"]["suspend"], true);
    done(&console, &shop, &["resume", "cronjob/late"]);
    let of_late = |job: &Value| job.pointer("/metadata/ownerReferences/0/name") == Some(&"late".into());
    let jobs: Value =
        serde_json::from_str(&shop.kubectl(&["get", "jobs", "--output=json"]).good("get jobs")).expect("JSON");
    let jobs = jobs["items"].as_array().cloned().unwrap_or_default();
    assert!(!jobs.iter().any(of_late), "too late to begin: {jobs:?}");
}

#[test]
fn what_is_no_cron_job_and_who_may_not_are_told_so() {
    let shop = Shop::open("cron-refused");
    shop.apply(&cron("nightly", &json!({"schedule": "0 2 * * *"})));
    let console = Console::of("oncall", &shop, Grant::Write);
    for (arguments, code, words) in [
        (["suspend", "cronjob/nowhere"], 2, "There is no cronjob/nowhere"),
        (["suspend", "deployment/api"], 2, "names no CronJob"),
        (["resume", "cronjob/nightly"], 3, "is not suspended"),
    ] {
        let (ended, said, _) = plan(&console, &shop, &arguments);
        assert_eq!(ended, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    let viewer = Console::of("viewer", &shop, Grant::Write);
    let (code, said, _) = plan(&viewer, &shop, &["run-now", "cronjob/nightly"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("may not create jobs"), "{said}");
    let (code, said, _) = plan(&viewer, &shop, &["suspend", "cronjob/nightly"]);
    assert!(code == Some(3) && said.contains("may not patch cronjobs"), "{said}");
}
