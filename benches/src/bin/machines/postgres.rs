//! PostgreSQL, against the same rows inserted.

use crate::{
    BACKLOGS, LIMITS, PAIRED, ROUNDS, Result, TURNS,
    burst::{Asked, MANY, PARTITIONS, Took, catch_up, decide, decide_in_turn},
    by_turns, tell, tell_backlogs, tell_limits, tell_paired, tell_processors,
};
use chatsparks_cluster::Postgres;
use chatsparks_postgres::{Options, PostgresStore};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Instant,
};
use tokio_postgres::{NoTls, types::ToSql};

/// Events of a round.
const EVENTS: usize = 60_000;
/// Events that a bare writer writes at once.
const BATCH: i64 = 500;

/// The tables that grow with events, and by which column a batch of each is told.
const TABLES: [(&str, &str); 6] = [
    ("log", "position"),
    ("record", "seq"),
    ("seen", "at"),
    ("contact", "user_id"),
    ("item", "name"),
    ("effect", "seq"),
];

pub(crate) async fn run(asked: &impl Fn(&str) -> bool) -> Result<()> {
    let server = tokio::task::block_in_place(|| Postgres::start(&["max_wal_size=4GB", "shared_buffers=512MB"]))?;
    let url = server.url("postgres");
    if asked("postgres") {
        let (mut ours, mut bare) = ([Took::default(); 3], [0f64; 3]);
        for _ in 0..ROUNDS {
            for (place, workers) in [1, 2, 4].into_iter().enumerate() {
                let (schema, took) = decided(&url, workers, Asked::one(EVENTS)).await?;
                ours[place] = ours[place].or(took);
                bare[place] = bare[place].max(insert(&url, &schema, workers).await?);
                drop_schema(&url, &schema).await?;
            }
        }
        for (place, workers) in [1, 2, 4].into_iter().enumerate() {
            let name = format!("PostgreSQL, {workers} workers");
            tell(&name, ours[place].rate, "the same rows, inserted", bare[place]);
            tell_processors(&name, ours[place]);
            if place > 0 {
                tell(&name, ours[place].rate, "1 worker", ours[0].rate);
                tell(&format!("{workers} writers, inserting"), bare[place], "1 writer", bare[0]);
            }
        }
    }
    if asked("limit") {
        let (schema, stores) = opened(&url, 4).await?;
        tell_limits("PostgreSQL", &decide_in_turn(stores, &LIMITS, TURNS, EVENTS / 3).await?);
        drop_schema(&url, &schema).await?;
    }
    if asked("backlog") {
        let mut rates = [Vec::new(), Vec::new()];
        for round in 0..ROUNDS {
            for place in by_turns(round, BACKLOGS.len()) {
                let schema = next_schema();
                rates[place].push(catch_up(async || open(&url, &schema).await, BACKLOGS[place]).await?);
                drop_schema(&url, &schema).await?;
            }
        }
        tell_backlogs("PostgreSQL", &rates);
    }
    if asked("hot") {
        let kinds = [1, MANY].map(|hot| Asked { workspaces: MANY, hot, ..Asked::one(EVENTS) });
        let mut rates: [Vec<f64>; 2] = Default::default();
        for round in 0..PAIRED {
            for place in by_turns(round, kinds.len()) {
                let (schema, took) = decided(&url, 4, kinds[place]).await?;
                rates[place].push(took.rate);
                drop_schema(&url, &schema).await?;
            }
        }
        let [hot, spread] = rates;
        tell_paired("PostgreSQL, 4 workers, one hot workspace of a hundred", &hot, "events spread over all", &spread);
    }
    Ok(())
}

async fn open(url: &str, schema: &str) -> Result<PostgresStore> {
    let mut options = Options::default();
    (options.partitions, options.schema, options.connections) = (Some(PARTITIONS), schema.to_owned(), 12);
    Ok(PostgresStore::open(url, options).await?)
}

async fn decided(url: &str, workers: usize, asked: Asked) -> Result<(String, Took)> {
    let (schema, stores) = opened(url, workers).await?;
    Ok((schema, decide(stores, asked).await?))
}

/// So many stores over one new schema.
async fn opened(url: &str, workers: usize) -> Result<(String, Vec<PostgresStore>)> {
    let schema = next_schema();
    let mut stores = Vec::new();
    for _ in 0..workers {
        stores.push(open(url, &schema).await?);
    }
    Ok((schema, stores))
}

