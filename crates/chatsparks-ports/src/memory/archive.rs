//! What was decided, in memory.

use super::{HeldShard, MemoryStore};
use crate::{
    Archive, Cursor, KeptRecord, Limit, Log, Logged, NewRecord, Position, Shard, StoreError, Stretch, history,
};
use chatsparks_core::{
    CommentId, Envelope, Evaluation, InsightNumber, Instant, Key, Row, UserId, WorkspaceId, workspace::Workspace,
};
use std::{ops::Bound, sync::Arc};

fn kept(partition: u32, record: &NewRecord) -> KeptRecord {
    KeptRecord { partition, seq: record.seq, line: record.line.get().to_owned() }
}

impl MemoryStore {
    fn each<T>(&self, workspace: &WorkspaceId, mut read: impl FnMut(u32, &HeldShard) -> T) -> Vec<T> {
        let held = self.held();
        let of_it = held.shards.iter().filter(|(shard, _)| shard.workspace == *workspace && !shard.is_checkpoint());
        of_it.map(|(shard, held)| read(shard.partition, held)).collect()
    }
}

impl Archive for MemoryStore {
    async fn workspaces(&self) -> Result<Vec<WorkspaceId>, StoreError> {
        let held = self.held();
        let all: std::collections::BTreeSet<WorkspaceId> =
            held.shards.keys().map(|shard| shard.workspace.clone()).collect();
        Ok(all.into_iter().collect())
    }

    async fn records(
        &self,
        workspace: &WorkspaceId,
        after: &Cursor,
        limit: usize,
    ) -> Result<(Vec<KeptRecord>, Cursor), StoreError> {
        let mut read = after.0.clone();
        read.resize(self.partitions as usize, 0);
        let mut left = limit;
        let mut not_kept = None;
        let records = self.each(workspace, |partition, shard| {
            let Some(next) = read.get_mut(partition as usize) else { return Vec::new() };
            if *next < shard.record_first {
                not_kept = Some(shard.record_first);
            }
            let records: Vec<_> =
                shard.records.range(*next..).take(left).map(|(_, record)| kept(partition, record)).collect();
            left -= records.len();
            *next = records.last().map_or(*next, |record| record.seq + 1);
            records
        });
        match not_kept {
            Some(first) => Err(StoreError::NotKept(first)),
            None => Ok((records.concat(), Cursor(read))),
        }
    }

    async fn row(&self, workspace: &WorkspaceId, key: &Key) -> Result<Option<Row>, StoreError> {
        Ok(self.each(workspace, |_, shard| shard.rows.get(key).cloned()).into_iter().flatten().next())
    }

    async fn rows(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let after = after.unwrap_or_default();
        let of = |key: &Key| key.kind() == kind && key.name().as_str() > after;
        let rows = self.each(workspace, |_, shard| {
            let rows = shard.rows.iter().filter(|(key, _)| of(key));
            rows.map(|(key, row)| (key.name(), row.clone())).collect::<Vec<_>>()
        });
        let mut rows = rows.concat();
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(rows.into_iter().take(limit).map(|(_, row)| row).collect())
    }

    async fn heads(&self, workspace: &WorkspaceId) -> Result<Vec<Vec<Row>>, StoreError> {
        let parts = [Key::Clock, Key::Terms, Key::Room];
        let head = |partition| {
            let shard = Shard { workspace: workspace.clone(), partition };
            let head = |shard: &HeldShard| parts.iter().filter_map(|key| shard.rows.get(key)).cloned().collect();
            self.shard(&shard, head).unwrap_or_default()
        };
        Ok((0..self.partitions).map(head).collect())
    }

    async fn insights(&self, workspace: &WorkspaceId) -> Result<Vec<(InsightNumber, i128)>, StoreError> {
        let numbers = |shard: &HeldShard| shard.insights.iter().map(|(number, sum)| (number.clone(), *sum)).collect();
        Ok(self.each::<Vec<_>>(workspace, |_, shard| numbers(shard)).concat())
    }

    async fn document(&self, workspace: &WorkspaceId, revision: u32) -> Result<Option<Arc<Workspace>>, StoreError> {
        Ok(self.held().documents.get(&(workspace.clone(), revision)).cloned())
    }

    async fn evaluation(
        &self,
        workspace: &WorkspaceId,
        comment_id: &CommentId,
    ) -> Result<Option<Evaluation>, StoreError> {
        let found = self.each(workspace, |_, shard| {
            let mut evaluations = shard.records.values().filter_map(|record| record.evaluation.as_ref());
            evaluations.find(|(of, _)| of == comment_id).map(|(_, evaluation)| (**evaluation).clone())
        });
        Ok(found.into_iter().flatten().next())
    }

    async fn evaluations(
        &self,
        shard: &Shard,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Evaluation)>, StoreError> {
        let found = self.shard(shard, |shard| {
            let records = shard.records.range(..before.unwrap_or(u64::MAX)).rev();
            let of = |(seq, record): (&u64, &NewRecord)| Some((*seq, (*record.evaluation.as_ref()?.1).clone()));
            records.filter_map(of).take(limit).collect()
        });
        Ok(found.unwrap_or_default())
    }

