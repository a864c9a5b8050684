//! The ways into maintenance mode beside scaling, by the shipped binary on the real API server: the Gateway API's routes, Services, KEDA's
//! ScaledObjects, ConfigMaps and variables, each back byte for byte. No gateway and no KEDA runs here: what is written is proven, not what
//! they make of it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};

use crate::support::console::Console;
use crate::support::process::wait_until;
use crate::support::shop::{PATIENCE, Shop, kinds};

/// Puts the definitions of the Gateway API and of KEDA into the API server.
fn define(shop: &Shop) {
    for (of, name) in [("gateway", "httproutes.gateway.networking.k8s.io"), ("keda", "scaledobjects.keda.sh")] {
        let path = kinds(of).display().to_string();
        // Another test may have been first.
        let made = shop.kubectl(&["create", "-f", &path]);
        assert!(made.code == Some(0) || made.stderr.contains("AlreadyExists"), "{}", made.stderr);
        shop.kubectl(&["wait", "--for=condition=Established", &format!("crd/{name}"), "--timeout=60s"]).good("wait");
    }
}

fn furnish(shop: &Shop) {
    let backend = |name: &str, weight: u32| json!({"name": name, "port": 80, "weight": weight});
    let rule = |path: &str, backends: Value| json!({"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": backends});
    shop.apply(&json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "api"},
        "spec": {"parentRefs": [{"name": "edge"}], "rules": [
            rule("/", json!([backend("api", 1)])), rule("/pay", json!([backend("api", 90), backend("canary", 10)])),
        ]},
    }));
    shop.apply(&json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "api"},
        "spec": {"selector": {"app": "api"}, "ports": [{"port": 80}]},
    }));
    shop.apply(
        &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mode"}, "data": {"COLOUR": "blue"}}),
    );
    shop.apply(&json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "api"},
        "spec": {"scaleTargetRef": {"name": "api"}, "minReplicaCount": 2, "triggers": [{"type": "cron", "metadata": {}}]},
    }));
    shop.apply(&json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"},
        "spec": {"schedule": "0 2 * * *", "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "dump", "image": "dump:1"}]}}}}},
    }));
}

/// Everything that must be as it was, of the server's own words.
fn world(shop: &Shop) -> Vec<String> {
    let mut all = Vec::new();
    for kind in ["deployment", "httproute", "service", "scaledobject"] {
        let object = shop.get(kind, "api");
        let mut annotations = object["metadata"]["annotations"].clone();
        if let Some(known) = annotations.as_object_mut() {
            // The controller counts the revisions of a Deployment.
            known.remove("deployment.kubernetes.io/revision");
        }
        all.push(format!("{kind} {} {annotations}", object["spec"]));
    }
    all.push(shop.get("configmap", "mode")["data"].to_string());
    all.push(shop.get("cronjob", "nightly")["spec"].to_string());
    all
}

fn console(shop: &Shop, maintenance: &str) -> Console {
    let config = format!(
        "[environment.test]\ncontext = \"oncall\"\nnamespaces = [\"{}\"]\nguard = \"staging\"\nwrite = true\n\n[service.shop]\nworkloads = [\"deployment/api\"]\n\n[service.shop.maintenance]\n{maintenance}",
        shop.name
    );
    Console::with(&shop.plane.kubeconfig("oncall", &shop.name), &config)
}

const ALL: &str = "routes = [\"httproute/api\", \"service/api\"]\npage = { service = \"page\", port = 8080, selector = { app = \"page\" } }\nconfig_map = \"mode\"\nvariables = true\ncron_jobs = [\"nightly\"]\n";

fn done(console: &Console, shop: &Shop, arguments: &[&str]) -> Value {
    let all = [arguments, &["-n", shop.name.as_str()]].concat();
    let plan = wait_until("an applicable plan", PATIENCE, || {
        let (finished, plan) = console.plan(&all);
        assert!(finished.code == Some(0) || finished.stderr.contains("has not seen"), "{}", finished.stderr);
        (finished.code == Some(0)).then_some(plan)
    });
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(0), "{arguments:?}: {}{}", finished.stdout, finished.stderr);
    plan
}

