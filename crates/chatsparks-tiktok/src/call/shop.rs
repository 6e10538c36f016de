//! What is asked of TikTok Shop: orders, and the shops that a permission is for.

use super::{
    CallError, Client, answer,
    client::{Body, Call},
    order::{FullOrder, full_order},
    sign::sign_request,
};
use crate::webhook::{AppKeys, id};
use chatsparks_core::Instant;
use reqwest::Method;
use serde_json::{Value, json};

/// TikTok Shop as one shop uses it.
#[derive(Clone, Debug)]
pub(crate) struct ShopApi {
    client: Client,
    app: AppKeys,
}

/// A page of orders.
pub(crate) struct OrderPage {
    pub(crate) orders: Vec<FullOrder>,
    pub(crate) next: Option<String>,
}

/// A shop that a permission is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedShop {
    pub(crate) id: String,
    pub(crate) cipher: String,
    pub(crate) region: Option<String>,
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
            Some(ListedShop { id: id(&shop["id"])?, cipher: text("cipher")?, region: text("region") })
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
    ) -> Result<OrderPage, CallError> {
        let mut query = vec![
            ("shop_cipher", cipher.to_owned()),
            ("page_size", "50".to_owned()),
            ("sort_field", "update_time".to_owned()),
            ("sort_order", "ASC".to_owned()),
        ];
        query.extend(page.map(|page| ("page_token", page.to_owned())));
        let body = json!({ "update_time_ge": since.as_milliseconds().div_euclid(1_000) });
        let body = Some(body.to_string().into_bytes());
        let data = self.call(token, now, Method::POST, "/order/202309/orders/search", query, body).await?;
        let next = data["next_page_token"].as_str().filter(|next| !next.is_empty()).map(str::to_owned);
        Ok(OrderPage { orders: list(&data, "orders").iter().filter_map(full_order).collect(), next })
    }

    /// Refunds of an order that are complete.
    pub(crate) async fn refunds(
        &self,
        (token, cipher): (&str, &str),
        now: Instant,
        order_id: &str,
    ) -> Result<Vec<Value>, CallError> {
        let query = vec![("shop_cipher", cipher.to_owned()), ("page_size", "50".to_owned())];
        let body = Some(json!({ "order_ids": [order_id] }).to_string().into_bytes());
        let path = "/return_refund/202309/returns/search";
        let data = self.call(token, now, Method::POST, path, query, body).await?;
        Ok(list(&data, "return_orders").to_vec())
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

fn list<'v>(data: &'v Value, name: &str) -> &'v [Value] {
    data[name].as_array().map(Vec::as_slice).unwrap_or_default()
}
