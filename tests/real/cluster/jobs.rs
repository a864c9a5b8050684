//! CronJobs and Jobs on the real control plane: their controllers do the work, and `status` says what kubectl says.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::shop::{PATIENCE, Shop};

fn template(behaviour: &str) -> Value {
    json!({
        "metadata": {"annotations": {"quarterdeck.test/behaviour": behaviour}},
        "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [{"name": "dump", "image": "dump:1"}]},
    })
}

fn job(name: &str, behaviour: &str, spec: &Value) -> Value {
    let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec});
    job["spec"]["template"] = template(behaviour);
    job
}

fn cron(name: &str, spec: &Value) -> Value {
    let mut cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": spec});
    cron["spec"]["jobTemplate"] = json!({"spec": {"backoffLimit": 0, "template": template("ends-well")}});
    cron
}

fn status(console: &Console) -> (Option<i32>, Value) {
    let finished = console.run(&["status", "--output", "json"]);
    (finished.code, serde_json::from_str(&finished.stdout).unwrap_or_default())
}

fn line(console: &Console, list: &str, name: &str) -> Value {
    let rows = status(console).1[list].as_array().cloned().unwrap_or_default();
    rows.into_iter().find(|row| row["name"] == name).unwrap_or_default()
}

fn wait_for(console: &Console, list: &str, name: &str, verdict: &str) -> Value {
    wait_until(&format!("{name} being {verdict}"), PATIENCE, || {
        let row = line(console, list, name);
        (row["verdict"] == verdict).then_some(row)
    })
}

#[test]
fn a_job_ends_well_or_says_why_not() {
    let shop = Shop::open("jobs-ends");
    let console = Console::of("viewer", &shop, Grant::Read);
    shop.apply(&job("good", "ends-well", &json!({})));
    let good = wait_for(&console, "jobs", "good", "complete");
    assert_eq!((good["succeeded"].as_u64(), good["wanted"].as_u64()), (Some(1), Some(1)));
    assert!(good["seconds"].is_i64() && good["ended_at"].is_string(), "{good}");
    assert_eq!(status(&console).0, Some(0));

    shop.apply(&job("bad", "ends-badly", &json!({"backoffLimit": 0})));
    let bad = wait_for(&console, "jobs", "bad", "failed");
    let why = bad["reason"].as_str().unwrap_or_default();
    assert!(why.starts_with("BackoffLimitExceeded") && why.contains("container dump exited 3 (Error)"), "{why}");
    assert_eq!(status(&console).0, Some(2), "a failed job is trouble");

    shop.apply(&job("long", "never-ready", &json!({"activeDeadlineSeconds": 2})));
    let long = wait_for(&console, "jobs", "long", "failed");
    assert!(long["reason"].as_str().is_some_and(|why| why.starts_with("DeadlineExceeded")), "{long}");

    shop.apply(&job("waits", "image-pull", &json!({})));
    let waits = wait_for(&console, "jobs", "waits", "stuck");
    assert!(waits["reason"].as_str().is_some_and(|why| why.contains("ImagePullBackOff")), "{waits}");
    shop.apply(&job("held", "ends-well", &json!({"suspend": true})));
    wait_for(&console, "jobs", "held", "suspended");
}

