//! What the console knows of the jobs pane, and what the operator chose there.

use std::sync::Arc;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::domain::environment::ObjectKey;
use crate::domain::job::{Job, JobVerdict};
use crate::domain::time::Instant;
use crate::panes::rollouts::filter;
use crate::ui::scene::{JobDetail, JobsScene};

/// The jobs pane.
#[derive(Debug, Default)]
pub struct JobsPane {
    /// The rows that pass the filter, worst first.
    pub visible: Vec<Arc<Job>>,
    /// The row under the cursor; never by place.
    pub cursor: Option<ObjectKey>,
    /// Whether the operator has put the cursor where it is; until then it rests on the worst row.
    pub is_cursor_held: bool,
    /// The open one.
    pub detail: Option<JobDetail>,
    /// When it is read again.
    pub detail_due: Option<Instant>,
    /// How many there are without the filter.
    total: usize,
}

impl JobsPane {
    /// Applies filter and order again; a held cursor stays on its row, or goes to the nearest one when that is gone.
    pub(super) fn refilter(&mut self, all: &[Arc<Job>], filter: &str, is_problems_only: bool) {
        let place = self.place().unwrap_or(0);
        // A service is of workloads; its words find jobs too.
        let (_, filter) = filter::asked(filter);
        let listed = || all.iter().filter(|job| job.is_listed());
        self.total = listed().count();
        let wanted = listed().filter(|job| !is_problems_only || job.verdict != JobVerdict::Complete);
        self.visible = if filter.is_empty() { wanted.cloned().collect() } else { matching(&filter, wanted) };
        let is_there = self.place().is_some();
        if !self.is_cursor_held || !is_there {
            let place = if self.is_cursor_held { place.min(self.visible.len().saturating_sub(1)) } else { 0 };
            self.cursor = self.visible.get(place).map(|job| job.key());
        }
    }

    /// The place of the cursor among the visible rows.
    pub(super) fn place(&self) -> Option<usize> {
        let key = self.cursor.as_ref()?;
        self.visible.iter().position(|job| job.is(key))
    }

    /// The row under the cursor.
    pub(super) fn row(&self) -> Option<&Arc<Job>> {
        self.visible.get(self.place()?)
    }

    /// Everything a draw may read.
    pub(super) fn scene(&self) -> JobsScene<'_> {
        JobsScene { visible: &self.visible, cursor: self.place(), total: self.total, detail: self.detail.as_ref() }
    }
}

/// Rows whose environment, namespace, name, verdict or schedule match; the worst first.
fn matching<'a>(filter: &str, rows: impl Iterator<Item = &'a Arc<Job>>) -> Vec<Arc<Job>> {
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(filter, CaseMatching::Smart, Normalization::Smart);
    let mut buffer = Vec::new();
    let fits = |job: &&Arc<Job>| {
        let text = format!(
            "{} {} {} {} {}",
            job.job.environment,
            job.job.namespace,
            job.job.label(),
            job.verdict.word(),
            job.schedule.as_deref().unwrap_or_default()
        );
        pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher).is_some()
    };
    rows.filter(fits).cloned().collect()
}
