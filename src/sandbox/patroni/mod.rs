//! A simulated Patroni cluster: the REST of each member on a port of its own, over a world of WAL that moves.
//!
//! It answers as 4.1.5 does, in HTTP/1.0 without a length, held by the contract suite that also runs against the real one. Its servers are
//! numbers: nobody can connect to a database here.

mod orders;
mod wire;
mod world;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::SandboxClock;
pub use world::World as PatroniWorld;
use world::World;

/// How long a member that cannot reach the store of its cluster lets somebody wait, before it says nothing.
const HANGS: Duration = Duration::from_secs(10);
/// How long between two looks at what became of an order.
const LOOKS: Duration = Duration::from_millis(50);
/// More than this of a request is read of nobody.
const LONGEST: usize = 65_536;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The next order is carried out, and its answer is lost.
    AnswerLost,
    /// The next order is lost on its way.
    Swallowed,
    /// The members refuse the next order without a reason.
    Refused,
    /// The next order is answered 503 "status unknown", and carried out so much later than usual.
    Late(TimeDelta),
    /// The next order promotes somebody else, and is answered 200.
    SomebodyElse,
    /// Every lag is "unknown" until this is mended.
    UnknownLags,
}

/// A request for a change that a member saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatroniAsked {
    /// Whom it was sent to.
    pub member: String,
    /// The method and the path.
    pub request: String,
    /// The body.
    pub body: String,
}

/// A running simulated cluster. Dropping it stops it.
#[derive(Debug)]
pub struct Patroni {
    shared: Arc<Shared>,
    urls: Vec<String>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    clock: SandboxClock,
    trouble: Mutex<Option<Trouble>>,
    asked: Mutex<Vec<PatroniAsked>>,
}

impl Shared {
    /// Looks at the world, or changes it, as it is by now.
    fn with<T>(&self, look: impl FnOnce(&mut World, DateTime<Utc>) -> T) -> T {
        let now = self.clock.now();
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.pass(now);
        look(&mut world, now)
    }

    /// The trouble that waits for an order: it is for one alone.
    fn trouble(&self) -> Option<Trouble> {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if *trouble == Some(Trouble::UnknownLags) { None } else { trouble.take() }
    }

    fn is_lag_unknown(&self) -> bool {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) == Some(Trouble::UnknownLags)
    }
}