#[test]
fn a_service_is_led_to_its_page_and_back_byte_for_byte() {
    let shop = Shop::open("modes-route");
    define(&shop);
    shop.deploy_good("api", "api:1", 2);
    furnish(&shop);
    let console = console(&shop, ALL);
    let before = world(&shop);
    let on = done(&console, &shop, &["maintenance-on", "service/shop", "--until", "2h", "--reason", "another disk"]);
    assert_eq!(on["targets"][0]["given"]["by"], "route,scale", "the first two by default");
    assert_eq!(shop.deployment("api")["spec"]["replicas"], 0);
    let route = shop.get("httproute", "api");
    let page = json!([{"group": "", "kind": "Service", "name": "page", "port": 8080, "weight": 1}]);
    for rule in 0..2 {
        assert_eq!(route["spec"]["rules"][rule]["backendRefs"], page, "{route}");
    }
    assert_eq!(shop.get("service", "api")["spec"]["selector"], json!({"app": "page"}));
    let scaler = shop.get("scaledobject", "api");
    assert_eq!(scaler["metadata"]["annotations"]["autoscaling.keda.sh/paused-replicas"], "0", "{scaler}");
    assert_eq!(shop.get("cronjob", "nightly")["spec"]["suspend"], true);

    let finished = console.run(&["maintenance", "modes", "--output", "json"]);
    let document: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    let line = &document["modes"][0];
    assert_eq!(
        (&line["subject"], &line["service"], &line["state"]),
        (&"deployment/api".into(), &"shop".into(), &"on".into())
    );
    assert!(line["remembered"]["also"].to_string().contains("httproute/api"), "{line}");
    let status: Value = serde_json::from_str(&console.run(&["status", "--output", "json"]).stdout).expect("JSON");
    assert_eq!(&status["maintenance"]["modes"][0], line, "status says the same");

    done(&console, &shop, &["maintenance-off", "service/shop"]);
    assert_eq!(world(&shop), before);
}

/// A small application: it reads its Deployment's variables from the API, and answers as they say.
fn application(shop: &Arc<Shop>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let shop = shop.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 1024]);
            let env = shop.deployment("api")["spec"]["template"]["spec"]["containers"][0]["env"].clone();
            let mut all = env.as_array().cloned().unwrap_or_default().into_iter();
            let (status, more, body) = match all.find(|one| one["name"] == "MAINTENANCE_END_TIME") {
                Some(end) => (
                    "503 Service Unavailable",
                    "Retry-After: 600\r\n",
                    json!({"error": "MAINTENANCE", "estimatedEndTime": end["value"]}),
                ),
                None => ("200 OK", "", json!({"status": "ok"})),
            };
            let body = body.to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\n{more}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

#[test]
fn an_application_says_itself_that_it_is_maintenance() {
    let shop = Arc::new(Shop::open("modes-variables"));
    shop.deploy_good("api", "api:1", 2);
    let address = application(&shop);
    let console = console(&shop, &format!("by = [\"variables\"]\nvariables = true\naddress = \"{address}\"\n"));
    let before = shop.deployment("api");
    done(&console, &shop, &["maintenance-on", "service/shop", "--until", "2h", "--reason", "another disk"]);
    assert_eq!(shop.deployment("api")["spec"]["replicas"], 2, "its pods go on");
    let longer = ["maintenance-extend", "service/shop", "--until", "4h", "--reason", "it takes longer"];
    let extended = done(&console, &shop, &longer);
    let end = extended["targets"][0]["given"]["until"].clone();
    let env = shop.deployment("api")["spec"]["template"]["spec"]["containers"][0]["env"].clone();
    assert!(env.to_string().contains(end.as_str().expect("an end")), "{env}");
    done(&console, &shop, &["maintenance-off", "service/shop"]);
    assert_eq!(shop.deployment("api")["spec"].to_string(), before["spec"].to_string());
    let (refused, _) = console.plan(&[
        "maintenance-on",
        "service/shop",
        "--by",
        "route",
        "--until",
        "1h",
        "--reason",
        "x",
        "-n",
        &shop.name,
    ]);
    assert_eq!(refused.code, Some(3));
    assert!(
        refused.stderr.contains("nothing is configured for it")
            && refused.stderr.contains("[service.shop.maintenance]"),
        "{}",
        refused.stderr
    );
}
