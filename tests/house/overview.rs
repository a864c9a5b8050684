//! The overview in every state, at every size; the ways from it and back; and an incident told in its order.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use quarterdeck::app::Message;
use quarterdeck::config::StoreSettings;
use quarterdeck::domain::cluster::ClusterSnapshot;
use quarterdeck::domain::release::Release;
use quarterdeck::domain::rollout::{Rollout, Verdict};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::domain::store::{Acknowledgement, Annotation, AnnotationKind, Id, Subject, SubjectKind};
use quarterdeck::domain::timeline::JournalLine;
use quarterdeck::domain::timeline::MomentKind::{self, Acknowledged, Action, Alert, Deploy, Resolved, Rollback};
use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::sources::Clock;
use quarterdeck::sources::store::Store;
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::ui::overview::Spot;
use quarterdeck::world::News;

use crate::alerts;
use crate::headless::Headless;
use crate::jobs::night;
use crate::stage::{SIZES, Stage, ago, health, now, rollout, shop, text, workload};

fn release(name: &str, number: u64, seconds: i64) -> Release {
    let image = |tag: u64| format!("ghcr.example/shop/{name}:2.4.{tag}").into();
    Release {
        workload: workload(name),
        workload_uid: format!("uid-{name}").into(),
        service: Some(name.into()),
        revision_uid: format!("rs-{name}-{number}").into(),
        number: Some(number),
        images: [image(number)].into(),
        before: [image(number - 1)].into(),
        created_at: Some(ago(seconds)),
        began: Some(ago(seconds)),
        is_return: false,
        is_healthy: false,
    }
}

fn told(state: SourceState) -> StoreSnapshot {
    let word = Acknowledgement {
        environment: "production".into(),
        fingerprint: alerts::shop()[1].key.to_string(),
        alert: "QueueGrows".into(),
        firing_since: Some(ago(60)),
        by: "mori".into(),
        at: ago(30),
        until: None,
        note: "the mail provider is slow".into(),
        withdrawn: None,
        version: 1,
    };
    let mark = |id: &str, kind, seconds, words: &str| Annotation {
        id: Id::stored(id),
        subject: Subject {
            environment: "production".into(),
            kind: SubjectKind::Workload,
            name: "shop/deployment/search".into(),
        },
        kind,
        at: ago(seconds),
        recorded_at: ago(seconds),
        words: words.into(),
        by: "sato".into(),
    };
    let marks = vec![
        mark("1", AnnotationKind::Configuration, 1_500, "the index has a new size"),
        mark("2", AnnotationKind::Maintenance, 9_000, "long over"),
    ];
    StoreSnapshot {
        health: health("store", state),
        ..StoreSnapshot::default()
            .with::<Acknowledgement>([((word.environment.clone(), word.fingerprint.clone()), word)].into())
            .with::<Annotation>(marks)
    }
}

pub(crate) fn journal() -> Vec<JournalLine> {
    let line = |seconds, what: &str, words: &str| JournalLine {
        environment: "production".into(),
        at: ago(seconds),
        what: what.into(),
        about: "scale deployment/web -n shop".into(),
        words: words.into(),
    };
    vec![
        line(600, "ended", "mori: done: 4/4 ready"),
        line(630, "sending", "mori: …"),
        line(640, "confirmed", "mori: more load"),
    ]
}

/// Everything the overview tells of, in this state.
fn seeing(rollouts: Vec<Rollout>, freshness: SourceState) -> Stage {
    let mut stage = Stage::new();
    let mut sorted: Vec<Arc<Rollout>> = rollouts.into_iter().map(Arc::new).collect();
    sorted.sort_by(|one, other| one.worst_first(other));
    let snapshot = ClusterSnapshot {
        health: ["deployments", "replicasets", "pods"].map(|name| health(name, freshness)).into(),
        rollouts: sorted.into(),
        jobs: night().into_iter().map(Arc::new).collect(),
        pending: 2,
        ..ClusterSnapshot::default()
    };
    stage.tell(News::Cluster(0, Box::new(snapshot)));
    // What was good once is what is shown when it is not fresh any more.
    stage.tell(News::Alerts(Box::new(alerts::snapshot(alerts::shop(), SourceState::Fresh))));
    stage.tell(News::Alerts(Box::new(alerts::snapshot(alerts::shop(), freshness))));
    let releases = vec![release("payments", 12, 1_260), release("basket", 7, 95), release("old", 3, 40_000)];
    stage.tell(News::Released(Some("c1".into()), releases));
    stage.tell(News::Store(Box::new(told(freshness))));
    stage.tell(News::Journal(journal()));
    stage.press("0");
    stage
}

