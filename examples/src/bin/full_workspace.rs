//! A whole workspace, wired by hand: TikTok on one side, a database below, HTTP on the other, and a buyer who is answered,
//! buys, and can be told why.
//!
//! `cargo run -p chatsparks-examples --bin full_workspace`
//!
//! TikTok is simulated here, on this machine. With a real account, part 1 and the two `base_url`s go, and secrets come from
//! where you keep them; nothing else changes. `chatsparks serve` does the same from a file: docs/tiktok.md.

// An example speaks to whoever reads it.
#![allow(clippy::print_stdout)]

use chatsparks::{
    Event, Instant, NewEvent, Workspace,
    channel::{Attempt, Channel, Delivery},
    id::WorkspaceId,
    running::{Runtime, Settings, SystemClock, WorkspaceSetup},
    service::digest,
    store::{Archive, Cursor, SqliteStore},
};
use chatsparks_server::{Access, Options, Token, router_with};
use chatsparks_tiktok::{Account, AccountSettings, AppKeys, BusinessSettings, FirstToken, Sealer, ShopSettings};
use chatsparks_tiktok_sim::{Settings as World, Simulator, control::Credentials};
use serde_json::{Value, json};
use std::{env, error::Error, path::PathBuf, sync::Arc, time::Duration};
use tokio::net::TcpListener;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let file = env::args().nth(1).map_or_else(|| PathBuf::from("workspace.db"), PathBuf::from);
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "another provider of TLS is installed")?;

    // 1. A TikTok of our own, with an account, a shop and its people.
    let mut world = World::default();
    world.webhooks.comment_seconds = 0;
    let tiktok = Simulator::start(world).await?;
    let (buyers, keys) = (tiktok.control()?, tiktok.credentials());

    // 2. What the shop wrote.
    let document: Workspace = serde_json::from_value(shop(&keys))?;
    let shop: WorkspaceId = document.workspace.id.clone();

    // 3. The account: it takes deliveries, asks for what they leave out, and sends what was decided.
    let account = Account::new(account(&shop, &keys)?, Arc::new(SystemClock::default()))?;
    let channel = Arc::new(account.channel(Some(Arc::new(Inbox))));

    // 4. The database, and the one place that logs, decides, commits and sends.
    let store = Arc::new(SqliteStore::open(&file, chatsparks::store::SqliteOptions::default())?);
    let setup = WorkspaceSetup::new(document.clone(), digest(&document)).with_channel(channel);
    let clock = Arc::new(SystemClock::default());
    let runtime = Runtime::start(store.clone(), clock, Settings::default(), vec![setup]).await?;

    // 5. HTTP: TikTok's webhooks, and every call of `chatsparks serve` for whoever has the token.
    let mut options = Options::default();
    options.tiktok = vec![account.clone()];
    let app = router_with(runtime.clone(), Access::of(vec![Token::new("a long secret")]), options);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async { axum::serve(listener, app).await });
    tokio::spawn(account.run());
    for event in ["COMMENT", "DIRECT_MESSAGE"] {
        subscribe(&keys, event, &format!("http://{address}/webhooks/tiktok")).await?;
    }
    println!("listening on http://{address}, for a TikTok at {}", tiktok.url());

    // 6. A buyer comments, is told to look into the inbox, writes, taps, and buys.
    let comment = buyers.comment("mint", "PRICE??").await?;
    println!("mint comments: PRICE??");
    until("the public reply", async || Ok(tiktok.ledger().replies_to(&comment).next().map(|reply| reply.text.clone())))
        .await?;
    buyers.message("mint", "hi").await?;
    println!("mint writes: hi");
    until("the question", async || Ok(tiktok.ledger().sent_to("mint").next().map(|said| said.text.clone()))).await?;
    buyers.tap("mint", "50").await?;
    println!("mint taps: 50ml");
    until("the link", async || Ok(tiktok.ledger().sent_to("mint").nth(1).map(|said| said.text.clone()))).await?;
    // The shop tells of whole seconds: an order in the second of its link would stand before it.
    buyers.advance_seconds(2).await?;
    let order = buyers.buy("mint", 0, 1).await?;
    println!("mint buys");

    // 7. TikTok Shop has a name of its own for her, and documents no way to join the two. The merchant knows.
    let bought = tiktok.ledger().orders.into_iter().find(|one| one.order_id == order).ok_or("no such order")?;
    let (user_id, shop_user_id) = (bought.unique_identifier.into(), bought.buyer_user_id.into());
    let known = Event::Identity { user_id, shop_user_id };
    runtime.accept(&shop, vec![NewEvent { id: "mint-is-known".into(), at: None, event: known }]).await?;
    buyers.advance_seconds(120).await?;
    let credited = async || {
        let (records, _) = store.records(&shop, &Cursor(vec![0]), 1_000).await?;
        let outcomes = records.iter().filter_map(|record| serde_json::from_str::<Value>(&record.line).ok());
        Ok(outcomes
            .filter_map(|record| record["outcome"].get("order").cloned())
            .next_back()
            .map(|order| format!("{}, {} {}", order["result"], order["total_minor"], order["currency"])))
    };
    until("the order", credited).await?;

    // 8. Why? From the one record that is kept of a comment, for every trigger, also much later.
    let comments = ["thanks!", "price please"].map(|text| buyers.comment("mint", text));
    for asked in comments {
        let comment = asked.await?;
        let why = async || {
            let explained = runtime.explain(&shop, &comment.as_str().into(), Some("price")).await.ok();
            Ok(explained
                .map(|explained| format!("{:?}: {:?}", explained.comment, explained.triggers[0].explanation.verdict)))
        };
        until("why there is no answer", why).await?;
    }
    println!("{}", serde_json::to_string_pretty(&runtime.insights(&shop).await?)?);

    // 9. Nothing that was acknowledged is lost by this, and neither would it be by a power cut.
    runtime.stop(Duration::from_secs(5)).await;
    println!("everything is in {}: stopped at {}", file.display(), now());
    Ok(())
}

