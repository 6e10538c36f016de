//! Statements, prepared once a connection, and transactions whose statements follow one another without waiting.

use crate::fault::{of_postgres, silent};
use chatsparks_ports::StoreError;
use deadpool_postgres::Object;
use futures_util::future::{BoxFuture, join, join_all};
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::{Row, types::ToSql};

/// The values of a statement.
pub(crate) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// What a statement finds.
pub(crate) async fn found(client: &Object, sql: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
    let statement = client.prepare_cached(sql).await.map_err(|error| of_postgres(&error))?;
    client.query(&statement, values).await.map_err(|error| of_postgres(&error))
}

/// The one row that a statement finds, if any.
pub(crate) async fn found_one(client: &Object, sql: &str, values: Values<'_>) -> Result<Option<Row>, StoreError> {
    Ok(found(client, sql, values).await?.into_iter().next())
}

/// Within a transaction, from here on nothing is sorted that could be read in its order: whoever asks for an order has it from
/// the index that has it. As long as a table has no statistics, another index that begins with workspace and partition looks as
/// good to the server, which then reads all of the partition, and does so as long as the connection lives or until it has some.
const UNSORTED: &str = "SET LOCAL enable_sort = off";
const SORTED: &str = "SET LOCAL enable_sort = on";

/// What a statement of a transaction finds in the order of an index.
pub(crate) async fn found_unsorted(client: &Object, sql: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
    let mut told = in_order(client, &[(UNSORTED, &[]), (sql, values), (SORTED, &[])]).await?;
    Ok(told.swap_remove(1))
}

/// How many rows a statement changes.
pub(crate) async fn changed(client: &Object, sql: &str, values: Values<'_>) -> Result<u64, StoreError> {
    let statement = client.prepare_cached(sql).await.map_err(|error| of_postgres(&error))?;
    client.execute(&statement, values).await.map_err(|error| of_postgres(&error))
}

/// Begins a transaction.
pub(crate) async fn begin(client: &Object) -> Result<(), StoreError> {
    client.batch_execute("BEGIN").await.map_err(|error| of_postgres(&error))
}

/// Begins a transaction with statements that are run [in order](in_order).
pub(crate) async fn begin_with(
    client: &Object,
    statements: &[(&str, Values<'_>)],
) -> Result<Vec<Vec<Row>>, StoreError> {
    // What begins is sent first: it is polled first, and waits for nothing before.
    let (began, told) = join(begin(client), in_order(client, statements)).await;
    began?;
    told
}

/// What statements find that are sent one after the other, without waiting for the answers in between. They are run in
/// this order, and so hold what they hold in this order.
pub(crate) async fn in_order(client: &Object, statements: &[(&str, Values<'_>)]) -> Result<Vec<Vec<Row>>, StoreError> {
    let mut prepared = Vec::with_capacity(statements.len());
    for (sql, values) in statements {
        let statement = client.prepare_cached(sql).await.map_err(|error| of_postgres(&error))?;
        prepared.push((statement, *values));
    }
    // INVARIANT: there are fewer than thirty, which are begun in order; and so they are sent.
    let finding = prepared
        .iter()
        .map(async |(statement, values)| client.query(statement, values).await.map_err(|error| of_postgres(&error)));
    join_all(finding).await.into_iter().collect()
}

/// Ends a transaction; what it wrote is durable then.
pub(crate) async fn end(client: &Object) -> Result<(), StoreError> {
    client.batch_execute("COMMIT").await.map_err(|error| of_postgres(&error))
}

/// Ends a transaction that wrote nothing.
pub(crate) async fn roll_back(client: &Object) -> Result<(), StoreError> {
    client.batch_execute("ROLLBACK").await.map_err(|error| of_postgres(&error))
}

/// A connection on which a transaction broke off is not used again: the server rolls back what it had.
pub(crate) async fn whole<T>(
    client: Object,
    work: impl AsyncFnOnce(&Object) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let worked = work(&client).await;
    if worked.is_err() {
        drop(Object::take(client));
    }
    worked
}

/// For how many times as long what may be large is waited for, such as a document, or all that somebody ever said: others
/// wait behind it, and it may not stand for ever.
pub(crate) const LONG: u32 = 6;

/// The same for what takes a moment: nobody waits longer than `patience` for a server that is frozen (S1), which neither
/// answers nor ends the connection. Whether it was done is as unknown then as where the connection breaks.
pub(crate) async fn soon<T>(
    patience: Duration,
    client: Object,
    work: impl AsyncFnOnce(&Object) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    whole(client, async |client| timeout(patience, work(client)).await.unwrap_or_else(|_| Err(silent()))).await
}

/// Statements that are sent one after the other, without waiting for the answers in between.
pub(crate) struct Script<'a> {
    client: &'a Object,
    steps: Vec<BoxFuture<'a, Result<(), StoreError>>>,
}

impl<'a> Script<'a> {
    pub(crate) fn on(client: &'a Object) -> Self {
        Self { client, steps: Vec::new() }
    }

    /// Adds a statement. It is prepared now, where it is not yet.
    pub(crate) async fn add(&mut self, sql: &str, values: Vec<&'a (dyn ToSql + Sync)>) -> Result<(), StoreError> {
        let client = self.client;
        let statement = client.prepare_cached(sql).await.map_err(|error| of_postgres(&error))?;
        self.steps.push(Box::pin(async move {
            client.execute(&statement, &values).await.map(drop).map_err(|error| of_postgres(&error))
        }));
        Ok(())
    }

    /// Adds a statement that finds what it needs in the order of an index.
    pub(crate) async fn add_unsorted(
        &mut self,
        sql: &str,
        values: Vec<&'a (dyn ToSql + Sync)>,
    ) -> Result<(), StoreError> {
        self.add(UNSORTED, Vec::new()).await?;
        self.add(sql, values).await?;
        self.add(SORTED, Vec::new()).await
    }

    /// Runs all of them, and ends the transaction where `ends`.
    pub(crate) async fn run(mut self, ends: bool) -> Result<(), StoreError> {
        let client = self.client;
        if ends {
            self.steps.push(Box::pin(end(client)));
        }
        // INVARIANT: there are fewer than thirty, which are begun in order; and so they are sent.
        for done in join_all(self.steps).await {
            done?;
        }
        Ok(())
    }
}
