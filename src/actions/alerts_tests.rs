//! What is said of alerts, carried out by the executor: journalled, written once, told apart, refused.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{mpsc, watch};

use super::alerts::StoreEyes;
use super::catalog;
use super::contract::Options;
use super::elsewhere::Elsewhere;
use super::execute::Executor;
use super::journal::{self, Journal, What, unfinished};
use super::limits::Limits;
use super::plan::Planner;
use crate::config::StoreSettings;
use crate::domain::action::{Actor, Consent, Given, Outcome, Phase, Plan, Run, RunEvent};
use crate::domain::alert::testing::alert;
use crate::domain::alert::{Alert, AlertSnapshot, Hold};
use crate::domain::environment::Guard;
use crate::domain::store::fact::{Change, Read};
use crate::domain::store::{
    Acknowledgement, AuditLine, Author, Head, Id, LONGEST_NOTE, NOTES_ABOUT, Note, Subject as About, SubjectKind,
    acknowledgement_of,
};
use crate::domain::subject::{AlertRef, Subject};
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::operate::NoHands;
use crate::sources::store::Store;
use crate::sources::store::port::{WriteError, WriteStore, Written};

fn at(seconds: i64) -> Instant {
    chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
}

fn named(name: &str) -> Alert {
    alert(&[("alertname", name), ("severity", "critical")], at(0))
}

fn subject(alert: &Alert) -> Subject {
    let (environment, name) = (alert.environment.clone(), alert.title().to_owned());
    Subject::Alert(AlertRef { environment, fingerprint: alert.key.to_string(), name })
}

/// A store, a journal and a list of alerts that several share.
struct Rig {
    folder: tempfile::TempDir,
    store: Arc<Store>,
    listed: watch::Sender<AlertSnapshot>,
    time: Arc<TestClock>,
    leave: watch::Sender<bool>,
}

fn rig() -> Rig {
    let folder = tempfile::tempdir().expect("a folder");
    let (seconds, speed) = (AtomicI64::new(60), AtomicI64::new(0));
    let time = Arc::new(TestClock { seconds, speed, began: tokio::time::Instant::now() });
    let store = Store::open(&StoreSettings::Embedded, folder.path(), &clock(&time), false);
    let rig =
        Rig { folder, store: Arc::new(store), listed: watch::Sender::default(), time, leave: watch::Sender::default() };
    rig.list([named("A")]);
    rig
}

/// It stands still, unless its speed says how many of its seconds go by in one.
struct TestClock {
    seconds: AtomicI64,
    speed: AtomicI64,
    began: tokio::time::Instant,
}

fn clock(of: &Arc<TestClock>) -> crate::sources::Clock {
    let of = of.clone();
    Arc::new(move || {
        let passed = i64::try_from(of.began.elapsed().as_millis()).unwrap_or_default();
        let seconds = of.seconds.load(Ordering::SeqCst) + passed * of.speed.load(Ordering::SeqCst) / 1_000;
        at(seconds)
    })
}

impl Rig {
    fn list(&self, alerts: impl IntoIterator<Item = Alert>) {
        let alerts = alerts.into_iter().map(Arc::new).collect();
        self.listed.send_replace(AlertSnapshot {
            environment: "production".into(),
            alerts,
            ..AlertSnapshot::default()
        });
    }

    fn of(&self, name: &str) -> Executor {
        let planner = Planner {
            observe: None,
            rehearse: None,
            alerts: None,
            store: Some(StoreEyes {
                store: self.store.clone(),
                listed: Arc::new(self.listed.subscribe()),
                grant: Ok(()),
            }),
            databases: None,
            replica_labels: Arc::default(),
            elsewhere: Elsewhere::default(),
            backups: Arc::default(),
            catalog: catalog::SHIPPED,
            environment: "production".into(),
            limits: Limits::from(Guard::Production),
            // What stands in the store is nothing of the environment's own.
            grant: Err("write is not set.".into()),
            actor: Actor { os_user: name.into(), host: "bastion".into(), ssh_client: None, identity: None },
            services: Arc::default(),
            seen: Arc::default(),
            ended: Arc::default(),
            clock: clock(&self.time),
        };
        Executor {
            planner,
            operate: Arc::new(NoHands),
            silence: None,
            programs: None,
            databases: None,
            pods: None,
            attach: None,
            store: Some(self.store.clone()),
            journal: Arc::new(Mutex::new(Journal::new(self.folder.path()))),
            leaving: self.leave.subscribe(),
        }
    }

