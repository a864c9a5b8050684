//! Programs of the operator that make a backup or prove one: drafted by the configuration alone, run once on this machine, and held until they
//! end. What one says of itself is its exit code and its last line; what it recorded is looked up.

use serde_json::{Value, json};

use super::account::Account;
use super::alerts::StoreEyes;
use super::contract::{Action, Context, Draft, Refusal};
use super::execute::Executor;
use super::journal::What;
use super::makers;
use super::observation::BackupFacts;
use crate::config::{Act, Program};
use crate::domain::action::{BlastRadius, Given, Goal, Inverse, Outcome, Port, Request, RunEvent, Step, Tier};
use crate::domain::backup::RestoreTest;
use crate::domain::store::RecordedRestore;
use crate::domain::subject::Subject;
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::operate::ProgramAsk;

/// The method of a request that runs a program.
const RUN: &str = "RUN";

/// What a program is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// It makes a backup.
    Backup,
    /// It proves one, and records that.
    Proof,
}

impl For {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Backup => "run",
            Self::Proof => "verify",
        }
    }

    pub(super) const fn act(self, facts: &BackupFacts) -> Option<&Act> {
        match self {
            Self::Backup => facts.run.as_ref(),
            Self::Proof => facts.verify.as_ref(),
        }
    }
}

