//! Notes that several processes may write: each is written by whoever knows what stands there (R5).

use crate::host::{Host, HostError};
use chatsparks_core::WorkspaceId;
use serde::{Serialize, de::DeserializeOwned};

/// What is known to stand in a note; none: nobody looked yet. It is read anew after whatever went wrong.
pub(crate) type Known = Option<Option<String>>;

/// Changes what a note says. It is noted when this answers; where it cannot be, nothing has changed.
///
/// Where another process has written meanwhile, it is changed anew from what stands there by then. A note that cannot be
/// read is as if there were none.
pub(crate) async fn change<T, A>(
    host: &dyn Host,
    (workspace, name): (&WorkspaceId, &str),
    known: &mut Known,
    change: impl Fn(&mut T) -> A,
) -> Result<A, HostError>
where
    T: Clone + Default + PartialEq + Serialize + DeserializeOwned,
{
    if host.is_shared() {
        *known = None;
    }
    loop {
        let stands = match known.take() {
            Some(stands) => stands,
            None => host.note(workspace, name).await?,
        };
        let before: T = stands.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let mut after = before.clone();
        let answer = change(&mut after);
        if after == before {
            *known = Some(stands);
            return Ok(answer);
        }
        let text = serde_json::to_string(&after).unwrap_or_default();
        if host.replace_note(workspace, name, stands.as_deref(), &text).await? {
            *known = Some(Some(text));
            return Ok(answer);
        }
    }
}
