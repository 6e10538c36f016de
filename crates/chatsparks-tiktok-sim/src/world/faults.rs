//! What goes wrong in calls, on request.

use super::Refusal;
use crate::control::{Fault, Mishap};

/// The faults that have not met all their calls yet.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

/// A fault that meets a call.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    pub(crate) what: Mishap,
    pub(crate) work_is_done: bool,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) -> Result<(), Refusal> {
        if self.0.len() >= 1_000 {
            return Err(Refusal::new(40_002, "there are a thousand faults already"));
        }
        if let Mishap::Status { status, .. } = fault.what
            && !(200..=599).contains(&status)
        {
            return Err(Refusal::new(40_002, format!("`{status}` is no status of an answer: 200 to 599")));
        }
        self.0.push(fault);
        Ok(())
    }

    /// The fault that this call meets: the first that is asked for it.
    pub(crate) fn meets(&mut self, path: &str) -> Option<Met> {
        let named = |it: &Fault| it.endpoint == "*" || path.ends_with(&it.endpoint);
        let fault = self.0.iter_mut().find(|it| named(it))?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        let met = (fault.times > 0).then(|| Met { what: fault.what.clone(), work_is_done: fault.work_is_done });
        fault.times = fault.times.saturating_sub(1);
        self.0.retain(|it| it.times > 0);
        met
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.0.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_its_calls_and_no_other() {
        let mut faults = Faults::default();
        let fault = Fault { after: 1, ..Fault::once("/message/send/", Mishap::Drop).times(2) };
        faults.add(fault).unwrap();
        let path = "/open_api/v1.3/business/message/send/";
        let met: Vec<_> = (0..5).map(|_| faults.meets(path).is_some()).collect();
        assert_eq!(met, [false, true, true, false, false]);
        faults.add(Fault::once("*", Mishap::RateLimit)).unwrap();
        assert!(faults.meets("/business/get/").is_some());
        assert!(faults.all().is_empty());
        assert!(faults.add(Fault::once("*", Mishap::Status { status: 99, retry_after: None })).is_err());
    }
}
