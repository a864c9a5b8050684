//! Several environments in one list: told apart whatever is the same in them, and none waiting for another.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use quarterdeck::app::Effect;
use quarterdeck::domain::cluster::ClusterSnapshot;
use quarterdeck::domain::rollout::{Rollout, Verdict, WorkloadRef};
use quarterdeck::domain::source::SourceState;
use quarterdeck::sandbox::{Fault, Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::theme::{Depth, Role, Theme};
use quarterdeck::ui::state::Overlay;
use quarterdeck::world::News;
use quarterdeck::world::{Connected, Scope};
use ratatui::buffer::Buffer;

use crate::headless::{Headless, PATIENCE};
use crate::stage::{Stage, health_of, rollout, shop, text};

pub(crate) const NAMESPACE: &str = "shop";
/// East is production, west a development: the same names in both.
pub(crate) const CONFIG: &str = "[environment.east]\ncontext = \"east\"\nnamespaces = [\"shop\"]\nguard = \"production\"\nwrite = true\n\
                      [environment.west]\ncontext = \"west\"\nnamespaces = [\"shop\"]\nguard = \"development\"\nwrite = true\n";

/// Two clusters that cannot be told apart by anything in them, and a console on both.
pub(crate) struct Rig {
    pub(crate) east: Sandbox,
    pub(crate) west: Sandbox,
    pub(crate) console: Headless,
    pub(crate) folder: tempfile::TempDir,
}

#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
async fn sandbox(scenario: Scenario) -> Sandbox {
    Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox")
}

fn scenario() -> Scenario {
    let service =
        |name: &str| Service::new(name, 2).ready_after(1).releases(&[("1.0", "first", 60), ("1.1", "second", 30)]);
    Scenario::empty(NAMESPACE).with(NAMESPACE, service("api")).with(NAMESPACE, service("web"))
}

/// One kubeconfig with a context for each sandbox.
fn write_kubeconfig(path: &Path, sandboxes: &[(&str, &Sandbox)]) {
    let [mut clusters, mut users, mut contexts] = [const { String::new() }; 3];
    for (name, sandbox) in sandboxes {
        let all = sandbox.kubeconfig();
        let line = |prefix: &str| {
            let found = all.lines().find_map(|line| line.strip_prefix(prefix));
            found.expect("a kubeconfig of ours").to_owned()
        };
        let _ = writeln!(clusters, "- {{name: {name},{}", line("- {name: demo,"));
        let _ = writeln!(users, "- {{name: {name},{}", line("- {name: operator,"));
        let _ = writeln!(contexts, "- {{name: {name}, context: {{cluster: {name}, user: {name}}}}}");
    }
    let text = format!("apiVersion: v1\nkind: Config\nclusters:\n{clusters}users:\n{users}contexts:\n{contexts}");
    std::fs::write(path, text).expect("a file of ours");
}

pub(crate) async fn rig() -> Rig {
    let (east, west) = (sandbox(scenario()).await, sandbox(scenario()).await);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    write_kubeconfig(&file, &[("east", &east), ("west", &west)]);
    let console = Headless::configured(&file, CONFIG, folder.path());
    Rig { east, west, console, folder }
}

/// Changes that were sent and not only rehearsed.
pub(crate) fn changes(sandbox: &Sandbox) -> usize {
    let is_change = |method: &str| !matches!(method, "GET" | "POST");
    sandbox.requests().iter().filter(|seen| is_change(&seen.method) && !seen.path.contains("dryRun")).count()
}

pub(crate) fn both_are_there(screen: &str) -> bool {
    screen.contains("4 workloads, worst first") && screen.contains("all fresh")
}

/// The line of a workload in an environment.
fn line<'s>(screen: &'s str, environment: &str, name: &str) -> &'s str {
    let is_it = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.iter().position(|word| *word == environment).is_some_and(|at| words.get(at + 2) == Some(&name))
    };
    screen.lines().find(is_it).expect("the row is on the screen")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clusters_with_the_same_names_and_uids_are_never_confused() {
    let Rig { east, west, mut console, folder: _folder } = rig().await;
    console.until("both", both_are_there).await;
    let uids = |environment: &str| {
        let of_it = |row: &&Arc<Rollout>| *row.workload.environment == *environment;
        console.model.world.snapshot.rollouts.iter().filter(of_it).map(|row| row.uid.clone()).collect::<Vec<_>>()
    };
    assert_eq!(uids("east"), uids("west"), "the uids are the same too, or this proves less than it says");
    // east/api, east/web, west/api: the third row.
    console.press("j");
    console.press("j");
    let screen = console.screen();
    assert!(screen.contains("WEST (development)"), "the header follows the cursor:\n{screen}");
    act(&mut console, "!r").await;
    console
        .until("a plan in west", |screen| screen.contains("Restart") && screen.contains("CHECKED BY THE SERVER"))
        .await;
    // A development confirms by enter.
    console.confirm("").await;
    console.until("verified", |screen| screen.contains("verified: 2/2")).await;
    assert_eq!((changes(&east), changes(&west)), (0, 1), "one change, in west alone");
    console.press("esc");
    console
        .until("all well", |screen| screen.contains("all 4 well") && line(screen, "west", "api").contains("complete"))
        .await;
    console.press("k");
    console.press("k");
    assert!(console.screen().contains("EAST (production)"), "{}", console.screen());
    act(&mut console, "!r").await;
    let plan = console.until("a plan in east", |screen| screen.contains("type RESTART")).await;
    assert!(plan.contains("EAST (production)"), "the guard is that of its environment:\n{plan}");
    console.confirm("RESTART").await;
    // The end of the first is still said at the foot.
    console.until("verified", |screen| changes(&east) == 1 && screen.contains("verified: 2/2")).await;
    assert_eq!((changes(&east), changes(&west)), (1, 1), "and one in east alone");
}

