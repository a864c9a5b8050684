//! `quarterdeck plan`: the same plan the screen shows, as a document.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use color_eyre::eyre::Result;
use tokio::sync::watch;

use super::fields::Fields;
use super::on_alerts;
use super::output::{note, say, say_document};
use super::pod::{POD, meant, workload_of};
use super::session::{Connected, Session, shows};
use super::{Format, Global, exit};
use crate::actions::catalog::Catalog;
use crate::actions::maintenance::named as named_ref;
use crate::actions::{Action, Options};
use crate::domain::action::{Goal, Plan as Document, Rehearsal, Target};
use crate::domain::job::{JobKind, JobRef};
use crate::domain::rollout::{Kind, WorkloadRef};
use crate::domain::service::{Choice, UNMAPPED};
use crate::domain::subject::{Subject, SubjectKind};
use crate::domain::text;
use crate::domain::time;
use crate::sources::error::{SourceError, Trouble};

/// The most alerts that are named.
const MOST_NAMED: usize = 20;
/// What a target that is a service begins with.
const SERVICE: &str = "service/";

#[derive(Debug, Args)]
pub(super) struct Plan {
    /// What to do: rollback, restart, restart-pod, pause, resume, scale, set-image, maintenance-on, maintenance-extend, maintenance-off; of a CronJob: run-now, suspend, resume; in a pod: exec, port-forward; of alerts: acknowledge, unacknowledge, note, edit-note, withdraw-note, silence; of silences: change-silence, expire-silence; of databases: failover, pause-failover, resume-failover; of incidents: declare, acknowledge-incident, escalate, add-responder, reassign, snooze, assign, take-role, set-severity, set-phase, tick, incident-note, post-update, follow-up, link, unlink, merge, unmerge, resolve, reopen; of schedules: override-shift, take-shift, temporary-schedule, ask-swap, accept-swap, withdraw-override, tick-handoff, hand-off, accept-handoff; of maintenance: add-window, move-window, cancel-window, start-window, finish-window, tick-task, freeze, thaw.
    action: String,
    /// On what: deployment/NAME, statefulset/NAME, daemonset/NAME; or service/NAME alone, every workload of it as one. cronjob/NAME. A pod by its name. Alerts by name or fingerprint. A silence by its id. An incident by its number. A window, a task or a freeze by its name. A database as database/NAME.
    targets: Vec<String>,
    /// The namespace; else the context's.
    #[arg(long, short)]
    namespace: Option<String>,
    /// What is given for the fields of the action; read from the options of the catalogue.
    #[arg(skip)]
    pub(super) fields: Fields,
    /// The actions there are.
    #[arg(skip)]
    pub(super) catalog: Catalog,
    /// How many targets go at once; each wave has to end well before the next.
    #[arg(long, value_name = "TARGETS")]
    wave: Option<NonZeroUsize>,
    /// Act over the operation record of a run that is known to be dead: the plan says whose it is, asks for a reason, and the journal keeps it.
    #[arg(long)]
    override_record: bool,
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

impl Plan {
    /// Plans something that is in no cluster.
    async fn local(&self, session: &Session, action: &dyn Action) -> Result<ExitCode> {
        let (_leave, leaving) = watch::channel(false);
        let executor = session.local(leaving);
        let given = match self.fields.given(action) {
            Ok(given) => given,
            Err(sentence) => return Ok(usage(&sentence)),
        };
        if let Some(lacks) = action.asks().filter(|field| !given.has(field.id)) {
            return Ok(usage(&format!("Give {} {}: {}", lacks.option(), lacks.value, lacks.words)));
        }
        let meant = if action.about().on == SubjectKind::Database {
            super::failing_over::meant(session, &self.targets).map(|targets| (targets, given))
        } else if action.about().on == SubjectKind::Backup {
            super::record::meant(session, &self.targets).map(|targets| (targets, given))
        } else if action.about().on == SubjectKind::Incident {
            super::incident::meant(session, action, &self.targets).await.map(|target| (vec![target], given))
        } else if action.about().on == SubjectKind::Schedule {
            super::oncall::meant(session, &self.targets).map(|target| (vec![target], given))
        } else if action.about().on == SubjectKind::Silence {
            let meant = super::silencing::meant(session, &executor, (action, given), &self.targets).await;
            meant.map(|(target, given)| (vec![target], given))
        } else if let Some(of) = super::maintenance::subject(action) {
            let subjects = self.targets.iter().map(|name| of(named_ref(&session.environment.name, name))).collect();
            Ok((subjects, given))
        } else {
            let alerts = match &executor.planner.store {
                Some(store) => on_alerts::named(session, &*store.listed, &self.targets).await,
                None => Ok(Vec::new()),
            };
            alerts.map(|alerts| (alerts.iter().map(|alert| on_alerts::subject(alert)).collect(), given))
        };
        let (targets, given) = match meant {
            Ok(meant) => meant,
            Err((code, sentence)) => {
                note(&sentence);
                return Ok(ExitCode::from(code));
            }
        };
        let options = Options { given, overrides_record: self.override_record, ..Options::default() };
        match super::backup::acted_on(session, action, &targets) {
            None => self.say(executor.planner.plan(action, &targets, &options).await),
            Some((there, target)) => match there.connect().await {
                Ok(connected) => self.say(there.planner(&connected).plan(action, &[target], &options).await),
                Err(error) => self.say(Err(error)),
            },
        }
    }

