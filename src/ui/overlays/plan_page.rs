//! What a plan says, in the order an operator has to know it.

use crate::domain::action::{CheckVerdict, Plan, Rehearsal, Target, Tier};
use crate::domain::service::UNMAPPED;
use crate::domain::subject::SubjectKind;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::widgets::page::{LABEL, Page};
use crate::ui::words::{self, plan as said};

/// The most alerts that are named.
const MOST_NAMED: usize = 6;

/// Writes the plan on a page: where, as whom, what, from what to what, what else changes, who will fight it, and the way back.
pub(super) fn write(pen: &mut Pen<'_>, plan: &Plan, columns: u16) -> Page {
    let mut page = Page::new(columns);
    place(pen, &mut page, plan, columns);
    if !plan.refusals.is_empty() {
        page.text(pen, 0, said::REFUSED, Role::Error);
        for refusal in &plan.refusals {
            page.marked(pen, 0, pen.glyphs.failed, refusal, Role::Error);
        }
        page.gap();
    }
    rehearsal(pen, &mut page, plan);
    page.field(pen, said::AS, plan.actor.name(), Role::Text);
    if !plan.means.is_empty() {
        page.field(pen, said::MEANS, &plan.means, Role::Text);
    }
    if let Some(service) = &plan.service {
        page.field(pen, said::SERVICE, &said::whole(service, plan.targets.len()), Role::Title);
    }
    list(pen, &mut page, said::CHOICE, plan.choice.iter().map(String::as_str), Role::Warning);
    for (place, target) in plan.targets.iter().enumerate() {
        self::target(pen, &mut page, plan, target, place + 1);
    }
    preflight(pen, &mut page, plan);
    if pen.now < plan.expires_at {
        let left = pen.left(plan.expires_at);
        page.field(pen, said::EXPIRY, &said::expires(&left), Role::Muted);
    } else {
        page.field(pen, said::EXPIRY, said::EXPIRED, Role::Error);
    }
    page
}

/// Environment and cluster, over the whole width.
fn place(pen: &mut Pen<'_>, page: &mut Page, plan: &Plan, columns: u16) {
    let mut words = format!(" {}", words::environment(&plan.environment, plan.guard));
    // What is done in no cluster names none.
    for part in [&plan.cluster.context, &plan.cluster.server].into_iter().filter(|part| !part.is_empty()) {
        words = format!("{words} {} {part}", pen.glyphs.separator);
    }
    page.bar(pen, &words, Role::of_guard(plan.guard), columns);
}

fn target(pen: &mut Pen<'_>, page: &mut Page, plan: &Plan, target: &Target, place: usize) {
    let name = said::target(place, plan.targets.len(), &target.subject.to_string());
    page.field(pen, said::TARGET, &name, Role::Title);
    page.field(pen, said::FROM, &target.from, Role::Text);
    if plan.targets.iter().take(place - 1).any(|before| is_alike(before, target)) {
        // What is done to each of a group of alerts is told once.
        list(pen, page, said::WARNINGS, target.warnings.iter().map(String::as_str), Role::Warning);
        return;
    }
    page.field(pen, said::TO, &target.to, Role::Title);
    if target.subject.workload().is_some() || !target.changes.is_empty() {
        changes(pen, page, target);
    }
    list(pen, page, said::WARNINGS, target.warnings.iter().map(String::as_str), Role::Warning);
    let fights: Vec<String> = target.fights.iter().map(|fight| format!("{}: {}", fight.who, fight.words)).collect();
    list(pen, page, said::FIGHTS, fights.iter().map(String::as_str), Role::Danger);
    reaches(pen, page, target);
    for (place, evidence) in target.evidence.iter().enumerate() {
        let age = pen.age(evidence.observed_at);
        let label = if place == 0 { said::EVIDENCE } else { "" };
        page.field(pen, label, &said::seen(&evidence.words, &age), Role::Text);
    }
    let blast = match target.blast.words.as_str() {
        "" => said::pods(target.blast.pods),
        words => words.to_owned(),
    };
    page.field(pen, said::BLAST, &blast, Role::Text);
    for (place, step) in target.steps.iter().enumerate() {
        let label = if place == 0 { said::STEPS } else { "" };
        page.field(pen, label, &format!("{}. {}", place + 1, step.said()), Role::Text);
        if step.is_sent() {
            page.field(pen, "", &format!("   {} {}", step.request.method, step.request.path), Role::Muted);
        }
    }
    let expected = format!("{} {}", target.expected, said::within(target.deadline_seconds));
    page.field(pen, said::EXPECTED, expected.trim_end(), Role::Text);
    page.field(pen, said::INVERSE, &target.inverse.words, Role::Text);
    match &target.inverse.command {
        Some(command) => page.field(pen, "", command, Role::Key),
        // Of what nobody feels no way back is missed.
        None if target.tier <= Tier::T1 => {}
        None => page.field(pen, "", said::IRREVERSIBLE, Role::Danger),
    }
}

