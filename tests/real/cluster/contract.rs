//! One contract, two servers: what the console asks of an API server is answered alike by the real one and by the simulated one.
//!
//! Each check runs against both. What differs by nature (names with hashes, versions, times) is never compared.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt;
use http::Request;
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario};
use serde_json::{Value, json};

use crate::support::console::Console;
use crate::support::controlplane::{ControlPlane, UNKNOWN_TOKEN};
use crate::support::process::{Finished, wait_until};
use crate::support::shop::{PATIENCE, Shop};

/// A server under contract.
pub(super) struct Server {
    pub(super) what: &'static str,
    pub(super) namespace: String,
    /// A kubeconfig of somebody who may everything, and their context in it.
    kubeconfig: PathBuf,
    context: &'static str,
    operator: Client,
    viewer: Client,
    /// The resource path on which a watch from version 1 is too old.
    late: String,
    plane: &'static ControlPlane,
    runtime: Arc<tokio::runtime::Runtime>,
    _sandbox: Option<Sandbox>,
    _folder: tempfile::TempDir,
    _shop: Option<Shop>,
}

impl Server {
    /// The real one, with a namespace of its own.
    pub(super) fn real(name: &str) -> Self {
        let shop = Shop::open(name);
        let folder = tempfile::tempdir().expect("a directory");
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, shop.plane.kubeconfig("admin", name)).expect("a file of ours");
        let viewing = folder.path().join("viewer");
        std::fs::write(&viewing, shop.plane.kubeconfig("viewer", name)).expect("a file of ours");
        let runtime = runtime();
        Self {
            what: "the real server",
            namespace: name.to_owned(),
            context: "admin",
            operator: client(&runtime, &kubeconfig, "admin"),
            viewer: client(&runtime, &viewing, "viewer"),
            kubeconfig,
            late: format!("/apis/quarterdeck.test/v1/namespaces/{name}/latecomers"),
            plane: shop.plane,
            runtime,
            _sandbox: None,
            _folder: folder,
            _shop: Some(shop),
        }
    }

    /// The simulated one.
    pub(super) fn simulated(_name: &str) -> Self {
        let runtime = runtime();
        let clock = SandboxClock::starting(chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000), 4);
        let sandbox = runtime.block_on(Sandbox::start(Scenario::empty(SIMULATED), clock)).expect("a sandbox");
        sandbox.compact();
        let folder = tempfile::tempdir().expect("a directory");
        let kubeconfig = folder.path().join("kubeconfig");
        sandbox.write_kubeconfig(&kubeconfig).expect("a file of ours");
        Self {
            what: "the sandbox",
            namespace: SIMULATED.to_owned(),
            context: "demo-production",
            operator: client(&runtime, &kubeconfig, "demo-production"),
            viewer: client(&runtime, &kubeconfig, "demo-viewer"),
            kubeconfig,
            late: format!("/apis/apps/v1/namespaces/{SIMULATED}/deployments"),
            plane: ControlPlane::shared(),
            runtime,
            _sandbox: Some(sandbox),
            _folder: folder,
            _shop: None,
        }
    }

    /// A path in the namespace: `deployments` is of apps, `jobs` of batch, budgets of policy, the rest of the core.
    pub(super) fn path(&self, rest: &str) -> String {
        let group = match rest.split(['/', '?']).next().unwrap_or_default() {
            "deployments" | "replicasets" => "apis/apps",
            "cronjobs" | "jobs" => "apis/batch",
            "poddisruptionbudgets" => "apis/policy",
            _ => "api",
        };
        format!("/{group}/v1/namespaces/{}/{rest}", self.namespace)
    }

    /// One request of the operator: the code and the document.
    pub(super) fn ask(&self, method: &str, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        self.ask_as(&self.operator, method, path, kind, body)
    }

    fn ask_as(&self, who: &Client, method: &str, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        let (code, text) = self.runtime.block_on(async {
            let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
            let request = Request::builder().method(method).uri(path).header("content-type", kind);
            let answer = who.send(request.body(Body::from(body)).expect("a request")).await.expect("an answer");
            let code = answer.status().as_u16();
            (code, answer.into_body().collect().await.expect("a body").to_bytes())
        });
        (code, serde_json::from_slice(&text).unwrap_or_else(|_| String::from_utf8_lossy(&text).into()))
    }

    pub(super) fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, JSON, &Value::Null)
    }

    /// The document in a form of the asker's choice.
    pub(super) fn get_as(&self, path: &str, accept: &str) -> Value {
        self.runtime.block_on(async {
            let request = Request::get(path).header("accept", accept).body(Body::empty()).expect("a request");
            let answer = self.operator.send(request).await.expect("an answer");
            let text = answer.into_body().collect().await.expect("a body").to_bytes();
            serde_json::from_slice(&text).unwrap_or_default()
        })
    }

    /// Creates a Deployment and returns it.
    pub(super) fn create(&self, name: &str, replicas: u32) -> Value {
        let (code, object) = self.ask("POST", &self.path("deployments"), JSON, &deployment(name, replicas));
        assert_eq!(code, 201, "{}: {object}", self.what);
        object
    }

    /// The lines of a watch until it ends.
    fn watch(&self, path: &str) -> Vec<Value> {
        self.runtime.block_on(async {
            let request = Request::get(path).body(Body::empty()).expect("a request");
            let answer = self.operator.send(request).await.expect("an answer");
            let mut bytes = Vec::new();
            let mut body = answer.into_body().into_data_stream();
            while let Some(Ok(piece)) = body.next().await {
                bytes.extend_from_slice(&piece);
            }
            serde_json::Deserializer::from_slice(&bytes).into_iter().filter_map(Result::ok).collect()
        })
    }

    /// The shipped binary on this server, which may look at the namespace.
    pub(super) fn console(&self) -> Console {
        let config = format!(
            "[environment.test]\ncontext = \"{}\"\nnamespaces = [\"{}\"]\nguard = \"staging\"\n",
            self.context, self.namespace
        );
        Console::with(&std::fs::read_to_string(&self.kubeconfig).expect("a file of ours"), &config)
    }

    pub(super) fn kubectl(&self, arguments: &[&str]) -> Finished {
        self.plane.kubectl_at(&self.kubeconfig, &[&["-n", self.namespace.as_str()], arguments].concat())
    }
}