    async fn records_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        limit: usize,
    ) -> Result<Vec<KeptRecord>, StoreError> {
        let found = self.each(workspace, |partition, shard| {
            let of = shard.records.values().filter(|record| record.user_id.as_ref() == Some(user_id));
            of.map(|record| (record.at, kept(partition, record))).collect::<Vec<_>>()
        });
        let mut found = found.concat();
        found.sort_by_key(|(at, record)| (*at, record.partition, record.seq));
        Ok(found.into_iter().take(limit).map(|(_, record)| record).collect())
    }

    async fn events_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        after: Option<(u32, Position)>,
        limit: usize,
    ) -> Result<Vec<(u32, Logged)>, StoreError> {
        let found = self.each(workspace, |partition, shard| {
            let theirs = shard.log.iter().filter(|(position, (envelope, _))| {
                envelope.event.user_id() == Some(user_id) && Some((partition, **position)) > after
            });
            let logged =
                theirs.map(|(position, (envelope, _))| Logged { position: *position, envelope: envelope.clone() });
            logged.map(|logged| (partition, logged)).collect::<Vec<_>>()
        });
        Ok(found.concat().into_iter().take(limit).collect())
    }

    async fn events_naming(&self, shard: &Shard, keys: &[Key], limit: usize) -> Result<Vec<Logged>, StoreError> {
        let found = self.shard(shard, |shard| {
            let of = |envelope: &Envelope| envelope.event.names().is_some_and(|key| keys.contains(&key));
            let named = shard.log.iter().filter(|(_, (envelope, _))| of(envelope)).take(limit);
            named.map(|(position, (envelope, _))| Logged { position: *position, envelope: envelope.clone() }).collect()
        });
        Ok(found.unwrap_or_default())
    }

    async fn stretch(&self, shard: &Shard) -> Result<Stretch, StoreError> {
        let stretch = self.shard(shard, |shard| Stretch {
            from: shard.log_first,
            first_record: shard.record_first,
            erased_since: shard.log.values().filter(|(_, erased)| *erased).map(|(envelope, _)| envelope.at).min(),
        });
        Ok(stretch.unwrap_or(Stretch { from: 1, first_record: 0, erased_since: None }))
    }

    async fn history(
        &self,
        shard: &Shard,
        after: Position,
        until: Position,
        limit: Limit,
    ) -> Result<Vec<Logged>, StoreError> {
        if after > until {
            return Ok(Vec::new());
        }
        let mut logged = self.read(shard, after, limit).await?;
        let last = history::cut_at(&mut logged, after, until);
        let granted = self.shard(shard, |shard| {
            let granted = shard.granted.range((after + 1, 0)..=(last, usize::MAX));
            let logged = |((position, _), envelope): (&(Position, usize), &Envelope)| Logged {
                position: *position,
                envelope: envelope.clone(),
            };
            granted.map(logged).collect::<Vec<_>>()
        });
        Ok(history::with_grants(granted.unwrap_or_default(), logged))
    }

    async fn note(&self, workspace: &WorkspaceId, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.held().notes.get(&(workspace.clone(), name.to_owned())).cloned())
    }

    async fn write_note(&self, workspace: &WorkspaceId, name: &str, text: &str) -> Result<(), StoreError> {
        self.held().notes.insert((workspace.clone(), name.to_owned()), text.to_owned());
        Ok(())
    }

    async fn replace_note(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: Option<&str>,
        text: &str,
    ) -> Result<bool, StoreError> {
        let (mut held, key) = (self.held(), (workspace.clone(), name.to_owned()));
        let stands = held.notes.get(&key).map(String::as_str) == before;
        if stands {
            held.notes.insert(key, text.to_owned());
        }
        Ok(stands)
    }

    async fn shard_rows(&self, shard: &Shard, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.shard(shard, |shard| {
            let after = after.map_or(Bound::Unbounded, |key| Bound::Excluded(key.clone()));
            shard.rows.range((after, Bound::Unbounded)).take(limit).map(|(_, row)| row.clone()).collect()
        });
        Ok(rows.unwrap_or_default())
    }

    async fn cut(&self, shard: &Shard, until: Position, first_record: u64, limit: usize) -> Result<usize, StoreError> {
        let mut left = limit;
        if let Some(shard) = self.held().shards.get_mut(shard) {
            let until = until.min(shard.decided);
            while let Some((seq, _)) =
                shard.records.first_key_value().filter(|(seq, _)| left > 0 && **seq < first_record)
            {
                shard.record_first = seq + 1;
                shard.records.pop_first();
                left -= 1;
            }
            while let Some((position, _)) =
                shard.log.first_key_value().filter(|(position, _)| left > 0 && **position <= until)
            {
                shard.log_first = position + 1;
                shard.log.pop_first();
                left -= 1;
            }
            let first = shard.log_first;
            shard.granted.retain(|(position, _), _| *position >= first);
        }
        Ok(limit - left)
    }

    async fn clear(
        &self,
        checkpoint: &Shard,
        remembered_before: Option<Instant>,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let mut held = self.held();
        let Some(shard) = held.shards.get_mut(checkpoint).filter(|_| checkpoint.is_checkpoint()) else { return Ok(0) };
        let goes =
            |row: &Row| remembered_before.is_none_or(|before| row.remembered_from().is_some_and(|from| from < before));
        Ok(shard.delete(goes, limit))
    }

    async fn prune(&self, workspace: &WorkspaceId, ids_before: Instant, limit: usize) -> Result<usize, StoreError> {
        let mut left = limit;
        let mut held = self.held();
        let of_it = |shard: &Shard| shard.workspace == *workspace && !shard.is_checkpoint();
        for shard in held.shards.iter_mut().filter(|(shard, _)| of_it(shard)).map(|(_, held)| held) {
            left -= shard.delete(|row| row.remembered_from().is_some_and(|from| from < ids_before), left);
            left -= shard.drop_outcomes(left);
        }
        held.places.retain(|(of, key), (_, since)| of != workspace || !key.is_of_an_event() || *since >= ids_before);
        held.pools.retain(|(of, cycle), _| of != workspace || *cycle >= ids_before);
        Ok(limit - left)
    }
}
