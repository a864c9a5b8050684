//! Escalations, overrides and hand-offs written by several consoles at once, in both databases: nothing that was stopped goes on waiting, and
//! who was late is told who was first.

use futures_util::future::join_all;
use quarterdeck::domain::incident::{Incident, Severity, Source, Transition};
use quarterdeck::domain::oncall::escalation::{Called, Level, PageState, Policy, Run, Target};
use quarterdeck::domain::oncall::{Handoff, HandoffStep, Override};
use quarterdeck::domain::store::{
    ChangeHandoff, ChangeIncident, DeclareIncident, NewOverride, OVERRIDES_SINCE, escalation_of, handoff_of,
};
use quarterdeck::domain::time::{self, Instant};
use quarterdeck::sources::store::Store;
use quarterdeck::sources::store::port::{WriteError, WriteStore};

use super::audit::flaws;
use super::place::{Kind, Place, author};

suite! {
    of_two_who_override_one_shift_at_once_one_is_told
    after_an_acknowledgement_nothing_waits_whoever_escalates_meanwhile
    a_run_keeps_the_policy_it_began_with
    a_handoff_is_taken_once
}

const LATER: i64 = 4_102_444_800;

fn called() -> Called {
    let level = |(after, name): (u32, &str)| Level { after, page: vec![Target::Person(name.to_owned())] };
    let levels = [(0, "ada"), (900, "ben"), (1_800, "cy")].map(level).to_vec();
    let policy = Policy { team: "shop".into(), levels, exhausted: 7_200, version: 3, ..Policy::nobody(Severity::Sev1) };
    let people = ["ada", "ben", "cy"].map(|name| (Target::Person(name.to_owned()), vec![name.to_owned()])).into();
    Called { policy, people, ..Called::nobody(Severity::Sev1) }
}

async fn declared(place: &Place, store: &Store) -> u64 {
    let declare = DeclareIncident {
        environment: "production".into(),
        title: "Checkout is down".into(),
        severity: Severity::Sev1,
        source: Source::Monitoring,
        team: "shop".into(),
        impact: String::new(),
        impact_since: None,
        links: Vec::new(),
        similar_to: None,
        on_behalf_of: None,
        called: Some(called()),
    };
    let written = store.write(&author("kim"), &place.id(), &declare).await.expect("declared");
    written.one::<Incident>().expect("the incident").number
}

fn change(number: u64, transition: Transition) -> ChangeIncident {
    ChangeIncident { called: Some(called()), ..ChangeIncident::of("production", number, transition) }
}

async fn run(store: &Store, number: u64) -> Run {
    store.get(&escalation_of(number)).await.expect("an answer").expect("a run")
}

fn later(hours: i64) -> Instant {
    time::from_seconds(LATER + hours * 3_600)
}

mod cases {
    use super::*;

    pub(super) async fn of_two_who_override_one_shift_at_once_one_is_told(place: Place) {
        let (mine, theirs) = (place.console(), place.console());
        let slot = |person: &str, seen| NewOverride {
            seen: Some(seen),
            ..NewOverride::slot("shop", "primary", Some(person), (Some(later(0)), later(8)))
        };
        for seen in 0..4 {
            let (mori, lee, ids) = (author("mori"), author("lee"), [place.id(), place.id()]);
            let (one, other) = (slot("ada", seen), slot("ben", seen));
            let outcomes = tokio::join!(mine.write(&mori, &ids[0], &one), theirs.write(&lee, &ids[1], &other));
            let told = match outcomes {
                (Ok(_), Err(WriteError::Conflict(words))) => ("mori", words),
                (Err(WriteError::Conflict(words)), Ok(_)) => ("lee", words),
                both => panic!("one of two wins: {both:?}"),
            };
            assert!(told.1.contains(&format!("{} wrote an override of shop/primary", told.0)), "{told:?}");
            let all: Vec<Override> = mine.list(OVERRIDES_SINCE, vec![later(0).into()], 100).await.expect("an answer");
            assert_eq!(all.len() as u64, seen + 1, "one of each pair stands");
        }
        assert_eq!(flaws(&mine).await, Vec::<String>::new());
    }

