//! Members that answer as Patroni does: HTTP/1.0 without a length, 503 with a body, not at all.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Asked, read};
use crate::config::{Asked as Options, Settings, Way};
use crate::domain::database::{Condition, Limits, Primary, Reading, Role, Verdict};
use crate::domain::time;
use crate::sources::Clock;

/// What a member answers to a path: its status line and its body; nothing where it hangs up.
type Answers = Arc<dyn Fn(&str) -> Option<(&'static str, String)> + Send + Sync>;

/// Serves a member for ever on a port of its own, as Patroni's server does: no length, the connection ends the body.
async fn member(answers: impl FnOnce(u16) -> Answers) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let answers = answers(port);
    #[expect(clippy::disallowed_methods, reason = "a server of a test")]
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = vec![0; 4_096];
            let length = stream.read(&mut asked).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&asked[..length]).into_owned();
            assert!(head.starts_with("GET "), "it reads only: {head}");
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            if let Some((status, body)) = answers(&path) {
                let answer = format!(
                    "HTTP/1.0 {status}\r\nServer: BaseHTTP/0.6\r\nContent-Type: application/json\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    });
    port
}

fn node(name: &str, role: &str, xlog: &str) -> String {
    format!(
        r#"{{"state":"running","role":"{role}","server_version":150018,"timeline":3,"xlog":{xlog},"replication_state":"streaming",
        "dcs_last_seen":1800000000,"database_system_identifier":"7400000000000000001","patroni":{{"version":"4.1.5","scope":"orders","name":"{name}"}}}}"#
    )
}

const PRIMARY: &str = r#"{"location":83886080}"#;
const REPLICA: &str = r#"{"received_location":83886080,"replayed_location":83886080,"replayed_timestamp":"2027-01-15 07:59:58.5+00:00","paused":false}"#;

fn cluster(members: &[(&str, &str, u16)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, role, port)| {
            format!(
                r#"{{"name":"{name}","role":"{role}","state":"running","api_url":"http://127.0.0.1:{port}/patroni","host":"10.0.0.1","port":5432,"timeline":3,"lag":"unknown"}}"#
            )
        })
        .collect();
    format!(r#"{{"scope":"orders","members":[{}]}}"#, members.join(","))
}

async fn reading(ports: &[u16]) -> Reading {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let urls: Vec<String> = ports.iter().map(|port| format!("\"http://127.0.0.1:{port}\"")).collect();
    let text = format!("[database.orders]\npatroni = [{}]\n", urls.join(","));
    let (settings, problems) = Settings::parse("q.toml".as_ref(), &text, &Options::default());
    assert_eq!(problems, []);
    let Way::Patroni(servers) = &settings.databases[0].way else { panic!("patroni") };
    let clock: Clock = Arc::new(|| time::from_seconds(1_800_000_000));
    read(&Asked { servers: servers.clone(), pinned: None }, &clock).await
}

