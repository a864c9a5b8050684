//! What every action on what stands in the store has to hold, whichever it is: one transaction, once, told, refused where nothing may be
//! written, found again where its answer was lost or its process died. An action is a line of the table.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use quarterdeck::actions::journal::{Journal, What, chains, unfinished};
use quarterdeck::actions::{Action, Executor, Options, Planner, StoreEyes, catalog};
use quarterdeck::config::StoreSettings;
use quarterdeck::domain::action::{Consent, Given, Phase, Plan, Run};
use quarterdeck::domain::store::fact::{Applied, Change, Read};
use quarterdeck::domain::store::{AuditLine, Author, Head, Id, SetPolicy, SetSchedule};
use quarterdeck::domain::subject::{BackupRef, IncidentRef, NamedRef, ScheduleRef, Subject, SubjectKind};
use quarterdeck::sources::Clock;
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::operate::NoHands;
use quarterdeck::sources::store::Store;
use quarterdeck::sources::store::port::{ReadStore, WriteError, WriteStore, Written};
use tokio::sync::{mpsc, watch};

use crate::gate::{action, apart, no_edit_of};
use crate::on_call::{ladder, shop};
use crate::silencing;
use crate::stage::now;

/// How an action is tried.
struct Tried {
    /// Its id.
    id: &'static str,
    /// What was done before, each with what was given.
    before: &'static [(&'static str, &'static [(&'static str, &'static str)])],
    /// What is given.
    given: &'static [(&'static str, &'static str)],
    /// Whether it says something once more each time, instead of making something so.
    is_said: bool,
}

const DECLARED: &[(&str, &[(&str, &str)])] = &[("declare", &[("title", "Checkout is down"), ("severity", "sev2")])];
const LINKED: &[(&str, &[(&str, &str)])] =
    &[("declare", &[("title", "Checkout is down"), ("severity", "sev2")]), ("link", &[("link", "service/checkout")])];
const RESOLVED: &[(&str, &[(&str, &str)])] =
    &[("declare", &[("title", "Checkout is down"), ("severity", "sev2")]), ("resolve", &[])];
/// The first of two is what is acted on.
const TWO: &[(&str, &[(&str, &str)])] = &[
    ("declare", &[("title", "Checkout is down"), ("severity", "sev2")]),
    ("declare", &[("title", "Payments are slow"), ("severity", "sev3")]),
];
const MERGED: &[(&str, &[(&str, &str)])] = &[
    ("declare", &[("title", "Checkout is down"), ("severity", "sev2")]),
    ("declare", &[("title", "Payments are slow"), ("severity", "sev3")]),
    ("merge", &[("into", "2")]),
];

const SWAP: &[(&str, &[(&str, &str)])] = &[("ask-swap", &[("role", "primary"), ("person", "ben"), ("as", "ada")])];
const GONE_THROUGH: &[(&str, &[(&str, &str)])] = &[
    ("tick-handoff", &[("role", "primary"), ("item", "briefing")]),
    ("tick-handoff", &[("role", "primary"), ("item", "documents")]),
    ("tick-handoff", &[("role", "primary"), ("item", "pending")]),
];
const HANDED_OVER: &[(&str, &[(&str, &str)])] = &[
    ("tick-handoff", &[("role", "primary"), ("item", "briefing")]),
    ("tick-handoff", &[("role", "primary"), ("item", "documents")]),
    ("tick-handoff", &[("role", "primary"), ("item", "pending")]),
    ("hand-off", &[("role", "primary")]),
];

const fn made(
    id: &'static str,
    before: &'static [(&'static str, &'static [(&'static str, &'static str)])],
    given: &'static [(&'static str, &'static str)],
) -> Tried {
    Tried { id, before, given, is_said: false }
}

const fn said(id: &'static str, given: &'static [(&'static str, &'static str)]) -> Tried {
    Tried { id, before: DECLARED, given, is_said: true }
}

