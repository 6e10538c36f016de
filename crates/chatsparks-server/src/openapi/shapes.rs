//! What is answered, as the OpenAPI document tells it. The values themselves are made by the runtime.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident as $written:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Serialize, ToSchema)]
        #[schema(as = $written)]
        #[allow(dead_code, reason = "only its shape is told")]
        pub(crate) struct $name { $($(#[$field_doc])* pub(crate) $field: $kind,)* }
    )*};
}

pub(super) use shapes;

shapes! {
    /// The state of a workspace.
    StateShape as State {
        /// The count of monthly active contacts.
        mac: CountShape,
        /// Every contact, sorted by user id.
        contacts: Vec<ContactShape>,
        /// Every order, sorted by order id.
        orders: Vec<OrderShape>,
    }

    /// The count of monthly active contacts.
    CountShape as Count {
        /// When the cycle began; null before the first event.
        cycle_start: Option<String>,
        /// Contacts counted in it.
        count: u64,
        /// The plan's limit; null without one.
        limit: Option<u64>,
        /// `none`, `yellow` or `red`.
        banner: String,
        /// Whether the count is at the limit.
        paused: bool,
    }

    /// A contact.
    ContactShape as Contact {
        user_id: String,
        /// Whether they are blocked.
        blocked: bool,
        /// Their tags, sorted.
        tags: Vec<String>,
        /// What flows captured.
        #[schema(value_type = Object)]
        fields: Map<String, Value>,
        /// Whether they count in this cycle.
        counted: bool,
        /// Whether a start waits for room.
        queued: bool,
        /// Whether a start waits for them to write.
        awaiting: bool,
        /// Their last conversation, closed too; null without one.
        #[schema(value_type = Option<Object>)]
        conversation: Option<Value>,
    }

    /// An order.
    OrderShape as Order {
        order_id: String,
        /// `attributed`, `soft` or `organic`.
        result: String,
        /// Net of refunds, in minor units; 0 once cancelled.
        net_minor: i64,
        /// The linked part of that.
        overlap_minor: i64,
        currency: String,
        cancelled: bool,
    }

    /// What waits to be sent.
    QueueShape as Queue {
        /// How many effects stand where.
        counts: CountsShape,
        /// What waits, in the order in which it goes; the first thousand.
        waiting: Vec<QueuedShape>,
        /// What was given up, and can be retried or dropped.
        dead_letters: Vec<QueuedShape>,
        /// Attempts that were cut off.
        in_doubt: Vec<QueuedShape>,
        /// When it will have gone.
        forecast: ForecastShape,
        /// How the channel stands: `state`, and where it is stopped, `since` and `why`.
        #[schema(value_type = Object)]
        channel: Value,
    }

    /// How many effects stand where.
    CountsShape as Counts {
        waiting: u64,
        in_doubt: u64,
        dead: u64,
        sent: u64,
        failed: u64,
    }

    /// An effect that has no outcome yet.
    QueuedShape as Queued {
        /// Its id.
        effect: String,
        /// The contact.
        #[schema(required = false)]
        user_id: Option<String>,
        /// What kind of effect.
        kind: String,
        /// Where it stands.
        state: String,
        /// Attempts so far.
        attempts: u32,
        /// When its chance is over.
        #[schema(required = false)]
        not_after: Option<String>,
        /// When it is tried again.
        #[schema(required = false)]
        not_before: Option<String>,
        /// Why it was not sent so far.
        #[schema(required = false)]
        why: Option<String>,
    }

    /// When what waits will have gone, at the present limits.
    ForecastShape as Forecast {
        waiting: u64,
        /// Effects a second; null: nothing is known.
        per_second: Option<f64>,
        /// When the last of them goes; null: not foreseeable.
        drained_at: Option<String>,
        /// How many will be too late.
        too_late: u64,
        /// Which, the first hundred of them.
        too_late_effects: Vec<String>,
    }

    /// How the service is.
    HealthShape as Health {
        /// `ok`, or what is wrong first.
        status: String,
        /// Why the store could not do the last thing; null: it could.
        store: Option<String>,
        /// Each workspace's TikTok accounts: their permission, the scopes that are missing, what to do, when a delivery last
        /// came, what waits.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Vec<Object>>)]
        tiktok: Option<Vec<Value>>,
        /// Whether the machine's clock jumped, and has to be confirmed.
        clock_stepped: bool,
        /// Each partition of each workspace: its `lag`, its `engine_faults`, the `trouble` that keeps it from going on,
        /// and `kept_longer_since`: the record from which on old history is kept longer than it has to be.
        #[schema(value_type = Vec<Object>)]
        shards: Vec<Value>,
        /// Each workspace's channel: `none`, `going` or `stopped`, `since` and `why`.
        #[schema(value_type = Vec<Object>)]
        channels: Vec<Value>,
        /// Where several processes may serve the store: each that lives, with the partitions and the
        /// workspaces that it serves.
        #[schema(value_type = Option<Vec<Object>>)]
        workers: Option<Vec<Value>>,
    }

    /// A fault or warning of a document.
    FaultShape as Fault {
        /// Where, such as `flows[0].blocks[2].goto`; empty for the document itself.
        path: String,
        /// What kind, for programs.
        code: String,
        /// What is wrong and what to do, for people.
        message: String,
    }
}