#[tokio::test]
async fn the_listing_leads_to_every_member_and_each_is_asked_itself() {
    let replica =
        member(|_| Arc::new(|path| (path == "/patroni").then(|| ("200 OK", node("pg2", "replica", REPLICA))))).await;
    let primary = member(|port| {
        Arc::new(move |path| match path {
            // A proxy, or a path that is not known: the status says no, the body says who it is.
            "/patroni" => Some(("503 Service Unavailable", node("pg1", "master", PRIMARY))),
            "/cluster" => Some(("200 OK", cluster(&[("pg1", "leader", port), ("pg2", "replica", replica)]))),
            "/config" => Some(("200 OK", r#"{"ttl":20,"loop_wait":2,"retry_timeout":3,"synchronous_mode":"quorum"}"#.to_owned())),
            "/history" => Some(("200 OK", r#"[[1,100,"no recovery target specified","2026-12-01T00:00:00+00:00"],[2,200,"x","2026-12-01T01:00:00.5+00:00","pg1"]]"#.to_owned())),
            _ => None,
        })
    })
    .await;
    let read = reading(&[primary]).await;
    let Primary::One(pg1, said) = read.primary() else { panic!("{read:?}") };
    assert_eq!((&*pg1.name, said.role, said.timeline), ("pg1", Role::Primary, Some(3)));
    let pg2 = read.member("pg2").expect("the other");
    assert_eq!(
        (pg2.answer().map(|said| said.role), pg2.address.as_deref()),
        (Some(Role::Replica), Some("10.0.0.1:5432"))
    );
    assert_eq!(pg2.listed.as_ref().map(|listed| listed.replay_lag), Some(None), "\"unknown\" is no number");
    let settings = read.settings.as_ref().expect("settings");
    assert_eq!(
        (settings.ttl.num_seconds(), settings.sync.map(crate::domain::database::Sync::word)),
        (20, Some("quorum"))
    );
    let leaders: Vec<_> = read.history.iter().flatten().map(|switch| switch.leader.as_deref()).collect();
    assert_eq!(leaders, [None, Some("pg1")]);
    assert_eq!(read.troubles, Vec::<String>::new());
}

#[tokio::test]
async fn without_the_store_of_its_cluster_the_members_still_tell_who_they_are() {
    // `/cluster` and `/config` hang up without a word, as they do when etcd is frozen.
    let port =
        member(|_| Arc::new(|path| (path == "/patroni").then(|| ("200 OK", node("pg1", "replica", REPLICA))))).await;
    let read = reading(&[port]).await;
    assert_eq!(read.primary(), Primary::Nobody);
    let why = read.topology.as_ref().expect_err("nothing is listed");
    assert!(why.contains(&port.to_string()), "{why}");
    assert_eq!((read.settings.as_ref(), read.history.as_ref()), (None, None));
}

#[tokio::test]
async fn another_cluster_at_one_of_the_addresses_is_nobodys_primary() {
    let ours =
        member(|_| Arc::new(|path| (path == "/patroni").then(|| ("200 OK", node("pg1", "primary", PRIMARY))))).await;
    let other = member(|_| {
        Arc::new(|path| {
            let theirs = node("pg1", "primary", PRIMARY).replace("7400000000000000001", "7499999999999999999");
            (path == "/patroni").then_some(("200 OK", theirs))
        })
    })
    .await;
    let read = reading(&[ours, other]).await;
    assert_eq!((read.primary(), read.members.len()), (Primary::Foreign, 2));
    let verdict = Verdict::of(&read, &Limits::default(), read.at);
    assert_eq!(verdict.condition, Condition::Foreign);
    assert!(verdict.reasons[0].contains("7499999999999999999 of orders"), "{:?}", verdict.reasons);
}

#[tokio::test]
async fn one_member_by_two_addresses_is_one_and_no_second_primary() {
    let answers =
        |_| -> Answers { Arc::new(|path| (path == "/patroni").then(|| ("200 OK", node("pg1", "primary", PRIMARY)))) };
    let read = reading(&[member(answers).await, member(answers).await]).await;
    assert_eq!(read.members.len(), 1);
    assert!(matches!(read.primary(), Primary::One(..)));
}

#[tokio::test]
async fn what_is_no_patroni_is_a_sentence_and_no_member_of_anything() {
    for (status, body) in [
        ("200 OK", "<html>Sign in</html>"),
        ("200 OK", "{}"),
        ("200 OK", "[1]"),
        ("200 OK", ""),
        ("503 Service Unavailable", "upstream is away"),
        ("404 Not Found", "no such page"),
        ("401 Unauthorized", "no auth header received"),
    ] {
        let port = member(|_| Arc::new(move |_| Some((status, body.to_owned())))).await;
        let read = reading(&[port]).await;
        assert_eq!(read.primary(), Primary::Unknown, "{status} {body}");
        let why = read.members[0].said.as_ref().expect_err("no answer");
        assert!(why.contains(&port.to_string()) && why.ends_with(['.', '?']), "{status} {body}: {why}");
    }
}
