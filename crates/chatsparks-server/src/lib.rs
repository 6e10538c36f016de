//! HTTP around ChatSparks: events in from any backend in any language, effects out, records and state to read.
//!
//! There are two ways to use it. A backend in Rust nests [`router`] in its own axum application:
//!
//! ```no_run
//! # use chatsparks_ports::Store; use chatsparks_runtime::Runtime;
//! # fn example<S: Store>(runtime: Runtime<S>) -> axum::Router {
//! use chatsparks_server::{Access, Token, router};
//! let access = Access::of(vec![Token::new("a long secret")]);
//! axum::Router::new().nest("/chatsparks", router(runtime, access))
//! # }
//! ```
//!
//! Any other runs `chatsparks serve --config FILE` beside itself: a [`Config`](config::Config) is read, and [`serve`]
//! listens until it is told to stop.
//!
//! Nothing that a buyer wrote, no token and no secret is in a log, a metric, an error or a `Debug` of this crate.

#![allow(clippy::result_large_err, reason = "a problem is made once a request, where it ends")]

mod access;
mod body;
mod calls;
pub mod config;
mod connections;
#[cfg(feature = "console")]
mod console;
mod limits;
mod openapi;
mod platform;
mod problem;
mod router;
mod serve;
mod session;

pub use access::{Access, Scope, Token};
pub use limits::Limits;
pub use openapi::document as openapi;
pub use problem::{Kind, Problem};
pub use router::{Options, router, router_with};
pub use serve::{Serve, ServeError, prometheus, serve};