const SIMULATED: &str = "contract";
pub(super) const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";
pub(super) const MERGE_PATCH: &str = "application/merge-patch+json";

fn runtime() -> Arc<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    Arc::new(runtime.expect("a runtime"))
}

fn client(runtime: &tokio::runtime::Runtime, kubeconfig: &Path, context: &str) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    runtime.block_on(async {
        let file = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig of ours");
        let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
        let config = kube::Config::from_custom_kubeconfig(file, &options).await.expect("a context of ours");
        Client::try_from(config).expect("a client")
    })
}

fn deployment(name: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}, "annotations": {"owner": "shop"}},
        "spec": {
            "replicas": replicas, "progressDeadlineSeconds": 600, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": "app:1"}]},
            },
        },
    })
}

/// Holds both servers to a part of the contract.
pub(super) fn on_both(name: &str, contract: impl Fn(&Server)) {
    contract(&Server::real(name));
    contract(&Server::simulated(name));
}

#[test]
fn discovery_names_what_the_console_asks_for() {
    on_both("contract-discovery", |server| {
        let (code, version) = server.get("/version");
        assert!(code == 200 && version["gitVersion"].as_str().is_some_and(|text| text.starts_with("v1.")), "{version}");
        for (path, resource) in [
            ("/api/v1", "pods"),
            ("/api/v1", "pods/log"),
            ("/api/v1", "events"),
            ("/apis/apps/v1", "deployments"),
            ("/apis/apps/v1", "replicasets"),
            ("/apis/apps/v1", "deployments/scale"),
            ("/apis/authorization.k8s.io/v1", "selfsubjectaccessreviews"),
            ("/apis/authentication.k8s.io/v1", "selfsubjectreviews"),
        ] {
            let (code, document) = server.get(path);
            let listed = document["resources"].as_array().cloned().unwrap_or_default();
            assert!(code == 200 && listed.iter().any(|entry| entry["name"] == resource), "{}: {path}", server.what);
        }
        assert_eq!(server.get("/apis/nobody.example/v1/things").0, 404, "{}", server.what);
    });
}

