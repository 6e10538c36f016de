//! Names of things: newtypes over shared text, cheap to clone, ordered by their bytes.
//!
//! An id in a state or an event costs one allocation when it is read and none when it is cloned.
//! Limits (`formats.md`: 64 characters for what people name, 256 for what the platform names) are
//! held where text comes in: by the history reader and by [`Engine::compile`](crate::Engine::compile).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Borrow, fmt, sync::Arc};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str { &self.0 }
            #[allow(dead_code, reason = "not every id is shared as text")]
            pub(crate) fn as_arc(&self) -> &Arc<str> { &self.0 }
        }
        impl From<&str> for $name { fn from(text: &str) -> Self { Self(Arc::from(text)) } }
        impl From<String> for $name { fn from(text: String) -> Self { Self(Arc::from(text)) } }
        impl From<Arc<str>> for $name { fn from(text: Arc<str>) -> Self { Self(text) } }
        impl AsRef<str> for $name { fn as_ref(&self) -> &str { &self.0 } }
        impl Borrow<str> for $name { fn borrow(&self) -> &str { &self.0 } }
        impl PartialEq<str> for $name { fn eq(&self, other: &str) -> bool { &*self.0 == other } }
        impl PartialEq<&str> for $name { fn eq(&self, other: &&str) -> bool { &*self.0 == *other } }
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result { out.write_str(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Debug::fmt(&*self.0, out) }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> { to.serialize_str(&self.0) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Deserialize::deserialize(from).map(Self)
            }
        }
    )*};
}

ids! {
    /// An event of the history (T3): processed once a workspace.
    EventId;
    /// A comment, as the platform names it.
    CommentId;
    /// A post: a video or a Live.
    PostId;
    /// A TikTok user, and so a contact of the workspace.
    UserId;
    /// A buyer of TikTok Shop: a name space of its own (A1).
    ShopUserId;
    /// A direct message of a buyer or of a member.
    MessageId;
    /// A direct message that the engine decided: the id of its effect (V11).
    DmId;
    /// An order of the shop.
    OrderId;
    /// A refund of an order.
    RefundId;
    /// A product of the catalogue.
    ProductId;
    /// A stock-keeping unit: one space over all products (F10).
    SkuId;
    /// A trigger: the key of its throttle (C6).
    TriggerId;
    /// A flow, in all its versions.
    FlowId;
    /// A block of a flow.
    BlockId;
    /// An option of a `quick_replies` block.
    OptionId;
    /// A workspace.
    WorkspaceId;
    /// A member of the workspace; compared without case (W1).
    Email;
    /// A tag of a post or of a contact.
    Tag;
    /// A field that a flow captures.
    Field;
    /// A currency, as the shop writes it.
    Currency;
}
