//! The logs pane: the lines of a workload's containers as they are written.

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line as Spans, Span};

use crate::domain::log::{Level, Line, Standing};
use crate::domain::rollout::WorkloadRef;
use crate::domain::text::LONGEST;
use crate::domain::time;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{LogsScene, Scene};
use crate::ui::text;
use crate::ui::widgets::page::{self, Page};
use crate::ui::widgets::prompt;
use crate::ui::words::logs as said;

/// Rows of an opened line at least; it gets a third of the body where that is more.
const OPENED: u16 = 6;
/// Columns of a pod's name.
const POD: usize = 18;

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, workload: &WorkloadRef) -> HitMap {
    let logs = &scene.logs;
    let cursor = title(pen, Rect { height: 1, ..area }, scene, workload);
    let told = trouble(pen, logs, area.width.saturating_sub(2));
    let height = told.rows().min(3).min(area.height.saturating_sub(1));
    told.draw(pen, Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height }, 0);
    let top = area.y + 1 + height;
    let below = Rect { y: top, height: area.bottom().saturating_sub(top), ..area };
    if logs.lines.is_empty() {
        instead(pen, below, logs);
        return HitMap { cursor, ..HitMap::default() };
    }
    let opened = if logs.is_opened { OPENED.max(below.height / 3).min(below.height / 2) } else { 0 };
    let table = Rect { height: below.height - opened, ..below };
    let hit = lines(pen, table, logs);
    if let Some(line) = logs.lines.get(logs.cursor).filter(|_| opened > 0) {
        let needle = logs.search.text.trim().to_lowercase();
        whole(pen, Rect { y: table.bottom(), height: opened, ..below }, line, &needle);
    }
    HitMap { cursor, ..hit }
}

/// Which log, how much of it; or the search while it is typed.
fn title(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, workload: &WorkloadRef) -> Option<(u16, u16)> {
    let logs = &scene.logs;
    let ask = logs.ask;
    let of = said::of(
        &workload.label(),
        ask.and_then(|ask| ask.pod.as_deref()),
        ask.and_then(|ask| ask.container.as_deref()),
        ask.is_some_and(|ask| ask.is_previous),
    );
    let following = logs.standings.values().filter(|standing| **standing == Standing::Following).count();
    let mut facts = vec![
        of,
        said::shown(logs.lines.len(), logs.kept, logs.dropped),
        if logs.is_at_end { said::AT_END } else { said::HELD }.to_owned(),
        said::from_level(logs.least),
        said::following(following, logs.standings.len()),
    ];
    if !scene.ui.is_filtering && !logs.search.text.is_empty() {
        facts.push(format!("/{}", logs.search.text));
    }
    let words = facts.join(&format!(" {} ", pen.glyphs.separator));
    let x = area.x + 1;
    if !scene.ui.is_filtering {
        pen.put(x, area.y, area.width.saturating_sub(2), &words, pen.style(Role::Title));
        return None;
    }
    let half = area.width / 2;
    let used = pen.put(x, area.y, half, said::SEARCH, pen.style(Role::Prompt));
    let cursor = prompt::draw(pen, x + used + 1, area.y, half.saturating_sub(used + 3), logs.search);
    pen.put(x + half, area.y, (area.width - half).saturating_sub(2), &words, pen.style(Role::Muted));
    Some(cursor)
}

/// What cannot be read, and why.
fn trouble(pen: &Pen<'_>, logs: &LogsScene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    if let Some(sentence) = logs.trouble {
        page.text(pen, 0, sentence, Role::Warning);
    }
    for (origin, standing) in logs.standings {
        if let Standing::Waiting(sentence) = standing {
            page.text(pen, 0, &format!("{}: {sentence}", origin.pod), Role::Warning);
        }
    }
    page
}

/// What stands in place of lines when there are none.
fn instead(pen: &mut Pen<'_>, area: Rect, logs: &LogsScene<'_>) {
    let mut page = Page::new(area.width.saturating_sub(4));
    if logs.kept > 0 {
        page.text(pen, 0, &said::hidden(logs.kept), Role::Text);
    } else if logs.standings.is_empty() && logs.trouble.is_none() {
        page.text(pen, 0, said::LOADING, Role::Text);
    } else if logs.trouble.is_none() {
        page.text(pen, 0, said::SILENT, Role::Text);
    }
    let inner = Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(1),
    };
    page.draw(pen, inner, 0);
}

