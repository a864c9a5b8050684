use super::*;
use serde_json::json;

/// A Deployment `shop/api` with this metadata.
fn api(metadata: &Value) -> Value {
    let mut object = json!({"metadata": {"namespace": "shop", "name": "api"}});
    for (key, value) in metadata.as_object().into_iter().flatten() {
        object["metadata"][key] = value.clone();
    }
    object
}

fn tracked(tracking: &str) -> Value {
    api(&json!({"annotations": {"argocd.argoproj.io/tracking-id": tracking}}))
}

fn who(object: &Value) -> Vec<String> {
    marks(object).into_iter().map(|mark| mark.who).collect()
}

/// What is said of the only owner of an object.
fn said(object: &Value, told: &Told, goal: Goal) -> String {
    let found = marks(object);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].fight(Some(told), goal).words
}

fn application(spec: &Value) -> Told {
    Told::Object(json!({"metadata": {"namespace": "argocd", "name": "shop"}, "spec": spec}))
}

#[test]
fn argo_is_believed_only_when_it_names_this_object() {
    assert_eq!(who(&tracked("shop:apps/Deployment:shop/api")), ["Argo CD application shop"]);
    assert!(who(&tracked("shop:apps/Deployment:shop/copy")).is_empty());
    let keeper = |tracking: &str| marks(&tracked(tracking)).remove(0).keeper;
    let application = |namespace: Option<&str>| {
        Some(Keeper::Application { namespace: namespace.map(str::to_owned), name: "shop".into() })
    };
    assert_eq!(keeper("shop:apps/Deployment:shop/api"), application(None));
    assert_eq!(keeper("team-a_shop:apps/Deployment:shop/api"), application(Some("team-a")));
}

#[test]
fn the_instance_label_counts_only_beside_argos_own_hand() {
    let labels = json!({"app.kubernetes.io/instance": "shop"});
    assert!(who(&api(&json!({"labels": labels}))).is_empty(), "Helm charts carry it too");
    let by =
        |manager: &str| json!([{"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": {"f:template": {}}}}]);
    let object = api(&json!({"labels": labels, "managedFields": by("argocd-controller")}));
    assert_eq!(who(&object), ["Argo CD application shop"]);
    assert_eq!(who(&api(&json!({"managedFields": by("argocd-controller")}))), ["Argo CD"]);
    assert_eq!(who(&api(&json!({"managedFields": by("kustomize-controller")}))), ["Flux Kustomization"]);
}

