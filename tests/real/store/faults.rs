//! The store through everything that happens to servers and wires: what was written is there once, what was not is said.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::config::StoreSettings;
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::domain::store::fact::Kind as Written;
use quarterdeck::domain::store::{Acknowledgement, AuditEvent, AuditKind, AuditLine, Head, NewNote};
use quarterdeck::sources::store::port::{ReadStore, WriteError, WriteStore};
use quarterdeck::sources::store::{Store, StoreSource};
use tokio::sync::{Notify, watch};

use super::made::registry;
use super::place::{Kind, Place, Say, alert, author, holder, settings_at};
use crate::support::database::{PASSWORD, Server};
use crate::support::process::wait_until;
use crate::support::wire::{Strike, Wire, WireProxy};

/// A console whose way to the server leads through a wire that fails, and one whose way does not.
struct Rig {
    place: Place,
    wire: WireProxy,
    far: Arc<Store>,
    near: Store,
}

fn rig() -> Option<Rig> {
    let place = Place::new(Kind::Postgres)?;
    let wire = WireProxy::before(Server::shared().port);
    let settings = settings_at(place.folder.path().join("far"), wire.port, &place.database, false);
    let far = Arc::new(Store::open(&settings, place.folder.path(), &place.clock(), false));
    let near = place.console();
    Some(Rig { place, wire, far, near })
}

impl Rig {
    async fn take(&self, store: &Store, fingerprint: &str, version: u64) -> Result<Acknowledgement, WriteError> {
        store.acknowledge(&author("mori"), &self.place.taking(fingerprint, version)).await
    }

    /// How many lines the audit has.
    async fn lines(&self) -> usize {
        self.near.audit_after(0, 1_000).await.expect("the near console is well").len()
    }

    /// A source that follows the store through the failing wire.
    fn follow(&self) -> (watch::Receiver<StoreSnapshot>, tokio::task::JoinHandle<()>) {
        let (snapshots, seen) = watch::channel(StoreSnapshot::default());
        let source = StoreSource {
            store: self.far.clone(),
            snapshots,
            retry: Arc::new(Notify::new()),
            clock: self.place.clock(),
        };
        (seen, tokio::spawn(source.run()))
    }
}

