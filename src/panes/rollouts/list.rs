//! The list of workloads, worst first.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::image;
use super::notice;
use super::why;
use crate::domain::rollout::{Kind, Rollout, Verdict, WorkloadRef};
use crate::domain::service::UNMAPPED;
use crate::theme::Role;
use crate::ui::layout::{self, Room};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::text;
use crate::ui::widgets::columns::{self, Placed};
use crate::ui::widgets::page::Page;
use crate::ui::widgets::title;
use crate::ui::words;

/// The room for the cursor and the mark before every row.
const GUTTER: u16 = 2;
/// Lines that tell more of the row under the cursor.
const MORE: u16 = 3;

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Environment,
    Namespace,
    Name,
    Service,
    Verdict,
    Ready,
    Updated,
    Available,
    Revision,
    Image,
    Age,
    Alerts,
    Rate,
    Left,
    Deadline,
    Reason,
}

/// Draws the list.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let standing = notice::standing(scene);
    let cursor = title(pen, Rect { height: 1, ..area }, scene);
    let above = notice::above(pen, scene, standing, area.width.saturating_sub(2));
    let height = above.rows().min(2).min(area.height.saturating_sub(1));
    above.draw(pen, Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height }, 0);
    let most = if area.height >= 30 { 3 } else { 1 };
    let shared = why::shared(pen, scene, area.width.saturating_sub(2), most);
    let shared_rows = shared.rows().min(area.height.saturating_sub(1 + height));
    let beside =
        Rect { x: area.x + 1, y: area.y + 1 + height, width: area.width.saturating_sub(2), height: shared_rows };
    shared.draw(pen, beside, 0);
    let top = beside.bottom();
    let below = Rect { y: top, height: area.bottom().saturating_sub(top), ..area };
    if scene.rows.visible.is_empty() {
        notice::instead(pen, below, scene, standing);
        return HitMap { cursor, ..HitMap::default() };
    }
    let placed = placed(scene, area.width.saturating_sub(GUTTER));
    head(pen, below, &placed);
    let more = if below.height >= 14 { MORE } else { 0 };
    let rows = Rect { y: below.y + 1, height: below.height.saturating_sub(1 + more), ..below };
    let page = usize::from(rows.height);
    let total = scene.rows.visible.len();
    let at = scene.rows.cursor.map(|cursor| cursor.min(total - 1));
    let offset = layout::offset(at, page, total);
    for (y, (place, rollout)) in (rows.top()..rows.bottom()).zip(scene.rows.visible.iter().enumerate().skip(offset)) {
        let is_chosen = at == Some(place);
        row(pen, Rect { y, height: 1, ..rows }, scene, rollout, &placed, notice::is_old(scene, rollout), is_chosen);
    }
    if let Some(chosen) = at.and_then(|at| scene.rows.visible.get(at)).filter(|_| more > 0) {
        tell_more(pen, Rect { y: rows.bottom(), height: more, ..rows }, scene, chosen);
    }
    HitMap { page, offset, furthest: total.saturating_sub(page), rows, cursor, next_redraw: None }
}

