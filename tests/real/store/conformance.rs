//! What a store does, whichever database it is: one suite for SQLite, PostgreSQL, and PostgreSQL behind pgbouncer.

use std::time::Duration;

use chrono::TimeDelta;
use quarterdeck::domain::store::{
    ANNOTATIONS_OF, Acknowledgement, Annotation, AnnotationKind, AuditEvent, AuditKind, NewAnnotation, Note,
    RELEASES_OF, ReleaseSeen, RememberReleases,
};
use quarterdeck::domain::time::Instant;
use quarterdeck::sources::store::Store;
use quarterdeck::sources::store::port::{ReadStore, WriteError, WriteStore};

use super::audit::{everything, flaws};
use super::place::{Kind, Place, Say, alert, author, now};

suite! {
    seen_by_the_other_console
    the_second_writer_is_told
    written_again_is_written_once
    taken_over_given_back_run_out
    notes_keep_who_said_what
    what_cannot_be_stored_is_refused
    marks_of_a_time
    releases_are_merged
    changes_are_told
    notes_are_told
    time_is_the_stores
    a_read_only_console_writes_nothing
    many_consoles_at_once
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
        let note = place.noting("f", "a\nb");
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
        short.1.holds_for = Some(TimeDelta::hours(2));
        let short = store.acknowledge(&mori, &short).await.expect("taken again");
        assert_eq!(short.until, Some(short.at + TimeDelta::hours(2)), "counted from the store's time");
        assert!(short.withdrawn.is_none() && short.is_live(short.at));
        let words: Vec<String> = everything(&store).await.into_iter().map(|entry| entry.line.words).collect();
        assert!(words[1].contains("taken from mori"), "{words:?}");
    }

    pub(super) async fn notes_keep_who_said_what(place: Place) {
        let (store, mori, lee) = (place.console(), author("mori"), author("lee"));
        let text = "first line\n\u{1b}[31m二行目\u{202e}";
        let note = store.add_note(&mori, &place.noting("f", text)).await.expect("a note");
        let list = store.notes(&alert("f"), 10).await.expect("a list");
        assert_eq!(list[0].text, "first line\n[31m二行目", "what steers a terminal does not come out again");
        let edited = store.edit_note(&lee, &place.id(), &note, Some("better")).await.expect("edited");
        assert_eq!((edited.by.as_str(), edited.edited.as_ref().map(|edit| edit.by.as_str())), ("mori", Some("lee")));
        let late = store.edit_note(&mori, &place.id(), &note, Some("mine")).await;
        assert!(
            matches!(&late, Err(WriteError::Conflict(words)) if words.contains("lee changed the note") && words.contains("your text is still yours")),
            "{late:?}"
        );
        store.add_note(&lee, &place.noting("f", "second")).await.expect("a note");
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
        let note = |text: String| place.noting("f", &text);
        for (text, words) in
            [(String::new(), "is empty"), ("a\0".to_owned(), "NUL"), ("x".repeat(70_000), "70000 bytes")]
        {
            let refused = store.add_note(&mori, &note(text)).await;
            assert!(matches!(&refused, Err(WriteError::Refused(said)) if said.contains(words)), "{refused:?}");
        }
        let mut long = place.taking("f", 0);
        long.1.holds_for = Some(TimeDelta::days(4_000));
        assert!(matches!(store.acknowledge(&mori, &long).await, Err(WriteError::Refused(_))));
        let nameless = store.acknowledge(&author(""), &place.taking("f", 0)).await;
        assert!(matches!(nameless, Err(WriteError::Refused(_))), "somebody has to be named");
        assert!(store.add_note(&mori, &note("x".repeat(60_000))).await.is_ok());
        assert_eq!(everything(&store).await.len(), 1);
    }

    pub(super) async fn marks_of_a_time(place: Place) {
        let (store, mori) = (place.console(), author("mori"));
        let then = now() - TimeDelta::hours(3);
        let marks = |environment: &'static str, to: Instant| {
            store.list::<Annotation>(ANNOTATIONS_OF, [environment.into(), then.into(), to.into()], 10)
        };
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
        let found = marks("production", then + TimeDelta::minutes(20)).await.expect("a list");
        assert_eq!(
            found.iter().map(|mark| mark.words.as_str()).collect::<Vec<_>>(),
            ["two", "one"],
            "the end is not part of it"
        );
        assert_eq!(found[0].kind, AnnotationKind::Scaling);
        assert_eq!(marks("staging", now()).await, Ok(Vec::new()));
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
        let seen_in = |cluster: &'static str| {
            let by = [cluster.into(), "shop/deployment/checkout".into()];
            store.list::<ReleaseSeen>(RELEASES_OF, by, 10)
        };
        let (first, second, third) = (seen(10, None), seen(5, Some(30)), seen(60, Some(20)));
        for one in [&first, &second, &third, &first] {
            let change = RememberReleases(vec![one.clone()]);
            store.write(&author("quarterdeck"), &place.id(), &change).await.expect("remembered");
        }
        let found = seen_in("c").await.expect("a list");
        assert_eq!(found, [ReleaseSeen { seen_at: second.seen_at, healthy_at: third.healthy_at, ..first }]);
        assert_eq!(seen_in("d").await, Ok(Vec::new()), "another cluster");
        assert_eq!(everything(&store).await.len(), 0, "what consoles see is no change");
    }

    pub(super) async fn changes_are_told(place: Place) {
        let (mine, other) = (place.console(), place.console());
        let empty = mine.changes(0).await.expect("an answer");
        assert!(empty.is_whole && empty.of::<Acknowledgement>().is_empty() && empty.position == 0);
        let one = other.acknowledge(&author("lee"), &place.taking("f", 0)).await.expect("taken");
        let two = other.acknowledge(&author("lee"), &place.taking("g", 0)).await.expect("taken");
        let told = mine.changes(0).await.expect("an answer");
        assert_eq!((told.of::<Acknowledgement>().len(), told.position), (2, 2));
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
        assert_eq!((told.of::<Acknowledgement>(), told.position), (vec![back], 4), "what was given back is told too");
        assert_eq!(told.of::<Annotation>().len(), 1);
        let whole = mine.changes(0).await.expect("an answer");
        assert_eq!(whole.of::<Acknowledgement>(), [two], "only who has it now");
        let quiet = mine.changes(4).await.expect("an answer");
        assert!(quiet.of::<Acknowledgement>().is_empty() && quiet.of::<Annotation>().is_empty() && !quiet.is_whole);
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
        let (woken, written) = tokio::join!(tokio::time::timeout(Duration::from_secs(90), waiting), taking);
        assert!(woken.is_ok() && written.is_ok(), "{written:?}");
    }

    pub(super) async fn notes_are_told(place: Place) {
        let (mine, other) = (place.console(), place.console());
        let new = |name: &str| place.noting(name, "a\nb");
        let one = other.add_note(&author("lee"), &new("f")).await.expect("a note");
        let two = other.add_note(&author("lee"), &new("g")).await.expect("a note");
        let told = mine.changes(0).await.expect("an answer");
        assert_eq!((told.of::<Note>(), told.position), (vec![two.clone(), one.clone()], 2), "the last written first");
        let edited = other.edit_note(&author("mori"), &place.id(), &one, Some("c")).await.expect("edited");
        let back = other.edit_note(&author("lee"), &place.id(), &two, None).await.expect("taken back");
        let told = mine.changes(2).await.expect("an answer");
        assert_eq!((told.of::<Note>(), told.position, told.is_whole), (vec![edited.clone(), back], 4, false));
        let whole = mine.changes(0).await.expect("an answer");
        assert_eq!(whole.of::<Note>(), [edited], "what was taken back is not told to who begins");
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
