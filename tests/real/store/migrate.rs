//! A store of the version before, as a console of then made it, and what becomes of it; and stores whose tables cannot be used.

use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::domain::store::fact::{
    Change, Fact, Kind as Written, Migration, Migrations, Registered, Row, Table, Value,
};
use quarterdeck::domain::store::{Acknowledgement, Annotation, Note, RELEASES_OF, ReleaseSeen, facts};
use quarterdeck::sources::store::port::{ReadStore, WriteError, WriteStore};
use quarterdeck::sources::store::{Store, StoreSource};
use tokio::sync::{Notify, watch};

use super::audit::{everything, flaws};
use super::made::registry;
use super::place::{Kind, Place, Say, alert, author, holder};

suite! {
    everything_of_before_is_there_and_goes_on
    a_migrated_store_has_the_tables_of_a_new_one
    a_console_of_before_is_told_that_it_is_newer
    a_migration_that_fails_leaves_it_as_it_was_and_it_is_only_read
    a_newer_subject_is_refused_alone
}

/// What the alert of the store of before is called by.
const ALERT: &str = "CertificateExpiresSoon";

/// Who is on the alert of before.
async fn taken(store: &Store) -> Acknowledgement {
    let all = store.acknowledgements("production", 10).await.expect("a list");
    all.into_iter().find(|one| one.alert == ALERT).expect("somebody is on it")
}

mod cases {
    use super::*;

    pub(super) async fn everything_of_before_is_there_and_goes_on(place: Place) {
        place.restore();
        let store = place.knowing(registry());
        let word = taken(&store).await;
        assert_eq!((word.by.as_str(), word.version, word.withdrawn.is_none()), ("mori", 1, true));
        let notes = store.notes(&alert(&word.fingerprint), 10).await.expect("a list");
        let told: Vec<_> = notes.iter().map(|note| (note.text.as_str(), note.version)).collect();
        assert_eq!(told, [("", 2), ("it renews tonight\n決済", 1)]);
        let releases = store.list::<ReleaseSeen>(RELEASES_OF, ["c1".into(), "shop/deployment/gateway".into()], 10);
        assert_eq!(releases.await.expect("a list").len(), 1);
        let lines = everything(&store).await;
        assert_eq!(lines.iter().filter(|line| line.chain.starts_with("journal/")).count(), 18, "{}", lines.len());
        assert_eq!(flaws(&store).await, Vec::<String>::new());
        let whole = store.changes(0).await.expect("an answer");
        assert_eq!((whole.of::<Acknowledgement>(), whole.of::<Note>().len()), (vec![word.clone()], 1));
        let marks = place.count("annotation");
        assert_eq!((marks, place.count("acknowledgement")), (1, 2));

        // It goes on where it was: versions, chains, positions.
        let over = store.acknowledge(&author("lee"), &place.taking(&word.fingerprint, 1)).await.expect("taken over");
        assert_eq!(over.version, 2);
        for fact in registry() {
            store.write(&author("mori"), &place.id(), &*(fact.example)(77, "text")).await.expect("written");
        }
        let told = store.changes(lines.len() as u64).await.expect("an answer");
        assert_eq!((told.is_whole, told.of::<Acknowledgement>().len(), told.of::<Annotation>().len()), (false, 2, 1));
        assert_eq!(flaws(&store).await, Vec::<String>::new());
    }

    pub(super) async fn a_migrated_store_has_the_tables_of_a_new_one(place: Place) {
        let new = Place::new(place.kind).expect("as the first");
        new.console().note_events(&author("mori"), &place.id(), &[]).await.expect("the tables are there");
        place.restore();
        place.console().note_events(&author("mori"), &place.id(), &[]).await.expect("the tables are there");
        assert_eq!(place.tables(), new.tables());
        assert!(new.tables().len() > 12, "{:?}", new.tables());
    }

    pub(super) async fn a_console_of_before_is_told_that_it_is_newer(place: Place) {
        // It compares what it knows with what it finds, in order, and finds one more.
        let before =
            |place: &Place| place.text("select version || ' ' || digest from quarterdeck.migration order by version");
        let new = Place::new(place.kind).expect("as the first");
        new.console().note_events(&author("mori"), &place.id(), &[]).await.expect("the tables are there");
        place.restore();
        let known = before(&place);
        place.console().note_events(&author("mori"), &place.id(), &[]).await.expect("the tables are there");
        for found in [before(&place), before(&new)] {
            let rest = found.strip_prefix(known.as_slice()).expect("what it knows is as it was");
            assert!(known.len() == 2 && rest.len() == 1 && rest[0].starts_with("3 "), "{found:?}");
        }
        // One that is still open writes as it did.
        let columns = "position, chain, seq, prev, hash, at, recorded_at, written_by, kind, what, actor, environment, about, words, haystack, line";
        let (position, time) = match place.kind {
            Kind::Sqlite => ("(select max(position) + 1 from audit)", "0"),
            _ => ("0", "now()"),
        };
        let line = format!(
            "insert into quarterdeck.audit ({columns}) values ({position}, 'store/x', 1, '', 'h', {time}, {time}, '', 'data', 'w', 'a', 'e', 'b', 'w', 'h', '{{}}')"
        );
        let refused = place.raw(&line);
        assert!(refused.as_ref().is_err_and(|said| said.contains("migrated by a newer Quarterdeck")), "{refused:?}");
    }

