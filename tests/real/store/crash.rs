//! What is killed the hard way (-9) in the middle of a commit: the console, or the server. What was told to be written is there whole,
//! and the same attempt writes nothing twice.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use quarterdeck::domain::store::Id;
use quarterdeck::domain::store::fact::Kind as Written;
use quarterdeck::sources::store::Store;
use quarterdeck::sources::store::port::WriteStore;

use super::audit::{everything, flaws};
use super::made::registry;
use super::place::{Kind, Place, author, now, settings_at};
use crate::support::database::Server;
use crate::support::process::{skip, wait_until};
use crate::support::wire::{Strike, Wire, WireProxy};

/// Where the console that is killed finds its store, and where that is PostgreSQL, the file of its address.
const FOLDER: &str = "QUARTERDECK_TEST_CRASH";
const URL: &str = "QUARTERDECK_TEST_CRASH_URL";

/// The console that is killed: it writes every fact, over and over, and tells what was written. Run by itself it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_writes_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = match std::env::var(URL) {
        Ok(file) => {
            let url = quarterdeck::config::Secret::File(file.into());
            quarterdeck::config::StoreSettings::Postgres(quarterdeck::config::PostgresSettings { url, listen: None })
        }
        Err(_) => quarterdeck::config::StoreSettings::Embedded,
    };
    let store = Store::of(registry(), &settings, folder.as_ref(), &(std::sync::Arc::new(now) as _), false);
    let mut told = std::io::stderr();
    for nth in 0.. {
        for (place, fact) in registry().iter().enumerate() {
            let attempt = Id::stored(format!("{}-{nth}-{place}", std::process::id()));
            let nth = nth * 1_000_000 + u64::from(std::process::id());
            store.write(&author("mori"), &attempt, &*(fact.example)(nth, "text")).await.expect("written");
            writeln!(told, "written {attempt} {} {nth}", fact.table.name).expect("somebody reads");
        }
    }
}

/// Starts it, lets it write so much, and kills it; what it said was written.
fn killed(place: &Place, url: Option<&std::path::Path>, lines: usize, last: impl FnOnce()) -> Vec<(Id, String, u64)> {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "store::crash::a_console_that_writes_until_it_is_killed", "--nocapture"]);
    command.env(FOLDER, place.folder.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    if let Some(url) = url {
        command.env(URL, url);
    }
    let mut child = command.spawn().expect("it starts");
    let mut reading = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let mut told: Vec<String> = reading.by_ref().filter(|line| line.starts_with("written ")).take(lines).collect();
    assert_eq!(told.len(), lines, "it writes");
    last();
    child.kill().expect("a child of ours");
    child.wait().expect("a child of ours");
    told.extend(reading.filter(|line| line.starts_with("written ")));
    let read = |line: String| {
        let words: Vec<&str> = line.split(' ').collect();
        (Id::stored(words[1]), words[2].to_owned(), words[3].parse().expect("a number"))
    };
    told.into_iter().map(read).collect()
}

/// Whatever was told is there once, and nothing is there in part: each line of the audit has its fact, each fact its line.
async fn is_whole(place: &Place, told: Vec<(Id, String, u64)>) {
    let store = place.knowing(registry());
    assert_eq!(flaws(&store).await, Vec::<String>::new());
    let lines = everything(&store).await.len();
    let facts = registry().iter().filter(|fact| matches!(fact.table.kind, Written::Versioned | Written::Appended));
    let rows: usize = facts.map(|fact| place.count(fact.table.name)).sum();
    assert_eq!(rows, lines, "a fact and its line are written together");
    let before: Vec<usize> = registry().iter().map(|fact| place.count(fact.table.name)).collect();
    for (attempt, name, nth) in told {
        let fact = registry().iter().find(|fact| fact.table.name == name).expect("registered");
        store.write(&author("mori"), &attempt, &*(fact.example)(nth, "text")).await.expect("written before");
    }
    let after: Vec<usize> = registry().iter().map(|fact| place.count(fact.table.name)).collect();
    assert_eq!((after, everything(&store).await.len()), (before, lines), "nothing twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_killed_while_it_writes_leaves_nothing_in_part() {
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::Pooled] {
        let Some(place) = Place::new(kind) else { continue };
        let url = place.folder.path().join("url");
        let mut told = Vec::new();
        for lines in [3, 20, 61] {
            told.extend(killed(&place, (kind != Kind::Sqlite).then_some(url.as_path()), lines, || ()));
        }
        is_whole(&place, told).await;
    }
}

/// Its commit is on its way and does not arrive: the server ends what it began.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_killed_in_its_commit_leaves_nothing_and_holds_up_nobody() {
    let Some(place) = Place::new(Kind::Postgres) else { return };
    for strike in [Strike::Swallow, Strike::LoseAnswer] {
        let wire = WireProxy::before(Server::shared().port);
        let url = place.folder.path().join("far");
        settings_at(url.clone(), wire.port, &place.database, false);
        let told = killed(&place, Some(&url), 20, || {
            wire.strike("commit\0", strike);
            wait_until("its commit", Duration::from_secs(60), || (wire.struck() > 0).then_some(()));
            wire.set(Wire::Cut);
        });
        is_whole(&place, told).await;
    }
}

/// The answer to the commit is lost, and the server with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_in_a_commit_has_it_once_or_not_at_all() {
    if let Some(why) = crate::support::database::why_not() {
        skip("kill -9 of PostgreSQL in a commit", why);
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server::start("commit");
    let place = Place::on(&server);
    let wire = WireProxy::before(server.port);
    let settings = settings_at(place.folder.path().join("far"), wire.port, &place.database, false);
    let far = Store::of(registry(), &settings, place.folder.path(), &place.clock(), false);
    for (nth, fact) in (0..).zip(registry()) {
        let (attempt, change) = (place.id(), (fact.example)(nth, "text"));
        far.write(&author("mori"), &place.id(), &*(fact.example)(nth + 100, "text")).await.expect("written");
        wire.strike("commit\0", Strike::LoseAnswer);
        let (struck, mori) = (wire.struck(), author("mori"));
        let killing = async {
            while wire.struck() == struck {
                tokio::task::yield_now().await;
            }
            server.kill();
        };
        let (outcome, ()) = tokio::join!(far.write(&mori, &attempt, &*change), killing);
        server.revive();
        assert!(outcome.is_err() || outcome.is_ok_and(|read| !read.0.is_empty()), "it is told one way or the other");
        far.write(&mori, &attempt, &*change).await.expect("as soon as it is back");
        let name = fact.table.name;
        assert_eq!(
            server.sql(&place.database, &format!("select count(*) from quarterdeck.{name}")).expect("a table").trim(),
            "2",
            "{name}"
        );
    }
    assert_eq!(flaws(&far).await, Vec::<String>::new());
    server.kill();
}