fn next_schema() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("s{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

async fn drop_schema(url: &str, schema: &str) -> Result<()> {
    let client = client(url).await?;
    client
        .batch_execute(&format!(
            "DROP SCHEMA {schema} CASCADE; DROP SCHEMA IF EXISTS {schema}_bare CASCADE; CHECKPOINT"
        ))
        .await?;
    Ok(())
}

async fn client(url: &str) -> Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// Columns as lists of texts, for one batch of one table.
struct Rows {
    sql: String,
    columns: Vec<Vec<Option<String>>>,
}

/// The rows that were written, inserted by so many who decide nothing: events a second.
async fn insert(url: &str, schema: &str, writers: usize) -> Result<f64> {
    let reader = client(url).await?;
    // The same tables and indexes, and nothing in them.
    let bare = format!("{schema}_bare");
    drop(open(url, &bare).await?);
    let mut batches: Vec<Vec<Vec<Rows>>> = (0..writers).map(|_| Vec::new()).collect();
    for partition in 0..i32::try_from(PARTITIONS)? {
        let ends = format!("SELECT coalesce(max(position), 0) FROM {schema}.log WHERE partition = $1");
        let end: i64 = reader.query_one(&ends, &[&partition]).await?.get(0);
        let parts = (end + BATCH - 1) / BATCH;
        for part in 0..parts {
            let mut transactions = [Vec::new(), Vec::new()];
            for (table, by) in TABLES {
                let rows = rows(&reader, schema, &bare, (table, by), partition, (part, parts)).await?;
                transactions[usize::from(table != "log")].push(rows);
            }
            let writer = usize::try_from(partition)? % writers;
            batches[writer].extend(transactions);
        }
    }
    let mut clients = Vec::new();
    for _ in 0..writers {
        clients.push(client(url).await?);
    }
    let began = Instant::now();
    let mut running = Vec::new();
    for (batches, client) in batches.into_iter().zip(clients) {
        running.push(tokio::spawn(async move {
            for batch in batches {
                client.batch_execute("BEGIN").await?;
                for rows in batch {
                    let statement = client.prepare(&rows.sql).await?;
                    let values: Vec<&(dyn ToSql + Sync)> =
                        rows.columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
                    client.execute(&statement, &values).await?;
                }
                client.batch_execute("COMMIT").await?;
            }
            Ok::<_, tokio_postgres::Error>(())
        }));
    }
    for one in running {
        one.await??;
    }
    Ok(Asked::one(EVENTS).all() as f64 / began.elapsed().as_secs_f64())
}

/// One part of a partition's rows of a table, as many parts as batches.
async fn rows(
    client: &tokio_postgres::Client,
    schema: &str,
    bare: &str,
    (table, by): (&str, &str),
    partition: i32,
    (part, parts): (i64, i64),
) -> Result<Rows> {
    let sql = "SELECT column_name::text, data_type::text FROM information_schema.columns
         WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position";
    let known = client.query(sql, &[&schema, &table]).await?;
    let names: Vec<(String, String)> = known.iter().map(|row| (row.get(0), row.get(1))).collect();
    let texts: Vec<String> = names.iter().map(|(name, _)| format!("{name}::text")).collect();
    let select = format!(
        "SELECT {} FROM (SELECT *, ntile($2::int) OVER (ORDER BY {by}) AS part FROM {schema}.{table} WHERE partition = $1) t
         WHERE part = $3::int",
        texts.join(", ")
    );
    let (part, parts) = (i32::try_from(part)? + 1, i32::try_from(parts)?);
    let found = client.query(&select, &[&partition, &parts, &part]).await?;
    let columns = (0..names.len()).map(|n| found.iter().map(|row| row.get(n)).collect()).collect();
    let list: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    let casts: Vec<String> = names.iter().map(|(name, kind)| format!("{name}::{kind}")).collect();
    let marks: Vec<String> = (1..=names.len()).map(|n| format!("${n}::text[]")).collect();
    let sql = format!(
        "INSERT INTO {bare}.{table} ({names}) OVERRIDING SYSTEM VALUE SELECT {} FROM unnest({}) AS k ({names})",
        casts.join(", "),
        marks.join(", "),
        names = list.join(", ")
    );
    Ok(Rows { sql, columns })
}
