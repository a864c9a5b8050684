//! What each state of the world makes of the exit code of `status` (DESIGN §8), and the table of it that README shows.

use crate::domain::backup::State as BackupState;
use crate::domain::health::Condition;
use crate::domain::job::JobVerdict;
use crate::domain::maintenance_mode::State as Mode;
use crate::domain::rollout::Verdict;
use crate::domain::signal::State;
use crate::domain::slo::Standing;
use crate::domain::source::SourceState;

/// Of a workload.
pub(super) const fn rollout(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Stuck | Verdict::Failed => 2,
        Verdict::Unknown => 3,
        Verdict::Paused | Verdict::Degraded | Verdict::Stale => 1,
        Verdict::Progressing | Verdict::Complete => 0,
    }
}

/// Of a job.
pub(super) const fn job(verdict: JobVerdict) -> u8 {
    match verdict {
        JobVerdict::Failed | JobVerdict::Stuck => 2,
        JobVerdict::Late => 1,
        JobVerdict::Suspended | JobVerdict::Running | JobVerdict::Complete => 0,
    }
}

/// Of a signal of a service; what is not known of one that nobody declared is none of anybody's promises.
pub(super) const fn signal(state: State, is_declared: bool) -> u8 {
    match state {
        State::Critical => 2,
        State::Warning => 1,
        State::Unknown if is_declared => 3,
        State::Unknown | State::Ok | State::NoThreshold => 0,
    }
}

/// Of an objective: as red as its pane.
pub(super) const fn objective(standing: Standing) -> u8 {
    match standing {
        Standing::Page | Standing::Spent => 2,
        Standing::Ticket => 1,
        Standing::Unknown | Standing::Ok => 0,
    }
}

/// Of a component.
pub(super) const fn component(condition: Condition) -> u8 {
    match condition {
        Condition::Unhealthy => 2,
        Condition::Degraded => 1,
        Condition::Unknown => 3,
        Condition::Healthy => 0,
    }
}

/// Of the backups of a set: as red as its pane.
pub(super) const fn backup(state: BackupState) -> u8 {
    match state {
        BackupState::Broken | BackupState::Missed => 2,
        BackupState::Late | BackupState::Paused => 1,
        BackupState::Unknown => 3,
        BackupState::Ok => 0,
    }
}

/// Of a maintenance mode: over its end, or remembered so that nobody can read it, somebody has to act. What other hands took down may be
/// meant so.
pub(super) const fn mode(state: Mode, is_overdue: bool) -> u8 {
    match state {
        Mode::Unreadable => 2,
        _ if is_overdue => 2,
        Mode::On | Mode::Ending | Mode::ByOthers | Mode::Off => 0,
    }
}

/// Of a source, `needed` where verdicts rest on it.
pub(super) const fn source(state: SourceState, is_needed: bool) -> u8 {
    match state {
        SourceState::Down | SourceState::Loading => 3,
        SourceState::Forbidden if is_needed => 3,
        SourceState::Forbidden | SourceState::Stale | SourceState::Fresh => 0,
    }
}

/// The worst of some: 2, then 3, then 1, then 0.
pub(super) fn worst(codes: impl Iterator<Item = u8>) -> u8 {
    codes.max_by_key(|code| [0, 1, 3, 2].iter().position(|known| known == code)).unwrap_or(0)
}

/// The tables that README shows, made from what counts.
#[cfg(test)]
pub(super) fn tables() -> String {
    use crate::domain::action::Phase;
    use crate::domain::alert::Severity;
    use crate::domain::database::Condition as Database;

    let row = |what: &str, states: &[(&str, u8)]| {
        let of = |code: u8| states.iter().filter(|(_, own)| *own == code).map(|(word, _)| *word).collect::<Vec<_>>();
        let cells: Vec<String> = (0..=3).map(|code| of(code).join(", ")).collect();
        format!("| {what} | {} |\n", cells.join(" | "))
    };
    let rollouts = Verdict::ALL.map(|one| (one.word(), rollout(one)));
    let jobs = JobVerdict::ALL.map(|one| (one.word(), job(one)));
    let alerts = Severity::ALL.map(|one| (one.word(), one.exit_code()));
    let signals = [State::Critical, State::Warning, State::Unknown, State::Ok, State::NoThreshold];
    let signals = signals.map(|one| (one.word(), signal(one, true)));
    let objectives = [Standing::Page, Standing::Spent, Standing::Ticket, Standing::Unknown, Standing::Ok];
    let objectives = objectives.map(|one| (one.word(), objective(one)));
    let components = [Condition::Unhealthy, Condition::Degraded, Condition::Unknown, Condition::Healthy];
    let components = components.map(|one| (one.word(), component(one)));
    let backups = BackupState::ALL.map(|one| (one.word(), backup(one)));
    let databases = Database::ALL.map(|one| (one.word(), one.exit_code()));
    let sources =
        [SourceState::Down, SourceState::Forbidden, SourceState::Loading, SourceState::Stale, SourceState::Fresh];
    let sources = sources.map(|one| (one.word(), source(one, true)));
    let status: String = [
        row("workloads", &rollouts),
        row("jobs", &jobs),
        row("alerts that nothing holds back", &alerts),
        row("signals of a declared service", &signals),
        row("objectives", &objectives),
        row("components", &components),
        row("backups", &backups),
        row("databases", &databases),
        row("sources", &sources),
    ]
    .concat();
    let ends = [
        Phase::Done,
        Phase::Failed,
        Phase::Refused,
        Phase::Unknown,
        Phase::Aborted,
        Phase::Partial,
        Phase::Compensated,
        Phase::NeedsHuman,
    ];
    let mut ends: Vec<(u8, &str)> = ends.map(|phase| (super::exit::code(phase), phase.word())).to_vec();
    ends.push((super::exit::USAGE, "usage"));
    ends.sort_unstable();
    let (heads, words): (Vec<String>, Vec<&str>) = ends.iter().map(|(code, word)| (code.to_string(), *word)).unzip();
    format!(
        "| `status` | 0 | 1 | 2 | 3 |\n|---|---|---|---|---|\n{status}\n| `plan`, `apply` | {} |\n|---{}|\n| | {} |\n",
        heads.join(" | "),
        "|---".repeat(heads.len()),
        words.join(" | ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readme_shows_what_counts() {
        let readme = include_str!("../../README.md");
        assert!(readme.contains(&tables()), "put this into README.md:\n{}", tables());
    }

    #[test]
    fn a_failure_is_worse_than_what_is_not_known_and_that_than_a_warning() {
        assert_eq!(worst([0, 1, 3, 2].into_iter()), 2);
        assert_eq!((worst([0, 1, 3].into_iter()), worst([0, 1].into_iter()), worst(std::iter::empty())), (3, 1, 0));
    }
}