/// The document: one trigger, one flow, one product.
fn shop(keys: &Credentials) -> Value {
    let (product, skus) = &keys.accounts[0].products[0];
    json!({
        "workspace": { "id": "glow", "name": "Glow Cosmetics", "account_user_id": "acct_glow" },
        "policy": { "reach": { "mode": "buyer_first" } },
        "products": [{ "id": product, "name": "Glow Serum", "url": "https://shop.example/serum",
            "skus": [{ "id": skus[0], "name": "30ml" }, { "id": skus[1], "name": "50ml" }] }],
        "triggers": [{ "id": "price", "when": { "keywords": { "words": ["price", "ราคา"] } }, "flow": "price",
            "public_reply": "Write to us, and we tell you" }],
        "flows": [{ "id": "price", "version": 1, "blocks": [
            { "id": "size", "quick_replies": { "text": "Which size?", "field": "size", "options": [
                { "id": "30", "label": "30ml", "goto": "small" }, { "id": "50", "label": "50ml" } ] } },
            { "id": "large", "shop_link": { "product": product, "sku": skus[1], "text": "890 THB" }, "goto": "end" },
            { "id": "small", "shop_link": { "product": product, "sku": skus[0], "text": "590 THB" } },
            { "id": "end", "tag": { "tag": "asked-price" } } ] }],
    })
}

/// The account and its shop. Tokens are kept in the database, sealed.
fn account(workspace: &WorkspaceId, keys: &Credentials) -> Result<AccountSettings> {
    let (of, key) =
        (&keys.accounts[0], |key: &str, secret: &str| AppKeys { key: key.into(), secrets: vec![secret.into()] });
    let mut business = BusinessSettings::new(&of.business_id, key(&keys.client_key, &keys.client_secret));
    business.base_url.clone_from(&keys.business_url);
    business.first_token = Some(FirstToken::Refresh(of.refresh_token.clone()));
    let mut shop = ShopSettings::new(&of.shop_id, key(&keys.app_key, &keys.app_secret));
    shop.base_url.clone_from(&keys.shop_url);
    shop.auth_url.clone_from(&keys.login_url);
    shop.first_token = Some(FirstToken::Refresh(of.shop_refresh_token.clone()));
    let mut settings = AccountSettings::new(workspace.clone());
    (settings.business, settings.shop) = (Some(business), Some(shop));
    settings.sealer = Some(Sealer::new(&["BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned()])?);
    // Orders are looked for too, should no webhook tell of them.
    settings.poll = Some(Duration::from_secs(1));
    Ok(settings)
}

/// Asks TikTok to deliver events of a type here. In production this is done once.
async fn subscribe(keys: &Credentials, event: &str, to: &str) -> Result<()> {
    let url = format!("{}/business/webhook/update/", keys.business_url);
    let asked =
        json!({ "app_id": keys.client_key, "secret": keys.client_secret, "event_type": event, "callback_url": to });
    let client = reqwest::Client::new().post(url).header("content-type", "application/json").body(asked.to_string());
    let answer: Value = serde_json::from_str(&client.send().await?.text().await?)?;
    if answer["code"] == 0 { Ok(()) } else { Err(format!("TikTok delivers no {event}: {answer}").into()) }
}

/// What is told to the shop's people has no place on TikTok: here it is printed.
struct Inbox;

impl Channel for Inbox {
    async fn perform(&self, delivery: &Delivery) -> Attempt {
        println!("the shop is told: {}", delivery.key.id);
        Attempt::Sent
    }

    fn takes_keys(&self) -> bool {
        true
    }
}

/// Waits for something that comes about by itself, and says it.
async fn until(what: &str, mut look: impl AsyncFnMut() -> Result<Option<String>>) -> Result<()> {
    for _ in 0..1_500 {
        if let Some(found) = look().await? {
            println!("{what}: {found}");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(format!("{what} did not come").into())
}

fn now() -> Instant {
    use chatsparks::running::Clock;
    SystemClock::default().wall()
}
