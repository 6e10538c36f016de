//! After a database was restored from a backup (S4).

use crate::{
    PostgresStore,
    form::key,
    statement::{begin, changed, end, whole},
};
use chatsparks_core::Instant;
use chatsparks_ports::StoreError;

/// The note that says when a store was restored: events that come again after it may have had their effects before.
const RESTORED_AT: &str = "restored_at";

impl PostgresStore {
    /// Marks a database that was restored from a backup, before anything serves it: effects that waited begin in doubt,
    /// since nobody knows whether they were sent after the backup was made; each workspace gets a note `restored_at` with
    /// `at`; leases of before are void. How many effects are in doubt.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when somebody serves it.
    pub async fn mark_restored(&self, at: Instant) -> Result<u64, StoreError> {
        self.with(move |_, client| async move {
            whole(client, async |client| {
                begin(client).await?;
                // Whoever served what the backup was made of is not here.
                changed(client, "DELETE FROM worker", &[]).await?;
                changed(client, "UPDATE lease SET worker = NULL WHERE worker IS NOT NULL", &[]).await?;
                // A worker of before, should there be one after all, is superseded.
                changed(client, "UPDATE shard SET fence = fence + 1", &[]).await?;
                let doubted = changed(client, "UPDATE effect SET state = 1 WHERE state = 0", &[]).await?;
                let sql = "INSERT INTO note (workspace, name, text) SELECT number, $1, $2 FROM workspace
                     ON CONFLICT (workspace, name) DO UPDATE SET text = excluded.text";
                changed(client, sql, &[&RESTORED_AT, &&*key(&at.to_string())]).await?;
                end(client).await?;
                Ok(doubted)
            })
            .await
        })
        .await
    }
}
