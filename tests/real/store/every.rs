//! What every fact of the registry has, whatever it is, in both databases: the same for those of the console and for made-up ones.

use std::sync::Arc;

use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::domain::store::fact::{Applied, Change, Key, Kind as Written, Read, Registered, Row, Writes};
use quarterdeck::domain::store::{AuditEvent, AuditKind, Author, Id, facts};
use quarterdeck::domain::time::Instant;
use quarterdeck::sources::store::port::{ReadStore, WriteError, WriteStore};
use quarterdeck::sources::store::{Store, StoreSource};
use tokio::sync::watch;

use super::audit::{everything, flaws};
use super::made::{APPENDED, Made, Make, VERSIONED, VOLATILE, registry};
use super::place::{Kind, Place, alert, author};

suite! {
    the_same_attempt_twice_is_written_once
    the_second_writer_is_told
    it_is_in_the_audit_and_told_to_others
    hostile_text_comes_out_clean
    a_read_only_console_writes_none
    numbers_are_without_a_gap
    several_facts_are_one_transaction
    who_writes_what_is_volatile_waits_for_nobody_else
    a_change_that_names_no_line_is_refused
    a_console_ignores_facts_it_does_not_know
    a_made_up_fact_is_held_by_who_follows
}

const HOSTILE: &str = "決済 \u{1b}[2J\u{202e} '; drop table audit; -- ";

/// The row that a change rests on, as it is in the database.
async fn stored(store: &Store, fact: &Registered, attempt: &Id, change: &dyn Change) -> Row {
    let again = store.write(&author("mori"), attempt, change).await.expect("written before");
    let read = again.0.into_iter().find_map(|(_, row)| row);
    let told = store.changes(0).await.expect("an answer").rows;
    let told = told.into_iter().find(|(table, _)| *table == fact.table).and_then(|(_, rows)| rows.into_iter().next());
    read.or(told).unwrap_or_else(|| panic!("{}: no row", fact.table.name))
}

fn is_audited(fact: &Registered) -> bool {
    matches!(fact.table.kind, Written::Versioned | Written::Appended)
}

mod cases {
    use super::*;

    pub(super) async fn the_same_attempt_twice_is_written_once(place: Place) {
        let store = place.knowing(registry());
        for fact in registry() {
            let (attempt, change) = (place.id(), (fact.example)(1, "text"));
            let before = everything(&store).await.len();
            for _ in 0..2 {
                store.write(&author("mori"), &attempt, &*change).await.expect("written");
            }
            let other = place.knowing(registry());
            other.write(&author("mori"), &attempt, &*change).await.expect("written before");
            let lines = everything(&store).await.len() - before;
            let name = fact.table.name;
            assert_eq!((place.count(name), lines), (1, usize::from(is_audited(fact))), "{name}");
        }
        assert_eq!(flaws(&store).await, Vec::<String>::new());
    }

    pub(super) async fn the_second_writer_is_told(place: Place) {
        let (mine, other) = (place.knowing(registry()), place.knowing(registry()));
        for fact in registry() {
            let name = fact.table.name;
            for nth in 0..3 {
                let (change, ids) = ((fact.example)(nth, "text"), [place.id(), place.id()]);
                let (mori, lee) = (author("mori"), author("lee"));
                let (one, two) =
                    tokio::join!(mine.write(&mori, &ids[0], &*change), other.write(&lee, &ids[1], &*change));
                let outcomes = [one, two];
                let lost: Vec<&WriteError> = outcomes.iter().filter_map(|one| one.as_ref().err()).collect();
                let is_told = lost
                    .iter()
                    .all(|lost| matches!(lost, WriteError::Conflict(words) if words.contains("nothing was written")));
                // A note is made anew by whoever writes it, and what is given the next number has one of its own: there is no first.
                let is_own = change.reads().iter().all(|key| key.is_last);
                let expected =
                    usize::from(matches!(fact.table.kind, Written::Versioned | Written::Volatile) && !is_own);
                assert!(is_told && lost.len() == expected, "{name}: {outcomes:?}");
            }
        }
        assert_eq!(flaws(&mine).await, Vec::<String>::new());
    }

    pub(super) async fn it_is_in_the_audit_and_told_to_others(place: Place) {
        let (mine, other) = (place.knowing(registry()), place.knowing(registry()));
        let event = AuditEvent {
            kind: AuditKind::User,
            what: "console opened".into(),
            subject: alert("f"),
            words: String::new(),
        };
        mine.note_events(&author("mori"), &place.id(), &[event]).await.expect("the tables are there");
        for fact in registry() {
            let (name, since) = (fact.table.name, everything(&mine).await.len());
            mine.write(&author("mori"), &place.id(), &*(fact.example)(1, "text")).await.expect("written");
            let lines = everything(&mine).await;
            let told = other.changes(since as u64).await.expect("an answer");
            if !is_audited(fact) {
                assert_eq!((lines.len(), told.rows.len()), (since, 0), "{name}: no line, no news");
                continue;
            }
            assert_eq!((lines.len(), lines[since].line.actor.as_str()), (since + 1, "mori"), "{name}");
            let tables: Vec<_> = told.rows.iter().map(|(table, rows)| (table.name, rows.len())).collect();
            assert_eq!((tables, told.is_whole), (vec![(name, 1)], false), "only what changed is read");
            let held = (fact.hold)(None, &told.rows[0].1, told.now);
            drop(held);
            let whole = other.changes(0).await.expect("an answer");
            assert!(whole.rows.iter().any(|(table, rows)| table.name == name && rows.len() == 1), "{name}");
        }
    }

