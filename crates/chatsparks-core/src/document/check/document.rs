//! Faults of everything but triggers and flows: names, numbers, catalogue and people.

use super::{Again, Checker, Place, limits};
use crate::{
    ProblemCode,
    document::workspace::{Member, Plan, Policy, Post, Product, Sensitive, Workspace},
    matching::text,
};

impl Checker<'_> {
    /// All that stands before the triggers, and whether it is the same workspace as `previous`.
    pub(super) fn document(&mut self, workspace: &Workspace, previous: Option<&Workspace>) {
        if workspace.schema != limits::SCHEMA {
            let message = format_args!("schema {} is not known: this version reads schema 1", workspace.schema);
            self.report.add(&Place::top("schema"), ProblemCode::UnknownSchema, message);
        }
        self.identity(workspace, previous);
        if let Some(plan) = &workspace.plan {
            self.plan(plan);
        }
        self.policy(&workspace.policy);
        self.posts(&workspace.posts);
        self.products(&workspace.products);
        self.sensitive(workspace.sensitive.as_deref().unwrap_or_default());
    }

    fn identity(&mut self, workspace: &Workspace, previous: Option<&Workspace>) {
        let at = Place::top("workspace");
        let identity = &workspace.workspace;
        match previous {
            Some(previous) if previous.workspace.id != identity.id => {
                let message = format_args!(
                    "this is workspace `{}`; the one in force is `{}`",
                    identity.id, previous.workspace.id
                );
                self.report.add(&at.field("id"), ProblemCode::OtherWorkspace, message);
            }
            _ => self.report.id(&at.field("id"), identity.id.as_str(), limits::CHOSEN_ID),
        }
        self.report.id(&at.field("account_user_id"), identity.account_user_id.as_str(), limits::PLATFORM_ID);
    }

    fn plan(&mut self, plan: &Plan) {
        let at = Place::top("plan");
        self.report.number(&at.field("mac_limit"), plan.mac_limit, limits::COUNT);
        self.report.number(&at.field("listening_window_days"), plan.listening_window_days, limits::DAYS_FROM_ONE);
    }

    fn policy(&mut self, policy: &Policy) {
        let report = &mut self.report;
        let at = Place::top("policy");
        report.number(&at.field("throttle_hours"), policy.throttle_hours, limits::HOURS);
        report.number(&at.field("max_mismatches"), policy.max_mismatches, limits::COUNT);
        report.number(&at.field("waiting_after_minutes"), policy.waiting_after_minutes, limits::MINUTES);
        report.number(&at.field("close_after_hours"), policy.close_after_hours, limits::HOURS_FROM_ONE);
        report.number(&at.field("human_close_hours"), policy.human_close_hours, limits::HOURS);
        report.number(&at.field("attribution_days"), policy.attribution_days, limits::DAYS);
        report.number(&at.field("queue_hours"), policy.queue_hours, limits::HOURS);
        let (at, reach) = (at.field("reach"), &policy.reach);
        report.number(&at.field("window_hours"), reach.window_hours, limits::HOURS_FROM_ONE);
        report.number(&at.field("messages_per_window"), reach.messages_per_window, limits::COUNT);
        report.number(&at.field("hold_hours"), reach.hold_hours, limits::HOURS);
    }

    fn posts(&mut self, posts: &[Post]) {
        let list = Place::top("posts");
        self.report.count(&list, "posts", posts.len(), limits::POSTS);
        let again = Again::of(posts.iter().map(|post| post.id.as_str()));
        for (position, post) in posts.iter().enumerate() {
            let at = list.item(position);
            self.own_id(&at.field("id"), post.id.as_str(), limits::PLATFORM_ID, again.at(position));
            self.report.count(&at.field("tags"), "tags", post.tags.len(), limits::OF_ONE_ITEM);
            for (position, tag) in post.tags.iter().enumerate() {
                self.report.text(&at.field("tags").item(position), tag.as_str(), limits::TAG);
            }
        }
    }

    fn products(&mut self, products: &[Product]) {
        let list = Place::top("products");
        self.report.count(&list, "products", products.len(), limits::PRODUCTS);
        let again = Again::of(products.iter().map(|product| product.id.as_str()));
        // SKU ids are one space over all products.
        let skus_again = Again::of(products.iter().flat_map(|product| &product.skus).map(|sku| sku.id.as_str()));
        let mut skus_before = 0;
        for (position, product) in products.iter().enumerate() {
            let at = list.item(position);
            self.own_id(&at.field("id"), product.id.as_str(), limits::PLATFORM_ID, again.at(position));
            self.report.count(&at.field("aliases"), "aliases", product.aliases.len(), limits::OF_ONE_ITEM);
            self.report.count(&at.field("skus"), "SKUs", product.skus.len(), limits::OF_ONE_ITEM);
            for (position, sku) in product.skus.iter().enumerate() {
                let at = at.field("skus");
                let again = skus_again.at(skus_before + position);
                self.own_id(&at.item(position).field("id"), sku.id.as_str(), limits::PLATFORM_ID, again);
            }
            skus_before += product.skus.len();
        }
    }

    fn sensitive(&mut self, entries: &[Sensitive]) {
        let list = Place::top("sensitive");
        for (position, entry) in entries.iter().enumerate() {
            let at = list.item(position);
            for (position, word) in entry.words.iter().enumerate() {
                self.report.keyword(&at.field("words").item(position), word);
            }
            if let Some(tag) = &entry.tag {
                self.report.text(&at.field("tag"), tag.as_str(), limits::TAG);
            }
        }
    }

    /// The people, last in the document.
    pub(super) fn members(&mut self, members: &[Member]) {
        let list = Place::top("members");
        self.report.count(&list, "members", members.len(), limits::MEMBERS);
        let again = Again::of(members.iter().map(|member| text::fold_case(member.email.as_str())));
        for (position, member) in members.iter().enumerate() {
            let at = list.item(position);
            if limits::is_blank(member.email.as_str()) {
                self.report.add(&at.field("email"), ProblemCode::Empty, format_args!("an email must not be empty"));
            } else if again.at(position) {
                let message = format_args!("a member above has this email; emails are compared without case");
                self.report.add(&at.field("email"), ProblemCode::Duplicate, message);
            }
        }
    }

    /// The id that something has itself; `again`: something of its kind above has it too.
    pub(super) fn own_id(&mut self, at: &Place<'_>, id: &str, limit: usize, again: bool) {
        // An id that is bad twice over is one fault: the first one's place tells of the other kind.
        if again {
            self.report.add(at, ProblemCode::Duplicate, format_args!("the id `{id}` is used twice"));
        } else {
            self.report.id(at, id, limit);
        }
    }
}
