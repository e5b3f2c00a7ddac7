//! `rolecall export`.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde_json::{Map, Value};

use super::arguments::{ExportFlags, ExportKind};
use super::error::CommandError;
use super::import::{Format, cell, guarded};
use super::progress::Progress;
use super::runtime::Session;
use crate::config::Settings;
use crate::directory::bulk::{ExportPage, Kind, fields_of};

/// Rows that are read at once.
const PAGE: i64 = 1000;

pub fn run(flags: &ExportFlags, settings: Settings) -> Result<(), CommandError> {
    let kinds = match flags.kind {
        ExportKind::All => Kind::ALL.to_vec(),
        ExportKind::One(kind) => vec![kind.into()],
    };
    if flags.format == Format::Csv && kinds.len() > 1 {
        return Err(CommandError::usage(
            "--format csv takes one kind: name it by --kind",
        ));
    }
    Session::open(settings)?.run(async |session| {
        // On the same terminal the rows themselves tell how far it is.
        let mut progress = (!io::stdout().is_terminal()).then(Progress::begin);
        let mut out = BufWriter::new(io::stdout().lock());
        for kind in &kinds {
            write_kind(*kind, flags, session, &mut out, progress.as_mut()).await?;
        }
        out.flush().map_err(super::output::unwritten)
    })
}

async fn write_kind<W: Write>(
    kind: Kind,
    flags: &ExportFlags,
    session: &Session,
    out: &mut W,
    mut progress: Option<&mut Progress>,
) -> Result<(), CommandError> {
    let mut writer = Rows::new(kind, flags, out)?;
    let mut after = Some(0);
    while let Some(id) = after {
        let page = session
            .read(ExportPage {
                kind,
                after: id,
                limit: PAGE,
                with_password_hashes: flags.with_password_hashes,
            })
            .await?;
        after = page.after;
        if let Some(progress) = &mut progress {
            progress.add(page.rows.len() as u64);
        }
        for row in page.rows {
            writer.write(row)?;
        }
    }
    writer.end()
}

enum Rows<'a, W: Write> {
    Ndjson(Kind, &'a mut W),
    Csv(Vec<&'static str>, Box<csv::Writer<&'a mut W>>),
}

impl<'a, W: Write> Rows<'a, W> {
    fn new(kind: Kind, flags: &ExportFlags, out: &'a mut W) -> Result<Self, CommandError> {
        if flags.format == Format::Ndjson {
            return Ok(Self::Ndjson(kind, out));
        }
        let mut columns = fields_of(kind);
        columns.retain(|name| flags.with_password_hashes || *name != "password_hash");
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(&columns).map_err(unwritten)?;
        Ok(Self::Csv(columns, Box::new(writer)))
    }

    fn write(&mut self, mut row: Map<String, Value>) -> Result<(), CommandError> {
        match self {
            Self::Ndjson(kind, out) => {
                row.insert("kind".into(), kind.name().into());
                serde_json::to_writer(&mut **out, &row)
                    .map_err(io::Error::from)
                    .and_then(|()| out.write_all(b"\n"))
                    .map_err(super::output::unwritten)
            }
            Self::Csv(columns, writer) => {
                let cells = columns.iter().map(|name| match row.get(*name) {
                    Some(value) => guarded(cell(value)),
                    None => String::new(),
                });
                writer.write_record(cells).map_err(unwritten)
            }
        }
    }

    fn end(self) -> Result<(), CommandError> {
        match self {
            Self::Ndjson(..) => Ok(()),
            Self::Csv(_, mut writer) => writer.flush().map_err(super::output::unwritten),
        }
    }
}

fn unwritten(error: csv::Error) -> CommandError {
    super::output::unwritten(error.into())
}
