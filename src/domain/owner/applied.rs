//! What the next `kubectl apply` makes of a change of ours.
//!
//! It compares three: the manifest it applied last, which it keeps in an annotation, the new manifest, and the object. It deletes only what
//! the last manifest had and the new one has not: what a rollback brings back and neither mentions stays for good
//! (kubectl's "how apply calculates differences and merges changes").

use serde_json::Value;

use crate::domain::action::{Fight, Goal};
use crate::domain::rollout::{same_code, stripped};
use crate::domain::text;

/// The annotation that holds the manifest applied last.
const KEY: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The field manager of a client-side apply.
const MANAGER: &str = "kubectl-client-side-apply";
/// Lists whose entries are merged one by one, and by which of their fields; any other list is one value. The API's own `patchMergeKey`.
const MERGED: [(&str, &str); 11] = [
    ("containers", "name"),
    ("initContainers", "name"),
    ("ephemeralContainers", "name"),
    ("env", "name"),
    ("volumes", "name"),
    ("imagePullSecrets", "name"),
    ("volumeMounts", "mountPath"),
    ("volumeDevices", "devicePath"),
    ("ports", "containerPort"),
    ("hostAliases", "ip"),
    ("topologySpreadConstraints", "topologyKey"),
];
/// The most fields that are named one by one.
const NAMED: usize = 8;

/// What a plan says of an object that is applied with kubectl, where the action ends with this pod template and goal; `None` where the next
/// apply leaves it alone.
pub fn applied(object: &Value, template: &Value, goal: Goal) -> Option<Fight> {
    let kept = object.get("metadata")?.get("annotations")?.get(KEY)?.as_str()?;
    let last = serde_json::from_str::<Value>(kept).ok();
    let field = |path: &str| last.as_ref().and_then(|last| last.pointer(path));
    let words = match goal {
        Goal::Replicas(wanted) => match field("/spec/replicas").map(Value::as_u64) {
            Some(Some(said)) if said != u64::from(wanted) => {
                format!(
                    "the manifest applied last says {said} replicas: the next kubectl apply puts its own number back"
                )
            }
            _ => return None,
        },
        Goal::Paused => {
            field("/spec/paused")?;
            "the manifest applied last says whether it is paused: the next kubectl apply puts its own word back"
                .to_owned()
        }
        Goal::PodReplaced | Goal::Silenced(_) | Goal::SilenceOver | Goal::Stored | Goal::Session => return None,
        Goal::Healthy => {
            let current = object.pointer("/spec/template").unwrap_or(&Value::Null);
            if same_code(current, template) {
                return None;
            }
            let over = "the next kubectl apply writes its own manifest over this";
            match last.as_ref().map(|last| stranded(template, current, last.pointer("/spec/template"))) {
                None => format!(
                    "{over}; what it would leave behind is not known, for the manifest it applied last cannot be read"
                ),
                Some(stays) if stays.is_empty() => over.to_owned(),
                Some(stays) => format!(
                    "{over}, but merges against the release that is taken back: what only the older one has STAYS in the object: {}. Apply the older manifest once before the next release, or remove it by hand afterwards",
                    listed(&stays)
                ),
            }
        }
    };
    Some(Fight { who: "kubectl apply".to_owned(), words: format!("applied with kubectl: {words}. Known by {KEY}.") })
}

/// What to do after a client-side apply that followed an action of ours, where it left something of ours behind that the manifest applied
/// now does not have: by the fields the server says are still ours.
pub fn left_behind(object: &Value, manager: &str) -> Option<String> {
    if manager != MANAGER {
        return None;
    }
    let kept = object.get("metadata")?.get("annotations")?.get(KEY)?.as_str()?;
    let last = serde_json::from_str::<Value>(kept).ok()?;
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
    let ours = entries.filter(|entry| entry.get("manager").and_then(Value::as_str) == Some("quarterdeck"));
    let mut stays = Vec::new();
    for fields in ours.filter_map(|entry| entry.pointer("/fieldsV1/f:spec/f:template")) {
        owned(fields, last.pointer("/spec/template"), "", &mut stays);
    }
    stays.dedup();
    (!stays.is_empty()).then(|| {
        format!(
            "kubectl merged against the release that was taken back, so what neither manifest mentions STAYED in the object: {}. Remove it by hand.",
            listed(&stays)
        )
    })
}