    /// The action that is meant: what is done to a workload under that name is done to a CronJob by the action of its own.
    fn action(&self) -> Option<&'static dyn Action> {
        let is_of_jobs =
            |target: &String| target.split_once('/').is_some_and(|(kind, _)| JobKind::named(kind).is_some());
        let own = self.targets.first().filter(|target| is_of_jobs(target));
        let own = own.and_then(|_| self.catalog.named(&format!("{}-cronjob", self.action)));
        own.or_else(|| self.catalog.named(&self.action))
    }

    /// Says what was planned.
    fn say(&self, planned: Result<Document, SourceError>) -> Result<ExitCode> {
        match planned {
            Ok(plan) => {
                match self.output {
                    Format::Json => say_document(&plan)?,
                    Format::Table => say(&in_words(&plan, self.catalog))?,
                }
                for refusal in &plan.refusals {
                    note(&format!("Cannot be applied: {refusal}"));
                }
                Ok(ExitCode::from(if plan.is_applicable() { 0 } else { exit::REFUSED }))
            }
            Err(error) => {
                note(&error.sentence);
                Ok(ExitCode::from(if error.trouble == Trouble::NotFound { exit::USAGE } else { 1 }))
            }
        }
    }

    /// Plans on pods or CronJobs, each by its name.
    async fn by_name(
        &self,
        session: &Session,
        connected: &Connected,
        namespace: &str,
        action: &dyn Action,
    ) -> Result<ExitCode> {
        let mut subjects = Vec::new();
        for target in &self.targets {
            let subject = match action.about().on {
                SubjectKind::Job => job(&session.environment.name, namespace, target),
                _ => meant(session, connected, namespace, target).await.map(Subject::Pod),
            };
            match subject {
                Ok(subject) => subjects.push(subject),
                Err(sentence) => return Ok(usage(&sentence)),
            }
        }
        let given = match self.fields.given(action) {
            Ok(given) => given,
            Err(sentence) => return Ok(usage(&sentence)),
        };
        let options = Options { given, wave: self.wave.map(NonZeroUsize::get), ..Options::default() };
        self.say(session.planner(connected).plan(action, &subjects, &options).await)
    }

    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let Some(action) = self.action() else {
            let known: Vec<&str> = self.catalog.all().map(<dyn Action>::id).collect();
            return Ok(usage(&format!("There is no action {:?}; there is {}.", self.action, known.join(", "))));
        };
        let mut session = Session::prepare(global);
        session.tell_problems();
        if action.about().on == SubjectKind::Database {
            session = super::failing_over::session(session, &self.targets);
        }
        if let Some(doubt) = session.doubt() {
            return Ok(usage(doubt));
        }
        let is_made = matches!(action.about().on, SubjectKind::Silence | SubjectKind::Incident);
        if self.targets.is_empty() && !is_made {
            return Ok(usage("Say on what."));
        }
        if !matches!(action.about().on, SubjectKind::Workload | SubjectKind::Pod | SubjectKind::Job) {
            return self.local(&session, action).await;
        }
        let connected = match session.connect().await {
            Ok(connected) => connected,
            Err(error) => {
                note(&error.sentence);
                return Ok(ExitCode::from(1));
            }
        };
        let namespace = self.namespace.clone().unwrap_or_else(|| connected.default_namespace.clone());
        if !shows(&session.environment, &namespace) {
            let environment = &session.environment.name;
            return Ok(usage(&format!("Environment {environment} does not include namespace {namespace:?}.")));
        }
        if action.about().on != SubjectKind::Workload {
            return self.by_name(&session, &connected, &namespace, action).await;
        }
        let mut targets = Vec::new();
        let mut choice = Choice::default();
        let (services, workloads): (Vec<&String>, Vec<&String>) =
            self.targets.iter().partition(|target| target.starts_with(SERVICE));
        if let Some(service) = services.first() {
            if self.targets.len() > 1 {
                return Ok(usage("One service at a time: a service is planned alone."));
            }
            match Box::pin(connected.of_service(&namespace, service.trim_start_matches(SERVICE))).await {
                Ok(chosen) => (targets, choice) = (chosen.targets, chosen.choice),
                Err(sentence) => return Ok(usage(&sentence)),
            }
        }
        let mut fields = self.fields.clone();
        for target in workloads {
            let environment = &session.environment.name;
            let of_pod = target.strip_prefix(POD).filter(|_| action.takes("pod"));
            let workload = match of_pod {
                Some(_) if self.targets.len() > 1 || fields.has("pod") => return Ok(usage("One pod at a time.")),
                Some(name) => workload_of(&connected.connection, environment, &namespace, name).await,
                None => workload(environment, &namespace, target),
            };
            match workload {
                Ok(workload) => targets.push(workload),
                Err((code, sentence)) => {
                    note(&sentence);
                    return Ok(ExitCode::from(code));
                }
            }
            if let Some(pod) = of_pod {
                fields = fields.with("pod", pod);
            }
        }
        let given = match fields.given(action) {
            Ok(given) => given,
            Err(sentence) => return Ok(usage(&sentence)),
        };
        let planner = session.planner(&connected);
        let targets: Vec<Subject> = targets.into_iter().map(Subject::from).collect();
        let beside: Vec<Subject> = targets.iter().flat_map(|target| action.reads(target, &given)).collect();
        let (_leave, leaving) = watch::channel(false);
        if let Err(error) = session.connect_beside(beside.iter().map(|one| &**one.environment()), &leaving).await {
            return self.say(Err(error));
        }
        let options =
            Options { given, overrides_record: self.override_record, wave: self.wave.map(NonZeroUsize::get), choice };
        match planner.plan(action, &targets, &options).await {
            Ok(plan) => self.say(Ok(Box::pin(super::advice::told(&session, &connected, plan)).await)),
            Err(error) => self.say(Err(error)),
        }
    }
}

