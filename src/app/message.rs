//! Everything that can happen to us. Closed on purpose: every trigger can be listed, timed and tested.

use std::sync::Arc;

use super::drafts::Form;
use crate::actions::Said;
use crate::actions::journal::Finished;
use crate::domain::action::{Plan, Run, RunEvent, Undone};
use crate::domain::alert::AlertSnapshot;
use crate::domain::cluster::ClusterEvent;
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::job::JobFacts;
use crate::domain::job::JobRef;
use crate::domain::log::LogNews;
use crate::domain::release::Release;
use crate::domain::rollout::{Autoscaler, Budget, WorkloadRef};
use crate::domain::store::StoreSnapshot;
use crate::domain::timeline::JournalLine;
use crate::domain::timeline::Moment;
use crate::domain::usage::Board;
use crate::domain::usage::UsageAsk;
use crate::keys::Chord;
use crate::sources::observe::WorkloadFacts;
use crate::world::Connected;

/// Something happened.
#[derive(Debug)]
pub enum Message {
    /// A key, by itself.
    Key(Chord),
    /// Keys that could be read at once: of a slow line, or a short paste.
    Together(Vec<Chord>),
    /// Keys came in faster than anybody types: a text.
    Burst(Vec<Chord>),
    /// A text that was pasted, as the terminal says.
    Pasted(String),
    /// The terminal has another size, in columns and rows.
    Resize(u16, u16),
    /// INT, TERM or QUIT, or the terminal is gone.
    Leave(Leaving),
    /// The process was continued after a stop.
    Continued,
    /// Time moved on.
    Clock,
    /// The connection to the environment at this place is made.
    Connected(usize, Connected),
    /// The connection to the environment at this place cannot be made; it is tried again.
    NotConnected(usize, String),
    /// The newest of the signals of an environment.
    Signals(Box<crate::domain::signal::SignalSnapshot>),
    /// The newest of what was promised in an environment.
    Slos(Box<crate::domain::slo::SloSnapshot>),
    /// The newest of the health of components in an environment.
    Health(Box<crate::domain::health::HealthSnapshot>),
    /// What came of reaching into a pod.
    Reached(super::reaching::ReachNews),
    /// Releases of an environment were compared with what was before them.
    Compared(Arc<str>, Vec<crate::domain::advice::Compared>),
    /// The newest of the alerts of an environment.
    Alerts(Box<AlertSnapshot>),
    /// The newest of the cluster of the environment at this place.
    Observed(usize, Box<ClusterSnapshot>),
    /// What was released, or seen fully available, in the cluster of this uid; `None` where it cannot be read.
    Released(Option<Arc<str>>, Vec<Release>),
    /// The open workload was read whole.
    Facts(WorkloadRef, Result<Box<WorkloadFacts>, String>),
    /// The events of the open workload.
    Events(WorkloadRef, Result<Vec<ClusterEvent>, String>),
    /// What scales the open workload.
    Autoscalers(WorkloadRef, Vec<Autoscaler>),
    /// The PodDisruptionBudgets over the pods of the open workload.
    Budgets(WorkloadRef, Vec<Budget>),
    /// What pods or nodes use, or why that is not known.
    Usage(UsageAsk, Result<Board, String>),
    /// News of the open log, with the number of its reading.
    Log(u64, LogNews),
    /// Lines were saved: where, or why not.
    Saved(Result<String, String>),
    /// The open job was read whole.
    Job(JobRef, Result<Box<JobFacts>, String>),
    /// A plan was worked out, or could not be. The number says which request it answers.
    Planned(u64, Box<Result<Plan, String>>),
    /// Something happened to a run.
    Run(String, RunEvent),
    /// A run came to its end.
    RunEnded(Box<Run>),
    /// How a word about alerts ended, by the form it is from.
    Said(Form, Box<Said>),
    /// What was typed into forms by consoles of before, and not sent.
    Drafts(Vec<super::drafts::Draft>),
    /// What the operator's editor left of a text, or why it is as it was.
    Edited(Result<String, String>),
    /// Runs of before that never ended: their ids and what is said of them.
    Unfinished(Vec<(String, String)>),
    /// One of them is being verified.
    Resumed(Box<Run>),
    /// The journal as it is now, newest first.
    Journal(Vec<JournalLine>),
    /// What was finished not long ago, by the journal.
    Finished(Vec<Finished>),
    /// One of these, by its run and place, was looked at: who undid it.
    LookedBack(String, usize, Result<Option<Undone>, Unseen>),
    /// What the store says now, or said last.
    Stored(Box<StoreSnapshot>),
    /// What the store's audit tells of the last hour: notes and what was done from any console.
    Audited(Vec<Moment>),
    /// A task ended that should not have.
    TaskDied(&'static str, String),
}

/// A workload could not be read: it is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unseen;

/// Why the console leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// The operator or the system asked.
    Asked,
    /// Nobody is there any more.
    TerminalGone,
}
