//! Forgetting a person (R12): what the adapter keeps of them beside the engine's state.

use super::Account;
use crate::{host::HostError, spool::WaitingComment};
use chatsparks_core::UserId;

impl Account {
    /// Forgets what somebody wrote, as far as it waits here: a comment that waits for its text, or for word that it may be
    /// answered, is handed on at once and says nothing. What is decided of it is by its id alone, and ids stay.
    ///
    /// Call it before the `erase` is accepted, so that it reaches what is handed on; and once more after it, for what came
    /// in between. `chatsparks serve` does both.
    ///
    /// # Errors
    /// It is not forgotten, and may be tried again.
    pub async fn forget(&self, user_id: &UserId) -> Result<(), HostError> {
        let inner = &*self.inner;
        let host = inner.host()?;
        let _turn = inner.handing_on.lock().await;
        for (key, comment) in inner.spool.comments_of(host, inner.workspace(), user_id).await? {
            let comment_id = key.strip_prefix("c:").unwrap_or(&key);
            let said_nothing = WaitingComment { text: Some("".into()), handle: None, ..comment };
            let own = inner.is_own(host, inner.document().as_deref(), comment_id, &said_nothing).await;
            inner.hand_on(host, comment_id.into(), said_nothing, own).await?;
            inner.drop_entry(host, &key).await?;
        }
        inner.threads.change(host, inner.workspace(), user_id, |thread| thread.forget()).await
    }
}