#[test]
fn what_argo_will_do_is_read_from_its_application() {
    let object = tracked("shop:apps/Deployment:shop/api");
    let says = |spec: Value, goal: Goal| said(&object, &application(&spec), goal);
    let heals = json!({"syncPolicy": {"automated": {"selfHeal": true}}});
    let words = says(heals.clone(), Goal::Healthy);
    assert!(
        words.starts_with("it WILL UNDO THIS within about 5 s: self-heal of Application argocd/shop is on."),
        "{words}"
    );
    assert!(words.contains("argocd app set shop --sync-policy none"), "{words}");
    assert!(words.ends_with("Known by argocd.argoproj.io/tracking-id = shop:apps/Deployment:shop/api."), "{words}");
    assert!(says(json!({}), Goal::Healthy).contains("until somebody syncs"));
    let off = json!({"syncPolicy": {"automated": {"enabled": false, "selfHeal": true}}});
    assert!(says(off, Goal::Healthy).contains("automatic sync of Application argocd/shop is off"));
    let slow = json!({"syncPolicy": {"automated": {}}});
    assert!(says(slow, Goal::Healthy).contains("at its next sync"));
    let mut lenient = heals;
    lenient["ignoreDifferences"] = json!([{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]);
    assert!(says(lenient.clone(), Goal::Replicas(3)).contains("leaves the number of pods alone"));
    assert!(says(lenient, Goal::Healthy).contains("WILL UNDO THIS"));
}

#[test]
fn an_application_that_cannot_be_read_is_not_known() {
    let object = tracked("shop:apps/Deployment:shop/api");
    let words = said(&object, &Told::Absent, Goal::Healthy);
    assert!(words.contains("its Application is not in this cluster, so whether it will is not known"), "{words}");
    let words = said(&object, &Told::Unreadable("applications is forbidden.".into()), Goal::Healthy);
    assert!(words.contains("could not be read") && words.contains("(applications is forbidden)"), "{words}");
}

#[test]
fn flux_says_its_interval_and_whether_it_is_suspended() {
    let labels = json!({"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"});
    let object = api(&json!({"labels": labels}));
    assert_eq!(marks(&object)[0].keeper, Some(Keeper::Kustomization { namespace: "flux".into(), name: "apps".into() }));
    let told = |spec: Value| Told::Object(json!({"metadata": {"namespace": "flux", "name": "apps"}, "spec": spec}));
    let words = said(&object, &told(json!({"interval": "10m"})), Goal::Healthy);
    assert!(
        words.starts_with("it WILL PUT ITS OWN VERSION BACK within 10m, the interval of Kustomization flux/apps."),
        "{words}"
    );
    assert!(said(&object, &told(json!({"suspend": true})), Goal::Healthy).contains("is suspended"));
    let mut opted_out = object;
    opted_out["metadata"]["annotations"] = json!({"kustomize.toolkit.fluxcd.io/reconcile": "disabled"});
    let mark = marks(&opted_out).remove(0);
    assert_eq!(mark.keeper, None, "there is nothing to ask");
    assert!(mark.expect.contains("leaves the change alone"), "{}", mark.expect);
}

#[test]
fn a_helm_release_is_known_by_the_labels_of_its_record() {
    let helm = json!({"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "shop"});
    let object = api(&json!({"annotations": helm}));
    let told = Told::Object(
        json!({"metadata": {"creationTimestamp": "2026-11-24T03:00:00Z", "labels": {"version": "7", "status": "deployed"}}}),
    );
    let words = said(&object, &told, Goal::Healthy);
    assert!(words.contains("revision 7 (deployed), made at 2026-11-24T03:00:00Z; helm rollback shop 6"), "{words}");
    let labels = json!({"helm.toolkit.fluxcd.io/name": "shop", "helm.toolkit.fluxcd.io/namespace": "shop"});
    let flux = api(&json!({"annotations": helm, "labels": labels}));
    assert_eq!(who(&flux), ["Flux HelmRelease shop"], "one owner, not two");
    let drift = |mode: &str| {
        Told::Object(json!({"metadata": {}, "spec": {"interval": "5m", "driftDetection": {"mode": mode}}}))
    };
    assert!(said(&flux, &drift("enabled"), Goal::Healthy).contains("WILL PUT ITS OWN VERSION BACK within 5m"));
    assert!(said(&flux, &drift("disabled"), Goal::Healthy).contains("its next upgrade overwrites this"));
}

#[test]
fn owners_and_strangers_are_named_and_people_are_not() {
    let object = api(&json!({"ownerReferences": [{"kind": "App", "name": "shop", "controller": true}]}));
    assert_eq!(who(&object), ["App shop"]);
    let entry = |manager: &str, operation: &str, minute: u32| {
        json!({"manager": manager, "operation": operation, "time": format!("2026-11-24T03:{minute:02}:00Z"),
            "fieldsV1": {"f:spec": {"f:template": {}, "f:replicas": {}}}})
    };
    let strange = |entries: Vec<Value>, goal: Goal| -> Vec<String> {
        let object = api(&json!({"managedFields": entries}));
        strangers(&object, goal).into_iter().map(|fight| format!("{}: {}", fight.who, fight.words)).collect()
    };
    assert_eq!(
        strange(vec![entry("deploy-pipeline", "Update", 9), entry("ci", "Apply", 1)], Goal::Healthy),
        [
            "deploy-pipeline: field manager deploy-pipeline wrote the pod template at 2026-11-24 03:09:00 UTC: its next run writes its own version.",
            "ci: field manager ci applied the pod template at 2026-11-24 03:01:00 UTC: it may apply it again.",
        ]
    );
    let people = vec![entry("kubectl-rollout", "Update", 9), entry("deploy-pipeline", "Update", 1)];
    assert_eq!(strange(people, Goal::Healthy), Vec::<String>::new(), "somebody else has written since");
    let scaled = strange(vec![entry("ci", "Apply", 1)], Goal::Replicas(2));
    assert!(scaled[0].contains("applied the number of pods"), "{scaled:?}");
}

#[test]
fn hostile_names_are_cleaned() {
    let object = tracked("shop\u{1b}[2J:apps/Deployment:shop/api");
    assert!(who(&object)[0].chars().all(|letter| !letter.is_control()));
}
