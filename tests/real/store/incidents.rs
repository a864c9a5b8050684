//! Incidents written by several consoles at once, in both databases: nobody's change is lost, and who was late is told who was first.

use futures_util::future::join_all;
use quarterdeck::domain::incident::{Entry, EntryKind, Incident, Link, Role, Severity, Source, State, Transition};
use quarterdeck::domain::people::{Hours, Person, Team};
use quarterdeck::domain::store::{
    ChangeIncident, DeclareIncident, ENTRIES_OF, ImportPeople, PEOPLE, TEAMS, incident_of,
};
use quarterdeck::sources::store::Store;
use quarterdeck::sources::store::port::{WriteError, WriteStore};

use super::audit::{everything, flaws};
use super::place::{Kind, Place, author};

suite! {
    declared_at_once_each_has_a_number_of_its_own
    the_first_acknowledges_and_the_other_is_told_by_whom
    a_role_and_a_severity_have_one_winner
    what_changes_apart_is_all_kept
    two_that_merge_into_each_other_are_not_both_gone
    a_merge_is_taken_back_with_what_it_moved
    every_note_is_kept_in_a_line_of_its_own
    people_are_imported_all_or_none
}

fn declaring(title: &str) -> DeclareIncident {
    DeclareIncident {
        environment: "production".into(),
        title: title.into(),
        severity: Severity::Sev2,
        source: Source::UserReport,
        team: String::new(),
        impact: String::new(),
        impact_since: None,
        links: vec![Link::service(title)],
        similar_to: None,
        on_behalf_of: None,
        called: None,
    }
}

async fn declared(place: &Place, store: &Store, title: &str) -> Incident {
    let written = store.write(&author("kim"), &place.id(), &declaring(title)).await.expect("declared");
    written.one::<Incident>().expect("the incident")
}

fn change(number: u64, transition: Transition) -> ChangeIncident {
    ChangeIncident::of("production", number, transition)
}

fn noting(number: u64, text: &str) -> ChangeIncident {
    ChangeIncident { words: text.into(), ..change(number, Transition::Note) }
}

async fn now(store: &Store, number: u64) -> Incident {
    store.get(&incident_of(number)).await.expect("an answer").expect("the incident")
}

async fn entries(store: &Store, number: u64) -> Vec<Entry> {
    let mut all: Vec<Entry> = store.list(ENTRIES_OF, vec![number.into()], 1_000).await.expect("an answer");
    all.sort_by_key(|entry| entry.number);
    all
}

/// Both write at once: who wrote, and what the other was told.
async fn at_once(place: &Place, one: &ChangeIncident, other: &ChangeIncident) -> (&'static str, String) {
    let (mine, theirs) = (place.console(), place.console());
    let (mori, lee, ids) = (author("mori"), author("lee"), [place.id(), place.id()]);
    match tokio::join!(mine.write(&mori, &ids[0], one), theirs.write(&lee, &ids[1], other)) {
        (Ok(_), Err(WriteError::Conflict(words))) => ("mori", words),
        (Err(WriteError::Conflict(words)), Ok(_)) => ("lee", words),
        both => panic!("one of two wins: {both:?}"),
    }
}

mod cases {
    use super::*;

    pub(super) async fn declared_at_once_each_has_a_number_of_its_own(place: Place) {
        let stores: Vec<Store> = (0..4).map(|_| place.console()).collect();
        let declares = stores.iter().map(|store| async {
            let mut numbers = Vec::new();
            for _ in 0..4 {
                let made = declared(&place, store, "checkout").await;
                assert_eq!((made.version, made.declared_by.as_str()), (1, "kim"));
                numbers.push(made.number);
            }
            numbers
        });
        let mut numbers = join_all(declares).await.concat();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
        let attempt = place.id();
        for _ in 0..2 {
            let again = stores[0].write(&author("kim"), &attempt, &declaring("once")).await.expect("declared");
            assert_eq!(again.one::<Incident>().map(|one| one.number), Some(17), "a lost answer declares nothing twice");
        }
        assert_eq!(flaws(&stores[0]).await, Vec::<String>::new());
    }