#[test]
fn a_list_comes_page_by_page_at_one_version() {
    on_both("contract-pages", |server| {
        for name in ["a", "b", "c", "d", "e"] {
            server.create(name, 0);
        }
        let (mut names, mut versions, mut token, mut pages) = (Vec::new(), Vec::new(), String::new(), 0);
        loop {
            let (code, page) = server.get(&server.path(&format!("deployments?limit=2&continue={token}")));
            assert_eq!((code, page["kind"].as_str()), (200, Some("DeploymentList")), "{}: {page}", server.what);
            let items = page["items"].as_array().cloned().unwrap_or_default();
            names.extend(items.iter().filter_map(|item| item.pointer("/metadata/name")?.as_str().map(str::to_owned)));
            versions.push(page["metadata"]["resourceVersion"].clone());
            pages += 1;
            // A token is opaque; what a query may not hold is escaped.
            token = page["metadata"]["continue"].as_str().unwrap_or_default().replace('|', "%7C").replace('/', "%2F");
            if token.is_empty() {
                break;
            }
        }
        assert_eq!((names.join(""), pages), ("abcde".into(), 3), "{}", server.what);
        assert!(versions.windows(2).all(|pair| pair[0] == pair[1]), "{}: {versions:?}", server.what);
        let (code, refused) = server.get(&server.path("deployments?limit=2&continue=nonsense"));
        assert_eq!((code, refused["kind"].as_str()), (400, Some("Status")), "{}: {refused}", server.what);
    });
}

