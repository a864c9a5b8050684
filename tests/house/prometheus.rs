//! A Prometheus that answers wrongly, late or not at all, and what is said of it: a stated message, and never a number.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use quarterdeck::config::{Credentials, Prometheus as Settings, Server};
use quarterdeck::domain::signal::Query;
use quarterdeck::domain::time::Instant;
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::metrics::{Metrics, ObserveMetrics};
use quarterdeck::sources::prometheus::Prometheus;

fn now() -> Instant {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
}

/// A server that gives these answers, one a connection, and tells what it was asked; after the last it answers nothing.
struct Canned {
    url: String,
    asked: mpsc::Receiver<String>,
}

impl Canned {
    fn with(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (tell, asked) = mpsc::sync_channel(64);
        std::thread::spawn(move || {
            for answer in answers {
                let Ok((mut peer, _)) = listener.accept() else { return };
                let mut request = Vec::new();
                let mut piece = [0; 4_096];
                while !is_whole(&request) {
                    match peer.read(&mut piece) {
                        Ok(0) | Err(_) => break,
                        Ok(length) => request.extend_from_slice(&piece[..length]),
                    }
                }
                let _ = tell.send(String::from_utf8_lossy(&request).into_owned());
                let _ = peer.write_all(&answer);
            }
        });
        Self { url, asked }
    }

    fn client(&self, prefix: &str, headers: &[(&str, &str)], credentials: Credentials) -> Prometheus {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = format!("{}{prefix}", self.url);
        let name = self.url.trim_start_matches("http://").into();
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let server = Server { url, name, credentials, authorities: None, identity: None, headers };
        let settings = Settings { server, service_label: None, code_label: None, queries: Query::shipped() };
        Prometheus::new(&settings, Arc::new(now))
    }

    fn plain(&self) -> Prometheus {
        self.client("", &[], Credentials::None)
    }
}

/// Whether a request has come to its end.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn answer(status: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn vector(value: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{"service":"a"}},"value":[1800000000,"{value}"]}}]}}}}"#
    );
    answer("200 OK", "content-type: application/json\r\n", body.as_bytes())
}

async fn ask(answers: Vec<Vec<u8>>) -> Result<Metrics, SourceError> {
    let canned = Canned::with(answers);
    canned.plain().instant("up", now()).await
}

