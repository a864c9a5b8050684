//! Feeds and readings against a server that says, request by request, what a test wants it to say.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};

use super::connection::Connection;
use super::facts;
use super::feed::{Change, Feed, SILENT_FOR};
use super::kubeconfig::Contexts;
use super::rows::{Deployments, Row};
use crate::domain::rollout::{Kind, WorkloadRef};
use crate::domain::time;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{ObserveCluster, Right};

/// What the server says to one request.
enum Said {
    /// An answer, whole.
    Whole(u16, String),
    /// The beginning of an answer whose end never comes.
    Held(String),
    /// Nothing: the test has seen what it wanted to see.
    Enough,
}

/// A request as it was heard: method, path and body.
type Heard = Arc<Mutex<Vec<String>>>;

struct Served {
    listener: TcpListener,
    connection: Connection,
    heard: Heard,
    /// How much later it is than when the connection was opened, in seconds.
    later: Arc<AtomicI64>,
    folder: tempfile::TempDir,
}

fn kubeconfig(folder: &tempfile::TempDir, server: &str) {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n"
    );
    std::fs::write(folder.path().join("kubeconfig"), text).expect("a file of ours");
}

impl Served {
    async fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        kubeconfig(&folder, &format!("http://{}", listener.local_addr().expect("an address")));
        let contexts = Contexts::read(Some(&folder.path().join("kubeconfig"))).expect("a kubeconfig");
        let later = Arc::new(AtomicI64::new(0));
        let clock = later.clone();
        let now = move || time::from_seconds(1_800_000_000 + clock.load(Ordering::SeqCst));
        let connection = Connection::open(contexts.endpoint("c").expect("its context"), Arc::new(now)).await;
        Self { listener, connection: connection.expect("a connection"), heard: Heard::default(), later, folder }
    }

    /// Answers until it is enough.
    async fn serve(&self, says: impl Fn(usize, &str) -> Said) {
        let mut held = Vec::new();
        loop {
            let (mut stream, _) = self.listener.accept().await.expect("a connection");
            let request = read(&mut stream).await;
            let number = {
                let mut heard = self.heard.lock().expect("one");
                heard.push(request.clone());
                heard.len() - 1
            };
            let (code, body, is_held) = match says(number, &request) {
                Said::Whole(code, body) => (code, body, false),
                Said::Held(body) => (200, body, true),
                Said::Enough => return,
            };
            let text =
                format!("HTTP/1.1 {code} Said\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{body}");
            stream.write_all(text.as_bytes()).await.expect("still open");
            if is_held {
                held.push(stream);
            }
        }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("one").clone()
    }
}

/// A whole request.
async fn read(stream: &mut TcpStream) -> String {
    let (mut seen, mut piece) = (Vec::new(), [0_u8; 4_096]);
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                let line = head.lines().next().unwrap_or_default();
                return format!("{} {body}", line.trim_end_matches(" HTTP/1.1"));
            }
        }
        let length = stream.read(&mut piece).await.expect("a request");
        assert!(length > 0, "the request ended early");
        seen.extend_from_slice(&piece[..length]);
    }
}

fn deployment(uid: &str, version: u64) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": uid, "namespace": "shop", "uid": uid, "generation": 1, "resourceVersion": version.to_string()},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "api"}}, "template": {"spec": {"containers": [{"name": "api", "image": "api:1"}]}}},
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}})
}

fn list(version: u64, next: &str, items: &[Value]) -> Said {
    let metadata = json!({"resourceVersion": version.to_string(), "continue": next});
    Said::Whole(200, json!({"kind": "DeploymentList", "metadata": metadata, "items": items}).to_string())
}

fn event(kind: &str, object: &Value) -> String {
    json!({"type": kind, "object": object}).to_string() + "\n"
}

fn bookmark(version: u64) -> String {
    event("BOOKMARK", &json!({"kind": "Deployment", "metadata": {"resourceVersion": version.to_string()}}))
}

fn error(code: u16) -> Said {
    Said::Whole(code, json!({"kind": "Status", "code": code, "message": "as a test says"}).to_string())
}

/// A request of a feed in a word.
fn word(request: &str) -> String {
    let value = |key: &str| request.split(['?', '&', ' ']).find_map(|part| part.strip_prefix(key)).map(str::to_owned);
    match (value("resourceVersion="), value("continue="), value("limit=").as_deref()) {
        (Some(version), ..) => format!("watch {version}"),
        (None, Some(token), _) => format!("go on {token}"),
        (None, None, Some("1")) => "how far".to_owned(),
        _ => "list".to_owned(),
    }
}

