//! A large cluster, made up: as much of the Kubernetes API as a console reads, served over plain HTTP by a process of its own.
//!
//! It obeys lines on standard input: `rate N` changes N pods a second, `bump` changes one Deployment at once, `churn N` deletes N pods
//! and makes N others, `stats` answers with one line: bytes sent, requests taken.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::{BufRead, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::broadcast;

/// Pods of one Deployment.
const PODS_EACH: usize = 8;
/// Namespaces the Deployments are spread over.
const NAMESPACES: usize = 20;

/// What changes.
struct Fleet {
    version: u64,
    /// Which incarnation of each pod lives, and whether it is ready.
    pods: Vec<(u64, bool)>,
    /// Ready replicas of each Deployment.
    ready: Vec<usize>,
}

struct Shared {
    fleet: Mutex<Fleet>,
    events: broadcast::Sender<(&'static str, Bytes)>,
    filler: String,
    bytes: AtomicU64,
    requests: AtomicU64,
}

impl Shared {
    fn fleet(&self) -> MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pod(&self, place: usize, (incarnation, is_ready): (u64, bool), version: u64) -> String {
        let (deployment, namespace) = (place / PODS_EACH, place / PODS_EACH % NAMESPACES);
        let (ready, waiting) = if is_ready {
            ("True", r#"{"running":{"startedAt":"2026-11-24T01:00:05Z"}}"#)
        } else {
            ("False", r#"{"waiting":{"reason":"ContainerCreating","message":""}}"#)
        };
        format!(
            concat!(
                r#"{{"metadata":{{"name":"service-{d:04}-7c9f8b6d5-{i}x{p:05}","namespace":"team-{n:02}","uid":"pod-{p}-{i}","resourceVersion":"{v}","#,
                r#""creationTimestamp":"2026-11-24T01:00:00Z","labels":{{"app":"service-{d:04}","pod-template-hash":"7c9f8b6d5"}},"#,
                r#""ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"service-{d:04}-7c9f8b6d5","uid":"set-{d}","controller":true}}],"managedFields":{f}}},"#,
                r#""spec":{{"nodeName":"node-{node:03}","containers":[{{"name":"app","image":"images.example/service-{d:04}:1.4.2","readinessProbe":{{"httpGet":{{"path":"/ready","port":8080}},"periodSeconds":5}}}}]}},"#,
                r#""status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"{r}","lastTransitionTime":"2026-11-24T01:00:09Z"}}],"#,
                r#""containerStatuses":[{{"name":"app","ready":{b},"restartCount":0,"image":"images.example/service-{d:04}:1.4.2","state":{s}}}]}}}}"#,
            ),
            d = deployment,
            n = namespace,
            p = place,
            i = incarnation,
            v = version,
            f = self.filler,
            node = place % 200,
            r = ready,
            b = is_ready,
            s = waiting,
        )
    }

    fn deployment(&self, place: usize, ready: usize, version: u64) -> String {
        format!(
            concat!(
                r#"{{"metadata":{{"name":"service-{d:04}","namespace":"team-{n:02}","uid":"deployment-{d}","resourceVersion":"{v}","generation":3,"creationTimestamp":"2026-11-20T01:00:00Z","#,
                r#""labels":{{"app":"service-{d:04}"}},"annotations":{{"deployment.kubernetes.io/revision":"3"}},"managedFields":{f}}},"#,
                r#""spec":{{"replicas":{e},"selector":{{"matchLabels":{{"app":"service-{d:04}"}}}},"template":{template}}},"#,
                r#""status":{{"observedGeneration":3,"replicas":{e},"updatedReplicas":{e},"readyReplicas":{r},"availableReplicas":{r},"#,
                r#""conditions":[{{"type":"Progressing","status":"True","reason":"NewReplicaSetAvailable","lastUpdateTime":"2026-11-24T01:00:30Z","lastTransitionTime":"2026-11-20T01:00:30Z"}}]}}}}"#,
            ),
            d = place,
            n = place % NAMESPACES,
            v = version,
            e = PODS_EACH,
            r = ready,
            f = self.filler,
            template = template(place),
        )
    }
}

fn template(deployment: usize) -> String {
    format!(
        r#"{{"metadata":{{"labels":{{"app":"service-{deployment:04}"}}}},"spec":{{"containers":[{{"name":"app","image":"images.example/service-{deployment:04}:1.4.2"}}]}}}}"#
    )
}

fn replica_set(place: usize) -> String {
    format!(
        concat!(
            r#"{{"metadata":{{"name":"service-{d:04}-7c9f8b6d5","namespace":"team-{n:02}","uid":"set-{d}","resourceVersion":"1","creationTimestamp":"2026-11-24T01:00:00Z","#,
            r#""labels":{{"app":"service-{d:04}","pod-template-hash":"7c9f8b6d5"}},"annotations":{{"deployment.kubernetes.io/revision":"3"}},"#,
            r#""ownerReferences":[{{"apiVersion":"apps/v1","kind":"Deployment","name":"service-{d:04}","uid":"deployment-{d}","controller":true}}]}},"#,
            r#""spec":{{"replicas":{e},"template":{template}}},"status":{{"replicas":{e},"readyReplicas":{e},"availableReplicas":{e}}}}}"#,
        ),
        d = place,
        n = place % NAMESPACES,
        e = PODS_EACH,
        template = template(place),
    )
}

/// Managed fields as large as real ones: three writers, a few hundred paths.
fn filler() -> String {
    let mut paths = String::new();
    for path in 0..38 {
        let _ = write!(paths, r#""f:field-{path:03}":{{"f:name":{{}},"f:value":{{}}}},"#);
    }
    let writer = |name: &str| {
        format!(
            r#"{{"manager":"{name}","operation":"Update","time":"2026-11-24T01:00:00Z","fieldsV1":{{{paths}"f:last":{{}}}}}}"#
        )
    };
    format!("[{},{}]", writer("kube-controller-manager"), writer("kubelet"))
}

/// Serves until standard input ends; says its port in one line first.
pub(crate) fn run(pods: usize) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (events, _) = broadcast::channel(100_000);
    let fleet = Fleet { version: 1, pods: vec![(0, true); pods], ready: vec![PODS_EACH; pods / PODS_EACH] };
    let shared = Arc::new(Shared {
        fleet: Mutex::new(fleet),
        events,
        filler: filler(),
        bytes: AtomicU64::new(0),
        requests: AtomicU64::new(0),
    });
    let rate = Arc::new(AtomicU64::new(0));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    runtime.spawn(accept(listener, shared.clone()));
    runtime.spawn(change(shared.clone(), rate.clone()));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (order, number) = line.split_once(' ').unwrap_or((&line, "0"));
        let number: u64 = number.parse().unwrap_or(0);
        match order {
            "rate" => rate.store(number, Ordering::Relaxed),
            "bump" => bump(&shared),
            "churn" => churn(&shared, usize::try_from(number).unwrap_or(0)),
            _ => {}
        }
        println!("{} {}", shared.bytes.load(Ordering::Relaxed), shared.requests.load(Ordering::Relaxed));
        std::io::stdout().flush().expect("somebody listens");
    }
}

fn event(kind: &str, object: &str) -> Bytes {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n").into()
}

fn bump(shared: &Shared) {
    let mut fleet = shared.fleet();
    fleet.version += 1;
    fleet.ready[0] = if fleet.ready[0] == PODS_EACH { PODS_EACH - 1 } else { PODS_EACH };
    let object = shared.deployment(0, fleet.ready[0], fleet.version);
    // Nobody may be watching.
    let _ = shared.events.send(("deployments", event("MODIFIED", &object)));
}

fn churn(shared: &Shared, count: usize) {
    let mut fleet = shared.fleet();
    for place in 0..count.min(fleet.pods.len()) {
        fleet.version += 1;
        let version = fleet.version;
        let _ = shared.events.send(("pods", event("DELETED", &shared.pod(place, fleet.pods[place], version))));
        fleet.pods[place].0 += 1;
        let _ = shared.events.send(("pods", event("ADDED", &shared.pod(place, fleet.pods[place], version))));
    }
}

/// Changes so many pods a second, the first twenty in turn.
async fn change(shared: Arc<Shared>, rate: Arc<AtomicU64>) {
    let mut place = 0;
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    let mut owed = 0;
    loop {
        ticks.tick().await;
        owed += rate.load(Ordering::Relaxed);
        while owed >= 1_000 {
            owed -= 1_000;
            place = (place + 1) % 20;
            let mut fleet = shared.fleet();
            fleet.version += 1;
            fleet.pods[place].1 = !fleet.pods[place].1;
            let object = shared.pod(place, fleet.pods[place], fleet.version);
            let _ = shared.events.send(("pods", event("MODIFIED", &object)));
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        let serve = hyper::service::service_fn(move |request| {
            let shared = shared.clone();
            async move { Ok::<_, Infallible>(answer(&shared, &request)) }
        });
        tokio::spawn(async move {
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await;
        });
    }
}

type Body = BoxBody<Bytes, Infallible>;

fn whole(shared: &Shared, status: u16, text: String) -> Response<Body> {
    shared.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Full::new(Bytes::from(text)).boxed()).expect("a status and a header")
}

fn answer(shared: &Arc<Shared>, request: &Request<Incoming>) -> Response<Body> {
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    let option = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let resource = ["deployments", "replicasets", "pods"].into_iter().find(|name| path.ends_with(&format!("/{name}")));
    if path == "/version" {
        return whole(shared, 200, r#"{"gitVersion":"v1.34.4"}"#.to_owned());
    }
    if path.ends_with("/namespaces/kube-system") {
        return whole(shared, 200, r#"{"metadata":{"name":"kube-system","uid":"fleet"}}"#.to_owned());
    }
    if request.method() != hyper::Method::GET {
        return whole(shared, 404, r#"{"kind":"Status","code":404,"message":"not here"}"#.to_owned());
    }
    if option("watch") == Some("true") {
        return watch(shared, resource.unwrap_or("nothing"));
    }
    let fleet = shared.fleet();
    let count = match resource {
        Some("pods") => fleet.pods.len(),
        Some(_) => fleet.ready.len(),
        None => 0,
    };
    let limit = option("limit").and_then(|limit| limit.parse().ok()).unwrap_or(count);
    let from: usize = option("continue").and_then(|from| from.parse().ok()).unwrap_or(0);
    let until = count.min(from.saturating_add(limit));
    let items: Vec<String> = (from..until)
        .map(|place| match resource {
            Some("pods") => shared.pod(place, fleet.pods[place], 1),
            Some("deployments") => shared.deployment(place, fleet.ready[place], 1),
            _ => replica_set(place),
        })
        .collect();
    let next = if until < count { format!(r#","continue":"{until}""#) } else { String::new() };
    let text = format!(
        r#"{{"kind":"List","metadata":{{"resourceVersion":"{}"{next}}},"items":[{}]}}"#,
        fleet.version,
        items.join(",")
    );
    drop(fleet);
    whole(shared, 200, text)
}

fn watch(shared: &Arc<Shared>, resource: &'static str) -> Response<Body> {
    let shared = shared.clone();
    let events = shared.events.subscribe();
    let lines = stream::unfold((events, shared), move |(mut events, shared)| async move {
        loop {
            match events.recv().await {
                Ok((of, line)) if of == resource => {
                    shared.bytes.fetch_add(line.len() as u64, Ordering::Relaxed);
                    return Some((Ok(Frame::data(line)), (events, shared)));
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    });
    Response::new(BodyExt::boxed(StreamBody::new(SyncStream(Mutex::new(Box::pin(lines))))))
}

/// A boxed body has to be `Sync`; nobody polls it from two places.
struct SyncStream<S>(Mutex<std::pin::Pin<Box<S>>>);

impl<S: futures_util::Stream> futures_util::Stream for SyncStream<S> {
    type Item = S::Item;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().poll_next(context)
    }
}