/// Says what is wrong with the command line.
fn usage(words: &str) -> ExitCode {
    note(words);
    ExitCode::from(exit::USAGE)
}

/// The CronJob a target names.
fn job(environment: &Arc<str>, namespace: &str, target: &str) -> Result<Subject, String> {
    let (kind, name) =
        target.split_once('/').map_or((Some(JobKind::CronJob), target), |(kind, name)| (JobKind::named(kind), name));
    let kind = kind.filter(|_| is_name(name));
    let kind = kind.ok_or_else(|| format!("{:?} names no CronJob: write cronjob/NAME.", text::clean(target)))?;
    Ok(Subject::Job(JobRef { environment: environment.clone(), namespace: namespace.into(), kind, name: name.into() }))
}

/// The workload a target names; else the exit code and the sentence.
fn workload(environment: &Arc<str>, namespace: &str, target: &str) -> Result<WorkloadRef, (u8, String)> {
    let (kind, name) = named(target).ok_or_else(|| {
        let words = "write deployment/NAME, statefulset/NAME or daemonset/NAME.";
        (exit::USAGE, format!("{target:?} names no workload: {words}"))
    })?;
    Ok(WorkloadRef { environment: environment.clone(), namespace: namespace.into(), kind, name: name.into() })
}

/// Kind and name of a target as a command line spells it; a bare name is a Deployment's.
pub(super) fn named(target: &str) -> Option<(Kind, &str)> {
    let (kind, name) = match target.split_once('/') {
        Some((kind, name)) => (Kind::named(kind.trim_end_matches(".apps"))?, name),
        None => (Kind::Deployment, target),
    };
    is_name(name).then_some((kind, name))
}

/// Whether an object may have such a name.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    !name.is_empty() && name.bytes().all(is_plain)
}