    async fn plan_on(&self, name: &str, action: &str, alerts: &[Alert], given: Given) -> Plan {
        let targets: Vec<Subject> = alerts.iter().map(subject).collect();
        let options = Options { given, ..Options::default() };
        let action = catalog::SHIPPED.named(action).expect("an action");
        self.of(name).planner.plan(action, &targets, &options).await.expect("a plan")
    }

    async fn plan(&self, name: &str, action: &str, text: &str) -> Plan {
        let given = if text.is_empty() { Given::default() } else { Given::default().with("text", text) };
        self.plan_on(name, action, &[named("A")], given).await
    }

    /// Plans it and carries it out; what the one target, or the run, ended with.
    async fn says(&self, name: &str, action: &str, text: &str) -> (Phase, String) {
        let plan = self.plan(name, action, text).await;
        assert!(plan.is_applicable(), "{:?}", plan.refusals);
        ended(&carry_out(&self.of(name), &plan).await)
    }

    async fn held(&self) -> Option<Acknowledgement> {
        self.store.get(&acknowledgement_of("production", &named("A").key)).await.expect("an answer")
    }

    async fn notes(&self) -> Vec<Note> {
        let about =
            About { environment: "production".into(), kind: SubjectKind::Alert, name: named("A").key.to_string() };
        self.store.list(NOTES_ABOUT, about.values(), 10).await.expect("an answer")
    }

    fn lines(&self) -> Vec<(What, String)> {
        let chains = journal::chains(self.folder.path()).expect("a journal");
        let lines = chains.iter().flat_map(|chain| &chain.lines);
        lines.map(|line| (line.entry.what, line.entry.words.clone())).collect()
    }

    fn whats(&self) -> Vec<What> {
        self.lines().into_iter().map(|(what, _)| what).collect()
    }
}

async fn carry_out(executor: &Executor, plan: &Plan) -> Run {
    carry_out_saying(executor, plan, None).await
}

async fn carry_out_saying(executor: &Executor, plan: &Plan, reason: Option<&str>) -> Run {
    let (events, mut told) = mpsc::channel(256);
    let consent = Consent { typed: plan.confirmation.word.clone(), reason: reason.map(str::to_owned) };
    let run = async {
        let run = executor.execute(plan, &consent, &events).await;
        drop(events);
        run
    };
    let drain = async { while told.recv().await.is_some() {} };
    tokio::join!(run, drain).0
}

fn ended(run: &Run) -> (Phase, String) {
    let words = run.targets.first().map(|target| target.words.clone()).filter(|words| !words.is_empty());
    (run.phase, run.reason.clone().or(words).unwrap_or_default())
}

#[tokio::test]
async fn it_is_taken_journalled_taken_over_and_given_back() {
    let rig = rig();
    let plan = rig.plan("mori", "acknowledge", "").await;
    let run = carry_out_saying(&rig.of("mori"), &plan, Some(" rolling it back ")).await;
    assert_eq!(ended(&run), (Phase::Done, "A: acknowledged; it keeps firing and notifying.".to_owned()));
    let held = rig.held().await.expect("somebody has it");
    assert_eq!((held.by.as_str(), held.note.as_str(), held.version), ("mori", "rolling it back", 1));
    assert_eq!(rig.whats(), [What::Begun, What::Intent, What::Accepted, What::Settled, What::Ended]);

    let over = rig.plan("lee", "acknowledge", "").await;
    let warnings = over.targets[0].warnings.join(" ");
    assert!(warnings.starts_with("mori is on A since ") && warnings.ends_with(": it becomes yours."), "{warnings}");
    assert_eq!(carry_out(&rig.of("lee"), &over).await.phase, Phase::Done);
    assert_eq!(rig.held().await.map(|held| held.by), Some("lee".to_owned()));
    let (phase, words) = rig.says("lee", "give-back", "").await;
    assert_eq!((phase, words.as_str()), (Phase::Done, "A: given back: nobody is on it."));
    assert!(rig.held().await.expect("it was taken").withdrawn.is_some());
    let (phase, words) = rig.says("mori", "acknowledge", "").await;
    assert_eq!(phase, Phase::Done, "{words}");
}

