//! Columns under headings.

use comfy_table::{ContentArrangement, LineStyle, TableStyle};

use super::clean;

/// Only a line below the headings.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Rows of texts below headings.
#[derive(Debug)]
pub(crate) struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
    /// What to say when there is no row.
    empty: &'static str,
}

impl Table {
    pub(crate) fn new(headings: &[&str], empty: &'static str) -> Self {
        let headings = headings.iter().map(|heading| clean(heading)).collect();
        Self { headings, rows: Vec::new(), empty }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| clean(&cell)).collect());
    }

    pub(super) fn within(&self, width: Option<u16>) -> String {
        if self.rows.is_empty() {
            return self.empty.to_owned();
        }
        let mut table = comfy_table::Table::new();
        table.load_style(STYLE).set_header(&self.headings).add_rows(&self.rows);
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 1));
        }
        table.trim_fmt()
    }
}
