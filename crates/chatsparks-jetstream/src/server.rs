//! A connection, and what the server behind it has to do (S1, S2).

use crate::{Options, failure::gone, journal::AtHand, spare::Spare};
use async_nats::{
    Client, ConnectOptions, HeaderMap,
    jetstream::{
        self, Context,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream},
    },
};
use bytes::Bytes;
use chatsparks_core::WorkspaceId;
use chatsparks_ports::StoreError;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// The first version that stores a batch as a whole.
const NEEDED: (i64, i64, i64) = (2, 12, 0);

/// How long the server remembers the ids of messages, for those that are sent again.
const DUPLICATES: Duration = Duration::from_secs(120);

/// Names in subjects and streams: letters, digits and hyphens stand for themselves, everything else is encoded.
pub(crate) fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => encoded.push(char::from(byte)),
            byte => encoded.push_str(&format!("={byte:02X}")),
        }
    }
    if encoded.len() > 120 {
        let digest: [u8; 32] = Sha256::digest(name.as_bytes()).into();
        encoded.truncate(80);
        encoded.push_str("==");
        encoded.extend(digest.iter().take(16).map(|byte| format!("{byte:02x}")));
    }
    encoded
}

/// How long nobody may lead after a start, and when servers are asked again.
pub(crate) const UNTIL_THEY_AGREE: Duration = Duration::from_secs(30);
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Whether that is what is heard of servers that have not chosen yet, have not heard of one another or of a stream that was
/// made a moment ago, or are too busy to answer in time.
pub(crate) fn nobody_leads(why: &str) -> bool {
    let told_then =
        ["no responders", "request timed out", "peer offline", "stream not found", "temporarily unavailable"];
    told_then.iter().any(|told| why.contains(told))
}

/// A server of JetStream, one name space on it.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) client: Client,
    pub(crate) context: Context,
    pub(crate) name: String,
    replicas: usize,
    /// Bytes of one message's payload, at most.
    pub(crate) part: usize,
    pub(crate) spare: Arc<Spare>,
    pub(crate) at_hand: Arc<AtHand>,
}

impl Server {
    pub(crate) async fn connect(options: &Options) -> Result<Self, StoreError> {
        let mut connect = ConnectOptions::new()
            .name("chatsparks")
            .require_tls(options.tls)
            .connection_timeout(Duration::from_secs(5))
            .request_timeout(Some(Duration::from_secs(3)))
            .ping_interval(Duration::from_secs(5))
            .reconnect_delay_callback(|attempts| Duration::from_millis(50 * attempts.min(20) as u64));
        if let Some((user, password)) = &options.user {
            connect = connect.user_and_password(user.clone(), password.clone());
        }
        if let Some(token) = &options.token {
            connect = connect.token(token.clone());
        }
        if let Some(credentials) = &options.credentials {
            connect = connect.credentials(credentials).map_err(|_| {
                StoreError::Unusable(
                    "the credentials of NATS are no credentials: give the text of a `.creds` file".into(),
                )
            })?;
        }
        let servers: Vec<String> = options.servers.clone();
        let client = connect.connect(servers).await.map_err(|error| {
            StoreError::Unavailable(format!("cannot connect to NATS at {}: {error}", options.servers.join(", ")))
        })?;
        let info = client.server_info();
        if !client.is_server_compatible(NEEDED.0, NEEDED.1, NEEDED.2) {
            return Err(StoreError::Unusable(format!(
                "the NATS server is of version {}, which does not store batches as a whole and says nothing of it: \
                 version 2.12 or newer is needed",
                info.version
            )));
        }
        let mut context = jetstream::new(client.clone());
        context.set_timeout(Duration::from_secs(3));
        let part = (512 * 1024).min(info.max_payload.saturating_sub(16 * 1024)).max(1024);
        Ok(Self {
            client,
            context,
            name: options.name.clone(),
            replicas: options.replicas,
            part,
            spare: Arc::default(),
            at_hand: Arc::default(),
        })
    }

    /// What the names of a workspace's streams begin with; of none: those of the store itself.
    pub(crate) fn prefix(&self, workspace: Option<&WorkspaceId>) -> String {
        match workspace {
            Some(workspace) => format!("CS_{}_W_{}", encoded(&self.name), encoded(workspace.as_str())),
            None => format!("CS_{}_M", encoded(&self.name)),
        }
    }