#[tokio::test]
async fn a_note_is_written_changed_taken_back_and_journalled_without_its_words() {
    let rig = rig();
    let words = "the provider is slow\nsince {reason} noon";
    assert_eq!(rig.says("mori", "note", words).await, (Phase::Done, "A: written down.".to_owned()));
    let first = rig.notes().await.remove(0);
    assert_eq!((first.by.as_str(), first.text.as_str(), first.version), ("mori", words, 1));
    assert_eq!(rig.whats(), [What::Begun, What::Intent, What::Accepted, What::Settled, What::Ended]);

    let change = rig.plan("lee", "edit-note", "it is the cache").await;
    assert!(change.targets[0].warnings[0].starts_with("mori wrote it at "), "{:?}", change.targets[0].warnings);
    assert_eq!(change.targets[0].given.text("note"), Some(first.id.as_str()), "pinned to what was seen");
    assert_eq!(ended(&carry_out(&rig.of("lee"), &change).await).1, "A: the note is changed.");
    assert_eq!(rig.notes().await[0].text, "it is the cache");
    assert_eq!(rig.says("mori", "withdraw-note", "").await, (Phase::Done, "A: the note is taken back.".to_owned()));
    assert_eq!(rig.notes().await[0].text, "");
    for (_, words) in rig.lines() {
        assert!(!words.contains("provider") && !words.contains("cache"), "{words}");
    }
}

/// Both have planned before either wrote.
#[tokio::test]
async fn of_two_at_the_same_moment_one_is_told_who_was_first_and_nothing_is_lost() {
    let rig = rig();
    let both = [rig.plan("mori", "acknowledge", "").await, rig.plan("lee", "acknowledge", "").await];
    assert_eq!(carry_out(&rig.of("mori"), &both[0]).await.phase, Phase::Done);
    let (phase, words) = ended(&carry_out(&rig.of("lee"), &both[1]).await);
    assert_eq!(phase, Phase::Refused);
    assert!(words.contains("mori took it at"), "{words}");
    assert_eq!(rig.held().await.map(|held| held.by), Some("mori".to_owned()));

    rig.says("mori", "note", "first").await;
    let (lees, mine) = (rig.plan("lee", "edit-note", "lee's").await, rig.plan("mori", "edit-note", "mine").await);
    assert_eq!(carry_out(&rig.of("lee"), &lees).await.phase, Phase::Done);
    let (phase, words) = ended(&carry_out(&rig.of("mori"), &mine).await);
    assert_eq!(phase, Phase::Refused);
    assert!(words.contains("lee changed it meanwhile"), "{words}");
    assert_eq!(rig.notes().await[0].text, "lee's");
    rig.says("lee", "withdraw-note", "").await;
    let (_, words) = ended(&carry_out(&rig.of("mori"), &mine).await);
    assert!(words.contains("lee took the note back"), "{words}");
}

/// The store itself tells the second one, where it was judged a moment too early.
#[tokio::test]
async fn who_is_late_by_a_moment_is_told_by_the_store() {
    let rig = rig();
    let [first, second] = [rig.plan("mori", "acknowledge", "").await, rig.plan("lee", "acknowledge", "").await];
    let hands: &dyn WriteStore = &*rig.store;
    let send = async |name: &str, plan: &Plan| {
        let author = Author::from(&rig.of(name).planner.actor);
        super::stored::send(hands, &author, &plan.id, &plan.targets[0].steps[0].request).await
    };
    send("mori", &first).await.expect("written");
    send("mori", &first).await.expect("the same attempt writes nothing twice");
    let late = send("lee", &second).await.expect_err("somebody was first");
    assert!(late.is_certainly_not_done && late.sentence.contains("mori took A"), "{late:?}");
    assert_eq!(rig.held().await.map(|held| (held.by, held.version)), Some(("mori".to_owned(), 1)));
}

#[tokio::test]
async fn what_may_not_be_is_refused_and_journalled_and_writes_nothing() {
    let rig = rig();
    for (action, text) in [("acknowledge", ""), ("note", "fit")] {
        let plan = rig.plan("mori", action, text).await;
        let mut read_only = rig.of("mori");
        read_only.planner.store.as_mut().expect("eyes").grant = Err("--read-only.".into());
        let handless = Executor { store: None, ..rig.of("mori") };
        for (why, executor) in [("read-only", read_only), ("belongs to mori", rig.of("lee")), ("no hands", handless)] {
            let (phase, words) = ended(&carry_out(&executor, &plan).await);
            assert!(phase == Phase::Refused && words.contains(why), "{why}: {words}");
        }
        rig.time.seconds.fetch_add(301, Ordering::SeqCst);
        let (phase, words) = ended(&carry_out(&rig.of("mori"), &plan).await);
        assert!(phase == Phase::Refused && words.contains("expired"), "{words}");
    }
    let empty = rig.plan_on("mori", "note", &[named("A")], Given::default().with("text", " ")).await;
    assert!(empty.refusals[0].contains("is empty"), "{:?}", empty.refusals);
    // One that was planned without a text, and is confirmed so.
    let wordless = rig.plan("mori", "note", "").await;
    let (phase, words) = ended(&carry_out(&rig.of("mori"), &wordless).await);
    assert!(phase == Phase::Refused && words.contains("is empty"), "{words}");
    assert_eq!((rig.held().await, rig.notes().await), (None, Vec::new()));
}