fn told(change: &Change) -> String {
    let names = |rows: &[Row]| rows.iter().map(|row| row.uid().to_string()).collect::<Vec<_>>().join(" ");
    match change {
        Change::Page(rows) => format!("page {}", names(rows)),
        Change::Absent(_) => "absent".to_owned(),
        Change::Listed(None) => "listed".to_owned(),
        Change::Listed(Some(rows)) => format!("listed anew {}", names(rows)),
        Change::Upsert(row) => format!("upsert {}", row.uid()),
        Change::Delete(uid) => format!("delete {uid}"),
        Change::Fresh => "fresh".to_owned(),
        Change::Broken(..) => "broken".to_owned(),
    }
}

/// Runs a feed until the story is told; what it asked and what it told.
async fn followed(silence: Duration, story: impl Fn(usize) -> Said) -> (Vec<String>, Vec<String>) {
    let served = Served::open().await;
    let (changes, mut heard) = mpsc::channel(64);
    let (_epoch, epoch) = watch::channel(0);
    let feed = Feed {
        index: 0,
        connection: served.connection.clone(),
        namespace: Some("shop".into()),
        changes,
        epoch,
        retry: Arc::new(Notify::new()),
        silence,
    };
    // A feed that does not go on as it should is told by what it asked until then.
    tokio::select! {
        () = served.serve(|number, _| story(number)) => {}
        () = feed.run::<Deployments>() => {}
        () = tokio::time::sleep(Duration::from_secs(8)) => {}
    }
    heard.close();
    let mut said = Vec::new();
    while let Ok((_, change)) = heard.try_recv() {
        said.push(told(&change));
    }
    (served.heard().iter().map(|request| word(request)).collect(), said)
}

#[tokio::test]
async fn a_watch_whose_place_is_gone_leads_to_a_new_list() {
    let gone = json!({"kind": "Status", "code": 410, "message": "too old"});
    let (asked, told) = followed(SILENT_FOR, |number| match number {
        0 => list(10, "", &[deployment("a", 5)]),
        1 => Said::Whole(200, event("ERROR", &gone)),
        _ => Said::Enough,
    })
    .await;
    assert_eq!(asked, ["list", "watch 10", "list"]);
    assert_eq!(told, ["page a", "listed", "fresh"], "it is no trouble");

    let (asked, told) = followed(SILENT_FOR, |number| match number {
        0 => list(10, "", &[]),
        1 => error(410),
        _ => Said::Enough,
    })
    .await;
    assert_eq!(asked, ["list", "watch 10", "list"]);
    assert_eq!(told, ["page ", "listed", "broken"]);
}

#[tokio::test]
async fn a_watch_goes_on_where_the_server_said_it_was() {
    let (asked, told) = followed(SILENT_FOR, |number| match number {
        0 => list(10, "", &[]),
        1 => Said::Whole(200, bookmark(20) + &event("DELETED", &deployment("a", 15))),
        _ => Said::Enough,
    })
    .await;
    assert_eq!(asked, ["list", "watch 10", "watch 20"]);
    assert_eq!(told, ["page ", "listed", "fresh", "delete a"]);
}

/// A server put back to an earlier day would say nothing for long, and look fresh.
#[tokio::test]
async fn a_server_that_is_behind_is_listed_anew() {
    let (asked, told) = followed(SILENT_FOR, |number| match number {
        0 => list(10, "", &[]),
        1 => Said::Whole(200, String::new()),
        2 => Said::Held(String::new()),
        3 => list(7, "", &[]),
        _ => Said::Enough,
    })
    .await;
    assert_eq!(asked, ["list", "watch 10", "watch 10", "how far", "list"]);
    assert_eq!(told.iter().filter(|told| *told == "fresh").count(), 1, "{told:?}");
}

#[tokio::test]
async fn a_watch_that_falls_silent_after_a_word_is_opened_anew() {
    let (asked, _) = followed(Duration::from_millis(100), |number| match number {
        0 => list(10, "", &[]),
        1 => Said::Held(bookmark(11)),
        _ => Said::Enough,
    })
    .await;
    assert_eq!(asked, ["list", "watch 10", "watch 11"]);
}

#[tokio::test]
async fn a_list_of_several_pages_is_read_to_its_end() {
    let (asked, told) = followed(SILENT_FOR, |number| match number {
        0 => list(10, "next", &[deployment("a", 5)]),
        1 => list(10, "", &[deployment("b", 6)]),
        _ => Said::Enough,
    })
    .await;
    assert_eq!(asked, ["list", "go on next", "watch 10"]);
    assert_eq!(told, ["page a", "page b", "listed"]);
}

/// What the first pages told is in the tables: only a list that replaces it all takes it out again.
#[tokio::test]
async fn a_list_after_one_that_broke_off_replaces_what_that_told() {
    let (asked, told) = followed(SILENT_FOR, |number| match number {
        0 => list(10, "next", &[deployment("a", 5)]),
        1 => error(500),
        2 => list(12, "", &[deployment("b", 6)]),
        _ => Said::Enough,
    })
    .await;
    assert_eq!(asked, ["list", "go on next", "list", "watch 12"]);
    assert_eq!(told, ["page a", "broken", "listed anew b"]);
}

