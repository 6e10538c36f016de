//! TikTok Shop: who calls is known by a signature over all of the call.

use super::{Answer, Call, Endpoint, Gate, subscriptions::is_here};
use crate::{
    control::Platform,
    sign,
    world::{Order, Token, World, money},
};
use axum::http::Method;
use serde_json::{Value, json};

const SELLER: Gate = Gate::Shop { cipher: false };
const SHOP: Gate = Gate::Shop { cipher: true };

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint { verb: Method::GET, path: "/authorization/202309/shops", gate: SELLER, run: shops },
    Endpoint { verb: Method::GET, path: "/event/202309/webhooks", gate: SHOP, run: webhooks },
    Endpoint { verb: Method::PUT, path: "/event/202309/webhooks", gate: SHOP, run: put_webhook },
    Endpoint { verb: Method::DELETE, path: "/event/202309/webhooks", gate: SHOP, run: delete_webhook },
    Endpoint { verb: Method::GET, path: "/order/202309/orders", gate: SHOP, run: orders },
    Endpoint { verb: Method::GET, path: "/order/202507/orders", gate: SHOP, run: orders },
    Endpoint { verb: Method::POST, path: "/order/202309/orders/search", gate: SHOP, run: search_orders },
    Endpoint { verb: Method::POST, path: "/product/202502/products/search", gate: SHOP, run: search_products },
    Endpoint { verb: Method::POST, path: "/product/202309/products/search", gate: SHOP, run: search_products },
    Endpoint { verb: Method::GET, path: "/product/202309/products/{id}", gate: SHOP, run: product },
    Endpoint { verb: Method::POST, path: "/product/202309/inventory/search", gate: SHOP, run: inventory },
    Endpoint { verb: Method::POST, path: "/return_refund/202309/returns/search", gate: SHOP, run: returns },
    Endpoint { verb: Method::POST, path: "/return_refund/202309/cancellations/search", gate: SHOP, run: cancellations },
];

/// The token of a call that is signed as it should be, at about this time, for its own shop.
pub(super) fn admit(world: &mut World, outside: i64, call: &Call, cipher: bool) -> Result<Token, Answer> {
    let keys = &world.shop_app;
    if call.asked("app_key") != Some(keys.key.as_str()) {
        return Err(Answer::shop_refused(106_001, "app_key is incorrect"));
    }
    let now = outside.div_euclid(1000);
    let stamp = call.asked("timestamp").and_then(|it| it.parse::<i64>().ok());
    if !stamp.is_some_and(|stamp| (now - 300..=now + 30).contains(&stamp)) {
        return Err(Answer::shop_refused(106_001, "timestamp is missing, or more than 5 minutes old"));
    }
    let kind = call.headers.get("content-type").and_then(|it| it.to_str().ok()).unwrap_or_default();
    let body: &[u8] = if kind.starts_with("multipart/form-data") { &[] } else { &call.body };
    let query: Vec<_> = call.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let sign = sign::shop_request(&keys.secret, &call.path, &query, body);
    if !call.asked("sign").is_some_and(|it| sign::equal(it, &sign)) {
        return Err(Answer::shop_refused(106_001, "sign is invalid"));
    }
    let bears = call.headers.get("x-tts-access-token").and_then(|it| it.to_str().ok()).unwrap_or_default();
    let token = world.token(Platform::Shop, bears);
    let token = token.ok_or_else(|| Answer::shop_refused(105_002, "access token is invalid or over"))?;
    match call.asked("shop_cipher") {
        None if cipher => Err(Answer::shop_refused(106_013, "shop_cipher is missing")),
        Some(_) if !cipher => Err(Answer::shop_refused(36_009_009, "shop_cipher is not allowed here")),
        Some(of) if world.accounts[token.account].shop.cipher != of => {
            Err(Answer::shop_refused(101_000, "the token is not for this shop"))
        }
        _ => Ok(token),
    }
}

fn shops(world: &mut World, call: &Call) -> Answer {
    let account = &world.accounts[call.account];
    let shop = &account.shop;
    Answer::shop(json!({ "shops": [{
        "id": shop.id, "cipher": shop.cipher, "code": shop.code,
        "name": account.display_name, "region": account.region, "seller_type": "LOCAL",
    }] }))
}

fn webhooks(world: &mut World, call: &Call) -> Answer {
    let of_shop = world.hooks.of_shops.iter().filter(|((account, _), _)| *account == call.account);
    let all: Vec<_> = of_shop.map(|((_, kind), url)| json!({ "address": url, "event_type": kind })).collect();
    Answer::shop(json!({ "webhooks": all, "total_count": all.len() }))
}

const EVENTS: [&str; 6] = [
    "ORDER_STATUS_CHANGE",
    "CANCELLATION_STATUS_CHANGE",
    "RETURN_STATUS_CHANGE",
    "PACKAGE_UPDATE",
    "PRODUCT_STATUS_CHANGE",
    "SELLER_DEAUTHORIZATION",
];

