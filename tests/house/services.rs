//! Services on the screen and in plans: shown, found, acted on as one, counted by the guard.

use std::sync::Arc;

use insta::assert_snapshot;
use quarterdeck::actions::journal::{Aim, Entry, Finished, What};
use quarterdeck::actions::{Options, catalog};
use quarterdeck::app::Message;
use quarterdeck::domain::action::{Gesture, Given, Goal, Phase};
use quarterdeck::domain::environment::Guard;
use quarterdeck::domain::rollout::{Kind, Rollout, Verdict};
use quarterdeck::domain::service::{Choice, Member, Service, Services, choose};
use quarterdeck::domain::source::SourceState;
use quarterdeck::ui::state::Overlay;

use crate::actions::Rig;
use crate::stage::{SIZES, Stage, ago, rollout, text, workload};

/// A service that is declared with these Deployments.
fn declared(name: &str, workloads: &[&str]) -> Service {
    let member = |name: &&str| Member { kind: Kind::Deployment, name: (*name).into() };
    Service { name: name.into(), workloads: workloads.iter().map(member).collect(), ..Service::default() }
}

fn of(service: Option<&str>, name: &str) -> Rollout {
    Rollout { service: service.map(Into::into), ..rollout(name, Verdict::Complete) }
}

/// Checkout is two workloads, cart one, and nobody knows whose lost is.
fn shop() -> Stage {
    let mut stage = Stage::new();
    stage.declare(Services::new(vec![Service {
        tier: Some(1),
        on_call: Some("shop".into()),
        depends_on: vec!["payments".into()],
        runbooks: vec!["runbooks/checkout.md".into()],
        ..declared("checkout", &["checkout-web", "checkout-api"])
    }]));
    stage.see(
        vec![
            of(Some("checkout"), "checkout-api"),
            of(Some("checkout"), "checkout-web"),
            of(Some("cart"), "cart"),
            of(None, "lost"),
        ],
        SourceState::Fresh,
    );
    stage
}

fn asked(stage: &Stage) -> (Vec<String>, Choice) {
    let names = stage.request().targets.iter().map(|target| target.name().to_owned()).collect();
    (names, stage.request().options.choice.clone())
}

fn screen(stage: &Stage) -> String {
    text(&stage.screen(120, 40))
}

#[test]
fn one_key_means_the_whole_service_in_the_order_of_the_configuration() {
    let mut stage = shop();
    stage.press("j");
    stage.press("!B");
    let (targets, choice) = asked(&stage);
    assert_eq!(targets, ["checkout-web", "checkout-api"]);
    assert_eq!(choice.service.as_deref(), Some("checkout"));
    assert!(screen(&stage).contains("Roll back service checkout -n shop, 2 workloads"), "{}", screen(&stage));
}

#[test]
fn the_menu_and_the_palette_mean_it_too() {
    let mut stage = shop();
    stage.press("j");
    stage.press("a");
    assert!(
        screen(&stage).contains("!B  Roll back the whole service checkout  2 workloads, one plan"),
        "{}",
        screen(&stage)
    );
    stage.press("G");
    stage.press("enter");
    assert_eq!(asked(&stage).0.len(), 2);
    let mut stage = shop();
    stage.press(":");
    stage.type_text("restart service/checkout");
    assert!(screen(&stage).contains("restart service/checkout -n shop"), "{}", screen(&stage));
    stage.press("enter");
    assert_eq!(asked(&stage).0, ["checkout-web", "checkout-api"]);
    let mut stage = shop();
    stage.press(":");
    stage.type_text("rollback service/chekout");
    stage.press("enter");
    assert!(!stage.is_planning());
    assert!(screen(&stage).contains("There is no service \"chekout\" in this list."), "{}", screen(&stage));
}

