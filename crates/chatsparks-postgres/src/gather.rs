//! Gathering: what several callers want at once is done in one transaction.

use crate::fault::{cut_off, shared};
use chatsparks_ports::StoreError;
use std::sync::Arc;
use tokio::{
    runtime::Handle,
    sync::{Mutex, mpsc, oneshot},
};

/// Jobs taken at once, at most.
const MOST: usize = 2_000;
/// Their weight, at most: so many rows or so.
const HEAVIEST: usize = 20_000;

/// Bytes that weigh as much as a row: those of one transaction stay far below what the server takes in a message.
const ROW_BYTES: usize = 4 << 10;

/// How much rows weigh that are so many bytes together.
pub(crate) fn weight(rows: usize, bytes: usize) -> usize {
    rows.max(bytes / ROW_BYTES)
}

/// A job, and whom to tell.
struct Waiting<J, A> {
    job: J,
    answer: oneshot::Sender<Result<A, StoreError>>,
}

/// Hands jobs over that are done together. While some are done others come, so that there are the more in one
/// transaction the busier it is; whoever is alone never waits.
pub(crate) struct Gatherer<J, A> {
    jobs: mpsc::UnboundedSender<Waiting<J, A>>,
}

impl<J: Send + 'static, A: Send + 'static> Gatherer<J, A> {
    /// `hands`: how many transactions at once. `weigh`: how large a job is. `work` answers each job, or none of them.
    pub(crate) fn start<W, F>(home: &Handle, hands: usize, weigh: fn(&J) -> usize, work: W) -> Self
    where
        W: Fn(Vec<J>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Vec<Result<A, StoreError>>, StoreError>> + Send + 'static,
    {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let (waiting, work) = (Arc::new(Mutex::new(waiting)), Arc::new(work));
        for _ in 0..hands {
            home.spawn(hand(waiting.clone(), weigh, work.clone()));
        }
        Self { jobs }
    }

    /// Hands a job over, and waits for its answer.
    pub(crate) async fn done(&self, job: J) -> Result<A, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Waiting { job, answer }).map_err(|_| cut_off())?;
        answered.await.map_err(|_| cut_off())?
    }
}

async fn hand<J, A, W, F>(
    waiting: Arc<Mutex<mpsc::UnboundedReceiver<Waiting<J, A>>>>,
    weigh: fn(&J) -> usize,
    work: Arc<W>,
) where
    W: Fn(Vec<J>) -> F,
    F: Future<Output = Result<Vec<Result<A, StoreError>>, StoreError>>,
{
    loop {
        let (mut jobs, mut answers, mut weight) = (Vec::new(), Vec::new(), 0);
        {
            let mut waiting = waiting.lock().await;
            let Some(first) = waiting.recv().await else { return };
            let mut next = Some(first);
            while let Some(Waiting { job, answer }) = next {
                weight += weigh(&job);
                jobs.push(job);
                answers.push(answer);
                next = if jobs.len() < MOST && weight < HEAVIEST { waiting.try_recv().ok() } else { None };
            }
        }
        match work(jobs).await {
            Ok(done) => {
                for (answer, told) in answers.into_iter().zip(done) {
                    // Whoever does not wait any more is not told.
                    let _ = answer.send(told);
                }
            }
            Err(error) => {
                for answer in answers {
                    let _ = answer.send(Err(shared(&error)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// R9: batches of large texts do not all go into one transaction.
    #[test]
    fn r9_what_is_large_weighs_by_its_bytes() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let most = Arc::new(AtomicUsize::new(0));
        let seen = most.clone();
        let gatherer = Gatherer::start(
            runtime.handle(),
            1,
            |bytes| weight(500, *bytes),
            move |jobs: Vec<usize>| {
                seen.fetch_max(jobs.iter().sum(), Ordering::SeqCst);
                async move { Ok(jobs.into_iter().map(Ok).collect()) }
            },
        );
        let done = runtime.block_on(join_all((0..64).map(|_| gatherer.done(16 << 20))));
        assert!(done.into_iter().all(|bytes| bytes.unwrap() == 16 << 20));
        assert_eq!(most.load(Ordering::SeqCst), 80 << 20);
    }
}
