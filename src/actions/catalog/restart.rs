//! Restart: replace every pod, the code stays.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use crate::actions::contract::{
    About, Action, Context, Draft, Refusal, blast, common_refusals, partition_warnings, partitioned, patch_request,
    pods, replaced_by_us, replacing, template_patch,
};
use crate::actions::observation::Observation;
use crate::domain::action::{Given, Inverse, Step};
use crate::domain::rollout::images;

/// The action.
pub(super) struct Restart;

impl Action for Restart {
    fn about(&self) -> &'static About {
        &About { id: "restart", command: "action.restart", title: "Restart", word: "RESTART", ..About::ON_WORKLOAD }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.workload()?;
        common_refusals(facts, "a restart")?;
        let stamp = context.now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let template = stamped(facts.template(), &stamp);
        let cause = format!("quarterdeck restart by {}", context.record.actor);
        let (pins, body) = template_patch(facts, &template, &cause, context.record);
        let counts = facts.report.counts;
        let mut warnings = partition_warnings(facts);
        let stamping =
            format!("Stamp the pod template of {}; the controller replaces every pod, step by step.", facts.workload);
        let mut steps = vec![Step::change(stamping, patch_request(facts, body))];
        steps.extend(replacing(facts, |_| true));
        warnings.extend(replaced_by_us(&steps));
        let running = images(facts.template()).join(", ");
        Ok(Draft {
            from: running.clone(),
            to: format!("{running}, every pod new"),
            given: given.clone(),
            steps,
            pins,
            template,
            blast: blast(facts, counts.total, &format!("{} replaced", pods(counts.total))),
            tier: self.about().tier,
            warnings,
            expected: if partitioned(facts).is_some() {
                "every replica the partition selects is new; every replica is available".to_owned()
            } else {
                "every replica is new and available".to_owned()
            },
            inverse: Inverse {
                words: "A restart cannot be taken back, and leaves nothing to take back: the code stays.".to_owned(),
                command: None,
            },
            ..Draft::default()
        })
    }
}

/// The template with the restart stamp kubectl uses, so that every tool knows what it is.
fn stamped(template: &Value, stamp: &str) -> Value {
    let mut template = template.clone();
    if !template.pointer("/metadata/annotations").is_some_and(Value::is_object) {
        if !template.pointer("/metadata").is_some_and(Value::is_object) {
            template["metadata"] = json!({});
        }
        template["metadata"]["annotations"] = json!({});
    }
    template["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = json!(stamp);
    template
}
