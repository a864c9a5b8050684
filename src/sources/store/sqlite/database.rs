//! The file: opened, private, migrated, spoken to.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSqlOutput, Type, Value as Cell};
use rusqlite::{Connection, ErrorCode, ToSql};

use crate::domain::store::fact::Registered;
use crate::domain::text;
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::store::backend::{Row, Value};
use crate::sources::store::migrate::{self, Dialect, Schema, Todo};

/// How long another process may hold the file before a write gives up.
const PATIENCE: Duration = Duration::from_secs(5);
/// Gives the file its write-ahead log; a database that is no file stays without.
///
/// SQLite itself does not wait for another console that does the same at the same moment: it says "busy" at once.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite tells nobody when the file is free again; this is the store's own thread"
)]
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        match connection.execute_batch("pragma journal_mode = wal") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

/// The connections of the store's thread.
pub(super) struct Database {
    file: PathBuf,
    clock: Clock,
    reader: Option<Connection>,
    /// Whether the reader reads nothing but an empty store of its own, because there is no file yet.
    is_empty: bool,
    writer: Option<Connection>,
    facts: &'static [Registered],
    is_read_only: bool,
    /// How the tables were seen to stand.
    schema: Arc<Schema>,
    /// Why the file was not opened, where that is not the database's own trouble.
    pub(super) refused: Option<SourceError>,
}

impl Database {
    pub(super) fn new(file: PathBuf, clock: Clock, facts: &'static [Registered], is_read_only: bool) -> Self {
        let schema = Arc::default();
        Self { file, clock, reader: None, is_empty: false, writer: None, facts, is_read_only, schema, refused: None }
    }

    /// How the tables stand. Where they were not as they should be, they are looked at again; and made, if somebody is to write.
    pub(super) fn schema(&mut self, is_writing: bool) -> rusqlite::Result<Arc<Schema>> {
        if self.schema.behind.is_some() {
            self.reader = None;
            self.writer = None;
        }
        if is_writing { self.writer() } else { self.reader() }?;
        Ok(self.schema.clone())
    }

    /// The connection that reads.
    pub(super) fn reader(&mut self) -> rusqlite::Result<&Connection> {
        if self.is_empty && self.file.exists() {
            self.reader = None;
        }
        if self.reader.is_none() {
            self.is_empty = !self.file.exists();
            let opened = if self.is_empty { Connection::open_in_memory()? } else { Connection::open(&self.file)? };
            self.prepare(&opened)?;
            opened.pragma_update(None, "query_only", true)?;
            self.reader = Some(opened);
        }
        self.reader.as_ref().ok_or(rusqlite::Error::InvalidQuery)
    }

    /// The connection that writes; the first time it makes the file.
    pub(super) fn writer(&mut self) -> rusqlite::Result<&Connection> {
        if self.writer.is_none() {
            if let Err(error) = private(&self.file) {
                self.refused = Some(SourceError::new(
                    Trouble::Setup,
                    format!("{} cannot be made: {error}. Nothing was written.", self.file.display()),
                ));
                return Err(rusqlite::Error::InvalidQuery);
            }
            let opened = Connection::open(&self.file)?;
            self.prepare(&opened)?;
            self.writer = Some(opened);
        }
        self.writer.as_ref().ok_or(rusqlite::Error::InvalidQuery)
    }

    /// Leaves nothing of a transaction behind.
    pub(super) fn roll_back(&mut self) {
        if let Some(writer) = self.writer.as_ref().filter(|writer| !writer.is_autocommit())
            && let Err(error) = writer.execute_batch("rollback")
        {
            // A connection in an unknown state is not used again; the file itself is whole.
            tracing::error!(%error, "a transaction of the store cannot be rolled back");
            self.writer = None;
        }
    }

    fn prepare(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        connection.busy_timeout(PATIENCE)?;
        write_ahead(connection)?;
        // An acknowledgement must survive a power cut, hence full.
        connection.execute_batch("pragma synchronous = full; pragma trusted_schema = on;")?;
        let clock = self.clock.clone();
        connection.create_scalar_function("store_now", 0, FunctionFlags::SQLITE_UTF8, move |_| {
            Ok(clock().timestamp_micros())
        })?;
        let todo = self.judge(connection)?;
        self.schema = Arc::new(todo.schema);
        if todo.statements.is_empty() {
            return Ok(());
        }
        let place = self.file.display().to_string();
        // What is not there yet is made in memory.
        let made = if self.is_read_only && connection.path().is_some_and(|path| !path.is_empty()) {
            Err(migrate::not_made(&place))
        } else {
            self.make(connection).map_err(|error| {
                let why = self.refused.take().unwrap_or_else(|| failed(&error, &self.file));
                migrate::failed(&place, &why)
            })
        };
        match made {
            Ok(schema) => self.schema = Arc::new(schema),
            Err(why) => {
                // Left half-way it would hold the file.
                if !connection.is_autocommit() {
                    connection.execute_batch("rollback")?;
                }
                self.schema = Arc::new(Schema { behind: Some(why), ..(*self.schema).clone() });
            }
        }
        Ok(())
    }

