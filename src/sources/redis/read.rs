//! The servers of a Redis and its Sentinels, asked side by side.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};

use super::wire::{Talk, Value};
use crate::config::{RedisSettings, Secret};
use crate::domain::database::{Kind, Member, Position, Reading, Role, Said, Sentinels, Tags, Topology};
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::Clock;

/// How long a server may take for all that is asked of it.
const WITHIN: Duration = Duration::from_secs(2);
/// How many servers are asked that the declared ones tell of.
const MOST_FOUND: usize = 32;

/// A Redis that is read again and again.
pub(in crate::sources) struct Redis {
    settings: RedisSettings,
    clock: Clock,
}

/// A server that answered, or why it did not.
struct Heard {
    host: String,
    port: u16,
    answer: Result<Told, String>,
}

struct Told {
    said: Said,
    /// Which process it is, whatever it is called.
    run_id: Option<String>,
    followers: Vec<(String, u16)>,
    follows: Option<(String, u16)>,
}

/// What one Sentinel says.
struct Watch {
    primary: Option<(String, u16)>,
    replicas: Vec<(String, u16)>,
    has_quorum: Result<(), String>,
    down_after: Option<i64>,
}

impl Redis {
    pub(in crate::sources) fn new(settings: RedisSettings, clock: Clock) -> Self {
        Self { settings, clock }
    }

    /// Reads it once: the declared servers, those that Sentinels and primaries tell of, and the Sentinels.
    pub(in crate::sources) async fn read(&self) -> Reading {
        let at = (self.clock)();
        let mut reading = Reading::empty(Kind::Redis, at);
        let declared = self.settings.servers.iter().map(|(host, port)| self.server(host, *port, true));
        let watching = self.settings.sentinels.iter().map(|(host, port)| self.sentinel(host, *port));
        let (mut heard, watching) = tokio::join!(join_all(declared), join_all(watching));
        // Twice: a Sentinel leads to the primary, and the primary to who follows it.
        for _ in 0..2 {
            let found = beyond(&heard, &watching);
            if found.is_empty() {
                break;
            }
            heard.extend(join_all(found.iter().map(|(host, port)| self.server(host, *port, false))).await);
        }
        reading.sentinels = self.sentinels(&watching, at);
        match watching.iter().find_map(|watch| watch.as_ref().ok()?.primary.clone()) {
            Some((host, port)) => {
                let leader: Arc<str> = Arc::from(text::clean(&format!("{host}:{port}")));
                reading.topology = Ok(Topology {
                    at,
                    by: "Sentinel".into(),
                    scope: None,
                    leader: Some(leader),
                    is_paused: false,
                    scheduled: None,
                });
            }
            None => reading.topology = Err("No Sentinel says who the primary is.".to_owned()),
        }
        reading.members = members(heard);
        reading
    }

    /// What the Sentinels say together: whether enough of them agree that they could promote.
    fn sentinels(&self, watching: &[Result<Watch, String>], at: Instant) -> Option<Sentinels> {
        if self.settings.sentinels.is_empty() {
            return None;
        }
        let answered: Vec<&Watch> = watching.iter().filter_map(|watch| watch.as_ref().ok()).collect();
        let why = match answered.first() {
            None => watching.iter().find_map(|watch| watch.as_ref().err().cloned()),
            Some(_) => answered.iter().find_map(|watch| watch.has_quorum.as_ref().err().cloned()),
        };
        let down_after = answered.iter().filter_map(|watch| watch.down_after).max();
        Some(Sentinels {
            at,
            known: watching.len(),
            answering: answered.len(),
            why_not: why,
            notices_after: down_after.map(time::milliseconds),
        })
    }

    /// `is_declared`: only there a password goes.
    async fn server(&self, host: &str, port: u16, is_declared: bool) -> Heard {
        let asked = async {
            let mut talk = Talk::to(host, port).await?;
            self.greet(&mut talk, is_declared).await?;
            let role = talk.ask(&["ROLE"]).await?;
            let server = talk.ask(&["INFO", "server"]).await.ok().and_then(|value| value.text()).unwrap_or_default();
            told(&role, &server, (self.clock)())
        };
        let answer = match tokio::time::timeout(WITHIN, asked).await {
            Err(_) => Err(format!("{host}:{port} did not answer within {} s.", WITHIN.as_secs())),
            Ok(answer) => answer.map_err(|why| sentence(host, port, &why)),
        };
        Heard { host: host.to_owned(), port, answer: answer.map_err(|why| text::clean(&why).into_owned()) }
    }

