//! What becomes of an action after it was verified: whether somebody undoes it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Goal, OperationRecord, RECORD_KEY};
use crate::domain::owner::{self, Field, Writer};
use crate::domain::rollout::{WorkloadRef, code_digest, images};
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// For how long a finished action is watched, and its undoing told.
pub const WATCHED: TimeDelta = TimeDelta::minutes(30);

/// The code of a workload before and after an action, as digests of its pod template without restart stamps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// What ran before.
    pub before: String,
    /// What the action put there.
    pub after: String,
}

/// What a finished action left on one workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left<'a> {
    /// The workload.
    pub workload: &'a WorkloadRef,
    /// Its uid.
    pub uid: &'a str,
    /// Its code; `None` where the action had nothing to do with it.
    pub code: Option<&'a Code>,
    /// What was verified.
    pub goal: Goal,
    /// The action.
    pub action: &'a str,
    /// The run.
    pub run: &'a str,
    /// When it was verified, by our clock.
    pub done_at: Instant,
}

/// Somebody undid an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// Who: a field manager, a person. Cleaned.
    pub who: String,
    /// When, by the cluster's clock.
    pub at: Option<Instant>,
    /// What happened and what to do, as sentences. Cleaned.
    pub words: String,
}

/// Whether what an action left on a workload is not there any more, by the object as it is now.
pub fn undone(left: &Left<'_>, object: &Value) -> Option<Undone> {
    let template = object.pointer("/spec/template").unwrap_or(&Value::Null);
    let workload = left.workload;
    if object.pointer("/metadata/uid").and_then(Value::as_str) != Some(left.uid) {
        let created = object.pointer("/metadata/creationTimestamp").and_then(Value::as_str);
        let at = created.and_then(time::read);
        let told = format!("deleted {workload} and created it again");
        return Some(left.told("somebody", at, &told, None));
    }
    match left.goal {
        Goal::Replicas(wanted) => {
            let replicas = object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
            let told = format!("set {replicas} replicas of {workload}, not {wanted},");
            (replicas != u64::from(wanted)).then(|| left.by(object, Field::Replicas, &told))
        }
        Goal::Paused => {
            let is_paused = object.pointer("/spec/paused") == Some(&Value::Bool(true));
            (!is_paused).then(|| left.by(object, Field::Paused, &format!("resumed {workload}")))
        }
        // The pod is gone for good; what runs now is the workload's business.
        Goal::PodReplaced | Goal::Silenced(_) | Goal::SilenceOver | Goal::Stored | Goal::Session => None,
        Goal::Healthy => {
            // A restart changes no code: whoever deploys after it does not undo it.
            let code = left.code.filter(|code| code.before != code.after)?;
            let now = code_digest(template);
            let images = images(template).join(", ");
            let told = if now == code.before {
                format!("put {images} back into {workload}")
            } else {
                format!("put {images} into {workload}")
            };
            (now != code.after).then(|| left.by(object, Field::Template, &told))
        }
    }
}

impl Left<'_> {
    /// The sentence about whoever wrote a field last.
    fn by(&self, object: &Value, field: Field, told: &str) -> Undone {
        let writer = owner::last_writer(object, field);
        let who = self.person(object, writer.as_ref());
        let who = who.or_else(|| writer.as_ref().map(Writer::name));
        let advice = writer.as_ref().and_then(|writer| match field {
            Field::Template => owner::left_behind(object, &writer.manager),
            Field::Replicas | Field::Paused => None,
        });
        let advice =
            advice.or_else(|| writer.as_ref().and_then(|writer| owner::advice(&writer.manager)).map(str::to_owned));
        self.told(who.as_deref().unwrap_or("somebody"), writer.and_then(|writer| writer.at), told, advice.as_deref())
    }

    /// The person behind a change made by Quarterdeck: its record on the object names them.
    fn person(&self, object: &Value, writer: Option<&Writer>) -> Option<String> {
        writer.filter(|writer| writer.manager == "quarterdeck")?;
        let record = object.pointer("/metadata/annotations")?.get(RECORD_KEY)?.as_str()?;
        let record = OperationRecord::read(record).filter(|record| record.id != self.run)?;
        Some(text::clean(&format!("{} ({} by Quarterdeck)", record.actor, record.action)).into_owned())
    }

    fn told(&self, who: &str, at: Option<Instant>, told: &str, advice: Option<&str>) -> Undone {
        let when =
            at.map(|at| format!(" at {}, {} after", at.format("%H:%M:%S UTC"), later(time::age(self.done_at, at))));
        let when = when.unwrap_or_else(|| " after".to_owned());
        let advice = advice.map(|advice| format!(" {advice}")).unwrap_or_default();
        let words = format!("UNDONE: {who} {told}{when} your {}.{advice}", self.action);
        Undone { who: who.to_owned(), at, words: text::clean(&words).into_owned() }
    }
}