#[test]
fn a_workload_of_no_service_has_none_to_act_on_and_is_in_sight() {
    let mut stage = shop();
    stage.press("G");
    assert!(screen(&stage).contains("UNMAPPED"), "{}", screen(&stage));
    stage.press("!B");
    assert!(!stage.is_planning());
    assert!(screen(&stage).contains("lost is UNMAPPED: there is no service to act on."), "{}", screen(&stage));
    stage.press("enter");
    let shown = screen(&stage);
    assert!(
        shown.contains("UNMAPPED: no service lists it, and it has no label app.kubernetes.io/name or app."),
        "{shown}"
    );
}

#[test]
fn the_palette_shows_one_service_and_what_maps_to_none() {
    let mut stage = shop();
    let names =
        |stage: &Stage| -> Vec<String> { stage.visible().iter().map(|row| row.workload.name.to_string()).collect() };
    stage.press(":");
    stage.type_text("service checkout");
    stage.press("enter");
    assert_eq!(names(&stage), ["checkout-api", "checkout-web"]);
    assert!(screen(&stage).contains("filter /service:checkout/"), "{}", screen(&stage));
    stage.press("esc");
    stage.press(":");
    stage.type_text("service UNM");
    assert!(screen(&stage).contains("service UNMAPPED"), "{}", screen(&stage));
    stage.press("tab");
    stage.press("enter");
    assert_eq!(names(&stage), ["lost"]);
    stage.press("esc");
    stage.press("/");
    stage.type_text("checkout");
    assert_eq!(names(&stage).len(), 2, "words find a service too");
}

#[test]
fn the_detail_says_what_is_declared() {
    let mut stage = shop();
    stage.press("j");
    stage.press("enter");
    let shown = screen(&stage);
    assert!(shown.contains("service checkout · tier 1 · on call: shop · needs payments"), "{shown}");
    assert!(shown.contains("runbooks: runbooks/checkout.md"), "{shown}");
}

#[test]
fn marked_rows_that_the_filter_hides_are_counted_and_listed() {
    let mut stage = shop();
    stage.press("space");
    stage.press("space");
    stage.press("/");
    stage.type_text("service:cart");
    stage.press("enter");
    stage.press("!r");
    let (targets, choice) = asked(&stage);
    assert_eq!(targets.len(), 2);
    assert_eq!(choice.notes, ["1 of the 2 marked rows are hidden by the filter: deployment/checkout-api -n shop."]);
    assert!(matches!(stage.overlay(), Some(Overlay::Plan { .. })));
}

