//! Everything we can ask of the outside. Closed on purpose, and values: a test reads them instead of doing them.

use std::sync::Arc;

use super::drafts::{Draft, DraftKey};
use crate::actions::Options;
use crate::actions::journal::Finished;
use crate::domain::action::{Consent, Plan};
use crate::domain::alert::AlertSnapshot;
use crate::domain::job::JobRef;
use crate::domain::log::LogAsk;
use crate::domain::release::Release;
use crate::domain::rollout::WorkloadRef;
use crate::domain::subject::Subject;
use crate::domain::usage::UsageAsk;

/// Something to be done outside the loop.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Look at this workload's pods too, in its own environment, and at nobody else's.
    Focus(Option<WorkloadRef>),
    /// Read a workload whole, and its events.
    Read(WorkloadRef),
    /// Read the log that is asked for, under this number, and end the one before.
    ReadLogs(u64, Box<LogAsk>),
    /// End the reading of the log.
    EndLogs,
    /// Write lines into a file of the state folder, under this name.
    SaveLines(String, Vec<String>),
    /// Put a text on the clipboard of the terminal.
    Copy(String),
    /// Read what pods or nodes use.
    ReadUsage(UsageAsk),
    /// Read a CronJob or a Job whole, with the uids and names of its newest runs.
    ReadJob(JobRef, Vec<(Arc<str>, Arc<str>)>),
    /// Remember in the store what is current now in the cluster of this uid.
    Remember(Arc<str>, Vec<Release>),
    /// Try every broken source again now.
    Retry,
    /// Compare releases of an environment with what was before them.
    Compare(Arc<str>, Vec<crate::domain::advice::Released>),
    /// Connect to an environment, by its place; the others stay connected.
    Connect(usize),
    /// Work out a plan.
    Plan(PlanRequest),
    /// Journal that a plan was looked at and given up.
    GiveUp(Box<Plan>, &'static str),
    /// Carry out a confirmed plan.
    Execute(Box<Plan>, Consent),
    /// What is planned and carried out on alerts is judged by this list of them from now on.
    List(Box<AlertSnapshot>),
    /// Read what was typed into forms before and not sent.
    ReadDrafts,
    /// Keep what is typed into a form, in place of what was kept of it before.
    KeepDraft(Box<Draft>),
    /// Forget what was kept of a form.
    ForgetDraft(DraftKey),
    /// Lend the terminal to the operator's editor, with this text.
    EditText(String),
    /// Lend the terminal to the command of this run.
    Attach(String),
    /// End the session of this run: leave its command, or close its port.
    EndSession(String),
    /// Look for runs that never ended.
    FindUnfinished,
    /// Read the journal.
    ReadJournal,
    /// Look whether a finished action is still as it was left.
    LookBack(Box<Finished>),
    /// Paint everything again.
    Repaint,
    /// Stop like any job.
    Suspend,
    /// Leave; runs under way are finished first.
    Leave,
}

/// A plan asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRequest {
    /// Which request this is; answers to older ones are dropped.
    pub number: u64,
    /// The action's id.
    pub action: &'static str,
    /// The targets.
    pub targets: Vec<Subject>,
    /// What was asked beyond the targets.
    pub options: Options,
}