#[test]
fn overview_in_every_state() {
    let mut loading = Stage::new();
    loading.press("0");
    assert_snapshot!("overview_loading", loading.bodies());
    let mut empty = Stage::new();
    empty.see(Vec::new(), SourceState::Fresh);
    empty.tell(News::Alerts(Box::new(alerts::snapshot(Vec::new(), SourceState::Fresh))));
    empty.press("0");
    assert_snapshot!("overview_empty", empty.bodies());
    let normal = seeing(shop(), SourceState::Fresh);
    assert_snapshot!("overview_normal", normal.bodies());
    assert_snapshot!("overview_stale", seeing(shop(), SourceState::Stale).bodies());
    assert_snapshot!("overview_down", seeing(shop(), SourceState::Down).bodies());
    let many = (0..2_500).map(|place| rollout(&format!("service-{place:04}"), Verdict::Complete)).collect();
    let mut huge = seeing(many, SourceState::Fresh);
    let storm = (0..10_000).map(|place| {
        let (name, host) = (format!("Rule{}", place % 3_000), format!("host-{place}"));
        alerts::alert(
            &[("alertname", &name), ("instance", &host), ("severity", "warning")],
            "too much",
            60 + place % 3_000,
        )
    });
    huge.tell(News::Alerts(Box::new(alerts::snapshot(storm.collect(), SourceState::Fresh))));
    huge.press("G");
    assert_snapshot!("overview_huge", huge.bodies());
}

#[test]
fn enter_leads_to_what_is_under_the_cursor_and_esc_comes_back() {
    let mut stage = seeing(shop(), SourceState::Fresh);
    let mut seen = 0;
    for _ in 0..40 {
        let spot = stage.spot();
        stage.press("enter");
        let led = stage.front();
        match spot.clone().expect("the cursor is somewhere") {
            Spot::Headline("sources") => assert_eq!(led, "overview"),
            Spot::Headline(pane) => assert_eq!(led, pane),
            Spot::Alert(..) => assert!(led.starts_with("alert "), "{led}"),
            Spot::Moment(_) => {
                seen += usize::from(["rollout ", "alert ", "journal"].iter().any(|kind| led.starts_with(kind)));
            }
        }
        if stage.front() != "overview" {
            stage.press("esc");
        }
        assert_eq!(stage.front(), "overview", "one key back from {spot:?}");
        assert_eq!(stage.spot(), spot, "to where it was");
        stage.press("j");
    }
    assert!(seen >= 8, "lines of the timeline lead somewhere: {seen}");
    stage.press("2");
    stage.press("esc");
    assert_eq!(stage.front(), "rollouts", "what was opened by its own digit does not come back here");
}

#[test]
fn a_held_cursor_stays_on_its_line_while_the_hour_moves_on() {
    let mut stage = seeing(shop(), SourceState::Fresh);
    let is_release = |stage: &Stage| {
        let cursor = stage.spot();
        stage
            .moments()
            .iter()
            .any(|one| Some(Spot::Moment(one.key.clone())) == cursor && one.about.starts_with("basket"))
    };
    for _ in 0..30 {
        if is_release(&stage) {
            break;
        }
        stage.press("j");
    }
    assert!(is_release(&stage));
    stage.tell(News::Released(Some("c1".into()), vec![release("search", 9, 1)]));
    assert!(is_release(&stage), "something newer came above it");
    stage.press("!b");
    assert_eq!(stage.request().targets[0].name(), "basket", "an action is about the line under the cursor");
}

#[test]
fn an_alert_tells_what_was_released_in_its_hour() {
    let mut stage = seeing(alerts::workloads(), SourceState::Fresh);
    stage.press("1");
    stage.press("enter");
    let own = text(&stage.body(200, 60));
    assert!(own.contains("of what it is about") && own.contains("payments:2.4.12 (was payments:2.4.11)"), "{own}");
    assert!(!own.contains("basket:2.4.7"), "another service is not told of where its own was released:\n{own}");
    assert_snapshot!("overview_alert_released", stage.bodies());
}

#[test]
fn hostile_texts_and_few_colours_lose_nothing() {
    let bad = "\u{1b}[2J支払い\u{202e}gnp.exe\tx\n👩‍👩‍👧‍👦";
    let mut stage = seeing(shop(), SourceState::Fresh);
    let mut made = release("payments", 14, 20);
    made.images = [bad.into()].into();
    made.workload.name = bad.into();
    stage.tell(News::Released(Some("c1".into()), vec![made]));
    let one = alerts::alert(&[("alertname", bad), ("service", bad), ("severity", "critical")], &bad.repeat(9), 9);
    stage.tell(News::Alerts(Box::new(alerts::snapshot(vec![one], SourceState::Fresh))));
    stage.tell(Message::Unfinished(vec![("1".into(), bad.repeat(5))]));
    assert_snapshot!("overview_hostile", stage.bodies());
    let is_dangerous =
        |letter: char| letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    for (columns, rows) in SIZES {
        for cell in stage.screen(columns, rows).content() {
            assert!(!cell.symbol().chars().any(is_dangerous), "{:?} reached a cell", cell.symbol());
        }
    }
    let mut stage = seeing(shop(), SourceState::Fresh);
    let with_none = text(&stage.body(120, 40));
    stage.theme = Theme::embedded("midnight", Depth::Sixteen);
    assert_eq!(text(&stage.body(120, 40)), with_none, "colour carries nothing alone");
    stage.glyphs = Glyphs::ASCII;
    assert!(text(&stage.body(120, 40)).is_ascii());
}

