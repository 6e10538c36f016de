//! What the desk answers, as the OpenAPI document tells it: what happened, and why.

use super::shapes::{ContactShape, shapes};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

shapes! {
    /// What was said with a contact, and what was decided of them.
    ThreadShape as Thread {
        /// The contact, as in the state.
        contact: ContactShape,
        /// What they are called on the platform, as last seen.
        handle: Option<String>,
        /// A start of theirs that waits: `waits` (`queued` or `held`), `trigger`, `comment_id`, `until`, `advice`, `to_do`.
        #[schema(value_type = Option<Object>)]
        pending: Option<Value>,
        /// What happened, oldest first.
        entries: Vec<EntryShape>,
        /// Whether more happened before.
        older: bool,
    }

    /// Something that happened. What belongs to each kind stands beside these fields.
    EntryShape as ThreadEntry {
        /// When.
        at: String,
        /// What: `comment`, `message`, `dm`, `public_reply`, `inbox`, `act`, `order`, `opened`, `state`, `flow`, `queued`,
        /// `held`, `dropped`, `tagged`, `captured`, `counted`, `refused`; more may come.
        kind: String,
        /// What was said; what a buyer wrote is cut after 10,000 characters.
        #[schema(required = false)]
        text: Option<String>,
        /// What came of it, as a code.
        #[schema(required = false)]
        result: Option<String>,
        /// The id of a DM.
        #[schema(required = false)]
        dm_id: Option<String>,
        /// The id of a public reply's effect: `diagnosis?about=dm` takes it as it takes a DM's.
        #[schema(required = false)]
        effect: Option<String>,
        /// How far a DM came: `queued`, `sent`, `delivered`, `read`, `failed`. What became of a public reply: `waiting`,
        /// `in_doubt` (an attempt is under way, or was cut off), `dead` (given up), `sent`, `failed`; left out where it is no
        /// longer known, and for all but the last two hundred of each.
        #[schema(required = false)]
        stage: Option<String>,
        /// Why a public reply was not sent: the platform's reason, or `too_late`, `dropped`, `withdrawn`, `in_doubt`.
        #[schema(required = false)]
        why: Option<String>,
        /// Attempts at a public reply that came to an end.
        #[schema(required = false)]
        attempts: Option<u32>,
        /// When a public reply is tried again.
        #[schema(required = false)]
        not_before: Option<String>,
        /// What to do about it, as a code; null or left out where there is nothing to say.
        #[schema(required = false)]
        advice: Option<String>,
        /// The same, as a sentence.
        #[schema(required = false)]
        to_do: Option<String>,
    }

    /// Why each trigger did, or did not, answer a comment.
    CommentExplainedShape as CommentExplained {
        /// The comment.
        comment: CommentShape,
        /// The revision that decided it.
        revision: u32,
        /// What came of it: `result`, and with it `trigger`, `until` and what else belongs to that.
        #[schema(value_type = Object)]
        outcome: Value,
        /// Every trigger, or the one asked for.
        triggers: Vec<TriggerExplainedShape>,
    }

    /// A comment, in the fields of its history line.
    CommentShape as Comment {
        comment_id: String,
        post_id: String,
        user_id: String,
        #[schema(required = false)]
        handle: Option<String>,
        at: String,
        text: String,
    }

    /// What became of one trigger. Asked for alone, or as the winner, it has every gate and the condition part by part besides.
    TriggerExplainedShape as TriggerExplained {
        /// The trigger.
        trigger: String,
        /// `fired`, or the first refusal.
        result: String,
        /// The trigger that outranked this one.
        #[schema(required = false)]
        winner: Option<String>,
        /// When the throttle ends.
        #[schema(required = false)]
        until: Option<String>,
        /// Every other gate that would have refused as well, each as `result`, `winner`, `until`.
        #[schema(required = false, value_type = Vec<Object>)]
        also: Vec<Value>,
        /// The words that matched, and where they stand.
        #[schema(value_type = Vec<Object>)]
        matched: Vec<Value>,
        /// Whether only the first 10,000 characters of the text were looked at.
        cut: bool,
    }

    /// What comments led to since the workspace began.
    InsightsShape as Insights {
        /// By post.
        posts: BTreeMap<String, GroupShape>,
        /// By trigger.
        triggers: BTreeMap<String, GroupShape>,
        /// By the keyword that matched, as the workspace writes it.
        keywords: BTreeMap<String, GroupShape>,
        /// By flow, all its versions together.
        flows: BTreeMap<String, FlowGroupShape>,
        /// By the member who sent the link that an order is credited to. They have orders and revenue alone.
        members: BTreeMap<String, GroupShape>,
        /// What came of the comments, by result.
        results: BTreeMap<String, u64>,
        /// The whole shop, by currency: the three add up to its total.
        revenue: BTreeMap<String, ShopRevenueShape>,
    }

    /// Numbers of one post, trigger, keyword or member.
    GroupShape as InsightsGroup {
        comments: u64,
        /// Flows started in DMs.
        dms_started: u64,
        orders_attributed: u64,
        orders_soft: u64,
        /// By currency, net of refunds and cancellations.
        revenue: BTreeMap<String, RevenueShape>,
    }

    /// Numbers of one flow.
    FlowGroupShape as InsightsFlow {
        comments: u64,
        /// Flows started in DMs.
        dms_started: u64,
        orders_attributed: u64,
        orders_soft: u64,
        /// By currency, net of refunds and cancellations.
        revenue: BTreeMap<String, RevenueShape>,
        /// How often it ran to its end.
        completed: u64,
        /// Each block, by its id.
        blocks: BTreeMap<String, BlockGroupShape>,
    }

    /// How many came to a block.
    BlockGroupShape as InsightsBlock {
        /// Entries, repeated ones too.
        reached: u64,
        /// Conversations that left the flow here: closed, replaced, or taken by a person.
        left: u64,
    }

    /// Revenue in minor units.
    RevenueShape as Revenue {
        /// Of attributed orders.
        attributed_minor: i64,
        /// The part of it that was linked.
        overlap_minor: i64,
        /// Of soft orders.
        soft_minor: i64,
    }

    /// The shop's revenue in minor units.
    ShopRevenueShape as ShopRevenue {
        attributed_minor: i64,
        soft_minor: i64,
        organic_minor: i64,
    }

    /// What goes to support.
    BundleShape as SupportBundle {
        /// The schema of the bundle.
        schema: u32,
        workspace_id: String,
        /// The revision in force.
        revision: u32,
        /// When it was made.
        at: String,
        /// The last events and timers, in the order decided.
        events: Vec<BundledEventShape>,
        /// Diagnoses in which a check failed: `kind`, `case`, `first_failed`, `next`, `checks`.
        #[schema(value_type = Vec<Object>)]
        diagnoses: Vec<Value>,
    }

    /// An event or a timer, without a text.
    BundledEventShape as BundledEvent {
        /// Its id, or the timer's.
        source: String,
        /// What kind of event.
        kind: String,
        at: String,
        #[schema(required = false)]
        user_id: Option<String>,
        result: String,
        #[schema(required = false)]
        trigger: Option<String>,
        #[schema(required = false)]
        until: Option<String>,
        /// How many effects.
        effects: usize,
        /// The names of its facts.
        facts: Vec<String>,
    }

    /// A workspace's document; `chatsparks schema` says what each part takes.
    DocumentShape as Document {
        /// The schema of the document; 1.
        schema: i64,
        /// What it is called, and its own account: `id`, `name`, `account_user_id`.
        #[schema(value_type = Object)]
        workspace: Value,
        /// The plan; without one there is no limit and no listening window.
        #[schema(required = false, value_type = Option<Object>)]
        plan: Option<Value>,
        /// What is connected: `tiktok` and `shop`.
        #[schema(value_type = Object)]
        connections: Value,
        /// The numbers that rules leave open.
        #[schema(value_type = Object)]
        policy: Value,
        /// The videos and Lives known.
        #[schema(required = false, value_type = Vec<Object>)]
        posts: Vec<Value>,
        /// The catalogue.
        #[schema(required = false, value_type = Vec<Object>)]
        products: Vec<Value>,
        /// Sensitive words; left out, the shipped defaults.
        #[schema(required = false, value_type = Option<Vec<Object>>)]
        sensitive: Option<Vec<Value>>,
        /// Triggers, the first is the highest.
        #[schema(value_type = Vec<Object>)]
        triggers: Vec<Value>,
        /// Flows, each in one or more versions.
        #[schema(value_type = Vec<Object>)]
        flows: Vec<Value>,
        /// People; none listed: anyone may act.
        #[schema(required = false, value_type = Vec<Object>)]
        members: Vec<Value>,
    }
}
