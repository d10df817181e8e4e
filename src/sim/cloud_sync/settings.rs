//! Settings of the package and of connections, and what is known of a connection's cloud.

use serde_json::{Value, json};

use super::Scene;
use crate::sim::{
    World,
    params::{Answer, Bare, Failure, Params},
    world::{Connection, ConnectionSettings, Volume},
};

/// The most log rows that can be asked for (API notes §4).
const MAX_LOG_COUNT: i64 = 100_000;

/// The most transfers at once (API notes §4).
const MAX_WORKERS: i64 = 20;

/// Hours of a week: the length of a schedule.
const WEEK: usize = 168;

/// A boundary of the simulator's own: seconds, bytes and megabytes are not negative.
const ANY: std::ops::RangeInclusive<i64> = 0..=i64::MAX;

#[expect(clippy::unnecessary_wraps, reason = "the signature of every method")]
pub(super) fn get_config(scene: &mut Scene<'_>, _: &Params) -> Result<Option<Value>, Failure> {
    Ok(Some(config(scene.world)))
}

pub(super) fn config(world: &World) -> Value {
    let config = &world.config;
    json!({
        "admin_mode": if config.admin_mode { "enable" } else { "disable" },
        "log_count": config.log_count,
        "repo_vol_path": config.repo_vol_path,
        "sync_mode": config.sync_mode,
        "volume_count": config.volumes.len(),
        "volume_list": (1..).zip(&config.volumes).map(volume).collect::<Vec<_>>(),
        "worker_count": config.worker_count,
    })
}

/// Sizes are strings of digits.
fn volume((number, volume): (i32, &Volume)) -> Value {
    let mebibytes = volume.size_free / (1 << 20);
    let (whole, rest) = (mebibytes / 1024, mebibytes % 1024);
    let hundredths = (rest * 100 + 512) / 1024;
    let (whole, hundredths) = if hundredths == 100 { (whole + 1, 0) } else { (whole, hundredths) };
    json!({
        "desc": "",
        "display": format!("Volume {number} (Available capacity: {whole}.{hundredths:02} GB )"),
        "mount_point": volume.mount_point,
        "size_free": volume.size_free.to_string(),
        "size_total": volume.size_total.to_string(),
        "value": number.to_string(),
        "vol_desc": "",
    })
}

pub(super) fn set_global_config(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let volume = params.required_string("repo_vol_path", Bare::Allowed)?;
    let log_count = params.int_within("log_count", 1, MAX_LOG_COUNT)?.unwrap_or(20_000);
    let workers = params.int_within("worker_count", 1, MAX_WORKERS)?.unwrap_or(3);
    let admin_mode = params.word("admin_mode", &["enable", "disable"])?;
    let config = &mut scene.world.config;
    if config.volumes.iter().all(|known| known.mount_point != volume) {
        return Err(Failure::parameter("repo_vol_path", "condition"));
    }
    config.repo_vol_path = volume;
    config.log_count = log_count;
    config.worker_count = workers;
    config.admin_mode = admin_mode.is_none_or(|mode| mode == "enable");
    let keep = usize::try_from(log_count).unwrap_or(usize::MAX);
    for connection in &mut scene.world.connections {
        connection.log.truncate(keep);
    }
    Ok(None)
}

pub(super) fn set_personal_config(scene: &mut Scene<'_>, params: &Params) -> Answer {
    scene.world.config.sync_mode = params.required_boolean("sync_mode")?;
    Ok(None)
}

pub(super) fn get_connection_setting(scene: &mut Scene<'_>, params: &Params) -> Answer {
    Ok(Some(connection_setting(scene.connection(params)?)))
}

pub(super) fn connection_setting(connection: &Connection) -> Value {
    let settings = &connection.settings;
    json!({
        "client_type": connection.kind,
        "isSSE": settings.is_sse,
        "is_enabled_schedule": settings.is_enabled_schedule,
        "max_download_speed": settings.max_download_speed,
        "max_upload_speed": settings.max_upload_speed,
        "part_size": settings.part_size,
        "pull_event_period": settings.pull_event_period,
        "schedule_info": settings.schedule_info,
        "storage_class": settings.storage_class,
        "task_name": connection.task_name,
    })
}

/// The defaults are those that the notes report for a client which leaves the fields out (API notes §4).
pub(super) fn set_connection_setting(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let number = |name: &str| params.int_within(name, *ANY.start(), *ANY.end());
    let connection = scene.connection(params)?;
    let task_name = params.required_string("task_name", Bare::Allowed)?;
    let settings = ConnectionSettings {
        pull_event_period: number("pull_event_period")?.unwrap_or(60),
        max_upload_speed: number("max_upload_speed")?.unwrap_or(0),
        max_download_speed: number("max_download_speed")?.unwrap_or(0),
        storage_class: params.string("storage_class", Bare::Refused)?.unwrap_or_default(),
        is_sse: params.boolean("isSSE")?.unwrap_or(false),
        part_size: number("part_size")?.unwrap_or(128),
        is_enabled_schedule: connection.settings.is_enabled_schedule,
        schedule_info: connection.settings.schedule_info.clone(),
    };
    connection.task_name = task_name;
    connection.settings = settings;
    Ok(None)
}

pub(super) fn set_schedule_setting(scene: &mut Scene<'_>, params: &Params) -> Answer {
    let connection = scene.connection(params)?;
    let enabled = params.required_boolean("is_enabled_schedule")?;
    let schedule = params.string("schedule_info", Bare::Refused)?.unwrap_or_else(|| "1".repeat(WEEK));
    if schedule.len() != WEEK || !schedule.bytes().all(|hour| matches!(hour, b'0' | b'1')) {
        return Err(Failure::parameter("schedule_info", "condition"));
    }
    connection.settings.is_enabled_schedule = enabled;
    connection.settings.schedule_info = schedule;
    Ok(None)
}

pub(super) fn get_property(scene: &mut Scene<'_>, params: &Params) -> Answer {
    Ok(Some(property(scene.connection(params)?)))
}

pub(super) fn property(connection: &Connection) -> Value {
    let property = &connection.property;
    let mut answer = json!({
        "auth_version": "",
        "bucket_name": property.bucket_name,
        "container_name": "",
        "project_id": "",
        "public_url": "",
        "region": property.region,
        "server_addr": property.server_addr,
        "shared_drive_name": "",
        "storage_class": connection.settings.storage_class,
        "type": connection.kind,
        "type_id": connection.type_id,
        "user_name": connection.user_name,
    });
    for (name, value) in [("quota_total", property.quota_total), ("quota_used", property.quota_used)] {
        if let Some(value) = value {
            answer[name] = json!(value);
        }
    }
    answer
}

pub(super) fn get_conn_auth_info(scene: &mut Scene<'_>, params: &Params) -> Answer {
    Ok(Some(Value::Object(scene.connection(params)?.auth.clone())))
}