    pub(super) async fn after_an_acknowledgement_nothing_waits_whoever_escalates_meanwhile(place: Place) {
        let store = place.console();
        for _ in 0..4 {
            let number = declared(&place, &store).await;
            let transitions = vec![
                ("ada", Transition::Acknowledge),
                ("kim", Transition::Escalate),
                ("lee", Transition::Note),
                ("kim", Transition::AddResponder { person: "dee".into() }),
            ];
            let writes = transitions.into_iter().map(|(by, transition)| {
                let (console, id) = (place.console(), place.id());
                async move {
                    let words = if transition == Transition::Note { "looking" } else { "" };
                    let change = ChangeIncident { words: words.into(), ..change(number, transition) };
                    console.write(&author(by), &id, &change).await
                }
            });
            for outcome in join_all(writes).await {
                outcome.expect("nobody is in the way");
            }
            let kept = run(&store, number).await;
            let waits: Vec<&str> = kept.queued().map(|page| page.person.as_str()).collect();
            // Whoever was asked by name waits for their own answer. Who escalated after it was acknowledged meant to.
            let has_escalated_since =
                kept.pages.iter().any(|page| page.level == Some(2) && page.state == PageState::Queued);
            assert!(!waits.contains(&"ada"), "{kept:?}");
            assert!(waits.contains(&"dee") && waits.len() == 1 + usize::from(has_escalated_since), "{kept:?}");
            let change = change(number, Transition::Resolve);
            store.write(&author("ada"), &place.id(), &change).await.expect("resolved");
            assert_eq!(run(&store, number).await.queued().count(), 0);
        }
        assert_eq!(flaws(&store).await, Vec::<String>::new());
    }

    pub(super) async fn a_run_keeps_the_policy_it_began_with(place: Place) {
        let store = place.console();
        let number = declared(&place, &store).await;
        let mut later = called();
        later.policy.version = 9;
        let escalate = ChangeIncident { called: Some(later), ..change(number, Transition::Escalate) };
        store.write(&author("kim"), &place.id(), &escalate).await.expect("escalated");
        assert_eq!(run(&store, number).await.policy.version, 3);
    }

    pub(super) async fn a_handoff_is_taken_once(place: Place) {
        let store = place.console();
        let seen = || async {
            let held: Option<Handoff> = store.get(&handoff_of("shop", "primary", later(0))).await.expect("an answer");
            let new = || Handoff::new(("shop", "primary"), later(0), Some("ada".into()), Some("ben".into()));
            held.unwrap_or_else(new)
        };
        let doing = |seen: Handoff, step: HandoffStep| ChangeHandoff {
            environment: "production".into(),
            seen,
            step,
            on_behalf_of: None,
        };
        for item in ["briefing", "documents", "pending"] {
            let step = HandoffStep::Tick { item: item.into(), is_done: true };
            store.write(&author("ada"), &place.id(), &doing(seen().await, step)).await.expect("ticked");
        }
        let submit = HandoffStep::Submit { pending: vec!["incident 3".into()], words: "quiet".into() };
        store.write(&author("ada"), &place.id(), &doing(seen().await, submit)).await.expect("handed over");
        let accept = doing(seen().await, HandoffStep::Accept);
        let (mine, theirs, ids) = (place.console(), place.console(), [place.id(), place.id()]);
        let ben = author("ben");
        let outcomes = tokio::join!(mine.write(&ben, &ids[0], &accept), theirs.write(&ben, &ids[1], &accept));
        let told = match outcomes {
            (Ok(_), Err(WriteError::Conflict(words))) | (Err(WriteError::Conflict(words)), Ok(_)) => words,
            both => panic!("one of two wins: {both:?}"),
        };
        assert!(told.contains("nothing was written"), "{told}");
        let kept = seen().await;
        assert_eq!(kept.accepted.map(|stamp| stamp.by).as_deref(), Some("ben"));
        assert_eq!((kept.pending, kept.words.as_str()), (vec!["incident 3".to_owned()], "quiet"));
        assert_eq!(flaws(&store).await, Vec::<String>::new());
    }
}
