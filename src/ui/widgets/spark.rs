//! A line of values over time in one row, with marks where something happened.

use crate::theme::Glyphs;

/// Draws values, oldest first, in at most `columns` cells, each the greatest of what it stands for, from 0 to `top`.
///
/// What is not known is a blank. A mark, by the place of a value, stands over its cell.
pub fn line(glyphs: &Glyphs, values: &[Option<f32>], columns: usize, top: f32, marks: &[usize]) -> String {
    let cells = columns.min(values.len());
    let mut drawn = String::with_capacity(cells * 3);
    for cell in 0..cells {
        let (from, to) = (cell * values.len() / cells, (cell + 1) * values.len() / cells);
        if marks.iter().any(|mark| (from..to).contains(mark)) {
            drawn.push_str(glyphs.moment);
            continue;
        }
        let greatest = values.get(from..to).unwrap_or_default().iter().flatten().copied().reduce(f32::max);
        drawn.push_str(greatest.map_or(" ", |value| level(glyphs, value, top)));
    }
    drawn
}

fn level(glyphs: &Glyphs, value: f32, top: f32) -> &'static str {
    let [lowest, .., highest] = glyphs.levels;
    let share = if top > 0.0 { value / top } else { 0.0 };
    let steps = [0.0625, 0.1875, 0.3125, 0.4375, 0.5625, 0.6875, 0.8125, 0.9375];
    let place = steps.iter().take_while(|step| share >= **step).count();
    if place == 0 { lowest } else { glyphs.levels.get(place - 1).copied().unwrap_or(highest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_the_greatest_of_what_it_stands_for() {
        let values = [Some(0.0), Some(1.0), None, None, Some(2.0), Some(4.0)];
        let draw = |columns, top, marks: &[usize]| line(&Glyphs::UNICODE, &values, columns, top, marks);
        assert_eq!(draw(6, 4.0, &[]), "▁▂  ▄█");
        assert_eq!(draw(3, 4.0, &[]), "▂ █");
        assert_eq!(draw(3, 4.0, &[2]), "▂│█", "a mark where nothing is known");
        assert_eq!(draw(100, 0.0, &[]), "▁▁  ▁▁", "no scale, no mountain");
        assert_eq!(line(&Glyphs::ASCII, &values, 6, 4.0, &[5]), "_.  -|");
    }
}
