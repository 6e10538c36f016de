//! The schema, and how a database comes to it: numbered migrations, each applied once, whole (S3).

use crate::{
    fault::of_postgres,
    statement::{begin, changed, end, found, found_one},
};
use chatsparks_ports::StoreError;
use deadpool_postgres::Object;

/// Each brings a store of the version before to its own, the first an empty schema. Released ones never change.
const MIGRATIONS: [&str; 5] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
];

/// The version that this build reads and writes.
pub(crate) const VERSION: usize = MIGRATIONS.len();

/// The oldest server that is taken.
const OLDEST: i32 = 150_000;
/// Partitions, where nobody says how many.
const PARTITIONS: u32 = 64;
/// What only one process at a time does.
const PREPARING: i64 = 0x4368_5370;

/// Whether the server keeps what it acknowledges; else what is needed.
pub(crate) async fn check_server(client: &Object, may_lose: bool) -> Result<(), StoreError> {
    let row = found_one(
        client,
        "SELECT current_setting('server_version_num')::int, current_setting('server_version'), pg_is_in_recovery(),
             current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'),
             current_setting('server_encoding')",
        &[],
    );
    let row = row.await?.ok_or_else(crate::fault::cut_off)?;
    let unusable = |why: String| Err(StoreError::Unusable(why));
    let (number, shown): (i32, String) = (row.get(0), row.get(1));
    if number < OLDEST {
        return unusable(format!("the server is PostgreSQL {shown}, and 15 or newer is needed"));
    }
    if row.get::<_, bool>(2) {
        return unusable("the server is a standby, which may only be read: name the primary, or every host with `target_session_attrs=read-write`".to_owned());
    }
    for (column, setting) in [(3, "fsync"), (4, "synchronous_commit"), (5, "full_page_writes")] {
        if row.get::<_, String>(column) == "off" && !may_lose {
            return unusable(format!(
                "the server has `{setting} = off`, so that it may lose what it acknowledged: `{setting} = on` is needed"
            ));
        }
    }
    // Two more do not wait until a synchronous standby has it on its disk: what was acknowledged would go with the primary.
    let commit: String = row.get(4);
    if ["local", "remote_write"].contains(&commit.as_str()) && !may_lose {
        return unusable(format!(
            "the server has `synchronous_commit = {commit}`, so that a failover may lose what was acknowledged: `on` or \
             `remote_apply` is needed"
        ));
    }
    if row.get::<_, String>(6) != "UTF8" {
        return unusable(
            "the database's encoding is not UTF8: make one with `ENCODING 'UTF8' TEMPLATE template0`".to_owned(),
        );
    }
    Ok(())
}

/// Brings a schema to the present version; how many partitions it has. `asked`: how many it has to have.
pub(crate) async fn prepare(client: &Object, schema: &str, asked: Option<u32>) -> Result<u32, StoreError> {
    begin(client).await?;
    // Whoever comes second finds everything done.
    found(client, "SELECT pg_advisory_xact_lock($1)", &[&PREPARING]).await?;
    let there = "SELECT EXISTS (SELECT FROM information_schema.schemata WHERE schema_name = $1)";
    let there = found_one(client, there, &[&schema]).await?.is_some_and(|row| row.get(0));
    if !there {
        run(client, &format!("CREATE SCHEMA {schema}")).await?;
    }
    run(client, "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BIGINT NOT NULL)").await?;
    let version = number(client, "version").await?.unwrap_or(0);
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > VERSION {
        return Err(StoreError::Unusable(format!(
            "the store's schema is of version {version}, and this build knows versions up to {VERSION}: use a newer one"
        )));
    }
    for (number, migration) in (1i64..).zip(MIGRATIONS).skip(version) {
        run(client, migration).await?;
        write(client, "version", number).await?;
    }
    let made = match number(client, "partitions").await?.and_then(|made| u32::try_from(made).ok()) {
        Some(made) => made,
        None => {
            let made = asked.unwrap_or(PARTITIONS).max(1);
            write(client, "partitions", i64::from(made)).await?;
            let last = crate::form::small(made) - 1;
            changed(client, "INSERT INTO lease (partition) SELECT generate_series(0, $1)", &[&last]).await?;
            made
        }
    };
    if let Some(asked) = asked.filter(|asked| *asked != made) {
        return Err(StoreError::Unusable(format!(
            "the store was made with {made} partitions, which are fixed then: export, and import into one with {asked}"
        )));
    }
    end(client).await?;
    Ok(made)
}

async fn run(client: &Object, sql: &str) -> Result<(), StoreError> {
    client.batch_execute(sql).await.map_err(|error| of_postgres(&error))
}

async fn number(client: &Object, name: &str) -> Result<Option<i64>, StoreError> {
    // Not kept prepared: it is asked before and after the table is made.
    let row = client.query_opt("SELECT value FROM meta WHERE name = $1", &[&name]).await;
    Ok(row.map_err(|error| of_postgres(&error))?.map(|row| row.get(0)))
}

async fn write(client: &Object, name: &str, value: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    changed(client, sql, &[&name, &value]).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each version was released with.
    const RELEASED: [u64; MIGRATIONS.len()] = [
        15_260_628_687_236_939_884,
        12_160_676_664_793_024_747,
        5_672_288_533_082_278_920,
        3_333_497_399_099_948_179,
        1_319_778_133_181_716_904,
    ];

    #[test]
    fn s3_released_migrations_never_change() {
        let digest = |sql: &str| {
            sql.bytes()
                .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
        };
        assert_eq!(MIGRATIONS.map(digest), RELEASED);
    }
}
