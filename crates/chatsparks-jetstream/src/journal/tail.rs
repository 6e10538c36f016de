//! Reads a journal to its end, and goes on as long as the process does.

use super::{
    Awaited, Journal,
    coming::{Coming, QUIET, Reads},
    read_id,
};
use crate::{
    op::{Does, Op, VERSION},
    server::{id_of, part_of, size_of},
    state::Outcome,
};
use chatsparks_ports::StoreError;
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// So many messages of its own without another's between them, and none of another's for so long, and a process is alone.
const OWN: u32 = 32;
const ALONE: Duration = Duration::from_secs(1);

/// At most so long after one who soon came back.
const LONG: Duration = Duration::from_secs(60);

/// While messages come, or were asked for so lately, none is missing.
const COMING: Duration = Duration::from_secs(1);

/// How often it is looked for a message that is missing.
const LOOKS: u32 = 10;

/// Follows a journal.
pub(super) async fn follow(journal: Arc<Journal>) {
    let (mut missing, mut gap, mut companies) = (Missing::default(), None, Companies::default());
    loop {
        if journal.may_sleep() {
            journal.sleep().await;
            // What others did meanwhile nobody has seen here.
            companies = Companies::default();
            continue;
        }
        let why = match follow_for_a_while(&journal, &mut gap, &mut companies).await {
            Ok(Read::Otherwise) => continue,
            Ok(Read::Broken) => {
                // What does not come may be seen by who reads everything.
                companies = Companies::default();
                sleep(Duration::from_millis(100)).await;
                continue;
            }
            // A server that comes back may not have everything yet.
            Ok(Read::Missing(sequence)) if missing.is_looked_for_again(sequence) => {
                sleep(Duration::from_secs(1)).await;
                continue;
            }
            Ok(Read::Missing(sequence)) => format!("message {sequence} is missing, and no snapshot has it"),
            Err(why) => why,
        };
        tracing::error!(workspace = %journal.workspace, "a journal of JetStream cannot be read: {why}");
        journal.ended.get_or_init(Instant::now);
        let _: Result<u64, String> = journal.folded.send_replace(Err(why));
        return;
    }
}

/// The message that was missed last, and how often it was looked for.
#[derive(Default)]
struct Missing(u64, u32);

impl Missing {
    /// Whether it is worth another look.
    fn is_looked_for_again(&mut self, sequence: u64) -> bool {
        let looks = if self.0 == sequence { self.1 } else { 0 };
        *self = Self(sequence, looks + 1);
        looks < LOOKS
    }
}

/// How far it was read.
enum Read {
    /// Until the connection broke off, or there was something newer to begin with.
    Broken,
    /// Until a message that is not there.
    Missing(u64),
    /// Until it was seen whether others write too, or that nobody asks for it here.
    Otherwise,
}

/// Who else writes. What a process writes it has at hand when it comes back, so that nothing but its place is read of it.
/// Anybody may bring events; what was decided comes of whoever serves the workspace, which hardly ever changes.
#[derive(Default)]
struct Companies {
    all: Company,
    owners: Company,
}

impl Companies {
    fn reads(&self) -> Reads {
        match (self.all.is_alone, self.owners.is_alone) {
            (true, _) => Reads::Places,
            (false, true) => Reads::NotOwners,
            (false, false) => Reads::Everything,
        }
    }

    /// A message came, its own or another's, of an owner or of anybody.
    fn met(&mut self, is_own: bool, is_owners: bool) {
        self.all.met(is_own);
        if is_owners {
            self.owners.met(is_own);
        }
    }
}

/// Whether others write too: whoever is alone reads places only.
struct Company {
    is_alone: bool,
    /// How many of its own came since another's.
    own: u32,
    /// When it met another last, and for how long there has to be none: the longer, the sooner one came back.
    other: Option<Instant>,
    patience: Duration,
    /// Since when it is alone.
    since: Instant,
}

impl Default for Company {
    fn default() -> Self {
        Self { is_alone: false, own: 0, other: None, patience: ALONE, since: Instant::now() }
    }
}

impl Company {
    /// A message came, its own or another's: whether it is read otherwise from now on.
    fn met(&mut self, is_own: bool) -> bool {
        let was_alone = self.is_alone;
        if is_own {
            self.own = self.own.saturating_add(1);
            let is_left = self.other.is_none_or(|other| other.elapsed() >= self.patience);
            if !was_alone && is_left && self.own >= OWN {
                (self.is_alone, self.since) = (true, Instant::now());
            }
        } else {
            if was_alone {
                self.patience = if self.since.elapsed() >= LONG { ALONE } else { (self.patience * 2).min(LONG) };
            }
            (self.is_alone, self.own, self.other) = (false, 0, Some(Instant::now()));
        }
        self.is_alone != was_alone
    }
}