/// Paths an action brings into the object that the manifest applied last does not have: nothing deletes them later.
fn stranded(target: &Value, current: &Value, last: Option<&Value>) -> Vec<String> {
    let mut found = Vec::new();
    missing(&stripped(target), Some(current), last, "", &mut found);
    found
}

fn missing(target: &Value, current: Option<&Value>, last: Option<&Value>, path: &str, found: &mut Vec<String>) {
    let is_nothing = match target {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    // What is there already comes back with no rollback, and a default says nothing.
    if is_nothing || last.is_none() && current == Some(target) {
        return;
    }
    if last.is_none() && current.is_none() {
        found.push(path.to_owned());
        return;
    }
    match target {
        Value::Object(members) => {
            for (key, member) in members {
                let (current, last) = (current.and_then(|one| one.get(key)), last.and_then(|one| one.get(key)));
                missing(member, current, last, &below(path, key), found);
            }
        }
        Value::Array(items) if merge_key(path).is_some() => {
            let key = merge_key(path).unwrap_or_default();
            for item in items {
                let name = item.get(key).unwrap_or(&Value::Null);
                let (current, last) = (entry(current, key, name), entry(last, key, name));
                missing(item, current, last, &format!("{path}[{}]", plain(name)), found);
            }
        }
        // The manifest has it too: its own value is written.
        _ if last.is_some() => {}
        _ => found.push(path.to_owned()),
    }
}

/// The entry of a list by its merge key.
fn entry<'v>(list: Option<&'v Value>, key: &str, name: &Value) -> Option<&'v Value> {
    list?.as_array()?.iter().find(|other| other.get(key) == Some(name))
}

/// Paths of a set of owned fields (`fieldsV1`) that the manifest applied last does not have.
fn owned(fields: &Value, last: Option<&Value>, path: &str, found: &mut Vec<String>) {
    for (key, inner) in fields.as_object().into_iter().flatten() {
        let (path, kept) = if let Some(name) = key.strip_prefix("f:") {
            (below(path, name), last.and_then(|last| last.get(name)))
        } else if let Some(keys) = key.strip_prefix("k:").and_then(|keys| serde_json::from_str::<Value>(keys).ok()) {
            let keys = keys.as_object().cloned().unwrap_or_default();
            let merged = merge_key(path).and_then(|key| keys.get(key)).or_else(|| keys.values().next());
            // A field the manifest leaves to its default, such as a port's protocol, tells nothing apart.
            let is_same = |item: &&Value| keys.iter().all(|(key, value)| item.get(key).is_none_or(|own| own == value));
            let kept = last.and_then(Value::as_array).and_then(|items| items.iter().find(is_same));
            (format!("{path}[{}]", merged.map(plain).unwrap_or_default()), kept)
        } else {
            continue;
        };
        if is_stamp(&path) {
            continue;
        }
        // Annotations and labels have one owner each: a map of them is no value by itself.
        let is_map = path == "metadata" || path == "metadata.annotations" || path == "metadata.labels";
        match kept {
            None if !is_map => found.push(path),
            kept => owned(inner, kept, &path, found),
        }
    }
}

fn below(path: &str, key: &str) -> String {
    let inner = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    inner.strip_prefix("spec.").map_or_else(|| inner.clone(), str::to_owned)
}

/// A restart stamp makes no difference to what runs.
fn is_stamp(path: &str) -> bool {
    path.ends_with(".restartedAt") || path.ends_with("/restartedAt")
}

fn merge_key(path: &str) -> Option<&'static str> {
    let list = path.rsplit('.').next().unwrap_or(path);
    MERGED.iter().find(|(name, _)| *name == list).map(|(_, key)| *key)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Names of fields, never their values; cleaned.