#[tokio::test]
async fn what_is_gone_too_much_or_named_another_way_is_refused() {
    let rig = rig();
    rig.list([]);
    let gone = rig.plan("mori", "acknowledge", "").await;
    assert!(gone.refusals[0].contains("fires no more"), "{:?}", gone.refusals);
    let noted = rig.plan("mori", "note", "it renews").await;
    assert!(noted.is_applicable() && noted.targets[0].warnings[0].contains("not listed now"), "a note outlives it");

    let number = |number: usize| alert(&[("alertname", "B"), ("pod", &number.to_string())], at(0));
    let storm: Vec<Alert> = (0..=super::alerts::MOST).map(number).collect();
    rig.list(storm.clone());
    let plan = rig.plan_on("mori", "acknowledge", &storm, Given::default()).await;
    assert!(plan.refusals[0].contains("201 alerts"), "{:?}", plan.refusals);
    let plan = rig.plan_on("mori", "note", &storm[..2], Given::default().with("text", "x")).await;
    assert!(plan.refusals[0].contains("one at a time"), "{:?}", plan.refusals);
    let plan = rig.plan_on("mori", "acknowledge", &storm[..20], Given::default()).await;
    assert_eq!((plan.targets.len(), plan.refusals.len()), (20, 0));

    let renamed = Subject::Alert(AlertRef {
        environment: "production".into(),
        fingerprint: storm[0].key.to_string(),
        name: "C".into(),
    });
    let action = catalog::SHIPPED.named("acknowledge").expect("an action");
    let error = rig.of("mori").planner.plan(action, &[renamed], &Options::default()).await.expect_err("no such alert");
    assert!(error.sentence.contains("C is B here"), "{error}");
}

#[tokio::test]
async fn of_a_group_only_what_somebody_has_is_given_back() {
    let rig = rig();
    let all = ["A", "B"].map(named);
    rig.list(all.clone());
    let alone = rig.plan("mori", "unacknowledge", "").await;
    assert!(alone.refusals[0].contains("nobody has it"), "{:?}", alone.refusals);
    rig.says("lee", "acknowledge", "").await;
    let plan = rig.plan_on("mori", "unacknowledge", &all, Given::default()).await;
    assert_eq!((plan.targets.len(), plan.is_applicable()), (1, true));
    assert!(plan.choice[0].contains("LEFT AS IT IS: alert B"), "{:?}", plan.choice);
    assert!(plan.targets[0].warnings[0].starts_with("A is held by lee since "), "{:?}", plan.targets[0].warnings);
    assert_eq!(carry_out(&rig.of("mori"), &plan).await.phase, Phase::Done);
}

#[tokio::test]
async fn a_plan_reads_the_same_until_what_it_says_changes() {
    let rig = rig();
    let first = rig.plan("mori", "acknowledge", "").await;
    rig.time.seconds.fetch_add(90, Ordering::SeqCst);
    assert!(rig.plan("mori", "acknowledge", "").await.reads_as(&first), "time alone changes nothing");
    rig.says("lee", "acknowledge", "").await;
    assert!(!rig.plan("mori", "acknowledge", "").await.reads_as(&first), "lee took it meanwhile");
    let again = Alert { started_at: at(50), ..named("A") };
    let before = rig.plan("mori", "acknowledge", "").await;
    rig.list([again]);
    let fires_again = rig.plan("mori", "acknowledge", "").await;
    assert!(!fires_again.reads_as(&before) && fires_again.targets[0].warnings.is_empty(), "a later firing is another");
    rig.list([Alert { hold: Hold::Silenced, ..named("A") }]);
    let silenced = rig.plan("mori", "acknowledge", "").await;
    assert!(silenced.targets[0].warnings.iter().any(|words| words.contains("held back already")));
}

