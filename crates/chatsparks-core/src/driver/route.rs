//! Which partition an event belongs to (R3, R4): a stable, written hash of workspace and key.

use crate::{DmId, Event, OrderId, UserId, WorkspaceId};

/// Where an event is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// In the partition of this contact.
    Contact(UserId),
    /// Where the order lives, or will live: by its contact, else by the user id that it bears.
    Order(OrderId),
    /// Where the DM was decided.
    Dm(DmId),
    /// In every partition, at one instant (R8).
    Everywhere,
    /// Wherever it was put: it is about the partition alone.
    Here,
}

impl Event {
    /// Where the event is decided, where a workspace has many partitions (R4).
    pub fn route(&self) -> Route {
        match self {
            Self::Order(order) => Route::Order(order.order_id.clone()),
            Self::OrderCancelled(order_id) | Self::OrderReview { order_id, .. } => Route::Order(order_id.clone()),
            Self::Refund(refund) => Route::Order(refund.order_id.clone()),
            Self::Receipt(receipt) => Route::Dm(receipt.dm_id.clone()),
            Self::Configure(_) => Route::Everywhere,
            Self::Grant(_) | Self::Clock => Route::Here,
            Self::Comment(_)
            | Self::CommentRemoved(_)
            | Self::CommentAnswerable(_)
            | Self::Message(_)
            | Self::Identity { .. }
            | Self::Act(_)
            | Self::MemberMessage(_)
            | Self::Erase(_) => self.user_id().map_or(Route::Here, |user_id| Route::Contact(user_id.clone())),
        }
    }
}

/// The home partition of a key of a workspace (a contact, an order, a DM): FNV-1a-64 of the workspace's id, a zero byte
/// and the key, its bits mixed, modulo the number of partitions.
///
/// It is part of every store's format, and never changes.
///
/// ```
/// use chatsparks_core::home_partition;
/// assert_eq!(home_partition(&"glow".into(), "u1", 64), 58);
/// assert_eq!(home_partition(&"glow".into(), "u1", 1), 0);
/// ```
pub fn home_partition(workspace: &WorkspaceId, key: &str, partitions: u32) -> u32 {
    let bytes = workspace.as_str().bytes().chain([0]).chain(key.bytes());
    let hash =
        bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    // The low bits of FNV hang on the low bits of each byte alone.
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    u32::try_from((mixed ^ (mixed >> 33)) % u64::from(partitions.max(1))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r3_contacts_spread_evenly_and_never_move() {
        let workspace = WorkspaceId::from("glow");
        let mut counts = [0u32; 64];
        (0..64_000)
            .for_each(|n| counts[home_partition(&workspace, &format!("68000000000000{n:06}"), 64) as usize] += 1);
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        let placed: Vec<u32> = ["", "u1", "u2", "มินต์"].iter().map(|id| home_partition(&workspace, id, 256)).collect();
        assert_eq!(placed, PLACED);
    }

    /// What stores hold: no change of the code may change it.
    const PLACED: [u32; 4] = [12, 58, 55, 95];
}
