//! Products as the shop writes them.

use super::order::minor;
use crate::{
    account::{Product, ProductSku},
    webhook::{id, id_unless_zero},
};
use serde_json::Value;

/// Reads a product; none: it lacks its id.
pub(super) fn product(value: &Value) -> Option<Product> {
    Some(Product {
        id: id_unless_zero(&value["id"])?,
        title: text(&value["title"]).unwrap_or_default(),
        status: text(&value["status"]).unwrap_or_default(),
        skus: list(&value["skus"]).iter().filter_map(sku).collect(),
    })
}

fn sku(value: &Value) -> Option<ProductSku> {
    let price = &value["price"];
    let currency = text(&price["currency"]);
    let written = [&price["sale_price"], &price["tax_exclusive_price"]];
    let price_minor = written.into_iter().find_map(|price| minor(price, currency.as_deref()?));
    // Attributes tell variants apart: a size, a colour.
    let names: Vec<&str> =
        list(&value["sales_attributes"]).iter().filter_map(|one| one["value_name"].as_str()).collect();
    let quantities = list(&value["inventory"]).iter().filter_map(|one| one["quantity"].as_i64());
    Some(ProductSku {
        id: id_unless_zero(&value["id"])?,
        name: (!names.is_empty()).then(|| names.join(", ")),
        seller_sku: id(&value["seller_sku"]),
        price_minor,
        currency,
        quantity: value["inventory"].is_array().then(|| quantities.fold(0, i64::saturating_add)),
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
