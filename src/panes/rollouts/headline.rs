//! What the rollouts say first.

use crate::domain::rollout::Verdict;
use crate::ui::overview::{Glance, Gravity, Headline};
use crate::ui::pen::Pen;
use crate::ui::words::{self, overview as said};

/// How workloads are.
pub(super) const HEADLINE: Headline = Headline { title: words::ROLLOUTS, parts: &[], gravity, words, standing: None };

fn gravity(glance: &Glance<'_>) -> Gravity {
    match glance.world.snapshot.rollouts.first().map(|row| row.verdict) {
        None => glance.gravity_of_nothing(),
        Some(Verdict::Failed | Verdict::Stuck) => Gravity::Bad,
        Some(Verdict::Degraded | Verdict::Paused | Verdict::Stale) => Gravity::Look,
        Some(Verdict::Unknown) => Gravity::Unknown,
        Some(Verdict::Progressing | Verdict::Complete) => Gravity::Well,
    }
}

fn words(pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    let rows = &glance.world.snapshot.rollouts;
    let Some(worst) = rows.first().filter(|_| gravity != Gravity::Well) else {
        let is_unknown = gravity == Gravity::Unknown;
        return (if is_unknown { said::NEVER_READ.to_owned() } else { said::all_complete(rows.len()) }, None);
    };
    let troubled =
        Verdict::ALL.into_iter().filter(|verdict| !matches!(verdict, Verdict::Complete | Verdict::Progressing));
    let counts = troubled.filter_map(|verdict| {
        let count = rows.iter().filter(|row| row.verdict == verdict).count();
        (count > 0).then(|| format!("{count} {}", verdict.word()))
    });
    let age = worst.changed_at.map(|at| format!(", released {} ago", pen.age(at))).unwrap_or_default();
    let reason = worst.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let named = format!("{} -n {}{age}{reason}", worst.workload.label(), worst.workload.namespace);
    (counts.collect::<Vec<_>>().join(", "), Some(named))
}
