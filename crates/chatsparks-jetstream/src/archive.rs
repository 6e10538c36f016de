//! The archive of a store on JetStream.

use crate::{
    JetStreamStore,
    failure::{form, gone},
    log::unexpected,
    op::{Does, read},
    read::told,
    state::{Kept, Outcome, rows::digest},
    table::of as all_of,
};
use chatsparks_core::{
    CommentId, Evaluation, InsightNumber, Instant, Key, Row, UserId, WorkspaceId, workspace::Workspace,
};
use chatsparks_ports::{
    Archive, Cursor, KeptRecord, Limit, Logged, Position, Shard, StoreError, Stretch, erasure, history,
};
use futures_util::TryStreamExt;
use std::sync::Arc;

impl Archive for JetStreamStore {
    async fn workspaces(&self) -> Result<Vec<WorkspaceId>, StoreError> {
        // A server asks all others, and waits four seconds for one that is slow or gone.
        let mut context = self.0.server.context.clone();
        context.set_timeout(std::time::Duration::from_secs(10));
        let mut streams = context.streams();
        let mut found = Vec::new();
        while let Some(info) = streams.try_next().await.map_err(gone)? {
            let told = |key: &str| info.config.metadata.get(key).map(String::as_str);
            let is_ours =
                told("chatsparks_store") == Some(&self.0.server.name) && told("chatsparks_kind") == Some("journal");
            found.extend(told("chatsparks_workspace").filter(|_| is_ours).map(WorkspaceId::from));
        }
        found.sort_unstable();
        // While servers settle who leads, two of them may answer for one stream.
        found.dedup();
        Ok(found)
    }

    async fn records(
        &self,
        workspace: &WorkspaceId,
        after: &Cursor,
        limit: usize,
    ) -> Result<(Vec<KeptRecord>, Cursor), StoreError> {
        let mut cursor = after.0.clone();
        cursor.resize(self.0.partitions as usize, 0);
        let Some(journal) = self.existing(workspace).await? else { return Ok((Vec::new(), Cursor(cursor))) };
        let not_kept = {
            let state = journal.state();
            let mut behind = cursor.iter().zip(&state.parts).filter(|(next, part)| **next < part.record_first);
            behind.next_back().map(|(_, part)| part.record_first)
        };
        if let Some(first) = not_kept {
            return Err(StoreError::NotKept(first));
        }
        let forms = journal.record_forms(|journal| {
            let state = journal.state();
            let mut found: Vec<(u32, u64, Kept)> = Vec::new();
            for ((partition, part), next) in (0..).zip(&state.parts).zip(&cursor) {
                let left = limit - found.len();
                let records = part.records.range(*next..).take(left);
                found.extend(records.map(|(seq, kept)| (partition, seq, kept.into_owned())));
            }
            found
        });
        let records = forms.await?.into_iter().map(told).collect::<Result<Vec<KeptRecord>, _>>()?;
        for record in &records {
            if let Some(next) = cursor.get_mut(record.partition as usize) {
                *next = record.seq + 1;
            }
        }
        Ok((records, Cursor(cursor)))
    }

