//! Tasks: what they leave out, how they sync, and making and removing them.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::cli::ctl::{Connection, Task, TaskCreate, TaskFields};
use crate::ctl::assign;
use crate::ctl::call::Call;
use crate::ctl::failure::Failure;
use crate::ctl::find::Desk;
use crate::ctl::page::Page;
use crate::ctl::views;

pub(super) async fn list(desk: &Desk<'_>, arguments: &Connection) -> Result<Page, Failure> {
    let found = desk.connection(&arguments.connection).await?;
    let answer = desk.ask(&found.below(Method::GET, &["tasks"])).await?;
    Ok(Page::new(answer, views::tasks::list))
}

pub(super) async fn one(desk: &Desk<'_>, command: &Task) -> Result<Page, Failure> {
    match command {
        Task::Settings(arguments) => fields(desk, "settings", arguments).await,
        Task::Filters(arguments) => fields(desk, "filters", arguments).await,
        Task::Folders { task, path, file_id } => {
            let call = below(desk, Method::GET, *task, &["folders"])
                .await?
                .query("path", path.as_ref())
                .query("file_id", file_id.as_ref());
            Ok(Page::new(desk.ask(&call).await?, views::tasks::folders))
        }
        Task::Create(arguments) => create(desk, arguments).await,
        Task::Remove { task, confirm, change } => {
            let call = below(desk, Method::DELETE, *task, &[])
                .await?
                .query("confirm", Some(confirm))
                .changing(change);
            Ok(Page::new(desk.ask(&call).await?, views::change::view))
        }
    }
}

/// A call below a task.
async fn below(desk: &Desk<'_>, method: Method, task: u64, rest: &[&str]) -> Result<Call, Failure> {
    let (nas, task) = (desk.nas().await?, task.to_string());
    let mut path = vec!["api", "v1", "nas", &nas, "tasks", &task];
    path.extend(rest);
    Ok(Call::new(method, &path))
}

async fn fields(desk: &Desk<'_>, of: &str, arguments: &TaskFields) -> Result<Page, Failure> {
    if arguments.assignments.is_empty() {
        let call = below(desk, Method::GET, arguments.task, &[of]).await?;
        return Ok(Page::new(desk.ask(&call).await?, views::fields::view));
    }
    let body = assign::object(&arguments.assignments)?;
    let call =
        below(desk, Method::PATCH, arguments.task, &[of]).await?.body(body).changing(&arguments.change);
    Ok(Page::new(desk.ask(&call).await?, views::change::view))
}

async fn create(desk: &Desk<'_>, arguments: &TaskCreate) -> Result<Page, Failure> {
    let found = desk.connection(&arguments.connection).await?;
    // What is not said is the daemon's to decide.
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("local_path", json!(arguments.local_path));
    put("cloud_path", json!(arguments.cloud_path));
    if let Some(direction) = &arguments.direction {
        put("sync_direction", json!(direction));
    }
    if let Some(class) = &arguments.storage_class {
        put("storage_class", json!(class));
    }
    if !arguments.exclude_extension.is_empty() {
        put("file_filter", json!(arguments.exclude_extension));
    }
    if !arguments.exclude_name.is_empty() {
        put("filter_names", json!(arguments.exclude_name));
    }
    if let Some(size) = arguments.max_upload_size {
        put("filter_max_upload_size", json!(size));
    }
    let body = Value::Object(body);
    if arguments.validate_only {
        let call = found.below(Method::POST, &["tasks", "validate"]).body(body);
        let answer = desk.ask(&call).await?;
        let valid = answer.value["valid"] == true;
        return Ok(Page::new(answer, views::tasks::validation).only_if(valid));
    }
    let call = found.below(Method::POST, &["tasks"]).body(body).changing(&arguments.change);
    Ok(Page::new(desk.ask(&call).await?, views::change::view))
}