#[test]
fn a_cron_job_runs_when_its_controller_runs_it() {
    let shop = Shop::open("jobs-cron");
    let console = Console::of("viewer", &shop, Grant::Read);
    let made = Utc::now();
    shop.apply(&cron("minutely", &json!({"schedule": "* * * * *", "timeZone": "Asia/Kolkata"})));
    shop.apply(&cron("held", &json!({"schedule": "@hourly", "suspend": true})));
    shop.apply(&cron("yearly", &json!({"schedule": "@yearly"})));
    let yearly = wait_for(&console, "cron_jobs", "yearly", "complete");
    assert!(yearly["last_run"].is_null() && yearly["notes"].to_string().contains("has not run yet"), "{yearly}");
    let held = wait_for(&console, "cron_jobs", "held", "suspended");
    assert!(held["next_run"].is_null(), "{held}");

    // It may be a minute until it begins.
    let ran = wait_until("a run that succeeded", PATIENCE, || {
        let row = line(&console, "cron_jobs", "minutely");
        (row["verdict"] == "complete" && row["last_success"].is_string()).then_some(row)
    });
    let own = shop.get("cronjob", "minutely");
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok()).expect("a time");
    let scheduled = time(&own["status"]["lastScheduleTime"]);
    assert!(scheduled > made && scheduled.timestamp() % 60 == 0, "the controller's own minute: {own}");
    let next = time(&ran["next_run"]);
    assert!(
        next > time(&ran["last_run"]) && next.timestamp() % 60 == 0 && next - scheduled <= TimeDelta::minutes(2),
        "{ran}"
    );
    assert_eq!(ran["schedule"], "* * * * * Asia/Kolkata");
    let runs = status(&console).1["jobs"].as_array().cloned().unwrap_or_default();
    assert!(runs.iter().any(|run| run["cron_job"] == "minutely" && run["verdict"] == "complete"), "{runs:?}");
    // kubectl's column is the same time.
    let printed = shop.kubectl(&["get", "cronjob", "minutely", "--no-headers"]).good("get cronjob");
    let schedule: Vec<&str> = printed.split_whitespace().collect();
    assert_eq!(&schedule[1..7], ["*", "*", "*", "*", "*", "Asia/Kolkata"], "{printed}");

    let by_hand = shop.kubectl(&["create", "job", "now", "--from=cronjob/minutely"]);
    by_hand.good("create job");
    let now = wait_for(&console, "jobs", "now", "complete");
    assert_eq!((&now["started_by_hand"], &now["cron_job"]), (&true.into(), &"minutely".into()));
}

#[test]
fn the_next_run_of_an_interval_is_the_one_the_controller_makes() {
    let shop = Shop::open("jobs-every");
    let console = Console::of("viewer", &shop, Grant::Read);
    shop.apply(&cron("purge", &json!({"schedule": "@every 1m"})));
    let next = |_: &str| line(&console, "cron_jobs", "purge")["next_run"].as_str().map(str::to_owned);
    let foretold = wait_until("the next run", PATIENCE, || next("first"));
    assert_eq!(next("again").as_deref(), Some(&*foretold), "it stands still");
    let scheduled = wait_until("the run", PATIENCE * 2, || {
        shop.get("cronjob", "purge")["status"]["lastScheduleTime"].as_str().map(str::to_owned)
    });
    let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
    assert_eq!(time(&scheduled), time(&foretold));
    let after = wait_until("the run after", PATIENCE, || next("after").filter(|after| *after != foretold));
    assert_eq!(time(&after), time(&scheduled) + TimeDelta::minutes(1));
}

#[test]
fn who_may_not_list_jobs_still_sees_the_rest() {
    let shop = Shop::open("jobs-rights");
    shop.deploy_good("api", "api:1", 1);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "no-jobs"}, "rules": [
        {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]});
    shop.apply(&role);
    shop.kubectl(&["create", "rolebinding", "no-jobs", "--role=no-jobs", "--user=stranger"]).good("a binding");
    let console = Console::of("stranger", &shop, Grant::Read);
    let (code, document) = wait_until("a settled status", PATIENCE, || {
        let (code, document) = status(&console);
        (document["rollouts"][0]["verdict"] == "complete").then_some((code, document))
    });
    assert_eq!(code, Some(0), "{document}");
    let sources = document["sources"].as_array().cloned().unwrap_or_default();
    let jobs = sources.iter().find(|source| source["name"].as_str().is_some_and(|name| name.ends_with("/cronjobs")));
    assert!(
        jobs.is_some_and(|source| source["error"].as_str().is_some_and(|words| words.contains("not allowed"))),
        "{sources:?}"
    );
}
