//! One contract: the simulated Prometheus and a real one that holds the same samples give the same values to every shipped query.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use quarterdeck::config::{Credentials, Prometheus as Settings, Server as Address};
use quarterdeck::domain::advice::{Advice, Released, Verdict, judge};
use quarterdeck::domain::rollout::{Kind, WorkloadRef};
use quarterdeck::domain::signal::query::{ERRORS, Labels};
use quarterdeck::domain::signal::{CodeLabels, Query, Series};
use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::sources::error::Trouble;
use quarterdeck::sources::metrics::ObserveMetrics;
use quarterdeck::sources::prometheus::{Prometheus, SignalFeed};
use serde_json::Value;

use super::{PATIENCE, client};
use crate::support::process::{Running, skip, until, wait_until};
use crate::support::prometheus::{Server, why_not};

pub(super) fn simulated(sandbox: &Sandbox, folder: &std::path::Path) -> Prometheus {
    let (token, authority) = (folder.join("token"), folder.join("authority.pem"));
    std::fs::write(&token, sandbox.token()).expect("room");
    std::fs::write(&authority, sandbox.certificate()).expect("room");
    let server = Address {
        url: sandbox.prometheus("shop"),
        name: "simulated".into(),
        credentials: Credentials::Bearer(token),
        authorities: Some(authority),
        identity: None,
        headers: Vec::new(),
    };
    let settings = Settings { server, service_label: None, code_label: None, queries: Query::shipped() };
    Prometheus::new(&settings, Arc::new(Utc::now))
}

