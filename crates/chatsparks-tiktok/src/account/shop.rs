//! What a shop sells: asked for by whoever writes the products of a document.

use super::Account;
use crate::call::{Bearer, CallError};
use std::time::Duration;

/// Why the platform did not say what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Not now: it may be asked again.
    #[error("{why}")]
    Later {
        /// Not before so long, where the platform says it.
        after: Option<Duration>,
        /// Why.
        why: String,
    },
    /// Not until somebody does something about the connection.
    #[error("{0}")]
    Stopped(String),
    /// Never.
    #[error("{0}")]
    Refused(String),
}

impl From<CallError> for AskError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotSent(why) | CallError::Unknown(why) => Self::Later { after: None, why: why.to_owned() },
            CallError::Again { after, why } => Self::Later { after, why },
            CallError::Token(why) | CallError::Stopped(why) => Self::Stopped(why),
            CallError::Refused(why) => Self::Refused(why),
        }
    }
}

/// A shop that a permission is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedShop {
    /// The shop: what `shop_id` names.
    pub id: String,
    /// What calls for it bear.
    pub(crate) cipher: String,
    /// What it is called.
    pub name: Option<String>,
    /// Where it sells, in two letters.
    pub region: Option<String>,
}

/// A product of the shop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Product {
    /// Its id: what `products[].id` names in a document.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Whether it is for sale: `ACTIVATE`, or another word of the platform's.
    pub status: String,
    /// Its variants.
    pub skus: Vec<ProductSku>,
}

/// A variant of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProductSku {
    /// Its id: what `products[].skus[].id` names in a document.
    pub id: String,
    /// What tells it from the others, such as `30ml`.
    pub name: Option<String>,
    /// The seller's own number.
    pub seller_sku: Option<String>,
    /// What it costs, in the minor unit of its currency.
    pub price_minor: Option<i64>,
    /// The currency.
    pub currency: Option<String>,
    /// How many there are, in all warehouses.
    pub quantity: Option<i64>,
}

/// Some products.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProductPage {
    /// They.
    pub products: Vec<Product>,
    /// What the next page is asked for by; none: that is all.
    pub next: Option<String>,
}

impl Account {
    /// The shops that the permission is for.
    ///
    /// # Errors
    /// Why the platform does not say.
    pub async fn shops(&self) -> Result<Vec<ListedShop>, AskError> {
        let inner = &*self.inner;
        let asked = async |token: Bearer| {
            let side = inner.shop.as_ref().ok_or(CallError::NotSent("no shop is configured"))?;
            side.api.shops(&token.0, inner.now()).await
        };
        Ok(inner.with_seller(asked).await?)
    }

    /// A hundred products that the shop sells; all of them, page by page.
    ///
    /// # Errors
    /// Why the platform does not say.
    pub async fn products(&self, page: Option<&str>) -> Result<ProductPage, AskError> {
        let inner = &*self.inner;
        let asked = async |token: Bearer, cipher: String| {
            let side = inner.shop.as_ref().ok_or(CallError::NotSent("no shop is configured"))?;
            side.api.products((&token.0, &cipher), inner.now(), page).await
        };
        Ok(inner.with_shop(asked).await?)
    }

    /// A product by its id.
    ///
    /// # Errors
    /// Why the platform does not say; [`AskError::Refused`] where there is none.
    pub async fn product(&self, id: &str) -> Result<Product, AskError> {
        let inner = &*self.inner;
        if id.is_empty() || !id.bytes().all(|digit| digit.is_ascii_digit()) || id.len() > 20 {
            return Err(AskError::Refused("no product has such an id".to_owned()));
        }
        let asked = async |token: Bearer, cipher: String| {
            let side = inner.shop.as_ref().ok_or(CallError::NotSent("no shop is configured"))?;
            side.api.product((&token.0, &cipher), inner.now(), id).await
        };
        Ok(inner.with_shop(asked).await?)
    }
}