#[tokio::test]
async fn what_a_note_says_is_cleaned_has_a_length_and_changes_something() {
    let rig = rig();
    let field = catalog::SHIPPED.named("note").expect("an action").asks().expect("a text");
    let said = |text: &str| field.said(text);
    assert_eq!(said("it is\u{1b}[2J the cache \n\n").as_deref(), Ok("it is[2J the cache"));
    assert!(said(" \n\u{202e}").is_err_and(|why| why.contains("The note is empty")));
    assert!(said(&"x".repeat(LONGEST_NOTE)).is_ok());
    assert!(said(&"xy\n".repeat(LONGEST_NOTE)).is_err_and(|why| why.contains("4000 are allowed")));
    rig.says("mori", "note", "it is the cache").await;
    let same = rig.plan("mori", "edit-note", "it is the cache").await;
    assert!(same.refusals[0].contains("Nothing is changed"), "{:?}", same.refusals);
    assert_eq!(rig.plan("mori", "edit-note", "it is the disk").await.targets[0].warnings, Vec::<String>::new());
    rig.says("mori", "withdraw-note", "").await;
    let gone = rig.plan("mori", "edit-note", "it is the disk").await;
    assert!(gone.refusals[0].contains("no note on A to change"), "{:?}", gone.refusals);
}

#[tokio::test]
async fn without_a_journal_nothing_is_written() {
    let rig = rig();
    let blocked = rig.folder.path().join("blocked");
    std::fs::write(&blocked, "no folder").expect("a file");
    let journal = Arc::new(Mutex::new(Journal::new(&blocked)));
    let plan = rig.plan("mori", "acknowledge", "").await;
    let (phase, words) = ended(&carry_out(&Executor { journal, ..rig.of("mori") }, &plan).await);
    assert!(phase == Phase::Refused && words.contains("journal"), "{words}");
    assert_eq!(rig.held().await, None);
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

impl Rig {
    fn silent(&self, writes: bool) -> (Arc<Silent>, Executor) {
        // What is waited for half a minute is not waited for here.
        self.time.speed.store(20, Ordering::SeqCst);
        let writes = writes.then(|| self.store.clone());
        let silent = Arc::new(Silent { asked: AtomicUsize::new(0), writes });
        (silent.clone(), Executor { store: Some(silent), ..self.of("mori") })
    }
}

#[tokio::test]
async fn a_store_that_gave_no_answer_is_asked_for_none_of_the_rest() {
    let rig = rig();
    let alerts = ["A", "B", "C", "D"].map(named);
    rig.list(alerts.clone());
    let plan = rig.plan_on("mori", "acknowledge", &alerts, Given::default()).await;
    let (silent, executor) = rig.silent(false);
    let run = carry_out(&executor, &plan).await;
    assert_eq!(run.phase, Phase::Unknown);
    let phases: Vec<Phase> = run.targets.iter().map(|target| target.phase).collect();
    assert_eq!(phases, [Phase::Unknown, Phase::Aborted, Phase::Aborted, Phase::Aborted]);
    assert_eq!(silent.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn where_the_answer_was_lost_the_attempt_is_looked_up_and_not_sent_again() {
    let rig = rig();
    let plan = rig.plan("mori", "note", "it renews tonight").await;
    let (silent, executor) = rig.silent(true);
    let (phase, words) = ended(&carry_out(&executor, &plan).await);
    assert_eq!((phase, words.as_str()), (Phase::Done, "A: written down."));
    assert_eq!((silent.asked.load(Ordering::SeqCst), rig.notes().await.len()), (1, 1));
}

/// A process that died between the request and its answer: the next one finds what became of it.
#[tokio::test]
async fn a_run_that_never_ended_is_found_written_or_not() {
    for is_written in [true, false] {
        let rig = rig();
        let plan = rig.plan("mori", "acknowledge", "").await;
        let (_, executor) = rig.silent(is_written);
        {
            let (events, mut told) = mpsc::channel(1);
            let consent = Consent { typed: "ACKNOWLEDGE".into(), reason: None };
            let run = executor.execute(&plan, &consent, &events);
            tokio::pin!(run);
            loop {
                tokio::select! {
                    _ = &mut run => unreachable!("it died before"),
                    Some((_, event)) = told.recv() => {
                        if matches!(event, RunEvent::AnswerLost { .. }) {
                            break;
                        }
                    }
                }
            }
        }
        drop(executor);
        let left = unfinished(&journal::chains(rig.folder.path()).expect("a journal"));
        assert_eq!(left.len(), 1);
        let next = rig.of("mori");
        let (events, mut told) = mpsc::channel(64);
        let run = async {
            let run = next.resume(&left[0], &events).await;
            drop(events);
            run
        };
        let drain = async { while told.recv().await.is_some() {} };
        let run = tokio::join!(run, drain).0;
        let outcome = if is_written { Outcome::Done } else { Outcome::Unknown };
        let settled = journal::chains(rig.folder.path()).expect("a journal");
        let lines = settled.iter().flat_map(|chain| &chain.lines);
        let settled: Vec<Outcome> = lines.filter_map(|line| line.entry.outcome).collect();
        assert_eq!(settled, [outcome], "{run:?}");
    }
}
