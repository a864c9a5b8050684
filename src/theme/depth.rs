//! How many colours a terminal shows, and the nearest colour it has.

use ratatui::style::{Color, Modifier, Style};

/// How many colours are shown. Ordered from the fewest to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// No colours: attributes only.
    None,
    /// The sixteen of the terminal's own palette.
    Sixteen,
    /// The cube of 256.
    Indexed,
    /// Red, green and blue, 8 bits each.
    True,
}

/// The steps of a channel in the cube of 256.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The sixteen as most terminals show them, in the order of their numbers.
pub(super) const SIXTEEN: [(&str, Color, [u8; 3]); 16] = [
    ("black", Color::Black, [0, 0, 0]),
    ("red", Color::Red, [205, 49, 49]),
    ("green", Color::Green, [13, 188, 121]),
    ("yellow", Color::Yellow, [190, 160, 16]),
    ("blue", Color::Blue, [36, 114, 200]),
    ("magenta", Color::Magenta, [188, 63, 188]),
    ("cyan", Color::Cyan, [17, 168, 205]),
    ("white", Color::Gray, [204, 204, 204]),
    ("bright-black", Color::DarkGray, [102, 102, 102]),
    ("bright-red", Color::LightRed, [241, 76, 76]),
    ("bright-green", Color::LightGreen, [35, 209, 139]),
    ("bright-yellow", Color::LightYellow, [245, 245, 67]),
    ("bright-blue", Color::LightBlue, [59, 142, 234]),
    ("bright-magenta", Color::LightMagenta, [214, 112, 214]),
    ("bright-cyan", Color::LightCyan, [41, 184, 219]),
    ("bright-white", Color::White, [255, 255, 255]),
];

impl Depth {
    /// What a terminal shows, by the values of `NO_COLOR`, `COLORTERM` and `TERM`. A `NO_COLOR` that is set and not empty
    /// wins.
    pub fn of(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|set| !set.is_empty()) || term == "dumb" || term.starts_with("vt1") {
            return Self::None;
        }
        if colorterm.is_some_and(|set| set.contains("truecolor") || set.contains("24bit")) || term.ends_with("-direct")
        {
            return Self::True;
        }
        if term.contains("256color") { Self::Indexed } else { Self::Sixteen }
    }

    /// The style with the colours this depth has. Attributes stay; without colours a coloured background becomes nothing.
    pub fn reduce(self, style: Style) -> Style {
        let mut reduced = Style::new().add_modifier(style.add_modifier);
        if self != Self::None {
            reduced.fg = style.fg.map(|colour| self.nearest(colour));
            reduced.bg = style.bg.map(|colour| self.nearest(colour));
        }
        if self == Self::Sixteen && reduced.fg.is_some() && reduced.fg == reduced.bg {
            reduced = Style::new().add_modifier(reduced.add_modifier | Modifier::REVERSED);
        }
        reduced
    }

    fn nearest(self, colour: Color) -> Color {
        match (self, colour) {
            (Self::True | Self::None, _) => colour,
            (Self::Indexed, Color::Rgb(red, green, blue)) => Color::Indexed(indexed([red, green, blue])),
            (Self::Sixteen, Color::Rgb(red, green, blue)) => sixteen([red, green, blue]),
            (Self::Indexed | Self::Sixteen, _) => colour,
        }
    }
}

/// The nearest of the cube and the greys.
fn indexed(rgb: [u8; 3]) -> u8 {
    let steps = rgb.map(|channel| {
        let nearest = CUBE.iter().enumerate().min_by_key(|(_, step)| step.abs_diff(channel));
        nearest.map_or(0, |(place, _)| u8::try_from(place).unwrap_or(0))
    });
    let cube = 16 + 36 * steps[0] + 6 * steps[1] + steps[2];
    let grey = (232..=255).min_by_key(|index| distance(of_index(*index), rgb)).unwrap_or(232);
    if distance(of_index(grey), rgb) < distance(of_index(cube), rgb) { grey } else { cube }
}

/// The nearest of the sixteen.
fn sixteen(rgb: [u8; 3]) -> Color {
    SIXTEEN.iter().min_by_key(|(_, _, shown)| distance(*shown, rgb)).map_or(Color::Reset, |(_, colour, _)| *colour)
}

/// Red, green and blue of a number from 16 of the 256; the first sixteen as in [`SIXTEEN`].
pub(super) fn of_index(index: u8) -> [u8; 3] {
    match index {
        0..=15 => SIXTEEN[usize::from(index)].2,
        16..=231 => {
            let place = usize::from(index - 16);
            [CUBE[place / 36], CUBE[place / 6 % 6], CUBE[place % 6]]
        }
        232..=255 => [8 + 10 * (index - 232); 3],
    }
}

/// Squared distance, weighted as the eye does (green most, blue least).
fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    let squared = |place: usize| u32::from(one[place].abs_diff(other[place])).pow(2);
    3 * squared(0) + 6 * squared(1) + squared(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_says_how_many_colours_it_shows_and_no_color_wins() {
        assert_eq!(Depth::of(Some("1"), Some("truecolor"), Some("xterm-256color")), Depth::None);
        assert_eq!(Depth::of(Some(""), Some("truecolor"), Some("xterm")), Depth::True);
        assert_eq!(Depth::of(None, None, Some("screen-256color")), Depth::Indexed);
        assert_eq!(Depth::of(None, None, Some("linux")), Depth::Sixteen);
        assert_eq!(Depth::of(None, None, Some("dumb")), Depth::None);
        assert_eq!(Depth::of(None, None, None), Depth::Sixteen);
    }

    #[test]
    fn every_colour_of_the_cube_is_its_own_nearest() {
        for index in 16..=255_u8 {
            let rgb = of_index(index);
            assert_eq!(of_index(indexed(rgb)), rgb, "{index}");
        }
    }

    #[test]
    fn without_colours_only_attributes_remain() {
        let style =
            Style::new().fg(Color::Red).bg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::REVERSED | Modifier::BOLD);
        let reduced = Depth::None.reduce(style);
        assert_eq!((reduced.fg, reduced.bg, reduced.underline_color), (None, None, None));
        assert_eq!(reduced.add_modifier, Modifier::REVERSED | Modifier::BOLD);
    }

    #[test]
    fn a_text_does_not_vanish_when_sixteen_colours_are_all_there_is() {
        let style = Style::new().fg(Color::Rgb(20, 20, 30)).bg(Color::Rgb(0, 0, 0));
        let reduced = Depth::Sixteen.reduce(style);
        assert_eq!((reduced.fg, reduced.bg), (None, None));
        assert!(reduced.add_modifier.contains(Modifier::REVERSED));
    }
}
