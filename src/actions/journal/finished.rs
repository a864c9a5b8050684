//! Targets that were verified not long ago: what was left on them is watched, also by a console that started since.

use std::collections::HashMap;

use super::{Aim, Chain, Entry, What};
use crate::domain::action::{Left, Outcome};
use crate::domain::time::Instant;

/// A target that was verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The line that began its run: action, cluster, actor, targets.
    pub begun: Entry,
    /// Which of the targets.
    pub target: usize,
    /// When it was verified.
    pub done_at: Instant,
    /// That it was undone, where that is written already.
    pub undone: Option<String>,
}

impl Finished {
    /// What it left; `None` when the line of its beginning does not name it.
    pub fn left(&self) -> Option<Left<'_>> {
        let aim = self.begun.aims.get(self.target)?;
        Some(Left {
            workload: aim.subject.workload()?,
            uid: &aim.uid,
            code: aim.code.as_ref(),
            goal: aim.goal,
            action: &self.begun.action,
            run: &self.begun.run,
            done_at: self.done_at,
        })
    }
}

/// Every target verified since then, in the order of their ends. A later action of ours on the same workload takes its place.
pub fn finished(chains: &[Chain], since: Instant) -> Vec<Finished> {
    let lines = || chains.iter().flat_map(|chain| &chain.lines);
    let begun: HashMap<&str, &Entry> = lines()
        .filter(|line| line.entry.what == What::Begun)
        .map(|line| (line.entry.run.as_str(), &line.entry))
        .collect();
    let aim = |entry: &Entry| -> Option<(&str, &Aim)> {
        let begun = begun.get(entry.run.as_str())?;
        Some((begun.cluster.as_str(), begun.aims.get(entry.target?)?))
    };
    let mut newest: HashMap<(&str, &str), (Instant, &str)> = HashMap::new();
    for line in lines().filter(|line| line.entry.what == What::Intent) {
        let Some((cluster, aim)) = aim(&line.entry) else { continue };
        let known = newest.entry((cluster, aim.uid.as_str())).or_insert((line.at, &line.entry.run));
        if line.at >= known.0 {
            *known = (line.at, &line.entry.run);
        }
    }
    let is_done = |entry: &Entry| entry.what == What::Settled && entry.outcome == Some(Outcome::Done);
    let mut all: Vec<Finished> = Vec::new();
    for line in lines().filter(|line| is_done(&line.entry) && line.at >= since) {
        let Some((cluster, aim)) = aim(&line.entry) else { continue };
        let run = line.entry.run.as_str();
        if newest.get(&(cluster, aim.uid.as_str())).is_some_and(|(_, newest)| *newest != run) {
            continue;
        }
        let Some((begun, target)) = begun.get(run).copied().zip(line.entry.target) else { continue };
        let is_told = |told: &Entry| (told.what, told.target, told.run.as_str()) == (What::Undone, Some(target), run);
        let told = lines().filter(|told| is_told(&told.entry)).max_by_key(|told| told.at);
        let undone = told.map(|told| told.entry.words.clone());
        all.push(Finished { begun: begun.clone(), target, done_at: line.at, undone });
    }
    all.sort_by_key(|finished| finished.done_at);
    all
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;
    use crate::domain::action::Goal;
    use crate::domain::rollout::{Kind, WorkloadRef};
    use chrono::TimeDelta;

    fn at(minute: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default() + TimeDelta::minutes(minute)
    }

    fn line(what: What, run: &str, target: Option<usize>, minute: i64) -> Line {
        let aim = |name: &str| Aim {
            subject: WorkloadRef {
                environment: "test".into(),
                namespace: "shop".into(),
                kind: Kind::Deployment,
                name: name.into(),
            }
            .into(),
            uid: format!("uid-{name}"),
            template_digest: String::new(),
            goal: Goal::Healthy,
            pod: None,
            code: None,
            deadline_seconds: 60,
            replicas: None,
            chosen: Vec::new(),
            expected: String::new(),
            ends_with: Vec::new(),
            clearing: Vec::new(),
        };
        let entry = Entry {
            what,
            run: run.to_owned(),
            action: "rollback".to_owned(),
            environment: "test".to_owned(),
            cluster: "c".to_owned(),
            actor: "mori".to_owned(),
            aims: if what == What::Begun { vec![aim("api"), aim("web")] } else { Vec::new() },
            target,
            step: None,
            is_undo: false,
            outcome: (what == What::Settled).then_some(Outcome::Done),
            phase: None,
            words: format!("{what:?}"),
        };
        Line { seq: 0, at: at(minute), prev: String::new(), entry, hash: String::new() }
    }

    fn chain(lines: Vec<Line>) -> Chain {
        Chain { lines, ..Chain::written("chain".into(), "chain".into(), b"") }
    }

    fn run(run: &str, minute: i64) -> Vec<Line> {
        vec![
            line(What::Begun, run, None, minute),
            line(What::Intent, run, Some(0), minute),
            line(What::Settled, run, Some(0), minute + 1),
            line(What::Intent, run, Some(1), minute + 1),
            line(What::Settled, run, Some(1), minute + 2),
        ]
    }

    fn found(chains: &[Chain], since: i64) -> Vec<(String, usize, Option<String>)> {
        let all = finished(chains, at(since)).into_iter();
        all.map(|one| (one.begun.run, one.target, one.undone)).collect()
    }

    #[test]
    fn what_was_verified_lately_is_found_whoever_wrote_it() {
        let chains = [chain(run("r1", 0))];
        assert_eq!(found(&chains, 0), [("r1".to_owned(), 0, None), ("r1".to_owned(), 1, None)]);
        assert_eq!(found(&chains, 2), [("r1".to_owned(), 1, None)], "the first was verified before that");
    }

    #[test]
    fn what_did_not_end_well_is_not_watched() {
        let mut lines = run("r1", 0);
        lines[2].entry.outcome = Some(Outcome::Failed);
        assert_eq!(found(&[chain(lines)], 0), [("r1".to_owned(), 1, None)]);
    }

    #[test]
    fn a_later_action_takes_the_place_of_an_earlier_one() {
        let later = vec![line(What::Begun, "r2", None, 5), line(What::Intent, "r2", Some(0), 5)];
        let chains = [chain(later), chain(run("r1", 0))];
        assert_eq!(found(&chains, 0), [("r1".to_owned(), 1, None)], "api is in other hands");
    }

    #[test]
    fn what_was_told_as_undone_is_known() {
        let mut lines = run("r1", 0);
        lines.push(line(What::Undone, "r1", Some(1), 4));
        assert_eq!(found(&[chain(lines)], 0)[1].2.as_deref(), Some("Undone"));
    }
}
