//! How wide each column becomes.

use super::column::{Column, Fit};
use super::rows::Heading;
use crate::render::text::columns;

/// What the cells of each column ask for.
#[derive(Clone, Debug)]
pub(super) struct Extents {
    /// Widest cell.
    cells: Vec<usize>,
    /// Widest word, for columns that wrap.
    words: Vec<usize>,
}

impl Extents {
    /// Of no cells yet.
    pub(super) fn of(columns: usize) -> Self {
        Self { cells: vec![0; columns], words: vec![0; columns] }
    }

    /// Takes a cell into account; its text where the column wraps.
    pub(super) fn add(&mut self, column: usize, width: usize, text: Option<&str>) {
        if let Some(widest) = self.cells.get_mut(column) {
            *widest = (*widest).max(width);
        }
        let longest = text.and_then(|text| text.split(' ').map(columns).max());
        if let (Some(widest), Some(longest)) = (self.words.get_mut(column), longest) {
            *widest = (*widest).max(longest);
        }
    }
}
/// The width of each column: its widest cell. Where the sum is too much, columns give way as far as needed: first
/// lines are broken between words, then columns are shortened, rank by rank.
pub(super) fn widths(
    layout: &[Column],
    extents: &Extents,
    limit: Option<usize>,
    heading: Heading,
) -> Vec<usize> {
    let title = |column: &Column| if heading == Heading::Shown { columns(&column.title) } else { 0 };
    let mut widths: Vec<usize> = layout
        .iter()
        .zip(&extents.cells)
        .map(|(column, natural)| if column.fit == Fit::Flow { 0 } else { title(column).max(*natural) })
        .collect();
    let Some(limit) = limit else { return widths };
    let gaps: usize = layout.iter().map(|column| column.gap).sum();
    let target = limit.saturating_sub(gaps);
    let between_words = layout.iter().zip(&extents.words).map(|(column, word)| match column.fit {
        Fit::Wrap(least) => Some(least.max(*word)),
        _ => None,
    });
    narrow(&mut widths, &between_words.collect::<Vec<_>>(), target);
    let mut ranks: Vec<u8> = layout.iter().map(|column| column.rank).collect();
    ranks.sort_unstable();
    ranks.dedup();
    for rank in ranks {
        let floors = layout.iter().map(|column| match column.fit {
            Fit::Wrap(least) | Fit::Shorten(least) if column.rank == rank => Some(least),
            _ => None,
        });
        narrow(&mut widths, &floors.collect::<Vec<_>>(), target);
    }
    widths
}

/// Takes from the widest column that is above its floor, one by one, until the sum is `target` or nothing can give.
fn narrow(widths: &mut [usize], floors: &[Option<usize>], target: usize) {
    let mut excess = widths.iter().sum::<usize>().saturating_sub(target);
    while excess > 0 {
        let widest = widths
            .iter_mut()
            .zip(floors)
            .filter(|(width, floor)| floor.is_some_and(|floor| **width > floor))
            .map(|(width, _)| width)
            .max();
        let Some(width) = widest else { return };
        *width -= 1;
        excess -= 1;
    }
}
