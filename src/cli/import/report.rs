//! What became of the rows: counts, and a line for each that was refused.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::cli::error::CommandError;
use crate::cli::output::{self, printable, remark};
use crate::cli::progress::Progress;
use crate::directory::bulk::{Outcome, RowProblem};
use crate::directory::plural::pluralize;

/// The most refused rows that are told on the terminal.
const SHOWN: u64 = 20;

pub struct Report {
    sum: Outcome,
    errors: Option<BufWriter<File>>,
    printed: u64,
    progress: Progress,
}

impl Report {
    /// `errors`: where all problems go; after those of a run that is resumed.
    pub fn new(errors: Option<&Path>, resume: bool) -> Result<Self, CommandError> {
        let open = |path: &Path| {
            let mut options = File::options();
            options.create(true).write(true);
            let options = if resume {
                options.append(true)
            } else {
                options.truncate(true)
            };
            let file = options.open(path).map_err(|error| {
                CommandError::usage(format!("cannot write {}: {error}", path.display()))
            })?;
            Ok::<_, CommandError>(BufWriter::new(file))
        };
        Ok(Self {
            sum: Outcome::default(),
            errors: errors.map(open).transpose()?,
            printed: 0,
            progress: Progress::begin(),
        })
    }

    pub fn add(&mut self, mut outcome: Outcome) -> Result<(), CommandError> {
        outcome.problems.sort_by_key(|(line, _)| *line);
        for (line, problem) in &outcome.problems {
            let text = sentence(*line, problem);
            if let Some(errors) = &mut self.errors {
                writeln!(errors, "{text}").map_err(|error| {
                    CommandError::failed(format!("cannot write the errors: {error}"))
                })?;
            }
            if self.printed < SHOWN {
                self.progress.end();
                remark(&text);
            }
            self.printed += 1;
        }
        if let Some(errors) = &mut self.errors {
            errors.flush().map_err(|error| {
                CommandError::failed(format!("cannot write the errors: {error}"))
            })?;
        }
        self.sum.count(&outcome);
        let total = outcome.total();
        let rows = total.created + total.updated + total.unchanged + total.refused;
        self.progress.add(rows);
        Ok(())
    }

    pub fn end(&mut self) {
        self.progress.end();
        if self.printed > SHOWN {
            let more = self.printed - SHOWN;
            let more = pluralize(more, "more problem", "more problems");
            remark(&format!("{more}; --errors FILE has all."));
        }
    }

    /// Says what was done; fails when a row was refused.
    pub fn finish(
        &self,
        name: &str,
        dry_run: bool,
        all_or_nothing: bool,
    ) -> Result<(), CommandError> {
        let mut text = String::new();
        for (kind, counts) in &self.sum.counts {
            text.push_str(&format!(
                "{}: {} created, {} updated, {} unchanged, {} refused\n",
                kind.name(),
                counts.created,
                counts.updated,
                counts.unchanged,
                counts.refused
            ));
        }
        output::print(&text)?;
        if text.is_empty() {
            remark(&format!("There are no rows in {name}."));
        }
        let refused = self.sum.total().refused;
        let were_refused = pluralize(refused, "row was refused", "rows were refused");
        if dry_run {
            remark("That was a dry run: nothing was changed.");
        } else if all_or_nothing && refused > 0 {
            return Err(CommandError::failed(format!(
                "{were_refused}, so nothing was imported"
            )));
        }
        if refused > 0 {
            return Err(CommandError::failed(were_refused));
        }
        Ok(())
    }
}

/// Where it is, which field, and what is wrong with it.
fn sentence(line: u64, problem: &RowProblem) -> String {
    let RowProblem { field, message } = problem;
    let text = if field.is_empty() {
        format!("line {line}: {message}")
    } else {
        format!("line {line}: {field}: {message}")
    };
    printable(&text)
}