/// How many there are, and what hides some of them; or the filter while it is typed.
fn title(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> Option<(u16, u16)> {
    let rows = &scene.rows;
    let ui = scene.ui;
    let mut facts = vec![words::list::shown(rows.visible.len(), rows.total)];
    if ui.is_problems_only {
        facts.push(words::list::PROBLEMS_ONLY.to_owned());
    }
    if !ui.is_filtering && !ui.filter.text.is_empty() {
        facts.push(words::list::filter(&ui.filter.text));
    }
    if !ui.marks.is_empty() {
        let is_filtered = rows.visible.len() < rows.total;
        let seen = || rows.visible.iter().filter(|rollout| ui.marks.contains(&rollout.key())).count();
        let hidden = if is_filtered { ui.marks.len().saturating_sub(seen()) } else { 0 };
        facts.push(words::list::marked(ui.marks.len(), hidden));
    }
    title::draw(pen, area, scene, &facts, ui.is_filtering.then_some(&ui.filter))
}

/// Which columns there is room for, and where.
fn placed(scene: &Scene<'_>, columns: u16) -> Vec<Placed<Cell>> {
    let room = Room::of(columns + GUTTER);
    let are_several = scene.header.environments > 1;
    let rows = &scene.rows.visible;
    let [name, namespace, service, image, reason] = match room {
        Room::Narrow => [24, 11, 12, 24, 22],
        Room::Middle => [24, 12, 12, 22, 20],
        Room::Wide => [32, 16, 18, 36, 30],
    };
    // Room that no name needs is the reason's.
    let fitting = |cell: Cell, most: u16, of: &dyn Fn(&Rollout) -> usize| {
        let longest = rows.iter().map(|row| of(row)).max().unwrap_or(0).max(text::width(head_of(cell)));
        u16::try_from(longest).unwrap_or(most).min(most)
    };
    let environment = fitting(Cell::Environment, 14, &|row| text::width(&row.workload.environment));
    let name = fitting(Cell::Name, name, &|row| label_width(&row.workload));
    let namespace = fitting(Cell::Namespace, namespace, &|row| text::width(&row.workload.namespace));
    // Where an environment has but one namespace, its name says nothing.
    let mut places: Vec<(&str, &str)> = Vec::new();
    let is_one_namespace = rows.iter().all(|row| {
        let (environment, namespace) = (&*row.workload.environment, &*row.workload.namespace);
        match places.iter().find(|(known, _)| *known == environment) {
            Some((_, only)) => *only == namespace,
            None => {
                places.push((environment, namespace));
                true
            }
        }
    });
    let column = |id, width, rank| columns::Column { id, width, rank };
    let mut asked = vec![
        column(Cell::Environment, environment, if are_several { 0 } else { 12 }),
        column(Cell::Namespace, namespace, if is_one_namespace { 8 } else { 0 }),
        column(Cell::Name, name, 0),
        column(Cell::Service, service, if room == Room::Narrow { 13 } else { 2 }),
        column(Cell::Verdict, 13, 0),
        column(Cell::Ready, 7, 0),
        column(Cell::Updated, 4, 3),
        column(Cell::Available, 5, 4),
        column(Cell::Revision, 4, 5),
        column(Cell::Image, image, 2),
        column(Cell::Age, 6, 1),
        column(Cell::Rate, 8, 11),
        column(Cell::Left, 5, 9),
        column(Cell::Deadline, 8, 10),
    ];
    if !scene.alerts.firing.is_empty() {
        let before_rate = asked.len() - 3;
        asked.insert(before_rate, column(Cell::Alerts, 6, 1));
    }
    columns::place(&asked, columns, if scene.ui.is_wide { 0 } else { reason }, Some(Cell::Reason))
}

/// How wide the label of a workload is, without making it.
fn label_width(workload: &WorkloadRef) -> usize {
    let kind = if workload.kind == Kind::Deployment { 0 } else { workload.kind.short().len() + 1 };
    kind + text::width(&workload.name)
}

const fn head_of(cell: Cell) -> &'static str {
    use words::column;
    match cell {
        Cell::Environment => column::ENVIRONMENT,
        Cell::Namespace => column::NAMESPACE,
        Cell::Name => column::NAME,
        Cell::Service => column::SERVICE,
        Cell::Verdict => column::VERDICT,
        Cell::Ready => column::READY,
        Cell::Updated => column::UPDATED,
        Cell::Available => column::AVAILABLE,
        Cell::Revision => column::REVISION,
        Cell::Image => column::IMAGE,
        Cell::Age => column::AGE,
        Cell::Alerts => column::ALERTS,
        Cell::Rate => column::RATE,
        Cell::Left => column::LEFT,
        Cell::Deadline => column::DEADLINE,
        Cell::Reason => column::REASON,
    }
}

