//! The header: environment, context, scope, identity, read-only or not, and the sources that are not fresh.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::domain::source::{SourceHealth, SourceState, together};
use crate::domain::time;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::text;
use crate::ui::words;

/// How often the age of a frozen screen is written anew.
const FROZEN_AGE_EVERY: chrono::TimeDelta = chrono::TimeDelta::seconds(30);
/// From this many rows of screen on, more than one source gets a line of its own.
const TALL: u16 = 30;

/// How many rows the header takes: one, and in full or with trouble a line for the sources.
pub fn rows(scene: &Scene<'_>, screen_rows: u16) -> u16 {
    let troubled = u16::try_from(not_fresh(scene.sources).len()).unwrap_or(u16::MAX);
    let most = if screen_rows >= TALL { 3 } else { 1 };
    let least = u16::from(!scene.ui.is_header_compact || !words::nodes::counts(scene.header.counts).is_empty());
    1 + troubled.min(most).max(least) + u16::from(scene.frozen_at.is_some())
}

/// The sources an operator has to know about; those with one trouble are one.
fn not_fresh(sources: &[SourceHealth]) -> Vec<SourceHealth> {
    let mut troubled = together(sources);
    troubled.retain(|source| !source.state.is_well());
    troubled
}

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) {
    let mut lines = area.top()..area.bottom();
    if let Some(y) = lines.next() {
        place(pen, Rect { y, height: 1, ..area }, scene);
    }
    if let Some(since) = scene.frozen_at
        && let Some(y) = lines.next()
    {
        pen.wake_at(scene.clock + FROZEN_AGE_EVERY);
        let words = words::frozen(&time::coarse(time::age(since, scene.clock)));
        pen.tint(Rect { y, height: 1, ..area }, pen.style(Role::Frozen));
        pen.put(area.x + 1, y, area.width.saturating_sub(2), &words, pen.style(Role::Frozen));
    }
    sources(pen, Rect { y: lines.start, height: u16::try_from(lines.len()).unwrap_or(0), ..area }, scene);
}

/// Where we are, and whether we may act here.
fn place(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) {
    let header = &scene.header;
    let style = pen.style(Role::Text);
    pen.tint(area, style);
    let (grant, role) =
        if header.read_only.is_some() { (words::READ_ONLY, Role::ReadOnly) } else { (words::WRITE, Role::MayAct) };
    let mut right = area.right();
    for (badge, role) in
        [Some((grant, role)), header.is_demo.then_some((words::DEMO, Role::Mark))].into_iter().flatten()
    {
        let wide = u16::try_from(text::width(badge) + 2).unwrap_or(0);
        right = right.saturating_sub(wide);
        pen.put(right, area.y, wide, &format!(" {badge} "), pen.style(role));
    }
    let guard = Role::of_guard(header.guard);
    let together = (header.environments > 1).then(|| words::environments(header.environments));
    let name = match &together {
        Some(together) if header.environment.is_empty() => together.to_uppercase(),
        _ => words::environment(header.environment, header.guard),
    };
    let most = (right - area.x) / 2;
    let used = pen.put(area.x, area.y, most, &format!(" {name} "), pen.style(guard));
    let separator = format!(" {} ", pen.glyphs.separator);
    // That there are others beside the one meant is never cut off: it comes first.
    let together = together.as_deref().filter(|_| !header.environment.is_empty());
    let mut facts: Vec<&str> =
        together.into_iter().chain([header.context, header.scope]).chain(header.identity).collect();
    facts.retain(|fact| !fact.is_empty());
    let left = right.saturating_sub(area.x + used + 2);
    pen.put(area.x + used + 1, area.y, left, &facts.join(&separator), style);
}

/// What is not fresh, worst news first; when all is well, why we may not write.
fn sources(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) {
    let mut troubled = not_fresh(scene.sources);
    troubled.sort_by_key(|source| match source.state {
        SourceState::Down => 0,
        SourceState::Stale => 1,
        SourceState::Loading => 2,
        SourceState::Fresh | SourceState::Forbidden => 3,
    });
    let lines = area.top()..area.bottom();
    let counts = words::nodes::counts(scene.header.counts);
    let taken =
        if counts.is_empty() || area.height == 0 { 0 } else { u16::try_from(text::width(&counts) + 2).unwrap_or(0) };
    pen.put_right(
        area.x + 1,
        area.y,
        if taken == 0 { 0 } else { area.width.saturating_sub(2) },
        &counts,
        pen.style(Role::Warning),
    );
    if troubled.is_empty() {
        let unseen = scene.sources.iter().filter(|source| source.error.is_some());
        let unseen: Vec<String> = unseen.map(|source| source.id.to_string()).collect();
        let words = match scene.header.read_only {
            Some(why) => words::read_only_because(why),
            None => words::all_fresh(scene.sources.len() - unseen.len()),
        };
        if let Some(y) = lines.into_iter().next() {
            let words = words + &words::unseen(&unseen);
            pen.put(area.x + 1, y, area.width.saturating_sub(2 + taken), &words, pen.style(Role::Muted));
        }
        return;
    }
    let shown = usize::from(area.height);
    for (place, (y, source)) in lines.zip(&troubled).enumerate() {
        let hidden = if place + 1 == shown { troubled.len().saturating_sub(shown) } else { 0 };
        let more = words::more(hidden);
        let wide = u16::try_from(text::width(&more)).unwrap_or(0);
        // What is counted stands at the end of the first line.
        let taken = if place == 0 { taken } else { 0 };
        let room = area.width.saturating_sub(2 + taken);
        let line = health(pen, source);
        pen.put_line(area.x + 1, y, room.saturating_sub(wide), &line.into());
        pen.put_right(area.x + 1, y, room, &more, pen.style(Role::Muted));
    }
}

/// One source: its name, its state, how old its last word is, why, and when it is asked again.
pub fn health(pen: &mut Pen<'_>, source: &SourceHealth) -> Vec<Span<'static>> {
    let role = match source.state {
        SourceState::Down => Role::Error,
        SourceState::Stale => Role::Warning,
        SourceState::Loading | SourceState::Fresh | SourceState::Forbidden => Role::Muted,
    };
    let age = source.last_good.map(|then| pen.age(then));
    let retry = source.next_try.filter(|at| *at > pen.now).map(|at| pen.left(at));
    let mut spans = vec![pen.span(&format!("{} {}", source.id, source.state.word()), role)];
    spans.push(pen.span(&words::health(age.as_deref(), source.error.as_deref(), retry.as_deref()), Role::Text));
    spans
}
