//! Contacts by the handles that people know them by.

use crate::{failure::Failure, input::Input, nearest::Nearest, terminal::shown};
use chatsparks_core::UserId;
use chatsparks_replay::Replay;

/// The contact that a handle means, with or without its `@`, at the end of a replay.
///
/// An id comes first: this is asked only of what is no contact's id. `history` has to be read again for them.
///
/// # Errors
/// A [`Failure`] where several have the handle, where nobody has, with near ones, or where the history cannot be
/// read a second time.
pub(crate) fn meant(replay: &Replay, wanted: &str, history: &Input, mut nearest: Nearest) -> Result<UserId, Failure> {
    let contacts = replay.contacts();
    let handles = || contacts.iter().filter_map(|contact| Some((bare(contact.handle()?), contact.user_id())));
    let found: Vec<&UserId> = handles().filter(|(handle, _)| *handle == bare(wanted)).map(|(_, id)| id).collect();
    match found[..] {
        [one] if *history != Input::Standard => Ok(one.clone()),
        [one] => {
            let message = format!("`{}` is a handle, and standard input can be read once only", shown(wanted));
            Err(Failure::new(message).help(format!("ask for the contact by id: `{}`", shown(one.as_str()))))
        }
        [] => {
            handles().for_each(|(handle, _)| nearest.consider(&handle));
            Err(nearest.unknown("contact", &format!("`{}`", history.name())))
        }
        _ => {
            let ids: Vec<String> = found.iter().map(|id| format!("`{}`", shown(id.as_str()))).collect();
            let message = format!("{} contacts have the handle `{}`", found.len(), shown(wanted));
            Err(Failure::new(message).help(format!("ask for one by id: {}", ids.join(", "))))
        }
    }
}

/// A handle as it is compared: without its `@`, and without case.
fn bare(handle: &str) -> String {
    handle.strip_prefix('@').unwrap_or(handle).to_lowercase()
}
