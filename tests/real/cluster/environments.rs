//! Two real clusters in one console: the same names in both, one of them killed and brought back.

use serde_json::Value;

use crate::support::console::{Console, FIRST_SCREEN};
use crate::support::controlplane::ControlPlane;
use crate::support::process::wait_until;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

/// A kubeconfig with a context for each plane, and no current one.
fn kubeconfig(planes: &[(&str, &ControlPlane)], namespace: &str) -> String {
    let clusters = planes.iter().map(|(name, plane)| {
        let (port, authority) = (plane.port(), plane.authority());
        format!(
            "- {{name: {name}, cluster: {{server: \"https://127.0.0.1:{port}\", certificate-authority: \"{}\"}}}}\n",
            authority.display()
        )
    });
    let contexts = planes.iter().map(|(name, _)| {
        format!("- {{name: {name}, context: {{cluster: {name}, user: oncall, namespace: {namespace}}}}}\n")
    });
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n{}users:\n- {{name: oncall, user: {{token: oncall-token}}}}\ncontexts:\n{}",
        clusters.collect::<String>(),
        contexts.collect::<String>()
    )
}

fn config(namespace: &str) -> String {
    let environment = |name: &str, guard: &str| {
        format!(
            "[environment.{name}]\ncontext = \"{name}\"\nnamespaces = [\"{namespace}\"]\nguard = \"{guard}\"\nwrite = true\n"
        )
    };
    environment("east", "production") + &environment("west", "staging")
}

/// Two clusters with the same Deployment, and a console on both.
fn two(second: &'static ControlPlane, name: &str) -> (Shop, Shop, Console) {
    let (east, west) = (Shop::open(name), Shop::on(second, name));
    east.deploy_good("api", "api:1", 2);
    west.deploy_good("api", "api:1", 2);
    let planes = [("east", east.plane), ("west", west.plane)];
    let console = Console::with(&kubeconfig(&planes, name), &config(name));
    (east, west, console)
}

/// When the pods of a Deployment were last told to restart.
fn restarted_at(shop: &Shop) -> Option<String> {
    let at = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
    Some(shop.deployment("api").pointer(at)?.as_str()?.to_owned())
}

#[test]
fn one_of_two_api_servers_is_killed_and_brought_back() {
    let (second, _alone) = ControlPlane::second();
    let (east, west, console) = two(second, "envs-killed");
    let terminal = console.open(160, 40);
    let are_fresh = |text: &str| text.contains("2 workloads, worst first") && text.contains("all fresh");
    terminal.wait_for("both clusters", FIRST_SCREEN, are_fresh);
    let colour = |environment: &str| terminal.colour_of(&[environment, "api"]);
    let live = (colour("east"), colour("west"));

    second.kill_api();
    let is_dead = |text: &str| {
        (text.contains("west/") && (text.contains(" stale") || text.contains(" down"))) && text.contains(" old: ")
    };
    // A server that is slow to answer for a moment is told of too: east is not in trouble for good.
    terminal.wait_for("that west is dead, how old and why, and east well", PATIENCE, |text| {
        assert!(!is_dead(text) || text.contains("2 workloads, worst first"), "the last good row stays:\n{text}");
        is_dead(text) && !text.contains("east/")
    });
    // Each source tells of its own end; the row goes grey with that of Deployments.
    wait_until("west being grey, and east as it was", PATIENCE, || {
        (colour("west") != live.1 && colour("east") == live.0).then_some(())
    });
    // The other goes on as if nothing were: a release, seen by its watch.
    east.deploy("api", "api:2", Behaviour::ImagePull, 2);
    terminal.wait_for("trouble in east, live", PATIENCE, |text| {
        text.contains("stuck") && text.contains("ImagePullBackOff")
    });

    // `status` says the same, and does not wait for the dead one longer than for its own answer.
    let finished = console.run(&["status", "--output", "json"]);
    let document: Value = serde_json::from_str(&finished.stdout).expect("a document");
    let rows = document["rollouts"].as_array().expect("rows");
    assert_eq!(rows.iter().map(|row| &row["environment"]).collect::<Vec<_>>(), ["east"], "{document}");
    let source = |name: &str| {
        let sources = document["sources"].as_array().expect("sources");
        sources.iter().find(|source| source["name"].as_str().is_some_and(|known| known.starts_with(name))).cloned()
    };
    assert_eq!(source("east/deployments").map(|source| source["state"].clone()), Some("fresh".into()));
    let dead = source("west/").expect("west is named");
    assert_ne!(dead["state"], "fresh", "{document}");
    assert!(dead["error"].as_str().is_some_and(|why| why.contains("cannot be reached")), "{document}");
    assert_eq!(finished.code, Some(2), "a stuck workload is worse than a source that is down: {document}");

    second.start_api();
    terminal.wait_for("west again, without a key", PATIENCE, are_fresh);
    wait_until("west not grey any more", PATIENCE, || (colour("west") == live.1).then_some(()));
    west.deploy("api", "api:3", Behaviour::Good, 2);
    terminal.send("j");
    terminal.wait_for("a release in west, live", PATIENCE, |text| {
        text.contains("WEST (staging)") && text.contains("api:3")
    });
}

