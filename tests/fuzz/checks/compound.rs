//! An HTTP body as the answer to many calls in one request.

use cloudsync_exporter::dsm::Batch;
use cloudsync_exporter::dsm::cloud_sync::read;
use serde_json::Value;

use super::answers::{bounded, plant};

/// Reads `data` as the answer to a compound request, with and without an end at the first failure.
pub(crate) fn check(data: &[u8]) {
    each(data, false);
    if let Ok(mut body) = serde_json::from_slice::<Value>(data) {
        // The members' own names have to stay, or they are of other calls.
        let results = body.pointer_mut("/data/result").and_then(Value::as_array_mut);
        for data in results.into_iter().flatten().filter_map(|member| member.get_mut("data")) {
            plant(data);
        }
        each(body.to_string().as_bytes(), true);
    }
}

fn each(body: &[u8], planted: bool) {
    for mut batch in [Batch::new(), Batch::stopping_on_error()] {
        let list = batch.add(read::list_conn(read::GroupBy::User));
        let recent = batch.add(read::get_recently_change());
        let tasks = batch.add(read::list_sess(1));
        let log = batch.add(read::get_log(Some(1), &read::LogQuery::default()));
        let access = batch.add(read::get_conn_auth_info(1));
        let Some(mut answers) = bounded(batch.read_answers(body), planted) else { continue };
        // Debug shows what became of each, and no data.
        assert!(format!("{answers:?}").len() <= 10_000);
        bounded(answers.take(list), planted);
        bounded(answers.take(recent), planted);
        bounded(answers.take(tasks), planted);
        bounded(answers.take(log), planted);
        bounded(answers.take(access), planted);
    }
}
