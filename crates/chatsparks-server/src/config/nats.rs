//! `[nats]`: how one says who one is to servers of NATS. Secrets are named, and read at the start.

use super::{
    secret::Secret,
    table::{Reading, Table},
};
use std::{fmt, path::Path};

/// Servers of NATS, and who one is there.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NatsAddress {
    /// `nats://HOST:PORT,HOST:PORT/NAME?replicas=3`, or `tls://…`.
    pub url: String,
    /// A user and a password.
    pub user: Option<(String, String)>,
    /// A token.
    pub token: Option<String>,
    /// The text of a file of credentials (`.creds`).
    pub credentials: Option<String>,
}

impl fmt::Debug for NatsAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NatsAddress").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Reads the table, where it is there.
pub(super) fn read<'t>(reading: &mut Reading<'_>, root: &mut Table<'t>, base: &Path) -> Option<NatsAddress> {
    let mut table = root.table(reading, "nats", "[nats]")?;
    let span = table.span.clone();
    let mut address = NatsAddress::default();
    let user = table.text(reading, "user");
    let password = secret(reading, &mut table, "password", base);
    address.token = secret(reading, &mut table, "token", base);
    for value in table.several("credentials") {
        let Some((secret, inner)) = Secret::read(reading, "credentials", value, "credentials", base) else { continue };
        inner.end(reading);
        match secret.text() {
            Ok(text) => address.credentials = Some(text),
            Err(missing) => reading.fault(&secret.span, missing.message, missing.help),
        }
    }
    match (user, password) {
        (Some(user), Some(password)) => address.user = Some((user.value.to_owned(), password)),
        (None, None) => {}
        _ => reading.fault(&span, "[nats]: `user` and `password` go together", ""),
    }
    let ways = [address.user.is_some(), address.token.is_some(), address.credentials.is_some()];
    if ways.into_iter().filter(|given| *given).count() > 1 {
        reading.fault(&span, "[nats]: one of `user`, `token` and `credentials` says who one is", "");
    }
    table.end(reading);
    Some(address)
}

fn secret<'t>(reading: &mut Reading<'_>, table: &mut Table<'t>, key: &'static str, base: &Path) -> Option<String> {
    let mut found = None;
    for value in table.several(key) {
        let Some((secret, inner)) = Secret::read(reading, key, value, key, base) else { continue };
        inner.end(reading);
        match secret.get() {
            Ok(secrets) => found = secrets.into_iter().next(),
            Err(missing) => reading.fault(&secret.span, missing.message, missing.help),
        }
    }
    found
}