#[test]
fn a_watch_tells_what_happened_since_and_how_far_it_is() {
    on_both("contract-watch", |server| {
        let (_, list) = server.get(&server.path("deployments?limit=500"));
        let from = list["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
        let path = server.path("deployments/api");
        server.create("api", 0);
        server.ask("PATCH", &path, MERGE_PATCH, &json!({"metadata": {"labels": {"tier": "front"}}}));
        server.ask("DELETE", &path, JSON, &Value::Null);
        let seen = server
            .watch(&server.path(&format!(
                "deployments?watch=1&allowWatchBookmarks=true&resourceVersion={from}&timeoutSeconds=6"
            )));
        let about = |kind: &str| {
            seen.iter()
                .filter(|event| event["type"] == kind)
                .map(|event| event["object"]["metadata"]["name"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(about("ADDED"), ["api"], "{}", server.what);
        assert!(about("MODIFIED").contains(&"api".into()), "{}: {seen:?}", server.what);
        assert_eq!(about("DELETED"), ["api"], "{}", server.what);
        let bookmark = seen.iter().rev().find(|event| event["type"] == "BOOKMARK").expect("a bookmark before the end");
        assert_eq!(bookmark["object"]["kind"], "Deployment", "{}", server.what);
        let far: u64 =
            bookmark["object"]["metadata"]["resourceVersion"].as_str().unwrap_or("0").parse().expect("a number");
        assert!(far > from.parse().expect("a number"), "{}: {far} after {from}", server.what);
    });
}

#[test]
fn a_watch_from_too_long_ago_is_gone() {
    on_both("contract-gone", |server| {
        let late = &server.late;
        let seen = server.watch(&format!("{late}?watch=1&resourceVersion=1&timeoutSeconds=5"));
        let first = seen.first().cloned().unwrap_or_default();
        // In the stream or instead of it: the console reads both.
        let status = if first["type"] == "ERROR" { first["object"].clone() } else { first };
        assert_eq!((&status["code"], &status["reason"]), (&410.into(), &"Expired".into()), "{}: {seen:?}", server.what);
    });
}

#[test]
fn patches_hold_their_tests_and_a_dry_run_changes_nothing() {
    on_both("contract-patch", |server| {
        let path = server.path("deployments/api");
        let uid = server.create("api", 0)["metadata"]["uid"].clone();
        let body = |uid: &Value, image: &str| {
            json!([
                {"op": "test", "path": "/metadata/uid", "value": uid},
                {"op": "test", "path": "/metadata/annotations/quarterdeck.dev~1operation", "value": null},
                {"op": "add", "path": "/metadata/annotations/quarterdeck.dev~1operation", "value": "ours"},
                {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image},
            ])
        };
        let flags = "fieldManager=quarterdeck&fieldValidation=Strict";
        let image = |object: &Value| object.pointer("/spec/template/spec/containers/0/image").cloned();

        let (code, dry) = server.ask("PATCH", &format!("{path}?{flags}&dryRun=All"), JSON_PATCH, &body(&uid, "app:2"));
        assert_eq!((code, image(&dry)), (200, Some("app:2".into())), "{}: {dry}", server.what);
        assert_eq!(image(&server.get(&path).1), Some("app:1".into()), "{}: a dry run", server.what);

        let (code, real) = server.ask("PATCH", &format!("{path}?{flags}"), JSON_PATCH, &body(&uid, "app:2"));
        assert_eq!((code, image(&real)), (200, Some("app:2".into())), "{}: {real}", server.what);
        assert_eq!(real["metadata"]["annotations"]["quarterdeck.dev/operation"], "ours", "{}", server.what);
        let managers = real["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        let ours = managers.iter().find(|entry| entry["manager"] == "quarterdeck").expect("our field manager");
        assert!(ours.pointer("/fieldsV1/f:spec/f:template").is_some(), "{}: {ours}", server.what);

        // Somebody else's object, and one that is claimed already: refused, and only vaguely explained.
        for (uid, why) in [(&json!("another"), "uid"), (&uid, "claimed")] {
            let (code, refused) = server.ask("PATCH", &format!("{path}?{flags}"), JSON_PATCH, &body(uid, "app:3"));
            assert_eq!((code, refused["reason"].as_str()), (422, Some("Invalid")), "{}: {why}: {refused}", server.what);
        }
        assert_eq!(image(&server.get(&path).1), Some("app:2".into()), "{}", server.what);

        let release = json!({"metadata": {"annotations": {"quarterdeck.dev/operation": null}}});
        let (code, released) = server.ask("PATCH", &path, MERGE_PATCH, &release);
        assert_eq!((code, released["metadata"]["annotations"].get("quarterdeck.dev/operation")), (200, None));
        assert_eq!(released["metadata"]["annotations"]["owner"], "shop", "{}", server.what);
        let stale = json!({"metadata": {"resourceVersion": "1", "annotations": {"owner": "none"}}});
        assert_eq!(server.ask("PATCH", &path, MERGE_PATCH, &stale).0, 409, "{}", server.what);
    });
}

#[test]
fn a_deletion_with_a_body_is_dry_only_when_the_body_says_so() {
    on_both("contract-delete", |server| {
        let path = server.path("deployments/api");
        let uid = server.create("api", 0)["metadata"]["uid"].clone();
        let body = |uid: &Value| json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}});
        assert_eq!(server.ask("DELETE", &path, JSON, &body(&json!("another"))).0, 409, "{}", server.what);
        let mut dry = body(&uid);
        dry["dryRun"] = json!(["All"]);
        assert_eq!(server.ask("DELETE", &format!("{path}?dryRun=All"), JSON, &dry).0, 200, "{}", server.what);
        assert_eq!(server.get(&path).0, 200, "{}: a rehearsal", server.what);
        // The trap: the query alone does not make it one.
        assert_eq!(server.ask("DELETE", &format!("{path}?dryRun=All"), JSON, &body(&uid)).0, 200, "{}", server.what);
        wait_until("the Deployment to be gone", PATIENCE, || (server.get(&path).0 == 404).then_some(()));
    });
}

#[test]
fn refusals_have_one_shape() {
    on_both("contract-refusals", |server| {
        server.create("api", 0);
        let (code, status) = server.get(&server.path("deployments/nobody"));
        assert_eq!((code, status["reason"].as_str()), (404, Some("NotFound")));
        assert_eq!(status["message"], "deployments.apps \"nobody\" not found", "{}", server.what);
        let change = json!({"metadata": {"annotations": {"a": "b"}}});
        for path in ["deployments/api", "deployments/api?dryRun=All"] {
            let (code, status) = server.ask_as(&server.viewer, "PATCH", &server.path(path), MERGE_PATCH, &change);
            assert_eq!((code, status["reason"].as_str()), (403, Some("Forbidden")), "{}: {status}", server.what);
            let words = status["message"].as_str().unwrap_or_default();
            assert!(
                words.contains("cannot patch resource \"deployments\" in API group \"apps\""),
                "{}: {words}",
                server.what
            );
        }
        let (code, status) = server.runtime.block_on(async {
            let text = std::fs::read_to_string(&server.kubeconfig).expect("the kubeconfig");
            let mut file = Kubeconfig::from_yaml(&text).expect("a kubeconfig of ours");
            for user in &mut file.auth_infos {
                if let Some(info) = &mut user.auth_info {
                    info.token = Some(UNKNOWN_TOKEN.to_owned().into());
                }
            }
            let config =
                kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.expect("a config");
            let request = Request::get(server.path("pods")).body(Body::empty()).expect("a request");
            let answer = Client::try_from(config).expect("a client").send(request).await.expect("an answer");
            let code = answer.status().as_u16();
            let body = answer.into_body().collect().await.expect("a body").to_bytes();
            (code, serde_json::from_slice::<Value>(&body).expect("a status"))
        });
        assert_eq!((code, status["reason"].as_str()), (401, Some("Unauthorized")), "{}", server.what);
    });
}

#[test]
fn reviews_tell_who_one_is_and_what_one_may() {
    on_both("contract-reviews", |server| {
        let who = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        let (code, review) = server.ask_as(&server.viewer, "POST", path, JSON, &who);
        assert_eq!(
            (code, review.pointer("/status/userInfo/username")),
            (201, Some(&"viewer".into())),
            "{}",
            server.what
        );
        let may = |client: &Client, verb: &str| {
            let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {
                "resourceAttributes": {"namespace": server.namespace, "group": "apps", "resource": "deployments", "verb": verb}}});
            let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
            let (code, review) = server.ask_as(client, "POST", path, JSON, &review);
            assert_eq!(code, 201, "{}: {review}", server.what);
            review.pointer("/status/allowed").and_then(Value::as_bool)
        };
        assert_eq!((may(&server.operator, "patch"), may(&server.viewer, "patch")), (Some(true), Some(false)));
        assert_eq!(may(&server.viewer, "list"), Some(true));
    });
}