/// Drafts it. `run_now` makes a Job from a CronJob.
///
/// # Errors
/// When nothing is declared that does it, or what does it is not there.
pub(super) fn draft(
    facts: &BackupFacts,
    what: For,
    (given, context): (&Given, Context<'_>),
    run_now: &dyn Action,
) -> Result<Draft, Refusal> {
    let (set, key) = (&facts.subject.set, what.key());
    let program = match what.act(facts) {
        Some(Act::Program(program)) => program,
        Some(Act::InCluster { .. }) => return makers::draft(facts, what, (given, context), run_now),
        None => {
            return Err(Refusal(format!(
                "nothing is declared that does it: write {key} = {{ command = [\"PROGRAM\", \"ARGUMENT\"] }} into [backup.{set}]."
            )));
        }
    };
    let seconds = program.within.as_secs();
    let (name, words) = (named(program), described(program, what));
    let request = Request {
        method: RUN.to_owned(),
        path: name.clone(),
        content_type: "application/json".to_owned(),
        body: json!({"command": program.words, "timeout_seconds": seconds, "user": program.user, "set": &**set, "for": key}),
    };
    let (to, expected, inverse) = match what {
        For::Backup => (
            format!("with a backup that {name} makes"),
            "the program ends, and says its exit code; the backup is counted once what tells of the set lists it",
            "A backup that was made stays.",
        ),
        For::Proof => (
            format!("with what {name} proves"),
            "the program ends and has recorded a restore test; what that proves is told",
            "A restore test that was recorded stays. What was restored is the program's to remove.",
        ),
    };
    let deadline = u32::try_from(seconds).unwrap_or(u32::MAX);
    Ok(Draft {
        from: "as it is".to_owned(),
        to,
        steps: vec![Step { port: Port::Program, ..Step::change(words, request) }],
        goal: Goal::Session,
        blast: BlastRadius {
            words: format!("whatever {name} does on this machine, and the load of it"),
            ..BlastRadius::default()
        },
        tier: Tier::T2,
        deadline_seconds: Some(deadline),
        expected: expected.to_owned(),
        inverse: Inverse { words: inverse.to_owned(), command: None },
        ..Draft::default()
    })
}

/// The name of a program, without its folder.
fn named(program: &Program) -> String {
    let whole = program.words.first().map(String::as_str).unwrap_or_default();
    text::clean(whole.rsplit('/').next().unwrap_or(whole)).into_owned()
}

fn described(program: &Program, what: For) -> String {
    let arguments = match program.words.len().saturating_sub(1) {
        0 => "without arguments".to_owned(),
        1 => "with 1 argument".to_owned(),
        several => format!("with {several} arguments"),
    };
    let user = program.user.as_deref().map_or_else(|| "as you".to_owned(), |user| format!("as {user}"));
    let within = i64::try_from(program.within.as_secs()).unwrap_or(i64::MAX);
    let why = match what {
        For::Backup => "to make a backup",
        For::Proof => "to restore the newest backup and record how that went",
    };
    format!(
        "Run {} {arguments} {user} on this machine {why}; stopped after {}.",
        named(program),
        time::length(time::seconds(within))
    )
}

impl Executor {
    /// Runs the program of a step once and waits for its end. It is never run a second time.
    pub(super) async fn run_program(
        &self,
        account: &Account<'_>,
        place: usize,
        subject: &Subject,
        step: &Step,
    ) -> Outcome {
        let settle = |outcome, words: String| account.settle(place, outcome, words);
        let (Some(programs), Some(ask)) = (&self.programs, asked(&step.request)) else {
            return settle(Outcome::Refused, "this console has no hands: nothing was run.".to_owned()).await;
        };
        let began = self.now();
        account.record(account.line(What::Accepted, Some(place), "the program is started.")).await;
        account.note(RunEvent::Accepted { target: place }).await;
        let mut leaving = self.leaving.clone();
        let ended = tokio::select! {
            ended = programs.run(&ask) => ended,
            Ok(_) = leaving.wait_for(|is_leaving| *is_leaving) => {
                Err(SourceError::new(Trouble::Timeout, "The console was left: the program was stopped."))
            }
        };
        let took = time::length(self.now() - began);
        let name = text::clean(&step.request.path).into_owned();
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) if error.is_certainly_not_done => return settle(Outcome::Refused, error.sentence).await,
            Err(error) => return settle(Outcome::Failed, format!("{} After {took}.", error.sentence)).await,
        };
        let last = if ended.last.is_empty() { String::new() } else { format!(" Its last line: {}", ended.last) };
        match ended.code {
            Some(0) => {}
            Some(code) => {
                return settle(Outcome::Failed, format!("{name} ended with exit code {code} after {took}.{last}"))
                    .await;
            }
            None => return settle(Outcome::Failed, format!("{name} was ended by a signal after {took}.{last}")).await,
        }
        let is_proof = step.request.body["for"] == For::Proof.key();
        let (outcome, words) = match (subject, is_proof) {
            (Subject::Backup(backup), true) => self.proven(&backup.set, began).await,
            _ => (Outcome::Done, "It is counted once what tells of the set lists it.".to_owned()),
        };
        settle(outcome, format!("{name} ended well after {took}. {words}{last}")).await
    }

    /// What a restore test proves that was recorded since: a program that ended well and recorded none has proven nothing.
    async fn proven(&self, set: &str, since: Instant) -> (Outcome, String) {
        let Ok(store) = self.planner.store() else {
            return (Outcome::Unknown, "What it recorded is not known: there is no store here.".to_owned());
        };
        match store.last_restore(set, since).await {
            Err(error) => (Outcome::Unknown, format!("What it recorded is not known: {}", error.sentence)),
            Ok(None) => (
                Outcome::Failed,
                format!("It recorded no restore test: let it end in quarterdeck record restore-test {set}."),
            ),
            Ok(Some(test)) if test.is_verified() => {
                let took = test.took.map(time::length).unwrap_or_default();
                let reached = test.reached.as_deref().unwrap_or_default();
                (Outcome::Done, format!("Verified: it reached {reached} in {took}."))
            }
            Ok(Some(test)) => {
                (Outcome::Failed, format!("It is not verified: what it recorded proves {}.", test.level().word()))
            }
        }
    }
}

impl StoreEyes {
    /// The last restore test of a set that was recorded since then.
    async fn last_restore(&self, set: &str, since: Instant) -> Result<Option<RestoreTest>, SourceError> {
        let held: Vec<RecordedRestore> = self.store.changes(0).await?.of();
        let own = held.into_iter().filter(|one| one.set == set && one.recorded_at >= since - SAME_TIME);
        Ok(own.map(|one| one.test).max_by_key(|test| test.at))
    }
}

/// How far the clock of the store may be behind ours: a record that was made within is taken for one of this run.
const SAME_TIME: chrono::TimeDelta = chrono::TimeDelta::seconds(2);

/// What a request asks to be run.
fn asked(request: &Request) -> Option<ProgramAsk> {
    let words = request.body["command"].as_array()?.iter();
    let words: Vec<String> = words.map(Value::as_str).map(|word| word.map(str::to_owned)).collect::<Option<_>>()?;
    Some(ProgramAsk {
        words,
        within: std::time::Duration::from_secs(request.body["timeout_seconds"].as_u64()?),
        user: request.body["user"].as_str().map(str::to_owned),
    })
}
