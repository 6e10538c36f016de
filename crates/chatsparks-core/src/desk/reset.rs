//! Reset: a trigger and its flow made anew under new ids (D7).

use crate::{
    FlowId, TriggerId,
    document::workspace::{Flow, Trigger, TriggerStatus, Workspace},
};

/// The ids of a trigger's double.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIds {
    /// Of the trigger.
    pub trigger: TriggerId,
    /// Of its flow.
    pub flow: FlowId,
}

/// What becomes of the old trigger's flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OldFlow {
    /// It goes, unless another trigger starts it. Conversations that run on it go to a person when they would
    /// next go on (F9).
    #[default]
    Remove,
    /// It stays, for the conversations that run on it.
    Keep,
}

/// Why a trigger cannot be duplicated or reset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResetError {
    /// The workspace has no such trigger.
    #[error("no trigger `{0}` in the workspace")]
    UnknownTrigger(TriggerId),
    /// The trigger names a flow that the workspace lacks.
    #[error("no flow `{0}` in the workspace")]
    UnknownFlow(FlowId),
    /// A trigger has the new id.
    #[error("the workspace has a trigger `{0}` already")]
    TriggerTaken(TriggerId),
    /// A flow has the new id.
    #[error("the workspace has a flow `{0}` already")]
    FlowTaken(FlowId),
}

impl Workspace {
    /// The workspace with a double of this trigger and of its flow, under new ids (D7). The double stands
    /// right below the trigger, as a draft; the flow is the highest version, which becomes version 1.
    ///
    /// # Errors
    /// A [`ResetError`] when there is no such trigger or flow, or an id is taken.
    pub fn duplicate_trigger(&self, trigger: &TriggerId, new: &NewIds) -> Result<Self, ResetError> {
        let place = self.place_of(trigger)?;
        if self.triggers.iter().any(|one| one.id == new.trigger) {
            return Err(ResetError::TriggerTaken(new.trigger.clone()));
        }
        if self.flows.iter().any(|flow| flow.id == new.flow) {
            return Err(ResetError::FlowTaken(new.flow.clone()));
        }
        let old = &self.triggers[place];
        let versions = self.flows.iter().filter(|flow| flow.id == old.flow);
        let highest =
            versions.max_by_key(|flow| flow.version).ok_or_else(|| ResetError::UnknownFlow(old.flow.clone()))?;
        let flow = Flow { id: new.flow.clone(), version: 1, blocks: highest.blocks.clone() };
        let double =
            Trigger { id: new.trigger.clone(), flow: new.flow.clone(), status: TriggerStatus::Draft, ..old.clone() };
        let mut workspace = self.clone();
        workspace.triggers.insert(place + 1, double);
        workspace.flows.push(flow);
        Ok(workspace)
    }

    /// The workspace with this trigger made anew (D7): duplicated, the old one removed, the new one active
    /// in its place. The new one has no throttle history and no version lock; what was decided of the old
    /// one is explained by the revision that decided it.
    ///
    /// # Errors
    /// A [`ResetError`] when there is no such trigger or flow, or an id is taken.
    pub fn reset_trigger(&self, trigger: &TriggerId, new: &NewIds, old_flow: OldFlow) -> Result<Self, ResetError> {
        let mut workspace = self.duplicate_trigger(trigger, new)?;
        let old = workspace.triggers.remove(self.place_of(trigger)?);
        for double in workspace.triggers.iter_mut().filter(|one| one.id == new.trigger) {
            double.status = TriggerStatus::Active;
        }
        if old_flow == OldFlow::Remove && !workspace.triggers.iter().any(|one| one.flow == old.flow) {
            workspace.flows.retain(|flow| flow.id != old.flow);
        }
        Ok(workspace)
    }

    /// Ids for a trigger's double that nothing has: the old ones with `-2`, or the next number that is free.
    ///
    /// # Errors
    /// [`ResetError::UnknownTrigger`].
    pub fn free_ids(&self, trigger: &TriggerId) -> Result<NewIds, ResetError> {
        let old = &self.triggers[self.place_of(trigger)?];
        let trigger_taken = |id: &str| self.triggers.iter().any(|one| one.id == id);
        let flow_taken = |id: &str| self.flows.iter().any(|one| one.id == id);
        Ok(NewIds {
            trigger: free(old.id.as_str(), trigger_taken).into(),
            flow: free(old.flow.as_str(), flow_taken).into(),
        })
    }

    fn place_of(&self, trigger: &TriggerId) -> Result<usize, ResetError> {
        let place = self.triggers.iter().position(|one| one.id == *trigger);
        place.ok_or_else(|| ResetError::UnknownTrigger(trigger.clone()))
    }
}

/// Ids that people choose have 64 characters at most (`formats.md`).
const LONGEST_ID: usize = 64;