    pub(super) async fn the_first_acknowledges_and_the_other_is_told_by_whom(place: Place) {
        let store = place.console();
        for _ in 0..4 {
            let number = declared(&place, &store, "checkout").await.number;
            let acknowledge = change(number, Transition::Acknowledge);
            let (winner, told) = at_once(&place, &acknowledge, &acknowledge).await;
            assert!(
                told.contains(&format!("{winner} acknowledged it at")) && told.contains("Nothing was written"),
                "{told}"
            );
            let kept = now(&store, number).await;
            let by = kept.acknowledged.map(|stamp| stamp.by);
            assert_eq!((by.as_deref(), kept.state), (Some(winner), State::Acknowledged));
            assert_eq!(entries(&store, number).await.len(), 1, "who lost left no line");
        }
    }

    pub(super) async fn a_role_and_a_severity_have_one_winner(place: Place) {
        let store = place.console();
        let number = declared(&place, &store, "checkout").await.number;
        let command = |to: &str| {
            let role = Role::Commander;
            change(number, Transition::Role { role, from: None, to: Some(to.into()) })
        };
        let (winner, told) = at_once(&place, &command("mori"), &command("lee")).await;
        assert!(told.contains(&format!("{winner} is commander since")), "{told}");
        assert_eq!(now(&store, number).await.commander(), Some(winner));
        let severity = |to| change(number, Transition::Severity { from: Severity::Sev2, to });
        let (winner, told) = at_once(&place, &severity(Severity::Sev1), &severity(Severity::Sev3)).await;
        let kept = now(&store, number).await.severity;
        assert_eq!(kept, if winner == "mori" { Severity::Sev1 } else { Severity::Sev3 });
        assert!(told.contains(kept.name()), "{told}");
        assert_eq!(everything(&store).await.len(), 3, "a line for each that was written");
    }

