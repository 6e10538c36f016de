//! `store`: where everything is kept.

use super::{
    NatsAddress,
    secret::Secret,
    table::{At, Reading},
};
use std::{
    fmt,
    path::{Path, PathBuf},
};
use toml::{Spanned, de::DeValue};

/// Where everything is kept.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreAddress {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A database of PostgreSQL, by its address, in which a password may stand.
    Postgres(String),
    /// Servers of NATS with JetStream.
    Nats(NatsAddress),
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => out.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => out.write_str("Postgres(..)"),
            Self::Nats(address) => out.debug_tuple("Nats").field(address).finish(),
        }
    }
}

/// `store`: an address, or where one stands that has a password.
pub(super) fn read_store_value<'t>(
    reading: &mut Reading<'_>,
    value: &'t Spanned<DeValue<'t>>,
    base: &Path,
) -> Option<StoreAddress> {
    let span = value.span();
    if let Some(value) = value.get_ref().as_str() {
        let has_password = |address: &str| {
            let user = address.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
            user.is_some_and(|(user, _)| user.contains(':')) || address.contains("password=")
        };
        if has_password(value) && !is_nats(value) {
            let help = "write `store = { env = \"CHATSPARKS_STORE\" }`, and the address there";
            reading.fault(&span, "`store`: a password never stands in the configuration itself", help);
            return None;
        }
        return read_store(reading, &At { value, span }, base);
    }
    let (secret, table) = Secret::read(reading, "store", value, "store", base)?;
    table.end(reading);
    let found = secret.get().map_err(|missing| reading.fault(&span, missing.message, missing.help)).ok()?;
    read_store(reading, &At { value: found.first()?.as_str(), span }, base)
}

fn is_nats(address: &str) -> bool {
    address.starts_with("nats:") || address.starts_with("tls:")
}

fn read_store(reading: &mut Reading<'_>, store: &At<&str>, base: &Path) -> Option<StoreAddress> {
    match store.value.split_once(':') {
        Some(("postgres" | "postgresql", _)) => return Some(StoreAddress::Postgres(store.value.to_owned())),
        Some(("sqlite", path)) if !path.is_empty() => {
            let path = path.strip_prefix("//").unwrap_or(path);
            return Some(StoreAddress::Sqlite(base.join(path)));
        }
        Some(("nats" | "tls", rest)) if rest.contains('@') => {
            let help = "name user and password, token or credentials under `[nats]`";
            reading.fault(&store.span, "`store`: a password never stands in the configuration itself", help);
        }
        Some(("nats" | "tls", _)) => {
            let url = store.value.to_owned();
            return Some(StoreAddress::Nats(NatsAddress { url, ..NatsAddress::default() }));
        }
        // The address is not shown: a password may stand in it.
        _ => {
            let message = "`store`: expected `sqlite:` and the path of a file, `postgres://` and a database, or `nats://` and \
                           servers";
            reading.fault(&store.span, message, "");
        }
    }
    None
}