/// Figures stand against the right end of their column.
const fn is_figure(cell: Cell) -> bool {
    matches!(
        cell,
        Cell::Ready
            | Cell::Updated
            | Cell::Available
            | Cell::Revision
            | Cell::Age
            | Cell::Alerts
            | Cell::Rate
            | Cell::Left
            | Cell::Deadline
    )
}

fn head(pen: &mut Pen<'_>, area: Rect, placed: &[Placed<Cell>]) {
    let style = pen.style(Role::ColumnHead);
    for column in placed {
        let x = area.x + GUTTER + column.x;
        if is_figure(column.id) {
            pen.put_right(x, area.y, column.width, head_of(column.id), style);
        } else {
            pen.put(x, area.y, column.width, head_of(column.id), style);
        }
    }
}

fn row(
    pen: &mut Pen<'_>,
    area: Rect,
    scene: &Scene<'_>,
    rollout: &Rollout,
    placed: &[Placed<Cell>],
    is_old: bool,
    is_chosen: bool,
) {
    let is_marked = scene.ui.marks.contains(&rollout.key());
    let style_of = |pen: &Pen<'_>, role: Role| pen.style(if is_old { Role::StaleData } else { role });
    if is_marked {
        pen.put(area.x + 1, area.y, 1, pen.glyphs.mark, pen.style(Role::Mark));
    }
    for column in placed {
        let (words, role) = cell(pen, scene, column.id, rollout);
        let role = if is_marked && column.id == Cell::Name { Role::Mark } else { role };
        let style = style_of(pen, role);
        put_cell(pen, area, *column, &words, style);
    }
    if is_chosen {
        pen.choose(area);
    }
}

fn put_cell(pen: &mut Pen<'_>, area: Rect, column: Placed<Cell>, words: &str, style: Style) {
    let (x, y) = (area.x + GUTTER + column.x, area.y);
    if is_figure(column.id) {
        pen.put_right(x, y, column.width, words, style);
    } else if matches!(column.id, Cell::Environment | Cell::Name | Cell::Service | Cell::Image | Cell::Namespace) {
        pen.put_middle(x, y, column.width, words, style);
    } else {
        pen.put(x, y, column.width, words, style);
    }
}

/// What stands in a cell, and in which role.
fn cell(pen: &mut Pen<'_>, scene: &Scene<'_>, cell: Cell, rollout: &Rollout) -> (String, Role) {
    let counts = rollout.counts;
    let short_of = |figure: u32| if figure < counts.desired { Role::Warning } else { Role::Text };
    match cell {
        Cell::Environment => {
            let name = rollout.workload.environment.to_string();
            let guard = scene.guard_of(&name);
            (name, if scene.header.environments > 1 { Role::of_guard(guard) } else { Role::Muted })
        }
        Cell::Namespace => (rollout.workload.namespace.to_string(), Role::Muted),
        Cell::Name => (rollout.workload.label(), Role::Text),
        Cell::Service => (rollout.service.as_deref().unwrap_or(UNMAPPED).to_owned(), Role::Muted),
        Cell::Verdict => (
            format!("{} {}", pen.glyphs.verdict(rollout.verdict), rollout.verdict.word()),
            Role::of_verdict(rollout.verdict),
        ),
        Cell::Ready => (format!("{}/{}", counts.ready, counts.desired), short_of(counts.ready)),
        Cell::Updated => (counts.updated.to_string(), short_of(counts.updated)),
        Cell::Available => (counts.available.to_string(), short_of(counts.available)),
        Cell::Revision => (rollout.revision.map(|number| number.to_string()).unwrap_or_default(), Role::Muted),
        Cell::Image => (image::change(&rollout.old_images, &rollout.images, pen.glyphs.arrow), Role::Text),
        Cell::Age => (rollout.changed_at.map(|at| pen.age(at)).unwrap_or_default(), Role::Muted),
        Cell::Alerts => (scene.alerts.about(rollout).map(|count| count.to_string()).unwrap_or_default(), Role::Error),
        Cell::Rate => (super::rate(rollout).unwrap_or_default(), Role::Muted),
        Cell::Left => (super::remaining(rollout).unwrap_or_default(), Role::Muted),
        Cell::Deadline => (rollout.deadline_at.map(|at| pen.left(at)).unwrap_or_default(), Role::Muted),
        Cell::Reason => reason(pen, scene, rollout),
    }
}