    async fn row(&self, workspace: &WorkspaceId, key: &Key) -> Result<Option<Row>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(None) };
        journal.look(|state| state.parts.iter().find_map(|part| part.rows.get(key).transpose()).transpose())?
    }

    async fn rows(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(Vec::new()) };
        let lists = journal.look(|state| {
            let lists = state.parts.iter().map(|part| part.rows.list(kind, after.unwrap_or_default(), limit));
            lists.collect::<Result<Vec<_>, _>>()
        });
        let mut found: Vec<(String, Row)> = lists??.into_iter().flatten().collect();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found.into_iter().take(limit).map(|(_, row)| row).collect())
    }

    async fn heads(&self, workspace: &WorkspaceId) -> Result<Vec<Vec<Row>>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else {
            return Ok(vec![Vec::new(); self.0.partitions as usize]);
        };
        journal.look(|state| state.parts.iter().map(|part| part.rows.head()).collect())?
    }

    async fn insights(&self, workspace: &WorkspaceId) -> Result<Vec<(InsightNumber, i128)>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(Vec::new()) };
        let state = journal.state();
        let numbers = state.parts.iter().flat_map(|part| &part.insights);
        let numbers = numbers.map(|(number, sum)| serde_json::from_str(number).map(|number| (number, *sum)));
        numbers.collect::<Result<_, _>>().map_err(form)
    }

    async fn document(&self, workspace: &WorkspaceId, revision: u32) -> Result<Option<Arc<Workspace>>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(None) };
        let state = journal.state();
        let document = state.documents.get(&revision).map(|document| serde_json::from_str(document));
        Ok(document.transpose().map_err(form)?.map(Arc::new))
    }

    async fn evaluation(
        &self,
        workspace: &WorkspaceId,
        comment_id: &CommentId,
    ) -> Result<Option<Evaluation>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(None) };
        let of = digest("comment", comment_id.as_str());
        let forms = journal.record_forms(|journal| {
            let state = journal.state();
            let found = (0..).zip(&state.parts).find_map(|(partition, part)| {
                let seq = part.evaluated(&of)?;
                Some((partition, seq, part.records.get(&seq)?.into_owned()))
            });
            found.into_iter().collect()
        });
        let Some((_, kept, record)) = forms.await?.into_iter().next() else { return Ok(None) };
        let Some((_, evaluation)) = record.evaluation else { return Ok(None) };
        let mut evaluation: Evaluation = read(evaluation.get())?;
        if kept.forgotten {
            erasure::forget_evaluation(&mut evaluation);
        }
        Ok(Some(evaluation))
    }

    async fn evaluations(
        &self,
        shard: &Shard,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Evaluation)>, StoreError> {
        let Some(journal) = self.existing(&shard.workspace).await? else { return Ok(Vec::new()) };
        let (mut found, mut until) = (Vec::new(), before.unwrap_or(u64::MAX));
        while found.len() < limit {
            // Which records have one stands in their forms alone.
            let forms = journal.record_forms(|journal| {
                let state = journal.state();
                let part = state.part(shard.partition);
                let records = part.into_iter().flat_map(|part| part.records.range_back(..until));
                let records = records.take(limit.clamp(50, 2_000));
                records.map(|(seq, kept)| (shard.partition, seq, kept.into_owned())).collect()
            });
            let forms = forms.await?;
            let Some((.., last)) = forms.last() else { break };
            until = last.seq;
            for (_, kept, form) in forms {
                let Some((_, evaluation)) = form.evaluation else { continue };
                let mut evaluation: Evaluation = read(evaluation.get())?;
                if kept.forgotten {
                    erasure::forget_evaluation(&mut evaluation);
                }
                found.push((form.seq, evaluation));
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn records_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        limit: usize,
    ) -> Result<Vec<KeptRecord>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(Vec::new()) };
        let forms = journal.record_forms(|journal| {
            let state = journal.state();
            let mut found: Vec<(u32, u64, Kept)> = Vec::new();
            for (partition, part) in (0..).zip(&state.parts) {
                let theirs = part.records_of.range(all_of(user_id.clone(), (0, u64::MAX)));
                let kept =
                    theirs.filter_map(|((_, seq), _)| Some((partition, seq, part.records.get(&seq)?.into_owned())));
                found.extend(kept.take(limit));
            }
            found.sort_by_key(|(partition, seq, kept)| (kept.at, *partition, *seq));
            found.truncate(limit);
            found
        });
        forms.await?.into_iter().map(told).collect()
    }

    async fn events_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        after: Option<(u32, Position)>,
        limit: usize,
    ) -> Result<Vec<(u32, Logged)>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(Vec::new()) };
        let found = || {
            let state = journal.state();
            let (first, behind) = after.unwrap_or((0, 0));
            let parts = (0..).zip(&state.parts).skip(first as usize);
            let theirs = parts.flat_map(|(partition, part)| {
                let behind = if partition == first { behind } else { 0 };
                part.log_of(user_id, behind).map(move |(position, entry)| (partition, position, entry.into_owned()))
            });
            theirs.take(limit).collect()
        };
        journal.events(found).await
    }

    async fn events_naming(&self, shard: &Shard, keys: &[Key], limit: usize) -> Result<Vec<Logged>, StoreError> {
        match self.existing(&shard.workspace).await? {
            Some(journal) => journal.naming(shard.partition, keys, limit).await,
            None => Ok(Vec::new()),
        }
    }

    async fn stretch(&self, shard: &Shard) -> Result<Stretch, StoreError> {
        let stretch = self.of(shard, |part| {
            let erased = part.erased.iter().filter_map(|position| part.log().get(position)).map(|entry| entry.at).min();
            Stretch {
                from: part.log_gone + 1,
                first_record: part.record_first,
                erased_since: erased.map(Instant::from_milliseconds),
            }
        });
        Ok(stretch.await?.unwrap_or(Stretch { from: 1, first_record: 0, erased_since: None }))
    }

    async fn history(
        &self,
        shard: &Shard,
        after: Position,
        until: Position,
        limit: Limit,
    ) -> Result<Vec<Logged>, StoreError> {
        let Some(journal) = self.existing(&shard.workspace).await? else { return Ok(Vec::new()) };
        if after > until {
            return Ok(Vec::new());
        }
        let mut logged = journal.logged(shard.partition, after, until, limit).await?;
        let last = history::cut_at(&mut logged, after, until);
        let granted: Vec<(Position, Box<str>)> = {
            let state = journal.state();
            let part = state.part(shard.partition);
            let granted =
                part.into_iter().flat_map(|part| part.granted.range((after.saturating_add(1), 0)..=(last, u64::MAX)));
            granted.map(|((position, _), form)| (position, form.into_owned())).collect()
        };
        let granted = granted.into_iter().map(|(position, form)| Ok(Logged { position, envelope: read(&form)? }));
        Ok(history::with_grants(granted.collect::<Result<_, StoreError>>()?, logged))
    }

    async fn note(&self, workspace: &WorkspaceId, name: &str) -> Result<Option<String>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(None) };
        let state = journal.state();
        Ok(state.notes.get(name).cloned())
    }

    async fn write_note(&self, workspace: &WorkspaceId, name: &str, text: &str) -> Result<(), StoreError> {
        let does = Does::Note { name: name.to_owned(), text: text.to_owned() };
        match self.journal(workspace).await?.submit(does).await? {
            Outcome::Done => Ok(()),
            _ => Err(unexpected()),
        }
    }

    async fn replace_note(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: Option<&str>,
        text: &str,
    ) -> Result<bool, StoreError> {
        let (name, text) = (name.to_owned(), text.to_owned());
        let does = Does::Renote { name, before: before.map(str::to_owned), text };
        match self.journal(workspace).await?.submit(does).await? {
            Outcome::Whether(written) => Ok(written),
            _ => Err(unexpected()),
        }
    }

    async fn shard_rows(&self, shard: &Shard, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError> {
        Ok(self.of(shard, |part| part.rows.all(after, limit)).await?.transpose()?.unwrap_or_default())
    }

    async fn cut(&self, shard: &Shard, until: Position, first_record: u64, limit: usize) -> Result<usize, StoreError> {
        let does = Does::Cut { partition: shard.partition, until, first_record, limit };
        self.counted(&shard.workspace, does).await
    }

    async fn clear(
        &self,
        checkpoint: &Shard,
        remembered_before: Option<Instant>,
        limit: usize,
    ) -> Result<usize, StoreError> {
        if !checkpoint.is_checkpoint() {
            return Ok(0);
        }
        let before = remembered_before.map(Instant::as_milliseconds);
        self.counted(&checkpoint.workspace, Does::Clear { partition: checkpoint.partition, before, limit }).await
    }

    async fn prune(&self, workspace: &WorkspaceId, ids_before: Instant, limit: usize) -> Result<usize, StoreError> {
        self.counted(workspace, Does::Prune { ids_before: ids_before.as_milliseconds(), limit }).await
    }
}

impl JetStreamStore {
    async fn counted(&self, workspace: &WorkspaceId, does: Does) -> Result<usize, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(0) };
        match journal.submit(does).await? {
            Outcome::Count(count) => Ok(count),
            _ => Err(unexpected()),
        }
    }
}
