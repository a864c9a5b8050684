//! What a plan means: what it does to which objects, on which fields, under which verdicts. Not its evidence, its expiry, its id and stamps.
//!
//! A plan document may have been edited by whoever can apply it. It is worked out anew, and carried out only where both mean the same.

use serde_json::Value;

use super::{Check, InOrder, OperationRecord, Part, Plan, RECORD_KEY, Reached, Rehearsal, Request, Step, Target};
use crate::domain::database::Turn;
use crate::domain::rollout::same_code;
use crate::domain::service::UNMAPPED;

/// Why a plan that was given does not mean what the same plan means that was worked out anew; `None` when it does.
///
/// What the new one says beyond the given one counts too: a warning, or somebody who will undo it, that nobody has read.
pub fn difference(given: &Plan, own: &Plan) -> Option<String> {
    if given.action != own.action || given.environment != own.environment || given.targets.len() != own.targets.len() {
        return Some(format!(
            "the plan is to {} {} targets in {}, worked out anew it is to {} {} in {}.",
            given.action,
            given.targets.len(),
            given.environment,
            own.action,
            own.targets.len(),
            own.environment
        ));
    }
    let pairs = || given.targets.iter().zip(&own.targets);
    if let Some(words) = pairs().find_map(|(given, own)| target(given, own)) {
        return Some(words);
    }
    if let Some(stray) = own.targets.iter().find(|one| given.service.is_some() && one.service != given.service) {
        return Some(format!(
            "the plan is of service {}, and {} is of {}.",
            given.service.as_deref().unwrap_or(UNMAPPED),
            stray.subject,
            stray.service.as_deref().unwrap_or(UNMAPPED)
        ));
    }
    if given.cost.kind != own.cost.kind {
        let word = |kind: Option<Turn>| kind.map_or("neither", Turn::word);
        return Some(format!("it would be a {} now, the plan says {}.", word(own.cost.kind), word(given.cost.kind)));
    }
    if let Some(worse) = Check::worsened(&given.checks(), &own.checks()) {
        return Some(format!("the plan showed it otherwise: {}.", worse.sentence()));
    }
    if let (Some(told), Some(now)) = (given.cost.expected, own.cost.expected)
        && now.loss.exceeds(&told.loss)
    {
        return Some(format!("it would lose {} now, the plan says {}.", now.loss.words(), told.loss.words()));
    }
    match (&given.rehearsal, &own.rehearsal) {
        (Rehearsal::Accepted(_), Rehearsal::NotChecked(why)) => {
            Some(format!("the server had checked it, and does not now: {why}"))
        }
        _ => None,
    }
}

/// The same of one target.
fn target(given: &Target, own: &Target) -> Option<String> {
    let workload = &own.subject;
    if given.subject != *workload || given.uid != own.uid {
        return Some(format!("the plan is of {}, worked out anew it is of {workload}.", given.subject));
    }
    if given.service != own.service {
        let words = |service: &Option<String>| service.clone().unwrap_or_else(|| UNMAPPED.to_owned());
        return Some(format!(
            "{workload} is of service {} now, the plan says {}.",
            words(&own.service),
            words(&given.service)
        ));
    }
    if given.pins != own.pins {
        return Some(format!("{workload}: the plan is not pinned to the fields that this action shows."));
    }
    if !same_steps(&given.steps, &own.steps) {
        return Some(format!(
            "the request for {workload} is not the one this action makes: the plan's revision has moved or the document was edited."
        ));
    }
    let pod = |of: &Target| of.pod.as_ref().map(|pod| (pod.name.clone(), pod.uid.clone()));
    let parts = [
        ("what it runs afterwards", given.to == own.to && given.given == own.given),
        ("what its verification waits for", given.goal == own.goal && given.expected == own.expected),
        ("how long its verification waits", given.deadline_seconds == own.deadline_seconds),
        ("the pod that is replaced", pod(given) == pod(own)),
        ("its wave", given.wave == own.wave),
        ("whose operation record it overrides", given.overrides == own.overrides),
    ];
    if let Some((what, _)) = parts.iter().find(|(_, is_same)| !is_same) {
        return Some(format!("{workload}: {what} is not what the plan says."));
    }
    if let Some(unread) = Reached::unread(&own.reaches, &given.reaches) {
        return Some(format!("it would reach {} now, which the plan did not show.", unread.name));
    }
    if let Some(words) = given.reaches_further(&own.blast, own.tier) {
        return Some(words);
    }
    let told = |words: &&String| !given.warnings.contains(words);
    if let Some(unread) = own.warnings.iter().find(told) {
        return Some(format!("{workload}: the plan did not say: {}", unread.trim_end_matches('.').to_owned() + "."));
    }
    let unread = own.fights.iter().find(|fight| !given.fights.iter().any(|known| known.who == fight.who))?;
    Some(format!("{workload}: the plan did not say that {} will undo it: {}", unread.who, unread.words))
}

