//! List, then watch, for ever: one resource in one scope.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::{Notify, mpsc, watch};

use super::connection::Connection;
use super::page::{self, Line, Place, is_before};
use super::partial;
use super::rows::Row;
use super::trouble;
use super::wire::{Interner, Wire};
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};

/// The first page is small so that the first rows are there at once.
const FIRST_PAGE: usize = 60;
/// Every further page.
const PAGE: usize = 500;
/// After how long a resource the server did not have is asked for again.
const ABSENT_FOR: Duration = Duration::from_secs(60);
/// A watch that lived longer than this was a good one.
const LASTING: chrono::TimeDelta = chrono::TimeDelta::seconds(1);
/// How long an open watch may say nothing: a server tells at least every minute how far it is.
pub(super) const SILENT_FOR: Duration = Duration::from_secs(90);
/// The longest line of a watch; the API keeps no object larger than 1.5 MB.
const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// What a feed tells the owner of the tables.
#[derive(Debug)]
pub(super) enum Change {
    /// Rows of the very first list, as they come.
    Page(Vec<Row>),
    /// There is nothing to see of it; why, where it is ours to know.
    Absent(Option<String>),
    /// A list is complete. `Some` replaces every row of the feed; `None` ends the pages sent before.
    Listed(Option<Vec<Row>>),
    /// An object is new or changed.
    Upsert(Row),
    /// An object is gone.
    Delete(Arc<str>),
    /// The feed is current.
    Fresh,
    /// The feed is broken and tries again later.
    Broken(SourceError, Instant),
}

/// A resource a feed can follow.
pub(super) trait Resource: Send {
    /// Its wire form.
    type Wire<'a>: Wire<'a> + Send;
    /// API root and plural, for example `("/apis/apps/v1", "deployments")`.
    const PATH: (&'static str, &'static str);
    /// Whether the rest is whole without it: a small or simulated server may not have the resource, and who may not list it still sees
    /// the others.
    const MAY_BE_ABSENT: bool = false;
    /// The row it becomes; `None` for an object that is none of ours.
    fn row(wire: &Self::Wire<'_>, interner: &mut Interner) -> Option<Row>;
}

/// What a feed needs.
pub(super) struct Feed {
    /// The place of this feed among its source's.
    pub(super) index: usize,
    /// The connection.
    pub(super) connection: Connection,
    /// One namespace, or all of them.
    pub(super) namespace: Option<Arc<str>>,
    /// Where changes go.
    pub(super) changes: mpsc::Sender<(usize, Change)>,
    /// Moves when the line was found dead: reconnect.
    pub(super) epoch: watch::Receiver<u64>,
    /// The operator asked to try again now.
    pub(super) retry: Arc<Notify>,
    /// How long an open watch may say nothing before it is taken for dead.
    pub(super) silence: Duration,
}

/// Why a watch ended.
enum Ended {
    /// As agreed, or for a reason that needs no wait: watch again from the last version.
    Quietly,
    /// The version is too old: list again.
    Gone,
}

impl Feed {
    /// Runs until the owner of the tables is gone.
    pub(super) async fn run<R: Resource>(mut self) {
        let mut backoff = Backoff::default();
        let mut place: Option<Place> = None;
        let mut has_told = false;
        // What was once seen is not absent: later refusals are trouble, and the rows stay.
        let mut has_listed = false;
        let mut interner = Interner::default();
        let mut quick = 0;
        let mut is_resumed = false;
        while !self.changes.is_closed() {
            let began = self.connection.now();
            let mut is_list = false;
            let outcome = match place.take() {
                None => {
                    is_list = true;
                    let listed = self.list::<R>(has_told, &mut interner).await;
                    // Pages of a list that broke off are in the tables: the next list has to replace them.
                    has_told = true;
                    has_listed |= listed.is_ok();
                    listed.map(|listed| place = Some(Place(listed)))
                }
                Some(mut from) => match self.watch::<R>(&mut from, is_resumed, &mut interner).await {
                    Ok(Ended::Quietly) => {
                        place = Some(from);
                        Ok(())
                    }
                    Ok(Ended::Gone) => Ok(()),
                    Err(error) => {
                        place = Some(from);
                        Err(error)
                    }
                },
            };
            is_resumed = !is_list;
            let lived = self.connection.now() - began;
            // A watch that lasted was a good one, however it ended; a list proves nothing, however long it took.
            if !is_list && lived > LASTING {
                backoff = Backoff::default();
                quick = 0;
            }
            match outcome {
                Ok(()) if !is_list && lived > LASTING => {}
                Ok(()) => {
                    quick += 1;
                    // A list and its first watch are quick; a server that ends everything at once must not be asked in a loop.
                    if quick > 2 {
                        let wait = backoff.next();
                        let sentence = format!("{} ends every watch at once.", self.connection.server());
                        let next_try = self.connection.now() + wait;
                        self.tell(Change::Broken(SourceError::new(Trouble::Server, sentence), next_try)).await;
                        self.pause(wait).await;
                    }
                }
                Err(error) if R::MAY_BE_ABSENT && is_list && !has_listed && is_absence(&error) => {
                    self.tell(Change::Absent((error.trouble == Trouble::Forbidden).then_some(error.sentence))).await;
                    self.pause(ABSENT_FOR).await;
                }
                Err(error) => {
                    if error.trouble == Trouble::Gone {
                        place = None;
                    }
                    let error = match &self.namespace {
                        Some(_) => error,
                        None => partial::advised(error, &self.connection, R::PATH.0, R::PATH.1).await,
                    };
                    let wait = wait_after(&error, backoff.next());
                    let next_try = self.connection.now() + wait;
                    self.tell(Change::Broken(error, next_try)).await;
                    self.pause(wait).await;
                }
            }
        }
    }

