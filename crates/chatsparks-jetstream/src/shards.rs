//! Partitions of a store on JetStream.

use crate::{
    JetStreamStore,
    journal::Journal,
    log::unexpected,
    op::{Committed, Does, DrawForm, EffectForm, RecordForm, RowForm, raw},
    state::Outcome,
};
use chatsparks_core::{Answer, Event, EventId, Instant, Row, UserId, Wants, WorkspaceId};
use chatsparks_ports::{
    Alone, Beat, Commit, Fence, Limit, NewRecord, Opened, Position, Shard, Shards, Share, StoreError,
};
use serde_json::value::to_raw_value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

fn row_form(row: &Row) -> Result<RowForm, StoreError> {
    let key = row.key();
    let milliseconds = |at: Option<Instant>| at.map(Instant::as_milliseconds);
    let form = match row {
        Row::Event(..) | Row::Comment(..) | Row::Message(..) | Row::Refund(..) => None,
        row => Some(raw(row)?),
    };
    Ok(RowForm {
        kind: key.kind().to_owned(),
        name: key.name(),
        form,
        due: milliseconds(row.next_due()),
        queued: milliseconds(row.queued_at()),
        from: milliseconds(row.remembered_from()),
    })
}

fn record_form(record: NewRecord) -> Result<RecordForm, StoreError> {
    let evaluation = record
        .evaluation
        .map(|(comment_id, evaluation)| raw(&*evaluation).map(|form| (comment_id.as_str().to_owned(), form)));
    Ok(RecordForm {
        seq: record.seq,
        at: record.at.as_milliseconds(),
        event: record.event,
        user_id: record.user_id,
        line: record.line,
        evaluation: evaluation.transpose()?,
    })
}

