//! One workspace's accounts: what they are told with, what they know, and how they stand.

mod forget;
mod health;
mod orders;
mod own;
mod settings;
mod shop;
mod take;
mod work;

pub use health::{AccountHealth, SideHealth};
pub(crate) use own::Own;
pub use settings::{AccountSettings, BusinessSettings, FirstToken, ShopSettings};
pub use shop::{AskError, ListedShop, Product, ProductPage, ProductSku};
pub(crate) use take::{WRITTEN_OUTSIDE, event_id};

use crate::{
    call::{Bearer, BusinessApi, CallError, Client, ClientError, ShopApi},
    host::{Host, HostError},
    pace::{ListQuotas, Pace},
    posts::Posts,
    reach,
    spool::Spool,
    thread::Threads,
    token::{Keeper, KeeperAtRest, OAuth, Platform},
};
use chatsparks_core::{Instant, Period, UserId, WorkspaceId, workspace::Workspace};
use chatsparks_ports::Clock;
use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// Why accounts cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// There is a token, and nothing to seal it with.
    #[error("a token is kept sealed: there is no key to seal it with")]
    NoKey,
    /// No calls can be made.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// One workspace's accounts. Cheap to clone.
#[derive(Clone)]
pub struct Account {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) settings: AccountSettings,
    pub(crate) clock: Arc<dyn Clock>,
    host: OnceLock<Arc<dyn Host>>,
    pub(crate) business: Option<BusinessSide>,
    pub(crate) shop: Option<ShopSide>,
    pub(crate) threads: Threads,
    pub(crate) spool: Spool,
    pub(crate) own: Own,
    pub(crate) posts: Posts,
    pub(crate) list_quotas: ListQuotas,
    /// Whoever hands on what waited: one at a time.
    handing_on: tokio::sync::Mutex<()>,
    /// Messages on their way: to whom, and what they are known by.
    on_their_way: Mutex<Vec<(UserId, String)>>,
    pub(crate) since: Instant,
    attached: tokio::sync::Notify,
    /// Somebody asks how the account stands.
    asked: tokio::sync::Notify,
}

/// No token is renewed for as long as this lives.
pub struct AtRest<'a> {
    _held: Vec<KeeperAtRest<'a>>,
}

impl fmt::Debug for AtRest<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AtRest").finish_non_exhaustive()
    }
}

/// A message on its way, for as long as this lives.
pub(crate) struct OnItsWay<'a> {
    inner: &'a Inner,
    message: (UserId, String),
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        let mut all = self.inner.on_their_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = all.iter().position(|one| *one == self.message) {
            all.swap_remove(place);
        }
    }
}

pub(crate) struct BusinessSide {
    pub(crate) business_id: String,
    pub(crate) api: BusinessApi,
    pub(crate) keeper: Option<Keeper>,
    pace: Pace,
    heard: AtomicI64,
}

pub(crate) struct ShopSide {
    pub(crate) shop_id: String,
    pub(crate) api: ShopApi,
    keeper: Option<Keeper>,
    cipher: tokio::sync::OnceCell<String>,
    heard: AtomicI64,
}

impl fmt::Debug for Account {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Account").field("workspace", &self.inner.settings.workspace).finish_non_exhaustive()
    }
}