    async fn tell(&self, change: Change) {
        // The owner is gone only when the source ends, and then `run` ends too.
        let _ = self.changes.send((self.index, change)).await;
    }

    async fn pause(&self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.retry.notified() => {}
            () = self.changes.closed() => {}
        }
    }

    fn path<R: Resource>(&self) -> String {
        let (root, plural) = R::PATH;
        match &self.namespace {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{plural}"),
            None => format!("{root}/{plural}"),
        }
    }

    /// Lists everything, page by page, and returns the version to watch from.
    async fn list<R: Resource>(&self, replace: bool, interner: &mut Interner) -> Result<String, SourceError> {
        let path = self.path::<R>();
        let mut next: Option<String> = None;
        let mut collected = Vec::new();
        let mut first_version = None;
        let mut limit = FIRST_PAGE;
        loop {
            let from = next.as_deref().map(|token| format!("&continue={}", encoded(token))).unwrap_or_default();
            let answered = self.connection.read(&format!("{path}?limit={limit}{from}")).await?;
            let page = page::read(&answered.body, |wire: &R::Wire<'_>| R::row(wire, interner));
            let page = page.map_err(|error| trouble::malformed(&error.to_string(), self.connection.server()))?;
            drop(answered);
            if page.unreadable > 0 {
                tracing::warn!(
                    resource = R::PATH.1,
                    unreadable = page.unreadable,
                    "objects that could not be read are left out"
                );
            }
            let rows = page.items.into_iter().flatten();
            if replace {
                collected.extend(rows);
            } else {
                self.tell(Change::Page(rows.collect())).await;
            }
            // Every page answers for the version of the first.
            let version = first_version.get_or_insert(page.version).clone();
            next = page.next;
            limit = PAGE;
            if next.is_none() {
                self.tell(Change::Listed(replace.then_some(collected))).await;
                return Ok(version);
            }
        }
    }

    /// Whether the server is known to be at an older version than we are: its store was put back to an earlier day. A watch from a
    /// version to come is no error there: it says nothing until that is reached, and the world before the restore would look fresh.
    async fn went_back<R: Resource>(&self, version: &str) -> bool {
        let Ok(answered) = self.connection.read(&format!("{}?limit=1", self.path::<R>())).await else { return false };
        page::read(&answered.body, |_: &R::Wire<'_>| ()).is_ok_and(|page| is_before(&page.version, version))
    }

    /// Watches from a version on, moving it along, until the server or the line ends it.
    async fn watch<R: Resource>(
        &mut self,
        place: &mut Place,
        is_resumed: bool,
        interner: &mut Interner,
    ) -> Result<Ended, SourceError> {
        // Spread out, so that many feeds do not reconnect in the same second.
        let timeout = 240 + random() % 60;
        let path = format!(
            "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={timeout}&resourceVersion={}",
            self.path::<R>(),
            encoded(&place.0)
        );
        self.epoch.mark_unchanged();
        let response = self.connection.open_watch(&path).await?;
        if is_resumed && self.went_back::<R>(&place.0).await {
            return Ok(Ended::Gone);
        }
        self.tell(Change::Fresh).await;
        let mut body = response.into_body();
        let mut buffered = BytesMut::new();
        let mut scanned = 0;
        // A watch that hangs while the server lives would look fresh until it ends by itself.
        let silence = tokio::time::sleep(self.silence);
        tokio::pin!(silence);
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                _ = self.epoch.changed() => return Ok(Ended::Quietly),
                () = self.changes.closed() => return Ok(Ended::Quietly),
                () = &mut silence => return Ok(Ended::Quietly),
            };
            silence.as_mut().reset(tokio::time::Instant::now() + self.silence);
            let Some(frame) = frame else {
                if buffered.trim_ascii().is_empty() {
                    return Ok(Ended::Quietly);
                }
                let server = self.connection.server();
                // What does not even begin as an event was never one.
                return Err(if buffered.trim_ascii().starts_with(b"{") {
                    trouble::broken_off("it ended in the middle of an event", server)
                } else {
                    trouble::malformed("what came is no watch event", server)
                });
            };
            let frame =
                frame.map_err(|error| trouble::broken_off(&trouble::deepest(&error), self.connection.server()))?;
            let Some(piece) = frame.data_ref() else { continue };
            buffered.extend_from_slice(piece);
            while let Some(end) = buffered.get(scanned..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
                let line = buffered.split_to(scanned + end);
                buffered.advance(1);
                scanned = 0;
                if let Some(ended) = self.take::<R>(&line, place, interner).await? {
                    return Ok(ended);
                }
            }
            scanned = buffered.len();
            if buffered.len() > LONGEST_LINE {
                return Err(trouble::malformed("a watch event is larger than 16 MB", self.connection.server()));
            }
        }
    }

