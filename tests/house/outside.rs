//! Whatever comes from outside, edited in any way: nothing stumbles over it, and nothing is done that goes further because of it.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use quarterdeck::actions::journal::{Entry, Journal, Line, What, all, chains, ended, finished, flaws, recent, seal};
use quarterdeck::actions::journal::{unfinished, verify};
use quarterdeck::actions::{Elsewhere, Executor, Limits, Options, Planner, catalog};
use quarterdeck::config::{Credentials, Server};
use quarterdeck::domain::action::{Actor, Consent, Given, OperationRecord, Outcome, Phase, Plan};
use quarterdeck::domain::alert::{Breadth, Known};
use quarterdeck::domain::environment::Guard;
use quarterdeck::domain::subject::{SilenceRef, Subject};
use quarterdeck::domain::time::Instant;
use quarterdeck::sources::Clock;
use quarterdeck::sources::alertmanager::{AlertEyes, Client};
use quarterdeck::sources::cluster::{Connection, Contexts};
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::exposition::{Rates, read};
use quarterdeck::sources::observe::{Answer, ObserveAlerts};
use quarterdeck::sources::operate::{NoHands, OperateAlerts, WantedSilence};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::actions::{Rig, Way, options};
use crate::gate::{attempt, places, told};

fn now() -> Instant {
    "2026-11-24T03:06:00Z".parse().expect("a time")
}

/// A value nobody expects: of any kind, and beyond all ranges.
fn strange() -> impl Strategy<Value = Value> {
    let time = prop_oneof![
        Just("+262142-12-31T23:59:59.999999999Z".to_owned()),
        Just("-262143-01-01T00:00:00Z".to_owned()),
        Just("9999-12-31T23:59:59-23:59".to_owned()),
        Just("0000-00-00T00:00:00Z".to_owned()),
        (-262_142_i32..262_142).prop_map(|year| format!("{year:+07}-06-30T12:00:00Z")),
        (-900_000_000_i64..900_000_000).prop_map(|apart| (now() + TimeDelta::seconds(apart)).to_rfc3339()),
    ];
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        time.prop_map(Value::from),
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{"a": [[[]]]}, 7, "x"])),
        Just(json!("x".repeat(5_000))),
    ]
}

/// An edit: which place, and what is put there; nothing: what stands there is taken away.
fn edit() -> impl Strategy<Value = (Index, Option<Value>)> {
    (any::<Index>(), proptest::option::weighted(0.9, strange()))
}

/// A document after some edits, one after the other.
fn edited(document: &Value, edits: &[(Index, Option<Value>)]) -> Value {
    let mut document = document.clone();
    for (place, value) in edits {
        let places = places(&document);
        let Some(place) = (!places.is_empty()).then(|| place.get(&places)) else { continue };
        match value {
            Some(value) => {
                if let Some(old) = document.pointer_mut(place) {
                    value.clone_into(old);
                }
            }
            None => {
                let (above, key) = place.rsplit_once('/').unwrap_or_default();
                match document.pointer_mut(above) {
                    Some(Value::Object(fields)) => drop(fields.remove(&key.replace("~1", "/").replace("~0", "~"))),
                    Some(Value::Array(all)) => drop(key.parse().ok().map(|place: usize| all.remove(place))),
                    _ => {}
                }
            }
        }
    }
    document
}

fn edits() -> impl Strategy<Value = Vec<(Index, Option<Value>)>> {
    proptest::collection::vec(edit(), 1..4)
}

