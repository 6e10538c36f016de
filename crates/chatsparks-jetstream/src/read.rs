//! Reading what stands in a journal, by what the state says of where.

use crate::{
    JetStreamStore,
    journal::Journal,
    op::{In, RecordForm, read},
    state::{Body, Entry, Kept, Part},
};
use chatsparks_core::{Envelope, Instant};
use chatsparks_ports::{KeptRecord, Limit, Logged, Position, Shard, StoreError, erasure};

impl JetStreamStore {
    /// Reads a partition's state; none: nothing was ever written of its workspace.
    pub(crate) async fn of<T>(&self, shard: &Shard, look: impl FnOnce(&Part) -> T) -> Result<Option<T>, StoreError> {
        let Some(journal) = self.existing(&shard.workspace).await? else { return Ok(None) };
        journal.look(|state| state.part(shard.partition).map(look))
    }
}

/// How often something is looked for that is moved meanwhile.
const TRIES: usize = 5;

fn moved() -> StoreError {
    StoreError::Unavailable("what was to be read was deleted meanwhile".to_owned())
}

impl Journal {
    /// The events after one position and until another, in order.
    pub(crate) async fn logged(
        &self,
        partition: u32,
        after: Position,
        until: Position,
        limit: Limit,
    ) -> Result<Vec<Logged>, StoreError> {
        let found = || {
            let entries = self.entries(partition, after, until, limit);
            entries.into_iter().map(|(position, entry)| (partition, position, entry)).collect()
        };
        Ok(self.events(found).await?.into_iter().map(|(_, logged)| logged).collect())
    }

    /// Events, by where they stand now, each with its partition: `find` may be asked again.
    pub(crate) async fn events(
        &self,
        find: impl Fn() -> Vec<(u32, Position, Entry)>,
    ) -> Result<Vec<(u32, Logged)>, StoreError> {
        for _ in 0..TRIES {
            let entries = find();
            self.ground.sound()?;
            let wanted = entries.iter().filter_map(|(_, _, entry)| match entry.body {
                Body::In(op, _) => Some(op),
                Body::Here(_) => None,
            });
            let bodies = self.bodies(wanted.collect()).await?;
            let logged = entries.iter().map(|(partition, position, entry)| {
                let mut envelope: Envelope = match &entry.body {
                    Body::Here(form) => read(form)?,
                    Body::In(op, place) => {
                        let input: Option<&In> = bodies.get(op).and_then(|op| op.input(*place));
                        let Some(input) = input else { return Ok(None) };
                        Envelope::clone(input.form.words()?)
                    }
                };
                envelope.at = Instant::from_milliseconds(entry.at);
                if entry.erased {
                    erasure::forget_event(&mut envelope);
                }
                Ok(Some((*partition, Logged { position: *position, envelope })))
            });
            if let Some(logged) = logged.collect::<Result<Option<Vec<_>>, StoreError>>()? {
                return Ok(logged);
            }
            self.catch_up().await?;
        }
        Err(moved())
    }

    fn entries(&self, partition: u32, after: Position, until: Position, limit: Limit) -> Vec<(Position, Entry)> {
        let state = self.state();
        let Some(part) = state.part(partition) else { return Vec::new() };
        let (mut entries, mut bytes) = (Vec::new(), 0_usize);
        let Some(first) = after.checked_add(1).filter(|first| *first <= until) else { return entries };
        for (position, entry) in part.log().range(first..=until).take(limit.events.max(1)) {
            bytes = bytes.saturating_add(entry.bytes as usize);
            if bytes > limit.bytes && !entries.is_empty() {
                break;
            }
            entries.push((position, entry.into_owned()));
        }
        entries
    }

    /// Records, by where they stand now: `find` may be asked again.
    pub(crate) async fn record_forms(
        &self,
        find: impl Fn(&Self) -> Vec<(u32, u64, Kept)>,
    ) -> Result<Vec<(u32, Kept, RecordForm)>, StoreError> {
        for _ in 0..TRIES {
            let found = find(self);
            self.ground.sound()?;
            let bodies = self.bodies(found.iter().map(|(_, _, kept)| kept.op).collect()).await?;
            let forms = found.into_iter().map(|(partition, _, kept)| {
                let form = bodies.get(&kept.op)?.record(kept.place)?.clone();
                Some((partition, kept, form))
            });
            if let Some(forms) = forms.collect() {
                return Ok(forms);
            }
            self.catch_up().await?;
        }
        Err(moved())
    }
}

/// A record as it is told.
pub(crate) fn told((partition, kept, form): (u32, Kept, RecordForm)) -> Result<KeptRecord, StoreError> {
    let line = match kept.forgotten {
        true => erasure::forget_line(form.line.get()).map_err(crate::failure::form)?,
        false => form.line.get().to_owned(),
    };
    Ok(KeptRecord { partition, seq: form.seq, line })
}