    pub(crate) fn config(&self, name: &str, kind: &str, workspace: Option<&WorkspaceId>) -> Config {
        let mut metadata = HashMap::from([
            ("chatsparks_store".to_owned(), self.name.clone()),
            ("chatsparks_kind".to_owned(), kind.to_owned()),
        ]);
        metadata.extend(workspace.map(|workspace| ("chatsparks_workspace".to_owned(), workspace.as_str().to_owned())));
        Config {
            name: name.to_owned(),
            subjects: vec![format!("{name}.>")],
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::New,
            num_replicas: self.replicas,
            duplicate_window: DUPLICATES,
            allow_atomic_publish: true,
            max_messages: -1,
            max_bytes: -1,
            metadata,
            ..Config::default()
        }
    }

    /// Makes a stream, or finds it, and looks whether the server does what was asked for.
    pub(crate) async fn stream(&self, config: Config) -> Result<Stream, StoreError> {
        let began = Instant::now();
        // Asking twice makes one.
        let stream = loop {
            match self.context.get_or_create_stream(config.clone()).await {
                Ok(stream) => break stream,
                Err(error) if nobody_leads(&error.to_string()) && began.elapsed() < UNTIL_THEY_AGREE => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                Err(error) => {
                    return Err(StoreError::Unavailable(format!(
                        "cannot make the stream `{}` with {} replicas: {error}",
                        config.name, self.replicas
                    )));
                }
            }
        };
        let told = &stream.cached_info().config;
        let missing = [
            (!told.allow_atomic_publish, "atomic batches (`allow_atomic`), as version 2.12 and newer have them"),
            (told.num_replicas < self.replicas, "as many replicas as are asked for"),
            (told.storage != StorageType::File, "storage in files"),
            (
                told.discard != DiscardPolicy::New || told.max_age != Duration::ZERO,
                "that nothing is discarded by itself",
            ),
        ];
        match missing.into_iter().find(|(is_missing, _)| *is_missing) {
            Some((_, what)) => Err(StoreError::Unusable(format!(
                "the stream `{}` on the NATS server does not have {what}",
                config.name
            ))),
            None => Ok(stream),
        }
    }

    /// Whether a batch is stored as one: what the server does, not what it says.
    pub(crate) async fn probe(&self, stream: &str) -> Result<(), StoreError> {
        let parts = [b"1".as_slice().into(), b"2".as_slice().into()];
        let acknowledged =
            self.publish(&format!("{stream}.probe"), &parts, None, None).await.map_err(Failed::into_error)?;
        if acknowledged.count != Some(2) || acknowledged.batch.is_none() {
            return Err(StoreError::Unusable(
                "the NATS server does not acknowledge a batch as a batch: version 2.12 or newer is needed".to_owned(),
            ));
        }
        Ok(())
    }

    /// A message in parts, each as large as one can be.
    pub(crate) fn parts(&self, message: &Bytes) -> Result<Vec<Bytes>, StoreError> {
        let starts = (0..message.len()).step_by(self.part);
        let parts: Vec<Bytes> =
            starts.map(|start| message.slice(start..message.len().min(start + self.part))).collect();
        if parts.len() > 1_000 {
            return Err(StoreError::Unavailable("it is larger than a batch of NATS can be".to_owned()));
        }
        Ok(parts)
    }

    /// Publishes the parts of one message, all or none.
    pub(crate) async fn publish(
        &self,
        subject: &str,
        parts: &[Bytes],
        id: Option<&str>,
        expected: Option<u64>,
    ) -> Result<Acknowledged, Failed> {
        let batch = format!("{:032x}", rand::random::<u128>());
        let last = parts.len();
        for (number, part) in (1..).zip(parts) {
            let mut headers = HeaderMap::new();
            if last > 1 {
                if let Some(id) = id.filter(|_| number == 1) {
                    headers.insert(ID, id);
                }
                headers.insert(PART, format!("{number}/{last}"));
                headers.insert("Nats-Batch-Id", batch.as_str());
                headers.insert("Nats-Batch-Sequence", number.to_string());
                if number == last {
                    headers.insert("Nats-Batch-Commit", "1");
                }
            } else if let Some(id) = id {
                headers.insert(MESSAGE_ID, id);
            }
            if let Some(expected) = expected.filter(|_| number == 1) {
                headers.insert("Nats-Expected-Last-Subject-Sequence", expected.to_string());
            }
            if number == 1 || number == last {
                let answer = self.client.request_with_headers(subject.to_owned(), headers, part.clone()).await;
                let answer = answer.map_err(|error| Failed::Unknown(error.to_string()))?;
                if number == last {
                    return Acknowledged::read(&answer.payload);
                }
                if !answer.payload.is_empty() {
                    Acknowledged::read(&answer.payload)?;
                }
            } else {
                let sent = self.client.publish_with_headers(subject.to_owned(), headers, part.clone()).await;
                sent.map_err(|error| Failed::Unknown(error.to_string()))?;
            }
        }
        Err(Failed::Refused("there is nothing to publish".to_owned()))
    }
}

