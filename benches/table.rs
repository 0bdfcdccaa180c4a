//! Prints what was measured, each row beside the baseline of the same run.
//!
//! Rows are measured in rounds, one after the other in each, so that a disturbance meets all of
//! them. A cell is the median of the rounds, the lowest and the highest, and the median divided by that
//! of the baseline, which is the first row.

use std::{
    fmt,
    io::{self, Write as _},
};

/// A table that is being measured.
pub struct Table<'a> {
    title: &'a str,
    columns: Vec<String>,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    name: String,
    measure: Box<dyn FnMut() -> Vec<f64> + 'a>,
    rounds: Vec<Vec<f64>>,
}

impl<'a> Table<'a> {
    /// A table; the title says the unit.
    #[must_use]
    pub fn new(title: &'a str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Self { title, columns, rows: Vec::new() }
    }

    /// Adds a row: what is measured in each round, one figure for each column. The first row is the
    /// baseline.
    pub fn row(&mut self, name: &str, measure: impl FnMut() -> Vec<f64> + 'a) {
        let measure = Box::new(measure);
        self.rows.push(Row { name: name.to_owned(), measure, rounds: Vec::new() });
    }

    /// Measures so often, and prints.
    ///
    /// # Panics
    ///
    /// If nothing can be printed, or a row has not a figure for each column.
    pub fn run(mut self, rounds: usize) {
        for _ in 0..rounds {
            for row in &mut self.rows {
                let figures = (row.measure)();
                assert_eq!(figures.len(), self.columns.len(), "{}: a figure a column", row.name);
                row.rounds.push(figures);
            }
        }
        self.print().expect("stdout can be written to");
    }

    fn print(&self) -> io::Result<()> {
        let mut lines = vec![vec![String::new()]];
        lines[0].extend(self.columns.iter().cloned());
        let base: Vec<f64> =
            (0..self.columns.len()).map(|c| self.rows[0].spread(c).median).collect();
        for row in &self.rows {
            let mut line = vec![row.name.clone()];
            for (column, base) in base.iter().enumerate() {
                let spread = row.spread(column);
                line.push(format!("{spread} ×{}", figure(spread.median / base)));
            }
            lines.push(line);
        }
        let width = |column: usize| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..=self.columns.len()).map(width).collect();
        let mut out = io::stdout().lock();
        writeln!(out, "\n{}", self.title)?;
        for line in &lines {
            for (at, (cell, width)) in line.iter().zip(&widths).enumerate() {
                let pad = width - cell.chars().count();
                match at {
                    0 => write!(out, "{cell}{:pad$}", "")?,
                    _ => write!(out, "  {:pad$}{cell}", "")?,
                }
            }
            writeln!(out)?;
        }
        out.flush()
    }
}

impl fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("title", &self.title).finish_non_exhaustive()
    }
}

impl Row<'_> {
    fn spread(&self, column: usize) -> Spread {
        let mut figures: Vec<f64> = self.rounds.iter().map(|round| round[column]).collect();
        figures.sort_by(f64::total_cmp);
        let (low, high) = (figures[0], figures[figures.len() - 1]);
        Spread { low, median: figures[figures.len() / 2], high }
    }
}

struct Spread {
    low: f64,
    median: f64,
    high: f64,
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, median, high] = [self.low, self.median, self.high].map(figure);
        write!(f, "{median} [{low}–{high}]")
    }
}

/// Three digits or more, with commas; small ones to a thousandth.
fn figure(value: f64) -> String {
    if value < 0.1 {
        return format!("{value:.3}");
    }
    if value < 10.0 {
        return format!("{value:.2}");
    }
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