    pub(super) async fn hostile_text_comes_out_clean(place: Place) {
        let store = place.knowing(registry());
        for fact in registry() {
            let (name, attempt, change) = (fact.table.name, place.id(), (fact.example)(1, HOSTILE));
            store.write(&author("mori"), &attempt, &*change).await.expect("written");
            let row = stored(&store, fact, &attempt, &*change).await;
            assert!((0..row.0.len()).any(|column| row.raw(column).contains("drop table")), "{name}: kept as it is");
            let shown = (fact.show)(&row).unwrap_or_else(|| panic!("{name}: {row:?}"));
            assert!(shown.contains("決済") && shown.contains("drop table"), "{name}: {shown}");
            assert!(!shown.contains("\\u{1b}") && !shown.contains("\\u{202e}"), "{name}: {shown}");
            let refused = store.write(&author("mori"), &place.id(), &*(fact.example)(2, "a\0b")).await;
            let is_kept = fact.table.kind == Written::Merged;
            assert!(
                is_kept || matches!(refused, Err(WriteError::Refused(_) | WriteError::NotWritten(_))),
                "{name}: {refused:?}"
            );
        }
        assert_eq!(flaws(&store).await, Vec::<String>::new());
    }

    pub(super) async fn a_read_only_console_writes_none(place: Place) {
        let (store, reader) = (place.knowing(registry()), place.reading(registry()));
        store.note_events(&author("mori"), &place.id(), &[]).await.expect("the tables are there");
        for fact in registry() {
            let refused = reader.write(&author("mori"), &place.id(), &*(fact.example)(1, "text")).await;
            assert!(
                matches!(&refused, Err(WriteError::Refused(words)) if words.contains("--read-only")),
                "{refused:?}"
            );
            assert_eq!(place.count(fact.table.name), 0);
        }
        assert_eq!(everything(&reader).await.len(), 0);
    }