impl Account {
    /// The accounts of a workspace. They do nothing until they are attached.
    ///
    /// # Errors
    /// When a token could not be sealed, or no calls can be made.
    pub fn new(settings: AccountSettings, clock: Arc<dyn Clock>) -> Result<Self, AccountError> {
        let keeper = |first: &Option<FirstToken>, oauth: OAuth, name| -> Result<_, AccountError> {
            let Some(first) = first else { return Ok(None) };
            let sealer = settings.sealer.clone().ok_or(AccountError::NoKey)?;
            Ok(Some(Keeper::new(oauth, sealer, first.clone(), settings.workspace.clone(), name)))
        };
        let business = |business: &BusinessSettings| -> Result<_, AccountError> {
            let client = Client::new(&business.base_url, "base_url", "TikTok")?;
            let oauth = OAuth::new(Platform::Business, client.clone(), business.app.clone());
            Ok(BusinessSide {
                business_id: business.business_id.clone(),
                api: BusinessApi::new(client, business.business_id.clone()),
                keeper: keeper(&business.first_token, oauth, "tiktok_token_business")?,
                pace: Pace::of_app(&business.base_url, &business.app.key),
                heard: AtomicI64::new(i64::MIN),
            })
        };
        let shop = |shop: &ShopSettings| -> Result<_, AccountError> {
            let client = Client::new(&shop.base_url, "base_url", "TikTok Shop")?;
            let oauth = Client::new(&shop.auth_url, "auth_url", "TikTok Shop")?;
            let oauth = OAuth::new(Platform::Shop, oauth, shop.app.clone());
            Ok(ShopSide {
                shop_id: shop.shop_id.clone(),
                api: ShopApi::new(client, shop.app.clone()),
                keeper: keeper(&shop.first_token, oauth, "tiktok_token_shop")?,
                cipher: tokio::sync::OnceCell::new(),
                heard: AtomicI64::new(i64::MIN),
            })
        };
        let (business, shop) =
            (settings.business.as_ref().map(business).transpose()?, settings.shop.as_ref().map(shop).transpose()?);
        let since = clock.wall();
        let inner = Inner {
            settings,
            clock,
            host: OnceLock::new(),
            business,
            shop,
            threads: Threads::default(),
            spool: Spool::default(),
            own: Own::default(),
            posts: Posts::default(),
            list_quotas: ListQuotas::default(),
            handing_on: tokio::sync::Mutex::default(),
            on_their_way: Mutex::default(),
            since,
            attached: tokio::sync::Notify::new(),
            asked: tokio::sync::Notify::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Gives it the program that takes its events. Only the first counts.
    pub fn attach(&self, host: Arc<dyn Host>) {
        // Attached twice is attached.
        let _ = self.inner.host.set(host);
        self.inner.attached.notify_waiters();
    }

    /// The workspace.
    pub fn workspace(&self) -> &WorkspaceId {
        &self.inner.settings.workspace
    }

    /// Waits until no token is being renewed; none is for as long as what this gives lives. Whoever ends [`Account::run`]
    /// does it meanwhile: the platform kills a token when it gives the next, which has to be written down.
    pub async fn at_rest(&self) -> AtRest<'_> {
        let mut held = Vec::with_capacity(2);
        for keeper in self.inner.keepers() {
            held.push(keeper.at_rest().await);
        }
        AtRest { _held: held }
    }

    /// Why the document's way to reach people is not what its account may do (P); none: it is, or nobody knows.
    pub fn objection(&self) -> Option<String> {
        self.objection_to(&*self.inner.document()?)
    }

    /// The same of a document that is not in force.
    pub fn objection_to(&self, document: &Workspace) -> Option<String> {
        let region = self.inner.settings.region.as_deref()?;
        reach::objection(document.policy.reach.mode, region, self.inner.settings.able)
    }
}

const NO_TOKEN: &str = "there is no token: authorise the account, and name what came of it in the configuration";

impl Inner {
    pub(crate) fn now(&self) -> Instant {
        self.clock.wall()
    }

    pub(crate) fn workspace(&self) -> &WorkspaceId {
        &self.settings.workspace
    }

    pub(crate) fn host(&self) -> Result<&dyn Host, HostError> {
        let not_yet = || HostError { why: "the service is starting".to_owned(), retry_after: Duration::from_secs(1) };
        self.host.get().map(|host| &**host).ok_or_else(not_yet)
    }

    /// Waits until there is a program around it.
    pub(crate) async fn attached(&self) -> &dyn Host {
        loop {
            let told = self.attached.notified();
            if let Some(host) = self.host.get() {
                return &**host;
            }
            told.await;
        }
    }

    pub(crate) fn document(&self) -> Option<Arc<Workspace>> {
        self.host.get()?.document(self.workspace())
    }

    /// The account as the engine knows it (C1).
    pub(crate) fn account_user(&self) -> Option<UserId> {
        Some(self.document()?.workspace.account_user_id.clone())
    }

    /// How much of the rates is this process's (O4).
    pub(crate) fn part(&self) -> f64 {
        self.host.get().map_or(1.0, |host| host.part(self.workspace()))
    }

    /// Makes a call to the Business API, within the app's rates and with a token that is good; with another one where
    /// the first is not taken any more.
    pub(crate) async fn with_business<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        call: impl Fn(Bearer) -> F,
    ) -> Result<T, CallError> {
        let side = self.business.as_ref().ok_or_else(|| CallError::Stopped(NO_TOKEN.to_owned()))?;
        let keeper = side.keeper.as_ref().ok_or_else(|| CallError::Stopped(NO_TOKEN.to_owned()))?;
        side.pace.turn(self.part()).await.map_err(|after| CallError::Again {
            after: Some(after),
            why: "the app makes as many calls as it may".to_owned(),
        })?;
        self.with_token(keeper, call).await
    }

