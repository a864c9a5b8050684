//! Who else writes a workload, on the real control plane: read before a plan speaks of them, and told when they undo an action.

use chrono::Utc;
use serde_json::{Value, json};

use crate::support::console::{Console, Grant};
use crate::support::controlplane::ControlPlane;
use crate::support::process::wait_until;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

/// A small kind of another project's, of our own writing.
pub(super) fn kind(plane: &ControlPlane, group: &str, version: &str, plural: &str, kind: &str) {
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind},
            "versions": [{"name": version, "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    });
    plane.kubectl_with(&["apply", "-f", "-"], &crd.to_string()).good("a kind");
    let name = format!("crd/{plural}.{group}");
    plane.kubectl(&["wait", "--for=condition=Established", &name, "--timeout=150s"]).good("established");
}

/// The Deployment `api` with marks of its owners.
fn marked(shop: &Shop, labels: &[&str], annotations: &[&str]) {
    shop.deploy_good("api", "api:1", 1);
    shop.deploy("api", "api:2", Behaviour::ImagePull, 1);
    for (verb, marks) in [("label", labels), ("annotate", annotations)] {
        for mark in marks {
            shop.kubectl(&[verb, "deployment/api", mark]).good(verb);
        }
    }
    shop.wait_for_waiting("api:2", "ImagePullBackOff");
}

/// What the plan of a user says of the owners of `api`, once it is as claimed: a kind that was just made answers late.
fn owners(shop: &Shop, user: &str, claim: impl Fn(&[String]) -> bool) -> Vec<String> {
    let console = Console::of(user, shop, Grant::Write);
    wait_until("owners as claimed", PATIENCE, || {
        let (finished, plan) = console.plan(&["rollback", "deployment/api", "-n", &shop.name]);
        let fights = plan["targets"][0]["fights"].as_array().cloned().unwrap_or_default();
        let words = |fight: &Value| {
            format!("{}: {}", fight["who"].as_str().unwrap_or_default(), fight["words"].as_str().unwrap_or_default())
        };
        let said: Vec<String> = fights.iter().map(words).collect();
        (finished.code == Some(0) && claim(&said)).then_some(said)
    })
}

/// Whether what is said of an owner, by its place, has these words.
fn has(place: usize, words: &'static str) -> impl Fn(&[String]) -> bool {
    move |said| said.get(place).is_some_and(|said| said.contains(words))
}

#[test]
fn argo_cd_says_by_its_application_that_it_will_undo_it() {
    let shop = Shop::open("owners-argo");
    let tracking = format!("argocd.argoproj.io/tracking-id=owners-argo:apps/Deployment:{}/api", shop.name);
    marked(&shop, &[], &[&tracking]);
    kind(shop.plane, "argoproj.io", "v1alpha1", "applications", "Application");
    let absent = owners(&shop, "admin", has(0, "is not in this cluster"));
    assert!(absent[0].starts_with("Argo CD application owners-argo: "), "{absent:?}");
    let application = |heals: bool| {
        shop.apply(
            &json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "owners-argo"},
            "spec": {"syncPolicy": {"automated": {"selfHeal": heals}}}}),
        );
    };
    application(true);
    let said = owners(&shop, "admin", has(0, "WILL UNDO"));
    assert!(
        said[0].contains("it WILL UNDO THIS within about 5 s: self-heal of Application owners-argo/owners-argo is on"),
        "{said:?}"
    );
    application(false);
    owners(&shop, "admin", has(0, "at its next sync"));
    // Who may not look is told so.
    owners(&shop, "oncall", has(0, "its Application could not be read"));
}

#[test]
fn flux_says_its_interval_and_helm_its_revision() {
    let shop = Shop::open("owners-flux");
    let place = format!("kustomize.toolkit.fluxcd.io/namespace={}", shop.name);
    marked(
        &shop,
        &["kustomize.toolkit.fluxcd.io/name=apps", &place],
        &["meta.helm.sh/release-name=shop", &format!("meta.helm.sh/release-namespace={}", shop.name)],
    );
    kind(shop.plane, "kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization");
    let kustomization = |suspend: bool| {
        shop.apply(&json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "apps"},
            "spec": {"interval": "7m", "suspend": suspend}}));
    };
    kustomization(false);
    for (revision, status) in [(1, "superseded"), (2, "superseded"), (10, "deployed")] {
        shop.apply(&json!({"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1", "stringData": {"release": "not-to-be-read"},
            "metadata": {"name": format!("sh.helm.release.v1.shop.v{revision}"),
                "labels": {"owner": "helm", "name": "shop", "version": revision.to_string(), "status": status}}}));
    }
    let said = owners(&shop, "admin", has(0, "WILL PUT"));
    assert!(said[0].starts_with("Flux Kustomization apps: it WILL PUT ITS OWN VERSION BACK within 7m"), "{said:?}");
    assert!(
        said[1].contains("Helm release shop") && said[1].contains("revision 10 (deployed)"),
        "by number, not by text: {said:?}"
    );
    assert!(said[1].contains("helm rollback shop 9"), "{said:?}");
    kustomization(true);
    owners(&shop, "admin", has(0, "is suspended"));
    let read = shop.plane.audited("admin");
    let secrets = read.iter().filter(|line| line.namespace == shop.name && line.resource == "secrets");
    assert!(
        secrets.filter(|line| line.user_agent.starts_with("quarterdeck")).all(|line| line.verb == "list"),
        "never one of them whole"
    );
    owners(&shop, "oncall", has(1, "its release could not be read"));
}