/// Who acts on it; else why it is as it is; else what is worth saying.
fn reason(pen: &mut Pen<'_>, scene: &Scene<'_>, rollout: &Rollout) -> (String, Role) {
    if let Some(record) = rollout.record.as_deref().filter(|record| record.is_live(pen.now)) {
        pen.age(record.started);
        pen.wake_at(record.expires);
        return (record.sentence(pen.now), Role::Title);
    }
    if let Some(advised) = super::advice::against(pen, scene, rollout) {
        return (advised.to_owned(), Role::Error);
    }
    let leaving = (rollout.terminating > 0).then(|| words::list::leaving(rollout.terminating));
    let said = rollout
        .reason
        .as_deref()
        .map(str::to_owned)
        .or(leaving)
        .or_else(|| rollout.notes.first().map(ToString::to_string));
    let role = match rollout.verdict {
        Verdict::Failed | Verdict::Stuck | Verdict::Degraded => Role::Text,
        _ => Role::Muted,
    };
    (said.unwrap_or_default(), role)
}

/// What the columns have no room for, of the row under the cursor.
fn tell_more(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, rollout: &Rollout) {
    let separator = format!(" {} ", pen.glyphs.separator);
    let counts = rollout.counts;
    let mut facts = vec![rollout.workload.label()];
    facts.extend(scene.alerts.about(rollout).map(words::list::alerts));
    let incidents = scene.world.incidents_of_workload(&rollout.workload, rollout.service.as_deref());
    facts.extend(words::incidents::about(&incidents));
    let environment = &*rollout.workload.environment;
    let guard = scene.guard_of(environment);
    facts.extend((scene.header.environments > 1).then(|| words::environment(environment, guard)));
    // Most workloads are all there is of a service of their own name.
    let is_telling = rollout.service.as_deref() != Some(&*rollout.workload.name);
    facts.extend(is_telling.then(|| words::service(rollout.service.as_deref())));
    facts.push(image::change(&rollout.old_images, &rollout.images, &format!(" {} ", pen.glyphs.arrow)));
    facts.extend(rollout.changed_at.map(|at| words::detail::changed(&pen.age(at))));
    facts.extend(rollout.revision.map(words::list::revision));
    facts.push(words::list::counts(counts.updated, counts.available));
    facts.extend((rollout.terminating > 0).then(|| words::list::leaving(rollout.terminating)));
    facts.extend(super::pace(rollout));
    facts.extend(rollout.deadline_at.map(|at| super::deadline(pen, at)));
    facts.retain(|fact| !fact.is_empty());
    let columns = area.width.saturating_sub(2);
    let mut page = Page::new(columns);
    let (why, _) = reason(pen, scene, rollout);
    // Beside a reason there is room for one line of facts: as many as fit whole.
    while !why.is_empty() && facts.len() > 1 && text::width(&facts.join(&separator)) > usize::from(columns) {
        facts.pop();
    }
    page.text(pen, 0, &facts.join(&separator), Role::Muted);
    // What the row had no room for comes first.
    let own = rollout.reason.as_deref().filter(|reason| *reason != why);
    let notes = rollout.notes.iter().map(AsRef::as_ref).filter(|note| *note != why);
    for sentence in own.into_iter().chain(std::iter::once(why.as_str())).chain(notes) {
        if !sentence.is_empty() {
            page.text(pen, 0, sentence, Role::Text);
        }
    }
    page.draw(pen, Rect { x: area.x + 1, width: columns, ..area }, 0);
}
