use std::net::IpAddr;

use imker_event::ecs::Place;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::filter::{Condition, Filter, address, instant, stored_address};
use super::{Activity, ReachedStage, ViewError};

/// As the report counts them.
const REQUESTS: &str = "coalesce(sum(kind IN ('web-request', 'web-request-refused')), 0)";

/// What happened in `scope`, of which `events` is known already.
pub(super) fn of(database: &Connection, scope: &Filter, events: u64) -> Result<Activity, ViewError> {
    let condition = Condition::of(scope);
    let number = |what: &str, table: &str| -> Result<u64, ViewError> {
        let sql = format!("SELECT {what} FROM {table} WHERE {}", condition.sql());
        let mut statement = database.prepare_cached(&sql)?;
        let number: i64 = statement.query_row(params_from_iter(&condition.values), |row| row.get(0))?;
        Ok(u64::try_from(number).unwrap_or(0))
    };
    let most = |column: &str, table: &str| -> Result<Vec<String>, ViewError> {
        let sql = format!(
            "SELECT {column} FROM {table} WHERE {} AND {column} IS NOT NULL
             GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT {}",
            condition.sql(),
            Activity::MOST
        );
        let mut statement = database.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(&condition.values), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    Ok(Activity {
        events,
        connections: number("count(*)", "connections")?,
        requests: number(REQUESTS, "events")?,
        attacks: number("coalesce(sum(attacks > 0), 0)", "requests")?,
        credentials: number("count(*)", "credentials")?,
        payloads: number("count(*)", "payloads")?,
        stages: stages(database, &condition)?,
        hosts: most("host", "events")?,
        user_agents: most("user_agent", "requests")?,
        ja4: most("ja4", "connections")?,
    })
}

/// Whom a trusted proxy at `peer` named in a session's requests, those with the most events first.
pub(super) fn clients(database: &Connection, session: &str, peer: IpAddr) -> Result<Vec<IpAddr>, ViewError> {
    let sql = format!(
        "SELECT source FROM events WHERE session = ? AND source IS NOT NULL AND source != ?
         GROUP BY source ORDER BY count(*) DESC, source LIMIT {}",
        Activity::MOST
    );
    let mut statement = database.prepare_cached(&sql)?;
    let rows = statement.query_map(params![session, address(peer)], |row| row.get::<_, Vec<u8>>(0))?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.iter().filter_map(|row| stored_address(row)).collect())
}

fn stages(database: &Connection, condition: &Condition) -> Result<Vec<ReachedStage>, ViewError> {
    let sql = format!(
        "SELECT chain, stage, min(place), max(succeeded), min(time) FROM stages WHERE {}
         GROUP BY chain, stage ORDER BY chain, min(place)",
        condition.sql()
    );
    let mut statement = database.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(&condition.values), |row| {
        Ok(ReachedStage {
            chain: row.get(0)?,
            stage: row.get(1)?,
            order: row.get(2)?,
            succeeded: row.get(3)?,
            first_seen: instant(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Where an address is, as it was looked up when its events were written.
pub(super) fn place(database: &Connection, source: IpAddr) -> Result<Option<Place>, ViewError> {
    let mut statement = database.prepare_cached(
        "SELECT country_code, country, city, latitude, longitude, as_number, as_organisation
         FROM sources WHERE address = ?",
    )?;
    let place = statement.query_row([address(source)], |row| {
        let text = |index| {
            row.get::<_, Option<String>>(index)
                .map(|text| text.map(String::into_boxed_str))
        };
        Ok(Place {
            country_code: text(0)?,
            country: text(1)?,
            city: text(2)?,
            location: row.get::<_, Option<f64>>(3)?.zip(row.get(4)?),
            as_number: row.get(5)?,
            as_organisation: text(6)?,
        })
    });
    Ok(place.optional()?.filter(|place| !place.is_unknown()))
}