impl Patroni {
    /// Starts a cluster of three members, `pg1` to `pg3`, on free ports of the loopback interface; the first leads.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(scope: &str, clock: SandboxClock) -> io::Result<Self> {
        let mut listeners = Vec::new();
        let mut urls = Vec::new();
        for _ in 0..3 {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            urls.push(format!("http://{}", listener.local_addr()?));
            listeners.push(listener);
        }
        let world = Mutex::new(World::new(scope, urls.clone(), clock.now()));
        let shared = Arc::new(Shared { world, clock, trouble: Mutex::default(), asked: Mutex::default() });
        let serve = |(place, listener)| serve(shared.clone(), place, listener);
        #[expect(clippy::disallowed_methods, reason = "the sandbox is a world of its own; its tasks end with it")]
        let tasks = listeners.into_iter().enumerate().map(serve).map(|task| tokio::spawn(task)).collect();
        Ok(Self { shared, urls, tasks })
    }

    /// The address of each member's REST.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// Looks at the world, or changes it, as it is by now.
    pub fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.shared.with(|world, _| look(world))
    }

    /// Orders trouble; `None` mends it.
    pub fn trouble(&self, trouble: Option<Trouble>) {
        *self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Every request for a change so far.
    pub fn asked(&self) -> Vec<PatroniAsked> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Patroni {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn serve(shared: Arc<Shared>, place: usize, listener: TcpListener) {
    // Connections end with the server: the set is dropped with this task.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(shared.clone(), place, stream));
    }
}

/// Answers one request, as HTTP/1.0 does: the end of the connection is the end of the answer.
async fn connection(shared: Arc<Shared>, place: usize, mut stream: TcpStream) {
    let is_lost = || shared.with(|world, _| world.members.get(place).is_none_or(|member| member.lost_at.is_some()));
    if is_lost() {
        return;
    }
    let Some((method, path, body)) = read(&mut stream).await else { return };
    if is_lost() {
        return;
    }
    let answer = answer(&shared, place, (&method, &path), &body).await;
    if let Some(answer) = answer.filter(|_| !is_lost()) {
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

/// Method, path without its query, and body of a request.
async fn read(stream: &mut TcpStream) -> Option<(String, String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let ends = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if bytes.len() > LONGEST || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(bytes.get(..ends)?).into_owned();
    let mut words = head.lines().next()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.split('?').next()?.to_owned());
    let length = head.lines().filter_map(|line| line.split_once(':'));
    let mut length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.find_map(|(_, value)| value.trim().parse().ok()).unwrap_or(0);
    let ends = ends + 4;
    while bytes.len() < ends + length.min(LONGEST) {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some((method, path, bytes.get(ends..)?.to_vec()))
}

/// What is answered; `None` closes the connection.
async fn answer(shared: &Shared, place: usize, (method, path): (&str, &str), body: &[u8]) -> Option<String> {
    let needs_store = path == "/cluster" || path == "/config" || path == "/history" || method != "GET";
    if needs_store && shared.with(|world, _| world.frozen_at.is_some()) {
        tokio::time::sleep(HANGS).await;
        return None;
    }
    if method != "GET" {
        let member = shared.with(|world, _| world.members.get(place).map(|member| member.name.clone()))?;
        let (request, body) = (format!("{method} {path}"), String::from_utf8_lossy(body).into_owned());
        shared.asked.lock().unwrap_or_else(PoisonError::into_inner).push(PatroniAsked { member, request, body });
    }
    match (method, path) {
        ("GET", "/cluster") => {
            let unknown = shared.is_lag_unknown();
            Some(json(200, &shared.with(|world, now| wire::cluster(world, now, unknown))))
        }
        ("GET", "/config") => Some(json(200, &shared.with(|world, _| world.config.clone()))),
        ("GET", "/history") => Some(json(200, &shared.with(|world, _| Value::from(world.history.clone())))),
        ("GET" | "HEAD" | "OPTIONS", path) => shared.with(|world, now| {
            let member = world.members.get(place)?;
            let is_well = path == "/patroni" || wire::is_healthy(world, member, path);
            Some(json(if is_well { 200 } else { 503 }, &wire::patroni(world, member, now)))
        }),
        ("PATCH", "/config") => Some(configure(shared, body)),
        ("POST", "/switchover" | "/failover") => change(shared, path, body).await,
        ("DELETE", "/switchover") => Some(words(404, "no switchover is scheduled")),
        _ => Some(html()),
    }
}

/// `PATCH /config`: what is null goes.
fn configure(shared: &Shared, body: &[u8]) -> String {
    let Ok(Value::Object(wanted)) = serde_json::from_slice::<Value>(body) else { return html() };
    shared.with(|world, _| {
        for (key, value) in wanted {
            match &mut world.config {
                Value::Object(config) if value.is_null() => drop(config.remove(&key)),
                config => config[key] = value,
            }
        }
        json(200, &world.config)
    })
}

async fn change(shared: &Shared, path: &str, body: &[u8]) -> Option<String> {
    let trouble = shared.trouble();
    let asked = match shared.with(|world, now| world.ask(path, body, now, trouble)) {
        Ok(asked) => asked,
        Err(refused) => return Some(refused.map_or_else(html, |(code, text)| words(code, &text))),
    };
    let wanted = serde_json::from_slice::<Value>(body).ok();
    let wanted = wanted.as_ref().and_then(|wanted| wanted["candidate"].as_str());
    match trouble {
        Some(Trouble::AnswerLost | Trouble::Swallowed) => return None,
        Some(Trouble::Late(_)) => return Some(words(503, "Switchover status unknown")),
        _ => {}
    }
    loop {
        if let Some((code, text)) = shared.with(|world, now| world.outcome(&asked, wanted, now)) {
            return Some(words(code, &text));
        }
        tokio::time::sleep(LOOKS).await;
    }
}

fn written(code: u16, kind: &str, text: &str) -> String {
    let reason = http::StatusCode::from_u16(code).ok().and_then(|code| code.canonical_reason()).unwrap_or("");
    format!("HTTP/1.0 {code} {reason}\r\nServer: BaseHTTP/0.6 Python/3.11.2\r\nContent-Type: {kind}\r\n\r\n{text}")
}

fn json(code: u16, value: &Value) -> String {
    written(code, "application/json", &value.to_string())
}

fn words(code: u16, text: &str) -> String {
    written(code, "text/html", text)
}

/// What Python answers to what it cannot read.
fn html() -> String {
    let page = "<!DOCTYPE HTML>\n<html lang=\"en\">\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: 400</p>\n    </body>\n</html>\n";
    written(400, "text/html;charset=utf-8", page)
}