    /// Makes a call to TikTok Shop that is about no shop.
    pub(crate) async fn with_seller<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        call: impl Fn(Bearer) -> F,
    ) -> Result<T, CallError> {
        let side = self.shop.as_ref().ok_or_else(|| CallError::Stopped(NO_TOKEN.to_owned()))?;
        let keeper = side.keeper.as_ref().ok_or_else(|| CallError::Stopped(NO_TOKEN.to_owned()))?;
        self.with_token(keeper, call).await
    }

    /// Makes a call to TikTok Shop: with a token and the shop's cipher.
    pub(crate) async fn with_shop<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        call: impl Fn(Bearer, String) -> F,
    ) -> Result<T, CallError> {
        let side = self.shop.as_ref().ok_or_else(|| CallError::Stopped(NO_TOKEN.to_owned()))?;
        let keeper = side.keeper.as_ref().ok_or_else(|| CallError::Stopped(NO_TOKEN.to_owned()))?;
        let cipher = side.cipher.get_or_try_init(|| async {
            let shops =
                self.with_token(keeper, async |token: Bearer| side.api.shops(&token.0, self.now()).await).await?;
            let ours = shops.into_iter().find(|shop| shop.id == side.shop_id);
            let other = || CallError::Stopped("the token is of another shop: authorise this shop".to_owned());
            ours.map(|shop| shop.cipher).ok_or_else(other)
        });
        let cipher = cipher.await?.clone();
        self.with_token(keeper, |token| call(token, cipher.clone())).await
    }

    async fn with_token<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        keeper: &Keeper,
        call: impl Fn(Bearer) -> F,
    ) -> Result<T, CallError> {
        let not_now = |error: HostError| CallError::Again { after: Some(error.retry_after), why: error.why };
        let host = self.host().map_err(not_now)?;
        let token = keeper.token(host, self.now()).await?;
        match call(token.clone()).await {
            Err(CallError::Token(_)) => {
                let another = keeper.another(host, self.now(), &token).await?;
                call(another).await
            }
            answered => answered,
        }
    }

    fn keepers(&self) -> impl Iterator<Item = &Keeper> {
        let business = self.business.iter().filter_map(|side| side.keeper.as_ref());
        business.chain(self.shop.iter().filter_map(|side| side.keeper.as_ref()))
    }

    /// Renews tokens that end soon; what goes wrong stands in their standing.
    pub(crate) async fn keep_tokens(&self, host: &dyn Host) {
        for keeper in self.keepers() {
            if let Err(error) = keeper.token(host, self.now()).await {
                tracing::warn!(workspace = %self.workspace(), %error, "there is no good token");
            }
        }
    }

    pub(crate) async fn revoke_business(&self, host: &dyn Host) -> Result<(), HostError> {
        match self.business.as_ref().and_then(|side| side.keeper.as_ref()) {
            Some(keeper) => keeper.revoke(host, self.now()).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn revoke_shop(&self, host: &dyn Host) -> Result<(), HostError> {
        match self.shop.as_ref().and_then(|side| side.keeper.as_ref()) {
            Some(keeper) => keeper.revoke(host, self.now()).await,
            None => Ok(()),
        }
    }

    pub(crate) fn heard_business(&self) {
        self.business.iter().for_each(|side| side.heard.store(self.now().as_milliseconds(), Ordering::Relaxed));
    }

    pub(crate) fn heard_shop(&self) {
        self.shop.iter().for_each(|side| side.heard.store(self.now().as_milliseconds(), Ordering::Relaxed));
    }

    /// A message is on its way from here on.
    pub(crate) fn on_its_way(&self, user_id: &UserId, known: &str) -> OnItsWay<'_> {
        let message = (user_id.clone(), known.to_owned());
        self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        OnItsWay { inner: self, message }
    }

    /// Whether such a message is on its way.
    pub(crate) fn is_on_its_way(&self, user_id: &UserId, known: &str) -> bool {
        let all = self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().any(|(to, what)| to == user_id && what == known)
    }

    /// Whether another process may have such a message on its way.
    pub(crate) async fn is_on_its_way_elsewhere(
        &self,
        host: &dyn Host,
        user_id: &UserId,
        known: &str,
    ) -> Result<bool, HostError> {
        if !host.is_shared() {
            return Ok(false);
        }
        let now = self.now();
        self.threads.change(host, self.workspace(), user_id, |thread| thread.is_going(known, now)).await
    }

    pub(crate) fn comment_wait(&self) -> Period {
        period(self.settings.comment_wait)
    }
}

pub(crate) fn period(duration: Duration) -> Period {
    Period::milliseconds(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}
