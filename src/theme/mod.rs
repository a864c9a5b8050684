//! HOW IT LOOKS: roles, not colours.
//!
//! A theme file maps every [`Role`] to a style; a draw asks for the role and never names a colour. Files have a palette and
//! may inherit; what they get wrong is reported with line and fix while the rest applies. Colours are reduced here to what
//! the terminal shows ([`Depth`]), down to none at all.
//!
//! Deliberately unknown here: panes, keys, and how a terminal is asked what it can do.
//!
//! Invariant: every role has a style at every depth, and without colours the selection, the dangerous and the broken are
//! still told apart by attributes; no style then carries a colour, because a colour command that is suppressed further down
//! would reset the attributes with it.

mod contrast;
mod depth;
mod file;
mod glyphs;
mod role;

pub use contrast::contrast;
pub use depth::Depth;
pub use glyphs::Glyphs;
pub use role::Role;

use std::path::Path;

use ratatui::style::Style;

use crate::domain::problem::Problem;

/// The theme when none is asked for.
pub const DEFAULT: &str = "midnight";

/// The themes that are built in, with their text.
pub const EMBEDDED: [(&str, &str); 2] =
    [("midnight", include_str!("../../themes/midnight.toml")), ("mono", include_str!("../../themes/mono.toml"))];

/// A style for every role, in colours the terminal can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    name: String,
    depth: Depth,
    styles: [Style; Role::COUNT],
}

impl Theme {
    /// Loads a theme: the operator's `NAME.toml` in `user_dir` laid over the built-in one of that name. What cannot be
    /// understood is reported and left as it was below; a theme that does not exist gives the default one.
    pub fn load(name: &str, user_dir: &Path, depth: Depth) -> (Self, Vec<Problem>) {
        let (name, styles, problems) = file::load(name, user_dir, depth);
        (Self::at(name, styles, depth), problems)
    }

    /// A built-in theme; the default one for a name that is not.
    pub fn embedded(name: &str, depth: Depth) -> Self {
        let (name, styles, _) = file::load_embedded(name, depth);
        Self::at(name, styles, depth)
    }

    /// The style of a role.
    pub const fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The name it was found under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The depth its colours were reduced to.
    pub const fn depth(&self) -> Depth {
        self.depth
    }

    fn at(name: String, mut styles: [Style; Role::COUNT], depth: Depth) -> Self {
        if depth == Depth::None {
            // What the colours said must be said otherwise: the attributes of the colourless theme are added.
            let (_, mono, _) = file::load_embedded("mono", depth);
            for (style, mono) in styles.iter_mut().zip(mono) {
                *style = style.add_modifier(mono.add_modifier);
            }
        }
        for style in &mut styles {
            *style = depth.reduce(*style);
        }
        Self { name, depth, styles }
    }
}

#[cfg(test)]
mod tests;
