//! All members of a cluster asked side by side, each within its time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, StatusCode};

use super::wire::{self, Listing};
use crate::config::{Credentials, Server, web};
use crate::domain::database::{Kind, Member, Reading, Said, Topology};
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

/// Reads a cluster once: `/patroni` of every declared address and of every member they list, `/cluster`, `/config` and `/history` of the
/// first that tells them.
///
/// It takes at most about 5 seconds, and 2 where every member answers.
pub async fn read(asked: &Asked, clock: &Clock) -> Reading {
    let began = clock();
    let mut reading = Reading { pinned: asked.pinned.clone(), ..Reading::empty(Kind::Patroni, began) };
    let mut heard = join_all(asked.servers.iter().map(|server| ask(server, clock))).await;
    let (listing, settings, history) = from_the_store(&heard, clock).await;
    let listing = listing.map(|(at, by, listing)| {
        reading.topology = Ok(Topology {
            at,
            by,
            scope: listing.scope.clone(),
            leader: listing.leader(),
            is_paused: listing.is_paused,
            scheduled: listing.scheduled.clone(),
        });
        listing
    });
    let listing = match listing {
        Ok(listing) => Some(listing),
        Err(why) => {
            reading.topology = Err(why);
            None
        }
    };
    (reading.settings, reading.history) = (settings, history);
    let found: Vec<Server> = listing.iter().flat_map(|listing| beyond(listing, &heard, asked)).collect();
    heard.extend(join_all(found.iter().map(|server| ask(server, clock))).await);
    assemble(&mut reading, heard, listing);
    reading
}

async fn ask(server: &Server, clock: &Clock) -> Heard {
    let answer = get(server, "/patroni", MEMBER_WITHIN, clock).await;
    let answer = answer.and_then(|(at, _, body)| {
        wire::said(&body, at).map_err(|what| trouble::malformed(&what, "Patroni", &server.name).sentence)
    });
    Heard { server: server.clone(), answer }
}

/// A body whatever its status, for Patroni gives 503 to what is well; with when it was asked, so that no reading seems younger than it is.
async fn get(
    server: &Server,
    path: &str,
    within: Duration,
    clock: &Clock,
) -> Result<(Instant, StatusCode, Bytes), String> {
    let at = clock();
    let http = Http::new(server.clone(), "Patroni", clock.clone());
    let request = Request { method: Method::GET, path, accept: "application/json", body: None, longest: LONGEST };
    let answer: Result<_, SourceError> = match tokio::time::timeout(within, http.ask(request)).await {
        Ok(answer) => answer,
        Err(_) => Err(trouble::timed_out(&server.name, within)),
    };
    let answer = answer.map_err(|error| error.sentence)?;
    let is_told = answer.status.is_success() || answer.status == StatusCode::SERVICE_UNAVAILABLE;
    if !is_told {
        return answer.good(&server.name).map(|_| (at, StatusCode::OK, Bytes::new())).map_err(|error| error.sentence);
    }
    Ok((at, answer.status, answer.body))
}

/// A good answer, read; of the first that gives one. The sentence of the first that did not, where nobody does.
async fn first<T>(
    from: &[&Server],
    path: &str,
    clock: &Clock,
    read: impl Fn(&[u8], Instant) -> Result<T, String>,
) -> Result<(Instant, Arc<str>, T), String> {
    // Side by side: one that hangs must not keep the others waiting.
    let asked = from.iter().map(|server| async {
        let (at, status, body) = get(server, path, CLUSTER_WITHIN, clock).await?;
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

type Stored = (
    Result<(Instant, Arc<str>, Listing), String>,
    Option<crate::domain::database::Settings>,
    Option<Vec<crate::domain::database::Switch>>,
);

/// What the members have from the store of their cluster, asked of two of those that answered: of a writer first.
async fn from_the_store(heard: &[Heard], clock: &Clock) -> Stored {
    let mut answered: Vec<&Heard> = heard.iter().filter(|one| one.answer.is_ok()).collect();
    answered.sort_by_key(|one| !one.answer.as_ref().is_ok_and(|(_, said)| said.takes_writes()));
    let from: Vec<&Server> = answered.iter().take(2).map(|one| &one.server).collect();
    let (listing, settings, history) = tokio::join!(
        first(&from, "/cluster", clock, |body, _| wire::listing(body)),
        first(&from, "/config", clock, wire::settings),
        first(&from, "/history", clock, |body, _| wire::history(body)),
    );
    (listing, settings.ok().map(|(_, _, settings)| settings), history.ok().map(|(_, _, history)| history))
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
