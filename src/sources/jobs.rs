//! The read port of CronJobs and Jobs.

use std::sync::Arc;

use super::observe::Answer;
use crate::domain::job::{JobFacts, JobRef};

/// Reading one CronJob or Job.
pub trait ObserveJobs: Send + Sync {
    /// Everything about it, read now. `runs` are the uids and names of its newest Jobs; of a Job, of itself.
    fn job<'a>(&'a self, job: &'a JobRef, runs: &'a [(Arc<str>, Arc<str>)]) -> Answer<'a, JobFacts>;
}