const ALL: &[Tried] = &[
    Tried { is_said: true, ..made("declare", &[], &[("title", "Search is slow"), ("severity", "sev3")]) },
    made("acknowledge-incident", DECLARED, &[]),
    made("escalate", DECLARED, &[]),
    made("add-responder", DECLARED, &[("person", "ada")]),
    made("reassign", DECLARED, &[("person", "ada")]),
    made("snooze", DECLARED, &[("until", "2030-01-01T00:00:00Z")]),
    made("assign", DECLARED, &[("person", "ada")]),
    made("set-severity", DECLARED, &[("severity", "sev1")]),
    made("set-phase", DECLARED, &[("phase", "triage")]),
    made("take-role", DECLARED, &[("role", "commander")]),
    made("tick", DECLARED, &[("item", "impact")]),
    made("link", DECLARED, &[("link", "service/checkout")]),
    made("unlink", LINKED, &[("link", "service/checkout")]),
    made("resolve", DECLARED, &[]),
    made("reopen", RESOLVED, &[]),
    made("merge", TWO, &[("into", "2")]),
    made("unmerge", MERGED, &[]),
    made("add-window", &[], &[("cron", "0 3 * * *"), ("for", "30m")]),
    made("move-window", &[], &[("occurrence", "2026-11-25T02:00:00Z"), ("begins", "2026-11-25T05:00:00Z")]),
    made("cancel-window", &[], &[("occurrence", "2026-11-25T02:00:00Z")]),
    made("start-window", &[], &[]),
    made("finish-window", &[("start-window", &[])], &[]),
    Tried { is_said: true, ..made("tick-task", &[], &[]) },
    made("freeze", &[], &[("release", "2026-12-22")]),
    made("thaw", &[("freeze", &[("release", "2026-12-22")])], &[]),
    said("incident-note", &[("text", "it began with the release")]),
    said("post-update", &[("text", "we are on it"), ("audience", "customers")]),
    said("follow-up", &[("text", "alert on the queue"), ("owner", "ada")]),
    made("override-shift", &[], &[("role", "primary"), ("person", "eve"), ("until", "2030-01-01T00:00:00Z")]),
    made("take-shift", &[], &[("role", "primary"), ("as", "eve"), ("until", "2030-01-01T00:00:00Z")]),
    made(
        "temporary-schedule",
        &[],
        &[
            ("role", "primary"),
            ("from", "2029-01-01T00:00:00Z"),
            ("until", "2029-01-03T00:00:00Z"),
            ("shifts", "eve=2029-01-01T00:00:00Z/2029-01-02T00:00:00Z"),
        ],
    ),
    made("ask-swap", &[], &[("role", "primary"), ("person", "ben"), ("as", "ada")]),
    made("accept-swap", SWAP, &[("as", "ben")]),
    made("withdraw-override", SWAP, &[("number", "1")]),
    made("tick-handoff", &[], &[("role", "primary"), ("item", "briefing")]),
    made("hand-off", GONE_THROUGH, &[("role", "primary"), ("as", "ben")]),
    made("accept-handoff", HANDED_OVER, &[("role", "primary"), ("as", "ada")]),
    Tried { before: &[], ..said("record-backup", &[("bytes", "4096"), ("finished", "2020-01-01T00:00:00Z")]) },
    Tried { before: &[], ..said("record-restore-test", &[("result", "ok"), ("target", "0/5000000")]) },
];

/// A store, a journal, and consoles of it.
struct Rig {
    folder: tempfile::TempDir,
    store: Arc<Store>,
    clock: Clock,
}

