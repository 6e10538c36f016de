//! `[workspace.http]`: an endpoint that performs effects, and what signs them (H1).

use super::{
    secret::Secret,
    table::{Reading, Table},
    workspace::read_rate,
};
use chatsparks_http_channel::{Endpoint, HttpChannel};
use chatsparks_runtime::Rate;
use std::{path::Path, sync::Arc, time::Duration};
use toml::{Spanned, de::DeValue};

/// What signs effects: its secrets, and the channel that was made with them.
pub(super) struct Signer {
    pub(super) secret: Secret,
    pub(super) channel: Arc<HttpChannel>,
}

pub(super) type Http = (Signer, Vec<Rate>, Duration);

/// `[workspace.http]`; its secret is only asked for where it is used.
pub(super) fn read_http(reading: &mut Reading<'_>, mut table: Table<'_>, used: bool, base: &Path) -> Option<Http> {
    let url = table.needed(reading, "url", "write `url = \"http://127.0.0.1:9000/effects\"`");
    let values = table.several("secret");
    let secret = match values.as_slice() {
        [] => {
            let help = "write `secret = { env = \"EFFECTS_SECRET\" }`";
            let span = table.span.clone();
            reading.fault(&span, "[workspace.http]: missing key `secret`", help);
            None
        }
        [value] => read_secret(reading, "secret", value, base),
        [first, ..] => {
            reading.fault(
                &first.span(),
                "`secret`: expected one",
                "a file may hold two, one a line, while it is changed",
            );
            None
        }
    };
    let rates = table.texts(reading, "rate");
    let rates = rates.iter().filter_map(|rate| read_rate(reading, "rate", rate)).collect();
    let timeout = Duration::from_secs(table.whole(reading, "timeout_seconds", 1..=600).unwrap_or(10));
    table.end(reading);
    let (url, secret) = (url?, secret?);
    if !used {
        return None;
    }
    let secrets = secret.get().map_err(|missing| reading.fault(&secret.span, missing.message, missing.help)).ok()?;
    let mut secrets = secrets.iter();
    let mut endpoint = Endpoint::new(url.value, secrets.next()?);
    for further in secrets {
        endpoint = endpoint.and_then(|endpoint| endpoint.signed_too(further));
    }
    let channel = endpoint.and_then(|endpoint| HttpChannel::new(endpoint.within(timeout)));
    match channel {
        Ok(channel) => Some((Signer { channel: Arc::new(channel), secret }, rates, timeout)),
        Err(error) => {
            let at =
                if matches!(error, chatsparks_http_channel::EndpointError::Secret) { &secret.span } else { &url.span };
            reading.fault(at, format!("[workspace.http]: {error}"), "");
            None
        }
    }
}

fn read_secret<'t>(
    reading: &mut Reading<'_>,
    key: &'static str,
    value: &'t Spanned<DeValue<'t>>,
    base: &Path,
) -> Option<Secret> {
    let (secret, table) = Secret::read(reading, key, value, key, base)?;
    table.end(reading);
    Some(secret)
}