/// Reads until the connection breaks off; an error where it is no use to go on.
async fn follow_for_a_while(
    journal: &Journal,
    gap: &mut Option<u64>,
    companies: &mut Companies,
) -> Result<Read, String> {
    let from = journal.state().applied + 1;
    let reads = companies.reads();
    if *gap == Some(from)
        && let Ok(Ok(info)) = timeout(QUIET, journal.stream.get_info()).await
        && info.state.first_sequence > from
    {
        // Nobody need be asked for what is not there.
        return passed_by(journal, gap, from, info.state.first_sequence).await;
    }
    let Some(mut coming) = Coming::open(journal, reads, from).await else { return Ok(Read::Broken) };
    let read = read_on(journal, &mut coming, (reads, from), gap, companies).await;
    coming.close(journal);
    read
}

async fn read_on(
    journal: &Journal,
    coming: &mut Coming,
    (reads, from): (Reads, u64),
    gap: &mut Option<u64>,
    companies: &mut Companies,
) -> Result<Read, String> {
    let (mut next, mut first, mut parts, mut own) = (from, from, Parts::default(), None);
    let mut came = Instant::now();
    loop {
        let message = tokio::select! {
            biased;
            message = coming.next(next) => message,
            // Somebody knows of a message that did not come; or did not when they said so, and it is coming.
            () = journal.poked.notified() => {
                if came.elapsed() < COMING {
                    continue;
                }
                match timeout(COMING, journal.stream.get_info()).await {
                    Ok(Ok(info)) if info.state.first_sequence > next => {
                        return passed_by(journal, gap, next, info.state.first_sequence).await;
                    }
                    _ => {}
                }
                match timeout(COMING, coming.next(next)).await {
                    Ok(message) => message,
                    Err(_) => return Ok(Read::Broken),
                }
            }
            () = sleep(QUIET) => {
                if journal.may_sleep() {
                    return Ok(Read::Otherwise);
                }
                let Ok(info) = journal.stream.get_info().await else { continue };
                if info.state.last_sequence < next {
                    continue;
                }
                if info.state.first_sequence > next {
                    return passed_by(journal, gap, next, info.state.first_sequence).await;
                }
                match timeout(QUIET, coming.next(next)).await {
                    Ok(message) => message,
                    Err(_) => return Ok(Read::Broken),
                }
            }
        };
        let Some(message) = message else { return Ok(Read::Broken) };
        came = Instant::now();
        let Ok(info) = message.info() else { return Ok(Read::Broken) };
        let sequence = info.stream_sequence;
        if sequence < next {
            continue;
        }
        if sequence > next {
            return passed_by(journal, gap, next, sequence).await;
        }
        let (number, of) = part_of(message.headers.as_ref());
        let is_owners = message.subject.as_str() != journal.everybodys;
        let is_whole = reads == Reads::Everything || (reads == Reads::NotOwners && !is_owners);
        if number == 1 {
            // One of this process is at hand, as it was before it was written.
            let id = id_of(message.headers.as_ref()).and_then(read_id);
            own = id.and_then(|id| journal.awaited().get(&id).map(|awaited| Arc::clone(&awaited.op)));
            if !is_whole && own.is_none() {
                companies.met(false, is_owners);
                return Ok(Read::Otherwise);
            }
            (first, parts) = (sequence, Parts::default());
        }
        next = sequence + 1;
        parts.bytes += size_of(&message);
        parts.bodies.push(message.payload.clone());
        if parts.bodies.len() != number {
            return Err(format!("message {sequence} is a part of something that is not whole"));
        }
        if number < of {
            continue;
        }
        let Parts { bodies, bytes } = std::mem::take(&mut parts);
        let (is_own, own) = (own.is_some(), own.take());
        debug_assert!(
            !is_whole || own.as_ref().is_none_or(|own| serde_json::to_vec(&**own).ok() == Some(bodies.concat())),
            "another message bears its id"
        );
        let op = match own {
            Some(own) => own,
            None => Arc::new(read(&bodies).map_err(|why| format!("message {first}: {why}"))?),
        };
        fold(journal, (first, sequence), op, bytes)?;
        companies.met(is_own, is_owners);
        if companies.reads() != reads || journal.may_sleep() {
            return Ok(Read::Otherwise);
        }
    }
}

/// A message did not come, and one after it did, or is the first that there is.
async fn passed_by(journal: &Journal, gap: &mut Option<u64>, missed: u64, came: u64) -> Result<Read, String> {
    if *gap != Some(missed) {
        // What was on its way may be lost with a connection: whoever asks anew sees whether it is there.
        *gap = Some(missed);
        return Ok(Read::Broken);
    }
    // What is deleted is in a snapshot: whoever is older than that begins with it.
    let snapshot = match journal.read_snapshot().await {
        Ok(snapshot) => snapshot,
        Err(StoreError::Unusable(why)) => return Err(why),
        Err(_) => {
            sleep(Duration::from_secs(1)).await;
            return Ok(Read::Broken);
        }
    };
    let Some((state, bytes)) = snapshot.filter(|(state, _)| state.applied >= came - 1) else {
        // Whoever brought the later one may not have had it: the server that leads says whether it is there.
        use async_nats::jetstream::stream::LastRawMessageErrorKind::NoMessageFound;
        let found = timeout(QUIET, journal.stream.get_raw_message(missed)).await;
        let is_gone = matches!(found, Ok(Err(error)) if error.kind() == NoMessageFound);
        return Ok(if is_gone { Read::Missing(missed) } else { Read::Broken });
    };
    let applied = state.applied;
    *journal.state() = state;
    journal.snapshot_bytes.store(bytes, Ordering::Relaxed);
    let _: Result<u64, String> = journal.folded.send_replace(Ok(applied));
    (journal.news)(&journal.workspace);
    Ok(Read::Broken)
}

