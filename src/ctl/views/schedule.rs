//! When a connection may sync.

use serde_json::Value;

use crate::ctl::field::{at, items, show};
use crate::ctl::view::View;
use crate::ctl::week;

/// The week, in the form that `schedule set --week` takes.
pub(in crate::ctl) fn view(view: &mut View, answer: &Value) {
    view.line(format!("# enabled: {}; 1 = may sync, in the NAS's time", at(answer, "enabled")));
    let days = items(answer, "schedule");
    if days.is_empty() {
        return;
    }
    view.line(week::RULER);
    for (day, hours) in days.iter().enumerate() {
        view.line(week::line(day, &show(hours)));
    }
}