/// Does something while the server answers.
async fn asked<T>(served: &Served, says: impl Fn(usize, &str) -> Said, does: impl Future<Output = T>) -> T {
    tokio::select! {
        () = served.serve(says) => panic!("it was enough too early"),
        done = does => done,
    }
}

#[tokio::test]
async fn credentials_that_are_refused_are_renewed_once_and_not_in_a_loop() {
    let served = Served::open().await;
    let refuses = |_: usize, _: &str| error(401);
    let trouble = |answer: Result<Value, SourceError>| answer.expect_err("refused").trouble;
    let answer = asked(&served, refuses, served.connection.get("/api")).await;
    assert_eq!((trouble(answer), served.heard().len()), (Trouble::Unauthorized, 1), "they were read a moment ago");
    served.later.store(60, Ordering::SeqCst);
    let answer = asked(&served, refuses, served.connection.get("/api")).await;
    assert_eq!((trouble(answer), served.heard().len()), (Trouble::Unauthorized, 3), "once more with new ones");
    // The context leads elsewhere by then: what is here is of the server of before.
    served.later.store(120, Ordering::SeqCst);
    kubeconfig(&served.folder, "http://127.0.0.1:1");
    let error = asked(&served, refuses, served.connection.get("/api")).await.expect_err("elsewhere");
    assert!(error.trouble == Trouble::Setup && error.sentence.contains("leads to http://127.0.0.1:1 now"), "{error}");
}

#[tokio::test]
async fn a_cluster_whose_uid_may_not_be_read_is_known_by_its_address() {
    for (code, is_known) in [(403, true), (404, true), (500, false)] {
        let served = Served::open().await;
        let cluster = asked(&served, |_, _| error(code), served.connection.cluster()).await;
        assert_eq!(cluster.is_ok(), is_known, "{code}: {cluster:?}");
        assert_eq!(cluster.map_or(None, |cluster| cluster.uid), None);
    }
}

#[tokio::test]
async fn a_right_to_a_part_of_an_object_is_asked_for_as_one() {
    let served = Served::open().await;
    let right = Right { verb: "create", group: "", resource: "pods/exec", namespace: "shop", name: "api-0" };
    let allowed = |_: usize, _: &str| Said::Whole(201, json!({"status": {"allowed": true}}).to_string());
    asked(&served, allowed, served.connection.may(right)).await.expect("an answer");
    let body = served.heard().concat();
    assert!(body.contains(r#""resource":"pods""#) && body.contains(r#""subresource":"exec""#), "{body}");
}

#[tokio::test]
async fn a_reading_goes_through_every_page() {
    let served = Served::open().await;
    let says = |number: usize, _: &str| Said::Whole(200, if number == 0 { "next" } else { "" }.to_owned());
    let decode = |bytes: &[u8]| {
        let next = String::from_utf8_lossy(bytes).into_owned();
        Ok((vec![next.clone()], Some(next).filter(|next| !next.is_empty())))
    };
    let all = asked(&served, says, facts::list(&served.connection, "/things?a=b".to_owned(), decode)).await;
    assert_eq!(all, Ok(vec!["next".to_owned(), String::new()]));
    assert!(served.heard()[1].contains("&continue=next"), "{:?}", served.heard());
}

/// Labels alone make no pod one of a workload's.
#[tokio::test]
async fn a_pod_with_the_labels_of_a_workload_that_somebody_else_owns_is_none_of_its() {
    let served = Served::open().await;
    let owned = |name: &str, kind: &str, by: &str| {
        json!({"metadata": {"name": name, "uid": name, "resourceVersion": "4", "labels": {"pod-template-hash": "h"}, "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [{"kind": kind, "name": by, "uid": by, "controller": true}]}, "spec": {"template": {}}})
    };
    let says = |_: usize, request: &str| {
        let items = |kind: &str, items: &[Value]| {
            Said::Whole(200, json!({"kind": kind, "metadata": {"resourceVersion": "9"}, "items": items}).to_string())
        };
        if request.contains("/replicasets") {
            items("ReplicaSetList", &[owned("set", "Deployment", "api"), owned("strange", "Deployment", "other")])
        } else if request.contains("/pods") {
            let pods = [("ours", "set"), ("theirs", "strange"), ("bare", "nobody")];
            items("PodList", &pods.map(|(name, by)| owned(name, "ReplicaSet", by)))
        } else {
            Said::Whole(200, deployment("api", 5).to_string())
        }
    };
    let workload = WorkloadRef {
        environment: "test".into(),
        namespace: "shop".into(),
        kind: Kind::Deployment,
        name: "api".into(),
    };
    let facts = asked(&served, says, served.connection.workload(&workload)).await.expect("the workload");
    assert_eq!(facts.pods.iter().map(|pod| &*pod.name).collect::<Vec<_>>(), ["ours"]);
    assert_eq!(facts.revisions.len(), 1, "{:?}", facts.revisions);
}