#[test]
fn an_application_is_found_by_its_name_wherever_it_is() {
    super::owners::kind(ControlPlane::shared(), "argoproj.io", "v1alpha1", "applications", "Application");
    on_both("contract-application", |server| {
        let all = "/apis/argoproj.io/v1alpha1";
        let own = format!("{all}/namespaces/{}/applications", server.namespace);
        let object = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "contract"},
            "spec": {"syncPolicy": {"automated": {"selfHeal": true}}}});
        // A kind that was just made takes a moment.
        wait_until("an Application", PATIENCE, || (server.ask("POST", &own, JSON, &object).0 == 201).then_some(()));
        let (code, list) = server.get(&format!("{all}/applications?limit=2&fieldSelector=metadata.name%3Dcontract"));
        assert_eq!((code, list["items"].as_array().map(Vec::len)), (200, Some(1)), "{}: {list}", server.what);
        assert_eq!(list["items"][0]["spec"]["syncPolicy"]["automated"]["selfHeal"], true, "{}", server.what);
        let (_, none) = server.get(&format!("{all}/applications?limit=2&fieldSelector=metadata.name%3Dnobody"));
        assert!(none["items"].as_array().is_none_or(Vec::is_empty), "{}: {none}", server.what);
        assert_eq!(server.get(&format!("{own}/contract")).1["metadata"]["name"], "contract", "{}", server.what);
        assert_eq!(server.get(&format!("{own}/nobody")).0, 404, "{}", server.what);
    });
}

