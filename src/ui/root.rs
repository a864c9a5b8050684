//! The whole screen from its parts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::layout::{self, LEAST_COLUMNS, LEAST_ROWS};
use super::pen::Pen;
use super::scene::Scene;
use super::{chrome, overlays, words};
use crate::domain::time::Instant;
use crate::theme::{Glyphs, Role, Theme};

/// Where things were drawn: what the loop needs to know of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HitMap {
    /// Rows of the list or text in front that fit on its page; what "page down" moves by. 0 when nothing scrolls.
    pub page: usize,
    /// The first of them that is shown.
    pub offset: usize,
    /// The furthest the text in front may be scrolled; for lists the offset of the last page.
    pub furthest: usize,
    /// Where the rows are, one a line, the row `offset` first.
    pub rows: Rect,
    /// Where the terminal's cursor belongs, when a field of text has the keys.
    pub cursor: Option<(u16, u16)>,
    /// When an age or a deadline on this frame will read differently; `None` when nothing on it ages.
    pub next_redraw: Option<Instant>,
}

/// Draws the scene over the whole buffer.
pub fn draw(scene: &Scene<'_>, theme: &Theme, glyphs: &Glyphs, buffer: &mut Buffer) -> HitMap {
    let area = buffer.area;
    let mut pen = Pen::new(buffer, theme, glyphs, scene.now);
    pen.clear(area, pen.style(Role::Background));
    let banner = chrome::banner::lines(scene, area);
    let banner_rows = u16::try_from(banner.len()).unwrap_or(0);
    let (header_rows, footer_rows) =
        (chrome::header::rows(scene, area.height), chrome::footer::rows(scene, area.width));
    let Some(parts) = layout::parts(area, header_rows, banner_rows, footer_rows) else {
        too_small(&mut pen, area);
        return HitMap::default();
    };
    chrome::header::draw(&mut pen, parts.header, scene);
    chrome::tabs::draw(&mut pen, parts.tabs, scene);
    chrome::banner::draw(&mut pen, parts.banner, &banner);
    let mut hit = body(&mut pen, parts.body, scene);
    chrome::footer::draw(&mut pen, parts.footer, scene);
    hit.next_redraw = pen.next_redraw();
    hit
}

/// Draws the body alone: the pane, and what lies over it.
pub fn body(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let covers = scene.ui.overlays.last().is_some_and(overlays::covers);
    let hit = if covers { HitMap::default() } else { scene.front.draw(pen, area, scene) };
    // A plan expires by the clock, not by the frozen screen behind it.
    pen.now = scene.clock;
    scene.ui.overlays.last().map_or(hit, |overlay| overlays::draw(pen, area, scene, overlay))
}

fn too_small(pen: &mut Pen<'_>, area: Rect) {
    let sentence = words::too_small(LEAST_COLUMNS, LEAST_ROWS, area.width, area.height);
    let lines = super::text::wrap(&sentence, usize::from(area.width));
    for (y, line) in (area.top()..area.bottom()).zip(&lines) {
        pen.put(area.x, y, area.width, line, pen.style(Role::Text));
    }
}
