//! Where effects stand: those that wait, and what became of the others (O, D3).

use crate::{ClockMode, Runtime};
use chatsparks_core::{
    Instant, Text, WorkspaceId,
    diagnosis::{ChannelStands, EffectStanding, Stands},
};
use chatsparks_ports::{EffectState, Queued, Store, StoreError};
use std::{collections::BTreeMap, sync::PoisonError};

/// An effect, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectSeen {
    /// What kind of effect it is, such as `public_reply`.
    pub kind: String,
    /// Where it stands.
    pub standing: EffectStanding,
}

impl<S: Store> Runtime<S> {
    /// Where these effects stand, by their ids. Whatever is not known is left out, and what has its outcome for longer than
    /// records are kept.
    ///
    /// # Errors
    /// What the store says.
    pub async fn effects(
        &self,
        workspace: &WorkspaceId,
        effects: &[String],
    ) -> Result<BTreeMap<String, EffectSeen>, StoreError> {
        if effects.is_empty() {
            return Ok(BTreeMap::new());
        }
        let standing = self.store().standing(workspace, effects).await?;
        let channel = self.channel_stands(workspace);
        Ok(standing.into_iter().map(|queued| (queued.effect.clone(), seen(queued, channel.clone()))).collect())
    }

    /// The workspace's time: the latest instant decided where it passes by events alone, else the wall's.
    pub fn now(&self, workspace: &WorkspaceId) -> Instant {
        let latest = match self.inner.settings.clock {
            ClockMode::Wall => None,
            ClockMode::Events => self.workspace(workspace).and_then(|state| state.latest()),
        };
        latest.unwrap_or_else(|| self.inner.guard.wall())
    }

    fn channel_stands(&self, workspace: &WorkspaceId) -> ChannelStands {
        let Some(state) = self.workspace(workspace).filter(|state| state.channel.is_some()) else {
            return ChannelStands::Missing;
        };
        let channel = state.channel_state.lock().unwrap_or_else(PoisonError::into_inner);
        match channel.stops.present() {
            Some((since, why)) => ChannelStands::Stopped { since, why: why.into() },
            None => ChannelStands::Going,
        }
    }
}

fn seen(queued: Queued, channel: ChannelStands) -> EffectSeen {
    let stands = match queued.state {
        EffectState::Waiting => Stands::Waiting,
        EffectState::InDoubt => Stands::InDoubt,
        EffectState::Dead => Stands::GivenUp,
        EffectState::Sent => Stands::Sent,
        EffectState::Failed => Stands::Failed,
    };
    let Queued { kind, attempts, not_before, not_after, why, .. } = queued;
    let why = why.map(Text::from);
    EffectSeen { kind, standing: EffectStanding { stands, attempts, not_before, not_after, why, channel } }
}