    async fn take<R: Resource>(
        &self,
        bytes: &[u8],
        place: &mut Place,
        interner: &mut Interner,
    ) -> Result<Option<Ended>, SourceError> {
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        let line = page::line::<R::Wire<'_>>(bytes)
            .map_err(|error| trouble::malformed(&error.to_string(), self.connection.server()))?;
        match line {
            Line::Upsert(wire) => {
                let row = place.take(&wire.meta().resource_version).then(|| R::row(&wire, interner)).flatten();
                drop(wire);
                if let Some(row) = row {
                    self.tell(Change::Upsert(row)).await;
                }
            }
            Line::Delete(wire) => {
                place.pass(&wire.meta().resource_version);
                let uid: Arc<str> = wire.meta().uid.as_ref().into();
                drop(wire);
                self.tell(Change::Delete(uid)).await;
            }
            Line::Bookmark(at) => return Ok((!place.mark(at)).then_some(Ended::Gone)),
            Line::Error(status) if status.asks_to_start_over() => return Ok(Some(Ended::Gone)),
            Line::Error(trouble::Status { code, message, .. }) => {
                let sentence =
                    format!("{} ended the watch with {code}: {}.", self.connection.server(), text::clean(&message));
                return Err(SourceError::new(Trouble::Server, sentence));
            }
            Line::Unreadable => tracing::warn!(resource = R::PATH.1, "a watch event could not be read and is left out"),
        }
        Ok(None)
    }
}

/// Whether there is nothing to see, rather than something wrong: the server has no such resource, or we may not look.
fn is_absence(error: &SourceError) -> bool {
    matches!(error.trouble, Trouble::NotFound | Trouble::Forbidden)
}

/// The wait the server asked for counts, within reason; what we may not read is asked for rarely.
fn wait_after(error: &SourceError, planned: Duration) -> Duration {
    let asked = error.retry_after.unwrap_or_default().min(Duration::from_secs(60));
    let floor = if error.trouble == Trouble::Forbidden { Duration::from_secs(30) } else { Duration::ZERO };
    planned.max(asked).max(floor)
}

/// Growing waits between attempts: 0.5 s, doubled up to 10 s, each shortened at random by up to a fifth.
#[derive(Debug, Default)]
struct Backoff {
    attempts: u32,
}

impl Backoff {
    const CAP: Duration = Duration::from_secs(10);

    const fn touch(&mut self) {
        self.attempts = self.attempts.saturating_add(1);
    }

