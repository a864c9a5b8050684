//! Everything that can happen to us. Closed on purpose: every trigger can be listed, timed and tested.

use crate::actions::journal::Finished;
use crate::domain::action::{Plan, Run, RunEvent, Undone};
use crate::domain::cluster::ClusterEvent;
use crate::domain::job::JobFacts;
use crate::domain::job::JobRef;
use crate::domain::log::LogNews;
use crate::domain::rollout::{Autoscaler, Budget, WorkloadRef};
use crate::keys::Chord;
use crate::sources::observe::WorkloadFacts;
use crate::world::News;

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
    /// Something is known now.
    News(News),
    /// What became of the session of a run.
    Session(String, super::pod_session::SessionNews),
    /// The open workload was read whole.
    Facts(WorkloadRef, Result<Box<WorkloadFacts>, String>),
    /// The events of the open workload.
    Events(WorkloadRef, Result<Vec<ClusterEvent>, String>),
    /// What scales the open workload.
    Autoscalers(WorkloadRef, Vec<Autoscaler>),
    /// The PodDisruptionBudgets over the pods of the open workload.
    Budgets(WorkloadRef, Vec<Budget>),
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
    /// What was typed into forms by consoles of before, and not sent.
    Drafts(Vec<super::drafts::Draft>),
    /// What the operator's editor left of a text, or why it is as it was.
    Edited(Result<String, String>),
    /// Runs of before that never ended: their ids and what is said of them.
    Unfinished(Vec<(String, String)>),
    /// One of them is being verified.
    Resumed(Box<Run>),
    /// What was finished not long ago, by the journal.
    Finished(Vec<Finished>),
    /// One of these, by its run and place, was looked at: who undid it.
    LookedBack(String, usize, Result<Option<Undone>, Unseen>),
    /// A task ended that should not have.
    TaskDied(&'static str, String),
}

impl From<News> for Message {
    fn from(news: News) -> Self {
        Self::News(news)
    }
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