/// The lines around the cursor. Wrapped, a line takes as many rows as it needs.
fn lines(pen: &mut Pen<'_>, area: Rect, logs: &LogsScene<'_>) -> HitMap {
    let height = usize::from(area.height);
    let columns = usize::from(area.width.saturating_sub(2));
    let has_many_pods = logs.standings.len() > 1;
    let rows_of = |line: &Line| {
        if logs.is_wrapped { wrapped(line, columns.saturating_sub(head_width(has_many_pods))).len().max(1) } else { 1 }
    };
    let at = logs.cursor.min(logs.lines.len() - 1);
    // From the cursor upwards until the page is full, so that the newest lines stand at the bottom.
    let (mut first, mut used) = (at, rows_of(&logs.lines[at]));
    let below: usize = logs.lines.iter().skip(at + 1).take(height / 3).map(|line| rows_of(line)).sum();
    let room = height.saturating_sub(below.min(height / 3));
    while first > 0 {
        let rows = rows_of(&logs.lines[first - 1]);
        if used + rows > room {
            break;
        }
        used += rows;
        first -= 1;
    }
    let mut y = area.y;
    let needle = logs.search.text.trim().to_lowercase();
    for (place, line) in logs.lines.iter().enumerate().skip(first) {
        if y >= area.bottom() {
            break;
        }
        let rows = u16::try_from(rows_of(line)).unwrap_or(1).min(area.bottom() - y);
        one(pen, Rect { x: area.x, y, width: area.width, height: rows }, line, has_many_pods, logs.is_wrapped, &needle);
        if place == at {
            pen.choose(Rect { x: area.x, y, width: area.width, height: 1 });
        }
        y += rows;
    }
    HitMap {
        page: height,
        offset: first,
        furthest: logs.lines.len().saturating_sub(height),
        rows: area,
        cursor: None,
        next_redraw: None,
    }
}

/// Columns before the message: cursor, time, level, pod.
const fn head_width(has_many_pods: bool) -> usize {
    let pod = if has_many_pods { POD + 1 } else { 0 };
    1 + 13 + 6 + pod
}

fn wrapped(line: &Line, columns: usize) -> Vec<String> {
    text::wrap(&line.text(), columns.max(10))
}

fn one(pen: &mut Pen<'_>, area: Rect, line: &Line, has_many_pods: bool, is_wrapped: bool, needle: &str) {
    let mut spans: Vec<Span<'static>> = Vec::new();
    let at = line.at.map_or_else(|| " ".repeat(13), |at| at.format("%H:%M:%S%.3f ").to_string());
    spans.push(pen.span(&at, Role::Muted));
    let role = role_of(line.level);
    spans.push(pen.span(&format!("{:<5} ", line.level.word()), role));
    if has_many_pods {
        // The end of a pod's name tells it from its sisters.
        let pod = text::tail(&line.origin.pod, POD);
        spans.push(pen.span(&format!("{pod:<POD$} "), Role::Muted));
    }
    let is_found = !needle.is_empty() && line.contains(needle);
    let message = if is_found {
        Role::Found
    } else if line.level >= Level::Error {
        role
    } else {
        Role::Text
    };
    if is_wrapped {
        let mut rows =
            wrapped(line, usize::from(area.width.saturating_sub(2)).saturating_sub(head_width(has_many_pods)))
                .into_iter();
        spans.push(pen.span(&rows.next().unwrap_or_default(), message));
        pen.put_line(area.x + 1, area.y, area.width.saturating_sub(1), &Spans::from(spans));
        let indent = u16::try_from(head_width(has_many_pods)).unwrap_or(0);
        for (y, row) in (area.y + 1..area.bottom()).zip(rows) {
            pen.put(area.x + indent, y, area.width.saturating_sub(indent), &row, pen.style(message));
        }
        return;
    }
    spans.push(pen.span(&line.message, message));
    for (key, value) in &line.fields {
        spans.push(pen.span(&format!("  {key}="), Role::Muted));
        let short = value.lines().next().unwrap_or_default();
        let role = if is_found { Role::Found } else { Role::Text };
        let mut span = pen.span(short, role);
        span.style = span.style.add_modifier(Modifier::DIM);
        spans.push(span);
    }
    pen.put_line(area.x + 1, area.y, area.width.saturating_sub(1), &Spans::from(spans));
}

/// One line with everything it says, from what is looked for on where that is further down.
fn whole(pen: &mut Pen<'_>, area: Rect, line: &Line, needle: &str) {
    let mut page = Page::new(area.width.saturating_sub(2));
    let age = line
        .at
        .map(|at| format!("{} ({} ago)", at.format("%Y-%m-%d %H:%M:%S%.3f UTC"), time::coarse(time::age(at, pen.now))));
    let from = format!("{}/{}", line.origin.pod, line.origin.container);
    page.field(
        pen,
        line.level.word(),
        &[Some(from), age].into_iter().flatten().collect::<Vec<_>>().join(", "),
        Role::Muted,
    );
    for piece in pieces(&line.message) {
        page.text(pen, 0, piece, Role::Text);
    }
    for (key, value) in &line.fields {
        for (place, row) in value.lines().flat_map(pieces).enumerate() {
            page.field(pen, if place == 0 { key } else { "" }, row, Role::Text);
        }
    }
    let inner = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(1),
    };
    let found = if needle.is_empty() { None } else { page.find(needle) };
    let (first, furthest) = page.draw(pen, inner, found.filter(|row| *row >= usize::from(inner.height)).unwrap_or(0));
    page::rule(pen, area, first, furthest);
}

/// A text in pieces no longer than what is drawn at once: its end counts.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > LONGEST {
        let mut end = LONGEST;
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

const fn role_of(level: Level) -> Role {
    match level {
        Level::Trace | Level::Debug => Role::Muted,
        Level::Info | Level::Unknown => Role::Text,
        Level::Warn => Role::Warning,
        Level::Error | Level::Fatal => Role::Error,
    }
}
