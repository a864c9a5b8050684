//! The header: environment, context, scope, identity, read-only or not, and the sources that are not fresh.

use std::cmp::Reverse;

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::source::{SourceHealth, SourceState, together};
use crate::domain::time;
use crate::theme::Role;
use crate::ui::overview::{Clock, Gravity, HeaderFact};
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::text;
use crate::ui::words;

/// How often the age of a frozen screen is written anew.
const FROZEN_AGE_EVERY: chrono::TimeDelta = chrono::TimeDelta::seconds(30);
/// From this many rows of screen on, more than one source gets a line of its own.
const TALL: u16 = 30;

/// How many rows the header takes: one; in full, with trouble or with something grave one more; where there is room, one for each source in trouble.
pub fn rows(scene: &Scene<'_>, screen_rows: u16) -> u16 {
    let troubled = u16::try_from(not_fresh(scene.sources).len()).unwrap_or(u16::MAX);
    let is_tall = screen_rows >= TALL;
    let has_standing = scene.overview.headlines.iter().any(|told| told.standing.is_some());
    let has_grave =
        scene.overview.headlines.iter().any(|told| told.standing.is_some() && told.gravity >= Gravity::Look);
    let least = u16::from(!scene.ui.is_header_compact || has_grave);
    let own = u16::from(is_tall && has_standing && troubled > 0);
    1 + troubled.min(if is_tall { 3 } else { 1 }).max(least) + own + u16::from(scene.frozen_at.is_some())
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
    let rest = Rect { y: lines.start, height: u16::try_from(lines.len()).unwrap_or(0), ..area };
    let troubled = not_fresh(scene.sources);
    // Facts share their line with the sources only where there is one line for both.
    if troubled.is_empty() || usize::from(rest.height) > troubled.len().min(3) {
        let used = standing(pen, Rect { height: rest.height.min(1), ..rest }, scene);
        if troubled.is_empty() {
            return well(pen, rest, used, scene);
        }
        let below = Rect { y: rest.y.saturating_add(1), height: rest.height.saturating_sub(1), ..rest };
        return sources(pen, below, troubled, 0);
    }
    let share = Rect { x: rest.right() - rest.width / 3, width: rest.width / 3, height: rest.height.min(1), ..rest };
    let used = standing_right(pen, share, scene);
    sources(pen, rest, troubled, used);
}

/// What stands in every header, the gravest first: as much of it as there is room for, each fact whole.
fn facts(pen: &mut Pen<'_>, scene: &Scene<'_>, room: u16) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut left = usize::from(room);
    let told = scene.overview.headlines.iter().filter_map(|told| Some((told.standing.as_ref()?, told.gravity)));
    let mut told: Vec<(&HeaderFact, Gravity)> = told.collect();
    // Of equally grave ones that with a running clock comes first.
    told.sort_by_key(|(fact, gravity)| (Reverse(*gravity), fact.clock));
    for (fact, gravity) in told {
        let (words, role) = (words_of(pen, fact), role_of(gravity));
        let separator = if spans.is_empty() { String::new() } else { format!(" {} ", pen.glyphs.separator) };
        let wide = text::width(&separator) + text::width(&words);
        if wide <= left {
            left -= wide;
            spans.extend((!separator.is_empty()).then(|| pen.span(&separator, Role::Muted)));
            spans.push(pen.span(&words, role));
        }
    }
    spans
}

/// A fact with its clock.
fn words_of(pen: &mut Pen<'_>, fact: &HeaderFact) -> String {
    let clock = match fact.clock {
        Clock::Still => return fact.words.clone(),
        Clock::Until(at) => words::until(&pen.left(at)),
        Clock::Left(at) => words::still_left(&pen.left(at)),
        Clock::Over(at) => words::over(&pen.age(at)),
    };
    format!("{} {clock}", fact.words)
}

/// What is well needs no colour.
const fn role_of(gravity: Gravity) -> Role {
    match gravity {
        Gravity::Bad => Role::Error,
        Gravity::Look | Gravity::Unknown => Role::Warning,
        Gravity::Well | Gravity::Loading | Gravity::Nothing => Role::Text,
    }
}

/// The facts from the left; how many columns they took.
fn standing(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> u16 {
    if area.height == 0 {
        return 0;
    }
    let line = facts(pen, scene, area.width.saturating_sub(2)).into();
    pen.put_line(area.x + 1, area.y, area.width.saturating_sub(2), &line)
}

/// The facts at the right end; how many columns they took.
fn standing_right(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> u16 {
    if area.height == 0 {
        return 0;
    }
    let line: Line<'_> = facts(pen, scene, area.width.saturating_sub(1)).into();
    let wide = u16::try_from(line.width()).unwrap_or(area.width);
    if wide == 0 {
        return 0;
    }
    pen.put_line(area.right().saturating_sub(wide + 1), area.y, wide, &line);
    wide + 2
}

/// That all is fresh, or why we may not write, behind the facts; where there is no room for all of it, what is not seen alone.
fn well(pen: &mut Pen<'_>, area: Rect, used: u16, scene: &Scene<'_>) {
    if area.height == 0 {
        return;
    }
    let unseen = scene.sources.iter().filter(|source| source.error.is_some());
    let unseen: Vec<String> = unseen.map(|source| source.id.to_string()).collect();
    let words = match scene.header.read_only {
        Some(why) => words::read_only_because(why),
        None => words::all_fresh(scene.sources.len() - unseen.len()),
    };
    let unseen = words::unseen(&unseen);
    let words = words + &unseen;
    let room = area.width.saturating_sub(2);
    let left = room.saturating_sub(used + 2);
    let style = pen.style(Role::Muted);
    if used == 0 {
        pen.put(area.x + 1, area.y, room, &words, style);
    } else if text::width(&words) <= usize::from(left) {
        pen.put_right(area.x + 1, area.y, room, &words, style);
    } else {
        pen.put(area.x + 1 + used + 2, area.y, left, unseen.trim_start_matches("; "), style);
    }
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

/// What is not fresh, worst news first; so many columns at the end of the first line are taken.
fn sources(pen: &mut Pen<'_>, area: Rect, mut troubled: Vec<SourceHealth>, taken: u16) {
    troubled.sort_by_key(|source| match source.state {
        SourceState::Down => 0,
        SourceState::Stale => 1,
        SourceState::Loading => 2,
        SourceState::Fresh | SourceState::Forbidden => 3,
    });
    let lines = area.top()..area.bottom();
    let shown = usize::from(area.height);
    for (place, (y, source)) in lines.zip(&troubled).enumerate() {
        let hidden = if place + 1 == shown { troubled.len().saturating_sub(shown) } else { 0 };
        let more = words::more(hidden);
        let wide = u16::try_from(text::width(&more)).unwrap_or(0);
        // The facts stand at the end of the first line.
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
