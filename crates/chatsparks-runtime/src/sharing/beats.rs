//! What a process says of itself and hears, again and again (R5); and that it looks, wherever nobody may have counted on it,
//! whether its workspaces are still in this store before it serves anything (S4, decision 064).

use crate::runtime::{Inner, stops};
use chatsparks_core::WorkspaceId;
use chatsparks_ports::{Beat, Share, Store, StoreError};
use futures_util::{StreamExt as _, stream};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Beats within the time after which others take over.
const BEATS: u32 = 4;
/// After a beat that failed, and between two tries to read whether a workspace was moved.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How often it is tried to read whether a workspace was moved.
const TRIES: u32 = 3;
/// So many workspaces are looked at at once: some may take long.
const AT_ONCE: usize = 16;
/// Many may ask for a beat at once.
const PAUSE: Duration = Duration::from_millis(5);

/// Says at intervals that this process lives, until the runtime stops.
pub(crate) async fn run<S: Store>(inner: Arc<Inner<S>>) {
    let store = inner.store.clone();
    let share = move |beat| {
        let store = store.clone();
        async move { store.share(&beat).await }
    };
    beats(&inner, share).await;
}

async fn beats<S: Store, F>(inner: &Inner<S>, share: impl Fn(Beat) -> F)
where
    F: Future<Output = Result<Share, StoreError>> + Send,
{
    let stop = inner.stopped();
    let takeover = inner.settings.takeover;
    let mut beaten = Instant::now();
    // Whoever moves a workspace says so first, and looks then who lives; so whoever nobody counts on says first that it lives,
    // and looks then whether everything is where it was (S4). A beat that was not answered may have been the one on which
    // nobody counted, and what comes after it is known; within `takeover` of one that was answered there is none such.
    let (mut looking, mut has_looked, mut is_told) = (None, false, false);
    loop {
        // Whoever was frozen has lost everything, as far as it knows, until it hears otherwise.
        if beaten.elapsed() >= takeover {
            inner.sharing.lose();
        }
        let began = Instant::now();
        let mut pause = takeover / BEATS;
        let answer = tokio::time::timeout(takeover, share(inner.beat(false))).await;
        if !matches!(answer, Ok(Ok(_))) && (looking.is_some() || has_looked) {
            // What was seen may be of before.
            (looking, has_looked) = (Some(Box::pin(at_home(inner))), false);
        }
        match answer {
            Ok(Ok(share)) => {
                beaten = began;
                let is_late = looking.is_none() && !has_looked && inner.sharing.silence() >= takeover;
                if share.is_new || is_late {
                    inner.sharing.lose();
                    (looking, has_looked) = (Some(Box::pin(at_home(inner))), false);
                }
                if looking.is_none() {
                    has_looked = false;
                    inner.note_store(None);
                    inner.sharing.hear(share, began);
                }
            }
            Ok(Err(error)) => {
                inner.note_store(Some(&error));
                tracing::warn!(%error, "the store does not say which partitions are to be served");
                pause = pause.min(LOOK_AGAIN);
            }
            Err(_) => tracing::warn!("the store does not say in time which partitions are to be served"),
        }
        let looked = async {
            match looking.as_mut().filter(|_| beaten == began) {
                Some(looking) => looking.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stops(&stop) => return,
            looked = looked => match looked {
                Ok(()) => (looking, has_looked, is_told) = (None, true, false),
                Err(why) => {
                    let error = StoreError::Unusable(why);
                    inner.note_store(Some(&error));
                    if !std::mem::replace(&mut is_told, true) {
                        tracing::error!(%error, "nothing is served from this store");
                    }
                    looking = Some(Box::pin(at_home(inner)));
                    tokio::select! {
                        () = stops(&stop) => return,
                        () = tokio::time::sleep(pause.min(LOOK_AGAIN)) => {}
                    }
                }
            },
            () = async { tokio::time::sleep(PAUSE).await; inner.sharing.beat.notified().await } => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Nothing is served from a store whose workspaces were moved elsewhere while nobody counted on this process: why not.
async fn at_home<S: Store>(inner: &Inner<S>) -> Result<(), String> {
    let mut looks = Vec::new();
    for id in inner.workspaces.get().into_iter().flat_map(|states| states.keys()) {
        looks.push(elsewhere(inner, id));
    }
    let mut looks = stream::iter(looks).buffered(AT_ONCE);
    while let Some(elsewhere) = looks.next().await {
        elsewhere.map_or(Ok(()), Err)?;
    }
    Ok(())
}

/// Why a workspace may not be served from this store, if it may not. What cannot be read now cannot be served now, and
/// holds up nothing else.
async fn elsewhere<S: Store>(inner: &Inner<S>, workspace: &WorkspaceId) -> Option<String> {
    for tries_left in (0..=TRIES).rev() {
        let looked = async {
            inner.store.up_to_date(workspace).await?;
            chatsparks_ports::moving::is_elsewhere(&*inner.store, workspace).await
        };
        match looked.await {
            Ok(elsewhere) => return elsewhere,
            Err(error) if tries_left == 0 => {
                tracing::warn!(%workspace, %error, "it cannot be said whether a workspace was moved");
            }
            Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Runtime, Settings, WorkspaceSetup};
    use chatsparks_core::Instant as Time;
    use chatsparks_ports::{Archive as _, ManualClock, MemoryStore, moving::MOVED};
    use chatsparks_testkit::build::workspace;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Whether a beat is answered, and whether it says that nobody counted on this process.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Answer {
        Known,
        New,
        Lost,
        Late,
    }

    /// Whatever is between a move and the beats after it: who may have been counted out looks before it serves anything, and
    /// whose beat was lost a moment ago does not.
    #[tokio::test(start_paused = true)]
    async fn s4_who_may_have_been_counted_out_looks_where_its_workspaces_are() {
        use Answer::{Known, Late, Lost, New};
        let (none, one) = (vec![], vec![New, Known]);
        // A beat that failed is tried again after a second; `takeover` is ten.
        let long = |mut end: Vec<Answer>| [vec![Lost; 11], std::mem::take(&mut end)].concat();
        for (before, after, looks) in [
            (none.clone(), vec![New], true),
            (none.clone(), vec![Lost, Known], true),
            (none.clone(), vec![Late, Known], true),
            (none, vec![Lost, Late, Lost, Known], true),
            (one.clone(), vec![New], true),
            (one.clone(), vec![Known, Lost, New, Known], true),
            (one.clone(), vec![Late, Known], true),
            (one.clone(), long(vec![Known]), true),
            (one.clone(), long(vec![Late, Lost, Known]), true),
            (one.clone(), vec![Known], false),
            (one, vec![Lost, Lost, Known], false),
        ] {
            let store = Arc::new(MemoryStore::new(2));
            let clock = Arc::new(ManualClock::new(Time::from_milliseconds(1_772_000_000_000)));
            let setup = WorkspaceSetup::new(workspace().build(), "digest");
            let id = setup.document.workspace.id.clone();
            let settings = Settings { seed: Some(1), ..Settings::default() };
            let runtime = Runtime::start(store.clone(), clock, settings, vec![setup]).await.unwrap();
            let inner = &runtime.inner;
            let (answers, met) = ([before.clone(), after.clone()].concat(), AtomicUsize::new(0));
            let share = |_| {
                let place = met.fetch_add(1, Ordering::SeqCst);
                let answer = answers.get(place).copied().unwrap_or(Known);
                let (store, id, moved) = (store.clone(), id.clone(), place == before.len());
                async move {
                    if moved {
                        store.write_note(&id, MOVED, "elsewhere").await?;
                    }
                    let share = Share { slots: vec![0, 1], is_new: matches!(answer, New), ..Share::default() };
                    match answer {
                        Known | New => Ok(share),
                        Lost => Err(StoreError::Unavailable("its answer was lost".to_owned())),
                        Late => std::future::pending().await,
                    }
                }
            };
            let beaten = beats(inner, share);
            tokio::pin!(beaten);
            let until = |so_many| {
                let met = &met;
                async move {
                    while met.load(Ordering::SeqCst) < so_many {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
            };
            tokio::select! { () = &mut beaten => unreachable!(), () = until(answers.len() + 3) => {} }
            let why = inner.store_fault().unwrap_or_default();
            assert_eq!(why.contains("was moved to another store"), looks, "{before:?} {after:?}: {why}");
            assert_eq!(inner.sharing.slots().is_empty(), looks, "{before:?} {after:?}");
            // Somebody has it stay.
            store.write_note(&id, MOVED, "").await.unwrap();
            tokio::select! { () = &mut beaten => unreachable!(), () = until(answers.len() + 12) => {} }
            assert!(inner.store_fault().is_none() && inner.counts(), "{before:?} {after:?}");
            assert_eq!(inner.sharing.slots(), [0, 1], "{before:?} {after:?}");
            runtime.stop(Duration::from_secs(1)).await;
        }
    }
}