fn put_webhook(world: &mut World, call: &Call) -> Answer {
    let kind = call.text("event_type").filter(|it| EVENTS.contains(it));
    let address = call.text("address").filter(|it| it.len() <= 255);
    let url = address.and_then(|it| url::Url::parse(it).ok()).filter(is_here);
    let (Some(kind), Some(url)) = (kind, url) else {
        return Answer::shop_refused(36_009_009, "event_type, or address (one of this machine, here), is invalid");
    };
    world.hooks.of_shops.insert((call.account, kind.to_owned()), url.into());
    Answer::shop(json!({}))
}

fn delete_webhook(world: &mut World, call: &Call) -> Answer {
    let kind = call.text("event_type").unwrap_or_default().to_owned();
    world.hooks.of_shops.remove(&(call.account, kind));
    Answer::shop(json!({}))
}

fn orders(world: &mut World, call: &Call) -> Answer {
    let ids: Vec<_> = call.asked("ids").unwrap_or_default().split(',').filter(|it| !it.is_empty()).collect();
    if ids.is_empty() || ids.len() > 50 {
        return Answer::shop_refused(36_009_009, "ids: 1 to 50");
    }
    let found = ids.iter().filter_map(|id| world.orders.get(&id.parse().ok()?)).filter(|it| it.account == call.account);
    Answer::shop(json!({ "orders": found.map(|it| order_json(world, it)).collect::<Vec<_>>() }))
}

fn order_json(world: &World, order: &Order) -> Value {
    let shop = &world.accounts[order.account].shop;
    let currency = shop.currency.as_str();
    let total = money(order.total_minor, currency);
    let buyer = world.known(&order.person).map(|it| it.buyer_user_id.clone()).unwrap_or_default();
    let lines = order.items.iter().enumerate().map(|(place, (product, sku))| {
        let product = &shop.products[*product];
        let sku = &product.skus[*sku];
        let price = money(sku.price_minor, currency);
        json!({
            "id": (order.id + 1 + place as u64).to_string(),
            "product_id": product.id.to_string(), "product_name": product.title,
            "sku_id": sku.id.to_string(), "sku_name": sku.name, "seller_sku": format!("{}-{}", product.title, sku.name),
            "sale_price": price, "original_price": price, "currency": currency,
            "display_status": order.status, "package_id": "", "is_gift": false, "room_id": "",
        })
    });
    let mut seen = json!({
        "id": order.id.to_string(),
        "status": order.status,
        "user_id": buyer,
        "buyer_email": format!("{}@scs.tiktokw.example", &buyer),
        "buyer_message": "", "buyer_nickname": "",
        "create_time": order.at / 1000,
        "update_time": order.updated_at / 1000,
        "is_on_hold_order": false, "is_sample_order": false, "is_cod": false,
        "is_buyer_request_cancel": order.cancelled.is_some(),
        "commerce_platform": "TIKTOK_SHOP", "order_type": "NORMAL",
        "packages": [],
        "payment": {
            "currency": currency, "total_amount": total, "sub_total": total, "original_total_product_price": total,
            "shipping_fee": money(0, currency), "tax": money(0, currency),
            "seller_discount": money(0, currency), "platform_discount": money(0, currency),
        },
        "line_items": lines.collect::<Vec<_>>(),
    });
    if let Some(paid) = order.paid_at {
        seen["paid_time"] = (paid / 1000).into();
    }
    if order.cancelled.is_some() {
        seen["cancel_reason"] = "Changed my mind".into();
    }
    seen
}

/// A page of what was found, the token of the next, and how many there are.
fn page(call: &Call, name: &str, found: Vec<Value>) -> Answer {
    let size = call.asked("page_size").and_then(|it| it.parse::<usize>().ok()).filter(|it| (1..=100).contains(it));
    let from = call.asked("page_token").filter(|it| !it.is_empty()).map_or(Some(0), |it| it.parse::<usize>().ok());
    let (Some(size), Some(from)) = (size, from) else {
        return Answer::shop_refused(36_009_009, "page_size: 1 to 100; page_token: as it was given");
    };
    let count = found.len();
    let page: Vec<_> = found.into_iter().skip(from).take(size).collect();
    let next = from.saturating_add(page.len());
    let next = if next < count { next.to_string() } else { String::new() };
    let mut data = json!({ "next_page_token": next, "total_count": count });
    data[name] = page.into();
    Answer::shop(data)
}

fn between(value: i64, call: &Call, name: &str) -> bool {
    let bound = |end: &str| call.json[format!("{name}_{end}")].as_i64();
    bound("ge").is_none_or(|from| value >= from) && bound("lt").is_none_or(|until| value < until)
}

fn search_orders(world: &mut World, call: &Call) -> Answer {
    let status = call.text("order_status");
    let mut found: Vec<_> = (world.orders.values())
        .filter(|it| it.account == call.account && status.is_none_or(|status| it.status == status))
        .filter(|it| between(it.at / 1000, call, "create_time") && between(it.updated_at / 1000, call, "update_time"))
        .collect();
    let by_update = call.asked("sort_field") == Some("update_time");
    found.sort_by_key(|it| (if by_update { it.updated_at } else { it.at }, it.id));
    if call.asked("sort_order") != Some("ASC") {
        found.reverse();
    }
    page(call, "orders", found.into_iter().map(|it| order_json(world, it)).collect())
}

