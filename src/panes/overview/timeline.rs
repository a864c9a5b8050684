//! The timeline: what happened within the last hour, newest first, with the time and how long ago.

use ratatui::layout::Rect;

use crate::domain::timeline::{Moment, MomentKind};
use crate::theme::Role;
use crate::ui::layout::{self, Room};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::words::overview::{self as said, column};

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let timeline = &scene.overview.timeline;
    if area.height == 0 {
        return HitMap::default();
    }
    let inner = area.width.saturating_sub(2);
    let title = match timeline.left_out {
        0 => said::LAST_HOUR.to_owned(),
        count => format!("{}; {}", said::LAST_HOUR, said::left_out(count)),
    };
    pen.put(area.x + 1, area.y, inner, &title, pen.style(Role::Title));
    let rows = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if timeline.moments.is_empty() {
        let lines = crate::ui::text::wrap(said::NOTHING_HAPPENED, usize::from(inner));
        for (y, line) in (rows.top()..rows.bottom()).zip(&lines) {
            pen.put(area.x + 1, y, inner, line, pen.style(Role::Muted));
        }
        return HitMap::default();
    }
    let placed = placed(scene, inner);
    let (total, page) = (timeline.moments.len(), usize::from(rows.height));
    let cursor = scene.overview.moment_place();
    let offset = layout::offset(cursor, page, total);
    for (y, (place, moment)) in (rows.top()..rows.bottom()).zip(timeline.moments.iter().enumerate().skip(offset)) {
        for column in &placed {
            let (words, role) = cell(pen, column.id, moment);
            let x = area.x + 1 + column.x;
            let style = pen.style(role);
            match column.id {
                column::AGO => pen.put_right(x, y, column.width, &words, style),
                column::ABOUT => pen.put_middle(x, y, column.width, &words, style),
                _ => pen.put(x, y, column.width, &words, style),
            };
        }
        if cursor == Some(place) {
            pen.choose(Rect { y, height: 1, ..area });
        }
    }
    HitMap { page, offset, furthest: total.saturating_sub(page), rows, cursor: None, next_redraw: None }
}

fn placed(scene: &Scene<'_>, columns: u16) -> Vec<Placed<&'static str>> {
    let is_one = scene.header.environments < 2;
    let (about, rest) = match Room::of(columns + 2) {
        Room::Narrow => (24, 20),
        Room::Middle => (30, 30),
        Room::Wide => (36, 40),
    };
    let column = |id, width, rank| Column { id, width, rank };
    let asked = [
        column(column::TIME, 8, 0),
        column(column::AGO, 4, 0),
        column(column::KIND, 13, 0),
        column(column::ENVIRONMENT, 12, if is_one { 9 } else { 2 }),
        column(column::ABOUT, about, 0),
    ];
    let asked: Vec<_> = asked.into_iter().filter(|column| !is_one || column.id != column::ENVIRONMENT).collect();
    columns::place(&asked, columns, rest, Some(column::WORDS))
}

fn cell(pen: &mut Pen<'_>, column: &str, moment: &Moment) -> (String, Role) {
    match column {
        column::TIME => (moment.at.format("%H:%M:%S").to_string(), Role::Muted),
        column::AGO => (pen.age(moment.at), Role::Muted),
        column::KIND => (moment.kind.word().to_owned(), role_of(moment.kind)),
        column::ENVIRONMENT => (moment.environment.to_string(), Role::Muted),
        column::ABOUT => (said::times(&moment.about, moment.count), Role::Text),
        _ => (said::by(&moment.by, &moment.words), Role::Text),
    }
}

const fn role_of(kind: MomentKind) -> Role {
    match kind {
        MomentKind::Alert => Role::Error,
        MomentKind::Resolved | MomentKind::Acknowledged => Role::Ok,
        MomentKind::Action | MomentKind::Rollback => Role::MayAct,
        MomentKind::Deploy | MomentKind::Scaling | MomentKind::Configuration | MomentKind::Maintenance => Role::Title,
        MomentKind::Silence | MomentKind::SilenceOver => Role::Warning,
        MomentKind::Note | MomentKind::Other => Role::Muted,
    }
}