fn same_steps(given: &[Step], own: &[Step]) -> bool {
    let is_same = |(given, own): (&Step, &Step)| {
        (&given.words, given.part, given.port, &given.fills) == (&own.words, own.part, own.port, &own.fills)
            && same_request(&given.request, &own.request, own.part)
            && given.in_order.as_deref().map(unstamped) == own.in_order.as_deref().map(unstamped)
    };
    given.len() == own.len() && given.iter().zip(own).all(is_same)
}

/// A step without what names the run: its operation record, where it is waited for and where it is taken back.
fn unstamped(one: &InOrder) -> InOrder {
    let mut one = one.clone();
    one.expects.iter_mut().filter(|pin| is_record(&pin.path)).for_each(|pin| pin.value = Value::Null);
    let undone = one.undo.iter_mut().filter_map(|undo| undo.request.body.as_array_mut()).flatten();
    for operation in undone.filter(|operation| operation["path"].as_str().is_some_and(is_record)) {
        operation["value"] = Value::Null;
    }
    one
}

fn is_record(path: &str) -> bool {
    path.ends_with(&RECORD_KEY.replace('/', "~1"))
}

/// Whether two requests do the same, whenever and in whichever run they are sent: the record names the run, and a restart its moment.
fn same_request(given: &Request, own: &Request, part: Part) -> bool {
    let is_same_place =
        (&given.method, &given.path, &given.content_type) == (&own.method, &own.path, &own.content_type);
    let is_same_body = match (given.body.as_array(), own.body.as_array(), part) {
        (Some(given), Some(own), Part::Change | Part::Prepare | Part::Clearing) => {
            given.len() == own.len() && given.iter().zip(own).all(|(given, own)| same_operation(given, own))
        }
        _ => same_document(&given.body, &own.body),
    };
    is_same_place && is_same_body
}

/// The same of a body that is no list of operations: the records it writes are by the same, in runs of their own.
fn same_document(given: &Value, own: &Value) -> bool {
    let bare = |body: &Value| {
        let mut body = body.clone();
        let records = body.as_object_mut().and_then(|fields| fields.remove(RECORD_KEY));
        (body, records.and_then(|records| records.as_object().cloned()).unwrap_or_default())
    };
    let ((given, given_records), (own, own_records)) = (bare(given), bare(own));
    let are_same = given_records.len() == own_records.len()
        && given_records
            .iter()
            .zip(&own_records)
            .all(|((id, given), (own_id, own))| id == own_id && (given == own || same_record(given, own)));
    given == own && are_same
}