#[test]
fn it_is_read_while_it_is_frozen_and_goes_on_after() {
    let mut stage = seeing(shop(), SourceState::Fresh);
    let before = stage.moments().to_vec();
    stage.press("f");
    stage.tell(News::Released(Some("c1".into()), vec![release("search", 9, 1)]));
    assert_eq!(stage.moments(), before);
    stage.press("f");
    assert_eq!(stage.moments().len(), before.len() + 1);
    assert_eq!(now(), ago(0));
}

/// A configuration with the simulated Alertmanager.
/// One environment `test`: the shop of a sandbox with its Alertmanager.
pub(crate) fn configuration(sandbox: &Sandbox, folder: &Path) -> String {
    let (token, authority) = (folder.join("token"), folder.join("authority.pem"));
    std::fs::write(&token, sandbox.token()).expect("written");
    std::fs::write(&authority, sandbox.certificate()).expect("written");
    let (token, authority) = (token.display().to_string(), authority.display().to_string());
    format!(
        "[environment.test]\ncontext = \"demo-production\"\nnamespaces = [\"shop\"]\nguard = \"staging\"\nwrite = true\n\
         alertmanager = [{{ url = {:?}, bearer_file = {token:?}, ca_file = {authority:?} }}]\n",
        sandbox.alertmanager("shop"),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
async fn an_incident_is_told_in_its_order() {
    let releases = [("1.0", "first", 300), ("1.1", "second", 90), ("1.2", "third, by ci", 1)];
    let bad = Service::new("payments", 3).ready_after(1).releases(&releases).behaving("crash-loop");
    let scenario = Scenario::empty("shop").with("shop", bad).with("shop", Service::new("catalogue", 2));
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    sandbox.write_kubeconfig(&file).expect("a kubeconfig");
    let text = configuration(&sandbox, folder.path());
    let clock: Clock = Arc::new(chrono::Utc::now);
    let store = Arc::new(Store::open(&StoreSettings::Embedded, folder.path(), &clock, false));
    let mut console = Headless::configured(&file, &text, folder.path());
    console.keep(store.clone(), "mori");
    console.press("0");
    let fired = |screen: &str| ["ALERT", "HighErrorRate", "deploy", "stuck"].iter().all(|word| screen.contains(word));
    console.until("the release and its alert", fired).await;
    while !matches!(console.model.ui.overview.cursor, Some(Spot::Alert(..))) {
        console.press("j");
    }
    console.press("!a");
    console.say("rolling it back").await;
    console.until("her word", |screen| screen.contains("acknowledged; it keeps firing")).await;
    console.press("esc");
    console.until("who is on it", |screen| screen.contains("by mori: rolling it back")).await;
    // From the alert on the overview to a plan, without going anywhere else.
    console.press("!b");
    console.until("the plan", |screen| screen.contains("type ROLLBACK")).await;
    console.confirm("ROLLBACK").await;
    console.until("the verified end", |screen| screen.contains("verified: 3/3 ready")).await;
    console.press("esc");
    console.until("that it is over", |screen| screen.contains("resolved")).await;
    let is_its = |about: &str| about.contains("payments") || about.contains("HighErrorRate");
    let payments = |about: &str| is_its(about) && !about.starts_with("acknowledge");
    let moments = console.model.world.happened.shown.moments.iter().rev().filter(|moment| payments(&moment.about));
    let kinds: Vec<MomentKind> = moments.map(|moment| moment.kind).collect();
    let place = |kind| kinds.iter().position(|known| *known == kind);
    let order = [Deploy, Alert, Acknowledged, Action, Rollback, Resolved].map(place);
    assert!(
        order.is_sorted() && order.iter().all(Option::is_some),
        "{order:?} of {:#?}",
        console.model.world.happened.shown.moments
    );
    // A second console on the same store, opened now, is told the same.
    let other = tempfile::tempdir().expect("a folder");
    let mut second = Headless::configured(&file, &text, other.path());
    second.keep(store, "lee");
    second.press("0");
    let is_told = |screen: &str| ["deploy", "rollback", "action"].iter().all(|word| screen.contains(word));
    second.until("what happened before it was opened", is_told).await;
    let releases = |console: &Headless| {
        let moments = console.model.world.happened.shown.moments.iter();
        let kinds = moments.filter(|one| matches!(one.kind, Deploy | Rollback) && payments(&one.about));
        kinds.map(|moment| (moment.kind, moment.words.clone())).collect::<Vec<_>>()
    };
    let is_same = async {
        while releases(&second) != releases(&console) {
            second.live().await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(90), is_same).await;
    assert!(told.is_ok(), "each release once, whoever saw it: {:?}, {:?}", releases(&second), releases(&console));
}