/// Presses an action key, again where the list has just moved the cursor.
pub(crate) async fn act(console: &mut Headless, keys: &str) {
    console.press(keys);
    while console.screen().contains("Press again") {
        console.until("the list at rest", |screen| !screen.contains("Press again")).await;
        console.press(keys);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_workload_is_marked_in_one_environment_alone_and_a_plan_is_of_one() {
    let Rig { east, west, mut console, folder: _folder } = rig().await;
    console.until("both", both_are_there).await;
    console.press("space");
    let marked = console.screen();
    assert!(marked.contains("1 marked"), "the same uid elsewhere is not marked:\n{marked}");
    console.press("j");
    console.press("space");
    act(&mut console, "!r").await;
    let refused = console.until("a refusal", |screen| screen.contains("a plan is of one environment")).await;
    assert!(refused.contains("east and west") && console.model.planning.is_none(), "{refused}");
    let rehearsed = |sandbox: &Sandbox| sandbox.requests().iter().any(|seen| seen.path.contains("dryRun"));
    assert!(!rehearsed(&east) && !rehearsed(&west), "nothing was even rehearsed");
}

/// One cluster in trouble: its own rows stay and say so, the other goes on as if nothing were.
async fn one_dies(fault: Fault) {
    let Rig { east, west: _west, mut console, folder: _folder } = rig().await;
    console.until("both", both_are_there).await;
    east.faults().set("/", fault);
    // West is worked with while east is dying: nothing here waits for it.
    console.press("j");
    console.press("j");
    act(&mut console, "!r").await;
    console.confirm("").await;
    console.until("a change in west", |screen| screen.contains("verified: 2/2")).await;
    console.press("esc");
    let screen = console
        .until("the trouble of east", |screen| {
            // A server that is slow to answer for a moment is told of too: west is not in trouble for good.
            let is_told = screen.contains("east/") && (screen.contains("stale") || screen.contains("down"));
            is_told && !screen.contains("west/")
        })
        .await;
    assert!(screen.contains("4 workloads"), "the last good rows stay:\n{screen}");
    for environment in ["east", "west"] {
        assert!(line(&screen, environment, "api").contains("/2"), "{environment}: what was known is shown:\n{screen}");
    }
    assert!(screen.contains(" old: "), "how old and why:\n{screen}");
    // Each source tells of its own end; the row goes grey with that of Deployments.
    let greying = async {
        while !console.is_drawn_as(Role::StaleData, "east", "api") {
            console.live().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, greying).await.is_ok(), "grey:\n{screen}");
    assert!(!console.is_drawn_as(Role::StaleData, "west", "api"), "not grey:\n{screen}");
    east.faults().heal();
    console.until("both again, without a key", both_are_there).await;
    assert!(!console.is_drawn_as(Role::StaleData, "east", "api"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_down_greys_its_own_rows_alone() {
    one_dies(Fault::Down).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_hangs_slows_nobody() {
    one_dies(Fault::Hang).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_never_answered_does_not_keep_the_other_from_being_shown() {
    let (east, west) = (sandbox(scenario()).await, sandbox(scenario()).await);
    east.faults().set("/", Fault::Hang);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    write_kubeconfig(&file, &[("east", &east), ("west", &west)]);
    let mut console = Headless::configured(&file, CONFIG, folder.path());
    let screen = console.until("west", |screen| screen.contains("2 workloads") && screen.contains("2/2")).await;
    // East answers nothing for 20 s, and is given up then: while it is still waited for, west is there.
    assert!(screen.contains("east/") && screen.contains("loading"), "what is missing is said:\n{screen}");
    console.press("s");
    assert!(console.screen().contains("all environments"), "{}", console.screen());
    // All, east, west: the last one.
    console.press("G");
    console.press("enter");
    let is_west = |screen: &str| screen.contains("WEST (development)") && screen.contains("all fresh");
    let alone = console.until("west alone", is_west).await;
    assert!(!alone.contains("east"), "{alone}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_environment_that_was_not_asked_for_is_not_connected() {
    let Rig { east, west, console, folder } = rig().await;
    drop(console);
    let asked = west.requests().len();
    let file = folder.path().join("kubeconfig");
    let one = CONFIG.split("[environment.west]").next().expect("the first");
    let mut console = Headless::configured(&file, one, folder.path());
    console.until("east alone", |screen| screen.contains("2 workloads") && screen.contains("all fresh")).await;
    assert!(!east.requests().is_empty());
    assert_eq!(west.requests().len(), asked, "nobody looked at west");
}

/// A stage with both its environments shown.
pub(crate) fn both() -> Stage {
    let mut stage = Stage::new();
    stage.enter(Scope::All);
    let connected = Connected { context: "stage-eu".into(), identity: Some("mori".into()), scope: "shop".into() };
    stage.tell(News::Connected(1, connected));
    stage
}

/// The same shop in staging, all well but one.
pub(crate) fn staging() -> Vec<Rollout> {
    let there = |row: Rollout| Rollout {
        workload: WorkloadRef { environment: "staging".into(), ..row.workload.clone() },
        ..row
    };
    let names = ["payments", "basket", "checkout-api"];
    let mut rows: Vec<Rollout> = names.map(|name| there(rollout(name, Verdict::Complete))).into();
    rows.push(there(rollout("web", Verdict::Stuck)));
    rows
}

pub(crate) fn see(stage: &mut Stage, place: usize, rows: Vec<Rollout>, freshness: SourceState) {
    let name = ["production", "staging"][place];
    let mut rollouts: Vec<_> = rows.into_iter().map(Arc::new).collect();
    rollouts.sort_by(|one, other| one.worst_first(other));
    let health = ["deployments", "replicasets", "pods"].map(|what| health_of(name, what, freshness)).into();
    let snapshot = ClusterSnapshot { health, rollouts: rollouts.into(), pods: 12, ..ClusterSnapshot::default() };
    stage.tell(News::Cluster(place, Box::new(snapshot)));
}

#[test]
fn the_list_of_all_environments() {
    let mut stage = both();
    insta::assert_snapshot!("environments_connecting", stage.bodies());
    see(&mut stage, 1, staging(), SourceState::Fresh);
    insta::assert_snapshot!("environments_one_loading", stage.bodies());
    see(&mut stage, 0, shop(), SourceState::Fresh);
    insta::assert_snapshot!("environments_normal", stage.bodies());
    see(&mut stage, 0, shop(), SourceState::Down);
    insta::assert_snapshot!("environments_one_down", stage.bodies());
    see(&mut stage, 1, staging(), SourceState::Down);
    insta::assert_snapshot!("environments_all_down", stage.bodies());
    see(&mut stage, 0, Vec::new(), SourceState::Fresh);
    see(&mut stage, 1, Vec::new(), SourceState::Fresh);
    insta::assert_snapshot!("environments_empty", stage.bodies());
    stage.press("s");
    insta::assert_snapshot!("environments_scope", stage.bodies());
}

#[test]
fn rows_of_all_environments_are_merged_worst_first() {
    let mut stage = both();
    see(&mut stage, 1, staging(), SourceState::Fresh);
    see(&mut stage, 0, shop(), SourceState::Fresh);
    let rows = stage.rollouts();
    assert_eq!(rows.len(), shop().len() + staging().len());
    assert!(
        rows.is_sorted_by(|one, other| one.worst_first(other).is_lt()),
        "worst first, then environment, namespace, name"
    );
    let stuck: Vec<&str> =
        rows.iter().filter(|row| row.verdict == Verdict::Stuck).map(|row| &*row.workload.environment).collect();
    assert_eq!(stuck, ["production", "staging"]);
}

#[test]
fn the_frame_is_that_of_the_environment_under_the_cursor() {
    let mut stage = both();
    see(&mut stage, 1, staging(), SourceState::Fresh);
    see(&mut stage, 0, vec![rollout("payments", Verdict::Failed)], SourceState::Fresh);
    stage.theme = Theme::embedded("midnight", Depth::True);
    let is_framed = |stage: &Stage, role| {
        let drawn: Buffer = stage.screen(120, 40);
        drawn[(2, 0)].bg == stage.theme.style(role).bg.expect("guards have a colour")
    };
    let first = text(&stage.screen(120, 40));
    assert!(
        first.lines().next().is_some_and(|line| line.contains("PRODUCTION") && line.contains("all 2 environments")),
        "{first}"
    );
    assert!(is_framed(&stage, Role::EnvironmentProduction) && first.contains("WRITE"));
    stage.press("j");
    let second = text(&stage.screen(120, 40));
    assert!(
        second.lines().next().is_some_and(|line| line.contains("STAGING") && line.contains("stage-eu")),
        "{second}"
    );
    assert!(is_framed(&stage, Role::EnvironmentStaging), "the colour follows");
    assert!(second.contains("READ-ONLY"), "so does the grant: staging may only be looked at");
}

#[test]
fn a_scope_shows_one_or_all_and_keeps_what_is_known_of_the_others() {
    let mut stage = both();
    see(&mut stage, 0, shop(), SourceState::Fresh);
    see(&mut stage, 1, staging(), SourceState::Fresh);
    stage.press("space");
    stage.press("s");
    stage.press("G");
    stage.press("enter");
    assert_eq!(stage.scope(), Scope::One(1));
    assert_eq!(stage.marks(), 0, "a mark nobody sees would be acted on");
    let alone = text(&stage.screen(120, 40));
    assert!(alone.contains("4 workloads") && !alone.contains("PRODUCTION"), "{alone}");
    // News of what is not shown is kept, and shown as soon as it is asked for.
    see(&mut stage, 0, vec![rollout("payments", Verdict::Failed)], SourceState::Fresh);
    assert!(!text(&stage.screen(120, 40)).contains("failed"));
    stage.press("s");
    stage.press("g");
    stage.press("enter");
    assert_eq!(stage.scope(), Scope::All);
    assert!(text(&stage.screen(120, 40)).contains("5 workloads"), "at once, without another answer");
}

#[test]
fn an_environment_is_connected_when_it_is_shown_first_and_not_again() {
    let mut stage = Stage::new();
    assert_eq!(stage.model.connect_shown(), [], "the one that is shown is connected already");
    let mut effects = Vec::new();
    for keys in ["s", "g", "enter"] {
        effects.extend(stage.asks(keys));
    }
    assert_eq!(stage.scope(), Scope::All);
    assert!(effects.contains(&Effect::Connect(1)) && !effects.contains(&Effect::Connect(0)), "{effects:?}");
}

#[test]
fn a_frozen_screen_holds_every_environment_back() {
    let mut stage = both();
    see(&mut stage, 0, vec![rollout("payments", Verdict::Complete)], SourceState::Fresh);
    stage.press("f");
    see(&mut stage, 0, vec![rollout("payments", Verdict::Failed)], SourceState::Fresh);
    see(&mut stage, 1, staging(), SourceState::Fresh);
    assert!(stage.rollouts().iter().all(|row| row.verdict == Verdict::Complete), "nothing moves");
    stage.press("f");
    assert_eq!(stage.rollouts().len(), 5, "and nothing is lost");
}

#[test]
fn a_name_that_two_environments_have_is_not_guessed() {
    let mut stage = both();
    see(&mut stage, 0, shop(), SourceState::Fresh);
    see(&mut stage, 1, staging(), SourceState::Fresh);
    stage.press(":");
    stage.type_text("rollback payments -n shop");
    stage.press("enter");
    assert!(!stage.is_planning());
    let told = text(&stage.screen(200, 60));
    assert!(told.contains("-e ENVIRONMENT"), "{told}");
    stage.press(":");
    stage.type_text("rollback payments -n shop -e staging");
    stage.press("enter");
    let request = stage.request();
    assert_eq!(request.targets.iter().map(|target| &**target.environment()).collect::<Vec<_>>(), ["staging"]);
    assert!(matches!(stage.overlay(), Some(Overlay::Plan { .. })));
    // A completion that was chosen says which, too.
    stage.press("esc");
    stage.press(":");
    stage.type_text("rollback payments");
    assert_eq!(stage.menu(), ["rollback payments -n shop -e production", "rollback payments -n shop -e staging"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_is_renewed_by_the_plugin_and_no_row_is_lost() {
    let east = sandbox(scenario()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let credential = folder.path().join("credential.json");
    let write = |token: &str| {
        let text = format!(
            r#"{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"{token}"}}}}"#
        );
        std::fs::write(&credential, text).expect("a file of ours");
    };
    write(&east.token());
    let file = folder.path().join("kubeconfig");
    write_kubeconfig(&file, &[("east", &east)]);
    let plain = std::fs::read_to_string(&file).expect("just written");
    let plugin = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: cat, args: [{:?}], interactiveMode: Never}}",
        credential.display().to_string()
    );
    std::fs::write(&file, plain.replace(&format!("token: {}", east.token()), &plugin)).expect("a file of ours");
    let one = CONFIG.split("[environment.west]").next().expect("the first");
    let mut console = Headless::configured(&file, one, folder.path());
    let is_there = |screen: &str| screen.contains("2 workloads") && screen.contains("api") && screen.contains("web");
    console.until("both rows", |screen| is_there(screen) && screen.contains("all fresh")).await;
    write(&east.renew_token());
    // Its old token is refused from now on: 401.
    let refused = || east.requests().iter().filter(|seen| seen.user.is_empty()).count();
    let all_the_time = |screen: &str| {
        assert!(is_there(screen), "no row is lost while the credentials are renewed:\n{screen}");
        refused() > 0 && screen.contains("all fresh")
    };
    console.until("fresh with the new token", all_the_time).await;
    act(&mut console, "!r").await;
    console.confirm("RESTART").await;
    console.until("a change, seen by a watch of the new token", |screen| screen.contains("verified: 2/2")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_that_may_not_be_listed_is_said_and_the_others_work() {
    let east = sandbox(scenario().with("hidden", Service::new("secret", 1))).await;
    east.faults().set("/apis/apps/v1/namespaces/hidden/", Fault::Status(403));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    write_kubeconfig(&file, &[("east", &east)]);
    let config = "[environment.east]\ncontext = \"east\"\nnamespaces = [\"shop\", \"hidden\"]\nguard = \"staging\"\n";
    let mut console = Headless::configured(&file, config, folder.path());
    // Each list is refused on its own: the second may come a moment after the first.
    let refused = "east/deployments, replicasets in hidden down: not allowed";
    let screen = console.until("the rest", |screen| screen.contains("2 workloads") && screen.contains(refused)).await;
    assert!(screen.contains("complete") && !screen.contains("secret"), "{screen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_list_a_namespace_only_is_told_to_configure_it() {
    let (namespace, own) = ("shop-production", Service::new("api", 1));
    let east = sandbox(Scenario::empty(namespace).with(namespace, own)).await;
    east.faults().set("/apis/apps/v1/deployments", Fault::Status(403));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    east.write_kubeconfig(&file).expect("a kubeconfig");
    let config = "[environment.east]\ncontext = \"demo-production\"\nnamespaces = \"all\"\nguard = \"staging\"\n";
    let mut console = Headless::configured(&file, config, folder.path());
    let advice = "write namespaces = [\"shop-production\"] for this environment";
    console
        .until("the advice", |screen| screen.split_whitespace().collect::<Vec<_>>().join(" ").contains(advice))
        .await;
}
