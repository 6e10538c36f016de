//! A client of the control API.

use super::{
    Act, Advance, Call, Credentials, Crowd, Done, Fault, Identity, Planned, Time, TokenFault, Traits, Webhook,
    WebhookFault,
};
use crate::{ClientError, Ledger};
use serde::{Serialize, de::DeserializeOwned};

/// Steers a simulator, in this process or another.
#[derive(Clone, Debug)]
pub struct Control {
    base: String,
    client: reqwest::Client,
}

/// Why the simulator did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// It refused.
    #[error("the simulator refused: {0}")]
    Refused(String),
    /// It did not answer, or not as it should.
    #[error("the simulator did not answer: {0}")]
    NoAnswer(#[from] reqwest::Error),
    /// No client can be made.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Control {
    /// A client of the simulator at this address, such as `http://127.0.0.1:4000`.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(base: &str) -> Result<Self, ControlError> {
        Ok(Self { base: base.trim_end_matches('/').to_owned(), client: crate::courier::client()? })
    }

    /// The keys, tokens and ids that a system under test needs.
    ///
    /// # Errors
    /// When the simulator does not answer: so everywhere here.
    pub async fn credentials(&self) -> Result<Credentials, ControlError> {
        self.read("credentials").await
    }

    /// Lets a person do something.
    ///
    /// # Errors
    /// When it cannot be done: there is no such account, video, comment, button or order.
    pub async fn act(&self, act: &Act) -> Result<Done, ControlError> {
        self.post("acts", act).await
    }

    /// Lets somebody comment under the first account's first video; the comment's id.
    ///
    /// # Errors
    /// As [`Control::act`].
    pub async fn comment(&self, person: &str, text: &str) -> Result<String, ControlError> {
        let (person, text) = (person.to_owned(), text.to_owned());
        let act = Act::Comment { person, account: None, video: 0, text, reply_to: None, high_intent: None };
        Ok(self.act(&act).await?.id)
    }

    /// Lets somebody write to the first account; the message's id.
    ///
    /// # Errors
    /// As [`Control::act`].
    pub async fn message(&self, person: &str, text: &str) -> Result<String, ControlError> {
        let act = Act::Message { person: person.to_owned(), account: None, text: text.to_owned() };
        Ok(self.act(&act).await?.id)
    }

    /// Lets somebody tap a button of the first account's latest template that has it; the message's id.
    ///
    /// # Errors
    /// As [`Control::act`].
    pub async fn tap(&self, person: &str, button: &str) -> Result<String, ControlError> {
        let act = Act::Tap { person: person.to_owned(), account: None, button: button.to_owned() };
        Ok(self.act(&act).await?.id)
    }

    /// Lets somebody buy one unit in the first account's shop; the order's id.
    ///
    /// # Errors
    /// As [`Control::act`].
    pub async fn buy(&self, person: &str, product: usize, sku: usize) -> Result<String, ControlError> {
        let act = Act::Buy { person: person.to_owned(), account: None, items: vec![(product, sku)] };
        Ok(self.act(&act).await?.id)
    }

    /// Says who somebody is; how they are named.
    ///
    /// # Errors
    /// When a value is not one.
    pub async fn person(&self, traits: &Traits) -> Result<Identity, ControlError> {
        self.post("people", traits).await
    }

    /// Everybody there is, by name.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn people(&self) -> Result<Vec<Identity>, ControlError> {
        self.read("people").await
    }

    /// Lets many people live through a time by themselves.
    ///
    /// # Errors
    /// When there is no such account, or a number is out of bounds.
    pub async fn crowd(&self, crowd: &Crowd) -> Result<Planned, ControlError> {
        self.post("crowd", crowd).await
    }

    /// What time it is.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn time(&self) -> Result<Time, ControlError> {
        self.read("clock").await
    }

    /// Goes on to another time; back when everything due until then has happened.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn advance(&self, advance: &Advance) -> Result<Time, ControlError> {
        self.post("clock", advance).await
    }

    /// Goes on by so many seconds.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn advance_seconds(&self, seconds: u64) -> Result<Time, ControlError> {
        self.advance(&Advance { by_ms: seconds.saturating_mul(1000), settle_ms: 0 }).await
    }

    /// Lets calls go wrong.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn fault(&self, fault: &Fault) -> Result<(), ControlError> {
        self.post::<_, serde_json::Value>("faults", fault).await.map(drop)
    }

    /// The faults that have not met all their calls yet.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn faults(&self) -> Result<Vec<Fault>, ControlError> {
        self.read("faults").await
    }

    /// Takes every fault back.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn no_faults(&self) -> Result<(), ControlError> {
        let answer = self.client.delete(self.url("faults")).send().await?;
        taken::<serde_json::Value>(answer).await.map(drop)
    }

    /// Lets webhooks go wrong.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn webhook_fault(&self, fault: &WebhookFault) -> Result<(), ControlError> {
        self.post::<_, serde_json::Value>("webhooks", fault).await.map(drop)
    }

    /// Keeps what is to be delivered.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn pause(&self) -> Result<(), ControlError> {
        self.post::<_, serde_json::Value>("webhooks/pause", &()).await.map(drop)
    }

    /// Lets it go.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn resume(&self) -> Result<(), ControlError> {
        self.post::<_, serde_json::Value>("webhooks/resume", &()).await.map(drop)
    }

    /// Every webhook and what became of it.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, ControlError> {
        self.read("webhooks").await
    }

    /// Lets tokens expire or be revoked.
    ///
    /// # Errors
    /// When there is no such account.
    pub async fn tokens(&self, fault: &TokenFault) -> Result<(), ControlError> {
        self.post::<_, serde_json::Value>("tokens", fault).await.map(drop)
    }

    /// What truly happened.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn ledger(&self) -> Result<Ledger, ControlError> {
        self.read("ledger").await
    }

    /// Every call to the API and its answer.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn calls(&self) -> Result<Vec<Call>, ControlError> {
        self.read("calls").await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/control/{path}", self.base)
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, ControlError> {
        taken(self.client.get(self.url(path)).send().await?).await
    }

    async fn post<B: Serialize + ?Sized, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ControlError> {
        taken(self.client.post(self.url(path)).json(body).send().await?).await
    }
}

async fn taken<T: DeserializeOwned>(answer: reqwest::Response) -> Result<T, ControlError> {
    if answer.status().is_success() {
        return Ok(answer.json().await?);
    }
    let status = answer.status();
    let body: serde_json::Value = answer.json().await.unwrap_or_default();
    let said = body["error"].as_str().map_or_else(|| format!("status {status}"), str::to_owned);
    Err(ControlError::Refused(said))
}
