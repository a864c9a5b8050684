//! What a draw may read of the overview, borrowed, and where the operator is on it.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::domain::alert::Alert;
use crate::domain::cause::{Cause, CauseKind};
use crate::domain::health::Line;
use crate::domain::job::{Job, JobVerdict};
use crate::domain::node::{Node, NodeCounts};
use crate::domain::rollout::{Rollout, Verdict};
use crate::domain::slo::Slo;
use crate::domain::source::{SourceHealth, SourceKind, SourceState};
use crate::domain::timeline::Timeline;

/// The most alerts listed, the worst.
pub const MOST_ALERTS: usize = 4;

/// What a headline is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// What fires.
    Alerts,
    /// Workloads.
    Rollouts,
    /// Actions under way or unfinished.
    Runs,
    /// Nodes, and what holds several workloads.
    Nodes,
    /// What was promised, and what is left of it.
    Slo,
    /// Whether components are well.
    Health,
    /// CronJobs and Jobs.
    Jobs,
    /// How fresh all of it is.
    Sources,
}

/// How grave a headline is, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// All is well.
    Well,
    /// It is not known yet.
    Loading,
    /// It is not known at all.
    Unknown,
    /// Somebody should look at it today.
    Look,
    /// Somebody should look at it now.
    Bad,
}

/// A place the cursor can be, by what it is, never by where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// A headline.
    Headline(Topic),
    /// An alert of the short list: its environment and its key.
    Alert(Arc<str>, Arc<str>),
    /// A line of the timeline, by its key.
    Moment(Arc<str>),
}

/// What the operator chose of the overview.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OverviewState {
    /// Where the cursor is.
    pub cursor: Option<Spot>,
    /// The line it was last on, from the top.
    pub place: usize,
    /// Whether the operator has put it there. Until then it rests on the worst headline.
    pub is_cursor_held: bool,
}

/// Everything a draw may read of the overview.
#[derive(Debug, Clone)]
pub struct OverviewScene<'a> {
    /// Every workload, worst first.
    pub rollouts: &'a [Arc<Rollout>],
    /// Every CronJob and Job, worst first.
    pub jobs: &'a [Arc<Job>],
    /// Every node, worst first.
    pub nodes: &'a [Arc<Node>],
    /// What the header counts of them.
    pub counts: NodeCounts,
    /// What holds workloads, worst first.
    pub causes: &'a [Arc<Cause>],
    /// The worst alerts nothing holds back, one of each group.
    pub alerts: Vec<&'a Arc<Alert>>,
    /// How many fire, by severity, from the worst.
    pub tally: [usize; 4],
    /// Each Alertmanager; empty when there is none.
    pub alert_sources: Vec<&'a SourceHealth>,
    /// Whether the alert that always fires is missing somewhere: then no alerts does not mean healthy.
    pub is_watchdog_missing: bool,
    /// How many objectives page, are spent, ask for a ticket and are not known, and how many there are.
    pub slo: ([usize; 4], usize),
    /// The worst of them.
    pub worst_slo: Option<&'a Slo>,
    /// How many components are unhealthy, degraded and not known where they are worst, and how many there are.
    pub health: ([usize; 3], usize),
    /// The worst of them.
    pub worst_health: Option<&'a Line>,
    /// Unfinished runs of before, each as a sentence.
    pub unfinished: &'a [(String, String)],
    /// Runs under way, as a sentence.
    pub running: Option<&'a str>,
    /// How the last run ended, when it did not end well.
    pub ended_badly: Option<&'a str>,
    /// The freshness of every source.
    pub sources: &'a [SourceHealth],
    /// The last hour.
    pub timeline: &'a Timeline,
    /// Where the cursor is.
    pub cursor: Option<&'a Spot>,
}

