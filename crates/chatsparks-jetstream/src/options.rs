//! How to reach a store.

use chatsparks_ports::StoreError;
use std::{fmt, path::PathBuf, time::Duration};

/// How to reach a store, and what it is made with.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The servers, as `nats://HOST:PORT`: any of a cluster, the others are found through it.
    pub servers: Vec<String>,
    /// The name of the store: several may share the servers.
    pub name: String,
    /// Partitions a workspace, from 1 to 1,024; none: as the store was made, or 64 where it is made now (R3).
    pub partitions: Option<u32>,
    /// How many servers keep each message: 3, or 5; 1 is for tests.
    pub replicas: usize,
    /// A user and a password.
    pub user: Option<(String, String)>,
    /// A token.
    pub token: Option<String>,
    /// The text of a file of credentials (`.creds`).
    pub credentials: Option<String>,
    /// Whether the connection has to be encrypted.
    pub tls: bool,
    /// How long the servers are waited for before something is given up: while they choose a new leader, mostly.
    pub patience: Duration,
    /// Bytes of memory that the states of all workspaces may take, about: 256 MiB, unless it is said. What is beyond lies in a
    /// file, and is read from there.
    pub memory: usize,
    /// The directory of that file, which has no name and is gone with the process; none: where the system has such files. It
    /// is to be on a disk.
    pub directory: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            servers: vec!["nats://127.0.0.1:4222".to_owned()],
            name: "chatsparks".to_owned(),
            partitions: None,
            replicas: 3,
            user: None,
            token: None,
            credentials: None,
            tls: false,
            patience: Duration::from_secs(30),
            memory: 256 << 20,
            directory: None,
        }
    }
}

impl fmt::Debug for Options {
    /// Without secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = out.debug_struct("Options");
        out.field("servers", &self.servers).field("name", &self.name).field("partitions", &self.partitions);
        out.field("replicas", &self.replicas).field("tls", &self.tls).finish_non_exhaustive()
    }
}

impl Options {
    /// From `nats://HOST:PORT,HOST:PORT/NAME?replicas=3`; `tls://` for encryption. Secrets are given beside it. Further
    /// options are `memory`, in MiB, and `directory`: `?memory=1024&directory=/var/lib/chatsparks`.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] for what is no such address.
    pub fn from_url(url: &str) -> Result<Self, StoreError> {
        let wrong = |what: &str| StoreError::Unusable(format!("the address of the NATS store {what}"));
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("does not begin with `nats://`"))?;
        let tls = match scheme {
            "nats" => false,
            "tls" => true,
            _ => return Err(wrong("does not begin with `nats://` or `tls://`")),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, name) = rest.split_once('/').unwrap_or((rest, ""));
        if hosts.contains('@') {
            return Err(wrong("holds a secret: give user and password, token or credentials under `[nats]`"));
        }
        let servers: Vec<String> =
            hosts.split(',').filter(|host| !host.is_empty()).map(|host| format!("{scheme}://{host}")).collect();
        if servers.is_empty() {
            return Err(wrong("names no server"));
        }
        let mut options = Self { servers, tls, ..Self::default() };
        if !name.is_empty() {
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') || name.len() > 32 {
                return Err(wrong(&format!("has the name `{name}`: up to 32 letters, digits and hyphens are one")));
            }
            name.clone_into(&mut options.name);
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("replicas", "1")) => options.replicas = 1,
                Some(("replicas", "3")) => options.replicas = 3,
                Some(("replicas", "5")) => options.replicas = 5,
                Some(("replicas", other)) => return Err(wrong(&format!("asks for `{other}` replicas: 1, 3 or 5"))),
                Some(("memory", mebibytes)) => match mebibytes.parse::<u32>() {
                    Ok(mebibytes @ 1..=1_048_576) => options.memory = (mebibytes as usize) << 20,
                    _ => return Err(wrong(&format!("asks for `{mebibytes}` MiB of memory: from 1 to 1048576"))),
                },
                Some(("directory", directory)) if !directory.is_empty() => options.directory = Some(directory.into()),
                _ => {
                    let known = "there are `replicas`, `memory` and `directory`";
                    return Err(wrong(&format!("has the option `{pair}`, which is unknown: {known}")));
                }
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_servers_name_and_replicas() {
        let options = Options::from_url("nats://a:1,b:2/shop-1?replicas=5").unwrap();
        assert_eq!(options.servers, ["nats://a:1", "nats://b:2"]);
        assert_eq!((options.name.as_str(), options.replicas, options.tls), ("shop-1", 5, false));
        let options = Options::from_url("nats://a/b?memory=64&directory=/var/lib/chatsparks").unwrap();
        assert_eq!((options.memory, options.directory), (64 << 20, Some("/var/lib/chatsparks".into())));
        let options = Options::from_url("tls://a").unwrap();
        assert_eq!((options.name.as_str(), options.replicas, options.tls), ("chatsparks", 3, true));
        for wrong in [
            "a:1",
            "http://a",
            "nats://",
            "nats://u:secret@a",
            "nats://a/b.c",
            "nats://a?replicas=2",
            "nats://a?x",
            "nats://a?memory=0",
            "nats://a?memory=much",
            "nats://a?directory=",
        ] {
            let error = Options::from_url(wrong).unwrap_err().to_string();
            assert!(!error.contains("secret@"), "{error}");
        }
    }

    #[test]
    fn h3_secrets_are_not_shown() {
        let options =
            Options { user: Some(("u".into(), "canary".into())), token: Some("canary".into()), ..Options::default() };
        assert!(!format!("{options:?}").contains("canary"));
    }
}
