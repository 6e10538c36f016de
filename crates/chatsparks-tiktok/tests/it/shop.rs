//! What a shop sells, asked of the simulated TikTok: it knows nothing of this crate, and looks at every signature.

use crate::world::Program;
use base64::{Engine, prelude::BASE64_STANDARD};
use chatsparks_ports::SystemClock;
use chatsparks_tiktok::{Account, AccountSettings, AppKeys, AskError, FirstToken, Sealer, ShopSettings};
use chatsparks_tiktok_sim::{
    Settings, Simulator,
    control::{Fault, Mishap, Platform, TokenFault, TokenMishap},
    settings::Product,
};
use std::sync::Arc;

async fn town() -> Simulator {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut settings = Settings::default();
    settings.rates = chatsparks_tiktok_sim::settings::Rates::NONE;
    settings.accounts[0].products = (0..230)
        .map(|n| Product::new(&format!("Product {n:03}"), &[("30ml", 590 + n), ("50 & more = \u{e0a}", 890)]))
        .collect();
    Simulator::start(settings).await.unwrap()
}

fn account(town: &Simulator, change: impl FnOnce(&mut ShopSettings)) -> Account {
    let keys = town.credentials();
    let app = AppKeys { key: keys.app_key.clone(), secrets: vec![keys.app_secret.clone()] };
    let mut shop = ShopSettings::new(keys.accounts[0].shop_id.clone(), app);
    (shop.base_url, shop.auth_url) = (keys.shop_url.clone(), keys.login_url.clone());
    shop.first_token = Some(FirstToken::Refresh(keys.accounts[0].shop_refresh_token.clone()));
    change(&mut shop);
    let mut settings = AccountSettings::new("glow".into());
    settings.shop = Some(shop);
    settings.sealer = Some(Sealer::new(&[BASE64_STANDARD.encode([7; 32])]).unwrap());
    let account = Account::new(settings, Arc::new(SystemClock::default())).unwrap();
    account.attach(Program::new("open"));
    account
}

#[tokio::test(flavor = "multi_thread")]
async fn shops_and_products_are_listed_and_fetched_by_signed_calls() {
    let town = town().await;
    let keys = town.credentials();
    let account = account(&town, |_| ());
    let shops = account.shops().await.unwrap();
    assert_eq!((shops.len(), &shops[0].id, shops[0].region.as_deref()), (1, &keys.accounts[0].shop_id, Some("TH")));
    let (mut products, mut next, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = account.products(next.as_deref()).await.unwrap();
        products.extend(page.products);
        (next, pages) = (page.next, pages + 1);
        if next.is_none() {
            break;
        }
    }
    assert_eq!((products.len(), pages), (230, 3));
    let ids: Vec<_> = products
        .iter()
        .map(|product| (product.id.clone(), product.skus.iter().map(|sku| sku.id.clone()).collect::<Vec<_>>()))
        .collect();
    assert_eq!(ids, keys.accounts[0].products, "all of them, each once");
    let third = account.product(&products[3].id).await.unwrap();
    assert_eq!(third, products[3]);
    let sku = &third.skus[0];
    assert_eq!(
        (third.title.as_str(), third.status.as_str(), sku.name.as_deref(), sku.price_minor, sku.quantity),
        ("Product 003", "ACTIVATE", Some("30ml"), Some(59_300), Some(1_000))
    );
    assert_eq!((sku.currency.as_deref(), third.skus[1].price_minor), (Some("THB"), Some(89_000)));
    for id in ["1", "", "../../order/202309/orders", "12a"] {
        assert!(matches!(account.product(id).await, Err(AskError::Refused(_))), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o8_a_shop_that_does_not_answer_says_why_and_what_to_do() {
    let town = town().await;
    let control = town.control().unwrap();
    let good = account(&town, |_| ());
    good.products(None).await.unwrap();
    control.fault(&Fault::once("/product/202502/products/search", Mishap::RateLimit)).await.unwrap();
    assert!(matches!(good.products(None).await, Err(AskError::Later { .. })));
    control.fault(&Fault::once("/product/202502/products/search", Mishap::Garbage)).await.unwrap();
    assert!(matches!(good.products(None).await, Err(AskError::Later { .. })));
    let over = |what| TokenFault { account: None, platform: Platform::Shop, what };
    // A token that is over is renewed; a permission that is taken back is not.
    control.tokens(&over(TokenMishap::ExpireAccess)).await.unwrap();
    good.products(None).await.unwrap();
    control.tokens(&over(TokenMishap::Revoke)).await.unwrap();
    let stopped = good.products(None).await;
    assert!(matches!(&stopped, Err(AskError::Stopped(why)) if why.contains("authorise")), "{stopped:?}");
    assert!(!good.health().await.shop.unwrap().permission.authorised);
    // Another secret makes another signature; another shop has another token.
    let town = self::town().await;
    let wrong = account(&town, |shop| shop.app.secrets = vec!["another".to_owned()]);
    assert!(matches!(wrong.shops().await, Err(AskError::Stopped(_))));
    let town = self::town().await;
    let other = account(&town, |shop| shop.shop_id = "1".to_owned());
    let stopped = other.products(None).await;
    assert!(matches!(&stopped, Err(AskError::Stopped(why)) if why.contains("another shop")), "{stopped:?}");
}