/// The header that says which part of how many a message is.
pub(crate) const PART: &str = "Chatsparks-Part";

/// The headers that bear an operation's id: of one that is a message, by which the server knows it again, and of a batch.
const MESSAGE_ID: &str = "Nats-Msg-Id";
const ID: &str = "Chatsparks-Id";

/// The id of the operation that a message begins.
pub(crate) fn id_of(headers: Option<&HeaderMap>) -> Option<&str> {
    let headers = headers?;
    headers.get(MESSAGE_ID).or_else(|| headers.get(ID)).map(|id| id.as_str())
}

/// The bytes of a message's payload, also where the server was asked for its headers only.
pub(crate) fn size_of(message: &async_nats::Message) -> usize {
    let told = message.headers.as_ref().and_then(|headers| headers.get("Nats-Msg-Size"));
    told.and_then(|told| told.as_str().parse().ok()).unwrap_or(message.payload.len())
}

/// Which part of how many a message is.
pub(crate) fn part_of(headers: Option<&HeaderMap>) -> (usize, usize) {
    let read = |value: &str| {
        let (number, of) = value.split_once('/')?;
        Some((number.parse().ok()?, of.parse().ok()?))
    };
    headers.and_then(|headers| headers.get(PART)).and_then(|value| read(value.as_str())).unwrap_or((1, 1))
}

/// What a server says of what was published.
#[derive(serde::Deserialize)]
pub(crate) struct Acknowledged {
    #[serde(default)]
    pub(crate) seq: u64,
    #[serde(default)]
    batch: Option<String>,
    #[serde(default)]
    count: Option<u64>,
    #[serde(default)]
    error: Option<Said>,
}

#[derive(serde::Deserialize)]
struct Said {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

/// Why something was not published, or may not have been.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Another message came first.
    Overtaken,
    /// The server says no.
    Refused(String),
    /// Nobody knows whether it was.
    Unknown(String),
}

impl Failed {
    pub(crate) fn into_error(self) -> StoreError {
        match self {
            Self::Overtaken => gone("another process writes the same"),
            Self::Refused(why) | Self::Unknown(why) => StoreError::Unavailable(why),
        }
    }
}

impl Acknowledged {
    fn read(payload: &[u8]) -> Result<Self, Failed> {
        let read: Self = serde_json::from_slice(payload).map_err(|error| Failed::Unknown(error.to_string()))?;
        match read.error {
            None => Ok(read),
            // A last sequence that is another than expected, of a subject or in a batch.
            Some(Said { err_code: 10071 | 10164 | 10070, .. }) => Err(Failed::Overtaken),
            // Stream or storage full, too large, no such stream: it is not going to be better in a moment.
            Some(Said { err_code: 10023 | 10047 | 10054 | 10059 | 10077 | 10199, description }) => {
                Err(Failed::Refused(description))
            }
            Some(Said { description, .. }) => Err(Failed::Unknown(description)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{encoded, nobody_leads};

    #[test]
    fn s1_servers_that_have_just_started_are_asked_again_and_others_are_not() {
        for (told, again) in [
            ("jetstream error: no suitable peers for placement, peer offline (code 400, error code 10005)", true),
            ("request timed out", true),
            ("JetStream error: stream not found (code 404, error code 10059)", true),
            ("no responders: no responders", true),
            ("jetstream error: JetStream system temporarily unavailable (code 503, error code 10008)", true),
            ("jetstream error: no suitable peers for placement (code 400, error code 10005)", false),
            ("jetstream error: insufficient resources (code 503, error code 10023)", false),
        ] {
            assert_eq!(nobody_leads(told), again, "{told}");
        }
    }

    #[test]
    fn s2_names_are_encoded_and_told_apart() {
        assert_eq!(encoded("glow-2"), "glow-2");
        assert_eq!(encoded("a.b *>"), "a=2Eb=20=2A=3E");
        assert_ne!(encoded("a=2Eb"), encoded("a.b"));
        assert_ne!(encoded("A_b"), encoded("A-b"));
        let (one, other) = (encoded(&"ก".repeat(60)), encoded(&format!("{}ข", "ก".repeat(59))));
        assert!(one.len() <= 120 && one != other);
    }
}
