//! What of the configuration only the room that it is for can judge.

use super::admin;
use super::web_config::Listener;
use crate::actions::schema::{Field, Kind};
use crate::actions::settings::CONNECTION;
use crate::automation::Matchers;
use crate::automation::rules::stricter;
use crate::config::{Config, Place, Problems, RuleConfig};
use crate::web::{Content, Live};
use std::path::Path;

/// Adds what the rooms find wrong.
pub(super) fn check(config: &Config, place: Place, problems: &mut Problems) {
    if place == Place::Here {
        check_web_configurations(config, problems);
    }
    // Which hosts a listener can be told from is the transport's to say.
    let hosts =
        admin::hosts(config, &config.admin.listen_address).map(drop).map_err(|error| error.to_string());
    problems.check("admin.allowed_hosts", hosts);
    for (name, rule) in &config.automation.rules {
        let key = format!("automation.rules.{name}");
        problems.check(format!("{key}.matchers"), check_matchers(rule));
        for (name, value) in &rule.set {
            problems.check(format!("{key}.set.{name}"), check_setting(name, *value));
        }
    }
}

/// What is wrong with the web configurations themselves.
fn check_web_configurations(config: &Config, problems: &mut Problems) {
    let key = Listener::Web.key();
    if let Some(file) = &config.web.config_file
        && let Err(found) = Live::check(file, Listener::Web.accounts())
    {
        add_all(problems, key, file, &found);
    }
    let key = Listener::Admin.key();
    if let Some(file) = &config.admin.config_file {
        let admin = &config.admin;
        let needs_tls = admin.enabled && !admin.listen_address.is_loopback() && !admin.allow_plaintext;
        let file_has = |what: &str| vec![format!("{} {what}", file.display())];
        let found = match Live::check(file, Listener::Admin.accounts()) {
            Err(found) => found,
            Ok(Content { tls: false, .. }) if needs_tls => file_has(
                "has no tls_server_config, and the listener is not on loopback; allowed: TLS, a loopback address, or \
                 allow_plaintext: true",
            ),
            Ok(_) => return,
        };
        add_all(problems, key, file, &found);
    }
}

/// One entry for the file: of each key the first problem counts, and here all of them have the same.
fn add_all(problems: &mut Problems, key: &str, file: &Path, found: &[String]) {
    let shown = file.display().to_string();
    let named: Vec<String> = found
        .iter()
        .map(|problem| if problem.contains(&shown) { problem.clone() } else { format!("{shown}: {problem}") })
        .collect();
    problems.add(key, named.join("; "));
}

fn check_matchers(rule: &RuleConfig) -> Result<(), String> {
    let matchers = Matchers::parse(&rule.matchers).map_err(|error| error.to_string())?;
    match matchers.contradiction() {
        None => Ok(()),
        Some((one, other)) => Err(format!(
            "{one} and {other} exclude each other, so that no alert matches; allowed: matchers that one alert can \
             fulfil all of, and another rule for other alerts"
        )),
    }
}

/// Whether a setting of a connection can be held at a value. Which settings a rule may name is not looked at.
fn check_setting(name: &str, value: u64) -> Result<(), String> {
    let Some(Field { kind: Kind::Integer { min, max }, .. }) = CONNECTION.field(name) else { return Ok(()) };
    let is_within = i64::try_from(value).is_ok_and(|value| (*min..=*max).contains(&value));
    // 0 may be the NAS's word for no limit: then any limit is stricter.
    let is_no_limit = |value| value == 0 && stricter(name, 0, 1) == 1;
    let why = match value {
        _ if !is_within => "is out of range",
        value if is_no_limit(value) => "is no limit, so that nothing would be held",
        _ => return Ok(()),
    };
    let least = if *min == 0 && is_no_limit(0) { 1 } else { *min };
    Err(format!("{value} {why}; allowed: whole numbers from {least} to {max}"))
}
