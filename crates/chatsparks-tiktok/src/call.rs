//! Calls out: what is asked of the platform, and what its answers mean.

mod answer;
mod business;
mod client;
pub(crate) mod order;
mod product;
mod shop;
mod sign;

pub(crate) use answer::CallError;
pub(crate) use business::{BusinessApi, ListedComment, Outgoing, ThreadContent, To, enveloped};
pub use client::ClientError;
pub(crate) use client::{Bearer, Body, Call, Client};
pub(crate) use order::{FullOrder, Returned};
pub(crate) use shop::{Page, ShopApi};
pub use sign::sign_request;
