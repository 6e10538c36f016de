//! Bodies: read within their limits of bytes, time and memory, and of the types that are read.

use crate::{Kind, Problem, connections::Connection, router::Service};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, header},
};
use chatsparks_ports::Store;
use http_body_util::BodyExt;
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory is counted in pieces of this size.
pub(crate) const PIECE: usize = 4 << 10;
/// How much of a body over its limit is read and thrown away: whoever sends it can then read the answer.
const THROWN_AWAY: usize = 128 << 20;
/// How long more of it is waited for.
const LINGERS: Duration = Duration::from_secs(1);

/// A body that arrived, and the room it takes while it is worked on.
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    pub(crate) media: Media,
    pub(crate) room: Room,
}

/// Room in memory, given back when it is dropped.
pub(crate) struct Room {
    memory: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

/// What a body says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    Lines,
    Toml,
    /// It says nothing, or what every client says by itself.
    Unsaid,
}

impl Room {
    fn new(memory: &Arc<Semaphore>) -> Self {
        Self { memory: memory.clone(), taken: None, bytes: 0 }
    }

    /// Takes room for so many bytes more; false: there is none.
    fn take(&mut self, bytes: usize) -> bool {
        let pieces = |bytes: usize| u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX);
        let more = pieces(self.bytes.saturating_add(bytes)) - pieces(self.bytes);
        self.bytes = self.bytes.saturating_add(bytes);
        let Ok(more) = self.memory.clone().try_acquire_many_owned(more) else { return false };
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        true
    }
}

/// Reads the body of a request.
///
/// # Errors
/// `408`, `413`, `415`, `400` when it is cut off, `503` when too many are read at once.
pub(crate) async fn receive<S: Store>(
    service: &Service<S>,
    request: Request,
    limit: usize,
    reads: &[Media],
) -> Result<Received, Problem> {
    let (parts, body) = request.into_parts();
    let media = media(&parts.headers)?;
    if !reads.contains(&media) {
        return Err(not_read());
    }
    if parts.headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        let detail = "bodies are read as they are: send it without `Content-Encoding`";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    let declared = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let (within, mut body) = (service.limits.body, body);
    let read = tokio::time::timeout(within, read(&service.memory, &mut body, declared, limit)).await;
    let (bytes, room) = match read.map_err(|_| too_slow(within))? {
        Ok(read) => read,
        Err(refused) => {
            // Whoever waits to be asked for the rest is not; others have to be heard before they hear.
            let waits = parts.headers.get(header::EXPECT).is_some_and(|expects| expects == "100-continue");
            if !waits && declared.is_none_or(|declared| declared <= THROWN_AWAY) {
                let _ = tokio::time::timeout(within, throw_away(&mut body)).await;
            }
            return Err(refused);
        }
    };
    if let Some(connection) = parts.extensions.get::<Arc<Connection>>() {
        connection.works();
    }
    Ok(Received { bytes, media, room })
}

async fn read(
    memory: &Arc<Semaphore>,
    body: &mut Body,
    declared: Option<usize>,
    limit: usize,
) -> Result<(Vec<u8>, Room), Problem> {
    let mut room = Room::new(memory);
    // Not what was declared: it costs nothing to declare much.
    let mut bytes = Vec::new();
    if declared.is_some_and(|declared| declared > limit) {
        return Err(too_large(limit));
    }
    while let Some(chunk) = next(body).await? {
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        if !room.take(chunk.len()) {
            let detail = "too many bodies are being read at once: send it again";
            return Err(Problem::new(Kind::Busy, detail).retry_after(Duration::from_secs(1)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((bytes, room))
}

async fn next(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(_)) => return Err(Problem::new(Kind::BadRequest, "the body was cut off")),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// Reads on without keeping anything, unless there is too much of it, or nothing more comes.
async fn throw_away(body: &mut Body) {
    let mut left = THROWN_AWAY;
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout(LINGERS, next(body)).await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Kind::TooLarge, format!("the body is longer than {limit} bytes: send it in parts"))
}

fn too_slow(within: Duration) -> Problem {
    let detail = format!("the body did not arrive within {} seconds", within.as_secs());
    Problem::new(Kind::TooSlow, detail).with_header(header::CONNECTION, "close")
}

fn not_read() -> Problem {
    let detail = "expected `application/json`, or `application/jsonl` for lines";
    Problem::new(Kind::UnsupportedMediaType, detail)
}

fn media(headers: &HeaderMap) -> Result<Media, Problem> {
    let Some(given) = headers.get(header::CONTENT_TYPE) else { return Ok(Media::Unsaid) };
    let given = given.to_str().map_err(|_| not_read())?;
    let (kind, parameters) = given.split_once(';').unwrap_or((given, ""));
    let charset = parameters
        .split(';')
        .filter_map(|one| one.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    if charset.is_some_and(|(_, name)| {
        let name = name.trim_matches('"');
        !name.eq_ignore_ascii_case("utf-8") && !name.eq_ignore_ascii_case("utf8")
    }) {
        return Err(Problem::new(Kind::UnsupportedMediaType, "bodies are read as UTF-8"));
    }
    Ok(match kind.trim().to_ascii_lowercase().as_str() {
        "application/json" | "text/json" => Media::Json,
        "application/jsonl"
        | "application/jsonlines"
        | "application/json-lines"
        | "application/x-jsonlines"
        | "application/x-ndjson"
        | "application/ndjson"
        | "application/json-seq"
        | "text/jsonl" => Media::Lines,
        "application/toml" | "text/toml" | "text/x-toml" => Media::Toml,
        // What curl and the clients of many languages say of any body, and what says nothing.
        "application/x-www-form-urlencoded" | "application/octet-stream" | "text/plain" | "" => Media::Unsaid,
        _ => return Err(not_read()),
    })
}