    pub(super) async fn what_changes_apart_is_all_kept(place: Place) {
        let store = place.console();
        let number = declared(&place, &store, "checkout").await.number;
        let role = |role, to: &str| Transition::Role { role, from: None, to: Some(to.into()) };
        let transitions = vec![
            Transition::Acknowledge,
            role(Role::Commander, "mori"),
            role(Role::Scribe, "lee"),
            Transition::Severity { from: Severity::Sev2, to: Severity::Sev1 },
            Transition::Tick { item: "fix".into(), is_done: true },
            Transition::Tick { item: "test".into(), is_done: true },
            Transition::Link(Link::service("payments")),
            Transition::Assign { from: None, to: Some("kim".into()) },
        ];
        let count = transitions.len();
        let writes = transitions.into_iter().map(|transition| {
            let (console, id, place) = (place.console(), place.id(), &place);
            async move {
                let _ = place;
                console.write(&author("mori"), &id, &change(number, transition)).await.expect("nobody is in the way")
            }
        });
        join_all(writes).await;
        let kept = now(&store, number).await;
        assert_eq!(
            (kept.commander(), kept.severity, kept.assignee.as_deref()),
            (Some("mori"), Severity::Sev1, Some("kim"))
        );
        assert_eq!((kept.roles.len(), kept.ticked.len(), kept.services().count()), (2, 2, 2));
        assert_eq!((kept.state, kept.version), (State::Acknowledged, 1 + count as u64));
        let numbers: Vec<u64> = entries(&store, number).await.iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, (1..=count as u64).collect::<Vec<_>>());
        assert_eq!(flaws(&store).await, Vec::<String>::new());
    }

    pub(super) async fn two_that_merge_into_each_other_are_not_both_gone(place: Place) {
        let store = place.console();
        let (one, other) = (declared(&place, &store, "a").await.number, declared(&place, &store, "b").await.number);
        let merge = |number, into| change(number, Transition::Merge { into });
        let (winner, told) = at_once(&place, &merge(one, other), &merge(other, one)).await;
        let (gone, open) = if winner == "mori" { (one, other) } else { (other, one) };
        assert_eq!((now(&store, gone).await.state, now(&store, open).await.state), (State::Merged, State::Triggered));
        assert!(told.contains("merged"), "{told}");
    }

    pub(super) async fn a_merge_is_taken_back_with_what_it_moved(place: Place) {
        let store = place.console();
        let (one, other) = (declared(&place, &store, "a").await.number, declared(&place, &store, "b").await.number);
        store
            .write(&author("mori"), &place.id(), &change(one, Transition::Merge { into: other }))
            .await
            .expect("merged");
        assert_eq!(now(&store, other).await.services().collect::<Vec<_>>(), ["b", "a"]);
        let kinds: Vec<EntryKind> = entries(&store, other).await.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [EntryKind::Merged], "both timelines tell of it");
        let back = change(one, Transition::Unmerge { into: other });
        store.write(&author("lee"), &place.id(), &back).await.expect("taken back");
        assert_eq!(now(&store, other).await.services().collect::<Vec<_>>(), ["b"]);
        assert_eq!(now(&store, one).await.state, State::Triggered);
    }

    pub(super) async fn every_note_is_kept_in_a_line_of_its_own(place: Place) {
        let store = place.console();
        let number = declared(&place, &store, "checkout").await.number;
        let notes =
            (0..12).map(|nth| {
                let (console, id) = (place.console(), place.id());
                async move {
                    console.write(&author("mori"), &id, &noting(number, &format!("note {nth}"))).await.expect("noted")
                }
            });
        join_all(notes).await;
        let kept = entries(&store, number).await;
        let mut texts: Vec<&str> = kept.iter().map(|entry| entry.words.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!((kept.len(), texts.len()), (12, 12));
        let hostile = noting(number, "決済 \u{1b}[2J\u{202e} '; drop table incident; -- ");
        store.write(&author("mori"), &place.id(), &hostile).await.expect("noted");
        let shown = entries(&store, number).await.pop().expect("a line").words;
        assert!(shown.contains("drop table") && !shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
        for (text, words) in
            [("x".repeat(64 * 1024 + 1), "bytes long"), ("a\0b".into(), "NUL"), (String::new(), "empty")]
        {
            let refused = store.write(&author("mori"), &place.id(), &noting(number, &text)).await;
            assert!(matches!(&refused, Err(WriteError::Refused(why)) if why.contains(words)), "{words}: {refused:?}");
        }
        assert_eq!(entries(&store, number).await.len(), 13, "what was refused left no line");
    }

    pub(super) async fn people_are_imported_all_or_none(place: Place) {
        let (mine, other) = (place.console(), place.console());
        let person = |handle: &str, version| Person {
            handle: handle.into(),
            name: handle.into(),
            zone: "Asia/Tokyo".into(),
            reach: Vec::new(),
            role: String::new(),
            is_on_call: true,
            level: Some(1),
            has_left: false,
            version,
        };
        let team = Team {
            name: "shop".into(),
            zone: "Asia/Tokyo".into(),
            hours: Hours::default(),
            holidays: vec!["2026-12-25".into()],
            members: vec!["mori".into()],
            owners: vec!["mori".into()],
            version: 0,
        };
        let import = |people, teams| ImportPeople {
            people,
            teams,
            schedules: Vec::new(),
            policies: Vec::new(),
            file: "people.toml".into(),
            on_behalf_of: None,
        };
        let first = import(vec![person("mori", 0)], vec![team.clone()]);
        mine.write(&author("mori"), &place.id(), &first).await.expect("imported");
        // One of the two was changed meanwhile: neither is written.
        let stale = import(vec![person("lee", 0), person("mori", 0)], Vec::new());
        let refused = other.write(&author("lee"), &place.id(), &stale).await;
        assert!(matches!(&refused, Err(WriteError::Conflict(words)) if words.contains("person mori")), "{refused:?}");
        let people: Vec<Person> = other.list(PEOPLE, Vec::new(), 10).await.expect("an answer");
        assert_eq!(people, [person("mori", 1)]);
        let teams: Vec<Team> = other.list(TEAMS, Vec::new(), 10).await.expect("an answer");
        assert_eq!(teams, [Team { version: 1, ..team }]);
    }
}