    pub(super) async fn a_migration_that_fails_leaves_it_as_it_was_and_it_is_only_read(place: Place) {
        static BROKEN: [Registered; 5] = {
            let [one, two, three, four] = [facts::ALL[0], facts::ALL[1], facts::ALL[2], facts::ALL[3]];
            [one, two, three, four, Registered::of::<Broken>()]
        };
        place.restore();
        let (tables, store) = (place.tables(), place.knowing(&BROKEN));
        let word = taken(&store).await;
        let told = store.changes(0).await.expect("it is read");
        assert_eq!(told.of::<Acknowledgement>(), std::slice::from_ref(&word));
        let why = told.trouble.expect("why it is only read");
        assert!(why.contains("could not be brought to this console's version") && why.contains("as it was"), "{why}");
        let some = store.changes(1).await.expect("it is read");
        assert_eq!(some.of::<Note>().len(), 2, "without the tail everything is looked at");
        let refused = store.acknowledge(&author("lee"), &place.taking(&word.fingerprint, 1)).await;
        assert!(matches!(&refused, Err(WriteError::NotWritten(error)) if error.sentence == why), "{refused:?}");
        assert_eq!(store.standing().await.expect("an answer").troubles, std::slice::from_ref(&why));
        assert!(store.rows(Broken::TABLE, LIST, Vec::new(), 10).await.is_err_and(|error| error.sentence == why));
        assert_eq!(place.tables(), tables, "the store is as it was");

        let (snapshots, mut seen) = watch::channel(StoreSnapshot::default());
        let source = StoreSource {
            store: std::sync::Arc::new(store),
            snapshots,
            retry: std::sync::Arc::new(Notify::new()),
            clock: place.clock(),
        };
        let following = tokio::spawn(source.run());
        let held = seen.wait_for(|snapshot| snapshot.health.error.is_some()).await.expect("it is followed").clone();
        assert_eq!((held.health.state, held.health.error.as_deref()), (SourceState::Stale, Some(why.as_str())));
        assert!(holder(&held, &word.fingerprint).is_some());
        following.abort();

        let well = place.console();
        well.acknowledge(&author("lee"), &place.taking(&word.fingerprint, 1)).await.expect("another one mended it");
        assert_eq!(flaws(&well).await, Vec::<String>::new());
    }

    pub(super) async fn a_newer_subject_is_refused_alone(place: Place) {
        place.restore();
        let word = taken(&place.console()).await;
        let time = if place.kind == Kind::Sqlite { "0" } else { "now()" };
        for (subject, version) in [("note", 3), ("nobody's", 1)] {
            let row = format!(
                "insert into quarterdeck.subject_migration (subject, version, digest, applied_at) values ('{}', {version}, 'x', {time})",
                subject.replace('\'', "''")
            );
            place.raw(&row).expect("a row");
        }
        let store = place.console();
        let error = store.notes(&alert("f"), 10).await.expect_err("newer");
        assert!(
            error.sentence.contains("tables of note are of version 3") && error.sentence.contains("newer Quarterdeck"),
            "{error}"
        );
        let refused = store.add_note(&author("mori"), &place.noting("f", "text")).await;
        assert!(matches!(&refused, Err(WriteError::NotWritten(why)) if *why == error), "{refused:?}");
        store.acknowledge(&author("lee"), &place.taking(&word.fingerprint, 1)).await.expect("the rest is well");
        let told = store.changes(0).await.expect("the rest is well");
        assert_eq!((told.of::<Acknowledgement>().len(), told.of::<Note>().len(), told.trouble), (1, 0, None));
        assert_eq!(store.standing().await.expect("an answer").troubles, [error.sentence]);
    }
}

const LIST: &quarterdeck::domain::store::fact::List =
    &quarterdeck::domain::store::fact::List { by: &[], newest: "name" };

/// A fact whose tables cannot be made.
#[derive(Debug, Clone, PartialEq)]
struct Broken;

impl Fact for Broken {
    const TABLE: &'static Table = &Table {
        name: "broken",
        kind: Written::Merged,
        columns: &["name"],
        key: 1,
        lists: &[],
        held: None,
        migrations: &Migrations {
            subject: "broken",
            steps: &[Migration::both(
                "create table quarterdeck.broken (\n  name text primary key\n);\ncreate index broken_by on quarterdeck.nowhere (name);",
            )],
        },
    };
    type Held = ();

    fn decode(_: &Row) -> Option<Self> {
        Some(Self)
    }

    fn encode(&self) -> Vec<Value> {
        vec!["x".into()]
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        Note::example(nth, text)
    }
}
