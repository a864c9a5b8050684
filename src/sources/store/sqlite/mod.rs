//! The embedded store: SQLite in this user's state folder, on a thread of its own.
//!
//! One connection reads, another writes, so that a reader never sees half a transaction; WAL lets both work at once, in this
//! process and in others. As long as nothing was ever written there is no file, and reading finds an empty store.

mod database;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex as Turn, Notify, OwnedMutexGuard, oneshot};

use self::database::{Database, failed};
use super::backend::{Backend, Lane, Row, Transaction, Value};
use super::migrate::Schema;
use super::port::Standing;
use crate::domain::store::fact::Registered;
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;

/// How often is asked whether another process has written. The question is answered from shared memory.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many questions may wait.
const WAITING: usize = 256;

type Job = Box<dyn FnOnce(&mut Database) + Send>;

/// The embedded store.
pub(super) struct Sqlite {
    worker: Worker,
    /// Whose turn it is to write, in this process.
    turn: Arc<Turn<()>>,
    written: Arc<Notify>,
    seen_version: Mutex<Option<i64>>,
}

/// The way to the thread.
#[derive(Clone)]
struct Worker {
    jobs: std::sync::mpsc::SyncSender<Job>,
    file: Arc<PathBuf>,
}

impl Sqlite {
    /// The store in a file. The thread ends with the last of its users.
    pub(super) fn open(file: PathBuf, clock: Clock, (facts, is_read_only): (&'static [Registered], bool)) -> Self {
        let (jobs, waiting) = std::sync::mpsc::sync_channel::<Job>(WAITING);
        let worker = Worker { jobs, file: Arc::new(file.clone()) };
        // A thread that cannot be started drops its end: whatever is asked is then answered by an error.
        let started = std::thread::Builder::new().name("store".to_owned()).spawn(move || {
            let mut database = Database::new(file, clock, facts, is_read_only);
            while let Ok(job) = waiting.recv() {
                job(&mut database);
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, "the store's thread cannot be started");
        }
        Self { worker, turn: Arc::default(), written: Arc::default(), seen_version: Mutex::default() }
    }
}

impl Worker {
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Database) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SourceError> {
        let (answer, answered) = oneshot::channel();
        let file = self.file.clone();
        let job: Job = Box::new(move |database| {
            let answered =
                question(database).map_err(|error| database.refused.take().unwrap_or_else(|| failed(&error, &file)));
            // Whoever asked may have gone away.
            let _ = answer.send(answered);
        });
        let busy = |words: &str| SourceError::new(Trouble::Throttled, format!("the store {words}: try again."));
        self.jobs.try_send(job).map_err(|_| busy("has too much to do"))?;
        answered.await.map_err(|_| busy("gave up on this"))?
    }
}

impl Backend for Sqlite {
    fn standing(&self) -> Answer<'_, Standing> {
        Box::pin(async move {
            let (now, position, schema) = self
                .worker
                .ask(|database| {
                    let reader = database.reader()?;
                    let statement = "select store_now(), (select coalesce(max(position), 0) from audit), (select max(version) from migration)";
                    reader.query_row(statement, (), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?)))
                })
                .await?;
            Ok(Standing {
                what: format!("SQLite {} in {}", rusqlite::version(), self.worker.file.display()),
                schema,
                now: crate::domain::time::from_microseconds(now),
                session_user: String::new(),
                position: u64::try_from(position).unwrap_or(0),
                troubles: Vec::new(),
            })
        })
    }

    fn read<'a>(&'a self, statement: &'a str, values: Vec<Value>) -> Answer<'a, Vec<Row>> {
        let statement = database::translate(statement);
        Box::pin(self.worker.ask(move |database| database::rows(database.reader()?, &statement, &values)))
    }

    fn schema(&self, is_writing: bool) -> Answer<'_, Arc<Schema>> {
        Box::pin(self.worker.ask(move |database| database.schema(is_writing)))
    }

    /// The file has one writer, whatever it writes.
    fn begin(&self, _: Lane) -> Answer<'_, Box<dyn Transaction>> {
        Box::pin(async move {
            let turn = self.turn.clone().lock_owned().await;
            self.worker.ask(|database| database.writer()?.execute_batch("begin immediate")).await?;
            let begun =
                Begun { worker: self.worker.clone(), written: self.written.clone(), _turn: turn, is_open: true };
            Ok(Box::new(begun) as Box<dyn Transaction>)
        })
    }

    /// Left alone, SQLite walks the whole table to spare itself the sorting: it is given the first position of that time. Without
    /// the plus it would look for the least along the table as well.
    fn since(&self) -> &'static str {
        "position >= (select coalesce(min(+position), 9223372036854775807) from quarterdeck.audit where at >= $) and at >= $"
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            loop {
                let version = self.worker.ask(|database| {
                    database.reader()?.query_row("pragma data_version", (), |row| row.get::<_, i64>(0))
                });
                let version = version.await.ok();
                let before =
                    std::mem::replace(&mut *self.seen_version.lock().unwrap_or_else(PoisonError::into_inner), version);
                if version.is_none() || (before.is_some() && before != version) {
                    // What cannot be asked is looked at by whoever waits; not more often than this.
                    if version.is_none() {
                        tokio::time::sleep(LOOK_EVERY).await;
                    }
                    return;
                }
                tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = self.written.notified() => return,
                }
            }
        })
    }
}

/// A transaction of the writing connection.
struct Begun {
    worker: Worker,
    written: Arc<Notify>,
    _turn: OwnedMutexGuard<()>,
    is_open: bool,
}

impl Transaction for Begun {
    fn query<'a>(&'a self, statement: &'a str, values: Vec<Value>) -> Answer<'a, Vec<Row>> {
        let statement = database::translate(statement);
        Box::pin(self.worker.ask(move |database| database::rows(database.writer()?, &statement, &values)))
    }

    fn hold<'a>(&'a self, _: &'a str) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn tell(&self) -> Answer<'_, ()> {
        // Others look for it: the file says that it was written.
        Box::pin(async { Ok(()) })
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<(), SourceError>> {
        Box::pin(async move {
            // One that fails leaves the transaction open: it is rolled back when this is dropped.
            self.worker.ask(|database| database.writer()?.execute_batch("commit")).await?;
            self.is_open = false;
            self.written.notify_one();
            Ok(())
        })
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if self.is_open {
            // A queue that is full has a writer whose next turn begins by ending this one.
            let _ = self.worker.jobs.try_send(Box::new(Database::roll_back));
        }
    }
}
