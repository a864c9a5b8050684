//! OVERLAYS: what lies over the view: help, palette, menus, the plan, problems.
//!
//! The last one of the stack has the keys and is the one drawn. An overlay draws lines the scene lends it; it chooses none.

mod lines;
mod plan;
mod plan_page;
mod plan_run;
mod problems;

use ratatui::layout::Rect;

use super::pen::Pen;
use super::root::HitMap;
use super::scene::Scene;
use super::state::Overlay;
use super::words;

/// Whether it takes the whole body, so that nothing below it is drawn.
pub const fn covers(overlay: &Overlay) -> bool {
    matches!(overlay, Overlay::Plan { .. } | Overlay::Help { .. } | Overlay::Problems { .. })
}

/// Draws it over the body.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, overlay: &Overlay) -> HitMap {
    match overlay {
        Overlay::Help { filter, scroll } => lines::help(pen, area, scene.menu, filter, *scroll),
        Overlay::Palette { input, selected } => lines::palette(pen, area, scene.menu, input, *selected),
        Overlay::Scope { selected } => lines::menu(pen, area, scene.menu, words::overlay::SCOPE, *selected),
        Overlay::Actions { meant, selected } => {
            lines::menu(pen, area, scene.menu, &words::overlay::actions_on(&meant.to_string()), *selected)
        }
        Overlay::Plan { scroll, typed, reason, given, at } => {
            plan::draw(pen, area, scene, &plan::Typing { scroll: *scroll, typed, reason, given, at: *at })
        }
        Overlay::Problems { scroll } => problems::draw(pen, area, scene.problems, *scroll),
    }
}
