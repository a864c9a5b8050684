//! Run now: one run of a CronJob beside its schedule, made exactly as `kubectl create job --from=cronjob/NAME` makes it.

use serde_json::{Map, Value, json};

use crate::actions::contract::{About, Context, Draft, Refusal};
use crate::actions::cron_jobs::{CronJob, ON_CRON_JOB, OnCronJob};
use crate::domain::action::{BlastRadius, Field, FieldKind, Given, Inverse, Part, Request, Step};
use crate::domain::job::{Concurrency, JobKind, JobRef};
use crate::domain::rollout::Change;
use crate::domain::subject::Subject;
use crate::domain::text;

/// What the run is called.
pub(super) const NAME: Field = Field {
    id: "name",
    kind: FieldKind::Line,
    value: "NAME",
    noun: "a name",
    words: "What the Job is called; else NAME-manual- with the time.",
    is_needed: false,
};

/// The most letters of a Job's name: its pods carry it as a label.
const LONGEST: usize = 63;

/// How long until its controller has begun it, in seconds.
const BEGINS_WITHIN: u32 = 60;

/// The action.
pub(super) const ACTION: OnCronJob = OnCronJob {
    about: &About {
        id: "run-now",
        command: "action.run-now",
        title: "Run now",
        means: "One run begins beside the schedule, suspended or not; the schedule stays as it is.",
        word: "RUN-NOW",
        fields: &[NAME],
        ..ON_CRON_JOB
    },
    draft,
};

fn draft(cron: &CronJob<'_>, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let (job, report) = (cron.job, &cron.report);
    let name = name(given, cron, context)?;
    let template = cron.object.pointer("/spec/jobTemplate").cloned().unwrap_or_default();
    let run = JobRef { kind: JobKind::Job, name: name.as_str().into(), ..job.clone() };
    let on = || (Subject::Job(run.clone()), "");
    let request = Request {
        method: "POST".to_owned(),
        path: format!(
            "/apis/batch/v1/namespaces/{}/jobs?fieldManager=quarterdeck&fieldValidation=Strict",
            job.namespace
        ),
        content_type: "application/json".to_owned(),
        body: made(cron, &name, &template),
    };
    let make = Step::in_order(Part::Change, "make", on(), &format!("Make {run} of {job}."), request)
        .making()
        .expecting("/metadata/ownerReferences/0/uid", json!(cron.uid))
        .without_return();
    let mut steps = vec![make];
    let mut warnings = Vec::new();
    if template.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        warnings.push(
            "ITS RUNS ARE MADE SUSPENDED (jobTemplate.spec.suspend): it begins once somebody resumes that Job."
                .to_owned(),
        );
    } else {
        let words = format!("The controller has begun {run}.");
        let gate = Step::in_order(Part::Gate, "begun", on(), &words, Request::default());
        steps.push(gate.making().within(BEGINS_WITHIN));
    }
    if report.active > 0 {
        warnings.push(format!(
            "A RUN IS UNDER WAY: this one begins beside it{}.",
            if report.concurrency == Concurrency::Forbid {
                ", though concurrencyPolicy is Forbid: that holds off the runs of the schedule alone"
            } else {
                ""
            }
        ));
    }
    Ok(Draft {
        from: format!("{} under way", report.active),
        to: format!("{run} beside its schedule"),
        given: given.clone().with(NAME.id, name.as_str()),
        fixed: [(NAME.id.to_owned(), NAME.id.to_owned())].into(),
        steps,
        pins: cron.pins(&["/spec/jobTemplate"]),
        changes: vec![Change { path: format!("job/{name}"), before: None, after: Some("made by hand".to_owned()) }],
        blast: BlastRadius { words: "one run begins at once".to_owned(), ..BlastRadius::default() },
        tier: ACTION.about.tier,
        warnings,
        evidence: cron.evidence(context.now),
        expected: "its run has begun; how it ends is told by the jobs pane and by status".to_owned(),
        inverse: Inverse {
            words: format!(
                "A run that has begun is not taken back; kubectl delete job {name} -n {} stops it.",
                job.namespace
            ),
            command: None,
        },
        ..Draft::default()
    })
}

/// The name of the run.
fn name(given: &Given, cron: &CronJob<'_>, context: Context<'_>) -> Result<String, Refusal> {
    if let Some(typed) = given.text(NAME.id).map(str::trim).filter(|typed| !typed.is_empty()) {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name =
            typed.len() <= LONGEST && typed.bytes().all(is_plain) && !typed.starts_with('-') && !typed.ends_with('-');
        return if is_name {
            Ok(typed.to_owned())
        } else {
            Err(Refusal(format!(
                "{:?} is no name of a Job: at most {LONGEST} small letters, digits and hyphens, beginning and ending with a letter or a digit.",
                text::clean(typed)
            )))
        };
    }
    let end = format!("-manual-{}", context.now.timestamp());
    let begin: String = cron.job.name.chars().take(LONGEST.saturating_sub(end.len())).collect();
    Ok(begin + &end)
}

/// The Job as kubectl makes it: what the template says, the mark of a run by hand, and the CronJob as its controller, so that it counts among
/// its runs and goes with them. `blockOwnerDeletion` is left out as kubectl leaves it out: it would need a further right.
fn made(cron: &CronJob<'_>, name: &str, template: &Value) -> Value {
    let mut annotations: Map<String, Value> =
        [("cronjob.kubernetes.io/instantiate".to_owned(), json!("manual"))].into_iter().collect();
    annotations
        .extend(template.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default());
    let mut metadata = json!({
        "name": name,
        "namespace": &*cron.job.namespace,
        "annotations": annotations,
        "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": &*cron.job.name, "uid": cron.uid, "controller": true}],
    });
    if let Some(labels) = template.pointer("/metadata/labels") {
        metadata["labels"] = labels.clone();
    }
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template.get("spec")})
}