/// The plan for people, in the order of the screen.
fn in_words(plan: &Document, catalog: Catalog) -> String {
    let place = match plan.cluster.context.as_str() {
        // What is done in no cluster names none.
        "" => String::new(),
        context => format!(", context {context} at {}", plan.cluster.server),
    };
    let mut lines = vec![
        format!("{} in {} ({}){place}", plan.action, plan.environment, plan.guard.word()),
        format!("as {} ({}@{})", plan.actor.name(), plan.actor.os_user, plan.actor.host),
    ];
    if let Some(service) = &plan.service {
        let workloads =
            if plan.targets.len() == 1 { "1 workload" } else { &format!("{} workloads", plan.targets.len()) };
        lines.push(format!("service {service}, {workloads} as one"));
    }
    lines.extend(plan.choice.iter().map(|note| format!("CHOSEN  {note}")));
    let waves = plan.waves();
    for (number, wave) in waves.iter().enumerate() {
        if plan.targets.len() > 1 {
            lines.push(String::new());
            lines.push(format!("WAVE {} of {}", number + 1, waves.len()));
        }
        for target in wave.iter().filter_map(|place| plan.targets.get(*place)) {
            lines.push(String::new());
            lines.extend(target_words(target, plan, catalog));
        }
    }
    lines.extend(plan.cost.preflight.iter().map(|looked| format!("  {}", looked.check.line())));
    if let Some(expected) = plan.cost.expected {
        lines.push(format!("  lost is  {}", expected.loss.words()));
    }
    lines.push(String::new());
    if !plan.means.is_empty() {
        lines.push(plan.means.clone());
    }
    lines.extend(match &plan.rehearsal {
        Rehearsal::NotOffered => None,
        Rehearsal::Accepted(warnings) if warnings.is_empty() => {
            Some("CHECKED BY THE SERVER: it would accept this.".to_owned())
        }
        Rehearsal::Accepted(warnings) => Some(format!("CHECKED BY THE SERVER, with warnings: {}", warnings.join("; "))),
        Rehearsal::Rejected(reason) => Some(format!("THE SERVER REFUSES THIS: {reason}")),
        Rehearsal::NotChecked(reason) => Some(format!("NOT CHECKED BY THE SERVER: {reason}")),
    });
    if plan.is_applicable() {
        lines.push(format!(
            "Apply with: quarterdeck plan … --output json | quarterdeck apply - --confirm {}{}",
            plan.confirmation.said(),
            if plan.confirmation.needs_reason { " --reason WHY" } else { "" }
        ));
        lines.push(format!("Expires at {}.", plan.expires_at.format("%H:%M:%S UTC")));
    }
    lines.join("\n")
}

fn target_words(target: &Target, plan: &Document, catalog: Catalog) -> Vec<String> {
    let mut lines =
        vec![target.subject.to_string(), format!("  from  {}", target.from), format!("  to    {}", target.to)];
    for change in &target.changes {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        lines.push(format!("  change  {}: {} -> {}", change.path, side(&change.before), side(&change.after)));
    }
    lines.extend(target.warnings.iter().map(|warning| format!("  WARNING  {warning}")));
    lines.extend(target.fights.iter().map(|fight| format!("  MANAGED BY  {}: {}", fight.who, fight.words)));
    for evidence in &target.evidence {
        lines.push(format!(
            "  seen {} ago  {}",
            time::coarse(time::age(evidence.observed_at, plan.refreshed_at)),
            evidence.words
        ));
    }
    for reached in target.reaches.iter().take(MOST_NAMED) {
        let service = reached.service.as_deref().unwrap_or(UNMAPPED);
        let mark = if reached.is_chosen { "" } else { ", NOT CHOSEN" };
        let (name, severity) = (&reached.name, reached.severity.word());
        lines.push(format!("  reaches  {name} {severity}, {service}{mark}: {}", reached.summary));
    }
    if target.reaches.len() > MOST_NAMED {
        lines.push(format!("  reaches  {} more", target.reaches.len() - MOST_NAMED));
    }
    let fields = catalog.named(&plan.action).map(<dyn Action>::fields).unwrap_or_default();
    for text in fields.iter().filter(|field| field.has_lines()).filter_map(|field| target.given.text(field.id)) {
        lines.extend(text.lines().enumerate().map(|(place, line)| {
            let label = if place == 0 { "says" } else { "" };
            format!("  {label:4}  {line}")
        }));
    }
    lines.push(format!("  affects  {}", target.blast.words));
    lines.extend(target.steps.iter().map(|step| format!("  step  {}", step.said())));
    lines.push(match target.goal {
        Goal::Session => format!("  ends  {}", target.expected),
        _ => format!("  verified when  {} (within {} s)", target.expected, target.deadline_seconds),
    });
    let command = target.inverse.command.as_deref().map(|command| format!(" ({command})")).unwrap_or_default();
    lines.push(format!("  to take it back  {}{command}", target.inverse.words));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_named_as_kubectl_names_them() {
        assert_eq!(named("deployment/api"), Some((Kind::Deployment, "api")));
        assert_eq!(named("deploy/api"), Some((Kind::Deployment, "api")));
        assert_eq!(named("api"), Some((Kind::Deployment, "api")));
        assert_eq!(named("sts/db"), Some((Kind::StatefulSet, "db")));
        assert_eq!(named("daemonsets.apps/agent"), Some((Kind::DaemonSet, "agent")));
        assert_eq!(named("pod/api"), None);
        assert_eq!(named("deployment/../secrets"), None);
        let of = |target: &str| job(&"test".into(), "shop", target).map(|subject| subject.to_string());
        assert_eq!(of("cronjob/nightly").as_deref(), Ok("cronjob/nightly -n shop"));
        assert_eq!((of("cj/nightly"), of("nightly")), (of("cronjob/nightly"), of("cronjob.batch/nightly")));
        assert!(of("deployment/api").is_err() && of("cronjob/../secrets").is_err() && of("cronjob/").is_err());
    }
}