/// The rig's two Deployments as one service, everywhere it counts.
async fn rig_of_one_service(guard: Guard) -> Rig {
    let mut rig = Rig::open().await;
    let services = Arc::new(Services::new(vec![declared("shop", &["web", "api", "single"])]));
    for planner in [&mut rig.planner, &mut rig.executor.planner] {
        planner.services = services.clone();
        planner.limits.guard = guard;
    }
    rig
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guard_counts_services_not_workloads() {
    let restart = catalog::SHIPPED.named("restart").expect("an action");
    let mut rig = rig_of_one_service(Guard::Production).await;
    let plan = rig.plan(restart, &["web", "api"]).await;
    assert_eq!(plan.confirmation.gesture, Gesture::TypeWord, "two workloads, one service");
    assert!(plan.targets.iter().all(|target| target.service.as_deref() == Some("shop")));
    rig.planner.services = Arc::default();
    let plan = rig.plan(restart, &["web", "api"]).await;
    assert_eq!(plan.confirmation.gesture, Gesture::TypeNameAndReason, "two services by their labels");
    assert_eq!(rig.plan(restart, &["api"]).await.confirmation.gesture, Gesture::TypeWord);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_says_another_service_than_there_is_is_refused() {
    let restart = catalog::SHIPPED.named("restart").expect("an action");
    let mut rig = rig_of_one_service(Guard::Production).await;
    let plan = rig.plan(restart, &["web", "api"]).await;
    rig.executor.planner.services = Arc::default();
    let run = rig.confirmed(&plan).await;
    assert_eq!(run.phase, Phase::Refused, "{run:?}");
    let said = run.reason.unwrap_or_default();
    assert!(said.contains("is of service web now, the plan says shop"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_goes_back_as_one_and_leaves_alone_what_has_nothing_to_go_back_to() {
    let rollback = catalog::SHIPPED.named("rollback").expect("an action");
    let rig = rig_of_one_service(Guard::Staging).await;
    let rows = ["api", "web", "single"].map(|name| Rollout {
        workload: Rig::workload(name),
        service: Some("shop".into()),
        ..rollout(name, Verdict::Complete)
    });
    let chosen = choose(&rig.planner.services, &rows, "test", "shop", "shop").expect("a service");
    let options = Options { choice: chosen.choice, ..Options::default() };
    let plan = rig.planner.plan(rollback, &chosen.targets, &options).await.expect("a plan");
    assert_eq!((plan.service.as_deref(), plan.targets.len()), (Some("shop"), 2));
    assert_eq!(
        plan.choice.last().map(String::as_str),
        Some(
            "LEFT AS IT IS: deployment/single -n shop is of service shop too, and there is nothing to roll back there."
        ),
    );
    assert_eq!(plan.waves(), [[0, 1]], "changed one after the other, verified together");
    let one_revision = Options { given: Given::default().with("to", 1_u64), ..options.clone() };
    let refused = rig.planner.plan(rollback, &chosen.targets, &one_revision).await.expect("a plan");
    assert!(refused.refusals[0].contains("is one workload's own number"), "{:?}", refused.refusals);
    let run = rig.confirmed(&plan).await;
    assert_eq!(run.phase, Phase::Done, "{run:?}");
    for name in ["api", "web"] {
        let object = rig.object(name).await;
        let image = object.pointer("/spec/template/spec/containers/0/image").and_then(|image| image.as_str());
        assert_eq!(image, Some(format!("registry.example/{name}:1.0").as_str()));
    }
}

/// A rollback of `payments` that was verified, as the journal has it, and that somebody undid.
fn undone(words: &str) -> Finished {
    let aim = Aim {
        subject: workload("payments").into(),
        uid: "uid-payments".into(),
        template_digest: String::new(),
        goal: Goal::Healthy,
        pod: None,
        code: None,
        deadline_seconds: 60,

        replicas: None,
        ends_with: Vec::new(),
        chosen: Vec::new(),
        expected: String::new(),
        clearing: Vec::new(),
    };
    let begun = Entry {
        what: What::Begun,
        run: "20261124T030600Z-1".into(),
        action: "rollback".into(),
        environment: "production".into(),
        cluster: "c".into(),
        actor: "mori".into(),
        aims: vec![aim],
        target: None,
        step: None,
        is_undo: false,
        outcome: None,
        phase: None,
        words: "confirmed.".into(),
    };
    Finished { begun, target: 0, done_at: ago(40), undone: Some(words.to_owned()) }
}

#[test]
fn services_and_what_was_undone_have_their_place_at_every_size() {
    let mut stage = shop();
    stage.press("j");
    stage.press("enter");
    assert_snapshot!("detail_service", stage.bodies());
    let mut stage = shop();
    stage.press("G");
    stage.press("enter");
    assert_snapshot!("detail_unmapped", stage.bodies());
    let mut stage = shop();
    let words = "UNDONE: argocd-controller put ghcr.example/shop/payments:2.4.1 back into deployment/payments -n shop at 03:06:40 UTC, 20 s after your rollback. Turn its automatic sync off or revert the commit in Git before you act again.";
    stage.tell(Message::Finished(vec![undone(words)]));
    let screens = SIZES.map(|(columns, rows)| text(&stage.screen(columns, rows)));
    assert_snapshot!("screen_undone", screens.join("\n\n"));
}