#[test]
fn a_pipeline_that_applies_is_named_by_its_field_manager() {
    let shop = Shop::open("owners-pipeline");
    marked(&shop, &[], &[]);
    applied(&shop, "ci-deployer", &shop.deployment("api"));
    let said = owners(&shop, "oncall", |said| !said.is_empty());
    assert!(said[0].starts_with("ci-deployer: field manager ci-deployer applied the pod template at"), "{said:?}");
}

/// The server dates a write to the second: of two in one second it does not tell which was the last.
fn in_another_second() {
    let before = Utc::now().timestamp();
    wait_until("another second", PATIENCE, || (Utc::now().timestamp() > before).then_some(()));
}

/// What a controller does: apply the whole template under its own name, whoever owned it before.
fn applied(shop: &Shop, manager: &str, object: &Value) {
    let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
        "spec": {"selector": object["spec"]["selector"], "template": object["spec"]["template"]}});
    let manager = format!("--field-manager={manager}");
    let arguments = ["-n", &shop.name, "apply", "--server-side", "--force-conflicts", &manager, "-f", "-"];
    shop.plane.kubectl_with(&arguments, &object.to_string()).good("apply");
}

#[test]
fn a_rollback_that_argo_cd_undoes_is_told_on_the_screen_in_the_journal_and_to_scripts() {
    let shop = Shop::open("owners-undone");
    marked(&shop, &[], &[]);
    let bad = shop.deployment("api");
    let console = Console::of("oncall", &shop, Grant::Write);
    let plan = console.plan_rollback(&shop, "api");
    assert_eq!(console.apply(&plan).code, Some(0));
    let undone = || -> Value {
        let finished = console.run(&["status", "--output", "json"]);
        let document: Value = serde_json::from_str(&finished.stdout).expect("a document");
        document["undone"].clone()
    };
    assert_eq!(undone(), json!([]), "it stands");
    in_another_second();
    applied(&shop, "argocd-controller", &bad);
    assert_eq!(shop.image("api"), "api:2");
    let said = undone();
    assert_eq!(
        (&said[0]["who"], &said[0]["name"], &said[0]["action"]),
        (&"argocd-controller".into(), &"api".into(), &"rollback".into()),
        "{said}"
    );
    let words = said[0]["words"].as_str().unwrap_or_default();
    assert!(words.contains("put api:2 back into deployment/api -n owners-undone at"), "{words}");
    assert!(!console.journal().contains("UNDONE"), "a script that looks writes nothing");
    // The console opened afterwards says it from what the journal and the cluster tell.
    let screen = console.open(220, 30);
    screen.wait_for_text("UNDONE: argocd-controller put api:2 back", PATIENCE);
    wait_until("the journal's line", PATIENCE, || console.journal().contains("UNDONE").then_some(()));
    console.journal_is_whole();
}

/// A release of `api` with these variables, as its author's file has it.
fn release(image: &str, variables: &[&str], behaviour: Option<&str>) -> Value {
    let env: Vec<Value> = variables.iter().map(|name| json!({"name": name, "value": "1"})).collect();
    let mut template = json!({"metadata": {"labels": {"app": "api"}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": image, "env": env}]}});
    if let Some(behaviour) = behaviour {
        template["metadata"]["annotations"] = json!({"quarterdeck.test/behaviour": behaviour});
    }
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"}, "spec": {
        "replicas": 1, "progressDeadlineSeconds": 600, "selector": {"matchLabels": {"app": "api"}}, "template": template}})
}

fn variables(shop: &Shop) -> Vec<String> {
    let env = shop.deployment("api")["spec"]["template"]["spec"]["containers"][0]["env"].clone();
    let names = env.as_array().cloned().unwrap_or_default();
    names.iter().map(|one| one["name"].as_str().unwrap_or_default().to_owned()).collect()
}

/// After a rollback the next client-side apply merges against the bad release: what both manifests lack stays.
#[test]
fn what_the_next_kubectl_apply_leaves_behind_is_named_before_and_after() {
    let shop = Shop::open("owners-kubectl");
    let (first, second) =
        (release("api:1", &["LEVEL", "OLD_SWITCH"], None), release("api:2", &["LEVEL"], Some("image-pull")));
    shop.apply(&first);
    shop.rolled_out("api");
    shop.apply(&second);
    assert_eq!(variables(&shop), ["LEVEL"], "the second release drops it");
    shop.wait_for_waiting("api:2", "ImagePullBackOff");
    let said = owners(&shop, "oncall", |said| !said.is_empty());
    let told = said.iter().find(|words| words.starts_with("kubectl apply: ")).cloned().unwrap_or_default();
    assert!(told.contains("STAYS in the object: containers[app].env[OLD_SWITCH]. "), "{said:?}");

    let console = Console::of("oncall", &shop, Grant::Write);
    let plan = console.plan_rollback(&shop, "api");
    assert_eq!(console.apply(&plan).code, Some(0));
    assert_eq!(variables(&shop), ["LEVEL", "OLD_SWITCH"]);
    in_another_second();
    shop.apply(&second);
    assert_eq!(shop.image("api"), "api:2");
    assert_eq!(variables(&shop), ["LEVEL", "OLD_SWITCH"], "as the plan said");
    let finished = console.run(&["status", "--output", "json"]);
    let document: Value = serde_json::from_str(&finished.stdout).expect("a document");
    let words = document["undone"][0]["words"].as_str().unwrap_or_default();
    assert!(words.contains("UNDONE: kubectl-client-side-apply put api:2"), "{document}");
    assert!(words.contains("STAYED in the object: containers[app].env[OLD_SWITCH]. "), "{words}");

    // What the plan advises works: the older manifest once, then the next release.
    shop.apply(&first);
    shop.apply(&second);
    assert_eq!(variables(&shop), ["LEVEL"]);
}