    /// How the tables stand, and what is missing of them.
    fn judge(&mut self, connection: &Connection) -> rusqlite::Result<Todo> {
        let rows = |name: &str, statement| {
            // Asked by a statement: what the connection remembers of its tables may be of before another console made them.
            let mut there = connection.prepare("select 1 from sqlite_master where type = 'table' and name = ?1")?;
            if there.exists([name])? { rows(connection, &translate(statement), &[]) } else { Ok(Vec::new()) }
        };
        let applied = migrate::Applied::of(
            &rows("migration", migrate::APPLIED)?,
            &rows("subject_migration", migrate::APPLIED_TO)?,
        );
        migrate::judge(self.facts, Dialect::Sqlite, &applied).map_err(|error| {
            self.refused = Some(error);
            rusqlite::Error::InvalidQuery
        })
    }

    /// Makes what is missing, all of it or nothing.
    fn make(&mut self, connection: &Connection) -> rusqlite::Result<Schema> {
        connection.execute_batch("begin immediate")?;
        // Judged again with the file held: another process may have been first.
        let todo = self.judge(connection)?;
        connection.execute_batch(&migrate::in_sqlite(migrate::VERSIONS))?;
        for (statement, values) in todo.statements {
            if values.is_empty() {
                connection.execute_batch(&statement)?;
            } else {
                rows(connection, &translate(&statement), &values)?;
            }
        }
        connection.execute_batch("commit")?;
        Ok(Schema { missing: BTreeMap::new(), ..todo.schema })
    }
}

/// Makes the file where there is none, for its owner alone; SQLite gives its companions the same rights.
fn private(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(file).map(drop)
}

/// The few words in which the two databases differ.
pub(super) fn translate(statement: &str) -> String {
    let statement = statement.replace("quarterdeck.", "").replace("strpos(", "instr(").replace('$', "?");
    match statement.strip_prefix("explain ") {
        Some(explained) => format!("explain query plan {explained}"),
        None => statement,
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(match self {
            Self::Text(Some(text)) => Cell::Text(text.clone()),
            Self::Time(Some(time)) => Cell::Integer(time.timestamp_micros()),
            Self::Number(Some(number)) => Cell::Integer(*number),
            Self::Text(None) | Self::Time(None) | Self::Number(None) => Cell::Null,
        }))
    }
}

/// Runs a statement and reads its rows.
pub(super) fn rows(connection: &Connection, statement: &str, values: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare(statement)?;
    let columns = statement.column_count();
    let found = statement.query_map(rusqlite::params_from_iter(values), |row| {
        let cells = (0..columns).map(|column| {
            Ok(match row.get::<_, Cell>(column)? {
                Cell::Null => Value::Text(None),
                Cell::Integer(number) => Value::Number(Some(number)),
                Cell::Text(text) => Value::Text(Some(text)),
                Cell::Real(_) | Cell::Blob(_) => {
                    return Err(rusqlite::Error::InvalidColumnType(column, String::new(), Type::Blob));
                }
            })
        });
        cells.collect::<rusqlite::Result<Vec<_>>>().map(Row)
    })?;
    found.collect()
}

/// What happened and what to do.
pub(super) fn failed(error: &rusqlite::Error, file: &Path) -> SourceError {
    let place = file.display();
    let detail = text::clean(&error.to_string()).into_owned();
    let code = error.sqlite_error_code();
    let (trouble, sentence) = match code {
        Some(ErrorCode::DiskFull) => (
            Trouble::Server,
            format!(
                "the disk under {place} is full: nothing was written, and what was there before still is. Make room and try again."
            ),
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            Trouble::Throttled,
            format!(
                "another process held {place} for more than {} s: nothing was written. Try again.",
                PATIENCE.as_secs()
            ),
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            (Trouble::Forbidden, format!("{place} may not be written: {detail}. Give yourself the right to write it."))
        }
        Some(ErrorCode::CannotOpen) => (
            Trouble::Setup,
            format!("{place} cannot be opened: {detail}. Give yourself the right to read and write it and its folder."),
        ),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (
            Trouble::Malformed,
            format!(
                "{place} is damaged or no store: {detail}. Move it away to begin with an empty one; what the journal holds is taken over again."
            ),
        ),
        Some(ErrorCode::SystemIoFailure) => {
            (Trouble::Server, format!("{place} cannot be read or written: {detail}. Look at the disk."))
        }
        _ => (Trouble::Server, format!("the store in {place} refused: {detail}.")),
    };
    // The database itself answered: a transaction that it did not commit is none.
    SourceError { is_certainly_not_done: true, ..SourceError::new(trouble, sentence) }
}