#[test]
fn metadata_alone_is_given_when_that_is_all_that_is_asked_for() {
    on_both("contract-metadata", |server| {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "release", "labels": {"owner": "helm", "name": "shop"}},
            "data": {"release": "bm90LXRvLWJlLXJlYWQ="}});
        assert_eq!(server.ask("POST", &server.path("secrets"), JSON, &secret).0, 201, "{}", server.what);
        let form = |kind: &str| format!("application/json;as={kind};g=meta.k8s.io;v=v1");
        let one = server.get_as(&server.path("secrets/release"), &form("PartialObjectMetadata"));
        let list = server.get_as(
            &server.path("secrets?labelSelector=owner%3Dhelm%2Cname%3Dshop"),
            &form("PartialObjectMetadataList"),
        );
        assert_eq!(list["kind"], "PartialObjectMetadataList", "{}: {list}", server.what);
        for object in [&one, &list["items"][0]] {
            assert_eq!(object["metadata"]["name"], "release", "{}: {object}", server.what);
            assert!(!object.to_string().contains("bm90"), "{}: what it holds stays there: {object}", server.what);
        }
        let none =
            server.get_as(&server.path("secrets?labelSelector=owner%3Dnobody"), &form("PartialObjectMetadataList"));
        assert!(none["items"].as_array().is_none_or(Vec::is_empty), "{}: {none}", server.what);
    });
}

#[test]
fn events_and_logs_are_there_for_who_asks() {
    on_both("contract-events", |server| {
        let uid = server.create("api", 1)["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        let path = server.path(&format!("events?fieldSelector=involvedObject.uid%3D{uid}"));
        wait_until("an event about the Deployment", PATIENCE, || {
            let (code, list) = server.get(&path);
            let all = list["items"].as_array().cloned().unwrap_or_default();
            assert!(code == 200 && all.iter().all(|event| event["involvedObject"]["uid"] == uid.as_str()), "{list}");
            all.iter().any(|event| event["reason"] == "ScalingReplicaSet" && event["type"] == "Normal").then_some(())
        });
        server.kubectl(&["rollout", "status", "deployment/api", "--timeout=150s"]).good("rollout status");
        let (_, pods) = server.get(&server.path("pods?labelSelector=app%3Dapi"));
        let pod = pods.pointer("/items/0/metadata/name").and_then(Value::as_str).expect("a pod").to_owned();
        let log = |flags: &str| {
            let (code, text) = server.get(&server.path(&format!("pods/{pod}/log?container=app{flags}")));
            assert_eq!(code, 200, "{}: {text}", server.what);
            text.as_str().unwrap_or_default().to_owned()
        };
        assert!(log("").contains("listening"), "{}", server.what);
        let stamped = log("&timestamps=true");
        let first = stamped.lines().next().and_then(|line| line.split(' ').next()).unwrap_or_default();
        assert!(chrono::DateTime::parse_from_rfc3339(first).is_ok(), "{}: {stamped}", server.what);
        assert_eq!(server.get(&server.path("pods/nobody/log")).0, 404, "{}", server.what);
    });
}
