//! The doors: deliveries in, by HTTP, for every account of this process.

use super::{
    AppKeys, DecodeError, business::named_account, decode, decode_shop, shop::named_shop, verify, verify_shop,
};
use crate::{account::Account, host::HostError, limits};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use chatsparks_ports::Clock;
use http_body_util::BodyExt;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// What deliveries may take.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DoorLimits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// How long a body may take to arrive.
    pub body: Duration,
    /// By how much a signature's time may differ, either way.
    pub tolerance: Duration,
}

impl Default for DoorLimits {
    fn default() -> Self {
        let tolerance = Duration::from_secs(limits::SIGNATURE_SECONDS.value.into());
        Self { body_bytes: 1 << 20, body: Duration::from_secs(10), tolerance }
    }
}

struct Doors {
    limits: DoorLimits,
    clock: Arc<dyn Clock>,
    business: BTreeMap<String, App>,
    shop: BTreeMap<String, App>,
}

/// An app, and its accounts by their names.
struct App {
    keys: AppKeys,
    accounts: BTreeMap<String, Account>,
}

/// What a delivery came to.
enum Answer {
    /// `200`, and a word for metrics.
    Taken(&'static str),
    /// Another status, and why.
    Refused(StatusCode, &'static str),
    /// It may be sent again.
    Later(HostError),
}

/// It is about an account that is not here.
const UNKNOWN: Answer = Answer::Taken("unknown_account");

/// `POST /tiktok` and `POST /tiktok-shop`: what their platforms call. Accounts of one app share its secrets; deliveries
/// are told apart by the account that they name (H5).
///
/// `200` once what it says is durable (R1), also for an account that is not here. `401` without a good signature, `400`
/// where it cannot be read, `413` and `408` beyond its limits, `503` where it cannot be kept for now.
pub fn router(accounts: &[Account], clock: Arc<dyn Clock>, limits: DoorLimits) -> Router {
    let (mut business, mut shop) = (BTreeMap::new(), BTreeMap::new());
    for account in accounts {
        let settings = &account.inner.settings;
        if let Some(one) = &settings.business {
            add(&mut business, &one.app, &one.business_id, account);
        }
        if let Some(one) = &settings.shop {
            add(&mut shop, &one.app, &one.shop_id, account);
        }
    }
    let doors = Arc::new(Doors { limits, clock, business, shop });
    Router::new().route("/tiktok", post(take)).route("/tiktok-shop", post(take_shop)).with_state(doors)
}

fn add(apps: &mut BTreeMap<String, App>, keys: &AppKeys, name: &str, account: &Account) {
    let new = || App { keys: AppKeys { key: keys.key.clone(), secrets: Vec::new() }, accounts: BTreeMap::new() };
    let app = apps.entry(keys.key.clone()).or_insert_with(new);
    for secret in &keys.secrets {
        if !app.keys.secrets.contains(secret) {
            app.keys.secrets.push(secret.clone());
        }
    }
    app.accounts.insert(name.to_owned(), account.clone());
}

async fn take(State(doors): State<Arc<Doors>>, request: Request) -> Response {
    let answer = match doors.receive(request).await {
        Ok((headers, body)) => to_its_end(async move { doors.take(&headers, &body).await }).await,
        Err(answer) => answer,
    };
    answer.told("tiktok")
}

async fn take_shop(State(doors): State<Arc<Doors>>, request: Request) -> Response {
    let answer = match doors.receive(request).await {
        Ok((headers, body)) => to_its_end(async move { doors.take_shop(&headers, &body).await }).await,
        Err(answer) => answer,
    };
    answer.told("tiktok_shop")
}

/// What has begun to be kept is kept, also when whoever sent it goes away.
async fn to_its_end(work: impl Future<Output = Answer> + Send + 'static) -> Answer {
    tokio::spawn(work).await.unwrap_or(Answer::Refused(StatusCode::INTERNAL_SERVER_ERROR, "bug"))
}

impl Doors {
    async fn receive(&self, request: Request) -> Result<(HeaderMap, Bytes), Answer> {
        let (parts, body) = request.into_parts();
        let coding = parts.headers.get(header::CONTENT_ENCODING);
        if coding.is_some_and(|coding| coding != "identity") {
            return Err(Answer::Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoded"));
        }
        let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > self.limits.body_bytes) {
            self.throw_away(body).await;
            return Err(Answer::Refused(StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
        }
        match tokio::time::timeout(self.limits.body, axum::body::to_bytes(body, self.limits.body_bytes)).await {
            Ok(Ok(body)) => Ok((parts.headers, body)),
            Ok(Err(error)) => Err(if is_too_long(&error) {
                Answer::Refused(StatusCode::PAYLOAD_TOO_LARGE, "too_large")
            } else {
                Answer::Refused(StatusCode::BAD_REQUEST, "cut_off")
            }),
            Err(_) => Err(Answer::Refused(StatusCode::REQUEST_TIMEOUT, "too_slow")),
        }
    }

    /// Reads on without keeping anything, so that whoever sends it can read the answer; not for ever.
    async fn throw_away(&self, body: Body) {
        let read = async {
            let (mut body, mut left) = (body, 64_usize << 20);
            while let Some(Ok(frame)) = body.frame().await {
                match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        // Too slow is thrown away too.
        let _ = tokio::time::timeout(self.limits.body, read).await;
    }

    async fn take(&self, headers: &HeaderMap, body: &[u8]) -> Answer {
        let (now, tolerance) = (self.clock.wall(), crate::account::period(self.limits.tolerance));
        let apps = self.business.values().map(|app| &app.keys);
        let keys = match verify(apps, headers, body, now, tolerance) {
            Ok(keys) => keys,
            Err(refusal) => return Answer::Refused(StatusCode::UNAUTHORIZED, refusal.code()),
        };
        let notice = match decode(body) {
            Ok(notice) => notice,
            Err(error) => {
                return self.business.get(&keys.key).map_or(UNKNOWN, |app| app.unread(named_account(body), error));
            }
        };
        let account = notice.account.as_ref().and_then(|name| self.business.get(&keys.key)?.accounts.get(name));
        match account {
            Some(account) => taken(account.take(notice).await),
            None => UNKNOWN,
        }
    }

    async fn take_shop(&self, headers: &HeaderMap, body: &[u8]) -> Answer {
        let keys = match verify_shop(self.shop.values().map(|app| &app.keys), headers, body) {
            Ok(keys) => keys,
            Err(refusal) => return Answer::Refused(StatusCode::UNAUTHORIZED, refusal.code()),
        };
        let notice = match decode_shop(body) {
            Ok(notice) => notice,
            Err(error) => return self.shop.get(&keys.key).map_or(UNKNOWN, |app| app.unread(named_shop(body), error)),
        };
        match self.shop.get(&keys.key).and_then(|app| app.accounts.get(&notice.shop_id)) {
            Some(account) => taken(account.take_shop(notice).await),
            None => UNKNOWN,
        }
    }
}

impl App {
    /// A delivery that cannot be read, and the account that it names.
    fn unread(&self, name: Option<String>, error: DecodeError) -> Answer {
        // Of whoever is not here nothing is wanted: it need not come again.
        if name.is_some_and(|name| !self.accounts.contains_key(&name)) {
            return UNKNOWN;
        }
        let why = match error {
            DecodeError::NotJson => "not_json",
            DecodeError::NotAnEnvelope => "not_an_envelope",
            DecodeError::Lacks(_) => "lacks_a_field",
        };
        // Signed and not read: it comes again for days, in which a newer release may read it.
        tracing::warn!(%error, "a delivery could not be read");
        Answer::Refused(StatusCode::BAD_REQUEST, why)
    }
}

fn taken(taken: Result<&'static str, HostError>) -> Answer {
    taken.map_or_else(Answer::Later, Answer::Taken)
}

fn is_too_long(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        source = error.source();
    }
    false
}

impl Answer {
    fn told(self, door: &'static str) -> Response {
        let (status, word) = match &self {
            Self::Taken(word) => (StatusCode::OK, *word),
            Self::Refused(status, word) => (*status, *word),
            Self::Later(_) => (StatusCode::SERVICE_UNAVAILABLE, "later"),
        };
        let counted = [("door", door.to_owned()), ("status", status.as_u16().to_string()), ("result", word.to_owned())];
        metrics::counter!("chatsparks_tiktok_deliveries_total", &counted).increment(1);
        match self {
            Self::Later(error) => {
                let seconds = error.retry_after.as_secs().max(1).to_string();
                (status, [(header::RETRY_AFTER, seconds)]).into_response()
            }
            _ => status.into_response(),
        }
    }
}