/// A time between two events, exact as long as that says something.
fn later(time: TimeDelta) -> String {
    match time.num_seconds() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rollout::Kind;
    use serde_json::json;

    fn workload() -> WorkloadRef {
        WorkloadRef { environment: "test".into(), namespace: "shop".into(), kind: Kind::Deployment, name: "api".into() }
    }

    fn template(image: &str) -> Value {
        json!({"spec": {"containers": [{"name": "api", "image": image}]}})
    }

    fn code(before: &str, after: &str) -> Code {
        Code { before: code_digest(&template(before)), after: code_digest(&template(after)) }
    }

    fn object(image: &str, manager: &str) -> Value {
        json!({"metadata": {"uid": "u", "managedFields": [
                {"manager": "quarterdeck", "operation": "Update", "time": "2026-11-24T03:11:00Z", "fieldsV1": {"f:spec": {"f:template": {}}}},
                {"manager": manager, "operation": "Apply", "time": "2026-11-24T03:12:00Z", "fieldsV1": {"f:spec": {"f:template": {}, "f:replicas": {}}}}]},
            "spec": {"replicas": 3, "template": template(image)}})
    }

    fn after(goal: Goal, code: Option<&Code>, object: &Value) -> Option<String> {
        let workload = workload();
        let done_at = "2026-11-24T03:11:20Z".parse().expect("a time");
        let left = Left { workload: &workload, uid: "u", code, goal, action: "rollback", run: "r1", done_at };
        undone(&left, object).map(|undone| undone.words)
    }

    #[test]
    fn who_put_it_back_and_how_long_after_is_said() {
        let code = code("api:2", "api:1");
        assert_eq!(
            after(Goal::Healthy, Some(&code), &object("api:1", "argocd-controller")),
            None,
            "it is as we left it"
        );
        assert_eq!(
            after(Goal::Healthy, Some(&code), &object("api:2", "argocd-controller")).as_deref(),
            Some(
                "UNDONE: argocd-controller put api:2 back into deployment/api -n shop at 03:12:00 UTC, 40 s after your rollback. Turn its automatic sync off or revert the commit in Git before you act again."
            )
        );
        assert_eq!(
            after(Goal::Healthy, Some(&code), &object("api:3", "ci")).as_deref(),
            Some("UNDONE: ci put api:3 into deployment/api -n shop at 03:12:00 UTC, 40 s after your rollback.")
        );
    }

    #[test]
    fn a_restart_stamp_is_no_other_code_and_a_restart_is_not_undone_by_a_deploy() {
        let rolled_back = code("api:2", "api:1");
        let mut stamped = object("api:1", "kubectl");
        stamped["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = json!("now");
        assert_eq!(after(Goal::Healthy, Some(&rolled_back), &stamped), None);
        assert_eq!(after(Goal::Healthy, Some(&code("api:1", "api:1")), &object("api:2", "ci")), None);
        assert_eq!(
            after(Goal::Healthy, None, &object("api:2", "ci")),
            None,
            "an action that has nothing to do with code"
        );
    }

    #[test]
    fn replicas_and_a_pause_are_undone_too() {
        assert_eq!(after(Goal::Replicas(3), None, &object("api:1", "ci")), None);
        let words = after(Goal::Replicas(5), None, &object("api:1", "ci")).unwrap_or_default();
        assert!(
            words.starts_with("UNDONE: ci set 3 replicas of deployment/api -n shop, not 5, at 03:12:00 UTC"),
            "{words}"
        );
        let words = after(Goal::Replicas(5), None, &object("api:1", "kube-controller-manager")).unwrap_or_default();
        assert!(words.starts_with("UNDONE: an autoscaler (kube-controller-manager) set 3 replicas"), "{words}");
        let words = after(Goal::Paused, None, &object("api:1", "ci")).unwrap_or_default();
        assert!(words.starts_with("UNDONE: somebody resumed deployment/api -n shop after your rollback"), "{words}");
    }

    #[test]
    fn another_object_of_the_same_name_is_not_what_was_left() {
        let mut other = object("api:1", "ci");
        other["metadata"]["uid"] = json!("v");
        other["metadata"]["creationTimestamp"] = json!("2026-11-24T03:15:20Z");
        let words = after(Goal::Healthy, Some(&code("api:2", "api:1")), &other).unwrap_or_default();
        assert!(
            words.contains("deleted deployment/api -n shop and created it again at 03:15:20 UTC, 4 min after"),
            "{words}"
        );
    }

    #[test]
    fn a_colleague_with_quarterdeck_is_named() {
        let mut object = object("api:2", "quarterdeck");
        let record = json!({"id": "r2", "actor": "mori", "action": "rollback", "started": "2026-11-24T03:12:00Z", "expires": "2026-11-24T03:30:00Z"});
        object["metadata"]["annotations"][RECORD_KEY] = json!(record.to_string());
        let words = after(Goal::Healthy, Some(&code("api:2", "api:1")), &object).unwrap_or_default();
        assert!(words.starts_with("UNDONE: mori (rollback by Quarterdeck) put api:2 back"), "{words}");
    }
}
