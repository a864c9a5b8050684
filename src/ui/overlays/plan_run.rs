//! A plan on its way: which stage, what happened so far, and how it ended.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::domain::action::{Phase, Plan, Run, StepState, Target, TargetRun};
use crate::domain::time::Instant;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::PlanScene;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, plan as said};

/// Draws the run.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, shown: &PlanScene, plan: &Plan, scroll: usize) -> HitMap {
    let columns = area.width.saturating_sub(2);
    let mut page = Page::new(columns);
    let Some(run) = &shown.run else {
        return HitMap::default();
    };
    let mut place = format!(" {}", words::environment(&plan.environment, plan.guard));
    if !plan.cluster.context.is_empty() {
        place = format!("{place} {} {}", pen.glyphs.separator, plan.cluster.context);
    }
    page.bar(pen, &place, Role::of_guard(plan.guard), columns);
    page.gap();
    if run.phase.is_final() {
        ended(pen, &mut page, run, plan, columns);
    } else {
        stages(pen, &mut page, run.phase, shown.log.first().map(|(at, _)| *at));
    }
    page.gap();
    for (target, run) in plan.targets.iter().zip(&run.targets) {
        let words = match run.words.as_str() {
            "" => run.phase.word().to_owned(),
            words => format!("{}: {words}", run.phase.word()),
        };
        page.field(pen, said::TARGET, &target.subject.to_string(), Role::Title);
        page.field(pen, "", &words, role_of(run.phase));
        if target.is_in_order() {
            steps(pen, &mut page, target, run);
        }
        if !run.phase.is_final() {
            page.field(
                pen,
                said::EXPECTED,
                &format!("{} {}", target.expected, said::within(target.deadline_seconds)),
                Role::Text,
            );
        }
    }
    if let Some(reason) = &run.reason {
        page.field(pen, said::REASON, reason, Role::Text);
    }
    if run.phase.is_final() {
        way_on(pen, &mut page, run, plan);
    }
    page.gap();
    log(pen, &mut page, &shown.log);
    if !run.phase.is_final() {
        page.gap();
        page.text(pen, 0, said::next(run.phase, plan.port()), Role::Muted);
    }
    page.fill(pen, area, scroll)
}

const fn role_of(phase: Phase) -> Role {
    match phase {
        Phase::Done => Role::Ok,
        Phase::Failed | Phase::Refused | Phase::Partial => Role::Error,
        Phase::Unknown | Phase::NeedsHuman => Role::Danger,
        Phase::Aborted | Phase::Compensated => Role::Warning,
        _ => Role::Text,
    }
}

/// The steps of a target that are taken one after the other, each with its sign.
fn steps(pen: &Pen<'_>, page: &mut Page, target: &Target, run: &TargetRun) {
    for (place, step) in target.steps.iter().enumerate() {
        let state = run.steps.get(&place).copied();
        let (sign, role) = match state {
            Some(StepState::Reached) => (pen.glyphs.done, Role::Ok),
            Some(StepState::Failed | StepState::NotUndone) => (pen.glyphs.failed, Role::Error),
            Some(StepState::Undone) => (pen.glyphs.done, Role::Warning),
            Some(_) => (pen.glyphs.running, Role::Title),
            None => (pen.glyphs.waiting, Role::Muted),
        };
        let word = state.map(|state| format!(": {}", state.word())).unwrap_or_default();
        let words = step.words.trim_end_matches('.');
        page.field(pen, if place == 0 { said::STEPS } else { "" }, &format!("{sign} {words}{word}"), role);
    }
}

/// The stages in a row, each with its sign and its word; the one under way stands out.
fn stages(pen: &mut Pen<'_>, page: &mut Page, phase: Phase, began: Option<Instant>) {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (word, stage) in said::STAGES {
        let (sign, role) = match stage.cmp(&phase) {
            std::cmp::Ordering::Less => (pen.glyphs.done, Role::Ok),
            std::cmp::Ordering::Equal => (pen.glyphs.running, Role::Title),
            std::cmp::Ordering::Greater => (pen.glyphs.waiting, Role::Muted),
        };
        spans.push(pen.span(&format!("{sign} {word}   "), role));
    }
    if let Some(began) = began {
        let age = pen.age(began);
        spans.push(pen.span(&said::elapsed(&age), Role::Muted));
    }
    page.line(spans);
}

/// How it ended, so that nobody can miss it.
fn ended(pen: &mut Pen<'_>, page: &mut Page, run: &Run, plan: &Plan, columns: u16) {
    let role = role_of(run.phase);
    let sign = if run.phase == Phase::Done { pen.glyphs.done } else { pen.glyphs.failed };
    let sign = if run.phase == Phase::Unknown { "?" } else { sign };
    page.bar(
        pen,
        &format!(" {sign} {} {} {}", said::ended(run.phase), pen.glyphs.separator, plan.action),
        role,
        columns,
    );
    page.text(pen, 1, said::next(run.phase, plan.port()), Role::Text);
}

/// What can be done now: the way back, and the command line that does the same.
fn way_on(pen: &Pen<'_>, page: &mut Page, run: &Run, plan: &Plan) {
    let phase = run.phase;
    for (target, ended) in plan.targets.iter().zip(&run.targets) {
        if matches!(ended.phase, Phase::Done | Phase::Failed | Phase::Partial | Phase::NeedsHuman) {
            let command = target.way_back(ended.made.as_deref());
            page.field(pen, said::INVERSE, command.as_deref().unwrap_or(said::IRREVERSIBLE), Role::Key);
        }
        // Where nobody knows whether it was done, nobody is handed the way to do it twice.
        if phase != Phase::Unknown {
            page.field(pen, said::SAME_BY_COMMAND, &said::command(plan, target), Role::Key);
        }
    }
}

fn log(pen: &mut Pen<'_>, page: &mut Page, lines: &[(Instant, String)]) {
    for (place, (at, words)) in lines.iter().enumerate() {
        let label = if place == 0 { said::LOG } else { "" };
        page.field(pen, label, &format!("{} {words}", at.format("%H:%M:%S")), Role::Text);
    }
}
