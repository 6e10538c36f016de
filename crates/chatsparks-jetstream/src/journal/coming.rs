//! The messages of a journal as they come, in its order: whole, or so much of each as a process needs that wrote it itself.

use super::{Journal, merged::Merged};
use async_nats::jetstream::{
    Message,
    consumer::{AckPolicy, DeliverPolicy, pull},
};
use futures_util::StreamExt;
use std::{future::pending, time::Duration};
use tokio::time::timeout;

/// After so long without a message it is looked whether there is one: a consumer may have gone with its server.
pub(super) const QUIET: Duration = Duration::from_secs(2);

/// Bytes that are on their way at once: of more than a server keeps for a client, it lets go of the client.
const ON_THE_WAY: usize = 8 * 1024 * 1024;

/// Bytes that wait at most for a message before them, which another consumer brings.
const AHEAD: usize = 8 * ON_THE_WAY;

/// How long a server has to answer with what there is before it is asked anew.
const EXPIRES: Duration = Duration::from_secs(30);

/// How long a server remembers whoever does not read any more.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// What is read of messages, besides the place, the id and the size of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    Everything,
    /// All of what anybody may write, and nothing else of what only the owner of a partition writes.
    NotOwners,
    /// Nothing else.
    Places,
}

/// Messages that come. Where two consumers bring them, each of them brings its own in order, and together they bring all.
pub(super) struct Coming {
    streams: [Option<pull::Stream>; 2],
    names: Vec<String>,
    merged: Merged<Message>,
}

impl Coming {
    /// Asks for everything from a place on; none: the server does not answer.
    pub(super) async fn open(journal: &Journal, reads: Reads, from: u64) -> Option<Self> {
        let own = || Some(format!("{}.own.*", journal.name));
        let asked = match reads {
            Reads::Everything => [Some((None, false)), None],
            Reads::NotOwners => [Some((Some(journal.everybodys.clone()), false)), Some((own(), true))],
            Reads::Places => [Some((None, true)), None],
        };
        let mut coming = Self { streams: [None, None], names: Vec::new(), merged: Merged::new(from, AHEAD) };
        for (place, asked) in asked.into_iter().enumerate() {
            let Some((filter, headers_only)) = asked else { continue };
            if coming.ask(journal, place, from, filter, headers_only).await.is_none() {
                coming.close(journal);
                return None;
            }
        }
        Some(coming)
    }

    async fn ask(
        &mut self,
        journal: &Journal,
        place: usize,
        from: u64,
        filter: Option<String>,
        headers_only: bool,
    ) -> Option<()> {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
            filter_subject: filter.unwrap_or_default(),
            // What is missed is asked for anew, from where the state stands.
            ack_policy: AckPolicy::None,
            inactive_threshold: FORGOTTEN,
            headers_only,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let consumer = timeout(Duration::from_secs(5), journal.stream.create_consumer(config)).await.ok()?.ok()?;
        self.names.push(consumer.cached_info().name.clone());
        let messages = consumer.stream().max_bytes_per_batch(ON_THE_WAY).expires(EXPIRES).heartbeat(QUIET);
        *self.streams.get_mut(place)? = Some(messages.messages().await.ok()?);
        Some(())
    }

    /// The next message, where this one is wanted: it, or one after it if it is not there. None: whoever brings them broke
    /// off. Whoever lets go of the answer before it comes misses nothing.
    pub(super) async fn next(&mut self, wanted: u64) -> Option<Message> {
        loop {
            if let Some(message) = self.merged.next(wanted) {
                return Some(message);
            }
            let [first, second] = &mut self.streams;
            let [may_first, may_second] = self.merged.may_come();
            let (place, message) = tokio::select! {
                message = one(first), if may_first => (0, message),
                message = one(second), if may_second => (1, message),
            };
            let message = message?.ok()?;
            let sequence = message.info().ok()?.stream_sequence;
            if self.names.len() == 1 {
                return Some(message);
            }
            let bytes = message.length;
            self.merged.came(place, sequence, bytes, message);
        }
    }

    /// Nobody asks for them any more: the server need not remember who did until it forgets by itself.
    pub(super) fn close(self, journal: &Journal) {
        let (stream, names) = (journal.stream.clone(), self.names);
        tokio::spawn(async move {
            for name in names {
                let _ = stream.delete_consumer(&name).await;
            }
        });
    }
}

async fn one(stream: &mut Option<pull::Stream>) -> Option<Result<Message, pull::MessagesError>> {
    match stream {
        Some(stream) => stream.next().await,
        None => pending().await,
    }
}
