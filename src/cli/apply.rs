//! `quarterdeck apply`: exactly a plan document, and nothing else.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use color_eyre::eyre::Result;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::output::{note, say, say_json};
use super::pod::Here;
use super::session::Session;
use super::{Format, Global, exit};
use crate::domain::action::{Confirmation, Consent, Phase, Plan, Run, RunEvent};
use crate::domain::subject::SubjectKind;

/// The longest plan document.
const LONGEST: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct Apply {
    /// The plan document; - reads standard input.
    file: String,
    /// The word of the plan's `confirmation.word`.
    #[arg(long, value_name = "WORD")]
    confirm: String,
    /// Why; needed where the plan says so, journalled always.
    #[arg(long)]
    reason: Option<String>,
    /// What is taken upon oneself although it is UNKNOWN: what the plan's `confirmation.word` says after the name.
    #[arg(long, value_name = "WHAT", value_parser = [Confirmation::UNKNOWN])]
    accept: Option<String>,
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

/// The document of `apply --output json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    id: &'a str,
    outcome: Phase,
    reason: Option<&'a str>,
    targets: Vec<TargetResult<'a>>,
}

#[derive(Debug, Serialize)]
struct TargetResult<'a> {
    target: String,
    outcome: Phase,
    words: &'a str,
    /// What was made, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<&'a str>,
}

impl Apply {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        if self.confirm.trim().is_empty() {
            note("The confirmation is empty: give the word of the plan's `confirmation.word`. Nothing was sent.");
            return Ok(ExitCode::from(exit::USAGE));
        }
        let plan = match self.read() {
            Ok(plan) => plan,
            Err(sentence) => {
                note(&sentence);
                return Ok(ExitCode::from(exit::USAGE));
            }
        };
        let mut global = global.clone();
        // The plan says where; a contradiction on the command line is refused below.
        global.environment.get_or_insert_with(|| plan.environment.clone());
        if global.context.is_none() && !matches!(plan.cluster.context.as_str(), "" | "in-cluster") {
            global.context = Some(plan.cluster.context.clone());
        }
        let session = Session::prepare(&global);
        session.tell_problems();
        if let Some(doubt) = session.doubt() {
            note(&format!(
                "Nothing was sent: the plan is of {:?} at {}. {doubt}",
                plan.environment, plan.cluster.context
            ));
            return Ok(ExitCode::from(exit::REFUSED));
        }
        let (leave, leaving) = watch::channel(false);
        let is_session = plan.targets.iter().any(|target| target.subject.kind() == SubjectKind::Pod);
        let executor = if plan.targets.iter().any(|target| target.subject.namespace().is_some()) {
            match session.connect().await {
                Ok(connected) if is_session => {
                    session.executor(&connected, leaving).attached(Arc::new(Here::new(Here::given(false), None)?))
                }
                Ok(connected) => {
                    let steps = plan.targets.iter().flat_map(|target| &target.steps);
                    let beside = steps.filter_map(|step| Some(&**step.in_order.as_ref()?.on.environment()));
                    if let Err(error) = session.connect_beside(beside, &leaving).await {
                        note(&format!("Nothing was sent: {}", error.sentence));
                        return Ok(ExitCode::from(exit::REFUSED));
                    }
                    session.executor(&connected, leaving)
                }
                Err(error) => {
                    note(&format!("Nothing was sent: {}", error.sentence));
                    return Ok(ExitCode::from(exit::REFUSED));
                }
            }
        } else {
            session.local(leaving)
        };
        let (events, mut told) = mpsc::channel(64);
        let consent = Consent { typed: self.typed(&plan), reason: self.reason.clone() };
        // Leaving means finishing the target in flight: a signal only stops what was not started.
        let mut signals =
            [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
        let run = executor.execute(&plan, &consent, &events);
        tokio::pin!(run);
        let run = loop {
            let [interrupt, terminate, hangup] = &mut signals;
            tokio::select! {
                run = &mut run => break run,
                Some((_, event)) = told.recv() => tell(&event),
                _ = interrupt.recv() => stop(&leave, is_session),
                _ = terminate.recv() => stop(&leave, is_session),
                _ = hangup.recv() => stop(&leave, is_session),
            }
        };
        while let Ok((_, event)) = told.try_recv() {
            tell(&event);
        }
        self.report(&plan, &run)?;
        Ok(exit::of(run.phase))
    }

    /// What is typed on the screen: the word, and after it what is accepted where the plan asks for that.
    fn typed(&self, plan: &Plan) -> String {
        let word = self.confirm.trim();
        match &self.accept {
            Some(what) if plan.confirmation.word.trim() == format!("{word} {what}") => plan.confirmation.word.clone(),
            _ => word.to_owned(),
        }
    }

    fn read(&self) -> Result<Plan, String> {
        let mut text = String::new();
        let read = if self.file == "-" {
            std::io::stdin().lock().take(LONGEST).read_to_string(&mut text)
        } else {
            std::fs::File::open(&self.file).and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        };
        read.map_err(|error| format!("The plan {} cannot be read: {error}.", self.file))?;
        let read = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(&text));
        read.map_err(|error| {
            let why = format!("at {}: {}", error.path(), error.inner());
            format!("{} is no plan document: {why}. Make one with: quarterdeck plan … --output json", self.file)
        })
    }

    fn report(&self, plan: &Plan, run: &Run) -> Result<()> {
        let targets = plan.targets.iter().zip(&run.targets);
        if self.output == Format::Json {
            let targets = targets.map(|(target, run)| TargetResult {
                target: target.subject.to_string(),
                outcome: run.phase,
                words: &run.words,
                made: run.made.as_deref(),
            });
            let document =
                Report { id: &run.id, outcome: run.phase, reason: run.reason.as_deref(), targets: targets.collect() };
            return Ok(say_json(&document)?);
        }
        if let Some(reason) = &run.reason {
            say(&format!("{}: {reason}", run.phase.word()))?;
            return Ok(());
        }
        for (target, run) in targets {
            say(&format!("{}: {}: {}", target.subject, run.phase.word(), run.words))?;
        }
        Ok(())
    }
}

fn stop(leave: &watch::Sender<bool>, is_session: bool) {
    // A session ends at once, and says so itself.
    if !leave.send_replace(true) && !is_session {
        note("Told to leave: the target in flight is verified to its end, the others are not started.");
    }
}

fn tell(event: &RunEvent) {
    let words = match event {
        RunEvent::Started { .. } => "journalled; the request is on its way",
        RunEvent::Accepted { .. } => "accepted by the server; verifying",
        RunEvent::AnswerLost { reason, .. } => {
            &format!("the answer was lost ({reason}); reading what happened, nothing is sent again")
        }
        RunEvent::Step { step, state, words, .. } => &format!("{}. {}: {words}", step + 1, state.word()),
        RunEvent::Progress { words, .. } | RunEvent::Noted { words } => words.as_str(),
        RunEvent::Planned
        | RunEvent::Confirmed
        | RunEvent::Refused { .. }
        | RunEvent::Aborted { .. }
        | RunEvent::Made { .. }
        | RunEvent::Settled { .. } => return,
    };
    note(words);
}