/// A clock that stands still until somebody waits for it to go on: half a minute is not waited for here.
fn clock() -> Clock {
    let began = std::time::Instant::now();
    Arc::new(move || now() + TimeDelta::from_std(began.elapsed() * 20).unwrap_or_default())
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = clock();
        let store = Arc::new(Store::open(&StoreSettings::Embedded, folder.path(), &clock, false));
        Self { folder, store, clock }
    }

    fn planner(&self, grant: Result<(), String>) -> Planner {
        let listed = watch::Sender::default().subscribe();
        let store = Some(StoreEyes { store: self.store.clone(), listed: Arc::new(listed), grant });
        Planner { store, clock: self.clock.clone(), ..silencing::planner(Ok(Vec::new())) }
    }

    fn executor(&self, planner: Planner, hands: Arc<dyn WriteStore>) -> Executor {
        Executor {
            programs: None,
            planner,
            operate: Arc::new(NoHands),
            silence: None,
            pods: None,
            databases: None,
            attach: None,
            store: Some(hands),
            journal: Arc::new(Mutex::new(Journal::new(self.folder.path()))),
            leaving: watch::channel(false).1,
        }
    }

    fn of(&self) -> Executor {
        self.executor(self.planner(Ok(())), self.store.clone())
    }

    async fn plan(&self, id: &str, given: &[(&str, &str)], grant: Result<(), String>) -> Plan {
        let action = action(id);
        let incident = IncidentRef { environment: "production".into(), number: 1, title: "Checkout is down".into() };
        let new = Subject::new(action.about().on, "production".into()).filter(|_| action.about().makes);
        let named = |name: &str| NamedRef { environment: "production".into(), name: name.to_owned() };
        let set = BackupRef { environment: "production".into(), set: "orders".into(), namespace: None };
        let known = match action.about().on {
            SubjectKind::Backup => Subject::Backup(set),
            SubjectKind::Schedule => {
                Subject::Schedule(ScheduleRef { environment: "production".into(), name: "shop".into() })
            }
            SubjectKind::Window => Subject::Window(named(if id == "add-window" { "reindex" } else { "daily" })),
            SubjectKind::Task => Subject::Task(named("logs")),
            SubjectKind::Freeze => Subject::Freeze(named("2.4.0")),
            _ => Subject::Incident(incident),
        };
        let target = new.filter(|_| action.about().on == SubjectKind::Incident).unwrap_or(known);
        let given = given.iter().fold(Given::default(), |all, (name, text)| {
            let field = action.fields().iter().find(|field| field.id == *name).expect("a field of the action");
            all.with(name, field.read(text).expect("a value of the field"))
        });
        let options = Options { given, ..Options::default() };
        self.planner(grant).plan(action, &[target], &options).await.expect("a plan")
    }

    /// What was done before, and the plan of the action itself.
    async fn prepared(tried: &Tried) -> (Self, Plan) {
        let rig = Self::new();
        if tried.id == "escalate" {
            let author = Author { name: "mori".into(), origin: "mori@bastion".into() };
            let set = SetPolicy { environment: "production".into(), wanted: ladder(), seen_version: 0 };
            rig.store.write(&author, &Id::stored("ladder"), &set).await.expect("written");
        }
        if action(tried.id).about().on == SubjectKind::Schedule {
            let author = Author { name: "mori".into(), origin: "mori@bastion".into() };
            let set = SetSchedule { environment: "production".into(), wanted: shop(), seen_version: 0 };
            rig.store.write(&author, &Id::stored("shop"), &set).await.expect("written");
        }
        for (id, given) in tried.before {
            let plan = rig.plan(id, given, Ok(())).await;
            assert!(plan.is_applicable(), "{id}: {:?}", plan.refusals);
            let run = carry_out(&rig.of(), &plan).await;
            assert_eq!(run.phase, Phase::Done, "{id}, before {}: {run:?}", tried.id);
        }
        let plan = rig.plan(tried.id, tried.given, Ok(())).await;
        assert!(plan.is_applicable(), "{}: {:?}", tried.id, plan.refusals);
        (rig, plan)
    }

    /// How many lines the audit has: each is one thing that was written.
    async fn written(&self) -> u64 {
        self.store.standing().await.expect("an answer").position
    }

    fn whats(&self, run: &str) -> Vec<What> {
        let chains = chains(self.folder.path()).expect("a journal");
        let lines = chains.iter().flat_map(|chain| &chain.lines).filter(|line| line.entry.run == run);
        lines.map(|line| line.entry.what).collect()
    }
}

async fn carry_out(executor: &Executor, plan: &Plan) -> Run {
    let (events, mut told) = mpsc::channel(64);
    let consent = Consent { typed: plan.confirmation.word.clone(), reason: Some("a test".into()) };
    let listening = async { while told.recv().await.is_some() {} };
    let run = async {
        let run = executor.execute(plan, &consent, &events).await;
        drop(events);
        run
    };
    tokio::join!(run, listening).0
}

#[test]
fn no_action_is_left_out() {
    // Those on alerts are tried where alerts are, and what runs a program or asks an operator writes nothing there.
    let stored = catalog::SHIPPED
        .all()
        .filter(|one| one.about().on.is_stored() && one.about().on != SubjectKind::Alert && !one.about().acts_here);
    let missing: Vec<&str> =
        stored.map(<dyn Action>::id).filter(|id| ALL.iter().all(|tried| tried.id != *id)).collect();
    assert!(missing.is_empty(), "they have no line in the table: {missing:?}");
}

