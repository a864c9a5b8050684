//! What a store does, whichever database it is: one suite for SQLite, PostgreSQL, and PostgreSQL behind pgbouncer.

use std::time::Duration;

use chrono::TimeDelta;
use quarterdeck::domain::store::{
    AnnotationKind, AuditEntry, AuditEvent, AuditKind, AuditLine, AuditSearch, ChainCheck, Head, Id, NewAnnotation,
    NewNote, ReleaseSeen,
};
use quarterdeck::sources::store::Store;
use quarterdeck::sources::store::port::{ReadStore, WriteError, WriteStore};

use super::place::{Kind, Place, alert, author, now};

macro_rules! suite {
    ($($case:ident)+) => {
        $(mod $case {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(place) = Place::new(Kind::Sqlite) { super::cases::$case(place).await }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(place) = Place::new(Kind::Postgres) { super::cases::$case(place).await }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn pgbouncer() {
                if let Some(place) = Place::new(Kind::Pooled) { super::cases::$case(place).await }
            }
        })+
    };
}

suite! {
    seen_by_the_other_console
    the_second_writer_is_told
    written_again_is_written_once
    taken_over_given_back_run_out
    notes_keep_who_said_what
    what_cannot_be_stored_is_refused
    marks_of_a_time
    releases_are_merged
    every_change_has_its_line
    the_audit_is_searched
    a_chain_is_taken_over_once
    the_audit_is_append_only
    changes_are_told
    time_is_the_stores
    a_read_only_console_writes_nothing
    many_consoles_at_once
}

async fn everything(store: &Store) -> Vec<AuditEntry> {
    store.audit_after(0, 10_000).await.expect("the audit")
}

/// What is wrong with every chain, and with the order of the whole.
async fn flaws(store: &Store) -> Vec<String> {
    let entries = everything(store).await;
    let mut found = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        if entry.position != place as u64 + 1 {
            found.push(format!("position {} at place {place}", entry.position));
        }
    }
    for (chain, head) in store.audit_heads("").await.expect("heads") {
        let mut check = ChainCheck::default();
        found.extend(
            entries
                .iter()
                .filter(|entry| entry.chain == chain)
                .filter_map(|entry| check.next(entry))
                .map(|flaw| format!("{flaw:?}")),
        );
        found.extend(check.end(&chain, Some(&head)).map(|flaw| format!("{flaw:?}")));
    }
    found
}

/// A chain as a journal writes one.
fn chain(count: usize) -> Vec<AuditLine> {
    let mut head: Option<Head> = None;
    let mut lines = Vec::new();
    for place in 0..count {
        let event = AuditEvent {
            kind: AuditKind::Action,
            what: "confirmed".into(),
            subject: alert("f"),
            words: format!("step {place}"),
        };
        let line = AuditLine::after(head.as_ref(), &Id::stored("A"), &event, &author("mori"), now());
        head = Some(Head { seq: line.seq, hash: line.hash.clone() });
        lines.push(line);
    }
    lines
}

mod cases {
    use super::*;

    pub(super) async fn seen_by_the_other_console(place: Place) {
        let (mine, other) = (place.console(), place.console());
        assert_eq!(other.acknowledgement("production", "f1").await, Ok(None), "an empty store answers");
        let taken = mine.acknowledge(&author("mori"), &place.taking("f1", 0)).await.expect("taken");
        let seen = other.acknowledgement("production", "f1").await.expect("an answer").expect("it is there");
        assert_eq!(seen, taken);
        assert_eq!((seen.by.as_str(), seen.version, seen.note.as_str()), ("mori", 1, "looking at 決済"));
        assert_eq!(other.acknowledgement("staging", "f1").await, Ok(None), "the same alert elsewhere is another");
        assert_eq!(other.acknowledgements("production", 10).await.expect("a list").len(), 1);
    }

