//! What Patroni answers: one suite for the real one and for the simulated one.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use quarterdeck::sandbox::{Patroni, SandboxClock};
use serde_json::{Value, json};

use crate::support::patroni::{self, Cluster, MEMBERS};
use crate::support::process::{skip, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster of three members, of which one can be lost.
trait Stage {
    /// Where the REST of a member is: host and port.
    fn place(&self, name: &str) -> String;
    /// Takes the power of a member away.
    fn lose(&self, name: &str);
}

impl Stage for Cluster {
    fn place(&self, name: &str) -> String {
        self.url(name).trim_start_matches("http://").to_owned()
    }

    fn lose(&self, name: &str) {
        self.kill(name);
    }
}

impl Stage for Patroni {
    fn place(&self, name: &str) -> String {
        let place = MEMBERS.iter().position(|known| *known == name).expect("a member");
        self.urls()[place].trim_start_matches("http://").to_owned()
    }

    fn lose(&self, name: &str) {
        self.with(|world| world.lose(name));
    }
}

/// A whole answer: the head, the status and the text.
struct Answer {
    head: String,
    code: u16,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

fn ask(stage: &dyn Stage, name: &str, method: &str, path: &str, body: &str) -> Answer {
    let mut peer = TcpStream::connect(stage.place(name)).expect("it listens");
    peer.set_read_timeout(Some(PATIENCE)).expect("a socket");
    write!(peer, "{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .expect("it reads");
    let mut answer = String::new();
    peer.read_to_string(&mut answer).expect("it answers");
    let (head, text) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { head: head.to_owned(), code, text: text.to_owned() }
}

fn get(stage: &dyn Stage, name: &str, path: &str) -> Answer {
    ask(stage, name, "GET", path, "")
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn member<'v>(topology: &'v Value, name: &str) -> &'v Value {
    let members = topology["members"].as_array().expect("members");
    members.iter().find(|member| member["name"] == name).unwrap_or(&Value::Null)
}

/// The leader by the listing, and the two others.
fn roles(stage: &dyn Stage, ask: &str) -> (String, Vec<String>) {
    let topology = get(stage, ask, "/cluster").json();
    let members = topology["members"].as_array().expect("members").clone();
    let name = |member: &Value| member["name"].as_str().expect("a name").to_owned();
    let leader = members.iter().find(|member| member["role"] == "leader").map(name).expect("a leader");
    (leader.clone(), members.iter().map(name).filter(|name| *name != leader).collect())
}

fn wait_streaming(stage: &dyn Stage, ask: &str, count: usize) {
    wait_until("replicas that stream", PATIENCE, || {
        let topology = get(stage, ask, "/cluster").json();
        let members = topology["members"].as_array()?;
        (members.iter().filter(|member| member["state"] == "streaming").count() == count).then_some(())
    });
}

fn keeps_the_contract(stage: &dyn Stage) {
    documents(stage);
    healths(stage);
    refusals(stage);
    pausing(stage);
    switching(stage);
    losing(stage);
}

fn documents(stage: &dyn Stage) {
    wait_streaming(stage, "pg1", 2);
    let answer = get(stage, "pg1", "/cluster");
    assert!(answer.head.starts_with("HTTP/1.0 200 OK"), "{}", answer.head);
    assert!(
        !answer.head.to_lowercase().contains("content-length"),
        "the end of the connection ends it: {}",
        answer.head
    );
    let topology = answer.json();
    assert_eq!(keys(&topology), BTreeSet::from(["members", "scope"]));
    let (leader, others) = roles(stage, "pg1");
    let shown = member(&topology, &leader);
    assert_eq!(keys(shown), BTreeSet::from(["api_url", "host", "name", "port", "role", "state", "timeline"]));
    assert_eq!(shown["state"], "running");
    for other in &others {
        let shown = member(&topology, other);
        let lags = ["lag", "lsn", "receive_lag", "receive_lsn", "replay_lag", "replay_lsn"];
        let all = ["api_url", "host", "name", "port", "role", "state", "timeline"].into_iter().chain(lags);
        assert_eq!(keys(shown), all.collect::<BTreeSet<_>>());
        assert_eq!((&shown["role"], &shown["lag"], &shown["timeline"]), (&json!("replica"), &json!(0), &json!(1)));
        assert!(shown["lsn"].as_str().expect("a text").contains('/'));
        let own = get(stage, other, "/patroni").json();
        assert_eq!(own["role"], "replica");
        assert_eq!(own["replication_state"], "streaming");
        assert_eq!(
            keys(&own["xlog"]),
            BTreeSet::from(["paused", "received_location", "replayed_location", "replayed_timestamp"])
        );
    }
    let own = get(stage, &leader, "/patroni").json();
    assert_eq!(
        (&own["role"], &own["state"], &own["server_version"]),
        (&json!("primary"), &json!("running"), &json!(150_018))
    );
    assert!(own["xlog"]["location"].is_u64() && own["dcs_last_seen"].is_i64(), "{own}");
    assert_eq!(own["replication"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        keys(&own["replication"][0]),
        BTreeSet::from(["application_name", "client_addr", "state", "sync_priority", "sync_state", "usename"])
    );
    assert_eq!(own["patroni"], json!({"version": "4.1.5", "scope": "orders", "name": leader}));
    let identifier = own["database_system_identifier"].as_str().expect("a text").to_owned();
    for other in &others {
        assert_eq!(get(stage, other, "/patroni").json()["database_system_identifier"], *identifier);
    }
    let config = get(stage, "pg2", "/config").json();
    assert_eq!((&config["ttl"], &config["loop_wait"], &config["retry_timeout"]), (&json!(20), &json!(2), &json!(3)));
    assert_eq!(get(stage, "pg3", "/history").json(), json!([]));
}

fn healths(stage: &dyn Stage) {
    let (leader, others) = roles(stage, "pg1");
    let replica = &others[0];
    for (of, path, code) in [
        (&leader, "/primary", 200),
        (&leader, "/leader", 200),
        (&leader, "/read-write", 200),
        (&leader, "/replica", 503),
        (replica, "/primary", 503),
        (replica, "/leader", 503),
        (replica, "/replica", 200),
        (replica, "/read-only", 200),
        (replica, "/async", 200),
        (replica, "/health", 200),
        (replica, "/nowhere", 503),
        (replica, "/replica?lag=10MB", 200),
    ] {
        let answer = get(stage, of, path);
        assert_eq!(answer.code, code, "{path} of {of}");
        assert_eq!(answer.json()["patroni"]["name"], **of, "the body is of the member whatever the code");
    }
}

fn refusals(stage: &dyn Stage) {
    let (leader, others) = roles(stage, "pg1");
    let to = &others[0];
    for (path, body, code, text) in [
        ("/switchover", json!({"leader": to, "candidate": others[1]}), 412, "leader name does not match"),
        ("/switchover", json!({"leader": leader, "candidate": "pg9"}), 412, "candidate does not exists"),
        (
            "/switchover",
            json!({"leader": leader, "candidate": leader}),
            400,
            "Switchover target and source are the same",
        ),
        ("/switchover", json!({"candidate": to}), 400, "Switchover could be performed only from a specific leader"),
        ("/failover", json!({"other": 1}), 400, "Failover could be performed only to a specific candidate"),
    ] {
        let answer = ask(stage, &leader, "POST", path, &body.to_string());
        assert_eq!((answer.code, answer.text.as_str()), (code, text), "{path} {body}");
    }
    for (path, body) in [("/switchover", "{\"leader\": "), ("/failover", "{}")] {
        let answer = ask(stage, &leader, "POST", path, body);
        assert!(answer.code == 400 && answer.text.starts_with("<!DOCTYPE HTML>"), "{}: {}", answer.code, answer.text);
    }
    assert_eq!(ask(stage, &leader, "DELETE", "/switchover", "").code, 404);
    // Whoever leads already: the members refuse it, and say no more.
    let answer = ask(stage, &leader, "POST", "/failover", &json!({"candidate": leader}).to_string());
    assert_eq!((answer.code, answer.text.as_str()), (503, "Failover failed"));
}

fn pausing(stage: &dyn Stage) {
    let (leader, others) = roles(stage, "pg1");
    let answer = ask(stage, &others[0], "PATCH", "/config", &json!({"pause": true}).to_string());
    assert_eq!((answer.code, &answer.json()["pause"]), (200, &json!(true)));
    wait_until("the pause to be known", PATIENCE, || {
        let all = MEMBERS.iter().all(|name| get(stage, name, "/patroni").json()["pause"] == true);
        (all && get(stage, "pg1", "/cluster").json()["pause"] == true).then_some(())
    });
    let answer = ask(stage, &leader, "POST", "/switchover", &json!({"leader": leader}).to_string());
    let words = "Switchover is possible only to a specific candidate in a paused state";
    assert_eq!((answer.code, answer.text.as_str()), (400, words));
    let answer = ask(stage, &others[0], "PATCH", "/config", &json!({"pause": null}).to_string());
    assert_eq!((answer.code, keys(&answer.json()).contains("pause")), (200, false));
    wait_until("the pause to be over", PATIENCE, || {
        let none = MEMBERS.iter().all(|name| get(stage, name, "/patroni").json()["pause"].is_null());
        none.then_some(())
    });
}

fn switching(stage: &dyn Stage) {
    let (leader, others) = roles(stage, "pg1");
    let to = &others[0];
    let answer = ask(stage, &leader, "POST", "/switchover", &json!({"leader": leader, "candidate": to}).to_string());
    assert_eq!((answer.code, answer.text), (200, format!("Successfully switched over to \"{to}\"")));
    assert!(answer.head.contains("text/html"), "{}", answer.head);
    let new = get(stage, to, "/patroni").json();
    assert_eq!((&new["role"], &new["timeline"]), (&json!("primary"), &json!(2)));
    wait_streaming(stage, to, 2);
    let topology = get(stage, to, "/cluster").json();
    assert_eq!(
        (&member(&topology, &leader)["timeline"], &member(&topology, to)["role"]),
        (&json!(2), &json!("leader"))
    );
    let history = get(stage, to, "/history").json();
    let last = history[0].as_array().expect("an entry");
    assert_eq!((last.len(), &last[0], &last[4]), (5, &json!(1), &json!(to)));
    assert!(last[1].is_u64() && last[3].as_str().is_some_and(|at| at.contains('T')), "{history}");
}

fn losing(stage: &dyn Stage) {
    let (leader, others) = roles(stage, "pg1");
    let to = &others[0];
    ask(stage, to, "PATCH", "/config", &json!({"pause": true}).to_string());
    wait_until("the pause to be known", PATIENCE, || {
        MEMBERS.iter().all(|name| get(stage, name, "/patroni").json()["pause"] == true).then_some(())
    });
    stage.lose(&leader);
    let topology = get(stage, to, "/cluster").json();
    assert_eq!(member(&topology, &leader)["role"], "leader", "its lock holds for a while");
    wait_until("its lock to be over", PATIENCE, || {
        let topology = get(stage, to, "/cluster").json();
        (member(&topology, &leader)["role"] != "leader").then_some(())
    });
    let own = get(stage, to, "/patroni").json();
    assert_eq!((&own["role"], &own["pause"]), (&json!("replica"), &json!(true)), "paused, nobody is promoted");
    let answer = ask(stage, to, "POST", "/switchover", &json!({"leader": leader, "candidate": to}).to_string());
    assert_eq!((answer.code, answer.text.as_str()), (412, "leader name does not match"));
    let answer = ask(stage, to, "POST", "/failover", &json!({"candidate": to}).to_string());
    assert_eq!((answer.code, answer.text), (200, format!("Successfully failed over to \"{to}\"")));
    let new = get(stage, to, "/patroni").json();
    assert_eq!((&new["role"], &new["timeline"]), (&json!("primary"), &json!(3)));
}

#[test]
fn the_real_one_keeps_the_contract() {
    if let Some(why) = patroni::why_not() {
        return skip("a real Patroni", why);
    }
    keeps_the_contract(&Cluster::start());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulated_one_keeps_the_contract() {
    let clock = SandboxClock::starting(chrono::Utc::now(), 1);
    let simulated = Patroni::start("orders", clock).await.expect("three ports");
    tokio::task::spawn_blocking(move || keeps_the_contract(&simulated)).await.expect("it holds");
}