/// What was looked at before, each with what came of it, and what it costs.
fn preflight(pen: &mut Pen<'_>, page: &mut Page, plan: &Plan) {
    for (place, looked) in plan.cost.preflight.iter().enumerate() {
        let role = match looked.check.verdict {
            CheckVerdict::Pass => Role::Ok,
            CheckVerdict::Warn => Role::Warning,
            CheckVerdict::Unknown => Role::VerdictUnknown,
            CheckVerdict::Block => Role::Error,
        };
        let age = looked.check.observed_at.map(|at| format!(", {} ago", pen.age(at))).unwrap_or_default();
        let label = if place == 0 { said::PREFLIGHT } else { "" };
        page.field(pen, label, &format!("{}{age}", looked.check.line()), role);
    }
    if let Some(expected) = plan.cost.expected {
        let role = if expected.loss.known { Role::Text } else { Role::Danger };
        let loss = format!("{}; {}", expected.loss.words(), said::gap(expected.gap_seconds));
        page.field(pen, said::LOSS, &loss, role);
    }
}

/// Whether the same is done to two alerts.
fn is_alike(one: &Target, other: &Target) -> bool {
    let told = |target: &Target| target.steps.iter().map(|step| step.words.clone()).collect::<Vec<_>>();
    let is_alert = |target: &Target| target.subject.kind() == SubjectKind::Alert;
    is_alert(one) && is_alert(other) && (&one.to, told(one)) == (&other.to, told(other))
}

/// What else it reaches: what was not chosen first.
fn reaches(pen: &Pen<'_>, page: &mut Page, target: &Target) {
    let is_chosen_from = target.reaches.iter().any(|one| one.is_chosen);
    for (place, one) in target.reaches.iter().take(MOST_NAMED).enumerate() {
        let service = one.service.as_deref().unwrap_or(UNMAPPED);
        let stray = if is_chosen_from && !one.is_chosen { format!(", {}", said::NOT_CHOSEN) } else { String::new() };
        let words = format!("{} {}, {service}{stray}: {}", one.name, one.severity.word(), one.summary);
        let role = if stray.is_empty() { Role::Text } else { Role::Warning };
        page.field(pen, if place == 0 { said::REACHES } else { "" }, words.trim_end_matches([':', ' ']), role);
    }
    if target.reaches.len() > MOST_NAMED {
        page.field(pen, "", &said::more(target.reaches.len() - MOST_NAMED), Role::Muted);
    }
}

/// Differences of the pod template.
fn changes(pen: &mut Pen<'_>, page: &mut Page, target: &Target) {
    if target.changes.is_empty() {
        page.field(pen, said::CHANGES, said::NO_CHANGES, Role::Muted);
        return;
    }
    for (place, change) in target.changes.iter().enumerate() {
        let label = if place == 0 { said::CHANGES } else { "" };
        page.field(pen, label, &change.path, Role::Text);
        page.difference(pen, LABEL, change);
    }
}

/// Sentences under one label.
fn list<'a>(pen: &Pen<'_>, page: &mut Page, label: &str, sentences: impl Iterator<Item = &'a str>, role: Role) {
    for (place, sentence) in sentences.enumerate() {
        page.field(pen, if place == 0 { label } else { "" }, sentence, role);
    }
}

/// What the server said to the dry run.
fn rehearsal(pen: &Pen<'_>, page: &mut Page, plan: &Plan) {
    let (verdict, role, sentences): (_, _, &[String]) = match &plan.rehearsal {
        // What forbids it stands above: that the server alone would not is nothing to read there.
        Rehearsal::Accepted(_) if !plan.refusals.is_empty() => return,
        Rehearsal::Accepted(warnings) => (said::CHECKED, Role::Ok, warnings),
        Rehearsal::NotOffered => return,
        Rehearsal::Rejected(why) => (said::REJECTED, Role::Error, std::slice::from_ref(why)),
        Rehearsal::NotChecked(why) => (said::NOT_CHECKED, Role::Warning, std::slice::from_ref(why)),
    };
    page.field(pen, said::REHEARSAL, verdict, role);
    list(pen, page, "", sentences.iter().map(String::as_str), Role::Text);
}
