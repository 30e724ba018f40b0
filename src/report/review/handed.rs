//! Handing out: the two files of a reviewer, read back before anybody gets them.

use std::path::Path;

use super::manifest::{HandedFile, Packet, Row};
use super::{answers, book, folder, sheet};
use crate::baton::error::{Error, Kind, Result};

/// The packets of a review while they are written.
pub(super) struct Desk<'d> {
    pub folder: &'d Path,
    pub review: &'d str,
    /// Names of files so far, in lower case.
    pub names: Vec<String>,
}

impl Desk<'_> {
    /// Writes the rows of a reviewer.
    ///
    /// # Errors
    /// Those of the disk; `Internal` for files that could not be read back as they were meant.
    pub(super) fn hand_out(&mut self, reviewer: &str, cover: &[(String, String)], rows: Vec<Row>) -> Result<Packet> {
        let name = self.name(reviewer);
        let cells: Vec<Vec<String>> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| {
                let mut cells = row.said(at + 1);
                cells.extend([String::new(), String::new(), self.review.to_owned()]);
                cells
            })
            .collect();
        let (xlsx, csv) = (format!("{name}.xlsx"), format!("{name}.csv"));
        let made = book::write(cover, &cells)?;
        self.read_back(&xlsx, &rows, &book::read(&made)?)?;
        let xlsx = self.put(xlsx, &made)?;
        let made = sheet::write(&cells)?;
        self.read_back(&csv, &rows, &sheet::read(&made)?)?;
        let csv = self.put(csv, &made)?;
        Ok(Packet {
            reviewer: reviewer.to_owned(),
            xlsx,
            csv,
            rows,
        })
    }

    fn put(&self, name: String, bytes: &[u8]) -> Result<HandedFile> {
        let sha256 = folder::write_new(self.folder, &name, bytes)?;
        Ok(HandedFile { name, sha256 })
    }

    fn read_back(&self, name: &str, rows: &[Row], table: &super::table::Table) -> Result<()> {
        let (answers, problems) = answers::check(name, self.review, rows, table);
        match problems.first() {
            None if answers.len() == rows.len() => Ok(()),
            first => Err(Error::new(
                Kind::Internal,
                format!(
                    "what was written cannot be read back: {}",
                    first.map_or("rows are missing".to_owned(), ToString::to_string)
                ),
            )
            .hint("nothing was handed out")),
        }
    }

    /// A name of letters, digits and dashes that no other file here has.
    fn name(&mut self, reviewer: &str) -> String {
        let mut name = String::new();
        for c in reviewer.chars() {
            match c.is_alphanumeric() {
                true => name.extend(c.to_lowercase()),
                false if !name.ends_with('-') => name.push('-'),
                false => {}
            }
        }
        let short: String = name.trim_matches('-').chars().take(60).collect();
        let short = short.trim_end_matches('-');
        // Some systems keep these names to themselves.
        let is_taken = |name: &str| ["", "con", "aux", "nul", "prn", "review", "evidence"].contains(&name);
        let own = if is_taken(short) {
            format!("reviewer-{short}")
        } else {
            short.to_owned()
        };
        let own = own.trim_end_matches('-');
        let mut unique = own.to_owned();
        let mut again = 1;
        while self.names.contains(&unique) {
            again += 1;
            unique = format!("{own}-{again}");
        }
        self.names.push(unique.clone());
        unique
    }
}