#[tokio::test]
async fn it_is_written_once_journalled_and_not_begun_again() {
    for tried in ALL {
        let (rig, plan) = Rig::prepared(tried).await;
        let before = rig.written().await;
        let run = carry_out(&rig.of(), &plan).await;
        assert_eq!(run.phase, Phase::Done, "{}: {run:?}", tried.id);
        let lines = [What::Begun, What::Intent, What::Accepted, What::Settled, What::Ended];
        assert_eq!(rig.whats(&plan.id), lines, "{}", tried.id);
        let after = rig.written().await;
        assert!(after > before, "{}: the audit says nothing of it", tried.id);

        let again = carry_out(&rig.of(), &plan).await;
        assert_eq!((again.phase, rig.written().await), (Phase::Refused, after), "{}: {again:?}", tried.id);
    }
}

#[tokio::test]
async fn where_nothing_may_be_written_it_is_planned_and_refused() {
    for tried in ALL {
        let (rig, plan) = Rig::prepared(tried).await;
        let before = rig.written().await;
        let why = "[store] write = false";
        let refused = rig.plan(tried.id, tried.given, Err(why.to_owned())).await;
        assert!(refused.refusals.iter().any(|words| words.contains(why)), "{}: {:?}", tried.id, refused.refusals);
        // One of before, when it still might.
        let executor = rig.executor(rig.planner(Err(why.to_owned())), rig.store.clone());
        let run = carry_out(&executor, &plan).await;
        assert_eq!((run.phase, rig.written().await), (Phase::Refused, before), "{}: {run:?}", tried.id);
    }
}

/// Two operators with one plan each, made from the same picture: what one made so is not made so again by the other, who is told.
#[tokio::test]
async fn of_two_at_once_one_is_told() {
    for tried in ALL.iter().filter(|tried| !tried.is_said) {
        let (rig, mine) = Rig::prepared(tried).await;
        let theirs = rig.plan(tried.id, tried.given, Ok(())).await;
        assert_eq!(carry_out(&rig.of(), &mine).await.phase, Phase::Done, "{}", tried.id);
        let written = rig.written().await;
        let late = carry_out(&rig.of(), &theirs).await;
        let told = late.reason.clone().or_else(|| late.targets.first().map(|target| target.words.clone()));
        assert_eq!((late.phase, rig.written().await), (Phase::Refused, written), "{}: {late:?}", tried.id);
        assert!(told.is_some_and(|words| !words.is_empty()), "{}: with a sentence", tried.id);
    }
}

#[tokio::test]
async fn a_plan_that_is_too_old_is_refused() {
    for tried in ALL {
        let (rig, plan) = Rig::prepared(tried).await;
        let before = rig.written().await;
        let later = rig.clock.clone();
        let planner = Planner { clock: Arc::new(move || later() + TimeDelta::minutes(6)), ..rig.planner(Ok(())) };
        let run = carry_out(&rig.executor(planner, rig.store.clone()), &plan).await;
        assert_eq!((run.phase, rig.written().await), (Phase::Refused, before), "{}: {run:?}", tried.id);
    }
}

/// A store that gives no answer after having written or not, and counts how often it was asked.
struct Silent {
    asked: AtomicUsize,
    writes: Option<Arc<Store>>,
}

impl WriteStore for Silent {
    fn write<'a>(&'a self, author: &'a Author, attempt: &'a Id, change: &'a dyn Change) -> Written<'a, Read> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if let Some(store) = &self.writes {
                store.write(author, attempt, change).await?;
            }
            Err(WriteError::Unknown(SourceError::new(Trouble::Timeout, "the answer was lost.")))
        })
    }

    fn replay<'a>(&'a self, _: &'a str, _: &'a [AuditLine]) -> Written<'a, Option<Head>> {
        Box::pin(async { Ok(None) })
    }
}

/// An answer that was lost is looked up and nothing is sent twice; where nothing was written, that is UNKNOWN.
#[tokio::test]
async fn a_lost_answer_is_looked_up_and_never_sent_again() {
    for tried in ALL {
        for is_written in [true, false] {
            let (rig, plan) = Rig::prepared(tried).await;
            let silent = Arc::new(Silent { asked: AtomicUsize::new(0), writes: is_written.then(|| rig.store.clone()) });
            let run = carry_out(&rig.executor(rig.planner(Ok(())), silent.clone()), &plan).await;
            let expected = if is_written { Phase::Done } else { Phase::Unknown };
            assert_eq!(run.phase, expected, "{}, written {is_written}: {run:?}", tried.id);
            assert_eq!(silent.asked.load(Ordering::SeqCst), 1, "{}", tried.id);
        }
    }
}