#[test]
fn the_same_names_in_two_clusters_are_never_confused() {
    let (second, _alone) = ControlPlane::second();
    let (east, west, console) = two(second, "envs-twins");
    let target = ["restart", "deployment/api", "-n", "envs-twins"];
    let (finished, _) = console.plan(&target);
    assert_eq!(finished.code, Some(2), "which of the two is not guessed: {}", finished.stdout);
    assert!(finished.stderr.contains("--environment with one of: east, west"), "{}", finished.stderr);

    let (finished, plan) = console.plan(&[&target[..], &["--environment", "west"]].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!((&plan["environment"], &plan["guard"]), (&"west".into(), &"staging".into()));
    // The plan says where: no option is needed to apply it, and none leads it elsewhere.
    let word = plan["confirmation"]["word"].as_str().expect("a word");
    let astray = ["apply", "-", "--confirm", word, "--environment", "east"];
    let astray = crate::support::process::Running::start(console.command(&astray), &plan.to_string()).finish(PATIENCE);
    assert_eq!(astray.code, Some(3), "{}{}", astray.stdout, astray.stderr);
    assert!(astray.stderr.contains("Nothing was sent"), "{}", astray.stderr);
    assert_eq!((restarted_at(&east), restarted_at(&west)), (None, None), "nothing was sent to either");
    let applied = console.apply(&plan);
    assert_eq!(applied.code, Some(0), "{}{}", applied.stdout, applied.stderr);
    assert_eq!(restarted_at(&east), None, "east was not touched");
    assert!(restarted_at(&west).is_some(), "west was");
    let changes = |shop: &Shop| {
        let audited = shop.plane.audited("oncall").into_iter();
        audited
            .filter(|line| line.namespace == shop.name && line.verb == "patch" && !line.uri.contains("dryRun"))
            .count()
    };
    wait_until("the change in west's audit log", PATIENCE, || (changes(&west) == 1).then_some(()));
    assert_eq!(changes(&east), 0);

    // The screen: the second row is west's, and so is what is done on it.
    let terminal = console.open(120, 40);
    terminal
        .wait_for("both", FIRST_SCREEN, |text| text.contains("2 workloads, worst first") && text.contains("all fresh"));
    terminal.send("j");
    terminal.wait_for_text("WEST (staging)", PATIENCE);
    terminal.act("!r", "in west: deployment/api", PATIENCE);
    terminal.confirm("type RESTART", "RESTART", PATIENCE);
    terminal.wait_for_text("verified: 2/2", PATIENCE);
    wait_until("the second change in west's audit log", PATIENCE, || (changes(&west) == 2).then_some(()));
    assert_eq!((changes(&east), restarted_at(&east)), (0, None), "east was not touched");
}

#[test]
fn rights_that_end_at_a_namespace_are_said_and_what_is_allowed_works() {
    let (own, hidden) = (Shop::open("envs-own"), "kube-public");
    own.deploy_good("api", "api:1", 1);
    let kubeconfig = own.plane.kubeconfig("oncall", &own.name);
    let with = |namespaces: &str| {
        Console::with(&kubeconfig, &format!("[environment.test]\ncontext = \"oncall\"\nnamespaces = {namespaces}\n"))
    };
    let some = with(&format!("[\"envs-own\", \"{hidden}\"]")).run(&["status"]);
    assert!(some.stdout.contains("test/deployments in kube-public: down. not allowed:"), "{}", some.stdout);
    assert!(some.stdout.lines().any(|line| line.contains("envs-own") && line.contains("complete")), "{}", some.stdout);
    assert_eq!(some.code, Some(3), "what is not seen is not well");
    let all = with("\"all\"").run(&["status"]);
    assert!(all.stdout.contains("write namespaces = [\"envs-own\"] for this environment"), "{}", all.stdout);
}
