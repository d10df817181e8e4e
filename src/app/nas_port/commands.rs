//! Commands as calls of the client.

use super::failure::{failure, incomplete, misshapen};
use crate::actions::{Command, Failure, NewTask, Planned, Target};
use crate::dsm::cloud_sync::act::{
    self, ConnectionSetting, GlobalConfig, MissingSetting, ScheduleSetting, SelectiveSyncConfig,
    SessionSetting,
};
use crate::dsm::cloud_sync::s3::S3Task;
use crate::dsm::cloud_sync::{read, wire};
use crate::dsm::{Batch, Call, Client, Error};
use crate::model::ConnectionId;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The settings of a document, whole.
fn settings<W: DeserializeOwned, S>(
    document: Map<String, Value>,
    method: &'static str,
    read_from: fn(&W) -> Result<S, MissingSetting>,
) -> Result<S, Failure> {
    let wire: W =
        serde_json::from_value(Value::Object(document)).map_err(|error| misshapen(&error, method))?;
    read_from(&wire).map_err(|missing| incomplete(missing, method))
}

/// The call of a command that needs nothing but itself.
fn call(command: Command) -> Result<Call<wire::Done>, Failure> {
    let method = command.method();
    Ok(match command {
        Command::SetPackage(document) => {
            act::set_global_config(&settings(document, method, GlobalConfig::read_from)?)
        }
        Command::SetRelink(sync_mode) => act::set_personal_config(sync_mode),
        Command::SetConnection(id, document) => {
            act::set_connection_setting(id.0, &settings(document, method, ConnectionSetting::read_from)?)
        }
        Command::SetSchedule(id, document) => {
            let schedule = settings(document, method, ScheduleSetting::read_from)?;
            act::set_schedule_setting(id.0, &schedule).map_err(|fault| failure(&Error::from(fault)))?
        }
        Command::SetTask(id, document) => {
            act::set_session_setting(id.0, &settings(document, method, SessionSetting::read_from)?)
        }
        Command::SetFilters(id, document) => {
            act::set_selective_sync_config(id.0, &settings(document, method, SelectiveSyncConfig::read_from)?)
        }
        Command::Pause(Target::One(id)) => act::pause(id.0),
        Command::Pause(Target::All) => act::pause_all(),
        Command::Resume(Target::One(id)) => act::resume(id.0),
        Command::Resume(Target::All) => act::resume_all(),
        Command::RemoveConnection(id) => act::unlink_connection(id.0),
        Command::RemoveTask(connection, id) => act::unlink_session(connection.0, id.0),
        Command::TestTask(..) | Command::CreateTask(..) => {
            let fault = "a task needs the connection's access".to_owned();
            return Err(failure(&Error::Credentials(fault)));
        }
    })
}

fn s3_task(task: NewTask) -> S3Task {
    let NewTask { local_path, cloud_path, sync_direction, storage_class, extensions, names, max_upload_size } =
        task;
    S3Task {
        local_path,
        cloud_path,
        sync_direction,
        storage_class,
        filtered_extensions: extensions,
        filtered_names: names,
        filtered_max_upload_size: max_upload_size,
    }
}

/// What a task on Amazon S3 is described with besides itself. Reading it changes nothing, however it fails.
async fn access(client: &Client, id: ConnectionId) -> Result<(wire::Property, wire::AuthInfo), Failure> {
    let settled = |error: &Error| Failure { is_open: false, ..failure(error) };
    let mut batch = Batch::new();
    let (property, auth) = (batch.add(read::get_property(id.0)), batch.add(read::get_conn_auth_info(id.0)));
    let mut answers = client.run(batch).await.map_err(|error| settled(&error))?;
    let property = answers.take(property).map_err(|error| settled(&error))?;
    Ok((property, answers.take(auth).map_err(|error| settled(&error))?))
}

/// Tells the NAS.
pub(super) async fn tell(client: &Client, command: Command) -> Result<(), Failure> {
    let told = match command {
        Command::TestTask(id, task) => {
            let (property, auth) = access(client, id).await?;
            let test = act::test_task_setting(&s3_task(task), &property, &auth);
            let test = test.map_err(|fault| failure(&Error::from(fault)))?;
            compound(client, Batch::new(), test, None).await
        }
        Command::CreateTask(id, task) => {
            let (property, auth) = access(client, id).await?;
            let create = act::create_session(&s3_task(task), &property, &auth);
            let create = create.map_err(|fault| failure(&Error::from(fault)))?;
            compound(client, Batch::stopping_on_error(), create, Some(id)).await
        }
        command => client.call(call(command)?).await.map(|wire::Done| ()),
    };
    told.map_err(|error| failure(&error))
}

/// Makes a call in a compound request, as the web interface does, with the list of tasks behind it.
async fn compound(
    client: &Client,
    mut batch: Batch,
    call: Call<wire::Done>,
    list: Option<ConnectionId>,
) -> Result<(), Error> {
    let done = batch.add(call);
    if let Some(id) = list {
        // For its place in the request alone: the list is read again after.
        let _listed = batch.add(read::list_sess(id.0));
    }
    client.run(batch).await?.take(done).map(|wire::Done| ())
}

/// What would be sent.
pub(super) async fn plan(client: &Client, command: Command) -> Result<Planned, Failure> {
    let (api, version) = (crate::dsm::cloud_sync::API, crate::dsm::cloud_sync::VERSION);
    let method = command.method();
    let params = match command {
        Command::TestTask(id, task) | Command::CreateTask(id, task) => {
            let (property, auth) = access(client, id).await?;
            let outline = s3_task(task).outline(&property, &auth);
            json!({ "conn_info": outline.map_err(|fault| failure(&Error::from(fault)))? })
        }
        command => Value::Object(call(command)?.params().clone()),
    };
    Ok(Planned { api, method, version, params })
}
