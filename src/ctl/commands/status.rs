//! The whole picture.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::ctl::call::Call;
use crate::ctl::failure::Failure;
use crate::ctl::field::{items, text};
use crate::ctl::find::Desk;
use crate::ctl::page::Page;
use crate::ctl::view::View;
use crate::ctl::views::{connections, decisions, nas};

/// Every NAS, its connections and their holds. A NAS whose connections are not to be had, because it is down or
/// not this token's, costs its own rows.
pub(super) async fn status(desk: &Desk<'_>) -> Result<Page, Failure> {
    let answer = desk.ask(&Call::get(&["api", "v1", "nas"])).await?;
    let wanted = |nas: &&Value| desk.named_nas().is_none_or(|name| nas["name"] == name);
    let nases: Vec<_> = items(&answer.value, "nas").iter().filter(wanted).cloned().collect();
    if let (Some(name), []) = (desk.named_nas(), nases.as_slice()) {
        return Err(Failure::Missing(format!("the daemon shows no NAS {name} to this token")));
    }
    let holds = Call::get(&["api", "v1", "holds"]).query("nas", desk.named_nas().as_ref());
    let holds = desk.ask(&holds).await?.value["holds"].take();
    let automation = automation(desk).await?;
    let mut known = Map::new();
    let mut without = Vec::new();
    for name in nases.iter().filter_map(|nas| text(nas, "name")) {
        match desk.ask(&Call::get(&["api", "v1", "nas", name, "connections"])).await {
            Ok(answer) => {
                known.insert(name.to_owned(), answer.value);
            }
            Err(Failure::Refused(problem)) => without.push(format!("{name}: {}", problem.headline())),
            Err(failure) => return Err(failure),
        }
    }

    let mut view = View::new();
    if let Some(automation) = &automation {
        decisions::mode(&mut view, automation);
        view.gap();
    }
    view.table(nas::table(&nases));
    view.gap();
    let held = holds.as_array().map_or(&[][..], Vec::as_slice);
    view.table(connections::held(known.iter().map(|(name, answer)| (name.as_str(), answer)), held));
    for line in without {
        view.line(line);
    }
    let mut all = json!({ "nas": nases, "connections": known, "holds": holds });
    if let Some(automation) = automation {
        all["automation"] = automation;
    }
    Ok(Page::Both { json: all.to_string(), view })
}

/// Whether alerts act; none where the daemon does not say.
async fn automation(desk: &Desk<'_>) -> Result<Option<Value>, Failure> {
    let call = Call::get(&["api", "v1", "automation", "decisions"]).query("limit", Some(&1));
    match desk.ask(&call).await {
        Ok(answer) => Ok(Some(json!({ "mode": answer.value["mode"], "frozen": answer.value["frozen"] }))),
        Err(Failure::Refused(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Polls a NAS and shows what it is like now.
pub(super) async fn poll(desk: &Desk<'_>) -> Result<Page, Failure> {
    let name = desk.nas().await?;
    let answer = desk.ask(&Call::new(Method::POST, &["api", "v1", "nas", &name, "poll"])).await?;
    Ok(Page::new(answer, |view, answer| view.table(nas::table(std::slice::from_ref(answer)))))
}