    async fn sentinel(&self, host: &str, port: u16) -> Result<Watch, String> {
        let master = self.settings.master.as_str();
        let asked = async {
            let mut talk = Talk::to(host, port).await?;
            let state = talk.ask(&["SENTINEL", "MASTER", master]).await?;
            let replicas = talk.ask(&["SENTINEL", "REPLICAS", master]).await.unwrap_or(Value::Nothing);
            let quorum = talk.ask(&["SENTINEL", "CKQUORUM", master]).await;
            let place = |value: &Value| {
                let port = value.of("port").and_then(Value::number).and_then(|port| u16::try_from(port).ok())?;
                Some((value.of("ip").and_then(Value::text)?, port))
            };
            Ok(Watch {
                primary: place(&state),
                replicas: replicas.list().iter().filter_map(place).collect(),
                has_quorum: quorum.map(|_| ()),
                down_after: state.of("down-after-milliseconds").and_then(Value::number),
            })
        };
        match tokio::time::timeout(WITHIN, asked).await {
            Err(_) => Err(format!("Sentinel {host}:{port} did not answer within {} s.", WITHIN.as_secs())),
            Ok(answer) => answer.map_err(|why: String| format!("Sentinel {}", sentence(host, port, &why))),
        }
    }

    async fn greet(&self, talk: &mut Talk, is_declared: bool) -> Result<(), String> {
        let Some(secret) = self.settings.password.as_ref().filter(|_| is_declared) else { return Ok(()) };
        let password = read(secret).await?;
        let password = password.expose_secret();
        let words = match &self.settings.user {
            Some(user) => vec!["AUTH", user, password],
            None => vec!["AUTH", password],
        };
        talk.ask(&words).await.map(drop).map_err(|_| "it does not accept the password".to_owned())
    }
}

/// Those that somebody tells of and nobody has asked.
fn beyond(heard: &[Heard], watching: &[Result<Watch, String>]) -> Vec<(String, u16)> {
    let by_sentinels = watching.iter().flatten().flat_map(|watch| watch.primary.iter().chain(&watch.replicas));
    let by_servers = heard.iter().filter_map(|one| one.answer.as_ref().ok());
    let by_servers = by_servers.flat_map(|told| told.followers.iter().chain(&told.follows));
    let mut found: Vec<(String, u16)> = Vec::new();
    for (host, port) in by_sentinels.chain(by_servers) {
        let is_asked = heard.iter().any(|one| (&one.host, one.port) == (host, *port));
        let place = (host.clone(), *port);
        if !is_asked && !found.contains(&place) && heard.len() + found.len() < MOST_FOUND {
            found.push(place);
        }
    }
    found
}

fn sentence(host: &str, port: u16, why: &str) -> String {
    let fix = if why.starts_with("NOAUTH") || why.starts_with("NOPERM") || why.contains("password") {
        " Give user and password_file in redis of [database.NAME]."
    } else {
        ""
    };
    text::clean(&format!("{host}:{port}: {}.{fix}", why.trim_end_matches('.'))).into_owned()
}

async fn read(secret: &Secret) -> Result<SecretString, String> {
    match secret {
        Secret::File(file) => {
            let text = tokio::fs::read_to_string(file).await;
            let text = text.map_err(|error| format!("the password cannot be read from {}: {error}", file.display()))?;
            Ok(SecretString::from(text.trim()))
        }
        Secret::Variable(name) => match std::env::var(name) {
            Ok(text) => Ok(SecretString::from(text)),
            Err(_) => Err(format!("the password is to be in ${name}, which is not set")),
        },
    }
}

