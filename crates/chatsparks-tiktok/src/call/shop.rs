//! What is asked of TikTok Shop: orders, returns, products, and the shops that a permission is for.

use super::{
    CallError, Client, answer,
    client::{Body, Call},
    order::{FullOrder, Returned, full_order, returned},
    product::product,
    sign::sign_request,
};
use crate::{
    account::{ListedShop, Product, ProductPage},
    webhook::{AppKeys, id},
};
use chatsparks_core::Instant;
use reqwest::Method;
use serde_json::{Value, json};

/// TikTok Shop as one shop uses it.
#[derive(Clone, Debug)]
pub(crate) struct ShopApi {
    client: Client,
    app: AppKeys,
}

/// A page of what changed, the oldest change first.
pub(crate) struct Page<T> {
    pub(crate) things: Vec<T>,
    pub(crate) next: Option<String>,
}

impl ShopApi {
    pub(crate) fn new(client: Client, app: AppKeys) -> Self {
        Self { client, app }
    }

    /// The shops that this token is for.
    pub(crate) async fn shops(&self, token: &str, now: Instant) -> Result<Vec<ListedShop>, CallError> {
        let data = self.call(token, now, Method::GET, "/authorization/202309/shops", vec![], None).await?;
        let shop = |shop: &Value| {
            let text = |name: &str| shop[name].as_str().map(str::to_owned);
            Some(ListedShop {
                id: id(&shop["id"])?,
                cipher: text("cipher")?,
                name: text("name"),
                region: text("region"),
            })
        };
        Ok(list(&data, "shops").iter().filter_map(shop).collect())
    }

    /// Orders by their ids, fifty at most.
    pub(crate) async fn orders(
        &self,
        (token, cipher): (&str, &str),
        now: Instant,
        ids: &[&str],
    ) -> Result<Vec<FullOrder>, CallError> {
        let query = vec![("shop_cipher", cipher.to_owned()), ("ids", ids.join(","))];
        let data = self.call(token, now, Method::GET, "/order/202309/orders", query, None).await?;
        Ok(list(&data, "orders").iter().filter_map(full_order).collect())
    }

    /// Orders that changed since an instant, oldest change first.
    pub(crate) async fn changed(
        &self,
        (token, cipher): (&str, &str),
        now: Instant,
        since: Instant,
        page: Option<&str>,
    ) -> Result<Page<FullOrder>, CallError> {
        let query = searched(cipher, "50", page);
        let body = json!({ "update_time_ge": since.as_milliseconds().div_euclid(1_000) });
        let body = Some(body.to_string().into_bytes());
        let data = self.call(token, now, Method::POST, "/order/202309/orders/search", query, body).await?;
        Ok(Page { things: list(&data, "orders").iter().filter_map(full_order).collect(), next: next(&data) })
    }

    /// What was sent back of an order.
    pub(crate) async fn returns_of(
        &self,
        seller: (&str, &str),
        now: Instant,
        order_id: &str,
    ) -> Result<Vec<Returned>, CallError> {
        let page = self.search_returns(seller, now, &json!({ "order_ids": [order_id] }), None).await?;
        Ok(page.things)
    }

    /// What was sent back, as far as that changed since an instant, oldest change first.
    pub(crate) async fn returns(
        &self,
        seller: (&str, &str),
        now: Instant,
        since: Instant,
        page: Option<&str>,
    ) -> Result<Page<Returned>, CallError> {
        let body = json!({ "update_time_ge": since.as_milliseconds().div_euclid(1_000) });
        self.search_returns(seller, now, &body, page).await
    }

    async fn search_returns(
        &self,
        (token, cipher): (&str, &str),
        now: Instant,
        body: &Value,
        page: Option<&str>,
    ) -> Result<Page<Returned>, CallError> {
        let query = searched(cipher, "50", page);
        let body = Some(body.to_string().into_bytes());
        let path = "/return_refund/202309/returns/search";
        let data = self.call(token, now, Method::POST, path, query, body).await?;
        Ok(Page { things: list(&data, "return_orders").iter().filter_map(returned).collect(), next: next(&data) })
    }

    /// Products, a hundred at a time.
    pub(crate) async fn products(
        &self,
        (token, cipher): (&str, &str),
        now: Instant,
        page: Option<&str>,
    ) -> Result<ProductPage, CallError> {
        let mut query = vec![("shop_cipher", cipher.to_owned()), ("page_size", "100".to_owned())];
        query.extend(page.map(|page| ("page_token", page.to_owned())));
        let body = Some(json!({ "status": "ACTIVATE" }).to_string().into_bytes());
        let data = self.call(token, now, Method::POST, "/product/202502/products/search", query, body).await?;
        Ok(ProductPage { products: list(&data, "products").iter().filter_map(product).collect(), next: next(&data) })
    }

    /// A product by its id, of digits.
    pub(crate) async fn product(
        &self,
        (token, cipher): (&str, &str),
        now: Instant,
        id: &str,
    ) -> Result<Product, CallError> {
        let query = vec![("shop_cipher", cipher.to_owned())];
        let path = format!("/product/202309/products/{id}");
        let data = self.call(token, now, Method::GET, &path, query, None).await?;
        product(&data).ok_or_else(|| CallError::Refused("what TikTok Shop answered is no product".to_owned()))
    }

    async fn call(
        &self,
        token: &str,
        now: Instant,
        method: Method,
        path: &str,
        mut query: Vec<(&str, String)>,
        body: Option<Vec<u8>>,
    ) -> Result<Value, CallError> {
        query.push(("app_key", self.app.key.clone()));
        query.push(("timestamp", now.as_milliseconds().div_euclid(1_000).to_string()));
        let secret = self.app.secrets.first().map_or("", String::as_str);
        let signed = sign_request(secret, path, &query, body.as_deref().unwrap_or_default());
        query.push(("sign", signed));
        let headers = [("x-tts-access-token", token), ("content-type", "application/json")];
        let headers = if body.is_some() { &headers[..1] } else { &headers[..] };
        let body = body.map(Body::Json);
        let answered = self.client.call(Call { method, path, query: &query, headers, body }).await?;
        let code = answered.json.as_ref().and_then(|json| json["code"].as_i64());
        let Some((mut json, code)) = answered.json.zip(code) else {
            answer::of_status(answered.status, answered.retry_after, self.client.who())?;
            return Err(CallError::Unknown("what the platform answered is no envelope"));
        };
        answer::of_shop(code, answered.retry_after)?;
        Ok(json["data"].take())
    }
}

/// What a search asks for, oldest change first.
fn searched(cipher: &str, size: &str, page: Option<&str>) -> Vec<(&'static str, String)> {
    let mut query = vec![
        ("shop_cipher", cipher.to_owned()),
        ("page_size", size.to_owned()),
        ("sort_field", "update_time".to_owned()),
        ("sort_order", "ASC".to_owned()),
    ];
    query.extend(page.map(|page| ("page_token", page.to_owned())));
    query
}

fn next(data: &Value) -> Option<String> {
    data["next_page_token"].as_str().filter(|next| !next.is_empty()).map(str::to_owned)
}

fn list<'v>(data: &'v Value, name: &str) -> &'v [Value] {
    data[name].as_array().map(Vec::as_slice).unwrap_or_default()
}