fn runtime() -> Runtime {
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn tries(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

/// Each single edit has its test in `gate`; here are several at once, of any kind.
fn no_edits_widen(id: &str) {
    let runtime = runtime();
    let action = catalog::SHIPPED.named(id).expect("an action");
    let (rig, plan) = runtime.block_on(async {
        let rig = Rig::open().await;
        let plan = rig.planner.plan(action, &[Rig::workload("api")], &options(action)).await.expect("a plan");
        rig.take(Way::Refused);
        (rig, plan)
    });
    let word = plan.confirmation.word.clone();
    let (_, honest, waited) = runtime.block_on(attempt(&rig, &plan, &word));
    assert_eq!(honest.len(), 1, "{id}: the plan itself is sent");
    let document = serde_json::to_value(&plan).expect("a document");
    let told_all = |sent: &[_]| sent.iter().map(told).collect::<Vec<_>>();
    let outcome = tries(128).run(&edits(), |edits| {
        let Ok(edited) = serde_json::from_value::<Plan>(edited(&document, &edits)) else { return Ok(()) };
        let (phase, sent, begun) = runtime.block_on(attempt(&rig, &edited.sealed(), &word));
        prop_assert_eq!(phase, Phase::Refused);
        if !sent.is_empty() {
            prop_assert_eq!(told_all(&sent), told_all(&honest));
            prop_assert_eq!(begun, waited.clone());
        }
        Ok(())
    });
    outcome.expect("no edits widen it");
}

#[test]
fn no_edits_widen_a_scaling() {
    no_edits_widen("scale");
}

#[test]
fn no_edits_widen_a_rollback() {
    no_edits_widen("rollback");
}

#[test]
fn no_record_holds_anybody_for_long() {
    let record = json!({
        "id": "r", "actor": "lee", "action": "rollback",
        "started": "2026-11-24T03:00:00Z", "expires": "2026-11-24T03:10:00Z",
    });
    let strategy = (edits(), any::<i64>(), any::<i64>());
    let outcome = tries(512).run(&strategy, |(edits, at, ahead)| {
        let Some(record) = OperationRecord::read(&edited(&record, &edits).to_string()) else { return Ok(()) };
        prop_assert!(record.expires <= record.started + OperationRecord::LONGEST);
        let ahead = quarterdeck::domain::time::seconds(ahead);
        for now in [now(), quarterdeck::domain::time::from_seconds(at), record.started, record.expires] {
            for record in [record.clone(), record.clone().shifted(ahead), record.clone().shifted(-ahead)] {
                let _ = (record.sentence(now), record.released());
                let over = now + OperationRecord::LONGEST + OperationRecord::EARLY;
                prop_assert!(!record.is_live(now) || !record.is_live(over), "{record:?} at {now}");
            }
        }
        Ok(())
    });
    outcome.expect("no record holds anybody for long");
}

/// A counter on two pages: its value and its own time, both times.
type Twice = (f64, Option<i64>, f64, Option<i64>);

/// A server that answers every request with the body of the moment.
#[expect(clippy::disallowed_methods, reason = "tasks of a runtime that ends with the test")]
fn answering(runtime: &Runtime, body: &Arc<Mutex<String>>) -> Client {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let body = body.clone();
    runtime.spawn(async move {
        while let Ok((mut peer, _)) = listener.accept().await {
            let body = body.clone();
            tokio::spawn(async move {
                let mut asked = vec![0; 64 * 1024];
                while peer.read(&mut asked).await.is_ok_and(|read| read > 0) {
                    let body = body.lock().expect("nobody panicked").clone();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    );
                    if peer.write_all((head + &body).as_bytes()).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    let server = Server {
        url,
        name: "am:9093".into(),
        credentials: Credentials::default(),
        authorities: None,
        identity: None,
        headers: Vec::new(),
    };
    Client::new(server, Arc::new(now))
}

/// Hands that note what they are given, and are refused.
#[derive(Default)]
pub(crate) struct Noting(pub(crate) Mutex<Vec<Value>>);

impl Noting {
    fn noted<T: Send>(&self, what: Value) -> Answer<'_, T> {
        self.0.lock().expect("nobody panicked").push(what);
        Box::pin(async { Err(SourceError::new(Trouble::Rejected, "not wanted.")) })
    }
}

impl OperateAlerts for Noting {
    fn put<'a>(&'a self, wanted: &'a WantedSilence) -> Answer<'a, String> {
        self.noted(json!(wanted))
    }

    fn expire<'a>(&'a self, id: &'a str) -> Answer<'a, ()> {
        self.noted(json!({ "over": id }))
    }
}

#[test]
fn no_alert_of_an_alertmanager_widens_its_silence() {
    let runtime = runtime();
    let body = Arc::new(Mutex::new(String::new()));
    let folder = tempfile::tempdir().expect("a folder");
    let hands = Arc::new(Noting::default());
    let eyes = Arc::new(AlertEyes {
        environment: "production".into(),
        clients: vec![answering(&runtime, &body)],
        prometheus: None,
        services: Arc::default(),
    });
    let planner = Planner {
        backups: Arc::default(),
        observe: None,
        rehearse: None,
        alerts: Some(eyes.clone()),
        store: None,
        databases: None,
        replica_labels: vec!["replica".to_owned()].into(),
        environment: "production".into(),
        limits: Limits::from(Guard::Production),
        grant: Ok(()),
        actor: Actor { os_user: "mori".into(), host: "bastion".into(), ..Actor::default() },
        services: Arc::default(),
        seen: Arc::default(),
        ended: Arc::default(),
        elsewhere: Elsewhere::default(),
        catalog: catalog::SHIPPED,
        clock: Arc::new(now),
    };
    let (_leave, leaving) = tokio::sync::watch::channel(false);
    let journal = Arc::new(Mutex::new(Journal::new(folder.path())));
    let executor = Executor {
        programs: None,
        planner,
        operate: Arc::new(NoHands),
        silence: Some(hands.clone()),
        pods: None,
        databases: None,
        attach: None,
        store: None,
        journal,
        leaving,
    };
    let silence = catalog::SHIPPED.named("silence").expect("an action");
    let target = Subject::Silence(SilenceRef { environment: "production".into(), id: String::new() });
    let alert = |name: &str, replica: &str| {
        json!({
            "annotations": {"summary": "it is slow"}, "fingerprint": format!("{name}{replica}"), "receivers": [{"name": "x"}],
            "startsAt": "2026-11-24T02:00:00Z", "endsAt": "2026-11-24T04:00:00Z", "updatedAt": "2026-11-24T03:00:00Z",
            "status": {"state": "active", "inhibitedBy": [], "silencedBy": []},
            "generatorURL": "http://prometheus/graph?g0.expr=up",
            "labels": {"alertname": name, "severity": "critical", "service": "cart", "replica": replica},
        })
    };
    let alerts = json!([alert("Slow", "a"), alert("Slow", "b"), alert("Down", "a")]);
    let outcome = tries(256).run(&edits(), |edits| {
        *body.lock().expect("nobody panicked") = edited(&alerts, &edits).to_string();
        let Ok(found) = runtime.block_on(eyes.matching(&[])) else { return Ok(()) };
        let Some(first) = found.first() else { return Ok(()) };
        let options = Options { given: Given::default().with("alerts", &*first.key), ..Options::default() };
        let targets = std::slice::from_ref(&target);
        let Ok(plan) = runtime.block_on(executor.planner.plan(silence, targets, &options)) else { return Ok(()) };
        let consent = Consent { typed: plan.confirmation.word.clone(), reason: Some("a test".into()) };
        let (events, _told) = tokio::sync::mpsc::channel(64);
        runtime.block_on(executor.execute(&plan, &consent, &events));
        let covers = plan.targets.first().map(|target| target.steps[0].request.body["matchers"].clone());
        for wanted in hands.0.lock().expect("nobody panicked").drain(..) {
            let wanted: WantedSilence = serde_json::from_value(wanted).expect("a silence");
            prop_assert_eq!(Some(json!(wanted.matchers)), covers.clone());
            prop_assert_eq!(wanted.ends_at, now() + TimeDelta::hours(2));
            prop_assert!(!Breadth::of(&wanted.matchers, &Known::default()).is_everything, "{:?}", wanted.matchers);
        }
        Ok(())
    });
    outcome.expect("no alert widens its silence");
}

#[test]
fn no_silence_of_an_alertmanager_widens_its_change() {
    let runtime = runtime();
    let body = Arc::new(Mutex::new(String::new()));
    let eyes = AlertEyes {
        environment: "production".into(),
        clients: vec![answering(&runtime, &body)],
        prometheus: None,
        services: Arc::default(),
    };
    let silences = json!([{
        "id": "1-2", "status": {"state": "active"}, "updatedAt": "2026-11-24T03:00:00Z", "comment": "disk",
        "createdBy": "mori", "startsAt": "2026-11-24T03:00:00Z", "endsAt": "2026-11-24T05:00:00Z",
        "matchers": [{"name": "a", "value": "b", "isRegex": false, "isEqual": true}, {"name": "c", "value": "d|", "isRegex": true}],
    }]);
    let outcome = tries(256).run(&edits(), |edits| {
        let served = edited(&silences, &edits);
        *body.lock().expect("nobody panicked") = served.to_string();
        let Ok(found) = runtime.block_on(eyes.silences()) else { return Ok(()) };
        // There is one, or none that can be read.
        let given = served.pointer("/0/matchers").and_then(Value::as_array).map_or(0, Vec::len);
        for silence in found.iter().filter(|_| served.as_array().is_some_and(|all| all.len() == 1)) {
            prop_assert_eq!(silence.matchers.len(), given, "a matcher that cannot be read makes it no wider");
            let _ = (silence.covers(), silence.ends_at - silence.starts_at + TimeDelta::days(365_000));
        }
        Ok(())
    });
    outcome.expect("no silence widens its change");
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(256) })]

    #[test]
    fn no_two_pages_make_a_rate_out_of_all_range(
        values in proptest::collection::vec((any::<f64>(), proptest::option::of(any::<i64>()), any::<f64>(), proptest::option::of(any::<i64>())), 1..8),
        apart in -400_i64..400,
        is_open_metrics: bool,
    ) {
        let mut rates = Rates::default();
        for (pass, at) in [(0, now()), (1, now() + TimeDelta::seconds(apart))] {
            let line = |(place, one): (usize, &Twice)| {
                let (value, stamp) = if pass == 0 { (one.0, one.1) } else { (one.2, one.3) };
                format!("x_total{{place=\"{place}\"}} {value} {}\n", stamp.map(|stamp| stamp.to_string()).unwrap_or_default())
            };
            let page: String = values.iter().enumerate().map(line).collect();
            let page = if is_open_metrics { page + "# EOF\n" } else { page };
            let exposed = read(&page, at, is_open_metrics);
            for counter in rates.observe(exposed.series) {
                if let Ok(rate) = counter.rate {
                    prop_assert!(rate.value.is_finite() && rate.value >= 0.0, "{page} {rate:?}");
                }
            }
        }
    }
}

#[test]
fn no_kubeconfig_leads_where_it_does_not_say() {
    let runtime = runtime();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    let clock: Clock = Arc::new(now);
    let way = |name: &str| json!({"name": name, "context": {"cluster": name, "user": name, "namespace": "shop"}});
    let cluster = |name: &str| json!({"name": name, "cluster": {"server": format!("https://{name}.invalid:6443"), "insecure-skip-tls-verify": true}});
    let user = |name: &str| json!({"name": name, "user": {"token": "t", "username": "u", "password": "p", "tokenFile": "/nowhere"}});
    let honest = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "a", "preferences": {},
        "contexts": [way("a"), way("b")], "clusters": [cluster("a"), cluster("b")], "users": [user("a"), user("b")],
    });
    let outcome = tries(256).run(&edits(), |edits| {
        let text = edited(&honest, &edits);
        fs::write(&file, text.to_string()).expect("room");
        let Ok(contexts) = Contexts::read(Some(&file)) else { return Ok(()) };
        let names = contexts.names();
        let current = contexts.current().map(str::to_owned);
        for name in names.iter().chain(&current) {
            let _ = contexts.namespace(name);
            let Ok(endpoint) = contexts.clone().endpoint(name) else { continue };
            let cluster = text["contexts"].as_array().into_iter().flatten().find(|one| one["name"] == **name);
            let cluster = cluster.map(|one| one["context"]["cluster"].clone()).unwrap_or_default();
            let server = text["clusters"].as_array().into_iter().flatten().find(|one| one["name"] == cluster);
            let server = server.and_then(|one| one["cluster"]["server"].as_str());
            if let (Some(led), Some(server)) = (endpoint.server(), server) {
                prop_assert_eq!(led.trim_end_matches('/'), server.trim_end_matches('/'));
            }
            let _ = runtime.block_on(Connection::open(endpoint, clock.clone()));
        }
        Ok(())
    });
    outcome.expect("it leads where it says");
}

/// A chain of a run that was killed on its second target, beside a silence that has no end, line by line.
fn written(state: &Path) -> Vec<String> {
    let mut journal = Journal::new(state);
    let aim = json!({
        "workload": {"environment": "test", "namespace": "shop", "kind": "Deployment", "name": "api"}, "uid": "u",
        "template_digest": "d", "goal": "healthy", "deadline_seconds": 600, "replicas": 2,
        "clearing": [{"uid": "p", "words": "Delete pod p."}],
    });
    let aim: quarterdeck::actions::journal::Aim = serde_json::from_value(aim).expect("an aim");
    let entry =
        |what| Entry { what, cluster: "c".into(), words: "…".into(), ..Entry::bare("r", "rollback", "test", "mori") };
    let entries = [
        Entry { aims: vec![aim.clone(), aim.clone()], ..entry(What::Begun) },
        Entry { target: Some(0), ..entry(What::Intent) },
        Entry { target: Some(0), aims: vec![aim], ..entry(What::Accepted) },
        Entry { target: Some(0), outcome: Some(Outcome::Done), ..entry(What::Settled) },
        Entry { target: Some(1), ..entry(What::Intent) },
        Entry { what: What::Begun, ..Entry::bare("s", "note", "test", "mori") },
        Entry { run: "t".into(), phase: Some(Phase::Failed), ..entry(What::Ended) },
    ];
    for entry in entries {
        journal.append(entry, now()).expect("written");
    }
    let chain = chains(state).expect("a journal").remove(0);
    chain.text.lines().map(str::to_owned).collect()
}

/// Reads a journal in every way there is.
fn read_in_every_way(state: &Path) {
    let chains = chains(state).expect("a journal");
    let _ = (unfinished(&chains), ended(state, now()).expect("a journal"));
    let _ = (recent(state, now(), 3).expect("a journal"), all(state).expect("a journal"));
    for one in finished(&chains, now() - TimeDelta::days(1)) {
        let _ = one.left();
    }
    let _ = Journal::new(state).has_begun("r");
}

#[test]
fn no_edited_line_of_a_journal_goes_unnoticed_or_makes_anything_stumble() {
    let origin = tempfile::tempdir().expect("a folder");
    let lines = written(origin.path());
    let strategy = (any::<Index>(), edits(), any::<bool>());
    let outcome = tries(256).run(&strategy, |(place, edits, is_hashed_anew)| {
        let place = place.index(lines.len());
        let document: Value = serde_json::from_str(&lines[place]).expect("a line");
        let mut line = edited(&document, &edits);
        if line == document {
            return Ok(());
        }
        if is_hashed_anew && let Ok(known) = serde_json::from_value::<Line>(line.clone()) {
            line = serde_json::to_value(Line { hash: known.computed_hash(), ..known }).expect("a line");
        }
        let mut lines = lines.clone();
        lines[place] = line.to_string();
        let state = tempfile::tempdir().expect("a folder");
        fs::create_dir(state.path().join("journal")).expect("room");
        let file = state.path().join("journal/20261124T030600Z-1-00000000.jsonl");
        fs::write(&file, lines.join("\n") + "\n").expect("room");
        let found = chains(state.path()).expect("a journal");
        let is_last = place + 1 == lines.len();
        if !(is_hashed_anew && is_last) {
            prop_assert!(!flaws(&found).is_empty(), "{}", lines[place]);
            prop_assert!(!verify(state.path(), None).expect("a journal").flaws.is_empty(), "{}", lines[place]);
        }
        for run in unfinished(&found) {
            let is_begun = place == 0 || run.begun.aims.len() == 2;
            prop_assert!(is_begun, "no line but the first tells what a run is of: {run:?}");
        }
        read_in_every_way(state.path());
        let _ = seal(state.path(), "mori", now());
        read_in_every_way(state.path());
        Ok(())
    });
    outcome.expect("every edit is noticed");
}
