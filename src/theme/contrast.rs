//! How well a text is told from what it stands on.

use ratatui::style::Color;

use super::depth;

/// The contrast of two colours, from 1 (the same) to 21 (black on white), as WCAG 2 defines it
/// (<https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>); 4.5 is the least for text. `None` for a colour only the terminal
/// knows: one of its sixteen, or its default.
pub fn contrast(one: Color, other: Color) -> Option<f64> {
    let (one, other) = (luminance(one)?, luminance(other)?);
    Some((one.max(other) + 0.05) / (one.min(other) + 0.05))
}

fn luminance(colour: Color) -> Option<f64> {
    let rgb = match colour {
        Color::Rgb(red, green, blue) => [red, green, blue],
        Color::Indexed(index @ 16..) => depth::of_index(index),
        _ => return None,
    };
    let [red, green, blue] = rgb.map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    });
    Some(0.2126 * red + 0.7152 * green + 0.0722 * blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_scale_are_those_of_the_definition() {
        let black_on_white = contrast(Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255));
        assert!(black_on_white.is_some_and(|ratio| (ratio - 21.0).abs() < 1e-9), "{black_on_white:?}");
        let same = contrast(Color::Indexed(244), Color::Indexed(244));
        assert!(same.is_some_and(|ratio| (ratio - 1.0).abs() < 1e-9), "{same:?}");
        // A figure from outside: #767676 on white is the classic darkest grey that just passes.
        let grey = contrast(Color::Rgb(0x76, 0x76, 0x76), Color::Rgb(255, 255, 255));
        assert!(grey.is_some_and(|ratio| (4.54..4.55).contains(&ratio)), "{grey:?}");
        assert_eq!(contrast(Color::Red, Color::Black), None);
    }
}