fn same_operation(given: &Value, own: &Value) -> bool {
    if given == own {
        return true;
    }
    let bare = |operation: &Value| {
        let mut operation = operation.clone();
        let value = operation.as_object_mut().and_then(|fields| fields.remove("value"));
        (operation, value.unwrap_or_default())
    };
    let ((given, given_value), (own, own_value)) = (bare(given), bare(own));
    let (kind, path) = (own["op"].as_str().unwrap_or_default(), own["path"].as_str().unwrap_or_default());
    given == own
        && match kind {
            "add" | "test" if is_record(path) => same_record(&given_value, &own_value),
            "replace" if path == "/spec/template" => same_code(&given_value, &own_value),
            _ => false,
        }
}

fn same_record(given: &Value, own: &Value) -> bool {
    let read = |value: &Value| value.as_str().and_then(OperationRecord::read);
    matches!((read(given), read(own)), (Some(given), Some(own)) if (&given.actor, &given.action) == (&own.actor, &own.action))
}

#[cfg(test)]
mod tests {
    use super::super::Port;
    use super::*;
    use crate::domain::alert::Severity;
    use serde_json::json;

    /// A restart of one Deployment, as a document, with these edits.
    fn plan(edits: &[(&str, Value)]) -> Plan {
        let record = |id: &str| {
            json!({"id": id, "actor": "mori", "action": "restart",
                "started": "2026-11-24T03:00:00Z", "expires": "2026-11-24T03:10:00Z"})
            .to_string()
        };
        let body = json!([
            {"op": "test", "path": "/metadata/uid", "value": "u"},
            {"op": "replace", "path": "/spec/template", "value": {"spec": {"containers": [{"image": "api:1"}]}}},
            {"op": "add", "path": "/metadata/annotations/quarterdeck.dev~1operation", "value": record("r")},
        ]);
        let target = json!({
            "workload": {"environment": "test", "namespace": "shop", "kind": "Deployment", "name": "api"}, "uid": "u",
            "service": "cart", "from": "1", "to": "1", "given": {"to": 1},
            "pod": {"name": "api-1", "uid": "p"}, "wave": 0,
            "steps": [{"words": "Restart it.", "request":
                {"method": "PATCH", "path": "/apis", "content_type": "application/json-patch+json", "body": body}}],
            "pins": [{"path": "/metadata/uid", "value": "u"}], "changes": [], "evidence": [],
            "blast": {"pods": 2, "at_most": 2, "words": "2 pods"}, "tier": "T2",
            "fights": [{"who": "Flux", "words": "Flux undoes it."}], "warnings": ["Mind this."],
            "expected": "2 of 2", "expected_template": null, "goal": "healthy", "deadline_seconds": 600,
            "inverse": {"words": "none", "command": null},
        });
        let mut document = json!({
            "version": 1, "id": "r", "action": "restart", "environment": "test", "guard": "staging",
            "cluster": {"context": "c", "server": "s", "uid": "k"},
            "actor": {"os_user": "mori", "host": "h", "ssh_client": null, "identity": null},
            "refreshed_at": "2026-11-24T03:00:00Z", "expires_at": "2026-11-24T03:05:00Z", "tier": "T2",
            "confirmation": {"gesture": "type_word", "word": "RESTART", "needs_reason": false}, "service": "cart",
            "targets": [target], "rehearsal": {"result": "accepted", "words": []}, "refusals": [],
        });
        for (place, edit) in edits {
            document.pointer_mut(place).expect("a place").clone_from(edit);
        }
        serde_json::from_value(document).expect("a plan")
    }