/// What a server says: `ROLE`, and which process it is.
fn told(role: &Value, server: &str, at: Instant) -> Result<Told, String> {
    let field = |name: &str| {
        server.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(|value| value.trim().to_owned())
    };
    let place = |host: Option<&Value>, port: Option<&Value>| {
        let port = port.and_then(Value::number).and_then(|port| u16::try_from(port).ok())?;
        Some((host.and_then(Value::text).filter(|host| !host.is_empty())?, port))
    };
    let offset = |value: Option<&Value>| value.and_then(Value::number).and_then(|offset| u64::try_from(offset).ok());
    let parts = role.list();
    let (role, position, replication, followers, follows) = match parts.first().and_then(Value::text).as_deref() {
        Some("master") => {
            let location = offset(parts.get(1)).ok_or("it does not say how far it wrote")?;
            let followers = parts.get(2).map(Value::list).unwrap_or_default();
            let followers =
                followers.iter().filter_map(|one| place(one.list().first(), one.list().get(1))).collect::<Vec<_>>();
            (Role::Primary, Position::Writes { location }, None, followers, None)
        }
        Some("slave") => {
            let state = parts.get(3).and_then(Value::text).unwrap_or_default();
            let reached = offset(parts.get(4));
            let position =
                Position::Follows { received: reached, replayed: reached, replayed_at: None, is_paused: false };
            let doing = if state == "connected" { "streaming".to_owned() } else { text::clean(&state).into_owned() };
            (Role::Replica, position, Some(Arc::from(doing)), Vec::new(), place(parts.get(1), parts.get(2)))
        }
        Some("sentinel") => return Err("it is a Sentinel: name it in sentinels".to_owned()),
        _ => return Err("it answered, but not as Redis: is it another server or a proxy?".to_owned()),
    };
    let said = Said {
        at,
        role,
        state: "running".into(),
        scope: None,
        governor_version: field("redis_version").map(|version| Arc::from(text::clean(&version))),
        server_version: None,
        timeline: None,
        system_identifier: None,
        position,
        replication,
        sync: None,
        followers: Vec::new(),
        dcs_seen_at: None,
        is_unlocked: false,
        is_failsafe: false,
        is_paused: false,
        is_restart_pending: false,
        tags: Tags::default(),
    };
    Ok(Told { said, run_id: field("run_id"), followers, follows })
}

/// One member a process, by the first address it answered at.
fn members(heard: Vec<Heard>) -> Vec<Member> {
    let mut known: Vec<String> = Vec::new();
    let mut members = Vec::new();
    for Heard { host, port, answer } in heard {
        if let Some(run_id) = answer.as_ref().ok().and_then(|told| told.run_id.clone()) {
            if known.contains(&run_id) {
                continue;
            }
            known.push(run_id);
        }
        let name: Arc<str> = Arc::from(text::clean(&format!("{host}:{port}")));
        members.push(Member {
            name: name.clone(),
            asked_at: name.clone(),
            address: Some(name),
            said: answer.map(|told| told.said),
            listed: None,
        });
    }
    members.sort_by(|one, other| one.name.cmp(&other.name));
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_server_is_what_role_says() {
        let follower = Value::List(vec![text("10.0.0.2"), text("6379"), text("3129")]);
        let master = Value::List(vec![text("master"), Value::Number(3_129), Value::List(vec![follower])]);
        let found =
            told(&master, "# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n", Instant::default()).expect("one");
        assert!(found.said.takes_writes());
        assert_eq!((found.followers, found.run_id.as_deref()), (vec![("10.0.0.2".to_owned(), 6379)], Some("abc")));
        let slave = |state: &str, offset| {
            let role = Value::List(vec![
                text("slave"),
                text("10.0.0.1"),
                Value::Number(6379),
                text(state),
                Value::Number(offset),
            ]);
            told(&role, "", Instant::default()).expect("one").said
        };
        assert!(slave("connected", 5).streams());
        assert!(!slave("connect", -1).streams());
        assert_eq!(slave("connect", -1).position.has(), None, "it has no place yet, which is not the first");
        assert!(told(&Value::List(vec![text("sentinel")]), "", Instant::default()).is_err());
        assert!(told(&text("PONG"), "", Instant::default()).is_err());
    }

    #[test]
    fn a_process_with_two_addresses_is_one_member() {
        let heard = |host: &str, run_id: &str| {
            let role = Value::List(vec![text("master"), Value::Number(1), Value::List(Vec::new())]);
            let answer = told(&role, &format!("run_id:{run_id}\r\n"), Instant::default());
            Heard { host: host.to_owned(), port: 6379, answer }
        };
        assert_eq!(members(vec![heard("r1", "a"), heard("10.0.0.1", "a"), heard("r2", "b")]).len(), 2);
    }
}
