//! `configure`: the next revision of the workspace (F9, F10).

use super::*;
use chatsparks_core::Configured;

impl Model {
    pub(super) fn configure(&mut self, configured: &Configured, at: Instant) -> Value {
        let Some(new) = configured.workspace() else { return refused("invalid_workspace") };
        let old = &self.workspace;
        if **new == *old {
            return applied();
        }
        let in_place = new.flows.iter().any(|flow| {
            old.flows.iter().any(|known| known.id == flow.id && known.version == flow.version && known != flow)
        });
        if in_place || new.workspace.id != old.workspace.id || !valid::is_valid(new) {
            return refused("invalid_workspace");
        }
        self.revision += 1;
        let old_plan = old.plan.clone();
        self.workspace = Workspace::clone(new);
        self.plan_changed(old_plan, at);
        applied()
    }
}