    #[test]
    fn every_field_that_says_what_is_done_means_something() {
        let step = "/targets/0/steps/0/request";
        let own = plan(&[]);
        assert_eq!(difference(&own, &own), None);
        for (place, edit) in [
            ("/action", json!("scale")),
            ("/environment", json!("production")),
            ("/targets", json!([])),
            ("/targets/0/workload/name", json!("web")),
            ("/targets/0/uid", json!("other")),
            ("/targets/0/service", json!("pay")),
            ("/targets/0/pins/0/value", json!("other")),
            ("/targets/0/pins", json!([])),
            ("/targets/0/steps/0/words", json!("Delete it.")),
            ("/targets/0/steps/0/request/method", json!("DELETE")),
            ("/targets/0/steps/0/request/path", json!("/api")),
            ("/targets/0/steps/0/request/body/0/value", json!("other")),
            ("/targets/0/steps/0/request/body/1/value/spec/containers/0/image", json!("api:2")),
            ("/targets/0/steps/0/request/body/1/path", json!("/spec")),
            ("/targets/0/steps/0/request/body/2/value", json!("hello")),
            ("/targets/0/to", json!("2")),
            ("/targets/0/given/to", json!(2)),
            ("/targets/0/goal", json!("paused")),
            ("/targets/0/expected", json!("1 of 2")),
            ("/targets/0/deadline_seconds", json!(1)),
            ("/targets/0/pod/uid", json!("other")),
            ("/targets/0/wave", json!(1)),
        ] {
            assert!(difference(&plan(&[(place, edit.clone())]), &own).is_some(), "{place} = {edit}");
        }
        for differ in [
            |step: &mut Step| step.port = Port::Alertmanager,
            |step: &mut Step| step.fills = vec!["/0/value".to_owned()],
        ] {
            let mut given = plan(&[]);
            differ(&mut given.targets[0].steps[0]);
            assert!(difference(&given, &own).is_some(), "{:?}", given.targets[0].steps[0]);
        }
        let record = own.targets[0].steps[0].request.body[2]["value"].as_str().unwrap_or_default().to_owned();
        let place = format!("{step}/body/2/value");
        let of = |from: &str, to: &str| difference(&plan(&[(&place, json!(record.replace(from, to)))]), &own);
        assert_eq!(of("\"r\"", "\"another\""), None, "each run has its own record");
        assert!(of("mori", "lee").is_some() && of("restart", "scale").is_some(), "of the same action, by the same");
        let overriding =
            Plan { targets: vec![Target { overrides: Some("r0".into()), ..own.targets[0].clone() }], ..own.clone() };
        assert!(difference(&overriding, &own).is_some() && difference(&own, &overriding).is_some());
    }

    #[test]
    fn what_nobody_has_read_makes_another_plan_and_what_was_read_and_is_not_so_does_not() {
        let own = plan(&[]);
        for (place, read, why) in [
            ("/targets/0/blast/at_most", json!(1), "reach further"),
            ("/targets/0/tier", json!("T1"), "reach further"),
            ("/targets/0/warnings", json!([]), "Mind this."),
            ("/targets/0/fights", json!([]), "Flux will undo it"),
        ] {
            let given = plan(&[(place, read)]);
            let words = difference(&given, &own).unwrap_or_default();
            assert!(words.contains(why), "{place}: {words}");
            assert_eq!(difference(&own, &given), None, "{place}: more was read than is so");
        }
        let mut reaching = plan(&[]);
        reaching.targets[0].reaches = vec![Reached {
            name: "Down".to_owned(),
            service: None,
            severity: Severity::High,
            summary: String::new(),
            id: "f".to_owned(),
            is_chosen: false,
        }];
        assert!(difference(&own, &reaching).is_some_and(|words| words.contains("it would reach Down now")));
        assert_eq!(difference(&reaching, &own), None);
        let outage = json!({"pods": 2, "at_most": 2, "is_outage": true, "words": "2 pods"});
        assert!(difference(&own, &plan(&[("/targets/0/blast", outage)])).is_some(), "all at one time");
        let unchecked = plan(&[("/rehearsal", json!({"result": "not_checked", "words": "no answer"}))]);
        assert!(difference(&own, &unchecked).is_some_and(|words| words.contains("does not now")));
        assert_eq!(difference(&unchecked, &own), None);
        let stray = plan(&[("/service", json!("pay"))]);
        assert!(difference(&stray, &own).is_some_and(|words| words.contains("the plan is of service pay")));
    }
}