    fn next(&mut self) -> Duration {
        let full = Duration::from_millis(500).saturating_mul(2_u32.saturating_pow(self.attempts)).min(Self::CAP);
        self.touch();
        full.mul_f64(1.0 - f64::from(u32::try_from(random() % 1_000).unwrap_or(0)) / 5_000.0)
    }
}

/// A number nobody can guess, from the hasher's own seed.
fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

/// A text as part of a query.
pub(super) fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut query = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            query.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(query, "%{byte:02X}");
        }
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn waits_grow_and_stay_under_the_cap(attempts in 0..200_u32) {
            let mut backoff = Backoff { attempts };
            let wait = backoff.next();
            prop_assert!(wait <= Backoff::CAP);
            prop_assert!(wait >= Duration::from_millis(400));
            if attempts > 5 {
                prop_assert!(wait >= Duration::from_secs(8));
            }
        }
    }

    #[test]
    fn the_server_may_ask_for_a_longer_wait_but_not_for_ever() {
        let throttled = SourceError::new(Trouble::Throttled, "").retry_after(Some(Duration::from_secs(7)));
        assert_eq!(wait_after(&throttled, Duration::from_secs(1)), Duration::from_secs(7));
        let absurd = SourceError::new(Trouble::Throttled, "").retry_after(Some(Duration::from_secs(86_400)));
        assert_eq!(wait_after(&absurd, Duration::from_secs(1)), Duration::from_secs(60));
        let forbidden = SourceError::new(Trouble::Forbidden, "");
        assert_eq!(
            wait_after(&forbidden, Duration::from_secs(1)),
            Duration::from_secs(30),
            "what will not change soon"
        );
    }

    #[test]
    fn a_continue_token_survives_the_query() {
        assert_eq!(encoded("a/b+c=="), "a%2Fb%2Bc%3D%3D");
    }

    /// A watch that hangs alone, while the server lives and every other watch goes on.
    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "the real clock beside a real server, and a task that is ended here")]
    async fn a_watch_that_says_nothing_is_opened_anew() -> Result<(), Box<dyn std::error::Error>> {
        use crate::domain::action::Request;
        use crate::sandbox::{Sandbox, SandboxClock, Scenario, Service};
        use crate::sources::cluster::{Contexts, Hands};
        use crate::sources::operate::OperateCluster;
        const MUTE: &str = "/apis/apps/v1/namespaces/shop/deployments";
        use crate::sources::cluster::rows::Deployments;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let scenario = Scenario::empty("shop").with("shop", Service::new("api", 1));
        let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await?;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("kubeconfig");
        sandbox.write_kubeconfig(&file)?;
        let endpoint = Contexts::read(Some(&file))?.endpoint("demo-production")?;
        let connection = Connection::open(endpoint, Arc::new(chrono::Utc::now)).await?;
        let hands = Hands::new(connection.clone());
        let (changes, mut told) = mpsc::channel(64);
        let (_epoch, epochs) = watch::channel(0);
        let feed = Feed {
            index: 0,
            connection,
            namespace: Some("shop".into()),
            changes,
            epoch: epochs,
            retry: Arc::new(Notify::new()),
            // Longer than what counts as ended at once.
            silence: LASTING.to_std()? + Duration::from_millis(200),
        };
        let running = tokio::spawn(feed.run::<Deployments>());
        let within = Duration::from_secs(20);
        let mut next = async || tokio::time::timeout(within, told.recv()).await.ok().flatten().ok_or("nothing came");
        while !matches!(next().await?.1, Change::Fresh) {}
        sandbox.faults().mute(MUTE);
        let change = Request {
            method: "PATCH".into(),
            path: format!("{MUTE}/api"),
            content_type: "application/merge-patch+json".into(),
            body: serde_json::json!({"metadata": {"labels": {"changed": "yes"}}}),
        };
        hands.send(&change, "change").await?;
        let watches = || {
            let asked = sandbox.requests().into_iter();
            asked.filter(|seen| seen.path.starts_with(MUTE) && seen.path.contains("watch=true")).count()
        };
        while watches() < 2 {
            tokio::task::yield_now().await;
        }
        sandbox.faults().unmute();
        // What happened meanwhile comes at once, and nothing is listed again.
        loop {
            match next().await?.1 {
                Change::Upsert(_) => break,
                Change::Listed(_) | Change::Page(_) | Change::Broken(..) => return Err("it began from nothing".into()),
                _ => {}
            }
        }
        running.abort();
        Ok(())
    }
}
