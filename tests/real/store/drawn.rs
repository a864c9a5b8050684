//! The drawn fault suite of the shared store: a real PostgreSQL that breaks, or the wire to it, under the shipped client.
//!
//! For each fault: its last good word stays with its age, the screen says why it is old, keys answer, what an operator writes is refused
//! clearly and not lost, and after the fault everything goes on.

use quarterdeck::sources::store::Store;

use super::place::{Kind, Place, settings_at};
use crate::kept::{is_away, is_back, is_refusing, taken};
use crate::rig::Rig;
use crate::support::database::{PASSWORD, Server};
use crate::support::wire::{Wire, WireProxy};

/// A console whose way to the server leads through a wire.
async fn on(place: &Place, wire: &WireProxy) -> Rig {
    let settings = settings_at(place.folder.path().join("far"), wire.port, &place.database, false);
    taken(Store::open(&settings, place.folder.path(), &place.clock(), false)).await
}

async fn survives(wire: Wire, cause: &str) {
    let Some(place) = Place::new(Kind::Postgres) else { return };
    let proxy = WireProxy::before(Server::shared().port);
    let mut rig = on(&place, &proxy).await;
    proxy.set(wire);
    is_away(&mut rig, cause).await;
    assert!(!rig.console.screen().contains(PASSWORD));
    proxy.set(Wire::Whole);
    is_back(&mut rig).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn down() {
    Box::pin(survives(Wire::Cut, "cannot be reached")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow() {
    Box::pin(survives(Wire::Stalled, "did not answer within")).await;
}

/// What the server is told of the database, which everybody has to connect to anew then.
fn tell(place: &Place, statement: &str) {
    let database = &place.database;
    let statements = format!(
        "{statement};\nselect pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}' and pid <> pg_backend_pid();"
    );
    Server::shared().sql("postgres", &statements).expect("it takes it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing() {
    let Some(place) = Place::new(Kind::Postgres) else { return };
    let wire = WireProxy::before(Server::shared().port);
    let mut rig = on(&place, &wire).await;
    let database = &place.database;
    tell(&place, &format!("alter database {database} with allow_connections false"));
    is_away(&mut rig, "not currently accepting connections").await;
    tell(&place, &format!("alter database {database} with allow_connections true"));
    is_back(&mut rig).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only() {
    let Some(place) = Place::new(Kind::Postgres) else { return };
    let wire = WireProxy::before(Server::shared().port);
    let mut rig = on(&place, &wire).await;
    let setting = format!("alter role quarterdeck in database {} set default_transaction_read_only", place.database);
    tell(&place, &format!("{setting} = on"));
    is_refusing(&mut rig, "is a read-only replica").await;
    tell(&place, &format!("{setting} = off"));
    is_back(&mut rig).await;
}
