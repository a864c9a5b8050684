//! Somebody who writes one numbered row at a time, and remembers which were said to be committed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::support::patroni::Cluster;

/// What was written so far.
#[derive(Default)]
struct Written {
    /// The rows whose commit was answered.
    committed: Vec<i64>,
    /// The longest time between two commits.
    gap: Duration,
}

/// A writer at work.
pub(super) struct Workload {
    written: Arc<Mutex<Written>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Workload {
    /// Begins to write to whoever takes writes.
    pub(super) fn begin(cluster: &Cluster) -> Self {
        cluster.write("create table numbered (number bigint primary key)").expect("a table");
        let url = cluster.database(None);
        let (written, stop) = (Arc::new(Mutex::new(Written::default())), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (written, stop) = (written.clone(), stop.clone());
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(write(&url, &written, &stop));
            }
        });
        Self { written, stop, thread: Some(thread) }
    }

    /// How many rows were said to be committed so far.
    pub(super) fn count(&self) -> usize {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).committed.len()
    }

    /// Ends it: what was said to be committed, and the longest time between two commits.
    pub(super) fn end(mut self) -> (Vec<i64>, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it does not panic");
        }
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        (written.committed.clone(), written.gap)
    }
}

async fn write(url: &str, written: &Mutex<Written>, stop: &AtomicBool) {
    let mut number = 0_i64;
    let mut last = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let Ok(Ok((client, connection))) =
            tokio::time::timeout(Duration::from_secs(3), tokio_postgres::connect(url, tokio_postgres::NoTls)).await
        else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let driving = tokio::spawn(connection);
        while !stop.load(Ordering::Relaxed) {
            number += 1;
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&number];
            let insert = client.execute("insert into numbered values ($1)", &values);
            match tokio::time::timeout(Duration::from_secs(3), insert).await {
                Ok(Ok(_)) => {
                    let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
                    written.committed.push(number);
                    written.gap = written.gap.max(last.elapsed());
                    last = Instant::now();
                }
                // Whether it was committed nobody says: it counts as neither.
                _ => break,
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        driving.abort();
    }
}

/// The rows that were said to be committed and are not there.
pub(super) fn missing(cluster: &Cluster, committed: &[i64]) -> Vec<i64> {
    let there = cluster.write("select number from numbered").expect("rows");
    let there: std::collections::BTreeSet<i64> = there.lines().filter_map(|line| line.parse().ok()).collect();
    committed.iter().copied().filter(|number| !there.contains(number)).collect()
}