fn product_json(world: &World, call: &Call, place: usize) -> Value {
    let shop = &world.accounts[call.account].shop;
    let product = &shop.products[place];
    let skus = product.skus.iter().map(|sku| {
        let price = money(sku.price_minor, &shop.currency);
        json!({
            "id": sku.id.to_string(),
            "seller_sku": format!("{}-{}", product.title, sku.name),
            "sales_attributes": [{ "name": "Variant", "value_name": sku.name }],
            "price": { "currency": shop.currency, "sale_price": price, "tax_exclusive_price": price },
            "inventory": [{ "warehouse_id": "1", "quantity": 1000 }],
        })
    });
    json!({
        "id": product.id.to_string(), "title": product.title, "status": "ACTIVATE",
        "create_time": shop.made_at / 1000, "update_time": shop.made_at / 1000,
        "skus": skus.collect::<Vec<_>>(),
    })
}

/// Whether a value is this id, as text.
fn names(value: &Value, id: u64) -> bool {
    value.as_str().and_then(|it| it.parse::<u64>().ok()) == Some(id)
}

fn search_products(world: &mut World, call: &Call) -> Answer {
    let products = &world.accounts[call.account].shop.products;
    let chosen = |name: &str| call.json[name].as_array().filter(|it| !it.is_empty());
    let fits = |place: &usize| {
        let product = &products[*place];
        let has = |asked: &Vec<Value>| product.skus.iter().any(|sku| asked.iter().any(|it| names(it, sku.id)));
        let sells = |asked: &Vec<Value>| {
            product.skus.iter().any(|sku| asked.iter().any(|it| *it == format!("{}-{}", product.title, sku.name)))
        };
        let status = call.text("status").is_none_or(|it| matches!(it, "ACTIVATE" | "ALL"));
        status && chosen("sku_ids").is_none_or(has) && chosen("seller_skus").is_none_or(sells)
    };
    let found: Vec<_> = (0..products.len()).filter(fits).map(|place| product_json(world, call, place)).collect();
    page(call, "products", found)
}

fn product(world: &mut World, call: &Call) -> Answer {
    let id = call.path.rsplit('/').next().and_then(|it| it.parse::<u64>().ok());
    let place = world.accounts[call.account].shop.products.iter().position(|it| Some(it.id) == id);
    match place {
        Some(place) => Answer::shop(product_json(world, call, place)),
        None => Answer::shop_refused(12_052_048, "there is no such product"),
    }
}

fn inventory(world: &mut World, call: &Call) -> Answer {
    let all = world.accounts[call.account].shop.products.iter().map(|product| {
        let skus = product.skus.iter().map(|sku| json!({ "id": sku.id.to_string(), "total_available_quantity": 1000 }));
        json!({ "product_id": product.id.to_string(), "skus": skus.collect::<Vec<_>>() })
    });
    Answer::shop(json!({ "inventory": all.collect::<Vec<_>>() }))
}

/// The orders that the body names, or all.
fn asked_orders<'a>(world: &'a World, call: &'a Call) -> impl Iterator<Item = &'a Order> {
    let named = call.json["order_ids"].as_array().filter(|it| !it.is_empty());
    let fits = move |it: &&Order| named.is_none_or(|ids| ids.iter().any(|id| names(id, it.id)));
    world.orders.values().filter(|it| it.account == call.account).filter(fits)
}

fn returns(world: &mut World, call: &Call) -> Answer {
    let currency = world.accounts[call.account].shop.currency.clone();
    let mut found = Vec::new();
    for order in asked_orders(world, call) {
        for back in order.returns.iter().filter(|it| between(it.at / 1000, call, "update_time")) {
            let amount = money(back.amount_minor, &currency);
            found.push((
                back.at,
                json!({
                    "return_id": back.id.to_string(), "order_id": order.id.to_string(),
                    "return_type": "RETURN_AND_REFUND", "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE",
                    "role": "BUYER", "create_time": back.at / 1000, "update_time": back.at / 1000,
                    "refund_amount": { "currency": currency, "refund_total": amount, "refund_subtotal": amount },
                }),
            ));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    page(call, "return_orders", found.into_iter().map(|(_, it)| it).collect())
}

fn cancellations(world: &mut World, call: &Call) -> Answer {
    let currency = world.accounts[call.account].shop.currency.clone();
    let found = asked_orders(world, call).filter_map(|order| {
        let (id, at) = order.cancelled.filter(|(_, at)| between(at / 1000, call, "update_time"))?;
        let amount = money(order.total_minor, &currency);
        Some(json!({
            "cancel_id": id.to_string(), "order_id": order.id.to_string(),
            "cancel_type": "BUYER_CANCEL", "cancel_status": "CANCELLATION_REQUEST_COMPLETE",
            "role": "BUYER", "create_time": at / 1000, "update_time": at / 1000,
            "refund_amount": { "currency": currency, "refund_total": amount },
        }))
    });
    let found: Vec<_> = found.collect();
    page(call, "cancellations", found)
}
