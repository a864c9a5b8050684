//! Whether a release should be rolled back: on its row and in its detail.

use crate::domain::advice::{Advice, Verdict, judge};
use crate::domain::rollout::Rollout;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words::detail as said;

/// The advice about the release of a row, as long as it is of this release and of now.
fn of<'a>(pen: &mut Pen<'_>, scene: &Scene<'a>, rollout: &Rollout) -> Option<&'a Advice> {
    let advice = scene.advice.get(&rollout.workload)?;
    pen.wake_at(advice.observed_at + judge::OLD_AFTER);
    advice.is_of(rollout.changed_at, pen.now).then_some(advice)
}

/// The sentence that advises against the release, where there is one.
pub(super) fn against<'a>(pen: &mut Pen<'_>, scene: &Scene<'a>, rollout: &Rollout) -> Option<&'a str> {
    let advice = of(pen, scene, rollout)?;
    (advice.verdict == Verdict::Advised).then_some(&*advice.sentence)
}

/// Writes the advice with its age.
pub(super) fn write(pen: &mut Pen<'_>, page: &mut Page, scene: &Scene<'_>, rollout: &Rollout) {
    let Some(advice) = of(pen, scene, rollout) else { return };
    let role = match advice.verdict {
        Verdict::Advised => Role::Error,
        Verdict::Unknown => Role::Warning,
        Verdict::NotAdvised => Role::Muted,
    };
    let age = pen.age(advice.observed_at);
    page.text(pen, 0, &said::advised(&advice.sentence, &age), role);
}
