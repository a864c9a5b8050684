//! Columns of a table: which fit, and where they go.

/// A column as a table asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<Id> {
    /// Which it is.
    pub id: Id,
    /// Columns of the terminal it takes.
    pub width: u16,
    /// Who goes first when there is not enough room: 0 stays always, the highest goes first.
    pub rank: u8,
}

/// A column that has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<Id> {
    /// Which it is.
    pub id: Id,
    /// Where it starts, from the left of the table.
    pub x: u16,
    /// How wide it is.
    pub width: u16,
}

/// Places the columns in `total` terminal columns, one apart, keeping `rest` for the last of them, which takes what is left.
///
/// Columns go in the order of their rank until no more fit; those that stay keep the order given. A `rest` of 0 lets every column stay.
pub fn place<Id: Copy + PartialEq>(asked: &[Column<Id>], total: u16, rest: u16, last: Option<Id>) -> Vec<Placed<Id>> {
    let mut by_rank: Vec<&Column<Id>> = asked.iter().collect();
    by_rank.sort_by_key(|column| column.rank);
    let mut used = rest;
    let mut kept = Vec::new();
    for column in by_rank {
        let wide = column.width + 1;
        if column.rank == 0 || used + wide <= total || rest == 0 {
            used = used.saturating_add(wide);
            kept.push(column.id);
        }
    }
    let mut x = 0;
    let mut placed = Vec::new();
    for column in asked.iter().filter(|column| kept.contains(&column.id)) {
        if x >= total {
            break;
        }
        placed.push(Placed { id: column.id, x, width: column.width.min(total - x) });
        x += column.width + 1;
    }
    if let Some(id) = last.filter(|_| x < total) {
        placed.push(Placed { id, x, width: total - x });
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: [Column<char>; 3] = [
        Column { id: 'n', width: 10, rank: 0 },
        Column { id: 'i', width: 20, rank: 2 },
        Column { id: 'a', width: 5, rank: 1 },
    ];

    #[test]
    fn the_highest_rank_goes_first_and_the_order_stays() {
        let ids = |total| place(&ASKED, total, 10, Some('r')).iter().map(|placed| placed.id).collect::<String>();
        assert_eq!(ids(80), "niar");
        assert_eq!(ids(40), "nar");
        assert_eq!(ids(22), "nr");
    }

    #[test]
    fn the_last_takes_what_is_left() {
        let placed = place(&ASKED, 60, 10, Some('r'));
        assert_eq!(placed.last(), Some(&Placed { id: 'r', x: 38, width: 22 }));
    }
}
