//! The methods of `SYNO.CloudSync` as functions of the [`Client`].

use super::act::{ConnectionSetting, GlobalConfig, ScheduleSetting, SelectiveSyncConfig, SessionSetting};
use super::read::{GroupBy, LogQuery};
use super::s3::S3Task;
use super::{act, read, wire};
use crate::dsm::call::{Batch, Call};
use crate::dsm::client::Client;
use crate::dsm::error::Error;

/// Reading.
impl Client {
    /// The package's settings and the volumes.
    pub async fn get_config(&self) -> Result<wire::Config, Error> {
        self.call(read::get_config()).await
    }

    /// The connections with their states.
    pub async fn list_conn(&self, group_by: GroupBy) -> Result<wire::ListConn, Error> {
        self.call(read::list_conn(group_by)).await
    }

    /// A connection's settings.
    pub async fn get_connection_setting(&self, connection_id: i64) -> Result<wire::ConnectionSetting, Error> {
        self.call(read::get_connection_setting(connection_id)).await
    }

    /// What the cloud says of a connection, its quota among it.
    pub async fn get_property(&self, connection_id: i64) -> Result<wire::Property, Error> {
        self.call(read::get_property(connection_id)).await
    }

    /// A connection's access to its cloud: secrets.
    pub async fn get_conn_auth_info(&self, connection_id: i64) -> Result<wire::AuthInfo, Error> {
        self.call(read::get_conn_auth_info(connection_id)).await
    }

    /// Rows of the log, newest first: of one connection, or of all.
    pub async fn get_log(&self, connection_id: Option<i64>, query: &LogQuery) -> Result<wire::Log, Error> {
        self.call(read::get_log(connection_id, query)).await
    }

    /// The tasks of a connection.
    pub async fn list_sess(&self, connection_id: i64) -> Result<wire::ListSess, Error> {
        self.call(read::list_sess(connection_id)).await
    }

    /// A task's settings.
    pub async fn get_session_setting(&self, session_id: i64) -> Result<wire::SessionSetting, Error> {
        self.call(read::get_session_setting(session_id)).await
    }

    /// What a task leaves out.
    pub async fn get_selective_sync_config(
        &self,
        session_id: i64,
    ) -> Result<wire::SelectiveSyncConfig, Error> {
        self.call(read::get_selective_sync_config(session_id)).await
    }

    /// The folders below `path` in the cloud; `file_id` is the remote folder's id as in [`wire::Sess`].
    pub async fn get_selective_folder_list(
        &self,
        session_id: i64,
        file_id: &str,
        path: &str,
    ) -> Result<wire::SelectiveFolderList, Error> {
        self.call(read::get_selective_folder_list(session_id, file_id, path)).await
    }

    /// Transfers in flight, and the last five that ended.
    pub async fn get_recently_change(&self) -> Result<wire::RecentlyChange, Error> {
        self.call(read::get_recently_change()).await
    }
}

/// Changing. Setters replace every setting that they carry (see [`act`]).
impl Client {
    async fn act(&self, call: Call<wire::Done>) -> Result<(), Error> {
        self.call(call).await.map(|wire::Done| ())
    }

    /// Replaces the package's settings.
    pub async fn set_global_config(&self, config: &GlobalConfig) -> Result<(), Error> {
        self.act(act::set_global_config(config)).await
    }

    /// Sets what relinking does. True deletes in the cloud what was deleted locally: this can lose data.
    pub async fn set_personal_config(&self, sync_mode: bool) -> Result<(), Error> {
        self.act(act::set_personal_config(sync_mode)).await
    }

    /// Replaces a connection's settings.
    pub async fn set_connection_setting(
        &self,
        connection_id: i64,
        setting: &ConnectionSetting,
    ) -> Result<(), Error> {
        self.act(act::set_connection_setting(connection_id, setting)).await
    }

    /// Replaces a connection's schedule.
    pub async fn set_schedule_setting(
        &self,
        connection_id: i64,
        schedule: &ScheduleSetting,
    ) -> Result<(), Error> {
        self.act(act::set_schedule_setting(connection_id, schedule)?).await
    }

    /// Replaces a task's settings.
    pub async fn set_session_setting(&self, session_id: i64, setting: &SessionSetting) -> Result<(), Error> {
        self.act(act::set_session_setting(session_id, setting)).await
    }

    /// Replaces what a task leaves out.
    pub async fn set_selective_sync_config(
        &self,
        session_id: i64,
        config: &SelectiveSyncConfig,
    ) -> Result<(), Error> {
        self.act(act::set_selective_sync_config(session_id, config)).await
    }

    /// Pauses one connection.
    pub async fn pause(&self, connection_id: i64) -> Result<(), Error> {
        self.act(act::pause(connection_id)).await
    }

    /// Resumes one connection.
    pub async fn resume(&self, connection_id: i64) -> Result<(), Error> {
        self.act(act::resume(connection_id)).await
    }

    /// Pauses every connection.
    pub async fn pause_all(&self) -> Result<(), Error> {
        self.act(act::pause_all()).await
    }

    /// Resumes every connection.
    pub async fn resume_all(&self) -> Result<(), Error> {
        self.act(act::resume_all()).await
    }

    /// Removes a connection with its tasks. The data stay on both sides.
    pub async fn unlink_connection(&self, connection_id: i64) -> Result<(), Error> {
        self.act(act::unlink_connection(connection_id)).await
    }

    /// Removes a task. The data stay on both sides.
    pub async fn unlink_session(&self, connection_id: i64, session_id: i64) -> Result<(), Error> {
        self.act(act::unlink_session(connection_id, session_id)).await
    }
}

/// Tasks on Amazon S3. Both functions check the paths before anything is sent, and read the connection's type and
/// access first, which the description of a task repeats.
impl Client {
    async fn s3_access(&self, connection_id: i64) -> Result<(wire::Property, wire::AuthInfo), Error> {
        let mut batch = Batch::new();
        let property = batch.add(read::get_property(connection_id));
        let auth = batch.add(read::get_conn_auth_info(connection_id));
        let mut answers = self.run(batch).await?;
        Ok((answers.take(property)?, answers.take(auth)?))
    }

    /// Asks the NAS whether a task could be created.
    pub async fn test_s3_task(&self, connection_id: i64, task: &S3Task) -> Result<(), Error> {
        task.check()?;
        let (property, auth) = self.s3_access(connection_id).await?;
        let mut batch = Batch::new();
        let test = batch.add(act::test_task_setting(task, &property, &auth)?);
        self.run(batch).await?.take(test).map(|wire::Done| ())
    }

    /// Creates a task and returns the connection's tasks with it, or nothing when it was created but they could not
    /// be read. It does not ask first whether it could: see [`test_s3_task`](Self::test_s3_task).
    pub async fn create_s3_task(
        &self,
        connection_id: i64,
        task: &S3Task,
    ) -> Result<Option<wire::ListSess>, Error> {
        task.check()?;
        let (property, auth) = self.s3_access(connection_id).await?;
        let mut batch = Batch::stopping_on_error();
        let create = batch.add(act::create_session(task, &property, &auth)?);
        let tasks = batch.add(read::list_sess(connection_id));
        let mut answers = self.run(batch).await?;
        let wire::Done = answers.take(create)?;
        Ok(answers.take(tasks).ok())
    }
}
