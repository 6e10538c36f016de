//! The one thread that writes: whatever waits goes into one transaction (group commit), and is answered once it is on
//! the disk.

use crate::{
    fault::{Failure, of_sqlite},
    shard::{Memory, Writing},
    store::BUSY,
};
use chatsparks_ports::StoreError;
use rusqlite::Connection;
use std::{
    io,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Jobs that wait or are written at most; whoever brings more waits outside.
const ROOM: usize = 4_096;

/// How long a read may take that a checkpoint waits for.
const A_READ: Duration = Duration::from_millis(100);

/// How long until traces are looked for again, where somebody reads.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Something to be written. It may be run again after a rollback.
trait Job: Send {
    fn run(&mut self, writing: &mut Writing<'_>) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, failed: Option<&StoreError>);
}

/// A piece of work whose outcome somebody waits for.
struct Task<T, F> {
    work: F,
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
    _room: OwnedSemaphorePermit,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnMut(&mut Writing<'_>) -> Result<T, Failure> + Send,
{
    fn run(&mut self, writing: &mut Writing<'_>) -> Result<(), StoreError> {
        match (self.work)(writing) {
            Ok(done) => self.outcome = Some(Ok(done)),
            Err(Failure::Refused(error)) => self.outcome = Some(Err(error)),
            Err(Failure::Broken(error)) => return Err(error),
        }
        Ok(())
    }

    fn answer(self: Box<Self>, failed: Option<&StoreError>) {
        let Self { outcome, answer, .. } = *self;
        let outcome = failed.map(|error| Err(again(error))).or(outcome);
        // Whoever asked may have gone.
        let _ = answer.send(outcome.unwrap_or_else(|| Err(stopped())));
    }
}

/// The way to the writer.
pub(crate) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(connection: Connection, pace: Pace) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let thread = Thread { connection, waiting, pace, memory: Memory::default(), expected: 1, traces: None };
        let thread = std::thread::Builder::new().name("chatsparks-writer".to_owned()).spawn(move || thread.run())?;
        Ok(Self { jobs: Some(jobs), room: Arc::new(Semaphore::new(ROOM)), thread: Some(thread) })
    }

    /// Lets a piece of work be written; it is durable when this answers.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Writing<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let room = self.room.clone().acquire_owned().await.map_err(|_| stopped())?;
        let (answer, answered) = oneshot::channel();
        let task = Task { work, outcome: None, answer, _room: room };
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Box::new(task)).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    /// What waits is written before the store is closed.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How jobs are gathered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How long to wait for as many as came last time.
    pub(crate) window: Duration,
    /// What is added to each sync, to measure by.
    pub(crate) sync_takes: Duration,
}

struct Thread {
    connection: Connection,
    waiting: mpsc::Receiver<Box<dyn Job>>,
    pace: Pace,
    memory: Memory,
    /// How many came last time: those who were answered together come again together.
    expected: usize,
    /// Traces of somebody forgotten are in the write-ahead log still: when to look whether they can go.
    traces: Option<Instant>,
}

impl Thread {
    fn run(mut self) {
        loop {
            let first = match self.traces {
                None => self.waiting.recv().ok(),
                Some(then) => match self.waiting.recv_timeout(then.saturating_duration_since(Instant::now())) {
                    Ok(job) => Some(job),
                    Err(mpsc::RecvTimeoutError::Timeout) => {
                        self.clear_traces();
                        continue;
                    }
                    Err(mpsc::RecvTimeoutError::Disconnected) => None,
                },
            };
            let Some(first) = first else { return };
            let group = self.gather(first);
            self.write(group);
        }
    }

    /// Everything that waits; and where many came last time, a moment for as many.
    fn gather(&mut self, first: Box<dyn Job>) -> Vec<Box<dyn Job>> {
        let mut group = vec![first];
        let until = Instant::now() + self.pace.window;
        while group.len() < ROOM {
            let next = match self.waiting.try_recv() {
                Ok(job) => Some(job),
                Err(_) if group.len() < self.expected => {
                    self.waiting.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
                }
                Err(_) => None,
            };
            let Some(next) = next else { break };
            group.push(next);
        }
        self.expected = group.len();
        group
    }

    fn write(&mut self, mut group: Vec<Box<dyn Job>>) {
        match self.transact(&mut group) {
            Ok(()) => group.into_iter().for_each(|job| job.answer(None)),
            Err(Broke::Job(_)) if group.len() > 1 => {
                // One of them is to blame, and fails alone.
                for mut job in group {
                    let failed = self.transact(std::slice::from_mut(&mut job)).err();
                    job.answer(failed.as_ref().map(Broke::told));
                }
            }
            Err(broke) => group.into_iter().for_each(|job| job.answer(Some(broke.told()))),
        }
    }

    /// One transaction; nothing of it stays where it breaks off.
    fn transact(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Broke> {
        let done = self.attempt(jobs);
        if done.is_err() {
            self.memory = Memory::default();
            if !self.connection.is_autocommit() {
                // SQLite may have rolled back by itself already.
                let _ = self.connection.execute_batch("ROLLBACK");
            }
        }
        if self.traces.is_some_and(|then| then <= Instant::now()) {
            self.clear_traces();
        }
        done
    }

    fn attempt(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Broke> {
        let all = |error: rusqlite::Error| Broke::All(of_sqlite(&error));
        self.connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([])).map_err(all)?;
        let mut writing = Writing::new(&self.connection, &mut self.memory);
        for job in jobs.iter_mut() {
            job.run(&mut writing).map_err(Broke::Job)?;
        }
        writing.flush().map_err(|failure| Broke::All(failure.told()))?;
        let forgot = writing.forgot;
        self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])).map_err(all)?;
        if forgot {
            self.traces = Some(Instant::now());
        }
        if !self.pace.sync_takes.is_zero() {
            std::thread::sleep(self.pace.sync_takes);
        }
        Ok(())
    }

    /// R12: what was written over is gone from the file, and goes from the write-ahead log once nobody reads there. A
    /// backup may read for minutes: it is not waited for, but looked for again.
    fn clear_traces(&mut self) {
        let cleared = self.connection.busy_timeout(A_READ).and_then(|()| {
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        });
        let _ = self.connection.busy_timeout(BUSY);
        self.traces = if cleared == Ok(0) { None } else { Some(Instant::now() + LOOK_AGAIN) };
    }
}

/// What broke off.
enum Broke {
    /// One of the jobs.
    Job(StoreError),
    /// The transaction itself.
    All(StoreError),
}

impl Broke {
    fn told(&self) -> &StoreError {
        match self {
            Self::Job(error) | Self::All(error) => error,
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

/// The same error, for another who waits.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Superseded => StoreError::Superseded,
        StoreError::Unusable(why) => StoreError::Unusable(why.clone()),
        StoreError::NotKept(first) => StoreError::NotKept(*first),
        StoreError::Unavailable(why) => StoreError::Unavailable(why.clone()),
        other => StoreError::Unavailable(other.to_string()),
    }
}