/// Killed after any line of the journal: whoever takes the run up finds whether it was written, and writes nothing for it.
#[tokio::test]
async fn killed_at_any_line_it_is_found_written_or_not() {
    for tried in ALL {
        for lines in 1..5 {
            let (rig, plan) = Rig::prepared(tried).await;
            let before = rig.written().await;
            let dead = async {
                while rig.whats(&plan.id).len() < lines {
                    tokio::task::yield_now().await;
                }
            };
            let executor = rig.of();
            tokio::select! {
                biased;
                () = dead => {}
                _ = carry_out(&executor, &plan) => {}
            }
            drop(executor);
            let written = rig.written().await;
            let left = unfinished(&chains(rig.folder.path()).expect("a journal"));
            let Some(left) = left.iter().find(|left| left.begun.run == plan.id) else {
                assert!(written > before, "{} at {lines}: it had come to its end", tried.id);
                continue;
            };
            let (events, mut told) = mpsc::channel(64);
            let executor = rig.of();
            let resumed = async {
                let run = executor.resume(left, &events).await;
                drop(events);
                run
            };
            let listening = async { while told.recv().await.is_some() {} };
            let (run, ()) = tokio::join!(resumed, listening);
            let was_begun = rig.whats(&plan.id).contains(&What::Intent);
            let expected = match (written > before, was_begun) {
                (true, _) => Phase::Done,
                (false, true) => Phase::Unknown,
                (false, false) => Phase::Aborted,
            };
            assert_eq!((run.phase, rig.written().await), (expected, written), "{} at {lines}: {run:?}", tried.id);
        }
    }
}

/// A store that takes nothing, and tells what would have been written.
struct Refusing {
    store: Arc<Store>,
    asked: Mutex<Vec<Vec<String>>>,
}

impl WriteStore for Refusing {
    fn write<'a>(&'a self, author: &'a Author, _: &'a Id, change: &'a dyn Change) -> Written<'a, Read> {
        Box::pin(async move {
            let mut read = Vec::new();
            for key in change.reads() {
                let row = self.store.row(&key).await.expect("an answer");
                read.push((key, row));
            }
            let applied = change.apply(&Read(read), author, &Id::stored("attempt"), now());
            let Ok(Applied::Writes(writes)) = applied else { unreachable!("it is written: {applied:?}") };
            let facts = writes.facts.iter().map(|put| format!("{:?} in {}", put.values, put.table.name)).collect();
            self.asked.lock().expect("nobody panicked").push(facts);
            Err(WriteError::Refused("not now.".to_owned()))
        })
    }

    fn replay<'a>(&'a self, _: &'a str, _: &'a [AuditLine]) -> Written<'a, Option<Head>> {
        Box::pin(async { Ok(None) })
    }
}

/// Whatever is edited in its document, what the store would write is what it would write without the edit. What it says in the operator's own
/// words is the document's, and stands in it once.
#[tokio::test]
async fn no_edit_widens_it() {
    for tried in ALL {
        let (rig, plan) = Rig::prepared(tried).await;
        let hands = Arc::new(Refusing { store: rig.store.clone(), asked: Mutex::default() });
        let planner = rig.planner(Ok(()));
        no_edit_of((tried.id, &plan, 40), async |edited: &Plan| {
            let executor = |journal| Executor { journal, ..rig.executor(planner.clone(), hands.clone()) };
            let (phase, begun) = apart(executor, edited).await;
            let sent = std::mem::take(&mut *hands.asked.lock().expect("nobody panicked"));
            let given = edited.targets.first().map(|target| target.given.clone()).unwrap_or_default();
            let own = action(tried.id).fields().iter().filter_map(|field| given.text(field.id)).map(str::to_owned);
            let own: Vec<String> = own.collect();
            let without = |fact: String| own.iter().fold(fact, |fact, text| fact.replace(text.as_str(), "TEXT"));
            let sent: Vec<Vec<String>> =
                sent.into_iter().map(|facts| facts.into_iter().map(without).collect()).collect();
            (phase, sent, begun)
        })
        .await;
    }
}