async fn until(
    seen: &mut watch::Receiver<StoreSnapshot>,
    what: &str,
    is_wanted: impl Fn(&StoreSnapshot) -> bool,
) -> StoreSnapshot {
    let waited = tokio::time::timeout(Duration::from_secs(120), seen.wait_for(|snapshot| is_wanted(snapshot))).await;
    let waited = waited.map(|found| found.expect("the source lives").clone());
    waited.unwrap_or_else(|_| panic!("never {what}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_made_once() {
    let Some(rig) = rig() else { return };
    rig.take(&rig.far, "first", 0).await.expect("taken");
    rig.wire.strike("commit\0", Strike::LoseAnswer);
    let taken = rig.take(&rig.far, "f", 0).await.expect("found to be written when asked again");
    assert_eq!((rig.wire.struck(), taken.version), (1, 1));
    assert_eq!(rig.lines().await, 2, "one line each");
    assert_eq!(rig.near.acknowledgement("production", "f").await, Ok(Some(taken)));
}

/// The same for every fact there is, and for made-up ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_of_any_fact_whose_answer_is_lost_is_made_once() {
    let Some(Rig { place, wire, near, .. }) = rig() else { return };
    let settings = settings_at(place.folder.path().join("far"), wire.port, &place.database, false);
    let far = Store::of(registry(), &settings, place.folder.path(), &place.clock(), false);
    for fact in registry() {
        let lines = near.audit_after(0, 1_000).await.map(|lines| lines.len()).unwrap_or_default();
        far.write(&author("mori"), &place.id(), &*(fact.example)(1, "text")).await.expect("written");
        wire.strike("commit\0", Strike::LoseAnswer);
        far.write(&author("mori"), &place.id(), &*(fact.example)(2, "text")).await.expect("found to be written");
        let is_audited = matches!(fact.table.kind, Written::Versioned | Written::Appended);
        let written = near.audit_after(0, 1_000).await.expect("the audit").len() - lines;
        let expected = (2, if is_audited { 2 } else { 0 });
        assert_eq!((place.count(fact.table.name), written), expected, "{}", fact.table.name);
    }
    assert_eq!(wire.struck(), registry().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrives_is_made_again() {
    let Some(rig) = rig() else { return };
    rig.take(&rig.far, "first", 0).await.expect("taken");
    for (count, (word, strike)) in [
        ("commit\0", Strike::LoseRequest),
        ("insert into quarterdeck.audit", Strike::LoseRequest),
        ("insert into quarterdeck.acknowledgement", Strike::LoseAnswer),
        ("pg_advisory_xact_lock", Strike::LoseAnswer),
        ("begin;", Strike::LoseRequest),
    ]
    .into_iter()
    .enumerate()
    {
        rig.wire.strike(word, strike);
        let taken = rig.take(&rig.far, &format!("f{count}"), 0).await.unwrap_or_else(|error| panic!("{word}: {error}"));
        assert_eq!((rig.wire.struck(), taken.version), (count + 1, 1), "{word}");
        assert_eq!(rig.lines().await, count + 2, "{word}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_and_no_way_back_is_unknown_and_never_written_later() {
    let Some(rig) = rig() else { return };
    rig.take(&rig.far, "first", 0).await.expect("taken");
    rig.wire.strike("commit\0", Strike::LoseAnswer);
    let cutting = async {
        while rig.wire.struck() == 0 {
            tokio::task::yield_now().await;
        }
        rig.wire.set(Wire::Cut);
    };
    let (outcome, ()) = tokio::join!(rig.take(&rig.far, "f", 0), cutting);
    match outcome {
        Err(WriteError::Unknown(error)) => {
            assert!(error.sentence.contains("not known whether it wrote") && !error.is_certainly_not_done, "{error}");
        }
        // The second try may have been quicker than the cut.
        Ok(taken) => assert_eq!(taken.version, 1),
        other => panic!("{other:?}"),
    }
    let refused = rig.take(&rig.far, "g", 0).await;
    let Err(WriteError::NotWritten(error)) = &refused else { panic!("{refused:?}") };
    assert!(error.sentence.contains("cannot be reached") && !error.sentence.contains(PASSWORD), "{error}");
    let before = rig.lines().await;
    rig.wire.set(Wire::Whole);
    rig.take(&rig.far, "h", 0).await.expect("as soon as the way is there");
    assert_eq!(rig.lines().await, before + 1, "what was refused was not queued");
    assert_eq!(rig.near.acknowledgement("production", "g").await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_stalls_in_the_middle_of_a_write_does_not_hold_up_the_others() {
    let Some(rig) = rig() else { return };
    rig.take(&rig.far, "first", 0).await.expect("taken");
    // It holds the lock of the writers when it falls silent.
    rig.wire.strike("insert into quarterdeck.audit", Strike::Swallow);
    let stalled = rig.take(&rig.far, "stalled", 0);
    let other = async {
        while rig.wire.struck() == 0 {
            tokio::task::yield_now().await;
        }
        rig.take(&rig.near, "other", 0).await
    };
    let (stalled, other) = tokio::join!(stalled, other);
    assert!(other.is_ok(), "{other:?}");
    // Not the console: it waits longer for an answer, and nobody is terminated then.
    wait_until("the server's word that it ended the silent transaction", Duration::from_secs(60), || {
        let ended = "select sessions_fatal from pg_stat_database where datname = current_database()";
        (rig.place.raw(ended).expect("an answer").trim() != "0").then_some(())
    });
    let stalled = stalled.expect("written by its second try, over a new connection");
    assert_eq!(stalled.version, 1);
    assert_eq!(rig.lines().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_is_away_the_last_good_word_stays_with_its_age_and_writes_are_refused() {
    let Some(rig) = rig() else { return };
    rig.take(&rig.near, "f", 0).await.expect("taken");
    let (mut seen, source) = rig.follow();
    until(&mut seen, "fresh", |snapshot| snapshot.health.state == SourceState::Fresh).await;
    for fault in [Wire::Cut, Wire::Stalled] {
        rig.wire.set(fault);
        let held = until(&mut seen, "stale", |snapshot| snapshot.health.error.is_some()).await;
        assert!(matches!(held.health.state, SourceState::Stale | SourceState::Down), "{fault:?}");
        assert!(held.health.last_good.is_some() && held.health.age_seconds(super::place::now()).is_some());
        assert_eq!(holder(&held, "f").map(|one| &*one.by), Some("mori"), "{fault:?}: the last good word stays");
        let words = held.health.error.unwrap_or_default();
        assert!(words.contains("cannot be reached") || words.contains("did not answer"), "{fault:?}: {words}");
        assert!(words.contains("tries again by itself") && !words.contains(PASSWORD), "{words}");
        let refused = rig.take(&rig.far, "g", 0).await;
        assert!(matches!(refused, Err(WriteError::NotWritten(_))), "{fault:?}: {refused:?}");
        rig.wire.set(Wire::Whole);
        let back = until(&mut seen, "fresh again", |snapshot| snapshot.health.state == SourceState::Fresh).await;
        assert_eq!(back.health.error, None);
    }
    assert_eq!(rig.near.acknowledgement("production", "g").await, Ok(None), "nothing was queued");
    rig.take(&rig.near, "late", 0).await.expect("taken");
    until(&mut seen, "the other's acknowledgement", |snapshot| {
        snapshot.facts::<Acknowledgement>().is_some_and(|held| held.len() == 2)
    })
    .await;
    source.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_the_hard_way_comes_back_with_everything() {
    if let Some(why) = crate::support::database::why_not() {
        crate::support::process::skip("kill -9 of PostgreSQL", why);
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server::start("killed");
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings_at(folder.path().join("url"), server.port, &server.database(), true);
    let clock: quarterdeck::sources::Clock = Arc::new(super::place::now);
    let store = Store::open(&settings, folder.path(), &clock, false);
    let note = |text: &str| {
        let new = NewNote { subject: alert("f"), text: text.to_owned() };
        (quarterdeck::sources::store::new_id(&clock), new)
    };
    store.add_note(&author("mori"), &note("before")).await.expect("a note");
    server.kill();
    let refused = store.add_note(&author("mori"), &note("while it was dead")).await;
    let Err(WriteError::NotWritten(error)) = &refused else { panic!("{refused:?}") };
    assert!(error.sentence.contains("cannot be reached"), "{error}");
    assert!(store.notes(&alert("f"), 10).await.is_err(), "no answer is no empty answer");
    server.revive();
    store.add_note(&author("mori"), &note("after")).await.expect("a note");
    let notes = store.notes(&alert("f"), 10).await.expect("a list");
    assert_eq!(notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>(), ["after", "before"]);
    assert_eq!(store.audit_after(0, 10).await.expect("the audit").len(), 2);
    server.kill();
}

/// A chain whose replay is interrupted at any point is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_that_breaks_off_is_taken_over_exactly_once() {
    let Some(rig) = rig() else { return };
    rig.take(&rig.far, "first", 0).await.expect("taken");
    let mut head: Option<Head> = None;
    let mut lines = Vec::new();
    for _ in 0..20 {
        let event =
            AuditEvent { kind: AuditKind::Action, what: "confirmed".into(), subject: alert("f"), words: "…".into() };
        let line = AuditLine::after(head.as_ref(), &rig.place.id(), &event, &author("mori"), super::place::now());
        head = Some(Head { seq: line.seq, hash: line.hash.clone() });
        lines.push(line);
    }
    for (part, strike) in [(5, Strike::LoseAnswer), (10, Strike::LoseRequest), (20, Strike::LoseAnswer)] {
        rig.wire.strike("commit\0", strike);
        let head = rig.far.replay("journal/x", &lines[..part]).await.expect("taken over");
        assert_eq!(head.map(|head| head.seq), Some(part as u64));
    }
    assert_eq!(rig.wire.struck(), 3);
    assert_eq!(rig.lines().await, 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_a_missing_database_and_a_stranger_are_said_without_the_secret() {
    let Some(place) = Place::new(Kind::Postgres) else { return };
    let open = |url: String| {
        let file = place.folder.path().join("wrong");
        std::fs::write(&file, url).expect("a file");
        let url = quarterdeck::config::Secret::File(file);
        let settings = StoreSettings::Postgres(quarterdeck::config::PostgresSettings { url, listen: None });
        Store::open(&settings, place.folder.path(), &place.clock(), false)
    };
    let port = Server::shared().port;
    let right = Server::url(port, &place.database);
    let stranger = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let strange = stranger.local_addr().expect("bound").port();
    tokio::spawn(async move {
        // The greeting is read first: closing with it unread would reset the connection before the answer is read.
        while let Ok((mut socket, _)) = stranger.accept().await {
            let _ = tokio::io::AsyncReadExt::read(&mut socket, &mut [0; 256]).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut socket, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            let _ = tokio::io::AsyncWriteExt::shutdown(&mut socket).await;
        }
    });
    for (url, words) in [
        (right.replace(PASSWORD, "wrong-sesame"), "did not let us in"),
        (Server::url(port, "nowhere"), "no such database"),
        (right.replace("sslmode=disable", "sslmode=require"), "does not support TLS"),
        (Server::url(strange, "q"), "not as PostgreSQL"),
        (Server::url(1, "q"), "cannot be reached"),
    ] {
        let error = open(url).standing().await.expect_err(words);
        assert!(error.sentence.contains(words), "{words}: {error}");
        assert!(!error.sentence.contains("sesame"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_without_rights_and_a_newer_store_are_said() {
    let Some(place) = Place::new(Kind::Postgres) else { return };
    place.console().standing().await.expect("the tables are made");
    place
        .raw("insert into quarterdeck.migration (version, digest, applied_at) values (99, 'x', now())")
        .expect("a row");
    let error = place.console().standing().await.expect_err("newer");
    assert!(error.sentence.contains("migrated by a newer Quarterdeck"), "{error}");
    place.raw("delete from quarterdeck.migration where version = 99").expect("no row");
    let setting =
        format!("alter role quarterdeck in database {} set default_transaction_read_only = on", place.database);
    place.raw(&setting).expect("a setting");
    let refused = place.console().acknowledge(&author("mori"), &place.taking("f", 0)).await;
    let error = refused.expect_err("nothing is written there");
    assert!(error.to_string().contains("read-only replica"), "{error}");
}