fn listed(paths: &[String]) -> String {
    let named = paths.iter().take(NAMED).map(|path| text::clean(path).into_owned()).collect::<Vec<_>>().join(", ");
    match paths.len().checked_sub(NAMED) {
        None | Some(0) => named,
        Some(more) => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn template(image: &str, env: &Value) -> Value {
        json!({"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [{"name": "app", "image": image, "env": env}]}})
    }

    /// An object whose second release was applied with kubectl; the server filled in what the manifest leaves out.
    fn second() -> Value {
        let manifest = json!({"kind": "Deployment", "spec": {"replicas": 2, "template": template("api:2", &json!([{"name": "LEVEL", "value": "info"}]))}});
        let mut live = manifest["spec"]["template"].clone();
        live["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent".into();
        live["spec"]["terminationGracePeriodSeconds"] = 30.into();
        json!({"metadata": {"annotations": {KEY: manifest.to_string()}}, "spec": {"replicas": 2, "template": live}})
    }

    /// The first release as its ReplicaSet keeps it: with what the second one dropped.
    fn first() -> Value {
        let mut template =
            template("api:1", &json!([{"name": "LEVEL", "value": "info"}, {"name": "OLD_SWITCH", "value": "s3cret"}]));
        template["metadata"]["labels"]["pod-template-hash"] = "abc".into();
        template["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent".into();
        template["spec"]["containers"][0]["ports"] = json!([{"containerPort": 8080, "protocol": "TCP"}]);
        template["spec"]["terminationGracePeriodSeconds"] = 60.into();
        template["spec"]["volumes"] = json!([{"name": "scratch", "emptyDir": {}}]);
        template
    }

    #[test]
    fn what_only_the_older_release_has_stays_and_is_named() {
        let words = applied(&second(), &first(), Goal::Healthy).expect("a fight").words;
        let said = "STAYS in the object: containers[app].env[OLD_SWITCH], containers[app].ports, terminationGracePeriodSeconds, volumes. ";
        assert!(words.contains(said), "{words}");
        assert!(!words.contains("s3cret"), "names, never values: {words}");
        // A release that drops nothing leaves nothing.
        let next = template("api:0", &json!([{"name": "LEVEL", "value": "debug"}]));
        let words = applied(&second(), &next, Goal::Healthy).expect("a fight").words;
        assert!(
            !words.contains("STAYS") && words.contains("the next kubectl apply writes its own manifest"),
            "{words}"
        );
    }

    #[test]
    fn only_what_kubectl_applied_is_told_of_and_only_what_it_would_change() {
        let mut bare = second();
        bare["metadata"]["annotations"] = json!({});
        assert_eq!(applied(&bare, &first(), Goal::Healthy), None);
        let object = second();
        let mut restarted = object["spec"]["template"].clone();
        restarted["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/restartedAt": "now"});
        assert_eq!(applied(&object, &restarted, Goal::Healthy), None, "a restart is not undone");
        assert_eq!(applied(&object, &first(), Goal::Replicas(2)), None);
        assert!(
            applied(&object, &first(), Goal::Replicas(5)).is_some_and(|fight| fight.words.contains("says 2 replicas"))
        );
        assert_eq!(
            (applied(&object, &first(), Goal::Paused), applied(&object, &first(), Goal::PodReplaced)),
            (None, None)
        );
        let mut broken = second();
        broken["metadata"]["annotations"][KEY] = "{".into();
        assert!(applied(&broken, &first(), Goal::Healthy).is_some_and(|fight| fight.words.contains("not known")));
    }

    #[test]
    fn what_stayed_is_what_is_still_ours_and_not_in_the_manifest() {
        let mut object = second();
        object["metadata"]["managedFields"] = json!([
            {"manager": "quarterdeck", "operation": "Update", "fieldsV1": {"f:spec": {"f:template": {
                "f:metadata": {"f:annotations": {".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}},
                "f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {
                    "f:image": {}, "f:env": {"k:{\"name\":\"OLD_SWITCH\"}": {".": {}, "f:name": {}, "f:value": {}}}}}}}}}},
            {"manager": MANAGER, "operation": "Update", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:hostNetwork": {}}}}}}]);
        // The stamp stands under annotations the manifest has not.
        let words = left_behind(&object, MANAGER).expect("something stayed");
        assert!(words.contains("STAYED in the object: containers[app].env[OLD_SWITCH]. "), "{words}");
        assert_eq!(left_behind(&object, "argocd-controller"), None);
        assert_eq!(left_behind(&second(), MANAGER), None);
    }

    #[test]
    fn a_long_list_and_hostile_names_stay_one_clean_sentence() {
        let many: Vec<String> = (0..20).map(|number| format!("env[A\u{1b}{number}]")).collect();
        let words = listed(&many);
        assert!(words.ends_with("and 12 more") && !words.contains('\u{1b}'), "{words}");
    }
}