/// The parts of an operation that came so far, and their bytes, which are told where the parts are not.
#[derive(Default)]
struct Parts {
    bodies: Vec<bytes::Bytes>,
    bytes: usize,
}

/// Folds an operation.
fn fold(journal: &Journal, (first, last): (u64, u64), op: Arc<Op>, bytes: usize) -> Result<(), String> {
    let outcome = {
        let mut state = journal.state();
        let outcome = state.fold(&journal.workspace, (first, last), &op);
        state.put_aside(&journal.ground, &op.does);
        outcome
    };
    // What could not be read or put aside leaves half a state.
    journal.ground.sound().map_err(|error| error.to_string())?;
    let is_logged = matches!(
        (&op.does, &outcome),
        (Does::Append(_) | Does::Route { .. } | Does::Forward { .. } | Does::Settle { .. } | Does::Commit(_), Some(_))
    );
    let id = op.id;
    if !op.does.inputs().is_empty() || !op.does.records().is_empty() {
        journal.bodies.put(first, op, bytes);
    }
    journal.since_snapshot.fetch_add(bytes as u64, Ordering::Relaxed);
    let awaited = journal.awaited().remove(&id);
    let by_others = awaited.is_none();
    if let (Some(Awaited { told, .. }), Some(outcome)) = (awaited, outcome) {
        // Whoever does not wait any longer has given up.
        let _: Result<(), Outcome> = told.send(outcome);
    }
    let _: Result<u64, String> = journal.folded.send_replace(Ok(last));
    if is_logged && by_others {
        (journal.news)(&journal.workspace);
    }
    Ok(())
}

/// The operation of these parts.
pub(super) fn read(parts: &[bytes::Bytes]) -> Result<Op, String> {
    let whole;
    let form: &[u8] = match parts {
        [one] => one,
        parts => {
            whole = parts.concat();
            &whole
        }
    };
    #[derive(serde::Deserialize)]
    struct Version {
        v: u32,
    }
    let damaged = |error: serde_json::Error| format!("it is damaged: {:?}", error.classify());
    let op = serde_json::from_slice::<Op>(form);
    match op {
        Ok(op) if op.v <= VERSION => Ok(op),
        result => match serde_json::from_slice::<Version>(form) {
            Ok(Version { v }) if v > VERSION => {
                Err(format!("it is of version {v}, and this build knows versions up to {VERSION}: use a newer one"))
            }
            _ => result.map_err(damaged),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{ALONE, Company, LONG, LOOKS, Missing, OWN};
    use std::time::{Duration, Instant};

    fn ago(duration: Duration) -> Instant {
        Instant::now().checked_sub(duration).unwrap_or_else(Instant::now)
    }

    #[test]
    fn s2_who_is_alone_reads_places_and_who_is_not_reads_everything() {
        let mut company = Company::default();
        let changes: Vec<u32> = (1..=2 * OWN).filter(|_| company.met(true)).collect();
        assert_eq!(changes, [OWN], "after so many of its own, once");
        assert!(company.is_alone);
        assert!(company.met(false), "another's is read whole");
        assert!((0..3 * OWN).all(|_| !company.met(true)), "and so is what comes soon after it");
        company.other = Some(ago(ALONE));
        assert!(!company.met(true), "twice as long after one who came back at once");
        company.other = Some(ago(2 * ALONE));
        assert!(company.met(true) && company.is_alone, "not for ever");
        assert!(company.met(false) && !company.met(false) && !company.is_alone);
        company.other = Some(ago(LONG));
        assert!((1..OWN).all(|_| !company.met(true)) && company.met(true), "as many anew");
        company.since = ago(LONG);
        assert!(company.met(false) && company.patience == ALONE, "and as soon as ever after a long time alone");
    }

    #[test]
    fn s2_a_message_is_looked_for_so_often_whatever_was_missed_before() {
        let mut missing = Missing::default();
        assert!((0..LOOKS).all(|_| missing.is_looked_for_again(6)));
        assert!(!missing.is_looked_for_again(6));
        assert!((0..LOOKS).all(|_| missing.is_looked_for_again(5)), "one before it has looks of its own");
        assert!(!missing.is_looked_for_again(5));
        assert!(missing.is_looked_for_again(7));
    }
}
