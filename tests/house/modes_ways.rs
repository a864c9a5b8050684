//! The ways into maintenance mode beside scaling, on the simulated cluster: each comes back as it was, whoever is killed in between.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use quarterdeck::actions::journal::{Journal, What, chains};
use quarterdeck::actions::{Executor, Options, Planner};
use quarterdeck::domain::action::{Given, Phase, Plan, Request};
use quarterdeck::domain::maintenance_mode::{KEPT, MEMORY, Named, Page, Way, Ways};
use quarterdeck::domain::rollout::Kind;
use quarterdeck::domain::service::{Member, Service, Services};
use quarterdeck::sources::observe::{ObjectPath, ObserveCluster};
use quarterdeck::sources::operate::OperateCluster;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::actions::{NAMESPACE, Rig, options};
use crate::gate::action;

const GATEWAY: &str = "apis/gateway.networking.k8s.io/v1";
const KEDA: &str = "apis/keda.sh/v1alpha1";

/// Everything a service can have beside its workload: api, resource, name, object.
fn objects() -> [(&'static str, &'static str, &'static str, Value); 5] {
    let backend = json!([{"group": "", "kind": "Service", "name": "api", "port": 80, "weight": 1}]);
    let rule = |path: &str| json!({"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": backend.clone()});
    let canary = json!([{"group": "", "kind": "Service", "name": "api", "port": 80, "weight": 90}, {"group": "", "kind": "Service", "name": "canary", "port": 80, "weight": 10}]);
    let mut weighted = rule("/pay");
    weighted["backendRefs"] = canary;
    [
        (
            GATEWAY,
            "httproutes",
            "api",
            json!({"spec": {"parentRefs": [{"name": "edge"}], "rules": [rule("/"), weighted]}}),
        ),
        ("api/v1", "services", "api", json!({"spec": {"selector": {"app": "api"}, "ports": [{"port": 80}]}})),
        ("api/v1", "configmaps", "mode", json!({"data": {"COLOUR": "blue", "MAINTENANCE_MODE": "false"}})),
        (
            KEDA,
            "scaledobjects",
            "api",
            json!({"metadata": {"annotations": {"team": "shop"}}, "spec": {"scaleTargetRef": {"name": "api"}, "minReplicaCount": 2}}),
        ),
        (
            "apis/batch/v1",
            "cronjobs",
            "nightly",
            json!({"spec": {"schedule": "0 2 * * *", "suspend": false, "jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}}}),
        ),
    ]
}

fn ways() -> Ways {
    let named = |text: &str| Named::read(text).expect("an object");
    let selector: BTreeMap<String, String> = [("app".to_owned(), "page".to_owned())].into();
    Ways {
        routes: vec![named("httproute/api"), named("service/api")],
        page: Some(Page { service: "page".into(), port: 8080, selector }),
        config_map: Some("mode".into()),
        has_variables: true,
        cron_jobs: vec!["nightly".into()],
        ..Ways::default()
    }
}

async fn send(rig: &Rig, method: &str, path: &str, body: Value) {
    let request = Request {
        method: method.into(),
        path: format!("/{path}?fieldManager=somebody"),
        content_type: if method == "POST" { "application/json" } else { "application/merge-patch+json" }.into(),
        body,
    };
    rig.spy.hands().send(&request, "somebody").await.expect("accepted");
}

trait Declare {
    /// Lets the service of the workload declare these ways.
    fn declare(&mut self, ways: Ways);
}

impl Declare for Rig {
    fn declare(&mut self, ways: Ways) {
        let service = Service {
            name: "shop".into(),
            workloads: vec![Member { kind: Kind::Deployment, name: "api".into() }],
            ways: Some(ways),
            ..Service::default()
        };
        self.planner = Planner { services: Arc::new(Services::new(vec![service])), ..self.planner.clone() };
        self.executor = Executor { planner: self.planner.clone(), ..self.executor.clone() };
    }
}

/// A cluster with such a service, which declares these ways.
async fn with(ways: Ways) -> Rig {
    let mut rig = Rig::open().await;
    for (api, resource, name, mut object) in objects() {
        object["metadata"]["name"] = json!(name);
        send(&rig, "POST", &format!("{api}/namespaces/{NAMESPACE}/{resource}"), object).await;
    }
    rig.declare(ways);
    rig
}

async fn object(rig: &Rig, place: (&'static str, &'static str, &'static str)) -> Value {
    let (api, resource, name) = place;
    let at = ObjectPath { api, namespace: NAMESPACE, resource, name };
    rig.connection.object(&at).await.expect("an answer").map(|object| (*object).clone()).unwrap_or_default()
}

/// What must be as it was: specifications, data, and what KEDA is told.
async fn world(rig: &Rig) -> Vec<String> {
    let mut all = vec![rig.object("api").await["spec"].to_string()];
    for (api, resource, name, _) in objects() {
        let seen = object(rig, (api, resource, name)).await;
        // The real server leaves out what is empty.
        let annotations = seen["metadata"]["annotations"].as_object().filter(|all| !all.is_empty());
        all.push(format!("{} {} {annotations:?}", seen["spec"], seen["data"]));
    }
    all
}

async fn plan_by(planner: &Planner, id: &str, given: Given, overrides_record: bool) -> Plan {
    let options = Options { given, overrides_record, ..options(action(id)) };
    planner.plan(action(id), &[Rig::workload("api")], &options).await.expect("a plan")
}

fn on(by: &str) -> Given {
    Given::default().with("reason", "another disk").with("until", "2h").with("by", by)
}

async fn done(rig: &Rig, id: &str, given: Given) -> Plan {
    let plan = plan_by(&rig.planner, id, given, false).await;
    assert!(plan.is_applicable(), "{id}: {:?}", plan.refusals);
    let run = rig.confirmed(&plan).await;
    assert_eq!(run.phase, Phase::Done, "{id}: {run:?}");
    plan
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_and_every_pair_comes_back_byte_for_byte() {
    let words = Way::ALL.map(Way::word);
    let pairs = words.iter().flat_map(|one| words.iter().map(move |other| format!("{one},{other}")));
    for by in pairs.chain(["route,config-map,variables,scale".to_owned()]) {
        let rig = with(ways()).await;
        let before = world(&rig).await;
        done(&rig, "maintenance-on", on(&by)).await;
        let api = rig.object("api").await;
        let is = |way: Way| by.contains(way.word());
        assert_eq!(api["spec"]["replicas"] == 0, is(Way::Scale), "{by}");
        let variables =
            api.pointer("/spec/template/spec/containers/0/env").map(ToString::to_string).unwrap_or_default();
        assert_eq!(variables.contains("MAINTENANCE_END_TIME"), is(Way::Variables), "{by}: {variables}");
        let route = object(&rig, (GATEWAY, "httproutes", "api")).await;
        let led = route["spec"]["rules"].to_string().contains("\"page\"");
        assert_eq!((led, route.pointer(KEPT).is_some()), (is(Way::Route), is(Way::Route)), "{by}: {route}");
        let service = object(&rig, ("api/v1", "services", "api")).await;
        assert_eq!(service["spec"]["selector"]["app"] == "page", is(Way::Route), "{by}");
        let map = object(&rig, ("api/v1", "configmaps", "mode")).await;
        assert_eq!(map["data"]["MAINTENANCE_MODE"] == "true", is(Way::ConfigMap), "{by}");
        let scaler = object(&rig, (KEDA, "scaledobjects", "api")).await;
        let paused = &scaler["metadata"]["annotations"]["autoscaling.keda.sh/paused-replicas"];
        assert_eq!(*paused == "0", is(Way::Scale), "{by}: {scaler}");
        assert_eq!(object(&rig, ("apis/batch/v1", "cronjobs", "nightly")).await["spec"]["suspend"], true, "{by}");

        let again = plan_by(&rig.planner, "maintenance-on", on(&by), false).await;
        assert!(
            again.refusals.iter().any(|words| words.contains("in maintenance mode already")),
            "{by}: {:?}",
            again.refusals
        );
        done(&rig, "maintenance-off", Given::default()).await;
        assert_eq!(world(&rig).await, before, "{by}");
        assert_eq!(rig.object("api").await.pointer(MEMORY), None, "{by}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_route_is_switched_first_and_comes_back_last() {
    let rig = with(ways()).await;
    let place = |plan: &Plan, id: &str| {
        let step = plan.targets[0]
            .steps
            .iter()
            .position(|step| step.in_order.as_ref().is_some_and(|one| one.id.starts_with(id)));
        step.unwrap_or_else(|| {
            panic!("{id} in {:?}", plan.targets[0].steps.iter().map(|step| &step.words).collect::<Vec<_>>())
        })
    };
    let on = done(&rig, "maintenance-on", on("route,variables,scale")).await;
    assert!(place(&on, "note-") < place(&on, "switch-httproute"), "what was is remembered before the first change");
    assert!(place(&on, "switch-httproute") < place(&on, "tell-") && place(&on, "tell-") < place(&on, "stop-"));
    assert!(
        place(&on, "switch-scaledobject") < place(&on, "stop-") && place(&on, "drain-") < place(&on, "switch-cronjob")
    );
    let off = done(&rig, "maintenance-off", Given::default()).await;
    assert!(place(&off, "switch-back-scaledobject") < place(&off, "start-"), "KEDA holds nothing down any more");
    assert!(place(&off, "ready-") < place(&off, "switch-back-httproute"), "nobody is led to what is not ready");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_configured_is_refused_with_what_to_write() {
    let rig = with(Ways::default()).await;
    for (by, words) in [
        ("route", "routes = [\"httproute/NAME\"]"),
        ("variables", "variables = true"),
        ("config-map", "config_map = \"NAME\""),
        ("teleport", "there is no way \"teleport\""),
    ] {
        let plan = plan_by(&rig.planner, "maintenance-on", on(by), false).await;
        let refused = plan.refusals.join(" ");
        assert!(refused.contains(words), "{by}: {refused}");
        assert!(by == "teleport" || refused.contains("[service.shop.maintenance]"), "{refused}");
    }
    // A route of the configuration that is not there.
    let renamed = Ways { routes: vec![Named::read("httproute/other").expect("it")], ..ways() };
    let rig = with(renamed).await;
    let plan = plan_by(&rig.planner, "maintenance-on", on("route"), false).await;
    assert!(plan.refusals.iter().any(|words| words.contains("does not exist")), "{:?}", plan.refusals);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_made_of_it_meanwhile_is_said_and_left() {
    let rig = with(ways()).await;
    done(&rig, "maintenance-on", on("route,scale")).await;
    let service = format!("api/v1/namespaces/{NAMESPACE}/services/api");
    send(&rig, "PATCH", &service, json!({"spec": {"selector": {"app": "green"}}})).await;
    let off = plan_by(&rig.planner, "maintenance-off", Given::default(), false).await;
    let words = off.refusals.join(" ");
    assert!(words.contains("Remembered: {\"app\":\"api\"}") && words.contains("Now: {\"app\":\"green\"}"), "{words}");
    // Its annotation is edited; then taken away: it is left as somebody made it.
    send(&rig, "PATCH", &service, json!({"metadata": {"annotations": {"quarterdeck.dev/maintenance-was": "app=api"}}}))
        .await;
    let off = plan_by(&rig.planner, "maintenance-off", Given::default(), false).await;
    assert!(off.refusals.iter().any(|words| words.contains("none of ours any more: app=api")), "{:?}", off.refusals);
    send(&rig, "PATCH", &service, json!({"metadata": {"annotations": {"quarterdeck.dev/maintenance-was": null}}}))
        .await;
    // And the route is gone.
    let gone = Request {
        method: "DELETE".into(),
        path: format!("/{GATEWAY}/namespaces/{NAMESPACE}/httproutes/api"),
        content_type: "application/json".into(),
        body: json!({}),
    };
    rig.spy.hands().send(&gone, "somebody").await.expect("accepted");
    let off = done(&rig, "maintenance-off", Given::default()).await;
    let warnings = off.targets[0].warnings.join(" ");
    assert!(warnings.contains("does not exist any more") && warnings.contains("remembers nothing"), "{warnings}");
    assert_eq!(object(&rig, ("api/v1", "services", "api")).await["spec"]["selector"]["app"], "green");
    assert_eq!(rig.object("api").await["spec"]["replicas"], 2);
}

/// A small application: it answers as the variables of its Deployment say, or as usual.
#[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
async fn application(rig: &Rig, is_lying: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let connection = rig.connection.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0_u8; 1024];
            let _ = stream.read(&mut asked).await;
            let facts = connection.workload(&Rig::workload("api")).await.expect("it");
            let env = facts.object.pointer("/spec/template/spec/containers/0/env").cloned().unwrap_or_default();
            let of = |name: &str| {
                env.as_array().into_iter().flatten().find(|one| one["name"] == name)?["value"]
                    .as_str()
                    .map(str::to_owned)
            };
            let (status, more, body) = match of("MAINTENANCE_END_TIME") {
                Some(end) if !is_lying => (
                    "503 Service Unavailable",
                    "Retry-After: 600\r\n",
                    json!({"error": "MAINTENANCE", "estimatedEndTime": end}),
                ),
                _ => ("200 OK", "", json!({"status": "ok"})),
            };
            let body = body.to_string();
            let answer = format!(
                "HTTP/1.1 {status}\r\n{more}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_are_asked_for_and_a_longer_end_is_told_to_them() {
    let mut rig = with(ways()).await;
    let address = application(&rig, false).await;
    rig.declare(Ways { address: Some(address), by: vec![Way::ConfigMap, Way::Variables], ..ways() });
    let before = world(&rig).await;
    let usual = Given::default().with("reason", "another disk").with("until", "2h");
    let on = done(&rig, "maintenance-on", usual).await;
    assert!(on.targets[0].steps.iter().any(|step| step.words.contains("answers 503, MAINTENANCE, until")), "{on:?}");
    let longer = Given::default().with("reason", "it takes longer").with("until", "4h");
    let extended = done(&rig, "maintenance-extend", longer).await;
    let end = extended.targets[0].given.text("until").expect("an end").to_owned();
    let env = rig.object("api").await["spec"]["template"]["spec"]["containers"][0]["env"].to_string();
    assert!(env.contains(&end), "{env}");
    assert_eq!(object(&rig, ("api/v1", "configmaps", "mode")).await["data"]["MAINTENANCE_END_TIME"], end.as_str());
    done(&rig, "maintenance-off", Given::default()).await;
    assert_eq!(world(&rig).await, before);
}

/// Whether the journal says that users are asked for.
fn is_asking(rig: &Rig) -> bool {
    let all = chains(rig.folder.path()).expect("a journal");
    all.iter().flat_map(|chain| &chain.lines).any(|line| line.entry.words.contains("answers 503"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_that_answers_as_usual_is_taken_back() {
    let mut rig = with(ways()).await;
    let address = application(&rig, true).await;
    rig.declare(Ways { address: Some(address), ..ways() });
    let before = world(&rig).await;
    let plan = plan_by(&rig.planner, "maintenance-on", on("variables"), false).await;
    let asking = async {
        while !is_asking(&rig) {
            tokio::task::yield_now().await;
        }
        rig.ahead.fetch_add(300, std::sync::atomic::Ordering::SeqCst);
    };
    let (run, ()) = tokio::join!(rig.confirmed(&plan), asking);
    assert_eq!(run.phase, Phase::Compensated, "{run:?}");
    assert!(run.targets[0].words.contains("it answers 200, not 503"), "{run:?}");
    assert_eq!(world(&rig).await, before);
}

/// Lines of the journal of this console.
fn lines(rig: &Rig) -> usize {
    let all = chains(rig.folder.path()).expect("a journal");
    all.iter().flat_map(|chain| &chain.lines).filter(|line| line.entry.what != What::Ended).count()
}

async fn killed_at(id: &str, at: usize) {
    let by = "route,config-map,variables,scale";
    let rig = with(ways()).await;
    let world_before = world(&rig).await;
    let given = |id: &str| if id == "maintenance-on" { on(by) } else { Given::default() };
    if id == "maintenance-off" {
        done(&rig, "maintenance-on", on(by)).await;
    }
    let plan = plan_by(&rig.planner, id, given(id), false).await;
    let before = lines(&rig);
    let dead = async {
        while lines(&rig) < before + at {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = dead => {}
        _ = rig.confirmed(&plan) => {}
    }
    let folder = tempfile::tempdir().expect("a folder");
    let planner = Planner { ended: Arc::default(), ..rig.planner.clone() };
    let journal = Arc::new(Mutex::new(Journal::new(folder.path())));
    let other = Executor { planner, journal, ..rig.executor.clone() };
    for id in [id, "maintenance-off"] {
        let again = plan_by(&other.planner, id, given(id), true).await;
        if again.is_applicable() {
            let run = rig.execute_by(&other, &again, &again.confirmation.word).await;
            assert_eq!(run.phase, Phase::Done, "{id} after line {at}: {run:?}");
        } else {
            let words = again.refusals.join(" ");
            let is_over = words.contains("already") || words.contains("is not in maintenance mode");
            assert!(is_over, "{id} after line {at}: {words}");
        }
    }
    assert_eq!(world(&rig).await, world_before, "{id} after line {at}");
    assert_eq!(rig.object("api").await.pointer(MEMORY), None, "{id} after line {at}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_line_another_console_goes_on_and_back() {
    for id in ["maintenance-on", "maintenance-off"] {
        let rig = with(ways()).await;
        if id == "maintenance-off" {
            done(&rig, "maintenance-on", on("route,config-map,variables,scale")).await;
        }
        let before = lines(&rig);
        let given = if id == "maintenance-on" { on("route,config-map,variables,scale") } else { Given::default() };
        done(&rig, id, given).await;
        let whole: Vec<usize> = (1..lines(&rig) - before).collect();
        for several in whole.chunks(6) {
            futures_util::future::join_all(several.iter().map(|at| killed_at(id, *at))).await;
        }
    }
}
