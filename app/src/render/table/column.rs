//! Columns: title, side, distance, and what happens where the table is too wide.

use std::borrow::Cow;

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Heading.
    pub title: Cow<'static, str>,
    /// To which side its cells are pushed.
    pub align: Align,
    /// What happens when the table is too wide.
    pub fit: Fit,
    /// Blanks before the column.
    pub gap: usize,
    /// Columns with a lower rank give way first.
    pub rank: u8,
}

/// To which side cells are pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// What happens to a column when the table is too wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It keeps its width.
    Fixed,
    /// Its cells lose their middle, down to this many columns.
    Shorten(usize),
    /// Its cells become several lines: as narrow as their longest word first, and then down to this many columns.
    Wrap(usize),
    /// Last column only: has no width of its own; what does not fit beside the row goes below it, indented.
    Flow,
}

impl Column {
    /// A column of text that keeps its width, two blanks after the one before.
    pub fn new(title: impl Into<Cow<'static, str>>) -> Self {
        Self { title: title.into(), align: Align::Left, fit: Fit::Fixed, gap: 2, rank: 0 }
    }

    /// With its cells pushed to the right.
    #[must_use]
    pub fn right(self) -> Self {
        Self { align: Align::Right, ..self }
    }

    /// With another fit.
    #[must_use]
    pub fn fit(self, fit: Fit) -> Self {
        Self { fit, ..self }
    }

    /// With a rank.
    #[must_use]
    pub fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    /// With another number of blanks before it.
    #[must_use]
    pub fn gap(self, gap: usize) -> Self {
        Self { gap, ..self }
    }
}
