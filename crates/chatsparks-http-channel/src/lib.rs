//! Effects by HTTP: each is posted to one endpoint, signed as [Standard Webhooks](https://www.standardwebhooks.com) say.
//!
//! The endpoint is the embedder's own: it sends the message, in whatever language, and answers `2xx`. A delivery may come
//! more than once, always with the same `webhook-id`: whoever has done it already answers `2xx` and does nothing.
//!
//! | answer | what follows |
//! | --- | --- |
//! | `2xx` | it was sent, whatever stands in the answer |
//! | `408`, `409`, `425`, `429`, `5xx`, none | again later; a `Retry-After` is honoured |
//! | `401`, `403`, `404`, `410`, a redirect | the endpoint is not as it should be: its queue stops, and is tried now and then |
//! | any other | refused for good |

mod answer;
mod body;
mod endpoint;

pub use endpoint::{Endpoint, EndpointError};

use answer::Answered;
use body::Body;
use chatsparks_ports::{Attempt, Channel, Delivery, EffectKey, Fault};
use sha2::{Digest, Sha256};
use std::{
    fmt::{self, Write},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Posts effects to an endpoint.
///
/// ```
/// use chatsparks_http_channel::{Endpoint, HttpChannel};
/// let endpoint = Endpoint::new("http://127.0.0.1:9000/effects", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")?;
/// let channel = HttpChannel::new(endpoint)?;
/// assert_eq!(format!("{channel:?}"), "HttpChannel(http://127.0.0.1:9000)");
/// # Ok::<(), chatsparks_http_channel::EndpointError>(())
/// ```
pub struct HttpChannel {
    endpoint: Endpoint,
    client: reqwest::Client,
}

impl fmt::Debug for HttpChannel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "HttpChannel({})", self.endpoint.origin())
    }
}

impl HttpChannel {
    /// A channel to this endpoint.
    ///
    /// # Errors
    /// When no client can be made: with `https`, where the machine has no certificates to trust.
    pub fn new(endpoint: Endpoint) -> Result<Self, EndpointError> {
        let client = endpoint.client()?;
        Ok(Self { endpoint, client })
    }

    /// Signs with these secrets from now on, and with no other: attempts that have begun keep their signatures.
    ///
    /// # Errors
    /// When one is no secret, or there is none; those before stay then.
    pub fn sign_with(&self, secrets: &[String]) -> Result<(), EndpointError> {
        self.endpoint.sign_with(secrets)
    }

    async fn post(&self, delivery: &Delivery) -> Result<reqwest::Response, Fault> {
        let body = serde_json::to_vec(&Body::new(delivery)).map_err(|_| Fault("it could not be written".to_owned()))?;
        let id = webhook_id(&delivery.key);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let signature = self.endpoint.sign(&id, now, &body)?;
        let request = self
            .client
            .post(self.endpoint.url().clone())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", signature)
            .body(body);
        request.send().await.map_err(|error| Fault(no_answer(&error).to_owned()))
    }
}

impl Channel for HttpChannel {
    async fn perform(&self, delivery: &Delivery) -> Attempt {
        match tokio::time::timeout(self.endpoint.timeout(), self.post(delivery)).await {
            Ok(Ok(response)) => {
                let attempt = Answered::new(&response, SystemTime::now()).attempt();
                drain(response).await;
                attempt
            }
            Ok(Err(fault)) => Attempt::Again(None, fault),
            Err(_) => Attempt::Again(None, Fault("no answer in time".to_owned())),
        }
    }

    /// The `webhook-id` is the key: whoever receives it twice does it once.
    fn takes_keys(&self) -> bool {
        true
    }
}

/// The id of a delivery: the same for every attempt, and another for every effect (R4).
///
/// It is `msg_` and the hex SHA-256 of workspace, contact and effect id, each followed by a zero byte; where an effect has
/// no contact, there is nothing before the zero byte.
pub fn webhook_id(key: &EffectKey) -> String {
    let contact = key.user_id.as_ref().map_or("", |user_id| user_id.as_str());
    let mut digest = Sha256::new();
    for part in [key.shard.workspace.as_str(), contact, &key.id] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.finalize().iter().fold("msg_".to_owned(), |mut id, byte| {
        // Writing to a text cannot fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// How much of an answer is read, and for how long, so that the connection can be used again; what stands in it does not
/// matter.
const DRAINED: usize = 16 << 10;
const DRAINED_FOR: Duration = Duration::from_millis(500);

async fn drain(mut response: reqwest::Response) {
    let read = async {
        let mut left = DRAINED;
        while let Ok(Some(chunk)) = response.chunk().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // An answer that does not end is let go of, and its connection with it.
    let _ = tokio::time::timeout(DRAINED_FOR, read).await;
}

/// Why there was no answer. The error itself may name the address, in which secrets may stand.
fn no_answer(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "no answer: the connection was cut, or what came is not HTTP"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatsparks_ports::Shard;

    #[test]
    fn h1_the_id_is_the_digest_of_workspace_contact_and_effect() {
        let key = |workspace: &str, user_id: Option<&str>, id: &str| {
            let shard = Shard { workspace: workspace.into(), partition: 3 };
            webhook_id(&EffectKey { shard, user_id: user_id.map(Into::into), id: id.to_owned() })
        };
        // printf 'glow\0u1\0e1/1\0' | sha256sum
        assert_eq!(key("glow", Some("u1"), "e1/1"), GLOW);
        // printf 'glow\0\0e1/1\0' | sha256sum
        assert_eq!(key("glow", None, "e1/1"), NOBODY);
    }

    const GLOW: &str = "msg_d5823ed18ad914f6ab1e601807b75d4675aeddbf099989c9bb86b1be419469f5";
    const NOBODY: &str = "msg_9b1a4d189f607fc97a3046332c64dc5c321caf6a1d4899a582f94dbb311cf26b";
}
