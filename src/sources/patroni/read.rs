//! All members of a cluster asked side by side, each within its time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, StatusCode};

use super::wire::{self, Listing};
use crate::config::{Credentials, Server, web};
use crate::domain::database::{Kind, Member, Reading, Said, Settings, Switch, Topology};
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::error::SourceError;
use crate::sources::http::{Http, Request, trouble};

/// How long a member may take to tell of itself: it answers from memory and one query, also without the store of its cluster.
const MEMBER_WITHIN: Duration = Duration::from_secs(2);
/// How long a member may take for what it has from the store of the cluster: without that store it hangs for 10 s and says nothing.
const CLUSTER_WITHIN: Duration = Duration::from_secs(2);
/// The longest document: 64 members with tags are some 40 kB.
const LONGEST: usize = 1024 * 1024;

/// How many ways to members are kept.
const MOST_WAYS: usize = 128;

/// A cluster to be read: the addresses the operator declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The REST of one member or of several.
    pub servers: Vec<Server>,
    /// The system identifier it has to have.
    pub pinned: Option<Arc<str>>,
}

/// An address of the REST, and what came of asking it.
struct Heard {
    server: Server,
    answer: Result<(Option<Arc<str>>, Said), String>,
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Who everybody is and where they are in the WAL.
    Members,
    /// The dynamic configuration and the history too.
    Whole,
}

/// Reads a cluster once, whole: `/patroni` of every declared address and of every member they list, `/cluster`, `/config` and `/history` of
/// the first that tells them.
///
/// It takes 2 seconds at most where every member answers, and about 6 where some hang.
pub async fn read(asked: &Asked, clock: &Clock) -> Reading {
    Patroni::new(asked.clone(), clock.clone()).read(Depth::Whole).await
}

/// A cluster that is read again and again: the ways to its members are kept.
pub struct Patroni {
    asked: Asked,
    clock: Clock,
    ways: Mutex<BTreeMap<String, Http>>,
    /// What was last told of the dynamic configuration and the history.
    kept: Mutex<(Option<Settings>, Option<Vec<Switch>>)>,
}

impl Patroni {
    /// A cluster to be read. Sends nothing yet.
    pub fn new(asked: Asked, clock: Clock) -> Self {
        Self { asked, clock, ways: Mutex::default(), kept: Mutex::default() }
    }

    /// Reads it once.
    pub async fn read(&self, depth: Depth) -> Reading {
        let began = (self.clock)();
        let mut reading = Reading { pinned: self.asked.pinned.clone(), ..Reading::empty(Kind::Patroni, began) };
        let mut heard = join_all(self.asked.servers.iter().map(|server| self.ask(server))).await;
        let listing = self.stored(&mut reading, &heard, depth).await;
        let found: Vec<Server> = listing.iter().flat_map(|listing| beyond(listing, &heard, &self.asked)).collect();
        heard.extend(join_all(found.iter().map(|server| self.ask(server))).await);
        assemble(&mut reading, heard, listing);
        reading
    }

    async fn ask(&self, server: &Server) -> Heard {
        let answer = self.get(server, "/patroni", MEMBER_WITHIN).await;
        let answer = answer.and_then(|(at, _, body)| {
            wire::said(&body, at).map_err(|what| trouble::malformed(&what, "Patroni", &server.name).sentence)
        });
        Heard { server: server.clone(), answer }
    }

    fn way(&self, server: &Server) -> Http {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        // Members come and go; the ways to those that went need not be kept.
        if ways.len() > MOST_WAYS {
            ways.clear();
        }
        let new = || Http::new(server.clone(), "Patroni", self.clock.clone());
        ways.entry(server.url.clone()).or_insert_with(new).clone()
    }

    /// A body whatever its status, for Patroni gives 503 to what is well; with when it was asked, so that no reading seems younger than
    /// it is.
    async fn get(&self, server: &Server, path: &str, within: Duration) -> Result<(Instant, StatusCode, Bytes), String> {
        let at = (self.clock)();
        let http = self.way(server);
        let request = Request { method: Method::GET, path, accept: "application/json", body: None, longest: LONGEST };
        let answer: Result<_, SourceError> = match tokio::time::timeout(within, http.ask(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(trouble::timed_out(&server.name, within)),
        };
        let answer = answer.map_err(|error| error.sentence)?;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            let answer = answer.good(&server.name).map_err(|error| error.sentence)?;
            return Ok((at, answer.status, answer.body));
        }
        Ok((at, answer.status, answer.body))
    }

    /// A good answer, read; of the first that gives one. The sentence of the first that did not, where nobody does.
    async fn first<T>(
        &self,
        from: &[&Server],
        path: &str,
        read: impl Fn(&[u8], Instant) -> Result<T, String>,
    ) -> Result<(Instant, Arc<str>, T), String> {
        // Side by side: one that hangs must not keep the others waiting.
        let asked = from.iter().map(|server| async {
            let (at, status, body) = self.get(server, path, CLUSTER_WITHIN).await?;
            if !status.is_success() {
                return Err(format!("{} did not tell {path} ({status}).", server.name));
            }
            let read = read(&body, at).map_err(|what| trouble::malformed(&what, "Patroni", &server.name).sentence)?;
            Ok((at, server.name.clone(), read))
        });
        let mut why = None;
        for answer in join_all(asked).await {
            match answer {
                Ok(read) => return Ok(read),
                Err(error) => why = why.or(Some(error)),
            }
        }
        Err(why.unwrap_or_else(|| "No member answers.".to_owned()))
    }