#[tokio::test]
async fn each_trouble_has_its_sentence_and_none_has_a_number() {
    let error = |kind: &str, words: &str| format!(r#"{{"status":"error","errorType":"{kind}","error":"{words}"}}"#);
    let json = "content-type: application/json\r\n";
    let whole = vector("1");
    let cut = answer("200 OK", "", &br#"{"status":"success","data":{"resultType":"vec"#[..]);
    let table: Vec<(Vec<u8>, Trouble, &str)> = vec![
        (
            answer("200 OK", "content-type: text/html\r\n", b"<html>Sign in</html>"),
            Trouble::Malformed,
            "answered, but not as a Prometheus: a web page instead of JSON. Is a proxy or another server in between?",
        ),
        (cut, Trouble::Malformed, "answered, but not as a Prometheus: its JSON ends before it is complete."),
        (whole[..whole.len() - 9].to_vec(), Trouble::Malformed, "the conversation with"),
        (vector("many"), Trouble::Malformed, "answered, but not as a Prometheus: \"many\" is no number."),
        (answer("401 Unauthorized", "", b""), Trouble::Unauthorized, "does not accept these credentials (401"),
        (
            answer("422 Unprocessable Entity", json, error("execution", "too many samples").as_bytes()),
            Trouble::Rejected,
            "refused it (422, too many samples).",
        ),
        (
            answer("400 Bad Request", json, error("bad_data", "parse error").as_bytes()),
            Trouble::Rejected,
            "refused it (400, parse error).",
        ),
        (
            answer("429 Too Many Requests", "retry-after: 7\r\n", b"slow down"),
            Trouble::Throttled,
            "asks to be left alone for a while (429, slow down).",
        ),
        (
            answer("503 Service Unavailable", json, error("timeout", "query timed out").as_bytes()),
            Trouble::Server,
            "is overloaded or starting (503, query timed out).",
        ),
        (
            answer("302 Found", "location: https://login.example/?t=1\r\n", b""),
            Trouble::Malformed,
            "sends us on to https://login.example/ (302).",
        ),
        (b"nonsense\r\n\r\n".to_vec(), Trouble::Malformed, "the conversation with"),
    ];
    for (bytes, trouble, words) in table {
        let failed = ask(vec![bytes]).await.expect_err(words);
        assert_eq!(failed.trouble, trouble, "{failed}");
        assert!(failed.sentence.contains(words), "{failed} has not: {words}");
    }
    let twice = vec![answer("403 Forbidden", "", b"tenant"), answer("403 Forbidden", "", b"tenant")];
    let failed = ask(twice).await.expect_err("403");
    assert!(failed.trouble == Trouble::Forbidden && failed.sentence.contains("(403, tenant)"), "{failed}");
}

#[tokio::test]
async fn an_answer_larger_than_the_limit_is_not_read_to_its_end() {
    let mut huge = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    huge.resize(33 * 1024 * 1024, b' ');
    let failed = ask(vec![huge]).await.expect_err("too large");
    assert!(failed.sentence.contains("the answer is larger than 32 MB"), "{failed}");
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_is_given_up() {
    // Connected by the operating system, and never read.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let silent = Canned { url, asked: mpsc::sync_channel(1).1 };
    let failed = silent.plain().instant("up", now()).await.expect_err("it hangs");
    assert_eq!(failed.trouble, Trouble::Timeout);
    assert!(failed.sentence.ends_with("did not answer within 20 s."), "{failed}");
}

#[tokio::test]
async fn a_prefix_and_a_tenant_reach_the_server_and_the_question_goes_by_post() {
    let canned = Canned::with(vec![vector("0.25")]);
    let client = canned.client("/prometheus", &[("X-Scope-OrgID", "shop")], Credentials::None);
    let metrics = client.instant("sum(up) + 1", now()).await.expect("an answer");
    assert_eq!(metrics.series[0].last().and_then(|sample| sample.number()), Some(0.25));
    let asked = canned.asked.recv().expect("one request");
    assert!(asked.starts_with("POST /prometheus/api/v1/query HTTP/1.1\r\n"), "{asked}");
    for part in ["x-scope-orgid: shop", "accept-encoding: gzip", "query=sum%28up%29%20%2B%201&time=1800000000.000"] {
        assert!(asked.contains(part), "{asked} has not: {part}");
    }
}

#[tokio::test]
async fn where_post_is_refused_the_question_goes_by_get_from_then_on() {
    let canned = Canned::with(vec![answer("405 Method Not Allowed", "", b""), vector("1"), vector("2")]);
    let client = canned.plain();
    client.instant("up", now()).await.expect("by GET");
    client.instant("up", now()).await.expect("by GET at once");
    let asked: Vec<String> = canned.asked.iter().take(3).map(|asked| asked[..5].to_owned()).collect();
    assert_eq!(asked, ["POST ", "GET /", "GET /"]);
}

#[tokio::test]
async fn a_clock_that_differs_is_asked_in_its_own_time_and_read_in_ours() {
    let late = (now() + TimeDelta::minutes(10)).with_timezone(&Utc).to_rfc2822().replace("+0000", "GMT");
    let body =
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1800000600,"1"]}]}}"#;
    let skewed = answer("200 OK", &format!("date: {late}\r\n"), body.as_bytes());
    let canned = Canned::with(vec![skewed.clone(), skewed]);
    let client = canned.plain();
    client.instant("up", now()).await.expect("an answer");
    let metrics = client.instant("up", now()).await.expect("an answer");
    assert_eq!((metrics.ahead, metrics.series[0].samples[0].at), (600, now()));
    let asked: Vec<String> = canned.asked.iter().take(2).collect();
    assert!(asked[0].contains("time=1800000000.000") && asked[1].contains("time=1800000600.000"), "{asked:?}");
}

#[tokio::test]
async fn labels_are_asked_once_and_the_first_known_one_counts() {
    let names = answer("200 OK", "", br#"{"status":"success","data":["__name__","app","job","status"]}"#);
    let canned = Canned::with(vec![names]);
    let client = canned.plain();
    for _ in 0..2 {
        let labels = client.labels().await.expect("an answer").expect("a label");
        assert_eq!((&*labels.service, &*labels.code), ("app", "status"));
    }
    let asked = canned.asked.recv().expect("one request");
    assert!(asked.contains("match%5B%5D=http_requests_total"), "{asked}");
}

#[tokio::test]
async fn a_token_is_read_again_for_every_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("token");
    let canned = Canned::with(vec![vector("1"), vector("1")]);
    let client = canned.client("", &[], Credentials::Bearer(token.clone()));
    let asked = Mutex::new(Vec::new());
    for secret in ["first", "second"] {
        std::fs::write(&token, secret).expect("room");
        client.instant("up", now()).await.expect("an answer");
        asked.lock().expect("alone").push(canned.asked.recv().expect("a request"));
    }
    let asked = asked.into_inner().expect("alone");
    assert!(asked[0].contains("authorization: Bearer first") && asked[1].contains("authorization: Bearer second"));
}