    pub(super) async fn numbers_are_without_a_gap(place: Place) {
        let stores: Vec<Store> = (0..4).map(|_| place.knowing(registry())).collect();
        let work = stores.iter().map(|store| {
            let place = &place;
            async move {
                let mut numbers = Vec::new();
                for _ in 0..8 {
                    let make = Make::<APPENDED> { name: "n".into(), seen: 0, text: "t".into() };
                    let written = store.write(&author("mori"), &place.id(), &make).await.expect("written");
                    numbers.push(written.one::<Made<APPENDED>>().expect("its number").number);
                }
                numbers
            }
        });
        let mut numbers: Vec<u64> = futures_util::future::join_all(work).await.concat();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=32).collect::<Vec<_>>());
        let told = stores[0].changes(0).await.expect("an answer").of::<Made<APPENDED>>();
        assert_eq!(told.len(), 32);
    }

    pub(super) async fn several_facts_are_one_transaction(place: Place) {
        let store = place.knowing(registry());
        let both = |text: &str| Both { name: "n".into(), text: text.to_owned() };
        let made = store.write(&author("mori"), &place.id(), &both("one")).await.expect("written");
        assert!(made.one::<Made<VERSIONED>>().is_some() && made.one::<Made<APPENDED>>().is_some(), "{made:?}");
        // The second finds the first there and is told; nothing of it is written, not its numbered part either.
        let refused = store.write(&author("lee"), &place.id(), &both("two")).await;
        assert!(matches!(refused, Err(WriteError::Conflict(_))), "{refused:?}");
        let lines = everything(&store).await;
        assert_eq!((place.count("made_versioned"), place.count("made_appended"), lines.len()), (1, 1, 2));
        let told = store.changes(1).await.expect("an answer");
        assert_eq!(
            told.rows.iter().map(|(table, _)| table.name).collect::<Vec<_>>(),
            ["made_versioned", "made_appended"]
        );
        assert_eq!(flaws(&store).await, Vec::<String>::new());
    }

    /// Somebody holds the turn of those who write into the audit; a lease is renewed meanwhile.
    pub(super) async fn who_writes_what_is_volatile_waits_for_nobody_else(place: Place) {
        if place.kind == Kind::Sqlite {
            // The file has one writer, whatever it writes.
            return;
        }
        let store = place.knowing(registry());
        let lease = |name: &str| Make::<VOLATILE> { name: name.into(), seen: 1, text: "t".into() };
        store.write(&author("mori"), &place.id(), &lease("first")).await.expect("written");
        let mut holding = place.holding_the_turn();
        store.write(&author("mori"), &place.id(), &lease("second")).await.expect("written meanwhile");
        assert!(!holding.has_ended(), "the turn is held still");
    }

    pub(super) async fn a_change_that_names_no_line_is_refused(place: Place) {
        let store = place.knowing(registry());
        let refused = store
            .write(&author("mori"), &place.id(), &Silent(Make { name: "n".into(), seen: 1, text: "t".into() }))
            .await;
        assert!(
            matches!(&refused, Err(WriteError::Refused(words)) if words.contains("no line of the audit")),
            "{refused:?}"
        );
        assert_eq!(place.count("made_versioned"), 0);
    }

    /// One with made-up facts writes into the same store: the other sees that something happened, and nothing it would stumble over.
    pub(super) async fn a_console_ignores_facts_it_does_not_know(place: Place) {
        let (more, fewer) = (place.knowing(registry()), place.console());
        more.note_events(&author("mori"), &place.id(), &[]).await.expect("the tables are there");
        for fact in registry() {
            more.write(&author("mori"), &place.id(), &*(fact.example)(1, "text")).await.expect("written");
        }
        let lines = everything(&fewer).await.len() as u64;
        let known: Vec<_> = facts::ALL.iter().filter(|fact| is_audited(fact)).map(|fact| fact.table.name).collect();
        for since in [0, 1] {
            let told = fewer.changes(since).await.expect("an answer");
            let names: Vec<_> = told.rows.iter().map(|(table, _)| table.name).collect();
            let expected = if since == 0 { &known[..] } else { &known[1..] };
            assert_eq!((names.as_slice(), told.position, told.trouble), (expected, lines, None));
        }
        fewer.write(&author("lee"), &place.id(), &*(facts::ALL[0].example)(2, "text")).await.expect("written");
        assert_eq!(fewer.standing().await.expect("an answer").troubles, Vec::<String>::new());
        assert_eq!(flaws(&fewer).await, Vec::<String>::new());
    }

    /// As the screen reads it: told by a notification, or found by looking.
    pub(super) async fn a_made_up_fact_is_held_by_who_follows(place: Place) {
        let (mine, other) = (place.knowing(registry()), place.knowing(registry()));
        mine.note_events(&author("mori"), &place.id(), &[]).await.expect("the tables are there");
        let (snapshots, mut seen) = watch::channel(StoreSnapshot::default());
        let (store, retry, clock) = (Arc::new(other), Arc::default(), place.clock());
        let following = tokio::spawn(StoreSource { store, snapshots, retry, clock }.run());
        seen.wait_for(|held| held.health.state == SourceState::Fresh).await.expect("it is followed");
        let make = Make::<VERSIONED> { name: "n".into(), seen: 1, text: "t".into() };
        mine.write(&author("mori"), &place.id(), &make).await.expect("written");
        let holds = |held: &StoreSnapshot| held.facts::<Made<VERSIONED>>().is_some_and(|all| all.len() == 1);
        let told = tokio::time::timeout(std::time::Duration::from_secs(90), seen.wait_for(holds)).await;
        let by =
            told.expect("it is told").expect("it is followed").facts::<Made<VERSIONED>>().map(|all| all[0].by.clone());
        assert_eq!(by.as_deref(), Some("mori"));
        following.abort();
    }
}

/// Two facts in one change: a versioned one, and a numbered one beside it.
struct Both {
    name: String,
    text: String,
}

impl Change for Both {
    fn reads(&self) -> Vec<Key> {
        [self.one().reads(), self.other().reads()].concat()
    }

    fn apply(&self, read: &Read, author: &Author, attempt: &Id, now: Instant) -> Result<Applied, String> {
        let both = [self.other().apply(read, author, attempt, now)?, self.one().apply(read, author, attempt, now)?];
        let mut all = Writes::default();
        for one in both {
            match one {
                Applied::Writes(writes) => {
                    all.facts.extend(writes.facts);
                    all.events.extend(writes.events);
                }
                other => return Ok(other),
            }
        }
        Ok(Applied::Writes(all))
    }
}

impl Both {
    fn one(&self) -> Make<VERSIONED> {
        Make { name: self.name.clone(), seen: 1, text: self.text.clone() }
    }

    fn other(&self) -> Make<APPENDED> {
        Make { name: self.name.clone(), seen: 1, text: self.text.clone() }
    }
}

/// A change that forgot its line of the audit.
struct Silent(Make<VERSIONED>);

impl Change for Silent {
    fn reads(&self) -> Vec<Key> {
        self.0.reads()
    }

    fn apply(&self, read: &Read, author: &Author, attempt: &Id, now: Instant) -> Result<Applied, String> {
        match self.0.apply(read, author, attempt, now)? {
            Applied::Writes(writes) => Ok(Applied::Writes(Writes { events: Vec::new(), ..writes })),
            other => Ok(other),
        }
    }
}