    /// What the members have from the store of their cluster. Two of those that answered are asked, a writer first: the first may hang.
    async fn stored(&self, reading: &mut Reading, heard: &[Heard], depth: Depth) -> Option<Listing> {
        let mut answered: Vec<&Heard> = heard.iter().filter(|one| one.answer.is_ok()).collect();
        answered.sort_by_key(|one| !one.answer.as_ref().is_ok_and(|(_, said)| said.takes_writes()));
        let from: Vec<&Server> = answered.iter().take(2).map(|one| &one.server).collect();
        let listing = self.first(&from, "/cluster", |body, _| wire::listing(body));
        let listing = if depth == Depth::Whole {
            let (listing, settings, history) = tokio::join!(
                listing,
                self.first(&from, "/config", wire::settings),
                self.first(&from, "/history", |body, _| wire::history(body)),
            );
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.0 = settings.ok().map(|(_, _, settings)| settings).or(kept.0.take());
            kept.1 = history.ok().map(|(_, _, history)| history).or(kept.1.take());
            listing
        } else {
            listing.await
        };
        (reading.settings, reading.history) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match listing {
            Ok((at, by, listing)) => {
                reading.topology = Ok(Topology {
                    at,
                    by,
                    scope: listing.scope.clone(),
                    leader: listing.leader(),
                    is_paused: listing.is_paused,
                    scheduled: listing.scheduled.clone(),
                });
                Some(listing)
            }
            Err(why) => {
                reading.topology = Err(why);
                None
            }
        }
    }
}

/// The members that are listed and nobody has asked yet, at the address that is listed. No credentials go there.
fn beyond(listing: &Listing, heard: &[Heard], asked: &Asked) -> Vec<Server> {
    let trusts = asked.servers.first();
    let is_named = |name: &str| heard.iter().any(|one| matches!(&one.answer, Ok((Some(known), _)) if **known == *name));
    let members = listing.members.iter().filter(|member| !is_named(&member.name));
    let mut found: Vec<Server> = Vec::new();
    for member in members {
        let Some(url) = member.api.as_deref().and_then(web) else { continue };
        let Some(place) = url.authority().filter(|authority| !authority.as_str().contains('@')) else { continue };
        let base = format!("{}://{place}", url.scheme_str().unwrap_or("http"));
        let is_asked = heard.iter().any(|one| one.server.url == base) || found.iter().any(|one| one.url == base);
        if !is_asked {
            found.push(Server {
                url: base,
                name: Arc::from(text::clean(place.as_str())),
                credentials: Credentials::None,
                authorities: trusts.and_then(|server| server.authorities.clone()),
                identity: trusts.and_then(|server| server.identity.clone()),
                headers: Vec::new(),
            });
        }
    }
    found
}

/// Puts together what was heard of each: by the name each gave itself, else by the listing's for the address, else by the address.
fn assemble(reading: &mut Reading, heard: Vec<Heard>, listing: Option<Listing>) {
    let mut members: BTreeMap<Arc<str>, Member> = BTreeMap::new();
    let listed = listing.map(|listing| listing.members).unwrap_or_default();
    let is_at = |api: Option<&String>, server: &Server| {
        api.and_then(|api| web(api)).and_then(|url| url.authority().map(ToString::to_string)).as_deref()
            == Some(&*server.name)
    };
    for Heard { server, answer } in heard {
        let by_listing =
            listed.iter().find(|member| is_at(member.api.as_ref(), &server)).map(|member| member.name.clone());
        let own = answer.as_ref().ok().and_then(|(name, _)| name.clone());
        // Where the listing leads to a member that calls itself another name, neither is who it is said to be.
        if let (Some(own), Some(listed)) = (&own, &by_listing)
            && own != listed
        {
            reading.troubles.push(format!(
                "{} is listed as {listed} and calls itself {own}: two members share an address. Correct restapi.connect_address of one of them.",
                server.name
            ));
        }
        let name = own.or(by_listing).unwrap_or_else(|| Arc::from(text::clean(&server.name)));
        let said = answer.map(|(_, said)| said);
        let member =
            Member { name: name.clone(), asked_at: Arc::from(&*server.url), address: None, said, listed: None };
        match members.get_mut(&name) {
            None => {
                members.insert(name, member);
            }
            Some(known) => {
                let differ = matches!((&known.said, &member.said), (Ok(one), Ok(other))
                    if one.system_identifier != other.system_identifier || one.scope != other.scope);
                if differ {
                    // Another database under the same name: both are kept, so that neither is called the primary.
                    let other: Arc<str> = Arc::from(format!("{name} at {}", server.name));
                    members.insert(other.clone(), Member { name: other, ..member });
                } else if known.said.is_err() {
                    *known = member;
                }
            }
        }
    }
    for named in listed {
        let member = members.entry(named.name.clone()).or_insert_with(|| Member {
            name: named.name.clone(),
            asked_at: Arc::from(text::clean(named.api.as_deref().unwrap_or_default())),
            address: None,
            said: Err(format!("The listing tells no address of {} that could be asked.", named.name)),
            listed: None,
        });
        member.address = named.address;
        member.listed = Some(named.listed);
    }
    reading.members = members.into_values().collect();
}