impl OverviewScene<'_> {
    /// The headlines, the gravest first; equally grave ones in the order of their topics.
    pub fn headlines(&self) -> Vec<(Topic, Gravity)> {
        let topics = [
            Topic::Alerts,
            Topic::Rollouts,
            Topic::Runs,
            Topic::Nodes,
            Topic::Slo,
            Topic::Health,
            Topic::Jobs,
            Topic::Sources,
        ];
        // Where nothing was promised, or nothing is asked, there is nothing to say of it.
        let is_there = |topic: &Topic| match topic {
            Topic::Slo => self.slo.1 > 0,
            Topic::Health => self.health.1 > 0,
            _ => true,
        };
        let mut all: Vec<_> = topics.into_iter().filter(is_there).map(|topic| (topic, self.gravity(topic))).collect();
        all.sort_by_key(|(topic, gravity)| (Reverse(*gravity), *topic));
        all
    }

    /// Every place the cursor can be, from the top.
    pub fn spots(&self) -> Vec<Spot> {
        let headlines = self.headlines().into_iter().map(|(topic, _)| Spot::Headline(topic));
        let alerts = self.alerts.iter().map(|alert| Spot::Alert(alert.environment.clone(), alert.key.clone()));
        let moments = self.timeline.moments.iter().map(|moment| Spot::Moment(moment.key.clone()));
        headlines.chain(alerts).chain(moments).collect()
    }

    /// The place of the cursor among the alerts of the short list.
    pub fn alert_place(&self) -> Option<usize> {
        let Some(Spot::Alert(environment, key)) = self.cursor else { return None };
        self.alerts.iter().position(|alert| alert.environment == *environment && alert.key == *key)
    }

    /// The place of the cursor on the timeline.
    pub fn moment_place(&self) -> Option<usize> {
        let Some(Spot::Moment(key)) = self.cursor else { return None };
        self.timeline.moments.iter().position(|moment| moment.key == *key)
    }

    fn gravity(&self, topic: Topic) -> Gravity {
        match topic {
            Topic::Alerts => self.gravity_of_alerts(),
            Topic::Rollouts => match self.rollouts.first().map(|row| row.verdict) {
                None => self.gravity_of_nothing(),
                Some(Verdict::Failed | Verdict::Stuck) => Gravity::Bad,
                Some(Verdict::Degraded | Verdict::Paused | Verdict::Stale) => Gravity::Look,
                Some(Verdict::Unknown) => Gravity::Unknown,
                Some(Verdict::Progressing | Verdict::Complete) => Gravity::Well,
            },
            Topic::Runs => self.gravity_of_runs(),
            Topic::Nodes => self.gravity_of_nodes(),
            Topic::Health => match self.health.0 {
                [0, 0, 0] => Gravity::Well,
                [0, 0, _] => Gravity::Unknown,
                [0, ..] => Gravity::Look,
                _ => Gravity::Bad,
            },
            Topic::Slo => match self.slo.0 {
                [0, 0, 0, 0] => Gravity::Well,
                [0, 0, 0, _] => Gravity::Unknown,
                [0, 0, ..] => Gravity::Look,
                _ => Gravity::Bad,
            },
            Topic::Jobs => match self.jobs.iter().find(|job| job.is_listed()).map(|job| job.verdict) {
                Some(JobVerdict::Failed | JobVerdict::Stuck) => Gravity::Bad,
                Some(JobVerdict::Late | JobVerdict::Suspended) => Gravity::Look,
                Some(JobVerdict::Running | JobVerdict::Complete) => Gravity::Well,
                None => self.gravity_of_nothing(),
            },
            Topic::Sources => {
                match self.sources.iter().map(|source| source.state).max_by_key(|state| state.gravity()) {
                    Some(SourceState::Down) => Gravity::Bad,
                    Some(SourceState::Stale) => Gravity::Look,
                    Some(SourceState::Loading) => Gravity::Loading,
                    Some(SourceState::Fresh | SourceState::Forbidden) | None => Gravity::Well,
                }
            }
        }
    }

    const fn gravity_of_runs(&self) -> Gravity {
        if !self.unfinished.is_empty() || self.ended_badly.is_some() {
            return Gravity::Bad;
        }
        if self.running.is_some() { Gravity::Look } else { Gravity::Well }
    }

    fn gravity_of_nodes(&self) -> Gravity {
        let NodeCounts { not_ready, pressed, pending } = self.counts;
        let is_api_ready = self.causes.iter().all(|cause| cause.kind != CauseKind::ApiServer);
        if not_ready > 0 || !is_api_ready {
            return Gravity::Bad;
        }
        if pressed + pending > 0 || !self.causes.is_empty() {
            return Gravity::Look;
        }
        if self.nodes.is_empty() { self.gravity_of_nothing() } else { Gravity::Well }
    }

    fn gravity_of_alerts(&self) -> Gravity {
        let [critical, high, medium, _] = self.tally;
        let never = |source: &&&SourceHealth| source.last_good.is_none();
        if critical + high > 0 || self.is_watchdog_missing {
            return Gravity::Bad;
        }
        if !self.alert_sources.is_empty() && self.alert_sources.iter().all(|source| never(&source)) {
            let is_loading = self.alert_sources.iter().any(|source| source.state == SourceState::Loading);
            return if is_loading { Gravity::Loading } else { Gravity::Unknown };
        }
        if medium > 0 { Gravity::Look } else { Gravity::Well }
    }

    /// What there being nothing means: not read yet, never read, or nothing there.
    fn gravity_of_nothing(&self) -> Gravity {
        let of_cluster = |source: &&SourceHealth| source.id.kind != SourceKind::Store;
        let best = self.sources.iter().filter(of_cluster).min_by_key(|source| source.state.gravity());
        match best.map(|source| (source.state, source.last_good)) {
            Some((SourceState::Loading, _)) => Gravity::Loading,
            Some((SourceState::Stale | SourceState::Down, None) | (SourceState::Forbidden, _)) => Gravity::Unknown,
            Some((SourceState::Fresh | SourceState::Stale | SourceState::Down, _)) | None => Gravity::Well,
        }
    }
}