impl Committed {
    fn of(partition: u32, fence: Fence, commit: Commit) -> Result<Self, StoreError> {
        let documents = commit.documents.iter().map(|(revision, document)| {
            to_raw_value(&**document).map(|form| (*revision, form)).map_err(crate::failure::form)
        });
        let granted = commit.granted.iter().map(|placed| raw(&placed.envelope).map(|form| (placed.before, form)));
        let numbers = commit.insights.numbers();
        let insights = numbers.map(|(number, by)| serde_json::to_string(number).map(|number| (number, by)));
        Ok(Self {
            insights: insights.collect::<Result<_, _>>().map_err(crate::failure::form)?,
            partition,
            fence: fence.0,
            decided: commit.decided,
            rows: commit.rows.iter().map(row_form).collect::<Result<_, _>>()?,
            documents: documents.collect::<Result<_, _>>()?,
            granted: granted.collect::<Result<_, _>>()?,
            effects: commit.effects.iter().map(EffectForm::of).collect::<Result<_, _>>()?,
            keeps_tried: !commit.withdrawn.is_empty(),
            withdrawn: commit.withdrawn,
            drawn: commit.drawn.iter().map(DrawForm::from).collect(),
            erased: commit.erased.into_iter().map(|(user_id, seq)| (user_id, seq, u64::MAX)).collect(),
            records: commit.records.into_iter().map(record_form).collect::<Result<_, _>>()?,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }
}

impl Journal {
    /// Where the log says that somebody is forgotten: what stands before it is theirs of before.
    async fn where_erased(&self, commit: &Committed, user_id: &UserId, seq: u64) -> Result<Position, StoreError> {
        let beyond = commit.decided + 1;
        let said_by = match commit.records.iter().find(|record| record.seq == seq) {
            Some(record) => record.event.clone(),
            None => self.event_of(commit.partition, seq).await?,
        };
        let Some(said_by) = said_by else { return Ok(beyond) };
        let theirs: Vec<Position> = {
            let state = self.state();
            let part = state.part(commit.partition);
            let log = part.into_iter().flat_map(|part| part.log_of(user_id, 0));
            log.map(|(position, _)| position).take_while(|position| *position <= commit.decided).collect()
        };
        for position in theirs.into_iter().rev() {
            let limit = Limit { events: 1, bytes: usize::MAX };
            let logged = self.logged(commit.partition, position - 1, position, limit).await?;
            let is_it =
                |id: &EventId, event: &Event| *id == said_by && matches!(event, Event::Erase(of) if of == user_id);
            if logged.iter().any(|logged| is_it(&logged.envelope.id, &logged.envelope.event)) {
                return Ok(position);
            }
        }
        Ok(beyond)
    }

    async fn event_of(&self, partition: u32, seq: u64) -> Result<Option<EventId>, StoreError> {
        let forms = self.record_forms(|journal| {
            let state = journal.state();
            let kept = state.part(partition).and_then(|part| part.records.get(&seq).map(Cow::into_owned));
            kept.map(|kept| (partition, seq, kept)).into_iter().collect()
        });
        Ok(forms.await?.into_iter().next().and_then(|(_, _, form)| form.event))
    }
}

impl Shards for JetStreamStore {
    fn partitions(&self) -> u32 {
        self.0.partitions
    }

    async fn open(&self, shard: &Shard) -> Result<Opened, StoreError> {
        match self.journal(&shard.workspace).await?.submit(Does::Open(shard.partition)).await? {
            Outcome::Opened(opened) => {
                self.has_opened(shard, opened.fence.0);
                Ok(*opened)
            }
            _ => Err(unexpected()),
        }
    }

    async fn load(&self, shard: &Shard, wants: &Wants) -> Result<Answer, StoreError> {
        Ok(self.of(shard, |part| part.rows.answer(wants)).await?.transpose()?.unwrap_or_default())
    }

    fn commit(
        &self,
        shard: &Shard,
        fence: Fence,
        commit: Commit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        // Forms are made when it is called, beside the commit before.
        let committed = Committed::of(shard.partition, fence, commit);
        async move {
            let mut committed = committed?;
            let journal = self.journal(&shard.workspace).await?;
            for place in 0..committed.erased.len() {
                let Some((user_id, seq, _)) = committed.erased.get(place).cloned() else { continue };
                let before = journal.where_erased(&committed, &user_id, seq).await?;
                if let Some(erased) = committed.erased.get_mut(place) {
                    erased.2 = before;
                }
            }
            match journal.submit(Does::Commit(Box::new(committed))).await? {
                Outcome::Done => Ok(()),
                _ => Err(unexpected()),
            }
        }
    }

    async fn drawn(&self, workspace: &WorkspaceId, cycle: Instant) -> Result<u64, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(0) };
        let state = journal.state();
        Ok(state.pools.get(&cycle.as_milliseconds()).copied().unwrap_or(0))
    }

    async fn decided(&self, shard: &Shard) -> Result<Position, StoreError> {
        Ok(self.of(shard, |part| part.decided).await?.unwrap_or(0))
    }

    async fn next_due(&self, shard: &Shard) -> Result<Option<Instant>, StoreError> {
        Ok(self.of(shard, |part| part.rows.next_due()).await?.flatten().map(Instant::from_milliseconds))
    }

    fn is_shared(&self) -> bool {
        true
    }

    /// Whoever serves one partition has to follow the journal of all: a workspace is served by one process. Which slot it
    /// is in hangs on its id alone, in every process and for ever.
    fn slot(&self, shard: &Shard) -> u32 {
        let digest: [u8; 32] = Sha256::digest(shard.workspace.as_str().as_bytes()).into();
        let number = digest.first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
        number % self.0.partitions
    }

    async fn share(&self, beat: &Beat) -> Result<Share, StoreError> {
        self.beat(beat).await
    }

    async fn alone(&self, workspace: &WorkspaceId) -> Result<Alone, StoreError> {
        self.keep_others_out(workspace).await
    }

    async fn up_to_date(&self, workspace: &WorkspaceId) -> Result<(), StoreError> {
        match self.existing(workspace).await? {
            Some(journal) => journal.catch_up().await,
            None => Ok(()),
        }
    }

    async fn news(&self) -> Vec<WorkspaceId> {
        self.0.news.wait().await
    }
}