fn by_labels(series: &[Series]) -> BTreeMap<String, f64> {
    let key = |one: &Series| {
        let labels: Vec<String> = one.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        labels.join(" ")
    };
    series.iter().map(|one| (key(one), one.last().expect("one sample").value)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulated_and_the_real_prometheus_answer_alike() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    // An hour ago, twenty times as fast: its present stays in our past.
    let clock = SandboxClock::starting(Utc::now() - TimeDelta::hours(1), 20);
    let scenario = Scenario::empty("shop")
        .with("shop", Service::new("calm", 2))
        .with("shop", Service::new("payments", 3).behaving("crash-loop"));
    let sandbox = Sandbox::start(scenario, clock).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let ours = simulated(&sandbox, folder.path());
    let labels = Labels::default();
    let errors = Query::shipped().into_iter().find(|query| &*query.name == ERRORS).expect("it ships");
    until("errors", PATIENCE, async || {
        let found = ours.instant(&errors.for_one(&labels, "payments", "2m"), clock.now()).await.expect("an answer");
        found.series.first().and_then(Series::last).filter(|sample| sample.value > 0.2).map(drop)
    })
    .await;

    let now = clock.now();
    let server = Server::start(&sandbox.samples("shop", now - TimeDelta::hours(2), now), "", &[]);
    let theirs = client(server.port);
    let mut compared = 0;
    for query in Query::shipped() {
        let texts = ["2m", "5m", "1h"].map(|range| query.for_all(&labels, range));
        for text in texts.into_iter().chain([query.for_one(&labels, "payments", "37m")]) {
            for at in [now, now - TimeDelta::seconds(7), now - TimeDelta::minutes(20)] {
                let (one, other) = tokio::join!(ours.instant(&text, at), theirs.instant(&text, at));
                let (one, other) = (by_labels(&one.expect("ours").series), by_labels(&other.expect("theirs").series));
                assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{text} at {at}");
                for (key, value) in one {
                    let real = other[&key];
                    let is_same =
                        (value - real).abs() <= real.abs().max(1e-9) * 1e-7 || value.is_nan() && real.is_nan();
                    assert!(is_same, "{text} at {at}: {key} is {value} in the sandbox and {real} in Prometheus");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 100, "{compared} values were compared");
    let refused = ours.instant("avg(rate(http_requests_total[5m]))", now).await.expect_err("not shipped");
    assert_eq!(refused.trouble, Trouble::Rejected, "{}", refused.sentence);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bad_release_of_the_demo_is_advised_against_and_a_calm_one_is_not() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = SandboxClock::starting(Utc::now() - TimeDelta::hours(1), 20);
    let began = clock.now();
    let scenario = Scenario::empty("shop")
        .with("shop", Service::new("calm", 2))
        .with("shop", Service::new("payments", 3).behaving("crash-loop"));
    let sandbox = Sandbox::start(scenario, clock).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let feed = SignalFeed {
        environment: "production".into(),
        prometheus: Some(simulated(&sandbox, folder.path())),
        scrapes: Arc::default(),
        queries: Query::shipped().into(),
        codes: CodeLabels::default(),
        declared: Arc::default(),
    };
    let released = |service: &str| Released {
        workload: WorkloadRef {
            environment: "production".into(),
            namespace: "shop".into(),
            kind: Kind::Deployment,
            name: service.into(),
        },
        service: service.into(),
        began,
        sides: None,
    };
    let advised = until("advice", PATIENCE, async || {
        let found = feed.compare(["payments", "calm"].map(released).into(), clock.now()).await;
        let advice: Vec<Advice> = found.iter().map(|one| judge(one, &|_| BTreeSet::new())).collect();
        advice.iter().any(|one| one.verdict == Verdict::Advised).then_some(advice)
    });
    let advice = advised.await;
    assert!(advice[0].sentence.starts_with("ROLLBACK ADVISED because errors"), "{}", advice[0].sentence);
    assert_eq!(advice[1].verdict, Verdict::NotAdvised, "{}", advice[1].sentence);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shipped_binary_tells_what_is_advised_in_its_status_and_in_the_plan() {
    let releases = [("1.0", "first", 300), ("1.1", "second, by ci", 1)];
    let bad = Service::new("payments", 3).ready_after(1).releases(&releases).behaving("crash-loop");
    let scenario = Scenario::empty("shop").with("shop", bad).with("shop", Service::new("calm", 2));
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(Utc::now(), 1)).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    sandbox.write_kubeconfig(&kubeconfig).expect("a kubeconfig");
    let (token, authority) = (folder.path().join("token"), folder.path().join("authority.pem"));
    std::fs::write(&token, sandbox.token()).expect("room");
    std::fs::write(&authority, sandbox.certificate()).expect("room");
    let file = folder.path().join("config.toml");
    let text = format!(
        "[environment.test]\ncontext = \"demo-production\"\nnamespaces = [\"shop\"]\nguard = \"staging\"\nwrite = true\n\
         prometheus = {{ url = {:?}, bearer_file = {token:?}, ca_file = {authority:?} }}\n",
        sandbox.prometheus("shop"),
    );
    std::fs::write(&file, text).expect("room");
    let told = tokio::task::spawn_blocking(move || {
        let run = |arguments: &[&str]| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
            command.env_clear().env("HOME", folder.path()).env("KUBECONFIG", &kubeconfig);
            command.arg("--config").arg(&file).args(arguments).args(["--output", "json"]);
            let finished = Running::start(command, "").finish(PATIENCE);
            serde_json::from_str::<Value>(&finished.stdout).expect(&finished.stderr)
        };
        let status = wait_until("advice", PATIENCE, || {
            let status = run(&["status"]);
            let is_because = |words: &str| words.starts_with("ROLLBACK ADVISED because errors");
            let advised = |line: &Value| line["sentence"].as_str().is_some_and(is_because);
            status["advice"].as_array().is_some_and(|lines| lines.iter().any(advised)).then_some(status)
        });
        (status, run(&["plan", "rollback", "deployment/payments", "-n", "shop"]))
    });
    let (status, plan) = told.await.expect("it is told");
    let lines = status["advice"].as_array().expect("a list");
    let line = lines.iter().find(|line| line["name"] == "payments").expect("the bad release");
    assert_eq!((&line["environment"], &line["service"]), (&"test".into(), &"payments".into()));
    assert_eq!(line["rollback"], "advised");
    let errors = line["criteria"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "error_ratio"));
    let errors = errors.expect("the errors");
    assert_eq!((&errors["opinion"], &errors["unit"]), (&"worse".into(), &"ratio".into()));
    assert!(errors["value"].as_f64() > errors["threshold"].as_f64(), "{errors}");
    let calm = lines.iter().find(|line| line["name"] == "calm").expect("the other release of today");
    assert_eq!(calm["rollback"], "not_advised");
    let evidence = plan["targets"][0]["evidence"].as_array().expect("evidence");
    let is_told = |one: &Value| one["words"].as_str().is_some_and(|words| words.starts_with("ROLLBACK ADVISED"));
    assert!(evidence.iter().any(is_told), "{evidence:?}");
}