fn free(old: &str, taken: impl Fn(&str) -> bool) -> String {
    // A double of a double counts on, and does not become `price-2-2`.
    let numbered = old.rsplit_once('-').filter(|(stem, digits)| {
        !stem.is_empty() && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let stem = numbered.map_or(old, |(stem, _)| stem);
    let mut number = 2u32;
    loop {
        let end = format!("-{number}");
        let kept: String = stem.chars().take(LONGEST_ID - end.len()).collect();
        let id = kept + &end;
        if id != old && !taken(&id) {
            return id;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Engine;

    fn workspace() -> Workspace {
        serde_json::from_value(serde_json::json!({
            "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
            "triggers": [
                { "id": "first", "when": "question_mark", "flow": "other" },
                { "id": "price", "name": "Price", "when": { "keywords": { "words": ["price"] } }, "flow": "f",
                  "public_reply": "Sent", "throttle_hours": 3 },
                { "id": "last", "when": "first_comment", "flow": "other", "status": "draft" } ],
            "flows": [
                { "id": "f", "version": 3, "blocks": [ { "id": "new", "message": { "text": "New" } } ] },
                { "id": "f", "version": 1, "blocks": [ { "id": "old", "message": { "text": "Old" } } ] },
                { "id": "other", "version": 1, "blocks": [ { "id": "hi", "message": { "text": "Hi" } } ] } ],
        }))
        .unwrap()
    }

    fn ids(trigger: &str, flow: &str) -> NewIds {
        NewIds { trigger: trigger.into(), flow: flow.into() }
    }

    fn triggers(workspace: &Workspace) -> Vec<&str> {
        workspace.triggers.iter().map(|trigger| trigger.id.as_str()).collect()
    }

    fn flows(workspace: &Workspace) -> Vec<(&str, i64)> {
        workspace.flows.iter().map(|flow| (flow.id.as_str(), flow.version)).collect()
    }

    #[test]
    fn d7_a_double_is_a_draft_below_its_trigger() {
        let before = workspace();
        let after = before.duplicate_trigger(&"price".into(), &ids("price-2", "f-2")).unwrap();
        assert_eq!(triggers(&after), ["first", "price", "price-2", "last"]);
        let (old, double) = (&after.triggers[1], &after.triggers[2]);
        assert_eq!(*old, before.triggers[1]);
        assert_eq!(double.status, TriggerStatus::Draft);
        assert_eq!((&double.when, &double.throttle_hours, &double.name), (&old.when, &old.throttle_hours, &old.name));
        let flow = after.flows.last().unwrap();
        assert_eq!((flow.id.as_str(), flow.version, flow.blocks[0].id.as_str()), ("f-2", 1, "new"));
        Engine::compile(before).unwrap().compile_next(after).unwrap();
    }

    #[test]
    fn d7_a_reset_leaves_the_new_one_in_the_place_of_the_old() {
        let before = workspace();
        let new = before.free_ids(&"price".into()).unwrap();
        assert_eq!(new, ids("price-2", "f-2"));
        let after = before.reset_trigger(&"price".into(), &new, OldFlow::Remove).unwrap();
        assert_eq!(triggers(&after), ["first", "price-2", "last"]);
        assert_eq!(after.triggers[1].status, TriggerStatus::Active);
        assert_eq!(after.triggers[2].status, TriggerStatus::Draft);
        assert_eq!(flows(&after), [("other", 1), ("f-2", 1)]);
        let kept = before.reset_trigger(&"price".into(), &new, OldFlow::Keep).unwrap();
        assert_eq!(flows(&kept), [("f", 3), ("f", 1), ("other", 1), ("f-2", 1)]);
        // Another trigger starts this flow: it stays.
        let shared = before.reset_trigger(&"first".into(), &ids("first-2", "other-2"), OldFlow::Remove).unwrap();
        assert!(flows(&shared).contains(&("other", 1)));
        Engine::compile(before).unwrap().compile_next(after).unwrap();
    }

    #[test]
    fn d7_ids_are_free_and_count_on() {
        let mut workspace = workspace();
        workspace.triggers[0].id = "price-2".into();
        assert_eq!(workspace.free_ids(&"price".into()).unwrap().trigger, "price-3");
        assert_eq!(workspace.free_ids(&"price-2".into()).unwrap().trigger, "price-3");
        let long = "x".repeat(LONGEST_ID);
        workspace.triggers[0].id = long.as_str().into();
        let free = workspace.free_ids(&long.as_str().into()).unwrap().trigger;
        assert_eq!((free.as_str().len(), free.as_str().ends_with("x-2")), (LONGEST_ID, true));
    }

    #[test]
    fn d7_what_cannot_be_reset_is_refused_by_name() {
        let workspace = workspace();
        let double = |trigger: &str, new: NewIds| workspace.duplicate_trigger(&trigger.into(), &new).unwrap_err();
        assert_eq!(double("none", ids("a", "b")), ResetError::UnknownTrigger("none".into()));
        assert_eq!(double("price", ids("last", "b")), ResetError::TriggerTaken("last".into()));
        assert_eq!(double("price", ids("a", "other")), ResetError::FlowTaken("other".into()));
    }
}