    pub(super) async fn the_second_writer_is_told(place: Place) {
        let (mine, other) = (place.console(), place.console());
        let (mori, lee) = (author("mori"), author("lee"));
        for round in 0..5 {
            let fingerprint = format!("f{round}");
            let (first, second) = (place.taking(&fingerprint, 0), place.taking(&fingerprint, 0));
            let outcomes = tokio::join!(mine.acknowledge(&mori, &first), other.acknowledge(&lee, &second));
            let (won, lost) = match outcomes {
                (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
                both => panic!("one of two wins: {both:?}"),
            };
            let WriteError::Conflict(words) = &lost else { panic!("{lost:?}") };
            assert!(words.starts_with(&won.by) && words.contains("nothing was written"), "{words}");
            let kept = mine.acknowledgement("production", &fingerprint).await.expect("an answer");
            assert_eq!(kept, Some(won), "the winner's is untouched");
        }
        assert_eq!(everything(&mine).await.len(), 5, "who lost left no line");
    }

    pub(super) async fn written_again_is_written_once(place: Place) {
        let (store, mori) = (place.console(), author("mori"));
        let new = place.taking("f", 0);
        let taken = store.acknowledge(&mori, &new).await.expect("taken");
        assert_eq!(store.acknowledge(&mori, &new).await, Ok(taken.clone()));
        let note = NewNote { id: place.id(), subject: alert("f"), text: "a\nb".into() };
        let written = store.add_note(&mori, &note).await.expect("a note");
        assert_eq!(store.add_note(&mori, &note).await, Ok(written.clone()));
        let attempt = place.id();
        let edited = store.edit_note(&mori, &attempt, &written, Some("c")).await.expect("edited");
        assert_eq!(store.edit_note(&mori, &attempt, &written, Some("c")).await, Ok(edited));
        let attempt = place.id();
        let back = store.withdraw_acknowledgement(&mori, &attempt, &taken).await.expect("given back");
        assert_eq!(store.withdraw_acknowledgement(&mori, &attempt, &taken).await, Ok(back));
        let mark = NewAnnotation {
            id: place.id(),
            subject: alert("f"),
            kind: AnnotationKind::Deploy,
            at: None,
            words: "v2".into(),
        };
        let made = store.annotate(&mori, &mark).await.expect("a mark");
        assert_eq!(store.annotate(&mori, &mark).await, Ok(made));
        let attempt = place.id();
        let event = |words: &str| AuditEvent {
            kind: AuditKind::Security,
            what: "refused".into(),
            subject: alert("f"),
            words: words.into(),
        };
        for _ in 0..2 {
            store.note_events(&mori, &attempt, &[event("a"), event("b")]).await.expect("noted");
        }
        assert_eq!(everything(&store).await.len(), 7);
        assert_eq!(flaws(&store).await, Vec::<String>::new());
    }

    pub(super) async fn taken_over_given_back_run_out(place: Place) {
        let (store, mori, lee) = (place.console(), author("mori"), author("lee"));
        let taken = store.acknowledge(&mori, &place.taking("f", 0)).await.expect("taken");
        let over = store.acknowledge(&lee, &place.taking("f", taken.version)).await.expect("taken over");
        assert_eq!((over.by.as_str(), over.version), ("lee", 2));
        let late = store.withdraw_acknowledgement(&mori, &place.id(), &taken).await;
        assert!(
            matches!(&late, Err(WriteError::Conflict(words)) if words.contains("lee took HighErrorRate")),
            "{late:?}"
        );
        let back = store.withdraw_acknowledgement(&lee, &place.id(), &over).await.expect("given back");
        assert_eq!(back.withdrawn.as_ref().map(|back| back.by.as_str()), Some("lee"));
        assert_eq!(
            (back.by.as_str(), back.note.as_str(), back.version),
            ("lee", "looking at 決済", 3),
            "what was said stays"
        );
        let twice = store.withdraw_acknowledgement(&lee, &place.id(), &back).await;
        assert!(matches!(&twice, Err(WriteError::Conflict(words)) if words.contains("lee gave")), "{twice:?}");
        let mut short = place.taking("f", 3);
        short.holds_for = Some(TimeDelta::hours(2));
        let short = store.acknowledge(&mori, &short).await.expect("taken again");
        assert_eq!(short.until, Some(short.at + TimeDelta::hours(2)), "counted from the store's time");
        assert!(short.withdrawn.is_none() && short.is_live(short.at));
        let words: Vec<String> = everything(&store).await.into_iter().map(|entry| entry.line.words).collect();
        assert!(words[1].contains("taken from mori"), "{words:?}");
    }

    pub(super) async fn notes_keep_who_said_what(place: Place) {
        let (store, mori, lee) = (place.console(), author("mori"), author("lee"));
        let text = "first line\n\u{1b}[31m二行目\u{202e}";
        let note = store
            .add_note(&mori, &NewNote { id: place.id(), subject: alert("f"), text: text.into() })
            .await
            .expect("a note");
        let list = store.notes(&alert("f"), 10).await.expect("a list");
        assert_eq!(list[0].text, "first line\n[31m二行目", "what steers a terminal does not come out again");
        let edited = store.edit_note(&lee, &place.id(), &note, Some("better")).await.expect("edited");
        assert_eq!((edited.by.as_str(), edited.edited.as_ref().map(|edit| edit.by.as_str())), ("mori", Some("lee")));
        let late = store.edit_note(&mori, &place.id(), &note, Some("mine")).await;
        assert!(
            matches!(&late, Err(WriteError::Conflict(words)) if words.contains("lee changed the note") && words.contains("your text is still yours")),
            "{late:?}"
        );
        store
            .add_note(&lee, &NewNote { id: place.id(), subject: alert("f"), text: "second".into() })
            .await
            .expect("a note");
        let back = store.edit_note(&mori, &place.id(), &edited, None).await.expect("withdrawn");
        assert_eq!((back.text.as_str(), back.withdrawn.is_some()), ("", true));
        let list = store.notes(&alert("f"), 10).await.expect("a list");
        assert_eq!(list.iter().map(|note| note.text.as_str()).collect::<Vec<_>>(), ["second", ""], "newest first");
        assert_eq!(list[1], back);
        assert_eq!(store.notes(&alert("g"), 10).await, Ok(Vec::new()));
        let audit = everything(&store).await;
        assert!(
            !audit.iter().any(|entry| entry.line.text.contains("better")),
            "what was taken back is not kept elsewhere"
        );
    }

    pub(super) async fn what_cannot_be_stored_is_refused(place: Place) {
        let (store, mori) = (place.console(), author("mori"));
        let note = |text: String| NewNote { id: place.id(), subject: alert("f"), text };
        for (text, words) in
            [(String::new(), "is empty"), ("a\0".to_owned(), "NUL"), ("x".repeat(70_000), "70000 bytes")]
        {
            let refused = store.add_note(&mori, &note(text)).await;
            assert!(matches!(&refused, Err(WriteError::Refused(said)) if said.contains(words)), "{refused:?}");
        }
        let mut long = place.taking("f", 0);
        long.holds_for = Some(TimeDelta::days(4_000));
        assert!(matches!(store.acknowledge(&mori, &long).await, Err(WriteError::Refused(_))));
        let nameless = store.acknowledge(&author(""), &place.taking("f", 0)).await;
        assert!(matches!(nameless, Err(WriteError::Refused(_))), "somebody has to be named");
        assert_eq!(store.add_note(&mori, &note("x".repeat(60_000))).await.map(|note| note.text.len()), Ok(60_000));
        assert_eq!(everything(&store).await.len(), 1);
    }

    pub(super) async fn marks_of_a_time(place: Place) {
        let (store, mori) = (place.console(), author("mori"));
        let then = now() - TimeDelta::hours(3);
        for (minutes, words) in [(0, "one"), (10, "two"), (20, "three")] {
            let mark = NewAnnotation {
                id: place.id(),
                subject: alert("f"),
                kind: AnnotationKind::Scaling,
                at: Some(then + TimeDelta::minutes(minutes)),
                words: words.into(),
            };
            let made = store.annotate(&mori, &mark).await.expect("a mark");
            assert_eq!(made.at, then + TimeDelta::minutes(minutes));
            assert!(made.recorded_at > made.at);
        }
        let found = store.annotations("production", then, then + TimeDelta::minutes(20), 10).await.expect("a list");
        assert_eq!(
            found.iter().map(|mark| mark.words.as_str()).collect::<Vec<_>>(),
            ["two", "one"],
            "the end is not part of it"
        );
        assert_eq!(found[0].kind, AnnotationKind::Scaling);
        assert_eq!(store.annotations("staging", then, now(), 10).await, Ok(Vec::new()));
    }

    pub(super) async fn releases_are_merged(place: Place) {
        let store = place.console();
        let seen = |minutes: i64, healthy: Option<i64>| ReleaseSeen {
            cluster: "c".into(),
            revision_uid: "u".into(),
            environment: "production".into(),
            workload: "shop/deployment/checkout".into(),
            revision: Some(7),
            images: vec!["checkout:2".into()],
            seen_at: now() - TimeDelta::days(1) + TimeDelta::minutes(minutes),
            healthy_at: healthy.map(|minutes| now() - TimeDelta::days(1) + TimeDelta::minutes(minutes)),
        };
        let (first, second, third) = (seen(10, None), seen(5, Some(30)), seen(60, Some(20)));
        for one in [&first, &second, &third, &first] {
            store.remember_releases(std::slice::from_ref(one)).await.expect("remembered");
        }
        let found = store.releases("c", "shop/deployment/checkout", 10).await.expect("a list");
        assert_eq!(found, [ReleaseSeen { seen_at: second.seen_at, healthy_at: third.healthy_at, ..first }]);
        assert_eq!(store.releases("d", "shop/deployment/checkout", 10).await, Ok(Vec::new()), "another cluster");
        assert_eq!(everything(&store).await.len(), 0, "what consoles see is no change");
    }

    pub(super) async fn every_change_has_its_line(place: Place) {
        let (mine, other) = (place.console(), place.console());
        let taken = mine.acknowledge(&author("mori"), &place.taking("f", 0)).await.expect("taken");
        other.acknowledge(&author("lee"), &place.taking("f", 1)).await.expect("taken over");
        let event = AuditEvent {
            kind: AuditKind::Configuration,
            what: "configuration read".into(),
            subject: alert("f"),
            words: "\0 \"quoted\"\n".into(),
        };
        mine.note_events(&author("mori"), &place.id(), &[event]).await.expect("noted");
        let lines = everything(&mine).await;
        let told: Vec<_> =
            lines.iter().map(|entry| (entry.line.what.as_str(), entry.line.actor.as_str(), entry.line.seq)).collect();
        assert_eq!(told, [("acknowledged", "mori", 1), ("acknowledged", "lee", 1), ("configuration read", "mori", 2)]);
        assert_ne!(lines[0].chain, lines[1].chain, "a chain per writer");
        assert_eq!(lines[0].line.at, taken.at);
        assert!(lines[0].line.text.contains("mori@bastion"));
        let is_shared = place.kind != Kind::Sqlite;
        assert_eq!(lines[0].session_user, if is_shared { "quarterdeck" } else { "" });
        assert_eq!(flaws(&mine).await, Vec::<String>::new());
    }

    pub(super) async fn the_audit_is_searched(place: Place) {
        let store = place.console();
        let event = |kind, what: &str, words: &str| AuditEvent {
            kind,
            what: what.into(),
            subject: alert("f"),
            words: words.into(),
        };
        let began = now();
        store
            .note_events(
                &author("mori"),
                &place.id(),
                &[
                    event(AuditKind::User, "session opened", "ÄRGER im Netz"),
                    event(AuditKind::Security, "refused", "100%_ 決済"),
                ],
            )
            .await
            .expect("noted");
        store.acknowledge(&author("lee"), &place.taking("f", 0)).await.expect("taken");
        let found = async |search: AuditSearch| {
            let limit = if search.limit == 0 { 10 } else { search.limit };
            let found = store.audit(&AuditSearch { limit, ..search }).await.expect("a list");
            found.into_iter().map(|entry| entry.position).collect::<Vec<_>>()
        };
        let none = AuditSearch::default;
        assert_eq!(found(none()).await, [3, 2, 1]);
        assert_eq!(found(AuditSearch { limit: 2, ..none() }).await, [3, 2]);
        assert_eq!(found(AuditSearch { before: Some(2), ..none() }).await, [1]);
        assert_eq!(found(AuditSearch { kind: Some(AuditKind::Security), ..none() }).await, [2]);
        assert_eq!(found(AuditSearch { actor: Some("lee".into()), ..none() }).await, [3]);
        assert_eq!(found(AuditSearch { environment: Some("staging".into()), ..none() }).await, Vec::<u64>::new());
        assert_eq!(
            found(AuditSearch { environment: Some("production".into()), text: Some("ärger".into()), ..none() }).await,
            [1]
        );
        assert_eq!(found(AuditSearch { text: Some("%_ 決済".into()), ..none() }).await, [2], "no sign is a wildcard");
        assert_eq!(found(AuditSearch { text: Some("' or 1=1 --".into()), ..none() }).await, Vec::<u64>::new());
        assert_eq!(found(AuditSearch { since: Some(began - TimeDelta::minutes(1)), ..none() }).await, [3, 2, 1]);
        assert_eq!(
            found(AuditSearch { until: Some(began - TimeDelta::minutes(1)), ..none() }).await,
            Vec::<u64>::new()
        );
    }

    pub(super) async fn a_chain_is_taken_over_once(place: Place) {
        let (mine, other) = (place.console(), place.console());
        let lines = chain(400);
        assert_eq!(mine.replay("journal/x", &lines[..100]).await.map(|head| head.map(|head| head.seq)), Ok(Some(100)));
        // Two consoles of one machine, and one of them twice.
        let (all, most, again) = tokio::join!(
            mine.replay("journal/x", &lines),
            other.replay("journal/x", &lines[..250]),
            other.replay("journal/x", &lines[50..])
        );
        for outcome in [all, most, again] {
            // A part that does not begin where the chain ends yet is refused and given again later.
            assert!(matches!(outcome, Ok(_) | Err(WriteError::Refused(_))), "{outcome:?}");
        }
        let head = other.replay("journal/x", &lines).await.expect("taken over").expect("a head");
        assert_eq!((head.seq, &head.hash), (400, &lines[399].hash));
        let kept = everything(&mine).await;
        assert_eq!(kept.iter().map(|entry| &entry.line).collect::<Vec<_>>(), lines.iter().collect::<Vec<_>>());

        let mut changed = lines.clone();
        changed[10] = chain(11).pop().expect("a line");
        let refused = mine.replay("journal/x", &changed).await;
        assert!(
            matches!(&refused, Err(WriteError::Refused(words)) if words.contains("line 11 of journal/x is another")),
            "{refused:?}"
        );
        let gap = mine.replay("journal/y", &lines[1..]).await;
        assert!(matches!(&gap, Err(WriteError::Refused(words)) if words.contains("line 2 of journal/y")), "{gap:?}");
        let mut forged = chain(1);
        forged[0].text = forged[0].text.replace("mori", "rico");
        assert!(matches!(mine.replay("journal/z", &forged).await, Err(WriteError::Refused(_))));
        assert_eq!(mine.replay("journal/y", &[]).await, Ok(None), "nothing is nothing");
        assert_eq!(everything(&mine).await.len(), 400);
        assert_eq!(flaws(&mine).await, Vec::<String>::new());
        let heads = mine.audit_heads("journal/").await.expect("heads");
        assert_eq!(heads, [("journal/x".to_owned(), head)]);
        assert_eq!(mine.audit_heads("store/").await, Ok(Vec::new()));
    }

    pub(super) async fn the_audit_is_append_only(place: Place) {
        let store = place.console();
        for version in 0..3 {
            store.acknowledge(&author("mori"), &place.taking("f", version)).await.expect("taken");
        }
        let before = everything(&store).await;
        for statement in [
            "update quarterdeck.audit set actor = 'rico' where position = 2",
            "delete from quarterdeck.audit where position = 3",
            "delete from quarterdeck.audit where position = 99",
            "update quarterdeck.audit_head set seq = 1",
            "delete from quarterdeck.audit_head",
            "insert into quarterdeck.audit_head (chain, seq, hash) values ('x', 1, 'y')",
        ] {
            let outcome = place.raw(statement);
            // A statement that finds no row changes nothing in SQLite, whose triggers are about rows.
            let is_moot = place.kind == Kind::Sqlite && statement.contains("99");
            assert!(
                is_moot
                    || outcome
                        .as_ref()
                        .is_err_and(|said| said.contains("append-only") || said.contains("with its lines only")),
                "{statement}: {outcome:?}"
            );
        }
        let columns = "position, chain, seq, prev, hash, at, recorded_at, written_by, kind, what, actor, environment, about, words, haystack, line";
        let forged = format!(
            "insert into quarterdeck.audit ({columns}) select position + 9, chain, seq, prev, hash, at, recorded_at, written_by, kind, what, actor, environment, about, words, haystack, line from quarterdeck.audit where position = 2"
        );
        let outcome = place.raw(&forged);
        assert!(outcome.as_ref().is_err_and(|said| said.contains("does not continue here")), "{outcome:?}");
        if place.kind != Kind::Sqlite {
            assert!(place.raw("truncate quarterdeck.audit").is_err_and(|said| said.contains("append-only")));
        }
        assert_eq!(everything(&store).await, before);
        // Who owns the database can take the triggers away; what they change then is found.
        let (off, on) = match place.kind {
            Kind::Sqlite => ("drop trigger audit_no_update", ""),
            _ => (
                "alter table quarterdeck.audit disable trigger all",
                "alter table quarterdeck.audit enable trigger all",
            ),
        };
        place.raw(off).expect("the owner may");
        place.raw("update quarterdeck.audit set actor = 'rico' where position = 2").expect("the owner may");
        place.raw(on).expect("the owner may");
        let found = flaws(&store).await;
        assert!(found.len() == 1 && found[0].contains("stored beside the line was changed"), "{found:?}");
    }

    pub(super) async fn changes_are_told(place: Place) {
        let (mine, other) = (place.console(), place.console());
        let empty = mine.changes(0).await.expect("an answer");
        assert!(empty.is_whole && empty.acknowledgements.is_empty() && empty.position == 0);
        let one = other.acknowledge(&author("lee"), &place.taking("f", 0)).await.expect("taken");
        let two = other.acknowledge(&author("lee"), &place.taking("g", 0)).await.expect("taken");
        let told = mine.changes(0).await.expect("an answer");
        assert_eq!((told.acknowledgements.len(), told.position), (2, 2));
        let back = other.withdraw_acknowledgement(&author("lee"), &place.id(), &one).await.expect("given back");
        let mark = NewAnnotation {
            id: place.id(),
            subject: alert("f"),
            kind: AnnotationKind::Deploy,
            at: None,
            words: "v2".into(),
        };
        other.annotate(&author("lee"), &mark).await.expect("a mark");
        let told = mine.changes(2).await.expect("an answer");
        assert!(!told.is_whole);
        assert_eq!((told.acknowledgements, told.position), (vec![back], 4), "what was given back is told too");
        assert_eq!(told.annotations.len(), 1);
        let whole = mine.changes(0).await.expect("an answer");
        assert_eq!(whole.acknowledgements, [two], "only who has it now");
        let quiet = mine.changes(4).await.expect("an answer");
        assert!(quiet.acknowledgements.is_empty() && quiet.annotations.is_empty() && !quiet.is_whole);
        let another = mine.changes(77).await.expect("an answer");
        assert!(another.is_whole && another.position == 4, "a store that went back is read anew");

        // Whoever waits is woken, by a notification or by looking.
        let waiting = async {
            let mut since = 4;
            while since < 5 {
                mine.changed().await;
                since = mine.changes(since).await.expect("an answer").position;
            }
        };
        let taking = async { other.acknowledge(&author("lee"), &place.taking("h", 0)).await };
        let (woken, written) = tokio::join!(tokio::time::timeout(Duration::from_secs(20), waiting), taking);
        assert!(woken.is_ok() && written.is_ok(), "{written:?}");
    }

    pub(super) async fn time_is_the_stores(place: Place) {
        let store = place.console();
        store.note_events(&author("mori"), &place.id(), &[]).await.expect("the tables are there");
        place.shift(5);
        let taken = store.acknowledge(&author("mori"), &place.taking("f", 0)).await.expect("taken");
        let ahead = (taken.at - now()).num_minutes();
        assert!((299..=301).contains(&ahead), "{ahead} minutes");
        let told = store.changes(0).await.expect("an answer");
        assert!((told.now - now()).num_minutes() >= 299);
        let line = everything(&store).await.pop().expect("a line");
        assert!((line.recorded_at - now()).num_minutes() >= 299 && line.line.at == taken.at);
        assert!((store.standing().await.expect("an answer").now - now()).num_minutes() >= 299);
    }

    pub(super) async fn a_read_only_console_writes_nothing(place: Place) {
        let reader = place.reader();
        // Before anybody else made the tables it cannot be read, or is found empty; nothing is made.
        let early = reader.acknowledgements("production", 10).await;
        match place.kind {
            Kind::Sqlite => assert_eq!(early, Ok(Vec::new())),
            _ => assert!(early.is_err_and(|error| error.sentence.contains("without --read-only"))),
        }
        assert!(!place.folder.path().join("store.db").exists());
        place.console().acknowledge(&author("mori"), &place.taking("f", 0)).await.expect("taken");
        let refused = reader.acknowledge(&author("lee"), &place.taking("f", 1)).await;
        assert!(matches!(&refused, Err(WriteError::Refused(words)) if words.contains("--read-only")), "{refused:?}");
        assert_eq!(reader.acknowledgements("production", 10).await.expect("a list").len(), 1);
    }

    pub(super) async fn many_consoles_at_once(place: Place) {
        let consoles: Vec<Store> = (0..6).map(|_| place.console()).collect();
        let work = consoles.iter().enumerate().map(|(number, console)| {
            let place = &place;
            async move {
                for round in 0..10 {
                    let fingerprint = format!("f{number}-{round}");
                    console.acknowledge(&author("mori"), &place.taking(&fingerprint, 0)).await.expect("taken");
                }
            }
        });
        futures_util::future::join_all(work).await;
        assert_eq!(everything(&consoles[0]).await.len(), 60);
        assert_eq!(consoles[0].acknowledgements("production", 100).await.expect("a list").len(), 60);
        assert_eq!(flaws(&consoles[0]).await, Vec::<String>::new());
    }
}
